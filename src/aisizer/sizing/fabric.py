"""What is plugged together: ports, switches of a non-blocking Clos network, optics and cables, by servers in service."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from aisizer.sizing.needs import Need

SWITCH_PORTS = 64
"""Ports of a data switch: 64 x 400 Gb/s of an NVIDIA QM9700, 64 x 800GbE of an SN5600 (datasheets)."""
MANAGEMENT_PORTS = 48
"""Ports of a management switch: 48 x 1GBASE-T of an NVIDIA SN2201 (datasheet)."""
PLANES = 2
"""Service ports of a server, each to a switch of its own: NVIDIA's reference architecture of HGX servers, north-south
(https://docs.nvidia.com/enterprise-reference-architectures/hgx-ai-factory-h100-h200-b200/latest/network-logical-architecture.html)."""
OPTICS_PER_LINK = 2
"""A transceiver at each end; copper inside a rack saves them."""


@dataclass(frozen=True, slots=True)
class Clos:
    """A folded Clos network: switches by tier from the leaves up, and its links."""

    switches: tuple[int, ...]
    links: int
    """to end points and between tiers"""


@dataclass(frozen=True, slots=True)
class Cluster:
    """What the network joins in each month."""

    gpu_servers: tuple[int, ...]
    cpu_servers: tuple[int, ...]
    gpus_per_server: int
    rdma: bool
    """whether GPUs of different servers exchange data while they serve: replicas over servers, or KV caches sent on"""


def clos(endpoints: int, ports: int = SWITCH_PORTS) -> Clos:
    """The fewest tiers of switches that join so many end points [port] without blocking.

    One switch up to its ports k; L tiers reach 2 (k / 2)^L end points: below the top every switch has k / 2 ports down and
    as many up, at the top all are down. Source: Clos (1953), doi:10.1002/j.1538-7305.1953.tb01433.x; Al-Fares, Loukissas,
    Vahdat (2008), doi:10.1145/1402958.1402967. A public bill of materials of InfiniBand fabrics (H100 Freakonomics,
    2024-08) has 48 switches for 1,024 GPUs; 16,384 GPUs with three tiers take 1,280:

    >>> clos(64), clos(1024)
    (Clos(switches=(1,), links=64), Clos(switches=(32, 16), links=2048))
    >>> clos(16384)
    Clos(switches=(512, 512, 256), links=49152)
    """
    if endpoints == 0:
        return Clos((), 0)
    if endpoints <= ports:
        return Clos((1,), endpoints)
    down, tiers = ports // 2, 2
    while endpoints > 2 * down**tiers:
        tiers += 1
    leaves = ceil(endpoints / down)
    return Clos((*(leaves,) * (tiers - 1), ceil(leaves / 2)), endpoints + (tiers - 1) * leaves * down)


def fabric_needs(cluster: Cluster) -> tuple[Need, ...]:
    """Ports, switches, optics and cables of the service network, the GPUs' network where one is needed, and management."""
    servers = [gpu + cpu for gpu, cpu in zip(cluster.gpu_servers, cluster.cpu_servers, strict=True)]
    service = _network("Service network", servers, PLANES, "servers", "Two planes, each server on both.")
    management = Need(
        "network", "Management switches", "switch", tuple(float(ceil(n / MANAGEMENT_PORTS)) for n in servers),
        f"month 36: {servers[-1]} servers / {MANAGEMENT_PORTS} ports", "one port of each server's BMC", bought=True, note=_PAID,
    )  # fmt: skip
    if not cluster.rdma:
        return (*service, management)
    gpus = [n * cluster.gpus_per_server for n in cluster.gpu_servers]
    return (*service, *_network("GPU network (RDMA)", gpus, 1, "GPUs", "One port for each GPU."), management)


_PAID = "Where servers are owned, in the price of the network fabric per GPU; where rented, the provider's."


def _network(name: str, endpoints: Sequence[int], planes: int, of: str, note: str) -> tuple[Need, ...]:
    """One network of several equal planes; all its parts are counted, and paid by the fabric's price for each GPU."""
    joined = [clos(n) for n in endpoints]
    source = "non-blocking Clos of 64-port switches (Al-Fares et al. 2008)"
    each = f"month 36: {endpoints[-1]:,} {of} x {planes}"
    links = tuple(float(planes * c.links) for c in joined)
    leaves = tuple(float(planes * sum(c.switches[:1])) for c in joined)
    spines = tuple(float(planes * sum(c.switches[1:])) for c in joined)
    return (
        Need("network", f"{name}: NIC ports", "port", tuple(float(planes * n) for n in endpoints), each, source,
             bought=True, note=f"{note} In the servers' price."),
        Need("network", f"{name}: leaf switches", "switch", leaves, f"{each} / {SWITCH_PORTS} ports", source,
             bought=True, note=_PAID),
        Need("network", f"{name}: switches above the leaves", "switch", spines, "two tiers: half the leaf switches",
             source, bought=True, note=_PAID),
        Need("network", f"{name}: optics", "transceiver", tuple(OPTICS_PER_LINK * n for n in links),
             f"month 36: {OPTICS_PER_LINK} x {links[-1]:,.0f} links", source, bought=True, note=_PAID),
        Need("network", f"{name}: cables", "cable", links,
             f"month 36: {each.removeprefix('month 36: ')} and the links between leaves and spines", source,
             bought=True, note=_PAID),
    )  # fmt: skip
