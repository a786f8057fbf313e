"""How much of a pool's demand one replica of each layout carries with every SLO met."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from aisizer.catalog.records import Engine, Gpu
from aisizer.engine.calibrated import calibrated
from aisizer.engine.constants import INTER_NODE_GB_S
from aisizer.engine.disaggregated import decode_table, prefill_table
from aisizer.engine.formats import allowed_precisions, default_kv_precision
from aisizer.engine.parallel import Parallel
from aisizer.engine.replica import Replica, build
from aisizer.engine.speculative import speculative_replica
from aisizer.errors import Rejection
from aisizer.profile.calibrations import Calibration
from aisizer.profile.sections import Supply
from aisizer.queueing.front import ceiling_req_s
from aisizer.queueing.occupancy import Capacity, capacity
from aisizer.shapes import StepTable
from aisizer.sizing.cuts import Room, beyond, inside
from aisizer.sizing.pools import Pool
from aisizer.sizing.stages import stages

API_SERVER_BINDS = 0.95
"""[1] of the API processes' ceiling from which they are named as what stops a replica: their delay is then 20 times idle."""


@dataclass(frozen=True, slots=True)
class Form:
    """What one replica is: GPU class, cut, and precisions of weights and cache."""

    gpu: str
    parallel: Parallel
    precision: str
    kv_precision: str

    def option(self, pool: Pool) -> dict[str, str | int]:
        """The same as a rejection carries it."""
        return {
            "gpu": self.gpu,
            "model": pool.name,
            "tensor_parallel": self.parallel.tensor,
            "layout": self.parallel.text,
            "precision": self.precision,
            "kv_precision": self.kv_precision,
        }


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """One layout of one pool on one GPU class that meets every SLO."""

    pool: Pool
    form: Form
    replica: Replica
    share: float
    """[1] of the pool's demand that one replica carries with every SLO met"""
    stable_share: float
    """[1] of the pool's demand that one replica carries at all"""
    calibration: Calibration | None
    """fitted on the user's benchmarks of this model, GPU, engine and precision"""
    limit: str = ""
    """what stops the replica there: `workload metric_statistic` of an SLO, stability, or api server"""
    confident_share: float | None = None
    """[1] the same as `share` at the confidence that the plan asks for; null: that of the plain prediction"""
    analytic_share: float | None = None
    """[1] what the analytic queue says, where `share` is what the simulation says"""
    analytic_stable_share: float = 0.0
    """[1] the same of `stable_share`"""
    half_width: float = 0.0
    """[1] of the simulated share to each side of it, at 95 %"""

    @property
    def screened_share(self) -> float:
        """[1] what the analytic queue says that one replica carries."""
        return self.share if self.analytic_share is None else self.analytic_share

    @property
    def api_ceiling(self) -> float:
        """[req/s] that the API processes of one replica carry at most; infinite where their times are unknown."""
        return ceiling_req_s(self.replica.table, self.pool.mean_prompt, self.pool.mean_output)

    @property
    def gpu(self) -> str:
        """The GPU class."""
        return self.form.gpu

    @property
    def gpus(self) -> int:
        """GPUs of one replica."""
        return self.form.parallel.gpus


@dataclass(frozen=True, slots=True)
class Screened:
    """Every layout of one pool: those that serve, and why the others do not."""

    candidates: tuple[Candidate, ...]
    rejections: tuple[Rejection, ...]


@dataclass(frozen=True, slots=True)
class Built:
    """A replica that fits, calibrated, without and with the drafts that the pool asks for."""

    form: Form
    plain: Replica
    drafting: Replica
    calibration: Calibration | None


def screen(
    pool: Pool,
    gpus: Mapping[str, Gpu],
    rooms: Mapping[str, Room],
    engine: Engine,
    supply: Supply,
    calibrations: Sequence[Calibration] = (),
) -> Screened:
    """Builds every replica that the pool may have and finds each one's capacity, in one vectorised call per stage."""
    built: list[Built] = []
    rejections: list[Rejection] = []
    for gpu_id, room in rooms.items():
        for weights, cache in _precisions(pool, engine, supply):
            for form, made in _tried(pool, gpus[gpu_id], room, engine, supply, weights, cache):
                found = made if isinstance(made, Rejection) else _finished(made, form, pool, engine, calibrations)
                if isinstance(found, Rejection):
                    rejections.append(_with_option(found, form.option(pool)))
                else:
                    built.append(found)
    parts = [_judged(pool, built)] if supply.disaggregation != "always" else []
    if supply.disaggregation != "never":
        parts += _in_stages(pool, built)
    return Screened(
        tuple(candidate for part in parts for candidate in part.candidates),
        (*rejections, *(rejection for part in parts for rejection in part.rejections)),
    )


def _in_stages(pool: Pool, built: Sequence[Built]) -> list[Screened]:
    """The same replicas as prefill and as decode replicas; how many of each balance follows from their capacities."""
    found = stages(pool)
    if isinstance(found, Rejection):
        return [
            Screened((), tuple(_with_option(found, {"gpu": gpu}) for gpu in dict.fromkeys(b.form.gpu for b in built)))
        ]
    layers = pool.model.layers
    first = [replace(b, drafting=_with_table(b.plain, prefill_table(b.plain, layers, pool.mean_prompt))) for b in built]
    rest = [replace(b, drafting=_with_table(b.drafting, decode_table(b.drafting.table))) for b in built]
    return [_judged(stage, made) for stage, made in zip(found, (first, rest), strict=True)]


