"""Kernel times: rooflines with launch floors, tile and wave quantisation, vectorised over the tokens of a step."""

from __future__ import annotations

from math import ceil, sqrt

import numpy as np

from aisizer.engine import constants as c
from aisizer.engine.machine import Kernel
from aisizer.shapes import Floats


def overlap(compute_s: Floats, memory_s: Floats) -> Floats:
    """Time of a kernel that overlaps arithmetic with memory traffic: a smooth maximum. [s]

    Source: roofline (Williams, Waterman, Patterson 2009, doi:10.1145/1498765.1498785) with a rounded ridge.

    >>> round(float(overlap(np.array(3.0), np.array(4.0))), 3)  # (27 + 64)^(1/3)
    4.498
    """
    p = c.OVERLAP_POWER
    return np.asarray((compute_s**p + memory_s**p) ** (1 / p))


def padded(tokens: Floats) -> Floats:
    """Rows that a kernel computes: whole tiles of 16, of 64 above 64, and no waste worth counting above 1,024. [token]

    Source: tile quantisation, NVIDIA "Matrix Multiplication Background User's Guide" (DU-09798).

    >>> padded(np.array([1.0, 17.0, 65.0, 1500.0])).tolist()
    [16.0, 32.0, 128.0, 1500.0]
    """
    tile = np.where(tokens <= c.TILE, c.DECODE_TILE, c.TILE)
    return np.where(tokens <= c.TILED_UP_TO, np.ceil(tokens / tile) * tile, tokens)


def occupancy(rows: Floats, outputs: int, multiprocessors: int) -> Floats:
    """Share of the GPU that a grid of output tiles, at most 128 x 128, keeps busy. [1]

    Source: wave quantisation, NVIDIA DU-09798; smoothed, since kernels split the inner dimension below one wave.

    >>> occupancy(np.array([16.0, 4096.0]), 2560, 132).round(3).tolist()  # 20 tiles = 0.15 waves, and 4.8 waves
    [0.497, 1.0]
    """
    waves = np.maximum(rows, c.OUTPUT_TILE) / c.OUTPUT_TILE * ceil(outputs / c.OUTPUT_TILE) / multiprocessors
    return np.asarray(waves / (waves**4 + c.HALF_WAVE**4) ** 0.25)


def gemm_s(tokens: Floats, outputs: int, inputs: int, kernel: Kernel) -> Floats:
    """Time of `tokens` x `inputs` times `inputs` x `outputs` on one GPU. [s]

    compute = 2 m n k / F * (1 + 100 / k) / occupancy, memory = (n k weight bytes + 2 m (n + k)) / BW; launch floor;
    an 8- or 4-bit kernel first rounds its input (reads 2 bytes, writes 1 per value).
    Source: roofline, as `overlap`; launch floors and efficiencies in `constants`.

    An 8192 x 8192 BF16 matrix on H100, at 1 token: 134.3 MB at 3.015 TB/s = 44.5 us, against 16 rows, 2.1 GFLOP
    at 731.9 TFLOP/s x 1.012 / 0.953 = 3.1 us; smooth maximum 44.5 us, plus 2.7 us of launch. At 8,192
    tokens: 1.0995 PFLOP = 1,502 us x 1.012 against 403 MB = 134 us; 1,523.7 us with the launch.

    >>> h100 = Kernel(989e12 * 0.74, 3.35e12 * 0.9, 132, 2.7e-6, 2.0, False)
    >>> (gemm_s(np.array([1.0, 8192.0]), 8192, 8192, h100) * 1e6).round(1).tolist()
    [47.2, 1523.7]
    """
    rows = padded(tokens)
    busy = occupancy(rows, outputs, kernel.multiprocessors)
    compute = 2 * rows * outputs * inputs / kernel.flops * (1 + c.PIPELINE_INPUTS / inputs) / busy
    moved = outputs * inputs * kernel.weight_bytes + c.VALUE_BYTES * tokens * (outputs + inputs)
    quantise = (c.VALUE_BYTES + 1) * tokens * inputs / kernel.bandwidth if kernel.quantises_input else 0.0
    return np.asarray(kernel.launch_s + overlap(compute, moved / kernel.bandwidth) + quantise)


def experts_hit(tokens: Floats, experts: int, per_token: int) -> Floats:
    """Expected number of experts that a step reads: E (1 - (1 - k / E)^(1 + s (T - 1))). [1]

    The first token reads k experts; each further one counts s of an independent choice, since tokens of one step prefer
    the same experts. Source: occupancy (Feller 1968, ch. IV) of E cells by draws of k without replacement.

    >>> experts_hit(np.array([1.0, 16.0, 4096.0]), 128, 8).round(1).tolist()
    [8.0, 71.6, 128.0]
    """
    independent = 1 + c.ROUTING_SKEW * (tokens - 1)
    return np.asarray(experts * (1 - (1 - per_token / experts) ** independent))


