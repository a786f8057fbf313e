"""The real program in a real terminal: no line is too wide, colour only where it is wanted, progress only where it is seen."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

pytest.importorskip("pty")  # Windows has none

from command_line import SMALL
from terminal import PROGRAM, in_terminal

from aisizer.cli.inputs import load_inputs
from aisizer.deliver.write import write_outputs
from aisizer.plan.make import make_plan

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
PROFILE = SMALL + "supply: {gpus: [h100-sxm], sites: [on_premises, hosted]}\ngrowth: {rate: 4 %/month}\n"
SIZE = ["size", "p.yaml", "--confirm", "none"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a profile, one that is not valid, and the outputs of both variants of a plan."""
    folder = tmp_path_factory.mktemp("terminal")
    (folder / "p.yaml").write_text(PROFILE, encoding="utf-8")
    (folder / "wrong.yaml").write_text(PROFILE.replace("mean: 1500", "mean: 9500") + "growht: 1\n", encoding="utf-8")
    levels = "".join(f"2027-12-{day:02},capacity-llama-3.1-8b,0.{day}\n" for day in range(10, 29))
    (folder / "levels.csv").write_text("day,trigger,level\n" + levels, encoding="utf-8")
    for name, *more in (("was",), ("now", "resilience.redundancy=N+2")):
        inputs = load_inputs(str(folder / "p.yaml"), more, (), None)
        write_outputs(make_plan(inputs.loaded, inputs.catalog, inputs.files, "none"), folder / name)
    return folder


SCREENS = [
    (SIZE, 0),
    ([*SIZE, "--set", "workloads.chat.slo={ttft_p95: 1 ms}"], 3),
    (["size", "none.yaml"], 2),
    (["validate", "wrong.yaml"], 2),
    (["explain", "growth.rate", "--plan", "was"], 0),
    (["explain", "decision.gps", "--plan", "was/sizing.json"], 2),
    (["compare", "p.yaml", "--vary", "growth.rate=2 %/month,6 %/month", "--confirm", "none"], 0),
    (["diff", "was", "now", "--max-increase", "0%"], 4),
    (["watch", "was", "--metrics", "levels.csv"], 0),
    (["simulate", "was", "--seconds", "60", "--seeds", "1"], 0),
    (["catalog", "list", "sites"], 0),
]


def plain(shown: str) -> list[str]:
    """What a reader sees: without colour, and without what was written over."""
    return [line.rsplit("\r", 1)[-1] for line in COLOUR.sub("", shown).removesuffix("\n").split("\n")]


@pytest.mark.parametrize(
    ("arguments", "code"), SCREENS, ids=lambda part: " ".join(part)[:40] if type(part) is list else ""
)
def test_no_line_is_wider_than_80_columns(folder: Path, arguments: list[str], code: int) -> None:
    found, shown = in_terminal(arguments, folder)
    assert found == code, shown
    assert [line for line in plain(shown) if len(line) > 80] == []
    assert "Traceback" not in shown and shown.strip()


def test_a_wide_terminal_is_used_no_further_than_is_read_with_ease(folder: Path) -> None:
    assert 80 < max(map(len, plain(in_terminal(SIZE, folder, columns=200)[1]))) <= 120


@pytest.mark.parametrize(
    ("environment", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)], ids=repr
)
def test_colour_is_for_terminals_that_want_it(folder: Path, environment: dict[str, str], coloured: bool) -> None:
    assert ("\x1b" in in_terminal(["diff", "was", "now"], folder, environment=environment)[1]) == coloured


