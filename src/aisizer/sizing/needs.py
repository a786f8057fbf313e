"""What stands around the GPUs, as data: how much of a thing in each month, by which formula."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Group = Literal[
    "logging", "vector store", "network", "front end", "facility", "recovery", "spares", "non-production", "migrations",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Need:
    """One thing that the fleet needs around it.

    by_month  36 quantities in `unit`, month 1 first
    formula   with the numbers of this plan put in: 1.2e6 requests x 9.4 kB x 13 months / 3
    source    what the formula and its figures rest on: profile fields, names of catalog prices, a publication
    price     name of the facility price of one unit, empty where other lines pay for it or nothing does
    bought    whether the price is paid once for each unit added, and not for each month
    note      one sentence: what is included elsewhere, what was assumed, what to check
    """

    group: Group
    name: str
    unit: str
    by_month: tuple[float, ...]
    formula: str
    source: str
    price: str = ""
    bought: bool = False
    note: str = ""
