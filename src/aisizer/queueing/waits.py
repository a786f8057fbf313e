"""What an arrival waits for before its first chunk, and how long its prompt then takes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aisizer.queueing.lengths import NODE_WEIGHTS, PARTS, Lengths, Mix
from aisizer.queueing.states import Occupancy
from aisizer.queueing.step_times import StepTimes
from aisizer.queueing.steps import Replicas, mixed_step_s, steps_not_looked
from aisizer.shapes import Floats


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
class Wait:
    """What an arrival finds, [configuration, case]: its probability, moments of the wait before the own first chunk,
    and prompt tokens ahead and beside."""

    probability: Floats
    mean_s: Floats
    variance: Floats
    ahead: Floats
    beside: Floats


def own_share(now: Situation, k: int) -> Floats:
    """Part of class k's closed population that is the request itself: it never waits for itself (arrival theorem)."""
    population = now.population[:, k]
    share: Floats = np.divide(1.0, population, out=(population > 0).astype(np.float64), where=population > 1)
    return share


def open_wait(now: Situation, at: StepTimes, prefill: bool) -> Wait:
    """Poisson arrivals find a step with or without prompts running, the longer the likelier; those that arrive during
    the same step are computed together, half of them ahead of the own prompt.

    Of a step of length L the arrival sees a uniform rest, and c L is the time of its companions' tokens, so that the
    variance of L counts 1/3 + c (1 + c) times beside that of their number.
    """
    length = at.prefill_squared / at.prefill_s if prefill else at.decode_s
    squared = at.prefill_cubed / at.prefill_s if prefill else at.decode_s**2
    rate, spread = now.mix.rate[:, None], squared - length**2
    per_token = (at.full_s - at.decode_s) / at.room
    per_second = rate * now.mix.work[:, None] * per_token
    unseen, scatter = _unseen_s(now, at)
    mean, variance = length / 2 + unseen, squared / 3 - length**2 / 4 + per_second * (1 + per_second) * spread + scatter
    variance += per_token**2 * rate * length * now.mix.work_squared[:, None]
    if prefill:
        extra, extra_squared = _backlog_s(now, at)
        mean += extra
        # a backlog is met in full steps only, whose rest and companions are longer than those of a usual one
        variance += extra_squared - extra**2 + extra * np.fmax(at.full_s - length, 0.0) * (1 + 2 * per_second)
    beside = rate * now.mix.work[:, None] * length / 2
    ahead = beside + now.backlog.sum(axis=1)[:, None]
    return Wait(at.prefill_share if prefill else 1 - at.prefill_share, mean, variance, ahead, beside)


def _unseen_s(now: Situation, at: StepTimes) -> tuple[Floats, Floats]:
    """[s, s^2] mean and variance of the steps between the one that an arrival meets and the first that may compute it.

    Steps scheduled ahead hold the prompts that came before, as any step may; steps that hold or poll only decode.
    """
    busy, ahead = at.decoding > 0, now.replicas.schedule_ahead
    squared = at.mean_s * ((1 - at.prefill_share) * at.decode_s + at.prefill_share * at.prefill_squared / at.prefill_s)
    mean = ahead * at.mean_s + steps_not_looked(now.replicas) * at.decode_s
    scatter = np.fmax(squared - at.mean_s**2, 0.0)  # interpolated between states, a constant step has less than none
    return mean * busy, ahead * scatter * busy


def _backlog_s(now: Situation, at: StepTimes) -> tuple[Floats, Floats]:
    """[s, s^2] first and second moment of the time to compute the prompt tokens that earlier steps left over, as seen
    during a step with prompts.

    With nothing decoding there is one server and no floor to share: Pollaczek-Khinchine, and for the second moment
    2 W^2 + (2/3) W E[S^3] / E[S^2] (Takacs 1962; Kleinrock 1975, section 5.7).
    """
    per_token = at.full_s / at.room
    first, second = overflow_tokens(now)
    seen = at.full_s / (at.mean_s * at.prefill_share)
    mean, squared = first[:, None] * seen * per_token, second[:, None] * seen * per_token**2
    busy = now.mix.rate[:, None] * now.mix.work[:, None] * per_token
    service_squared = now.mix.rate[:, None] * now.mix.work_squared[:, None] * per_token**2
    alone = np.divide(service_squared / 2, (1 - busy) * at.prefill_share, out=np.zeros_like(busy), where=busy < 1)
    length = at.prefill_squared / at.prefill_s
    alone = np.fmax(alone - length / 2 * (1 + busy), 0.0)
    alone_squared = 2 * alone**2 + 2 / 3 * alone * (now.mix.work_cubed / now.mix.work_squared)[:, None] * per_token
    decoding = at.decoding > 0
    return np.where(decoding, mean, alone), np.where(decoding, np.fmax(squared, mean**2), alone_squared)


