"""Laws of what survives: a stricter availability, racks that fall whole and upgrades on top never need fewer GPUs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import planning
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aisizer.plan import Plan

law = settings(
    max_examples=6, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def plan(folder: Path, rate: float, **resilience: Any) -> Plan:
    made: Plan = planning.plan_for(
        folder, {"workloads.chat.load": {"rate": f"{rate} req/s"}, "resilience": resilience | {"redundancy": "auto"}}
    )
    return made


def never_fewer(least: Plan, most: Plan) -> bool:
    """Whether every site and GPU of the one needs at least as many GPUs in the other."""
    small = {(o.site, o.gpu): o.gpus_month_36 for o in least.ranking}
    large = {(o.site, o.gpu): o.gpus_month_36 for o in most.ranking}
    return set(large) <= set(small) and all(large[key] >= small[key] for key in large)


@law
@given(st.floats(20, 200), st.floats(90, 99.999), st.floats(90, 99.999))
def test_a_stricter_availability_never_needs_fewer_gpus(tmp_path: Path, rate: float, one: float, other: float) -> None:
    loose, strict = (plan(tmp_path, rate, availability=f"{a} %") for a in sorted((one, other)))
    assert never_fewer(loose, strict)


@law
@given(st.floats(20, 200), st.integers(1, 8))
def test_racks_patches_at_the_peak_and_stacked_upgrades_never_need_fewer_gpus(
    tmp_path: Path, rate: float, per_rack: int
) -> None:
    plain = plan(tmp_path, rate)
    assert never_fewer(plain, plan(tmp_path, rate, servers_per_rack=per_rack))
    assert never_fewer(plain, plan(tmp_path, rate, patch_at_peak=True))
    assert never_fewer(plain, plan(tmp_path, rate, upgrades={"stack_on_redundancy": True}))
