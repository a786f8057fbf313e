"""The bill of materials: it ties to the cost lines, its parts are whole multiples, its dates and quotes are what was given."""

from __future__ import annotations

import json
import math
import os
import re
import sys
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

sys.path.append(str(Path(__file__).parents[1] / "laws"))
from planning import catalog, changed

from aisizer.costs.bom import parent_id
from aisizer.costs.bom_lines import INCLUDED, price_age_limit
from aisizer.costs.records import BomLine, CostLine
from aisizer.costs.tco import used_amounts
from aisizer.errors import InvalidInput
from aisizer.plan import Plan
from aisizer.plan.make import make_plan
from aisizer.profile.load import load_profile, profile_of

QUOTE = {
    "item": "hgx-h100-8",
    "unit_price": "265000 USD",
    "as_of": "2026-11-20",
    "valid_until": "2027-02-28",
    "supplier": "Example Systems",
    "reference": "Q-17",
    "supplier_part_id": "-48VDC-8",
    "manufacturer": "Supermicro",
    "mpn": "SYS-821GE-TNHR",
    "warranty": "3 y",
    "country_of_origin": "TW",
}
ACCOUNTS = {"hardware": "1640-10", "network": "1640-20"}
OWNED: dict[str, Any] = {
    "supply.sites": ["on_premises"],
    "supply.gpus": ["h100-sxm"],
    "supply.expansion": "12 mo",
    "workloads.chat.load": {"rate": "60 req/s"},
    "growth.rate": "6 %/month",
}
RENTED: dict[str, Any] = {"supply.sites": ["commercial"], "growth.rate": "6 %/month"}
FULL: dict[str, Any] = {
    **OWNED,
    "supply.quotes": [QUOTE],
    "supply.licences": ["nvidia-ai-enterprise"],
    "supply.colocation": "180 USD/kW-month",
    "supply.vector_stores": {"docs": {"chunks": 20_000_000, "dimensions": 1024}},
    "finance.tax": "8 %",
    "finance.duty": "2 %",
    "finance.freight": "1 %",
    "finance.insurance": "1 %",
    "finance.gl_accounts": ACCOUNTS,
    "finance.cost_center": "4711",
    "resilience.part_lead_time": "12 w",
    "resilience.disaster_recovery": {"posture": "warm_standby"},
    "resilience.environments": {"staging": {"rule": "replica"}},
}
ONE_YEAR: dict[str, Any] = {**RENTED, "supply.commitment": "one_year", "supply.gpus": ["h100-sxm"]}
CLOCK: dict[str, Any] = {
    **OWNED,
    "finance.deposit": "30 %",
    "finance.payment_terms": "60 d",
    "finance.escalation": {"hardware": "5 %", "support": "3 %", "storage": "2 %"},
    "finance.fx": {"EUR": {"rate": 1.08, "as_of": "2026-11-20", "source": "ECB"}},
    "supply.quotes": [{**QUOTE, "unit_price": "250000 EUR"}],
}
LATE: dict[str, Any] = {
    "go_live": "2027-03-01",
    "supply.sites": ["on_premises", "enclave"],
    "supply.commitment": "three_year",
}
UNPRICED: dict[str, Any] = {"supply.sites": ["on_premises"], "supply.gpus": ["mi325x"]}
CASES = {
    "owned": OWNED,
    "rented": RENTED,
    "full": FULL,
    "clock": CLOCK,
    "one year": ONE_YEAR,
    "late": LATE,
    "unpriced": UNPRICED,
}


def plan(changes: dict[str, Any]) -> Plan:
    # mutmut is noting which test calls which function: a plan that another test made would hide the calls.
    if os.environ.get("MUTANT_UNDER_TEST") == "stats":
        _plan.cache_clear()
    return _plan(json.dumps(changes))


@cache
def _plan(changes: str) -> Plan:
    made = make_plan(profile_of(changed(json.loads(changes)), "bill.json"), catalog(), confirm="none")
    assert made.decision is not None
    return made


