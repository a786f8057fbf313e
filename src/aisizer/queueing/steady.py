"""Whether a replica is stable under a share of a load, and the steady state it settles in."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from aisizer.queueing.latency import Situation, closed_ttft, overflow_tokens
from aisizer.queueing.lengths import Lengths, Mix, mix
from aisizer.queueing.records import Load
from aisizer.queueing.states import Occupancy, occupancy, overloaded, state_grid, state_limit, step_times
from aisizer.queueing.steps import Replicas, decode_step_s, mixed_step_s
from aisizer.shapes import Floats

CLOSED_ROUNDS = 14
"""Bisections of the closed classes' step time: resolves 0.1 % of it."""
SATURATION_ROUNDS = 3
BISECTIONS = 24


def fits(replicas: Replicas, lengths: Lengths) -> NDArray[np.bool_]:
    """[configuration] whether the longest request alone fits in the KV memory."""
    enough: NDArray[np.bool_] = replicas.kv_capacity_tokens[:, 0] >= lengths.longest.max()
    return enough


def stable(replicas: Replicas, lengths: Lengths, load: Load, share: Floats) -> NDArray[np.bool_]:
    """[configuration] whether the queue has a steady state.

    With endless work a replica runs full: either every sequence decodes, or prompts take all the budget that decoding
    leaves. Open arrivals must stay below both; a closed population must fit in the batch, more of it only waits.
    """
    population = (share[:, None] * load.population).sum(axis=1)
    rates = share[:, None] * load.rate
    blend = mix(lengths, rates + _closed_guess(replicas, lengths, load, share))
    for _ in range(SATURATION_ROUNDS if load.population.any() else 0):
        limit = state_limit(replicas, blend)[:, None]
        step = step_times(replicas, blend, limit).mean_s
        steps = lengths.decode + 1 + lengths.work / replicas.token_budget
        blend = mix(lengths, rates + share[:, None] * load.population / (steps * step))
    limit = state_limit(replicas, blend)
    full = np.minimum(limit, _token_bound(replicas, blend))
    room = full - population
    births = (rates * lengths.decode).sum(axis=1)
    serving = births * step_times(replicas, blend, full[:, None]).slowed_s(blend)[:, 0] < room
    prompts = ~overloaded(replicas, blend, full[:, None])[:, 0]
    result: NDArray[np.bool_] = population <= limit
    return result & prompts & (serving | (births == 0)) if load.rate.any() else result


def stable_share(replicas: Replicas, lengths: Lengths, load: Load) -> Floats:
    """[configuration] the largest stable share, by bisection below the share that fills every step."""
    high = _certainly_too_much(replicas, lengths, load)
    low = np.zeros_like(high)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        good = stable(replicas, lengths, load, middle)
        low, high = np.where(good, middle, low), np.where(good, high, middle)
    return low


def settle(replicas: Replicas, lengths: Lengths, load: Load, share: Floats) -> Situation:
    """The steady state; the throughput of closed classes by a mean-field fixed point first."""
    opened, population = share[:, None] * load.rate, share[:, None] * load.population
    nothing = np.zeros_like(population)
    if not load.population.any():
        return _situation(replicas, lengths, opened, population, nothing, nothing)
    return _situation(replicas, lengths, *_closed_balance(replicas, lengths, opened, population))


