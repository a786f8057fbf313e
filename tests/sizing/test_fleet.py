"""Laws of the waterfall: every reason adds, nothing is lost in whole servers, redundancy holds."""

from __future__ import annotations

from itertools import combinations
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from aisizer.profile.sections import Resilience
from aisizer.sizing.capacity import Candidate
from aisizer.sizing.fleet import Fleet, Layout, carried, deployed, fleet, replicas, utilization
from aisizer.sizing.placement import place, servers_for, worst_loss
from aisizer.sizing.resilience import server_down


def candidate(share: float, gpus: int, burst: float = 1.1, stable: float = 2.0, sure: float | None = None) -> Candidate:
    """`sure` is the part of the share that remains at the confidence asked for."""
    pool = SimpleNamespace(burst=burst)
    confident = None if sure is None else share * sure
    made: Any = SimpleNamespace(
        share=share, stable_share=share * stable, gpus=gpus, pool=pool, confident_share=confident
    )
    return cast(Candidate, made)


candidates = st.builds(
    candidate,
    share=st.floats(0.003, 3.0),
    gpus=st.sampled_from([1, 2, 4, 8, 16, 32]),
    burst=st.floats(1.0, 2.0),
    stable=st.floats(1.0, 5.0),
    sure=st.none() | st.floats(0.05, 1.0),
)
layouts = st.builds(lambda found: Layout(tuple(found), 8), st.lists(candidates, min_size=1, max_size=3))
resiliences = st.builds(
    lambda n, h, f, posture, method, stacked: Resilience.model_validate(
        {
            "redundancy": n,
            "headroom": h,
            "forecast_part": f,
            "disaster_recovery": {"posture": posture},
            "upgrades": {"method": method, "stack_on_redundancy": stacked},
        }
    ),
    st.sampled_from(["N", "N+1", "N+2", "auto"]),
    st.floats(0.0, 0.6),
    st.floats(0.0, 1.0),
    st.sampled_from(["none", "pilot_light", "warm_standby", "half_size", "active_active"]),
    st.sampled_from(["rolling", "blue_green"]),
    st.booleans(),
)


@settings(max_examples=150, deadline=None)
@given(layouts, resiliences, st.floats(0.05, 8.0))
def test_every_step_of_the_waterfall_is_at_least_the_one_before(
    layout: Layout, resilience: Resilience, factor: float
) -> None:
    found = fleet(layout, factor, resilience)
    steps = [
        found.throughput,
        found.latency,
        found.burst,
        found.headroom,
        found.confidence,
        found.serving_servers * 8,
        found.production_servers * 8,
        found.servers * 8,
    ]
    assert steps == sorted(steps)


@settings(max_examples=150, deadline=None)
@given(layouts, resiliences, st.floats(0.05, 8.0), st.floats(1.0, 3.0))
def test_more_demand_never_needs_fewer_servers(
    layout: Layout, resilience: Resilience, factor: float, more: float
) -> None:
    small, large = fleet(layout, factor, resilience), fleet(layout, factor * more, resilience)
    assert small.servers <= large.servers
    assert small.latency <= large.latency


