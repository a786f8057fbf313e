"""What was measured near the chosen option: its GPU class and engine, its loads, and how far it is from the KV wall."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from aisizer.calibration.intervals import FEWEST_POINTS, KV_WALL
from aisizer.calibration.measurements import COUNTS, RANGES, Range
from aisizer.catalog.records import ENGINES, Engine, Gpu
from aisizer.engine.calibrated import outside
from aisizer.plan.context import Context
from aisizer.plan.evaluate import Evaluated
from aisizer.plan.records import Step
from aisizer.profile.calibrations import FitRange
from aisizer.sizing.capacity import Candidate
from aisizer.sizing.records import Pool


def sentences(context: Context, best: Evaluated, pools: Sequence[Pool]) -> Iterator[str]:
    """What the measurements do not reach, one sentence each."""
    gpu, engine = context.named.gpus[best.offer.gpu], context.named.engine
    if not all(calibrated(candidate) for candidate in best.layout.candidates):
        yield from _unmeasured(gpu, engine, context.catalog.gpus)
    for candidate, pool in zip(best.layout.candidates, pools, strict=True):
        yield from _wall(pool)
        yield from _range(candidate, pool, engine)


def calibrated(candidate: Candidate) -> bool:
    """Whether enough of the user's own load points stand behind a candidate's step times."""
    return candidate.calibration is not None and candidate.calibration.points >= FEWEST_POINTS


def nearest_measured(gpu: Gpu, engine: Engine, gpus: Mapping[str, Gpu]) -> tuple[Gpu, str, int]:
    """The GPU class most like this one of which there are measurements, the family of their engine, and how many.

    The same class counts before the same architecture, that before the nearest memory bandwidth, which decoding is bound
    by, that before the same build, and that before the same engine.
    """

    def distance(key: tuple[str, str]) -> tuple[bool | float | str, ...]:
        family, other = key[0], gpus[key[1]]
        return (
            other.id != gpu.id,
            other.vendor != gpu.vendor,
            other.architecture != gpu.architecture,
            abs(math.log(other.memory_bandwidth_gb_s / gpu.memory_bandwidth_gb_s)),
            other.form_factor != gpu.form_factor,
            family != engine.engine,
            other.id,
        )

    family, found = min((key for key in COUNTS if key[1] in gpus), key=distance)
    return gpus[found], family, COUNTS[family, found]


def measured_step(pool: Pool) -> Step:
    """How many published measurements of a pool's engine on its GPU class stand behind the model."""
    family = pool.engine.partition("-")[0]
    return Step(
        name=f"pools.{pool.name}.measurements",
        meaning="published serving measurements of this engine on this GPU class that stand behind the model",
        formula="count of the measured loads that predictions were compared with",
        inputs={"engine": family, "gpu": pool.gpu},
        value=str(COUNTS.get((family, pool.gpu), 0)),
        unit="measurement",
        source="docs/accuracy.md",
    )


def _unmeasured(gpu: Gpu, engine: Engine, gpus: Mapping[str, Gpu]) -> Iterator[str]:
    """Where the GPU class, or this engine on it, has no measurement that constants were checked on."""
    other, family, count = nearest_measured(gpu, engine, gpus)
    near = f"Nearest evidence: {count:,} measurements of {other.name} with {ENGINES[family]}."
    if gpu.evidence == "datasheet":
        yield (
            f"The throughput of {gpu.name} rests on its datasheet and on constants fitted to other GPUs. {near} Benchmark it "
            "before the order is signed."
        )
    elif (engine.engine, gpu.id) not in COUNTS:
        yield (
            f"No published measurement of {gpu.name} with {ENGINES[engine.engine]} stands behind this plan. {near} Benchmark "
            "it before the order is signed."
        )


def _wall(pool: Pool) -> Iterator[str]:
    degraded = pool.kv_use_p95_degraded or 0.0
    fullest = max(pool.kv_use_p95, degraded)
    if fullest > KV_WALL:
        when = "" if pool.kv_use_p95 > KV_WALL else " with the redundancy down"
        yield (
            f"Pool {pool.name} asks for {fullest * 100:.0f} % of its KV cache at p95{when}, near or beyond the wall at 100 %: a "
            "small error in memory becomes a large one in waiting time. Prefer more replicas or a larger headroom."
        )


def _range(candidate: Candidate, pool: Pool, engine: Engine) -> Iterator[str]:
    """Loads beyond those of the user's calibration, or of the measurements that the engine was compared with."""
    prompt, output = mean_tokens(candidate)
    layout, used = candidate.form.parallel.tensor, candidate.calibration
    if used is not None:
        # how many requests one replica holds follows from the SLO, not from the profile
        found = (*_cut(candidate), *outside(used.range, layout, None, prompt, output))
        if found:
            few = "" if calibrated(candidate) else f" Fewer than {FEWEST_POINTS} load points narrow no band, either."
            yield (
                f"Pool {pool.name} leaves the range of its calibration ({used.files[0].name}): {'; '.join(found)}. Benchmark it "
                f"there too.{few}"
            )
    elif engine.engine in RANGES:
        known = RANGES[engine.engine]
        crowded = pool.in_flight if (pool.in_flight or 0.0) > known.in_flight[1] else None  # fewer are no harder
        found = outside(_fit_range(known), layout, crowded, prompt, output)
        if found:
            yield (
                f"Pool {pool.name} leaves the range of the {known.n:,} serving measurements of {ENGINES[engine.engine]}: "
                f"{'; '.join(found)}. The bands do not cover that: benchmark it."
            )


def _cut(candidate: Candidate) -> Iterator[str]:
    """A layout beyond the tensor parallelism that benchmarks of one server name."""
    if candidate.gpus > candidate.form.parallel.tensor:
        yield f"{candidate.form.parallel.text} was not measured (only tensor parallelism)"


def _fit_range(known: Range) -> FitRange:
    return FitRange(
        in_flight=known.in_flight,
        prompt_tokens=known.prompt_tokens,
        output_tokens=known.output_tokens,
        tensor_parallel=known.tensor_parallel,
    )


def mean_tokens(candidate: Candidate) -> tuple[float, float]:
    """[token] mean prompt and output of a pool's requests as promised, workloads weighted by their rate."""
    pool = candidate.pool.promised
    return pool.mean_prompt, pool.mean_output
