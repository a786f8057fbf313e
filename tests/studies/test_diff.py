"""Diffs: differences add up to the cent, a plan does not differ from itself, and there is the mirror of back again."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cache
from math import prod
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

sys.path.append(str(Path(__file__).parents[1] / "deliver"))
from sample_plan import infeasible_plan, missing_price_plan, no_discount_plan, sample_plan, trigger, two_pool_plan

from aisizer.catalog.load import load_catalog
from aisizer.costs.records import CostLine, SiteCost
from aisizer.plan import Plan
from aisizer.plan.make import make_plan
from aisizer.profile.load import load_profile, ready_path
from aisizer.studies.diff import diff
from aisizer.studies.diff_records import Change, Diff

READY = (
    "azure-conversation", "clinical-notes", "code-assistant", "contact-centre", "cui-documents", "rag-internal",
    "reasoning-moe",
)  # fmt: skip
HASHES = ("0" * 64, "1" * 64)
CHANGES = ("inputs", "decision", "fleet", "slo", "dates", "triggers", "assumptions")
AMOUNTS = ("totals", "categories", "sites")
CENT = Decimal("0.01")


def compared(old: Plan, new: Plan) -> Diff:
    return diff(old, new, HASHES, "0.1.0")


@cache
def ready(name: str) -> Plan:
    return make_plan(load_profile(str(ready_path(name))), load_catalog(), confirm="none")


def line(id: str, category: Any, price: float | None, quantity: Sequence[float], factor: float) -> CostLine:
    return CostLine(
        id=id, category=category, description=id, treatment="expense", unit="EA", unit_price_usd=price, price_unit="USD/EA",
        factors={"factor": factor}, quantity=tuple(quantity), price_item=id, source="quote",
    )  # fmt: skip


def exact(found: CostLine, periods: int = 37) -> Fraction:
    """[USD] of a priced line, without rounding."""
    factor = prod((Fraction(value) for value in found.factors.values()), start=Fraction(1))
    return sum(map(Fraction, found.quantity[:periods]), Fraction(0)) * Fraction(found.unit_price_usd or 0.0) * factor


def site(lines: Sequence[CostLine]) -> SiteCost:
    """What the lines add up to, rounded as a plan is."""
    priced = [found for found in lines if found.unit_price_usd is not None]
    categories: dict[str, Fraction] = {}
    for found in priced:
        categories[found.category] = categories.get(found.category, Fraction(0)) + exact(found)
    return SiteCost(
        site="on_premises", gpu="h100-sxm", offer="offer", term="purchase", gpus=8, gpus_month_36=8,
        one_year_usd=round(float(sum(exact(found, 13) for found in priced)), 2),
        three_year_usd=round(float(sum(map(exact, priced))), 2),
        npv_usd=None, usd_per_million_tokens=1.0, usd_per_request=1.0, capex_usd=0.0, opex_three_year_usd=0.0,
        by_category={name: round(float(value), 2) for name, value in categories.items()},
        missing=tuple(found.id for found in lines if found.unit_price_usd is None),
        lines=tuple(lines), cash_by_month_usd=(0.0,) * 37,
    )  # fmt: skip


def with_lines(lines: Sequence[CostLine]) -> Plan:
    plan = sample_plan()
    return plan.model_copy(update={"tco": {**plan.tco, "on_premises": site(lines)}})


money = st.one_of(st.none(), st.just(0.0), st.integers(1, 99_999_999).map(lambda cents: cents / 1000))
quantities = st.lists(st.integers(-50, 5_000).map(lambda n: n / 10), min_size=37, max_size=37)
line_sets = st.lists(
    st.builds(
        line,
        st.sampled_from("abcdefgh"),
        st.sampled_from(("hardware", "network", "staff")),
        money,
        quantities,
        st.sampled_from((1.0, 0.07, 1 / 12, 1.54)),
    ),
    max_size=8,
    unique_by=lambda found: found.id,
)


@given(line_sets, line_sets)
def test_line_and_category_differences_add_up_to_that_of_the_total(old: list[CostLine], new: list[CostLine]) -> None:
    found = compared(with_lines(old), with_lines(new))
    total = next((a.delta_usd for a in found.totals if a.path == "tco.three_year_usd"), Decimal(0))
    assert total is not None
    lines = sum((row.delta_usd or Decimal(0) for row in found.lines), Decimal(0))
    categories = sum((row.delta_usd or Decimal(0) for row in found.categories), Decimal(0))
    assert lines + found.line_rounding_usd == total == categories + found.category_rounding_usd
    most = CENT / 2 * (len(old) + len(new) + 2)
    assert abs(found.line_rounding_usd) <= most and abs(found.category_rounding_usd) <= most

    priced_both = {a.id for a in old if a.unit_price_usd is None} | {b.id for b in new if b.unit_price_usd is None}
    before = sum((exact(a) for a in old if a.id not in priced_both), Fraction(0))
    after = sum((exact(b) for b in new if b.id not in priced_both), Fraction(0))
    assert abs(Fraction(total) - (after - before)) <= Fraction(most)


@given(line_sets, line_sets)
def test_each_line_differs_by_what_its_definition_says(old: list[CostLine], new: list[CostLine]) -> None:
    rows = {row.id: row for row in compared(with_lines(old), with_lines(new)).lines}
    a, b = {found.id: found for found in old}, {found.id: found for found in new}
    for name in {*a, *b}:
        priced = [found.unit_price_usd is not None for found in (a.get(name), b.get(name)) if found]
        row = rows.get(name)
        if row is None:
            assert all(priced) or not any(priced)
            continue
        there = "added" if name not in a else "removed" if name not in b else "changed"
        kind = {(True, False): "unpriced", (False, True): "priced"}.get(tuple(priced), there)  # type: ignore[arg-type]
        assert row.state == kind
        assert (row.delta_usd is None) == (not all(priced))
        if row.delta_usd is not None:
            true = (exact(b[name]) if name in b else 0) - (exact(a[name]) if name in a else 0)
            assert abs(Fraction(row.delta_usd) - true) <= Fraction(CENT)


@pytest.mark.parametrize("name", READY)
def test_a_ready_plan_does_not_differ_from_itself_read_back(name: str) -> None:
    plan = ready(name)
    found = compared(plan, Plan.model_validate_json(plan.model_dump_json(by_alias=True)))
    empty = {
        field: value for field, value in found if field not in ("schema_", "aisizer_version", "currency", "old", "new")
    }
    assert not any(empty.values()), empty


@pytest.mark.parametrize(("a", "b"), list(itertools.pairwise(READY)))
def test_the_differences_of_ready_plans_add_up_but_for_rounded_cents(a: str, b: str) -> None:
    found = compared(ready(a), ready(b))
    rows = len(found.lines) + len(found.categories)
    assert (
        abs(found.line_rounding_usd) <= CENT / 2 * rows * 2 and abs(found.category_rounding_usd) <= CENT / 2 * rows * 2
    )
    assert found.lines and found.notes[-1] == f"The plans are of two profiles: {a} and {b}."


PLANS = {
    "sample": sample_plan, "missing": missing_price_plan, "no discount": no_discount_plan, "two pools": two_pool_plan,
    "infeasible": infeasible_plan, "ready": lambda: ready("rag-internal"), "other": lambda: ready("clinical-notes"),
}  # fmt: skip


@pytest.mark.parametrize(("a", "b"), list(itertools.combinations(PLANS, 2)))
def test_the_mirror_has_every_sign_turned(a: str, b: str) -> None:
    there, back = compared(PLANS[a](), PLANS[b]()), compared(PLANS[b](), PLANS[a]())
    assert there.sections == back.sections and there.one_sided == back.one_sided
    for field in CHANGES:
        first, second = keyed(there, field), keyed(back, field)
        assert first.keys() == second.keys()
        for path, change in first.items():
            assert (change.old, change.new) == (second[path].new, second[path].old)
            assert change.delta == (None if second[path].delta is None else -second[path].delta)
    for field in AMOUNTS:
        first, second = keyed(there, field), keyed(back, field)
        assert first.keys() == second.keys()
        for path, amount in first.items():
            assert (amount.old_usd, amount.new_usd) == (second[path].new_usd, second[path].old_usd)
            assert amount.delta_usd == (None if second[path].delta_usd is None else -second[path].delta_usd)
    turned = {"added": "removed", "removed": "added", "priced": "unpriced", "unpriced": "priced"}
    lines = {row.id: row for row in back.lines}
    assert lines.keys() == {row.id for row in there.lines}
    for row in there.lines:
        assert turned.get(row.state, "changed") == lines[row.id].state
        assert row.delta_usd == (None if lines[row.id].delta_usd is None else -lines[row.id].delta_usd)  # type: ignore[operator]
    assert there.line_rounding_usd == -back.line_rounding_usd
    assert {(p.item, p.old_usd, p.new_usd) for p in there.prices} == {
        (p.item, p.new_usd, p.old_usd) for p in back.prices
    }


def keyed(found: Diff, field: str) -> dict[str, Any]:
    rows = getattr(found, field)
    paths = {row.path: row for row in rows}
    assert len(paths) == len(rows), f"a path stands twice in {field}"
    return paths


def test_a_line_priced_on_one_side_only_is_left_out_and_named() -> None:
    found = compared(sample_plan(), missing_price_plan())
    assert found.one_sided == ("optics",)
    assert "the differences leave it out, on both sides" in found.notes[0]
    totals = keyed(found, "totals")
    three = totals["tco.three_year_usd"]
    assert (three.old_at_least, three.new_at_least) == (False, True)
    assert three.old_usd - three.new_usd == Decimal("18040.00") and three.delta_usd == 0
    assert totals["tco.npv_usd"].delta_usd is None and totals["tco.usd_per_request"].delta_usd is None
    assert [(row.id, row.state, row.delta_usd) for row in found.lines] == [("optics", "unpriced", None)]


def test_lines_that_neither_prices_leave_totals_comparable_and_are_said() -> None:
    dear = missing_price_plan()
    staff = [
        li.model_copy(update={"unit_price_usd": 20_000.0}) if li.id == "staff" else li
        for li in dear.tco["on_premises"].lines
    ]
    found = compared(with_lines(dear.tco["on_premises"].lines), with_lines(staff))
    assert found.one_sided == () and found.notes == (
        "Neither plan has a price for optics: both totals are at least what they say.",
    )
    assert keyed(found, "totals")["tco.three_year_usd"].delta_usd == Decimal("248400.00")
    (price,) = found.prices
    assert (price.item, price.old_usd, price.new_usd, price.ratio) == (
        "staff",
        Decimal("15400.0"),
        Decimal("20000.0"),
        0.298701,
    )


def test_a_line_without_price_and_counterpart_is_said() -> None:
    lines = missing_price_plan().tco["on_premises"].lines
    found = compared(with_lines(lines), with_lines([li for li in lines if li.id != "optics"]))
    assert found.notes[0].startswith("The old plan has no price for optics, which the other one does not have")
    assert [(row.id, row.state, row.delta_usd) for row in found.lines] == [("optics", "removed", None)]


def test_spend_that_only_moves_in_time_is_a_changed_line() -> None:
    early, late = (
        line("a", "hardware", 100.0, [1.0] + [0.0] * 36, 1.0),
        line("a", "hardware", 100.0, [0.0] * 36 + [1.0], 1.0),
    )
    (row,) = compared(with_lines([early]), with_lines([late])).lines
    assert (row.state, row.delta_usd, row.one_year_delta_usd) == ("changed", Decimal("0.00"), Decimal("-100.00"))


def test_a_new_source_or_date_of_a_price_is_told() -> None:
    old = [line("a", "hardware", 100.0, [1.0] * 37, 1.0)]
    new = [old[0].model_copy(update={"source": "quote-2", "as_of": date(2026, 11, 1)})]
    found = compared(with_lines(old), with_lines(new))
    (price,) = found.prices
    assert (price.old_source, price.new_source, price.new_as_of, price.ratio) == (
        "quote",
        "quote-2",
        date(2026, 11, 1),
        0.0,
    )
    assert found.lines == () and found.totals == ()


def test_dates_differ_by_days_and_triggers_by_levels() -> None:
    old = sample_plan()
    new = old.model_copy(update={"triggers": (trigger(threshold=0.6, predicted={"base": date(2028, 2, 1)}),)})
    found = {change.path: change for change in compared(old, new).triggers}
    path = "triggers.capacity.llama-3.3-70b"
    assert found[f"{path}.threshold"].delta == -0.0134
    assert found[f"{path}.predicted.base"].delta == 31.0


def test_a_promise_that_comes_and_is_missed_is_told() -> None:
    found = compared(sample_plan(), two_pool_plan())
    assert (found.old.missed, found.new.missed) == ((), ("guard e2e_p95",))
    met = next(change for change in found.slo if change.path == "slo.guard.e2e_p95.met")
    assert (met.old, met.new, met.delta) == (None, False, None)


def test_a_side_without_a_decision_is_said() -> None:
    found = compared(sample_plan(), infeasible_plan())
    assert found.notes[0].startswith("The new plan has no decision") and not found.new.decided
    assert all(isinstance(change, Change) and change.new is None for change in found.decision)
    assert keyed(found, "totals")["tco.three_year_usd"].delta_usd is None


def test_what_no_table_shows_is_named() -> None:
    plan = sample_plan()
    found = compared(plan, plan.model_copy(update={"warnings": ()}))
    assert found.sections == ("warnings",) and not any(getattr(found, field) for field in (*CHANGES, *AMOUNTS, "lines"))
