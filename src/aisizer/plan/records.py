"""The Plan: what sizing.json carries; it only composes records that rooms own."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from aisizer.catalog.records import Amount, Retention
from aisizer.costs.bom_totals import BomTotal
from aisizer.costs.categories import CategoryTotal
from aisizer.costs.managed import ApiBreakEven
from aisizer.costs.records import BomLine, SiteCost
from aisizer.plan.controls import UnpricedControl
from aisizer.plan.drill_records import DrillResult
from aisizer.plan.load_records import ErrorBand, LoadCurve
from aisizer.plan.money_records import CashComparison, Driver, Flip, GrowthCost, PartCost, UnitCost, Volumes
from aisizer.plan.strategy_records import Strategy
from aisizer.roadmap.records import Path, Roadmap
from aisizer.schema import Record
from aisizer.sizing.admissible import BindingControl, PlaceVerdict
from aisizer.sizing.records import Option, Pool, RejectionGroup, SloResult, Surrounding, WaterfallStep
from aisizer.triggers.records import Symptom, Trigger

if TYPE_CHECKING:
    import pandas as pd


class Inputs(Record):
    """What the plan was made from, by hash."""

    profile_sha256: str
    catalog_version: str
    catalog_sha256: str
    fragments: dict[str, str]
    """file name to sha256 of every fragment, trace and config.json read"""


class Decision(Record):
    """What is signed now."""

    site: str
    site_name: str
    gpus: int
    """the first purchase wave"""
    gpus_needed: int
    """to meet the SLO at go-live, before burst, headroom and redundancy"""
    servers: int
    order_by: date
    gpu: str | None
    replicas: int | None
    tensor_parallel: int | None
    precision: str | None
    engine: str | None
    pools: tuple[Pool, ...]
    offer: str
    offer_name: str
    gpus_per_server: int
    term: Literal["purchase", "on_demand", "one_year", "three_year"]
    redundancy: str
    """as the profile asks: N, N+k or auto"""
    redundant_servers: int
    """k: servers that may be down at the peak with every SLO met"""
    go_live: date
    utilization: float
    utilization_degraded: float
    confidence: float = 0.5
    """[1] probability with which each SLO was sized to hold: resilience.confidence"""
    gpus_p50: int | None = None
    """the first purchase wave at 50 % confidence: the plain prediction with its headroom"""
    gpus_p90: int | None = None
    """the same at 90 % confidence; null where an idle replica of this layout misses an SLO at it"""
    gpus_needed_p90: int | None = None
    """gpus_needed at 90 % confidence"""
    probability_met: float | None = None
    """[1] of meeting the least certain SLO with all servers up"""
    first_wave_usd: float | None
    reason: str
    """one sentence: why this one"""
    weakest_fact: str
    """the least certain price among those that make up the chosen site's cost"""


class Verdict(Record):
    """Whether a site is admitted, and by which texts."""

    site: str
    verdict: Literal["admitted", "admitted with conditions", "rejected"]
    reasons: tuple[str, ...]
    citations: tuple[str, ...]
    basis: str
    """primary, or that the verdict rests on a secondary source"""
    attestations: tuple[str, ...] = ()
    """of which the site must hold one, as the rules ask"""


class Assumption(Record):
    """One value the plan rests on, and who set it."""

    path: str
    value: str
    origin: Literal["user", "default", "catalog", "computed"]
    reason: str
    source: str = ""


class SourceUse(Record):
    """One source the plan used."""

    id: str
    title: str
    publisher: str
    url: str
    date: str
    kind: str
    confidence: str
    age_days: int | None
    used_for: tuple[str, ...]


class Step(Record):
    """One explained number: the formula, its inputs with values, and the names to ask about next."""

    name: str
    meaning: str
    formula: str
    inputs: dict[str, str]
    value: str
    unit: str
    source: str
    next: tuple[str, ...] = ()


class IntegrationUse(Record):
    """How close an upstream system is to its ceiling."""

    name: str
    limit_per_s: float | None
    calls_per_s: dict[str, float]
    """first attempts at go_live, month_12, month_36"""
    worst_calls_per_s: float
    """at month 36 when every attempt of the retry policy is used"""
    latency_s: float | None
    """as the profile gives it; outside the SLOs, which are those of the model service"""
    utilization: dict[str, float | None]
    breaks_in_month: int | None
    readiness: str
    attempts: int = 1
    """calls made at most for one that fails, the first included"""
    failing: float = 0.0
    """[1] share of calls that fail or are rejected in a bad hour"""
    retry_calls_per_s: dict[str, float] = Field(default_factory=dict)
    """first attempts and the retries that this share causes"""
    retry_utilization: dict[str, float | None] = Field(default_factory=dict)
    worst_utilization: dict[str, float | None] = Field(default_factory=dict)
    """when every call fails, so that every attempt is used"""
    all_calls_per_s: dict[str, float] = Field(default_factory=dict)
    """the calls of that case, as calls_per_s has the first attempts"""
    breaks_with_retries_in_month: int | None = None
    breaks_at_worst_in_month: int | None = None


