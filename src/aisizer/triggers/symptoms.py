"""Symptoms: what users feel now, or will with the next failure; each pages, and none of them is a purchase order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from aisizer.sizing.records import SloResult
from aisizer.triggers.burn import BROKEN, burn_windows, burning_quantile
from aisizer.triggers.promql import number, series, summed_rate
from aisizer.triggers.records import BurnWindow, Symptom
from aisizer.triggers.signs import COST, ERRORS, PREEMPTIONS, QUEUE, REDUNDANCY, REPAIRED, SUSTAINED, Found, slow

PREEMPTED = 0.01
"""[1] share of requests preempted above which the cache is too small for its load (assumed)."""
OVERSPENT = 0.10
"""[1] over the planned spend, or over the planned GPUs where rented, that is an anomaly (assumed: beyond price rounding)."""
PLANNED_SPEND = "aisizer:planned_spend:usd"
CAPACITY_ON_ORDER = "aisizer:capacity_on_order"


@dataclass(frozen=True, slots=True)
class Subject:
    """One pool as its symptoms see it."""

    pool: str
    labels: Mapping[str, str]
    """that choose its series"""
    slo: Sequence[SloResult]
    replicas: int
    """in service, all servers up"""
    spare: int
    """replicas that the redundancy's loss takes"""


@dataclass(frozen=True, slots=True)
class Money:
    """What cost is watched by."""

    profile: str
    site: str
    spend_query: str
    gpus: int
    gpu_metric: str
    rented: bool


@dataclass(frozen=True, slots=True)
class Desk:
    """Who is paged, and what the engines call their metrics."""

    metrics: Mapping[str, str]
    model_label: str
    availability: float
    owner: str
    engine: str


def symptoms_of(subjects: Sequence[Subject], money: Money, desk: Desk) -> tuple[Symptom, ...]:
    """Every symptom that the engine's metrics can show, pool by pool, and what is spent beyond the plan."""
    found = [_symptom(f, subject.pool, desk) for subject in subjects for f in _of(subject, desk)]
    return (*found, *(_symptom(f, money.site, desk) for f in _cost(money)))


def _symptom(found: Found, pool: str, desk: Desk) -> Symptom:
    return Symptom(
        id=f"{found.sign.name}-{pool}",
        alert=found.sign.alert,
        kind=found.sign.kind,
        quantity=found.quantity,
        pool=pool,
        limit=found.limit,
        unit=found.unit,
        how="burn_rate" if found.windows else "immediate",
        windows=found.windows,
        hold=found.sign.hold,
        expr=found.expr,
        formula=found.formula,
        owner=desk.owner,
        action=found.sign.action,
        engine=desk.engine,
        metric=found.metric,
        over=found.over,
        model_label="" if found.sign is COST else desk.model_label,
    )


def _of(subject: Subject, desk: Desk) -> Iterator[Found]:
    loosest = _loosest(subject.slo)
    for (metric, statistic), target_s in loosest.items():
        if metric in desk.metrics:
            yield _latency(subject, desk, metric, statistic, target_s)
    yield from _queue(subject, desk, loosest)
    yield from _preemptions(subject, desk)
    yield from _redundancy(subject, desk)
    yield from _errors(subject, desk)


def _loosest(slo: Sequence[SloResult]) -> dict[tuple[str, str], float]:
    """[s] the largest target of each percentile: engines do not tell workloads of one model apart, and past it some promise
    is broken for certain."""
    found: dict[tuple[str, str], float] = {}
    for result in slo:
        key = result.metric, result.percentile
        found[key] = max(found.get(key, 0.0), result.target_ms / 1000)
    return found


def _latency(subject: Subject, desk: Desk, metric: str, statistic: str, target_s: float) -> Found:
    histogram, said = desk.metrics[metric], f"{metric.upper()} {statistic}"
    sign = slow(metric, statistic)
    if statistic == "mean":
        means = [
            f"{summed_rate(histogram + '_sum', subject.labels, w)} / {summed_rate(histogram + '_count', subject.labels, w)}"
            f" > {number(target_s)}"
            for w in (BROKEN.long, BROKEN.short)
        ]
        formula = f"the mean above {target_s:g} s over {BROKEN.long} and over {BROKEN.short}"
        return Found(sign, said, target_s, "s", "\nand ".join(means), formula, histogram)
    share = int(statistic[1:]) / 100
    windows = burn_windows(share)
    terms = [_burning(histogram, subject.labels, w, burning_quantile(share, w.rate), target_s) for w in windows]
    told = "; or ".join(
        f"{w.rate:g} x {1 - share:.2g} = {w.rate * (1 - share):.3g} of the answers beyond {target_s:g} s over {w.long} and "
        f"{w.short}, seen as the quantile {burning_quantile(share, w.rate):g} above it"
        for w in windows
    )
    quantity = f"pace at which the budget of {said} within {target_s:g} s burns"
    return Found(sign, quantity, target_s, "s", "\nor ".join(terms), told, histogram, windows=windows)


def _burning(histogram: str, labels: Mapping[str, str], window: BurnWindow, quantile: float, target_s: float) -> str:
    long, short = (
        f"histogram_quantile({number(quantile)}, sum by (le) (rate({series(histogram + '_bucket', labels, w)})))"
        f" > {number(target_s)}"
        for w in (window.long, window.short)
    )
    return f"({long} and {short})"


