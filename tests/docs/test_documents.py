"""README and docs say what is true: their commands run, their links resolve, and the README's screen is the real one.

Run as a script (`make readme`) it writes that screen into README.md.
"""

from __future__ import annotations

import json
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

sys.path.insert(0, str(Path(__file__).parents[1] / "cli"))

from command_line import called

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
DOCUMENTS = [
    README,
    ROOT / "CONTRIBUTING.md",
    ROOT / "SECURITY.md",
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "examples").glob("*/README.md")),
]
SCREEN = re.compile(r"(<!-- output:start -->\n```text\n)(.*?)(```\n<!-- output:end -->)", re.DOTALL)
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.DOTALL | re.MULTILINE)
FILE = re.compile(r'^```\w+ title="([\w./-]+)"\n(.*?)^```', re.DOTALL | re.MULTILINE)
"""A block that a reader saves under its title; the project's own files are tried in test_howto.py."""
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#]+)")
# Not run here: installers need a network or an environment of their own (tests/install), git needs a remote.
NOT_RUN = ("pip", "pipx", "git", "cd")
READY = ("size", "clinical-notes")
LEAVES = {
    "gpu.md": ("clinical-notes", "ranking", "example-96"),
    "model.md": ("own-model", "decision", "my-model"),
    "site.md": ("clinical-notes", "tco", "partner_west"),
    "rule.md": ("clinical-notes", "retention", "House rule 7, section 9"),
}
"""The plan, the part of it and the word in it that show that a page has done what its title says."""


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
    return trimmed(done.stdout)


def trimmed(shown: str) -> str:
    return "".join(line.rstrip() + "\n" for line in shown.strip("\n").splitlines())


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which the ready profile was sized once for all pages, with what it said in screen.txt."""
    folder = tmp_path_factory.mktemp("ready")
    done = aisizer(list(READY), folder)
    assert done.returncode == 0, done.stderr
    (folder / "screen.txt").write_text(done.stdout, encoding="utf-8")
    return folder


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_commands_run(
    document: Path,
    ready: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    if document.is_relative_to(ROOT / "examples"):
        shutil.copytree(document.parent, tmp_path, dirs_exist_ok=True)
    for name, text in FILE.findall(document.read_text(encoding="utf-8")):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for words in commands(document):
        match words:
            case ["make", *named]:
                assert set(named) <= targets, f"the Makefile has no target for {words}"
            case ["aisizer", *arguments] if tuple(arguments) == READY:
                shutil.copytree(ready / "sizing", tmp_path / "sizing", dirs_exist_ok=True)
            case ["aisizer", *arguments]:
                code, out, err = called(tuple(arguments), monkeypatch, capsys)
                assert code == 0, f"{words}\n{out}\n{err}"
            case ["python", script, *_]:
                assert (ROOT / script).is_file(), f"{words} names no file"
            case [tool, *_] if tool.startswith(".venv/bin/"):
                assert Path(sys.executable).with_name(Path(tool).name).exists(), f"{tool} is not in the dev group"
            case [tool, *_] if tool not in NOT_RUN and not (ROOT / tool).is_file():
                pytest.fail(f"{document.name} shows a command that no test covers: {words}")
    if document.name in LEAVES:
        name, part, word = LEAVES[document.name]
        plan = json.loads((tmp_path / "sizing" / name / "sizing.json").read_text(encoding="utf-8"))
        assert word in json.dumps(plan[part])


def test_the_tutorial_names_what_stands_on_the_screen(ready: Path) -> None:
    shown = (ready / "screen.txt").read_text(encoding="utf-8")
    page = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
    rows = page.split("| on the screen | means |\n|---|---|\n")[1].split("\n\n")[0].splitlines()
    for row in rows:
        names = re.findall("`([^`]+)`", row.split("|")[1])
        assert any(name in shown for name in names), f"the screen has nothing of {names}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_resolve(document: Path) -> None:
    for target in LINK.findall(document.read_text(encoding="utf-8")):
        assert (document.parent / target).exists(), f"{document.name} links to {target}, which is not there"


def test_every_named_source_file_exists() -> None:
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        made = {name for name, _ in FILE.findall(text)}
        for name in set(re.findall(r"`((?:src|tests|benchmarks|hardware_catalog)/[\w./-]+)`", text)) - made:
            assert (ROOT / name).exists(), f"{document.name} names {name}, which is not there"


def test_screen_in_readme_is_the_real_one(ready: Path) -> None:
    shown = SCREEN.search(README.read_text(encoding="utf-8"))
    assert shown is not None, "README.md has lost its <!-- output:start --> block"
    assert shown.group(2) == trimmed((ready / "screen.txt").read_text(encoding="utf-8")), (
        "the screen in README.md has drifted: run `make readme`"
    )


if __name__ == "__main__":
    text, count = SCREEN.subn(
        lambda found: found.group(1) + screen() + found.group(3), README.read_text(encoding="utf-8")
    )
    if count != 1:
        sys.exit("README.md has no block between <!-- output:start --> and <!-- output:end -->. Put one back.")
    README.write_text(text, encoding="utf-8", newline="\n")
