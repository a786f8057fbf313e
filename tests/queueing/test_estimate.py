"""What is said of a percentile from a simulated run, and how sure."""

from __future__ import annotations

import math

import numpy as np
import pytest
from synthetic import SMALL, requests, shuffled, steps, traffic

from aisizer.queueing.estimate import LEAST, SECTIONS, estimate, measured, sections
from aisizer.queueing.simulate import Change, Outcome, simulate


@pytest.mark.parametrize(("statistic", "exact"), [("mean", math.exp(0.5)), ("p50", 1.0), ("p95", math.exp(1.6449))])
def test_nineteen_intervals_of_twenty_hold_the_exact_value(statistic: str, exact: float) -> None:
    """400 samples of 2,000 log-normal values each; fewer than 90 % would be an interval that is too narrow."""
    held = 0
    for seed in range(400):
        values = np.random.default_rng(seed).lognormal(size=2_000)
        found = estimate(sections(values, np.arange(2_000.0)), statistic)
        held += found.low <= exact <= found.high
    assert held >= 0.9 * 400


def test_longer_runs_have_narrower_intervals() -> None:
    values = np.random.default_rng(1).lognormal(size=32_000)
    widths = []
    for count in (1_000, 4_000, 32_000):
        found = estimate(sections(values[:count], np.arange(float(count))), "p95")
        widths.append(found.high - found.low)
    assert widths[0] > widths[1] > widths[2]


def test_no_percentile_of_too_few() -> None:
    found = estimate([np.ones(LEAST - 1)] * SECTIONS, "p95")
    assert (found.value, found.low, found.high) == (math.inf, -math.inf, math.inf)
    assert found.side(1e9) == 0


def test_a_failed_request_is_later_than_any_target() -> None:
    """One in ten failed: the 95th percentile is one of them, the median is not."""
    parts = [np.r_[np.ones(90), np.full(10, math.inf)] for _ in range(SECTIONS)]
    assert estimate(parts, "p95").side(1e9) == 1
    assert estimate(parts, "p50").side(2.0) == -1


@pytest.mark.parametrize(
    ("failing", "statistic", "expected"),
    [(1, "p50", (1.0, -math.inf, math.inf)), (1, "p95", (math.inf, -math.inf, math.inf)), (10, "p50", (math.inf,) * 3)],
)
def test_sections_that_fail_say_nothing_unless_all_do(
    failing: int, statistic: str, expected: tuple[float, ...]
) -> None:
    parts = [np.full(LEAST, math.inf)] * failing + [np.ones(LEAST)] * (SECTIONS - failing)
    found = estimate(parts, statistic)
    assert (found.value, found.low, found.high) == expected


def test_a_median_beside_failures_is_the_value_in_the_middle() -> None:
    """21 of 41 were served: the 21st of them is in the middle, and nothing is averaged with the infinite one behind it."""
    found = estimate([np.r_[np.ones(21), np.full(20, math.inf)]] * SECTIONS, "p50")
    assert (found.value, found.low, found.high) == (1.0, 1.0, 1.0)


def test_the_interval_of_three_sections_by_hand() -> None:
    """Means 5, 6 and 7: s = 1 with two degrees of freedom, whose t of 97.5 % is 4.3027, over the root of three."""
    found = estimate([np.full(LEAST, mean) for mean in (5.0, 6.0, 7.0)], "mean")
    assert (found.value, found.high - 6, 6 - found.low) == pytest.approx((6.0, *[4.30265 / 3**0.5] * 2), rel=1e-5)
    wide = estimate([np.full(LEAST, mean) for mean in (1.0, 2.0, 3.0)], "mean")
    assert (wide.low, wide.high) == pytest.approx((0.0, 2 + 4.30265 / 3**0.5), rel=1e-5), "no latency is below 0"


def test_warm_up_and_end_are_left_out() -> None:
    run = simulate(SMALL, shuffled(traffic("chat", 4_000, rate=10.0)))
    inside, p95 = measured(run), float(np.quantile(run.e2e_s, 0.95))
    assert run.sent_s[inside].min() >= 2 * p95 and run.sent_s[inside].max() <= run.sent_s.max() - p95
    assert inside.mean() > 0.8


def test_where_nothing_was_served_nothing_is_left_out() -> None:
    run = simulate(steps(per_step=1.0), requests([1.0, 2.0], 4, 2), changes=[Change(0.0, 0, "down")])
    assert np.isnan(run.finish_s).all()
    assert run.failed_s[measured(run)].tolist() == [1.0, 2.0]


def test_warm_up_and_end_by_hand() -> None:
    """All take 1 s: two seconds from the first sending are warm-up, and the second before the last one is the end."""
    sent = np.array([0.5, 1.0, 2.5, 2.75, 4.5, 5.0, 5.5])
    run = Outcome(sent, sent, sent + 1.0, 0, 0.0, 0.0, np.ones(7), np.ones(7, dtype=np.int64), np.full(7, np.nan))
    assert sent[measured(run)].tolist() == [2.5, 2.75, 4.5]


def test_what_is_sent_at_one_instant_is_cut_in_its_order() -> None:
    """Four at a time, the later half first: sections are those of the run put in order."""
    sent = np.r_[np.arange(200, 400), np.arange(200)] // 4 * 1.0
    parts = sections(np.arange(400.0), sent)
    assert [len(part) for part in parts] == [40] * SECTIONS
    assert np.concatenate(parts).tolist() == [*range(200, 400), *range(200)]
