"""Step times of a replica by the number of sequences that decode, prompts of the steps included."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aisizer.queueing.lengths import Mix
from aisizer.queueing.steps import Replicas, decode_step_s, mixed_step_s
from aisizer.shapes import Floats

GRID_STATES = 18
"""States from 1 to the limit at which step times are computed; they are smooth in between."""
FIXED_POINT_ROUNDS = 4
"""The step time contracts by the share of prefill in a step, so a few rounds reach 0.1 %."""
_INNER, _OUTER = (3 - 6**0.5) ** 0.5, (3 + 6**0.5) ** 0.5
_BURST_ABSCISSAE = np.array([-_INNER, _INNER, -_OUTER, _OUTER])[:, None, None]
_BURST_WEIGHTS = 1.5 / (abs(_BURST_ABSCISSAE) ** 3 - 3 * abs(_BURST_ABSCISSAE)) ** 2
"""Four-point Gauss-Hermite rule on the standard normal distribution [node, 1, 1]."""
LEAST_SHARE, MOST_SHARE = 0.01, 0.999
"""[1] ends of the prompts' share of a step between which the memory of its length is a number of steps."""


@dataclass(frozen=True, slots=True)
class StepTimes:
    """Step times while `decoding` sequences decode; arrays are [configuration, state].

    decode_s [s] step without prompt tokens (0 in the empty state); mean_s [s] per step; prefill_s, prefill_squared
    and prefill_cubed [s, s^2, s^3] moments of a step with prompt tokens; full_s [s] step that fills the token budget;
    prefill_share [1] share of time in steps with prompt tokens; room [token] budget left for prompts;
    echo_s [s] and echo_variance [s^2] what one request's decoding takes longer because prompts that came behind its own
    are computed in its first decode steps; fading [step] in which that is over; excess [token^2] and excess_cubed
    [token^3] per step and slack [token] left by a full step: moments of what overflows from step to step, see
    `latency.overflow_tokens`; scatter [s^2 x step] variance of a decode time per step from prompts that arrive during it
    """

    decoding: Floats
    decode_s: Floats
    mean_s: Floats
    prefill_s: Floats
    prefill_squared: Floats
    prefill_cubed: Floats
    full_s: Floats
    prefill_share: Floats
    room: Floats
    echo_s: Floats
    echo_variance: Floats
    fading: Floats
    excess: Floats
    excess_cubed: Floats
    slack: Floats
    scatter: Floats

    def at(self, decoding: Floats) -> StepTimes:
        """The same at other states, interpolated linearly on a grid made by `state_grid`."""
        low, share = _place(self.decoding, decoding)
        names = [name for name in self.__slots__ if name != "decoding"]
        return StepTimes(decoding, *(_between(getattr(self, name), low, share) for name in names))

    def between(self, values: Floats, decoding: Floats) -> Floats:
        """What is given as `values` at the states of the grid, at other states."""
        return _between(values, *_place(self.decoding, decoding))

    def slowed_s(self, mix: Mix) -> Floats:
        """[s] mean step with the echo of the own prefill spread over a request's decode steps; no step is over full."""
        decode = mix.decode[:, None]
        echo = np.divide(
            self.echo_s * faded(decode, self.fading), decode, out=np.zeros_like(self.echo_s), where=decode > 0
        )
        return np.minimum(self.mean_s + echo, self.full_s)

    def gain(self, mix: Mix) -> Floats:
        """[token^2] second moment of the prompt tokens that arrive during a full step, less that of the room in it."""
        arriving = self.room - self.slack
        result: Floats = (mix.rate * mix.work_squared)[:, None] * self.full_s + arriving**2 - self.room**2
        return result


@dataclass(frozen=True, slots=True)
class Burst:
    """Three moments of the prompt tokens of a step that has some, and of its duration, [configuration, state]."""

    tokens: Floats
    tokens_squared: Floats
    tokens_cubed: Floats
    seconds: Floats
    seconds_squared: Floats
    seconds_cubed: Floats


@dataclass(frozen=True, slots=True)
class Step:
    """Three moments of the duration of any step, [configuration, state]."""

    mean: Floats
    squared: Floats
    cubed: Floats


def faded(decode: Floats, fading: Floats) -> Floats:
    """[1] part of an echo that is over after `decode` steps."""
    result: Floats = -np.expm1(-decode / fading)
    return result


def settled(decode: Floats, fading: Floats) -> Floats:
    """[1] variance of a sum of `decode` correlated steps over what it would be had they long been independent.

    First-order autoregression with memory m, at its start no matter which: 1 - (1 - e^(-d/m)) m / d.

    >>> settled(np.array([1e-3, 10.0, 1e5]), np.ones(3)).round(3)
    array([0. , 0.9, 1. ])
    """
    fades = decode / fading
    result: Floats = 1 + np.expm1(-fades) / fades
    return result


