"""How a profile's documents are to be handled."""

from __future__ import annotations

UNMARKED = ("public", "internal")
"""classes of data whose plans carry no marking of themselves"""


def handling_marking(data_class: str, given: str | None) -> str:
    """The marking that the profile gives, else the one by the class of its data; empty: none.

    >>> handling_marking("cui_specified", None), handling_marking("phi", None), handling_marking("phi", "")
    ('CUI', 'Confidential', '')
    """
    if given is not None:
        return " ".join(given.split())
    if data_class in UNMARKED:
        return ""
    return "CUI" if data_class.startswith("cui") else "Confidential"