class Confirmation(Record):
    """How far the chosen fleet and the runner-up were simulated."""

    confirm: Literal["none", "auto", "full"]
    """none: every figure is the analytic queue's"""
    simulated: int
    """requests played in all, capacity searches included"""
    requests: int
    """of the longest run of the chosen fleet that decides, per seed"""
    seeds: int
    undecided: tuple[str, ...]
    """promises whose target lies inside the 95 % interval of the longest run"""
    refused: float
    """[1] share of requests that are longer than a replica's KV memory, which an engine refuses"""
    replayed: tuple[str, ...] = ()
    """workloads whose trace was replayed: the busiest hour of it at their load"""


class SiteLimit(Record):
    """One limit of the chosen site beside what the fleet asks of it in month 36."""

    name: str
    field: str
    """profile field that sets it"""
    unit: str
    month_36: float | str
    limit: float | str | None
    """null: nobody gave it"""
    held: bool | None
    """null where it was not checked"""


class SiteWork(Record):
    """Work that lifts a limit of the chosen site, an item of its own."""

    item: str
    reason: str
    month: int
    """first month of service that passes the limit"""
    need_by: date
    lead_time_weeks: float | None
    """null where no source gives it"""
    order_by: date | None
    quantity: float
    """at month 36"""
    unit: str
    detail: str


class RecoveryCheck(Record):
    """What the disaster-recovery posture gives at month 36, held against the targets."""

    posture: str
    servers: int
    """at the second site in the first wave"""
    rto_s: float | None
    rpo_s: float | None
    restore_s: dict[str, float] | None
    """by part, in order; null where nothing comes back"""
    total_s: float | None
    loss_s: float | None
    """[s] of writes that are lost; null where all of them are"""
    rto_met: bool | None
    rpo_met: bool | None
    """null where there is no target"""
    replication_mbit_s: float
    link_mbit_s: float
    least_posture: str | None
    """the one that keeps the least at the second site and meets the targets; null where none does"""
    missed: tuple[str, ...]


class Availability(Record):
    """Whether enough servers are up at the peak hour."""

    needed: int
    """servers that carry the peak with every SLO met, whichever of them are up"""
    servers: int
    """that stand at the primary site in the first wave, without those for upgrades"""
    server_down: float
    """[1] share of time that a server is down"""
    rack_down: float
    probability: float
    """[1] that at least the needed ones are up: binomial, racks falling whole where servers_per_rack is given"""
    target: float
    met: bool
    stacked_servers: int
    """servers more if rolling upgrades stacked on the redundancy"""
    stacked_usd: float | None
    """[USD] what those would cost to buy, or for a month where rented"""


class Bridge(Record):
    """Rented capacity that serves until the chosen site delivers."""

    site: str
    offer: str
    offer_name: str
    gpu: str
    gpus: int
    """at most, with its own redundancy"""
    servers: int
    from_: date = Field(alias="from")
    """go-live"""
    until: date
    """day on which the chosen site's first wave serves"""
    months: int
    order_by: date
    lead_time_weeks: float
    usd: float
    """[USD] all cost lines whose ids begin with bridge-; at least, where some are missing"""
    usd_per_month: float
    missing: tuple[str, ...] = ()
    """its cost lines without a price"""
    reason: str
    """the parts of the late site's lead time"""


class ScopeChange(Record):
    """A place of the plan under a CMMC framework: inside the assessed boundary, or possibly a change of it."""

    what: str
    site: str
    significant: bool
    """whether it may be a significant change, so that a new assessment may be due"""
    verdict: str
    weeks: float | None
    """[week] of a new assessment; null: not due, or nobody gave it"""
    cost_usd: float | None
    """[USD] in no total, because it may not be due"""
    citation: str


class Comparison(Record):
    """One figure of the prototype beside the model's prediction at the same load, uncalibrated."""

    name: str
    measured: float
    predicted: float | None
    """null where the model cannot replay the prototype"""
    unit: str
    ratio: float | None = None
    """[1] measured over predicted"""


