"""CUDA graphs: decode steps padded to a captured size, and what a step costs that no graph covers."""

from __future__ import annotations

import numpy as np

from aisizer.catalog.parameters import shared_width
from aisizer.catalog.records import Engine, Model
from aisizer.engine import constants as c
from aisizer.engine.formats import Format
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
    pairs = np.where(tokens <= 1, 1.0, np.where(tokens <= 2, 2.0, 4.0))
    small = np.where(tokens <= 4, pairs, np.ceil(tokens / 8) * 8)
    padded = np.where(tokens <= 256, small, np.ceil(tokens / 16) * 16)
    return np.where(tokens <= largest, np.minimum(padded, float(largest)), tokens)


def eager_floor_s(tokens: Floats, largest: int | None, host_s: float) -> Floats:
    """Least time of a step that no graph covers: the host launches every kernel itself. [s]

    >>> eager_floor_s(np.array([512.0, 513.0]), 512, 0.0024).tolist()
    [0.0, 0.0024]
    """
    if largest is None:
        return np.zeros_like(tokens)
    return np.where(tokens > largest, host_s, 0.0)


def host_s(model: Model, engine: Engine, weights: Format) -> float:
    """Time of the host to launch every kernel of the layers by itself, hidden behind a slower GPU. [s]

    Source: the counts in `constants`; PyTorch's dispatch per operator, by engine.

    80 layers of 12 kernels at 50 us each:

    >>> from aisizer.catalog.load import load_catalog
    >>> catalog = load_catalog()
    >>> engine = catalog.engines["sglang-0.5.23"].model_copy(update={"launch_s": 50e-6})
    >>> round(host_s(catalog.models["llama-3.3-70b"], engine, Format(16.0, "bf16", weight_only=False)), 6)
    0.048
    """
    attending = sum(group.layers for group in model.attention)
    kernels = sum(group.layers * c.KERNELS[group.kind] for group in model.attention)
    kernels += model.indexed_layers * c.INDEXER_KERNELS + (model.sublayers - attending) * c.MLP_KERNELS
    shared = c.SHARED_EXPERT_KERNELS if model.experts and shared_width(model) else 0
    kernels += model.with_experts * (c.EXPERT_KERNELS[weights.kind] + shared)
    return kernels * engine.launch_s


def small_kernels_s(model: Model) -> float:
    """Time per step of the small kernels inside a graph that full attention does not have. [s]

    Source: the counts in `constants`, each kernel at the launch floor of a BF16 matrix.

    Qwen3.5-397B has 45 layers of linear attention: 45 x 6 kernels at 2.29 us.

    >>> from aisizer.catalog.load import load_catalog
    >>> round(small_kernels_s(load_catalog().models["qwen3.5-397b-a17b"]) * 1e3, 2)
    0.62
    """
    count = sum(group.layers * c.GRAPH_KERNELS[group.kind] for group in model.attention)
    return (count + c.INDEXER_KERNELS * model.indexed_layers) * c.GEMM_LAUNCH_S["bf16"]