@settings(max_examples=150, deadline=None)
@given(layouts, resiliences, st.floats(0.05, 8.0))
def test_whichever_servers_fail_burst_and_headroom_still_fit(
    layout: Layout, resilience: Resilience, factor: float
) -> None:
    found = fleet(layout, factor, resilience)
    made = deployed(layout, found.production_servers, factor, resilience, found.redundant_servers)
    for count, left, c in zip(made.up, made.degraded, layout.candidates, strict=True):
        assert left <= count
        assert left >= replicas(factor * c.pool.burst, carried(c, resilience))
    if len(layout.candidates) == 1:
        alone = layout.candidates[0]
        limit = carried(alone, resilience) / alone.share / alone.pool.burst
        assert utilization(layout, made.degraded, factor) <= limit * (1 + 1e-6)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 12), st.sampled_from([1, 2, 4, 8, 16, 32])), min_size=1, max_size=4),
    st.integers(1, 16),
)
def test_replicas_are_placed_whole_and_level(pools: list[tuple[int, int]], servers: int) -> None:
    counts, sizes = [n for n, _ in pools], [t for _, t in pools]
    placed = place(counts, sizes, servers, 8)
    fits = sum(n * t for n, t in pools) <= servers * 8
    assert (placed is not None) == fits
    assert servers_for(counts, sizes, 8) <= servers if fits else servers_for(counts, sizes, 8) > servers
    if placed is not None:
        parts = [n * max(t // 8, 1) for n, t in pools]
        assert placed.sum(axis=1).tolist() == parts
        assert ((placed.T * [min(t, 8) for t in sizes]).sum(axis=1) <= 8).all()


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 9), st.integers(1, 40)), min_size=1, max_size=3), st.integers(5, 72))
def test_any_sizes_fit_on_the_servers_counted_for_them_and_not_on_one_fewer(
    pools: list[tuple[int, int]], gpus_per_server: int
) -> None:
    counts, sizes = [n for n, _ in pools], [t for _, t in pools]
    servers = servers_for(counts, sizes, gpus_per_server)
    placed = place(counts, sizes, servers, gpus_per_server)
    assert placed is not None
    assert ((placed.T * [min(t, gpus_per_server) for t in sizes]).sum(axis=1) <= gpus_per_server).all()
    assert place(counts, sizes, servers - 1, gpus_per_server) is None


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 4), st.sampled_from([8, 16, 32]), st.integers(0, 4), st.integers(1, 2))
def test_a_lost_server_takes_the_whole_replica(count: int, size: int, small: int, down: int) -> None:
    """Against every choice of failing servers, replicas over several counted server by server."""
    servers = servers_for([count, small], [size, 2], 8)
    placed = place([count, small], [size, 2], servers, 8)
    assert placed is not None
    span = size // 8
    homes = np.flatnonzero(placed[0]).reshape(count, span)
    worst = [0, 0]
    for failed in combinations(range(servers), min(down, servers)):
        lost = sum(bool(set(home) & set(failed)) for home in homes.tolist())
        worst = [max(worst[0], lost), max(worst[1], int(placed[1, list(failed)].sum()))]
    assert worst_loss(placed, [count, small], down) == tuple(worst)


def test_redundancy_of_a_replica_over_two_servers_by_hand() -> None:
    """Three replicas of 16 GPUs on 6 servers of 8; one server down takes a replica of two, so a fourth one stands by."""
    layout = Layout((candidate(0.4, 16, burst=1.0),), 8)
    found = fleet(layout, 1.0, Resilience.model_validate({"headroom": 0}))
    assert (found.serving_servers, found.redundant_servers, found.spread_servers) == (6, 1, 1)
    made = deployed(layout, found.production_servers, 1.0, Resilience(), 1)
    assert (made.up, made.degraded) == ((4,), (3,))


@settings(max_examples=100, deadline=None)
@given(layouts, st.integers(1, 40), st.floats(0.05, 2.0))
def test_no_gpu_of_a_server_idles_that_a_replica_would_fit(layout: Layout, extra: int, factor: float) -> None:
    resilience = Resilience()
    servers = fleet(layout, factor, resilience).serving_servers + extra
    counts = deployed(layout, servers, factor, resilience, 0).up
    used = sum(n * c.gpus for n, c in zip(counts, layout.candidates, strict=True))
    assert used <= servers * 8
    assert servers * 8 - used < min(c.gpus for c in layout.candidates)


def test_a_hand_worked_fleet() -> None:
    """Demand 1, one replica (TP2) carries 0.3 of it: 4 replicas; burst 1.1 keeps 4; headroom 20 % asks 5; TP2 -> 10 GPUs."""
    layout = Layout((candidate(0.3, 2, burst=1.1, stable=2.0),), 8)
    found = fleet(layout, 1.0, Resilience())
    assert (found.throughput, found.latency, found.burst, found.headroom) == (4, 8, 8, 10)
    assert (found.serving_servers, found.redundant_servers, found.servers) == (2, 1, 3)


def test_a_hand_worked_confidence() -> None:
    """One replica carries 0.3 of the demand, 0.2 with the confidence asked for; burst 1.1.

    Headroom 20 %: 1.1 / (0.3 x 0.8) -> 5 replicas, and with half of it kept for the forecast 1.1 / (0.2 x 0.9) -> 7.
    Headroom 40 %: 1.1 / (0.3 x 0.6) -> 7 and 1.1 / (0.2 x 0.8) -> 7; one on top of the other, 1.1 / (0.2 x 0.6), were 10.
    """
    layout = Layout((candidate(0.3, 2, sure=2 / 3),), 8)
    found = fleet(layout, 1.0, Resilience())
    assert (found.latency, found.headroom, found.confidence, found.serving_servers) == (8, 10, 14, 2)
    more = fleet(layout, 1.0, Resilience(headroom=0.4))
    assert (more.headroom, more.confidence) == (14, 14)


