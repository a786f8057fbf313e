"""Writes a calibration as a profile fragment, with comments that say what it rests on and where it ends."""

from __future__ import annotations

import json
from collections.abc import Sequence

from aisizer import __version__
from aisizer.profile.calibrations import Calibration

WORDS = {
    "weights": "smallest step: weight reads, launches, collectives' latency",
    "tokens": "each further token of a decoding batch",
    "prefill": "each token beyond it, and prefill attention",
    "kv_read": "reading the KV cache while decoding",
    "step": "each step's cost beside its kernels",
    "sequence": "each sequence's cost in a step",
    "server_s": "[s] added to every time to first token",
    "client_s": "[s] added to it per client that sends at once",
    "stream_steps": "[step] decode steps by which the first token is held back",
}


def fragment(calibration: Calibration, set_aside: Sequence[str], at_bound: Sequence[str]) -> str:
    """The fragment's text; the same inputs give the same bytes."""
    head = [
        f"# Calibration by aisizer {__version__}: factors fitted on {calibration.points} load points.",
        "# Use it with `aisizer size PROFILE --with` this file; it holds for this model, GPU, engine and precision.",
        *(f"# Set aside: {_comment(reason)}" for reason in set_aside),
        *(f"# {name} ended at the bound of its prior: the model may miss something here." for name in at_bound),
        "evidence:",
        "  calibrations:",
    ]
    return "\n".join([*head, *_record(calibration), ""])


def _record(calibration: Calibration) -> list[str]:
    lines = [
        "    - kind: fitted",
        *(f"      {name}: {_text(getattr(calibration, name))}" for name in ("model", "gpu", "engine", "precision")),
        f"      tensor_parallel: {calibration.tensor_parallel}",
        f"      points: {calibration.points}",
    ]
    if calibration.date:
        lines.append(f"      date: {_text(calibration.date)}")
    return [*lines, *_factors(calibration), *_error(calibration), *_range(calibration), *_files(calibration)]


def _factors(calibration: Calibration) -> list[str]:
    factors, errors = calibration.factors.model_dump(), calibration.standard_errors
    lines = ["      factors:"]
    for name, words in WORDS.items():
        spread = f", +- {errors[name]:.2g}" if name in errors else ""
        lines.append(f"        {name}: {factors[name]:.6g}  # {words}{spread}")
    listed = ", ".join(f"{name}: {errors[name]:.3g}" for name in WORDS if name in errors)
    return [*lines, f"      standard_errors: {{{listed}}}"]


def _error(calibration: Calibration) -> list[str]:
    listed = ", ".join(f"{name}: {value:.4g}" for name, value in calibration.error.items())
    return ["      # leave-one-out: each point predicted by the others, median absolute error as a share",
            f"      error: {{{listed}}}"]  # fmt: skip


def _range(calibration: Calibration) -> list[str]:
    measured = calibration.range
    spans = ("in_flight", "prompt_tokens", "output_tokens")
    lines = ["      range:  # loads that were measured; beyond them it is extrapolated"]
    for name in spans:
        low, high = getattr(measured, name)
        lines.append(f"        {name}: [{low:.6g}, {high:.6g}]")
    return [*lines, f"        tensor_parallel: [{', '.join(str(t) for t in measured.tensor_parallel)}]"]


def _files(calibration: Calibration) -> list[str]:
    lines = ["      files:"]
    for file in calibration.files:
        lines.append(f"        - {{name: {_text(file.name)}, tool: {_text(file.tool)}, sha256: {_text(file.sha256)}}}")
    return lines


def _text(value: str) -> str:
    """A YAML 1.2 string in quotes: JSON's are."""
    return json.dumps(value, ensure_ascii=False)


def _comment(text: str) -> str:
    """One line, without characters that YAML forbids."""
    return "".join(c if c.isprintable() else "?" for c in " ".join(text.split()))
