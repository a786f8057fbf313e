"""How one replica is cut over its GPUs, and which cuts cannot be."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import numpy as np

from aisizer.catalog.records import Model
from aisizer.engine.constants import GPUS_PER_NODE
from aisizer.engine.layouts import parallelism_fault
from aisizer.errors import Rejection
from aisizer.shapes import Floats


@dataclass(frozen=True, slots=True)
class Parallel:
    """tensor x attention_dp x pipeline GPUs; experts are spread over the GPUs of a stage.

    A lane is one of attention_dp x pipeline groups of sequences: a step advances all lanes by one token, and the slowest
    lane decides. In attention data parallelism the lanes are ranks; in a pipeline they are the micro-batches that fill
    it, since stage i works on micro-batch j while stage i + 1 works on micro-batch j - 1.
    """

    tensor: int = 1
    pipeline: int = 1
    expert: int = 1
    """ranks over which whole experts are spread; each cuts the width of its experts over the rest of the stage"""
    attention_dp: int = 1
    gpus_per_node: int = GPUS_PER_NODE

    @property
    def stage_gpus(self) -> int:
        """GPUs of one pipeline stage, which hold the experts of its layers together."""
        return self.tensor * self.attention_dp

    @property
    def gpus(self) -> int:
        """GPUs of the replica."""
        return self.stage_gpus * self.pipeline

    @property
    def lanes(self) -> int:
        """Groups of sequences that step together."""
        return self.attention_dp * self.pipeline

    @property
    def expert_tensor(self) -> int:
        """GPUs over which the width of one expert is cut."""
        return self.stage_gpus // self.expert

    @property
    def text(self) -> str:
        """The cut in words; experts reuse the GPUs of a stage.

        >>> Parallel(8, pipeline=2).text, Parallel(attention_dp=8, expert=8).text, Parallel(8, expert=8).text
        ('TP8 x PP2', 'attention-DP 8, EP 8', 'TP8, EP 8')
        """
        product = [f"attention-DP {self.attention_dp}"] if self.attention_dp > 1 else []
        product += [f"PP{self.pipeline}"] if self.pipeline > 1 else []
        if self.tensor > 1 or not self.attention_dp > 1:
            product.insert(0, f"TP{self.tensor}")
        return " x ".join(product) + (f", EP {self.expert}" if self.expert > 1 else "")


def slowest_stage(layers: int, stages: int) -> float:
    """Layers of the fullest stage against an even split: the pipeline's bubble from layers that do not divide. [1]

    Source: a pipeline is as slow as its slowest stage (Huang et al. 2019, GPipe, arXiv:1811.06965).

    >>> slowest_stage(80, 4), round(slowest_stage(61, 4), 3)  # 16 layers where 15.25 were even
    (1.0, 1.049)
    """
    return stages * ceil(layers / stages) / layers


def pipeline_cycle_s(stage_s: Floats, stages: int, micro_batches: int) -> Floats:
    """Time in which every sequence of a pipeline gets one token: max(m, p) stages' time. [s]

    A micro-batch needs p stages one after the other before its next token can start, and every stage works on m
    micro-batches in turn. With m < p each stage idles (p - m) / p of the time: the bubble of decoding.
    Source: steady state of GPipe's schedule (arXiv:1811.06965) with a dependency from last stage to first.

    >>> [float(pipeline_cycle_s(np.array(0.005), 4, m)) for m in (4, 1, 8)]
    [0.02, 0.02, 0.04]
    """
    return np.asarray(max(micro_batches, stages) * stage_s)


def parallel_fault(model: Model, parallel: Parallel) -> Rejection | None:
    """Why the model cannot be cut so, or nothing."""
    if fault := parallelism_fault(model, parallel.tensor):
        return fault
    if parallel.pipeline > model.layers:
        return _fault(f"{model.name} has {model.layers} layers", "pipeline_parallel", parallel.pipeline, model.layers)
    if not model.experts and parallel.expert > 1:
        return _fault(f"{model.name} has no experts to spread", "expert_parallel", parallel.expert, 1)
    if not model.experts and parallel.attention_dp > 1:
        why = f"{model.name} is dense, so that its data-parallel ranks are replicas; count them as such"
        return _fault(why, "attention_dp", parallel.attention_dp, 1)
    if parallel.expert > model.experts > 0:
        return _fault(f"{model.name} has {model.experts} experts", "expert_parallel", parallel.expert, model.experts)
    return _expert_fault(parallel)


def _expert_fault(parallel: Parallel) -> Rejection | None:
    stage = parallel.stage_gpus
    if parallel.attention_dp > 1 and parallel.expert not in (1, stage):
        why = f"with attention_dp the {stage} GPUs of a stage spread whole experts over all of them or over none"
        return _fault(why, "expert_parallel", parallel.expert, stage)
    if stage % parallel.expert:
        why = (
            f"expert_parallel reuses the {stage} GPUs of a stage (tensor_parallel x attention_dp) and must divide them"
        )
        return _fault(why, "expert_parallel", parallel.expert, stage)
    return None


def _fault(why: str, name: str, got: int, limit: int) -> Rejection:
    detail = f"{why} (got {name} {got}). Use {name} {limit}."
    return Rejection("parallelism", detail, got=float(got), limit=float(limit), unit="GPU")
