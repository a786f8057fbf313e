"""The output folder: whole or untouched; the Plan survives its file; CSV text stays text."""

from __future__ import annotations

import csv
import errno
import io
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sample_plan import infeasible_plan, missing_price_plan, sample_plan, two_pool_plan

from aisizer.costs.records import BomLine
from aisizer.deliver import write
from aisizer.deliver.json_file import plan_json, read_plan
from aisizer.deliver.tables import FORMULA_STARTS, bom_csv, inert
from aisizer.deliver.write import render, write_outputs
from aisizer.errors import InvalidInput, NoFeasiblePlan, OutputError

NAMES = {
    "sizing.json",
    "bom.csv",
    "tco.xlsx",
    "sizing.md",
    "sizing.html",
    "triggers.rules.yaml",
    "triggers/records.rules.yaml",
    "triggers/alerts.rules.yaml",
    "triggers/prometheusrule.yaml",
    "triggers/rules.test.yaml",
    "triggers/dashboard.json",
    "triggers/runbooks/AisizerCapacityHeadroomLow.md",
    "triggers/runbooks/AisizerCapacityHeadroomLowDataMissing.md",
}


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, by its path in it."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_writes_exactly_these_and_leaves_others_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    (tmp_path / "sizing.md").write_text("old")
    written = write_outputs(sample_plan(), tmp_path)
    assert {path.relative_to(tmp_path).as_posix() for path in written} == NAMES
    assert written[-1].name == "sizing.json"
    assert set(contents(tmp_path)) == NAMES | {"mine.txt"}
    assert (tmp_path / "mine.txt").read_text() == "mine"
    assert (tmp_path / "sizing.md").read_text() != "old"


def test_same_plan_same_bytes_wherever(tmp_path: Path) -> None:
    for folder in ("one", "two/three"):
        write_outputs(sample_plan(), tmp_path / folder)
    for name in NAMES:
        content = (tmp_path / "one" / name).read_bytes()
        assert content == (tmp_path / "two/three" / name).read_bytes()
        assert str(tmp_path).encode() not in content
        assert b"\r\n" not in content or name == "tco.xlsx"


def test_failed_rendering_touches_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_outputs(sample_plan(), tmp_path)
    before = contents(tmp_path)

    def fail(_: object) -> str:
        raise ZeroDivisionError

    monkeypatch.setattr(write, "plan_json", fail)
    with pytest.raises(ZeroDivisionError):
        write_outputs(two_pool_plan(), tmp_path)
    assert contents(tmp_path) == before


def test_full_disk_leaves_the_old_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_outputs(sample_plan(), tmp_path)
    before = contents(tmp_path)
    real = Path.write_bytes

    def full(path: Path, data: bytes) -> int:
        if "sizing.html" in path.name:
            raise OSError(28, "No space left on device")
        return real(path, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OutputError, match=r"No space left on device.*Free space, or give another place with -o"):
        write_outputs(two_pool_plan(), tmp_path)
    assert contents(tmp_path) == before


def test_a_file_or_folder_in_the_way_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    for folder in ("taken", "taken/deeper"):
        with pytest.raises(OutputError, match="a file of that name is in the way") as refused:
            write_outputs(sample_plan(), tmp_path / folder)
        assert "Free space" not in str(refused.value)
    (tmp_path / "out" / "sizing.html").mkdir(parents=True)
    with pytest.raises(OutputError, match=r"sizing\.html is a folder"):
        write_outputs(sample_plan(), tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["sizing.html"]


def test_a_file_in_the_way_of_the_inner_folder_leaves_the_old_ones(tmp_path: Path) -> None:
    (tmp_path / "triggers").write_text("mine")
    with pytest.raises(OutputError, match="a file of that name is in the way"):
        write_outputs(sample_plan(), tmp_path)
    assert contents(tmp_path) == {"triggers": b"mine"}


def test_a_failed_first_run_leaves_no_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Path.write_bytes

    def full(path: Path, data: bytes) -> int:
        if "dashboard.json" in path.name:
            raise OSError(28, "No space left on device")
        return real(path, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OutputError):
        write_outputs(sample_plan(), tmp_path / "new" / "out")
    assert list(tmp_path.iterdir()) == []


def test_read_only_folder_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(path: Path, data: bytes) -> int:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    monkeypatch.setattr(Path, "write_bytes", refused)
    with pytest.raises(OutputError, match="Permission denied"):
        write_outputs(sample_plan(), tmp_path)


def test_infeasible_plan_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(NoFeasiblePlan):
        write_outputs(infeasible_plan(), tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("plan", [sample_plan(), missing_price_plan(), two_pool_plan(), infeasible_plan()])
def test_plan_survives_its_file(plan: object, tmp_path: Path) -> None:
    path = tmp_path / "sizing.json"
    path.write_text(plan_json(plan), encoding="utf-8")  # type: ignore[arg-type]
    assert read_plan(path) == plan
    assert json.loads(path.read_text())["schema"] == "aisizer/plan/v1"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("[]", "is no plan"),
        ('{"schema": "aisizer/plan/v2"}', "Install the version of aisizer"),
        ('{"schema": "aisizer/plan/v1"}', "Run aisizer size again"),
    ],
)
def test_what_is_no_plan_is_refused_with_the_mend(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "sizing.json"
    path.write_text(text)
    with pytest.raises(InvalidInput, match=message):
        read_plan(path)
    with pytest.raises(InvalidInput, match=r"The path .*none\.json does not exist\. Give the path"):
        read_plan(tmp_path / "none.json")


def test_bom_has_a_column_per_field_and_no_formula() -> None:
    rows = list(csv.reader(io.StringIO(bom_csv(missing_price_plan()))))
    assert rows[0] == [*BomLine.model_fields, "marking"]
    assert len(rows) == 1 + len(sample_plan().bom)
    assert not [cell for row in rows[1:] for cell in row if cell.startswith(("=", "+", "-", "@"))]
    optics = dict(zip(rows[0], rows[3], strict=True))
    assert optics["unit_price_usd"] == "" == optics["extended_price_usd"]


@given(st.text())
def test_inert_text_never_starts_a_formula(text: str) -> None:
    safe = inert(text)
    assert not safe.startswith(FORMULA_STARTS)
    assert all(part[:1] not in FORMULA_STARTS[:4] for part in safe.split(";"))
    assert [c for c in safe if c.isprintable() and c != "'"] == [c for c in text if c.isprintable() and c != "'"]


def test_same_total_to_the_cent_in_every_file() -> None:
    files = render(sample_plan())
    total = sample_plan().tco["on_premises"].three_year_usd
    assert json.loads(files["sizing.json"])["tco"]["on_premises"]["three_year_usd"] == total
    assert f"{total:,.2f}".encode() in files["sizing.md"]
    assert f"{total:,.2f}".encode() in files["sizing.html"]
