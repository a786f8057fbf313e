"""What the fuzz target has found, as a case of its own."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest
from command_line import SMALL, Cli
from outside_files import ROOT

PROFILE = SMALL + "supply: {gpus: [h100-sxm], sites: [on_premises]}\n"


@pytest.fixture(autouse=True)
def folder(cli: Cli) -> Path:
    Path("p.yaml").write_text(PROFILE, encoding="utf-8")
    return Path()


def test_a_lead_time_beyond_the_calendar(cli: Cli) -> None:
    result = cli("size", "p.yaml", "--set", "supply.lead_time.delivery=14000000000001 w")
    assert result.code == 2 and "at most 100 y" in result.err


def test_a_level_measured_on_the_last_day_of_the_calendar(cli: Cli) -> None:
    assert cli("size", "p.yaml", "--confirm", "none", "-q", "-o", "out").code == 0
    Path("levels.csv").write_text("day,trigger,level\n9999-12-31,capacity-llama-3.1-8b,0.12\n", encoding="utf-8")
    result = cli("watch", "out", "--metrics", "levels.csv")
    assert result.code == 2 and "9999-12-31 is 100 years and more from the plan of 2026-12-01" in result.err


def test_a_plan_that_somebody_changed(cli: Cli) -> None:
    assert cli("size", "p.yaml", "--confirm", "none", "-q", "-o", "out").code == 0
    plan = Path("out/sizing.json")
    text = plan.read_text("utf-8")
    start = text.index('"growth_per_month":')
    plan.write_text(text[:start] + '"growth_per_month": -2' + text[text.index(",", start) :], encoding="utf-8")
    result = cli("render", "out")
    assert result.code == 2 and "is not as aisizer wrote it" in result.err


def test_what_steers_a_terminal_is_not_repeated(cli: Cli) -> None:
    Path("sizing.json").write_text('{"schema": "aisizer/plan/v1", "a\u0379\x9b2J": 1}', encoding="utf-8")
    result = cli("explain", "decision.gpus")
    assert result.code == 2 and "\x9b" not in result.err and "a??2J" in result.err


def test_a_catalog_whose_record_is_a_folder_or_whose_version_is_no_text(cli: Cli) -> None:
    Path("own/gpus/mine.yaml").mkdir(parents=True)
    result = cli("catalog", "verify", "--catalog", "own")
    assert result.code == 2 and "mine.yaml: " in result.err
    Path("own/gpus/mine.yaml").rmdir()
    Path("own/VERSION").write_bytes(b"\xff\xfe")
    told = cli("catalog", "verify", "--catalog", "own")
    assert told.code == 0 and told.out.split("sources. ")[1] == "The overlay own adds none and replaces none.\n"


def test_a_trace_with_one_request_weeks_after_the_others(cli: Cli) -> None:
    times = [*range(0, 1980, 60), 2_039_999]
    rows = "".join(f"{time},900,90\n" for time in times)
    Path("log.csv").write_text("TIMESTAMP,ContextTokens,GeneratedTokens\n" + rows, encoding="utf-8")
    result = cli("trace", "log.csv", "-o", "new.yaml")
    assert result.code == 2 and "Cut the trace to the time in which the service was used." in result.err


def test_a_useful_life_beyond_the_calendar(cli: Cli) -> None:
    result = cli("validate", "p.yaml", "--set", "finance.useful_life=5000000000001 y")
    assert result.code == 2 and "finance.useful_life: " in result.err and "at most 100 y" in result.err


def test_a_source_of_a_day_that_no_calendar_has(cli: Cli) -> None:
    sources = Path("own/sources/gpus.yaml")
    sources.parent.mkdir(parents=True)
    given = (ROOT / "hardware_catalog/sources/gpus.yaml").read_text("utf-8")
    sources.write_text(re.sub(r"date: .*", 'date: "2025-18-12"', given), encoding="utf-8")
    assert cli("size", "p.yaml", "--confirm", "none", "-q", "--catalog", "own", "-o", "out").code == 0
    used = {
        source["date"]: source["age_days"]
        for source in json.loads(Path("out/sizing.json").read_text("utf-8"))["sources"]
    }
    assert used["2025-18-12"] is None


@pytest.mark.parametrize("day", ["2026-12-01T00:00:00Z", "2026-12-01 00:00", "1796083200"])
def test_a_day_with_a_time(cli: Cli, day: str) -> None:
    result = cli("size", "p.yaml", "--confirm", "none", "--set", f"plan_date={day}")
    assert result.code == 2 and "plan_date: a date is expected" in result.err and "Write it as 2026-12-01" in result.err


@pytest.mark.parametrize(("gpus", "code"), [(10_000_000, 0), (10_000_001, 2), (8_000_000_000_000, 2), (10**25, 2)])
def test_a_fleet_of_today_beyond_any_earth(cli: Cli, gpus: int, code: int) -> None:
    """The shelf of its spare GPUs was counted up one by one, for hours."""
    started = time.process_time()
    today = f"evidence.today={{gpu: a100-80-sxm, gpus: {gpus}}}"
    result = cli("size", "p.yaml", "--confirm", "none", "-q", "--set", today, "-o", "out")
    assert result.code == code and (not code or "evidence.today.gpus" in result.err)
    assert time.process_time() - started < 30
