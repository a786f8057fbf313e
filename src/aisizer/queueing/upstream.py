"""A system that every request calls before the model and that takes only so many calls a second, and calls made again."""

from __future__ import annotations

import numpy as np

from aisizer.shapes import Floats


def amplification(attempts: int, failing: float) -> float:
    """[1] calls per first attempt when each call fails with the probability `failing` and is made `attempts` times at most.

    The partial sum of a geometric series, (1 - p^n) / (1 - p); n at p = 1. Why it matters: Beyer et al. (ed.), Site
    Reliability Engineering, 2016, ch. 22, https://sre.google/sre-book/addressing-cascading-failures/. Worked: three
    attempts, half of the calls fail: 1 + 1/2 + 1/4.

    >>> amplification(3, 0.5), amplification(3, 0.0), amplification(3, 1.0)
    (1.75, 1.0, 3.0)
    """
    if not (attempts >= 1 and 0 <= failing <= 1):
        raise ValueError(f"There is at least one attempt and a share that fails (got {attempts}, {failing}).")
    return float(sum(failing**n for n in range(attempts)))


def answered_s(arrival_s: Floats, calls: float, limit_per_s: float, latency_s: float) -> Floats:
    """[s] when each request has its answers: it waits for its turn at the ceiling, and then for its calls one by one.

    arrival_s ascending [s]; `calls` of each request, with which it holds the ceiling for calls / limit; latency_s of one
    call. Turns are first come first served, the recursion D_j = max(a_j, D_{j-1}) + s of Lindley 1952
    (doi:10.1017/S0305004100027638), here as a running maximum of a_k - k s. Worked: three at once, two calls each, at 4
    calls a second and 0.1 s a call: turns end at 0.5, 1.0 and 1.5 s.

    >>> answered_s(np.zeros(3), 2.0, 4.0, 0.1).round(9).tolist()
    [0.7, 1.2, 1.7]
    """
    if not (calls > 0 and limit_per_s > 0 and latency_s >= 0):
        raise ValueError(
            f"Calls and their limit are above 0 and latency is not below (got {calls}, {limit_per_s}, {latency_s})."
        )
    turn_s = calls / limit_per_s
    before = np.arange(len(arrival_s)) * turn_s
    turns: Floats = np.maximum.accumulate(arrival_s - before) + before + turn_s
    return turns + calls * latency_s
