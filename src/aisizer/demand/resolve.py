"""Finishes a loaded profile: traces become loads, bursts and quantiles, and lengths that no request can have are refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aisizer.demand.mix import HALF_A_TOKEN, MOST_BELOW_ONE, below_one_token, share_below
from aisizer.errors import Fault, InvalidInput
from aisizer.profile.load import LoadedProfile
from aisizer.profile.yaml_file import FieldPath

if TYPE_CHECKING:
    from aisizer.demand.traces.records import Trace

    Traces = dict[Path, Trace]
    """Traces read so far: a file that several fields name is read once."""

_LENGTHS = ("prompt_tokens", "output_tokens")


def resolve_traces(loaded: LoadedProfile) -> LoadedProfile:
    """The profile with every {trace: file} replaced by what it shows, the file recorded by hash, every length checked."""
    traces: Traces = {}
    for name in loaded.profile.workloads:
        loaded = _workload(loaded, name, traces)
    faults = _faults_of_lengths(loaded)
    if faults:
        raise InvalidInput(faults)
    return loaded


def _workload(loaded: LoadedProfile, name: str, traces: Traces) -> LoadedProfile:
    workload, base = loaded.profile.workloads[name], ("workloads", name)
    if workload.trace is not None:
        loaded, trace = _read(loaded, (*base, "trace"), workload.trace, traces)
        loaded = replace(loaded, replays={**loaded.replays, name: trace.requests})
    for field in _LENGTHS:
        file = getattr(workload, field).trace
        if file is not None:
            from aisizer.demand.traces.lengths import quantiles_of

            loaded, trace = _read(loaded, _naming(loaded, (*base, field)), file, traces)
            tokens = trace.requests.prompt_tokens if field == "prompt_tokens" else trace.requests.output_tokens
            loaded = _with(loaded, (*base, field), {"quantiles": quantiles_of(tokens)}, trace)
    if workload.load.trace is not None:
        where = _naming(loaded, (*base, "load"))
        loaded, trace = _read(loaded, where, workload.load.trace, traces)
        loaded = _with_load(loaded, name, where, trace)
    return loaded


def _with_load(loaded: LoadedProfile, name: str, where: FieldPath, trace: Trace) -> LoadedProfile:
    """The load of a trace, and its burst where the profile gives none."""
    from aisizer.demand.traces.stated import stated_burst, stated_load

    workload, base = loaded.profile.workloads[name], ("workloads", name)
    own = "burst" in workload.model_fields_set
    try:
        rate = stated_load(trace, workload.burst.basis if own else "peak_window")
        burst = None if own else stated_burst(trace, "peak_window")
    except InvalidInput as error:
        raise InvalidInput([loaded.fault(where, f"{trace.file}: {error}")]) from error
    kept = {"hours_per_month": workload.load.hours_per_month} if _sets_hours(loaded, name) else {}
    loaded = _with(loaded, (*base, "load"), {**rate, **kept}, trace)
    return loaded if burst is None else _with(loaded, (*base, "burst"), burst, trace)


def _sets_hours(loaded: LoadedProfile, name: str) -> bool:
    return f"workloads.{name}.load.hours_per_month" in loaded.user_set


def _naming(loaded: LoadedProfile, path: FieldPath) -> FieldPath:
    """The field in which the user named the trace: below `path`, or that of the whole workload."""
    written = loaded.data["workloads"][path[1]].get(path[2]) or {}
    return (*path, "trace") if "trace" in written else (*path[:2], "trace")


def _read(loaded: LoadedProfile, where: FieldPath, file: str, traces: Traces) -> tuple[LoadedProfile, Trace]:
    from aisizer.demand.traces.read import read_trace

    full = loaded.folder(where) / file
    try:
        if full not in traces:
            traces[full] = read_trace(full)
            loaded = replace(loaded, warnings=(*loaded.warnings, *_warnings(traces[full])))
    except InvalidInput as error:
        reason = "; ".join(fault.problem for fault in error.faults)
        raise InvalidInput([loaded.fault(where, f"{file}: {reason}")]) from error
    return loaded, traces[full]


def _with(loaded: LoadedProfile, path: FieldPath, value: dict[str, Any], trace: Trace) -> LoadedProfile:
    return loaded.with_value(path, value, trace.file, trace.sha256)


def _warnings(trace: Trace) -> list[str]:
    left, answered = trace.malformed, len(trace.requests.arrival_s)
    rows = answered + left.count + sum(trace.apart.values())
    sentences = [
        f"{trace.file}: {count:,} of {rows:,} rows {sort} were left out." for sort, count in trace.apart.items()
    ]
    if left.count:
        line, why = left.examples[0]
        sentences.append(
            f"{trace.file}: {left.count:,} of {rows:,} rows were left out; the first is line {line}: {why}."
        )
    return sentences


def _faults_of_lengths(loaded: LoadedProfile) -> list[Fault]:
    faults = []
    for name, workload in loaded.profile.workloads.items():
        for field in _LENGTHS:
            below = share_below(getattr(workload, field), HALF_A_TOKEN)
            if below > MOST_BELOW_ONE:
                faults.append(loaded.fault(("workloads", name, field), below_one_token(below)))
    return faults
