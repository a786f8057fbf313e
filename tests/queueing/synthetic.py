"""Synthetic replicas and traffic for the tests of the analytic queue."""

from __future__ import annotations

import numpy as np

from aisizer.shapes import Floats, Requests, StepTable

TOKEN_GRID = np.unique(np.concatenate([np.arange(0, 64, 8), np.geomspace(64, 16384, 60).round()])).astype(float)
SEQUENCE_GRID = np.unique(np.concatenate([np.arange(0, 16, 4), np.geomspace(16, 16384, 24).round()])).astype(float)


def replica(
    *, floor_s: float, token_s: float, kv_read_s: float, kv_capacity_tokens: float, budget: int, max_batch: int = 256
) -> StepTable:
    """A roofline-like replica: weight reading sets a floor, tokens cost beyond it (a smooth maximum)."""
    return StepTable(
        token_grid=TOKEN_GRID,
        tokens_s=(floor_s**3 + (token_s * TOKEN_GRID) ** 3) ** (1 / 3),
        sequence_grid=SEQUENCE_GRID,
        sequences_s=2e-4 + 1.5e-6 * SEQUENCE_GRID,
        prefill_attention_s=token_s * 6e-6,
        kv_read_s=kv_read_s,
        prefill_fixed_s=4e-4,
        decode_fixed_s=3e-4,
        step_fixed_s=8e-4,
        per_sequence_s=4e-6,
        request_fixed_s=8e-3,
        kv_capacity_tokens=kv_capacity_tokens,
        max_batch=max_batch,
        token_budget=budget,
    )


LARGE = replica(floor_s=0.012, token_s=4.5e-5, kv_read_s=2.2e-8, kv_capacity_tokens=900_000, budget=8192)
"""like a 70B model at FP8 on four H100"""
SMALL = replica(floor_s=0.0055, token_s=2.2e-5, kv_read_s=4.5e-8, kv_capacity_tokens=380_000, budget=2048)
"""like an 8B model at BF16 on one H100"""

LENGTHS = {"chat": (1000.0, 1.0, 220.0, 0.9), "rag": (5000.0, 0.6, 250.0, 0.7), "reason": (600.0, 1.0, 1500.0, 0.9)}
"""mean prompt tokens, sigma of its log; mean output tokens, sigma of its log"""


def traffic(name: str, count: int, seed: int = 0, rate: float | None = None, class_id: int = 0) -> Requests:
    """Lognormal lengths of a named workload; Poisson arrivals if a rate [req/s] is given."""
    prompt_mean, prompt_sigma, output_mean, output_sigma = LENGTHS[name]
    rng = np.random.default_rng(seed)
    order = rng.permutation(count)
    return Requests(
        arrival_s=np.zeros(count) if rate is None else np.cumsum(rng.exponential(1 / rate, count)),
        prompt_tokens=_lognormal(prompt_mean, prompt_sigma, count, 32_000),
        output_tokens=_lognormal(output_mean, output_sigma, count, 8_000)[order],
        cached_tokens=np.zeros(count),
        class_id=np.full(count, class_id),
    )


def shuffled(requests: Requests, seed: int = 0) -> Requests:
    """The same requests with their lengths in random order, arrivals as they were."""
    order = np.random.default_rng(seed + 1).permutation(len(requests.arrival_s))
    return Requests(
        requests.arrival_s,
        requests.prompt_tokens[order],
        requests.output_tokens[order],
        requests.cached_tokens[order],
        requests.class_id[order],
    )


def _lognormal(mean: float, sigma: float, count: int, largest: int) -> Floats:
    from scipy.special import ndtri

    quantiles = ndtri((np.arange(count) + 0.5) / count)
    return np.clip(np.round(mean * np.exp(sigma * quantiles - sigma**2 / 2)), 1, largest)


def requests(arrival: object, prompt: object, output: object, cached: object = 0.0) -> Requests:
    """Requests of one class from numbers or lists."""
    columns = np.broadcast_arrays(*(np.asarray(x, dtype=float) for x in (arrival, prompt, output, cached)))
    return Requests(*(np.array(x) for x in columns), class_id=np.zeros(columns[0].shape, dtype=np.int64))


def steps(
    *, per_step: float = 0.0, per_token: float = 0.0, kv_capacity: float = 1e9, max_batch: int = 64, budget: int = 512
) -> StepTable:
    """A replica whose step takes a constant plus so much per token."""
    return StepTable(
        token_grid=np.array([0.0, 4096.0]),
        tokens_s=np.array([0.0, 4096.0 * per_token]),
        sequence_grid=np.array([0.0, 4096.0]),
        sequences_s=np.zeros(2),
        prefill_attention_s=0.0,
        kv_read_s=0.0,
        prefill_fixed_s=0.0,
        decode_fixed_s=0.0,
        step_fixed_s=per_step,
        per_sequence_s=0.0,
        request_fixed_s=0.0,
        kv_capacity_tokens=kv_capacity,
        max_batch=max_batch,
        token_budget=budget,
    )
