"""triggers/runbooks/ALERT.md: what each alert means, what happens otherwise, how to look, and what to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from aisizer.deliver import labels, numbers
from aisizer.deliver.rule_records import level_series, watched
from aisizer.plan import Plan
from aisizer.triggers.records import Symptom, Trigger

IMPACT = {
    "load": "Past the limit the peak hour no longer meets every SLO with the redundancy down, and what is ordered then comes "
    "a lead time too late.",
    "kv_cache": "A full cache queues or preempts requests: first tokens come late, and work is done twice.",
    "log_storage": "A full disk stops the log store, and an audit trail with a gap may break a retention rule.",
    "egress": "Tokens wait on the line: streams stutter however fast the GPUs are.",
    "upstream": "Calls beyond the ceiling are rejected, retries multiply them, and requests fail while GPUs idle.",
    "power": "A server that cannot be powered cannot be installed, whatever its delivery date.",
    "spend": "Without a budget the next order waits for approval, and its lead time begins later.",
    "latency": "Users wait longer than was promised, now.",
    "queue": "First tokens come late, and clients that give up and ask again make the queue longer.",
    "preemptions": "Preempted requests are computed again: the fleet loses throughput when it is needed most.",
    "redundancy": "The service still answers, but the next failure at the peak breaks the promise.",
    "errors": "Users get no answer; retries raise the load of the replicas that still serve.",
    "cost": "Money leaves faster than planned, and the budget ends before the plan does.",
}
"""What happens if nobody acts, by kind."""
COMPARE = "Compare growth, token lengths and cache hits with the profile; where they differ, size again first."
JUMP = "Growth is faster than planned, or a jump: look whether it lasts before the order is signed."
RECORD = (
    "Record the order in evidence.orders of the profile and size again: the alert is silent while the order is due in time, "
    "and fires again when its date passes without `received`."
)
IS_UP = "Is the target up in Prometheus? Does the metric carry the model's name that the selector asks for?"
SCRAPE = "Mend the scrape, or change the selector in records.rules.yaml; evidence.monitoring holds queries of your own."


def runbooks(plan: Plan) -> dict[str, str]:
    """One runbook for each alert name, by file name; what differs between pools stands in lists."""
    pages: dict[str, list[Symptom]] = {}
    for symptom in plan.symptoms:
        pages.setdefault(symptom.alert, []).append(symptom)
    tickets: dict[str, list[Trigger]] = {}
    for trigger in watched(plan):
        tickets.setdefault(trigger.alert, []).append(trigger)
    books = [book for found in tickets.values() for book in _of_triggers(plan, found)]
    return dict([*books, *(_of_symptoms(plan, found) for found in pages.values())])


def _of_triggers(plan: Plan, found: Sequence[Trigger]) -> Iterator[tuple[str, str]]:
    """Of the threshold, of the forecast where one is watched, and of samples that stay away."""
    first, impact = found[0], IMPACT[found[0].kind]
    head = _head(plan, first.severity, _owners(found))
    look = [f"{t.pool}: `{level_series(plan, t)}`" for t in found]
    act = [*(f"{t.pool}: {t.action}" for t in found), *([RECORD] if first.per_gpu else [])]
    passed = [f"{t.pool}: {t.quantity} passed {numbers.plain(t.threshold)}. {t.formula}." for t in found]
    dates = [f"{t.pool}: expected {_dates(t)}." for t in found]
    yield _book(first.alert, head, [*passed, *dates], [impact], [*look, COMPARE], act)
    if first.floor is not None:
        meaning = [_reaches(trigger) for trigger in found]
        yield _book(f"{first.alert}Forecast", head, meaning, [impact], [*look, JUMP, COMPARE], act)
    silent = [f"{t.pool}: `{t.query or t.metric}` gave no sample for an hour." for t in found]
    cannot = f"{first.alert} cannot fire. {impact}"
    yield _book(f"{first.alert}DataMissing", head, silent, [cannot], [IS_UP], [SCRAPE])


def _reaches(trigger: Trigger) -> str:
    weeks = f"{numbers.plain(trigger.lead_time_weeks)} + {numbers.plain(trigger.review_weeks)} weeks"
    return (
        f"{trigger.pool}: at the growth of the last {trigger.window_weeks} weeks, drawn towards the plan's, "
        f"{trigger.quantity} reaches {numbers.plain(trigger.limit)} within {weeks}."
    )


def _of_symptoms(plan: Plan, found: Sequence[Symptom]) -> tuple[str, str]:
    first = found[0]
    return _book(
        first.alert,
        _head(plan, first.severity, _owners(found)),
        [f"{s.pool}: {s.quantity}. {s.formula[:1].upper()}{s.formula[1:]}." for s in found],
        [IMPACT[first.kind]],
        [
            *(f"{s.pool}: `{' '.join(s.expr.split())}`" for s in found),
            "Which other pages fire? Start with a lost replica.",
        ],
        [
            first.action,
            "Buying hardware does not mend it tonight; if it comes back each peak, see the capacity tickets.",
        ],
    )


def _book(name: str, head: str, *sections: Sequence[str]) -> tuple[str, str]:
    """File name and text of one runbook."""
    titles = zip(("Meaning", "Impact", "Diagnosis", "Mitigation"), sections, strict=True)
    body = "".join(f"\n## {title}\n" + "".join(f"- {_line(said)}\n" for said in says) for title, says in titles)
    return f"{name}.md", f"# {name}\n\n{head}\n{body}"


def _head(plan: Plan, severity: str, owners: str) -> str:
    marking = labels.marking(plan)
    handling = f"Handling: {marking}. " if marking else ""
    return f"{handling}Plan {labels.profile_name(plan)}. Severity: {severity}. Owner: {owners}."


def _owners(found: Iterable[Trigger | Symptom]) -> str:
    return _line(labels.listed(list(dict.fromkeys(subject.owner for subject in found))))


def _dates(trigger: Trigger) -> str:
    return ", ".join(f"{case} growth {day or 'not within 36 months'}" for case, day in trigger.predicted.items())


def _line(text: str) -> str:
    return " ".join(text.split())
