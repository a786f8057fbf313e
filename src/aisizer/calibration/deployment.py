"""From the names of a row to step tables: catalog records, layout, replicas."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import TypeVar

from aisizer.calibration.points import Point, Row, Unanswerable
from aisizer.calibration.recipes import Settings, as_set, recipe_of, settings_of
from aisizer.calibration.versions import nearest_engine
from aisizer.catalog.catalog import Catalog
from aisizer.catalog.names import UnknownName
from aisizer.catalog.records import Engine, Gpu, Model
from aisizer.engine.constants import TENSOR_PARALLELS
from aisizer.engine.formats import default_kv_precision
from aisizer.engine.memory import activation_bytes
from aisizer.engine.parallel import Parallel
from aisizer.engine.replica import Replica, build
from aisizer.engine.speculative import Speculation, speculative_replica
from aisizer.errors import Rejection

R = TypeVar("R", Model, Gpu)

FAMILIES = {"sglang": "sglang", "vllm": "vllm", "tensorrt": "trtllm", "trt": "trtllm", "nim": "trtllm"}
"""What an engine's name contains, and its family in the catalog; NIM of these years serves with TensorRT-LLM."""
DEFAULT_ENGINE = "vllm"
"""The engine most deployed."""
KV_SHARE = 0.2
"""[1] of the usable memory that the KV cache should get where the layout is ours to pick: with less, batches stay so
small that weights are read for few tokens; assumed."""
TIGHT_MEMORY_FRACTION, TIGHT_MAX_BATCH = 0.97, 256
"""[1], [sequence] tried where a run does not fit at the engine's defaults: benchmarks raise the first up to what the
driver leaves (TensorRT-LLM's tables: 0.95 of what is free) and lower the second, which sets the sampler's workspace."""
DRAFT_TOKENS, ACCEPTANCE = 1, 0.85
"""[token], [1] of speculative decoding where a row says no more than that there is some: one multi-token prediction
module, whose token is accepted in 85 to 90 % (DeepSeek-V3 technical report, arXiv:2412.19437, section 5.4.3)."""
LARGEST_SERVER = 8
"""[GPU] tried where neither tp nor gpus_used is given: one server."""


@dataclass(frozen=True, slots=True)
class Layout:
    """All that one replica's memory and step times depend on; `tight` takes the two settings above."""

    model: str
    gpu: str
    engine: str
    precision: str
    kv_precision: str
    longest_tokens: float
    mean_context_tokens: float
    tensor_parallel: int
    pipeline_parallel: int
    expert_parallel: int
    attention_dp: int
    speculative: bool
    tight: bool = False


@dataclass(frozen=True, slots=True)
class Deployment:
    """What serves a run: `replicas` equal replicas of one layout, each of all its attention-DP ranks together."""

    model: Model
    gpu: Gpu
    engine: Engine
    layout: Layout
    replicas: int
    replica: Replica
    undrafted: Replica
    """the same without speculative decoding, as prompts are computed"""


