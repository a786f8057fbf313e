"""Every source that the plan used, weakest first, with its age on plan_date."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from aisizer.catalog.records import Amount, Sourced
from aisizer.costs.energy import grid
from aisizer.costs.owned import RESIDUAL_RANGE
from aisizer.costs.records import CostLine, SiteCost
from aisizer.costs.tco import line_amounts
from aisizer.plan.context import Context
from aisizer.plan.evaluate import Evaluated
from aisizer.plan.records import SourceUse
from aisizer.profile.sections import Quote

WEAKNESS = ("estimated", "derived", "quote", "list_price", "rule", "datasheet", "measured")
"""Kinds of source, the weakest first."""
CONFIDENCE = ("low", "medium", "high")
MATERIAL = 0.05
"""[1] share of a site's 36-month cash from which a line is worth naming."""


def used(context: Context, costs: Sequence[SiteCost], best: Evaluated | None = None) -> tuple[SourceUse, ...]:
    """Sources behind the chosen hardware, the models, the engine, the rules and every priced line."""
    uses: dict[str, list[str]] = {}
    for source, purpose in _uses(context, costs, best):
        uses.setdefault(source, [])
        if purpose not in uses[source]:
            uses[source].append(purpose)
    found = [_use(context, source, tuple(purposes)) for source, purposes in uses.items()]
    return tuple(sorted((f for f in found if f is not None), key=_strength))


def _uses(context: Context, costs: Sequence[SiteCost], best: Evaluated | None) -> Iterable[tuple[str, str]]:
    for model in {m.id: m for m in context.named.models.values()}.values():
        yield from _of(model, f"model {model.name}")
    yield from _of(context.named.engine, f"engine {context.named.engine.name}")
    for rule in context.named.rules:
        yield f"rule-{rule.id}", f"framework {rule.name}"
    for cost in costs:
        for line in cost.lines:
            yield line.source, f"{line.description} ({cost.site})"
            yield from _factors(context, line, cost.site)
        yield from _beside(context, cost)
    if best is not None:
        yield from _of(context.named.gpus[best.offer.gpu], f"GPU {context.named.gpus[best.offer.gpu].name}")
        if best.offer.server is not None:
            yield from _of(best.offer.server, f"server {best.offer.name}")
        if best.offer.gpu_network is not None and best.buyer.rdma:
            yield best.offer.gpu_network.source, f"network between servers of {best.offer.name}"
        for site in {s.id: s for s in (best.site, best.serving(1).site)}.values():
            for part, amount in site.lead_times_weeks:
                yield amount.source, f"{part.replace('_', '-')} time at {site.id}"


def _factors(context: Context, line: CostLine, site: str) -> Iterable[tuple[str, str]]:
    """Who says the figures of the catalog that a line multiplies by."""
    for name, path in line.factor_paths.items():
        amount = context.demand.book.amounts.get(_figure(path))
        if amount is not None:
            yield amount.source, f"{name.replace('_', ' ')} ({site})"


def _figure(path: str) -> str:
    """The catalog's name of the figure that a profile path sets."""
    return path.removeprefix("supply.amounts.")


def amounts(context: Context, costs: Sequence[SiteCost]) -> dict[str, Amount]:
    """The figures of the catalog, or the profile's own in their place, that cost lines multiply by."""
    known = context.demand.book.amounts
    paths = (path for cost in costs for line in cost.lines for path in line.factor_paths.values())
    return {_figure(path): known[_figure(path)] for path in dict.fromkeys(paths) if _figure(path) in known}


def _beside(context: Context, cost: SiteCost) -> Iterable[tuple[str, str]]:
    """Who says what stands beside a site's totals: the grid's emissions and the range of the residual."""
    amounts, profile = context.demand.book.amounts, context.profile
    site = next((s for s in context.named.sites if s.id == cost.site), None)
    if site is not None and cost.tco2e is not None and profile.supply.grid_carbon is None:
        yield amounts[grid(site, profile.compliance.residency)].source, f"emissions of electricity ({cost.site})"
    if cost.residual_high_usd:
        yield amounts[RESIDUAL_RANGE].source, f"range of the residual ({cost.site})"


def _of(record: Sourced, purpose: str) -> Iterable[tuple[str, str]]:
    return ((source, purpose) for source in record.sources.values())


def _use(context: Context, id: str, purposes: tuple[str, ...]) -> SourceUse | None:
    plan_date = context.profile.plan_date
    if id.startswith("quote:"):
        return _quote(id, purposes, context.demand.book.quotes, plan_date)
    source = context.catalog.sources.get(id)
    if source is None:
        return None
    return SourceUse(
        id=id,
        title=source.title,
        publisher=source.publisher,
        url=source.url,
        date=source.date,
        kind=source.kind,
        confidence=source.confidence,
        age_days=age_days(source.date, plan_date),
        used_for=purposes,
    )


def _quote(id: str, purposes: tuple[str, ...], quotes: Mapping[str, Quote], plan_date: date) -> SourceUse:
    quote = quotes[id.removeprefix("quote:")]
    return SourceUse(
        id=id,
        title=f"{quote.supplier} {quote.reference}".strip(),
        publisher=quote.supplier,
        url="",
        date=quote.as_of.isoformat(),
        kind=quote.kind,
        confidence="high" if quote.kind == "quote" else "low",
        age_days=(plan_date - quote.as_of).days,
        used_for=purposes,
    )


def weakest_fact(cost: SiteCost, plan_date: date) -> str:
    """The weakest price among the lines that carry a twentieth of the cost: unpriced first, then by kind and age."""
    total = cost.three_year_usd
    large = [i for i in cost.lines if i.unit_price_usd is None or _amount(i) >= MATERIAL * total]
    line = min(large, key=lambda i: (_kind(i.kind), i.as_of or date.max, i.id))
    if line.unit_price_usd is None:
        return f"{line.description}: no source prices it"
    when = "" if line.as_of is None else f" of {line.as_of}, {(plan_date - line.as_of).days} days old,"
    return f"price of {line.description}{when} {line.kind.replace('_', ' ')}"


def _amount(line: CostLine) -> float:
    return float(abs(line_amounts(line)).sum())


def _kind(kind: str) -> int:
    return -1 if kind == "unpriced" else WEAKNESS.index(kind)


def age_days(text: str, plan_date: date) -> int | None:
    """Days from a date that may lack its day or month to plan_date; null if it is none that a calendar has.

    Of a month or a year its last day counts, or plan_date itself where that comes first.

    >>> age_days("2026-10", date(2026, 12, 1)), age_days("2026", date(2026, 12, 1))
    (31, 0)
    >>> age_days("n.d.", date(2026, 1, 1)), age_days("2025-18-12", date(2026, 1, 1))
    (None, None)
    """
    parts = text.split("-")
    if not all(part.isdecimal() for part in parts) or not 1 <= len(parts) <= 3:
        return None
    try:
        year, month = int(parts[0]), int(parts[1]) if len(parts) > 1 else 12
        day = int(parts[2]) if len(parts) > 2 else {2: 28}.get(month, 30 if month in (4, 6, 9, 11) else 31)
        age = (plan_date - date(year, month, day)).days
    except (ValueError, OverflowError):
        return None
    return 0 if age < 0 and len(parts) < 3 else age


def _strength(use: SourceUse) -> tuple[int, int, int, str]:
    age = -1 if use.age_days is None else use.age_days
    return (CONFIDENCE.index(use.confidence), WEAKNESS.index(use.kind), -age, use.id)
