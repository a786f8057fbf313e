"""How many sequences decode at once: step times by state, and the stationary distribution over states."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, xlogy

from aisizer.queueing.lengths import Mix
from aisizer.queueing.steps import Replicas, decode_step_s, mixed_step_s
from aisizer.shapes import Floats

GRID_STATES = 18
"""States from 1 to the limit at which step times are computed; they are smooth in between."""
NODES = 32
"""States at which the stationary distribution is evaluated; exact where it spans fewer than 32 states."""
NEGLIGIBLE_LOG = 16.0
"""States less likely than the likeliest by a factor of e^16 are left out."""
FIXED_POINT_ROUNDS = 4
"""The step time contracts by the share of prefill in a step, so a few rounds reach 0.1 %."""
_INNER, _OUTER = (3 - 6**0.5) ** 0.5, (3 + 6**0.5) ** 0.5
_BURST_NODES = tuple((sign * x, 1.5 / (x**3 - 3 * x) ** 2) for x in (_INNER, _OUTER) for sign in (-1, 1))
"""Four-point Gauss-Hermite rule: (standard normal abscissa, weight)."""


@dataclass(frozen=True, slots=True)
class StepTimes:
    """Step times while `decoding` sequences decode; arrays are [configuration, state].

    decode_s [s] step without prompt tokens (0 in the empty state); mean_s [s] per step; prefill_s, prefill_squared
    and prefill_cubed [s, s^2, s^3] moments of a step with prompt tokens; full_s [s] step that fills the token budget;
    prefill_share [1] share of time in steps with prompt tokens; room [token] budget left for prompts;
    echo_s [s] what one request's decoding takes longer because prompts that arrived during its own long prefill step
    are computed in its first decode steps; excess [token^2] per step and slack [token] left by a full step: their ratio
    is twice the prompt tokens that overflow from step to step; scatter [s^2 x step] variance of a decode time per
    step from prompts that arrive during it
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
    excess: Floats
    slack: Floats
    scatter: Floats

    def at(self, decoding: Floats) -> StepTimes:
        """The same at other states, interpolated linearly on a grid made by `state_grid`."""
        low, share = _place(self.decoding, decoding)
        names = [name for name in self.__slots__ if name != "decoding"]
        return StepTimes(decoding, *(_between(getattr(self, name), low, share) for name in names))

    def slowed_s(self, mix: Mix) -> Floats:
        """[s] mean step with the echo of the own prefill spread over a request's decode steps; no step is over full."""
        decode = mix.decode[:, None]
        echo = np.divide(self.echo_s, decode, out=np.zeros_like(self.echo_s), where=decode > 0)
        return np.minimum(self.mean_s + echo, self.full_s)


@dataclass(frozen=True, slots=True)
class Occupancy:
    """Stationary distribution over decoding sequences: states, the open requests among them, and
    probabilities [configuration, node].

    waiting_probability and waiting_s [configuration]: chance to find every sequence taken, and the mean wait if so;
    utilisation [configuration]: births over deaths with every sequence taken, below 1 in a steady state.
    """

    decoding: Floats
    opened: Floats
    probability: Floats
    waiting_probability: Floats
    waiting_s: Floats
    utilisation: Floats

    def mean(self, values: Floats) -> Floats:
        """[configuration] mean of a quantity given at the nodes."""
        result: Floats = (self.probability * values).sum(axis=1)
        return result

    def nodes(self, levels: Floats) -> Floats:
        """[configuration, level] states at the given cumulative probabilities."""
        reached = np.cumsum(self.probability, axis=1)
        below = (reached[:, None, :] < levels[None, :, None]).sum(axis=2)
        high = np.minimum(below, reached.shape[1] - 1)
        return np.take_along_axis(self.decoding, high, axis=1)


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
    mean = idle
    before = idle, idle**2
    for _ in range(FIXED_POINT_ROUNDS):
        tokens, tokens_squared, prefill, squared, cubed = _burst(replicas, mix, decoding, room, idle, *before)
        stretch = demand * (prefill - decode) / tokens
        mixed = np.divide(decode, 1 - stretch, out=full.copy(), where=stretch < 1)
        mean = np.where(beyond, full, np.where(decoding > 0, np.minimum(mixed, full), prefill))
        share = np.where((decoding > 0) & ~beyond, demand * mean / tokens, 1.0)
        before = mean, np.fmax((1 - share) * idle**2 + share * squared, mean**2)
    arrived = mix.rate[:, None] * mean * mix.work_squared[:, None] + demand**2 * before[1]
    return StepTimes(
        decoding=decoding,
        decode_s=decode,
        mean_s=mean,
        prefill_s=np.where(beyond, full, prefill),
        prefill_squared=np.where(beyond, full**2, squared),
        prefill_cubed=np.where(beyond, full**3, cubed),
        full_s=full,
        prefill_share=np.where(beyond, 1.0, demand * prefill / tokens),
        room=room,
        echo_s=_echo_s(mix, tokens, squared / prefill, decode, mean),
        excess=arrived - demand * mean / tokens * tokens_squared,
        slack=room - demand * full,
        scatter=mix.rate[:, None] * mix.work_squared[:, None] * ((prefill - decode) / tokens) ** 2 * mean,
    )


