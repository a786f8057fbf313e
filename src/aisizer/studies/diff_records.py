"""What `aisizer diff` says, as its --format json carries it (aisizer/diff/v1); money is decimal text, to the cent."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Literal

from pydantic import Field

from aisizer.schema import Record
from aisizer.studies.gates import GateResult

Value = bool | int | float | str | None
LineState = Literal["added", "removed", "changed", "priced", "unpriced"]


class Side(Record):
    """One of the two plans."""

    profile: str
    plan_date: date
    aisizer_version: str
    plan_sha256: str
    decided: bool
    """false: no option met the profile, so that nothing stands on this side"""
    site: str | None
    gpus: int | None
    """the first purchase wave"""
    gpu_classes: tuple[str, ...]
    promises: int
    missed: tuple[str, ...]
    """promises that are not met, such as notes ttft_p95"""
    three_year_usd: Decimal | None
    missing: tuple[str, ...]
    """the chosen site's cost lines without a price: with any, its totals read "at least" """


class Change(Record):
    """One figure or word that differs; null where a side has none."""

    path: str
    """where it stands, as gates name it; of an assumption the path in the profile"""
    name: str
    unit: str
    """empty for words; date for days, whose delta is in days"""
    old: Value
    new: Value
    delta: float | None
    """new less old; null for words"""
    ratio: float | None
    """[1] delta over old; null where old is zero"""


class Amount(Record):
    """[USD] One total that differs, as both plans state it."""

    path: str
    name: str
    old_usd: Decimal | None
    new_usd: Decimal | None
    old_at_least: bool
    """whether cost lines of it have no price"""
    new_at_least: bool
    delta_usd: Decimal | None
    """new less old on the lines that both sides price; null where that cannot be told"""
    ratio: float | None
    """[1] delta over what the same lines cost in the old plan"""


class Line(Record):
    """[USD] One cost line of the chosen site that differs over 36 months, matched by its id."""

    id: str
    category: str
    description: str
    """of the new plan; of the old one where it was removed"""
    old_description: str
    """the same line may buy another thing; empty where it was added"""
    state: LineState
    """priced, unpriced: it has a price on the new or the old side only, and counts in no sum here"""
    old_usd: Decimal | None
    """null: not there, or without a price"""
    new_usd: Decimal | None
    delta_usd: Decimal | None
    """null where a price is missing"""
    one_year_delta_usd: Decimal | None
    """the same over period 0 and months 1 to 12"""
    ratio: float | None


class Price(Record):
    """One price behind both plans that differs, or has another source or date."""

    item: str
    unit: str
    old_usd: Decimal | None
    new_usd: Decimal | None
    """null: nobody gave it"""
    ratio: float | None
    old_source: str
    new_source: str
    old_as_of: date | None
    new_as_of: date | None
    old_currency: str
    new_currency: str
    """of the quote"""
    old_fx_usd: float
    new_fx_usd: float
    """[USD] per unit of that currency"""


class Diff(Record):
    """What changed between two plans; all tuples are empty when nothing did."""

    schema_: Literal["aisizer/diff/v1"] = Field(default="aisizer/diff/v1", alias="schema")
    aisizer_version: str
    currency: Literal["USD"] = "USD"
    old: Side
    new: Side
    sections: tuple[str, ...]
    """top-level fields of sizing.json that differ in anything, shown below or not; empty: the plans are the same"""
    inputs: tuple[Change, ...]
    decision: tuple[Change, ...]
    fleet: tuple[Change, ...]
    slo: tuple[Change, ...]
    dates: tuple[Change, ...]
    triggers: tuple[Change, ...]
    totals: tuple[Amount, ...]
    """of the chosen site"""
    categories: tuple[Amount, ...]
    """of the three-year total; with category_rounding_usd they add up to its delta; empty where a side has no decision"""
    lines: tuple[Line, ...]
    """of the three-year total; with line_rounding_usd they add up to its delta; empty where a side has no decision"""
    category_rounding_usd: Decimal
    line_rounding_usd: Decimal
    """what rounding each part to cents leaves of the total's delta"""
    one_sided: tuple[str, ...]
    """lines that only one of the plans prices, left out of every delta"""
    sites: tuple[Amount, ...]
    """totals of the other sites and of the baseline"""
    prices: tuple[Price, ...]
    assumptions: tuple[Change, ...]
    notes: tuple[str, ...]
    gates: tuple[GateResult, ...] = ()
    """of the new profile, of --fail-on and of --max-increase"""
