"""The results on money beside the totals, gathered for the Plan."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from aisizer.costs.categories import by_category
from aisizer.costs.managed import ApiBreakEven
from aisizer.costs.records import SiteCost
from aisizer.plan.comparisons import comparisons, cumulative
from aisizer.plan.context import Context
from aisizer.plan.evaluate import Evaluated, first_of_each_site
from aisizer.plan.growth_costs import growth_costs
from aisizer.plan.parts import parts
from aisizer.plan.price_moves import flips, market, price_drivers
from aisizer.plan.states import first_wave
from aisizer.plan.unit_costs import BASELINE, input_share, unit_costs, volumes
from aisizer.queueing.records import Latency
from aisizer.units import MONTH

Found = Mapping[int, tuple[Sequence[Latency], int]]
"""Latencies of the best options of each site and GPU class in their first waves, by the option's identity."""


def results(
    context: Context,
    order: Sequence[Evaluated],
    found: Found,
    tco: Mapping[str, SiteCost],
    baseline: SiteCost | None,
    apis: Sequence[ApiBreakEven],
) -> dict[str, object]:
    """The fields of the Plan that say what a unit costs, when it pays, what reserves cost, and what the choice hangs on."""
    best, finance, volume = order[0], context.profile.finance, volumes(context)
    by_site = first_of_each_site(order)
    shares = {e.site.id: input_share(e, first_wave(context, e)[0], *found[id(e)]) for e in by_site}
    shares = {site: share for site, share in shares.items() if math.isfinite(share)}
    fleets = {**tco, **({} if baseline is None else {BASELINE: baseline})}
    options = market(context, order)
    return {
        "categories": {name: by_category(cost.lines, finance.useful_life / MONTH) for name, cost in fleets.items()},
        "volumes": volume,
        "unit_costs": unit_costs(fleets, shares, volume, finance.served_share),
        "comparisons": comparisons(context, tco, baseline, apis),
        "cumulative": cumulative(context, tco, baseline, apis),
        "parts": parts(context, best),
        "flips": flips(options, context.demand.book),
        "sensitivity": price_drivers(options, best, finance),
        "growth_costs": growth_costs(context, by_site),
    }
