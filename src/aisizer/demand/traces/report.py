"""Everything that a trace shows, and what it does not show with the reason; nothing is computed from nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from aisizer.demand.modulation import PEAK_WINDOW
from aisizer.demand.traces import arrivals
from aisizer.demand.traces.conversion import Conversion
from aisizer.demand.traces.lengths import correlation, joint, requests_per_session
from aisizer.demand.traces.records import Trace
from aisizer.profile.sections import Modulation
from aisizer.shapes import Floats
from aisizer.units import DAY, HOUR, MINUTE

SCHEMA = "aisizer/trace/v1"
_PERCENTS = (5, 25, 50, 75, 90, 95, 99, 99.9)
_SLIDING_S = (1, 60, 300, 3600)
Missing = dict[str, str]
"""What is not shown, and why."""


def report(trace: Trace, conversion: Conversion) -> dict[str, Any]:
    """The report as plain data; what is None stands in `missing` with its reason."""
    missing: Missing = {}
    found = {
        "schema": SCHEMA,
        "file": trace.file,
        "format": trace.form,
        "sha256": trace.sha256,
        "requests": len(trace.requests.arrival_s),
        "left_out": {
            "malformed": trace.malformed.reasons,
            "first_malformed": [{"line": line, "why": why} for line, why in trace.malformed.examples],
            "apart": trace.apart,
        },
        "unsorted_rows": trace.unsorted,
        "times_without_zone": trace.zoneless,
        "tokens": _tokens(trace, conversion, missing),
        "prefix": _prefix(trace, missing),
        "arrivals": _arrivals(trace, missing),
        "sessions": _sessions(trace, missing),
    }
    return found | {"missing": missing}


def _tokens(trace: Trace, conversion: Conversion, missing: Missing) -> dict[str, Any]:
    prompt, output = trace.requests.prompt_tokens, trace.requests.output_tokens
    together = correlation(prompt, output)
    if together is None:
        missing["tokens.correlation"] = "all prompts, or all outputs, have one length"
    return {
        "factor": asdict(conversion) | {"used": conversion.factor},
        "prompt": _distribution(prompt),
        "output": _distribution(output),
        "correlation": None if together is None else {"pearson": together[0], "spearman": together[1]},
        "output_by_prompt": [asdict(group) for group in joint(prompt, output)],
    }


def _distribution(tokens: Floats) -> dict[str, float]:
    """Mean, percentiles and maximum: what drains a fleet and fills its cache is the tail."""
    percentiles = {
        f"p{p}": round(float(v), 3) for p, v in zip(_PERCENTS, np.percentile(tokens, _PERCENTS), strict=True)
    }
    return {"mean": round(float(tokens.mean()), 3), **percentiles, "p100": float(tokens.max())}


def _prefix(trace: Trace, missing: Missing) -> dict[str, float | None]:
    if trace.reuse is None:
        missing["prefix.reuse_bound"] = (
            "the trace names no blocks of its prompts (hash_ids), so that reuse cannot be seen"
        )
    if not trace.has_cached:
        missing["prefix.cached_share"] = "the trace does not say how many prompt tokens came from a cache"
    cached = trace.requests.cached_tokens.sum() / trace.requests.prompt_tokens.sum() if trace.has_cached else None
    return {
        "reuse_bound": None if trace.reuse is None else round(trace.reuse[0], 6),
        "block_tokens": None if trace.reuse is None else trace.reuse[1],
        "cached_share": None if cached is None else round(float(cached), 6),
    }


def _arrivals(trace: Trace, missing: Missing) -> dict[str, Any] | None:
    times = trace.requests.arrival_s
    mean = arrivals.mean_rate(times)
    if not trace.has_times or mean is None:
        missing["arrivals"] = "the trace has no times" if not trace.has_times else "all requests arrive at one moment"
        return None
    arrivals.check_span(times)
    span = float(times[-1])
    step = arrivals.clock_step(times)
    windows = {w: found for w in _SLIDING_S if w >= step and (found := arrivals.sliding(times, w)) is not None}
    for w in (w for w in _SLIDING_S if w not in windows):
        short = f"the trace spans {duration(span)}, less than {duration(w)}"
        missing[f"arrivals.windows.{w}_s"] = _coarse(step) if step > w else short
    return {
        "span_s": round(span, 3),
        "mean_per_s": float(f"{mean:.6g}"),
        "peak_hour_per_s": windows[3600].max_per_s if 3600 in windows else None,
        "p99_1_min_per_s": windows[60].p99_per_s if 60 in windows else None,
        "p99_5_min_per_s": windows[300].p99_per_s if 300 in windows else None,
        "peak_to_mean": {f"{w}_s": float(f"{found.max_per_s / mean:.6g}") for w, found in windows.items()},
        "index_of_dispersion": _dispersion(times, step, missing),
        "index_of_dispersion_within_5_min": _within(times),
        "modulation": {
            "peak_window": _parts(arrivals.fast_modulation(times), "peak_window", missing),
            "mean_rate": _parts(arrivals.full_modulation(times), "mean_rate", missing),
        },
        "hour_of_day": _shape(arrivals.hours_of_day(times, trace.start_s), "hour_of_day", span, DAY, missing),
        "day_of_week": _week(trace, span, missing),
    }


def _coarse(step: float) -> str:
    return f"the trace's clock steps by {step:g} s"


def _dispersion(times: Floats, step: float, missing: Missing) -> dict[str, float | None]:
    found = {w: arrivals.index_of_dispersion(times, w) for w in arrivals.WINDOWS_S}
    for w in (w for w, value in found.items() if value is None):
        short = f"the trace fills fewer than {arrivals.FEWEST_WINDOWS} windows of {duration(w)}"
        missing[f"arrivals.index_of_dispersion.{w}_s"] = _coarse(step) if step > w else short
    return {f"{w}_s": None if value is None else float(f"{value:.6g}") for w, value in found.items()}


def _within(times: Floats) -> dict[str, float]:
    inside = {w: arrivals.within(times, w) for w in arrivals.WINDOWS_S if w < PEAK_WINDOW}
    return {f"{w}_s": float(f"{found[0]:.6g}") for w, found in inside.items() if found is not None}


def _parts(parts: Sequence[Modulation] | None, basis: str, missing: Missing) -> list[dict[str, float]] | None:
    if parts is None:
        missing[f"arrivals.modulation.{basis}"] = "the trace is too short for ten windows of a minute"
        return None
    return [{"variance": part.variance, "time_s": part.time} for part in parts]


def _shape(shape: list[float] | None, name: str, span: float, least: float, missing: Missing) -> list[float] | None:
    if shape is None:
        missing[f"arrivals.{name}"] = f"the trace spans {duration(span)}, less than {duration(least)}"
        return None
    return [round(value, 4) for value in shape]


def _week(trace: Trace, span: float, missing: Missing) -> list[float] | None:
    if not trace.has_calendar:
        missing["arrivals.day_of_week"] = "the trace's clock counts from a zero of its own, so that no weekday is known"
        return None
    shape = arrivals.days_of_week(trace.requests.arrival_s, trace.start_s)
    return _shape(shape, "day_of_week", span, 7 * DAY, missing)


def _sessions(trace: Trace, missing: Missing) -> dict[str, float] | None:
    found = requests_per_session(trace.sessions)
    if found is None:
        missing["sessions"] = "the trace names no sessions"
        return None
    count, mean, p95 = found
    return {"sessions": count, "requests_mean": round(mean, 3), "requests_p95": round(p95, 3)}


def duration(seconds: float) -> str:
    """A length of time in the unit that suits it.

    >>> duration(3501.7), duration(300), duration(7 * 86400), duration(12)
    ('58 min', '5 min', '7 d', '12 s')
    """
    for unit, size in (("d", DAY), ("h", HOUR), ("min", MINUTE)):
        if seconds >= size and (unit != "d" or seconds >= 2 * DAY or seconds == DAY):
            return f"{seconds / size:.3g} {unit}" if unit != "min" else f"{seconds / size:.0f} min"
    return f"{seconds:.3g} s"
