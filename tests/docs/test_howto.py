"""What the how-to pages ask for is little and enough: three files at most, and an output that is added as they say is drawn."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HOWTO = ROOT / "docs" / "howto"
BLOCK = re.compile(r'^```\w+ title="([^"]+)"\n(.*?)^```', re.DOTALL | re.MULTILINE)
ADDED = "added to "


def blocks(page: str) -> dict[str, str]:
    """The text of each file that a page asks for, by its title."""
    return dict(BLOCK.findall((HOWTO / page).read_text(encoding="utf-8")))


@pytest.mark.parametrize("page", ["gpu.md", "site.md", "rule.md", "output.md"])
def test_three_files_are_enough(page: str) -> None:
    assert 1 <= len(blocks(page)) <= 3


def test_an_output_is_added_as_the_page_says(tmp_path: Path) -> None:
    for name in ("src", "hardware_catalog", "profiles"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("tests/conftest.py", "tests/deliver/conftest.py", "tests/deliver/sample_plan.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    for title, text in blocks("output.md").items():
        if title.startswith(ADDED):
            register(tmp_path / title.removeprefix(ADDED), text)
        else:
            (tmp_path / title).write_text(text, encoding="utf-8")
    size = ["aisizer", "size", "clinical-notes", "--confirm", "none", "--quiet"]
    render = ["aisizer", "render", "sizing/clinical-notes", "--format", "months.csv"]
    for module in (["pytest", "-q", "--import-mode=importlib", "tests/deliver"], size, render):
        run(module, tmp_path)
    drawn = (tmp_path / "sizing" / "clinical-notes" / "months.csv").read_text(encoding="utf-8")
    assert len(drawn.splitlines()) == 37
    assert "months.csv" in run(["aisizer", "render", "sizing/clinical-notes", "--format", "months"], tmp_path, code=2)


def register(file: Path, text: str) -> None:
    """The import among the imports, and the entry at the end of FORMATS."""
    imported, entry = (part.rstrip("\n") for part in text.split("\n\n"))
    written = file.read_text(encoding="utf-8")
    changed = written.replace("from aisizer.deliver.options", f"{imported}\nfrom aisizer.deliver.options", 1)
    changed = changed.replace('    "options.csv": options_csv,\n', f'    "options.csv": options_csv,\n{entry}\n', 1)
    assert changed.count("months_csv") == 3
    file.write_text(changed, encoding="utf-8")


def run(module: list[str], folder: Path, code: int = 0) -> str:
    environment = os.environ | {"PYTHONPATH": str(folder / "src")}
    done = subprocess.run(
        [sys.executable, "-m", *module], cwd=folder, env=environment, capture_output=True, text=True, encoding="utf-8"
    )
    assert done.returncode == code, f"{module}\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr
