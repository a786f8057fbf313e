"""The figures of a profile's finance section as tco.xlsx takes them: the user's, or the default."""

from __future__ import annotations

from typing import Any

from aisizer import units
from aisizer.plan import Plan
from aisizer.profile.sections import Finance


def section(plan: Plan, name: str) -> dict[str, Any]:
    """A section of the profile as it was written."""
    return dict(plan.profile.get(name) or {})


def share(plan: Plan, name: str) -> float:
    """[1] a share such as tax or residual."""
    return units.parse(section(plan, "finance").get(name, 0.0), "share")


def life_months(plan: Plan) -> float:
    """[month] book life of what is capitalised."""
    written = section(plan, "finance").get("useful_life")
    default = Finance.model_fields["useful_life"].default
    return float(default if written is None else units.parse(written, "time")) / units.MONTH


def escalation(plan: Plan, category: str) -> float:
    """[1/year] by which the prices of a category step up."""
    rates = section(plan, "finance").get("escalation") or {}
    return units.parse(rates.get(category, 0.0), "share")