class Plan(Record):
    """The whole answer, as sizing.json carries it (aisizer/plan/v1)."""

    schema_: Literal["aisizer/plan/v1"] = Field(default="aisizer/plan/v1", alias="schema")
    marking: str = ""
    """how the plan is to be handled, such as CUI; empty: no marking"""
    aisizer_version: str
    inputs: Inputs
    profile: dict[str, Any]
    """the profile as read, in JSON"""
    complete: bool
    """whether every cost line of the chosen site has a price"""
    decision: Decision | None
    slo: tuple[SloResult, ...]
    waterfall: tuple[WaterfallStep, ...]
    ranking: tuple[Option, ...]
    """best option per site and GPU, chosen first"""
    rejections: tuple[RejectionGroup, ...]
    verdicts: tuple[Verdict, ...]
    roadmap: Roadmap | None
    bridge: Bridge | None = None
    """what serves from go-live until the chosen site delivers; null where it is in time"""
    path: Path | None = None
    """from the go decision to production, with owners and the critical path"""
    scope_changes: tuple[ScopeChange, ...] = ()
    """what each place means for a CMMC assessment; empty where none binds"""
    triggers: tuple[Trigger, ...]
    symptoms: tuple[Symptom, ...] = ()
    """what pages, and never orders"""
    bom: tuple[BomLine, ...]
    bom_totals: tuple[BomTotal, ...] = ()
    """the bill by category and wave"""
    tco: dict[str, SiteCost]
    """by admitted site; the chosen one is decision.site"""
    baseline: SiteCost | None
    """today's fleet or the rule of thumb, priced like the chosen site"""
    baseline_note: str
    prototype: tuple[Comparison, ...] = ()
    confirmation: Confirmation | None = None
    drills: tuple[DrillResult, ...] = ()
    """failures at the peak hour"""
    availability: Availability | None = None
    recovery: RecoveryCheck | None = None
    places: tuple[PlaceVerdict, ...] = ()
    """disaster-recovery site, backup target and log archive, judged as sites are"""
    retention: Retention | None = None
    """of prompt and response logs"""
    controls: tuple[BindingControl, ...] = ()
    """what the binding frameworks ask for that costs money or capacity"""
    unpriced_controls: tuple[UnpricedControl, ...] = ()
    """those of them that no cost line of the chosen site pays for, and why"""
    amounts: dict[str, Amount] = Field(default_factory=dict)
    """figures without a currency that cost lines multiply by, by their name in the catalog, with range, source and date"""
    limits: tuple[SiteLimit, ...] = ()
    work: tuple[SiteWork, ...] = ()
    strategies: tuple[Strategy, ...] = ()
    """ways to buy the chosen option over 36 months"""
    strategy_note: str = ""
    """which of them the plan follows and why, and which is the cheapest"""
    apis: tuple[ApiBreakEven, ...] = ()
    """managed APIs that would answer the same requests, for comparison only"""
    categories: dict[str, tuple[CategoryTotal, ...]] = Field(default_factory=dict)
    """one and three years of each category, in cash and accrued, by admitted site and `baseline`"""
    volumes: Volumes | None = None
    """what unit costs divide by"""
    unit_costs: dict[str, UnitCost] = Field(default_factory=dict)
    """by admitted site, and `baseline`"""
    comparisons: tuple[CashComparison, ...] = ()
    """the chosen site's cumulative cash beside the other sites, the baseline and the APIs"""
    cumulative: dict[str, tuple[float, ...]] = Field(default_factory=dict)
    """[USD] paid by the end of each of 37 periods, by site, `baseline` and API, the chosen site first; those without a price
    for every line are left out"""
    parts: tuple[PartCost, ...] = ()
    """what headroom, redundancy, disaster recovery, non-production and compliance cost, each by itself"""
    flips: tuple[Flip, ...] = ()
    """uncertain prices, and the value at which another site would be chosen"""
    sensitivity: tuple[Driver, ...] = ()
    """the widest swing first; prices alone unless `size --sensitivity` made the plan"""
    growth_costs: tuple[GrowthCost, ...] = ()
    """by admitted site and case of growth"""
    load_curves: tuple[LoadCurve, ...] = ()
    """latency by load of each pool of the first wave"""
    error_bands: tuple[ErrorBand, ...] = ()
    """how far measurements lay from predictions of each promise's kind, in the order of `slo`"""
    integrations: tuple[IntegrationUse, ...]
    surroundings: tuple[Surrounding, ...] = ()
    """what stands around the GPUs: logs, network, front end, facility, recovery, spares, non-production"""
    assumptions: tuple[Assumption, ...]
    sources: tuple[SourceUse, ...]
    """weakest first"""
    explain: tuple[Step, ...]
    warnings: tuple[str, ...]

    def frames(self) -> dict[str, pd.DataFrame]:
        """Every table of the plan in pandas, by name: docs/api.md lists them and their columns."""
        from aisizer.plan.frames import frames

        return frames(self)
