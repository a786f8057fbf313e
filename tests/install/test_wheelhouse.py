"""A wheelhouse installs where there is no network, refuses a changed wheel, and its bill of materials tells all of it.

The wheels come from a package index, so these tests alone need one.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from environments import closure, run
from packaging.utils import canonicalize_name, parse_wheel_filename

from bill import bill_of_materials, components

ROOT = Path(__file__).parents[2]
NO_NETWORK = ["unshare", *([] if os.geteuid() == 0 else ["--map-root-user"]), "--net"]

pytestmark = pytest.mark.install


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    dist = tmp_path_factory.mktemp("dist")
    run([sys.executable, ROOT / ".ci" / "release" / "wheelhouse.py", "--dist", dist], dist)
    return dist / "wheelhouse"


@pytest.fixture
def wheelhouse(made: Path, tmp_path: Path) -> Path:
    """One to change: each file a link."""
    return Path(shutil.copytree(made, tmp_path / "wheelhouse", copy_function=os.link))


def names(folder: Path) -> set[str]:
    return {canonicalize_name(parse_wheel_filename(wheel.name)[0]) for wheel in folder.glob("*.whl")}


def test_holds_what_runs_and_no_more(made: Path) -> None:
    assert names(made) == {canonicalize_name(name) for name in closure(["aisizer"])}


@pytest.mark.external("unshare")
def test_installs_and_sizes_without_network(wheelhouse: Path) -> None:
    """By the commands of its own README, in a namespace where not even this machine answers."""
    reach = "import socket; socket.create_connection(('127.0.0.1', 9))"
    nothing = subprocess.run([*NO_NETWORK, sys.executable, "-c", reach], capture_output=True, text=True)
    assert "Network is unreachable" in nothing.stderr
    (commands,) = re.findall(r"```sh\n(.*?)```", (wheelhouse / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    here = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    run([*NO_NETWORK, "sh", "-e", "-c", commands], wheelhouse, PATH=here)
    plan = json.loads((wheelhouse / "sizing" / "clinical-notes" / "sizing.json").read_text(encoding="utf-8"))
    assert plan["decision"]["gpus"] > 0


def test_changed_wheel_is_refused(wheelhouse: Path, tmp_path: Path) -> None:
    (wheel,) = wheelhouse.glob("mdurl-*.whl")
    content = wheel.read_bytes()
    wheel.unlink()
    wheel.write_bytes(content + b"\0")
    checked = subprocess.run(["sha256sum", "--check", "SHA256SUMS"], cwd=wheelhouse, capture_output=True, text=True)
    assert f"{wheel.name}: FAILED" in checked.stdout
    offline = ["--no-index", "--find-links", wheelhouse, "--require-hashes", "--target", tmp_path / "installed"]
    pip = [sys.executable, "-m", "pip", "install", *offline, "-r", wheelhouse / "requirements.txt"]
    refused = subprocess.run([str(part) for part in pip], capture_output=True, text=True)
    assert refused.returncode != 0
    assert "DO NOT MATCH THE HASHES" in refused.stderr
    assert not (tmp_path / "installed").exists()


def bill(made: Path) -> str:
    (path,) = made.glob("*.cdx.json")
    return path.read_text(encoding="utf-8")


def test_bill_of_materials_is_valid(made: Path) -> None:
    text = bill(made)
    assert JsonStrictValidator(SchemaVersion.from_version(json.loads(text)["specVersion"])).validate_str(text) is None


def test_bill_of_materials_tells_licence_and_hash_of_every_wheel(made: Path) -> None:
    told = {canonicalize_name(one["name"]): one for one in components(json.loads(bill(made)))}
    assert told.keys() == names(made)
    assert all(one["licenses"] for one in told.values())
    assert dict(hashes(told.values())) == {
        canonicalize_name(parse_wheel_filename(wheel.name)[0]): hashlib.sha256(wheel.read_bytes()).hexdigest()
        for wheel in made.glob("*.whl")
    }


def hashes(told: Iterable[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    for one in told:
        (only,) = one["hashes"]
        assert only["alg"] == "SHA-256"
        yield canonicalize_name(one["name"]), only["content"]


def test_bill_of_materials_is_the_same_again(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In any order of the wheels; the only time in it is that of the commit."""
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    if told := json.loads(bill(made))["metadata"].get("timestamp"):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", f"{datetime.fromisoformat(told).timestamp():.0f}")
    assert bill_of_materials(sorted(made.glob("*.whl"), reverse=True), ROOT / "pyproject.toml") == bill(made)
