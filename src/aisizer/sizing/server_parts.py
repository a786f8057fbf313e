"""What stands in a server: the parts that its record names; of those that no record names, what the sizing asks for."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from aisizer.catalog.records import Gpu, Server, ServerPart
from aisizer.profile.sections import FrontEnd
from aisizer.sizing.fabric import PLANES

Kind = Literal["gpu", "cpu", "memory", "nvme", "nic"]
VENDORS = {"nvidia": "NVIDIA", "amd": "AMD", "intel": "Intel"}
CORES_PER_GPU, MEMORY_OVER_GPUS = 6, 2
"""Physical cores for each GPU, and host memory over the memory of all GPUs: the least of the guide for inference servers,
taken for the GPUs of other makers too (assumed)."""
GUIDE = (
    "NVIDIA-Certified Systems Configuration Guide, inference (secondary, re-read it), "
    "https://docs.nvidia.com/certification-programs/nvidia-certified-configuration-guide/"
)
WEIGHT_COPIES = 2
"""The weights in use and those before or after them, so that a change of model is undone without the network (assumed)."""


@dataclass(frozen=True, slots=True)
class Part:
    """So many of one thing in each server.

    source  what the count rests on
    note    empty where a record names the part; else that it is a requirement, and its formula
    """

    kind: Kind
    name: str
    quantity: int
    unit: str
    source: str
    note: str = ""
    manufacturer: str = ""
    part_number: str = ""


def host_memory_gb(gpus: int, gpu_memory_gb: float) -> int:
    """[GB] of system memory that a server needs at least: twice the memory of its GPUs (GUIDE), in whole GB.

    gpu_memory_gb [GB/GPU]. Eight H200 with 141 GB each; MLPerf Inference v4.1 ran such a server with 2 TB:

    >>> host_memory_gb(8, 141)
    2256
    """
    return math.ceil(MEMORY_OVER_GPUS * gpus * gpu_memory_gb)


def weights_disk_gb(weights_bytes: float) -> int:
    """[GB] of NVMe for the weights of every model, in use and spare: copies x weights, rounded up.

    weights_bytes [byte]. GB and byte as in IEC 80000-13 (2008). 70.6 billion parameters in FP8, twice:

    >>> weights_disk_gb(70.6e9)
    142
    """
    return math.ceil(WEIGHT_COPIES * weights_bytes / 1e9)


def server_parts(server: Server, gpu: Gpu, weights_bytes: float, rdma: bool) -> tuple[Part, ...]:
    """The parts of one GPU server, its GPUs first.

    weights_bytes  [byte] of all models that it may serve
    rdma           whether its GPUs exchange data with other servers while they serve
    """
    cards = Part("gpu", gpu.name, server.gpus, "EA", _source(server, "gpus"), manufacturer=VENDORS[gpu.vendor])
    built_in = [_recorded(part, _source(server, "parts")) for part in server.parts]
    named = {part.kind for part in built_in}
    asked = (part for part in _asked(server, gpu, weights_bytes, rdma) if part.kind not in named)
    return (cards, *built_in, *asked)


def cpu_server_parts(front_end: FrontEnd) -> tuple[Part, ...]:
    """What one CPU server must have: its threads, its memory and its service ports."""
    field = "supply.front_end"
    return (
        Part("cpu", "CPU threads", front_end.server_vcpus, "THREAD", f"{field}.server_vcpus", "A requirement."),
        Part(
            "memory", "System memory", math.ceil(front_end.server_memory_gb), "GB", f"{field}.server_memory_gb",
            "A requirement.",
        ),
        _service_ports(),
    )  # fmt: skip


def _source(server: Server, field: str) -> str:
    return server.sources.get(field, server.sources.get("*", ""))


def _recorded(part: ServerPart, source: str) -> Part:
    return Part(
        part.kind, part.name, part.quantity, part.unit, source,
        manufacturer=part.manufacturer, part_number=part.part_number,
    )  # fmt: skip


def _asked(server: Server, gpu: Gpu, weights_bytes: float, rdma: bool) -> Iterator[Part]:
    """Requirements, where no record says what is built in; the host of a rack-scale system is part of its superchips."""
    if gpu.form_factor != "rack":
        yield Part(
            "cpu", "Physical CPU cores", CORES_PER_GPU * server.gpus, "CORE", GUIDE,
            f"A requirement: {CORES_PER_GPU} cores x {server.gpus} GPUs.",
        )  # fmt: skip
        yield Part(
            "memory", "System memory", host_memory_gb(server.gpus, gpu.memory_gb), "GB", GUIDE,
            f"A requirement: {MEMORY_OVER_GPUS} x {server.gpus} GPUs x {gpu.memory_gb:g} GB.",
        )  # fmt: skip
    yield Part(
        "nvme", "NVMe for model weights", weights_disk_gb(weights_bytes), "GB", "the chosen models and precisions",
        f"A requirement: {WEIGHT_COPIES} copies x {weights_bytes / 1e9:,.4g} GB of weights; the system's own disk comes on top.",
    )  # fmt: skip
    yield _service_ports()
    if rdma:
        speed = "" if server.gpu_network is None else f" of {server.gpu_network.base * 8:g} Gb/s"
        yield Part(
            "nic", f"Port{speed} of the GPU network, RDMA", server.gpus, "PORT", "the chosen layout",
            "A requirement: one port for each GPU, because GPUs of different servers exchange data.",
        )  # fmt: skip


def _service_ports() -> Part:
    return Part(
        "nic", "Port of the service network", PLANES, "PORT", "non-blocking Clos in two planes",
        f"A requirement: {PLANES} planes, each server on both; the management port comes on top.",
    )  # fmt: skip
