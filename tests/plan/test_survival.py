"""Availability and recovery as the plan tells them: by hand, and never better for asking more."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from scipy.stats import binom

sys.path.append(str(Path(__file__).parents[1] / "laws"))
from planning import catalog, changed

from aisizer.plan import Plan
from aisizer.plan.make import make_plan
from aisizer.profile.load import profile_of
from aisizer.sizing.recovery import POSTURES

OWNED = {"supply.sites": ["on_premises"], "workloads.chat.load": {"rate": "60 req/s"}}


def plan(**resilience: Any) -> Plan:
    return make_plan(profile_of(changed({**OWNED, "resilience": resilience}), "law.json"), catalog(), confirm="none")


@pytest.mark.parametrize("redundancy", ["N", "N+1", "N+2", "auto"])
def test_the_probability_is_the_binomial_tail(redundancy: str) -> None:
    up = plan(redundancy=redundancy).availability
    assert up is not None
    assert up.probability == pytest.approx(binom.sf(up.needed - 1, up.servers, 1 - up.server_down), rel=1e-5)
    assert up.met == (up.probability >= up.target)


def test_auto_meets_what_it_is_asked_for_and_a_bare_fleet_is_warned_of() -> None:
    for target in ("99 %", "99.9 %", "99.999 %"):
        up = plan(redundancy="auto", availability=target).availability
        assert up is not None and up.met
    bare = plan(redundancy="N")
    assert bare.availability is not None and not bare.availability.met
    assert any("Set resilience.redundancy to auto" in warning for warning in bare.warnings)


def test_stacked_upgrades_show_their_cost() -> None:
    up = plan(redundancy="N+1").availability
    stacked = plan(redundancy="N+1", upgrades={"stack_on_redundancy": True})
    assert up is not None and stacked.availability is not None and stacked.decision is not None
    assert up.stacked_servers == 1 and up.stacked_usd is not None and up.stacked_usd > 100_000
    assert (stacked.availability.servers, stacked.decision.servers) == (up.servers, up.servers + up.stacked_servers)


def test_a_missed_target_names_its_mend() -> None:
    missed = plan(disaster_recovery={"posture": "backup_restore", "rto": "4 h", "rpo": "1 h"})
    check = missed.recovery
    assert check is not None and (check.rto_met, check.rpo_met) == (False, False)
    assert check.least_posture == "warm_standby"
    assert check.missed and set(check.missed) <= set(missed.warnings)
    met = plan(disaster_recovery={"posture": "warm_standby", "rto": "4 h", "rpo": "1 h"}).recovery
    assert met is not None and (met.rto_met, met.rpo_met, met.missed) == (True, True, ())
    assert met.servers > 0 and met.total_s == sum((met.restore_s or {}).values())


def test_a_stricter_rto_never_asks_for_a_lesser_posture_nor_less_money() -> None:
    least, cost = [], []
    for rto in ("10 d", "2 d", "4 h", "10 min"):
        check = plan(disaster_recovery={"posture": "backup_restore", "rto": rto}).recovery
        assert check is not None and check.least_posture is not None
        least.append(POSTURES.index(check.least_posture))
        made = plan(disaster_recovery={"posture": check.least_posture, "rto": rto})
        assert made.recovery is not None and made.recovery.rto_met
        cost.append(made.tco["on_premises"].three_year_usd)
    assert least == sorted(least) and cost == sorted(cost) and cost[0] < cost[-1]
