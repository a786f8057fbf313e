"""The bill of materials (CycloneDX) of aisizer itself, from the wheels that an installation takes."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
import venv
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name, parse_wheel_filename


def bill_of_materials(wheels: Sequence[Path], pyproject: Path) -> str:
    """Every package with its licence, its dependencies and the hash of its wheel; the same bytes for the same wheels.

    The wheels may be those of another platform: only what they say of themselves is read.
    """
    hashes = {canonicalize_name(parse_wheel_filename(wheel.name)[0]): sha256(wheel) for wheel in wheels}
    with tempfile.TemporaryDirectory() as scratch:
        venv.create(scratch, with_pip=False)
        (site,) = Path(scratch).glob("[Ll]ib/**/site-packages")
        for wheel in wheels:
            unpack_metadata(wheel, site)
        bill = described(Path(scratch), pyproject)
    for component in components(bill):
        component["hashes"] = [{"alg": "SHA-256", "content": hashes[canonicalize_name(component["name"])]}]
    return json.dumps(bill, indent=2, ensure_ascii=False) + "\n"


def unpack_metadata(wheel: Path, site: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site, [name for name in archive.namelist() if ".dist-info/" in name])


def described(environment: Path, pyproject: Path) -> dict[str, Any]:
    """What cyclonedx-py finds in an environment; it checks its answer against the schema."""
    command = ["-m", "cyclonedx_py", "environment", "--output-reproducible", "--pyproject", pyproject, environment]
    done = subprocess.run([sys.executable, *map(str, command)], check=True, stdout=subprocess.PIPE)
    bill: dict[str, Any] = json.loads(done.stdout)
    return bill


def components(bill: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield bill["metadata"]["component"]
    yield from bill["components"]


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
