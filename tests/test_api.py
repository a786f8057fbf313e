"""The Python API: its signatures stay, its plans are those of the command line, and its tables hold the plan's own figures."""

from __future__ import annotations

import contextlib
import inspect
import io
import re
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from mypy import api as mypy

import aisizer
from aisizer import InvalidInput, NoFeasiblePlan, Plan, load_catalog, load_profile, make_plan, read_plan, write_outputs
from aisizer.deliver.json_file import plan_json
from aisizer.plan.frames import columns
from aisizer.plan.tables import TABLES

ROOT = Path(__file__).parents[1]
SIGNATURES = {
    "load_catalog": "(overlay: Path | str | None = None) -> Catalog",
    "load_profile": "(source: Path | str, *, sets: Sequence[str] = (), fragments: Sequence[Path | str] = (), "
    "catalog: Catalog | None = None) -> ReadProfile",
    "make_plan": "(profile: ReadProfile, catalog: Catalog, *, confirm: Confirm = 'auto') -> Plan",
    "read_plan": "(path: Path | str) -> Plan",
    "write_outputs": "(plan: Plan, folder: Path | str) -> list[Path]",
}
USER = """\
from datetime import date
from aisizer import InvalidInput, Plan, load_catalog, load_profile, make_plan, read_plan, write_outputs

def order_by(name: str) -> date | None:
    plan: Plan = make_plan(load_profile(name, sets=["growth.rate=5 %/month"]), load_catalog(), confirm="none")
    return plan.decision.order_by if plan.decision else None

try:
    print(order_by("clinical-notes"), [str(path) for path in write_outputs(read_plan("sizing"), "out")])
except InvalidInput as error:
    print([fault.line for fault in error.faults])
"""
MIXED = {"limits.month_36", "limits.limit", "sensitivity.low", "sensitivity.base", "sensitivity.high"}
"""Columns that hold a figure or a name."""


@pytest.fixture(scope="module")
def plan() -> Plan:
    return make_plan(load_profile("clinical-notes"), load_catalog(), confirm="none")


@pytest.fixture(scope="module")
def frames(plan: Plan) -> dict[str, pd.DataFrame]:
    return plan.frames()


@pytest.mark.parametrize("name", SIGNATURES)
def test_a_signature_stays_and_has_a_sentence(name: str) -> None:
    found = getattr(aisizer, name)
    assert str(inspect.signature(found)).replace("'", "") == SIGNATURES[name].replace("'", "")
    assert found.__doc__


def test_every_public_name_is_there_and_no_other() -> None:
    assert set(aisizer.__all__) == {*SIGNATURES, "Plan", "AisizerError", "InvalidInput", "NoFeasiblePlan"}
    assert all(getattr(aisizer, name) for name in aisizer.__all__)
    assert set(aisizer.__all__) <= set(dir(aisizer))
    with pytest.raises(AttributeError, match="no attribute 'load_plan'"):
        aisizer.load_plan  # type: ignore[attr-defined]  # noqa: B018


def test_the_import_is_light_and_only_frames_takes_pandas() -> None:
    program = (
        "import sys, aisizer; light = not {'numpy', 'pydantic', 'yaml'} & set(sys.modules);"
        "from aisizer import *; plan = make_plan(load_profile('clinical-notes'), load_catalog(), confirm='none');"
        "print(light, 'pandas' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False"]


def test_a_users_program_is_typed_and_a_wrong_one_is_told(tmp_path: Path) -> None:
    right, wrong = tmp_path / "right.py", tmp_path / "wrong.py"
    right.write_text(USER, encoding="utf-8")
    wrong.write_text(USER.replace('load_profile(name, sets=["', 'load_profile(sets=["'), encoding="utf-8")
    told, _, code = mypy.run(["--config-file", str(ROOT / "pyproject.toml"), str(right), str(wrong)])
    assert code == 1 and re.findall(r"^(?:.*/)?(\w+)\.py:(\d+): error: (.*?)  \[", told, re.MULTILINE) == [
        ("wrong", "5", 'Missing positional argument "source" in call to "load_profile"')
    ], told


def test_the_plan_is_that_of_the_command_line_with_all_that_a_profile_names(tmp_path: Path) -> None:
    sets = ["workloads.notes.model=30B", "supply.gpus=[h200-sxm]"]
    command = [sys.executable, "-m", "aisizer", "size", "clinical-notes", "--json", "--confirm", "none"]
    command += [argument for text in sets for argument in ("--set", text)]
    told = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=True, encoding="utf-8").stdout
    assert plan_json(make_plan(load_profile("clinical-notes", sets=sets), load_catalog(), confirm="none")) == told


def test_names_that_the_catalog_lacks_are_faults_with_or_without_it() -> None:
    catalog, unknown = load_catalog(), ["workloads.notes.model=lama-3"]
    with pytest.raises(InvalidInput, match="the catalog has no model") as early:
        load_profile("clinical-notes", sets=unknown, catalog=catalog)
    with pytest.raises(InvalidInput) as late:
        make_plan(load_profile("clinical-notes", sets=unknown), catalog)
    assert early.value.faults == late.value.faults


