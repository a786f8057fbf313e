"""The contract of the sheet Inputs, and the fingerprints by which a reader sees that locked cells changed."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from recalculate import recalculated
from sample_plan import missing_price_plan, sample_plan
from workbook_reading import input_rows, load

from aisizer.deliver.workbook import workbook_bytes
from aisizer.deliver.workbook_fingerprint import fingerprint, locked_cells
from aisizer.plan import Plan


def in_euro() -> Plan:
    """The sample whose switch is quoted in EUR."""
    plan = sample_plan()
    own = plan.tco["on_premises"]
    lines = tuple(
        line.model_copy(update={"currency": "EUR", "fx_usd": 1.08, "source": "quote:switch"})
        if line.id == "switch"
        else line
        for line in own.lines
    )
    fx = {"EUR": {"rate": 1.08, "as_of": "2026-11-20", "source": "ECB"}}
    profile = plan.profile | {"finance": plan.profile["finance"] | {"fx": fx}}
    tco = plan.tco | {"on_premises": own.model_copy(update={"lines": lines})}
    return plan.model_copy(update={"tco": tco, "profile": profile})


def test_each_table_has_the_titles_and_an_input_stands_once() -> None:
    found = input_rows(load(workbook_bytes(sample_plan())))
    paths = [row["Path"].value for row in found if row["Path"].value]
    assert len(paths) == len(set(paths))
    assert {"finance.discount_rate", "finance.useful_life", "finance.residual", "finance.tax", "supply.pue",
            "supply.quotes.server", "supply.amounts.hardware-support-rate", "finance.escalation.power"} <= set(paths)  # fmt: skip


def test_value_is_the_only_unlocked_column_and_what_has_no_path_is_locked() -> None:
    for row in input_rows(load(workbook_bytes(sample_plan()))):
        open_titles = [title for title, cell in row.items() if not cell.protection.locked]
        assert open_titles == (["Value"] if row["Path"].value else []), row["Input"].value


def test_a_quote_in_another_currency_is_an_input_beside_its_rate() -> None:
    found = {row["Path"].value: row for row in input_rows(load(workbook_bytes(in_euro())))}
    quoted, rate = found["supply.quotes.switch"], found["finance.fx.EUR.rate"]
    assert quoted["Value"].value == pytest.approx(21_500 / 1.08)
    assert (quoted["Unit"].value, quoted["Set by"].value) == ("EUR/switch", "user")
    assert (rate["Value"].value, rate["Unit"].value, rate["Source"].value) == (1.08, "USD/EUR", "ECB")


def test_who_set_an_input() -> None:
    found = {row["Path"].value: row["Set by"].value for row in input_rows(load(workbook_bytes(missing_price_plan())))}
    assert found["finance.discount_rate"] == "user"
    assert found["finance.useful_life"] == "default"
    assert found["supply.amounts.hardware-support-rate"] == "catalog"
    assert found["supply.quotes.optics"] == "nobody"


def listed(book: Any) -> dict[str, str]:
    """The fingerprints on About, by sheet."""
    return {row[0].value: row[2].value for row in book["About"].iter_rows() if row[0].value in book.sheetnames}


def without(sheet: Any, value: object) -> Any:
    """The sheet without the cells that hold a value: About's own fingerprint is not part of itself."""
    rows = [[cell for cell in row if cell.value != value] for row in sheet.iter_rows()]
    return SimpleNamespace(iter_rows=lambda: iter(rows))


def found_in(book: Any) -> dict[str, str]:
    return {sheet.title: fingerprint(locked_cells(without(sheet, listed(book)[sheet.title]))) for sheet in book}


def test_the_fingerprints_of_about_are_those_of_the_sheets_and_openpyxl_keeps_them(tmp_path: Path) -> None:
    book = load(workbook_bytes(in_euro()))
    assert list(listed(book)) == [*book.sheetnames[1:], "About"]
    assert found_in(book) == listed(book)
    book.save(tmp_path / "again.xlsx")
    assert found_in(load(tmp_path / "again.xlsx")) == listed(book)


@pytest.mark.external("soffice")
def test_libreoffice_keeps_the_fingerprints(tmp_path: Path) -> None:
    path = tmp_path / "tco.xlsx"
    path.write_bytes(workbook_bytes(in_euro()))
    again = load(recalculated(path, tmp_path))
    assert found_in(again) == listed(load(path))


def test_a_locked_cell_that_changed_shows_and_an_input_does_not(tmp_path: Path) -> None:
    book = load(workbook_bytes(sample_plan()))
    before = found_in(book)
    next(row for row in input_rows(book) if row["Path"].value == "supply.pue")["Value"].value = 1.2
    assert found_in(book) == before
    book["Cost on_premises"]["AY9"].value = 99
    book["Capex"]["B7"].value = "=0"
    changed = {name for name, value in found_in(book).items() if value != before[name]}
    assert changed == {"Cost on_premises", "Capex"}
