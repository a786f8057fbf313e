"""The Python of docs/finance.md runs on the workbook that its first command writes, and prints the plan's totals."""

from __future__ import annotations

import contextlib
import io
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "finance.md"


def test_the_programs_on_the_page_read_the_totals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    command = [sys.executable, "-m", "aisizer", "size", "clinical-notes", "--confirm", "none", "--quiet"]
    subprocess.run(command, check=True)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        for program in re.findall(r"^```python\n(.*?)^```", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE):
            exec(program, {})
    plan = json.loads(Path("sizing/clinical-notes/sizing.json").read_text("utf-8"))
    cost = plan["tco"][plan["decision"]["site"]]
    shown = dict(line.split(maxsplit=1) for line in printed.getvalue().splitlines() if len(line.split()) == 2)
    assert float(shown["TCO_1Y_Total"]) == pytest.approx(cost["one_year_usd"], abs=0.0051)
    assert float(shown["TCO_3Y_NPV"]) == pytest.approx(cost["npv_usd"], abs=0.0051)
    assert float(shown["ChecksFailed"]) == 0 and shown["Currency"] == "USD"
    for site, each in plan["tco"].items():
        assert float(shown[site.replace("_", "-")]) == pytest.approx(each["three_year_usd"], abs=0.0051)
