"""From states to what requests see: TTFT, TPOT and E2E as weighted nodes, per class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aisizer.queueing.lengths import DECODE_WEIGHTS, NODE_WEIGHTS, Lengths, Mix
from aisizer.queueing.percentiles import GAMMA_WEIGHTS, gamma_nodes, joint, moments
from aisizer.queueing.states import Occupancy, StepTimes
from aisizer.queueing.steps import Replicas, mixed_step_s, steps_before_seen
from aisizer.shapes import Floats

STATE_LEVELS = np.array([0.2, 0.6, 0.9])
STATE_WEIGHTS = np.array([0.4, 0.4, 0.2])
"""The states that arrivals find, as three nodes: the middle of each weight's slice."""
TTFT_WEIGHTS = joint(NODE_WEIGHTS, GAMMA_WEIGHTS)
TPOT_WEIGHTS = joint(DECODE_WEIGHTS, GAMMA_WEIGHTS)


@dataclass(frozen=True, slots=True)
class Situation:
    """One replica of each configuration in steady state, under one share of the load.

    rates [configuration, class] req/s; population [configuration, class] closed requests in flight; decoding
    [configuration, class] closed requests that decode; backlog [configuration, class] prompt tokens that closed requests
    keep in the queue
    """

    replicas: Replicas
    lengths: Lengths
    mix: Mix
    rates: Floats
    population: Floats
    decoding: Floats
    backlog: Floats
    times: StepTimes
    occupancy: Occupancy
    at_nodes: StepTimes


@dataclass(frozen=True, slots=True)
class Decoding:
    """What a decoding request sees, [configuration]: mean step, its variance over states, the scatter that others'
    prompts add [s^2 x step], the echo of its own prefill, and how fast the number of sequences forgets [1]."""

    step_s: Floats
    state_variance: Floats
    scatter: Floats
    echo_s: Floats
    forgetting: Floats


@dataclass(frozen=True, slots=True)
class Wait:
    """What an arrival finds, [configuration, case]: its probability, moments of the wait before the own first chunk,
    and prompt tokens ahead and beside."""

    probability: Floats
    mean_s: Floats
    variance: Floats
    ahead: Floats
    beside: Floats


@dataclass(frozen=True, slots=True)
class Arrivals:
    """What arrivals of one class find: probability, wait and its variance [configuration, case x state], and the time
    from the first chunk to the first token [configuration, case x state, prompt node]."""

    probability: Floats
    wait_s: Floats
    wait_variance: Floats
    service_s: Floats


def arrivals(now: Situation, k: int) -> Arrivals:
    """What arrivals of class k find, by case (a step with or without prompts runs), state and own prompt."""
    own = now.decoding[:, k] * _own_share(now, k)
    at = now.times.at(np.fmax(now.occupancy.nodes(STATE_LEVELS) - own[:, None], 0.0))
    if (now.population[:, k] > 0).any():
        waits = [_closed_wait(now, k, at)]
    else:
        waits = [_open_wait(now, at, prefill=True), _open_wait(now, at, prefill=False)]
    return Arrivals(
        probability=np.concatenate([STATE_WEIGHTS * wait.probability for wait in waits], axis=1),
        wait_s=np.concatenate([wait.mean_s for wait in waits], axis=1),
        wait_variance=np.concatenate([wait.variance for wait in waits], axis=1),
        service_s=np.concatenate([_service_s(now, k, at, wait) for wait in waits], axis=1),
    )


def ttft_moments(now: Situation, found: Arrivals) -> tuple[Floats, Floats]:
    """[s, s^2] mean and variance of TTFT [configuration], the wait for admission included."""
    first = found.wait_s[:, :, None] + found.service_s
    weights = found.probability[:, :, None] * NODE_WEIGHTS
    mean, spread = moments(_flat(first), _flat(weights))
    chance, wait = now.occupancy.waiting_probability, now.occupancy.waiting_s
    variance = spread + (found.probability * found.wait_variance).sum(axis=1) + chance * (2 - chance) * wait**2
    return mean + chance * wait, variance


def ttft_nodes(now: Situation, k: int) -> tuple[Floats, Floats]:
    """[s] TTFT of class k [configuration, node] and node weights.

    Some arrivals find every sequence taken and first wait, exponentially, for one to finish.
    """
    found = arrivals(now, k)
    waits = gamma_nodes(found.wait_s, found.wait_variance)
    values = _flat(found.service_s[:, :, :, None] + waits[:, :, None, :])
    chance, wait = now.occupancy.waiting_probability, now.occupancy.waiting_s
    mean, variance = ttft_moments(now, found)
    admitted_late = gamma_nodes(mean + (1 - chance) * wait, variance + (1 - chance) ** 2 * wait**2)
    weights = _flat((found.probability * (1 - chance)[:, None])[:, :, None] * TTFT_WEIGHTS)
    return (
        np.concatenate([values, admitted_late], axis=1),
        np.concatenate([weights, chance[:, None] * GAMMA_WEIGHTS], axis=1),
    )


