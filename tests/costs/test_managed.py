"""The break-even against managed APIs, by hand and by law."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisizer.catalog.load import load_catalog
from aisizer.costs.lines import Volume
from aisizer.costs.managed import ApiBreakEven, api_break_even, break_even_requests, monthly_bill, token_cost
from aisizer.costs.records import SiteCost
from aisizer.profile.sections import Compliance
from aisizer.sizing.admissible import frameworks_for, site_verdict

CATALOG = load_catalog()
MONTHLY = Volume(requests=(1e6,) * 36, prompt_tokens=(2e9,) * 36, output_tokens=(5e8,) * 36)


def cost(usd_per_request: float, missing: tuple[str, ...] = ()) -> SiteCost:
    return SiteCost(
        site="on_premises", gpu="h200-sxm", offer="hgx-h200-8", term="purchase", gpus=8, gpus_month_36=8, one_year_usd=0,
        three_year_usd=0, npv_usd=None, usd_per_million_tokens=0, usd_per_request=usd_per_request, capex_usd=0,
        opex_three_year_usd=0, by_category={}, missing=missing, lines=(), cash_by_month_usd=(),
    )  # fmt: skip


def compared(
    api: str = "bedrock",
    usd: float = 0.0003,
    models: dict[str, str] | None = None,
    data_class: str = "internal",
    utilization: float = 0.5,
    volume: Volume = MONTHLY,
) -> ApiBreakEven:
    models = models or {"chat": "gpt-oss-120b"}
    compliance = Compliance.model_validate({"data_class": data_class})
    verdict = site_verdict(CATALOG.apis[api], compliance, frameworks_for(compliance, CATALOG.rules))
    return api_break_even(CATALOG.apis[api], verdict, cost(usd), dict.fromkeys(models, volume), models, utilization)


def test_by_hand() -> None:
    """2e9 prompt tokens at 0.15 and 5e8 generated at 0.60 are 600 USD a month; a fleet of 300 USD breaks even at half."""
    got = compared()
    assert got.usd_per_month == pytest.approx(600)
    assert got.three_year_usd == pytest.approx(600 * 36)
    assert got.usd_per_request == pytest.approx(0.0006)
    assert got.fleet_usd_per_month == pytest.approx(300)
    assert got.break_even_requests_per_month == pytest.approx(500_000)
    assert got.break_even_share == pytest.approx(0.5)
    assert got.break_even_utilization == pytest.approx(0.25)
    assert got.sentence.endswith("at the planned volume the fleet costs less.")
    assert got.sources == ("bedrock-2026",)
    assert got.as_of is not None


def test_the_api_costs_less_where_the_fleet_breaks_even_beyond_the_plan_and_within_its_reach() -> None:
    """A fleet of 900 USD a month against 600: at one and a half times the plan, which fills three quarters of it."""
    got = compared(usd=0.0009)
    assert (got.break_even_share, got.break_even_utilization) == (pytest.approx(1.5), pytest.approx(0.75))
    assert got.sentence.endswith("at the planned volume Amazon Bedrock (commercial regions) costs less.")


def test_the_bills_of_all_workloads_are_added_month_by_month() -> None:
    growing = Volume((1e6,) * 36, tuple(2e9 * (1 + m) for m in range(36)), (5e8,) * 36)
    bills = monthly_bill(
        CATALOG.apis["bedrock"], {"chat": MONTHLY, "code": growing}, dict.fromkeys(("chat", "code"), "gpt-oss-120b")
    )
    assert bills == pytest.approx([600 + 300 * (1 + m) + 300 for m in range(36)])


def test_the_government_partition_is_priced_apart() -> None:
    assert compared("bedrock-us-gov").usd_per_month == pytest.approx(2000 * 0.18 + 500 * 0.72)


def test_a_fleet_that_must_be_fuller_than_full_never_breaks_even() -> None:
    got = compared(usd=0.0018)
    assert got.break_even_utilization == pytest.approx(1.5)
    assert "Amazon Bedrock (commercial regions) costs less. That is more than this fleet can serve" in got.sentence
    assert got.break_even_share is not None
    assert f"{got.break_even_share * 100:,.0f} % of the planned volume and 150 % utilisation" in got.sentence


def test_a_model_that_nobody_prices_leaves_the_figures_unknown() -> None:
    got = compared("bedrock-us-gov", models={"chat": "gpt-oss-120b", "draft": "gemma-3-27b"})
    assert got.missing == ("draft",)
    assert got.models == {"chat": "us-gov.openai.gpt-oss-120b-1:0"}
    assert got.usd_per_month is None and got.break_even_share is None and got.break_even_utilization is None
    assert "no source prices the model of draft" in got.sentence
    nothing = compared("bedrock-us-gov", models={"draft": "gemma-3-27b"})
    assert (nothing.as_of, nothing.sources, nothing.missing) == (None, (), ("draft",))


def test_workloads_are_added() -> None:
    one, two = compared(), compared(models={"chat": "gpt-oss-120b", "code": "gpt-oss-120b"})
    assert two.usd_per_month == pytest.approx(2 * one.usd_per_month)  # type: ignore[operator]  # both are priced
    assert two.usd_per_request == pytest.approx(one.usd_per_request)


@pytest.mark.parametrize(("data_class", "public", "authorised"), [
    ("internal", "admitted", "admitted"),
    ("phi", "admitted with conditions", "admitted with conditions"),
    ("cui", "rejected", "admitted with conditions"),
    ("itar", "rejected", "admitted with conditions"),
])  # fmt: skip
def test_the_verdict_of_the_rules_stands_beside_the_money(data_class: str, public: str, authorised: str) -> None:
    got, gov = compared(data_class=data_class), compared("bedrock-us-gov", data_class=data_class)
    assert (got.verdict, gov.verdict) == (public, authorised)
    assert (got.site_class, gov.site_class) == ("api_commercial", "api_government")
    assert bool(got.citations) == (data_class != "internal")


def test_an_incomplete_fleet_says_so() -> None:
    api = CATALOG.apis["bedrock"]
    verdict = site_verdict(api, Compliance(), ())
    got = api_break_even(api, verdict, cost(0.001, ("power",)), {"chat": MONTHLY}, {"chat": "gpt-oss-120b"}, 0.5)
    assert not got.complete and compared().complete


positive = st.floats(min_value=1e-6, max_value=1e6)


@given(positive, positive)
def test_at_the_break_even_both_cost_the_same(fleet: float, each: float) -> None:
    assert break_even_requests(fleet, each) * each == pytest.approx(fleet)


@given(positive, positive, positive, positive, st.floats(min_value=1, max_value=10))
def test_more_tokens_never_cost_less(prompt: float, output: float, low: float, high: float, more: float) -> None:
    assert token_cost(prompt * more, output, low, high) >= token_cost(prompt, output, low, high)
    assert token_cost(prompt, output * more, low, high) >= token_cost(prompt, output, low, high)


@given(st.floats(min_value=1e-6, max_value=1), st.floats(min_value=1e-6, max_value=1))
def test_a_dearer_fleet_never_breaks_even_sooner(a: float, b: float) -> None:
    cheap, dear = (compared(usd=usd).break_even_requests_per_month for usd in sorted((a, b)))
    assert cheap is not None and dear is not None and cheap <= dear
