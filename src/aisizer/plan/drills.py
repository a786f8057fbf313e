"""The failure drills of a plan: played where the confirmation is full, else told from the plan's own figures."""

from __future__ import annotations

from collections.abc import Sequence

from aisizer.plan.confirm import Confirm
from aisizer.plan.context import Context
from aisizer.plan.drill_formulas import Known, expected
from aisizer.plan.drill_play import FirstWave, Member
from aisizer.plan.drill_records import DrillResult
from aisizer.plan.drill_results import all_played
from aisizer.plan.evaluate import Evaluated, planned_factor
from aisizer.plan.states import first_wave
from aisizer.sizing.fleet import fleet
from aisizer.sizing.records import SloResult

SECONDS, MOST_REQUESTS = 1_800.0, 500_000
"""[s] of a drill in `--confirm full`, so that five minutes of starting and what follows fit between a quarter of it and its
end, and [request] at most, a second of compiled simulation; `aisizer simulate --drill all` plays a whole hour.

In `--confirm auto` none is played. A played request costs 53 us without numba, which takes 0.45 s to load, so that 0.15 s
is 3,000 requests for seven runs; the 15 minutes that an upgrade of two servers takes are 4,900 for clinical-notes and 22,800
for code-assistant, and even one replica in four of them, five minutes of starting included, is more than that. Fewer say nothing
about a 95th percentile."""


def wave_of(context: Context, e: Evaluated) -> FirstWave:
    """The first wave of an option at the highest demand it carries, all servers up."""
    state, byname = first_wave(context, e)[0], dict[str, list[int]]()
    for i, candidate in enumerate(e.layout.candidates):
        byname.setdefault(candidate.pool.promised.name, []).append(i)
    return FirstWave(
        members=tuple(
            Member(tuple(e.layout.candidates[i] for i in rows), tuple(state.replicas[i] for i in rows))
            for rows in byname.values()
        ),
        factor=state.factor,
        servers=e.fleets.production[e.fleets.first],
        recovery_servers=e.fleets.servers[e.fleets.first] - e.fleets.production[e.fleets.first],
        gpus_per_server=e.offer.gpus,
    )


def drills(context: Context, e: Evaluated, slo: Sequence[SloResult], confirm: Confirm) -> tuple[DrillResult, ...]:
    """Every drill of the chosen option's first wave."""
    wave, resilience = wave_of(context, e), context.profile.resilience
    if confirm == "full" and not wave.apart:
        return tuple(found for found, _ in all_played(context, wave, wave.seconds(SECONDS, MOST_REQUESTS), 1))
    down = fleet(e.layout, planned_factor(e, context.demand), resilience).redundant_servers
    return expected(Known(wave, tuple(slo), resilience, down))
