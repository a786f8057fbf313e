"""Recorded steps of the purchase strategies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from aisizer.plan.records import Step
from aisizer.plan.strategy_records import STRATEGIES, Strategy

SOURCE = "docs/method.md: roadmap"


def strategy_steps(ways: Sequence[Strategy]) -> Iterator[Step]:
    """What each strategy strands, leaves open in price, and carries of high growth."""
    for way in ways:
        name, inputs = f"strategies.{way.name}", {"a purchase lasts": f"{way.lasts_months} months"}
        yield Step(
            name=f"{name}.stranded_gpu_months",
            meaning=f"GPU-months in service beyond the need, bought {STRATEGIES[way.name]}",
            formula="sum over 36 months of GPUs in service - GPUs needed",
            inputs=inputs,
            value=str(way.stranded_gpu_months),
            unit="GPU-month",
            source=SOURCE,
            next=("roadmap.month_36_gpus",),
        )
        yield Step(
            name=f"{name}.exposed_usd",
            meaning=f"spend on capacity after month 12 at today's price, which nobody holds, bought {STRATEGIES[way.name]}",
            formula="servers with network and installation that come after month 12 x price, or rented hours after month 12 "
            "outside terms that began by then x price",
            inputs=inputs | {"low": _usd(way.exposed_low_usd), "high": _usd(way.exposed_high_usd), "term": way.term},
            value="null" if way.exposed_usd is None else f"{way.exposed_usd:,.2f}",
            unit="USD",
            source=SOURCE,
        )
        yield Step(
            name=f"{name}.high_covered_to_month",
            meaning=f"last month that the fleet as ordered carries at high growth, bought {STRATEGIES[way.name]}",
            formula="the month before the first one whose need at growth.high exceeds what is in service",
            inputs=inputs | {"orders": str(way.orders)},
            value=str(way.high_covered_to_month),
            unit="month",
            source=SOURCE,
        )


def _usd(amount: float | None) -> str:
    return "no range known" if amount is None else f"{amount:,.2f} USD"
