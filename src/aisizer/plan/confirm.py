"""The leading options simulated: what their replicas carry, and what their users see, in place of the analytic screen's word."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, cast, get_args

from aisizer.errors import InvalidInput, Rejection
from aisizer.plan import evaluate
from aisizer.plan.bridge import until
from aisizer.plan.context import Context
from aisizer.plan.evaluate import Evaluated, expansion_months
from aisizer.plan.records import Confirmation
from aisizer.plan.seen import Simulated
from aisizer.plan.states import first_wave
from aisizer.roadmap.waves import Fleets, fleets
from aisizer.sizing.capacity import Candidate, limited
from aisizer.sizing.verify import AUTO, FULL, Trial, carried, trial

Confirm = Literal["none", "auto", "full"]
EFFORTS = {"auto": AUTO, "full": FULL}
LEADERS = 2
"""Options that are simulated before the first of them is chosen: it and the runner-up."""
LOWEST = 0.5
"""[1] of the analytic share below which a load that still misses a promise is not lowered further: the plan then says so."""
LARGEST_BURST = 20.0
"""[1] above which the burst of a trace is raised no further."""
RESERVED, LEAST_PART = 0.97, 0.8
"""[1] to which a replica's load is lowered at most and at least in one step, as long as the fleet's own simulation misses a
limit."""


def as_confirm(word: str) -> Confirm:
    """One of the words, or a refusal that names them."""
    if word not in get_args(Confirm):
        raise InvalidInput(f"--confirm is one of {', '.join(get_args(Confirm))} (got {word}). Leave it out for auto.")
    return cast(Confirm, word)


@dataclass(slots=True)
class Ledger:
    """What was simulated so far."""

    confirm: Confirm
    simulated: int = 0
    trials: dict[tuple[Candidate, float, int], Trial] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The ranked options with the leading ones simulated, those that failed, and what was simulated."""

    order: tuple[Evaluated, ...]
    rejections: tuple[Rejection, ...]
    ledger: Ledger


def confirmed(context: Context, order: Sequence[Evaluated], confirm: Confirm) -> Confirmed:
    """Simulates the leading options' replicas and ranks again, until those that lead are simulated ones and their fleets keep
    every promise in simulation too.

    What a replica carries then is what the simulation says, for every option that uses it.
    """
    ledger, rejections, ranked = Ledger(confirm), list[Rejection](), list(order)
    while confirm != "none":
        leading = _with_bridges(context, evaluate.best_per_site_and_gpu(ranked)[:LEADERS])
        new = {id(c): c for _, e in leading for c in e.layout.candidates if c.analytic_share is None}
        found = {i: _simulated(context, c, leading, ledger) for i, c in new.items()} or _missing(leading, ledger)
        if not found:
            break
        ranked, failed = _again(context, ranked, found)
        rejections += failed
    return Confirmed(tuple(ranked), tuple(rejections), ledger)


def fleet_trials(context: Context, e: Evaluated, ledger: Ledger) -> Simulated | None:
    """The first wave's fleet in both states, burst included; None where nothing is simulated."""
    if ledger.confirm == "none":
        return None
    up, down = (
        tuple(
            _trial(context, candidate, state.factor * _burst(candidate) / replicas, replicas, ledger)
            for candidate, replicas in zip(e.layout.candidates, state.replicas, strict=True)
        )
        for state in first_wave(context, e)
    )
    return Simulated(e.layout.candidates, up, down)


def _burst(candidate: Candidate) -> float:
    """[1] by which the busiest minutes lift the load; a replay has its own."""
    return 1.0 if candidate.pool.replays else candidate.pool.burst


def confirmation(e: Evaluated, found: Simulated | None, ledger: Ledger) -> Confirmation:
    """What the plan says about its simulations."""
    if found is None:
        return Confirmation(confirm="none", simulated=0, requests=0, seeds=0, undecided=(), refused=0.0, replayed=())
    played = [*found.up, *found.down]
    return Confirmation(
        confirm=ledger.confirm,
        simulated=ledger.simulated,
        requests=max(trial.requests for trial in played),
        seeds=max(trial.seeds for trial in played),
        undecided=tuple(dict.fromkeys(_undecided(e, found))),
        refused=max(trial.refused for trial in played),
        replayed=tuple(w for c in e.layout.candidates if c.pool.replays for w in c.pool.promised.workloads),
    )


def _undecided(e: Evaluated, found: Simulated) -> Iterator[str]:
    for pool in dict.fromkeys(c.pool.promised.name for c in e.layout.candidates):
        promised = next(c.pool.promised for c in e.layout.candidates if c.pool.promised.name == pool)
        for limit in promised.limits:
            if not all(estimate.side(limit.seconds) for estimate in found.value(pool, limit)):
                yield f"{promised.workloads[limit.class_id]} {limit.metric}_{limit.statistic}"


Leading = Sequence[tuple[Context, Evaluated]]
"""Options that are simulated, each with the demand that it serves."""


def _with_bridges(context: Context, options: Sequence[Evaluated]) -> Leading:
    """The options, and what bridges them: that serves the demand of its own months."""
    own = [(context, e) for e in options]
    lent = [
        (replace(context, demand=until(context.demand, e.fleets.first + 1)), e.bridge)
        for e in options
        if e.bridge is not None
    ]
    return [*own, *lent]


