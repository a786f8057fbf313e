"""Rates on what other lines buy: taxes, duty, freight, insurance; a rate of zero makes no line."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from aisizer.costs.lines import FACTOR_UNITS, YEARS_PER_MONTH, amounts
from aisizer.costs.records import Category, CostLine
from aisizer.costs.tco import price_steps
from aisizer.profile.sections import Finance

UNTAXED: tuple[Category, ...] = (
    "staff", "migrations", "compliance", "insurance", "property_tax", "residual", "decommissioning",
)  # fmt: skip
"""Categories that the tax on services leaves out: people of one's own, insurance (exempt: Directive 2006/112/EC, art. 135), a
tax, and what the profile gives as it is paid."""
ON_GOODS: dict[Category, str] = {
    "tax": "Sales or use tax on",
    "duty": "Customs duty on",
    "freight": "Freight beyond installation of",
}
"""What is paid once with a purchase, at the rate of the same name in the section finance."""
IN_SERVICE: dict[Category, str] = {"insurance": "Insurance of", "property_tax": "Property tax on"}
"""What is paid each month on the purchase price of what serves."""


def carrying_lines(lines: Sequence[CostLine], finance: Finance) -> tuple[CostLine, ...]:
    """Insurance and property tax on the goods among the lines, by the month in which they serve; at their own yearly step."""
    return tuple(
        _carried(line, category, finance)
        for category in IN_SERVICE
        if getattr(finance, category) > 0
        for line in lines
        if is_goods(line)
    )


def rate_lines(lines: Sequence[CostLine], finance: Finance) -> tuple[CostLine, ...]:
    """Tax, duty and freight on goods and the tax on services, paid when and at the prices that their lines are."""
    on_goods = (
        _rated(line, category, getattr(finance, category))
        for category in ON_GOODS
        if getattr(finance, category) > 0
        for line in lines
        if is_goods(line)
    )
    on_services = (
        _service_taxed(line, finance.service_tax) for line in lines if finance.service_tax > 0 and is_service(line)
    )
    return (*on_goods, *on_services)


def is_goods(line: CostLine) -> bool:
    """Whether a line buys things: all that is capitalised but for freight and installation, which are services.

    Most sales taxes leave those out (assumed).
    """
    return line.treatment == "capitalise" and "install_rate" not in line.factors and line.category != "residual"


def is_service(line: CostLine) -> bool:
    """Whether a supplier's service stands behind a line, on which VAT or a tax on services falls."""
    return not is_goods(line) and line.category not in UNTAXED


def _rated(line: CostLine, category: Category, rate: float) -> CostLine:
    """A line of its own that adds a rate to what another one buys."""
    return line.model_copy(
        update={
            "id": f"{category.replace('_', '-')}-{line.id}",
            "category": category,
            "description": f"{ON_GOODS.get(category, 'Tax on services,')} {line.description}",
            "factors": line.factors | {category: rate},
            "factor_units": line.factor_units | {category: FACTOR_UNITS[category]},
            "factor_paths": line.factor_paths | {category: f"finance.{category}"},
        }
    )


def _service_taxed(line: CostLine, rate: float) -> CostLine:
    # Without the waves of its line, because it is ordered with nothing; and a tax is no lease.
    treatment = "expense" if line.treatment == "possible_lease" else line.treatment
    return _rated(line, "service_tax", rate).model_copy(update={"waves": (), "treatment": treatment})


def _carried(line: CostLine, category: Category, finance: Finance) -> CostLine:
    """A yearly rate on the price that was paid for what has been bought so far, month by month.

    What was bought after its price stepped up counts for so much more of it.
    """
    held = list(accumulate((price_steps(line) * line.used).tolist()))
    made = _rated(line, category, getattr(finance, category))
    return made.model_copy(
        update={
            "description": f"{IN_SERVICE[category]} {line.description}",
            "treatment": "expense",
            "quantity": amounts((0.0, *held[1:])),
            "served": (),
            "unit": f"{line.unit}-month",
            "factors": made.factors | {"years_per_month": YEARS_PER_MONTH.value},
            "factor_units": made.factor_units | {"years_per_month": FACTOR_UNITS["years_per_month"]},
            "waves": (),
            "escalation": finance.escalation.get(category, 0.0),
        }
    )
