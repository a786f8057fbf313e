"""Finishes a loaded profile: traces become quantiles, and lengths that no request can have are refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from aisizer.demand.mix import HALF_A_TOKEN, MOST_BELOW_ONE, below_one_token, share_below
from aisizer.demand.trace import Trace, read_trace
from aisizer.errors import Fault, InvalidInput
from aisizer.profile.load import LoadedProfile
from aisizer.shapes import Floats

_LENGTHS = ("prompt_tokens", "output_tokens")


def resolve_traces(loaded: LoadedProfile) -> LoadedProfile:
    """The profile with {trace: file} replaced by its quantiles, the file recorded by hash, every length checked."""
    traces: dict[str, Trace] = {}
    for name, workload in loaded.profile.workloads.items():
        for field in _LENGTHS:
            file = getattr(workload, field).trace
            if file is not None:
                loaded = _resolve(loaded, (name, field), file, traces)
    faults = _faults_of_lengths(loaded)
    if faults:
        raise InvalidInput(faults)
    return loaded


def quantiles_of(tokens: Floats) -> dict[str, float]:
    """Percentiles p1 to p100 of token counts, linear between the order statistics.

    >>> q = quantiles_of(np.arange(1.0, 102.0))
    >>> q["p1"], q["p50"], q["p100"], len(q)
    (2.0, 51.0, 101.0, 100)
    """
    percents = range(1, 101)
    return {f"p{p}": round(float(v), 3) for p, v in zip(percents, np.percentile(tokens, percents), strict=True)}


def _resolve(loaded: LoadedProfile, where: tuple[str, str], file: str, traces: dict[str, Trace]) -> LoadedProfile:
    path = ("workloads", *where)
    full = loaded.folder((*path, "trace")) / file
    try:
        if file not in traces:
            traces[file] = read_trace(full)
            loaded = replace(loaded, warnings=(*loaded.warnings, *_warnings(full.name, traces[file])))
    except InvalidInput as error:
        reason = "; ".join(fault.problem for fault in error.faults)
        raise InvalidInput([loaded.fault((*path, "trace"), f"{file}: {reason}")]) from error
    trace = traces[file]
    tokens = trace.requests.prompt_tokens if where[1] == "prompt_tokens" else trace.requests.output_tokens
    return loaded.with_value(path, {"quantiles": quantiles_of(tokens)}, full.name, trace.sha256)


def _warnings(name: str, trace: Trace) -> list[str]:
    if not trace.malformed:
        return []
    left_out, first = len(trace.malformed), next(iter(trace.malformed.items()))
    rows = left_out + len(trace.requests.arrival_s)
    return [f"{name}: {left_out:,} of {rows:,} rows were left out; the first is line {first[0]}: {first[1]}."]


def _faults_of_lengths(loaded: LoadedProfile) -> list[Fault]:
    faults = []
    for name, workload in loaded.profile.workloads.items():
        for field in _LENGTHS:
            below = share_below(getattr(workload, field), HALF_A_TOKEN)
            if below > MOST_BELOW_ONE:
                faults.append(loaded.fault(("workloads", name, field), below_one_token(below)))
    return faults
