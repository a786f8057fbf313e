"""How many sequences decode at once: the stationary distribution over states."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aisizer.queueing.lengths import Mix
from aisizer.queueing.step_times import GRID_STATES, StepTimes, settled
from aisizer.shapes import Floats
from aisizer.special import gammaln, xlogy

NODES = 32
"""States at which the stationary distribution is evaluated; exact where it spans fewer than 32 states."""
NEGLIGIBLE_LOG = 16.0
"""States less likely than the likeliest by a factor of e^16 are left out."""


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


@dataclass(frozen=True, slots=True)
class Process:
    """The birth-death process of the open sequences: births [step/s] decode steps that open arrivals bring; permanent
    [sequence] decoding sequences of closed classes; top [sequence] most open ones; slowed_s [s] as `StepTimes` has it."""

    times: StepTimes
    mix: Mix
    slowed_s: Floats
    births: Floats
    permanent: Floats
    top: Floats

    def step_s(self, opened: Floats) -> Floats:
        """[s] step of states with a decoding sequence; state 0 has no decode step and takes the value of state 1."""
        return self.times.between(self.slowed_s, np.fmax(opened + self.permanent[:, None], 1.0))


def occupancy(times: StepTimes, mix: Mix, limit: Floats, births: Floats, permanent: Floats) -> Occupancy:
    """Stationary distribution of a processor-sharing queue with state-dependent step times.

    births [step/s] decode steps that open arrivals bring; permanent [sequence] decoding sequences of closed classes.
    State i of the open sequences has p(i) ~ prod_j births x step(permanent + j) / j, insensitive to the law of output
    lengths (Kelly 1979, chapter 3), spread out as prompts in bursts do; beyond the limit the tail is geometric, and its
    wait that of M/M/n times (1 + squared coefficient of variation of decode steps) / 2 (Allen 1990, section 5.2).
    """
    process = Process(times, mix, times.slowed_s(mix), births, permanent, np.floor(limit - permanent + 0.5))
    start, spacing, spread = _window(process)
    opened = start[:, None] + spacing[:, None] * np.arange(NODES)
    inside = opened <= process.top[:, None] + 1e-9
    opened = np.where(inside, opened, process.top[:, None])
    log_step = _logarithm(process.step_s(opened))
    lean = ((spacing + 1) / (2 * spacing))[:, None]
    pieces = spacing[:, None] * ((1 - lean) * log_step[:, :-1] + lean * log_step[:, 1:])
    log_weight = _spread_out(_log_weight(process, opened, pieces), opened, spread)
    density = np.where(inside, np.exp(log_weight - np.where(inside, log_weight, -np.inf).max(axis=1)[:, None]), 0.0)
    return _with_tail(process, opened, density, inside, spacing, spread)


def _with_tail(
    process: Process, opened: Floats, density: Floats, inside: NDArray[np.bool_], spacing: Floats, spread: Floats
) -> Occupancy:
    top, births, decode = process.top, process.births, process.mix.decode
    last = inside.sum(axis=1) - 1
    rows = np.arange(len(top))
    weight = density * spacing[:, None]
    for edge in (np.zeros_like(last), last):
        weight[rows, edge] -= density[rows, edge] * (spacing - 1) / 2
    at_top = density[rows, last] * (opened[rows, last] >= top - 0.5)
    step = process.step_s(top[:, None])[:, 0]
    rho = np.where(births > 0, np.divide(births * step, top, out=np.full_like(step, np.inf), where=top > 0), 0.0)
    steady = rho < 1  # elsewhere there is no tail to add, and the caller discards the row by its utilisation
    ratio = np.power(rho, 1 / spread, out=np.zeros_like(rho), where=steady)
    tail = at_top * ratio / (1 - ratio)
    weight[rows, last] += tail
    total = weight.sum(axis=1)
    waiting = np.where(births > 0, (at_top + tail) / total, 0.0)
    variability = np.divide(process.mix.decode_squared, decode**2, out=np.ones_like(step), where=births > 0)
    spare, wait = top - births * step, step * decode * spread * variability / 2
    drain = np.divide(wait, spare, out=np.zeros_like(step), where=steady & (births > 0))
    return Occupancy(opened + process.permanent[:, None], opened, weight / total[:, None], waiting, drain, rho)


def _window(process: Process) -> tuple[Floats, Floats, Floats]:
    """First state and spacing of the nodes, and the spread: a first pass on a quadratic grid finds where they lie."""
    top = process.top
    opened = top[:, None] * np.linspace(0.0, 1.0, GRID_STATES) ** 2
    log_step = _logarithm(process.step_s(opened))
    log_weight = _log_weight(process, opened, np.diff(opened, axis=1) * (log_step[:, :-1] + log_step[:, 1:]) / 2)
    spread = _spread(process, np.take_along_axis(opened, log_weight.argmax(axis=1)[:, None], axis=1))
    log_weight = _spread_out(log_weight, opened, spread)
    likely = log_weight > log_weight.max(axis=1)[:, None] - NEGLIGIBLE_LOG
    first = np.fmax(likely.argmax(axis=1) - 1, 0)
    last = np.minimum(GRID_STATES - likely[:, ::-1].argmax(axis=1), GRID_STATES - 1)
    rows = np.arange(len(top))
    low = np.floor(np.minimum(opened[rows, first], np.fmax(top - NODES + 1, 0.0)))
    return low, np.fmax((np.ceil(opened[rows, last]) - low) / (NODES - 1), 1.0), spread


def _log_weight(process: Process, opened: Floats, pieces: Floats) -> Floats:
    """Log weight of the states; pieces: integral of the log step from each to the next."""
    path = np.concatenate([np.zeros((len(opened), 1)), np.cumsum(pieces, axis=1)], axis=1)
    result: Floats = path + xlogy(opened, process.births[:, None]) - gammaln(opened + 1)
    return result


def _spread(process: Process, likeliest: Floats) -> Floats:
    """[1] variance of the number of sequences over that of a birth-death process with the mean step of each state.

    Steps that prompts prolong bring births in bursts: over a life of D steps, which take T with variance V, the number
    of arrivals has the variance rate T + rate^2 V. Births and deaths of the diffusion that n follows near its mean vary
    by rate x step each per step and V adds rate^2 V / D, so that the ratio is 1 + rate V / (2 D step).
    """
    decode = np.fmax(process.mix.decode[:, None], 1.0)
    at = process.times.at(np.fmax(likeliest + process.permanent[:, None], 1.0))
    stretch = np.divide(at.mean_s, at.decode_s, out=np.ones_like(at.mean_s), where=at.decode_s > 0)
    rate = process.births[:, None] / decode
    ratio: Floats = 1 + rate * at.scatter * stretch**2 * settled(decode, at.fading) / (2 * at.mean_s)
    return ratio[:, 0]


def _spread_out(log_weight: Floats, opened: Floats, spread: Floats) -> Floats:
    """Log weights of a distribution with the same mean and `spread` times the variance.

    A diffusion with drift mu and variance s^2 n has the density exp(integral of 2 mu / (s^2 n)) / n (Karlin and Taylor
    1981, section 15.3): the exponent is divided by the spread, the 1 / n is not. For births at a constant rate that is
    the gamma distribution in the place of the Poisson one.
    """
    part = 1 / spread[:, None]
    result: Floats = part * log_weight - (1 - part) / 2 * np.log(np.fmax(opened, 0.5))
    return result


def _logarithm(step_s: Floats) -> Floats:
    """Prompts that outrun the replica leave a negative step time: its logarithm is nan, and so is the row's utilisation,
    by which the caller discards it."""
    with np.errstate(invalid="ignore"):
        logs: Floats = np.log(step_s)
    return logs
