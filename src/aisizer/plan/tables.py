"""What of a Plan is a table: its rows, and the record that says what the columns are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from itertools import accumulate
from typing import Any, get_args, get_origin, get_type_hints

from aisizer.catalog.records import Amount
from aisizer.costs.categories import CategoryTotal
from aisizer.costs.records import CostLine, SiteCost
from aisizer.costs.schedule import period_end
from aisizer.costs.tco import line_amounts
from aisizer.plan.drill_records import DrillPromise
from aisizer.plan.money_records import UnitCost
from aisizer.plan.records import Plan
from aisizer.plan.unit_costs import BASELINE
from aisizer.roadmap.records import Checkpoint, Month, PathStep, Purchase
from aisizer.schema import Record, descriptions
from aisizer.sizing.records import Pool

Row = tuple[Mapping[str, str], Record]
"""Whose the record is, and the record."""


@dataclass(frozen=True, slots=True)
class Table:
    """Records of one kind, each with the names of what it belongs to."""

    meaning: str
    record: type[Record]
    rows: Callable[[Plan], Iterable[Row]]
    keys: Mapping[str, str] = field(default_factory=dict)
    """name and meaning of the columns that stand before those of the record"""


class CostMonth(Record):
    """What one site's plan costs in one period."""

    period: int
    """0 is all time before service, 1 to 36 are the months of it"""
    ends: date
    """last day of the period"""
    cash_usd: float
    """[USD] paid in it; at least, where the site's `missing` names lines without a price"""
    accrual_usd: float
    """[USD] charged to it: depreciation, and what is used"""
    cumulative_usd: float
    """[USD] paid by its end"""


class LineMonth(Record):
    """What one cost line takes in one period."""

    period: int
    """0 is all time before service, 1 to 36 are the months of it"""
    quantity: float
    """in the line's unit"""
    amount_usd: float | None
    """[USD] quantity x unit price x factors; missing where nobody gives the price"""


class Rejected(Record):
    """Options rejected for the same reason, with the one that came closest."""

    reason: str
    """short code, such as memory, slo, rule, price"""
    text: str
    count: int
    site: str | None
    """of the nearest miss"""
    gpu: str | None
    got: float | None
    """[unit] of the nearest miss"""
    limit: float | None
    unit: str | None
    freed_by: str


def listed() -> Iterator[tuple[str, Table]]:
    """Every list of records that the Plan itself holds, under its name in sizing.json."""
    texts = descriptions(Plan)
    for name, hint in get_type_hints(Plan).items():
        record = get_args(hint)[0] if get_origin(hint) is tuple else None
        if isinstance(record, type) and issubclass(record, Record):
            yield name, Table(texts.get(name) or _sentence(record), record, partial(_listed, name))


def _listed(name: str, plan: Plan) -> Iterator[Row]:
    return (({}, record) for record in getattr(plan, name))


def _sentence(record: type[Record]) -> str:
    return (record.__doc__ or "").split("\n")[0].rstrip(".")


def _costs(plan: Plan) -> dict[str, SiteCost]:
    """By site, the chosen one first, and the baseline."""
    return plan.tco | ({BASELINE: plan.baseline} if plan.baseline else {})


def _pools(plan: Plan) -> Iterator[Row]:
    for option in plan.ranking:
        for pool in option.pools:
            yield {"site": option.site, "offer": option.offer, "term": option.term}, pool


def _rejected(plan: Plan) -> Iterator[Row]:
    for group in plan.rejections:
        miss: dict[str, Any] = {name: group.nearest.get(name) for name in ("site", "gpu", "got", "limit", "unit")}
        yield {}, Rejected(reason=group.reason, text=group.text, count=group.count, freed_by=group.freed_by, **miss)


def _of_roadmap(name: str, plan: Plan) -> Iterator[Row]:
    return (({}, record) for record in getattr(plan.roadmap, name, ()))


def _of_path(plan: Plan) -> Iterator[Row]:
    return (({}, step) for step in (plan.path.steps if plan.path else ()))


def _totals(plan: Plan) -> Iterator[Row]:
    return (({"site": site}, cost) for site, cost in _costs(plan).items())


def _cost_months(plan: Plan) -> Iterator[Row]:
    if plan.roadmap is None:
        return
    for site, cost in _costs(plan).items():
        paid = zip(cost.cash_by_month_usd, cost.accrual_by_month_usd, accumulate(cost.cash_by_month_usd), strict=True)
        for period, (cash, accrual, total) in enumerate(paid):
            ends = period_end(plan.roadmap.go_live, period)
            yield (
                {"site": site},
                CostMonth(period=period, ends=ends, cash_usd=cash, accrual_usd=accrual, cumulative_usd=total),
            )


def _lines(plan: Plan) -> Iterator[Row]:
    return (({"site": site}, line) for site, cost in _costs(plan).items() for line in cost.lines)


def _line_months(plan: Plan) -> Iterator[Row]:
    for site, cost in _costs(plan).items():
        for line in cost.lines:
            paid = [None] * len(line.quantity) if line.unit_price_usd is None else line_amounts(line).tolist()
            for period, (quantity, usd) in enumerate(zip(line.quantity, paid, strict=True)):
                yield (
                    {"site": site, "line": line.id, "category": line.category},
                    LineMonth(period=period, quantity=quantity, amount_usd=usd),
                )


def _categories(plan: Plan) -> Iterator[Row]:
    return (({"site": site}, total) for site, totals in plan.categories.items() for total in totals)


def _by_key(name: str, key: str, plan: Plan) -> Iterator[Row]:
    return (({key: named}, record) for named, record in getattr(plan, name).items())


def _promises(plan: Plan) -> Iterator[Row]:
    return (({"drill": drill.name}, promise) for drill in plan.drills for promise in drill.holds)


SITE = {"site": "admitted site, or `baseline`"}
TABLES: Mapping[str, Table] = dict(listed()) | {
    "rejections": Table("options rejected for the same reason, and the nearest miss", Rejected, _rejected),
    "pools": Table(
        "replicas of each option of `ranking`",
        Pool,
        _pools,
        {"site": "of the option", "offer": "server or instance id", "term": "how it is bought or rented"},
    ),
    "months": Table("demand and fleet of the chosen site by month", Month, partial(_of_roadmap, "months")),
    "purchases": Table("waves of orders at the chosen site", Purchase, partial(_of_roadmap, "purchases")),
    "checkpoints": Table("go-live, month 12 and month 36", Checkpoint, partial(_of_roadmap, "checkpoints")),
    "path": Table("tasks from the go decision to production", PathStep, _of_path),
    "tco": Table("totals of one and three years", SiteCost, _totals, SITE),
    "cash": Table("cash and accrual by period", CostMonth, _cost_months, SITE),
    "lines": Table("cost lines: what is bought at which price", CostLine, _lines, SITE),
    "line_months": Table(
        "quantity and amount of each cost line by period",
        LineMonth,
        _line_months,
        SITE | {"line": "id of the cost line", "category": "of the cost line"},
    ),
    "categories": Table("totals by category of cost", CategoryTotal, _categories, SITE),
    "unit_costs": Table("cost of a token, request and user", UnitCost, partial(_by_key, "unit_costs", "site"), SITE),
    "amounts": Table(
        "figures without a currency that cost lines multiply by",
        Amount,
        partial(_by_key, "amounts", "amount"),
        {"amount": "name in the catalog"},
    ),
    "drill_promises": Table(
        "promises under each failure drill", DrillPromise, _promises, {"drill": "name of the drill"}
    ),
}
"""By name, every table of a plan."""
