"""Random traffic of the workloads of a pool: what a simulation is fed with."""

from __future__ import annotations

import math
from collections.abc import Sequence
from zlib import crc32

import numpy as np

from aisizer.demand.mix import HALF_A_TOKEN, quantile, share_below
from aisizer.demand.modulation import arrival_times, modulation_of, peak_level, rate_variance, slow_variance
from aisizer.demand.replay import together
from aisizer.profile.kinds import arrivals_of
from aisizer.profile.sections import Modulation, TokenLengths, Workload
from aisizer.shapes import Floats, Requests

STRATUM = 1_000
"""Requests among which each length, from the shortest to the longest, comes once: the same distribution and order as by
chance, without the chance of a run of long ones (stratified sampling: Asmussen and Glynn 2007, Stochastic Simulation,
section V.7). It halves what two seeds differ by."""


SEEDS = 1_000
"""Seeds of each run, one for each of its workloads."""


def stream(name: str, seed: int) -> np.random.Generator:
    """The random numbers of one purpose: another purpose or seed draws others, whatever else is drawn."""
    return np.random.default_rng([seed, crc32(name.encode())])


def traffic(
    workloads: Sequence[Workload],
    rates: Sequence[float],
    count: int,
    seed: int,
    modulation: Sequence[Modulation] = (),
) -> Requests:
    """So many requests of all workloads together, at the sum of their rates [req/s]; class_id is the position in both.

    With the same seed requests keep their class, their lengths and, in units of the mean gap, their arrivals at every
    rate and count, so that two answers differ by what was changed and not by chance (common random numbers).
    """
    total = float(sum(rates))
    shares = np.cumsum(rates) / total
    class_id = np.searchsorted(shares[:-1], _even(stream("class", seed), count), side="right")
    prompt, output, hit = (np.empty(count) for _ in range(3))
    draws = [(lengths, _even(stream(lengths, seed), count)) for lengths in ("prompt_tokens", "output_tokens")]
    for k, workload in enumerate(workloads):
        mine = class_id == k
        for (name, u), column in zip(draws, (prompt, output), strict=True):
            column[mine] = tokens(getattr(workload, name), u[mine])
        hit[mine] = workload.prefix_hit
    return Requests(
        arrival_s=arrival_times(total, modulation, count, stream("arrivals", seed)),
        prompt_tokens=prompt,
        output_tokens=output,
        cached_tokens=np.floor(hit * prompt),
        class_id=class_id.astype(np.int64),
    )


def _even(rng: np.random.Generator, count: int) -> Floats:
    """Probabilities in random order, one in each stratum of each STRATUM of them."""
    blocks = [(rng.permutation(STRATUM) + rng.random(STRATUM)) / STRATUM for _ in range(-(-count // STRATUM))]
    return np.concatenate(blocks)[:count]


def peak_hour(workloads: Sequence[Workload], rates: Sequence[float], seconds: float, seed: int) -> Requests:
    """The requests of so many seconds, each workload arriving as unevenly as its burst says.

    Its rate [req/s] is that of the peak window; where the burst holds all of the modulation it wanders about the mean that
    belongs to it, since the peak is in the modulation already.
    """
    parts = []
    for k, (workload, rate) in enumerate(zip(workloads, rates, strict=True)):
        modulation = modulation_of(workload.burst, rate, arrivals_of(workload.kind).dispersion)
        mean = rate / peak_level(slow_variance(workload.burst))
        expected = mean * seconds
        spread = math.sqrt(expected + expected**2 * rate_variance(modulation, seconds))
        count = math.ceil(expected + 6 * spread) + 6  # more than ever arrive; the rest is cut off
        drawn = traffic([workload], [mean], count, seed * SEEDS + k, modulation)
        parts.append(drawn.take(np.flatnonzero(drawn.arrival_s <= seconds)))
    return together(parts, from_own_beginning=False)


def tokens(lengths: TokenLengths, u: Floats) -> Floats:
    """Whole token counts at the probabilities u of the part of a distribution that rounds to a token or more.

    >>> tokens(TokenLengths(mean=100, p95=100), np.array([0.1, 0.9])).tolist()
    [100.0, 100.0]
    """
    below = share_below(lengths, HALF_A_TOKEN)
    return np.asarray(np.rint(quantile(lengths, below + (1 - below) * u)))
