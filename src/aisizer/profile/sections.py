"""The sections of a workload profile; every default carries its reason in the field's own docstring."""

from __future__ import annotations

import re
from datetime import date
from itertools import pairwise
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    WithJsonSchema,
    model_validator,
)

from aisizer import units
from aisizer.profile.calibrations import Calibration
from aisizer.profile.kinds import Kind
from aisizer.schema import BitRate, Duration, EnergyPrice, Growth, Money, Power, PowerPrice, Rate, Record, Share
from aisizer.units import MONTH, WEEK, YEAR

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.-]{0,62}$")]
"""A short name that is safe in files, labels and cells."""
Text = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x08\x0b-\x1f]*$")]


def _identifier(value: str) -> str:
    # A spreadsheet reads these as the start of a formula, and an apostrophe before them would be part of an ERP's key.
    minus = value.startswith("-") and not value[1:2].isalnum()
    if value.startswith(("=", "+", "@", "＝", "＋", "－", "＠", "\t")) or minus or not value.isprintable():
        raise ValueError(
            f"an identifier must not start with =, +, @ or a tab, nor hold control characters, because a spreadsheet would take "
            f"it for a formula (got {value[:40]!r}). Write it without them; a minus may stand before a letter or digit."
        )
    return value


Identifier = Annotated[str, StringConstraints(max_length=100), AfterValidator(_identifier)]
"""A number or code of somebody's system, as an ERP keys on it: never altered, never a formula."""
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
"""A country, ISO 3166-1 alpha-2."""
Metric = Literal["ttft", "tpot", "e2e"]
Statistic = Literal["mean", "p50", "p90", "p95", "p99"]
Precision = Literal["bf16", "fp8", "fp4", "int8", "int4"]
SiteId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
QuantileKey = Annotated[str, StringConstraints(pattern=r"^p[0-9]{1,2}(\.[0-9]+)?$|^p100$")]
MonthKey = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$")]
Gate = Annotated[
    str,
    StringConstraints(
        max_length=200,
        pattern=r"^\s*(not\s+)?[a-z][A-Za-z0-9_.\-]*\s*((<=|>=|==|<|>)\s*[-+]?[0-9_.]+([eE][-+]?[0-9]+)?)?\s*$",
    ),
]
"""A condition such as decision.gpus <= 16, or a path that is true or false such as slo.met."""
Redundancy = Annotated[str, StringConstraints(pattern=r"^(N|N\+[1-9]|auto)$")]
UnitPrice = Annotated[
    str, StringConstraints(pattern=r"^\s*[0-9][0-9,_]*(\.[0-9]+)?([eE][0-9]+)?\s*(k|M)?[A-Z]{3}(/[A-Za-z-]+)?\s*$")
]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]


