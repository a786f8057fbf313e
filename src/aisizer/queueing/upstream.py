"""A system that every request calls before the model and that takes only so many calls a second."""

from __future__ import annotations

import numpy as np

from aisizer.shapes import Floats


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