def overflow_tokens(now: Situation) -> tuple[Floats, Floats]:
    """[token, token^2] mean and mean square of what overflows from step to step [configuration]; the mean is negative
    where full steps do not keep up on average.

    The overflow X follows X' = max(X + A - room, 0) under arrivals A per step. With P = X + A - X' the tokens computed,
    X' (room - P) = 0; the square and the cube of X' + P = X + A, averaged, give with A = a in the full step behind X > 0

        2 (room - E[a]) E[X]   = E[A^2] - E[P^2]                                       (slack and excess)
        3 (room - E[a]) E[X^2] = 3 (E[a^2] - room^2) E[X] + E[A^3] - E[P^3]            (gain and excess_cubed)

    The first is that of Kingman 1962, doi:10.1017/S0305004100036094.
    """
    times = now.at_nodes
    per_step = now.occupancy.probability / times.mean_s * (times.decoding > 0)
    slack, excess, cubed, gain = (
        (per_step * values).sum(axis=1)
        for values in (times.slack, times.excess, times.excess_cubed, times.gain(now.mix))
    )
    first: Floats = np.divide(excess, 2 * slack, out=np.zeros_like(slack), where=slack != 0)
    second: Floats = np.divide(first * gain + cubed / 3, slack, out=np.zeros_like(slack), where=slack != 0)
    return first, second


def closed_ttft(now: Situation, k: int) -> Floats:
    """[s] mean TTFT of closed class k where all probability is in one state, [configuration]."""
    service = service_s(now, k, now.times, closed_wait(now, k, now.times))
    result: Floats = (service * PARTS[:, None] * NODE_WEIGHTS).sum(axis=(1, 2))
    return result


def closed_wait(now: Situation, k: int, at: StepTimes) -> Wait:
    """A closed request arrives as a step ends: no residual, but those that end with it and the queue of the others."""
    own = own_share(now, k)
    rate = (now.mix.rate - own * now.rates[:, k])[:, None]
    together = rate * now.mix.work[:, None] * at.mean_s
    queue = (now.backlog.sum(axis=1) - own * now.backlog[:, k])[:, None]
    ahead = np.fmax(together / 2, queue)
    slope = (at.full_s - at.decode_s) / at.room
    variance = rate * at.mean_s * now.mix.work_squared[:, None] * slope**2
    mean, scatter = _unseen_s(now, at)
    return Wait(np.ones_like(mean), mean, variance + scatter, ahead, together / 2)


def service_s(now: Situation, k: int, at: StepTimes, wait: Wait) -> Floats:
    """[s] from the first chunk to the first token [configuration, part, prompt node], fixed time per request included;
    the states `at` are one for each part, or one for all.

    Tokens ahead fill whole steps; the last step also takes those that arrived beside, as far as the budget goes.
    """
    lengths, replicas = now.lengths, now.replicas
    work, attention = lengths.work_nodes[k], lengths.attention_nodes[k]
    room, full = at.room[:, :, None], at.full_s[:, :, None]
    tokens = wait.ahead[:, :, None] + work
    whole = np.ceil(tokens / room - 1e-9) - 1  # a prompt that just fits must not spill by rounding
    demand = (now.mix.rate * now.mix.work)[:, None, None]
    beside = np.where(whole > 0, demand * full, wait.beside[:, :, None])
    last = np.minimum(tokens - whole * room + beside, room)
    decoding = np.broadcast_to(at.decoding[:, :, None], last.shape)
    last_s = mixed_step_s(replicas, now.mix, flat(decoding), flat(last)).reshape(last.shape)
    own = replicas.prefill_attention_s[:, :, None] * (attention - now.mix.attention[:, None, None] * work)
    read = replicas.request_fixed_s[:, :, None] + replicas.request_token_s[:, :, None] * lengths.prompt_nodes[k]
    result: Floats = whole * full + last_s + own + read
    return result


def flat(nodes: Floats) -> Floats:
    """Nodes [configuration, ...] as [configuration, node]; of no configuration too."""
    return nodes.reshape(len(nodes), int(np.prod(nodes.shape[1:])))