def decoding_seen(now: Situation, k: int) -> Decoding:
    """What the decoding requests of class k see: states weighted by the tokens that are decoded in them.

    Under open arrivals every prompt prolongs the decoding, which lets more prompts arrive (a branching process, hence
    the squared stretch); a closed population damps itself.
    """
    own = _own_share(now, k)
    closed = (now.population[:, k] > 0).any()
    if closed:
        weight = now.occupancy.probability
        states = now.occupancy.decoding + (own * (1 - now.decoding[:, k]))[:, None]
    else:
        weight = now.occupancy.probability * now.occupancy.opened / now.at_nodes.slowed_s(now.mix)
        weight = weight / weight.sum(axis=1)[:, None]
        states = now.occupancy.decoding
    limit = now.times.decoding[:, -1:]
    at = now.times.at(np.minimum(states, limit)) if closed else now.at_nodes
    mean = (weight * at.mean_s).sum(axis=1)
    scatter = (weight * at.scatter).sum(axis=1)
    if not closed:
        scatter = scatter * (mean / (weight * at.decode_s).sum(axis=1)) ** 2
    centre = (weight * states).sum(axis=1)
    ends = now.times.at(np.minimum(centre[:, None] * np.array([1.0, 1.1]), limit)).mean_s
    return Decoding(
        step_s=mean,
        state_variance=(weight * (at.mean_s - mean[:, None]) ** 2).sum(axis=1),
        scatter=scatter,
        echo_s=(weight * at.echo_s).sum(axis=1),
        forgetting=1 - np.log(ends[:, 1] / ends[:, 0]) / np.log(1.1),
    )


def tpot_moments(now: Situation, seen: Decoding, decode: Floats) -> tuple[Floats, Floats]:
    """[s, s^2] mean and variance of TPOT for requests of `decode` steps, [configuration, node].

    A long request averages the states away (as a first-order autoregressive process over its own life) and the prompts
    of others that happen to arrive during it.
    """
    life = decode / now.mix.decode[:, None] * np.fmax(seen.forgetting, 0.05)[:, None]
    averaged = 2 * (life - 1 + np.exp(-life)) / life**2
    mean = seen.step_s[:, None] + seen.echo_s[:, None] / decode
    return mean, averaged * seen.state_variance[:, None] + seen.scatter[:, None] / decode


def tpot_nodes(now: Situation, k: int) -> Floats:
    """[s] TPOT of class k [configuration, node], node weights TPOT_WEIGHTS; over requests with more than one token."""
    mean, variance = tpot_moments(now, decoding_seen(now, k), now.lengths.decode_nodes[k][None, :])
    return _flat(gamma_nodes(mean, variance))


def e2e_nodes(now: Situation, k: int) -> tuple[Floats, Floats]:
    """[s] E2E of class k [configuration, node] and node weights.

    TTFT and decode time are taken as independent given the output length, and their sum as gamma distributed.
    """
    share = now.lengths.decoding[k]
    if share == 0:
        return ttft_nodes(now, k)
    first, scatter = ttft_moments(now, arrivals(now, k))
    decode = now.lengths.decode_nodes[k][None, :]
    mean, variance = tpot_moments(now, decoding_seen(now, k), decode)
    nodes = gamma_nodes(first[:, None] + decode * mean, scatter[:, None] + decode**2 * variance)
    alone = gamma_nodes(first, scatter)
    weights = np.concatenate([share * TPOT_WEIGHTS, (1 - share) * GAMMA_WEIGHTS])
    return np.concatenate([_flat(nodes), alone], axis=1), weights


def _flat(nodes: Floats) -> Floats:
    return nodes.reshape(len(nodes), int(np.prod(nodes.shape[1:])))


def _own_share(now: Situation, k: int) -> Floats:
    """Part of class k's closed population that is the request itself: it never waits for itself (arrival theorem)."""
    population = now.population[:, k]
    share: Floats = np.divide(1.0, population, out=(population > 0).astype(np.float64), where=population > 1)
    return share


