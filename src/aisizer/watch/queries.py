"""What is asked of Prometheus: the recorded series of triggers.rules.yaml, or the same from the engine's own metrics."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from aisizer.plan import Plan
from aisizer.triggers.records import Trigger
from aisizer.watch.drift import LENGTHS, PREFIX_HIT, REQUESTS

UTILIZATION = "aisizer:capacity_utilization:ratio"
UTILIZATION_P95 = "aisizer:capacity_utilization:p95_1d"
"""Names that deliver/rules.py records under; a test holds the two together."""
CAPACITY = "capacity"
"""How the ids of triggers on load over sized capacity begin, which the rules record."""
STEP = "5m"
"""Step of a day's samples: as long as the window of the rate, so that every token is counted once."""
LEAST_SAMPLES = 216
"""Samples of the 288 in a day from which its 95th percentile is taken: three quarters, so that no working day's peak lies in
what is missing unseen."""
WEEK = "7d"
SIGNALS = {"prompt_tokens": "prompt_tokens", "output_tokens": "generation_tokens", PREFIX_HIT: "cached_prompt_tokens"}
"""Engine metric, by its name in the catalog, that counts the tokens of a property."""


def level_queries(plan: Plan, trigger: Trigger) -> tuple[str, ...]:
    """Expressions for the level of a whole day, at its end, the best first; none where no rule records the quantity."""
    if not trigger.id.startswith(CAPACITY):
        return ()
    labels = {"aisizer_profile": str(plan.profile["name"]), "pool": trigger.pool, "trigger": trigger.id}
    load = f"sum(rate({_series(trigger.metric, {trigger.model_label: served_model(plan, trigger)})}[{STEP}]))"
    return (
        f"last_over_time({_series(UTILIZATION_P95, labels)}[1d])",
        _p95_of_a_day(_series(UTILIZATION, labels)),
        _p95_of_a_day(f"{load} / {sized_rate(trigger)!r}"),
    )


def workload_queries(plan: Plan, trigger: Trigger, metrics: Mapping[str, str]) -> Iterator[tuple[tuple[str, str], str]]:
    """What identifies each property of a pool's workload, and its expression over the last week."""
    label = {trigger.model_label: served_model(plan, trigger)}
    counted = {
        signal: f"sum(increase({_series(name, label)}[{WEEK}]))"
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


def sized_rate(trigger: Trigger) -> float:
    """Tokens or requests a second, as the engine's metric counts them."""
    return trigger.sized_output_tokens_per_s if "token" in trigger.metric else trigger.sized_requests_per_s


def _p95_of_a_day(expression: str) -> str:
    samples = f"({expression} >= 0)[1d:{STEP}]"  # NaN is no sample: a rule gives it where its capacity is missing
    return f"quantile_over_time(0.95, {samples}) and count_over_time({samples}) >= {LEAST_SAMPLES}"


def _series(name: str, labels: Mapping[str, str]) -> str:
    matchers = ", ".join(f"{key}={json.dumps(value)}" for key, value in labels.items())
    return f"{name}{{{matchers}}}"
