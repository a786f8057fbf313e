"""What `make release` and `make pythons` compare, they see differ."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pythons
import target
import twice
from wheelhouse import README, ROOT, write_sums


def test_worked_examples_hold() -> None:
    result = doctest.testmod(target)
    assert (result.failed, result.attempted) == (0, 4)


def test_documented_commands_are_those_of_the_wheelhouse() -> None:
    (commands,) = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    assert commands in (ROOT / "docs" / "install.md").read_text(encoding="utf-8")


def filled(folder: Path, **files: str) -> Path:
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_two_builds_are_told_apart(tmp_path: Path) -> None:
    one = filled(tmp_path / "one", wheel="a", sdist="b")
    assert list(twice.differences(one, filled(tmp_path / "same", wheel="a", sdist="b"))) == []
    assert list(twice.differences(one, filled(tmp_path / "other", wheel="A", sdist="b"))) == ["wheel"]
    assert list(twice.differences(one, filled(tmp_path / "more", wheel="a", sdist="b", bill="c"))) == ["bill"]


def test_two_pythons_are_told_apart() -> None:
    found = {"3.11": {"sizing.json": "1", "bom.csv": "2"}, "3.12": {"sizing.json": "1", "bom.csv": "2"}}
    assert list(pythons.differences(found)) == []
    found["3.13"] = {"sizing.json": "3"}
    assert list(pythons.differences(found)) == [
        "bom.csv differs between Python 3.11 and 3.13.",
        "sizing.json differs between Python 3.11 and 3.13.",
    ]


def test_checksums_cover_every_file_below(tmp_path: Path) -> None:
    made = filled(tmp_path / "made", wheel="a")
    filled(made / "deeper", bill="b")
    write_sums(made)
    lines = (made / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    assert [line.split("  ")[1] for line in lines] == ["deeper/bill", "wheel"]
    assert lines[1].startswith("ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb")
