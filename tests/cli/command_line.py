"""The command line, called inside the test's own process."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import NamedTuple

import pytest

from aisizer.cli.main import run

SMALL = """\
schema: aisizer/profile/v1
name: small
plan_date: 2026-12-01
go_live: 2027-12-01
workloads:
  chat:
    model: llama-3.1-8b
    load: {rate: 6 req/s}
    prompt_tokens: {mean: 1500, p95: 3500}
    output_tokens: {mean: 250, p95: 600}
    slo: {ttft_p95: 1.5 s, tpot_p95: 60 ms}
"""
"""How the profiles of these tests begin."""
ON_PREMISES = SMALL + "supply: {gpus: [h100-sxm], sites: [on_premises]}\n"
"""One GPU at one site: as much as most of these tests need, and quick."""


class Result(NamedTuple):
    """What a call left: its exit code and both streams."""

    code: int
    out: str
    err: str


Cli = Callable[..., Result]


def called(arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Result:
    """One call; whatever a user gives, no traceback answers."""
    monkeypatch.setattr(sys, "argv", ["aisizer", *arguments])
    code = 0
    try:
        run()
    except SystemExit as stop:
        code = int(stop.code or 0)
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err
    return Result(code, captured.out, captured.err)
