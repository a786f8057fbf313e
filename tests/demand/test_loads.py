"""Rates and monthly volumes by hand, and what must hold for any load."""

from __future__ import annotations

from typing import Any

import pytest

from aisizer.demand.loads import offered
from aisizer.demand.modulation import peak_level, rate_variance
from aisizer.errors import InvalidInput
from aisizer.profile.sections import Burst, Workload

SLO = {"ttft_p95": "2 s", "tpot_p95": "50 ms"}


def workload(load: dict[str, Any], slo: dict[str, str] = SLO, output: float = 201) -> Workload:
    lengths = {"prompt_tokens": {"mean": 1000, "p95": 2000}, "output_tokens": {"mean": output, "p95": output}}
    return Workload.model_validate({"model": "m", "load": load, "slo": slo, **lengths})


def test_users_give_the_mean_rate() -> None:
    load = {"users": 1800, "requests_per_user_hour": 6, "peak_factor": 2.5, "hours_per_month": 220}
    found = offered({"a": workload(load)})["a"]
    assert (found.mean_rate_per_s, found.peak_rate_per_s, found.population) == (3.0, 7.5, None)
    assert found.requests_per_month == 1800 * 6 * 220
    assert found.prompt_tokens_per_month == pytest.approx(1800 * 6 * 220 * 1000)
    assert found.output_tokens_per_month == pytest.approx(1800 * 6 * 220 * 201)


def test_a_rate_is_the_peak_rate() -> None:
    found = offered({"a": workload({"rate": "12 req/s", "peak_factor": 3, "hours_per_month": 100})})["a"]
    assert found.peak_rate_per_s == 12 and found.mean_rate_per_s == 4
    assert found.requests_per_month == pytest.approx(4 * 3600 * 100)


def test_concurrency_gives_the_rate_at_the_targets() -> None:
    found = offered({"a": workload({"concurrency": 60, "peak_factor": 2})})["a"]
    assert found.population == 60 and found.peak_rate_per_s == pytest.approx(60 / (2 + 200 * 0.05))
    assert found.mean_rate_per_s == pytest.approx(found.peak_rate_per_s / 2)


def test_the_statistic_nearest_the_mean_gives_the_nominal_time() -> None:
    slo = {"e2e_p99": "30 s", "e2e_p50": "6 s"}
    assert offered({"a": workload({"concurrency": 60}, slo)})["a"].peak_rate_per_s == 10
    embedder = workload({"concurrency": 60}, {"ttft_p95": "2 s"}, output=1)
    assert offered({"a": embedder})["a"].peak_rate_per_s == 30


def test_targets_that_give_no_rate_are_refused() -> None:
    with pytest.raises(InvalidInput, match="ttft and tpot targets"):
        offered({"a": workload({"concurrency": 60}, {"ttft_p95": "2 s"})})


def test_dependencies_follow_their_root_through_every_step() -> None:
    mix = {
        "c": workload({"per_request_of": "b", "calls": 0.5}),
        "b": workload({"per_request_of": "a", "calls": 4}),
        "a": workload({"concurrency": 60, "peak_factor": 2, "hours_per_month": 200}),
    }
    found = offered(mix)
    for name, calls in (("a", 1), ("b", 4), ("c", 2)):
        assert found[name].peak_rate_per_s == pytest.approx(5 * calls)
        assert found[name].requests_per_month == pytest.approx(2.5 * calls * 3600 * 200)
    assert found["c"].population is None, "calls of a closed population arrive as an open stream"


def test_a_circle_is_refused() -> None:
    mix = {"a": workload({"per_request_of": "b"}), "b": workload({"per_request_of": "a"})}
    with pytest.raises(InvalidInput, match="wait for each other"):
        offered(mix)


def test_a_mean_rate_is_lifted_to_its_peak_window_by_the_modulation() -> None:
    burst = {"basis": "mean_rate", "modulation": [{"variance": 0.033, "time": "300 s"}]}
    by_rate = workload({"rate": "12 req/s"}).model_copy(update={"burst": Burst.model_validate(burst)})
    by_users = workload({"users": 3600, "requests_per_user_hour": 12}).model_copy(
        update={"burst": Burst.model_validate(burst)}
    )
    found = offered({"a": by_rate, "b": by_users, "c": workload({"per_request_of": "a", "calls": 2})})
    level = peak_level(rate_variance(by_rate.burst.modulation, 300))
    assert found["a"].mean_rate_per_s == found["b"].mean_rate_per_s == 12
    assert found["a"].peak_rate_per_s == found["b"].peak_rate_per_s == pytest.approx(12 * level) and level > 1.3
    assert found["c"].peak_rate_per_s == pytest.approx(24 * level)
