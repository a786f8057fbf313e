"""The document's section on how to buy over 36 months: upfront, year by year, or just in time."""

from __future__ import annotations

from aisizer.deliver import labels, numbers
from aisizer.deliver.blocks import Block, Notice, Paragraph, Section, table
from aisizer.plan import Decision, Plan
from aisizer.plan.strategy_records import STRATEGIES, Strategy


def strategies_section(plan: Plan) -> Section:
    """Money, stranded capacity and risks of each strategy, and what each of them orders when."""
    ways = plan.strategies
    blocks: tuple[Block, ...] = (
        Paragraph(plan.strategy_note),
        table(
            "Purchase strategies: money and idle capacity",
            "Strategy | A purchase lasts | Term | Cash of 36 months, USD # | NPV, USD # | Stranded GPU-months #",
            [_money(way) for way in ways],
        ),
        table(
            "Purchase strategies: risks",
            "Strategy | Orders # | Least slack, days # | High growth carried to month # | "
            "Spent after month 12 at a price not held, USD # | Orders after end of sale #",
            [_risks(way) for way in ways],
        ),
        Paragraph(EXPLAINED),
        Paragraph(_sale(ways[0], labels.decided(plan))),
        *(Notice(f"{_name(way)}: {way.refused}") for way in ways if way.refused),
        table(
            "What each strategy orders",
            "Strategy | Wave # | GPUs # | Servers # | Order by | In service | Lasts to month #",
            [row for way in ways for row in _orders(way)],
        ),
    )
    return Section("strategies", "How to buy", blocks)


EXPLAINED = (
    "Stranded is what stands beyond the need of its month, with redundancy counted as need; nothing is sold or given back. "
    "Slack runs from the plan's date to the first day by which something must be ordered. High growth is carried by what is "
    "ordered for expected growth until the month named; triggers order earlier when it comes. All three stand at the same "
    "fleet in month 36, so the site's limits hold, or do not, for each of them alike."
)


def _name(way: Strategy) -> str:
    name = STRATEGIES[way.name].capitalize()
    return f"{name} (this plan)" if way.followed else name


def _money(way: Strategy) -> tuple[str, ...]:
    return (
        _name(way),
        numbers.count(way.lasts_months, "month"),
        labels.term(way.term),
        numbers.at_least(numbers.usd(way.three_year_usd), not way.complete),
        numbers.NOT_AVAILABLE if way.npv_usd is None else numbers.at_least(numbers.usd(way.npv_usd), not way.complete),
        f"{way.stranded_gpu_months:,}",
    )


def _risks(way: Strategy) -> tuple[str, ...]:
    after = "not known" if way.orders_after_end_of_sale is None else str(way.orders_after_end_of_sale)
    return (
        _name(way),
        str(way.orders),
        str(way.least_slack_days),
        str(way.high_covered_to_month),
        exposed(way),
        after,
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


def _orders(way: Strategy) -> list[tuple[str, ...]]:
    return [
        (
            _name(way),
            str(p.wave),
            str(p.gpus),
            str(p.servers),
            p.order_by.isoformat(),
            p.need_by.isoformat(),
            str(p.covers_to_month),
        )
        for p in way.purchases
    ]
