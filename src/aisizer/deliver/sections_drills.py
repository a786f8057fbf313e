"""The document's words on failure drills, and the same drills on a screen."""

from __future__ import annotations

import json
from collections.abc import Sequence
from textwrap import fill
from typing import TYPE_CHECKING

from aisizer.deliver import labels, numbers
from aisizer.deliver.blocks import Block, Paragraph, table
from aisizer.plan import Plan
from aisizer.plan.drill_records import DrillPromise, DrillResult

if TYPE_CHECKING:
    from aisizer.studies.simulation_records import AllDrills

WIDTH = 80
PLAY = "aisizer simulate sizing.json --drill all"


def drill_blocks(plan: Plan) -> list[Block]:
    """Each drill: what happens, whether the promises hold, what the others see, and when it is over."""
    if not plan.drills:
        return []
    simulated = all(found.method == "simulated" for found in plan.drills)
    rows = [
        (
            _name(f),
            f.what,
            holds(f),
            worst(f),
            numbers.share(f.failed),
            _lasts(f),
            drained(f),
            holds_again(f),
            _others(f),
        )
        for f in plan.drills
    ]
    heads = (
        "Drill | What happens | Promises hold | Worst during it # | Failed # | Lasts # | Queue drained # | Holds again # | "
        "Others see"
    )
    keys = [found.name for found in plan.drills]
    return [Paragraph(_told(plan, simulated)), table("Drills at the peak hour", heads, rows, "drills", keys)]


def _others(found: DrillResult) -> str:
    """What the others see, with the limits that hold."""
    away = _turned_away(found)
    limits = f" Limits: {found.admission}{f'; turned away: {away}' if away else ''}." if found.admission else ""
    return f"{found.others}.{limits}"


def _told(plan: Plan, simulated: bool) -> str:
    month = labels.carried_month(plan)
    when = f"Failures at the peak hour of {month}, on the first wave. Times count from the start of the trouble."
    if simulated:
        seconds = max(found.seconds or 0.0 for found in plan.drills)
        return (
            f"{when} Simulated request by request for {seconds:,.0f} s each; the queue is drained when no more requests wait for "
            "their first token than arrive within the wait that is promised."
        )
    told = (
        f"{when} Worked out from the plan's own figures, not simulated: percentiles with the redundancy down, loads, and a fluid "
        "queue of those who still send again; n/a where no formula tells."
    )
    apart = "Drills are not simulated on pools that prefill and decode apart."
    return f"{told} {apart if _apart(plan) else f'{PLAY} simulates each drill request by request.'}"


def _apart(plan: Plan) -> bool:
    return any(pool.role != "serve" for pool in labels.decided(plan).pools)


def _name(found: DrillResult) -> str:
    if found.name != "tenant-10x":
        return found.name
    return f"{found.name}, limited" if found.admission else found.name


def holds(found: DrillResult) -> str:
    """Whether every promise is met throughout, in a word."""
    return numbers.NOT_AVAILABLE if found.held is None else "yes" if found.held else "no"


def worst(found: DrillResult) -> str:
    """The promise that is missed furthest, or nearest to it, during the trouble."""
    known = [p for p in found.holds if p.during_met is not None]
    if not known:
        return numbers.NOT_AVAILABLE
    most = max(known, key=lambda p: float("inf") if p.during_ms is None else p.during_ms / p.target_ms)
    return f"{_promise(most)} {_seen(most.during_ms, most.during_met)}"


def drained(found: DrillResult) -> str:
    """When the queue is gone."""
    if found.drain_s is None:
        return _not_within(found)
    return "no queue" if found.drain_s == 0 else _seconds(found.drain_s)


def holds_again(found: DrillResult) -> str:
    """When every promise holds again."""
    if found.holds_again_s is None:
        return _not_within(found) if found.held is False else numbers.NOT_AVAILABLE
    return "held" if found.holds_again_s == 0 else _seconds(found.holds_again_s)


def _not_within(found: DrillResult) -> str:
    return numbers.NOT_AVAILABLE if found.seconds is None else "not in the run"


def _seconds(value: float) -> str:
    return f"{value:,.0f} s"


def _lasts(found: DrillResult) -> str:
    return "until mended" if found.lasts_s is None else _seconds(found.lasts_s)


def _turned_away(found: DrillResult) -> str:
    return "" if found.turned_away is None else f"{numbers.share(found.turned_away)} of the excess"


def _promise(promise: DrillPromise) -> str:
    return f"{promise.workload} {promise.metric.upper()} {promise.percentile}"


def _seen(value_ms: float | None, met: bool | None) -> str:
    if value_ms is None:
        return "no answer" if met is False else numbers.NOT_AVAILABLE
    return numbers.duration(value_ms)


def drills_json(found: AllDrills) -> str:
    """All drills and the runs behind them, fields in the order they are declared."""
    return json.dumps(found.model_dump(mode="json", by_alias=True), indent=2, ensure_ascii=False) + "\n"


def drills_text(found: AllDrills) -> str:
    """One line for each drill, and below it the limits and what the others see."""
    head = f"{found.profile}: all drills, {found.seconds:,.0f} s each, {numbers.count(found.seeds, 'seed')}"
    lines = [head, "", f"{'':15}{'holds':>5}  {'worst during':<28.28}{'failed':>6}{'drained':>11}{'holds again':>13}"]
    return "\n".join([*lines, *_screen_rows(found.drills)]) + "\n"


def _screen_rows(drills: Sequence[DrillResult]) -> list[str]:
    lines = []
    for found in drills:
        lines.append(
            f"{found.name:15}{holds(found):>5}  {worst(found):<28.28}{numbers.share(found.failed):>6}"
            f"{_short(drained(found)):>11}{_short(holds_again(found)):>13}"
        )
        notes = [f"limits: {found.admission}", f"{numbers.share(found.turned_away)} of the excess turned away"]
        if found.admission:
            lines.append(
                fill(
                    "; ".join(notes[: 1 if found.turned_away is None else 2]),
                    WIDTH,
                    initial_indent="  ",
                    subsequent_indent="  ",
                )
            )
    return lines


def _short(text: str) -> str:
    return "not in run" if text == "not in the run" else text
