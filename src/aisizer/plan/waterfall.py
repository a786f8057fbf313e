"""Where the GPUs of the first wave went, reason by reason."""

from __future__ import annotations

from collections.abc import Sequence

from aisizer.calibration.intervals import MEDIAN
from aisizer.demand.growth import rollout_share
from aisizer.plan.context import Context
from aisizer.plan.evaluate import Evaluated, opening_factor, planned_factor
from aisizer.profile.sections import Resilience
from aisizer.sizing.fleet import Fleet, fleet
from aisizer.sizing.pools import Pool as SizedPool
from aisizer.sizing.records import WaterfallStep


def waterfall(context: Context, best: Evaluated) -> tuple[WaterfallStep, ...]:
    """Where the GPUs of the first wave went, reason by reason."""
    resilience, size = context.profile.resilience, best.offer.gpus
    opening = opening_factor(best, context.demand)
    first = fleet(best.layout, opening, resilience)
    factor = planned_factor(best, context.demand)
    last = fleet(best.layout, factor, resilience)
    production = best.fleets.production[best.fleets.first]
    spare = last.redundant_servers + last.spread_servers
    serving = production - spare - last.upgrade_servers
    month = best.fleets.waves[0].planned_to
    busiest = max((c.pool for c in best.layout.candidates), key=lambda pool: pool.burst)
    rate = _rate_meant(context, busiest.workloads)
    recovery = resilience.disaster_recovery.posture.replace("backup_", "backup_and_").replace("_", " ")
    start = f"month-{best.fleets.first + 1}" if best.bridge else "go-live"
    share = rollout_share(context.profile.growth, context.go_live, best.fleets.first)
    pilot = "" if share == 1 else f", at {share * 100:.3g} % of the rollout,"
    named = [
        ("throughput", first.throughput, f"what carries the {start} peak hour at all, however slowly"),
        ("latency", first.latency, "what also meets every SLO percentile, without a reserve"),
        ("growth", last.latency, f"demand grows to {factor / opening:.2f}x that of {start}{pilot} by month {month}"),
        ("burst", last.burst, _burst_reason(busiest, rate)),
        ("headroom", last.headroom, f"{resilience.headroom * 100:.0f} % stays free for forecast and model error"),
        ("confidence", last.confidence, _confidence(resilience)),
        ("servers", serving * size, f"whole servers of {size}"),
        ("redundancy", (serving + spare) * size, _redundancy(resilience.redundancy, last)),
        ("upgrade", production * size, f"{resilience.upgrades.method.replace('_', '/')} upgrades"),
        ("disaster_recovery", best.fleets.servers[best.fleets.first] * size, f"second site: {recovery}"),
    ]
    return tuple(WaterfallStep(name=name, gpus=gpus, reason=reason) for name, gpus, reason in named)


def _rate_meant(context: Context, workloads: Sequence[str]) -> str:
    """What the peak rates of a pool's workloads are: of a window that was measured, or of the hour that was stated."""
    measured = any(context.profile.workloads[name].burst.modulation for name in workloads)
    return "peak-window" if measured else "peak-hour"


def _burst_reason(busiest: SizedPool, rate: str) -> str:
    """Where the burst comes from: the dispersion of the arrivals, or a replayed trace that asks for so much."""
    if busiest.replays:
        return f"room for {busiest.burst:.2f}x the {rate} rate, with which the replay of the trace meets every SLO"
    return f"the busiest minutes bring {busiest.burst:.2f}x the {rate} rate"


def _confidence(resilience: Resilience) -> str:
    level = f"{resilience.confidence * 100:.4g} %"
    if resilience.confidence <= MEDIAN:
        return f"confidence {level}: the plain prediction, with headroom for its error"
    return (
        f"each SLO holds with {level} by the model's measured error, where its part of the headroom is less than that"
    )


def _redundancy(wanted: str, needed: Fleet) -> str:
    down, spread = needed.redundant_servers, needed.spread_servers
    more = f"; {spread} more so that each pool keeps whole replicas" if spread else ""
    servers = f"{down or 'no'} server{'s' if down > 1 else ''}"
    return f"{wanted}: {servers} may be down at the peak with every SLO met{more}"