def _calendar_day(value: object) -> object:
    # pydantic would also read seconds since 1970, and a midnight with its time zone.
    if type(value) is date or (isinstance(value, str) and re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", value)):
        return value
    raise ValueError(f"a date is expected (got {value}). Write it as 2026-12-01.")


def _plannable(value: date) -> date:
    if not 2020 <= value.year < 2100:
        raise ValueError(f"a date from 2020 to 2099 is expected (got {value}). Mend the year.")
    return value


def _multiple(value: object) -> object:
    return units.parse(value, "share") if isinstance(value, str) else value


Day = Annotated[date, BeforeValidator(_calendar_day), AfterValidator(_plannable)]
"""A calendar day, ISO 8601."""
GpuCount = Annotated[int, Field(ge=1, le=10_000_000)]
"""[GPU] that somebody has or has ordered; a larger number is taken for a slip of the keyboard."""
Multiple = Annotated[
    float,
    BeforeValidator(_multiple),
    Field(gt=0, le=10_000),
    WithJsonSchema({"anyOf": [{"type": "number", "exclusiveMinimum": 0}, {"type": "string", "pattern": "%"}]}),
]
"""[1] a multiple of the go-live demand: 1.8, or 180 %."""


LOAD_FORMS = ("users", "rate", "concurrency", "per_request_of", "trace")
"""The ways to state a load."""


class Load(Record):
    """How much arrives at the peak hour: exactly one of users, rate, concurrency, per_request_of or trace."""

    users: int | None = Field(default=None, ge=1, le=1_000_000_000)
    """People who hold an account; use it with requests_per_user_hour."""
    requests_per_user_hour: float | None = Field(default=None, gt=0)
    """[1/h] mean requests of one user in an hour of service."""
    rate: Rate | None = None
    """[req/s] arrival rate in the peak hour, e.g. 12 req/s."""
    concurrency: int | None = Field(default=None, ge=1, le=10_000_000)
    """Requests in flight at once in the peak hour (a closed population without think time)."""
    per_request_of: str | None = None
    """Name of the workload whose every request causes `calls` requests here."""
    calls: float = Field(default=1.0, gt=0)
    """Requests per request of `per_request_of`; 1 because one call is the least that a dependency makes."""
    trace: str | None = None
    """Path of a request trace, whose peak-window rate (or mean rate, as `burst.basis` says) is taken; recorded by hash."""
    peak_factor: float = Field(default=2.2, ge=1, le=100)
    """Peak-hour rate over mean rate. 2.2: one country's office day in the Azure 2024 week (chat 1.66, code 3.00)."""
    hours_per_month: float = Field(default=730.0, gt=0, le=744)
    """[h] hours a month with the mean rate: 730 is round the clock, 220 is ten hours on 22 working days."""

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        given = [form for form in LOAD_FORMS if getattr(self, form) is not None]
        if len(given) != 1:
            got = ", ".join(given) or "none"
            raise ValueError(f"exactly one of {', '.join(LOAD_FORMS)} is expected (got {got}). Keep one.")
        if (self.users is None) != (self.requests_per_user_hour is None):
            raise ValueError("users and requests_per_user_hour belong together. Give both, or use rate or concurrency.")
        return self


class Modulation(Record):
    """One part of the slow rise and fall of an arrival rate: how strong it is and how long it lasts."""

    variance: float = Field(gt=0, le=1000)
    """[1] variance of the rate over the square of its mean, e.g. 0.033."""
    time: Annotated[Duration, Field(gt=0)]
    """[s] correlation time: the likeness of two moments falls to 1/e over it, e.g. 300 s."""


class Burst(Record):
    """How uneven arrivals are around the load's rate: one index of dispersion, or the modulation of the rate."""

    index_of_dispersion_60s: float | None = Field(default=None, ge=1, le=1000)
    """Variance over mean of the arrivals per minute of the peak hour, 1 is Poisson; left out: that of the workload's kind,
    or 2 (assumed for office use; 1.4-4 measured up to 10 s)."""
    basis: Literal["peak_window", "mean_rate"] = "peak_window"
    """What the load's rate is: that of the peak window, whose slower swings it holds already, or the mean, which the
    modulation lifts to its peak window; peak_window, because a load is stated for the peak hour."""
    modulation: tuple[Modulation, ...] = Field(default=(), max_length=10)
    """How the rate wanders, as `aisizer trace` measures it, in place of the index; empty: the index says it all."""

    @model_validator(mode="after")
    def _one_measure(self) -> Self:
        if self.modulation and self.index_of_dispersion_60s is not None:
            raise ValueError(
                "index_of_dispersion_60s and modulation say the same thing, and both would buy it twice. Keep one."
            )
        if self.basis == "mean_rate" and not self.modulation:
            raise ValueError(
                "the basis mean_rate needs the modulation, because an index over minutes does not know what is slower. "
                "Give the modulation, or the rate of the peak window."
            )
        return self


class TokenLengths(Record):
    """A distribution of token counts: mean and p95, or quantiles, or a trace file; exactly one of the three."""

    mean: float | None = Field(default=None, gt=0, le=10_000_000)
    """[token] mean length."""
    p95: float | None = Field(default=None, gt=0, le=10_000_000)
    """[token] 95th percentile; with the mean it fixes a log-normal distribution."""
    quantiles: dict[QuantileKey, float] | None = None
    """[token] percentiles such as {p5: 80, p50: 1020, p95: 4083, p100: 8000}; linear in between."""
    trace: str | None = None
    """Path of a CSV with one request a row; read when the profile is loaded and recorded by hash."""

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        forms = [self.mean is not None or self.p95 is not None, self.quantiles is not None, self.trace is not None]
        if sum(forms) != 1:
            raise ValueError("exactly one of {mean, p95}, {quantiles} or {trace} is expected. Keep one.")
        if forms[0]:
            if self.mean is None or self.p95 is None:
                raise ValueError("mean and p95 belong together. Give both, for instance {mean: 3200, p95: 7800}.")
            if not 1.0 <= self.p95 / self.mean <= 3.8:
                raise ValueError(
                    f"p95 must lie between the mean and 3.8 times the mean, the reach of a log-normal distribution "
                    f"(got {self.p95:g} / {self.mean:g} = {self.p95 / self.mean:.2f}). Give quantiles instead."
                )
        if self.quantiles is not None:
            points = sorted((float(k[1:]), v) for k, v in self.quantiles.items())
            if len(points) < 2 or any(v <= 0 for _, v in points):
                raise ValueError(
                    "at least two quantiles with positive values are expected, e.g. {p50: 1020, p95: 4083}."
                )
            if any(b[1] < a[1] for a, b in pairwise(points)):
                raise ValueError("quantiles must not fall as the percentile rises. Put them in order.")
        return self


class Speculative(Record):
    """Tokens drafted ahead of each decode step, which the model then checks: multi-token prediction or a draft model."""

    draft_tokens: int = Field(default=1, ge=1, le=8)
    """Tokens drafted for each step; 1, as the one multi-token-prediction module of DeepSeek-V3 drafts."""
    acceptance: Annotated[Share, Field(le=1)] = 0.85
    """Chance that a drafted token is the model's own, those before it given; 85 %, the low end of DeepSeek-V3's report
    (arXiv:2412.19437). Measure it on your own prompts."""
    draft_cost: Annotated[Share, Field(le=1)] | None = None
    """Layers, and so weights, cache and time, that draft one token, as a share of the model's; left out: one layer."""


SloKey = Annotated[str, StringConstraints(pattern=r"^(ttft|tpot|e2e)_(mean|p50|p90|p95|p99)$")]


_FROM_A_TRACE = ("load", "prompt_tokens", "output_tokens")
"""What a workload may leave out where it names a trace."""


def _trace_or_all(schema: dict[str, Any]) -> None:
    """In the JSON Schema: a trace, or everything that one would give."""
    schema["required"] = [name for name in schema["required"] if name not in _FROM_A_TRACE]
    schema["anyOf"] = [{"required": ["trace"]}, {"required": list(_FROM_A_TRACE)}]


class Workload(Record):
    """One kind of request, its load, its lengths and what was promised for it."""

    model_config = ConfigDict(json_schema_extra=_trace_or_all)

    model: Text
    """A catalog name or alias, the path of a Hugging Face config.json, or a size such as 70B."""
    kind: Kind | None = None
    """What the workload does, for how uneven its arrivals are where `burst` is left out; left out: 2, of office use."""
    precision: tuple[Precision, ...] = ()
    """Weight precisions allowed; empty allows the published one and FP8, which halves weights
    at a small quality risk."""
    trace: str | None = None
    """Path of a request trace; load, lengths and burst that are left out come from it, and it can be replayed."""
    load: Load
    """How much arrives at the peak hour: users, rate, concurrency, per_request_of or trace."""
    burst: Burst = Burst.model_construct()
    """Arrival variance inside the peak hour."""
    prompt_tokens: TokenLengths
    """Prompt lengths, system prompt and retrieved context included."""
    output_tokens: TokenLengths
    """Generated lengths, reasoning tokens included; {mean: 1, p95: 1} describes an embedder or reranker."""
    prefix_hit: Annotated[Share, Field(le=0.95)] = 0.0
    """Share of prompt tokens served from the prefix cache; 0 because reuse must be measured before it is counted on."""
    speculative: Speculative | None = None
    """Speculative decoding; left out: off, because its gain hangs on an acceptance that must be measured first."""
    slo: dict[SloKey, Duration] = Field(default_factory=lambda: {"ttft_p95": 2.0, "tpot_p95": 0.1}, min_length=1)
    """Targets such as {ttft_p95: 2 s}. Default: the MLPerf Server TTFT limit of 2 s, and ten tokens a second."""

    @model_validator(mode="before")
    @classmethod
    def _from_its_trace(cls, data: Any) -> Any:
        """What a workload with a trace leaves out is read from the trace."""
        if not isinstance(data, dict) or not isinstance(data.get("trace"), str):
            return data
        source = {"trace": data["trace"]}
        filled = {name: source for name in _FROM_A_TRACE if data.get(name) is None}
        load = data.get("load")
        if isinstance(load, dict) and not any(load.get(form) is not None for form in LOAD_FORMS):
            filled["load"] = {**load, **source}
        return {**data, **filled}


class Phase(Record):
    """A part of the rollout: the share of the demand that is on from a date."""

    name: Text
    """What the phase is called, e.g. pilot."""
    share: Share
    """Part of the full demand that is on in this phase, e.g. 10 %."""
    start: Day
    """First day of the phase."""
    exit: Text = ""
    """What must hold before the next phase starts; recorded in the plan."""
    owner: Text = ""
    """Who decides that it holds; recorded in the plan."""
    rollback: Text = ""
    """What sends the rollout back to the phase before, e.g. a missed SLO on three days; recorded in the plan."""


class GrowthSection(Record):
    """How demand moves over 36 months."""

    rate: Growth = 0.034
    """[1/month] compound growth; 3.4 %/month is 1.5 times a year, the low end of the surveys cited in profiles/."""
    low: Growth | None = None
    """[1/month] slow case; left out: half of `rate`."""
    high: Growth | None = None
    """[1/month] fast case; left out: one and a half times `rate`."""
    points: dict[MonthKey, Multiple] | None = None
    """Demand at dated months as a multiple of the go-live demand, e.g. {2027-09: 1.8};
    replaces `rate` up to the last point."""
    review: Duration = 2 * 7 * 86400.0
    """[s] from a capacity alert to a decision; two weeks, a fortnightly review meeting (assumed)."""
    seasonality: Annotated[tuple[Multiple, ...], Field(min_length=12, max_length=12)] | None = None
    """Peak demand of each calendar month, January first, on any scale: only ratios to the month of go-live count, whose
    peak is the load that the profile states. Growth comes on top; dated points hold as given. Left out: no season."""
    phases: tuple[Phase, ...] = ()
    """Rollout phases; before the first phase's start the share is that of the first phase."""


Posture = Literal["none", "backup_restore", "pilot_light", "warm_standby", "half_size", "active_active"]
"""What stands at a second site, the least first."""


class DisasterRecovery(Record):
    """What stands at a second site."""

    posture: Posture = "none"
    """none: the plan buys no second site unless asked."""
    rpo: Duration | None = None
    """[s] data that may be lost: checked against the time between copies and the link; left out: no target."""
    rto: Duration | None = None
    """[s] time to be back: checked against the time that the posture takes; left out: no target."""
    link: BitRate = 1e9
    """[bit/s] to the second site, free for copies; 1 Gbit/s, a common leased line (assumed: measure yours)."""
    copy_every: Annotated[Duration, Field(gt=0)] | None = None
    """[s] between two copies of what is written; left out: a day from backups, a minute where data stand at the second site
    (assumed: nightly backups, logs shipped each minute)."""
    provisioning: Duration = 86400.0
    """[s] until servers that do not run yet stand ready at the second site; a day (assumed: rented ones, if there are any
    to rent, installed and tested; bought ones take their lead time)."""
    failover: Duration = 1800.0
    """[s] from the loss of the site to its traffic at the second one, where people decide; half an hour (assumed). Time of
    servers and data comes on top."""
    site: SiteId | None = None
    """Where the second site is, judged by the same rules; left out: a second place of the chosen site's own class."""
    backup_site: SiteId | None = None
    """Where backups go, judged by the same rules; left out: the second site, or a place of the chosen site's own class."""


class Upgrades(Record):
    """How a new model or engine version is brought in."""

    per_year: float = Field(default=2.0, ge=0, le=52)
    """Model migrations a year; 2 follows the deprecation cycles that providers publish."""
    method: Literal["rolling", "blue_green"] = "rolling"
    """rolling uses the redundancy off-peak and buys nothing; blue_green stands a second set beside the first."""
    drain: Duration = 120.0
    """[s] given to a replica to finish its requests before it is stopped; two minutes (assumed: longer than nearly every
    answer; Kubernetes gives 30 s unless told otherwise)."""
    stack_on_redundancy: bool = False
    """Whether a rolling upgrade keeps all of the redundancy up: servers for the replica under upgrade are bought on top; false:
    it runs off-peak on the spare."""
    engineering_days: float = Field(default=10.0, ge=0, le=1000)
    """[day] of people for each migration: prompts, evaluation, review and release; ten, two weeks of one engineer (assumed)."""
    evaluation_requests: int = Field(default=2401, ge=0, le=10_000_000)
    """Requests of the evaluation set of each workload; 2,401 tell a share of right answers to 2 points at 95 % confidence
    (0.25 x (1.96 / 0.02)^2)."""
    evaluation_runs: int = Field(default=3, ge=0, le=1000)
    """Runs of the evaluation set for each migration; 3: the old model, the new one, and the new one once mended (assumed)."""
    evaluations_per_year: float = Field(default=12.0, ge=0, le=366)
    """Scheduled runs of the evaluation set between migrations; 12, monthly with the patches (assumed)."""
    off_peak_hours: float = Field(default=510.0, gt=0, le=744)
    """[h] a month off-peak, when the spare is free for upgrades and evaluations; 510: 730 less ten hours on 22 working days."""


class Environment(Record):
    """A fleet beside production: how large it is, how many hours it runs, and whose servers it runs on."""

    rule: Literal["replica", "mirror", "share"] = "replica"
    """replica: one replica of each pool, the least that tests the whole chain; mirror: as many servers as production;
    share: that share of them."""
    share: Annotated[Share, Field(gt=0)] = 0.1
    """[1] of production's servers, for the rule share; 10 % (assumed: a canary's customary part of the traffic)."""
    hours_per_month: float = Field(default=220.0, gt=0, le=744)
    """[h] a month that it runs; 220, ten hours on 22 working days."""
    shares_with_production: bool = False
    """Whether it runs on production's own servers at off-peak hours and buys none; false: servers of its own."""


class Clients(Record):
    """What clients do when the service fails them; simulated failures load the fleet with it."""

    timeout: Annotated[Duration, Field(gt=0)] = 60.0
    """[s] that a client waits for the first token before it hangs up; one minute, the read timeout that nginx proxies
    default to."""
    attempts: int = Field(default=3, ge=1, le=20)
    """Times that a request is sent at most, the first included; 3, as the OpenAI and Anthropic libraries for Python do,
    with pauses of half a second that double up to 8 s."""


class Admission(Record):
    """What the gateway refuses, so that one tenant's excess is not everybody's trouble; simulated, and not sized for."""

    max_prompt_tokens: int | None = Field(default=None, ge=1)
    """[token] prompts above it are refused; left out: what a replica's memory holds."""
    max_output_tokens: int | None = Field(default=None, ge=1)
    """[token] at which an answer is cut; left out: never."""
    tenant_rate: float | None = Field(default=None, ge=1, le=1000)
    """[1] multiple of its share of the load that a tenant may send, 2 for twice of it; left out: as much as it likes."""
    queue_deadline: Annotated[Duration, Field(gt=0)] | None = None
    """[s] without a first token after which a request is refused and its client may send it again; left out: it waits until
    its client hangs up."""


class Resilience(Record):
    """Which failures and which error the fleet must carry."""

    redundancy: Redundancy = "N+1"
    """Servers that may be down at the peak with the SLO still met. N+1: one server in repair is the normal case."""
    availability: Annotated[Share, Field(ge=0.5, lt=1)] = 0.999
    """Availability target that `auto` sizes the redundancy for; 99.9 % is about nine hours a year."""
    server_failures_per_year: float = Field(default=0.7, ge=0)
    """[1/server-year] for `auto`: 8 GPUs x 9.1 % GPU and HBM interruptions a GPU-year (Llama 3 training run)."""
    repair_time: Duration = 3 * 86400.0
    """[s] for `auto`: three days, next-business-day parts plus burn-in (assumed)."""
    headroom: Annotated[Share, Field(le=0.9)] = 0.2
    """Capacity kept free at the peak with the redundancy down, for forecast and model error.
    20 %: customary (assumed)."""
    forecast_part: Share = 0.5
    """Part of the headroom that is for demand-forecast error and not for the model's own.
    50 %: half each (assumed); growth at its high case instead of the base adds 8 % in five months of lead time."""
    confidence: Annotated[Share, Field(ge=0.5, le=0.99)] = 0.5
    """Probability with which each SLO holds, by the model's measured error; above 50 % it replaces the headroom's part for
    that error where it is too little. 50 %: the plain prediction, whose error the headroom covers."""
    disaster_recovery: DisasterRecovery = DisasterRecovery.model_construct()
    """What stands at a second site."""
    upgrades: Upgrades = Upgrades.model_construct()
    """How a new model or engine version is brought in."""
    cold_start: Duration = 300.0
    """[s] from starting a replica to its first request: weights read, graphs captured; five minutes (assumed: measure yours)."""
    clients: Clients = Clients.model_construct()
    """What clients do when the service fails them."""
    servers_per_rack: int | None = Field(default=None, ge=1, le=100)
    """Servers of this fleet that one rack and its power feed take down together, for `auto`; left out: rack losses are not
    counted, because how servers stand in racks is the site's own."""
    rack_failures_per_year: float = Field(default=0.44, ge=0, le=366)
    """[1/rack-year] for `auto` with servers_per_rack; 0.44: 20 rack losses a year in clusters of 1,800 servers, 40 in a rack
    (J. Dean of Google, 2008; the newest count that was found)."""
    rack_repair_time: Duration = 6 * 3600.0
    """[s] for `auto` with servers_per_rack; six hours, as after the loss of a power distribution unit (J. Dean, 2008)."""
    patch_time: Annotated[Duration, Field(le=7 * 86400.0)] = 4 * 3600.0
    """[s] a month that each server is out for patches, one after the other: drained, updated, restarted, tested; four hours
    (assumed)."""
    patch_at_peak: bool = False
    """Whether patches may fall into the peak hour, so that `auto` counts their time as time down; false: off-peak the load
    leaves a server free, and the drain needs none of its own."""
    part_lead_time: Duration | None = None
    """[s] until a failed GPU is replaced by its supplier, which shelf spares bridge; left out: repair_time, whose three days
    rest on next-business-day parts."""
    spares_service_level: Annotated[Share, Field(ge=0.5, lt=1)] = 0.95
    """Probability that no server waits for a spare GPU from the shelf; 95 % (assumed: customary for critical spares)."""
    environments: Annotated[dict[Name, Environment], Field(max_length=10)] | None = None
    """Fleets beside production by name: staging, integration, evaluation, canary; left out: one replica of each pool for
    staging, on the hardware of evidence.prototype or evidence.today if it is large enough, else on production's spare off-peak,
    because a fleet of its own would double a small one. {} for none."""
    admission: Admission = Admission.model_construct()
    """What the gateway refuses; left out: nothing, and the plan says what limits would change."""


class Logging(Record):
    """What is kept of each request: hot, then warm, and for the rest of the retention in the archive."""

    text: Literal["full", "redacted", "both", "none"] = "full"
    """Text of prompts and answers that is kept; full, because an audit asks what the model saw and said. redacted counts
    as long as full, both keeps two texts, none keeps the metadata only."""
    prompt_share: Share = 1.0
    """Share of the prompt tokens kept as text, system prompt and retrieved passages included; 100 %, because a passage
    kept as a reference must still be found when the log is read."""
    hot: Duration = 3 * MONTH
    """[s] searchable at once; three months, as PCI DSS 10.5.1 has immediately available."""
    warm: Duration = 3 * MONTH
    """[s] searchable on cheaper storage after that; three months more make the six that OMB M-26-14 has searchable."""
    compression: float = Field(default=2.5, ge=1, le=20)
    """Bytes before over bytes after; 2.5 (assumed): zstd -3 reaches 3.2 on the mixed Silesia corpus, gzip 2.8 on technical
    prose, and short texts packed by themselves less."""
    index: Share = 0.1
    """Index of hot and warm logs as a share of their text before compression; 10 %, as AWS sizes OpenSearch domains."""
    copies: int = Field(default=1, ge=1, le=5)
    """Copies of hot and warm logs; 1, because arrays and object stores keep their own redundancy. A log store on bare
    disks takes 2."""
    backups: int = Field(default=1, ge=0, le=5)
    """Copies of all logs in a second place; 1, the backup that NIST SP 800-53 CP-9 asks for."""
    capacity_gb: float | None = Field(default=None, gt=0)
    """[GB] of disk that stands for hot and warm logs; left out: unknown, and no trigger watches it."""
    worm: bool = False
    """Whether a write-once copy is kept besides; false, because only some rules (SEC 17a-4) ask for it or an audit trail."""


class Assessment(Record):
    """The last CMMC assessment, and what another one would take."""

    sites: tuple[SiteId, ...] = ()
    """Sites inside the boundary that was assessed; empty: none, so that every site of the plan is new to it."""
    reassessment: Duration | None = None
    """[s] that a new assessment takes, e.g. 16 w; left out: unknown, because it is the assessor's own."""
    reassessment_cost: Money | None = None
    """[USD] that it costs; left out: unknown. It is named in the plan and in no total, because it may not be due; one that is
    stands in control_costs."""


class ControlCost(Record):
    """What one security or audit control costs the organisation because of this service."""

    cost: Money
    """[USD] as it is paid, taxes included; security_tools: {cost: 40 kUSD, per: year, framework: soc2}."""
    per: Literal["year", "once"] = "year"
    """year: paid every month in twelfths; once: paid before service. year, because audits come back."""
    framework: Name | None = None
    """Framework whose assessment it prices, as in `aisizer catalog list rules`; left out: of none in particular."""


class Compliance(Record):
    """What binds the customer, and so which sites are admitted."""

    data_class: Literal[
        "public", "internal", "pii", "phi", "fci", "cui", "cui_specified", "itar", "cardholder", "cji", "fti"
    ] = "internal"
    """Class of the most sensitive data in prompts or outputs; internal brings no framework of its own."""
    frameworks: tuple[Name, ...] = ()
    """Frameworks that bind beyond those of the data class, e.g. [soc2, gdpr]; see `aisizer catalog list rules`."""
    residency: Text = "us"
    """Country or region the data must stay in; us because the catalog's sites and prices are in the United States."""
    hosting_partner_is_csp: bool = False
    """Whether the hosting partner is a cloud service provider (NIST SP 800-145); false: a dedicated private cluster."""
    log_retention: Duration | None = None
    """[s] how long prompt and response logs are kept; left out: the rule's figure, or 13 months by policy."""
    logging: Logging = Logging.model_construct()
    """What is kept of each request, and on which storage."""
    assessment: Assessment = Assessment.model_construct()
    """The last CMMC assessment, where one of its levels binds."""
    archive_site: SiteId | None = None
    """Where old logs are kept, judged by the same rules; left out: a place of the chosen site's own class."""
    control_costs: dict[Name, ControlCost] = Field(default_factory=dict, max_length=50)
    """Security and audit controls by name that this service must pay for, an assessment that is due among them; empty: none,
    because the organisation's own audit programme often carries them. The plan lists the binding ones that have no price."""
    marking: str | None = Field(default=None, max_length=80)
    """Handling marking on every page of the documents, "" for none; left out: CUI where data_class is cui or cui_specified,
    Confidential where it is neither that nor public nor internal, because a plan tells where protected data is and what
    protects it."""


class LeadTime(Record):
    """Parts of the time from decision to service; a part left out is the site's own."""

    approval: Duration | None = None
    """[s] from the decision to the released order."""
    order: Duration | None = None
    """[s] from the released order to the supplier's confirmation."""
    delivery: Duration | None = None
    """[s] from the confirmation to the loading dock."""
    install: Duration | None = None
    """[s] racking, cabling and software."""
    burn_in: Duration | None = None
    """[s] acceptance under load before the first user."""


class Quote(Record):
    """A supplier's price for one catalog item; it replaces the catalog's price and says so."""

    item: Text
    """Server or instance id, or the name of a facility price, as in `aisizer catalog list`."""
    unit_price: UnitPrice
    """Price with currency and, for rented things, period: 265000 USD, 47.10 USD/h, 0.081 USD/kWh; another currency takes its
    rate from finance.fx."""
    as_of: Day
    """Day of the quote."""
    valid_until: Day | None = None
    """Last day on which the supplier holds the price; left out: not stated."""
    supplier: Text
    """Who quoted it."""
    reference: Text = ""
    """The supplier's own number of the quote."""
    kind: Literal["quote", "estimated"] = "quote"
    """estimated marks a planning figure that nobody has quoted yet."""
    supplier_part_id: Identifier = ""
    """The supplier's own number of the article, for the purchase order."""
    manufacturer: Text = ""
    """Who makes what is quoted; left out: the catalog's, where it names one."""
    mpn: Identifier = ""
    """The manufacturer's part number; left out: the catalog's, where it names one."""
    warranty: Duration | None = None
    """[s] that the quoted price warrants, e.g. 3 y; left out: not stated."""
    country_of_origin: Country | None = None
    """Where it is made, two capital letters of ISO 3166-1, e.g. TW; left out: not stated."""
    lead_time: Duration | None = None
    """[s] from the confirmed order to the loading dock, e.g. 14 w; it replaces the site's delivery time for the dates of this
    line. Left out: the site's own."""
    upfront: Share | None = None
    """Part of a term's price that is paid at its start, as for a reservation paid upfront; left out: 0, paid month by month."""
    replaces: Literal["offer", "price"] = "offer"
    """What it takes the place of where a quote or the catalog has the same item: offer, all of it; price, the price alone, so
    that article, lead time and part paid upfront stay, as for a price that finance edited (`aisizer import`)."""


def _in_order(value: tuple[float, ...]) -> tuple[float, ...]:
    if list(value) != sorted(value):
        raise ValueError("low, base and high are expected in this order. Write them as [6 w, 9 w, 12 w].")
    return value


Span = Annotated[tuple[Duration, ...], Field(min_length=3, max_length=3), AfterValidator(_in_order)]
"""[s] low, base and high, e.g. [6 w, 9 w, 12 w]."""


def _weeks(low: float, base: float, high: float) -> tuple[float, ...]:
    return low * WEEK, base * WEEK, high * WEEK


PathTask = Literal["governance", "procurement", "security_review", "hardening", "integration", "handover"]


class PathToProduction(Record):
    """The way from the go decision to production: what stands ready, and how long each task takes (low, base, high)."""

    owner: Text = ""
    """Who answers for the service from the decision on, by name; empty: nobody is named, because a role alone moves nothing."""
    budgeted: bool = False
    """Whether the hardware stands in a released budget; false until somebody has checked it."""
    review_in_parallel: bool = False
    """Whether the security review is booked to run beside procurement and hardening; false: it waits for its turn, and
    hardening waits for its findings."""
    security_review: Span = _weeks(6, 9, 12)
    """[s] security review; 6 to 12 weeks is the customary range in regulated organisations (assumed: ask your reviewers). GSA's
    18F brought authorisations from over six months to under one (18f.gsa.gov, 2018-07-19)."""
    hardening: Span = _weeks(6, 9, 12)
    """[s] hardening of images, platform and access; 6 to 12 weeks as the review, whose findings it works off (assumed)."""
    integration: Span = _weeks(2, 4, 6)
    """[s] identity, logs, monitoring and upstream systems on hardened images, on the hardware of the prototype or staging; four
    weeks, two sprints (assumed)."""
    handover: Span = _weeks(1, 2, 4)
    """[s] handover to operations: runbooks, training, on-call, acceptance of the production fleet; two weeks (assumed)."""
    owner_wait: Span = _weeks(13, 26, 39)
    """[s] until an owner is named where none is: nothing is begun before; half a year (assumed: the next half-yearly
    staffing round), so that a path without an owner takes the nine to twelve months that planners count with."""
    budget_wait: Span = _weeks(13, 26, 52)
    """[s] until the budget is released where it is not: nobody is assigned before; half a year is the mean wait for a yearly
    budget, a quarter a re-allocation, a year the whole round."""
    review_wait: Span = _weeks(8, 17, 26)
    """[s] until the review begins where it is not booked; 17 weeks: the six months that an authorisation took at GSA with its
    backlog (18f.gsa.gov, 2018-07-19), less the nine of the review itself."""
    owners: dict[PathTask, Text] = Field(default_factory=dict)
    """Who does each task, by name; left out: the role that usually does."""


def _quote_form(value: object) -> str:
    return "quote file" if isinstance(value, str) else "Quote"


QuoteOrFile = Annotated[
    Annotated[Quote, Tag("Quote")] | Annotated[str, Tag("quote file")],
    Discriminator(_quote_form),
]


class VectorStore(Record):
    """One store of embeddings that prompts are looked up in."""

    chunks: int = Field(ge=1, le=100_000_000_000)
    """Passages embedded, one vector each, at go-live."""
    dimensions: int = Field(ge=1, le=65_536)
    """Values of one vector, as the embedder's model card says, e.g. 1024."""
    bytes_per_value: float = Field(default=4.0, gt=0, le=8)
    """[byte] of one value; 4, the 32-bit floats that embedders give. 1 after scalar, 0.125 after binary quantisation."""
    index_overhead: float = Field(default=0.5, ge=0, le=10)
    """Index and working segments as a share of the vectors; 50 %, as Qdrant plans capacity."""
    tokens_per_chunk: float = Field(default=512.0, gt=0)
    """[token] of one passage; 512, the longest that BERT-like embedders take."""
    replicas: int = Field(default=2, ge=1, le=20)
    """Copies that serve; 2, so that one server may be down."""
    growth: Literal["demand", "fixed"] = "demand"
    """Whether the passages grow as the demand does; demand, the careful one, because more users bring more documents."""
    reindex_per_year: float = Field(default=1.0, ge=0, le=365)
    """Times a year that all passages are embedded again; 1 (assumed): a new embedding model a year."""
    reindex_window: Annotated[Duration, Field(gt=0)] = 48 * 3600.0
    """[s] in which that must be done; two days, a weekend (assumed)."""


class FrontEnd(Record):
    """What stands before the GPUs: gateways, load balancers, state of auth and limits, observability, jump hosts."""

    server_vcpus: int = Field(default=16, ge=2, le=1024)
    """vCPUs of one CPU server; 16, the size that the catalog's price is for (r7i.4xlarge where rented)."""
    server_memory_gb: float = Field(default=128.0, gt=0)
    """[GB] memory of one CPU server, which vector stores fill; 128, as above."""
    server_power: Power = 400.0
    """[W] that one owned CPU server draws; 400 W (assumed: one socket of 250 to 350 W, memory, disks and fans at half load)."""
    requests_per_vcpu: float = Field(default=22.0, gt=0)
    """[req/s] that a gateway passes for each vCPU, with keys, budgets and token counts; 22: LiteLLM's benchmark of
    2026-10-12, 3,000 req/s on 33 pods of 4 vCPUs with prompts of 50 to 100 thousand tokens, half of them streamed."""
    streams_per_gateway: int = Field(default=10_000, ge=1)
    """Answers that one gateway streams at once; 10,000 (assumed): a fifth of the connections in Envoy's example for the
    edge, because a gateway also reads each event."""
    spares: int = Field(default=1, ge=0, le=10)
    """Gateways, observers and CPU servers beyond those needed; 1: N+1."""
    load_balancers: int = Field(default=2, ge=1, le=100)
    """Load balancers; 2, a pair of which one may fail."""
    state_servers: int = Field(default=3, ge=1, le=99)
    """Copies of the store of keys and rate limits; 3, the fewest with a majority after a loss (Raft)."""
    gpu_servers_per_observer: int = Field(default=100, ge=1)
    """GPU servers whose metrics and traces one observer keeps; 100 (assumed: some thousand series each)."""
    jump_hosts: int = Field(default=2, ge=0, le=100)
    """Hosts through which administrators come in; 2, so that one may be down."""


StaffRoleName = Literal["operations", "platform", "security", "on_call"]


class StaffRole(Record):
    """People of one role that run the fleet."""

    fte: float | None = Field(default=None, ge=0, le=1000)
    """Full-time equivalents of this role; left out: its share of the site's people, and none on call."""
    cost_per_year: Money | None = None
    """[USD] a year of one of them, benefits included; left out: the catalog's wage of the role."""


class Supply(Record):
    """What may be bought, where from, and how fast it comes."""

    sites: tuple[SiteId, ...] = ("on_premises", "hosted", "enclave")
    """Sites to compare; all three by default because the choice between them is the question."""
    gpus: tuple[Name, ...] = ()
    """GPU classes to consider; empty means all of the catalog."""
    engine: Name = "vllm-0.33"
    """Engine profile; vLLM because it is the most used open engine that serves every model of the catalog."""
    disaggregation: Literal["never", "auto", "always"] = "never"
    """Whether prefill and decode may stand on pools of their own; never, because two pools take a network between servers,
    a router and more replicas, and their gain should be measured first. auto takes them where they need fewer GPUs."""
    kv_precision: tuple[Literal["bf16", "fp8"], ...] = ()
    """Precisions of the key-value cache allowed; left empty: the engine's own, which is bf16 but for TensorRT-LLM with FP8
    and FP4 weights, because an 8-bit cache holds twice the context at a small quality risk."""
    routing: Literal["random", "round_robin", "least_outstanding"] = "random"
    """How a pool's gateway deals requests to its replicas; random, as a Kubernetes Service does (kube-proxy in iptables mode),
    because nothing better should be counted on before it stands."""
    api_processes: int | None = Field(default=None, ge=1, le=64)
    """API processes of each replica, which parse, tokenise, detokenise and stream; left out: the engine's own number."""
    parallelism: tuple[Literal["expert", "attention_dp", "pipeline", "multi_node"], ...] = (
        "expert",
        "attention_dp",
        "pipeline",
        "multi_node",
    )
    """How a replica may be cut beyond tensor parallelism in one server; all, because one is taken only where it needs
    fewer GPUs, and pipelines and several servers only for a model that no server holds."""
    power_limit: Power | None = None
    """[W] IT power available at an owned site at month 36; left out: not checked, and the plan says so."""
    racks: int | None = Field(default=None, ge=1)
    """Racks free at an owned site; left out: the site's own, or not checked, and the plan says so."""
    rack_power: Power | None = None
    """[W] that one rack of an owned site can be fed and cooled with; left out: the site's own, or not checked."""
    cooling: Literal["air", "liquid"] | None = None
    """What cools the racks of an owned site: air, or liquid beside air; left out: the site's own, or not checked."""
    quota: int | None = Field(default=None, ge=1)
    """Instances that a rented site grants; left out: the site's own, or not checked, and the plan says so."""
    egress_limit: BitRate | None = None
    """[bit/s] that the line out to the users carries; left out: unknown, and no trigger watches it."""
    site_work: Literal["refuse", "build"] = "refuse"
    """What happens where a fleet passes a limit of its site: refuse rejects it, because new power takes years; build has the
    limit lifted: an item of its own with its date and its cost, rejected only if it would have to be ordered before plan_date."""
    lead_time: LeadTime = LeadTime.model_construct()
    """Parts of the time from decision to service; a part left out is the site's own."""
    path: PathToProduction = PathToProduction.model_construct()
    """The way from the go decision to production."""
    commitment: Literal["auto", "on_demand", "one_year", "three_year"] = "auto"
    """Term of rented capacity; auto takes the cheapest over 36 months among the terms the catalog prices."""
    expansion: Annotated[Duration, Field(ge=MONTH)] | None = None
    """[s] how long one purchase must last; left out: the site's own (a budget year where bought,
    a quarter where rented)."""
    order_every: Annotated[Duration, Field(ge=MONTH)] = 3 * MONTH
    """[s] how long a batch of the just-in-time strategy must last, which the plan compares with its own purchases; a quarter,
    the usual review of a budget (assumed)."""
    electricity: EnergyPrice | None = None
    """[USD/kWh] tariff at an owned site; left out: the site's own."""
    pue: float | None = Field(default=None, ge=1, le=3)
    """Power usage effectiveness of an owned site; left out: the site's own."""
    colocation: PowerPrice | None = None
    """[USD/kW-month] rent of space and power; left out: none on-premises."""
    staff_fte: float | None = Field(default=None, ge=0, le=10_000)
    """Full-time equivalents that run the fleet, dealt out to the roles as the site's own; left out: the site's own."""
    staff: dict[StaffRoleName, StaffRole] = Field(default_factory=dict)
    """Your own figures by role, in place of the role's share of staff_fte; empty: shares of the catalog, and nobody on call
    beyond the rota that exists, because most organisations run one. A rota of its own takes 3-6 FTE on premises and 1-2 in a
    cloud (one claim of low confidence): set on_call."""
    licences: tuple[Name, ...] = Field(default=(), max_length=20)
    """Licences to pay for, by name of a catalog price or of a quote, such as nvidia-ai-enterprise, per GPU-year, server-year or
    year in advance; empty: none, because open engines ask for none."""
    grid_carbon: float | None = Field(default=None, ge=0, le=2000)
    """[g/kWh] CO2 equivalent of the electricity at an owned site; left out: the yearly mean of the country's grid."""
    quotes: tuple[QuoteOrFile, ...] = ()
    """Quotes, or paths of fragments that hold them."""
    amounts: dict[Name, Annotated[float, Field(ge=0, le=1e9)]] = Field(default_factory=dict, max_length=100)
    """Your own figures in place of the catalog's that carry no currency, by name and in their unit, such as
    hardware-support-rate: 0.1; empty: the catalog's."""
    vector_stores: dict[Name, VectorStore] = Field(default_factory=dict, max_length=50)
    """Stores of embeddings by name that stand beside the fleet; empty: none."""
    front_end: FrontEnd = FrontEnd.model_construct()
    """What stands before the GPUs."""


class Retry(Record):
    """What a client does when a call fails."""

    attempts: int = Field(default=1, ge=1, le=20)
    """Calls made at most for one that fails, the first included; 1 because a retry multiplies the load."""
    failing: Annotated[Share, Field(le=1)] = 0.1
    """Share of calls that fail or are rejected in a bad hour, each independently; 10 %: up to there a client of Google's
    retries at all (its retry budget: Site Reliability Engineering, 2016, ch. 21). Measure yours."""


class Integration(Record):
    """An upstream system that each request calls."""

    calls_per_request: float = Field(default=1.0, gt=0)
    """Calls that one request makes; 1 because one call is the least that a dependency makes."""
    latency: Duration | None = None
    """[s] mean time of one call, outside the SLOs of the model service; left out: unknown, and the plan says so."""
    limit: Rate | None = None
    """[req/s] its rate ceiling; left out: unknown, and the plan says so."""
    retry: Retry = Retry.model_construct()
    """What a client does when a call fails."""
    readiness: Literal["real", "stubbed", "gap"] = "real"
    """real: it answers today; stubbed: a stand-in answers; gap: nothing answers yet."""
    workloads: tuple[str, ...] = ()
    """Workloads that call it; empty means all that users call."""
    raise_time: Duration = 4 * 7 * 86400.0
    """[s] from asking its owner for a higher limit to having it; four weeks (assumed: a change request and its test)."""


class TodayFleet(Record):
    """What runs today."""

    gpu: Name
    """GPU class that runs today, as in `aisizer catalog list gpus`."""
    gpus: GpuCount
    """How many of them."""


class Prototype(Record):
    """What the prototype measured; it stands beside the plan's predictions."""

    gpu: Name
    """GPU class that the prototype ran on."""
    gpus: GpuCount
    """How many of them."""
    workload: str | None = None
    """Name of the workload that was measured; left out: the only or first one."""
    concurrency: int | None = Field(default=None, ge=1, le=10_000_000)
    """Requests in flight during the measurement."""
    prompt_tokens_mean: float | None = Field(default=None, ge=1)
    """[token] mean prompt of the measurement; left out: as the workload's."""
    output_tokens_mean: float | None = Field(default=None, ge=1)
    """[token] mean answer of the measurement; left out: as the workload's."""
    output_tokens_per_s: float | None = Field(default=None, gt=0)
    """[token/s] generated by all its GPUs together."""
    ttft_mean: Duration | None = None
    """[s] mean time to first token."""
    tpot_mean: Duration | None = None
    """[s] mean time per output token after the first."""
    cost_per_request: Money | None = None
    """[USD] what one request cost."""


class Order(Record):
    """A purchase that is on its way or has arrived."""

    id: Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f]+$")]
    """Number of the purchase order, e.g. PO-1."""
    site: SiteId
    """Where it will stand."""
    gpus: GpuCount
    """[GPU] that it brings."""
    ordered: Day
    """Day on which it was ordered."""
    due: Day
    """Day on which it will be in service; change it where the supplier does."""
    received: Day | None = None
    """Day on which it went into service; left out: it is on its way, and once `due` has passed it no longer counts."""


