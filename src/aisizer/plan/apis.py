"""The managed APIs of the catalog beside the chosen fleet: compared, never chosen."""

from __future__ import annotations

from aisizer.costs.managed import ApiBreakEven, api_break_even
from aisizer.plan.context import Context, volume_of
from aisizer.plan.evaluate import Evaluated
from aisizer.sizing.admissible import site_verdict


def break_evens(context: Context, best: Evaluated, utilization: float) -> tuple[ApiBreakEven, ...]:
    """Each API with a price for at least one of the profile's models, at the plan's volume."""
    models = {name: model.id for name, model in context.named.models.items()}
    volumes = {name: volume_of([context.offered[name]], context.demand.factors) for name in models}
    return tuple(
        api_break_even(
            api,
            site_verdict(api, context.profile.compliance, context.named.rules),
            best.cost,
            volumes,
            models,
            utilization,
        )
        for api in context.catalog.apis.values()
        if set(models.values()) & set(api.models)
    )