def state_limit(replicas: Replicas, mix: Mix) -> Floats:
    """[configuration] most sequences that decode at once: batch limit, token budget, or KV over the mean context."""
    slots = np.minimum(replicas.max_batch, replicas.token_budget - 1)[:, 0]
    by_kv = np.divide(replicas.kv_capacity_tokens[:, 0], mix.context, out=slots.copy(), where=mix.context > 0)
    return np.floor(np.minimum(slots, by_kv))


def state_grid(limit: Floats) -> Floats:
    """[configuration, state] the empty state, then 1 to the limit, denser at the low end."""
    steps = np.linspace(0.0, 1.0, GRID_STATES) ** 2
    return np.concatenate([np.zeros((len(limit), 1)), 1 + (limit[:, None] - 1) * steps], axis=1)


def overloaded(replicas: Replicas, mix: Mix, decoding: Floats) -> NDArray[np.bool_]:
    """Whether prompt tokens arrive faster than full steps compute them in a state [configuration, state]."""
    room = replicas.token_budget - decoding
    return (mix.rate * mix.work)[:, None] * mixed_step_s(replicas, mix, decoding, room) >= room


def step_times(replicas: Replicas, mix: Mix, decoding: Floats) -> StepTimes:
    """Step times in given states [configuration, state], by a fixed point on the arrivals during a step.

    Prompts that arrive during one step are computed in the next. Their number is Poisson with mean mu = rate x step;
    given at least one, their tokens follow a lognormal with the compound's two moments, cut at the budget; the share
    of steps with prompts then follows from conservation of tokens.
    """
    room = replicas.token_budget - decoding
    decode = np.where(decoding > 0, decode_step_s(replicas, mix, decoding), 0.0)
    full = mixed_step_s(replicas, mix, decoding, room)
    demand = (mix.rate * mix.work)[:, None]
    beyond = demand * full >= room
    alone = mixed_step_s(replicas, mix, decoding, np.minimum(mix.work[:, None], room))
    idle = np.where(decoding > 0, decode, alone)
    step = Step(idle, idle**2, idle**3)
    for _ in range(FIXED_POINT_ROUNDS):
        burst = _burst(replicas, mix, decoding, room, idle, step)
        stretch = demand * (burst.seconds - decode) / burst.tokens
        mixed = np.divide(decode, 1 - stretch, out=full.copy(), where=stretch < 1)
        mean = np.where(beyond, full, np.where(decoding > 0, np.minimum(mixed, full), burst.seconds))
        share = np.where((decoding > 0) & ~beyond, demand * mean / burst.tokens, 1.0)
        squared = np.fmax((1 - share) * idle**2 + share * burst.seconds_squared, mean**2)
        step = Step(mean, squared, (1 - share) * idle**3 + share * burst.seconds_cubed)
    slope, slack = (burst.seconds - decode) / burst.tokens, room - demand * full
    excess, excess_cubed = _excess(mix, burst, step)
    echo, variance, fading = _echo(replicas, mix, decode, full, room, step, slope, excess)
    return StepTimes(
        decoding=decoding,
        decode_s=decode,
        mean_s=mean,
        prefill_s=np.where(beyond, full, burst.seconds),
        prefill_squared=np.where(beyond, full**2, burst.seconds_squared),
        prefill_cubed=np.where(beyond, full**3, burst.seconds_cubed),
        full_s=full,
        prefill_share=np.where(beyond, 1.0, demand * burst.seconds / burst.tokens),
        room=room,
        echo_s=echo,
        echo_variance=variance,
        fading=fading,
        excess=excess,
        excess_cubed=excess_cubed,
        slack=slack,
        scatter=(mix.rate * mix.work_squared)[:, None] * slope**2 * mean,
    )


def _excess(mix: Mix, burst: Burst, step: Step) -> tuple[Floats, Floats]:
    """[token^2, token^3] moments per step of the prompt tokens that arrive, less those of the tokens computed.

    Arrivals during a step are a compound Poisson variable of random exposure, of which these are the raw moments.
    """
    demand, some = (mix.rate * mix.work)[:, None], (mix.rate * mix.work)[:, None] * step.mean / burst.tokens
    squares, cubes = (mix.rate * mix.work_squared)[:, None], (mix.rate * mix.work_cubed)[:, None]
    arrived = squares * step.mean + demand**2 * step.squared
    arrived_cubed = cubes * step.mean + 3 * demand * squares * step.squared + demand**3 * step.cubed
    return arrived - some * burst.tokens_squared, arrived_cubed - some * burst.tokens_cubed


