"""Checks of a profile that need more than one field; each finding is a path and a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from aisizer.profile.fields import did_you_mean, quantity_text
from aisizer.profile.sections import GrowthSection, Profile, Workload
from aisizer.profile.yaml_file import FieldPath

Finding = tuple[FieldPath, str]
TERMS = ("one_year", "three_year")
"""how a quote names the term of rented capacity, behind the item"""


def cross_field(profile: Profile) -> list[Finding]:
    """Every finding of a profile whose fields are valid one by one."""
    return [
        *_dates(profile), *_workloads(profile), *_names(profile), *_growth(profile), *_orders(profile), *_supply(profile),
    ]  # fmt: skip


def _dates(profile: Profile) -> Iterator[Finding]:
    if profile.go_live is not None and profile.go_live <= profile.plan_date:
        got = f"{profile.go_live} and {profile.plan_date}"
        yield ("go_live",), f"the date must lie after plan_date (got {got}). Move go_live."
    for index, quote in enumerate(profile.supply.quotes):
        if not isinstance(quote, str) and quote.valid_until is not None and quote.valid_until < quote.as_of:
            path = ("supply", "quotes", index, "valid_until")
            yield path, f"the date lies before as_of (got {quote.valid_until} and {quote.as_of}). Mend one of them."


def _workloads(profile: Profile) -> Iterator[Finding]:
    for name, workload in profile.workloads.items():
        path = ("workloads", name)
        yield from _dependency(profile, name)
        yield from _ignored_load_fields(path, workload)
        yield from _basis(path, workload)
        yield from _targets(path, workload)


def _dependency(profile: Profile, name: str) -> Iterator[Finding]:
    path = ("workloads", name, "load", "per_request_of")
    chain, parent = [name], profile.workloads[name].load.per_request_of
    while parent is not None:
        if parent not in profile.workloads:
            if len(chain) == 1:
                yield path, unknown_name(parent, list(profile.workloads), "workload")
            return
        chain.append(parent)
        if parent == name:
            yield path, f"the workloads wait for each other ({' of '.join(chain)}). Give one of them a load of its own."
        if parent in chain[:-1]:
            return
        parent = profile.workloads[parent].load.per_request_of


def _ignored_load_fields(path: FieldPath, workload: Workload) -> Iterator[Finding]:
    load = workload.load
    if load.per_request_of is None:
        ignored = {"calls"} & load.model_fields_set
    else:
        ignored = {"peak_factor", "hours_per_month"} & load.model_fields_set
    for field in sorted(ignored):
        why = "calls belongs to per_request_of" if field == "calls" else "the load follows that of per_request_of"
        yield (*path, "load", field), f"the field has no effect: {why}. Remove it."


def _basis(path: FieldPath, workload: Workload) -> Iterator[Finding]:
    if workload.burst.basis != "mean_rate":
        return
    load = workload.load
    if load.concurrency is not None or load.per_request_of is not None:
        problem = "the basis mean_rate needs a mean: users, a rate or a trace. Give one, or use peak_window."
        yield (*path, "burst", "basis"), problem
    elif "peak_factor" in load.model_fields_set:
        problem = "the field has no effect: the modulation lifts the mean rate to its peak. Remove it."
        yield (*path, "load", "peak_factor"), problem


def _targets(path: FieldPath, workload: Workload) -> Iterator[Finding]:
    metrics = {key.split("_")[0] for key in workload.slo}
    one_token = workload.output_tokens.mean == 1
    if one_token and "tpot" in metrics:
        given = [(*path, "slo", key) for key in workload.slo if key.startswith("tpot")]
        for where in given if "slo" in workload.model_fields_set else [(*path, "slo")]:
            yield where, "one output token has no tpot, the time per further token. Give ttft or e2e targets only."
    covered = "e2e" in metrics or ("ttft" in metrics and ("tpot" in metrics or one_token))
    if workload.load.concurrency is not None and not covered:
        problem = "a concurrency load needs ttft and tpot targets, or an e2e target, to give a rate. Add them."
        yield (*path, "slo"), problem
    yield from _order_of_statistics(path, workload)


def _order_of_statistics(path: FieldPath, workload: Workload) -> Iterator[Finding]:
    for metric in ("ttft", "tpot", "e2e"):
        keys = [f"{metric}_{statistic}" for statistic in ("p50", "p90", "p95", "p99")]
        given = [(key, workload.slo[key]) for key in keys if key in workload.slo]
        for (low, looser), (high, tighter) in pairwise(given):
            if tighter < looser:
                got = f"{quantity_text(tighter, 'time')} below {low} {quantity_text(looser, 'time')}"
                yield (*path, "slo", high), f"a higher percentile cannot be shorter (got {got}). Mend one of them."


def _names(profile: Profile) -> Iterator[Finding]:
    known = list(profile.workloads)
    for name, integration in profile.integrations.items():
        for index, workload in enumerate(integration.workloads):
            if workload not in known:
                yield ("integrations", name, "workloads", index), unknown_name(workload, known, "workload")
    prototype = profile.evidence.prototype
    if prototype is not None and prototype.workload is not None and prototype.workload not in known:
        yield ("evidence", "prototype", "workload"), unknown_name(prototype.workload, known, "workload")


def _orders(profile: Profile) -> Iterator[Finding]:
    orders = profile.evidence.orders
    for index, order in enumerate(orders):
        path: FieldPath = ("evidence", "orders", index)
        if order.id in {earlier.id for earlier in orders[:index]}:
            yield (*path, "id"), f"two orders have this id (got {order.id}). Rename or remove one."
        for field in ("due", "received"):
            day = getattr(order, field)
            if day is not None and day < order.ordered:
                yield (*path, field), f"the day lies before ordered (got {day} and {order.ordered}). Mend one of them."


def _supply(profile: Profile) -> Iterator[Finding]:
    licences = profile.supply.licences
    for index, name in enumerate(licences):
        if name in licences[:index]:
            yield ("supply", "licences", index), f"the licence is named twice (got {name}). Remove one of them."
    for index, quote in enumerate(profile.supply.quotes):
        if not isinstance(quote, str) and quote.upfront and quote.item.partition(":")[2] not in TERMS:
            problem = (
                f"only the price of a term has a part paid at its start (got a quote for {quote.item}). Quote a term, such as "
                f"{quote.item}:one_year, or remove it: finance.deposit is what a purchase pays with its order."
            )
            yield ("supply", "quotes", index, "upfront"), problem


def _growth(profile: Profile) -> Iterator[Finding]:
    growth = profile.growth
    for index, (earlier, later) in enumerate(pairwise(growth.phases), start=1):
        if later.start <= earlier.start:
            path = ("growth", "phases", index, "start")
            yield path, f"the phase must start after {earlier.start} (got {later.start}). Put the phases in order."
    for index, phase in enumerate(growth.phases):
        if phase.share == 0:
            yield ("growth", "phases", index, "share"), "a phase with no demand needs no fleet (got 0 %). Remove it."
    yield from _cases(growth)
    for month in growth.points or ():
        if profile.go_live is not None and month <= f"{profile.go_live:%Y-%m}":
            problem = f"the month must lie after go_live {profile.go_live}, which counts as 1. Remove the point."
            yield ("growth", "points", month), problem


def _cases(growth: GrowthSection) -> Iterator[Finding]:
    for case, wrong in (("low", "above"), ("high", "below")):
        value = getattr(growth, case)
        if value is not None and (value > growth.rate if case == "low" else value < growth.rate):
            got = f"{quantity_text(value, 'growth')} and rate {quantity_text(growth.rate, 'growth')}"
            yield ("growth", case), f"the {case} case lies {wrong} rate (got {got}). Mend one of them."


def unknown_name(name: str, known: list[str], kind: str) -> str:
    """The sentence for a name that stands for nothing."""
    near = did_you_mean(name, known)
    return f"there is no {kind} of that name (got {name}){near}. Name one of {', '.join(known)}.".replace(") (", "; ")
