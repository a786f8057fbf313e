"""What a pipeline calls, where nothing is given: no terminal, no home, no network, a checkout that cannot be written."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from worked_repository import EXAMPLE, PACKAGE, Ran

FORBIDDEN = """\
import sys
def refuse(event, arguments):
    if event.startswith("socket."):
        raise SystemExit(f"{event} {arguments}: the network was asked for")
sys.addaudithook(refuse)
from aisizer.cli.main import run
run()
"""
"""aisizer in a process that ends when anything looks for a network"""
CALLS = [
    ("validate", "profile.yaml", "--format", "gitlab"),
    ("size", "profile.yaml", "--output", "OUT/plan", "--quiet"),
    ("diff", "OUT/plan", "OUT/plan", "--format", "markdown", "--max-increase", "5%"),
    ("compare", "profile.yaml", "--vary", "workloads.chat.load.rate=6 req/s,60 req/s"),
    ("watch", "OUT/plan", "--metrics", "levels.csv", "--markdown"),
]
UNPRIVILEGED = ("setpriv", "--bounding-set=-all", "--inh-caps=-all", "--")
"""root without its powers, for whom a file without a w is one that cannot be written"""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The worked repository and a file of levels, all of it without a w."""
    folder = tmp_path_factory.mktemp("job") / "checkout"
    shutil.copytree(EXAMPLE, folder)
    days = "".join(f"2027-12-{day:02},capacity-llama-3.1-8b,{5 + day % 3} %\n" for day in range(1, 32))
    (folder / "levels.csv").write_text(f"day,trigger,level\n{days}", encoding="utf-8")
    inside = [folder, *folder.rglob("*")]
    for path in inside:
        path.chmod(0o555 if path.is_dir() else 0o444)
    yield folder
    for path in inside:
        path.chmod(0o755)


def called(checkout: Path, out: Path, *arguments: str) -> Ran:
    """One call with an environment of nothing but where the code is."""
    command = [sys.executable, "-c", FORBIDDEN, *(word.replace("OUT", str(out)) for word in arguments)]
    done = subprocess.run(
        [*(UNPRIVILEGED if os.getuid() == 0 else ()), *command],
        cwd=checkout,
        env={"PYTHONPATH": str(PACKAGE), "PATH": os.defpath},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    return Ran(done.returncode, done.stdout.replace(str(out), "OUT"), done.stderr)


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.external("setpriv")
def test_every_call_is_quiet_and_the_same_twice_with_nothing_to_lean_on(checkout: Path) -> None:
    outs = [checkout.parent / "first", checkout.parent / "second"]
    assert "cannot be written (Permission denied)" in called(checkout, outs[0], "init", "new.yaml").err
    for arguments in CALLS:
        first, second = (called(checkout, out, *arguments) for out in outs)
        assert first.code == 0 and first.err == "", (arguments, first)
        assert first == second and "\x1b" not in first.out, arguments
        assert (first.out == "") == ("--quiet" in arguments), arguments
    assert files(outs[0]) == files(outs[1]) and "plan/sizing.json" in files(outs[0])
