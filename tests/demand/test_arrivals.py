"""Random traffic: the profile's distributions, and the same customers at every rate."""

from __future__ import annotations

import numpy as np
import pytest

from aisizer.demand.arrivals import peak_hour, traffic
from aisizer.demand.mix import stratified
from aisizer.demand.traces.arrivals import index_of_dispersion
from aisizer.profile.sections import Workload


def workload(**more: object) -> Workload:
    given: dict[str, object] = {
        "model": "llama-3.1-8b",
        "load": {"rate": "10 req/s"},
        "prompt_tokens": {"mean": 1500, "p95": 3500},
        "output_tokens": {"mean": 250, "p95": 600},
    }
    return Workload.model_validate(given | more)


def test_lengths_are_those_of_the_profile() -> None:
    drawn = traffic([workload()], [10.0], 20_000, 1)
    for name, values in (("prompt_tokens", drawn.prompt_tokens), ("output_tokens", drawn.output_tokens)):
        expected = stratified(getattr(workload(), name), 20_000)
        assert values.mean() == pytest.approx(expected.mean(), rel=0.002)
        assert np.quantile(values, 0.95) == pytest.approx(np.quantile(expected, 0.95), rel=0.005)
    assert drawn.prompt_tokens.min() >= 1 and drawn.output_tokens.min() >= 1
    assert abs(np.corrcoef(drawn.prompt_tokens, drawn.output_tokens)[0, 1]) < 0.02


def test_the_same_customers_come_at_every_rate_and_to_every_count() -> None:
    few, many = traffic([workload()], [10.0], 1_000, 7), traffic([workload()], [20.0], 3_000, 7)
    np.testing.assert_array_equal(few.prompt_tokens, many.prompt_tokens[:1_000])
    np.testing.assert_array_equal(few.output_tokens, many.output_tokens[:1_000])
    np.testing.assert_allclose(few.arrival_s, 2 * many.arrival_s[:1_000], rtol=1e-12)
    assert (traffic([workload()], [10.0], 1_000, 8).prompt_tokens != few.prompt_tokens).any()


def test_workloads_come_in_proportion_to_their_rates() -> None:
    drawn = traffic([workload(), workload(prefix_hit="50 %")], [3.0, 1.0], 4_000, 1)
    assert (drawn.class_id == 1).sum() == pytest.approx(1_000, abs=5)
    second = drawn.class_id == 1
    assert (drawn.cached_tokens[~second] == 0).all()
    assert (drawn.cached_tokens[second] == np.floor(0.5 * drawn.prompt_tokens[second])).all()


@pytest.mark.parametrize("index", [1.0, 6.0])
def test_a_peak_hour_is_as_uneven_as_its_burst_says(index: float) -> None:
    uneven = workload(burst={"index_of_dispersion_60s": index})
    hours = [peak_hour([uneven], [10.0], 36_000.0, seed) for seed in range(4)]
    found = np.mean([index_of_dispersion(hour.arrival_s, 60.0) for hour in hours])
    assert found == pytest.approx(index, rel=0.2)
    assert np.mean([len(hour.arrival_s) for hour in hours]) == pytest.approx(360_000, rel=0.02)
    assert all(hour.arrival_s.max() <= 36_000.0 for hour in hours)
