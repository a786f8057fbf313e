"""Model migrations: the people, the evaluation runs and the servers that each one takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aisizer.profile.sections import Resilience, Upgrades
from aisizer.sizing.needs import Need
from aisizer.units import HOUR, MONTHS_PER_YEAR, figure

WORKING_DAYS = 220.0
"""[day/year] that one full-time employee works: 52 weeks of five days less about 40 days of leave, holidays and illness."""


@dataclass(frozen=True, slots=True)
class Evaluated:
    """One workload whose evaluation set is run on its pool: tokens of a request, and what a replica carries of it."""

    workload: str
    prompt_tokens: float
    output_tokens: float
    replica_gpus: int
    rate_per_replica: float


@dataclass(frozen=True, slots=True)
class Serving:
    """The fleet that is upgraded, by month: servers at the primary site less those for upgrades, the spare, the surge."""

    servers_by_month: tuple[int, ...]
    spare_by_month: tuple[int, ...]
    upgrade_by_month: tuple[int, ...]
    gpus_per_server: int


def evaluation_gpu_hours(requests: float, rate_per_s: float, gpus: int) -> float:
    """GPU-hours [h] to serve an evaluation set on one replica at a rate [req/s] that it carries with its SLO met.

    Time is requests over rate: utilisation law, Denning and Buzen, ACM Computing Surveys 10 (1978) 225,
    doi:10.1145/356733.356735. Worked: 7,200 requests at 2 a second on 4 GPUs: one hour on each.

    >>> evaluation_gpu_hours(7200, 2.0, 4)
    4.0
    """
    if rate_per_s <= 0:
        raise ValueError(f"An evaluation needs a replica that carries requests (got {rate_per_s} req/s).")
    return requests / rate_per_s * gpus / HOUR


def evaluation_set_size(margin: float, score: float = 1.96) -> float:
    """Requests that tell a share of right answers to within +-margin [1], at the normal score [1] of the confidence.

    n = z^2 p (1 - p) / margin^2 at its largest, p = 1/2: Cochran, Sampling Techniques (1977), section 4.4. Worked:
    2 points at 95 %: 1.96^2 / 4 / 0.02^2 = 2,401.

    >>> round(evaluation_set_size(0.02), 6)
    2401.0
    """
    return score**2 / 4 / margin**2


def set_gpu_hours(workloads: Sequence[Evaluated], upgrades: Upgrades) -> float:
    """[h] GPU-hours of one run of every workload's evaluation set."""
    requests = upgrades.evaluation_requests
    return sum(evaluation_gpu_hours(requests, w.rate_per_replica, w.replica_gpus) for w in workloads)


def off_peak_share(gpu_hours: float, spare_gpus: int, upgrades: Upgrades) -> float | None:
    """[1] of the spare's off-peak GPU-hours that evaluation takes in a month; null where there is no spare."""
    return None if spare_gpus == 0 else gpu_hours / (spare_gpus * upgrades.off_peak_hours)


def migration_needs(serving: Serving, workloads: Sequence[Evaluated], resilience: Resilience) -> tuple[Need, ...]:
    """People, evaluation runs and surge servers of migrations, as a mean month of the year."""
    upgrades, months = resilience.upgrades, len(serving.servers_by_month)
    once = set_gpu_hours(workloads, upgrades)
    at_migrations = once * upgrades.evaluation_runs * upgrades.per_year / MONTHS_PER_YEAR
    scheduled = once * upgrades.evaluations_per_year / MONTHS_PER_YEAR
    sets = " + ".join(
        f"{w.workload}: {w.prompt_tokens:.0f} + {w.output_tokens:.0f} tokens, {w.rate_per_replica:.3g} req/s on "
        f"{w.replica_gpus} GPUs"
        for w in workloads
    )
    return (
        people_need(upgrades, months),
        Need(
            group="migrations",
            name="Evaluation at migrations",
            unit="GPU-hour",
            by_month=(at_migrations,) * months,
            formula=f"{figure(once)} GPU-hours a run x {upgrades.evaluation_runs} runs x {upgrades.per_year:g} migrations / 12; "
            f"{upgrades.evaluation_requests:,} requests of {sets}",
            source="resilience.upgrades.evaluation_requests, evaluation_runs, per_year; Cochran, Sampling Techniques (1977)",
            note=_load(at_migrations + scheduled, serving, upgrades),
        ),
        Need(
            group="migrations",
            name="Scheduled evaluation",
            unit="GPU-hour",
            by_month=(scheduled,) * months,
            formula=f"{figure(once)} GPU-hours a run x {upgrades.evaluations_per_year:g} runs a year / 12",
            source="resilience.upgrades.evaluations_per_year",
            note="At the rate that a replica carries with its SLOs met; in batches it goes faster.",
        ),
        _rollout(serving, resilience),
        _surge(serving, upgrades),
    )


