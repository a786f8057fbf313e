"""A limit of the site: refused, or lifted by work with a date and a cost of its own."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

sys.path.append(str(Path(__file__).parents[1] / "laws"))
from planning import catalog, changed

from aisizer.catalog.records import Amount
from aisizer.plan import Plan
from aisizer.plan.make import make_plan
from aisizer.profile.load import profile_of

OWNED = {"supply.sites": ["on_premises"], "supply.gpus": ["h100-sxm"], "growth.rate": "6 %/month"}
BUSY = {"workloads.chat.load": {"rate": "120 req/s"}}
COOLED = {"supply.gpus": ["gb200"], "workloads.chat.load": {"rate": "20 req/s"}}


def plan(changes: dict[str, Any], work: dict[str, Amount] | None = None) -> Plan:
    known = catalog()
    if work:
        facility = known.prices["facility"]
        prices = dict(known.prices) | {"facility": facility.model_copy(update={"amounts": facility.amounts | work})}
        known = type(known)(**{name: getattr(known, name) for name in type(known).__slots__} | {"prices": prices})
    return make_plan(profile_of(changed({**OWNED, **changes}), "law.json"), known, confirm="none")


def amount(base: float, unit: str) -> Amount:
    return Amount.model_validate(
        {"base": base, "unit": unit, "as_of": date(2026, 11, 1), "source": "test", "kind": "estimated"}
    )


def test_a_limit_that_stays_is_refused_and_the_roomy_one_is_shown() -> None:
    roomy = plan({**BUSY, "supply.power_limit": "2000 kW"})
    power = next(limit for limit in roomy.limits if limit.field == "supply.power_limit")
    assert power.held and power.limit == 2000 and isinstance(power.month_36, float)
    assert [limit.held for limit in roomy.limits if limit.field != "supply.power_limit"] == [None, None, None]
    tight = plan({**BUSY, "supply.power_limit": f"{power.month_36 - 1} kW"})
    assert tight.decision is None
    assert [group.reason for group in tight.rejections if group.reason == "power"]


def test_servers_of_an_environment_stand_in_racks_and_draw_power_as_productions_do() -> None:
    """A replica of staging on a server of its own: one more server, and what the site gave before is too little."""
    own = {"resilience.environments": {"staging": {"rule": "replica"}}}
    alone, more = plan(BUSY), plan({**BUSY, **own})
    kw = next(limit.month_36 for limit in alone.limits if limit.name == "Power of the largest server, in one rack")
    needs = [{need.id: need.month_36 for need in made.surroundings} for made in (alone, more)]
    assert needs[1]["nameplate-power"] - needs[0]["nameplate-power"] == pytest.approx(kw)
    before, now = (
        next(limit for limit in made.limits if limit.field == "supply.power_limit").month_36 for made in (alone, more)
    )
    assert now == pytest.approx(float(before) + float(kw)) == needs[1]["nameplate-power"]
    assert plan({**BUSY, **own, "supply.power_limit": f"{before} kW"}).decision is None
    assert any(f"must feed and cool {now:,.1f} kW" in warning for warning in more.warnings)


def test_power_that_takes_years_is_no_work_in_time() -> None:
    """New power takes 208 weeks in the catalog, more than 36 months after a go-live in a year."""
    made = plan({**BUSY, "supply.power_limit": "15 kW", "supply.site_work": "build"})
    assert made.decision is None
    (group,) = [group for group in made.rejections if group.reason == "power"]
    assert "It would have to be ordered by 202" in str(group.nearest["detail"])


def test_work_in_time_is_an_item_with_its_date_and_its_cost() -> None:
    """Racks of 8 kW are rebuilt for servers of 10.2 kW: 2.2 kW for each server, at 3,000 USD/kW, 20 weeks before it serves."""
    work = {"rack-power-lead-time": amount(20, "week"), "rack-power-price": amount(3000, "USD/kW")}
    made = plan({"supply.rack_power": "8 kW", "supply.site_work": "build"}, work)
    assert made.decision is not None and made.complete
    (item,) = made.work
    kw = made.limits[2].month_36
    servers = made.roadmap.months[35].gpus_in_service / 8 if made.roadmap else 0
    assert isinstance(kw, float)
    assert item.quantity == pytest.approx(servers * (kw - 8))
    assert (item.need_by, item.order_by) == (date(2027, 12, 1), date(2027, 7, 14))
    line = next(line for line in made.tco["on_premises"].lines if line.id.startswith("site-work"))
    assert sum(line.quantity) == pytest.approx(item.quantity, rel=1e-5) and line.unit_price_usd == 3000
    (ordered,) = [b for b in made.bom if b.description.startswith("Site work")]
    assert (ordered.order_by, ordered.need_by, ordered.lead_time_weeks) == (item.order_by, item.need_by, 20)
    assert any("order it by 2027-07-14" in warning for warning in made.warnings)


def test_work_that_nobody_prices_leaves_the_total_open() -> None:
    made = plan({"supply.rack_power": "8 kW", "supply.site_work": "build"})
    assert made.decision is not None and not made.complete
    (item,) = made.work
    assert (item.lead_time_weeks, item.order_by) == (None, None)
    assert "nobody gave its lead time" in " ".join(made.warnings)


def test_a_quota_holds_for_rented_instances() -> None:
    rented = {"supply.sites": ["enclave"], **BUSY}
    (limit,) = plan(rented).limits
    assert (limit.field, limit.held) == ("supply.quota", None)
    assert isinstance(limit.month_36, float)
    (held,) = plan({**rented, "supply.quota": int(limit.month_36)}).limits
    assert held.held
    none = plan({**rented, "supply.quota": 1})
    assert none.decision is None and {"quota"} <= {group.reason for group in none.rejections}
