"""Upstream systems: which ceiling breaks first, and how retries bring that forward."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.append(str(Path(__file__).parents[1] / "laws"))
from planning import catalog, changed

from aisizer.plan.context import gather
from aisizer.plan.upstream import first_to_break, uses
from aisizer.profile.load import profile_of

GROWS = {"growth.rate": "3 %/month", "workloads.chat.load": {"rate": "10 req/s"}}


def found(**systems: Any) -> Any:
    return uses(gather(profile_of(changed({**GROWS, "integrations": systems}), "law.json"), catalog(), {}))


def test_retries_bring_the_break_forward() -> None:
    """10 calls/s that grow by 3 % a month reach 15 in month 14.7, 15 / 1.5 at once, and 15 / 3 at once."""
    (use,) = found(crm={"limit": "15 req/s", "retry": {"attempts": 3, "failing": 0.25}})
    assert use.retry_calls_per_s["go_live"] == pytest.approx(10 * (1 + 0.25 + 0.0625))
    assert use.retry_utilization["month_36"] == pytest.approx(1.3125 * use.utilization["month_36"])
    assert use.worst_utilization["month_12"] == pytest.approx(3 * use.utilization["month_12"])
    months = use.breaks_at_worst_in_month, use.breaks_with_retries_in_month, use.breaks_in_month
    assert months == (1, 6, 15)


def test_the_first_that_breaks_is_named() -> None:
    roomy, tight, unknown = {"limit": "1000 req/s"}, {"limit": "12 req/s", "retry": {"attempts": 2}}, {"latency": "1 s"}
    said = first_to_break(found(a=roomy, b=tight, c=unknown))
    assert "on first attempts, b in month 8" in said and "every retry is used, b in month 1" in said
    assert "No limit is known of c" in said
    assert first_to_break(found(a=roomy)).startswith("No known ceiling breaks within 36 months, not even when")
    assert first_to_break(()) == ""
