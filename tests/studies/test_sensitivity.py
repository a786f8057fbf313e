"""The plan made again for each input: its base is the plan, its ends are the plans of those values, twice the same."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.append(str(Path(__file__).parents[1] / "laws"))
from planning import catalog, changed

from aisizer.plan import Plan
from aisizer.plan.make import make_plan
from aisizer.plan.money_records import Driver
from aisizer.profile.load import LoadedProfile, profile_of
from aisizer.studies.sensitivity import with_sensitivity
from aisizer.studies.sensitivity_drivers import Input, inputs

SMALL = {"supply.sites": ["on_premises", "enclave"], "supply.gpus": ["h100-sxm"], "growth.rate": "4 %/month"}


def loaded(changes: dict[str, Any] | None = None) -> LoadedProfile:
    return profile_of(changed({**SMALL, **(changes or {})}), "law.json")


def plan(changes: dict[str, Any] | None = None) -> Plan:
    return make_plan(loaded(changes), catalog(), confirm="none")


@pytest.fixture(scope="module")
def studied() -> Plan:
    return with_sensitivity(plan(), loaded(), catalog(), {}, "none")


def driver(studied: Plan, name: str) -> Driver:
    return next(d for d in studied.sensitivity if d.driver == name)


RESERVED = {"unit_price": "40 USD/h", "as_of": "2026-11-01", "supplier": "S", "upfront": "50 %"}
UPFRONT = {
    "of the catalog": {"supply.sites": ["commercial"], "supply.gpus": ["h200-sxm"], "supply.commitment": "three_year"},
    "of a quote": {
        "supply.sites": ["enclave"],
        "supply.commitment": "one_year",
        "supply.quotes": [{**RESERVED, "item": "aws-us-gov-p5.48xlarge:one_year"}],
    },
}


def test_the_plans_own_value_gives_the_plan() -> None:
    base, own = plan(), loaded()
    for one in inputs(base, own, catalog()):
        assert_same(base, own, one)


@pytest.mark.parametrize("changes", UPFRONT.values(), ids=UPFRONT)
def test_another_price_is_paid_upfront_as_the_plans_is(changes: dict[str, Any]) -> None:
    base, own = plan(changes), loaded(changes)
    assert base.decision and base.tco[base.decision.site].cash_by_month_usd[0] > 0
    assert_same(base, own, next(one for one in inputs(base, own, catalog()) if one.driver == "price of servers"))


def assert_same(base: Plan, own: LoadedProfile, one: Input) -> None:
    again = make_plan(one.edited(own, one.base), catalog(), confirm="none")
    assert base.decision and again.decision
    cost, found = base.tco[base.decision.site], again.tco[again.decision.site]
    assert found.three_year_usd == pytest.approx(cost.three_year_usd, abs=0.02), one.driver
    assert found.npv_usd == pytest.approx(cost.npv_usd, abs=0.02), one.driver


@pytest.mark.parametrize(
    "name, end, changes",
    [
        ("growth", "low", {"growth.rate": "2 %/month"}),
        ("growth", "high", {"growth.rate": "6 %/month"}),
        ("demand", "high", {"workloads.chat.load": {"rate": "7.2 req/s"}}),
        ("prompt tokens", "low", {"workloads.chat.prompt_tokens": {"mean": 1200, "p95": 2800}}),
        ("output tokens", "high", {"workloads.chat.output_tokens": {"mean": 300, "p95": 720}}),
        ("headroom", "high", {"resilience.headroom": "30 %"}),
        ("redundancy", "low", {"resilience.redundancy": "N"}),
        ("redundancy", "high", {"resilience.redundancy": "N+2"}),
        ("discount rate", "high", {"finance.discount_rate": "10 %"}),
        ("useful life", "low", {"finance.useful_life": "4 y"}),
        ("residual value", "high", {"finance.residual": "35 %"}),
    ],
)
def test_an_end_is_the_plan_of_that_value(studied: Plan, name: str, end: str, changes: dict[str, Any]) -> None:
    made, found = plan(changes), driver(studied, name)
    assert made.decision
    cost = made.tco[made.decision.site]
    for field, value in (
        ("npv", cost.npv_usd), ("three_year", cost.three_year_usd), ("accrual", cost.accrual_three_year_usd)
    ):  # fmt: skip
        assert getattr(found, f"{field}_{end}_usd") == pytest.approx(value, abs=0.02)
    assert getattr(found, f"gpus_{end}") == made.decision.gpus and getattr(found, f"site_{end}") == made.decision.site


def test_what_the_profile_sets_itself_is_moved_where_it_stands() -> None:
    quote = {"item": "hgx-h100-8", "unit_price": "250000 USD", "as_of": "2026-11-01", "supplier": "S"}
    own = loaded(
        {
            "supply.sites": ["on_premises"],
            "supply.staff": {"operations": {"fte": 2}},
            "supply.electricity": "0.2 USD/kWh",
            "supply.pue": 1.3,
            "supply.quotes": [quote],
        }
    )
    moved = {one.driver: one for one in inputs(make_plan(own, catalog(), confirm="none"), own, catalog())}
    assert moved["staff"].path == "supply.staff.operations.fte"
    assert moved["staff"].edited(own, 1.6).profile.supply.staff["operations"].fte == 1.6
    assert moved["price of electricity"].edited(own, 0.16).profile.supply.electricity == 0.16
    assert moved["PUE"].edited(own, 1.04).profile.supply.pue == 1.04
    low = moved["price of servers"]
    assert (low.low, low.base) == (200_000, 250_000)
    (only,) = low.edited(own, low.low).profile.supply.quotes
    assert not isinstance(only, str) and only.unit_price.startswith("200000")


def test_it_is_sorted_by_swing_the_same_twice_and_told_to_the_end(studied: Plan) -> None:
    swings = [d.swing_usd or 0.0 for d in studied.sensitivity]
    assert swings == sorted(swings, reverse=True)
    told: list[tuple[int, int]] = []
    again = with_sensitivity(plan(), loaded(), catalog(), {}, "none", lambda done, of: told.append((done, of)))
    assert again == studied and told == [(done, told[-1][0]) for done in range(told[-1][0] + 1)]
    assert any(not d.rerun for d in studied.sensitivity)
    step = next(s for s in studied.explain if s.name == "sensitivity")
    assert step.value == studied.sensitivity[0].driver and "made again" in step.formula


def test_a_value_without_a_plan_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    owned = {"supply.sites": ["on_premises"]}
    base = plan(owned)
    power = next(limit for limit in base.limits if limit.unit == "kW" and "GPU servers" in limit.name)
    tight = {**owned, "supply.power_limit": f"{float(power.month_36) + 1} kW"}
    monkeypatch.setattr(
        "aisizer.studies.sensitivity.inputs",
        lambda *given: [one for one in inputs(*given) if one.driver == "redundancy"],
    )
    (found,) = [d for d in with_sensitivity(plan(tight), loaded(tight), catalog(), {}, "none").sensitivity if d.rerun]
    assert found.site_high is None and found.npv_high_usd is None and found.swing_usd is None
    assert found.changed and "no option meets the profile" in found.note and found.site_low == "on_premises"
