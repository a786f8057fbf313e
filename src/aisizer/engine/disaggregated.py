"""Prefill and decode on pools of their own: the steps of each, and the cache that moves between them."""

from __future__ import annotations

from dataclasses import replace
from math import ceil

import numpy as np

from aisizer.engine.collectives import Link, inter_node_link
from aisizer.engine.replica import Replica
from aisizer.shapes import StepTable

HANDOVER_S = 0.2
"""[s] from the end of prefill to the first token at the client, beyond the bytes of the cache: router, block allocation on the
decode side, handshake. Median of measured less predicted TTFT at up to 16 clients and 1,024 prompt tokens: 214 ms for
TensorRT-LLM, 229 for vLLM, 234 for SGLang (15 disaggregated InferenceX rows of 2025-26 in silicon_sample.csv, pairs that
are not held out); prior 50 %."""


def prefill_table(replica: Replica, layers: int, prompt_tokens: float) -> StepTable:
    """A prefill replica's steps; each request also waits for what of its hand-over its computation does not hide."""
    transfer = kv_transfer_s(replica.memory.kv_bytes_per_token, prompt_tokens, inter_node_link())
    exposed = exposed_transfer_s(transfer, prefill_s(replica.table, prompt_tokens), layers)
    return replace(replica.table, request_fixed_s=replica.table.request_fixed_s + HANDOVER_S + exposed)


def decode_table(table: StepTable) -> StepTable:
    """A decode replica's steps: the token that a request brings is computed like one that is decoded.

    It reads its context, and no prompt attention is launched; what a request takes outside the GPU counts with prefill.
    """
    return replace(
        table,
        prefill_attention_s=table.kv_read_s,
        prefill_fixed_s=0.0,
        prefill_floor_s=0.0,
        request_fixed_s=0.0,
        request_token_s=0.0,
        hold_steps=0,
    )


def kv_transfer_s(kv_bytes_per_token: float, prompt_tokens: float, over: Link) -> float:
    """Time to move a prompt's cache to the decode pool: t0 + prompt x bytes per token on one GPU / its port. [s]

    Each GPU of a prefill replica sends its share to its counterpart, all at once. Source: Hockney 1994,
    doi:10.1016/S0167-8191(06)80021-9; Zhong et al. 2024, DistServe, arXiv:2401.09670, section 3.3.

    2,048 tokens of Llama-3.3-70B on four GPUs: 2,048 x 81,920 byte = 168 MB at 42.5 GB/s = 3.95 ms.

    >>> round(kv_transfer_s(81920, 2048, Link(10e-6, 42.5e9)) * 1e3, 2)
    3.96
    """
    return over.launch_s + kv_bytes_per_token * prompt_tokens / over.bus_bandwidth


def exposed_transfer_s(transfer_s: float, prefill_s: float, layers: int) -> float:
    """What the transfer adds where each layer's cache leaves while later layers compute. [s]

    At least the last layer's share, and all that prefill is too short to hide.
    Source: Patel et al. 2024, Splitwise, arXiv:2311.18677, section 4.2 (layer-wise transfer).

    >>> exposed_transfer_s(0.004, 0.100, 80), round(exposed_transfer_s(0.2, 0.1, 80), 5)
    (5e-05, 0.10125)
    """
    return max(transfer_s / layers, transfer_s - prefill_s * (layers - 1) / layers)


def prefill_s(table: StepTable, prompt_tokens: float) -> float:
    """Time of one prompt alone in its steps, cut into chunks of the token budget: a prefill pool's service time. [s]

    Without the floor of a step (`prefill_floor_s`), which prompts that a prefill pool is bought for lie above.

    Source: the equation of `StepTable`; chunked prefill (Agrawal et al. 2024, arXiv:2403.02310).

    >>> grid = np.array([0.0, 1000.0, 2000.0])
    >>> t = StepTable(grid, np.array([0, 0.1, 0.2]), grid, 0 * grid, 0.0, 0.0, 0.0, 0.0, 0.01, 0.0, 0.0, 1e5, 16, 1000)
    >>> round(prefill_s(t, 1500), 3)  # 1,000 tokens in 110 ms and 500 in 60 ms
    0.17
    """
    steps = ceil(prompt_tokens / table.token_budget)
    last = prompt_tokens - (steps - 1) * table.token_budget
    chunks = np.array([float(table.token_budget)] * (steps - 1) + [last])
    work = np.interp(chunks, table.token_grid, table.tokens_s).sum()
    head = np.interp(1.0, table.sequence_grid, table.sequences_s) + table.per_sequence_s
    fixed = steps * (table.step_fixed_s + table.prefill_fixed_s)
    return float(work + head + fixed + table.prefill_attention_s * prompt_tokens**2 / 2)


def decode_rate_req_s(table: StepTable, prompt_tokens: float, output_tokens: float) -> float:
    """Requests per second that a decode replica finishes at most: B / ((O - 1) t(B)). [req/s]

    B is what its batch and its cache hold of requests half-way through their answer; the first token comes from the prefill
    pool. Source: Little's law (Little 1961, doi:10.1287/opre.9.3.383).

    >>> grid = np.array([0.0, 64.0])
    >>> t = StepTable(grid, np.array([0.0, 0.0]), grid, 0 * grid, 0.0, 0.0, 0.0, 0.01, 0.01, 0.0, 0.0, 64100, 64, 1000)
    >>> decode_rate_req_s(t, 1950, 101)  # 32 sequences of 2,000 tokens, 100 steps of 20 ms
    16.0
    """
    context = prompt_tokens + output_tokens / 2
    sequences = min(table.max_batch, table.token_budget - 1, table.kv_capacity_tokens // context)
    step = np.interp(sequences, table.token_grid, table.tokens_s)
    step += np.interp(sequences, table.sequence_grid, table.sequences_s)
    step += table.kv_read_s * sequences * context + table.decode_fixed_s
    step += table.step_fixed_s + table.per_sequence_s * sequences
    return float(sequences / ((output_tokens - 1) * step))
