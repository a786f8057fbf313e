"""A row's replicas as a pool of prefill and one of decode, where the row says that they are apart but not how many are which."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from aisizer.calibration.deployment import Deployment
from aisizer.calibration.points import Point, Row
from aisizer.calibration.protocols import largest_rate
from aisizer.calibration.sampling import mean_cached, sample
from aisizer.engine.disaggregated import decode_rate_req_s, decode_table, prefill_table
from aisizer.queueing.front import ceiling_req_s
from aisizer.queueing.occupancy import Limit, Load, capacity
from aisizer.queueing.two_pools import TwoPools, decode_requests, prefill_requests

SAMPLE = 200
"""[request] that stand for uniform lengths where limits are checked analytically."""


def split(deployed: Deployment, point: Point, row: Row) -> TwoPools | None:
    """The split of equal replicas that carries the highest rate; one pool where a row's replicas make no two."""
    if not point.disaggregated:
        return None
    if deployed.replicas < 2 or point.output.mean < 2 or point.protocol == "static":
        row.assumed.append("disagg takes two replicas, answers of two tokens and no static batch: one pool serves")
        return None
    first = prefill_table(deployed.undrafted, deployed.model.layers, point.prompt.mean)
    rest = decode_table(deployed.replica.table)
    ways = [TwoPools(first, rest, n, deployed.replicas - n) for n in range(1, deployed.replicas)]
    best = max(ways, key=lambda pools: pair_rate_req_s(pools, point))
    said = f"{best.prefill_replicas} of {deployed.replicas} replicas for prefill"
    row.assume("disagg", said, "the split that carries the highest rate")
    return best


def pair_rate_req_s(pools: TwoPools, point: Point) -> float:
    """Requests per second through both pools: the slower one decides. [req/s]"""
    prompt, output = point.prompt.mean, point.output.mean
    cached = mean_cached(point.prompt, point.prefix_hit)
    early = min(largest_rate(pools.prefill, prompt, 1.0, cached), ceiling_req_s(pools.prefill, prompt, 1.0))
    late = min(decode_rate_req_s(pools.decode, prompt, output), ceiling_req_s(pools.decode, 1.0, output - 1))
    return min(pools.prefill_replicas * early, pools.decode_replicas * late)


def rate_within_req_s(pools: TwoPools, point: Point, limits: Sequence[Limit]) -> float:
    """The same with the limits held: those on the first token by prefill, those on the others by decode. [req/s]"""
    requests = sample(point.prompt, point.output, SAMPLE, point.prefix_hit)
    one = Load(np.ones(1), np.zeros(1))
    early = [limit for limit in limits if limit.metric == "ttft"]
    late = [limit for limit in limits if limit.metric == "tpot"]
    first = capacity([pools.prefill], prefill_requests(requests), one, early).share[0] * pools.prefill_replicas
    rest = capacity([pools.decode], decode_requests(requests), one, late).share[0] * pools.decode_replicas
    return float(min(first, rest))
