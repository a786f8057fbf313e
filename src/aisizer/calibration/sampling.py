"""The requests of a run: lengths, what of the prompts a cache holds, arrivals.

All come from one seed, so that layouts are compared on the same requests.
"""

from __future__ import annotations

from functools import lru_cache
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from aisizer.calibration.points import Span
from aisizer.shapes import Floats, Requests


def sample(prompt: Span, output: Span, count: int, prefix_hit: float = 0.0) -> Requests:
    """Requests with these lengths, for analytic models."""
    prompts, outputs = _lengths(prompt, count, "prompt"), _lengths(output, count, "output")
    return Requests(np.zeros(count), prompts, outputs, cached_tokens(prompts, prefix_hit), _class_zero(count))


def cached_tokens(prompt_tokens: Floats, prefix_hit: float) -> Floats:
    """Whole tokens of each prompt that the prefix cache holds: never the last, whose logits give the first output token.

    Source: vllm/v1/core/kv_cache_manager.py, get_computed_blocks. [token]

    >>> cached_tokens(np.array([1.0, 99.0, 100.0]), 0.4), cached_tokens(np.array([1.0, 99.0, 100.0]), 1.0)
    (array([ 0., 39., 40.]), array([ 0., 98., 99.]))
    """
    return np.minimum(np.floor(prefix_hit * prompt_tokens), prompt_tokens - 1)


def mean_cached(prompt: Span, prefix_hit: float) -> float:
    """[token] of a prompt of mean length."""
    return float(cached_tokens(np.array(prompt.mean), prefix_hit))


@lru_cache(maxsize=64)
def unit_gaps(count: int) -> Floats:
    """Unit exponential gaps, scaled to a mean of 1: a run of n requests offers exactly its rate."""
    gaps = np.random.default_rng([0, crc32(b"arrivals")]).exponential(size=count)
    return np.asarray(gaps / gaps.mean())


@lru_cache(maxsize=64)
def _uniform(count: int, stream: str) -> Floats:
    return np.random.default_rng([0, crc32(stream.encode())]).random(count)


def _class_zero(count: int) -> NDArray[np.int64]:
    return np.zeros(count, dtype=np.int64)


def _lengths(span: Span, count: int, stream: str) -> Floats:
    """Whole tokens, uniform over low .. high, both included."""
    if span.low == span.high:
        return np.full(count, span.low)
    return np.floor(span.low + (span.high - span.low + 1) * _uniform(count, stream))