def people_need(upgrades: Upgrades, months: int) -> Need:
    """The engineers of a year's migrations, whatever fleet serves."""
    days = upgrades.engineering_days * upgrades.per_year
    return Need(
        group="migrations",
        name="Engineers for migrations",
        unit="FTE-year",
        by_month=(days / WORKING_DAYS / MONTHS_PER_YEAR,) * months,
        formula=f"{upgrades.engineering_days:g} days x {upgrades.per_year:g} migrations a year / {WORKING_DAYS:g} days / 12",
        source="resilience.upgrades.engineering_days, per_year",
        price="fte-systems-engineer-us",
        note="Besides supply.staff_fte, who run the fleet. Set engineering_days to 0 if they migrate models too.",
    )


def _load(gpu_hours: float, serving: Serving, upgrades: Upgrades) -> str:
    share = off_peak_share(gpu_hours, serving.spare_by_month[-1] * serving.gpus_per_server, upgrades)
    if share is None:
        return "There is no redundancy to run it on: it takes its share of the serving replicas off-peak."
    said = f"With the scheduled runs {share * 100:.3g} % of the spare's {upgrades.off_peak_hours:g} off-peak hours a month."
    return said if share <= 1 else f"{said} Give evaluation servers of its own in resilience.environments."


def _rollout(serving: Serving, resilience: Resilience) -> Need:
    """How long a rolling upgrade goes from server to server, for the window that it must fit in."""
    each_s = resilience.upgrades.drain + resilience.cold_start
    servers = serving.servers_by_month
    return Need(
        group="migrations",
        name="Length of one rollout",
        unit="h",
        by_month=tuple(n * each_s / HOUR for n in servers),
        formula=f"{servers[-1]} servers x ({resilience.upgrades.drain:g} s drain + {resilience.cold_start:g} s start) / 3600",
        source="resilience.upgrades.drain, resilience.cold_start",
        note="One server after the other; a blue/green upgrade starts all of the second set at once.",
    )


def _surge(serving: Serving, upgrades: Upgrades) -> Need:
    servers = serving.upgrade_by_month
    if upgrades.method == "blue_green":
        note = "A second serving set beside the first. Rolling upgrades on the spare need none."
    elif upgrades.stack_on_redundancy:
        note = "Stacked on the redundancy, which stays whole during an upgrade. Off-peak on the spare needs none."
    elif serving.spare_by_month[-1] == 0:
        note = "There is no redundancy to upgrade on: off-peak, a replica fewer must carry the load. Choose N+1 if it cannot."
    else:
        note = "Off-peak on the spare; a failure in that hour finds one spare fewer. stack_on_redundancy buys it back."
    return Need(
        group="migrations",
        name="Servers for upgrades",
        unit="server",
        by_month=tuple(float(n) for n in servers),
        formula=f"{servers[-1]} by {upgrades.method.replace('_', '/')} upgrades, {upgrades.per_year:g} a year",
        source="resilience.upgrades.method, resilience.upgrades.stack_on_redundancy",
        note=note,
    )
