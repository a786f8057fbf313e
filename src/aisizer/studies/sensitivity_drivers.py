"""The inputs that a sensitivity study moves: low, plan and high value of each, and the profile with such a value."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from aisizer.catalog.catalog import Catalog
from aisizer.catalog.sourced import Amount
from aisizer.costs.lines import significant
from aisizer.costs.owned import RESIDUAL_RANGE
from aisizer.costs.records import CostLine
from aisizer.demand.growth import monthly_rate
from aisizer.plan import Plan
from aisizer.profile.load import LoadedProfile
from aisizer.profile.sections import Profile, Quote, TokenLengths, Workload
from aisizer.shapes import Floats, Requests
from aisizer.units import YEAR

Value = float | str
SPREAD = 0.2
"""[1] to each side of an input whose sources give no range: the customary step of a tornado chart (assumed, the same for all of
them, so that their swings compare)."""
POINTS = 0.02
"""[1/year] to each side of the discount rate (assumed): the cost of capital of single industries lay 2.6 points apart, from
4.98 % for banks to 7.6 % for aerospace and defence (Damodaran, Cost of Capital by Sector, January 2026)."""
HEADROOM = (0.1, 0.3)
"""[1] half of the default and one and a half times it."""


@dataclass(frozen=True, slots=True)
class Input:
    """One input of the plan, its two other values, and the profile with a value."""

    driver: str
    path: str
    unit: str
    low: Value
    base: Value
    high: Value
    edited: Callable[[LoadedProfile, Value], LoadedProfile]


def inputs(plan: Plan, loaded: LoadedProfile, catalog: Catalog) -> Iterator[Input]:
    """Every input that the study moves, in a fixed order; one that the plan does not use is left out."""
    yield from _demand(loaded.profile)
    yield from _prices(plan)
    amounts = {name: amount for prices in catalog.prices.values() for name, amount in prices.amounts.items()}
    yield from _factors(plan, amounts)
    yield from _finance(loaded.profile, amounts[RESIDUAL_RANGE].high)
    yield from _reserves(plan, loaded.profile)


def _demand(profile: Profile) -> Iterator[Input]:
    growth = profile.growth
    low, high = significant(monthly_rate(growth, "low")), significant(monthly_rate(growth, "high"))
    around = (1 - SPREAD, 1.0, 1 + SPREAD)
    yield Input("demand", "workloads.*.load", "x plan", *around, _with_load)
    yield Input("growth", "growth.rate", "1/month", low, growth.rate, high, _field("growth.rate"))
    yield Input("prompt tokens", "workloads.*.prompt_tokens", "x plan", *around, _with_tokens("prompt_tokens"))
    yield Input("output tokens", "workloads.*.output_tokens", "x plan", *around, _with_tokens("output_tokens"))


def _prices(plan: Plan) -> Iterator[Input]:
    for driver, categories in (("price of servers", ("hardware", "rent")), ("price of electricity", ("power",))):
        line = next((i for i in _lines(plan) if i.category in categories and i.unit_price_usd), None)
        if line is not None and line.unit_price_usd:
            base = line.unit_price_usd
            low, high = _range(base, line.low_usd, line.high_usd)
            yield Input(driver, line.price_path, line.price_unit, low, base, high, _with_price(line))


def _factors(plan: Plan, amounts: Mapping[str, Amount]) -> Iterator[Input]:
    for driver, name, least in (("PUE", "pue", 1.0), ("staff", "fte", 0.0)):
        line = next((i for i in _lines(plan) if name in i.factor_paths), None)
        if line is not None:
            path, base = line.factor_paths[name], line.factors[name]
            low, high = _range(base, *_known(amounts, path, base))
            unit = line.factor_units.get(name, "1")
            yield Input(driver, path, unit, max(low, least), base, high, _with_amount(path))


def _known(amounts: Mapping[str, Amount], path: str, base: float) -> tuple[float | None, float | None]:
    """The range of a catalog's amount where the plan uses the catalog's own value."""
    amount = amounts.get(path.removeprefix("supply.amounts."))
    return (amount.low, amount.high) if amount is not None and amount.base == base else (None, None)


def _range(base: float, low: float | None, high: float | None) -> tuple[float, float]:
    """The sources' range, or the same step to both sides where they give none."""
    if low is None or high is None or low == high:
        return significant((1 - SPREAD) * base), significant((1 + SPREAD) * base)
    return low, high


def _finance(profile: Profile, most_residual: float | None) -> Iterator[Input]:
    finance = profile.finance
    rate, life, residual = finance.discount_rate, finance.useful_life, finance.residual
    if rate is not None:
        low, high = significant(max(0.0, rate - POINTS)), significant(rate + POINTS)
        yield Input(
            "discount rate", "finance.discount_rate", "1/year", low, rate, high, _field("finance.discount_rate")
        )
    years = (max(1.0, life / YEAR - 1), life / YEAR, life / YEAR + 1)
    yield Input("useful life", "finance.useful_life", "year", *years, _with_life)
    most = max(most_residual or 0.0, residual)
    yield Input("residual value", "finance.residual", "1", 0.0, residual, most, _field("finance.residual"))


