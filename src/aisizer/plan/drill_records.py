"""What a failure drill shows: promises by phase, and in one line what happened and when it was over."""

from __future__ import annotations

from typing import Literal

from aisizer.schema import Record


class Promise(Record):
    """One promised percentile in one phase; null where too few requests were sent in it to tell."""

    workload: str
    metric: Literal["ttft", "tpot", "e2e"]
    percentile: Literal["mean", "p50", "p90", "p95", "p99"]
    target_ms: float
    value_ms: float | None
    """null too where so many requests failed that the percentile is one of them: see `failed`"""
    interval_ms: tuple[float, float] | None
    """95 % interval; null where it cannot be told"""
    met: bool | None


class Phase(Record):
    """A part of the run: requests sent in it, and what became of them."""

    name: Literal["run", "before", "during", "after"]
    from_s: float
    to_s: float
    requests: int
    """over all seeds"""
    failed: float
    """[1] share of them that was never answered; a noisy tenant's excess is not among them"""
    attempts: float
    """mean sendings of each"""
    promises: tuple[Promise, ...]


class DrillPromise(Record):
    """One promised percentile before, during and after a trouble; null where it is not known or one of failed requests."""

    workload: str
    metric: Literal["ttft", "tpot", "e2e"]
    percentile: Literal["mean", "p50", "p90", "p95", "p99"]
    target_ms: float
    before_ms: float | None
    during_ms: float | None
    after_ms: float | None
    before_met: bool | None
    during_met: bool | None
    after_met: bool | None

    @property
    def held(self) -> bool | None:
        """Whether it was met during and after, as far as these can be told; null where neither can."""
        told = [met for met in (self.during_met, self.after_met) if met is not None]
        return all(told) if told else None


class DrillResult(Record):
    """One failure drill at the peak hour of the last month that the first wave carries."""

    name: str
    what: str
    """what happens"""
    admission: str = ""
    """limits at the gateway in a sentence; empty where there are none"""
    method: Literal["formula", "simulated"]
    """formula: what the plan's own figures imply; simulated: played request by request"""
    held: bool | None
    """whether every promise is met throughout; null where that is not known without playing it"""
    holds: tuple[DrillPromise, ...] = ()
    others: str
    """what the requests of those who did not cause the trouble see, in a sentence"""
    failed: float | None = None
    """[1] share of their requests that is never answered, of those sent from the begin of the trouble on"""
    turned_away: float | None = None
    """[1] share of the noisy tenant's excess that admission refuses"""
    lasts_s: float | None = None
    """[s] from the begin of the trouble to its end; null where it does not end by itself, or not in the run"""
    drain_s: float | None = None
    """[s] from the begin of the trouble until no more requests wait than arrive within the wait that is promised; 0 where no
    more ever do, null where not known, or not in the run"""
    holds_again_s: float | None = None
    """[s] from the begin of the trouble until every promise holds and stays so; 0 where none broke, null likewise"""
    decided_by: str
    """profile fields that decide it"""
    seconds: float | None = None
    """[s] of the run; null where it was not played"""
    requests: int = 0
