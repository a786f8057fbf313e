"""One pool of demand as two stages, prefill and decode, each with its part of the requests and of the promises."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

from aisizer.errors import Rejection
from aisizer.queueing.records import Limit, Load
from aisizer.queueing.two_pools import decode_requests, prefill_requests
from aisizer.shapes import Requests
from aisizer.sizing.pools import Pool

DECODE_ENTRY_SHARE = 0.1
"""[1] of a TTFT target that the wait for a place in the decode pool may take, for that place is taken before the first token
is handed over; the rest is prefill's. Assumed: a decode pool that keeps its TPOT admits within a step or two."""


def stages(pool: Pool) -> tuple[Pool, Pool] | Rejection:
    """The prefill and the decode stage, or why the pool has none; closed populations count at their nominal rate.

    Percentiles of both are held and shown as sums, which overstate those of the sum.
    """
    ttft = [_longest_ttft(pool, class_id) for class_id in range(len(pool.workloads))]
    if min(ttft) == 0:
        named = pool.workloads[ttft.index(0.0)]
        why = f"{named} has no ttft target, which tells the wait for the first token from the rest. Give it one in slo."
        return Rejection("disaggregation", why)
    if min(float(values.max()) for values in pool.by_class(pool.requests.output_tokens)) < 3:
        why = f"{pool.name} generates too little to need a decode pool. Serve it in one pool."
        return Rejection("disaggregation", why)
    if any(limit.metric == "e2e" and limit.seconds <= _early(ttft[limit.class_id]) for limit in pool.limits):
        why = f"an e2e target of {pool.name} leaves nothing after its ttft target. Mend one of them."
        return Rejection("disaggregation", why)
    parts = [_parts(limit, ttft[limit.class_id]) for limit in pool.limits]
    first, rest = (tuple(limit for part in parts for limit in part[side]) for side in (0, 1))
    return (
        _stage(pool, "prefill", prefill_requests(pool.requests), first),
        _stage(pool, "decode", decode_requests(pool.requests), rest),
    )


def _stage(pool: Pool, stage: Literal["prefill", "decode"], requests: Requests, limits: tuple[Limit, ...]) -> Pool:
    load = Load(rate=np.array(pool.class_rates), population=np.zeros(len(pool.class_rates)))
    name = f"{pool.name}-{stage}"
    return replace(pool, name=name, stage=stage, base=pool, requests=requests, load=load, limits=limits)


def _parts(limit: Limit, ttft: float) -> tuple[tuple[Limit, ...], tuple[Limit, ...]]:
    """A promise as what prefill and what decode must keep."""
    if limit.metric == "tpot":
        return (), (limit,)
    early = _early(limit.seconds if limit.metric == "ttft" else ttft)
    return (replace(limit, metric="ttft", seconds=early),), (replace(limit, seconds=limit.seconds - early),)


def _early(ttft: float) -> float:
    """[s] of a TTFT target that is prefill's."""
    return (1 - DECODE_ENTRY_SHARE) * ttft


def _longest_ttft(pool: Pool, class_id: int) -> float:
    """[s] of a workload's TTFT targets; 0 where it has none."""
    return max((i.seconds for i in pool.limits if i.metric == "ttft" and i.class_id == class_id), default=0.0)
