"""Installs and tries aisizer under each supported Python that can be had; the outputs must be the same bytes under all."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from bill import sha256
from target import Target
from wheelhouse import LOCK, ROOT, build, download, write_requirements

VERSIONS = ("3.11", "3.12", "3.13", "3.14")
SUITES = {"3.13": "trixie", "3.14": "forky"}
"""The release of Debian that carries a version, for the root user of a machine with debootstrap."""
BOOTSTRAPPED = ROOT / "build" / "pythons"


class Host(NamedTuple):
    """A Python, and the root of the file system that it sees."""

    python: str
    root: Path = Path("/")

    def call(self, *command: str | Path) -> str:
        """Runs a command there; paths below the root are told as the host sees them."""
        told = [f"/{part.relative_to(self.root)}" if isinstance(part, Path) else part for part in command]
        inside = [] if self.root == Path("/") else ["chroot", str(self.root)]
        done = subprocess.run([*inside, *told], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            raise SystemExit(f"{' '.join([*inside, *told])} failed:\n{done.stdout}")
        return done.stdout.strip()


def find(version: str) -> Host | None:
    """The Python of this version: from the PATH, from pyenv, or from Debian."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    installed = [
        Path(sys.base_prefix, "bin", f"python{version}"),
        *sorted(pyenv.glob(f"{version}.*/bin/python{version}")),
    ]
    for command in (f"python{version}", *map(str, installed)):
        if shutil.which(command) and can_make_environments(command):
            return Host(command)
    return bootstrapped(version) if version in SUITES and shutil.which("debootstrap") and os.geteuid() == 0 else None


def can_make_environments(command: str) -> bool:
    """Debian's Python alone cannot, and what pyenv puts on the PATH may be no Python at all."""
    return not subprocess.run([command, "-c", "import ensurepip, venv"], capture_output=True).returncode


def bootstrapped(version: str) -> Host:
    """A Debian in a folder, kept for the next run. All suites are laid out alike, so the script of sid serves for each."""
    root = BOOTSTRAPPED / version
    if not root.is_dir():
        unfinished = root.with_suffix(".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.parent.mkdir(parents=True, exist_ok=True)
        wanted = f"--include=python{version},python{version}-venv"
        mirror = "http://deb.debian.org/debian"
        Host("").call("debootstrap", "--variant=minbase", wanted, SUITES[version], str(unfinished), mirror, "sid")
        unfinished.rename(root)
    return Host(f"python{version}", root)


def outputs(host: Host, version: str, wheel: Path) -> dict[str, str]:
    """Installs from a wheelhouse alone, runs the slice, and gives the hash of each file it wrote."""
    with tempfile.TemporaryDirectory(dir=host.root / "tmp") as scratch:
        work = Path(scratch)
        wheels, python = work / "wheels", work / "venv" / "bin" / "python"
        download(ROOT / LOCK, Target(python=version), wheels)
        shutil.copy(wheel, wheels)
        write_requirements(wheels)
        shutil.copy(Path(__file__).with_name("slice.py"), work)
        started = time.monotonic()
        host.call(host.python, "-m", "venv", work / "venv")
        offline = ["--isolated", "--quiet", "--no-compile", "--no-index", "--require-hashes"]
        host.call(python, "-m", "pip", "install", *offline, "--find-links", wheels, "-r", wheels / "requirements.txt")
        said = host.call(python, "-I", work / "slice.py", work / "out")
        files = {path.relative_to(work).as_posix(): sha256(path) for path in sorted((work / "out").rglob("*.*"))}
        print(f"{host.call(python, '-V')}: {said}, {len(files)} files, {time.monotonic() - started:.0f} s", flush=True)
        return files


def differences(found: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    """The files that one Python wrote and the first wrote otherwise or not at all."""
    (first, expected), *others = found.items()
    for version, files in others:
        for name in sorted({name for name, _ in expected.items() ^ files.items()}):
            yield f"{name} differs between Python {first} and {version}."


def main() -> None:
    hosts = {version: host for version in VERSIONS if (host := find(version))}
    for version in VERSIONS:
        if version not in hosts:
            print(f"Python {version} is not on this machine and was not tried.")
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(os.cpu_count()) as pool:
        build(ROOT, Path(scratch), "--wheel")
        (wheel,) = Path(scratch).glob("*.whl")
        tried = pool.map(lambda version: outputs(hosts[version], version, wheel), hosts)
        found = dict(zip(hosts, tried, strict=True))
    if len(found) < 2:
        sys.exit(
            "Fewer than two Pythons were found, so there is nothing to compare. Put python3.12 or another on the PATH."
        )
    if differing := list(differences(found)):
        sys.exit("\n".join(differing))
    print(f"The same bytes under Python {', '.join(found)}.")


if __name__ == "__main__":
    main()