def _queue(subject: Subject, desk: Desk, loosest: Mapping[tuple[str, str], float]) -> Iterator[Found]:
    """Waiting alone longer than the first token may take; else a queue that does not empty."""
    targets = {stat: seconds for (metric, stat), seconds in loosest.items() if metric == "ttft" and stat != "mean"}
    if targets and "queue_time" in desk.metrics:
        statistic, target_s = max(targets.items(), key=lambda item: item[1])
        yield Found(
            QUEUE,
            quantity=f"{statistic} of the time a request waits before its prefill",
            limit=target_s,
            unit="s",
            expr=f"histogram_quantile({int(statistic[1:]) / 100:g}, sum by (le) "
            f"(rate({series(desk.metrics['queue_time'] + '_bucket', subject.labels, '5m')}))) > {number(target_s)}",
            metric=desk.metrics["queue_time"],
            formula=f"the wait alone passes the TTFT target of {target_s:g} s for {SUSTAINED}",
        )
    elif "waiting" in desk.metrics:
        yield Found(
            QUEUE,
            quantity="requests that wait for a place in a batch",
            limit=0.0,
            unit="request",
            expr=f"sum({series(desk.metrics['waiting'], subject.labels)}) > 0",
            metric=desk.metrics["waiting"],
            formula=f"a queue that does not empty for {SUSTAINED}",
        )


def _preemptions(subject: Subject, desk: Desk) -> Iterator[Found]:
    if "preemptions" in desk.metrics and "requests" in desk.metrics:
        preempted, asked = (
            summed_rate(desk.metrics[name], subject.labels, SUSTAINED) for name in ("preemptions", "requests")
        )
        yield Found(
            PREEMPTIONS,
            quantity="sequences put out of the cache over requests answered",
            limit=PREEMPTED,
            unit="1",
            expr=f"{preempted} / {asked} > {number(PREEMPTED)}",
            metric=desk.metrics["preemptions"],
            over=desk.metrics["requests"],
            formula=f"more than {PREEMPTED:.0%} of the requests for {SUSTAINED}",
        )
    elif "paused" in desk.metrics:
        yield Found(
            PREEMPTIONS,
            quantity="sequences that are paused for want of cache",
            limit=0.0,
            unit="request",
            expr=f"sum({series(desk.metrics['paused'], subject.labels)}) > 0",
            metric=desk.metrics["paused"],
            formula=f"any for {SUSTAINED}",
        )


def _redundancy(subject: Subject, desk: Desk) -> Iterator[Found]:
    """Fewer replicas answer than the next failure may leave."""
    if "running" not in desk.metrics:
        return
    least = subject.replicas - subject.spare + (1 if subject.spare else 0)
    up = f"count(count by (instance) ({series(desk.metrics['running'], subject.labels)}))"
    yield Found(
        REDUNDANCY,
        quantity="replicas that are scraped",
        limit=float(least),
        unit="replica",
        expr=f"({up} or vector(0)) < {least}",
        metric=desk.metrics["running"],
        formula=f"{subject.replicas} in service, of which the redundancy may lose {subject.spare}: below {least} for {REPAIRED} "
        + ("the next failure breaks an SLO at the peak" if subject.spare else "the peak is not carried"),
    )


def _errors(subject: Subject, desk: Desk) -> Iterator[Found]:
    signal = next((name for name in ("errors", "rejections") if name in desk.metrics), None)
    if signal is None or "requests" not in desk.metrics:
        return
    budget = round(1 - desk.availability, 9)
    windows = burn_windows(desk.availability)
    terms = [_failing(desk, signal, subject.labels, w, w.rate * budget) for w in windows]
    told = "; or ".join(
        f"{w.rate:g} x {budget:.3g} = {w.rate * budget:.3g} of the requests over {w.long} and {w.short}"
        for w in windows
    )
    yield Found(
        ERRORS,
        quantity=f"pace at which the budget of failed requests ({desk.metrics[signal]}) burns",
        limit=budget,
        unit="1",
        expr="\nor ".join(terms),
        metric=desk.metrics[signal],
        over=desk.metrics["requests"],
        formula=told,
        windows=windows,
    )


def _failing(desk: Desk, signal: str, labels: Mapping[str, str], window: BurnWindow, share: float) -> str:
    long, short = (
        f"{summed_rate(desk.metrics[signal], labels, w)} / {summed_rate(desk.metrics['requests'], labels, w)}"
        f" > {number(round(share, 9))}"
        for w in (window.long, window.short)
    )
    return f"({long} and {short})"


def _cost(money: Money) -> Iterator[Found]:
    """Money that leaves faster than planned, where something measures it; rented GPUs measure themselves."""
    mine = {"aisizer_profile": money.profile}
    if money.spend_query:
        yield Found(
            COST,
            quantity="spent since the first order over what the plan spends by then",
            limit=1 + OVERSPENT,
            unit="1",
            expr=f"({money.spend_query})\n  > {number(1 + OVERSPENT)} * scalar({series(PLANNED_SPEND, mine)})",
            metric=PLANNED_SPEND,
            formula=f"{OVERSPENT:.0%} above the plan for an hour",
        )
    elif money.rented:
        most = round(money.gpus * (1 + OVERSPENT), 6)
        yield Found(
            COST,
            quantity="rented GPUs that run",
            limit=most,
            unit="GPU",
            expr=f"count({money.gpu_metric})\n"
            f"  > {number(most)} + scalar(sum({series(CAPACITY_ON_ORDER, mine)}) or vector(0))",
            metric=money.gpu_metric,
            formula=f"{money.gpus} in service + {OVERSPENT:.0%}, and what is on order, for an hour",
        )
