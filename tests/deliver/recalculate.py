"""Recalculates a workbook with LibreOffice, which trusts cached values unless it is told not to."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

PROFILE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load">
<prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item>
</oor:items>
"""


def available() -> bool:
    """Whether LibreOffice is installed."""
    return shutil.which("soffice") is not None


def recalculated(path: Path, folder: Path) -> Path:
    """The same workbook with every formula computed anew."""
    return all_recalculated([path], folder)[0]


def all_recalculated(paths: Sequence[Path], folder: Path) -> list[Path]:
    """Several workbooks, by one start of LibreOffice."""
    user = folder / "profile" / "user"
    user.mkdir(parents=True, exist_ok=True)
    (user / "registrymodifications.xcu").write_text(PROFILE)
    out = folder / "recalculated"
    command = ["soffice", "--headless", "--norestore", f"-env:UserInstallation=file://{user.parent}"]
    command += ["--convert-to", "xlsx", "--outdir", str(out), *map(str, paths)]
    subprocess.run(command, check=True, capture_output=True, timeout=120 + 30 * len(paths))
    return [out / path.name for path in paths]
