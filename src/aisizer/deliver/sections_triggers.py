"""The document's section on triggers: which levels are watched, when they are expected, what pages, and with which files."""

from __future__ import annotations

from collections.abc import Iterator

from aisizer.deliver import labels, numbers
from aisizer.deliver.blocks import Block, Items, Paragraph, Section, table
from aisizer.deliver.rule_records import watched
from aisizer.deliver.rules import retention_days
from aisizer.plan import Plan
from aisizer.triggers.records import Kind, Symptom, Trigger

KINDS: dict[Kind, str] = {
    "load": "load",
    "kv_cache": "KV cache",
    "log_storage": "log storage",
    "egress": "egress",
    "upstream": "upstream",
    "power": "power",
    "spend": "spend",
}
LIMIT_FIELDS: dict[Kind, str] = {
    "log_storage": "compliance.logging.capacity_gb",
    "egress": "supply.egress_limit",
    "upstream": "integrations.NAME.limit",
    "power": "supply.power_limit",
    "spend": "finance.budget_three_year",
}
"""Where a limit is given, so that a trigger can watch it."""


def triggers_section(plan: Plan) -> Section:
    """The alerts with their arithmetic, dates, owner and runbook; and what pages instead."""
    heads = "Limit | Of | Alert | Threshold # | Limit # | Low growth | Expected | High growth | Owner"
    keys = [trigger.id for trigger in plan.triggers]
    blocks: list[Block] = [
        Paragraph(
            "Each threshold is the level from which, at forecast growth, its limit is reached exactly one lead time and one "
            "review later: a ticket, never a page. triggers/runbooks/ALERT.md is the runbook of each alert."
        ),
        table(
            "When each trigger is expected to fire",
            heads,
            [_row(trigger) for trigger in plan.triggers],
            "triggers",
            keys,
        ),
        Items(tuple(_arithmetic(trigger) for trigger in plan.triggers)),
        Items(tuple(_notes(plan)), "How they are measured"),
    ]
    if plan.symptoms:
        rows = [_symptom_row(s) for s in plan.symptoms]
        caption = "What pages: somebody must act tonight, and a purchase order would not help"
        heads = "Alert | Of | What is measured | Limit # | Lasts | Owner"
        blocks.append(table(caption, heads, rows, "symptoms", [s.id for s in plan.symptoms]))
    return Section("triggers", "Triggers", tuple(blocks))


def _row(trigger: Trigger) -> tuple[str, ...]:
    return (
        KINDS[trigger.kind],
        trigger.pool,
        trigger.alert,
        numbers.rounded(trigger.threshold),
        numbers.rounded(trigger.limit),
        *(_crossing(trigger, case) for case in ("low", "base", "high")),
        trigger.owner,
    )


def _symptom_row(symptom: Symptom) -> tuple[str, ...]:
    hold = "at once" if symptom.hold == "0m" else symptom.hold
    return (
        symptom.alert,
        symptom.pool,
        symptom.quantity,
        numbers.quantity(symptom.limit, symptom.unit),
        hold,
        symptom.owner,
    )


def _arithmetic(trigger: Trigger) -> str:
    name = KINDS[trigger.kind]
    formula = f"{trigger.formula[:1].upper()}{trigger.formula[1:]}"
    return f"{trigger.pool} ({name}): {trigger.quantity}. {formula}. {trigger.action}{_orders(trigger)}"


def _orders(trigger: Trigger) -> str:
    """What is on its way, and what is due at once."""
    coming = f" {numbers.count(trigger.on_order_gpus, 'GPU')} on order are counted." if trigger.on_order_gpus else ""
    if not trigger.fires_on_day_one:
        return coming
    now = "the next order is due at go-live" if not trigger.order else "do so now"
    said = now if trigger.order in ("", trigger.action) else trigger.order
    return f"{coming} It fires on the first day: {said}."


def _notes(plan: Plan) -> Iterator[str]:
    """How long samples are kept, what is watched by nobody, and where the files are."""
    days = retention_days(plan)
    if days:
        yield (
            "Beside each level that grows with demand stands a forecast of its measured growth (docs/triggers.md), for which "
            f"Prometheus must keep {days} days of samples (--storage.tsdb.retention.time={days}d); until enough weeks "
            "are measured a lower level stands in for it."
        )
    seen = {trigger.id for trigger in watched(plan)}
    blind = [KINDS[trigger.kind] for trigger in plan.triggers if trigger.id not in seen]
    if blind:
        yield f"Dated but not measured: {', '.join(blind)}. Give a query in evidence.monitoring.queries."
    known = {trigger.kind for trigger in plan.triggers}
    apart = {"power": labels.decided(plan).term != "purchase", "upstream": not plan.integrations}
    unknown = [f"{KINDS[k]} ({field})" for k, field in LIMIT_FIELDS.items() if k not in known and not apart.get(k)]
    if unknown:
        yield f"No limit is known, so nothing is watched: {', '.join(unknown)}."
    yield (
        "triggers.rules.yaml holds all rules; the folder triggers/ holds them apart and as a PrometheusRule, with tests for "
        "promtool, a Grafana dashboard and a runbook for each alert."
    )


def _crossing(trigger: Trigger, case: str) -> str:
    day = dict(trigger.predicted.items()).get(case)  # type: ignore[call-overload]
    return "not within 36 months" if day is None else str(day)
