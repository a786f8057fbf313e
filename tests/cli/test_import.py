"""`aisizer import`: a workbook goes to finance and comes back as a fragment that gives the engine the same totals."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from command_line import SMALL, Cli

from aisizer.deliver import workbook_lines as at

sys.path.insert(0, str(Path(__file__).parents[1] / "deliver"))
from edited_workbook import cell_of, edited, workbook
from recalculate import recalculated

PROFILE = (
    SMALL
    + """\
growth: {rate: 4 %/month}
supply:
  gpus: [h100-sxm]
  sites: [on_premises]
  electricity: 0.0862 USD/kWh
  quotes:
  - {item: hgx-h100-8, unit_price: 240000 EUR, as_of: 2026-11-01, valid_until: 2026-12-31, supplier: Dell, reference: Q-1}
  - {item: rack-price, unit_price: 9000 USD/rack, as_of: 2026-11-01, supplier: APC}
finance:
  discount_rate: 9 %
  tax: 5 %
  residual: 10 %
  useful_life: 4 y
  escalation: {staff: 3 %}
  fx: {EUR: {rate: 1.08, as_of: 2026-11-20, source: ECB}}
"""
)
UNPRICED = """\
supply: {electricity: null, rack_power: 8 kW, site_work: build}
finance: {discount_rate: null}
"""


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.yaml").write_text(PROFILE, "utf-8")
    return tmp_path


def test_changes_are_shown_and_written_with_old_new_cell_and_name(folder: Path, cli: Cli) -> None:
    (folder / "tco.xlsx").write_bytes(edited({"supply.quotes.hgx-h100-8": 249_000, "finance.tax": 0.07}))
    done = cli("import", "tco.xlsx", "--by", "Jane Doe", "-o", "finance.yaml")
    assert done.code == 0
    assert done.out.splitlines() == [
        "Input                               Was            Is  Unit          Cell",
        "hgx-h100-8                      265,000       249,000  USD           Inputs!B5",
        "tax                                 0 %           7 %  of the price  Inputs!B13",
    ]
    assert "aisizer size PROFILE --with finance.yaml" in done.err
    text = (folder / "finance.yaml").read_text("utf-8")
    assert "    # Inputs!B5, hgx-h100-8: 265,000 -> 249,000 USD, by Jane Doe\n" in text
    assert "# Plan of 2026-12-01, sha256 ab12;\n# profile sha256 cd34.\n" in text


def test_the_same_workbook_gives_the_same_bytes_and_a_name_may_be_left_out(folder: Path, cli: Cli) -> None:
    (folder / "tco.xlsx").write_bytes(edited({"supply.quotes.hgx-h100-8": 249_000}))
    for name in ("a.yaml", "b.yaml"):
        assert cli("import", "tco.xlsx", "-o", name).code == 0
    text = (folder / "a.yaml").read_text("utf-8")
    assert text == (folder / "b.yaml").read_text("utf-8")
    assert 'supplier: "edited in tco.xlsx"' in text and "Edited by: not said (aisizer import --by NAME)." in text


def test_a_day_may_be_given(folder: Path, cli: Cli) -> None:
    (folder / "tco.xlsx").write_bytes(edited({"supply.quotes.optics": 410}))
    assert cli("import", "tco.xlsx", "-o", "f.yaml", "--date", "2026-12-20").code == 0
    assert 'as_of: "2026-12-20"' in (folder / "f.yaml").read_text("utf-8")
    wrong = cli("import", "tco.xlsx", "-o", "g.yaml", "--date", "20 December")
    assert wrong.code == 2 and wrong.err == "--date: a day is expected (got 20 December). Write it as 2026-12-01.\n"


def test_nothing_changed_is_said_and_nothing_is_written(folder: Path, cli: Cli) -> None:
    (folder / "tco.xlsx").write_bytes(workbook())
    done = cli("import", "tco.xlsx", "-o", "f.yaml")
    assert (done.code, done.out) == (
        0,
        "",
    ) and done.err == "Nothing was changed in tco.xlsx, so no fragment was written.\n"
    assert not (folder / "f.yaml").exists()


def test_a_refusal_is_exit_2_and_leaves_the_earlier_file(folder: Path, cli: Cli) -> None:
    (folder / "f.yaml").write_text("finance: {}\n", "utf-8")
    (folder / "tco.xlsx").write_bytes(edited({"supply.pue": 0.9, "finance.tax": 1.5}))
    done = cli("import", "tco.xlsx", "-o", "f.yaml")
    assert (done.code, done.out) == (2, "")
    assert done.err.splitlines() == [
        f"tco.xlsx: Inputs!{cell_of('supply.pue')}: pue: the value must be at least 1 (got 0.9). Raise it.",
        f"tco.xlsx: Inputs!{cell_of('finance.tax')}: tax: a share without % must lie between 0 and 1 (got 1.5). Write 35 % or "
        "0.35.",
        "2 faults; nothing was written.",
    ]
    assert (folder / "f.yaml").read_text("utf-8") == "finance: {}\n"


def test_a_figure_that_moved_tenfold_is_pointed_out(folder: Path, cli: Cli) -> None:
    (folder / "tco.xlsx").write_bytes(edited({"supply.quotes.hgx-h100-8": 265}))
    done = cli("import", "tco.xlsx", "-o", "f.yaml")
    assert done.code == 0 and "Inputs!B5, hgx-h100-8: 265,000 became 265. Check the decimal sign." in done.err


def inputs(path: Path) -> dict[str, Any]:
    """The cell of the value of each input, by its path."""
    sheet = openpyxl.load_workbook(path)["Inputs"]
    return {row[13].value: row[1] for row in sheet.iter_rows(min_row=5) if row[13].value}


def typed(source: Path, target: Path, values: Mapping[str, float]) -> None:
    """What finance does: other figures in the cells of these paths."""
    cells = {path: cell.coordinate for path, cell in inputs(source).items()}
    book = openpyxl.load_workbook(source)
    for path, value in values.items():
        book["Inputs"][cells[path]].value = value
    book.save(target)


def totals(path: Path) -> dict[str, float]:
    """The named totals of a workbook."""
    book = openpyxl.load_workbook(path, data_only=True)

    def named(name: str) -> Any:
        sheet, cell = book.defined_names[name].attr_text.split("!")
        return book[sheet.strip("$'")][cell.replace("$", "")].value

    return {
        name: named(name) for name in ("TCO_1Y_Total", "TCO_3Y_Total", "TCO_3Y_NPV", "Accrued_3Y_Total", "ChecksFailed")
    }


def planned(folder: Path) -> dict[str, Any]:
    """The same totals by the engine, and the fleet."""
    plan = json.loads((folder / "sizing.json").read_text("utf-8"))
    cost = plan["tco"][plan["decision"]["site"]]
    names = ("one_year_usd", "three_year_usd", "npv_usd", "accrual_three_year_usd", "gpus", "gpus_month_36", "offer")
    return {name: cost[name] for name in names} | {"complete": plan["complete"]}


EDITS: Mapping[str, Mapping[str, float]] = {
    "prices": {
        "supply.quotes.hgx-h100-8": 228_500.5,
        "supply.quotes.rack-price": 8_100,
        "supply.electricity": 0.1125,
        "supply.quotes.fte-systems-engineer-us": 150_000,
        "finance.fx.EUR.rate": 1.1234,
    },
    "factors": {
        "supply.amounts.hardware-support-rate": 0.1,
        "supply.amounts.pue-enterprise": 1.31,
        "finance.tax": 0.0725,
        "finance.residual": 0.15,
        "finance.useful_life": 5.5,
        "finance.discount_rate": 0.065,
        "finance.escalation.staff": 0.041,
        "finance.escalation.power": 0.02,
    },
}


def same_totals(found: Mapping[str, Any], engine: Mapping[str, Any]) -> None:
    for name, field in (
        ("TCO_1Y_Total", "one_year_usd"),
        ("TCO_3Y_Total", "three_year_usd"),
        ("TCO_3Y_NPV", "npv_usd"),
        ("Accrued_3Y_Total", "accrual_three_year_usd"),
    ):
        assert found[name] == pytest.approx(engine[field], abs=0.0051), name
    assert found["ChecksFailed"] == 0


@pytest.mark.external("soffice")
@pytest.mark.parametrize("edits", EDITS.values(), ids=EDITS.keys())
def test_round_trip_the_engine_gives_what_the_spreadsheet_shows(
    edits: Mapping[str, float], folder: Path, cli: Cli
) -> None:
    assert cli("size", "small.yaml", "-o", "was", "--quiet").code == 0
    typed(folder / "was" / "tco.xlsx", folder / "edited.xlsx", edits)
    saved = recalculated(folder / "edited.xlsx", folder)
    done = cli("import", "edited.xlsx", "-o", "f.yaml", "--by", "Jane Doe")
    assert done.code == 0 and len(done.out.splitlines()) == 1 + len(edits)
    again = cli("import", saved.relative_to(folder).as_posix(), "-o", "g.yaml", "--by", "Jane Doe")
    assert again.code == 0 and again.out == done.out, "a file that LibreOffice saved says the same"
    assert cli("size", "small.yaml", "--with", "f.yaml", "-o", "now", "--quiet").code == 0
    was, now = planned(folder / "was"), planned(folder / "now")
    fleet = ("gpus", "gpus_month_36", "offer")
    assert [now[name] for name in fleet] == [was[name] for name in fleet] and now != was
    same_totals(totals(saved), now)
    same_totals(totals(folder / "now" / "tco.xlsx"), now)
    assert cli("import", "now/tco.xlsx", "-o", "h.yaml").out == ""


@pytest.mark.external("soffice")
def test_round_trip_of_a_price_and_a_rate_that_were_missing(folder: Path, cli: Cli) -> None:
    (folder / "unpriced.yaml").write_text(UNPRICED, "utf-8")
    assert cli("size", "small.yaml", "--with", "unpriced.yaml", "-o", "was", "--quiet").code == 0
    assert planned(folder / "was")["complete"] is False
    prices = {"supply.quotes.rack-power-price": 3_000, "finance.discount_rate": 0.08}
    typed(folder / "was" / "tco.xlsx", folder / "edited.xlsx", prices)
    assert cli("import", "edited.xlsx", "-o", "f.yaml").code == 0
    assert cli("size", "small.yaml", "--with", "unpriced.yaml", "--with", "f.yaml", "-o", "now", "--quiet").code == 0
    now = planned(folder / "now")
    assert now["complete"] is True and now["npv_usd"] is not None
    same_totals(totals(recalculated(folder / "edited.xlsx", folder)), now)


def raised(source: Path, target: Path) -> int:
    """Every value that a profile holds is typed anew, 3 % higher; how many."""
    book = openpyxl.load_workbook(source)
    rows = [row for row in book["Inputs"].iter_rows(min_row=5) if row[13].value and not row[1].protection.locked]
    typed = [row[1] for row in rows if isinstance(row[1].value, (int, float))]
    for cell in typed:
        cell.value = min(cell.value * 1.03 or 0.01, 1.0 if "%" in cell.number_format else 1e9)
    book.save(target)
    return len(typed)


def site_totals(path: Path) -> dict[str, list[float]]:
    """One year, three years, NPV and accrual of every site, from the sheets of their lines."""
    book = openpyxl.load_workbook(path, data_only=True)
    columns = (at.ONE_YEAR, at.THREE_YEARS, at.NPV, at.ACCRUED)
    return {
        sheet.title.removeprefix("Cost "): [row[column] for column in columns]
        for sheet in book
        if sheet.title.startswith("Cost ")
        for row in sheet.iter_rows(values_only=True)
        if row[0] == "Total"
    }


RENTED = [
    "--set",
    "supply.sites=[commercial]",
    "--set",
    "supply.gpus=[h200-sxm]",
    "--set",
    "supply.commitment=three_year",
]
"""One site that rents all, for a term that is paid upfront."""
EVERY = """\
go_live: 2027-03-01
finance:
  {tax: 2 %, duty: 3 %, freight: 4 %, insurance: 5 %, property_tax: 6 %, service_tax: 7 %, decommissioning: 8 %, residual: 9 %,
   discount_rate: 7 %, useful_life: 45 mo, deposit: 30 %, payment_terms: 60 d, fiscal_year_start: 10, served_share: 80 %,
   fx: {EUR: {rate: 1.0843, as_of: 2026-11-20, source: ECB}}, escalation: {hardware: 1 %, staff: 3 %, power: 2 %}}
