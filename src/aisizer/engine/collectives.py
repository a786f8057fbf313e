"""Collectives between the GPUs of one replica: latency, a middle term and bus bandwidth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aisizer.catalog.records import Gpu
from aisizer.engine import constants as c
from aisizer.shapes import Floats


@dataclass(frozen=True, slots=True)
class Link:
    """What the GPUs of a replica reach among themselves."""

    launch_s: float
    bus_bandwidth: float
    """[byte/s] per GPU, one way"""


def link(gpu: Gpu, ranks: int) -> Link:
    """The link among `ranks` of these GPUs in one server; a bridged NVLink pair falls back to PCIe beyond the pair."""
    kind, one_way_gb_s = gpu.interconnect, gpu.interconnect_gb_s
    if kind == "nvlink" and ranks > 2:
        kind, one_way_gb_s = "pcie", c.PCIE_GB_S
    if kind == "xgmi":
        one_way_gb_s *= (ranks - 1) / c.XGMI_PEERS
    return Link(c.ALL_REDUCE_LAUNCH_S[kind], one_way_gb_s * 1e9 * c.BUS_EFFICIENCY[kind])


def all_reduce_s(message_bytes: Floats, ranks: int, over: Link) -> Floats:
    """Time of an all-reduce of V bytes: t0 + V 2 (n - 1) / n / bus bandwidth + g sqrt(V). [s]

    Source: ring lower bound (Patarasuk, Yuan 2009, doi:10.1016/j.jpdc.2008.09.002); bus bandwidth as in NCCL-tests.

    64 tokens of a 70B model (1.05 MB) on four H100: 5 us + 1.05 MB x 1.5 / 450 GB/s = 3.5 us + 3.07 us.

    >>> round(float(all_reduce_s(np.array([64 * 8192 * 2.0]), 4, Link(5e-6, 450e9))[0]) * 1e6, 2)
    11.57
    """
    traffic = message_bytes * 2 * (ranks - 1) / ranks
    return np.asarray(over.launch_s + traffic / over.bus_bandwidth + c.ALL_REDUCE_GROWTH * np.sqrt(message_bytes))


def all_gather_s(message_bytes: Floats, ranks: int, over: Link) -> Floats:
    """Time to gather V bytes in all from n GPUs: half the traffic of an all-reduce. [s]

    Source: as `all_reduce_s`.

    >>> round(float(all_gather_s(np.array([64 * 128256 * 2.0]), 4, Link(5e-6, 450e9))[0]) * 1e6, 1)  # 16.4 MB
    44.5
    """
    return all_reduce_s(message_bytes, ranks, over) - message_bytes * (ranks - 1) / ranks / over.bus_bandwidth
