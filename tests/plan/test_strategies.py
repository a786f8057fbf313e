"""Three ways to buy the chosen option: priced, dated, and in agreement with the plan itself."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

sys.path.append(str(Path(__file__).parents[1] / "laws"))
from planning import catalog, changed

from aisizer.catalog.catalog import Catalog
from aisizer.deliver.document import sizing_md
from aisizer.plan import Plan
from aisizer.plan.make import make_plan
from aisizer.plan.strategy_records import Strategy
from aisizer.profile.load import profile_of

OWNED = {
    "supply.sites": ["on_premises"],
    "supply.gpus": ["h100-sxm"],
    "workloads.chat.load": {"rate": "60 req/s"},
    "growth.rate": "6 %/month",
}
RENTED = {**OWNED, "supply.sites": ["commercial"], "supply.gpus": ["h200-sxm"]}
TERMS = ("on_demand", "one_year", "three_year")


def plan(changes: dict[str, Any], known: Catalog | None = None) -> Plan:
    return make_plan(profile_of(changed({**OWNED, **changes}), "law.json"), known or catalog(), confirm="none")


def ways(made: Plan) -> dict[str, Strategy]:
    assert made.decision is not None
    return {way.name: way for way in made.strategies}


@pytest.fixture(scope="module")
def owned() -> Plan:
    return plan({})


def test_the_followed_strategy_is_the_plan_itself(owned: Plan) -> None:
    assert owned.decision and owned.roadmap
    (followed,) = [way for way in owned.strategies if way.followed]
    cost = owned.tco["on_premises"]
    assert (followed.name, followed.term) == ("yearly", "purchase")
    assert followed.purchases == owned.roadmap.purchases
    assert (followed.three_year_usd, followed.npv_usd) == (cost.three_year_usd, cost.npv_usd)
    idle = sum(month.gpus_in_service - month.gpus_needed for month in owned.roadmap.months)
    assert followed.stranded_gpu_months == idle > 0


@pytest.mark.parametrize("name, lasts", [("upfront", 36), ("just_in_time", 3)])
def test_another_strategy_is_the_plan_with_another_expansion(owned: Plan, name: str, lasts: int) -> None:
    way, other = ways(owned)[name], plan({"supply.expansion": f"{lasts} mo"})
    assert other.roadmap and way.purchases == other.roadmap.purchases
    assert way.npv_usd == other.tco["on_premises"].npv_usd
    assert (
        ways(other)[name].followed and f"lasts at least {lasts} months, as supply.expansion says" in other.strategy_note
    )


def test_upfront_stands_idle_and_later_orders_stand_at_open_prices(owned: Plan) -> None:
    upfront, yearly, just = owned.strategies
    assert upfront.orders == 1 < yearly.orders <= just.orders
    assert upfront.stranded_gpu_months > yearly.stranded_gpu_months > just.stranded_gpu_months
    assert upfront.exposed_usd == 0 and yearly.exposed_usd and just.exposed_usd
    assert just.exposed_low_usd and just.exposed_high_usd and just.exposed_low_usd < just.exposed_high_usd
    assert upfront.high_covered_to_month >= yearly.high_covered_to_month >= just.high_covered_to_month


def test_exposure_is_what_the_bill_of_materials_orders_after_month_12(owned: Plan) -> None:
    assert owned.decision
    edge = owned.decision.go_live + timedelta(days=366)
    lines = [b for b in owned.bom if b.need_by >= edge and b.category in ("hardware", "install", "network")]
    assert ways(owned)["yearly"].exposed_usd == pytest.approx(sum(b.extended_price_usd or 0 for b in lines))


def test_slack_runs_from_the_plans_date_to_its_first_order(owned: Plan) -> None:
    assert owned.decision
    slack = (owned.decision.order_by - date(2026, 12, 1)).days
    assert [way.least_slack_days for way in owned.strategies] == [slack] * 3
    later = plan({"go_live": "2027-12-31"})
    assert [way.least_slack_days for way in later.strategies] == [slack + 30] * 3


def test_high_growth_is_carried_to_the_month_before_it_needs_more(owned: Plan) -> None:
    assert owned.roadmap
    yearly = ways(owned)["yearly"]
    short = [m.month for m in owned.roadmap.months if (m.gpus_needed_high or 0) > m.gpus_in_service]
    assert yearly.high_covered_to_month == short[0] - 1


@pytest.mark.parametrize("name", ["upfront", "yearly", "just_in_time"])
def test_faster_growth_is_never_carried_for_longer(name: str) -> None:
    faster = [plan({"growth.high": f"{rate} %/month"}) for rate in (6, 8, 11, 25)]
    carried = [ways(made)[name].high_covered_to_month for made in faster]
    assert carried[0] == 36 and carried == sorted(carried, reverse=True) and carried[-1] < carried[1]


def test_a_price_that_nobody_gives_leaves_totals_open() -> None:
    prices = dict(catalog().prices)
    lacking = {name: a for name, a in prices["facility"].amounts.items() if name != "network-fabric-per-gpu"}
    prices["facility"] = prices["facility"].model_copy(update={"amounts": lacking})
    made = plan({}, replace(catalog(), prices=prices))
    assert not any(way.complete for way in made.strategies)
    assert [way.exposed_usd for way in made.strategies] == [0, None, None]
    assert (
        "NPV of what has a price" in made.strategy_note and "an unknown sum spent after month 12" in made.strategy_note
    )
    assert "| at least " in sizing_md(made) and "| no price |" in sizing_md(made)


def test_batches_last_as_long_as_the_profile_says(owned: Plan) -> None:
    monthly = ways(plan({"supply.order_every": "1 mo"}))["just_in_time"]
    assert (monthly.lasts_months, monthly.stranded_gpu_months) == (1, 0)
    assert ways(owned)["just_in_time"].lasts_months == 3


def test_rented_capacity_takes_the_cheapest_term_of_each_strategy() -> None:
    made = plan(RENTED)
    (followed,) = [way for way in made.strategies if way.followed]
    assert followed.name == "just_in_time" and made.roadmap and followed.purchases == made.roadmap.purchases
    upfront = ways(made)["upfront"]
    others = [plan({**RENTED, "supply.commitment": term, "supply.expansion": "36 mo"}) for term in TERMS]
    priced = {term: p.tco["commercial"].npv_usd for term, p in zip(TERMS, others, strict=True) if p.complete}
    assert len(priced) > 1 and priced["on_demand"] != upfront.npv_usd == priced[upfront.term]
    assert upfront.npv_usd == min(npv for npv in priced.values() if npv is not None)
    assert (upfront.term, upfront.exposed_usd) == ("three_year", 0), "a term holds all of its hours"
    assert followed.exposed_usd and followed.exposed_usd > 0, "what comes later has no whole term left"


def test_a_strategy_that_its_site_cannot_carry_in_time_says_so() -> None:
    """Power for the third server takes 60 weeks: in time for 2029, too late for all five servers at the go-live in a year."""
    prices = dict(catalog().prices)
    amounts = prices["facility"].amounts
    short = amounts["site-power-lead-time"].model_copy(update={"base": 60.0, "low": None, "high": None})
    prices["facility"] = prices["facility"].model_copy(update={"amounts": amounts | {"site-power-lead-time": short}})
    made = plan({"supply.power_limit": "25 kW", "supply.site_work": "build"}, replace(catalog(), prices=prices))
    upfront, yearly, just = made.strategies
    assert "It would have to be ordered by 2026-10-07" in upfront.refused and (yearly.refused, just.refused) == ("", "")
    assert "> **Note:** 36 months upfront: " in sizing_md(made)


def test_the_cheapest_is_named_with_what_it_leaves_open(owned: Plan) -> None:
    yearly, just = ways(owned)["yearly"], ways(owned)["just_in_time"]
    assert yearly.npv_usd and just.npv_usd and just.npv_usd < yearly.npv_usd
    assert owned.strategy_note == (
        "The plan follows '12 months, then expand': each purchase lasts at least 12 months, the default at on_premises "
        f"(supply.expansion). 'Just in time' has the lowest NPV, {yearly.npv_usd - just.npv_usd:,.0f} USD below the plan's, with "
        f"4 orders and {just.exposed_usd:,.0f} USD spent after month 12 at prices that nobody holds yet; set "
        "supply.expansion to 3 mo to follow it."
    )


def test_a_period_of_its_own_follows_none() -> None:
    made = plan({"supply.expansion": "6 mo"})
    assert not any(way.followed for way in made.strategies)
    assert made.strategy_note.startswith(
        "The plan follows none of the three: each of its purchases lasts at least 6 months"
    )


def test_without_a_discount_rate_cash_decides() -> None:
    made = plan({"finance": {}})
    assert {way.npv_usd for way in made.strategies} == {None} and "cash" in made.strategy_note


def test_strategies_that_order_the_same_are_said_to() -> None:
    made = plan({"growth.rate": "0 %/month"})
    assert made.strategy_note.startswith("All three strategies order the same (1 order)")


def sold_until(day: date) -> Catalog:
    """The catalog with an end of sale of every server."""
    servers = {id: server.model_copy(update={"end_of_sale": day}) for id, server in catalog().servers.items()}
    return replace(catalog(), servers=servers)


def test_orders_after_the_end_of_sale_are_counted_and_warned_of() -> None:
    """Of the year's three orders the second, of 2028-08-17, comes in time although it is in service in 2029."""
    made = plan({}, sold_until(date(2028, 8, 17)))
    assert made.roadmap and made.roadmap.purchases[1].order_by == date(2028, 8, 17)
    assert [(w.orders, w.orders_after_end_of_sale) for w in made.strategies] == [(1, 0), (3, 1), (4, 2)]
    assert any("is sold until 2028-08-17, and wave 3 would be ordered" in warning for warning in made.warnings)
    assert "End of sale of HGX H100 x8: 2028-08-17." in sizing_md(made)


