"""Collectives between the GPUs of one replica: latency, a middle term and bus bandwidth, inside a server and beyond."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

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
    growth: float = c.ALL_REDUCE_GROWTH["nvswitch"]
    """[s/byte^0.5] of middle sizes"""


def link(gpu: Gpu, ranks: int) -> Link:
    """The link among `ranks` of these GPUs in one server; a bridged NVLink pair falls back to PCIe beyond the pair."""
    kind, one_way_gb_s = gpu.interconnect, gpu.interconnect_gb_s
    if kind == "nvlink" and ranks > 2:
        kind, one_way_gb_s = "pcie", c.PCIE_GB_S
    if kind == "xgmi":
        one_way_gb_s *= (ranks - 1) / c.XGMI_PEERS
    return Link(c.ALL_REDUCE_LAUNCH_S[kind], one_way_gb_s * 1e9 * c.BUS_EFFICIENCY[kind], c.ALL_REDUCE_GROWTH[kind])


def inter_node_link() -> Link:
    """The link of one GPU to the other servers of its replica."""
    return Link(c.INTER_NODE_LAUNCH_S, c.INTER_NODE_GB_S * 1e9 * c.INTER_NODE_EFFICIENCY)


def peer_link(gpu: Gpu, gpus: int, gpus_per_node: int) -> Link:
    """The slowest hop from one GPU to a peer of its replica; an AMD pair owns one link of seven."""
    if gpus > gpus_per_node:
        return inter_node_link()
    return link(gpu, 2 if gpu.interconnect == "xgmi" else gpus)


def all_reduce_s(message_bytes: Floats, ranks: int, over: Link) -> Floats:
    """Time of an all-reduce of V bytes: t0 + V 2 (n - 1) / n / bus bandwidth + g ((n - 1) / 7)^0.78 sqrt(V). [s]

    Source: ring lower bound (Patarasuk, Yuan 2009, doi:10.1016/j.jpdc.2008.09.002); bus bandwidth as in NCCL-tests.

    64 tokens of a 70B model (1.05 MB) on four H100: 3.9 us + 1.05 MB x 1.5 / 319.5 GB/s = 4.92 us + 3.33 us.

    >>> round(float(all_reduce_s(np.array([64 * 8192 * 2.0]), 4, Link(3.9e-6, 319.5e9))[0]) * 1e6, 2)
    12.15
    """
    traffic = message_bytes * 2 * (ranks - 1) / ranks
    growth = over.growth * ((ranks - 1) / 7) ** c.ALL_REDUCE_GROWTH_POWER
    return np.asarray(over.launch_s + traffic / over.bus_bandwidth + growth * np.sqrt(message_bytes))


def all_gather_s(message_bytes: Floats, ranks: int, over: Link) -> Floats:
    """Time to gather V bytes in all from n GPUs: half the traffic of an all-reduce. [s]

    Source: as `all_reduce_s`.

    >>> round(float(all_gather_s(np.array([64 * 128256 * 2.0]), 4, Link(3.9e-6, 450e9))[0]) * 1e6, 1)  # 16.4 MB
    44.4
    """
    return all_reduce_s(message_bytes, ranks, over) - message_bytes * (ranks - 1) / ranks / over.bus_bandwidth


def group_all_reduce_s(message_bytes: Floats, ranks: int, gpu: Gpu, gpus_per_node: int) -> Floats:
    """All-reduce over ranks of one or more servers: inside each server, then of each GPU's share between them. [s]

    Source: hierarchical all-reduce (Thakur, Rabenseifner, Gropp 2005, doi:10.1177/1094342005051521).

    16 H100 in two servers, 1.05 MB: 15.2 us inside, and 131 kB over one 400 Gb/s port each: 10 us + 3.1 us + 0.5 us.

    >>> from aisizer.catalog.load import load_catalog
    >>> h100 = load_catalog().gpus["h100-sxm"]
    >>> (group_all_reduce_s(np.array([64 * 8192 * 2.0]), 16, h100, 8) * 1e6).round(1).tolist()
    [28.8]
    """
    local = min(ranks, gpus_per_node)
    nodes = ceil(ranks / local)
    total = all_reduce_s(message_bytes, local, link(gpu, local)) if local > 1 else np.zeros_like(message_bytes)
    return total if nodes == 1 else total + all_reduce_s(message_bytes / local, nodes, inter_node_link())


def group_all_gather_s(message_bytes: Floats, ranks: int, gpu: Gpu, gpus_per_node: int) -> Floats:
    """Gathers V bytes in all over ranks of one or more servers, as `group_all_reduce_s` reduces them. [s]"""
    local = min(ranks, gpus_per_node)
    nodes = ceil(ranks / local)
    total = all_gather_s(message_bytes, local, link(gpu, local)) if local > 1 else np.zeros_like(message_bytes)
    return total if nodes == 1 else total + all_gather_s(message_bytes / local, nodes, inter_node_link())


def send_s(message_bytes: Floats, over: Link) -> Floats:
    """Time to send V bytes to one peer: t0 + V / bandwidth; a pipeline passes on its hidden states so. [s]

    Source: Hockney 1994, doi:10.1016/S0167-8191(06)80021-9.

    >>> round(float(send_s(np.array([64 * 8192 * 2.0]), Link(10e-6, 42.5e9))[0]) * 1e6, 1)  # 1.05 MB
    34.7
    """
    return np.asarray(over.launch_s + message_bytes / over.bus_bandwidth)


def all_to_all_s(token_bytes: Floats, copies: int, ranks: int, gpu: Gpu, gpus_per_node: int) -> Floats:
    """Time of one dispatch or combine: V bytes of tokens on each GPU, each token on `copies` ranks chosen evenly. [s]

    Kernels for few tokens send every copy on its own; those for many send one to each server that needs it, and one to
    each rank inside: e (1 - (1 - 1 / e)^k) of e expected, at a longer start. The better of the two is taken; traffic
    inside and between servers travels side by side and the slower decides.
    Source: Hockney 1994, as `send_s`; both kinds as in DeepSeek-AI's DeepEP, docs/legacy.md; latency and rate fitted there.

    128 tokens x 7,168 byte x 8 copies on 64 H100-class GPUs, of which 56 in other servers: 7.34 MB x 56 / 64 at
    42.5 GB/s = 151 us + 25 us; DeepEP measures 173 us.

    >>> from aisizer.catalog.load import load_catalog
    >>> h100 = load_catalog().gpus["h100-sxm"]
    >>> (all_to_all_s(np.array([128 * 7168.0]), 8, 64, h100, 8) * 1e6).round().tolist()
    [176.0]
    """
    local = min(ranks, gpus_per_node)
    nodes = ceil(ranks / local)
    inside = link(gpu, local).bus_bandwidth if local > 1 else np.inf
    across = inter_node_link().bus_bandwidth
    single = max(copies * (local - 1) / ranks / inside, copies * (ranks - local) / ranks / across)
    grouped = max(_reached(local, copies) / inside, _reached(nodes, copies) / across)
    few = c.ALL_TO_ALL_LAUNCH_S + token_bytes * single
    many = c.ALL_TO_ALL_GROUPED_LAUNCH_S + token_bytes * grouped
    return np.minimum(few, many)


def _reached(peers: int, copies: int) -> float:
    """Expected others among `peers` that get at least one of a token's copies."""
    return (peers - 1) * (1 - (1 - 1 / peers) ** copies)
