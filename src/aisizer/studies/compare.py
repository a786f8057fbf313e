"""Several plans side by side: one row of figures each, and the reason of those that have no decision."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import product
from typing import Literal

from pydantic import Field

from aisizer.costs.lines import significant
from aisizer.errors import InvalidInput
from aisizer.plan import Decision, Plan
from aisizer.schema import Record


class Fleet(Record):
    """What a scenario's plan decides, promises and costs."""

    site: str
    gpu: str
    """class, or several with + between"""
    offer: str
    term: Literal["purchase", "on_demand", "one_year", "three_year"]
    gpus: int
    """first purchase wave"""
    gpus_needed: int
    gpus_month_36: int
    servers: int
    redundancy: str
    order_by: date
    go_live: date
    slo_met: bool
    tightest_slo: str
    """workload and percentile that comes closest to its target"""
    slo_ratio: float
    """[1] of that percentile over its target, in the worse of both states: all servers up, redundancy down"""
    probability_met: float | None
    utilization: float
    utilization_degraded: float
    first_wave_usd: float | None
    one_year_usd: float
    three_year_usd: float
    npv_usd: float | None
    usd_per_million_tokens: float
    complete: bool
    """whether every cost line has a price; without, every total is at least so much"""
    by_category: dict[str, float]
    """[USD] 36-month cash by category"""


class Scenario(Record):
    """One profile as it was planned, or why it has no plan."""

    name: str
    profile: str
    changes: dict[str, str]
    """path to value of what was varied"""
    profile_sha256: str
    fleet: Fleet | None
    """null: no option meets the profile"""
    reason: str = ""
    """why there is none"""
    freed_by: str = ""
    """what would let one through"""


class Scenarios(Record):
    """What `aisizer compare` answers (aisizer/compare/v1)."""

    schema_: Literal["aisizer/compare/v1"] = Field(default="aisizer/compare/v1", alias="schema")
    aisizer_version: str
    catalog_sha256: str
    confirm: Literal["none", "auto", "full"]
    """how far the leading options of each were simulated"""
    scenarios: tuple[Scenario, ...]


def variations(vary: Sequence[str]) -> list[dict[str, str]]:
    """Every combination of the values of PATH=A,B,C; commas inside brackets and quotes do not part values.

    >>> variations(["resilience.redundancy=N+1,N+2"])
    [{'resilience.redundancy': 'N+1'}, {'resilience.redundancy': 'N+2'}]
    >>> [len(variations(given)) for given in ([], ["a=1,2", "b=[x,y],[z],w"])]
    [1, 6]
    """
    fields = dict(_field(text) for text in vary)
    if len(fields) < len(vary):
        raise InvalidInput("--vary names a path twice. Give all its values at once, as PATH=A,B,C.")
    return [dict(zip(fields, values, strict=True)) for values in product(*fields.values())]


def scenario(name: str, changes: Mapping[str, str], plan: Plan) -> Scenario:
    """A plan's figures as a row; a plan without decision keeps its reasons."""
    counts = ", ".join(f"{group.reason} {group.count}" for group in plan.rejections)
    total = sum(group.count for group in plan.rejections)
    reason = f"{total} options are rejected: {counts}" if total else "no option was left to try"
    freed = next((group.freed_by for group in plan.rejections if group.freed_by), "")
    return Scenario(
        name=name,
        profile=str(plan.profile["name"]),
        changes=dict(changes),
        profile_sha256=plan.inputs.profile_sha256,
        fleet=None if plan.decision is None else _fleet(plan, plan.decision),
        reason=reason if plan.decision is None else "",
        freed_by=freed if plan.decision is None else "",
    )


def against_first(scenarios: Sequence[Scenario]) -> list[float | None]:
    """[1] 36-month cash of each over that of the first that has a full one, less 1; null for itself and where unknown."""
    totals = [s.fleet.three_year_usd if s.fleet is not None and s.fleet.complete else None for s in scenarios]
    first = next((index for index, total in enumerate(totals) if total), None)
    base = None if first is None else totals[first]
    return [
        None if total is None or not base or index == first else significant(total / base - 1)
        for index, total in enumerate(totals)
    ]


def _fleet(plan: Plan, decision: Decision) -> Fleet:
    cost = plan.tco[decision.site]
    tightest = max(plan.slo, key=lambda result: max(result.predicted_ms, result.degraded_ms) / result.target_ms)
    return Fleet(
        site=decision.site,
        gpu="+".join(dict.fromkeys(pool.gpu for pool in decision.pools)),
        offer=decision.offer,
        term=decision.term,
        gpus=decision.gpus,
        gpus_needed=decision.gpus_needed,
        gpus_month_36=cost.gpus_month_36,
        servers=decision.servers,
        redundancy=f"N+{decision.redundant_servers}" if decision.redundant_servers else "N",
        order_by=decision.order_by,
        go_live=decision.go_live,
        slo_met=all(result.met for result in plan.slo),
        tightest_slo=f"{tightest.workload} {tightest.metric}_{tightest.percentile}",
        slo_ratio=significant(max(tightest.predicted_ms, tightest.degraded_ms) / tightest.target_ms),
        probability_met=decision.probability_met,
        utilization=decision.utilization,
        utilization_degraded=decision.utilization_degraded,
        first_wave_usd=decision.first_wave_usd,
        one_year_usd=cost.one_year_usd,
        three_year_usd=cost.three_year_usd,
        npv_usd=cost.npv_usd,
        usd_per_million_tokens=cost.usd_per_million_tokens,
        complete=not cost.missing,
        by_category=cost.by_category,
    )


def _field(text: str) -> tuple[str, list[str]]:
    path, equals, values = text.partition("=")
    if not equals or not path.strip():
        raise InvalidInput(f"--vary {text!r}: PATH=A,B,C is expected, e.g. resilience.redundancy=N+1,N+2.")
    found = [value.strip() for value in _parts(values)]
    if not all(found):
        raise InvalidInput(f"--vary {text!r}: a value is empty. Write PATH=A,B,C.")
    return path.strip(), list(dict.fromkeys(found))


def _parts(text: str) -> Iterator[str]:
    """A list's values; depth counts brackets, and a quote holds until the next of its kind."""
    depth, quote, begin = 0, "", 0
    for index, sign in enumerate(text):
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "'\"":
            quote = sign
        elif sign in "[{(":
            depth += 1
        elif sign in "]})":
            depth -= 1
        elif sign == "," and depth == 0:
            yield text[begin:index]
            begin = index + 1
    yield text[begin:]
