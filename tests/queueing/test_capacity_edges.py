"""What a capacity says at its edges: no request fits, an idle replica misses a limit, a limit cannot be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from synthetic import LARGE, traffic

from aisizer.queueing.occupancy import Limit, Load, capacity, solve

CHAT = traffic("chat", 64)
LOAD = Load(np.array([20.0]), np.zeros(1))
TINY = replace(LARGE, kv_capacity_tokens=500.0)
SLOW = replace(LARGE, tokens_s=LARGE.tokens_s * 20)
LIMITS = [Limit(0, "ttft", "p95", 1.0), Limit(0, "tpot", "p95", 0.05)]


def test_each_row_says_for_itself_what_binds() -> None:
    """In one call: one that serves, one that holds no request, one too slow for its TPOT even when idle, and one that serves."""
    found = capacity([LARGE, TINY, SLOW, LARGE], CHAT, LOAD, LIMITS)
    alone = capacity([LARGE], CHAT, LOAD, LIMITS)
    assert found.share[0] == found.share[3] == pytest.approx(alone.share[0], rel=1e-9)
    assert found.share[[1, 2]].tolist() == [0.0, 0.0]
    assert found.stable_share[1] == 0.0 < found.stable_share[2] < found.stable_share[0]
    assert found.binding[1] == -1 and found.binding[2] in (0, 1) and found.binding[0] == found.binding[3] >= 0
    idle = found.idle.value("tpot", "p95")[:, 0]
    assert idle[2] > 0.05 > idle[0] == idle[3] > 0


def test_the_limit_that_an_idle_replica_misses_binds_whichever_it_is() -> None:
    for first, second, which in ((1e-6, 0.05, 0), (1.0, 1e-6, 1)):
        limits = [Limit(0, "ttft", "p95", first), Limit(0, "tpot", "p95", second)]
        found = capacity([LARGE], CHAT, LOAD, limits)
        assert (found.share[0], found.binding[0]) == (0.0, which) and found.stable_share[0] > 0


def test_without_limits_stability_alone_binds() -> None:
    found = capacity([LARGE, TINY], CHAT, LOAD, [])
    assert found.binding == (-1, -1) and found.share.tolist() == found.stable_share.tolist()


def test_a_stable_share_found_before_is_taken_as_it_is_where_a_request_fits() -> None:
    plain = capacity([LARGE, TINY], CHAT, LOAD, [])
    given = np.array([0.5, 0.5]) * plain.stable_share[0]
    found = capacity([LARGE, TINY], CHAT, LOAD, [], stable=given)
    assert found.stable_share.tolist() == [given[0], 0.0]


def test_limits_that_cannot_be_are_told() -> None:
    with pytest.raises(ValueError, match="names class 1, but the load has 1 classes"):
        capacity([LARGE], CHAT, LOAD, [Limit(1, "ttft", "p95", 1.0)])
    single = replace(CHAT, output_tokens=np.ones_like(CHAT.output_tokens))
    with pytest.raises(ValueError, match=r"TPOT is not defined for class 0: its requests have one output token"):
        capacity([LARGE], single, LOAD, [Limit(0, "tpot", "p95", 0.1)])
    assert capacity([LARGE], single, LOAD, [Limit(0, "ttft", "p95", 1.0)]).share[0] > 0


@pytest.mark.parametrize("share", [np.array([0.5, 0.5]), np.array([0.0]), np.array([-0.5])])
def test_a_load_is_solved_for_one_share_above_0_of_each_table(share: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"^solve needs one share above 0 per step table"):
        solve([LARGE], CHAT, LOAD, share)