compliance: {control_costs: {security_tools: {cost: 40 kUSD}, pen.test: {cost: 25 kUSD, per: once}}}
supply:
  colocation: 196 USD/kW-month
  electricity: 0.11 USD/kWh
  pue: 1.4
  staff_fte: 2
  staff: {operations: {fte: 1.5, cost_per_year: 150 kUSD}, on_call: {fte: 0.5}}
  licences: [nvidia-ai-enterprise]
  quotes:
  - {item: hgx-h100-8, unit_price: 270000 EUR, as_of: 2026-11-20, supplier: A reseller, lead_time: 14 w, mpn: X-1}
"""
"""Every kind of line: rates, terms, controls, roles, a licence, a bridge, and a quote in euro."""


@pytest.mark.external("soffice")
@pytest.mark.parametrize(
    ("profile", "changes"),
    [("rag-internal", []), ("rag-internal", RENTED), ("cui-documents", ["--with", "every.yaml"])],
    ids=["three sites", "rented, paid upfront", "every kind of line"],
)
def test_every_live_input_can_be_handed_back_at_once(profile: str, changes: list[str], folder: Path, cli: Cli) -> None:
    (folder / "every.yaml").write_text(EVERY, "utf-8")
    assert cli("size", profile, "-o", "was", "--quiet", *changes).code == 0
    assert raised(folder / "was" / "tco.xlsx", folder / "edited.xlsx") > 20
    done = cli("import", "edited.xlsx", "-o", "f.yaml")
    assert done.code == 0, done.err
    assert cli("size", profile, "-o", "now", "--quiet", *changes, "--with", "f.yaml").code == 0
    spreadsheet, engine = (
        site_totals(recalculated(folder / "edited.xlsx", folder)),
        site_totals(folder / "now/tco.xlsx"),
    )
    assert spreadsheet.keys() == engine.keys()
    for site, found in spreadsheet.items():
        assert found == pytest.approx(engine[site], abs=0.0051), site


def test_the_verb_starts_as_a_program(folder: Path) -> None:
    (folder / "tco.xlsx").write_bytes(b"PK\x03\x04 and no more")
    command = [sys.executable, "-m", "aisizer", "import", "tco.xlsx", "-o", "f.yaml"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.startswith("tco.xlsx: the workbook is damaged or was cut off")
