"""How sure the plan is: what a replica carries at a confidence, the purchases that follow, and chances of meeting SLOs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from aisizer.calibration.intervals import (
    CROWD,
    KV_WALL,
    MEDIAN,
    Conditions,
    latency_factor,
    probability_within,
    throughput_factor,
)
from aisizer.errors import Rejection
from aisizer.plan import evidence
from aisizer.plan.context import Context
from aisizer.plan.evaluate import Evaluated, expansion_months
from aisizer.plan.seen import Seen, seen
from aisizer.queueing.occupancy import Capacity, Limit, capacity, solve
from aisizer.queueing.records import Latency
from aisizer.roadmap.waves import fleets
from aisizer.sizing.capacity import Candidate, Screened
from aisizer.sizing.fleet import replicas

HIGH = 0.9
"""[1] confidence at which every plan also counts its GPUs, whatever its own."""
PARTS = np.arange(1, 17) / 16
"""[1] of a capacity that are tried for the largest at which predictions are as good as anywhere."""
TAIL = ("p90", "p95", "p99")
"""Statistics that scatter more around their predictions than means do."""


@dataclass(frozen=True, slots=True)
class Strain:
    """How hard a replica is driven, as far as the error of its predictions depends on it."""

    near_wall: bool
    """so full a KV cache that a small error in memory becomes a large one in time"""
    crowded: bool
    """so many requests in flight that servers begin to queue them"""


CALM = Strain(near_wall=False, crowded=False)


@dataclass(frozen=True, slots=True)
class Count:
    """GPUs of one option at one confidence: for the SLO alone at go-live, and in the first purchase."""

    needed: int
    first_wave: int


def conditions(context: Context, candidate: Candidate, limit: Limit, strain: Strain) -> Conditions:
    """What is known of the prediction that one promise is held against."""
    return replace(_conditions(context, candidate, limit.class_id, strain), tail=limit.statistic in TAIL)


def _conditions(context: Context, candidate: Candidate, class_id: int, strain: Strain) -> Conditions:
    pool = candidate.pool
    return Conditions(
        kind="closed" if pool.load.population[class_id] > 0 else "open",
        engine=context.named.engine.id,
        calibrated=evidence.calibrated(candidate),
        experts=pool.model.experts > 0,
        near_wall=strain.near_wall,
        crowded=strain.crowded,
        unmeasured_gpu=context.named.gpus[candidate.gpu].evidence == "datasheet",
    )


def strain(latency: Latency | Seen, row: int) -> Strain:
    """How hard the replica of that row is driven; one without a steady state as hard as can be."""
    return Strain(not latency.kv_use_p95[row] <= KV_WALL, not latency.in_flight[row] <= CROWD)


def probability(context: Context, candidate: Candidate, limit: Limit, latency: Latency | Seen, row: int) -> float:
    """The chance that the measured value of a promised percentile is within its target."""
    seconds = float(latency.value(limit.metric, limit.statistic)[row, limit.class_id])
    known = conditions(context, candidate, limit, strain(latency, row))
    return probability_within(seconds, limit.seconds, limit.metric, known)


def least_probability(context: Context, e: Evaluated, latency: Sequence[Latency], row: int) -> float:
    """The chance of meeting the least certain SLO of all pools."""
    return min(
        probability(context, found.candidate, limit, found, row)
        for found in seen(e, latency)
        for limit in found.pool.limits
    )


def at_the_profiles(context: Context, screened: Sequence[Screened]) -> list[Screened]:
    """The candidates with what they carry at the profile's confidence; those that miss an SLO at it are rejected."""
    level = context.profile.resilience.confidence
    return [_confident(context, found, level) if level > MEDIAN else found for found in screened]


def _confident(context: Context, found: Screened, level: float) -> Screened:
    pools = dict.fromkeys(c.pool.name for c in found.candidates)
    sure = [s for name in pools for s in at(context, [c for c in found.candidates if c.pool.name == name], level)]
    missed = tuple(s for s in sure if isinstance(s, Rejection))
    return Screened(tuple(s for s in sure if isinstance(s, Candidate)), found.rejections + missed)


def at(context: Context, candidates: Sequence[Candidate], level: float) -> list[Candidate | Rejection]:
    """Candidates of one pool or stage with the share that one replica of each carries with every SLO met at a confidence.

    An SLO holds with that confidence where the prediction times its quantile factor is within the target; each SLO by
    itself, since one error of the model moves them together. Predictions err more near a full cache and in a crowd: a
    replica carries what it does with the factors of its capacity, or with the smaller ones below that strain. Both fall
    with the confidence, so that more of it never needs fewer GPUs.
    """
    if not candidates:
        return []
    full = _strains(candidates)
    strained = [i for i, its in enumerate(full) if its != CALM]
    crowd = [candidates[i] for i in strained]
    held = _held(context, [*candidates, *crowd], [*full, *[CALM] * len(crowd)], level)
    found, calm = held[: len(candidates)], held[len(candidates) :]
    for i, within, most in zip(strained, calm, _calm_shares(crowd), strict=True):
        if most > 0:
            found[i] = max(_at_most(within, most), found[i], key=_carried)
    return found


