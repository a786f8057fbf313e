"""What must hold of a plan's confidence: chances are chances, more of it never needs less, and it is what it says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import planning
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aisizer.calibration.intervals import probability_within
from aisizer.plan import Plan
from aisizer.plan.confidence import Strain, at, conditions, probability, strain
from aisizer.plan.context import Context, gather
from aisizer.profile.load import load_profile
from aisizer.queueing.occupancy import solve
from aisizer.sizing.capacity import Candidate, screen
from aisizer.sizing.cuts import Room

ROOT = Path(__file__).parents[2]
law = settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
rates = st.floats(1, 80)
ROOMS = {"h100-sxm": Room(8), "l40s": Room(8)}
EASY = Strain(near_wall=False, crowded=False)
TIGHT = {"ttft_p95": "300 ms", "tpot_p95": "20 ms"}


def plan(folder: Path, **changes: Any) -> Plan:
    made: Plan = planning.plan_for(folder, {k.replace("__", "."): v for k, v in changes.items()})
    return made


def loaded_with(rate: float) -> dict[str, Any]:
    return {"workloads__chat__load": {"rate": f"{rate} req/s"}, "workloads__chat__slo": TIGHT}


@law
@given(rates, st.floats(50, 99), st.floats(50, 99))
def test_more_confidence_never_needs_fewer_gpus(tmp_path: Path, rate: float, one: float, other: float) -> None:
    sure, surer = (
        plan(tmp_path, **loaded_with(rate), resilience={"confidence": f"{c} %"}) for c in sorted((one, other))
    )
    small = {(o.site, o.gpu): o.gpus_month_36 for o in sure.ranking}
    large = {(o.site, o.gpu): o.gpus_month_36 for o in surer.ranking}
    assert set(large) <= set(small)  # an option that cannot be had with less confidence cannot be had with more
    assert all(large[key] >= small[key] for key in large)


@law
@given(rates, st.sampled_from(["50 %", "75 %", "90 %", "95 %"]))
def test_counts_and_chances_agree_with_the_decision(tmp_path: Path, rate: float, confidence: str) -> None:
    made = plan(tmp_path, **loaded_with(rate), resilience={"confidence": confidence})
    if made.decision is None:
        assert {group.reason for group in made.rejections} & {"confidence"}
        return
    decision = made.decision
    assert decision.gpus_p50 is not None and decision.probability_met is not None
    assert decision.gpus_p50 <= decision.gpus
    assert confidence != "50 %" or decision.gpus_p50 == decision.gpus
    assert confidence != "90 %" or decision.gpus_p90 == decision.gpus
    assert decision.gpus_p90 is None or decision.gpus_p50 <= decision.gpus_p90
    assert decision.gpus_needed_p90 is None or decision.gpus_needed <= decision.gpus_needed_p90
    for result in made.slo:
        assert result.probability is not None and 0 <= result.probability <= 1
        assert result.low_ms <= result.predicted_ms <= result.high_ms
    assert decision.probability_met == min(result.probability for result in made.slo if result.probability is not None)
    assert decision.probability_met == made.ranking[0].probability_met


def test_the_waterfall_says_what_confidence_adds(tmp_path: Path) -> None:
    plain, sure = (
        plan(
            tmp_path, **loaded_with(60), resilience={"confidence": c}, supply={"sites": ["on_premises"], "gpus": [gpu]}
        )
        for c, gpu in (("50 %", "h100-sxm"), ("99 %", "h100-sxm"))
    )
    steps = [{step.name: step.gpus for step in made.waterfall} for made in (plain, sure)]
    assert steps[0]["confidence"] == steps[0]["headroom"]
    assert steps[1]["confidence"] > steps[1]["headroom"]
    assert list(steps[1].values()) == sorted(steps[1].values())
    assert sure.triggers[0].limit < plain.triggers[0].limit


def context_of(folder: Path, changes: dict[str, Any]) -> Context:
    file = folder / "law.yaml"
    file.write_text(json.dumps(planning.changed(changes)), encoding="utf-8")
    return gather(load_profile(file), planning.catalog(), {})


@pytest.mark.parametrize("level", [0.7, 0.9, 0.97])
@pytest.mark.parametrize("load", [{"rate": "20 req/s"}, {"concurrency": 200}], ids=["open", "closed"])
def test_at_its_share_every_slo_holds_with_the_confidence_and_once_just_so(
    tmp_path: Path, level: float, load: dict[str, Any]
) -> None:
    slo = {"ttft_p95": "2 s", "tpot_p95": "20 ms"}
    context = context_of(tmp_path, {"workloads.chat.load": load, "workloads.chat.slo": slo})
    pool = context.pools[0]
    found = screen(pool, context.named.gpus, ROOMS, context.named.engine, context.profile.supply).candidates
    sure = [c for c in at(context, found, level) if isinstance(c, Candidate)]
    assert sure
    least = []
    for candidate in sure:
        share = candidate.confident_share
        assert share is not None and 0 < share <= candidate.share
        latency = solve([candidate.replica.table], pool.requests, pool.load, np.array([share]))
        if strain(latency, 0) != EASY:
            continue
        chances = [probability(context, candidate, limit, latency, 0) for limit in pool.limits]
        assert min(chances) >= level - 1e-6
        least.append(min(chances))
    plain = max(  # caution never flatters
        probability_within(1.0, 1.0, m.metric, conditions(context, sure[0], m, EASY)) for m in pool.limits
    )
    assert min(least) <= max(level, plain) + 0.02


@pytest.mark.parametrize("name", ["reasoning-moe", "rag-internal"])
def test_what_is_likely_as_bought_is_not_called_impossible_at_high_confidence(name: str) -> None:
    """Predictions err more in a crowd, but a fleet need not be filled to one: 9 in 10 as bought is 9 in 10 for some count."""
    made = planning.make_plan(load_profile(ROOT / "profiles" / f"{name}.yaml"), planning.catalog())
    likely = [o for o in made.ranking if o.probability_met is not None and o.probability_met >= 0.9]
    assert likely
    assert [(o.site, o.gpu) for o in likely if o.gpus_p90 is None] == []