@pytest.mark.parametrize(
    "arguments", [SIZE, ["diff", "was", "now"], ["explain", "growth.rate"], ["validate", "wrong.yaml"]]
)
def test_a_pipe_gets_plain_utf8_whatever_the_locale_and_each_fault_on_one_line(
    folder: Path, arguments: list[str]
) -> None:
    environment = os.environ | {"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}
    done = subprocess.run([*PROGRAM, *arguments], cwd=folder, env=environment, capture_output=True, check=False)
    text = (done.stdout + done.stderr).decode("utf-8")
    assert "\x1b" not in text and "\r" not in text and "\ufffd" not in text
    faults = [line for line in text.splitlines() if line.startswith("wrong.yaml:")]
    assert len(faults) == (2 if arguments[0] == "validate" else 0)


WORK = """
import sys, time
from aisizer.cli import progress
progress.PATIENCE_S = 0.05
progress.EVERY_S = 0.02
with progress.Progress("planning", quiet="-q" in sys.argv) as shown:
    shown.told(1, 4)
    time.sleep(0.5)
print("done")
"""


def working(folder: Path, *arguments: str, **environment: str) -> str:
    """What a terminal sees of half a second of work."""
    script = folder / "work.py"
    script.write_text(WORK, encoding="utf-8")
    return in_terminal([str(script), *arguments], folder, environment=environment, program=[sys.executable])[1]


def test_progress_is_told_with_the_time_left_and_is_gone_afterwards(folder: Path) -> None:
    shown = working(folder)
    assert re.search(r"\rplanning: 1 of 4, about \d s left", shown)
    assert shown.endswith("\rdone\n") and plain(shown)[-1] == "done"
    last = shown.rsplit("\r", 2)[1]
    assert last == " " * len(last) and len(last) >= len("planning: 1 of 4, about 1 s left")


VERB = """
from aisizer.cli import progress
progress.PATIENCE_S = progress.EVERY_S = 0.005
from aisizer.__main__ import main
main()
"""
LOG = "TIMESTAMP,ContextTokens,GeneratedTokens\n" + "".join(f"{i},{900 + i % 90},90\n" for i in range(40_000))
POINTS = "model,gpu,tp,isl_mean,osl_mean,load_kind,load_value,protocol\n"
POINT = "llama-3.1-8b,h100-sxm,1,{},90,concurrency,8,closed_steady\n"


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["trace", "log.csv"], r"\rreading log\.csv: \d\d? %, about \d+ s left *\r"),
        (["predict", "few.csv", "-o", "answers.csv"], r"\rpredicting: \d+ of 30, about \d+ s left *\r"),
    ],
    ids=["trace", "predict"],
)
def test_a_verb_that_knows_its_end_tells_how_far_it_is(folder: Path, arguments: list[str], line: str) -> None:
    (folder / "log.csv").write_text(LOG, encoding="utf-8")
    (folder / "few.csv").write_text(POINTS + "".join(POINT.format(i) for i in range(500, 530)), encoding="utf-8")
    code, shown = in_terminal(["-c", VERB, *arguments], folder, program=[sys.executable])
    assert code == 0 and re.search(line, shown), shown
    assert not any("left" in line for line in plain(shown))


def test_no_progress_for_who_wants_quiet_or_cannot_see_it(folder: Path) -> None:
    assert working(folder, "-q") == working(folder, TERM="dumb") == "done\n"
    piped = subprocess.run([sys.executable, folder / "work.py"], capture_output=True, text=True, check=True)
    assert (piped.stdout, piped.stderr) == ("done\n", "")


@pytest.mark.parametrize("arguments", [["schema", "profile"], [*SIZE, "--json", "-o", "piped"]])
def test_a_reader_that_has_seen_enough_hears_no_complaint(folder: Path, arguments: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run([*PROGRAM, *arguments], cwd=folder, stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, b"")
    assert "piped" not in arguments or (folder / "piped" / "sizing.json").is_file()


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


LISTENING = """
from aisizer import __main__ as program
from aisizer.cli.interrupt import listen
def told():
    listen()
    print("listening", flush=True)  # before that, Python itself is still starting
program.listen = told
program.main()
"""


def interrupted_at(
    delays: Iterable[float], arguments: list[str], folder: Path
) -> Iterator[tuple[float, int, str, str]]:
    """Ctrl-C after each delay: how long the program took to end, its exit code and both streams."""
    for delay in delays:
        command = [sys.executable, "-c", LISTENING, *arguments]
        program = subprocess.Popen(
            command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
        )
        assert program.stdout is not None and program.stdout.readline() == "listening\n"
        time.sleep(delay)
        asked = time.monotonic()
        os.killpg(program.pid, signal.SIGINT)
        out, err = program.communicate(timeout=10)
        yield time.monotonic() - asked, program.returncode, out, err


@pytest.mark.parametrize(
    "arguments",
    [["size", "clinical-notes", "--confirm", "full", "-o", "was"], ["predict", "points.csv", "-o", "was/sizing.json"]],
    ids=["size", "predict on all cores"],
)
def test_ctrl_c_ends_it_at_once_with_earlier_outputs_intact(folder: Path, arguments: list[str]) -> None:
    (folder / "points.csv").write_text(POINTS + "".join(POINT.format(i) for i in range(1, 9000)), encoding="utf-8")
    before = contents(folder)
    for took, code, out, err in interrupted_at((0.0, 0.2, 0.6, 1.3), arguments, folder):
        assert (code, out, err) == (130, "", "Interrupted. No output was left half written.\n")
        assert took < 2  # a busy machine; 0.5 s on one at rest
        assert contents(folder) == before
