"""What stands before the GPUs: gateways with keys and limits, load balancers, state, log store, observers, jump hosts."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from aisizer.profile.sections import FrontEnd
from aisizer.sizing.needs import Need
from aisizer.sizing.traffic import Traffic
from aisizer.units import HOURS_PER_MONTH, figure

GATEWAY_VCPUS = 4
"""vCPUs of one gateway: the pod of LiteLLM's benchmarks (https://docs.litellm.ai/docs/benchmarks)."""
ROLE_VCPUS = {"load balancers": 2, "state": 2, "log nodes": 2, "observers": 4, "jump hosts": 2}
"""vCPUs of one instance of each other role: 2, the least that serves and is watched, 4 where metrics are kept (assumed)."""
SHARD_GB, SHARD_VCPUS, LOG_NODES = 50.0, 1.5, 3
"""[GB] of a shard of logs, its vCPUs, and the fewest nodes: Amazon OpenSearch Service's guides to sizing (30-50 GB, 1.5 vCPU,
three nodes), https://docs.aws.amazon.com/opensearch-service/latest/developerguide/bp-sharding.html."""


def streams(requests_per_s: float, seconds: float) -> float:
    """[1] answers under way: arrivals [req/s] x time from request to last token [s] (Little 1961, doi:10.1287/opre.9.3.383).

    >>> streams(3.0, 27.0)
    81.0
    """
    return requests_per_s * seconds


def gateways(requests_per_s: float, streaming: float, front_end: FrontEnd) -> int:
    """Gateways for so many requests [req/s] and answers under way [1], spares included: the scarcer of both decides.

    LiteLLM's own benchmark passes 3,000 req/s on 33 pods of 4 vCPUs; the default is that rounded down:

    >>> gateways(3000, 3000 * 0.03, FrontEnd(spares=0))
    35
    >>> gateways(100, 30_000, FrontEnd(spares=1))
    4
    """
    for_requests = requests_per_s / (front_end.requests_per_vcpu * GATEWAY_VCPUS)
    return max(ceil(for_requests), ceil(streaming / front_end.streams_per_gateway), 1) + front_end.spares


def log_nodes(hot_gb: float) -> int:
    """Nodes of the log store for so much of hot logs on disk [GB]: 1.5 vCPUs for each shard of 50 GB, and three at least.

    >>> log_nodes(130), log_nodes(1000)
    (3, 15)
    """
    return max(ceil(SHARD_VCPUS * ceil(hot_gb / SHARD_GB) / ROLE_VCPUS["log nodes"]), LOG_NODES)


def cpu_servers(vcpus: float, front_end: FrontEnd) -> int:
    """CPU servers that hold so many vCPUs [1] with the spares down, and never fewer than the copies of the state.

    >>> cpu_servers(26, FrontEnd()), cpu_servers(160, FrontEnd())
    (3, 11)
    """
    return max(ceil(vcpus / front_end.server_vcpus) + front_end.spares, front_end.state_servers)


def front_end_needs(
    traffic: Traffic,
    seconds_per_answer: float,
    gpu_servers: Sequence[int],
    hot_logs_gb: Sequence[float],
    front_end: FrontEnd,
) -> tuple[Need, ...]:
    """Instances of each role in each month, and the CPU servers that carry them together."""
    rates = traffic.peak_requests_per_s
    months = len(rates)
    under_way = [streams(rate, seconds_per_answer) for rate in rates]
    doors = [gateways(rate, n, front_end) for rate, n in zip(rates, under_way, strict=True)]
    roles = {
        "load balancers": [front_end.load_balancers] * months,
        "state": [front_end.state_servers] * months,
        "log nodes": [log_nodes(gb) for gb in hot_logs_gb],
        "observers": [ceil(n / front_end.gpu_servers_per_observer) + front_end.spares for n in gpu_servers],
        "jump hosts": [front_end.jump_hosts] * months,
    }
    vcpus = [
        GATEWAY_VCPUS * doors[month] + sum(ROLE_VCPUS[role] * n[month] for role, n in roles.items())
        for month in range(months)
    ]
    return (
        *_gateway_needs(rates, under_way, doors, seconds_per_answer, front_end),
        _role("Load balancers", roles["load balancers"], "a pair", "load_balancers"),
        _role("State of keys and rate limits", roles["state"], "a majority after a loss", "state_servers"),
        _role("Log store nodes", roles["log nodes"], f"month 36: {figure(hot_logs_gb[-1])} GB of hot logs / {SHARD_GB:g} GB "
              f"x {SHARD_VCPUS:g} vCPU / {ROLE_VCPUS['log nodes']}, at least {LOG_NODES}", "compliance.logging"),
        _role("Observers: metrics, traces, alerts", roles["observers"], f"month 36: {gpu_servers[-1]} GPU servers / "
              f"{front_end.gpu_servers_per_observer} + {front_end.spares}", "gpu_servers_per_observer"),
        _role("Jump hosts", roles["jump hosts"], "a pair", "jump_hosts"),
        _server_need(vcpus, front_end),
    )  # fmt: skip


def _gateway_needs(
    rates: Sequence[float], under_way: Sequence[float], doors: Sequence[int], seconds: float, front_end: FrontEnd
) -> tuple[Need, ...]:
    return (
        Need("front end", "Answers under way in the peak hour", "stream", tuple(under_way),
             f"month 36: {figure(rates[-1])} req/s x {seconds:.3g} s", "Little's law"),
        _role("Gateways: routing, keys, rate limits", doors,
              f"month 36: the larger of {figure(rates[-1])} req/s / ({front_end.requests_per_vcpu:g} x {GATEWAY_VCPUS} vCPU) "
              f"and {figure(under_way[-1])} / {front_end.streams_per_gateway:,}, + {front_end.spares}",
              "requests_per_vcpu, streams_per_gateway, spares"),
    )  # fmt: skip


def _role(name: str, instances: Sequence[int], formula: str, fields: str) -> Need:
    return Need("front end", name, "instance", tuple(float(n) for n in instances), formula,
                f"supply.front_end: {fields}" if "." not in fields else fields, note="Runs on the CPU servers.")  # fmt: skip


def _server_need(vcpus: Sequence[float], front_end: FrontEnd) -> Need:
    return Need(
        "front end", "CPU servers", "server", tuple(float(cpu_servers(n, front_end)) for n in vcpus),
        f"month 36: {vcpus[-1]:,.0f} vCPU / {front_end.server_vcpus} + {front_end.spares}, at least "
        f"{front_end.state_servers}", "supply.front_end: server_vcpus, spares, state_servers", price="cpu-server",
        bought=True, note="Those of vector stores are not among them.",
    )  # fmt: skip


def electricity_need(servers: Sequence[float], front_end: FrontEnd) -> Need:
    """What owned CPU servers draw in a month: servers x power x hours; PUE is a factor of its cost, as that of the fleet's."""
    kw = front_end.server_power / 1000
    return Need(
        "front end", "Electricity of CPU servers", "kWh", tuple(n * kw * HOURS_PER_MONTH for n in servers),
        f"month 36: {servers[-1]:.0f} servers x {kw:g} kW x {HOURS_PER_MONTH:g} h, cooling not included",
        "supply.front_end.server_power", price="electricity",
    )  # fmt: skip
