"""What the service carries and keeps over the 36 months, whichever fleet serves it: traffic, logs, vector stores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aisizer.catalog.records import Retention
from aisizer.costs.lines import Volume
from aisizer.costs.prices import PriceBook
from aisizer.demand.loads import Offered, nominal_e2e
from aisizer.demand.mix import mean_tokens
from aisizer.errors import InvalidInput
from aisizer.profile.sections import Logging, Profile, Workload
from aisizer.sizing.logs import LogBytes, ingest_bytes_per_s, log_needs
from aisizer.sizing.needs import Need
from aisizer.sizing.network import Wire
from aisizer.sizing.traffic import Traffic
from aisizer.sizing.vectors import vector_needs
from aisizer.units import MONTH

UNPROMISED_TOKEN_S = 0.1
"""[s/token] of an answer that no target bounds: ten tokens a second, about twice the pace of reading (assumed). It only counts
how many answers a gateway streams at once."""


@dataclass(frozen=True, slots=True)
class Service:
    """The part of what stands around the GPUs that every option shares."""

    traffic: Traffic
    logging: Logging
    """with the hot time that a binding rule asks for"""
    retention: Retention
    needs: tuple[Need, ...]
    """logs and vector stores"""
    log_bytes_per_s: tuple[float, ...]
    """written in the peak hour of each month"""
    wire: Wire
    seconds_per_answer: float
    """[s] mean over the peak hour, at the targets"""

    def month(self, name: str) -> tuple[float, ...]:
        """A need's quantities by month."""
        return next(need.by_month for need in self.needs if need.name == name)

    @property
    def index_gb(self) -> tuple[float, ...]:
        """[GB] of one copy of all vector stores."""
        copies = [need.by_month for need in self.needs if need.group == "vector store" and need.name.endswith("backup")]
        return tuple(map(sum, zip(*copies, strict=True))) if copies else (0.0,) * len(self.log_bytes_per_s)


def service(
    profile: Profile,
    loads: Mapping[str, Offered],
    factors: Sequence[float],
    volume: Volume,
    book: PriceBook,
    retention: Retention,
) -> Service:
    """What the profile's demand asks of logs, vector stores and wires."""
    size = LogBytes(amount(book, "log-bytes-per-token"), amount(book, "log-bytes-per-request"))
    carried, kept = traffic(profile.workloads, loads, factors, volume), _kept_hot(profile.compliance.logging, retention)
    return Service(
        traffic=carried,
        logging=kept,
        retention=retention,
        needs=(
            *log_needs(carried, kept, retention.months, size),
            *vector_needs(profile.supply.vector_stores, factors, profile.supply.front_end, size.per_token),
        ),
        log_bytes_per_s=ingest_bytes_per_s(carried, kept, size),
        wire=Wire(in_per_token=size.per_token, out_per_token=amount(book, "egress-bytes-per-token")),
        seconds_per_answer=_seconds_per_answer(profile.workloads, loads),
    )


def traffic(
    workloads: Mapping[str, Workload], loads: Mapping[str, Offered], factors: Sequence[float], volume: Volume
) -> Traffic:
    """Volumes of the months, and the rates of the peak hour at each month's factor of demand."""
    peak = sum(load.peak_rate_per_s for load in loads.values())
    prompts = sum(loads[n].peak_rate_per_s * mean_tokens(w.prompt_tokens) for n, w in workloads.items())
    outputs = sum(loads[n].peak_rate_per_s * mean_tokens(w.output_tokens) for n, w in workloads.items())
    return Traffic(
        requests=volume.requests,
        prompt_tokens=volume.prompt_tokens,
        output_tokens=volume.output_tokens,
        peak_requests_per_s=tuple(peak * f for f in factors),
        peak_prompt_tokens_per_s=tuple(prompts * f for f in factors),
        peak_output_tokens_per_s=tuple(outputs * f for f in factors),
    )


def amount(book: PriceBook, name: str) -> float:
    """A factor of the catalog that logs, wires and parts are counted with."""
    found = book.named(name)
    if found is None:
        raise InvalidInput(f"The catalog has no amount {name}. Add it to prices/facility.yaml of the overlay.")
    return found.base


def _kept_hot(logging: Logging, retention: Retention) -> Logging:
    """The logging with the time at hand that a binding rule asks for, where it is longer than the profile's."""
    return logging.model_copy(update={"hot": max(logging.hot, (retention.hot_months or 0.0) * MONTH)})


def _seconds_per_answer(workloads: Mapping[str, Workload], loads: Mapping[str, Offered]) -> float:
    rate = sum(load.peak_rate_per_s for load in loads.values())
    return sum(loads[name].peak_rate_per_s * _seconds(workload) for name, workload in workloads.items()) / rate


def _seconds(workload: Workload) -> float:
    tokens = mean_tokens(workload.output_tokens)
    metrics = {key.partition("_")[0] for key in workload.slo}
    if "e2e" in metrics or ("ttft" in metrics and ("tpot" in metrics or tokens == 1)):
        return nominal_e2e(workload.slo, tokens)
    return max(workload.slo.values(), default=0.0) + tokens * UNPROMISED_TOKEN_S
