"""`aisizer diff`: what changed between two plans, and gates on it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from aisizer import __version__
from aisizer.cli.terminal import use_color
from aisizer.errors import GateFailed, InvalidInput, NoFeasiblePlan
from aisizer.plan import Plan
from aisizer.studies.gates import GateResult

FORMATS = ("table", "json", "markdown")


def diff(old: Path, new: Path, *, form: str, fail_on: Sequence[str], max_increase: Sequence[str]) -> None:
    """Prints what changed; a gate that fails is exit code 4, a new plan without a decision 3."""
    from aisizer.deliver.diff_markdown import diff_markdown
    from aisizer.deliver.diff_text import diff_json, diff_text
    from aisizer.deliver.json_file import plan_hash, read_plan
    from aisizer.studies.diff import diff as compared
    from aisizer.studies.gates import told

    if form not in FORMATS:
        raise InvalidInput(
            f"--format: {', '.join(FORMATS[:-1])} or {FORMATS[-1]} is expected (got {form}). Choose one."
        )
    before, after = read_plan(old), read_plan(new)
    gates = _gates(before, after, fail_on, max_increase)
    found = compared(before, after, (plan_hash(before), plan_hash(after)), __version__, gates)
    if form == "table":
        sys.stdout.write(diff_text(found, color=use_color()))
    else:
        sys.stdout.write(diff_json(found) if form == "json" else diff_markdown(found))
    if after.decision is None:
        raise NoFeasiblePlan(
            f"{new} has no decision: no option met its profile. Its rejections name the nearest misses."
        )
    failed = [told(gate) for gate in gates if not gate.holds]
    if failed:
        raise GateFailed("\n".join(failed))


def _gates(old: Plan, new: Plan, fail_on: Sequence[str], max_increase: Sequence[str]) -> list[GateResult]:
    """The gates judged, or only read where there is no new decision to judge."""
    from aisizer.studies.gates import check_fail_on, check_gates, check_increases, parse_gate, parse_increase

    if new.decision is None:
        for condition in fail_on:
            parse_gate(condition, "--fail-on")
        for limit in max_increase:
            parse_increase(limit)
        return []
    return [*check_gates(new), *check_fail_on(new, fail_on), *check_increases(old, new, max_increase)]
