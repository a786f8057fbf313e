"""bom.csv: one line per thing that is ordered, for procurement and CI."""

from __future__ import annotations

import csv
import io
import re

from aisizer.costs.records import BomLine
from aisizer.deliver import labels
from aisizer.deliver.numbers import plain, plain_money
from aisizer.plan import Plan

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""First characters that make a spreadsheet read text as a formula (OWASP, CSV injection; CWE-1236)."""
_START = re.compile(rf"(^|[;\t\r\n])(?=[{re.escape(''.join(FORMULA_STARTS))}])")
"""Where a cell starts, in a spreadsheet that parts cells at a semicolon or a tab too."""
_CONTROLS = {code: None for code in range(32) if chr(code) not in "\t\n"}
BOM_COLUMNS = (*BomLine.model_fields, "marking")


def bom_csv(plan: Plan) -> str:
    """The bill of materials as CSV with a header, in the order of the record's fields; each row has its handling marking."""
    text, marking = io.StringIO(), inert(labels.marking(plan))
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(BOM_COLUMNS)
    writer.writerows([*(cell(name, value) for name, value in line), marking] for line in plan.bom)
    return text.getvalue()


def inert(text: str) -> str:
    """Text that no spreadsheet takes for a formula, on lines that end as the file's do and without other control characters.

    >>> inert("=1+1"), inert("-48VDC"), inert("optics"), inert("a;=1+1")
    ("'=1+1", "'-48VDC", 'optics', "a;'=1+1")
    """
    clean = text.replace("\r\n", "\n").replace("\r", "\n").translate(_CONTROLS)
    return _START.sub(r"\1'", clean)


def cell(name: str, value: object) -> str:
    """A value of a column as CSV shows it: nothing for what is not known, money in cents, text without formulas."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return plain_money(value) if name.endswith("_usd") else plain(value)
    return inert(str(value))