WatchedSignal = Literal["log_storage", "egress", "power", "spend"]
"""What an engine's own metrics do not tell."""
PromQL = Annotated[str, StringConstraints(min_length=1, max_length=1000)]


class Monitoring(Record):
    """Where the metrics of the deployed fleet are, and how its alerts are filed."""

    runbooks: Text | None = None
    """Address under which the runbooks are published, e.g. https://wiki.example.org/aisizer; left out: the path in the folder."""
    namespace: Name = "monitoring"
    """Kubernetes namespace of the PrometheusRule; monitoring, where the kube-prometheus-stack chart is customarily installed."""
    labels: dict[str, Text] = Field(default_factory=lambda: {"release": "kube-prometheus-stack"}, max_length=20)
    """Labels by which Prometheus finds the PrometheusRule; the one that the kube-prometheus-stack chart selects by default."""
    exporter: Name | None = None
    """Exporter of the catalog whose metric names stand in for the engine's, e.g. nim; left out: the engine's own."""
    queries: dict[WatchedSignal, PromQL] = Field(default_factory=dict)
    """PromQL of what the engines do not measure: log_storage [GB], egress [bit/s], power [kW], spend [USD since go-live,
    what was paid before it included]; left out: egress from tokens, power from DCGM, and the others are not watched."""


