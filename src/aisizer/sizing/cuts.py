"""How a replica of a model may be cut over the GPUs of a class: few cuts, each tried for a reason.

Left out: tensor parallelism between servers and beyond 8 GPUs, whose two all-reduces a layer would cross the network or
gain little; pipelines and several servers where one holds the model, since stages add latency and no capacity per GPU;
attention-DP groups between no and all ranks, which lie between two cuts that are tried.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from aisizer.catalog.records import Model
from aisizer.engine.layouts import parallelism_fault
from aisizer.engine.parallel import Parallel

TENSOR_PARALLEL = (1, 2, 4, 8)
"""[GPU] powers of two divide head counts; 8 GPUs are one server, and in a rack all-reduces gain little beyond."""
UNITS = (1, 2, 4)
"""[server] tried one after the other until the model fits; four of 80 GB GPUs hold the largest published one in BF16."""


@dataclass(frozen=True, slots=True)
class Room:
    """Where replicas of a GPU class can stand at the profile's sites."""

    server_gpus: int
    """[GPU] of the largest server or instance"""
    joined_gpus: int = 0
    """[GPU] of the largest whose network carries a replica over several of it; 0 where none does"""


def inside(model: Model, room: Room, allowed: Collection[str]) -> tuple[Parallel, ...]:
    """Cuts inside one server: tensor parallelism, and for experts whole ones over the same GPUs or attention-DP ranks.

    Attention-DP is tried from where tensor parallelism would only copy the cache: at once for MLA, else beyond the
    key-value heads.
    """
    sizes = [t for t in TENSOR_PARALLEL if t <= room.server_gpus]
    found = [Parallel(t) for t in sizes]
    if model.experts and "expert" in allowed:
        found += [Parallel(t, expert=t) for t in sizes if t > 1]
    if model.experts and "attention_dp" in allowed:
        found += [_ranks(model, t) for t in sizes if t > _without_copies(model)]
    return tuple(found)


def beyond(model: Model, room: Room, allowed: Collection[str]) -> Iterator[tuple[Parallel, ...]]:
    """Cuts for a model that fits no cut inside a server, in groups of one size, the smallest first.

    Each server, or 8 GPUs of a rack, is a pipeline stage, so that all-reduces stay inside; or attention-DP ranks spread
    experts over all. In one server a pipeline helps only where its heads cannot be shared by all its GPUs.
    """
    for units in UNITS:
        joined = units * min(TENSOR_PARALLEL[-1], room.server_gpus) > room.server_gpus
        if joined and (not room.joined_gpus or "multi_node" not in allowed):
            return
        node = room.joined_gpus if joined else room.server_gpus
        gpus = units * min(TENSOR_PARALLEL[-1], node)
        widest = max(t for t in TENSOR_PARALLEL if t <= gpus // units and parallelism_fault(model, t) is None)
        found = []
        if "pipeline" in allowed and gpus > widest:
            found.append(Parallel(widest, pipeline=gpus // widest, gpus_per_node=node))
        if "attention_dp" in allowed and model.experts and units > 1:
            found.append(_ranks(model, gpus, node))
        yield tuple(found)


def _ranks(model: Model, gpus: int, node: int = TENSOR_PARALLEL[-1]) -> Parallel:
    tensor = _without_copies(model)
    return Parallel(tensor, attention_dp=gpus // tensor, expert=gpus, gpus_per_node=node)


def _without_copies(model: Model) -> int:
    """The largest tensor parallelism that divides the cache instead of copying it: 1 for MLA, else the fewest KV heads."""
    heads = [1 if group.kind == "mla" else group.kv_heads for group in model.attention if group.kind != "linear"]
    return max(t for t in TENSOR_PARALLEL if min(heads, default=1) % t == 0)