@settings(max_examples=150, deadline=None)
@given(layouts, resiliences, st.floats(0.05, 8.0))
def test_confidence_replaces_the_headroom_for_model_error_and_never_adds_to_it(
    layout: Layout, resilience: Resilience, factor: float
) -> None:
    found = fleet(layout, factor, resilience)
    plain = fleet(Layout(tuple(unsure(c) for c in layout.candidates), 8), factor, resilience)
    assert plain.headroom == plain.confidence == found.headroom <= found.confidence
    for c in layout.candidates:
        if c.confident_share is None:
            continue
        alone = fleet(Layout((c,), 8), factor, resilience)
        forecast = resilience.headroom * resilience.forecast_part
        replaced = replicas(factor * c.pool.burst / (1 - forecast), c.confident_share) * c.gpus
        added = replicas(factor * c.pool.burst / (1 - resilience.headroom), c.confident_share) * c.gpus
        assert alone.confidence == max(alone.headroom, replaced) <= added


@settings(max_examples=100, deadline=None)
@given(st.floats(0.003, 3.0), st.floats(0.05, 1.0), st.floats(0.05, 1.0), resiliences, st.floats(0.05, 8.0))
def test_what_is_surer_never_needs_fewer(
    share: float, one: float, other: float, resilience: Resilience, factor: float
) -> None:
    low, high = sorted((one, other))
    sure, surer = (fleet(Layout((candidate(share, 2, sure=s),), 8), factor, resilience) for s in (high, low))
    assert sure.confidence <= surer.confidence and sure.servers <= surer.servers


def unsure(c: Candidate) -> Candidate:
    return candidate(c.share, c.gpus, c.pool.burst, c.stable_share / c.share)


@pytest.mark.parametrize(("strict", "loose"), [(0.9999, 0.999), (0.999, 0.9)])
def test_stricter_availability_never_needs_fewer_servers(strict: float, loose: float) -> None:
    layout = Layout((candidate(0.02, 2),), 8)
    sizes = [
        fleet(layout, 1.0, Resilience.model_validate({"redundancy": "auto", "availability": a})).redundant_servers
        for a in (strict, loose)
    ]
    assert sizes[0] >= sizes[1] >= 0


@settings(max_examples=100, deadline=None)
@given(layouts, st.sampled_from(["N", "N+1", "N+2"]), st.floats(0.05, 8.0))
def test_an_upgrade_stacked_on_the_redundancy_leaves_it_whole(layout: Layout, redundancy: str, factor: float) -> None:
    """The fleet of N+k with an upgrade on top is that of N+(k+1), whose spare is spent on the upgrade."""
    stacked = Resilience.model_validate({"redundancy": redundancy, "upgrades": {"stack_on_redundancy": True}})
    more = Resilience.model_validate({"redundancy": {"N": "N+1", "N+1": "N+2", "N+2": "N+3"}[redundancy]})
    found = fleet(layout, factor, stacked)
    assert found.production_servers == fleet(layout, factor, more).production_servers
    assert found.upgrade_servers >= 1 and found.redundant_servers == int(redundancy[2:] or 0)


def test_an_upgrade_of_a_replica_over_two_servers_takes_both_by_hand() -> None:
    """Three replicas of 16 GPUs and one spare on 8 servers of 8; the one under upgrade takes two servers more."""
    upgrades = {"upgrades": {"stack_on_redundancy": True}}
    layout = Layout((candidate(0.4, 16, burst=1.0),), 8)
    found = fleet(layout, 1.0, Resilience.model_validate({"headroom": 0, **upgrades}))
    assert (found.serving_servers, found.production_servers, found.upgrade_servers) == (6, 10, 2)


MOST_SPELLED = 10
"""One more than the largest k that a profile may write as N+k."""


@settings(max_examples=60, deadline=None)
@given(layouts, st.sampled_from([0.99, 0.999, 0.9999]), st.floats(0.05, 1.0), st.floats(0.2, 3.0))
def test_auto_takes_the_fewest_spares_that_meet_the_availability_with_all_that_stand(
    layout: Layout, target: float, factor: float, failures: float
) -> None:
    """A server more that stands may fail too: k of all of them, not k beside the serving ones."""
    asked = {"redundancy": "auto", "availability": target, "server_failures_per_year": failures}
    resilience = Resilience.model_validate(asked)

    def met(found: Fleet, down: int) -> bool:
        standing = found.serving_servers + found.redundant_servers + found.spread_servers
        return float(binom.cdf(down, standing, server_down(resilience))) >= target - 1e-12

    found = fleet(layout, factor, resilience)
    k = found.redundant_servers
    assert met(found, k)
    if 0 < k <= MOST_SPELLED:
        fewer = "N" if k == 1 else f"N+{k - 1}"
        less = fleet(layout, factor, Resilience.model_validate({**asked, "redundancy": fewer}))
        assert not met(less, k - 1)
