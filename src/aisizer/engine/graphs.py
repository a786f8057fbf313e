"""CUDA graphs: decode steps padded to a captured size, and what a step costs that no graph covers."""

from __future__ import annotations

import numpy as np

from aisizer.engine import constants as c
from aisizer.shapes import Floats


def captured(tokens: Floats, largest: int | None) -> Floats:
    """Tokens that a step computes where it runs the next larger captured graph: 1, 2, 4, then eights, sixteens above 256.

    Beyond the largest captured size nothing is padded. [token]
    Source: vLLM, vllm/config/vllm.py, cudagraph_capture_sizes (2026).

    >>> captured(np.array([1.0, 3.0, 9.0, 257.0, 600.0]), 512).tolist()
    [1.0, 4.0, 16.0, 272.0, 600.0]
    >>> captured(np.array([3.0]), None).tolist()
    [3.0]
    """
    if largest is None:
        return tokens
    small = np.select([tokens <= 1, tokens <= 2, tokens <= 4], [1.0, 2.0, 4.0], np.ceil(tokens / 8) * 8)
    padded = np.where(tokens <= 256, small, np.ceil(tokens / 16) * 16)
    return np.where(tokens <= largest, np.minimum(padded, float(largest)), tokens)


def eager_floor_s(tokens: Floats, largest: int | None, layers: float) -> Floats:
    """Least time of a step that no graph covers: the host launches every kernel of every layer itself. [s]

    Source: `constants.EAGER_LAYER_S`.

    >>> eager_floor_s(np.array([512.0, 513.0]), 512, 32).tolist()
    [0.0, 0.0024]
    """
    if largest is None:
        return np.zeros_like(tokens)
    return np.where(tokens > largest, layers * c.EAGER_LAYER_S, 0.0)
