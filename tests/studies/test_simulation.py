"""Simulated fleets: at rest as the plan promises, and under each drill as its failure says."""

from __future__ import annotations

import csv
import io
import json
import sys
import xml.etree.ElementTree as ET
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

sys.path.append(str(Path(__file__).parents[1] / "laws"))
from planning import catalog, changed

from aisizer.deliver.simulation import COLUMNS, requests_csv, simulation_json, simulation_svg, simulation_text
from aisizer.errors import InvalidInput
from aisizer.plan.drill_phases import Run
from aisizer.plan.make import make_plan
from aisizer.profile.load import profile_of
from aisizer.sizing.drills import DRILLS, Ground, trouble
from aisizer.studies.simulation import Asked, simulated
from aisizer.studies.simulation_records import PoolRun, Simulation


@cache
def played(
    drill: str | None = None, changes: str = "{}", seconds: float = 900.0
) -> tuple[Simulation, dict[str, list[Run]]]:
    data = changed({"workloads.chat.load": {"rate": "20 req/s"}, **json.loads(changes)})
    loaded = profile_of(data, "law.json")
    plan = make_plan(loaded, catalog(), confirm="none")
    return simulated(plan, loaded, catalog(), {}, Asked(drill, seconds, 2))


def pool(drill: str | None = None, **changes: Any) -> PoolRun:
    return played(drill, json.dumps(changes))[0].pools[0]


def test_at_rest_the_fleet_keeps_the_plans_promises() -> None:
    found = pool()
    assert found.held and [phase.name for phase in found.phases] == ["run"]
    assert found.phases[0].failed == 0 and found.phases[0].attempts == 1
    for promise in found.phases[0].promises:
        assert promise.interval_ms is not None and promise.value_ms is not None
        assert promise.interval_ms[0] <= promise.value_ms <= promise.interval_ms[1] <= promise.target_ms


def test_littles_law_ties_the_pictures_to_the_requests() -> None:
    """In flight on average is the rate times the time in system."""
    simulation, runs = played()
    spent = np.mean([np.nansum(run.outcome.e2e_s) for its in runs.values() for run in its])
    assert np.mean(simulation.pools[0].in_flight) * simulation.seconds == pytest.approx(spent, rel=0.03)
    assert (np.array(simulation.pools[0].waiting) <= np.array(simulation.pools[0].in_flight) + 1e-9).all()


def test_one_server_lost_is_what_the_redundancy_is_for() -> None:
    assert pool("server-lost").held
    bare = pool("server-lost", **{"resilience.redundancy": "N", "resilience.headroom": 0, "growth.rate": "0 %/month"})
    before, during = bare.phases[0], bare.phases[1]
    assert during.attempts > before.attempts


def test_a_lost_site_is_served_by_the_second_one_after_its_recovery_time() -> None:
    alone, standby, active = (
        pool("site-lost", **({"resilience.disaster_recovery": recovery} if recovery else {}))
        for recovery in (None, {"posture": "warm_standby", "rto": "2 min"}, {"posture": "active_active"})
    )
    assert not alone.held and alone.recovered_s is None and alone.phases[-1].failed > 0.95
    assert standby.recovered_s is not None and standby.recovered_s >= 120
    assert active.held
    assert alone.phases[-1].failed > standby.phases[-1].failed > active.phases[-1].failed


def test_an_upgrade_takes_the_servers_one_by_one() -> None:
    quick = {"resilience.upgrades": {"drain": "30 s"}, "resilience.cold_start": "60 s"}
    found = pool("rolling-upgrade", **quick)
    assert found.held
    during = next(phase for phase in found.phases if phase.name == "during")
    assert (during.to_s - during.from_s) % 90 == pytest.approx(0)


def test_a_retry_storm_passes_where_there_is_room_for_it() -> None:
    found = pool("retry-storm")
    during = next(phase for phase in found.phases if phase.name == "during")
    assert during.attempts > 2 and during.failed < 0.05
    assert found.recovered_s is not None and found.recovered_s < 180
    assert max(found.waiting) > 20 * np.median(found.waiting)


def test_nothing_is_served_before_a_cold_start_is_over() -> None:
    _, runs = played("cold-start", json.dumps({"resilience.cold_start": "2 min"}))
    first = min(np.nanmin(run.outcome.first_token_s) for its in runs.values() for run in its)
    assert first > 120


def test_a_tenant_at_ten_times_nearly_doubles_the_load() -> None:
    simulation, runs = played("tenant-10x")
    asked = next(iter(runs.values()))[0].requests
    inside = (asked.arrival_s > 0.3 * simulation.seconds) & (asked.arrival_s < 0.7 * simulation.seconds)
    others = int((inside & (asked.class_id == 0)).sum())
    assert int((inside & (asked.class_id == 1)).sum()) == pytest.approx(0.9 * others, rel=0.1)


@pytest.mark.parametrize("drill", [None, *DRILLS])
def test_every_request_is_answered_or_failed_and_every_form_says_so(drill: str | None) -> None:
    simulation, runs = played(drill)
    answered = [run.outcome for its in runs.values() for run in its]
    for run in answered:
        assert (np.isnan(run.finish_s) == ~np.isnan(run.failed_s)).all()
    shown = simulation_text(simulation)
    assert all(len(line) <= 80 for line in shown.splitlines())
    assert json.loads(simulation_json(simulation))["drill"] == drill
    ET.fromstring(simulation_svg(simulation))
    rows = list(csv.DictReader(io.StringIO(requests_csv(runs, {"llama-3.1-8b": ("chat",)}))))
    assert tuple(rows[0]) == COLUMNS
    assert len(rows) == simulation.requests == sum(len(run.sent_s) for run in answered)


def test_the_same_question_has_the_same_answer() -> None:
    loaded = profile_of(changed({"workloads.chat.load": {"rate": "20 req/s"}}), "law.json")
    plan = make_plan(loaded, catalog(), confirm="none")
    again, _ = simulated(plan, loaded, catalog(), {}, Asked("server-lost", 900.0, 2))
    assert simulation_json(again) == simulation_json(played("server-lost")[0])


def test_an_upstream_ceiling_holds_callers_back() -> None:
    ample, tight = (
        played(None, json.dumps({"integrations": {"crm": {"calls_per_request": 2, "limit": f"{limit} req/s"}}}))[0]
        for limit in (400, 60)
    )
    assert tight.upstreams[0].wait_p95_s > ample.upstreams[0].wait_p95_s
    assert tight.upstreams[0].calls_per_s == pytest.approx(2 * tight.pools[0].peak_rate_per_s, rel=0.05)


def test_nothing_is_said_of_too_few_requests() -> None:
    """A minute at one request in ten seconds: six requests, of which no percentile is one."""
    simulation, _ = played(None, json.dumps({"workloads.chat.load": {"rate": "0.1 req/s"}}), 60.0)
    for promise in simulation.pools[0].phases[0].promises:
        assert (promise.value_ms, promise.interval_ms, promise.met) == (None, None, None)
    assert " n/a" in simulation_text(simulation)


def test_refusals_name_what_is_meant() -> None:
    with pytest.raises(InvalidInput, match="server-lost"):
        Asked("flood")
    with pytest.raises(InvalidInput, match="seeds"):
        Asked(None, 3600.0, 0)
    with pytest.raises(InvalidInput, match="--drill is one of"):
        trouble("flood", Ground((0,), 0, 60.0, profile_of(changed({}), "law.json").profile.resilience))