def _echo_s(mix: Mix, tokens: Floats, prefill: Floats, decode: Floats, mean: Floats) -> Floats:
    """Arrivals during the own prefill, in excess of a mean step's, each with its own echo: a geometric series."""
    own = prefill * np.fmax(mix.work[:, None] / tokens, 1.0)
    return np.divide((own - mean) * (mean - decode), decode, out=np.zeros_like(mean), where=decode > 0)


def occupancy(times: StepTimes, mix: Mix, limit: Floats, births: Floats, permanent: Floats) -> Occupancy:
    """Stationary distribution of a processor-sharing queue with state-dependent step times.

    births [step/s] decode steps that open arrivals bring; permanent [sequence] decoding sequences of closed classes.
    State i of the open sequences has p(i) ~ prod_j births x step(permanent + j) / j, insensitive to the law of output
    lengths (Kelly 1979, chapter 3); beyond the limit the tail is geometric, and its wait that of M/M/n times
    (1 + squared coefficient of variation of decode steps) / 2 (Allen 1990, section 5.2).
    """
    top = np.floor(limit - permanent + 0.5)
    start, spacing = _window(times, mix, top, births, permanent)
    opened = start[:, None] + spacing[:, None] * np.arange(NODES)
    inside = opened <= top[:, None] + 1e-9
    opened = np.where(inside, opened, top[:, None])
    log_step = _log_step(times, mix, opened + permanent[:, None])
    lean = ((spacing + 1) / (2 * spacing))[:, None]
    pieces = spacing[:, None] * ((1 - lean) * log_step[:, :-1] + lean * log_step[:, 1:])
    path = np.concatenate([np.zeros((len(top), 1)), np.cumsum(pieces, axis=1)], axis=1)
    log_weight = path + xlogy(opened, births[:, None]) - gammaln(opened + 1)
    density = np.where(inside, np.exp(log_weight - np.where(inside, log_weight, -np.inf).max(axis=1)[:, None]), 0.0)
    return _with_tail(times, mix, opened, density, inside, spacing, top, births, permanent)


def _with_tail(
    times: StepTimes,
    mix: Mix,
    opened: Floats,
    density: Floats,
    inside: NDArray[np.bool_],
    spacing: Floats,
    top: Floats,
    births: Floats,
    permanent: Floats,
) -> Occupancy:
    last = inside.sum(axis=1) - 1
    rows = np.arange(len(top))
    weight = density * spacing[:, None]
    for edge in (np.zeros_like(last), last):
        weight[rows, edge] -= density[rows, edge] * (spacing - 1) / 2
    at_top = density[rows, last] * (opened[rows, last] >= top - 0.5)
    step = times.at((top + permanent)[:, None]).slowed_s(mix)[:, 0]
    rho = np.where(births > 0, np.divide(births * step, top, out=np.full_like(step, np.inf), where=top > 0), 0.0)
    steady = rho < 1  # elsewhere there is no tail to add, and the caller discards the row by its utilisation
    tail = np.divide(at_top * rho, 1 - rho, out=np.zeros_like(rho), where=steady)
    weight[rows, last] += tail
    total = weight.sum(axis=1)
    waiting = np.where(births > 0, (at_top + tail) / total, 0.0)
    variability = np.divide(mix.decode_squared, mix.decode**2, out=np.ones_like(step), where=births > 0)
    spare, wait = top - births * step, step * mix.decode * variability / 2
    drain = np.divide(wait, spare, out=np.zeros_like(step), where=steady & (births > 0))
    return Occupancy(opened + permanent[:, None], opened, weight / total[:, None], waiting, drain, rho)


