"""Sizing: for one level of demand, what each option needs; knows no month."""