def _judged(pool: Pool, built: Sequence[Built]) -> Screened:
    """Those that carry some of the pool's demand within its limits, and why the others carry none."""
    if not built:
        return Screened((), ())
    found = capacity([b.drafting.table for b in built], pool.requests, pool.load, pool.limits)
    candidates, rejections = [], []
    for i, b in enumerate(built):
        if found.share[i] > 0:
            shares = float(found.share[i]), float(found.stable_share[i])
            candidate = Candidate(
                pool, b.form, b.drafting, *shares, b.calibration, analytic_stable_share=float(found.stable_share[i])
            )
            candidates.append(limited(candidate, found.binding[i]))
        else:
            rejections.append(_slo_rejection(pool, b.form, found, i))
    return Screened(tuple(candidates), tuple(rejections))


def _precisions(pool: Pool, engine: Engine, supply: Supply) -> list[tuple[str, str]]:
    """Every allowed precision of weights with every allowed one of the cache, or with the engine's own."""
    return [
        (weights, cache)
        for weights in allowed_precisions(pool.model, pool.precisions)
        for cache in supply.kv_precision or (default_kv_precision(engine, weights),)
    ]


def _tried(
    pool: Pool, gpu: Gpu, room: Room, engine: Engine, supply: Supply, precision: str, kv_precision: str
) -> list[tuple[Form, Replica | Rejection]]:
    """Every cut inside a server; where none holds the model, those over two and four servers, up to the first that do.

    Where the network alone stands in the way, the cuts that would do are rejected with that reason.
    """

    def built(cuts: Sequence[Parallel]) -> list[tuple[Form, Replica | Rejection]]:
        forms = [Form(gpu.id, cut, precision, kv_precision) for cut in cuts]
        return [(form, _built(pool, gpu, engine, form)) for form in forms]

    tried = built(inside(pool.model, room, supply.parallelism))
    if not all(isinstance(made, Rejection) for _, made in tried) or not _lacks_memory(tried):
        return tried
    for cuts in beyond(pool.model, room, supply.parallelism):
        wider = built(cuts)
        tried += wider
        if any(isinstance(made, Replica) for _, made in wider):
            return tried
    if room.joined_gpus:
        return tried
    joined = [form for cuts in beyond(pool.model, Room(room.server_gpus, room.server_gpus), supply.parallelism)
              for form, made in built(cuts) if isinstance(made, Replica)]  # fmt: skip
    return tried + [(form, _not_joined(pool, gpu, precision)) for form in joined[:1]]


def _built(pool: Pool, gpu: Gpu, engine: Engine, form: Form) -> Replica | Rejection:
    cut = form.parallel
    return build(
        pool.model,
        gpu,
        engine,
        tensor_parallel=cut.tensor,
        pipeline_parallel=cut.pipeline,
        expert_parallel=cut.expert,
        attention_dp=cut.attention_dp,
        gpus_per_node=cut.gpus_per_node,
        precision=form.precision,
        kv_precision=form.kv_precision,
        max_context_tokens=pool.longest_context,
        mean_context_tokens=pool.mean_context,
    )


def _lacks_memory(tried: Sequence[tuple[Form, Replica | Rejection]]) -> bool:
    return any(isinstance(made, Rejection) and made.reason == "memory" for _, made in tried)


def _not_joined(pool: Pool, gpu: Gpu, precision: str) -> Rejection:
    detail = (
        f"{pool.model.name} at {precision} fits no single server of {gpu.name}, and no source of the catalog gives one of its "
        f"servers or instances a port of {INTER_NODE_GB_S:g} GB/s for each GPU. Allow another GPU or precision."
    )
    return Rejection("network", detail)


def _finished(
    made: Replica, form: Form, pool: Pool, engine: Engine, calibrations: Sequence[Calibration]
) -> Built | Rejection:
    """Calibrated, and with drafts where the pool has them; a rejection where those do not fit."""
    subject = pool.model.id, form.gpu, engine.id, form.precision, form.parallel.tensor
    table, used = calibrated(made.table, *subject, calibrations)
    plain = _with_table(made, table)
    if pool.speculation is None:
        return Built(form, plain, plain, used)
    drafting = speculative_replica(plain, pool.model.layers, pool.speculation)
    return drafting if isinstance(drafting, Rejection) else Built(form, plain, drafting, used)


def _with_table(replica: Replica, table: StepTable) -> Replica:
    return replace(replica, table=table)


def limited(candidate: Candidate, binding: int) -> Candidate:
    """The candidate with the name of what stops it."""
    pool = candidate.pool
    if candidate.share * pool.peak_rate >= API_SERVER_BINDS * candidate.api_ceiling:
        return replace(candidate, limit="api server")
    if binding < 0:
        return replace(candidate, limit="stability")
    limit = pool.limits[binding]
    return replace(candidate, limit=f"{pool.workloads[limit.class_id]} {limit.metric}_{limit.statistic}")


def _slo_rejection(pool: Pool, form: Form, found: Capacity, i: int) -> Rejection:
    option = form.option(pool)
    binding = found.binding[i]
    if binding < 0:
        return Rejection(
            "unstable", "the KV cache holds too little for a steady stream of these requests", option=option
        )
    limit = pool.limits[binding]
    got = float(found.idle.value(limit.metric, limit.statistic)[i, limit.class_id])
    name = f"{limit.metric}_{limit.statistic}"
    detail = f"{name} of {pool.workloads[limit.class_id]} misses its target even on an idle replica"
    option |= {"workload": pool.workloads[limit.class_id], "slo": name}
    return Rejection("slo", detail, got=got, limit=limit.seconds, unit="s", option=option)


def _with_option(rejection: Rejection, option: dict[str, str | int]) -> Rejection:
    return Rejection(
        rejection.reason, rejection.detail, rejection.got, rejection.limit, rejection.unit, option | rejection.option
    )