def _missing(leading: Leading, ledger: Ledger) -> dict[int, Candidate | Rejection]:
    """Candidates whose fleet misses a promise in simulation, changed so that the fleet grows."""
    found: dict[int, Candidate | Rejection] = {}
    for context, e in leading:
        simulated = fleet_trials(context, e, ledger)
        if simulated is None:
            continue
        for c in e.layout.candidates:
            excess = max(simulated.excess(c.pool.promised.name, limit) for limit in c.pool.promised.limits)
            if excess > 1 and (grown := _grown(c, excess)) is not None:
                found[id(c)] = grown
    return found


def _grown(candidate: Candidate, excess: float) -> Candidate | None:
    """The candidate with a higher burst where a trace is replayed, else with less load on each replica; the more so the
    further its latency lies beyond the target. None where that has gone as far as it goes: the plan then says so."""
    part = min(RESERVED, max(excess**-0.5, LEAST_PART))
    if candidate.pool.replays:
        burst = candidate.pool.burst / part
        return replace(candidate, pool=replace(candidate.pool, burst=burst)) if burst <= LARGEST_BURST else None
    if candidate.share <= LOWEST * candidate.screened_share:
        return None
    return _at(candidate, candidate.share * part)


def _simulated(context: Context, candidate: Candidate, leading: Leading, ledger: Ledger) -> Candidate | Rejection:
    """The candidate with what the simulation says that it carries, as closely as the leading options' purchases ask for."""

    def bought(share: float) -> list[tuple[int, ...]]:
        return [
            _fleets(at, e, tuple(_at(c, share) if c is candidate else c for c in e.layout.candidates)).servers
            for at, e in leading
            if any(c is candidate for c in e.layout.candidates)
        ]

    routing, effort = context.profile.supply.routing, EFFORTS[ledger.confirm]
    found = carried(candidate, routing, effort, lambda low, high: bought(low) == bought(high))
    ledger.simulated += found.simulated
    if not found.share > 0:
        return _refused(candidate)
    made = replace(
        _at(candidate, found.share),
        stable_share=found.stable_share,
        analytic_share=candidate.share,
        half_width=found.half_width,
    )
    return limited(made, found.binding)


def _at(candidate: Candidate, share: float) -> Candidate:
    """The candidate with another share, and that at the profile's confidence moved as far."""
    sure = candidate.confident_share
    return replace(candidate, share=share, confident_share=None if sure is None else sure * share / candidate.share)


def _refused(candidate: Candidate) -> Rejection:
    detail = "the simulation finds no load under which it meets every SLO, though the analytic queue does"
    return Rejection("slo", detail, option=candidate.form.option(candidate.pool))


def _again(
    context: Context, ranked: Sequence[Evaluated], found: Mapping[int, Candidate | Rejection]
) -> tuple[list[Evaluated], list[Rejection]]:
    """The options with their candidates replaced, priced and ranked anew."""
    kept: list[Evaluated] = []
    rejections: list[Rejection] = []
    for e in ranked:
        whole, refused = _replaced(e, found)
        bridge = e.bridge
        if bridge is not None:
            bridging, more = _replaced(bridge, found)
            refused += more
            bridge = bridge if bridging == bridge.layout.candidates else _bridge(context, e, bridge, bridging)
        if not refused and (whole != e.layout.candidates or bridge is not e.bridge):
            e = _with(context, e, whole, bridge)
        over = evaluate.oversized(e) or evaluate.beyond_site(e, context.demand)
        refused += [over] if over else []
        at: dict[str, str | int] = {"site": e.site.id, "gpu": e.offer.gpu}
        rejections += [replace(r, option=at | r.option) for r in refused]
        kept += [] if refused else [e]
    return evaluate.ranked(kept, context.profile.finance.discount_rate), rejections


def _replaced(
    e: Evaluated, found: Mapping[int, Candidate | Rejection]
) -> tuple[tuple[Candidate, ...], list[Rejection]]:
    """What an option's candidates have become, and what was found against some of them."""
    made = [found.get(id(c), c) for c in e.layout.candidates]
    return tuple(c for c in made if isinstance(c, Candidate)), [r for r in made if isinstance(r, Rejection)]


def _bridge(context: Context, e: Evaluated, bridge: Evaluated, candidates: tuple[Candidate, ...]) -> Evaluated:
    """The bridge of an option with what the simulation says that its replicas carry in its months."""
    demand = until(context.demand, e.fleets.first + 1)
    return evaluate.evaluate_term(bridge.site, bridge.offer, bridge.term, candidates, demand)


def _with(context: Context, e: Evaluated, candidates: tuple[Candidate, ...], bridge: Evaluated | None) -> Evaluated:
    opening = evaluate.Opening(e.fleets.first + 1, bridge)
    return evaluate.evaluate_term(e.site, e.offer, e.term, candidates, context.demand, opening)


def _fleets(context: Context, e: Evaluated, candidates: tuple[Candidate, ...]) -> Fleets:
    """What an option buys over the months with other candidates in its layout."""
    demand, layout = context.demand, replace(e.layout, candidates=candidates)
    expansion = expansion_months(e.site, demand.profile)
    return fleets(layout, demand.factors, demand.profile.resilience, expansion, e.fleets.first + 1)


def _trial(context: Context, candidate: Candidate, share: float, replicas: int, ledger: Ledger) -> Trial:
    key = candidate, share, replicas
    if key not in ledger.trials:
        found = trial(candidate, share, replicas, context.profile.supply.routing, EFFORTS[ledger.confirm])
        ledger.trials[key] = found
        ledger.simulated += found.simulated
    return ledger.trials[key]