# Not a fixture: mutmut runs what took least time first, and counts only the test itself.
each_case = pytest.mark.parametrize("case", CASES)


def costs(made: Plan) -> tuple[CostLine, ...]:
    assert made.decision is not None
    return made.tco[made.decision.site].lines


def by_number(made: Plan) -> dict[int, BomLine]:
    return {line.line: line for line in made.bom}


def first(made: Plan, **named: Any) -> BomLine:
    return next(b for b in made.bom if all(getattr(b, name) == value for name, value in named.items()))


NOT_ORDERED = ("power", "staff", "egress", "residual", "migrations", "insurance", "compliance")


@each_case
def test_every_cost_line_that_is_ordered_is_listed_to_the_cent(case: str) -> None:
    made = plan(CASES[case])
    for line in costs(made):
        listed = [b for b in made.bom if b.cost_line == line.id]
        if line.category in NOT_ORDERED or not any(line.used):
            assert not listed, line.id
        elif line.unit_price_usd is None:
            assert listed and all(b.extended_price_usd is None for b in listed), line.id
        else:
            cents = sum(b.extended_price_usd or 0.0 for b in listed)
            assert cents == pytest.approx(used_amounts(line).sum(), abs=0.0051 * len(listed)), line.id


@each_case
def test_a_cost_line_is_first_ordered_when_the_bill_says(case: str) -> None:
    made = plan(CASES[case])
    for line in costs(made):
        listed = [b.order_by for b in made.bom if b.cost_line == line.id]
        assert not listed or line.order_date == min(listed), line.id


def test_a_quoted_lead_time_and_half_a_week_move_the_order_of_the_cost_line_too() -> None:
    slow = plan({**OWNED, "supply.quotes": [{**QUOTE, "lead_time": "20.5 w"}]})
    assert slow.roadmap is not None
    hardware, network = (next(line for line in costs(slow) if line.id == id) for id in ("hardware", "network"))
    weeks = slow.roadmap.lead_time_weeks
    assert hardware.order_date is not None and hardware.in_service_date is not None and network.order_date is not None
    assert (network.order_date - hardware.order_date).days == math.ceil(7 * (20.5 - weeks["delivery"]))


@each_case
def test_waves_add_up_to_the_cost_line(case: str) -> None:
    made = plan(CASES[case])
    yearly = {"GPU-month": 12}
    for line in costs(made):
        listed = [b for b in made.bom if b.cost_line == line.id]
        if listed:
            per = yearly.get(line.unit, 1)
            assert sum(b.quantity for b in listed) * per == pytest.approx(sum(line.used), rel=1e-6), line.id


@each_case
def test_unit_price_times_quantity_is_the_extended_price(case: str) -> None:
    made = plan(CASES[case])
    for line in made.bom:
        if line.unit_price_usd is not None:
            assert line.extended_price_usd == pytest.approx(line.unit_price_usd * line.quantity, rel=1e-6, abs=0.006)
            assert line.low_usd is None or line.low_usd <= line.unit_price_usd
            assert line.high_usd is None or line.high_usd >= line.unit_price_usd
        else:
            assert line.extended_price_usd is None and line.price_kind == "unpriced"


@each_case
def test_lines_are_numbered_and_stand_below_an_earlier_line_of_their_wave(case: str) -> None:
    made = plan(CASES[case])
    assert made.roadmap is not None and {line.wave for line in made.bom} == {p.wave for p in made.roadmap.purchases}
    assert [line.line for line in made.bom] == list(range(1, len(made.bom) + 1))
    for line in made.bom:
        if line.parent is not None:
            parent = by_number(made)[line.parent]
            assert parent.line < line.line and parent.wave == line.wave


