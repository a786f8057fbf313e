"""People who run the fleet, by role."""

from __future__ import annotations

from collections.abc import Mapping

from aisizer.costs.lines import (
    EACH_MONTH,
    YEARS_PER_MONTH,
    Buyer,
    Factor,
    named_factor,
    own_factor,
    own_price,
    priced_line,
)
from aisizer.costs.records import CostLine
from aisizer.profile.sections import StaffRole, StaffRoleName

WAGES: Mapping[StaffRoleName, str] = {
    "operations": "fte-systems-engineer-us",
    "platform": "fte-platform-engineer-us",
    "security": "fte-security-analyst-us",
    "on_call": "fte-systems-engineer-us",
}
"""The catalog amount that prices a year of each role; who is on call is taken to be of operations."""
PER_YEAR = "FTE-year"
WORK: Mapping[StaffRoleName, str] = {
    "operations": "Operations: servers, parts, systems",
    "platform": "Platform: engine, models, releases",
    "security": "Security: access, patches, evidence",
    "on_call": "On call beyond the rota that exists",
}


def staff_lines(buyer: Buyer) -> list[CostLine]:
    """One line for each role that the site or the profile names; one for all people where neither does."""
    own, shares = buyer.supply.staff, buyer.site.staff_shares
    roles = [role for role in WORK if role in own or role in shares]
    return [_role(buyer, role, shares) for role in roles] if roles else _everybody(buyer)


def _everybody(buyer: Buyer) -> list[CostLine]:
    price = buyer.book.named(WAGES["operations"])
    factors = {"fte": _total(buyer), "years_per_month": YEARS_PER_MONTH}
    name = "Staff that runs the fleet"
    item = WAGES["operations"]
    return [
        priced_line("staff", "staff", name, "expense", "month", price, EACH_MONTH, factors, item=item, per=PER_YEAR)
    ]


def _role(buyer: Buyer, role: StaffRoleName, shares: Mapping[str, str]) -> CostLine:
    """A role's share of the site's people, or what the profile says of it."""
    own, path = buyer.supply.staff.get(role) or StaffRole(), f"supply.staff.{role}"
    price = own_price(own.cost_per_year, f"{path}.cost_per_year", "USD/FTE-year") or buyer.book.named(WAGES[role])
    fte = own_factor(own.fte, f"{path}.fte")
    people = {"fte": fte} if fte else _shared(buyer, shares.get(role))
    factors = {**people, "years_per_month": YEARS_PER_MONTH}
    id = f"staff-{role.replace('_', '-')}"
    return priced_line(
        id, "staff", WORK[role], "expense", "month", price, EACH_MONTH, factors, item=WAGES[role], per=PER_YEAR
    )


def _shared(buyer: Buyer, share: str | None) -> dict[str, Factor]:
    """A part of the site's people; none where the catalog gives the role no part."""
    if share is None:
        return {"fte": Factor(0.0)}
    return {"fte": _total(buyer), "role_share": named_factor(buyer.book, share)}


def _total(buyer: Buyer) -> Factor:
    own = own_factor(buyer.supply.staff_fte, "supply.staff_fte")
    return own or named_factor(buyer.book, buyer.site.staff_fte)
