"""What arrives: peak and mean rates of every workload, and what a month of them adds up to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aisizer.demand.mix import mean_tokens
from aisizer.demand.modulation import peak_level, slow_variance
from aisizer.errors import InvalidInput
from aisizer.profile.sections import Load, Workload
from aisizer.units import HOUR

_STATISTICS = ("mean", "p50", "p90", "p95", "p99")


@dataclass(frozen=True, slots=True)
class Offered:
    """What one workload offers at full go-live demand."""

    peak_rate_per_s: float
    """[req/s] in the peak hour or window; for a closed population the nominal rate"""
    mean_rate_per_s: float
    """[req/s] over the hours of service"""
    population: int | None
    """requests in flight at once where the load is a closed population, else None"""
    requests_per_month: float
    prompt_tokens_per_month: float
    output_tokens_per_month: float


def offered(workloads: Mapping[str, Workload]) -> dict[str, Offered]:
    """What each workload offers; a dependent workload follows the one it depends on."""
    return {name: _offered(workloads, name) for name in workloads}


def _offered(workloads: Mapping[str, Workload], name: str) -> Offered:
    workload = workloads[name]
    root, calls = _root(workloads, name)
    peak, mean = _rates(workloads[root])
    requests = calls * mean * HOUR * workloads[root].load.hours_per_month
    return Offered(
        peak_rate_per_s=calls * peak,
        mean_rate_per_s=calls * mean,
        population=workload.load.concurrency,
        requests_per_month=requests,
        prompt_tokens_per_month=requests * mean_tokens(workload.prompt_tokens),
        output_tokens_per_month=requests * mean_tokens(workload.output_tokens),
    )


def _root(workloads: Mapping[str, Workload], name: str) -> tuple[str, float]:
    """The workload with a load of its own that causes this one, and the calls of this one for each of its requests."""
    calls, seen = 1.0, [name]
    while (parent := workloads[name].load.per_request_of) is not None:
        if parent in seen:
            raise InvalidInput(f"the workloads {', '.join(seen)} wait for each other. Give one a load of its own.")
        calls, name = calls * workloads[name].load.calls, parent
        seen.append(name)
    return name, calls


def _rates(workload: Workload) -> tuple[float, float]:
    load = workload.load
    if workload.burst.basis == "mean_rate":
        mean = _mean_rate(load)
        return mean * peak_level(slow_variance(workload.burst)), mean
    if load.users is not None and load.requests_per_user_hour is not None:
        mean = users_rate(load.users, load.requests_per_user_hour)
        return mean * load.peak_factor, mean
    peak = _own_peak_rate(load, workload)
    return peak, peak / load.peak_factor


def _mean_rate(load: Load) -> float:
    """[req/s] what users make, or a rate that its burst calls the mean."""
    if load.users is not None and load.requests_per_user_hour is not None:
        return users_rate(load.users, load.requests_per_user_hour)
    if load.rate is None:
        raise InvalidInput("the basis mean_rate needs users or a rate. Give one.")
    return load.rate


def _own_peak_rate(load: Load, workload: Workload) -> float:
    if load.rate is not None:
        return load.rate
    if load.concurrency is None:
        raise InvalidInput("a load needs users, rate, concurrency or per_request_of. Give one.")
    return nominal_rate(load.concurrency, nominal_e2e(workload.slo, mean_tokens(workload.output_tokens)))


def users_rate(users: int, requests_per_user_hour: float) -> float:
    """[req/s] mean rate of users [1] who each make so many requests an hour [1/h].

    >>> users_rate(1800, 6)
    3.0
    """
    return users * requests_per_user_hour / HOUR


def nominal_rate(concurrency: int, e2e_s: float) -> float:
    """[req/s] rate of a closed population at its nominal end-to-end time [s].

    Little (1961), doi:10.1287/opre.9.3.383: in flight = rate x time in system. A fleet that is faster than its
    target serves more, so monthly volumes from it are those promised, not those possible.

    >>> nominal_rate(400, 20.0)
    20.0
    """
    return concurrency / e2e_s


def nominal_e2e(slo: Mapping[str, float], output_tokens: float) -> float:
    """[s] end-to-end time when the targets are just met: TTFT + (E[output] - 1) x TPOT, else the e2e target.

    slo maps metric_statistic to [s]; output_tokens is the mean [token]. Of several statistics of a metric the one
    nearest the mean is taken (mean, p50, p90, p95, p99). TTFT alone is enough for one output token.

    >>> nominal_e2e({"ttft_p95": 2.0, "tpot_p95": 0.06}, 421)
    27.2
    >>> nominal_e2e({"e2e_p95": 0.3}, 4)
    0.3
    """
    ttft, tpot, e2e = (_nearest_the_mean(slo, metric) for metric in ("ttft", "tpot", "e2e"))
    if ttft is not None and (tpot is not None or output_tokens == 1):
        return ttft + (output_tokens - 1) * (tpot or 0.0)
    if e2e is None:
        raise InvalidInput("a concurrency load needs ttft and tpot targets, or an e2e target. Add them.")
    return e2e


def _nearest_the_mean(slo: Mapping[str, float], metric: str) -> float | None:
    return next((slo[key] for statistic in _STATISTICS if (key := f"{metric}_{statistic}") in slo), None)
