"""A trace at another load: copies of it on top of each other, or fewer of its requests; time is never compressed."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from aisizer.shapes import Floats, Ints, Requests
from aisizer.units import HOUR


def scaled(requests: Requests, factor: float, rng: np.random.Generator) -> Requests:
    """The requests of a trace at `factor` times its load, in order of arrival, over the same span.

    Above 1 the trace runs with copies of itself, each shifted around the span by a time drawn from `rng`, the last one
    thinned to what is left; below 1 each request stays with probability `factor`. Lengths stay with their requests and
    every rise and fall keeps its duration, which compressing time would shorten. Shifted copies are uncorrelated, as
    more users of the same kind are, so that n copies have 1/n of the relative variance of the rate.

    >>> trace = Requests(np.arange(4.0), *(np.ones(4) for _ in range(3)), np.zeros(4, dtype=np.int64))
    >>> scaled(trace, 2.0, np.random.default_rng(1)).arrival_s.round(2).tolist()
    [0.0, 0.05, 1.0, 1.05, 2.0, 2.05, 3.0, 3.05]
    """
    if not factor > 0:
        raise ValueError(f"A trace is scaled by a factor of more than 0 (got {factor}).")
    parts = [_copy(requests, min(1.0, factor - n), n > 0, rng) for n in range(math.ceil(factor))]
    rows = np.concatenate([kept for kept, _ in parts])
    arrival = np.concatenate([times for _, times in parts])
    order = np.argsort(arrival, kind="stable")
    rows = rows[order]
    return Requests(
        arrival_s=arrival[order],
        prompt_tokens=requests.prompt_tokens[rows],
        output_tokens=requests.output_tokens[rows],
        cached_tokens=requests.cached_tokens[rows],
        class_id=requests.class_id[rows],
    )


def busiest(requests: Requests, width_s: float = HOUR) -> Requests:
    """The requests of the busiest window [s] that begins with an arrival; all of them where the trace is no longer.

    >>> trace = Requests(np.array([0.0, 9.0, 10.0, 11.0, 99.0]), *(np.ones(5) for _ in range(3)), np.zeros(5, dtype=np.int64))
    >>> busiest(trace, 5.0).arrival_s.tolist()
    [9.0, 10.0, 11.0]
    """
    times = requests.arrival_s
    ends = np.searchsorted(times, times + width_s)
    first = int(np.argmax(ends - np.arange(len(times))))
    return requests.take(np.arange(first, ends[first]))


def together(parts: Sequence[Requests], from_own_beginning: bool = True) -> Requests:
    """The requests of several traces in order of arrival, each from its own beginning or on one clock; class_id is the
    position of its trace."""
    columns = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in ("prompt_tokens", "output_tokens", "cached_tokens")
    }
    starts = [part.arrival_s[:1].sum() if from_own_beginning else 0.0 for part in parts]
    arrival = np.concatenate([part.arrival_s - start for part, start in zip(parts, starts, strict=True)])
    class_id = np.repeat(np.arange(len(parts)), [len(part.arrival_s) for part in parts])
    whole = Requests(arrival_s=arrival, class_id=class_id.astype(np.int64), **columns)
    return whole.take(np.argsort(arrival, kind="stable"))


def span_s(requests: Requests) -> float:
    """[s] from the first arrival to one mean gap after the last, so that the end can be joined to the beginning."""
    first, last, count = requests.arrival_s[0], requests.arrival_s[-1], len(requests.arrival_s)
    return float((last - first) * count / (count - 1)) if count > 1 else 0.0


def _copy(requests: Requests, share: float, shift: bool, rng: np.random.Generator) -> tuple[Ints, Floats]:
    """Which requests one copy holds, and when [s] they arrive in it."""
    count, span = len(requests.arrival_s), span_s(requests)
    offset = rng.uniform(0, span) if shift else 0.0
    kept = np.arange(count) if share == 1 else np.flatnonzero(rng.random(count) < share)
    times = requests.arrival_s[kept] - requests.arrival_s[0]
    return kept, (times + offset) % span if shift else times
