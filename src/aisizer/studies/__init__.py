"""Studies: questions asked of finished plans."""
