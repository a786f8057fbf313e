"""No verb but watch opens a socket, none starts a program, and each writes only where it was told to."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import SMALL

ROOT = Path(__file__).parents[2]

# The hook sees what Python itself does (PEP 578) and, once set, stays: so it has a process of its own.
AUDITED = """\
import os, shlex, sys

def writes(path, mode, flags):
    return isinstance(path, (str, bytes)) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)

def heard(event, given):
    if event.startswith(("socket.", "subprocess.", "os.system", "os.exec", "os.fork", "os.posix_spawn", "os.startfile")):
        print("heard", event, given, file=sys.stderr)
    elif event == "open" and writes(*given) and "__pycache__" not in str(given[0]):
        print("wrote", os.path.relpath(os.fsdecode(given[0])), file=sys.stderr)

sys.addaudithook(heard)
sys.dont_write_bytecode = True
from aisizer.cli.main import run

for line in sys.stdin.read().splitlines():
    sys.argv = ["aisizer", *shlex.split(line)]
    try:
        run()
    except SystemExit as left:
        print("left", left.code or 0, line, file=sys.stderr)
"""

VERBS = """\
init new.yaml --from clinical-notes
validate new.yaml small.yaml
size small.yaml
size small.yaml -o larger --set resilience.redundancy=N+2
explain decision.gpus --plan sizing/small/sizing.json
compare small.yaml --vary resilience.redundancy=N+1,N+2
diff sizing/small larger
render sizing/small --format pdf,docx,brief,bom.json,bom.cdx.json,rfq.csv,options.csv
import sizing/small/tco.xlsx --by "Jane Doe" -o finance.yaml
trace {examples}/traffic/requests.csv.gz -o traffic.yaml --workload chat
calibrate {examples}/calibration/conc1.json {examples}/calibration/conc16.json --gpu h100-sxm --tp 1 -o measured.yaml
predict --model llama-3.1-8b --gpu l40s --tp 1 --isl 1024 --osl 128 --rate 2
simulate small.yaml
catalog list gpus
catalog show h100-sxm
catalog verify
schema profile
"""

ASKED = ("new.yaml", "sizing/small/", "larger/", "traffic.yaml", "measured.yaml")


def audited(commands: str, folder: Path) -> list[str]:
    (folder / "small.yaml").write_text(SMALL, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", AUDITED], input=commands, cwd=folder, capture_output=True, text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stderr.splitlines()


@pytest.fixture(scope="module")
def noted(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What the hook heard of every verb but watch."""
    return audited(VERBS.format(examples=ROOT / "examples"), tmp_path_factory.mktemp("offline"))


def test_every_verb_ran(noted: list[str]) -> None:
    left = [line for line in noted if line.startswith("left ")]
    assert [line.split()[1] for line in left] == ["0"] * len(VERBS.splitlines()), "\n".join(noted)


def test_no_verb_opens_a_socket_or_starts_a_program(noted: list[str]) -> None:
    assert [line for line in noted if line.startswith("heard ")] == []


def test_no_verb_writes_outside_the_folder_it_was_given(noted: list[str]) -> None:
    """A file is first written into a hidden folder beside its place."""
    written = [line.removeprefix("wrote ") for line in noted if line.startswith("wrote ")]
    assert len(written) > len(ASKED)
    assert [path for path in written if not path.replace(".aisizer-new/", "", 1).startswith(ASKED)] == []


def test_the_hook_hears_the_socket_of_watch(tmp_path: Path) -> None:
    told = audited("size small.yaml -q\nwatch sizing/small --prometheus http://127.0.0.1:9\n", tmp_path)
    assert any(line.startswith("heard socket.") for line in told)
