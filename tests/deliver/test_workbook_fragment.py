"""The fragment that an edited workbook gives: every kind of path, its type and limits, its comments, and hostile text."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from edited_workbook import ROWS, edited
from hypothesis import given, settings
from hypothesis import strategies as st

from aisizer.deliver.workbook_fragment import Editor, changes_table, editor_of, entries, fragment, striking
from aisizer.deliver.workbook_reader import Change, Edited, read_workbook
from aisizer.errors import InvalidInput
from aisizer.profile.load import load_profile, profile_of
from aisizer.profile.sections import Profile
from aisizer.profile.yaml_file import read_yaml

JANE = Editor("tco.xlsx", "Jane Doe", date(2026, 12, 1))
STAMPS = {"Plan date": "2026-12-01", "Plan sha256": "ab12", "Profile sha256": "cd34"}


def of(*changes: Change, file: str = "tco.xlsx") -> Edited:
    return Edited(file, STAMPS, changes)


def change(path: str, new: float, unit: str = "", old: float | None = 1.0) -> Change:
    return Change(path, path.rpartition(".")[2], old, new, unit, "Inputs!B14")


def written(*changes: Change, editor: Editor = JANE) -> str:
    return fragment(entries(of(*changes), editor), of(*changes), editor)


def refusal(*changes: Change) -> str:
    with pytest.raises(InvalidInput) as caught:
        entries(of(*changes), JANE)
    return str(caught.value)


def profile_with(text: str, tmp_path: Path) -> Profile:
    (tmp_path / "f.yaml").write_text(text, "utf-8")
    return load_profile("clinical-notes", fragments=[tmp_path / "f.yaml"]).profile


NEW = {
    "supply.quotes.hgx-h100-8": 249_000.5,
    "supply.quotes.p5.48xlarge:one_year": 45.25,
    "supply.quotes.optics": 0.00001,
    "supply.electricity": 0.11,
    "supply.colocation": 180.0,
    "supply.pue": 1.2,
    "supply.staff_fte": 2.25,
    "supply.amounts.install-freight-rate": 0.02,
    "finance.tax": 0.0725,
    "finance.residual": 0.0,
    "finance.discount_rate": 0.085,
    "finance.useful_life": 4.5,
    "finance.fx.EUR.rate": 1.1234,
    "finance.escalation.power": 0.035,
}


def test_every_path_of_the_contract_arrives_in_the_profile(tmp_path: Path) -> None:
    assert set(NEW) == {path for path, _, _ in ROWS if path}
    (tmp_path / "tco.xlsx").write_bytes(edited(NEW))
    found = read_workbook(tmp_path / "tco.xlsx")
    editor = editor_of(found, "Jane Doe", None)
    profile = profile_with(fragment(entries(found, editor), found, editor), tmp_path)
    quotes = {quote.item: quote for quote in profile.supply.quotes if not isinstance(quote, str)}
    assert {name: quote.unit_price for name, quote in quotes.items()} == {
        "hgx-h100-8": "249000.5 USD",
        "p5.48xlarge:one_year": "45.25 EUR/h",
        "optics": "0.00001 USD/GPU",
    }
    quote = quotes["hgx-h100-8"]
    assert (quote.supplier, quote.reference) == ("edited by Jane Doe in tco.xlsx", "Inputs!B5")
    assert (quote.kind, quote.as_of) == ("estimated", date(2026, 12, 1))
    supply, finance = profile.supply, profile.finance
    assert (supply.electricity, supply.colocation, supply.pue, supply.staff_fte) == (0.11, 180.0, 1.2, 2.25)
    assert supply.amounts == {"install-freight-rate": 0.02}
    assert (finance.tax, finance.residual, finance.discount_rate) == (0.0725, 0.0, 0.085)
    assert finance.useful_life == 4.5 * 365.25 * 86400 and finance.escalation == {"power": 0.035}
    assert (finance.fx["EUR"].rate, finance.fx["EUR"].source) == (1.1234, "edited by Jane Doe in tco.xlsx")


def test_each_value_stands_below_its_origin() -> None:
    text = written(change("finance.tax", 0.07, "of the price", 0.0), change("supply.quotes.x", 410, "USD/GPU", None))
    assert text.splitlines()[5:] == [
        "finance:",
        "  # Inputs!B14, tax: 0 % -> 7 % of the price, by Jane Doe",
        "  tax: 0.07",
        "supply:",
        "  quotes:",
        "    # Inputs!B14, x: no value -> 410 USD/GPU, by Jane Doe",
        "    - item: x",
        '      unit_price: "410 USD/GPU"',
        '      as_of: "2026-12-01"',
        '      supplier: "edited by Jane Doe in tco.xlsx"',
        '      reference: "Inputs!B14"',
        "      kind: estimated",
        "      replaces: price",
    ]


@pytest.mark.parametrize(
    ("path", "value", "unit", "problem"),
    [
        ("supply.pue", 0.9, "1", "the value must be at least 1 (got 0.9). Raise it."),
        ("supply.pue", 3.5, "1", "the value must be at most 3 (got 3.5). Lower it."),
        ("finance.tax", 7.0, "", "a share without % must lie between 0 and 1 (got 7.0). Write 35 % or 0.35."),
        ("finance.escalation.power", 2.0, "", "a share without % must lie between 0 and 1"),
        ("finance.useful_life", 0.5, "year", "the value must be at least 1 y (got 0.5 year). Raise it."),
        ("finance.fx.EUR.rate", 0.0, "", "the value must be more than 0 (got 0.0). Raise it."),
        ("supply.quotes.x", 0.0, "USD", "a price of 0 cannot be told from one that nobody gave."),
        ("supply.quotes.x", 5.0, "US dollars", "a price such as 265000 USD, 47.10 USD/h or 0.081 USD/kWh is expected"),
        ("supply.electricity", 5.0, "EUR/kWh", "the unit 'EUR/kWh' is not accepted here"),
        ("supply.quotas.x", 5.0, "", "supply.quotas.x is no field that a workbook sets."),
        ("workloads.chat.model", 5.0, "", "workloads.chat.model is no field that a workbook sets."),
        ("supply.engine", 5.0, "", "supply.engine is no field that a workbook sets."),
        ("resilience.headroom", 0.1, "", "resilience.headroom is no field that a workbook sets."),
        ("supply", 5.0, "", "supply is no field that a workbook sets."),
        ("supply.quotes.", 5.0, "", "supply.quotes. is no field that a workbook sets."),
        ("supply.amounts.A b", 5.0, "", "a short name of lower-case letters"),
        (f"supply.amounts.{'a' * 80}", 5.0, "", "a short name of lower-case letters"),
    ],
)
def test_a_value_that_its_field_does_not_take_is_refused_with_its_cell(
    path: str, value: float, unit: str, problem: str
) -> None:
    text = refusal(change(path, value, unit))
    assert text.startswith("tco.xlsx: Inputs!B14: ") and problem in text


texts = st.text(st.characters(codec="utf-8"), min_size=1, max_size=60)


@given(name=texts, item=texts, input_name=texts, unit=texts, file=texts)
@settings(max_examples=150)
def test_law_no_text_of_the_workbook_or_its_editor_becomes_yaml(
    name: str, item: str, input_name: str, unit: str, file: str
) -> None:
    """Whatever stands in names, units and paths: the fragment says the one thing that was changed, or is refused."""
    strange = Change(f"supply.quotes.{item}", input_name, 1.0, 2.0, unit, "Inputs!B14")
    fx = Change("finance.fx.EUR.rate", input_name, 1.0, 2.0, unit, "Inputs!B15")
    found = of(strange, fx, file=file)
    editor = editor_of(found, name, None)
    try:
        values = entries(found, editor)
    except InvalidInput:
        values = entries(of(fx), editor)
    data = read_yaml(fragment(values, found, editor), "fragment").data
    assert data["finance"]["fx"]["EUR"]["rate"] == 2.0 and set(data) <= {"finance", "supply"}
    for quote in data.get("supply", {"quotes": []})["quotes"]:
        assert quote["item"] == item and quote["unit_price"] == f"2 {unit}"


shares = st.floats(0, 1)


@given(tax=shares, pue=st.floats(1, 3), price=st.floats(1e-9, 1e6), life=st.floats(1, 40))
@settings(max_examples=80)
def test_law_no_digit_is_lost(tax: float, pue: float, price: float, life: float) -> None:
    base = load_profile("clinical-notes").data
    text = written(
        change("finance.tax", tax), change("supply.pue", pue), change("supply.electricity", price, "USD/kWh"),
        change("finance.useful_life", life, "year"), change("supply.quotes.x", price, "USD"),
    )  # fmt: skip
    data: dict[str, Any] = read_yaml(text, "f").data
    merged = {**base, "finance": {**base.get("finance", {}), **data["finance"]}, "supply": data["supply"]}
    profile = profile_of(merged, "merged").profile
    assert (profile.finance.tax, profile.supply.pue, profile.supply.electricity) == (tax, pue, price)
    assert profile.finance.useful_life == life * (365.25 * 86400)
    (quote,) = profile.supply.quotes
    assert not isinstance(quote, str) and float(quote.unit_price.removesuffix(" USD")) == price


def test_the_table_has_80_columns() -> None:
    long = Change(
        "supply.quotes.x", "a name that is longer than its column", 123_456.789, 0.00002, "USD/kW-month", "Inputs!B123"
    )
    lines = changes_table([long, change("finance.tax", 0.07)]).splitlines()
    assert lines == [
        "Input                               Was            Is  Unit          Cell",
        "a name that is longer ...   123,456.789       0.00002  USD/kW-month  Inputs!B123",
        "tax                               100 %           7 %                Inputs!B14",
    ]
    assert all(len(line) <= 80 for line in lines)


def test_what_moved_tenfold_is_striking_and_a_new_price_is_not() -> None:
    moved = [change("supply.quotes.x", new, "USD", old) for old, new in ((100.0, 1000.0), (100.0, 11.0), (None, 5.0))]
    assert striking(moved) == ["Inputs!B14, x: 100 became 1,000. Check the decimal sign."]


def test_a_day_that_is_none_needs_another() -> None:
    found = Edited("tco.xlsx", {"Plan date": "soon"}, ())
    with pytest.raises(InvalidInput, match="About does not say the day of the plan"):
        editor_of(found, "", None)
    assert editor_of(found, "", date(2026, 12, 1)).day == date(2026, 12, 1)
