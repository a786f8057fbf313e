"""The chosen site's cumulative cash beside that of the other sites, the baseline and managed APIs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from aisizer.costs.crossings import cheaper_from, payback
from aisizer.costs.lines import Volume
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
    chosen, *others = tco.values()
    rate = context.profile.finance.discount_rate
    beside = [("site", cost.site, cost.cash_by_month_usd, True, not cost.missing) for cost in others]
    if baseline is not None:
        beside.append(("baseline", BASELINE, baseline.cash_by_month_usd, False, not baseline.missing))
    beside += _bills(context, apis)
    return tuple(_comparison(chosen, *other, rate) for other in beside)  # type: ignore[arg-type]


def _bills(context: Context, apis: Sequence[ApiBreakEven]) -> Iterator[tuple[str, str, tuple[float, ...], bool, bool]]:
    """What each API bills by period; nothing before service."""
    models = {name: model.id for name, model in context.named.models.items()}
    volumes: dict[str, Volume] = {name: volume_of([context.offered[name]], context.demand.factors) for name in models}
    for found in apis:
        bill = None if found.missing else monthly_bill(context.catalog.apis[found.api], volumes, models)
        yield "api", found.api, (0.0, *(bill or ())), found.verdict != "rejected", bill is not None


def _comparison(
    chosen: SiteCost,
    kind: Kind,
    other: str,
    cash: Sequence[float],
    alternative: bool,
    complete: bool,
    rate: float | None,
) -> CashComparison:
    own = chosen.cash_by_month_usd
    known = complete and not chosen.missing
    cheaper = cheaper_from(own, cash) if known else None
    paid = payback(own, cash) if known else None
    outlay = max(0.0, own[0] - cash[0]) if known else None
    return CashComparison(
        other=other,
        kind=kind,
        alternative=alternative,
        saving_usd=sum(cash) - sum(own) if known else None,
        outlay_usd=outlay,
        cheaper_from_month=cheaper,
        payback_month=paid,
        discounted_payback_month=payback(own, cash, rate) if known and rate is not None else None,
        sentence=_sentence(chosen, kind, other, alternative, known, cheaper, paid, outlay),
    )


def _sentence(
    chosen: SiteCost,
    kind: Kind,
    other: str,
    alternative: bool,
    known: bool,
    cheaper: int | None,
    paid: int | None,
    outlay: float | None,
) -> str:
    barred = (
        f" {other} is not authorised for these data, so this is no choice." if kind == "api" and not alternative else ""
    )
    if not known:
        why = "whose lines or models do not all have a price, so that a total is only known to be at least so much"
        return f"{chosen.site} and {other} are not compared: at least one of them is a plan {why}.{barred}"
    if cheaper is None:
        return f"Within 36 months {chosen.site} does not cost less than {other} for good.{barred}"
    when = "before service already" if cheaper == 0 else f"from month {cheaper} on"
    back = "asks for no more before service" if not outlay else f"asks for {outlay:,.0f} USD more before service"
    return f"{chosen.site} {back} and has cost less than {other} {when}{_paid(outlay, paid)}.{barred}"


def _paid(outlay: float | None, paid: int | None) -> str:
    return f"; the outlay is paid back in month {paid}" if outlay and paid is not None else ""
