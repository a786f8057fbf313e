"""Cost lines as data: quantity x unit price x named factors, month by month; and what they add up to."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from aisizer.schema import Record

Treatment = Literal["capitalise", "expense", "prepaid", "possible_lease"]
Category = Literal[
    "hardware",
    "network",
    "install",
    "support",
    "power",
    "colocation",
    "rent",
    "bridge",
    "storage",
    "egress",
    "staff",
    "licence",
    "tax",
    "front_end",
    "facility",
    "spares",
    "non_production",
    "migrations",
    "disaster_recovery",
    "residual",
    "duty",
    "freight",
    "insurance",
    "property_tax",
    "service_tax",
    "compliance",
    "decommissioning",
]


class CostLine(Record):
    """One line of cost: amount[month] = quantity[month] x unit_price x factors x (1 + escalation)^(full years in service).

    Period 0 is all spend before service; months 1 to 36 follow. An unknown price is null, never zero.
    """

    id: str
    category: Category
    description: str
    treatment: Treatment
    unit: str
    """unit of the quantity, such as server, kWh, GPU-hour, FTE-month"""
    unit_price_usd: float | None
    price_unit: str
    """what the price is per, such as USD/kWh; the factors turn the quantity into it"""
    low_usd: float | None = None
    high_usd: float | None = None
    factor_units: dict[str, str] = Field(default_factory=dict)
    """unit of each factor"""
    factors: dict[str, float] = Field(default_factory=dict)
    """named multipliers, such as {pue: 1.3, tax: 1.0}"""
    quantity: tuple[float, ...]
    """37 entries: period 0 and months 1 to 36"""
    price_item: str
    """catalog item or quote the price comes from"""
    source: str
    """source id, or quote reference"""
    as_of: date | None = None
    kind: str = "estimated"
    waves: tuple[int, ...] = ()
    factor_paths: dict[str, str] = Field(default_factory=dict)
    """profile path that sets a factor, such as supply.pue or supply.amounts.pue-enterprise; a factor without one is fixed"""
    served: tuple[float, ...] = ()
    """37 entries: the quantity by the period in which it enters service (capital) or is used, where it is paid in another;
    empty: the same as quantity"""
    escalation: float = 0.0
    """[1/year] by which the price steps up at each anniversary of go-live"""
    currency: str = "USD"
    """of the quote"""
    fx_usd: float = 1.0
    """[USD] per unit of that currency; the quote's own price is unit_price_usd / fx_usd"""
    order_date: date | None = None
    """of the first purchase, or of the contract; at the chosen site as the bill of materials has it; null for what is sold"""
    cash_date: date | None = None
    """end of the first period in which it is paid"""
    in_service_date: date | None = None
    end_date: date | None = None
    """of its last month: of book life where capitalised, else of use within the 36 months"""

    @property
    def used(self) -> tuple[float, ...]:
        """The quantity by the period in which it enters service or is used."""
        return self.served or self.quantity

    @property
    def price_path(self) -> str:
        """The profile path that sets its price: a field of its own, else a quote for the item."""
        own = self.price_item.startswith(("supply.", "finance.", "compliance."))
        return self.price_item if own else f"supply.quotes.{self.price_item}"


class BomLine(Record):
    """One line of the bill of materials: something that is ordered, or a part that comes with it."""

    line: int
    parent: int | None = None
    """line that this one is part of, or belongs to"""
    wave: int
    category: str
    device: str = ""
    """what kind of thing it is: server, gpu, cpu, memory, nvme, nic, switch, optic, cable, rack, pdu, instance, software; empty
    where it is none"""
    description: str
    manufacturer: str = ""
    mpn: str = ""
    """the manufacturer's part number, where a record or a quote gives it"""
    supplier: str = ""
    supplier_part_id: str = ""
    quote_ref: str = ""
    quote_valid_until: date | None = None
    quantity: float
    spares: float = 0
    """pieces of the quantity that stand on the shelf"""
    uom: str
    """unit of measure: EA, GPU-YEAR, INSTANCE-HOUR, ..."""
    unit_price_usd: float | None
    low_usd: float | None = None
    high_usd: float | None = None
    extended_price_usd: float | None
    """[USD] quantity x unit price; null where the price is unknown"""
    currency: Literal["USD"] = "USD"
    price_source: str
    price_kind: str
    price_as_of: date | None
    price_age_days: int | None
    lead_time_weeks: float
    order_by: date
    need_by: date
    treatment: Treatment
    useful_life_months: int | None = None
    warranty_months: int | None = None
    """as quoted; null where no quote says it"""
    gl_account: str = ""
    cost_center: str = ""
    country_of_origin: str = ""
    """as quoted, ISO 3166-1"""
    power_kw: float | None = None
    """[kW] nameplate of one piece"""
    rack_units: float | None = None
    """[U] of one piece"""
    commitment: str = ""
    """how much is held in which months, of what is paid by the month"""
    cost_line: str = ""
    """id of the cost line that pays for it; empty for a part that comes with its parent"""
    notes: str = ""


class FiscalYear(Record):
    """What falls into one fiscal year."""

    name: str
    """FY and the calendar year in which it ends"""
    starts: date
    months: int
    """of the 36 that lie in it"""
    cash_usd: float
    accrual_usd: float


class SiteCost(Record):
    """The total cost of one site's plan over one and three years."""

    site: str
    gpu: str
    offer: str
    term: str
    gpus: int
    gpus_month_36: int
    one_year_usd: float
    """period 0 and months 1 to 12 of the 36-month plan, before residual; at least, where lines are missing"""
    three_year_usd: float
    npv_usd: float | None
    """null without a discount rate"""
    usd_per_million_tokens: float
    """accrual cost of months 1 to 36 over the tokens served at plan"""
    usd_per_request: float
    capex_usd: float
    opex_three_year_usd: float
    by_category: dict[str, float]
    """[USD] 36-month cash by category"""
    missing: tuple[str, ...]
    """ids of lines without a price: with any, every total reads "at least" """
    lines: tuple[CostLine, ...]
    cash_by_month_usd: tuple[float, ...]
    """37 entries"""
    accrual_by_month_usd: tuple[float, ...] = ()
    """37 entries: depreciation from the month in service on, and what is used in the month, never mixed with cash"""
    accrual_three_year_usd: float | None = None
    fiscal_years: tuple[FiscalYear, ...] = ()
    unused_commitment_usd: float | None = 0.0
    """[USD] of rented hours under commitment that no month needs, over 36 months; null where their price is unknown, or
    where no need is known, as for the baseline"""
    residual_high_usd: float | None = 0.0
    """[USD] that the servers of month 36 may bring at the high end of the catalog's range, in no total; null where their price
    is unknown"""
    energy_kwh: float | None = None
    """[kWh] over 36 months, cooling included: what the lines of electricity pay for"""
    tco2e: float | None = None
    """[t] CO2 equivalent of it at the mean of the country's grid, location-based"""
    energy_note: str = ""
    """why one of the two is null"""
    included: tuple[str, ...] = ()
    """what other sites pay for by itself and this one's rent holds"""
