"""The screen: the layout, its width, plain where colour is off, and honest where something is missing."""

from __future__ import annotations

from datetime import date

import pytest
from sample_plan import (
    infeasible_plan,
    missing_price_plan,
    no_discount_plan,
    sample_plan,
    second_site_plan,
    slo,
    trigger,
    two_pool_plan,
)

from aisizer.deliver.screen import infeasible_screen, screen
from aisizer.errors import NoFeasiblePlan
from aisizer.plan import Plan


def shown(plan: Plan, width: int = 80, color: bool = False, folder: str | None = "sizing/clinical-notes") -> str:
    return screen(plan, folder=folder, width=width, color=color)


def test_decision_comes_first() -> None:
    lines = shown(sample_plan()).splitlines()
    assert lines[0] == "clinical-notes: buy 16 x H100-SXM on-premises, order by 2027-01-28"
    assert lines[1] == "  2 servers (HGX H100 x8), 8 replicas x TP2, FP8, vLLM 0.33, redundancy N+1"
    assert lines[-1] == "  sizing/clinical-notes/sizing.html     why: aisizer explain decision.gpus"


def test_figures_of_the_sample() -> None:
    text = shown(sample_plan())
    assert "throughput 4 > latency 6 > headroom 8 > N+1 16" in text
    assert "needed for the SLO alone: 6; first wave 16 at P50, 24 at P90\n" in text
    assert "notes  TTFT p95       met 97 %" in text and "SLO at the peak hour  P(met)" in text
    assert "+8 GPUs in service 2028-07, order by 2028-01-29\n" in text
    assert "  trigger at 61 %, expected 2028-01\n" in text
    assert "TPOT mean: 34.6 ms measured, 31.2 ms predicted; 1 more in" in text
    assert "Utilization 38 %, 76 % with a server down. KV use 41 %.\n" in text
    assert "412: SLO 188, memory 131, price 61, rule 32" in text
    cost = sample_plan().tco["on_premises"]
    row = next(line for line in text.splitlines() if line.startswith("  on-premises"))
    assert row.split()[1:4] == [f"{v:,.0f}" for v in (cost.one_year_usd, cost.three_year_usd, cost.npv_usd)]


@pytest.mark.parametrize("plan", [sample_plan(), missing_price_plan(), no_discount_plan(), two_pool_plan()])
def test_fits_eighty_columns_without_color(plan: Plan) -> None:
    text = shown(plan)
    assert max(map(len, text.splitlines())) <= 80
    assert "\x1b" not in text
    assert "…" not in text
    assert len(text.splitlines()) <= 34


@pytest.mark.parametrize("width", [40, 80, 200])
def test_no_figure_is_cut_at_any_width(width: int) -> None:
    text = shown(sample_plan().model_copy(update={"slo": (slo(workload="w" * 63, predicted_ms=123_456.0),)}), width)
    assert "…" not in text
    assert "123.46 s" in text
    assert "1,942,456" in text


def test_the_widest_usual_row_keeps_its_last_column_at_eighty() -> None:
    wide = slo(workload="completion", metric="e2e", probability=0.999, interval_ms=(1000.0, 1420.0))
    text = shown(sample_plan().model_copy(update={"slo": (wide,)}))
    assert "N-1 server\n" in text and "completion  E2E p95" in text and "1.21 ±0.21 s" in text and "1.84 s\n" in text


def test_rented_says_for_how_long() -> None:
    plan = no_discount_plan()
    assert plan.decision is not None
    held = plan.decision.model_copy(update={"term": "three_year"})
    assert "three-year commitment)" in shown(plan.model_copy(update={"decision": held}))


def test_the_budget_stands_below_the_totals() -> None:
    def with_budget(budget: str) -> str:
        finance = {**sample_plan().profile["finance"], "budget_three_year": budget}
        return shown(sample_plan().model_copy(update={"profile": {**sample_plan().profile, "finance": finance}}))

    cost = sample_plan().tco["on_premises"].three_year_usd
    assert f"budget of 3 years: 6,000,000, {6e6 - cost:,.0f} left\n" in with_budget("6 MUSD")
    assert f"budget of 3 years: 1,000,000, {cost - 1e6:,.0f} short\n" in with_budget("1 MUSD")


def test_a_confidence_that_was_asked_for_is_a_step_and_a_plan_without_chances_is_shown() -> None:
    plan = sample_plan()
    assert plan.decision is not None
    asked = plan.decision.model_copy(update={"confidence": 0.9, "gpus_p90": None})
    steps = tuple(s.model_copy(update={"gpus": 12}) if s.name == "confidence" else s for s in plan.waterfall)
    text = shown(plan.model_copy(update={"decision": asked, "waterfall": steps})).replace("\n" + " " * 16, " ")
    assert (
        "headroom 8 > confidence 90 % 12 > whole servers 8" in text and "16 at P50, none of this layout at P90" in text
    )
    bare = plan.decision.model_copy(update={"gpus_p50": None, "probability_met": None})
    old = shown(plan.model_copy(update={"decision": bare, "slo": (slo(probability=None),)}))
    assert "P(met)" not in old and "P90" not in old and "  met  " in old


