"""What the Plan says of money beyond totals: unit costs, break-evens, what reserves cost, flips, growth, sensitivity."""

from __future__ import annotations

from typing import Literal

from aisizer.demand.growth import Case
from aisizer.schema import Record


class Volumes(Record):
    """What the plan serves in months 1 to 36, which unit costs divide by."""

    input_tokens: float
    """[token] whole prompts, parts from the prefix cache included"""
    output_tokens: float
    requests: float
    """to all models, those that other workloads cause included"""
    transactions: float
    """requests that users make; what these cause in other workloads is part of them"""
    user_months: float | None
    """null where a workload's load is not given by users; the largest group of users counts, because one person may use all"""


class UnitPrices(Record):
    """Accrual cost of one unit."""

    usd_per_million_tokens: float
    usd_per_million_input_tokens: float | None
    usd_per_million_output_tokens: float | None
    """an allocation by GPU-seconds, as that of input; null where no queue says how long the fleet computes either"""
    usd_per_request: float
    usd_per_transaction: float
    usd_per_user_month: float | None


class UnitCost(Record):
    """The unit costs of one fleet, if all of the planned demand comes and if the share comes that finance expects."""

    accrual_three_year_usd: float
    complete: bool
    """whether every line has a price; else each figure is at least so much"""
    input_share: float | None
    """[1] of the fleet's cost that is allocated to input tokens"""
    at_plan: UnitPrices
    at_actual: UnitPrices
    """at finance.served_share of the planned demand, on the same fleet"""


class CashComparison(Record):
    """The chosen site's cumulative cash beside that of a site, the baseline or a managed API."""

    other: str
    kind: Literal["site", "baseline", "api"]
    alternative: bool
    """whether it may be chosen instead: false for APIs that the rules do not admit, and for the baseline"""
    saving_usd: float | None
    """[USD] of 36 months; null where a total is not complete"""
    outlay_usd: float | None
    """[USD] that the chosen site asks more before service"""
    cheaper_from_month: int | None
    """from its end on the cumulative cash is lower for good; 0 is the time before service"""
    payback_month: int | None
    """by whose end savings have first made up for the outlay; 0 where there is none"""
    discounted_payback_month: int | None
    """the same of present values; null without a discount rate"""
    sentence: str


PartName = Literal["headroom", "redundancy", "disaster_recovery", "non_production", "compliance"]


class PartCost(Record):
    """What one part of the chosen plan costs: the plan's cost less that of the plan without it."""

    part: PartName
    gpus: int
    """of the first purchase that would not be bought without it"""
    three_year_usd: float
    npv_usd: float | None
    complete: bool
    formula: str


class Flip(Record):
    """How far one uncertain price may move before another site is chosen, everything else as it is."""

    price_item: str
    description: str
    price_path: str
    """the profile path that sets the price"""
    price_unit: str
    base_usd: float | None
    """null where nobody prices it"""
    low_usd: float | None
    high_usd: float | None
    kind: str
    sites: tuple[str, ...]
    """whose plans pay it"""
    value_usd: float | None
    """at which the choice of the site flips; null where no positive price flips it"""
    side: Literal["below", "above"] | None
    """of the value, where the other site wins"""
    wins: str | None
    """the other site"""
    offer: str | None
    """its offer"""
    in_range: bool | None
    """whether the value lies within the price's own range; null where it has none"""
    steps_in: str | None = None
    """another offer or term of the chosen site that becomes cheaper before; the value counts with it"""
    steps_in_usd: float | None = None
    sentence: str


class GrowthCost(Record):
    """One site's plan, as its layout stands, bought for one case of growth."""

    site: str
    case: Case
    offer: str
    term: str
    """the cheapest for that case"""
    gpus: tuple[int, ...]
    """in service by month, second site included, those of a bridge left out; 36 entries"""
    servers: tuple[int, ...]
    one_year_usd: float
    three_year_usd: float
    npv_usd: float | None
    complete: bool
    refused: str = ""
    """which limit of the site it passes; empty where none"""


class Driver(Record):
    """One input of the plan at its low and high value, and what the chosen site then costs."""

    driver: str
    path: str
    """the profile path that sets it"""
    unit: str
    low: float | str
    base: float | str
    high: float | str
    three_year_low_usd: float | None
    three_year_high_usd: float | None
    npv_low_usd: float | None
    npv_high_usd: float | None
    accrual_low_usd: float | None
    accrual_high_usd: float | None
    gpus_low: int | None
    """of the first purchase"""
    gpus_high: int | None
    site_low: str | None
    """chosen at the low value; null where none is"""
    site_high: str | None
    changed: bool
    """whether site, offer, or GPUs signed for are other than the plan's at either value"""
    swing_usd: float | None
    """[USD] between the two values: NPV, or 36-month cash without a discount rate"""
    rerun: bool
    """whether the whole plan was made again; false: prices only, the plan's own fleets unchanged"""
    note: str = ""
