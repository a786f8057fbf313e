"""Every input of tco.xlsx, once, however many lines and sites use it: its value, range, source, and the profile path it sets.

Writer and reader of the sheet Inputs share TITLES: each table there has one header row with exactly these titles, and
`Value` is the only unlocked column. Path is the profile path that the value sets (supply.quotes.ITEM,
supply.amounts.NAME, supply.pue, finance.fx.EUR.rate, finance.escalation.CATEGORY ...), with finance.useful_life in
years; it is empty for what is locked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import get_args

from aisizer import units
from aisizer.catalog.records import Amount
from aisizer.costs.lines import significant
from aisizer.costs.prices import USD
from aisizer.costs.records import Category, CostLine
from aisizer.deliver import labels
from aisizer.deliver.workbook_cells import PERIODS, TOLERANCE_USD, cell, span
from aisizer.deliver.workbook_lines import FOLLOWING, CostSheet
from aisizer.plan import Plan

TITLES = (
    "Input", "Value", "As delivered", "Changed", "Selected", "Unit", "Low", "High", "Used for", "Source", "As of", "Kind",
    "Set by", "Path",
)  # fmt: skip
NAME, VALUE, DELIVERED, CHANGED, SELECTED, UNIT, LOW, HIGH, USED_FOR = range(9)
SOURCE, PATH = 9, 13
"""zero-based columns of the sheet Inputs"""
FIRST_TABLE = 3
"""zero-based row of the first table's name; its header follows"""
DIGITS = 12
"""significant digits of a price in the currency of its quote"""
DISCOUNT, LIFE, RESIDUAL, TAX = "finance.discount_rate", "finance.useful_life", "finance.residual", "finance.tax"
SERVED = "finance.served_share"
MONTHS, PERIOD_MONTHS, TOLERANCE = "Months per year", "Months of the plan", "Tolerance of checks"
"""keys of inputs: the path where there is one"""
NOBODY = "nobody"
"""who set a price that is missing"""


@dataclass(frozen=True, slots=True)
class Input:
    """One row of the sheet Inputs."""

    key: str
    """what formulas find it by: its path, or a name of its own"""
    name: str
    value: float | None
    unit: str
    used_for: str
    set_by: str
    path: str = ""
    low: float | None = None
    high: float | None = None
    source: str = ""
    as_of: date | None = None
    kind: str = ""
    percent: bool = False
    locked: bool = False
    least: float = 0.0
    """below which formulas, and the profile's own field, have no answer"""


@dataclass(frozen=True)
class InputMap:
    """The tables of the sheet Inputs, and where each input stands."""

    tables: dict[str, tuple[Input, ...]]

    @cached_property
    def heads(self) -> dict[str, int]:
        """Row of each table's name; its header row follows, then its inputs, and an empty row."""
        rows, row = {}, FIRST_TABLE
        for name, inputs in self.tables.items():
            rows[name] = row
            row += len(inputs) + 3
        return rows

    @cached_property
    def rows(self) -> dict[str, int]:
        """Row of each input."""
        return {
            i.key: self.heads[name] + 2 + offset
            for name, inputs in self.tables.items()
            for offset, i in enumerate(inputs)
        }

    @property
    def end(self) -> int:
        """The first row below all tables."""
        return max(self.rows.values()) + 2

    def selected(self, key: str) -> str:
        """The cell with the value that the scenario selects."""
        return cell(self.rows[key], SELECTED, "Inputs")

    @property
    def changed(self) -> str:
        """The number of inputs that differ from the plan, as a formula."""
        return f"SUM({span((FIRST_TABLE, CHANGED), (self.end, CHANGED), 'Inputs')})"

    def price(self, line: CostLine) -> list[str]:
        """The cells whose product is the line's unit price in USD."""
        rate = [] if line.currency == USD else [self.selected(rate_path(line))]
        return [self.selected(price_key(line)), *rate]

    def factors(self, line: CostLine) -> list[str]:
        """The cells of the line's factors."""
        return [self.selected(factor_key(line, name)) for name in line.factors]

    def inputs(self) -> Iterator[Input]:
        """All of them."""
        for inputs in self.tables.values():
            yield from inputs


def price_key(line: CostLine) -> str:
    """Lines that rest on the same item at the same price share one input, whatever their quantity counts."""
    return f"{line.price_path} {line.price_unit} {line.unit_price_usd}"


def rate_path(line: CostLine) -> str:
    """The profile path of the rate that turns the line's price into USD."""
    return f"finance.fx.{line.currency}.rate"


def factor_key(line: CostLine, name: str) -> str:
    """Lines that multiply by the same figure share one input."""
    return line.factor_paths.get(name) or f"{name} {line.factors[name]} {line.factor_units.get(name, '')}"


def step_path(category: str) -> str:
    """The profile path of the step by which a category's prices rise."""
    return f"finance.escalation.{category}"


def input_map(plan: Plan, sheets: Sequence[CostSheet]) -> InputMap:
    """All inputs of all sheets in their tables; a table without any is left out."""
    lines = [line for sheet in sheets for line in sheet.lines]
    factors = list(_factors(plan, lines))
    tables = {
        "Finance": _finance(plan),
        "Exchange rates": tuple(_rates(plan, lines)),
        "Prices": tuple(_prices(lines)),
        "Factors": tuple(i for i in factors if i.path and i.key not in (TAX, RESIDUAL)),
        "Yearly steps of prices": tuple(_steps(plan, sheets)),
        "Fixed by the plan": (*_fixed(), *(i for i in factors if not i.path)),
    }
    return InputMap({name: inputs for name, inputs in tables.items() if inputs})


