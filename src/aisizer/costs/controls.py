"""What security and audit controls cost, where the profile says so."""

from __future__ import annotations

from aisizer.costs.lines import EACH_MONTH, PERIODS, YEARS_PER_MONTH, Buyer, own_price, priced_line
from aisizer.costs.records import CostLine
from aisizer.profile.sections import ControlCost

ONCE = (1.0, *(0.0,) * (PERIODS - 1))
"""The quantity of what is paid once, before service."""


def control_lines(buyer: Buyer) -> list[CostLine]:
    """One line for each control that the profile prices."""
    return [_line(name, control) for name, control in buyer.controls.items()]


def _line(name: str, control: ControlCost) -> CostLine:
    text = f"Control {name}" + (f" for {control.framework}" if control.framework else "")
    path = f"compliance.control_costs.{name}.cost"
    if control.per == "once":
        price = own_price(control.cost, path, "USD/control")
        return priced_line(f"control-{name}", "compliance", text, "expense", "control", price, ONCE)
    price, months = own_price(control.cost, path, "USD/year"), {"years_per_month": YEARS_PER_MONTH}
    return priced_line(f"control-{name}", "compliance", text, "expense", "month", price, EACH_MONTH, months)
