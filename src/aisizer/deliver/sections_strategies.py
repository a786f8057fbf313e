"""The document's words on how to buy over 36 months: upfront, year by year, or just in time."""

from __future__ import annotations

from aisizer.deliver import labels, numbers
from aisizer.deliver.blocks import Block, Notice, Paragraph, table
from aisizer.plan import Decision, Plan
from aisizer.plan.strategy_records import STRATEGIES, Strategy


def strategy_blocks(plan: Plan) -> tuple[Block, ...]:
    """What each way to buy costs, leaves idle and risks, and which of them the plan follows."""
    ways = plan.strategies
    dated = any(way.orders_after_end_of_sale is not None for way in ways)
    heads = (
        "Strategy | Each lasts at least | Term | Orders # | Cash of 36 months, USD # | NPV, USD # | Stranded GPU-months # | "
        f"Least slack, days # | High growth to month # | After month 12 at open prices, USD #{SALE if dated else ''}"
    )
    rows = [_row(way, dated) for way in ways]
    listed = table("Ways to buy", heads, rows, "strategies", [way.name for way in ways])
    return (
        Paragraph(plan.strategy_note),
        listed,
        Paragraph(f"{EXPLAINED} {_sale(ways[0], labels.decided(plan))}"),
        *(Notice(f"{_name(way)}: {way.refused}") for way in ways if way.refused),
    )


SALE = " | Orders after end of sale #"
EXPLAINED = (
    "Stranded is what stands beyond the need of its month, with redundancy counted as need; nothing is sold or given back. "
    "Slack runs from the plan's date to the first order. High growth is carried by what is ordered for expected growth until "
    "the month named; triggers order earlier when it comes. What each orders when: sizing.json (strategies)."
)


def _name(way: Strategy) -> str:
    name = STRATEGIES[way.name].capitalize()
    return f"{name} (this plan)" if way.followed else name


def _row(way: Strategy, dated: bool) -> tuple[str, ...]:
    """dated: whether an end of sale is known, so that orders can come after it."""
    after = "not known" if way.orders_after_end_of_sale is None else str(way.orders_after_end_of_sale)
    return (
        _name(way),
        numbers.count(way.lasts_months, "month"),
        labels.term(way.term),
        str(way.orders),
        numbers.at_least(numbers.usd(way.three_year_usd), not way.complete),
        numbers.at_least(numbers.usd(way.npv_usd), not way.complete),
        f"{way.stranded_gpu_months:,}",
        str(way.least_slack_days),
        str(way.high_covered_to_month),
        exposed(way),
        *((after,) if dated else ()),
    )


def exposed(way: Strategy) -> str:
    """Spend at prices that nobody holds, with its range where the prices have one."""
    if way.exposed_usd is None:
        return "no price"
    if way.exposed_low_usd is None or way.exposed_high_usd is None:
        return f"{numbers.usd(way.exposed_usd)} (no range known)"
    if way.exposed_low_usd == way.exposed_high_usd:
        return numbers.usd(way.exposed_usd)
    return f"{numbers.usd(way.exposed_usd)} ({numbers.usd(way.exposed_low_usd)} to {numbers.usd(way.exposed_high_usd)})"


def _sale(way: Strategy, decision: Decision) -> str:
    if way.end_of_sale is not None:
        return f"End of sale of {decision.offer_name}: {way.end_of_sale}."
    if way.term != "purchase":
        return f"End of sale of {decision.offer_name}: not known; no source says how long it is offered for rent."
    return (
        f"End of sale of {decision.offer_name}: not known; no source of the catalog gives it. Ask the supplier, and set "
        "end_of_sale in the server's record of a catalog overlay."
    )
