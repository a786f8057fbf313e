"""Unit costs of every priced fleet, and how much of each is allocated to input and to output tokens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from aisizer.costs.records import SiteCost
from aisizer.costs.unit_costs import MILLION, allocated, unit_cost
from aisizer.plan.context import Context
from aisizer.plan.evaluate import Evaluated
from aisizer.plan.money_records import UnitCost, UnitPrices, Volumes
from aisizer.plan.states import State
from aisizer.queueing.phases import phases
from aisizer.queueing.records import Latency
from aisizer.shapes import Floats
from aisizer.sizing.capacity import Candidate

BASELINE = "baseline"
"""The name of the baseline beside the sites'."""


def volumes(context: Context) -> Volumes:
    """What months 1 to 36 bring at the planned demand."""
    workloads, volume = context.profile.workloads, context.demand.volume
    own = [name for name, workload in workloads.items() if workload.load.per_request_of is None]
    factors = sum(context.demand.factors)
    users = [workloads[name].load.users for name in own]
    return Volumes(
        input_tokens=sum(volume.prompt_tokens),
        output_tokens=sum(volume.output_tokens),
        requests=sum(volume.requests),
        transactions=factors * sum(context.offered[name].requests_per_month for name in own),
        user_months=None if None in users else factors * max(n for n in users if n is not None),
    )


def unit_costs(
    costs: Mapping[str, SiteCost], shares: Mapping[str, float], volume: Volumes, served: float
) -> dict[str, UnitCost]:
    """The unit costs of each fleet by name; shares [1] of its cost that are input's, where they are known."""
    return {name: _unit_cost(cost, shares.get(name), volume, served) for name, cost in costs.items()}


def _unit_cost(cost: SiteCost, share: float | None, volume: Volumes, served: float) -> UnitCost:
    accrual = cost.accrual_three_year_usd or 0.0
    return UnitCost(
        accrual_three_year_usd=accrual,
        complete=not cost.missing,
        input_share=share,
        at_plan=_prices(accrual, share, volume, 1.0),
        at_actual=_prices(accrual, share, volume, served),
    )


def _prices(accrual: float, share: float | None, volume: Volumes, served: float) -> UnitPrices:
    tokens = volume.input_tokens + volume.output_tokens
    people = volume.user_months
    return UnitPrices(
        usd_per_million_tokens=unit_cost(accrual, tokens / MILLION, served),
        usd_per_million_input_tokens=None if share is None else allocated(accrual, share, volume.input_tokens, served),
        usd_per_million_output_tokens=None
        if share is None
        else allocated(accrual, 1 - share, volume.output_tokens, served),
        usd_per_request=unit_cost(accrual, volume.requests, served),
        usd_per_transaction=unit_cost(accrual, volume.transactions, served),
        usd_per_user_month=None if people is None else unit_cost(accrual, people, served),
    )


def input_share(e: Evaluated, up: State, latency: Sequence[Latency], row: int) -> float:
    """[1] of a fleet's cost that is input's: each pool by its GPUs, and in it the part of its busy time that prompts take.

    A pool of prefill replicas computes prompts alone, and one of decode replicas answers alone. Idle GPUs follow the busy. nan
    where the queue knows no steady state.
    """
    gpus = [n * c.gpus for n, c in zip(up.replicas, e.layout.candidates, strict=True)]
    parts = [_prefill_part(c, found, row) for c, found in zip(e.layout.candidates, latency, strict=True)]
    return float(np.average(parts, weights=gpus))


def _prefill_part(candidate: Candidate, latency: Latency, row: int) -> float:
    pool = candidate.pool
    if pool.stage != "serve":
        return float(pool.stage == "prefill")
    rates: Floats = np.array(pool.class_rates) / pool.peak_rate * latency.throughput[row]
    return phases(candidate.replica.table, pool.requests, rates, latency.tpot["mean"][row]).prefill_share