def test_an_unknown_end_of_sale_is_said(owned: Plan) -> None:
    assert {way.end_of_sale for way in owned.strategies} == {None}
    assert {way.orders_after_end_of_sale for way in owned.strategies} == {None}
    assert not any("sold until" in warning for warning in owned.warnings)
    assert "End of sale of HGX H100 x8: not known" in sizing_md(owned)


def test_the_document_shows_all_three_and_the_plans_own(owned: Plan) -> None:
    text = sizing_md(owned)
    start = text.index("**Ways to buy")
    section = text[start : text.index("\n## ", start + 1)]
    for name in ("36 months upfront", "12 months, then expand (this plan)", "Just in time"):
        assert section.count(f"| {name} ") == 1
    assert (
        owned.strategy_note.replace("on_premises", "on-premises") in text.replace("\\", "")
        and "sizing.json (strategies)" in section
    )


def test_each_strategy_is_explained(owned: Plan) -> None:
    steps = {step.name: step for step in owned.explain}
    for way in owned.strategies:
        assert steps[f"strategies.{way.name}.stranded_gpu_months"].value == str(way.stranded_gpu_months)
        assert steps[f"strategies.{way.name}.high_covered_to_month"].value == str(way.high_covered_to_month)
        assert steps[f"strategies.{way.name}.exposed_usd"].value == f"{way.exposed_usd:,.2f}"


def test_the_months_show_demand_in_all_cases_and_phases_their_rollback() -> None:
    phases = [
        {"name": "pilot", "share": "20 %", "start": "2027-12-01", "rollback": "an SLO missed on three days"},
        {"name": "all", "share": "100 %", "start": "2028-03-01"},
    ]
    made = plan({"growth": {"rate": "4 %/month", "phases": phases}})
    assert made.roadmap
    month = made.roadmap.months[11]
    factors = (month.demand_factor_low, month.demand_factor, month.demand_factor_high)
    assert factors == (
        pytest.approx(1.02**11, rel=1e-5),
        pytest.approx(1.04**11, rel=1e-5),
        pytest.approx(1.06**11, rel=1e-5),
    )
    assert "| Goes back when |" in sizing_md(made) and "| an SLO missed on three days |" in sizing_md(made)
