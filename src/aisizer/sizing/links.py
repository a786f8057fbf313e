"""What the servers of one fleet send each other while they serve, from how its replicas are cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import ceil

from aisizer.engine.constants import KV_BYTES
from aisizer.engine.memory import kv_bytes_per_token
from aisizer.sizing.capacity import Candidate
from aisizer.sizing.network import (
    Wire,
    expert_bytes_per_token,
    pipeline_bytes_per_token,
    tensor_parallel_bytes_per_token,
)


def wire_between(wire: Wire, candidates: Sequence[Candidate], gpus_per_server: int) -> Wire:
    """The wire with what the layout adds: collectives of replicas over servers, and caches sent from prefill to decode.

    Both are means over the traffic of all pools: per token of prompt and answer, and per token of prompt.
    """
    serving = [c for c in candidates if c.pool.stage != "prefill"]
    tokens = sum(c.pool.promised.peak_rate * c.pool.promised.mean_context for c in serving)
    prompts = sum(c.pool.promised.peak_rate * c.pool.promised.mean_prompt for c in serving)
    crossing = sum(
        c.pool.promised.peak_rate * c.pool.promised.mean_context * collectives(c, gpus_per_server) for c in serving
    )
    sent = sum(
        c.pool.promised.peak_rate * c.pool.promised.mean_prompt * cache_per_token(c)
        for c in candidates
        if c.pool.stage == "prefill"
    )
    return replace(wire, collectives_per_token=crossing / tokens, kv_per_token=sent / prompts)


def collectives(candidate: Candidate, gpus_per_server: int) -> float:
    """[byte/token] between the servers of one replica; 0 where it stands in one."""
    cut, model = candidate.form.parallel, candidate.pool.model
    borders = ceil(candidate.gpus / gpus_per_server)
    if borders == 1:
        return 0.0
    if cut.pipeline > 1:
        return pipeline_bytes_per_token(model.hidden, borders)
    if cut.expert > 1:
        return expert_bytes_per_token(model.with_experts, model.hidden, model.experts_per_token, borders)
    return tensor_parallel_bytes_per_token(model.layers, model.hidden, borders)


def cache_per_token(candidate: Candidate) -> float:
    """[byte/token] of keys and values of the whole model."""
    value = KV_BYTES[candidate.form.kv_precision]
    return kv_bytes_per_token(candidate.pool.model, 1, candidate.pool.promised.mean_context, value)
