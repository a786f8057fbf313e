"""What the tests of watch share: triggers, levels that grow, orders, and a plan with two pools that was really made."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import cache
from typing import Any

from sample_plan import trigger

from aisizer.catalog.load import load_catalog
from aisizer.plan import Plan
from aisizer.plan.make import make_plan
from aisizer.profile.load import LoadedProfile, profile_of
from aisizer.profile.sections import GrowthSection, Order
from aisizer.triggers.records import Trigger
from aisizer.watch.judgement import Setting, judged
from aisizer.watch.measured import Measured
from aisizer.watch.orders import added_gpus, capacity_factor, seen
from aisizer.watch.records import Source, Watch, Watched
from aisizer.watch.watch import watched

DAY = timedelta(days=1)
AT = date(2029, 6, 30)
GO_LIVE = date(2027, 12, 1)
SITE = "on_premises"
CAPACITY = "capacity-llama-3.1-8b"
PROFILE: dict[str, Any] = {
    "schema": "aisizer/profile/v1",
    "name": "small",
    "plan_date": "2026-12-01",
    "go_live": "2027-12-01",
    "workloads": {
        "chat": {
            "model": "llama-3.1-8b",
            "load": {"rate": "6 req/s"},
            "prompt_tokens": {"mean": 1500, "p95": 3500},
            "output_tokens": {"mean": 250, "p95": 600},
            "prefix_hit": "20 %",
            "slo": {"ttft_p95": "1.5 s", "tpot_p95": "60 ms"},
        },
        "code": {
            "model": "qwen3-8b",
            "load": {"rate": "2 req/s"},
            "prompt_tokens": {"mean": 1500, "p95": 3500},
            "output_tokens": {"mean": 250, "p95": 600},
        },
    },
    "growth": {"rate": "4 %/month"},
    "supply": {"gpus": ["h100-sxm"], "sites": [SITE]},
}


@cache
def made() -> tuple[Plan, LoadedProfile]:
    loaded = profile_of(PROFILE, "small.json")
    return make_plan(loaded, load_catalog(), {}, "none"), loaded


def loads() -> list[Trigger]:
    """The triggers of the plan on load over sized capacity."""
    return [trigger for trigger in made()[0].triggers if trigger.kind == "load"]


def levels(last: float, per_month: float, days: int = 200, at: date = AT) -> dict[date, float]:
    """Levels that grow by so much a month up to `last` on the day `at`."""
    daily = math.log1p(per_month) / 30.4375
    return {at - n * DAY: last * math.exp(-daily * n) for n in range(days)}


def order(name: str = "PO-1", **more: Any) -> Order:
    given = {"site": SITE, "gpus": 8, "ordered": date(2029, 3, 1), "due": date(2029, 9, 1)}
    return Order(id=name, **(given | more))


def judge(daily: Mapping[date, float], orders: Sequence[Order] = (), at: date = AT, **more: Any) -> Watched:
    """The sample trigger (limit 80 %, 22 + 4 weeks) on a fleet of which 8 GPUs carry the load."""
    asked: Trigger = trigger(**{"id": CAPACITY, "per_gpu": 1 / 8, "floor": 0.4} | more)
    then = at + timedelta(weeks=asked.lead_time_weeks + asked.review_weeks)
    added = added_gpus(seen(orders, at, GO_LIVE, SITE), then, GO_LIVE)
    return judged(asked, daily, Setting(at, GrowthSection(), capacity_factor(asked.per_gpu, added)), "test")


def watch(
    daily: Mapping[str, Mapping[date, float]], workload: Mapping[tuple[str, str], Mapping[date, float]] | None = None
) -> Watch:
    """The plan that was made, watched on these levels."""
    plan, loaded = made()
    source = Source(kind="csv", name="levels.csv", sha256="0" * 64)
    return watched(plan, loaded, Measured(source, daily, workload or {}), AT, "0" * 64)
