"""The simulator against closed forms, jointly over a grid of queues, and request by request against Ciw."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec

import ciw
import numpy as np
import pytest
from closed_forms import (
    STEPS,
    Judged,
    Lengths,
    exponential,
    grid,
    judge,
    mmc,
    processor,
    servers,
    two_lengths,
)
from synthetic import requests

from aisizer.queueing.simulate import simulate
from aisizer.shapes import Floats, StepTable

SIGNIFICANCE = 0.05
"""[1] of the whole grid: each statistic gets its equal part (Bonferroni)."""
NARROW = 0.01
"""[1] half-width of each mean's 95 % interval, over the closed form."""


def improbable(judged: list[Judged]) -> list[Judged]:
    """What would not happen to an exact simulator in 95 of 100 grids."""
    return [one for one in judged if one.p_value < SIGNIFICANCE / len(judged)]


@pytest.fixture(scope="module")
def judged() -> list[Judged]:
    if find_spec("numba") is None:
        pytest.skip("68 million requests need numba; the small grid below runs without")
    return [one for cell in grid() for one in judge(cell)]


def test_the_grid_agrees_with_its_closed_forms(judged: list[Judged]) -> None:
    assert not improbable(judged)


def test_each_mean_is_known_within_one_percent(judged: list[Judged]) -> None:
    means = [one for one in judged if one.statistic.startswith("mean")]
    assert len(means) > 25
    assert not [one for one in means if one.relative_half_width > NARROW]


def test_a_small_grid_agrees_too() -> None:
    """The same queues at low load with few requests: the loop that is not compiled can do these."""
    cells = [replace(cell, runs=8) for cell in grid() if cell.load <= 0.5]
    assert len(cells) > 8
    assert not improbable([one for cell in cells for one in judge(cell, count=2000, warm_up=400)])


def test_a_wrong_closed_form_stands_out() -> None:
    """Even in the small grid, where half-widths are ten times as large, a wait that is 20 % off."""
    cell = mmc(1, 0.5, 18)
    wrong = replace(cell, exact={**cell.exact, "mean wait": 1.2 * cell.exact["mean wait"]})
    assert improbable(judge(wrong, count=2000, warm_up=400) * 40)


def node(shared: bool, count: int) -> dict[str, object]:
    """Ciw's node of `count` servers, or of one that all present share."""
    if shared:
        return {"number_of_servers": [float("inf")], "ps_thresholds": [1]}
    return {"number_of_servers": [count]}


def by_ciw(gaps: Floats, services: Floats, shared: bool, count: int) -> tuple[Floats, Floats]:
    """[s] arrival and departure of each request in Ciw, which draws them one after the other from these lists."""
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Sequential([*gaps.tolist(), float("inf")])],
        service_distributions=[ciw.dists.Sequential(services.tolist())],
        **node(shared, count),
    )
    run = ciw.Simulation(network, node_class=ciw.PSNode if shared else ciw.Node)
    run.simulate_until_max_customers(len(gaps), method="Finish")
    records = sorted(run.get_all_records(), key=lambda record: record.arrival_date)
    return np.array([r.arrival_date for r in records]), np.array([r.exit_date for r in records])


@pytest.mark.parametrize(
    ("table", "shared", "count", "load", "lengths"),
    [
        (servers(1), False, 1, 0.8, two_lengths),
        (servers(3), False, 3, 0.85, two_lengths),
        (servers(4), False, 4, 0.7, exponential),
        (servers(16), False, 16, 0.9, exponential),
        (processor(), True, 1, 0.8, two_lengths),
        (processor(), True, 1, 0.7, exponential),
    ],
    ids=["M/G/1", "M/G/3", "M/M/4", "M/M/16", "sharing, two lengths", "sharing, exponential"],
)
def test_every_request_leaves_as_in_ciw(
    table: StepTable, shared: bool, count: int, load: float, lengths: Lengths
) -> None:
    """The same arrivals and services, 4,000 of them: departures agree to a few steps, a millionth of a service each."""
    rng = np.random.default_rng([7, count])
    gaps, services = rng.exponential(1 / (load * count), 4000), lengths(rng, 4000)
    arrival, departure = by_ciw(gaps, services / STEPS, shared, count)
    run = simulate(table, requests(arrival, 1, services))
    np.testing.assert_allclose(run.finish_s, departure, rtol=0, atol=2e-3)
    assert np.abs(run.finish_s - departure).mean() < 2e-4
