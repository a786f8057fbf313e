"""A finished Plan to bytes: files, workbook, document, rules and the screen; nothing is computed beyond formatting."""
