"""Workloads that share a model become one pool: its requests, load and latency limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from aisizer.catalog.records import Model
from aisizer.demand.loads import Offered, burst_factor
from aisizer.demand.mix import requests_sample
from aisizer.engine.speculative import Speculation
from aisizer.errors import InvalidInput
from aisizer.profile.sections import Workload
from aisizer.queueing.occupancy import Limit, Load
from aisizer.shapes import Floats, Requests


@dataclass(frozen=True, slots=True)
class Pool:
    """The demand for one model at the peak hour, at a demand factor of 1."""

    name: str
    model: Model
    workloads: tuple[str, ...]
    precisions: tuple[str, ...]
    speculation: Speculation | None
    requests: Requests
    load: Load
    limits: tuple[Limit, ...]
    class_rates: tuple[float, ...]
    """[req/s] per workload, closed ones at their nominal rate"""
    burst: float
    """[1] rate in the p95 minute of the peak hour over the peak-hour rate"""
    longest_context: float
    """[token] 99th percentile of prompt plus output"""
    mean_context: float
    """[token] mean prompt plus output, workloads weighted by rate"""
    stage: Literal["serve", "prefill", "decode"] = "serve"
    base: Pool | None = None
    """the whole pool of which this is a stage"""

    @property
    def promised(self) -> Pool:
        """The pool whose requests and limits the profile states."""
        return self.base or self

    @property
    def mean_prompt(self) -> float:
        """[token] mean prompt, workloads weighted by rate."""
        return self._mean(self.requests.prompt_tokens)

    @property
    def peak_rate(self) -> float:
        """[req/s] of all workloads together."""
        return sum(self.class_rates)

    @property
    def mean_output(self) -> float:
        """[token] mean answer, workloads weighted by rate."""
        return self._mean(self.requests.output_tokens)

    def _mean(self, values: Floats) -> float:
        return float(np.average([v.mean() for v in self.by_class(values)], weights=self.class_rates))

    def by_class(self, values: Floats) -> list[Floats]:
        """An array over the requests, split by workload."""
        return [values[self.requests.class_id == i] for i in range(len(self.workloads))]


def make_pools(
    workloads: Mapping[str, Workload], models: Mapping[str, Model], offered: Mapping[str, Offered]
) -> tuple[Pool, ...]:
    """One pool per model, in the order in which the profile names them."""
    members: dict[str, list[str]] = {}
    for name in workloads:
        members.setdefault(models[name].id, []).append(name)
    return tuple(_pool(model, names, workloads, models, offered) for model, names in members.items())


def _pool(
    name: str,
    members: list[str],
    workloads: Mapping[str, Workload],
    models: Mapping[str, Model],
    offered: Mapping[str, Offered],
) -> Pool:
    requests = requests_sample(workloads, members)
    rates = tuple(offered[w].peak_rate_per_s for w in members)
    contexts = [
        requests.prompt_tokens[requests.class_id == i] + requests.output_tokens[requests.class_id == i]
        for i in range(len(members))
    ]
    load = Load(
        rate=np.array([offered[w].peak_rate_per_s if offered[w].population is None else 0.0 for w in members]),
        population=np.array([float(offered[w].population or 0) for w in members]),
    )
    return Pool(
        name=name,
        model=models[members[0]],
        workloads=tuple(members),
        precisions=_precisions([workloads[w] for w in members], name),
        speculation=_speculation([workloads[w] for w in members], requests, rates, name),
        requests=requests,
        load=load,
        limits=tuple(limit for i, w in enumerate(members) for limit in _limits(workloads[w], i)),
        class_rates=rates,
        burst=_burst([workloads[w] for w in members], load),
        longest_context=max(float(np.quantile(c, 0.99)) for c in contexts),
        mean_context=float(np.average([c.mean() for c in contexts], weights=rates)),
    )


def _limits(workload: Workload, class_id: int) -> list[Limit]:
    limits = []
    for key, seconds in workload.slo.items():
        metric, statistic = key.split("_")
        limits.append(Limit(class_id, metric, statistic, seconds))
    return limits


def _precisions(workloads: list[Workload], model: str) -> tuple[str, ...]:
    named = [set(w.precision) for w in workloads if w.precision]
    if not named:
        return ()
    common = set.intersection(*named)
    if not common:
        raise InvalidInput(
            f"workloads that share the model {model} allow no common precision. Give them one precision in common."
        )
    return tuple(p for p in workloads[0].precision or sorted(common) if p in common)


def _speculation(
    workloads: list[Workload], requests: Requests, rates: tuple[float, ...], model: str
) -> Speculation | None:
    """One engine drafts for all; how many drafts hold is averaged by generated tokens."""
    asked = [w.speculative for w in workloads if w.speculative is not None]
    if not asked:
        return None
    first = asked[0]
    if len(asked) < len(workloads) or any(
        (s.draft_tokens, s.draft_cost) != (first.draft_tokens, first.draft_cost) for s in asked
    ):
        raise InvalidInput(
            f"workloads that share the model {model} are served by one engine, so that all or none of them draft, the same "
            "number of tokens at the same cost. Give them one speculative.draft_tokens and draft_cost."
        )
    tokens = [rate * requests.output_tokens[requests.class_id == i].mean() for i, rate in enumerate(rates)]
    acceptance = float(np.average([s.acceptance for s in asked], weights=tokens))
    return Speculation(first.draft_tokens, acceptance, first.draft_cost)


def _burst(workloads: list[Workload], load: Load) -> float:
    """Independent streams add their variances, so dispersion averages by rate; a closed population cannot burst."""
    rate = float(load.rate.sum())
    if rate == 0:
        return 1.0
    dispersion = (
        sum(r * w.burst.index_of_dispersion_60s for r, w in zip(load.rate.tolist(), workloads, strict=True)) / rate
    )
    return burst_factor(rate, dispersion)
