"""The workload beside the one that the plan was sized for; what drifts too far voids the sizing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from aisizer.demand.loads import offered
from aisizer.demand.mix import mean_tokens
from aisizer.plan import Decision
from aisizer.profile.sections import Workload
from aisizer.watch.measured import WEEK_DAYS, Daily, Measured
from aisizer.watch.records import Drift

TOLERANCE = 0.2
"""[1] drift beyond which the sizing is void. A fifth, the customary headroom that the profile's default keeps free: the work
of a request moves at least in proportion to its tokens, so that more than this eats all of what stands for being wrong, and
the latencies were predicted, and simulated, at other lengths. Less work voids it too: it is then too large by as much."""
LENGTHS = ("prompt_tokens", "output_tokens")
PREFIX_HIT, REQUESTS = "prefix_hit", "requests"
QUANTITIES = (*LENGTHS, PREFIX_HIT, REQUESTS)
"""What is compared, as the ids of the metrics file begin."""


@dataclass(frozen=True, slots=True)
class Planned:
    """What the plan expects of the mean request of a pool, and its requests."""

    requests_per_s: float
    prompt_tokens: float
    output_tokens: float
    prefix_hit: float
    """[1] share of prompt tokens from the prefix cache"""


def pools_of(decision: Decision) -> dict[str, tuple[str, ...]]:
    """The workloads of each pool; the two stages of one that prefills and decodes apart are one."""
    return {pool.name.removesuffix(f"-{pool.role}"): pool.workloads for pool in decision.pools}


def planned(workloads: Mapping[str, Workload], members: tuple[str, ...]) -> Planned:
    """The mean request of these workloads, weighted by their mean rates."""
    loads = offered(workloads)
    rates = {name: loads[name].mean_rate_per_s for name in members}
    prompts = {name: rates[name] * mean_tokens(workloads[name].prompt_tokens) for name in members}
    outputs = sum(rates[name] * mean_tokens(workloads[name].output_tokens) for name in members)
    rate, prompt = sum(rates.values()), sum(prompts.values())
    hit = sum(prompts[name] * workloads[name].prefix_hit for name in members) / prompt
    return Planned(rate, prompt / rate, outputs / rate, hit)


def drifts(decision: Decision, workloads: Mapping[str, Workload], measured: Measured, at: date) -> tuple[Drift, ...]:
    """Lengths and cache hits of every pool, and the mix of requests."""
    pools = pools_of(decision)
    means = {name: planned(workloads, members) for name, members in pools.items()}
    by_pool = [drift for name, mean in means.items() for drift in _of_pool(name, mean, measured, at)]
    return (*by_pool, *_mix(means, workloads, measured, at))


def length_change(actual: float, expected: float) -> float:
    """[1] by which tokens [token] changed.

    >>> round(length_change(4200, 3500), 3)
    0.2
    """
    return actual / expected - 1


def hit_change(actual: float, expected: float) -> float:
    """[1] by which the computed part of the prompt changed, where so much [1] of it comes from the cache.

    >>> round(hit_change(0.0, 0.2), 3)
    0.25
    """
    return (1 - actual) / (1 - expected) - 1


def mix_change(actual: Mapping[str, float], expected: Mapping[str, float]) -> float:
    """[1] share of the requests that come from elsewhere than planned: half the sum of differences of shares.

    Total variation distance: Levin, Peres and Wilmer, Markov Chains and Mixing Times (2009), section 4.1.

    >>> round(mix_change({"chat": 70, "code": 30}, {"chat": 5, "code": 5}), 3)
    0.2
    """
    now, then = sum(actual.values()), sum(expected.values())
    return sum(abs(actual[name] / now - expected[name] / then) for name in expected) / 2


def _of_pool(name: str, mean: Planned, measured: Measured, at: date) -> Iterator[Drift]:
    for quantity in (*LENGTHS, PREFIX_HIT):
        expected = getattr(mean, quantity)
        actual = mean_of(measured.workload.get((quantity, name), {}), at)
        change = None
        if actual is not None:
            change = hit_change(actual, expected) if quantity == PREFIX_HIT else length_change(actual, expected)
        yield _drift(quantity, name, expected, actual, change)


def _mix(means: Mapping[str, Planned], workloads: Mapping[str, Workload], m: Measured, at: date) -> Iterator[Drift]:
    """Shares of requests by workload where all of them are measured, else by pool; one alone has no mix."""
    loads = {name: load.mean_rate_per_s for name, load in offered(workloads).items()}
    pools = {name: mean.requests_per_s for name, mean in means.items()}
    for expected in (loads, pools):
        actual = {name: mean_of(m.workload.get((REQUESTS, name), {}), at) for name in expected}
        counted = {name: value for name, value in actual.items() if value is not None}
        if len(expected) > 1 and (counted.keys() == expected.keys() or expected is pools):
            complete = counted.keys() == expected.keys() and sum(counted.values()) > 0
            change = mix_change(counted, expected) if complete else None
            total, now = sum(expected.values()), sum(counted.values())
            for name, rate in expected.items():
                yield _drift("mix", name, rate / total, counted[name] / now if complete else None, change)
            return


def _drift(quantity: str, name: str, expected: float, actual: float | None, change: float | None) -> Drift:
    return Drift(
        quantity=quantity,
        name=name,
        planned=expected,
        actual=actual,
        change=change,
        tolerance=TOLERANCE,
        void=None if change is None else abs(change) > TOLERANCE,
        note="" if change is not None else "not measured",
    )


def mean_of(daily: Daily, at: date) -> float | None:
    """The mean of the last seven days up to `at`; None where nothing was measured in them."""
    recent = {day: value for day, value in daily.items() if 0 <= (at - day).days < WEEK_DAYS}
    return sum(recent.values()) / len(recent) if recent else None
