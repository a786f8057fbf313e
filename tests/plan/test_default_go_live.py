"""Without a go_live the plan takes a date that its own path and lead times keep."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.append(str(Path(__file__).parents[1] / "laws"))
from planning import plan_for

SETTLED = {"owner": "head of service", "budgeted": True, "review_in_parallel": True}


@pytest.mark.parametrize("settled", [{}, SETTLED])
def test_the_default_go_live_is_never_late(tmp_path: Path, settled: dict[str, Any]) -> None:
    plan = plan_for(tmp_path, {"go_live": None, "supply.path": settled})
    assert plan.path is not None and plan.path.in_time
    assert not any("after go_live" in warning for warning in plan.warnings)
    assert plan.decision.go_live.day == 1


def test_what_is_settled_serves_sooner(tmp_path: Path) -> None:
    waits, settled = (plan_for(tmp_path, {"go_live": None, "supply.path": path}) for path in ({}, SETTLED))
    assert settled.decision.go_live < waits.decision.go_live
