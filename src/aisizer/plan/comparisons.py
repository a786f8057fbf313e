"""The chosen site's cumulative cash beside that of the other sites, the baseline and managed APIs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal

from aisizer.costs.crossings import cheaper_from, payback
from aisizer.costs.managed import ApiBreakEven, monthly_bill
from aisizer.costs.records import SiteCost
from aisizer.plan.context import Context, volume_of
from aisizer.plan.money_records import CashComparison
from aisizer.plan.unit_costs import BASELINE

Kind = Literal["site", "baseline", "api"]


def comparisons(
    context: Context, tco: Mapping[str, SiteCost], baseline: SiteCost | None, apis: Sequence[ApiBreakEven]
) -> tuple[CashComparison, ...]:
    """The chosen site beside each other one, the cheapest first, then beside the baseline and the APIs."""
    chosen, rate = next(iter(tco.values())), context.profile.finance.discount_rate
    return tuple(_comparison(chosen, other, rate) for other in _all(context, tco, baseline, apis)[1:])


def cumulative(
    context: Context, tco: Mapping[str, SiteCost], baseline: SiteCost | None, apis: Sequence[ApiBreakEven]
) -> dict[str, tuple[float, ...]]:
    """[USD] paid by the end of each of 37 periods, by site, baseline and API, the chosen site first; complete ones only."""
    return {
        found.name: tuple(accumulate(found.cash)) for found in _all(context, tco, baseline, apis) if not found.lacking
    }


def _all(
    context: Context, tco: Mapping[str, SiteCost], baseline: SiteCost | None, apis: Sequence[ApiBreakEven]
) -> list[Beside]:
    found = [Beside("site", cost.site, cost.cash_by_month_usd, True, _lacking(cost)) for cost in tco.values()]
    if baseline is not None:
        found.append(Beside("baseline", BASELINE, baseline.cash_by_month_usd, False, _lacking(baseline)))
    return [*found, *_bills(context, apis)]


@dataclass(frozen=True, slots=True)
class Beside:
    """What the chosen site is held against: its cash by period, whether it may be chosen, and what its total lacks."""

    kind: Kind
    name: str
    cash: tuple[float, ...]
    alternative: bool
    lacking: str


def _lacking(cost: SiteCost) -> str:
    lines = "1 line has" if len(cost.missing) == 1 else f"{len(cost.missing)} lines have"
    return f"{lines} no price" if cost.missing else ""


def _bills(context: Context, apis: Sequence[ApiBreakEven]) -> Iterator[Beside]:
    """What each API bills by period; nothing before service."""
    models = {name: model.id for name, model in context.named.models.items()}
    volumes = {name: volume_of([context.offered[name]], context.demand.factors) for name in models}
    for found in apis:
        lacking = f"it has no price for the model of {', '.join(found.missing)}" if found.missing else ""
        bill = () if lacking else monthly_bill(context.catalog.apis[found.api], volumes, models)
        yield Beside("api", found.api, (0.0, *bill), found.verdict != "rejected", lacking)


def _comparison(chosen: SiteCost, other: Beside, rate: float | None) -> CashComparison:
    own, cash = chosen.cash_by_month_usd, other.cash
    lacking = _lacking(chosen) and f"{chosen.site}: {_lacking(chosen)}"
    lacking = lacking or (other.lacking and f"{other.name}: {other.lacking}")
    if lacking:
        return _unknown(chosen, other, lacking)
    cheaper, paid, outlay = cheaper_from(own, cash), payback(own, cash), max(0.0, own[0] - cash[0])
    return CashComparison(
        other=other.name,
        kind=other.kind,
        alternative=other.alternative,
        saving_usd=sum(cash) - sum(own),
        outlay_usd=outlay,
        cheaper_from_month=cheaper,
        payback_month=paid,
        discounted_payback_month=None if rate is None else payback(own, cash, rate),
        sentence=_sentence(chosen.site, other, cheaper, paid, outlay),
    )


def _unknown(chosen: SiteCost, other: Beside, lacking: str) -> CashComparison:
    return CashComparison(
        other=other.name,
        kind=other.kind,
        alternative=other.alternative,
        saving_usd=None,
        outlay_usd=None,
        cheaper_from_month=None,
        payback_month=None,
        discounted_payback_month=None,
        sentence=f"{chosen.site} and {other.name} are not compared ({lacking}).{_barred(other)}",
    )


def _sentence(site: str, other: Beside, cheaper: int | None, paid: int | None, outlay: float) -> str:
    asks = f"asks for {outlay:,.0f} USD more before service" if outlay else "asks for no more before service"
    back = f"; that is paid back in month {paid}" if outlay and paid is not None else ""
    if cheaper is None:
        return (
            f"{site} {asks}{back}, and does not cost less than {other.name} for good within 36 months.{_barred(other)}"
        )
    when = "before service already" if cheaper == 0 else f"from month {cheaper} on"
    return f"{site} {asks} and has cost less than {other.name} {when}{back}.{_barred(other)}"


def _barred(other: Beside) -> str:
    barred = other.kind == "api" and not other.alternative
    return f" {other.name} is not authorised for these data, so it is no choice." if barred else ""
