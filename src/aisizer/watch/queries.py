"""What is asked of Prometheus: the recorded series of triggers.rules.yaml, or the same from the engine's own metrics."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from aisizer.plan import Plan
from aisizer.triggers.promql import number, series
from aisizer.triggers.records import Trigger
from aisizer.watch.drift import LENGTHS, PREFIX_HIT, REQUESTS

UTILIZATION = "aisizer:capacity_utilization:ratio"
UTILIZATION_P95 = "aisizer:capacity_utilization:p95_1d"
"""Names that deliver/rules.py records under; a test holds the two together."""
STEP = "5m"
"""Step of a day's samples: as long as the window of the rate, so that every token is counted once."""
LEAST_SAMPLES = 216
"""Samples of the 288 in a day from which its 95th percentile is taken: three quarters, so that no working day's peak lies in
what is missing unseen."""
WEEK = "7d"
SIGNALS = {"prompt_tokens": "prompt_tokens", "output_tokens": "generation_tokens", PREFIX_HIT: "cached_prompt_tokens"}
"""Engine metric, by its name in the catalog, that counts the tokens of a property."""


def level_queries(plan: Plan, trigger: Trigger) -> tuple[str, ...]:
    """Expressions for the level of a whole day, at its end, the best first; none where nothing measures the quantity."""
    if not trigger.query or trigger.capacity is None:
        return ()
    labels = {"aisizer_profile": str(plan.profile["name"]), "pool": trigger.pool, "trigger": trigger.id}
    return (
        f"last_over_time({series(UTILIZATION_P95, labels)}[1d])",
        _p95_of_a_day(series(UTILIZATION, labels)),
        _p95_of_a_day(f"({trigger.query}) / {number(trigger.capacity)}"),
    )


def workload_queries(plan: Plan, trigger: Trigger, metrics: Mapping[str, str]) -> Iterator[tuple[tuple[str, str], str]]:
    """What identifies each property of a pool's workload, and its expression over the last week."""
    label = {trigger.model_label: served_model(plan, trigger)}
    counted = {
        signal: f"sum(increase({series(name, label)}[{WEEK}]))"
        for signal, name in metrics.items()
        if signal in _COUNTED
    }
    requests = counted.get("requests")
    for quantity in LENGTHS:
        if requests and SIGNALS[quantity] in counted:
            yield (quantity, trigger.pool), f"{counted[SIGNALS[quantity]]} / ({requests} > 0)"
    if {SIGNALS[PREFIX_HIT], "prompt_tokens"} <= counted.keys():
        yield (PREFIX_HIT, trigger.pool), f"{counted[SIGNALS[PREFIX_HIT]]} / ({counted['prompt_tokens']} > 0)"
    if requests:
        yield (REQUESTS, trigger.pool), requests


_COUNTED = ("requests", *SIGNALS.values())


def served_model(plan: Plan, trigger: Trigger) -> str:
    """The name under which the engine serves the pool's model, as the rules assume it."""
    pools = plan.decision.pools if plan.decision else ()
    return next((pool.model for pool in pools if pool.name == trigger.pool), trigger.pool)


def _p95_of_a_day(expression: str) -> str:
    samples = f"({expression} >= 0)[1d:{STEP}]"  # NaN is no sample: a rule gives it where its capacity is missing
    return f"quantile_over_time(0.95, {samples}) and count_over_time({samples}) >= {LEAST_SAMPLES}"
