"""Systems with a rate ceiling before the model."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisizer.queueing.formulas import mg1_mean_wait
from aisizer.queueing.upstream import amplification, answered_s


def test_turns_at_a_ceiling_are_an_md1_queue() -> None:
    """Poisson arrivals at 70 % of the ceiling: the wait of M/D/1 within 3 % over 400,000 requests."""
    arrival = np.cumsum(np.random.default_rng(3).exponential(1 / 7.0, 400_000))
    waits = answered_s(arrival, 1.0, 10.0, 0.0) - arrival - 0.1
    assert waits.mean() == pytest.approx(mg1_mean_wait(7.0, 0.1, 0.1**2), rel=0.03)
    assert waits.min() >= -1e-6


def test_the_ceiling_is_never_exceeded_and_order_is_kept() -> None:
    arrival = np.sort(np.random.default_rng(4).uniform(0, 10, 500))
    answered = answered_s(arrival, 2.0, 20.0, 0.25)
    assert np.diff(answered).min() >= 2.0 / 20.0 - 1e-9
    assert (answered >= arrival + 2.0 / 20.0 + 2 * 0.25 - 1e-9).all()


def test_refuses_what_makes_no_sense() -> None:
    with pytest.raises(ValueError, match="above 0"):
        answered_s(np.zeros(1), 0.0, 1.0, 0.0)
    for limit, latency in ((0.0, 0.0), (-1.0, 0.0), (1.0, -0.1)):
        with pytest.raises(ValueError, match="above 0"):
            answered_s(np.zeros(1), 1.0, limit, latency)
    assert answered_s(np.zeros(2), 1.0, 0.5, 0.0).tolist() == [2.0, 4.0]
    for attempts, failing in ((0, 0.1), (2, -0.1), (2, 1.1)):
        with pytest.raises(ValueError, match="at least one attempt"):
            amplification(attempts, failing)


@given(st.integers(1, 20), st.integers(1, 20), st.floats(0, 1), st.floats(0, 1))
def test_more_attempts_and_more_failures_never_mean_fewer_calls(n: int, m: int, p: float, q: float) -> None:
    (few, many), (low, high) = sorted((n, m)), sorted((p, q))
    assert 1 <= amplification(few, low) <= amplification(many, low) <= amplification(many, high) <= many


def test_amplification_is_what_random_failures_cause() -> None:
    """A million calls that each fail by the toss of a coin, made four times at most."""
    fails = np.random.default_rng(5).random((1_000_000, 3)) < 0.6
    calls = 1 + np.cumprod(fails, axis=1).sum(axis=1)
    assert calls.mean() == pytest.approx(amplification(4, 0.6), rel=0.005)