class Evidence(Record):
    """What was measured or stands today."""

    today: TodayFleet | None = None
    """The fleet that runs today; left out: the rule of thumb is the baseline."""
    prototype: Prototype | None = None
    """What the prototype measured; it stands beside the plan's predictions."""
    calibrations: tuple[Calibration, ...] = ()
    """Fitted on your own benchmarks by `aisizer calibrate`, laid over the profile with `--with FRAGMENT`."""
    orders: tuple[Order, ...] = Field(default=(), max_length=200)
    """Purchases on their way and received, laid over the profile with `--with FRAGMENT`; those due by go-live are the plan's
    own first wave and add nothing to it. Empty: none."""
    monitoring: Monitoring = Monitoring.model_construct()
    """Where the metrics of the deployed fleet are."""


class FxRate(Record):
    """A dated rate of exchange."""

    rate: float = Field(gt=0, le=1e6)
    """[USD] for one unit of the currency."""
    as_of: Day
    """Day of the rate."""
    source: Text
    """Who gives it, e.g. ECB reference rate."""


class Finance(Record):
    """How money is counted."""

    discount_rate: Share | None = None
    """Yearly discount rate; no default, because a cost of capital is the customer's own: without it NPV is null."""
    useful_life: Annotated[Duration, Field(ge=YEAR, le=100 * YEAR)] = 5 * YEAR
    """[s] book life of servers; five years is the customary accounting life, not a forecast of use."""
    residual: Share = 0.0
    """Share of the purchase price recovered after 36 months; 0 because resale values are the weakest figure of all: notes of 2026
    reach from 20 to 35 %, and the plan says what the high end would bring."""
    budget_three_year: Money | None = None
    """[USD] what may be spent in 36 months; left out: not checked."""
    tax: Share = 0.0
    """Sales or use tax on purchases; 0 because many regulated buyers are exempt. Set your own."""
    duty: Share = 0.0
    """Customs duty on the price of purchases; 0, because servers fall under the Information Technology Agreement (WTO, 1996) and
    further tariffs change too often for a default. Ask your supplier who imports."""
    freight: Share = 0.0
    """Freight as a share of the price of purchases, beyond the site's own rate of freight and installation; 0, because that rate
    holds it."""
    insurance: Share = 0.0
    """[1/year] insurance premium on the purchase price of what serves; 0, because many organisations insure themselves or have
    one policy for all."""
    property_tax: Share = 0.0
    """[1/year] tax on the purchase price of what serves; 0, because many regulated buyers are exempt and rates are local. Income
    tax is left out: the plan compares costs before it."""
    service_tax: Share = 0.0
    """VAT or sales tax on rent, support, licences, space, power and storage that is not recovered; 0, because most buyers recover
    it or are exempt. Hospitals, banks and insurers of the EU often do neither."""
    decommissioning: Share = 0.0
    """Share of the purchase price of owned servers that removal, erasure and disposal cost in month 36; 0, because the servers
    may serve on and recyclers often pay for them."""
    gl_accounts: dict[Name, Identifier] = Field(default_factory=dict, max_length=50)
    """Account of the general ledger for each category of the bill of materials, e.g. {hardware: "1640-10"}; empty: none is
    printed, because a chart of accounts is the customer's own."""
    cost_center: Identifier = ""
    """Cost center that every line of the bill of materials is charged to; left out: none is printed."""
    rate_basis: Literal["nominal", "real"] = "nominal"
    """Whether discount_rate and escalation count inflation: nominal with it, real without it, both alike. nominal, because
    quotes and budgets are."""
    escalation: dict[Name, Annotated[Share, Field(le=1)]] = Field(default_factory=dict, max_length=40)
    """[1/year] by which prices of a cost category (power, staff, support ...) step up at each anniversary of go-live; empty:
    prices stay, because no forecast of them is certain enough to be a default. Set what your contracts say."""
    deposit: Share = 0.0
    """Part of a purchase that is paid with its order; 0, because a deposit is a term of your supplier."""
    payment_terms: Annotated[Duration, Field(le=YEAR)] = 0.0
    """[s] from a purchase's acceptance to the payment of the rest; 0: paid on acceptance. What is due after month 36 is counted
    in month 36."""
    fiscal_year_start: int = Field(default=1, ge=1, le=12)
    """Month in which the fiscal year starts; 1, the calendar year. 10 for the US federal government."""
    fx: dict[Currency, FxRate] = Field(default_factory=dict, max_length=40)
    """Dated rates by currency, which turn quotes in it into USD; empty: every quote is in USD."""
    served_share: Annotated[Share, Field(gt=0, le=1)] = 1.0
    """Share of the planned demand that is really served, for unit costs at actual utilisation; 100 %, because only your own
    meters know it."""


