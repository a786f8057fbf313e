"""What a replica carries by simulation: the search, and its answer on real step tables."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from aisizer.catalog.catalog import Catalog
from aisizer.catalog.load import load_catalog
from aisizer.demand.loads import offered
from aisizer.profile.sections import Supply, Workload
from aisizer.sizing.capacity import Candidate, screen
from aisizer.sizing.cuts import Room
from aisizer.sizing.pools import make_pools
from aisizer.sizing.search import Crossing, Point, crossing
from aisizer.sizing.verify import AUTO, Effort, carried, trial

CHAT = {
    "model": "llama-3.1-8b",
    "load": {"rate": "6 req/s"},
    "prompt_tokens": {"mean": 1500, "p95": 3500},
    "output_tokens": {"mean": 250, "p95": 600},
    "slo": {"ttft_p95": "1.5 s", "tpot_p95": "30 ms"},
}


@cache
def catalog() -> Catalog:
    return load_catalog()


def candidate(**more: object) -> Candidate:
    """The replica on one H100 at FP8."""
    workload = Workload.model_validate(CHAT | {"precision": ["fp8"]} | more)
    model = catalog().models["llama-3.1-8b"]
    pool = make_pools({"chat": workload}, {"chat": model}, offered({"chat": workload}), {})[0]
    gpus = {"h100-sxm": catalog().gpus["h100-sxm"]}
    found = screen(pool, gpus, {"h100-sxm": Room(8, 8)}, catalog().engines["vllm-0.33"], Supply())
    return next(c for c in found.candidates if c.form.parallel.tensor == 1)


def points(
    worst: Callable[[float], float], noise: float = 0.0, settles_at: int = 0, seed: int = 0
) -> Callable[[float, int], Point]:
    """Runs of a made-up replica; those of one length have the same customers, and so the same chance."""

    def at(share: float, count: int) -> Point:
        y = worst(share) + noise * np.random.default_rng([seed, count]).normal() / math.sqrt(count / 1000)
        return Point(y, 2 * noise / math.sqrt(count / 1000), 3, settled=count >= settles_at)

    return at


def found_by(tried_at: Callable[[float, int], Point], share: float, most: float) -> Crossing:
    return crossing(tried_at, share, most, 1_000, 8_000)


@pytest.mark.parametrize("start", [0.02, 0.3, 1.0, 5.0])
@pytest.mark.parametrize("steepness", [0.3, 1.0, 6.0])
def test_the_search_finds_where_the_target_is_reached(start: float, steepness: float) -> None:
    found = found_by(points(lambda share: steepness * math.log(share / 0.8)), start, 50.0)
    assert found.share == pytest.approx(0.8, rel=0.05)
    assert found.limit == 3


def test_the_search_finds_a_wall() -> None:
    """Latency as in a queue: flat, then infinitely steep at 1."""
    found = found_by(points(lambda share: math.log(0.2 / (1 - share)) if share < 1 else math.inf), 0.3, 0.999)
    assert found.share == pytest.approx(0.8, rel=0.05)


def test_the_search_stops_at_the_most_that_it_may() -> None:
    found = found_by(points(lambda share: -1.0 + 0.01 * share), 0.3, 0.7)
    assert (found.share, found.limit) == (pytest.approx(0.7), -1)


def test_the_search_says_so_where_nothing_meets_the_target() -> None:
    assert found_by(points(lambda share: 0.5), 0.3, 0.7).share < 0.3 / 2**10
    assert found_by(points(lambda share: math.inf), 0.3, 0.7).share == 0.0


def test_chance_is_worked_off_by_longer_runs() -> None:
    """Each run's latency is off by 30 % at 1,000 requests and by 11 % at 8,000; a share by half of that."""

    def error(seed: int) -> float:
        noisy = points(lambda share: 2 * math.log(share / 0.8), noise=0.3, seed=seed)
        return math.log(found_by(noisy, 0.5, 50.0).share / 0.8)

    errors = [error(seed) for seed in range(200)]
    assert abs(np.mean(errors)) < 0.015
    assert np.std(errors) < 0.07


