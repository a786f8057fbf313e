"""Model migrations: evaluation load, people and servers by hand, and the laws of more."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisizer.profile.sections import Resilience
from aisizer.sizing.migrations import (
    Evaluated,
    Serving,
    evaluation_gpu_hours,
    evaluation_set_size,
    migration_needs,
    off_peak_share,
)
from aisizer.sizing.needs import Need

CHAT = Evaluated("chat", 1200, 210, 4, 0.5)
GUARD = Evaluated("guard", 900, 4, 1, 10.0)


def needs(
    workloads: tuple[Evaluated, ...] = (CHAT, GUARD), spare: int = 1, surge: int = 0, **upgrades: Any
) -> list[Need]:
    serving = Serving((3,) * 36, (spare,) * 36, (surge,) * 36, 8)
    return list(migration_needs(serving, workloads, Resilience.model_validate({"upgrades": upgrades})))


def test_a_year_of_migrations_by_hand() -> None:
    """2,401 requests at 0.5 a second on 4 GPUs are 5.336 GPU-hours, at 10 on one 0.0667; 3 runs twice a year, 12 more."""
    people, at_migrations, scheduled, rollout, surge = needs()
    once = 2401 / 0.5 * 4 / 3600 + 2401 / 10 / 3600
    assert once == pytest.approx(5.4023, abs=1e-4)
    assert people.by_month[0] * 12 * 220 == pytest.approx(20) and people.price == "fte-systems-engineer-us"
    assert at_migrations.by_month[0] == pytest.approx(once * 6 / 12) and scheduled.by_month[0] == pytest.approx(once)
    share = off_peak_share(once * 1.5, 8, Resilience().upgrades)
    assert share == pytest.approx(once * 1.5 / 4080) and "0.199 % of the spare's 510" in at_migrations.note
    assert rollout.by_month[0] == pytest.approx(3 * 420 / 3600) and set(surge.by_month) == {0.0}
    assert all(len(need.by_month) == 36 for need in needs())


def test_the_evaluation_set_is_the_one_that_tells_two_points() -> None:
    assert Resilience().upgrades.evaluation_requests == pytest.approx(evaluation_set_size(0.02))


@pytest.mark.parametrize(
    ("fields", "spare", "words"),
    [
        ({}, 1, "a failure in that hour finds one spare fewer"),
        ({}, 0, "There is no redundancy to upgrade on"),
        ({"stack_on_redundancy": True}, 1, "stays whole during an upgrade"),
        ({"method": "blue_green"}, 1, "A second serving set"),
    ],
)
def test_the_choice_of_servers_for_upgrades_is_said(fields: dict[str, Any], spare: int, words: str) -> None:
    found = needs(spare=spare, surge=2, **fields)[-1]
    assert words in found.note and set(found.by_month) == {2.0}


def test_evaluation_beyond_the_spare_asks_for_servers_of_its_own() -> None:
    assert "Give evaluation servers of its own" in needs(evaluation_requests=3_000_000)[1].note
    assert "no redundancy to run it on" in needs(spare=0)[1].note
    with pytest.raises(ValueError, match="a replica that carries requests"):
        evaluation_gpu_hours(1, 0.0, 8)


@given(st.integers(0, 10**6), st.floats(0, 50), st.integers(0, 20), st.floats(0, 300), st.integers(1, 5))
def test_more_migrations_runs_or_requests_never_load_less(
    requests: int, per_year: float, runs: int, scheduled: float, times: int
) -> None:
    base = {
        "evaluation_requests": requests,
        "per_year": per_year,
        "evaluation_runs": runs,
        "evaluations_per_year": scheduled,
    }

    def load(**more: float) -> float:
        found = needs(**(base | more))
        return found[0].by_month[0] + found[1].by_month[0] + found[2].by_month[0]

    assert load(evaluation_requests=requests * times) >= load() - 1e-9
    assert load(per_year=min(per_year * times, 52)) >= load() - 1e-9
    assert load(evaluation_runs=runs * times) >= load() - 1e-9
