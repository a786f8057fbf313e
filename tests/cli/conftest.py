"""Calls the command line in a folder of the test's own."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from command_line import Cli, Result, called


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Cli:
    """The command line in an empty folder; what a test needs there, its file lays out."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> Result:
        return called(arguments, monkeypatch, capsys)

    return call
