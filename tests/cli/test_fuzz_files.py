"""Whatever a file holds, the command line answers with a result or a sentence, its exit code, and earlier files intact.

`make fuzz` tries 10,000 cases; every run of the tests tries a slice.
"""

from __future__ import annotations

import json
import random
import shutil
import signal
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from command_line import Cli, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from outside_files import FULL, LEVELS, NAMES, Kind, kinds

from aisizer.cli.inputs import load_inputs
from aisizer.deliver.write import render
from aisizer.plan.make import make_plan

CASES = settings.default.max_examples if settings.default is settings.get_profile("nightly") else 50
"""of any file: a slice in every run"""
LONGEST_S = 30
"""of processor time, which no answer of these small files needs"""


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as work leaves it: a profile, measured levels, and the outputs of two earlier runs."""
    folder = tmp_path_factory.mktemp("before")
    (folder / "p.yaml").write_text(FULL, encoding="utf-8")
    (folder / "levels.csv").write_text(LEVELS, encoding="utf-8")
    inputs = load_inputs(str(folder / "p.yaml"), (), (), None)
    outputs = render(make_plan(inputs.loaded, inputs.catalog, inputs.files, "none"))
    for run in ("was", "out"):
        (folder / run).mkdir()
        for name in ("sizing.json", "tco.xlsx"):
            (folder / run / name).write_bytes(outputs[name])
    return folder


@pytest.fixture(scope="module")
def samples(before: Path) -> dict[str, Kind]:
    return kinds({path.name: path.read_bytes() for path in (before / "was").iterdir()})


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@settings(max_examples=CASES, suppress_health_check=list(HealthCheck), print_blob=True)
@given(name=st.sampled_from(NAMES), source=st.randoms(use_true_random=True))
def test_any_file(cli: Cli, before: Path, samples: dict[str, Kind], name: str, source: random.Random) -> None:
    kind = samples[name]
    file = source.choice(sorted(kind.files))
    command = [file if word == "FILE" else word for word in source.choice(kind.commands)]
    lay_out(before, Path.cwd())
    Path(file).parent.mkdir(parents=True, exist_ok=True)
    Path(file).write_bytes(kind.damage(kind.files[file], source))
    holds(cli, command)


def lay_out(before: Path, folder: Path) -> None:
    """The folder as it was before, and nothing else in it."""
    for found in folder.iterdir():
        shutil.rmtree(found) if found.is_dir() else found.unlink()
    shutil.copytree(before, folder, dirs_exist_ok=True)


@contextmanager
def watched(command: list[str]) -> Iterator[None]:
    """A case that never returns fails too; what is not an Exception passes every handler of the program."""
    if sys.platform == "win32":  # no clock of processor time that interrupts: told once the case returns
        started = time.process_time()
        yield
        assert time.process_time() - started < LONGEST_S, command
        return

    def stop(_number: int, _frame: object) -> None:
        pytest.fail(f"{command} took more than {LONGEST_S} s of processor time.")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, LONGEST_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def holds(cli: Cli, command: list[str]) -> None:
    """What a user may rely on, whatever a file holds."""
    earlier = contents(Path.cwd())
    with warnings.catch_warnings(), watched(command):
        warnings.simplefilter("error")
        result = cli(*command)
    found = contents(Path.cwd())
    assert result.code in (0, 2, 3, 4, 5), (command, result)
    assert found == earlier or result.code not in (2, 3), command
    assert not [path for path in found if path.endswith(".tmp")]
    well_said(result)
    well_written(result, {path: content for path, content in found.items() if earlier.get(path) != content})


def well_said(result: Result) -> None:
    """A failure is a sentence that a terminal can show."""
    assert result.code == 0 or result.err.rstrip().endswith((".", "?")), result
    assert all(character.isprintable() or character == "\n" for character in result.err), result


def well_written(result: Result, changed: dict[str, bytes]) -> None:
    """JSON is JSON: no NaN, which no other program reads."""
    texts = [content.decode() for path, content in changed.items() if path.endswith(".json")]
    for text in (*texts, *([result.out] if result.out.startswith("{") else [])):
        json.loads(text, parse_constant=pytest.fail)


def test_whole_files_are_read(cli: Cli, before: Path, samples: dict[str, Kind]) -> None:
    """Else the cases above would only ever see the first refusal."""
    for name, kind in samples.items():
        lay_out(before, Path.cwd())
        for file, content in kind.files.items():
            Path(file).parent.mkdir(parents=True, exist_ok=True)
            Path(file).write_bytes(content)
        for command in kind.commands:
            result = cli(*(sorted(kind.files)[-1] if word == "FILE" else word for word in command))
            assert result.code == 0, (name, command, result)