def _window(times: StepTimes, mix: Mix, top: Floats, births: Floats, permanent: Floats) -> tuple[Floats, Floats]:
    """First state and spacing of the nodes: a first pass on a quadratic grid finds where the probability lies."""
    opened = top[:, None] * np.linspace(0.0, 1.0, GRID_STATES) ** 2
    log_step = _log_step(times, mix, opened + permanent[:, None])
    pieces = np.diff(opened, axis=1) * (log_step[:, :-1] + log_step[:, 1:]) / 2
    path = np.concatenate([np.zeros((len(top), 1)), np.cumsum(pieces, axis=1)], axis=1)
    log_weight = path + xlogy(opened, births[:, None]) - gammaln(opened + 1)
    likely = log_weight > log_weight.max(axis=1)[:, None] - NEGLIGIBLE_LOG
    first = np.fmax(likely.argmax(axis=1) - 1, 0)
    last = np.minimum(GRID_STATES - likely[:, ::-1].argmax(axis=1), GRID_STATES - 1)
    rows = np.arange(len(top))
    low = np.floor(np.minimum(opened[rows, first], np.fmax(top - NODES + 1, 0.0)))
    return low, np.fmax((np.ceil(opened[rows, last]) - low) / (NODES - 1), 1.0)


def _log_step(times: StepTimes, mix: Mix, decoding: Floats) -> Floats:
    """Log step time of states with a decoding sequence; state 0 has no decode step and takes the value of state 1.

    Prompts that outrun the replica leave a negative step time: its logarithm is nan, and so is the row's utilisation,
    by which the caller discards it.
    """
    with np.errstate(invalid="ignore"):
        logs: Floats = np.log(times.at(np.fmax(decoding, 1.0)).slowed_s(mix))
    return logs


def _burst(
    replicas: Replicas, mix: Mix, decoding: Floats, room: Floats, idle: Floats, step: Floats, step_squared: Floats
) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Mean prompt tokens of a step that has some, and three moments of its duration."""
    rate, work = mix.rate[:, None], mix.work[:, None]
    longer = np.divide(step_squared - idle * step, step - idle, out=idle.copy(), where=step > idle)
    share = np.divide(step - idle, longer - idle, out=np.zeros_like(step), where=longer > idle)
    some = -(1 - share) * np.expm1(-rate * idle) - share * np.expm1(-rate * longer)
    mean = rate * step * work / some
    second = (rate * step * mix.work_squared[:, None] + rate**2 * step_squared * work**2) / some
    log_variance = np.log(np.fmax(second / mean**2, 1.0))  # at least 1 but for rounding
    tokens, tokens_squared, seconds, squared, cubed = (np.zeros_like(mean) for _ in range(5))
    for abscissa, weight in _BURST_NODES:
        drawn = np.minimum(mean * np.exp(abscissa * np.sqrt(log_variance) - log_variance / 2), room)
        time = mixed_step_s(replicas, mix, decoding, drawn)
        tokens += weight * drawn
        tokens_squared += weight * drawn**2
        seconds += weight * time
        squared += weight * time**2
        cubed += weight * time**3
    return tokens, tokens_squared, seconds, squared, cubed


def _place(grid: Floats, x: Floats) -> tuple[NDArray[np.int64], Floats]:
    """Flat cell and position in the cell of states x on a `state_grid`, whose spacing is quadratic beyond state 1."""
    limit = grid[:, -1:]
    scaled = np.sqrt(np.divide(np.fmax(x - 1, 0.0), limit - 1, out=np.zeros_like(x), where=limit > 1))
    cell = np.where(x < 1, 0, 1 + np.minimum((scaled * (GRID_STATES - 1)).astype(np.int64), GRID_STATES - 2))
    flat: NDArray[np.int64] = cell + np.arange(len(grid))[:, None] * grid.shape[1]
    low, high = grid.ravel().take(flat), grid.ravel().take(flat + 1)
    return flat, np.divide(x - low, high - low, out=np.zeros_like(x), where=high > low)


def _between(values: Floats, flat: NDArray[np.int64], share: Floats) -> Floats:
    low = values.ravel().take(flat)
    result: Floats = low + share * (values.ravel().take(flat + 1) - low)
    return result
