"""Writes the traffic of a trace as a profile fragment, each figure with a comment that says where it comes from."""

from __future__ import annotations

import numpy as np

from aisizer import __version__
from aisizer.demand.traces.conversion import Conversion
from aisizer.demand.traces.lengths import quantiles_of
from aisizer.demand.traces.records import Trace
from aisizer.demand.traces.report import duration
from aisizer.demand.traces.stated import Basis, stated_burst, stated_load
from aisizer.errors import InvalidInput
from aisizer.profile.sections import LOAD_FORMS
from aisizer.shapes import Floats

_ROW = 8
"""Quantiles on a line."""
_YAML_WORDS = ("null", "true", "false", "yes", "no", "on", "off", "y", "n")
_RATES = {
    "peak_window": "99th percentile of 5-minute windows that slide by one second",
    "mean_rate": "requests over the span",
}
_BURSTS = {
    "peak_window": "what is faster than the peak window: fitted to the dispersion inside 5-minute windows",
    "mean_rate": "the whole modulation: two time scales fitted to the dispersion curve",
}


def fragment(trace: Trace, workload: str, basis: Basis, conversion: Conversion) -> str:
    """The fragment's text; the same trace gives the same bytes. Nulls take away what the profile had in its place."""
    lines = [
        *_head(trace, workload, conversion),
        "workloads:",
        f"  {_key(workload)}:",
        *_load(trace, basis),
        *_burst(trace, basis),
        *_lengths("prompt_tokens", trace.requests.prompt_tokens, conversion),
        *_lengths("output_tokens", trace.requests.output_tokens, conversion),
        *_prefix(trace),
    ]
    return "\n".join([*lines, ""])


def _head(trace: Trace, workload: str, conversion: Conversion) -> list[str]:
    span = duration(float(trace.requests.arrival_s[-1])) if trace.has_times else "no times"
    lines = [
        f"# Traffic of {_comment(trace.file)} ({trace.form}) by aisizer {__version__}: "
        f"{len(trace.requests.arrival_s):,} requests, {span}.",
        f"# sha256 {trace.sha256}",
        f"# Use it with `aisizer size PROFILE --with` this file; it replaces the traffic of the workload {workload}.",
        *(f"# Left out: {count:,} rows {sort}." for sort, count in trace.apart.items()),
        *(
            f"# Left out as malformed: {count:,} rows, {_comment(why)}."
            for why, count in trace.malformed.reasons.items()
        ),
    ]
    if conversion != Conversion():
        lines.append(
            f"# Token counts are the trace's times {conversion.factor:g}, the middle of the stated range {conversion.low:g} to "
            f"{conversion.high:g}: its tokenizer is not that of the model sized here."
        )
    return lines


def _load(trace: Trace, basis: Basis) -> list[str]:
    try:
        load = stated_load(trace, basis)
    except InvalidInput as error:
        return [f"    # no load: {_comment(str(error))}"]
    others = ", ".join(f"{form}: null" for form in (*LOAD_FORMS, "requests_per_user_hour") if form != "rate")
    mean = len(trace.requests.arrival_s) / float(trace.requests.arrival_s[-1])
    return [
        "    load:",
        f"      rate: {load['rate']}  # {_RATES[basis]}",
        f"      peak_factor: {load['peak_factor']:g}  # that rate over the trace's mean, {mean:.6g} req/s"
        if "peak_factor" in load
        else "      peak_factor: null  # the modulation says how far the peak lies above the mean",
        *(f"      {other}" for other in others.split(", ")),
    ]


def _burst(trace: Trace, basis: Basis) -> list[str]:
    burst = stated_burst(trace, basis) if trace.has_times else None
    if burst is None:
        return ["    # no burst: the trace shows too few windows of a minute; the default of the workload's kind holds"]
    if "modulation" not in burst:
        return [
            "    burst:",
            "      index_of_dispersion_60s: 1  # no more dispersion than Poisson arrivals have",
            "      modulation: null",
            "      basis: null",
        ]
    return [
        "    burst:",
        "      index_of_dispersion_60s: null",
        f"      basis: {basis}",
        f"      modulation:  # {_BURSTS[basis]}",
        *(f"        - {{variance: {part['variance']:g}, time: {part['time']}}}" for part in burst["modulation"]),
    ]


def _lengths(field: str, tokens: Floats, conversion: Conversion) -> list[str]:
    quantiles = [f"{key}: {value:.10g}" for key, value in quantiles_of(tokens).items()]
    rows = [", ".join(quantiles[at : at + _ROW]) for at in range(0, len(quantiles), _ROW)]
    mean, p95, most = float(tokens.mean()), float(np.percentile(tokens, 95)), float(tokens.max())
    spread = ""
    if conversion.low != conversion.high:
        ends = [end / conversion.factor for end in (conversion.low, conversion.high)]
        spread = f"; mean {mean * ends[0]:.4g} to {mean * ends[1]:.4g} over the range of the factor"
    return [
        f"    {field}:",
        f"      # mean {mean:.6g}, p95 {p95:g}, maximum {most:g}{spread}",
        "      mean: null",
        "      p95: null",
        "      trace: null",
        "      quantiles: {" + ",\n        ".join(rows) + "}",
    ]


def _prefix(trace: Trace) -> list[str]:
    if trace.has_cached:
        share = float(trace.requests.cached_tokens.sum() / trace.requests.prompt_tokens.sum())
        return [
            f"    prefix_hit: {100 * min(share, 0.95):.4g} %  # prompt tokens that the trace says came from a cache"
        ]
    if trace.reuse is not None:
        share, tokens = trace.reuse
        return [
            f"    # prefix_hit: at most {100 * share:.3g} %, the share of prompt tokens in blocks of {tokens:g} seen before; an",
            "    # endless cache, cold at the start. Measure what your engine keeps before you count on it.",
        ]
    return ["    # prefix_hit: the trace does not show it"]


def _key(name: str) -> str:
    """A workload's name as a YAML key: in quotes where YAML might take it for a number or a word of its own.

    >>> _key("chat"), _key("1.5"), _key("on")
    ('chat', '"1.5"', '"on"')
    """
    return name if name.isalpha() and name not in _YAML_WORDS else f'"{name}"'


def _comment(text: str) -> str:
    """One line, without characters that YAML forbids."""
    return "".join(c if c.isprintable() else "?" for c in " ".join(text.split()))