def test_color_only_where_asked() -> None:
    assert "\x1b[" in shown(sample_plan(), color=True)


def test_missing_price_reads_at_least() -> None:
    text = shown(missing_price_plan())
    assert "on-premises *" in text
    assert "* on-premises at least: 1 of 10 lines has no price (400G optics)" in text


def test_npv_column_is_dropped_with_the_reason() -> None:
    text = shown(no_discount_plan())
    assert "NPV 9 %" not in text
    assert "NPV n/a: the profile sets no finance.discount_rate" in text
    assert text.startswith("clinical-notes: rent ")


def test_the_trigger_is_the_one_that_fires_first() -> None:
    soon, low = trigger(pool="soon", threshold=0.7), trigger(pool="low", threshold=0.5)
    late = low.model_copy(update={"predicted": low.predicted | {"base": date(2029, 1, 1)}})
    never = low.model_copy(update={"predicted": low.predicted | {"base": None}})
    for other in (late, never):
        plan = sample_plan().model_copy(update={"triggers": (other, soon)})
        assert "trigger of soon at 70 %, expected 2028-01" in shown(plan)
    assert "trigger at 50 %, not expected within 36 months" in shown(
        sample_plan().model_copy(update={"triggers": (never,)})
    )


def test_a_trigger_of_the_first_day_names_the_level_of_that_day_and_comes_first() -> None:
    now = trigger(pool="now", threshold=0.7).model_copy(
        update={"fires_on_day_one": True, "cautious": 0.4, "predicted": {"low": None, "base": None, "high": None}}
    )
    plan = sample_plan().model_copy(update={"triggers": (trigger(), now)})
    assert "trigger of now at 40 %, fires on the first day\n" in shown(plan)


def test_redundancy_left_to_the_plan_and_the_second_site_are_said() -> None:
    text = shown(second_site_plan())
    assert "redundancy N+1\n" in text and "> disaster recovery 24" in text.replace("\n" + " " * 16, " ")
    assert "at the second site: 8 GPUs (1 server)\n" in text
    assert "second site" not in shown(sample_plan())


def test_pools_are_listed() -> None:
    text = shown(two_pool_plan())
    assert "  llama-3.3-70b: H100-SXM, 7 replicas x TP2, FP8, vLLM 0.33\n" in text
    assert "  gemma-3-4b: H100-SXM, 2 replicas x TP1, BF16, vLLM 0.33\n" in text
    assert "MISSED" in text


def test_square_brackets_are_text_not_markup() -> None:
    plan = sample_plan().model_copy(update={"warnings": ("see [bold]x[/bold] :smile:",)})
    assert "see [bold]x[/bold] :smile:" in shown(plan)


def test_infeasible_names_misses_and_what_frees_them() -> None:
    text = infeasible_screen(infeasible_plan())
    assert text.startswith("No plan meets the profile clinical-notes: all 412 options were rejected.\n")
    assert "nearest miss: L40S, TP8, FP8, hosted, 2,400 ms against 2,000 ms" in text
    assert "freed by: ttft_p95 >= 2.4 s" in text
    with pytest.raises(NoFeasiblePlan):
        shown(infeasible_plan())


def test_many_warnings_leave_one_screen() -> None:
    plan = sample_plan().model_copy(update={"warnings": tuple(f"warning {n}" for n in range(9))})
    assert "warning 1\n" in shown(plan)
    assert "7 more warnings in sizing.md" in shown(plan)


def test_a_warning_names_a_site_as_the_tables_do_and_fields_as_they_are_written() -> None:
    told = "supply.power_limit is not set: on_premises must feed 30 kW. See tco.on_premises.npv_usd."
    text = shown(sample_plan().model_copy(update={"warnings": (told,)}))
    assert "supply.power_limit is not set: on-premises must feed 30 kW. See" in " ".join(text.split())
    assert "tco.on_premises.npv_usd" in text


def test_old_prices_are_one_warning_behind_the_others() -> None:
    old = tuple(f"The price of {n} (item-{n}) is {n} days old on plan_date. Renew it." for n in (100, 200))
    text = shown(sample_plan().model_copy(update={"warnings": (*old, "go-live is missed.")}))
    assert text.index("Warning       go-live is missed.") < text.index("Warning       Prices are 100 to 200 days old")