class Deployer:
    """Finds and builds deployments in one catalog, each name and each layout once."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._model_named = cache(partial(_found, catalog.find_model))
        self._gpu_named = cache(partial(_found, catalog.find_gpu))
        self._build = cache(self._built)
        self._set = cache(self._as_set)

    def deploy(self, described: Point, row: Row) -> Deployment:
        """The deployment that a point describes; raises Unanswerable where it cannot exist."""
        point = _tied(described, row)
        model = self._model(point)
        gpu = _or_unanswerable(self._gpu_named(point.gpu))
        engine = self._engine(point, row)
        precision = point.precision or _precision(model, point, row)
        recipe = recipe_of(model, gpu, engine, point)
        degrees = [point.tensor_parallel] if point.tensor_parallel else _degrees(point)
        first = Layout(
            model=model.id,
            gpu=gpu.id,
            engine=engine.id,
            precision=precision,
            kv_precision=point.kv_precision or recipe.kv_precision or _kv_precision(engine, precision, row),
            longest_tokens=_longest(model, point, row),
            mean_context_tokens=_mean_context(point),
            tensor_parallel=degrees[0],
            pipeline_parallel=point.pipeline_parallel,
            expert_parallel=point.expert_parallel,
            attention_dp=point.attention_dp,
            speculative=point.speculative,
        )
        replicas = _replicas(point, row) if point.tensor_parallel else 0
        layout, replica = self._pick([replace(first, tensor_parallel=t) for t in degrees])
        if not point.tensor_parallel:
            row.assume("tp", layout.tensor_parallel, f"the smallest that fits with {KV_SHARE:.0%} of memory for KV")
            replicas = _replicas(replace(point, tensor_parallel=layout.tensor_parallel), row)
        if layout.tight:
            why = f"with at most {TIGHT_MAX_BATCH} sequences; it does not fit at {engine.memory_fraction:g}"
            row.assume("memory_fraction", TIGHT_MEMORY_FRACTION, why)
        _check_room(point, replica)
        row.assumed += [*replica.notes, *([recipe.note] if recipe.note else [])]
        if layout.speculative:
            row.assume("spec_decode", f"{DRAFT_TOKENS} draft token", f"accepted in {ACCEPTANCE:.0%}")
        settings = settings_of(recipe, point)
        plain = self._set(replace(layout, speculative=False), settings)
        return Deployment(model, gpu, engine, layout, replicas, self._set(layout, settings), plain)

    def _pick(self, layouts: list[Layout]) -> tuple[Layout, Replica]:
        """The smallest that fits with room for the cache, else the largest that fits, else the first that does tightly."""
        made = [(layout, self._build(layout)) for layout in layouts]
        fitting = [(layout, replica) for layout, replica in made if isinstance(replica, Replica)]
        roomy = [(layout, r) for layout, r in fitting if r.memory.kv_gb >= KV_SHARE * r.memory.usable_gb]
        if fitting:
            return roomy[0] if roomy else fitting[-1]
        for layout in (replace(layout, tight=True) for layout in layouts):
            replica = self._build(layout)
            if isinstance(replica, Replica):
                return layout, replica
        raise Unanswerable(next(r.detail for _, r in reversed(made) if isinstance(r, Rejection)))

    def _model(self, point: Point) -> Model:
        """The model of the row's name, else of its Hugging Face name."""
        found = self._model_named(point.model)
        if isinstance(found, str) and point.huggingface:
            other = self._model_named(point.huggingface)
            found = found if isinstance(other, str) else other
        return _or_unanswerable(found)

    def _engine(self, point: Point, row: Row) -> Engine:
        engines = self._catalog.engines
        name = point.engine.lower() or DEFAULT_ENGINE
        if name in engines:
            return engines[name]
        family = next((known for part, known in FAMILIES.items() if part in name), None)
        if family is None:
            raise Unanswerable(f"engine {point.engine[:60]!r} is not known. Name vLLM, SGLang or TensorRT-LLM.")
        same = [engine for engine in engines.values() if engine.engine == family]
        chosen = nearest_engine(same, point.engine_version, point.measured_date)
        asked = f"{point.engine or 'an unnamed engine'} {point.engine_version or 'of unknown version'}"
        row.assume("engine", chosen.id, f"nearest to {asked}")
        return chosen

    def _built(self, layout: Layout) -> Replica | Rejection:
        engine = self._catalog.engines[layout.engine]
        if layout.tight:
            batch = min(engine.max_batch, TIGHT_MAX_BATCH)
            engine = engine.model_copy(update={"memory_fraction": TIGHT_MEMORY_FRACTION, "max_batch": batch})
        model = self._catalog.models[layout.model]
        made = build(
            model,
            self._catalog.gpus[layout.gpu],
            engine,
            tensor_parallel=layout.tensor_parallel,
            precision=layout.precision,
            max_context_tokens=layout.longest_tokens,
            mean_context_tokens=layout.mean_context_tokens,
            pipeline_parallel=layout.pipeline_parallel,
            expert_parallel=layout.expert_parallel,
            attention_dp=layout.attention_dp,
            kv_precision=layout.kv_precision,
        )
        if isinstance(made, Rejection) or not layout.speculative:
            return made
        return speculative_replica(made, model.layers, Speculation(DRAFT_TOKENS, ACCEPTANCE))

    def _as_set(self, layout: Layout, settings: Settings) -> Replica:
        """The replica of a layout that fits, set as a sweep set it."""
        replica = self._build(layout)
        assert isinstance(replica, Replica)
        if settings == Settings():
            return replica
        return replace(replica, table=as_set(replica.table, settings, self._catalog.engines[layout.engine]))


