"""What may be asked of the analytic queue."""

from __future__ import annotations

import numpy as np
import pytest

from aisizer.queueing.records import Limit, Load


@pytest.mark.parametrize(
    ("rate", "population"),
    [
        ([0.0], [0.0]),
        ([1.0], [1.0]),
        ([-1.0], [0.0]),
        ([0.0], [-1.0]),
        ([1.0, 0.0], [0.0, 0.0]),
        ([-1.0], [1.0]),
        ([1.0], [-1.0]),
    ],
)
def test_each_class_is_either_open_or_closed(rate: list[float], population: list[float]) -> None:
    Load(np.array([0.5, 0.0]), np.array([0.0, 0.5]))
    with pytest.raises(ValueError, match="either a rate or a population above 0, and not both"):
        Load(np.array(rate), np.array(population))


@pytest.mark.parametrize(("rate", "population"), [(np.ones(2), np.zeros(1)), (np.ones((1, 1)), np.zeros((1, 1)))])
def test_there_is_one_rate_and_one_population_for_each_class(rate: np.ndarray, population: np.ndarray) -> None:
    with pytest.raises(ValueError, match="one rate and one population per class"):
        Load(rate, population)


@pytest.mark.parametrize(
    ("metric", "statistic", "seconds", "said"),
    [
        ("wait", "p95", 1.0, r"metric is one of ttft, tpot, e2e \(got wait\)"),
        ("ttft", "p96", 1.0, r"statistic is one of mean, p50, p90, p95, p99 \(got p96\)"),
        ("ttft", "p95", 0.0, r"above 0 seconds \(got 0.0\)"),
        ("ttft", "p95", float("nan"), "above 0 seconds"),
    ],
)
def test_a_limit_is_a_statistic_of_a_latency_above_zero(metric: str, statistic: str, seconds: float, said: str) -> None:
    assert Limit(0, "e2e", "mean", 0.5).seconds == 0.5
    with pytest.raises(ValueError, match=said):
        Limit(0, metric, statistic, seconds)