@each_case
def test_a_part_costs_nothing_more_and_is_a_whole_multiple_of_the_server_it_is_in(case: str) -> None:
    made = plan(CASES[case])
    for line in made.bom:
        if line.price_kind != INCLUDED:
            assert line.cost_line
            continue
        assert line.extended_price_usd == 0 and line.cost_line == "" and line.quantity > 0 and line.parent
        parent = by_number(made)[line.parent]
        assert (line.treatment, line.order_by) == (parent.treatment, parent.order_by)
        assert line.quantity == int(line.quantity)
        if parent.device == "server" and line.device != "software":
            assert line.quantity % parent.quantity == 0, line.description


@pytest.mark.parametrize("case", ["owned", "full", "unpriced"])
def test_every_gpu_server_has_its_gpus_and_what_hosts_them(case: str) -> None:
    made = plan(CASES[case])
    assert made.decision is not None and made.roadmap is not None
    servers = [b for b in made.bom if b.device == "server" and b.cost_line.endswith("hardware")]
    for server in servers:
        kinds = [b.device for b in made.bom if b.parent == server.line and b.price_kind == INCLUDED]
        assert kinds[0] == "gpu" and {"gpu", "cpu", "memory", "nvme", "nic"} <= set(kinds)
    fleet = {b.line for b in made.bom if b.cost_line == "hardware"}
    gpus = sum(b.quantity for b in made.bom if b.device == "gpu" and b.parent in fleet)
    assert gpus == made.roadmap.month_36_gpus


def test_the_plan_that_most_tests_read_buys_in_several_waves() -> None:
    assert max(line.wave for line in plan(FULL).bom) > 1


def test_the_full_bill_has_everything_that_is_ordered() -> None:
    made = plan(FULL)
    assert {b.category for b in made.bom} >= {
        "hardware", "network", "install", "support", "tax", "storage", "front_end", "facility", "spares", "disaster_recovery",
        "licence", "colocation", "non_production",
    }  # fmt: skip
    assert {b.device for b in made.bom} >= {
        "server", "gpu", "cpu", "memory", "nvme", "nic", "switch", "optic", "cable", "rack", "pdu", "software",
    }  # fmt: skip
    names = " ".join(b.description for b in made.bom)
    assert "Gateways" in names and "Observers" in names
    for rack in (b for b in made.bom if b.device == "rack"):
        assert sum(b.quantity for b in made.bom if b.parent == rack.line and b.device == "pdu") == 2 * rack.quantity
    paid_on = {b.line for b in made.bom if b.category in ("tax", "duty", "freight")}
    assert paid_on and not any(b.parent in paid_on for b in made.bom)


def test_lines_belong_to_the_servers_and_taxes_to_what_they_are_paid_on() -> None:
    made = plan(FULL)
    for line in made.bom:
        owner = line.cost_line and parent_id(next(c for c in costs(made) if c.id == line.cost_line))
        assert not owner or by_number(made)[line.parent or 0].cost_line == owner
    taxed = first(made, cost_line="tax-network")
    assert by_number(made)[taxed.parent or 0].cost_line == "network"


def test_licences_are_sold_by_the_gpu_year() -> None:
    made = plan(FULL)
    licence = first(made, category="licence")
    assert made.roadmap is not None
    years = sum(month.gpus_in_service for month in made.roadmap.months) / 12
    assert (licence.uom, licence.quantity) == ("GPU-YEAR", pytest.approx(years))
    assert licence.unit_price_usd == pytest.approx(4500)
    gpus = [month.gpus_in_service for month in made.roadmap.months]
    assert licence.commitment == f"{gpus[0]} to {gpus[-1]} GPU, months 1 to 36"
    assert not any(b.category == "licence" for b in plan(OWNED).bom)


def test_commitments_say_how_many_for_which_months() -> None:
    made = plan(ONE_YEAR)
    assert made.decision is not None and made.decision.term == "one_year"
    line = first(made, cost_line="rent-one-year")
    assert line.device == "instance" and line.uom == "INSTANCE-HOUR"
    assert line.commitment.endswith("one year, months 1 to 36, 730 h a month")
    support = first(plan(OWNED), category="support")
    assert "servers a month, months 1 to 36" in support.commitment