def static_workspace_bytes(deployed: Deployment, prompt_tokens: float, batch: int) -> float:
    """Workspace on one GPU of a static batch, which computes all its prompts in one step. [byte]"""
    layout = deployed.layout
    cut = Parallel(layout.tensor_parallel, layout.pipeline_parallel, layout.expert_parallel, layout.attention_dp)
    step = {"token_budget": math.ceil(batch * prompt_tokens), "max_batch": batch}
    return activation_bytes(deployed.model, deployed.engine.model_copy(update=step), cut)


def _precision(model: Model, point: Point, row: Row) -> str:
    """The precision that a checkpoint's name states, else the published one."""
    name = f"{point.huggingface} {point.model}".lower()
    stated = {"fp8": "fp8", "fp4": "fp4", "awq": "int4", "gptq": "int4", "int4": "int4", "int8": "int8"}
    precision = next((value for part, value in stated.items() if part in name), model.published_precision)
    row.assume("precision_weights", precision)
    return precision


def _kv_precision(engine: Engine, precision: str, row: Row) -> str:
    kv_precision = default_kv_precision(engine, precision)
    row.assume("precision_kv", kv_precision)
    return kv_precision


def _mean_context(point: Point) -> float:
    """[token] context of a decoding sequence, to two digits: only windows depend on it, and tables can be shared."""
    return float(f"{point.prompt.mean + point.output.mean / 2:.2g}")


def _longest(model: Model, point: Point, row: Row) -> float:
    """[token] longest request; benchmarks with random tokens may run beyond what a model was trained for."""
    longest = point.prompt.high + point.output.high
    if longest <= model.max_context:
        return longest
    row.assumed.append(f"requests of {longest:,.0f} tokens run although {model.name} takes {model.max_context:,}")
    return float(model.max_context)


def _tied(point: Point, row: Row) -> Point:
    """Expert parallelism beyond one replica's GPUs ties replicas together: they become ranks of attention DP."""
    stage = (point.tensor_parallel or 1) * point.attention_dp
    tied = point.expert_parallel // stage
    if tied <= 1 or point.expert_parallel % stage or (point.replicas or 1) % tied:
        return point
    row.assumed.append(f"{tied} replicas step together as ranks of attention DP, since ep = {point.expert_parallel}")
    return replace(point, replicas=(point.replicas or 1) // tied, attention_dp=point.attention_dp * tied)


def _degrees(point: Point) -> list[int]:
    """Tensor parallelisms to try where the row leaves it open: those that share out the GPUs evenly."""
    others = (point.replicas or 1) * point.attention_dp * point.pipeline_parallel
    if point.gpus is None:
        return [t for t in TENSOR_PARALLELS if t <= LARGEST_SERVER]
    if point.gpus % others:
        raise Unanswerable(f"gpus_used = {point.gpus}, which is no multiple of {_product(point)} = {others}.")
    each = point.gpus // others
    return [each] if point.replicas else [t for t in TENSOR_PARALLELS if each % t == 0]


def _replicas(point: Point, row: Row) -> int:
    """Replicas, given or left over; raises Unanswerable with the arithmetic where the GPUs do not come out."""
    one = point.attention_dp * (point.tensor_parallel or 1) * point.pipeline_parallel
    replicas = point.replicas
    if replicas is None:
        replicas = max((point.gpus or one) // one, 1)
        row.assume("replicas", replicas)
    if point.gpus is None:
        row.assume("gpus_used", replicas * one)
    elif point.gpus != replicas * one:
        factors = _product(replace(point, replicas=replicas))
        raise Unanswerable(f"gpus_used = {point.gpus}, but {factors} = {replicas * one}.")
    return replicas


def _product(point: Point) -> str:
    """The factors of gpus_used that are known."""
    factors = {"replicas": point.replicas, "attention_dp": point.attention_dp, "tp": point.tensor_parallel}
    factors["pp"] = point.pipeline_parallel
    return " x ".join(f"{name} {value}" for name, value in factors.items() if value is not None)


def _check_room(point: Point, replica: Replica) -> None:
    needed = point.prompt.high + point.output.high
    room = replica.table.kv_capacity_tokens / point.attention_dp
    if needed > room:
        raise Unanswerable(f"one request needs {needed:,.0f} tokens of KV, and {room:,.0f} fit beside the weights.")


def _found(find: Callable[[str], R], name: str) -> R | str:
    """The record, or the sentence that says that there is none."""
    try:
        return find(name)
    except UnknownName as error:
        return str(error)


def _or_unanswerable(found: R | str) -> R:
    if isinstance(found, str):
        raise Unanswerable(found)
    return found
