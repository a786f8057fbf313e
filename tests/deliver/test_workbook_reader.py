"""What comes back of an edited workbook: changed inputs, and every reason why it cannot be taken back."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest
from edited_workbook import ROWS, changed, edited, workbook
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.styles import Protection

from aisizer.deliver.workbook_reader import Edited, read_workbook
from aisizer.errors import InvalidInput


@pytest.fixture
def read(tmp_path: Path) -> Any:
    def reading(content: bytes) -> Edited:
        (tmp_path / "tco.xlsx").write_bytes(content)
        return read_workbook(tmp_path / "tco.xlsx")

    return reading


@pytest.fixture
def refused(read: Any) -> Any:
    def refusing(content: bytes) -> str:
        with pytest.raises(InvalidInput) as caught:
            read(content)
        return "\n".join(f"{fault.path}: {fault.problem}" for fault in caught.value.faults)

    return refusing


def test_an_unedited_workbook_has_no_changes_whoever_saved_it(read: Any) -> None:
    for content in (workbook(), changed(lambda book: None)):
        found = read(content)
        assert found.changes == ()
        assert found.stamps["Plan date"] == "2026-12-01" and found.stamps["Plan sha256"] == "ab12"


def test_a_change_has_path_old_new_unit_and_cell(read: Any) -> None:
    (change,) = read(edited({"supply.electricity": 0.11})).changes
    assert (change.path, change.old, change.new) == ("supply.electricity", 0.0862, 0.11)
    assert (change.unit, change.cell) == ("USD/kWh", "Inputs!B8")


@given(
    st.dictionaries(st.sampled_from([path for path, _, _ in ROWS if path]), st.floats(0.001, 1e9), max_size=6),
)
@settings(max_examples=15)
def test_law_what_was_typed_is_what_comes_back(tmp_path_factory: Any, typed: dict[str, float]) -> None:
    file = tmp_path_factory.mktemp("typed") / "tco.xlsx"
    file.write_bytes(edited(typed))
    found = {change.path: change.new for change in read_workbook(file).changes}
    delivered = {path: value for path, value, _ in ROWS}
    changes = {path: value for path, value in typed.items() if value != delivered[path]}
    assert found == pytest.approx(changes, rel=1e-12)


def test_a_price_that_was_missing_is_a_new_price(read: Any) -> None:
    (change,) = read(edited({"supply.quotes.optics": 410})).changes
    assert (change.old, change.new) == (None, 410.0)


def test_a_cleared_price_is_refused_and_says_how_to_make_it_unknown(refused: Any) -> None:
    text = refused(edited({"supply.quotes.hgx-h100-8": None}))
    assert text.startswith("Inputs!B5: hgx-h100-8: the cell was cleared (it held 265000)") and "--catalog" in text


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("=1+1", "a number is expected (got a formula)"),
        ("=cmd|'/c calc'!A1", "a number is expected (got a formula)"),
        ("265.000,00", "a number is expected (got text)"),
        (" ", "a number is expected (got text)"),
        (True, "a number is expected (got true or false)"),
        (datetime.date(2026, 12, 1), "a number is expected (got a date)"),
        ("#DIV/0!", "a number is expected (got an error)"),
        (-1, "(got -1). Check sign and unit."),
        (1e12, "a number from 0 to below 1e+12 is expected (got 1e+12)"),
        (1e300, "(got 1e+300)"),
    ],
)
def test_what_is_no_figure_is_refused_with_its_cell(refused: Any, value: object, problem: str) -> None:
    text = refused(edited({"supply.quotes.hgx-h100-8": value}))
    assert text.startswith("Inputs!B5: hgx-h100-8: ") and problem in text


def test_every_fault_comes_at_once(refused: Any) -> None:
    text = refused(edited({"supply.pue": "x", "finance.tax": True, "supply.electricity": -1}))
    assert [line.split(":")[0] for line in text.splitlines()] == ["Inputs!B8", "Inputs!B10", "Inputs!B13"]


def test_the_same_number_in_fewer_digits_is_no_change(read: Any) -> None:
    assert read(edited({"supply.electricity": 0.0862 * (1 + 1e-14)})).changes == ()
    assert len(read(edited({"supply.electricity": 0.0862 * (1 + 1e-9)})).changes) == 1


def free_notes(book: Any) -> None:
    book["Change log"]["A4"].value = "hgx: new offer by Dell"
    book["Change log"]["A4"].protection = Protection(locked=False)
    book["Summary"]["B5"].value = "high"


def test_notes_and_the_scenario_are_free(read: Any) -> None:
    assert read(changed(free_notes)).changes == ()


def test_a_value_pasted_with_a_locked_style_is_still_a_value(read: Any) -> None:
    def pasted(book: Any) -> None:
        book["Inputs"]["B5"].value = 249_000
        book["Inputs"]["B5"].protection = Protection(locked=True)

    assert [change.new for change in read(changed(pasted)).changes] == [249_000]


def put(sheet: str, cell: str, value: object) -> Any:
    def change(book: Any) -> None:
        book[sheet][cell].value = value

    return change


def unlocked(book: Any) -> None:
    book["Inputs"]["C5"].value = 249_000
    book["Inputs"]["C5"].protection = Protection(locked=False)


@pytest.mark.parametrize(
    ("change", "sheet"),
    [
        (put("Inputs", "C5", 1), "Inputs"),
        (put("Inputs", "B19", 13), "Inputs"),
        (put("About", "B1", "2026-12-02"), "About"),
        (put("About", "D20", "a note"), "About"),
        (put("Inputs", "N5", "supply.quotes.other"), "Inputs"),
        (put("Inputs", "F5", "EUR"), "Inputs"),
        (put("Summary", "B6", 1), "Summary"),
        (put("Summary", "B6", "=Inputs!E5*3"), "Summary"),
        (put("Change log", "C9", "x"), "Change log"),
        (lambda book: book["Inputs"].insert_rows(6), "Inputs"),
        (lambda book: book["Inputs"].delete_rows(6), "Inputs"),
        (lambda book: book["Inputs"].insert_cols(2), "Inputs"),
        (unlocked, "Inputs"),
    ],
)
def test_a_changed_locked_cell_names_its_sheet(refused: Any, change: Any, sheet: str) -> None:
    assert refused(changed(change)).startswith(f"{sheet}: locked cells were changed, or rows or columns inserted.")


def renamed(book: Any) -> None:
    book["Summary"].title = "Totals"


def test_a_renamed_removed_or_added_sheet_is_refused_by_name(refused: Any) -> None:
    text = refused(changed(renamed))
    assert "Summary: not found, removed or renamed." in text and "Totals: not a delivered sheet." in text
    assert "Inputs: not found" in refused(changed(lambda book: book.remove(book["Inputs"])))
    assert "Mine: not a delivered sheet. Remove it" in refused(changed(lambda book: book.create_sheet("Mine")))


def gone(book: Any) -> None:
    book["About"].delete_rows(7, 20)


def test_other_tools_and_other_versions_are_told_apart(refused: Any) -> None:
    foreign = changed(lambda book: [book.remove(book[name]) for name in ("About", "Summary")])
    assert "this is no tco.xlsx of aisizer" in refused(foreign)
    assert "made by an older aisizer (aisizer 0.1.0, catalog 2026.11.23)" in refused(changed(gone, workbook(None)))
    newer = refused(workbook("aisizer/workbook/v2", "aisizer 7.0.0"))
    assert "of contract aisizer/workbook/v2, and this aisizer reads aisizer/workbook/v1" in newer
    assert "Install the version that made it (aisizer 7.0.0)" in newer


def test_two_inputs_of_one_path_must_agree(read: Any, refused: Any) -> None:
    twice = workbook(rows=[*ROWS, ("supply.quotes.hgx-h100-8", 270_000.0, "USD")])
    typed = edited({"supply.quotes.hgx-h100-8": 249_000}, twice)
    assert "supply.quotes.hgx-h100-8 also stands in Inputs!B20, with another value." in refused(typed)
    both = changed(put("Inputs", "B20", 249_000), typed)
    assert [(change.path, change.new) for change in read(both).changes] == [("supply.quotes.hgx-h100-8", 249_000)]
