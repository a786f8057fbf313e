"""Nothing in the code supposes a system, a path or an encoding: what runs here runs on Windows and macOS.

What Python lacks on one of them, such as os.fork, `make types` finds: mypy runs for each of the three.
"""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted([*(ROOT / "src").rglob("*.py"), *(ROOT / ".ci" / "release").glob("*.py")])
PACKAGED = [path for path in SOURCES if path.is_relative_to(ROOT / "src")]

NO_TEXT = {"os.open", "tarfile.open", "_OPENER.open"}
SEPARATORS = {"os.path", "os.sep", "os.altsep", "os.linesep"}
UNIX_PATHS = re.compile(r"/(tmp|dev|usr|etc|home|var)/|~/|[A-Za-z]:\\")
"""How a text begins that is a path of one system."""

RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)
"""Names of devices, which no file on Windows may bear (Microsoft, Naming Files, Paths, and Namespaces)."""
LONGEST = 120
"""Half of the 260 characters that a path on Windows may have; the other half is for the folder it stands in."""
FORBIDDEN = re.compile(r'[<>:"|?*\\\x00-\x1f]|[. ]$')


def text_calls() -> Iterator[tuple[Path, str, ast.Call]]:
    """Every call that reads or writes text: the file it stands in, the name of what is called, the call."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and (called := ast.unparse(node.func)) not in NO_TEXT:
                name = called.rpartition(".")[2]
                if name in ("read_text", "write_text") or (
                    name == "open" and not any("b" in one for one in words(node))
                ):
                    yield path, name, node


def words(call: ast.Call) -> list[str]:
    """The constant arguments of a call that are text, by place and by name."""
    given = [*call.args, *(word.value for word in call.keywords)]
    return [str(one.value) for one in given if isinstance(one, ast.Constant)]


def unnamed(argument: str, found: Iterable[tuple[Path, str, ast.Call]], else_: str = "-") -> list[str]:
    """The calls that neither name an argument nor give it by place."""
    return [
        f"{path.relative_to(ROOT).as_posix()}:{call.lineno}: {ast.unparse(call)}"
        for path, _, call in found
        if not any(word.arg == argument for word in call.keywords) and else_ not in words(call)
    ]


def test_text_is_opened_with_its_encoding() -> None:
    found = list(text_calls())
    assert len(found) > 10
    assert unnamed("encoding", found, else_="utf-8") == []


def test_text_is_written_with_its_line_ends() -> None:
    """Else Python on Windows writes CR and LF, and the bytes differ."""
    writing = [one for one in text_calls() if one[1] == "write_text" or {"w", "x", "a"}.intersection(words(one[2]))]
    assert writing
    assert unnamed("newline", writing) == []


def of_one_system(path: Path) -> list[str]:
    """Separators, paths, and `rename`, which on Windows fails where `replace` does not."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    names = [ast.unparse(node) for node in nodes if isinstance(node, ast.Attribute)]
    texts = [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return [
        *(name for name in names if name in SEPARATORS or name.endswith(".rename")),
        *filter(UNIX_PATHS.match, texts),
    ]


def test_nothing_is_of_one_system_only() -> None:
    assert len(PACKAGED) > 100
    assert [f"{path.relative_to(ROOT).as_posix()}: {one}" for path in PACKAGED for one in of_one_system(path)] == []


def faults_of_names(names: Iterable[str]) -> Iterator[str]:
    """What Windows or macOS cannot hold: forbidden characters, names of devices, twins that differ in case, long paths."""
    seen: dict[str, str] = {}
    for name in names:
        if any(FORBIDDEN.search(part) or RESERVED.match(part) for part in name.split("/")):
            yield f"{name} cannot be a name on Windows."
        if seen.setdefault(name.casefold(), name) != name:
            yield f"{name} and {seen[name.casefold()]} are one file where case does not count."
        if len(name) > LONGEST:
            yield f"{name} is longer than {LONGEST} characters."


def test_faults_of_names_are_found() -> None:
    bad = ("a:b.md", "x/aux.txt", "dot.", "Case.md", "case.md", "n" * (LONGEST + 1))
    assert len(list(faults_of_names(bad))) == 5


def test_names_in_the_package_are_names_everywhere() -> None:
    folders = ("src", "hardware_catalog", "profiles", "examples", "tests", "docs", "benchmarks", ".ci/release")
    files = [path.relative_to(ROOT).as_posix() for folder in folders for path in (ROOT / folder).rglob("*.*")]
    assert len(files) > 500
    assert list(faults_of_names(files)) == []


PROFILE = """\
schema: aisizer/profile/v1
name: small
plan_date: 2026-12-01
go_live: 2027-12-01
workloads:
  entlassbrief:
    model: llama-3.1-8b
    load: {rate: 6 req/s}
    prompt_tokens: {mean: 1500, p95: 3500}
    output_tokens: {mean: 250, p95: 600}
    slo: {ttft_p95: 1.5 s, tpot_p95: 60 ms}
growth:
  rate: 2 %/month
  phases:
    - {name: für alle, share: 100 %, start: 2027-12-01, exit: Zürich “grün”, owner: Jörg}
"""
HOSTILE = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONWARNDEFAULTENCODING": "1"}
"""ASCII as the locale's encoding, as a code page is on Windows; and Python warns of each file that is opened with it."""


def sized(folder: Path, *options: str, **environment: str) -> dict[str, bytes]:
    """What size and render write in a folder."""
    folder.mkdir()
    (folder / "ein profil.yaml").write_text(PROFILE, encoding="utf-8", newline="\n")
    for verb in (
        ("size", "ein profil.yaml", "-o", "aus gabe"),
        ("render", "aus gabe", "--format", "docx,bom.json,rfq.csv"),
    ):
        command = [sys.executable, *options, "-m", "aisizer", *verb]
        clean = {name: value for name, value in os.environ.items() if name not in ("LANG", "LC_ALL", "LC_CTYPE")}
        given = clean | {"PYTHONPATH": str(ROOT / "src")} | environment
        done = subprocess.run(command, cwd=folder, env=given, capture_output=True)
        assert done.returncode == 0, done.stderr.decode()
    made = folder / "aus gabe"
    return {path.relative_to(made).as_posix(): path.read_bytes() for path in made.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return sized(tmp_path_factory.mktemp("plain") / "run", LC_ALL="C.UTF-8")


def test_bytes_depend_on_no_locale_and_no_path(outputs: dict[str, bytes], tmp_path: Path) -> None:
    """Any default encoding is an error; the folder has a space and letters that ASCII lacks."""
    hostile = sized(tmp_path / "Kapazität 2027 ñ", "-W", "error::EncodingWarning", **HOSTILE)
    assert "für alle" in outputs["sizing.md"].decode()
    assert hostile.keys() == outputs.keys()
    assert [name for name, content in outputs.items() if hostile[name] != content] == []


def test_names_of_outputs_are_names_everywhere(outputs: dict[str, bytes]) -> None:
    assert list(faults_of_names(outputs)) == []


def test_texts_end_their_lines_alike(outputs: dict[str, bytes]) -> None:
    """CSV ends its lines with CR and LF (RFC 4180); all other text with LF."""
    texts = {name: content for name, content in outputs.items() if not name.endswith((".xlsx", ".docx", ".csv"))}
    assert len(texts) > 5
    assert [name for name, content in texts.items() if b"\r" in content] == []