def test_runs_grow_until_they_hold_a_steady_state() -> None:
    found = found_by(points(lambda share: math.log(share / 0.8), settles_at=4_000), 0.8, 9.0)
    assert found.played == 1_000 + 2_000 + 4_000


def test_the_simulated_capacity_is_near_the_analytic_one_and_meets_its_limits() -> None:
    replica = candidate()
    found = carried(replica, "random", AUTO)
    assert found.share == pytest.approx(replica.share, rel=0.15)
    assert found.share <= found.stable_share
    assert found.stable_share == pytest.approx(replica.stable_share, rel=0.15)
    limits = replica.pool.limits
    below = trial(replica, 0.9 * found.share, 1, "random", AUTO)
    beyond = trial(replica, 1.15 * found.share, 1, "random", AUTO)
    assert all(e.value <= limit.seconds for e, limit in zip(below.estimates, limits, strict=True))
    assert any(e.value > limit.seconds for e, limit in zip(beyond.estimates, limits, strict=True))


def test_capacity_is_a_rate_whatever_the_demand() -> None:
    """Ten times the demand is a tenth of the share, to the last digit that the search moves: the customers are the same."""
    few, many = candidate(), candidate(load={"rate": "60 req/s"})
    assert 10 * carried(many, "random", AUTO).share == pytest.approx(carried(few, "random", AUTO).share, rel=1e-6)


def test_a_looser_target_never_carries_less() -> None:
    shares = [
        carried(candidate(slo={"ttft_p95": "1.5 s", "tpot_p95": f"{ms} ms"}), "random", AUTO).share
        for ms in (14, 18, 25, 40)
    ]
    assert shares == sorted(shares)


def test_sharing_a_queue_by_least_outstanding_carries_at_least_as_much_as_chance() -> None:
    replica = candidate(slo={"ttft_p95": "300 ms", "tpot_p95": "40 ms"}, load={"rate": "120 req/s"})
    found = [carried(replica, routing, AUTO).share for routing in ("random", "least_outstanding")]
    assert found[1] > 0.97 * found[0]


def test_whole_clients_of_a_closed_population() -> None:
    closed = candidate(load={"concurrency": 64})
    found = carried(closed, "random", AUTO)
    assert found.share * 64 == pytest.approx(round(found.share * 64), abs=1e-9)
    assert found.share == pytest.approx(closed.share, rel=0.25)


def test_a_run_stops_where_every_limit_is_decided() -> None:
    replica = candidate()
    easy = trial(replica, 0.3 * replica.share, 1, "random", AUTO)
    assert (easy.requests, easy.decided(replica.pool.limits)) == (AUTO.first, True)
    hard = replace(replica, pool=replace(replica.pool, limits=_at_the_edge(replica)))
    found = trial(hard, 0.6 * replica.share, 1, "random", Effort(1, 1_000, 4_000, 1_000))
    assert found.requests == 4_000
    assert found.simulated == 1_000 + 2_000 + 4_000


def _at_the_edge(replica: Candidate) -> tuple[object, ...]:
    """A target that lies where the simulation itself says the percentile is: never decided."""
    estimate = trial(replica, 0.6 * replica.share, 1, "random", Effort(1, 4_000, 4_000, 1_000)).estimates[1]
    return (replace(replica.pool.limits[1], seconds=estimate.value),)


def test_requests_beyond_the_memory_of_a_replica_are_refused_and_counted() -> None:
    replica = candidate()
    small = replace(
        replica, replica=replace(replica.replica, table=replace(replica.replica.table, kv_capacity_tokens=6_000.0))
    )
    found = trial(small, 0.05 * replica.share, 1, "random", AUTO)
    assert 0 < found.refused < 0.05
