"""The path from the go decision to production: tasks side by side where they may, and the critical one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from aisizer.catalog.records import Site
from aisizer.profile.sections import LeadTime, PathTask, PathToProduction
from aisizer.roadmap.calendar import days
from aisizer.roadmap.records import Path, PathStep, Precondition
from aisizer.units import WEEK, WEEKS_PER_MONTH

CASES = ("low", "base", "high")
Weeks = tuple[float, float, float]
"""[week] low, base and high."""
GOVERNANCE, PROCUREMENT = ("approval",), ("order", "delivery", "install", "burn_in")
"""Parts of a site's lead time that are a task each; with a released budget the approval stands in nobody's way."""
ROLES: Mapping[PathTask, str] = {
    "governance": "AI governance board",
    "procurement": "procurement",
    "security_review": "security",
    "hardening": "platform engineering",
    "integration": "application team",
    "handover": "operations",
}
"""Who usually does a task, where the profile names nobody."""


@dataclass(frozen=True, slots=True)
class Task:
    """One piece of work, how long it takes, and what it waits for."""

    name: str
    weeks: Weeks
    after: tuple[str, ...]
    owner: str
    reason: str


def path(given: PathToProduction, site: Site, own: LeadTime, sponsor: str, plan_date: date, go_live: date) -> Path:
    """The path of what a site must deliver, dated from plan_date; sponsor: who mends what is missing while nobody is named."""
    made = tasks(given, parts(site, own, GOVERNANCE), parts(site, own, PROCUREMENT), given.owner or sponsor)
    ends = {case: finishes([(t.name, t.weeks[i], t.after) for t in made]) for i, case in enumerate(CASES)}
    base, weeks = ends["base"], {case: max(found.values()) for case, found in ends.items()}
    chain = critical([(t.name, t.weeks[1], t.after) for t in made])
    end = plan_date + days(weeks["base"])
    return Path(
        site=site.id,
        steps=tuple(_step(task, base[task.name], task.name in chain, plan_date) for task in made),
        critical=chain,
        weeks=weeks,
        months={case: n / WEEKS_PER_MONTH for case, n in weeks.items()},
        end=end,
        go_live=go_live,
        in_time=end <= go_live,
        preconditions=preconditions(given),
    )


def finishes(work: Sequence[tuple[str, float, tuple[str, ...]]]) -> dict[str, float]:
    """[week] earliest finish of each task (name, weeks, after), tasks in an order in which each follows what it waits for.

    The forward pass of the critical path method: a task begins when the last of what it waits for is done.
    J. E. Kelley and M. R. Walker, 1959, doi:10.1145/1460299.1460318.

    >>> finishes([("order", 6.0, ()), ("review", 9.0, ()), ("handover", 2.0, ("order", "review"))])
    {'order': 6.0, 'review': 9.0, 'handover': 11.0}
    """
    done: dict[str, float] = {}
    for name, weeks, after in work:
        done[name] = max((done[other] for other in after), default=0.0) + weeks
    return done


def critical(work: Sequence[tuple[str, float, tuple[str, ...]]]) -> tuple[str, ...]:
    """The chain of tasks that ends last, each begun when the one before it is done; the first named of equals.

    >>> critical([("order", 6.0, ()), ("review", 9.0, ()), ("handover", 2.0, ("order", "review"))])
    ('review', 'handover')
    """
    done, waits = finishes(work), {name: after for name, _, after in work}
    chain = [max(done, key=done.__getitem__)]
    while before := waits[chain[0]]:
        chain.insert(0, max(before, key=done.__getitem__))
    return tuple(chain)


def parts(site: Site, own: LeadTime, names: Sequence[str]) -> Weeks:
    """[week] low, base and high of parts of a lead time: the profile's own figure for all three, else the site's."""
    low, base, high = (sum(_part(site, own, name, case) for name in names) for case in CASES)
    return low, base, high


def _part(site: Site, own: LeadTime, name: str, case: str) -> float:
    given = getattr(own, name)
    if given is not None:
        return float(given / WEEK)
    amount = getattr(site.lead_times_weeks, name)
    found = getattr(amount, case)
    return float(amount.base if found is None else found)


def tasks(given: PathToProduction, governance: Weeks, procurement: Weeks, mender: str) -> tuple[Task, ...]:
    """The tasks in order; what is missing waits first, all of it side by side, and an unbooked review comes before hardening."""
    waits = _waits(given, mender)
    gates = tuple(task.name for task in waits if task.name != "review turn")
    booked = given.review_in_parallel
    review_after = gates if booked else (*gates, "review turn")

    def task(name: PathTask, weeks: Weeks, after: tuple[str, ...], reason: str) -> Task:
        return Task(name.replace("_", " "), weeks, after, given.owners.get(name, ROLES[name]), reason)

    return (
        *waits,
        task("governance", governance, gates, "approval of the use: business case, privacy and AI governance"),
        task("procurement", procurement, gates, "order, delivery, installation and burn-in of the site's lead time"),
        task("security_review", _span(given.security_review), review_after, "supply.path.security_review"),
        task("hardening", _span(given.hardening), gates if booked else ("security review",),
             "beside the review, whose findings it works off" if booked else "after the review, which was not booked beside it"),
        task("integration", _span(given.integration), ("hardening",), "on hardened images, before the servers are there"),
        task("handover", _span(given.handover), ("governance", "procurement", "security review", "integration"),
             "acceptance of the production fleet by operations"),
    )  # fmt: skip


def _waits(given: PathToProduction, mender: str) -> tuple[Task, ...]:
    """What is missing, as tasks that begin at once and side by side."""
    missing = (
        (not given.owner, "owner", given.owner_wait, "nobody begins before an owner is named"),
        (not given.budgeted, "budget", given.budget_wait, "nobody is assigned before the hardware is budgeted"),
        (not given.review_in_parallel, "review turn", given.review_wait, "the review waits for its turn"),
    )
    return tuple(Task(name, _span(wait), (), mender, reason) for open_, name, wait, reason in missing if open_)


def preconditions(given: PathToProduction) -> tuple[Precondition, ...]:
    """The three preconditions, whether they are met, and what the path loses without them."""
    return (
        Precondition(
            name="named owner",
            field="supply.path.owner",
            met=bool(given.owner),
            effect=_effect(given.owner_wait, "all work"),
        ),
        Precondition(
            name="hardware budgeted",
            field="supply.path.budgeted",
            met=given.budgeted,
            effect=_effect(given.budget_wait, "all work"),
        ),
        Precondition(
            name="security review booked in parallel",
            field="supply.path.review_in_parallel",
            met=given.review_in_parallel,
            effect=_effect(given.review_wait, "the review") + ", and hardening follows it",
        ),
    )


def _effect(wait: Sequence[float], what: str) -> str:
    return f"{what} waits {_span(wait)[1]:g} weeks"


def _span(seconds: Sequence[float]) -> Weeks:
    low, base, high = (s / WEEK for s in seconds)
    return low, base, high


def _step(task: Task, end: float, on_chain: bool, plan_date: date) -> PathStep:
    return PathStep(
        name=task.name,
        owner=task.owner,
        weeks=dict(zip(CASES, task.weeks, strict=True)),
        after=task.after,
        start=plan_date + days(end - task.weeks[1]),
        end=plan_date + days(end),
        critical=on_chain,
        reason=task.reason,
    )