def _reserves(plan: Plan, profile: Profile) -> Iterator[Input]:
    resilience, spare = profile.resilience, plan.decision.redundant_servers if plan.decision else 0
    low, high = min(HEADROOM[0], resilience.headroom), max(HEADROOM[1], resilience.headroom)
    yield Input("headroom", "resilience.headroom", "1", low, resilience.headroom, high, _field("resilience.headroom"))
    fewer, more = _redundancy(max(0, spare - 1)), _redundancy(min(9, spare + 1))
    named = "resilience.redundancy"
    yield Input("redundancy", named, "", fewer, resilience.redundancy, more, _field("resilience.redundancy"))


def _redundancy(servers: int) -> str:
    return f"N+{servers}" if servers else "N"


def _lines(plan: Plan) -> tuple[CostLine, ...]:
    return plan.tco[plan.decision.site].lines if plan.decision else ()


def _with(loaded: LoadedProfile, **sections: Any) -> LoadedProfile:
    return replace(loaded, profile=loaded.profile.model_copy(update=sections))


def _field(path: str) -> Callable[[LoadedProfile, Value], LoadedProfile]:
    """The edit that sets one field, such as supply.staff.operations.fte."""

    def edited(loaded: LoadedProfile, value: Value) -> LoadedProfile:
        return replace(loaded, profile=_set(loaded.profile, path.split("."), value))

    return edited


def _set(node: Any, keys: Sequence[str], value: Value) -> Any:
    """A record or a mapping with one value below it replaced."""
    if not keys:
        return value
    head, *rest = keys
    if isinstance(node, dict):
        return {**node, head: _set(node.get(head), rest, value)}
    return node.model_copy(update={head: _set(getattr(node, head), rest, value)})


def _with_life(loaded: LoadedProfile, years: Value) -> LoadedProfile:
    return _field("finance.useful_life")(loaded, float(years) * YEAR)


def _with_load(loaded: LoadedProfile, factor: Value) -> LoadedProfile:
    made = {name: _louder(w, float(factor)) for name, w in loaded.profile.workloads.items()}
    return _with(loaded, workloads=made)


def _louder(workload: Workload, factor: float) -> Workload:
    """A workload at another load; one that follows another does so still."""
    load = workload.load
    whole = {
        name: max(1, round(factor * n)) for name in ("users", "concurrency") if (n := getattr(load, name)) is not None
    }
    rate = {} if load.rate is None else {"rate": factor * load.rate}
    return workload.model_copy(update={"load": load.model_copy(update={**whole, **rate})})


def _with_tokens(field: str) -> Callable[[LoadedProfile, Value], LoadedProfile]:
    def edited(loaded: LoadedProfile, factor: Value) -> LoadedProfile:
        made = {
            name: w.model_copy(update={field: _longer(getattr(w, field), float(factor))})
            for name, w in loaded.profile.workloads.items()
        }
        replays = {name: _longer_replay(r, field, float(factor)) for name, r in loaded.replays.items()}
        return replace(_with(loaded, workloads=made), replays=replays)

    return edited


def _longer(lengths: TokenLengths, factor: float) -> TokenLengths:
    """The distribution stretched; no length falls below one token."""
    if lengths.quantiles is not None:
        return lengths.model_copy(update={"quantiles": {k: max(1.0, factor * v) for k, v in lengths.quantiles.items()}})
    ends = {name: max(1.0, factor * (getattr(lengths, name) or 0.0)) for name in ("mean", "p95")}
    return lengths.model_copy(update=ends)


def _longer_replay(requests: Requests, field: str, factor: float) -> Requests:
    """A trace's requests with their prompts, or their answers, stretched."""

    def stretched(tokens: Floats, least: float) -> Floats:
        result: Floats = np.fmax(np.rint(factor * tokens), least)
        return result

    if field == "output_tokens":
        return replace(requests, output_tokens=stretched(requests.output_tokens, 1.0))
    prompts = stretched(requests.prompt_tokens, 1.0)
    cached = np.fmin(stretched(requests.cached_tokens, 0.0), prompts - 1)
    return replace(requests, prompt_tokens=prompts, cached_tokens=cached)


def _with_price(line: CostLine) -> Callable[[LoadedProfile, Value], LoadedProfile]:
    field = line.price_path.removeprefix("supply.quotes.")

    def edited(loaded: LoadedProfile, value: Value) -> LoadedProfile:
        supply = loaded.profile.supply
        if field == line.price_path:
            return _field(field)(loaded, value)
        price = f"{float(value):.9f} {line.price_unit}"
        own = [q for q in supply.quotes if isinstance(q, Quote) and q.item == field]
        others = tuple(q for q in supply.quotes if q not in own)
        quote = own[0].model_copy(update={"unit_price": price}) if own else _moved(line, field, price, loaded.profile)
        return _with(loaded, supply=supply.model_copy(update={"quotes": (*others, quote)}))

    return edited


def _moved(line: CostLine, item: str, price: str, profile: Profile) -> Quote:
    """Another price for what the catalog prices, and nothing else of it: what is paid upfront stays."""
    return Quote(
        item=item, unit_price=price, as_of=line.as_of or profile.plan_date, supplier="sensitivity", kind="estimated",
        replaces="price",
    )  # fmt: skip


def _with_amount(path: str) -> Callable[[LoadedProfile, Value], LoadedProfile]:
    name = path.removeprefix("supply.amounts.")

    def edited(loaded: LoadedProfile, value: Value) -> LoadedProfile:
        supply = loaded.profile.supply
        if name == path:
            return _field(path)(loaded, value)
        return _with(loaded, supply=supply.model_copy(update={"amounts": {**supply.amounts, name: float(value)}}))

    return edited
