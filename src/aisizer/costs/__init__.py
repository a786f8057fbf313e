"""Costs: lines as data, what they add up to, and the bill of materials. Knows no SLO."""
