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

from aisizer.triggers.backtest import (
    NEVER,
    REVIEW_WEEKS,
    SLACK_WEEKS,
    Score,
    first,
    fixed_share,
    limit_days,
    plain_forecast,
    score,
    start_levels,
)
from aisizer.triggers.demand_paths import Paths, simulate
from aisizer.triggers.forecast import WEEK_DAYS
from aisizer.triggers.order_rule import (
    HISTORY_DAYS,
    Flags,
    OrderRule,
    Signals,
    alerts,
    forecast_fires,
    level_fires,
    order_rule,
    signals,
)

TUNING_SEED, PUBLISHED_SEED = 20261101, 20261126
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

    @property
    def start(self) -> np.ndarray:
        return start_levels(self.paths, self.growth, self.lead_weeks)

    def score(self, fired: Flags, slack_weeks: float = SLACK_WEEKS) -> Score:
        return score(fired, limit_days(self.paths, self.start), self.lead_weeks, slack_weeks)

    def ours(self, trigger: Trigger = alerts) -> Flags:
        return trigger(self.seen, self.rule, self.start)


def cells(count: int, seed: int, *, jumps: bool, **demand: Any) -> Iterator[Cell]:
    for growth in GROWTHS:
        paths = simulate(growth, jumps=jumps, paths=count, seed=seed, **demand)
        seen = signals(paths.seen)
        for lead in LEADS:
            yield Cell(growth, lead, paths, seen)


def floor(seen: Signals, rule: OrderRule, start: np.ndarray) -> Flags:
    return level_fires(seen, rule.floor, start)


def forecast(seen: Signals, rule: OrderRule, start: np.ndarray) -> Flags:
    flags = forecast_fires(seen, rule, start)
    flags[:, :HISTORY_DAYS] = False
    return flags


COMBINATIONS: dict[str, Trigger] = {
    "the rule": alerts,
    "forecast alone": forecast,
    "floor alone": floor,
    "floor OR forecast": lambda seen, rule, start: floor(seen, rule, start) | forecast(seen, rule, start),
    "floor AND forecast": lambda seen, rule, start: floor(seen, rule, start) & forecast(seen, rule, start),
    "cautious floor alone": lambda seen, rule, start: level_fires(seen, rule.cautious, start),
    "the rule, slope as measured": lambda seen, rule, start: alerts(seen, replace(rule, weight=1.0), start),
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
    fired, levels, start = cell.ours(), cell.paths.seen, cell.start
    found, strict = cell.score(fired), cell.score(fired, SHORT_SLACK_WEEKS)
    fixed = cell.score(fixed_share(levels, start))
    plain = cell.score(plain_forecast(levels, start, cell.rule.horizon_days))
    in_time = flagged(f"{found.in_time:.1%}", found.in_time < TARGET_IN_TIME)
    false = flagged(f"{found.false_per_year:.2f}", found.false_per_year > TARGET_FALSE)
    return (
        f"| {cell.growth:.0%} | {cell.lead_weeks} | {found.reached} | {found.possible:.1%} | {in_time} | {false} "
        f"| {strict.false_per_year:.2f} | {found.waste_weeks:.0f} | {short(fixed)} | {short(plain)} |"
    )


def short(found: Score) -> str:
    return f"{found.in_time:.0%}, {found.false_per_year:.2f}, {found.waste_weeks:.0f}"


def flagged(text: str, missed: bool) -> str:
    return f"**{text}**" if missed else text


def summary(name: str, study: list[Cell], trigger: Trigger = alerts) -> str:
    """One row: the worst cell, the worst of false alarms, and the median of the cells' waste where the plan grows."""
    scores = [(cell, cell.score(cell.ours(trigger))) for cell in study]
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
    "no weekend": {"week": (1.0,) * 7},
    "a year's season of 10 % up and down": {"year": 0.1},
}


def unforeseen(cell: Cell, calm: Paths) -> Flags:
    """Late paths, true where the jump was up and came when the order for the new limit was already due."""
    limit, lead = limit_days(cell.paths, cell.start), cell.lead_weeks * WEEK_DAYS
    late = (limit < NEVER) & (first(cell.ours()) + 1 > limit - lead)
    jump = cell.paths.expected - calm.expected
    up, day = jump[:, -1] > 0, (jump != 0).argmax(axis=1)
    return np.asarray((up & (day >= limit - cell.rule.horizon_days))[late], bool)


def publish(count: int) -> None:
    print(f"\nWithout a jump\n\n{HEAD}")
    calm = {}
    for cell in cells(count, PUBLISHED_SEED, jumps=False):
        print(row(cell), flush=True)
        calm[cell.growth] = cell.paths
    print(f"\nOne jump of 30 %, up or down\n\n{HEAD}")
    late = []
    for cell in cells(count, PUBLISHED_SEED, jumps=True):
        print(row(cell), flush=True)
        late.append(unforeseen(cell, calm[cell.growth]))
    everywhere = np.concatenate(late)
    print(f"\nOf {len(everywhere)} late paths {everywhere.mean():.0%} jumped up when the order was already due.")
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
