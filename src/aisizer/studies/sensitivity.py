"""The plan made again with one input at its low and at its high value, for each input that may be wrong."""

from __future__ import annotations

from collections.abc import Mapping

from aisizer.catalog.catalog import Catalog
from aisizer.catalog.records import Model
from aisizer.errors import InvalidInput
from aisizer.plan import Plan
from aisizer.plan.confirm import Confirm
from aisizer.plan.explain_money import sensitivity_step
from aisizer.plan.make import make_plan
from aisizer.plan.money_records import Driver
from aisizer.plan.price_moves import swing_key
from aisizer.profile.load import LoadedProfile
from aisizer.progress import Told, untold
from aisizer.studies.diff import chosen
from aisizer.studies.sensitivity_drivers import Input, Value, inputs


def with_sensitivity(
    plan: Plan,
    loaded: LoadedProfile,
    catalog: Catalog,
    files: Mapping[str, Model],
    confirm: Confirm,
    progress: Told = untold,
) -> Plan:
    """The plan with every driver run again; prices that are not run keep what they cost on the plan's own fleet."""
    moved = list(inputs(plan, loaded, catalog))
    found: list[Driver] = []
    for one in moved:
        ends: list[Plan | str] = []
        for value in (one.low, one.high):
            progress(2 * len(found) + len(ends), 2 * len(moved))
            ends.append(_made(plan, loaded, catalog, files, confirm, one, value))
        found.append(_driver(plan, one, ends[0], ends[1]))
    progress(2 * len(moved), 2 * len(moved))
    run = {driver.path for driver in found}
    rest = [driver for driver in plan.sensitivity if driver.path not in run]
    drivers = tuple(sorted([*found, *rest], key=swing_key))
    told = sensitivity_step(drivers)
    explain = tuple(told if step.name == told.name else step for step in plan.explain)
    return plan.model_copy(update={"sensitivity": drivers, "explain": explain})


def _made(
    plan: Plan,
    loaded: LoadedProfile,
    catalog: Catalog,
    files: Mapping[str, Model],
    confirm: Confirm,
    one: Input,
    value: Value,
) -> Plan | str:
    """The plan with an input at a value, or why there is none; at the plan's own value it is the plan."""
    if value == one.base:
        return plan
    try:
        made = make_plan(one.edited(loaded, value), catalog, files, confirm)
    except InvalidInput as error:
        return str(error)
    return made if made.decision is not None else "no option meets the profile"


def _driver(plan: Plan, one: Input, low: Plan | str, high: Plan | str) -> Driver:
    ends = [chosen(end) if isinstance(end, Plan) else None for end in (low, high)]
    three, npv, accrued = (
        [None if cost is None else getattr(cost, name) for cost in ends]
        for name in ("three_year_usd", "npv_usd", "accrual_three_year_usd")
    )
    decisions = [end.decision if isinstance(end, Plan) else None for end in (low, high)]
    own = chosen(plan)
    swing = three if own is None or own.npv_usd is None else npv
    notes = [f"At {text}: {end}." for text, end in ((one.low, low), (one.high, high)) if isinstance(end, str)]
    return Driver(
        driver=one.driver,
        path=one.path,
        unit=one.unit,
        low=one.low,
        base=one.base,
        high=one.high,
        three_year_low_usd=three[0],
        three_year_high_usd=three[1],
        npv_low_usd=npv[0],
        npv_high_usd=npv[1],
        accrual_low_usd=accrued[0],
        accrual_high_usd=accrued[1],
        gpus_low=decisions[0] and decisions[0].gpus,
        gpus_high=decisions[1] and decisions[1].gpus,
        site_low=decisions[0] and decisions[0].site,
        site_high=decisions[1] and decisions[1].site,
        changed=any(_signed(end) != _signed(plan) for end in (low, high)),
        swing_usd=_between(*swing),
        rerun=True,
        note=" ".join(notes),
    )


def _between(low: float | None, high: float | None) -> float | None:
    return None if low is None or high is None else round(abs(high - low), 2)


def _signed(made: Plan | str) -> tuple[str, str, str, int] | None:
    """What is signed: site, offer, term and GPUs."""
    decision = made.decision if isinstance(made, Plan) else None
    return None if decision is None else (decision.site, decision.offer, decision.term, decision.gpus)
