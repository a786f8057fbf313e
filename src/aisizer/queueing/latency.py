"""From states to what requests see: TTFT, TPOT and E2E as weighted nodes, per class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aisizer.queueing.lengths import DECODE_WEIGHTS, NODE_WEIGHTS, PARTS
from aisizer.queueing.percentiles import GAMMA_WEIGHTS, gamma_nodes, joint, moments
from aisizer.queueing.step_times import faded, settled
from aisizer.queueing.waits import Situation, closed_wait, flat, open_wait, own_share, service_s
from aisizer.shapes import Floats

STATE_LEVELS = np.array([0.2, 0.6, 0.9])
"""The states that arrivals find, as three nodes: the middle of the slice of each of PARTS."""
TTFT_WEIGHTS = joint(NODE_WEIGHTS, GAMMA_WEIGHTS)
TPOT_WEIGHTS = joint(DECODE_WEIGHTS, GAMMA_WEIGHTS)


@dataclass(frozen=True, slots=True)
class Decoding:
    """What a decoding request sees, [configuration]: mean step, its variance over states, the scatter that others'
    prompts add [s^2 x step], mean and variance of the echo of its own prefill and the steps in which it fades [step],
    what a second of arrivals prolongs the decoding by [1], the shortest and the longest step, and how fast the number
    of sequences forgets [1]."""

    step_s: Floats
    state_variance: Floats
    scatter: Floats
    echo_s: Floats
    echo_variance: Floats
    fading: Floats
    prolonged: Floats
    decode_s: Floats
    full_s: Floats
    forgetting: Floats


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
    own = now.decoding[:, k] * own_share(now, k)
    at = now.times.at(np.fmax(now.occupancy.nodes(STATE_LEVELS) - own[:, None], 0.0))
    if (now.population[:, k] > 0).any():
        waits = [closed_wait(now, k, at)]
    else:
        waits = [open_wait(now, at, prefill=True), open_wait(now, at, prefill=False)]
    return Arrivals(
        probability=np.concatenate([PARTS * wait.probability for wait in waits], axis=1),
        wait_s=np.concatenate([wait.mean_s for wait in waits], axis=1),
        wait_variance=np.concatenate([wait.variance for wait in waits], axis=1),
        service_s=np.concatenate([service_s(now, k, at, wait) for wait in waits], axis=1),
    )


def ttft_moments(now: Situation, found: Arrivals) -> tuple[Floats, Floats]:
    """[s, s^2] mean and variance of TTFT [configuration], the wait for admission included."""
    first = found.wait_s[:, :, None] + found.service_s
    weights = found.probability[:, :, None] * NODE_WEIGHTS
    mean, spread = moments(flat(first), flat(weights))
    chance, wait = now.occupancy.waiting_probability, now.occupancy.waiting_s
    variance = spread + (found.probability * found.wait_variance).sum(axis=1) + chance * (2 - chance) * wait**2
    return mean + chance * wait, variance


def ttft_nodes(now: Situation, k: int) -> tuple[Floats, Floats]:
    """[s] TTFT of class k [configuration, node] and node weights.

    Some arrivals find every sequence taken and first wait, exponentially, for one to finish.
    """
    found = arrivals(now, k)
    waits = gamma_nodes(found.wait_s, found.wait_variance)
    values = flat(found.service_s[:, :, :, None] + waits[:, :, None, :])
    chance, wait = now.occupancy.waiting_probability, now.occupancy.waiting_s
    mean, variance = ttft_moments(now, found)
    admitted_late = gamma_nodes(mean + (1 - chance) * wait, variance + (1 - chance) ** 2 * wait**2)
    weights = flat((found.probability * (1 - chance)[:, None])[:, :, None] * TTFT_WEIGHTS)
    return (
        np.concatenate([values, admitted_late], axis=1),
        np.concatenate([weights, chance[:, None] * GAMMA_WEIGHTS], axis=1),
    )


def decoding_seen(now: Situation, k: int) -> Decoding:
    """What the decoding requests of class k see: states weighted by the tokens that are decoded in them.

    Under open arrivals every prompt prolongs the decoding, which lets more prompts arrive (a branching process, hence
    the squared stretch), and as many as come may come behind one's own; a closed population damps itself.
    """
    own = own_share(now, k)
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
    alone = (weight * at.decode_s).sum(axis=1)
    stretch = np.ones_like(mean) if closed else mean / alone
    centre = (weight * states).sum(axis=1)
    ends = now.times.between(now.times.mean_s, np.minimum(centre[:, None] * np.array([1.0, 1.1]), limit))
    return Decoding(
        step_s=mean,
        state_variance=(weight * (at.mean_s - mean[:, None]) ** 2).sum(axis=1),
        scatter=(weight * at.scatter).sum(axis=1) * stretch**2,
        echo_s=(weight * at.echo_s).sum(axis=1),
        echo_variance=np.zeros_like(mean) if closed else (weight * at.echo_variance).sum(axis=1),
        fading=(weight * at.fading).sum(axis=1),
        prolonged=stretch - 1,
        decode_s=alone,
        full_s=(weight * at.full_s).sum(axis=1),
        forgetting=1 - np.log(ends[:, 1] / ends[:, 0]) / np.log(1.1),
    )


def tpot_moments(now: Situation, seen: Decoding, decode: Floats) -> tuple[Floats, Floats]:
    """[s, s^2] mean and variance of TPOT for requests of `decode` steps, [configuration, node].

    A long request averages the states away (as a first-order autoregressive process over its own life) and the prompts
    of others that happen to arrive during it, which are the more the longer it lasts. No step is shorter than one that
    only decodes or longer than a full one, which bounds the variance (Bhatia and Davis 2000,
    doi:10.1080/00029890.2000.12005203).
    """
    life = decode / now.mix.decode[:, None] * np.fmax(seen.forgetting, 0.05)[:, None]
    averaged = 2 * (life - 1 + np.exp(-life)) / life**2
    fading = seen.fading[:, None]
    over = faded(decode, fading) / decode
    mean = seen.step_s[:, None] + seen.echo_s[:, None] * over
    scatter = seen.scatter[:, None] / decode * settled(decode, fading) * mean / seen.step_s[:, None]
    variance = averaged * seen.state_variance[:, None] + scatter + seen.echo_variance[:, None] * over**2
    bound = np.fmax(seen.full_s[:, None] - mean, 0.0) * np.fmax(mean - seen.decode_s[:, None], 0.0)
    return mean, np.minimum(variance, bound)


def tpot_nodes(now: Situation, k: int) -> Floats:
    """[s] TPOT of class k [configuration, node], node weights TPOT_WEIGHTS; over requests with more than one token."""
    seen = decoding_seen(now, k)
    mean, variance = tpot_moments(now, seen, now.lengths.decode_nodes[k][None, :])
    alone = now.times.decode_s[:, 1, None, None]
    return flat(_between_steps(gamma_nodes(mean, variance), alone, seen.full_s[:, None, None]))


def _between_steps(nodes: Floats, shortest: Floats, longest: Floats) -> Floats:
    """The nodes, none beyond the shortest or the longest step; what was is spread over the others, so that the mean stays."""
    kept = np.clip(nodes, shortest, longest)
    missing = ((nodes - kept) * GAMMA_WEIGHTS).sum(axis=-1, keepdims=True)
    room = np.where(missing > 0, longest - kept, kept - shortest)
    spare = (room * GAMMA_WEIGHTS).sum(axis=-1, keepdims=True)
    moved: Floats = kept + room * np.clip(np.divide(missing, spare, out=np.zeros_like(spare), where=spare > 0), -1, 1)
    return moved


def e2e_nodes(now: Situation, k: int) -> tuple[Floats, Floats]:
    """[s] E2E of class k [configuration, node] and node weights.

    TTFT and decode time are gamma distributed in sum. Given the output length they vary together: what arrives during a
    second of TTFT prolongs the decoding by rho / (1 - rho).
    """
    share = now.lengths.decoding[k]
    if share == 0:
        return ttft_nodes(now, k)
    first, scatter = ttft_moments(now, arrivals(now, k))
    decode = now.lengths.decode_nodes[k][None, :]
    seen = decoding_seen(now, k)
    mean, variance = tpot_moments(now, seen, decode)
    both = scatter[:, None] * seen.prolonged[:, None] * faded(decode, seen.fading[:, None])
    both = np.minimum(both, decode * np.sqrt(scatter[:, None] * variance))
    nodes = gamma_nodes(first[:, None] + decode * mean, scatter[:, None] + 2 * both + decode**2 * variance)
    alone = gamma_nodes(first, scatter)
    weights = np.concatenate([share * TPOT_WEIGHTS, (1 - share) * GAMMA_WEIGHTS])
    return np.concatenate([flat(nodes), alone], axis=1), weights
