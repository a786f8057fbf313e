"""What a queue needs to know of prompt and output lengths: moments and quantile nodes per request class."""

from __future__ import annotations

from dataclasses import dataclass
from math import comb

import numpy as np
from numpy.typing import NDArray

from aisizer.shapes import Floats, Requests

NODE_EDGES = np.array([0.0, 0.15, 0.35, 0.55, 0.7, 0.8, 0.88, 0.93, 0.96, 0.98, 0.99, 0.996, 1.0])
"""Cumulative probabilities that cut a distribution into nodes; finer towards the tail, where percentiles are promised."""
NODE_WEIGHTS = np.diff(NODE_EDGES)
PARTS = np.array([0.4, 0.4, 0.2])
"""A node of prompts is cut into as many parts as it is combined with states, one for each: their prompts differ, so that
percentiles are resolved three times finer with no more nodes."""
_PART_EDGES = (NODE_EDGES[:-1, None] + NODE_WEIGHTS[:, None] * np.concatenate([[0.0], np.cumsum(PARTS)[:-1]])).ravel()
DECODE_EDGES = np.concatenate([np.linspace(0.0, 0.9, 19), [0.93, 0.96, 0.98, 0.99, 0.996, 1.0]])
"""The same for output lengths: finer, for they are combined with fewer other nodes and spread E2E the most."""
DECODE_WEIGHTS = np.diff(DECODE_EDGES)


@dataclass(frozen=True, slots=True)
class Lengths:
    """Length moments [class] of a sample of requests; nodes of prompts [class, part, node] and of answers [class, node].

    work       [token] prompt tokens to compute (cached ones excluded)
    prompts    [class, i, j] means of work^i x attention^j up to i + j = 3
    attention  [token^2] sum over a prompt's tokens of the context that each attends to
    decode     [step] output tokens after the first; decode_squared [step^2]
    context    [token x step] KV tokens held, summed over a request's decode steps
    decoding   [1] share of requests with more than one output token
    prompt     [token] the whole prompt, cached part included; prompt_squared [token^2]
    longest    [token] largest prompt + output
    """

    work: Floats
    prompts: Floats
    attention: Floats
    decode: Floats
    decode_squared: Floats
    context: Floats
    decoding: Floats
    prompt: Floats
    prompt_squared: Floats
    longest: Floats
    work_nodes: Floats
    attention_nodes: Floats
    prompt_nodes: Floats
    decode_nodes: Floats


@dataclass(frozen=True, slots=True)
class Mix:
    """The mixture of all classes that one replica of each configuration serves; arrays are [configuration].

    rate [req/s]; prompt [token] and prompt_squared [token^2] of whole prompts; work [token] of them to compute;
    work_squared [token^2] and work_cubed [token^3] moments of it in tokens of equal time, so that a long prompt, whose
    tokens attend to more, counts for more than its length; attention [token] per computed prompt token; context
    [token] mean KV of one decoding sequence
    """

    rate: Floats
    prompt: Floats
    prompt_squared: Floats
    work: Floats
    work_squared: Floats
    work_cubed: Floats
    attention: Floats
    decode: Floats
    decode_squared: Floats
    context: Floats


def summarise(requests: Requests, classes: int) -> Lengths:
    """Condenses a sample of requests into moments and nodes per class."""
    _check(requests, classes)
    rows = [_one(requests, requests.class_id == k) for k in range(classes)]
    return Lengths(*(np.stack(column) for column in zip(*rows, strict=True)))


def mix(lengths: Lengths, rates: Floats, attention_price: Floats) -> Mix:
    """Weighs the classes by their rates [configuration, class], all of whose rows have a positive sum.

    attention_price [configuration] tokens in whose time one token attends to one more token of context
    """
    total = rates.sum(axis=1)
    weights = rates / total[:, None]
    work, decode = _weighed(weights, lengths.work), _weighed(weights, lengths.decode)
    context = np.divide(_weighed(weights, lengths.context), decode, out=np.zeros_like(decode), where=decode > 0)
    attention = _weighed(weights, lengths.attention)
    scale = work / (work + attention_price * attention)
    return Mix(
        rate=total,
        prompt=_weighed(weights, lengths.prompt),
        prompt_squared=_weighed(weights, lengths.prompt_squared),
        work=work,
        work_squared=scale**2 * _weighed(weights, _powered(lengths.prompts, 2, attention_price)),
        work_cubed=scale**3 * _weighed(weights, _powered(lengths.prompts, 3, attention_price)),
        attention=attention / work,
        decode=decode,
        decode_squared=_weighed(weights, lengths.decode_squared),
        context=context,
    )


def _powered(prompts: Floats, order: int, price: Floats) -> Floats:
    """Means of (work + price x attention)^order, [configuration, class]: the binomial theorem."""
    result: Floats = np.zeros((len(price), len(prompts)))
    for j in range(order + 1):
        result += comb(order, j) * price[:, None] ** j * prompts[:, order - j, j]
    return result


def _weighed(weights: Floats, values: Floats) -> Floats:
    """Row by row: a matrix product may round a row differently in a larger batch."""
    result: Floats = (weights * values).sum(axis=1)
    return result


def _check(requests: Requests, classes: int) -> None:
    present = set(np.unique(requests.class_id).tolist())
    if present != set(range(classes)):
        raise ValueError(f"The sample must hold requests of every class 0 to {classes - 1} (got {sorted(present)}).")
    if np.any(requests.prompt_tokens - requests.cached_tokens < 1):
        raise ValueError("Every request must leave at least one prompt token to compute: lower cached_tokens.")
    if np.any(requests.output_tokens < 1):
        raise ValueError("Every request must generate at least one output token.")


def _one(requests: Requests, chosen: NDArray[np.bool_]) -> tuple[Floats, ...]:
    prompt, output = requests.prompt_tokens[chosen], requests.output_tokens[chosen]
    work, decode = prompt - requests.cached_tokens[chosen], output - 1
    attention = work * (requests.cached_tokens[chosen] + work / 2)
    decoding, order = decode > 0, np.argsort(work)
    powers = [[np.mean(work**i * attention**j) if i + j <= 3 else np.nan for j in range(4)] for i in range(4)]
    context = decode * prompt + output * decode / 2
    means = (np.mean(m) for m in (attention, decode, decode**2, context, decoding, prompt, prompt**2))
    scalars = (np.mean(work), powers, *means, np.max(prompt + output))
    nodes = (_part_means(column[order]) for column in (work, attention, prompt))
    return (*(np.asarray(s, dtype=np.float64) for s in scalars), *nodes, _decode_nodes(decode[decoding]))


def _decode_nodes(decode: Floats) -> Floats:
    return _node_means(np.sort(decode), DECODE_EDGES) if len(decode) else np.full(len(DECODE_WEIGHTS), np.nan)


def _part_means(ascending: Floats) -> Floats:
    """Mean of each part of each node, [part, node]."""
    return _node_means(ascending, np.append(_PART_EDGES, 1.0)).reshape(len(NODE_WEIGHTS), len(PARTS)).T


def _node_means(ascending: Floats, edges: Floats) -> Floats:
    """Mean of each slice of the empirical distribution between cumulative probabilities `edges`.

    >>> _node_means(np.arange(100.0), np.array([0.0, 0.15, 1.0]))
    array([ 7., 57.])
    """
    cuts = edges * len(ascending)
    cumulative = np.concatenate([[0.0], np.cumsum(ascending)])
    means: Floats = np.diff(np.interp(cuts, np.arange(len(ascending) + 1.0), cumulative)) / np.diff(cuts)
    return means
