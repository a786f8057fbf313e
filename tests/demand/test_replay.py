"""A trace at another load keeps its requests whole, its span and its rises and falls."""

from __future__ import annotations

import numpy as np
import pytest

from aisizer.demand.modulation import arrival_times
from aisizer.demand.replay import scaled, span_s
from aisizer.profile.sections import Modulation
from aisizer.shapes import Requests


def trace(count: int = 20_000) -> Requests:
    times = arrival_times(5.0, (Modulation(variance=0.1, time="60 s"),), count, np.random.default_rng(1))
    number = np.arange(1.0, count + 1)
    return Requests(times, number, 2 * number, np.floor(number / 2), np.zeros(count, dtype=np.int64))


@pytest.mark.parametrize("factor", [0.1, 0.5, 1.5, 2.0, 3.7])
def test_the_load_is_multiplied_and_the_span_kept(factor: float) -> None:
    whole = trace()
    found = scaled(whole, factor, np.random.default_rng(2))
    assert len(found.arrival_s) == pytest.approx(factor * len(whole.arrival_s), rel=0.03)
    assert found.arrival_s.min() >= 0 and found.arrival_s.max() <= span_s(whole)
    assert np.all(np.diff(found.arrival_s) >= 0)
    assert np.all(found.output_tokens == 2 * found.prompt_tokens)
    assert np.all(found.cached_tokens == np.floor(found.prompt_tokens / 2))


def test_once_the_load_is_the_trace_itself() -> None:
    whole = trace()
    found = scaled(whole, 1.0, np.random.default_rng(2))
    assert np.array_equal(found.arrival_s, whole.arrival_s - whole.arrival_s[0])
    assert np.array_equal(found.prompt_tokens, whole.prompt_tokens)


def test_thinning_keeps_the_relative_variance_of_the_rate() -> None:
    # compressing time would keep the dispersion of counts at 300 s and lose the duration of the peaks
    def excess(requests: Requests) -> float:
        counts = np.bincount((requests.arrival_s // 60).astype(int))[:-1]
        return float((counts.var(ddof=1) - counts.mean()) / counts.mean() ** 2)

    whole = trace()
    assert excess(scaled(whole, 0.3, np.random.default_rng(2))) == pytest.approx(excess(whole), rel=0.2)


def test_every_whole_copy_is_complete() -> None:
    found = scaled(trace(100), 3.0, np.random.default_rng(2))
    assert np.array_equal(np.bincount(found.prompt_tokens.astype(int))[1:], np.full(100, 3))


def test_a_load_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="more than 0"):
        scaled(trace(10), 0.0, np.random.default_rng(2))