def test_a_plan_is_written_read_and_refused(plan: Plan, tmp_path: Path) -> None:
    written = write_outputs(plan, str(tmp_path / "out"))
    assert written[-1] == tmp_path / "out" / "sizing.json"
    assert read_plan(str(tmp_path / "out")) == read_plan(written[-1]) == plan
    with pytest.raises(NoFeasiblePlan):
        write_outputs(plan.model_copy(update={"decision": None}), tmp_path)


@pytest.mark.parametrize("name", TABLES)
def test_a_table_holds_the_plans_figures_in_sane_types(name: str, plan: Plan, frames: dict[str, pd.DataFrame]) -> None:
    table, frame = TABLES[name], frames[name]
    assert list(frame.columns) == [*table.keys, *(column.name for column in columns(table))]
    assert frame.columns.is_unique and set(frame.attrs["columns"]) == set(frame.columns)
    assert {f"{name}.{column}" for column in frame if frame[column].dtype == object} <= MIXED
    records = [record for _, record in table.rows(plan)]
    assert len(frame) == len(records)
    for column in set(frame.columns) & set(table.record.model_fields) - set(table.keys):
        for value, record in zip(frame[column], records, strict=True):
            assert same(value, getattr(record, column)), f"{name}.{column}"


def same(shown: Any, told: Any) -> bool:
    """What is unknown is missing, a day is the same day, and a list is text."""
    if told is None:
        return bool(pd.isna(shown))
    if isinstance(told, tuple):
        return bool(shown == "; ".join(told))
    return bool(shown.date() == told if isinstance(told, date) else shown == told)


def test_ranges_named_values_and_inner_records_are_columns_of_their_own(plan: Plan) -> None:
    known = plan.slo[0].model_copy(update={"interval_ms": (1.0, 2.5)})
    found = plan.model_copy(update={"slo": (known, *plan.slo[1:])}).frames()
    assert found["slo"].loc[0, ["interval_ms_low", "interval_ms_high"]].tolist() == [1.0, 2.5]
    assert found["slo"].loc[1:, "interval_ms_low"].isna().all()
    for case in ("low", "base", "high"):
        days = [trigger.predicted[case] for trigger in plan.triggers]
        assert all(map(same, found["triggers"][f"predicted_{case}"], days))
    prices = [cost.at_plan.usd_per_request for cost in plan.unit_costs.values()]
    assert found["unit_costs"]["at_plan_usd_per_request"].tolist() == prices


def test_cash_and_lines_add_up_to_the_totals(plan: Plan, frames: dict[str, pd.DataFrame]) -> None:
    totals = frames["tco"].set_index("site")["three_year_usd"]
    cash = frames["cash"].groupby("site")
    assert set(totals.index) == {*plan.tco, "baseline"}
    for site, total in totals.items():
        assert cash["cash_usd"].sum()[site] == pytest.approx(total, abs=0.2)
        assert cash["cumulative_usd"].last()[site] == pytest.approx(total, abs=0.2)
    paid = frames["line_months"].groupby(["site", "period"])["amount_usd"].sum()
    told = frames["cash"].set_index(["site", "period"])["cash_usd"].sort_index()
    assert (paid - told).abs().max() < 0.02


def test_an_unknown_price_is_missing_in_every_period(plan: Plan) -> None:
    site, cost = next(iter(plan.tco.items()))
    unpriced = cost.lines[0].model_copy(update={"unit_price_usd": None})
    without = plan.model_copy(update={"tco": {site: cost.model_copy(update={"lines": (unpriced,)})}, "baseline": None})
    found = without.frames()
    assert found["line_months"]["amount_usd"].isna().all() and len(found["line_months"]) == 37
    assert found["lines"]["unit_price_usd"].isna().all()


def test_a_plan_without_a_decision_has_empty_tables_of_the_same_types(frames: dict[str, pd.DataFrame]) -> None:
    nothing = make_plan(load_profile("clinical-notes", sets=["workloads.notes.slo.ttft_p95=1 ms"]), load_catalog())
    assert nothing.decision is None
    for name, frame in nothing.frames().items():
        pd.testing.assert_series_equal(frame.dtypes, frames[name].dtypes)
    assert len(nothing.frames()["rejections"]) > 0


def test_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    printed, names = io.StringIO(), dict[str, Any]()
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    with contextlib.redirect_stdout(printed):
        for program in re.findall(r"^```python\n(.*?)^```", page, re.DOTALL | re.MULTILINE):
            exec(program, names)
    assert "growth.rate" in printed.getvalue() and "gpus_in_service" in printed.getvalue()
    assert all(f"`{name}`" in page for name in TABLES if not hasattr(names["plan"], name))
    assert all(name in page for name in aisizer.__all__)
