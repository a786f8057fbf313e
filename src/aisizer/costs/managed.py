"""The break-even of the fleet against managed APIs, which bill by the token; an API is compared and never chosen."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from aisizer.catalog.records import Amount, ManagedApi, TokenPrice
from aisizer.costs.lines import Volume
from aisizer.costs.records import SiteCost
from aisizer.schema import Record
from aisizer.sizing.admissible import Admission, SiteVerdict


class ApiBreakEven(Record):
    """What one managed API would charge for the fleet's volume, and the volume at which both cost the same."""

    api: str
    api_name: str
    site_class: str
    """api_commercial or api_government"""
    models: dict[str, str]
    """the provider's name of the model that stands in, by workload"""
    missing: tuple[str, ...]
    """workloads whose model the catalog prices at no tokens of this API: with any, the figures below are null"""
    usd_per_month: float | None
    """[USD/month] mean over the 36 months at the planned volume, without discounts for caches, batches or commitment"""
    three_year_usd: float | None
    usd_per_request: float | None
    fleet_usd_per_month: float
    """[USD/month] mean of the chosen site's accrued cost; at least, where `complete` is false"""
    complete: bool
    """whether every line of the chosen site has a price"""
    break_even_requests_per_month: float | None
    """[1/month] above which the fleet, as it stands, costs less than the API"""
    break_even_share: float | None
    """[1] the same as a share of the planned volume: below 1 the fleet is cheaper"""
    break_even_utilization: float | None
    """[1] the same as utilisation of the fleet; above 1 the fleet is too small to reach it"""
    verdict: Admission
    reasons: tuple[str, ...]
    citations: tuple[str, ...]
    sources: tuple[str, ...]
    """ids of the sources of its prices"""
    as_of: date | None
    """oldest of its prices"""
    sentence: str


def token_cost(prompt_tokens: float, output_tokens: float, input_usd: float, output_usd: float) -> float:
    """[USD] = (N_in p_in + N_out p_out) / 10^6.

    prompt_tokens, output_tokens [token], input_usd, output_usd [USD/Mtoken]: how providers bill,
    https://aws.amazon.com/bedrock/pricing/ (2026).

    >>> round(token_cost(2e9, 5e8, 0.15, 0.6), 6)
    600.0
    """
    return (prompt_tokens * input_usd + output_tokens * output_usd) / 1e6


def break_even_requests(fleet_usd: float, api_usd_per_request: float) -> float:
    """[request] at which a fixed cost equals one by the request: F / v.

    fleet_usd [USD], api_usd_per_request [USD/request]. Break-even point of Horngren, Datar and Rajan, Cost Accounting
    (2014), ch. 3, with no variable cost of the fleet, because its servers cost the same whether they serve or not.

    >>> break_even_requests(60_000.0, 0.002)
    30000000.0
    """
    return fleet_usd / api_usd_per_request


def api_break_even(
    api: ManagedApi,
    verdict: SiteVerdict,
    cost: SiteCost,
    volumes: Mapping[str, Volume],
    models: Mapping[str, str],
    utilization: float,
) -> ApiBreakEven:
    """One API beside the chosen site.

    volumes and models (catalog ids): by workload. utilization [1]: of the fleet at the volume it is planned for.
    """
    prices = {workload: api.models[model] for workload, model in models.items() if model in api.models}
    missing = tuple(workload for workload in models if workload not in prices)
    requests, months = _total_requests(volumes), _months(volumes)
    fleet = cost.usd_per_request * requests / months
    api_usd = None if missing else sum(_cost(volumes[workload], price) for workload, price in prices.items())
    each = None if api_usd is None else api_usd / requests
    at = None if each is None else break_even_requests(fleet, each)
    share = None if at is None else at / (requests / months)
    amounts = [amount for price in prices.values() for amount in (price.input, price.output)]
    return ApiBreakEven(
        api=api.id,
        api_name=api.name,
        site_class=api.site_class,
        models={workload: price.name for workload, price in prices.items()},
        missing=missing,
        usd_per_month=None if api_usd is None else api_usd / months,
        three_year_usd=api_usd,
        usd_per_request=each,
        fleet_usd_per_month=fleet,
        complete=not cost.missing,
        break_even_requests_per_month=at,
        break_even_share=share,
        break_even_utilization=None if share is None else share * utilization,
        verdict=verdict.verdict,
        reasons=verdict.reasons,
        citations=verdict.citations,
        sources=tuple(dict.fromkeys(amount.source for amount in amounts)),
        as_of=_oldest(amounts),
        sentence=_sentence(api, missing, at, share, None if share is None else share * utilization),
    )


def monthly_bill(api: ManagedApi, volumes: Mapping[str, Volume], models: Mapping[str, str]) -> tuple[float, ...]:
    """[USD] what an API that prices all of the models bills in each month; arguments as those of `api_break_even`."""
    bills = [_monthly(volumes[workload], api.models[model]) for workload, model in models.items()]
    return tuple(map(sum, zip(*bills, strict=True)))


def _monthly(volume: Volume, price: TokenPrice) -> list[float]:
    return [
        token_cost(prompt, output, price.input.base, price.output.base)
        for prompt, output in zip(volume.prompt_tokens, volume.output_tokens, strict=True)
    ]


def _cost(volume: Volume, price: TokenPrice) -> float:
    return token_cost(sum(volume.prompt_tokens), sum(volume.output_tokens), price.input.base, price.output.base)


def _total_requests(volumes: Mapping[str, Volume]) -> float:
    return sum(sum(volume.requests) for volume in volumes.values())


def _months(volumes: Mapping[str, Volume]) -> int:
    return len(next(iter(volumes.values())).requests)


def _oldest(amounts: list[Amount]) -> date | None:
    return min((amount.as_of for amount in amounts), default=None)


def _sentence(
    api: ManagedApi, missing: tuple[str, ...], at: float | None, share: float | None, utilization: float | None
) -> str:
    if at is None or share is None or utilization is None:
        return (
            f"{api.name} is not compared: no source prices the model of {', '.join(missing)} there. Add the model to "
            f"apis/{api.id}.yaml in a catalog overlay."
        )
    cheaper = "the fleet" if share < 1 else api.name
    reach = " That is more than this fleet can serve, so it never gets there." if utilization > 1 else ""
    return (
        f"The fleet costs less than {api.name} from {at:,.0f} requests a month on, {share * 100:,.0f} % of the planned volume "
        f"and {utilization * 100:,.0f} % utilisation: at the planned volume {cheaper} costs less.{reach}"
    )
