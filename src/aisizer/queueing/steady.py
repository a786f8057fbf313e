"""Whether a replica is stable under a share of a load, and the steady state it settles in."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from aisizer.queueing.front import added_delay_s, front_load
from aisizer.queueing.lengths import Lengths, Mix, mix
from aisizer.queueing.records import Load
from aisizer.queueing.states import Occupancy, occupancy
from aisizer.queueing.step_times import overloaded, state_grid, state_limit, step_times
from aisizer.queueing.steps import Replicas, attention_price, decode_step_s, mixed_step_s
from aisizer.queueing.waits import Situation, closed_ttft, overflow_tokens
from aisizer.shapes import Floats

CLOSED_ROUNDS, CLOSED_RANGE_LOG = 18, 9.0
"""Bisections of the log throughput of closed classes, from e^-9 of what they would do alone: resolves 0.004 %, for a
short queue is the small difference between a large population and those of it that decode."""
BISECTIONS = 20
NO_TOKEN = 1e-6
"""[token] an overflow that differs from none by rounding only."""


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
    blend = mix(
        lengths, share[:, None] * load.rate + _closed_guess(replicas, lengths, load, share), attention_price(replicas)
    )
    limit = state_limit(replicas, blend)
    seated: NDArray[np.bool_] = population <= limit
    if not load.rate.any():
        return seated
    if load.population.any():
        return seated & sound(settle(replicas, lengths, load, share))
    full = np.minimum(limit, _token_bound(replicas, blend))[:, None]
    births = blend.rate * blend.decode
    serving = births * step_times(replicas, blend, full).slowed_s(blend)[:, 0] < full[:, 0]
    prompts: NDArray[np.bool_] = ~overloaded(replicas, blend, full)[:, 0]
    streamed = front_load(replicas, blend) < 1
    result: NDArray[np.bool_] = prompts & (serving | (births == 0)) & streamed
    return result


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
    """Rates, population, decoding part and queued tokens [configuration, class], by bisection on the closed throughput.

    By Little's law rates x (TTFT + decode steps x step) must make up the population. Both factors grow with the rate,
    the second without bound as the replica fills, so there is one solution. How classes share the throughput follows
    with one round of delay.
    """
    closed, people = population > 0, population.sum(axis=1)
    stay = _shortest_stay(replicas, lengths, population + opened)
    high = np.log((population / stay).sum(axis=1))
    low = high - CLOSED_RANGE_LOG
    for last in [False] * CLOSED_ROUNDS + [True]:
        middle = low if last else (low + high) / 2
        share = population / stay / (population / stay).sum(axis=1)[:, None]
        now = _mean_field(replicas, lengths, opened + share * np.exp(middle)[:, None], population)
        ttft = np.zeros_like(population)
        for k in np.flatnonzero(closed.any(axis=0)).tolist():
            ttft[:, k] = closed_ttft(now, k) + np.nan_to_num(added_delay_s(replicas, now.mix))
        stay = np.where(closed, ttft + np.divide(now.decoding, now.rates), stay)
        crowded = (now.times.slack[:, 0] <= 0) | ((now.rates * stay * closed).sum(axis=1) > people)
        crowded |= front_load(replicas, now.mix) >= 1
        low, high = np.where(crowded, low, middle), np.where(crowded, middle, high)
    return now.rates, population, now.decoding, _queue_of_the_rest(now, closed, stay)


def _queue_of_the_rest(now: Situation, closed: NDArray[np.bool_], stay: Floats) -> Floats:
    """[token] queued prompts [configuration, class] such that everyone is somewhere.

    Near saturation the queue is far more sensitive to the rate than the bisection resolves; the population is not.
    """
    missing = (now.population - now.rates * stay * closed).sum(axis=1)[:, None]
    share = now.rates * closed / (now.rates * closed).sum(axis=1)[:, None]
    queue: Floats = np.fmax(now.backlog + missing * share * now.lengths.work, 0.0)
    return queue


def _shortest_stay(replicas: Replicas, lengths: Lengths, weights: Floats) -> Floats:
    """[s] lower bound of the E2E of each class [configuration, class]: one step per token, nobody else."""
    step = decode_step_s(
        replicas, mix(lengths, weights, attention_price(replicas)), np.ones_like(replicas.token_budget)
    )
    return replicas.request_fixed_s + (lengths.decode + 0.5) * step


def sound(now: Situation) -> NDArray[np.bool_]:
    """[configuration] whether the state found is a steady one: births below deaths, and prompts kept up with.

    Prompts must be kept up with even while nothing decodes: steps that compute them cannot fill more than all time.
    A closed population cannot outrun its replica.
    """
    kept_up = (overflow_tokens(now)[0] >= -NO_TOKEN) & (now.times.prefill_share[:, 0] <= 1)
    streamed = front_load(now.replicas, now.mix) < 1
    return (now.occupancy.utilisation < 1) & (kept_up | (now.population > 0).all(axis=1)) & streamed


def _situation(
    replicas: Replicas, lengths: Lengths, rates: Floats, population: Floats, decoding: Floats, backlog: Floats
) -> Situation:
    blend = mix(lengths, rates, attention_price(replicas))
    limit = state_limit(replicas, blend)
    times = step_times(replicas, blend, state_grid(limit))
    births = (np.where(population > 0, 0.0, rates) * lengths.decode).sum(axis=1)
    permanent = np.minimum(decoding.sum(axis=1), limit)
    states = occupancy(times, blend, limit, births, permanent)
    at_nodes = times.at(states.decoding)
    return Situation(replicas, lengths, blend, rates, population, decoding, backlog, times, states, at_nodes)


def _mean_field(replicas: Replicas, lengths: Lengths, rates: Floats, population: Floats) -> Situation:
    """The steady state under given rates with all probability in the state where births and deaths balance."""
    blend = mix(lengths, rates, attention_price(replicas))
    limit = state_limit(replicas, blend)
    grid = step_times(replicas, blend, state_grid(limit))
    step = grid.slowed_s(blend)
    demand = (blend.rate * blend.decode)[:, None]
    state = _balance(grid.decoding, demand * step)
    point = grid.at(np.where(demand > 0, np.fmax(state, 1.0), 0.0))
    decoding = np.where(population > 0, rates * lengths.decode, 0.0) * point.slowed_s(blend)
    overflow = np.divide(point.excess / 2, point.slack, out=np.zeros_like(point.slack), where=point.slack > 0)
    queued = np.where(population > 0, rates * lengths.work, 0.0) / (blend.rate * blend.work)[:, None]
    nothing, one = np.zeros_like(limit), np.ones_like(state)
    states = Occupancy(point.decoding, one * 0, one, nothing, nothing, nothing)
    backlog = queued * np.fmax(overflow, 0.0)
    return Situation(replicas, lengths, blend, rates, population, decoding, backlog, point, states, point)


def _balance(grid: Floats, needed: Floats) -> Floats:
    """First state [configuration, 1] with as many decoding sequences as needed there; the last one if there is none."""
    missing = needed - grid
    cell = np.fmax((missing <= 0).argmax(axis=1), 1)
    cell = np.where((missing <= 0).any(axis=1), cell, grid.shape[1] - 1)
    rows = np.arange(len(grid))
    before, after = missing[rows, cell - 1], missing[rows, cell]
    share = np.clip(np.divide(before, before - after, out=np.ones_like(before), where=before > after), 0.0, 1.0)
    result: Floats = (grid[rows, cell - 1] + share * (grid[rows, cell] - grid[rows, cell - 1]))[:, None]
    return result


def _closed_guess(replicas: Replicas, lengths: Lengths, load: Load, share: Floats) -> Floats:
    """[req/s] throughput of the closed classes if every step took as long as with all of them decoding."""
    population = share[:, None] * load.population
    if not load.population.any():
        return np.zeros_like(population)
    blend = mix(lengths, population + share[:, None] * load.rate, attention_price(replicas))
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
        blend = mix(lengths, np.broadcast_to(load.rate, (len(budget), len(load.rate))), attention_price(replicas))
        full = mixed_step_s(replicas, blend, np.zeros_like(budget), budget)[:, 0]
        share = budget[:, 0] / (full * blend.rate * blend.work)
    if load.population.any():
        share = np.minimum(share, replicas.max_batch[:, 0] / load.population.sum() * 1.000001)
    return share