def _finance(plan: Plan) -> tuple[Input, ...]:
    def share(key: str, name: str, value: float | None, unit: str, used_for: str) -> Input:
        return Input(
            key, name, value, unit, used_for, _set_by(plan, key), key, source=_profile(plan, key), percent=True
        )

    finance = labels.finance(plan)
    years = finance.useful_life / units.MONTH / units.MONTHS_PER_YEAR
    return (
        share(DISCOUNT, f"Discount rate, {finance.rate_basis}", finance.discount_rate, "per year", "net present values"),
        Input(
            LIFE, "Useful life", years, "year", "depreciation", _set_by(plan, LIFE), LIFE, source=_profile(plan, LIFE),
            least=1.0,
        ),
        share(RESIDUAL, "Residual value after month 36", finance.residual, "of the price", "servers"),
        share(TAX, "Sales or use tax", finance.tax, "of the price", "goods that are bought"),
        share(SERVED, "Demand served", finance.served_share, "of the plan's demand", "unit costs"),
    )  # fmt: skip


def _rates(plan: Plan, lines: Iterable[CostLine]) -> Iterator[Input]:
    rates = labels.finance(plan).fx
    for line in {line.currency: line for line in lines if line.currency != USD}.values():
        rate = rates[line.currency]
        yield Input(
            rate_path(line), f"{line.currency} in USD", line.fx_usd, f"USD/{line.currency}", f"quotes in {line.currency}",
            "user", rate_path(line), source=rate.source, as_of=rate.as_of, kind="quote",
        )  # fmt: skip


def _prices(lines: Sequence[CostLine]) -> Iterator[Input]:
    used: dict[str, list[CostLine]] = {}
    for line in lines:
        used.setdefault(price_key(line), []).append(line)
    for key, sharing in used.items():
        line = sharing[0]
        yield Input(
            key, line.price_item, _quoted(line, line.unit_price_usd), line.price_unit.replace(USD, line.currency),
            _listed(sharing), _price_set_by(line), line.price_path, _quoted(line, line.low_usd),
            _quoted(line, line.high_usd), line.source, line.as_of, line.kind,
        )  # fmt: skip


def _quoted(line: CostLine, usd: float | None) -> float | None:
    """A price in the currency of its quote."""
    return usd if usd is None or line.currency == USD else significant(usd / line.fx_usd, DIGITS)


def _price_set_by(line: CostLine) -> str:
    if line.unit_price_usd is None:
        return NOBODY
    return "user" if line.source.startswith("quote:") or line.source == "profile" else "catalog"


def _factors(plan: Plan, lines: Sequence[CostLine]) -> Iterator[Input]:
    used: dict[str, list[tuple[str, CostLine]]] = {}
    for line in lines:
        for name in line.factors:
            used.setdefault(factor_key(line, name), []).append((name, line))
    for key, sharing in used.items():
        name, line = sharing[0]
        path, words = line.factor_paths.get(name, ""), name.replace("_", " ")
        item = path.removeprefix("supply.amounts.")
        set_by = _set_by(plan, path) if path else "plan"
        given = Input(
            key, words if item == path else f"{words}: {item}", line.factors[name], line.factor_units.get(name, ""),
            _listed([line for _, line in sharing]), set_by, path, source="profile" if set_by == "user" else "",
            locked=not path,
        )  # fmt: skip
        yield _with_origin(given, plan.amounts.get(item))


def _with_origin(given: Input, amount: Amount | None) -> Input:
    """A factor with the range, source and date that the catalog gives it."""
    if amount is None:
        return given
    return replace(given, low=amount.low, high=amount.high, source=amount.source, as_of=amount.as_of, kind=amount.kind)


def _steps(plan: Plan, sheets: Sequence[CostSheet]) -> Iterator[Input]:
    stepped: dict[str, list[CostLine]] = {}
    for sheet in sheets:
        for category, line in zip(sheet.steps, sheet.lines, strict=True):
            stepped.setdefault(category, []).append(line)
    for category in (name for name in get_args(Category) if name in stepped):
        path = step_path(category)
        yield Input(
            path, category, stepped[category][0].escalation, "per year", _listed(stepped[category]), _set_by(plan, path),
            path, source=_profile(plan, path), percent=True,
        )  # fmt: skip


def _fixed() -> tuple[Input, ...]:
    months = float(units.MONTHS_PER_YEAR)
    return (
        Input(MONTHS, MONTHS, months, "month/year", "monthly rate, useful life", "plan", locked=True),
        Input(PERIOD_MONTHS, PERIOD_MONTHS, PERIODS - 1.0, "month", "means by month", "plan", locked=True),
        Input(TOLERANCE, TOLERANCE, TOLERANCE_USD, "USD", "checks; the plan is in cents", "plan", locked=True),
    )


def _set_by(plan: Plan, path: str) -> str:
    """Whether the profile holds the value; else the catalog gives amounts, and a default the rest."""
    section, *names = path.split(".")
    found: object = plan.profile.get(section)
    for name in names[:2]:
        found = found.get(name) if isinstance(found, dict) else None
    if found is not None:
        return "user"
    return "catalog" if path.startswith("supply.") else "default"


def _profile(plan: Plan, path: str) -> str:
    return "profile" if _set_by(plan, path) == "user" else "default of the profile's schema"


def _listed(lines: Sequence[CostLine]) -> str:
    """What an input is used for; tax and residual value follow from the rest."""
    main = [line for line in lines if line.category not in FOLLOWING] or lines
    return labels.listed(list(dict.fromkeys(line.description for line in main)))