class Profile(Record):
    """A workload profile: one YAML file that is enough for a sizing."""

    schema_: Literal["aisizer/profile/v1"] = Field(alias="schema")
    """Version of this file format: aisizer/profile/v1."""
    name: Name
    """Short name of the profile; it names the output folder."""
    plan_date: Day
    """The clock of this plan: price ages, lead times and order-by dates count from here."""
    go_live: Day | None = None
    """First day in production; left out: the first of a month by which each admitted site has servers and its path has ended."""
    workloads: dict[Name, Workload] = Field(min_length=1, max_length=50)
    """Workloads by name; those with the same model share a pool of replicas."""
    growth: GrowthSection = GrowthSection.model_construct()
    """How demand moves over 36 months."""
    resilience: Resilience = Resilience.model_construct()
    """Which failures and which error the fleet must carry."""
    compliance: Compliance = Compliance.model_construct()
    """What binds the customer, and so which sites are admitted."""
    supply: Supply = Supply.model_construct()
    """What may be bought, where from, and how fast it comes."""
    integrations: dict[Name, Integration] = Field(default_factory=dict)
    """Upstream systems by name that each request calls."""
    evidence: Evidence = Evidence.model_construct()
    """What was measured or stands today."""
    finance: Finance = Finance.model_construct()
    """How money is counted."""
    gates: tuple[Gate, ...] = ()
    """Conditions on Plan paths of the chosen site, such as tco.three_year_usd <= 6.0e6 or slo.met;
    a false one exits 4."""