def _open_wait(now: Situation, at: StepTimes, prefill: bool) -> Wait:
    """Poisson arrivals find a step with or without prompts running, the longer the likelier; those that arrive during
    the same step are computed together, half of them ahead of the own prompt."""
    length = at.prefill_squared / at.prefill_s if prefill else at.decode_s
    squared = at.prefill_cubed / at.prefill_s if prefill else at.decode_s**2
    rate, spread = now.mix.rate[:, None], squared - length**2
    per_token = (at.full_s - at.decode_s) / at.room
    per_second = rate * now.mix.work[:, None] * per_token
    extra = _backlog_s(now, at) if prefill else np.zeros_like(length)
    variance = squared / 3 - length**2 / 4 + per_second * (1 + per_second) * spread
    variance += per_token**2 * rate * length * now.mix.work_squared[:, None] + extra**2 * (2 / at.prefill_share - 1)
    beside = rate * now.mix.work[:, None] * length / 2
    ahead = beside + now.backlog.sum(axis=1)[:, None]
    probability = at.prefill_share if prefill else 1 - at.prefill_share
    unseen = steps_before_seen(now.replicas) * at.decode_s * (at.decoding > 0)
    return Wait(probability, length / 2 + extra + unseen, variance, ahead, beside)


def _backlog_s(now: Situation, at: StepTimes) -> Floats:
    """[s] to compute the prompt tokens that earlier steps left over, as seen during a step with prompts.

    The recursion X' = max(X + A - room, 0) of the overflow X under arrivals A per step gives, squared and averaged,
    E[X] = (E[A^2] - E[P^2]) / (2 slack) with P the tokens computed (Kingman 1962, doi:10.1017/S0305004100036094).
    With nothing decoding there is one server and no floor to share: Pollaczek-Khinchine.
    """
    per_token = at.full_s / at.room
    steady = np.fmax(overflow_tokens(now), 0.0)  # a negative one marks a row without steady state, see `sound`
    overflow = steady[:, None] * at.full_s / (at.mean_s * at.prefill_share) * per_token
    busy = now.mix.rate[:, None] * now.mix.work[:, None] * per_token
    service_squared = now.mix.rate[:, None] * now.mix.work_squared[:, None] * per_token**2
    alone = np.divide(service_squared / 2, (1 - busy) * at.prefill_share, out=np.zeros_like(busy), where=busy < 1)
    length = at.prefill_squared / at.prefill_s
    return np.where(at.decoding > 0, overflow, np.fmax(alone - length / 2 * (1 + busy), 0.0))


def overflow_tokens(now: Situation) -> Floats:
    """[token] mean overflow from step to step [configuration]; negative where full steps do not keep up on average."""
    times = now.at_nodes
    per_step = now.occupancy.probability / times.mean_s * (times.decoding > 0)
    slack = 2 * (per_step * times.slack).sum(axis=1)
    excess = (per_step * times.excess).sum(axis=1)
    overflow: Floats = np.divide(excess, slack, out=np.zeros_like(slack), where=slack != 0)
    return overflow


def closed_ttft(now: Situation, k: int) -> Floats:
    """[s] mean TTFT of closed class k where all probability is in one state, [configuration]."""
    result: Floats = (NODE_WEIGHTS * _service_s(now, k, now.times, _closed_wait(now, k, now.times))[:, 0]).sum(axis=1)
    return result


def _closed_wait(now: Situation, k: int, at: StepTimes) -> Wait:
    """A closed request arrives as a step ends: no residual, but those that end with it and the queue of the others."""
    own = _own_share(now, k)
    rate = (now.mix.rate - own * now.rates[:, k])[:, None]
    together = rate * now.mix.work[:, None] * at.mean_s
    queue = (now.backlog.sum(axis=1) - own * now.backlog[:, k])[:, None]
    ahead = np.fmax(together / 2, queue)
    slope = (at.full_s - at.decode_s) / at.room
    variance = rate * at.mean_s * now.mix.work_squared[:, None] * slope**2
    mean = steps_before_seen(now.replicas) * at.decode_s * (at.decoding > 0)
    return Wait(np.ones_like(mean), mean, variance, ahead, together / 2)


def _service_s(now: Situation, k: int, at: StepTimes, wait: Wait) -> Floats:
    """[s] from the first chunk to the first token [configuration, state, prompt node], fixed time per request included.

    Tokens ahead fill whole steps; the last step also takes those that arrived beside, as far as the budget goes.
    """
    work, attention = now.lengths.work_nodes[k], now.lengths.attention_nodes[k]
    room, full = at.room[:, :, None], at.full_s[:, :, None]
    tokens = wait.ahead[:, :, None] + work
    whole = np.ceil(tokens / room - 1e-9) - 1  # a prompt that just fits must not spill by rounding
    demand = (now.mix.rate * now.mix.work)[:, None, None]
    beside = np.where(whole > 0, demand * full, wait.beside[:, :, None])
    last = np.minimum(tokens - whole * room + beside, room)
    decoding = np.repeat(at.decoding, len(work), axis=1)
    last_s = mixed_step_s(now.replicas, now.mix, decoding, _flat(last)).reshape(last.shape)
    own = now.replicas.prefill_attention_s * (attention - now.mix.attention[:, None] * work)
    read = now.replicas.request_fixed_s + now.replicas.request_token_s * work
    result: Floats = whole * full + last_s + (own + read)[:, None, :]
    return result