def test_a_quote_overrides_and_says_so() -> None:
    made = plan(FULL)
    line = first(made, cost_line="hardware")
    assert (line.unit_price_usd, line.price_kind, line.price_source) == (265_000, "quote", "quote:hgx-h100-8")
    assert (line.supplier, line.quote_ref, line.supplier_part_id) == ("Example Systems", "Q-17", "-48VDC-8")
    assert (line.manufacturer, line.mpn, line.country_of_origin) == ("Supermicro", "SYS-821GE-TNHR", "TW")
    assert (line.warranty_months, line.quote_valid_until) == (36, date(2027, 2, 28))
    assert (line.gl_account, line.cost_center) == ("1640-10", "4711")
    rack = first(made, category="facility")
    assert (rack.supplier, rack.quote_ref, rack.warranty_months, rack.gl_account) == ("", "", None, "")


def test_prices_that_step_up_and_other_currencies_say_so() -> None:
    made = plan(CLOCK)
    first_wave, last_wave = (f(b.wave for b in made.bom if b.cost_line == "hardware") for f in (min, max))
    assert first_wave < last_wave
    early, late = (first(made, cost_line="hardware", wave=wave) for wave in (first_wave, last_wave))
    assert early.unit_price_usd == pytest.approx(250_000 * 1.08)
    assert early.unit_price_usd is not None and late.unit_price_usd is not None
    assert late.unit_price_usd / early.unit_price_usd in (pytest.approx(1.05), pytest.approx(1.05**2))
    assert "steps up by 5 % at each anniversary" in late.notes and "Quoted in EUR, at 1.08 USD." in late.notes


def test_a_share_of_a_quoted_price_is_nobodys_quote() -> None:
    made = plan(FULL)
    for category in ("install", "support", "spares"):
        line = first(made, category=category)
        assert (line.price_kind, line.supplier, line.quote_ref) == ("estimated", "", "")
        assert "of the price of hgx-h100-8" in line.notes
    assert first(made, category="spares").spares == first(made, category="spares").quantity


def test_a_quote_that_ends_before_the_order_is_to_be_renewed() -> None:
    renew = [w for w in plan(FULL).warnings if "renew it" in w]
    assert len(renew) == 1 and renew[0].startswith(
        "The quote Q-17 of Example Systems for HGX H100 x8 is valid until 2027-02-28"
    )
    later = {**QUOTE, "valid_until": "2099-12-31"}
    assert not any("renew it" in w for w in plan({**FULL, "supply.quotes": [later]}).warnings)


def test_a_quoted_lead_time_moves_the_dates_of_its_line_only() -> None:
    slow = plan({**FULL, "supply.quotes": [{**QUOTE, "lead_time": "30 w"}]})
    usual, line = first(plan(FULL), cost_line="hardware"), first(slow, cost_line="hardware")
    delivery = catalog().sites["on_premises"].lead_times_weeks.delivery.base
    assert line.lead_time_weeks == pytest.approx(usual.lead_time_weeks - delivery + 30)
    assert line.need_by == usual.need_by
    assert (line.need_by - line.order_by) >= timedelta(weeks=line.lead_time_weeks)
    assert first(slow, category="facility").order_by == first(plan(FULL), category="facility").order_by
    part = first(slow, device="gpu")
    assert part.order_by == line.order_by


@pytest.mark.parametrize(("weeks", "said"), [(30, "of its wave: its quote takes"), (90, "before plan_date 2026-12-01")])
def test_a_quoted_lead_time_that_the_plan_does_not_wait_for_is_said(weeks: int, said: str) -> None:
    slow = plan({**FULL, "supply.quotes": [{**QUOTE, "lead_time": f"{weeks} w"}]})
    told = [w for w in slow.warnings if "bill of materials" in w]
    assert len(told) == 1 and said in told[0] and "Set supply.lead_time.delivery to the quoted time" in told[0]
    assert not any("bill of materials" in w for w in plan(FULL).warnings)
    in_time = plan({**FULL, "supply.quotes": [{**QUOTE, "lead_time": "4 w"}]})
    assert not any("bill of materials" in w for w in in_time.warnings)


