"""Results on money: unit costs, break-evens, cost of reserves, flips of prices and growth cases, against the plan itself."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.append(str(Path(__file__).parents[1] / "laws"))
from planning import catalog, changed

from aisizer.plan import Plan
from aisizer.plan.make import make_plan
from aisizer.plan.money_records import Flip
from aisizer.profile.load import profile_of

TWO_SITES = {
    "supply.sites": ["on_premises", "hosted", "enclave"],
    "supply.gpus": ["h100-sxm"],
    "workloads.chat.load": {"users": 20_000, "requests_per_user_hour": 6},
    "growth.rate": "3 %/month",
    "finance.served_share": "50 %",
    "compliance": {"data_class": "phi", "logging": {"worm": True}},
    "resilience": {"disaster_recovery": {"posture": "half_size"}, "environments": {"staging": {}}},
}


def plan(changes: dict[str, Any] | None = None) -> Plan:
    return make_plan(profile_of(changed({**TWO_SITES, **(changes or {})}), "law.json"), catalog(), confirm="none")


@pytest.fixture(scope="module")
def made() -> Plan:
    return plan()


def test_unit_costs_times_volumes_are_the_accrual_total(made: Plan) -> None:
    assert made.volumes and made.volumes.user_months
    for name, found in made.unit_costs.items():
        accrual, unit = found.accrual_three_year_usd, found.at_plan
        tokens = made.volumes.input_tokens + made.volumes.output_tokens
        assert unit.usd_per_million_tokens * tokens / 1e6 == pytest.approx(accrual, rel=1e-5)
        assert unit.usd_per_request * made.volumes.requests == pytest.approx(accrual, rel=1e-5)
        assert (unit.usd_per_user_month or 0) * made.volumes.user_months == pytest.approx(accrual, rel=1e-5)
        if name != "baseline":
            assert accrual == made.tco[name].accrual_three_year_usd
            paid = (unit.usd_per_million_input_tokens or 0) * made.volumes.input_tokens
            paid += (unit.usd_per_million_output_tokens or 0) * made.volumes.output_tokens
            assert paid / 1e6 == pytest.approx(accrual, rel=1e-5)
        assert found.at_actual.usd_per_request == pytest.approx(2 * unit.usd_per_request, rel=1e-5)


def test_a_transaction_carries_what_it_causes_in_other_workloads() -> None:
    guard = {
        "model": "llama-3.1-8b",
        "load": {"per_request_of": "chat", "calls": 3},
        "prompt_tokens": {"mean": 300, "p95": 600},
        "output_tokens": {"mean": 4, "p95": 8},
    }
    found = plan({"workloads.guard": guard, "supply.sites": ["on_premises"]})
    prices = found.unit_costs["on_premises"].at_plan
    assert prices.usd_per_transaction == pytest.approx(4 * prices.usd_per_request, rel=1e-5)
    assert found.volumes and found.roadmap
    factors = sum(month.demand_factor for month in found.roadmap.months)
    assert found.volumes.user_months is not None
    assert found.volumes.user_months == pytest.approx(20_000 * factors, rel=1e-4)
    by_rate = plan({"workloads.chat.load": {"rate": "20 req/s"}, "supply.sites": ["on_premises"]})
    assert by_rate.unit_costs["on_premises"].at_plan.usd_per_user_month is None


def test_people_who_use_several_workloads_count_once() -> None:
    other = {
        "model": "llama-3.1-8b",
        "load": {"users": 5000, "requests_per_user_hour": 1},
        "prompt_tokens": {"mean": 300, "p95": 600},
        "output_tokens": {"mean": 40, "p95": 80},
    }
    found = plan({"workloads.other": other, "supply.sites": ["on_premises"]})
    assert found.volumes and found.roadmap and found.volumes.user_months
    factors = sum(month.demand_factor for month in found.roadmap.months)
    assert found.volumes.user_months == pytest.approx(20_000 * factors, rel=1e-4)


def test_the_chosen_site_is_held_against_every_other_fleet_and_the_apis(made: Plan) -> None:
    assert made.decision
    kinds = {c.other: c.kind for c in made.comparisons}
    assert [c.other for c in made.comparisons if c.kind == "site"] == list(made.tco)[1:]
    assert kinds["baseline"] == "baseline" and "api" in kinds.values()
    own = made.tco[made.decision.site].cash_by_month_usd
    for found in made.comparisons:
        if found.kind != "site" or found.cheaper_from_month is None:
            continue
        other = made.tco[found.other].cash_by_month_usd
        m = found.cheaper_from_month
        assert all(sum(own[: k + 1]) < sum(other[: k + 1]) for k in range(m, 37))
        assert m == 0 or sum(own[:m]) >= sum(other[:m])
        assert found.saving_usd == pytest.approx(sum(other) - sum(own), abs=0.5)


def test_each_part_is_the_difference_to_the_plan_without_it(made: Plan) -> None:
    assert made.decision
    site = made.decision.site
    only = {
        "supply.sites": [site],
        "supply.gpus": ["h100-sxm"],
        "supply.commitment": "auto" if made.decision.term == "purchase" else made.decision.term,
    }
    resilience = TWO_SITES["resilience"]
    bare = {
        "headroom": {"resilience": {**resilience, "headroom": 0.0}},
        "redundancy": {"resilience": {**resilience, "redundancy": "N"}},
        "disaster_recovery": {"resilience": {"environments": {"staging": {}}}},
        "non_production": {"resilience": {**resilience, "environments": {}}},
    }
    parts = {p.part: p for p in made.parts}
    for name, changes in bare.items():
        without = plan({**only, **changes})
        assert without.decision and without.decision.offer == made.decision.offer
        assert parts[name].three_year_usd == pytest.approx(
            made.tco[site].three_year_usd - without.tco[site].three_year_usd, abs=1.0
        )
        assert parts[name].gpus == made.decision.gpus - without.decision.gpus
    assert parts["redundancy"].three_year_usd > 0 and parts["disaster_recovery"].three_year_usd > 0
    # PHI keeps logs for six years; without it 13 months, and no write-once copy.
    free = plan({**only, "compliance": {"data_class": "internal"}})
    assert parts["compliance"].three_year_usd == pytest.approx(
        made.tco[site].three_year_usd - free.tco[site].three_year_usd, abs=1.0
    )
    assert parts["compliance"].three_year_usd > 0


def quoted(price: Flip, factor: float) -> dict[str, Any]:
    assert price.value_usd is not None
    quote = {
        "item": price.price_item,
        "unit_price": f"{price.value_usd * factor:.9f} {price.price_unit}",
        "as_of": "2026-11-20",
        "supplier": "test",
    }
    return {"supply.quotes": [quote]}


@pytest.mark.parametrize("item", ["cpu-server-owned", "fte-systems-engineer-us", "network-fabric-per-gpu"])
def test_the_choice_flips_where_the_plan_says_so(made: Plan, item: str) -> None:
    assert made.decision
    flip = next(f for f in made.flips if f.price_item == item)
    chosen = {factor: plan(quoted(flip, factor)).decision for factor in (0.99, 1.01)}
    below, above = chosen[0.99], chosen[1.01]
    assert below and above
    sites = (below.site, above.site)
    assert sites == ((flip.wins, made.decision.site) if flip.side == "below" else (made.decision.site, flip.wins))


def test_another_offer_of_the_site_may_step_in_first() -> None:
    both = {"supply.gpus": ["h100-sxm", "h200-sxm"]}
    found = plan(both)
    assert found.decision
    flip = next(f for f in found.flips if f.price_item == found.decision.offer)
    assert flip.steps_in and flip.steps_in_usd
    quote = quoted(flip.model_copy(update={"value_usd": flip.steps_in_usd}), 1.01)
    after = plan({**both, **quote}).decision
    assert after and after.site == found.decision.site and after.offer != found.decision.offer
    if flip.value_usd is not None:
        last = plan({**both, **quoted(flip, 1.01)}).decision
        assert last and last.site == flip.wins


def test_a_price_that_nobody_gives_is_flipped_from_nothing() -> None:
    unpriced = {"supply.commitment": "three_year", "supply.sites": ["on_premises", "hosted"]}
    found = plan(unpriced)
    assert found.decision and found.decision.site == "on_premises"
    flip = next(f for f in found.flips if f.base_usd is None)
    assert flip.wins == "hosted" and flip.side == "below" and flip.price_item.endswith(":three_year")
    for factor, site in ((0.99, "hosted"), (1.01, "on_premises")):
        after = plan({**unpriced, **quoted(flip, factor)}).decision
        assert after and after.site == site


def test_growth_cases_are_the_plans_of_those_rates(made: Plan) -> None:
    cases = {(c.site, c.case): c for c in made.growth_costs}
    assert set(cases) == {(site, case) for site in made.tco for case in ("low", "base", "high")}
    for site, cost in made.tco.items():
        assert cases[site, "base"].three_year_usd == cost.three_year_usd
        assert cases[site, "low"].gpus[-1] <= cases[site, "base"].gpus[-1] <= cases[site, "high"].gpus[-1]
    fast = plan({"growth.rate": "4.5 %/month", "supply.sites": ["on_premises"]})
    assert fast.decision and fast.roadmap
    high = cases["on_premises", "high"]
    if fast.decision.offer == high.offer:
        assert fast.tco["on_premises"].three_year_usd == high.three_year_usd
        assert tuple(m.gpus_in_service for m in fast.roadmap.months) == high.gpus


def test_prices_move_the_total_in_a_straight_line(made: Plan) -> None:
    assert made.decision and all(not d.rerun for d in made.sensitivity)
    swings = [d.swing_usd or 0.0 for d in made.sensitivity]
    assert swings == sorted(swings, reverse=True)
    driver = next(d for d in made.sensitivity if d.path == "supply.quotes.hgx-h100-8")
    quote = {"item": "hgx-h100-8", "unit_price": f"{driver.low} USD", "as_of": "2026-11-20", "supplier": "test"}
    cost = plan({"supply.quotes": [quote]}).tco["on_premises"]
    assert driver.three_year_low_usd == pytest.approx(cost.three_year_usd, abs=0.02)
    assert driver.npv_low_usd == pytest.approx(cost.npv_usd, abs=0.02)
    assert driver.accrual_low_usd == pytest.approx(cost.accrual_three_year_usd, abs=0.02)


def test_redundancy_never_costs_less_than_nothing_and_more_of_it_never_less() -> None:
    def cost(redundancy: str) -> float:
        found = plan({"supply.sites": ["on_premises"], "resilience": {"redundancy": redundancy}})
        return next(p.three_year_usd for p in found.parts if p.part == "redundancy")

    none, one, two, three = (cost(r) for r in ("N", "N+1", "N+2", "N+3"))
    assert none == 0 < one <= two <= three
    assert cost("auto") > 0


def test_a_part_that_the_plan_has_not_costs_nothing() -> None:
    bare = {"resilience": {"redundancy": "N", "headroom": 0.0, "environments": {}}, "compliance": {}}
    found = plan({"supply.sites": ["on_premises"], **bare})
    assert all(part.three_year_usd == 0 and part.npv_usd == 0 and part.gpus == 0 for part in found.parts)


def test_parts_of_a_bridged_plan_shrink_its_bridge_too() -> None:
    late = {
        "go_live": "2027-03-01",
        "supply.sites": ["on_premises", "enclave"],
        "compliance": {},
        "finance.discount_rate": "8 %",
    }
    found, bare = plan(late), plan({**late, "resilience": {**TWO_SITES["resilience"], "redundancy": "N"}})
    assert found.decision and found.bridge and bare.decision and bare.bridge
    assert (found.decision.site, bare.decision.offer) == ("on_premises", found.decision.offer)
    part = next(p for p in found.parts if p.part == "redundancy")
    less = found.tco["on_premises"].three_year_usd - bare.tco["on_premises"].three_year_usd
    assert part.three_year_usd == pytest.approx(less, abs=1.0)
    case = next(g for g in found.growth_costs if (g.site, g.case) == ("on_premises", "high"))
    fast = plan({**late, "growth.rate": "4.5 %/month"})
    assert fast.decision and fast.decision.offer == case.offer
    assert case.three_year_usd == pytest.approx(fast.tco["on_premises"].three_year_usd, abs=0.02)


def test_a_fleet_without_a_steady_state_has_no_split(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aisizer.plan.money.input_share", lambda *_: float("nan"))
    found = plan({"supply.sites": ["on_premises"]}).unit_costs["on_premises"]
    assert found.input_share is None and found.at_plan.usd_per_million_input_tokens is None
    assert found.at_plan.usd_per_million_tokens > 0
