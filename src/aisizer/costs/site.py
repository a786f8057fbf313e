"""All cost lines of a fleet at its site, but for what stands around it."""

from __future__ import annotations

from aisizer.costs.controls import control_lines
from aisizer.costs.egress import egress_lines
from aisizer.costs.licences import flat_licence_lines, licence_lines
from aisizer.costs.lines import Buyer, Fleet, Volume
from aisizer.costs.owned import owned_lines
from aisizer.costs.people import staff_lines
from aisizer.costs.records import CostLine
from aisizer.costs.rented import rented_lines


def site_lines(buyer: Buyer, fleet: Fleet, volume: Volume) -> tuple[CostLine, ...]:
    """What the fleet costs, and the people, traffic, licences and controls that come with it."""
    return (
        *capacity_lines(buyer, fleet),
        *flat_licence_lines(buyer, fleet),
        *staff_lines(buyer),
        *egress_lines(buyer, volume),
        *control_lines(buyer),
    )


def capacity_lines(buyer: Buyer, fleet: Fleet) -> list[CostLine]:
    """What servers or instances cost with all that is paid for each of them."""
    capacity = owned_lines(buyer, fleet) if buyer.site.ownership == "own" else rented_lines(buyer, fleet)
    return [*capacity, *licence_lines(buyer, fleet)]
