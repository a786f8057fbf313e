"""README and docs say what is true: their commands run, their links resolve, and the README's screen is the real one.

Run as a script (`make readme`) it writes that screen into README.md.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
DOCUMENTS = [
    README,
    ROOT / "CONTRIBUTING.md",
    ROOT / "SECURITY.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "examples").glob("*/README.md")),
]
SCREEN = re.compile(r"(<!-- output:start -->\n```text\n)(.*?)(```\n<!-- output:end -->)", re.DOTALL)
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#]+)")
# Not run here: installers need a network or an environment of their own (tests/install), git needs a remote.
NOT_RUN = ("pip", "pipx", "git", "cd")


def commands(document: Path) -> Iterator[list[str]]:
    for block in BLOCK.findall(document.read_text(encoding="utf-8")):
        for line in block.replace("\\\n", " ").splitlines():
            if words := shlex.split(line, comments=True):
                yield words


def aisizer(arguments: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"COLUMNS": "100", "NO_COLOR": "1"}
    return subprocess.run(
        [sys.executable, "-m", "aisizer", *arguments], cwd=folder, env=environment, capture_output=True, text=True
    )


def screen() -> str:
    with tempfile.TemporaryDirectory() as folder:
        done = aisizer(["size", "clinical-notes"], Path(folder))
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    return "".join(line.rstrip() + "\n" for line in done.stdout.strip("\n").splitlines())


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_commands_run(document: Path, tmp_path: Path) -> None:
    if document.is_relative_to(ROOT / "examples"):
        shutil.copytree(document.parent, tmp_path, dirs_exist_ok=True)
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for words in commands(document):
        match words:
            case ["make", *named]:
                assert set(named) <= targets, f"the Makefile has no target for {words}"
            case ["aisizer", *arguments]:
                done = aisizer(arguments, tmp_path)
                assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
            case ["python", script, *_]:
                assert (ROOT / script).is_file(), f"{words} names no file"
            case [tool, *_] if tool.startswith(".venv/bin/"):
                assert Path(sys.executable).with_name(Path(tool).name).exists(), f"{tool} is not in the dev group"
            case [tool, *_] if tool not in NOT_RUN and not (ROOT / tool).is_file():
                pytest.fail(f"{document.name} shows a command that no test covers: {words}")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_resolve(document: Path) -> None:
    for target in LINK.findall(document.read_text(encoding="utf-8")):
        assert (document.parent / target).exists(), f"{document.name} links to {target}, which is not there"


def test_every_named_source_file_exists() -> None:
    for document in DOCUMENTS:
        for name in re.findall(r"`((?:src|tests|benchmarks|hardware_catalog)/[\w./-]+)`", document.read_text("utf-8")):
            assert (ROOT / name).exists(), f"{document.name} names {name}, which is not there"


def test_screen_in_readme_is_the_real_one() -> None:
    shown = SCREEN.search(README.read_text(encoding="utf-8"))
    assert shown is not None, "README.md has lost its <!-- output:start --> block"
    assert shown.group(2) == screen(), "the screen in README.md has drifted: run `make readme`"


if __name__ == "__main__":
    text, count = SCREEN.subn(
        lambda found: found.group(1) + screen() + found.group(3), README.read_text(encoding="utf-8")
    )
    if count != 1:
        sys.exit("README.md has no block between <!-- output:start --> and <!-- output:end -->. Put one back.")
    README.write_text(text, encoding="utf-8", newline="\n")
