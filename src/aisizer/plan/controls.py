"""Which binding controls no cost line of the chosen site pays for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from aisizer.catalog.records import Rule
from aisizer.costs.records import Category, SiteCost
from aisizer.errors import InvalidInput
from aisizer.profile.sections import Compliance
from aisizer.schema import Record
from aisizer.sizing.admissible import binding_controls

PAID_BY: Mapping[str, tuple[Category, ...]] = {
    "backup": ("storage",),
    "capacity": ("hardware", "rent"),
    "facility": ("facility", "rent"),
    "front end": ("front_end",),
    "log storage": ("storage",),
    "network": ("network", "rent"),
    "second site": ("disaster_recovery",),
    "spares": ("spares", "hardware", "rent"),
    "staff": ("staff",),
}
"""Categories of cost lines, any of which pays for a control of that kind; redundancy stands among hardware and rent, and rent
holds the provider's rooms and network."""
FREE = ("schedule",)
"""Kinds of controls that ask for time and not for money."""


class UnpricedControl(Record):
    """A binding control that no cost line pays for; totals are complete without it, because it is often paid elsewhere."""

    framework: str
    kind: str
    text: str
    why: str


def unpriced_controls(rules: Sequence[Rule], compliance: Compliance, cost: SiteCost) -> tuple[UnpricedControl, ...]:
    """The binding controls that neither a line of the site nor a price of the profile for their framework pays for."""
    return tuple(_unpriced(rules, compliance, cost))


def _unpriced(rules: Sequence[Rule], compliance: Compliance, cost: SiteCost) -> Iterator[UnpricedControl]:
    paid = {line.category for line in cost.lines}
    covered = {control.framework for control in compliance.control_costs.values()}
    for rule in rules:
        for control in binding_controls((rule,)) if rule.id not in covered else ():
            if control.kind not in FREE and paid.isdisjoint(PAID_BY.get(control.kind, ())):
                why = (
                    f"No line pays for it, because an organisation's own audit programme often does. Where this service must, "
                    f"give its price in compliance.control_costs with framework: {rule.id}."
                )
                yield UnpricedControl(framework=control.framework, kind=control.kind, text=control.text, why=why)


def check_frameworks(compliance: Compliance, rules: Sequence[Rule]) -> None:
    """Refuses a control's price for a framework that does not bind, because it would pay for nothing."""
    binding = [rule.id for rule in rules]
    for name, control in compliance.control_costs.items():
        if control.framework is not None and control.framework not in binding:
            raise InvalidInput(
                f"compliance.control_costs.{name}.framework: {control.framework} does not bind this profile. Name one of "
                f"{', '.join(binding) or 'none'}, add it to compliance.frameworks, or leave the field out."
            )
