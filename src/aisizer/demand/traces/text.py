"""The report of a trace for a terminal of 80 columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from textwrap import wrap
from typing import Any

from aisizer.demand.traces.report import duration

WIDTH = 80
_LABEL = 22
_BARS = " ▁▂▃▄▅▆▇█"
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def text(found: Mapping[str, Any]) -> str:
    """The report's lines."""
    return "\n".join(
        [
            f"{found['file']}: {found['format']}, {found['requests']:,} requests"[:WIDTH],
            *_left_out(found),
            "",
            *_arrivals(found["arrivals"]),
            "",
            *_tokens(found["tokens"]),
            *_prefix(found["prefix"]),
            *_sessions(found["sessions"]),
            *_missing(found["missing"]),
        ]
    )


def _left_out(found: Mapping[str, Any]) -> Iterator[str]:
    left = found["left_out"]
    for sort, count in left["apart"].items():
        yield _row("apart", f"{count:,} {sort}")
    for why, count in left["malformed"].items():
        yield _row("malformed", f"{count:,} row{'s' * (count > 1)}: {why}")
    for example in left["first_malformed"]:
        yield _row("", f"line {example['line']}: {example['why']}")
    if found["unsorted_rows"]:
        yield _row("unsorted", f"{found['unsorted_rows']:,} times before the one above; put in order")
    if found["times_without_zone"]:
        yield _row("time zone", "none named; times are taken as UTC")


def _arrivals(arrivals: Mapping[str, Any] | None) -> Iterator[str]:
    if arrivals is None:
        return
    mean = arrivals["mean_per_s"]
    yield _row("span", duration(arrivals["span_s"]))
    yield _row("mean rate", f"{mean:.4g} req/s")
    labels = {
        "peak_hour_per_s": "peak hour",
        "p99_5_min_per_s": "p99 of 5 minutes",
        "p99_1_min_per_s": "p99 of 1 minute",
    }
    for key, label in labels.items():
        if arrivals[key] is not None:
            yield _row(label, f"{arrivals[key]:.4g} req/s, {arrivals[key] / mean:.2f} x the mean")
    yield _row("peak to mean", _pairs(arrivals["peak_to_mean"], "{:.2f} at {}"))
    yield _row("dispersion index", _pairs(arrivals["index_of_dispersion"], "{:.4g} at {}"))
    yield _row("  inside 5 minutes", _pairs(arrivals["index_of_dispersion_within_5_min"], "{:.4g} at {}"))
    for basis, label in (("peak_window", "  for the peak rate"), ("mean_rate", "  for the mean rate")):
        parts = arrivals["modulation"][basis]
        if parts is not None:
            shown = " + ".join(f"variance {p['variance']:g} over {p['time_s']:g} s" for p in parts)
            yield _row(label, shown or "none: Poisson")
    yield from _shape("hour of day", arrivals["hour_of_day"], [f"{hour:02d} h" for hour in range(24)])
    yield from _shape("day of week", arrivals["day_of_week"], list(_DAYS))


def _shape(label: str, shape: list[float] | None, names: list[str]) -> Iterator[str]:
    if shape is None:
        return
    top = max(shape)
    bars = "".join(_BARS[round(8 * value / top)] for value in shape)
    high, low = shape.index(top), shape.index(min(shape))
    yield _row(label, f"{bars}  {names[high]} {top:.2f} x, {names[low]} {min(shape):.2f} x the mean")


def _tokens(tokens: Mapping[str, Any]) -> Iterator[str]:
    columns = ("mean", "p5", "p50", "p95", "p99", "p99.9", "p100")
    yield _row("tokens", "".join(f"{name:>8}" for name in columns))
    for name in ("prompt", "output"):
        yield _row(f"  {name}", "".join(f"{tokens[name][column]:>8.0f}" for column in columns))
    factor = tokens["factor"]
    if (factor["low"], factor["high"]) != (1, 1):
        yield _row("  times", f"{factor['used']:g}, the middle of the stated {factor['low']:g} to {factor['high']:g}")
    if tokens["correlation"] is not None:
        pair = tokens["correlation"]
        yield _row("  correlation", f"{pair['pearson']:.3f} of lengths, {pair['spearman']:.3f} of ranks")
    for group in tokens["output_by_prompt"]:
        prompts = f"  {group['prompt_from']:.0f}-{group['prompt_to']:.0f}"
        words = f"output p50 {group['output_p50']:.0f}, p95 {group['output_p95']:.0f} ({group['requests']:,} requests)"
        yield _row(prompts, words)


def _prefix(prefix: Mapping[str, float | None]) -> Iterator[str]:
    if prefix["reuse_bound"] is not None:
        yield _row("prefix reuse", f"at most {prefix['reuse_bound']:.1%}: an endless cache, cold at the start")
    if prefix["cached_share"] is not None:
        yield _row("prefix cache", f"{prefix['cached_share']:.1%} of the prompt tokens, as the trace says")


def _sessions(sessions: Mapping[str, float] | None) -> Iterator[str]:
    if sessions is not None:
        words = f"{sessions['requests_mean']:.3g} requests each, p95 {sessions['requests_p95']:.3g}"
        yield _row("sessions", f"{sessions['sessions']:,}, {words}")


def _missing(missing: Mapping[str, str]) -> Iterator[str]:
    if missing:
        yield ""
        yield "Not shown"
    for name, why in missing.items():
        yield _row("  " + name.removeprefix("arrivals."), why)


def _pairs(values: Mapping[str, float | None], form: str) -> str:
    shown = [form.format(value, name.replace("_", " ")) for name, value in values.items() if value is not None]
    return ", ".join(shown) or "not known"


def _row(label: str, words: str) -> str:
    """A label and its words, on lines of 80 columns."""
    indent = " " * _LABEL
    head = f"{label:<{_LABEL}}" if len(label) < _LABEL else f"{label}\n{indent}"
    return head + "\n".join(wrap(words, WIDTH - _LABEL, subsequent_indent="", break_on_hyphens=False)).replace(
        "\n", f"\n{indent}"
    )
