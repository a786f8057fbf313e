"""The document's sections on the way to production: the bridge until delivery, and the path from the decision to service."""

from __future__ import annotations

from aisizer.deliver import labels, numbers
from aisizer.deliver.blocks import Facts, Paragraph, Section
from aisizer.plan import Plan
from aisizer.plan.records import Bridge


def bridge_section(plan: Plan) -> Section:
    """What serves until the chosen site delivers, with its dates and its cost."""
    bridge, site = plan.bridge, labels.decided(plan).site
    if bridge is None:
        raise ValueError("the plan has no bridge")
    text = (
        f"{bridge.reason} Until then {numbers.count(bridge.gpus, 'GPU')} rented {labels.site(bridge.site)} serve, sized "
        "for the demand of those months with the same headroom and redundancy."
    )
    then = f"On {bridge.until} the first wave {labels.site(site)} takes over; the bridge is handed back."
    return Section("bridge", "Bridge until delivery", (Paragraph(text), _facts(bridge), Paragraph(then)))


def _facts(bridge: Bridge) -> Facts:
    least = "at least " if bridge.missing else ""
    return Facts(
        (
            ("Rented", f"{bridge.servers} x {bridge.offer_name} on demand"),
            ("Order by", bridge.order_by.isoformat()),
            ("Serves from", bridge.from_.isoformat()),
            ("Until", f"{bridge.until} ({numbers.count(bridge.months, 'month')})"),
            ("Cost a month, all that stands beside it included", f"{least}{numbers.cents(bridge.usd_per_month)} USD"),
            ("Cost in all, part of the site's cost", f"{least}{numbers.cents(bridge.usd)} USD"),
        )
    )