def test_a_bridge_is_ordered_for_itself() -> None:
    made = plan(LATE)
    assert made.bridge is not None
    line = first(made, category="bridge")
    assert (
        line.device == "instance"
        and line.supplier
        and (line.order_by, line.need_by)
        == (
            made.bridge.order_by,
            made.bridge.from_,
        )
    )
    assert f"until {made.bridge.until}" in line.commitment


def test_servers_at_the_second_site_are_counted_in_a_note() -> None:
    made = plan(FULL)
    assert re.search(r"\d of them stands? at the second site\.", first(made, cost_line="hardware").notes)
    assert first(plan(OWNED), cost_line="hardware").notes == ""


def test_the_makers_own_parts_come_before_requirements() -> None:
    made = plan({**OWNED, "supply.quotes": [{**QUOTE, "item": "dgx-h100", "unit_price": "100000 USD"}]})
    server = first(made, cost_line="hardware")
    assert server.description == "NVIDIA DGX H100"
    parts = {b.description: b for b in made.bom if b.parent == server.line and b.price_kind == INCLUDED}
    assert parts["Intel Xeon Platinum 8480C, 56 cores"].quantity == 2 * server.quantity
    assert parts["3.84 TB U.2 NVMe for data"].quantity == 8 * server.quantity
    assert parts["DDR5 system memory"].uom == "TB"
    assert not any("requirement" in b.notes for b in parts.values())


def test_more_servers_never_need_fewer_parts() -> None:
    small, large = plan(OWNED), plan({**OWNED, "resilience.redundancy": "N+3"})
    for device in ("server", "gpu", "memory", "switch", "optic", "cable", "rack", "pdu"):
        few, many = (sum(b.quantity for b in made.bom if b.device == device) for made in (small, large))
        assert few <= many, device


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("finance.gl_accounts", {"hardware": "=1+1"}, "an identifier must not start with =, +, @"),
        ("finance.cost_center", "@SUM(A1)", "an identifier must not start with =, +, @"),
        ("finance.cost_center", "-(1)", "a minus may stand before a letter or digit"),
        ("supply.quotes", [{**QUOTE, "mpn": "+1"}], "an identifier must not start with =, +, @"),
        ("supply.quotes", [{**QUOTE, "supplier_part_id": "a\tb"}], "nor hold control characters"),
        ("supply.quotes", [{**QUOTE, "country_of_origin": "Taiwan"}], "two capital letters, ISO 3166-1"),
    ],
)
def test_identifiers_that_a_spreadsheet_would_compute_are_refused(
    path: str, value: object, said: str, tmp_path: Path
) -> None:
    file = tmp_path / "p.json"
    file.write_text(json.dumps(changed({path: value})), encoding="utf-8")
    with pytest.raises(InvalidInput) as refused:
        load_profile(file)
    assert said in str(refused.value)


def test_prices_of_servers_beside_the_fleet_age_as_the_fleets_do() -> None:
    assert price_age_limit("non_production", "non-production-staging-servers-rent-on-demand") == 90
    assert price_age_limit("front_end", "cpu-servers") == price_age_limit("tax", "tax-hardware") == 365


def test_a_single_counted_part_is_listed() -> None:
    (switch,) = (line for line in plan(OWNED).bom if line.description == "Management switches")
    assert (switch.quantity, switch.wave, switch.price_kind) == (1.0, 1, INCLUDED)


def test_parts_of_what_is_rented_stand_once_as_many_as_ever_are_needed() -> None:
    """Servers of the front end are paid by the month, so that no wave adds to them."""
    made = plan(RENTED)
    (needed,) = (need for need in made.surroundings if need.name == "Log store nodes")
    (listed,) = (line for line in made.bom if line.description == "Log store nodes")
    assert (listed.wave, listed.quantity) == (1, needed.month_36) and needed.month_36 > needed.go_live
    assert len({line.wave for line in made.bom}) > 1