def _held(
    context: Context, candidates: Sequence[Candidate], strains: Sequence[Strain], level: float
) -> list[Candidate | Rejection]:
    """The candidates as they are if their predictions err as under the given strain."""
    pool, tables = candidates[0].pool, [c.replica.table for c in candidates]
    caution = np.array([_caution(context, c, its, level) for c, its in zip(candidates, strains, strict=True)])
    stable = np.array([c.analytic_stable_share for c in candidates])
    found = capacity(tables, pool.requests, pool.load, pool.limits, caution, stable)
    held: list[Candidate | Rejection] = []
    for i, (candidate, its) in enumerate(zip(candidates, strains, strict=True)):
        slowed = candidate.stable_share * throughput_factor(level, _conditions(context, candidate, 0, its))
        corrected = float(found.share[i]) * candidate.share / candidate.screened_share
        share = min(corrected, candidate.share, slowed)
        made = replace(candidate, confident_share=share)
        held.append(made if share > 0 else _missed(candidate, found, i, caution[i].tolist(), level))
    return held


def _at_most(held: Candidate | Rejection, share: float) -> Candidate | Rejection:
    """No more than that share of the demand."""
    if isinstance(held, Rejection):
        return held
    return replace(held, confident_share=min(_carried(held), share))


def _carried(held: Candidate | Rejection) -> float:
    return (held.confident_share or 0.0) if isinstance(held, Candidate) else 0.0


def _strains(candidates: Sequence[Candidate]) -> list[Strain]:
    """How hard each is driven at its capacity."""
    pool, shares = candidates[0].pool, np.array([c.share for c in candidates])
    full = solve([c.replica.table for c in candidates], pool.requests, pool.load, shares)
    return [strain(full, row) for row in range(len(candidates))]


def _calm_shares(candidates: Sequence[Candidate]) -> list[float]:
    """The largest tried part of each one's capacity that strains it in no way; 0 where all of them do."""
    if not candidates:
        return []
    pool = candidates[0].pool
    shares = np.array([c.share * part for c in candidates for part in PARTS])
    found = solve([c.replica.table for c in candidates for _ in PARTS], pool.requests, pool.load, shares)
    calm = np.array([strain(found, row) == CALM for row in range(len(shares))])
    return [float(part) for part in (shares * calm).reshape(len(candidates), len(PARTS)).max(axis=1)]


def _caution(context: Context, candidate: Candidate, full: Strain, level: float) -> list[float]:
    return [
        latency_factor(level, limit.metric, conditions(context, candidate, limit, full))
        for limit in candidate.pool.limits
    ]


def _missed(candidate: Candidate, found: Capacity, row: int, caution: Sequence[float], level: float) -> Rejection:
    pool, missed = candidate.pool, found.binding[row]
    limit = pool.limits[missed]
    slo, workload = f"{limit.metric}_{limit.statistic}", pool.workloads[limit.class_id]
    option = candidate.form.option(pool) | {"workload": workload, "slo": slo}
    return Rejection(
        "confidence",
        f"{slo} of {workload} misses its target with {level * 100:.4g} % confidence even on an idle replica",
        got=float(found.idle.value(limit.metric, limit.statistic)[row, limit.class_id]) * caution[missed],
        limit=limit.seconds,
        unit="s",
        option=option,
    )


def counts(context: Context, options: Sequence[Evaluated], level: float) -> list[Count | None]:
    """GPUs of each option's own layout at a confidence; null where even an idle replica misses an SLO at it."""
    sure: dict[int, Candidate | Rejection] = {}
    pools: dict[str, dict[int, Candidate]] = {}
    for candidate in (c for e in options for c in e.layout.candidates):
        pools.setdefault(candidate.pool.name, {})[id(candidate)] = candidate
    for members in pools.values():
        plain = list(members.values())
        made = at(context, plain, level) if level > MEDIAN else [replace(c, confident_share=None) for c in plain]
        sure |= {id(c): s for c, s in zip(plain, made, strict=True)}
    return [_count(context, e, [sure[id(c)] for c in e.layout.candidates]) for e in options]


def _count(context: Context, e: Evaluated, sure: Sequence[Candidate | Rejection]) -> Count | None:
    candidates = tuple(s for s in sure if isinstance(s, Candidate))
    if len(candidates) < len(sure):
        return None
    factors, profile = context.demand.factors, context.profile
    layout = replace(e.layout, candidates=candidates)
    bought = fleets(layout, factors, profile.resilience, expansion_months(e.site, profile), e.fleets.first + 1)
    shares = [c.share if c.confident_share is None else c.confident_share for c in candidates]
    return Count(
        needed=sum(
            c.gpus * replicas(factors[e.fleets.first], share) for c, share in zip(candidates, shares, strict=True)
        ),
        first_wave=bought.waves[0].servers * e.offer.gpus,
    )
