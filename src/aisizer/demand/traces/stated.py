"""What a profile states of a trace's traffic: the rate on one basis, and the modulation that belongs to it."""

from __future__ import annotations

from typing import Any, Literal

from aisizer.demand.modulation import PEAK_WINDOW
from aisizer.demand.traces.arrivals import check_span, fast_modulation, full_modulation, mean_rate, sliding
from aisizer.demand.traces.records import Trace
from aisizer.errors import InvalidInput

Basis = Literal["peak_window", "mean_rate"]


def stated_load(trace: Trace, basis: Basis) -> dict[str, Any]:
    """The `load` of a profile: the peak window's rate and its ratio to the mean, or the mean itself, which the burst lifts."""
    times = trace.requests.arrival_s
    mean = _needs_times(trace)
    if basis == "mean_rate":
        return {"rate": f"{mean:.6g} req/s"}
    peak = sliding(times, int(PEAK_WINDOW))
    if peak is None:
        raise InvalidInput(
            f"the trace spans {times[-1]:.0f} s, less than the {PEAK_WINDOW:.0f} s of a peak window. Give load, or a longer "
            f"trace."
        )
    return {"rate": f"{peak.p99_per_s:.6g} req/s", "peak_factor": float(f"{max(1.0, peak.p99_per_s / mean):.6g}")}


def stated_burst(trace: Trace, basis: Basis) -> dict[str, Any] | None:
    """The `burst` of a profile on the same basis; None where the trace is too short to show one."""
    times = trace.requests.arrival_s
    parts = fast_modulation(times) if basis == "peak_window" else full_modulation(times)
    if parts is None:
        return None
    if not parts:
        return {"index_of_dispersion_60s": 1.0}
    listed = [{"variance": part.variance, "time": f"{part.time:g} s"} for part in parts]
    return {"basis": basis, "modulation": listed}


def _needs_times(trace: Trace) -> float:
    times = trace.requests.arrival_s
    check_span(times)
    mean = mean_rate(times)
    if not trace.has_times or mean is None:
        raise InvalidInput(
            "the trace has no times, so it shows no rate. Give load, or a trace with a time for each request."
        )
    return mean
