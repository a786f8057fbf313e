"""The backtest of the alert to order, as the Markdown tables of docs/triggers.md.

    python benchmarks/triggers/backtest.py [--paths 2000] [--tune]

Without --tune: every cell on the published seed, and the same rule on demand it was not made for. With --tune: the
combinations and constants that were compared, on a seed of their own. Neither seed is ever used for the other's purpose.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from aisizer.triggers.backtest import REVIEW_WEEKS, Score, fixed_share, limit_days, plain_forecast, score, start_levels
from aisizer.triggers.demand_paths import Paths, simulate
from aisizer.triggers.order_rule import (
    HISTORY_DAYS,
    HOLD_DAYS,
    Flags,
    OrderRule,
    Signals,
    alerts,
    forecast_fires,
    level_fires,
    order_rule,
    signals,
)
from aisizer.triggers.rolling import held

TUNING_SEED, PUBLISHED_SEED = 20261101, 20261125
LEADS = (8, 20, 39, 52)
"""[week]"""
GROWTHS = (0.0, 0.02, 0.05, 0.08)
"""[1/month]"""
TARGET_IN_TIME, TARGET_FALSE, SHORT_SLACK_WEEKS = 0.95, 0.5, 13.0

Trigger = Callable[[Signals, OrderRule, np.ndarray], Flags]


@dataclass(frozen=True)
class Cell:
    """One lead time and plan, with the paths that all its triggers see."""

    growth: float
    lead_weeks: int
    paths: Paths
    seen: Signals

    @property
    def rule(self) -> OrderRule:
        return order_rule(1.0, self.growth, self.lead_weeks, REVIEW_WEEKS)

    def score(self, trigger: Trigger, slack_weeks: float | None = None) -> Score:
        start = start_levels(self.paths, self.growth, self.lead_weeks)
        fired, limit = trigger(self.seen, self.rule, start), limit_days(self.paths, start)
        return score(fired, limit, self.lead_weeks, **({} if slack_weeks is None else {"slack_weeks": slack_weeks}))


def cells(count: int, seed: int, *, jumps: bool, **demand: Any) -> Iterator[Cell]:
    for growth in GROWTHS:
        paths = simulate(growth, jumps=jumps, paths=count, seed=seed, **demand)
        seen = signals(paths.seen)
        for lead in LEADS:
            yield Cell(growth, lead, paths, seen)


def plain(seen: Signals, rule: OrderRule, start: np.ndarray) -> Flags:
    return plain_forecast(seen, start, rule.horizon_days)


def fixed(seen: Signals, rule: OrderRule, start: np.ndarray) -> Flags:
    return fixed_share(seen, start)


def held_floor(seen: Signals, floor: float, start: np.ndarray) -> Flags:
    return held(level_fires(seen, floor, start), HOLD_DAYS)


def held_forecast(seen: Signals, rule: OrderRule, start: np.ndarray) -> Flags:
    flags = forecast_fires(seen, rule, start)
    flags[:, :HISTORY_DAYS] = False
    return held(flags, HOLD_DAYS)


COMBINATIONS: dict[str, Trigger] = {
    "the rule": alerts,
    "forecast alone": held_forecast,
    "floor alone": lambda seen, rule, start: held_floor(seen, rule.floor, start),
    "floor OR forecast": lambda seen, rule, start: (
        held_floor(seen, rule.floor, start) | held_forecast(seen, rule, start)
    ),
    "floor AND forecast": lambda seen, rule, start: (
        held_floor(seen, rule.floor, start) & held_forecast(seen, rule, start)
    ),
    "cautious floor alone": lambda seen, rule, start: held_floor(seen, rule.cautious, start),
    "the rule, slope not shrunk": lambda seen, rule, start: alerts(seen, replace(rule, weight=1.0), start),
    "the rule, half the slope the plan's": lambda seen, rule, start: alerts(seen, replace(rule, weight=0.5), start),
    "the rule without margins": lambda seen, rule, start: alerts(
        seen, replace(rule, margin=0.0, cautious=rule.floor), start
    ),
}

COLUMNS = (
    *("plan a month", "lead weeks", "paths at limit", "possible", "in time", "false a year", "same, 13 weeks"),
    *("early weeks", "fixed 80 %", "predict_linear"),
)
HEAD = f"| {' | '.join(COLUMNS)} |\n|{'---:|' * 8}---|---|"


def row(cell: Cell) -> str:
    found, strict = cell.score(alerts), cell.score(alerts, SHORT_SLACK_WEEKS)
    in_time = flagged(f"{found.in_time:.1%}", found.in_time < TARGET_IN_TIME)
    false = flagged(f"{found.false_per_year:.2f}", found.false_per_year > TARGET_FALSE)
    return (
        f"| {cell.growth:.0%} | {cell.lead_weeks} | {found.reached} | {found.possible:.1%} | {in_time} | {false} "
        f"| {strict.false_per_year:.2f} | {found.waste_weeks:.0f} | {short(cell.score(fixed))} | {short(cell.score(plain))} |"
    )


def short(found: Score) -> str:
    return f"{found.in_time:.0%}, {found.false_per_year:.2f}, {found.waste_weeks:.0f}"


def flagged(text: str, missed: bool) -> str:
    return f"**{text}**" if missed else text


def summary(name: str, study: list[Cell], trigger: Trigger = alerts) -> str:
    """One row: the worst cell, the worst of false alarms, and the median of the cells' waste where the plan grows."""
    scores = [(cell, cell.score(trigger)) for cell in study]
    in_time = [found.in_time for _, found in scores]
    waste = [found.waste_weeks for cell, found in scores if cell.growth > 0]
    missed = sum(share < TARGET_IN_TIME for share in in_time)
    return (
        f"| {name} | {min(in_time):.1%} | {np.mean(in_time):.1%} | {missed} of {len(scores)} "
        f"| {max(found.false_per_year for _, found in scores):.2f} | {np.mean(waste):.1f} |"
    )


SUMMARY_HEAD = """| {} | in time, worst cell | in time, mean | cells below 95 % | false a year, worst cell | early weeks, mean |
|---|---:|---:|---:|---:|---:|"""
STRESS: dict[str, dict[str, Any]] = {
    "as stated": {},
    "noise 10 %": {"noise_sd": 0.10},
    "noise correlated 0.9": {"correlation": 0.9},
    "a month's growth varies by 2 %": {"month_sd": 0.02},
    "growth twice as far from the plan": {"band": 0.78},
}


def publish(count: int) -> None:
    for title, jumps in (("Without a jump", False), ("One jump of 30 %, up or down", True)):
        print(f"\n{title}\n\n{HEAD}")
        for cell in cells(count, PUBLISHED_SEED, jumps=jumps):
            print(row(cell), flush=True)
    print("\n" + SUMMARY_HEAD.format("demand, without a jump"))
    for name, demand in STRESS.items():
        print(summary(name, list(cells(count // 2, PUBLISHED_SEED, jumps=False, **demand))), flush=True)


def tune(count: int) -> None:
    for jumps in (False, True):
        study = list(cells(count, TUNING_SEED, jumps=jumps))
        print("\n" + SUMMARY_HEAD.format("with a jump" if jumps else "without a jump"))
        for name, trigger in COMBINATIONS.items():
            print(summary(name, study, trigger), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--paths", type=int, default=2000, help="simulated paths per cell")
    parser.add_argument("--tune", action="store_true", help="compare combinations on the tuning seed")
    arguments = parser.parse_args()
    started = time.perf_counter()
    (tune if arguments.tune else publish)(arguments.paths)
    print(f"\n{arguments.paths} paths a cell, {time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
