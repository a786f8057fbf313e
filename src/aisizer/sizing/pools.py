"""Workloads that share a model become one pool: its requests, load and latency limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from aisizer.catalog.records import Model
from aisizer.demand.arrivals import stream
from aisizer.demand.loads import Offered
from aisizer.demand.mix import requests_sample
from aisizer.demand.modulation import PEAK_WINDOW, burst_factor, fast_variance, peak_level, slow_variance
from aisizer.demand.replay import busiest, scaled
from aisizer.demand.traces.arrivals import sliding
from aisizer.engine.speculative import Speculation
from aisizer.errors import InvalidInput
from aisizer.profile.kinds import arrivals_of
from aisizer.profile.sections import Workload
from aisizer.queueing.occupancy import Limit, Load
from aisizer.shapes import Floats, Requests


@dataclass(frozen=True)
class Pool:
    """The demand for one model at the peak hour, at a demand factor of 1. It has no slots: it keeps its means."""

    name: str
    model: Model
    workloads: tuple[str, ...]
    members: tuple[Workload, ...]
    """the workloads as the profile gives them, in the same order"""
    replays: tuple[Requests, ...]
    """the busiest hour of each one's trace at its load, where all of them name one; else empty"""
    precisions: tuple[str, ...]
    speculation: Speculation | None
    requests: Requests
    load: Load
    limits: tuple[Limit, ...]
    class_rates: tuple[float, ...]
    """[req/s] per workload, closed ones at their nominal rate"""
    burst: float
    """[1] rate in the busy minutes of the peak window over that window's rate"""
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
    def closed(self) -> bool:
        """Whether its load is clients who wait for their answers; one that is partly so counts as arrivals."""
        return bool((self.load.population > 0).all())

    @cached_property
    def mean_prompt(self) -> float:
        """[token] mean prompt, workloads weighted by rate."""
        return self._mean(self.requests.prompt_tokens)

    @property
    def peak_rate(self) -> float:
        """[req/s] of all workloads together."""
        return sum(self.class_rates)

    @cached_property
    def mean_output(self) -> float:
        """[token] mean answer, workloads weighted by rate."""
        return self._mean(self.requests.output_tokens)

    def _mean(self, values: Floats) -> float:
        return float(np.average([v.mean() for v in self.by_class(values)], weights=self.class_rates))

    def by_class(self, values: Floats) -> list[Floats]:
        """An array over the requests, split by workload."""
        return [values[self.requests.class_id == i] for i in range(len(self.workloads))]


def make_pools(
    workloads: Mapping[str, Workload],
    models: Mapping[str, Model],
    offered: Mapping[str, Offered],
    traces: Mapping[str, Requests],
) -> tuple[Pool, ...]:
    """One pool per model, in the order in which the profile names them."""
    members: dict[str, list[str]] = {}
    for name in workloads:
        members.setdefault(models[name].id, []).append(name)
    return tuple(_pool(model, names, workloads, models, offered, traces) for model, names in members.items())


def _pool(
    name: str,
    members: list[str],
    workloads: Mapping[str, Workload],
    models: Mapping[str, Model],
    offered: Mapping[str, Offered],
    traces: Mapping[str, Requests],
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
        members=tuple(workloads[w] for w in members),
        replays=_replays(members, workloads, rates, traces),
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


def _replays(
    members: list[str], workloads: Mapping[str, Workload], rates: tuple[float, ...], traces: Mapping[str, Requests]
) -> tuple[Requests, ...]:
    """The busiest hours, if every workload has a trace with times of at least a peak window."""
    named = [traces[w] for w in members if w in traces]
    if len(named) < len(members) or any(trace.arrival_s[-1] < PEAK_WINDOW for trace in named):
        return ()
    return tuple(
        scaled(busiest(traces[w]), rate / _rate(workloads[w], traces[w].arrival_s), stream(f"replay {w}", 0))
        for w, rate in zip(members, rates, strict=True)
    )


def _rate(workload: Workload, times: Floats) -> float:
    """[req/s] of a trace on the basis on which the pool counts: the peak window, or the mean lifted to it."""
    if workload.burst.basis == "mean_rate":
        return len(times) / float(times[-1] - times[0]) * peak_level(slow_variance(workload.burst))
    peak = sliding(times, int(PEAK_WINDOW))
    return peak.p99_per_s if peak else len(times) / float(times[-1] - times[0])


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
    """Independent streams add their variances; a closed population cannot burst."""
    total, variance = float(load.rate.sum()), 0.0
    for rate, workload in zip(load.rate.tolist(), workloads, strict=True):
        if rate > 0:
            fast = fast_variance(workload.burst, rate, arrivals_of(workload.kind).dispersion)
            variance += fast * (rate / total) ** 2
    return burst_factor(variance)