def _echo(
    replicas: Replicas,
    mix: Mix,
    decode: Floats,
    full: Floats,
    room: Floats,
    step: Step,
    slope: Floats,
    excess: Floats,
) -> tuple[Floats, Floats, Floats]:
    """[s, s^2, step] echo of a request's own prefill in its decoding: mean, variance, and the steps until it is over.

    Service is first come, first served: what arrives while a prompt waits behind an overflow and is computed is left
    behind it, where a usual step leaves only what arrives during one. Each such second of arrivals prolongs the
    decoding by rho / (1 - rho), with rho the part of a mean step that prompts prolong, for more arrive meanwhile: the
    generations of a branching process, one per step (and per step scheduled ahead). What overflows is drained by the
    slack of full steps, and no step is longer than a full one.
    """
    demand, mean = (mix.rate * mix.work)[:, None], step.mean
    slack = room - demand * full
    busy = (decode > 0) & (slack > 0)
    length = step.squared / mean
    tokens = mix.work[:, None] + demand * length
    own = np.fmax(decode + slope * tokens, full * tokens / room)
    overflow = np.divide(np.fmax(excess, 0.0), 2 * slack, out=np.zeros_like(mean), where=busy)
    waiting = overflow / demand * np.fmax(demand * full / room * full / mean - 1, 0.0)
    prolonged = np.divide(mean - decode, decode, out=np.zeros_like(mean), where=busy)
    echo = np.minimum(prolonged * (own - mean + waiting), mix.decode[:, None] * (full - mean))
    squares = (mix.rate * mix.work_squared)[:, None]
    own_variance = slope**2 * ((mix.work_squared - mix.work**2)[:, None] + squares * length)
    own_variance += (slope * demand) ** 2 * np.fmax(step.cubed / mean - length**2, 0.0)
    variance = prolonged**2 * (own_variance + squares * (own - mean) / demand**2)
    part = np.clip(np.divide(mean - decode, mean), LEAST_SHARE, MOST_SHARE)
    drained = np.divide(overflow * room / (demand * mean), slack, out=np.zeros_like(mean), where=busy)
    least = np.divide(echo, full - mean, out=np.zeros_like(mean), where=full > mean)
    return echo, variance, np.fmax((1 + replicas.schedule_ahead) / -np.log(part) + drained, least)


def _burst(replicas: Replicas, mix: Mix, decoding: Floats, room: Floats, idle: Floats, step: Step) -> Burst:
    mean, log_variance = _gathered(mix, idle, step)
    drawn = np.minimum(mean * np.exp(_BURST_ABSCISSAE * np.sqrt(log_variance) - log_variance / 2), room)
    return Burst(*_moments(drawn), *_moments(mixed_step_s(replicas, mix, decoding, drawn)))


def _moments(values: Floats) -> tuple[Floats, Floats, Floats]:
    """The first three raw moments of values at the nodes [node, configuration, state]."""
    first = _BURST_WEIGHTS * values
    second = first * values
    return first.sum(axis=0), second.sum(axis=0), (second * values).sum(axis=0)


def _gathered(mix: Mix, idle: Floats, step: Step) -> tuple[Floats, Floats]:
    """Prompt tokens that arrive during a step, if any do: their mean, and the variance of their logarithm."""
    rate, work = mix.rate[:, None], mix.work[:, None]
    excess = step.mean - idle
    longer = np.divide(step.squared - idle * step.mean, excess, out=idle.copy(), where=excess > 0)
    share = np.divide(excess, longer - idle, out=np.zeros_like(idle), where=longer > idle)
    some = -(1 - share) * np.expm1(-rate * idle) - share * np.expm1(-rate * longer)
    mean = rate * step.mean * work / some
    second = (rate * step.mean * mix.work_squared[:, None] + rate**2 * step.squared * work**2) / some
    return mean, np.log(np.fmax(second / mean**2, 1.0))  # at least 1 but for rounding


def _place(grid: Floats, x: Floats) -> tuple[NDArray[np.int64], Floats]:
    """Flat cell and position in the cell of states x on a `state_grid`, whose spacing is quadratic beyond state 1; a state
    beyond the limit, by rounding to whole sequences, is taken as the limit."""
    limit = grid[:, -1:]
    x = np.minimum(x, limit)
    scaled = np.sqrt(np.divide(np.fmax(x - 1, 0.0), limit - 1, out=np.zeros_like(x), where=limit > 1))
    cell = np.where(x < 1, 0, 1 + np.minimum((scaled * (GRID_STATES - 1)).astype(np.int64), GRID_STATES - 2))
    flat: NDArray[np.int64] = cell + np.arange(len(grid))[:, None] * grid.shape[1]
    low, high = grid.ravel().take(flat), grid.ravel().take(flat + 1)
    return flat, np.divide(x - low, high - low, out=np.zeros_like(x), where=high > low)


def _between(values: Floats, flat: NDArray[np.int64], share: Floats) -> Floats:
    low = values.ravel().take(flat)
    result: Floats = low + share * (values.ravel().take(flat + 1) - low)
    return result