def _closed_balance(
    replicas: Replicas, lengths: Lengths, opened: Floats, population: Floats
) -> tuple[Floats, Floats, Floats, Floats]:
    """Rates, population, decoding part and queued tokens [configuration, class], by bisection on the step time.

    A longer step lowers the throughput population / (TTFT + decode steps x step), and thereby the step time that the
    arriving prompts cause; TTFT and queue follow with one round of delay.
    """
    closed = population > 0
    blend = mix(lengths, population + opened)
    low = decode_step_s(replicas, blend, np.ones_like(replicas.token_budget))[:, 0] / 2
    high = 2 * mixed_step_s(replicas, blend, state_limit(replicas, blend)[:, None], replicas.token_budget)[:, 0]
    ttft, backlog = np.where(closed, high[:, None] / 8, 0.0), np.zeros_like(population)
    for _ in range(CLOSED_ROUNDS):
        step = np.sqrt(low * high)
        decode = lengths.decode * step[:, None]
        rates = opened + np.divide(population, ttft + decode, out=np.zeros_like(population), where=closed)
        decoding = np.where(closed, rates * decode, 0.0)
        now = _at_point(replicas, lengths, rates, population, decoding, backlog, (rates * decode).sum(axis=1))
        caused = now.times.slowed_s(now.mix)[:, 0]
        low, high = np.where(caused > step, step, low), np.where(caused > step, high, step)
        for k in np.flatnonzero(closed.any(axis=0)).tolist():
            ttft[:, k], backlog[:, k] = closed_ttft(now, k, now.times)
    return rates, population, decoding, backlog


def sound(now: Situation) -> NDArray[np.bool_]:
    """[configuration] whether the state found is a steady one: births below deaths, and prompts kept up with."""
    return (now.occupancy.utilisation < 1) & (overflow_tokens(now) >= 0)


def _situation(
    replicas: Replicas, lengths: Lengths, rates: Floats, population: Floats, decoding: Floats, backlog: Floats
) -> Situation:
    blend = mix(lengths, rates)
    limit = state_limit(replicas, blend)
    times = step_times(replicas, blend, state_grid(limit))
    births = (np.where(population > 0, 0.0, rates) * lengths.decode).sum(axis=1)
    permanent = np.minimum(decoding.sum(axis=1), limit)
    states = occupancy(times, blend, limit, births, permanent)
    at_nodes = times.at(states.decoding)
    return Situation(replicas, lengths, blend, rates, population, decoding, backlog, times, states, at_nodes)


def _at_point(
    replicas: Replicas,
    lengths: Lengths,
    rates: Floats,
    population: Floats,
    decoding: Floats,
    backlog: Floats,
    state: Floats,
) -> Situation:
    """The same with all probability in one state; whoever decodes sees at least itself."""
    blend = mix(lengths, rates)
    states = np.minimum(np.fmax(state, 1.0), state_limit(replicas, blend))[:, None]
    states = states * (blend.decode > 0)[:, None]
    nothing = np.zeros(len(states))
    point = Occupancy(states, np.zeros_like(states), np.ones_like(states), nothing, nothing, nothing)
    times = step_times(replicas, blend, states)
    return Situation(replicas, lengths, blend, rates, population, decoding, backlog, times, point, times)


def _closed_guess(replicas: Replicas, lengths: Lengths, load: Load, share: Floats) -> Floats:
    """[req/s] throughput of the closed classes if every step took as long as with all of them decoding."""
    population = share[:, None] * load.population
    if not load.population.any():
        return np.zeros_like(population)
    blend = mix(lengths, population + share[:, None] * load.rate)
    step = decode_step_s(replicas, blend, np.fmax(population.sum(axis=1), 1.0)[:, None])
    return population / ((lengths.decode + 1) * step)


def _token_bound(replicas: Replicas, blend: Mix) -> Floats:
    """[sequence] decoding sequences when every step is full and as many prompts start as finish."""
    return replicas.token_budget[:, 0] * blend.decode / (blend.work + blend.decode)


def _certainly_too_much(replicas: Replicas, lengths: Lengths, load: Load) -> Floats:
    """[share] the prompts alone fill every step, or the closed population the batch."""
    budget = replicas.token_budget
    share = np.full(len(budget), np.inf)
    if load.rate.any():
        blend = mix(lengths, np.broadcast_to(load.rate, (len(budget), len(load.rate))))
        full = mixed_step_s(replicas, blend, np.zeros_like(budget), budget)[:, 0]
        share = budget[:, 0] / (full * blend.rate * blend.work)
    if load.population.any():
        share = np.minimum(share, replicas.max_batch[:, 0] / load.population.sum() * 1.000001)
    return share
