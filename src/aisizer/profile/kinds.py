"""Kinds of workload, and how uneven the arrivals of each are where nobody has measured them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "chat", "rag", "code_completion", "code_chat", "agentic", "contact_centre", "clinical", "documents", "batch"
]


@dataclass(frozen=True, slots=True)
class Arrivals:
    """The index of dispersion over 60 s that a kind is planned with, the range seen or thought possible, and why."""

    dispersion: float
    low: float
    high: float
    reason: str


UNKNOWN = Arrivals(2.0, 1.4, 4.0, "assumed for office use; 1.4-4 measured up to 10 s")
"""Of a workload without a kind."""

ARRIVALS: dict[Kind, Arrivals] = {
    "chat": Arrivals(
        3.0, 2.0, 5.0, "measured 2.95 in the Mooncake conversation hour (FAST 2025) and 3.5 inside 5-minute windows of "
        "the Azure 2023 conversation trace (Splitwise, ISCA 2024)",
    ),
    "rag": Arrivals(1.8, 1.5, 4.0, "measured 1.73 over a week and 1.80 in its busiest hour (RAGPulse, arXiv:2511.12979)"),
    "code_completion": Arrivals(
        4.0, 2.0, 15.0, "assumed; the Azure 2023 code trace shows 167, an upper bound, because more than half of its hour "
        "is silence (Splitwise, ISCA 2024)",
    ),
    "code_chat": Arrivals(2.0, 1.5, 5.0, "assumed: people who type, as in other office use"),
    "agentic": Arrivals(8.0, 4.0, 20.0, "assumed: sub-agents of one request arrive together, in groups of 7 to 51"),
    "contact_centre": Arrivals(
        2.0, 1.5, 4.0, "assumed: calls arrive nearly as Poisson and each makes several requests"
    ),
    "clinical": Arrivals(2.0, 1.0, 4.0, "assumed: visits end near the times of their slots"),
    "documents": Arrivals(2.0, 1.5, 4.0, "assumed from document search, measured 1.73-1.80 (RAGPulse, arXiv:2511.12979)"),
    "batch": Arrivals(1.0, 1.0, 2.0, "assumed: a scheduler releases the work at the pace that the fleet takes"),
}  # fmt: skip


def arrivals_of(kind: Kind | None) -> Arrivals:
    """What a kind's arrivals are planned with.

    >>> arrivals_of("rag").dispersion, arrivals_of(None).dispersion
    (1.8, 2.0)
    """
    return UNKNOWN if kind is None else ARRIVALS[kind]