def moe_s(
    tokens: Floats, experts: int, per_token: int, hidden: int, width: int, matrices: int, kernel: Kernel
) -> Floats:
    """Time of the routed experts of one layer on one GPU that holds `width` of each expert. [s]

    compute = 2 g h i rows / F, rows of `grouped_rows`, overlaps with memory = g h i E_hit weight bytes / BW; the routed
    activations, 2 T k (p h + g i) byte with p = MOE_HIDDEN_PASSES, are gathered, quantised and summed by kernels of their
    own, before and after.
    Source: grouped GEMM roofline; Fedus et al. 2022 (arXiv:2101.03961) for routing.

    Mixtral 8x7B BF16 on one H100, 1 token: 2 experts x 352.3 MB at 3.015 TB/s = 233.7 us against 2 x 176.2e6 x
    2 x 16 rows / 326.4 TFLOP/s = 34.5 us; smooth maximum 234.0 us; launch 15 us, activations 0.1 us.

    >>> h100 = Kernel(989e12 * 0.33, 3.35e12 * 0.9, 132, 15e-6, 2.0, False)
    >>> round(float(moe_s(np.array([1.0]), 8, 2, 4096, 14336, 3, h100)[0]) * 1e6)
    249
    """
    hit = experts_hit(tokens, experts, per_token)
    return grouped_s(tokens * per_token, hit, hidden, width, matrices, kernel)


def grouped_rows(pairs: Floats, hit: Floats) -> Floats:
    """Rows that a grouped kernel computes: whole blocks of each expert that is hit, half a block in vain at the mean. [1]

    hit x max(16, m + b / 2) with m = pairs / hit and b = sqrt(2) m, the mean of powers of two that hold m, from 16 to 64.
    Source: block sizes, as `constants.MOE_BLOCKS`; the mean of a rounding up.

    Two tokens an expert fill one block of 16; 100 tokens need 132 rows in blocks of 64.

    >>> grouped_rows(np.array([20.0, 1000.0]), np.array([10.0, 10.0])).tolist()
    [160.0, 1320.0]
    """
    mean = pairs / np.maximum(hit, 1e-9)
    block = np.clip(sqrt(2) * mean, *c.MOE_BLOCKS)
    return np.asarray(hit * np.maximum(c.MOE_BLOCKS[0], mean + block / 2))


def grouped_s(pairs: Floats, hit: Floats, hidden: int, width: int, matrices: int, kernel: Kernel) -> Floats:
    """Time of one layer's grouped products on a GPU that computes `pairs` of tokens and experts and reads `hit` experts.

    [s] The equation is that of `moe_s`, for ranks whose pairs and experts are known.

    >>> h100 = Kernel(989e12 * 0.33, 3.35e12 * 0.9, 132, 15e-6, 2.0, False)
    >>> round(float(grouped_s(np.array([2.0]), np.array([2.0]), 4096, 14336, 3, h100)[0]) * 1e6)  # as moe_s
    249
    """
    compute = 2 * matrices * hidden * width * grouped_rows(pairs, hit) / kernel.flops
    weights = matrices * hidden * width * hit * kernel.weight_bytes
    activations = c.VALUE_BYTES * pairs * (c.MOE_HIDDEN_PASSES * hidden + matrices * width)
    return np.asarray(kernel.launch_s + overlap(compute, weights / kernel.bandwidth) + activations / kernel.bandwidth)


def elementwise_s(tokens: Floats, values_per_token: float, bandwidth: float) -> Floats:
    """Time of norms, activations and rotary embedding, which only move memory. [s]

    Their launches are part of the engine's overhead per layer. Source: memory roofline.

    >>> round(float(elementwise_s(np.array([1024.0]), 8 * 8192, 3.015e12)[0]) * 1e6, 1)  # 134 MB
    44.5
    """
    return np.asarray(tokens * values_per_token * c.VALUE_BYTES / bandwidth)


def attention_s_per_token(read_bytes: float, flop: float, bandwidth: float, flops: float) -> float:
    """Decode attention per token of context: the cache read overlapped with the arithmetic; both linear in it. [s]

    Source: roofline, as `overlap`; Dao et al. 2023, Flash-Decoding.

    Llama-3.3-70B on four H100: 80 layers x 2 heads x 128 x 2 x 2 byte = 81,920 byte at 3.015 TB/s = 27.2 ns.

    >>> round(attention_s_per_token(81920, 80 * 4 * 16 * 128, 3.015e12, 593.4e12) * 1e9, 1)
    27.2
    """
    p = c.OVERLAP_POWER
    return float(((read_bytes / bandwidth) ** p + (flop / flops) ** p) ** (1 / p))


def window_share_of_pairs(context_tokens: float, window: int | None) -> float:
    """Share of causal query-key pairs that a window leaves: 2 W / S - (W / S)^2 beyond the window, else all. [1]

    Source: counting pairs (i, j) with 0 <= i - j < W in a prompt of S tokens (Child et al. 2019, arXiv:1904.10509).

    >>> window_share_of_pairs(1024, 128), window_share_of_pairs(100, 128), window_share_of_pairs(100, None)
    (0.234375, 1.0, 1.0)
    """
    if window is None or context_tokens <= window:
        return 1.0
    ratio = window / context_tokens
    return 2 * ratio - ratio**2


def window_share_of_tokens(context_tokens: float, window: int | None) -> float:
    """Share of a context that a window keeps and reads: W / S beyond the window, else all. [1]

    Source: definition of sliding-window attention (Beltagy et al. 2020, arXiv:2004.05150).

    >>> window_share_of_tokens(1024, 128), window_share_of_tokens(100, 128)
    (0.125, 1.0)
    """
    return 1.0 if window is None or context_tokens <= window else window / context_tokens
