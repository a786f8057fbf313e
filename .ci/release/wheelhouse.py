"""A folder with all that a host without network needs to install aisizer; docs/install.md says how it is used."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from packaging.utils import canonicalize_name, parse_wheel_filename

from bill import bill_of_materials, sha256
from target import Target, locked, platform

ROOT = Path(__file__).parents[2]
LOCK = "requirements.lock"

README = """\
# aisizer {version} for {target}

All that an installation needs is in this folder; no package index and no network is asked. Check the files, then install:

```sh
sha256sum --check SHA256SUMS
python3 -m venv aisizer
aisizer/bin/python -m pip install --no-index --find-links . --require-hashes -r requirements.txt
aisizer/bin/aisizer size clinical-notes
```

On Windows the programs of an environment stand in `aisizer\\Scripts`, and `certutil -hashfile FILE SHA256` shows a checksum.
pip compares each wheel with its hash in `requirements.txt` and refuses one that differs.
`aisizer-{version}.cdx.json` is the bill of materials (CycloneDX): each package with its licence and the hash of its wheel.
"""


def make(folder: Path, target: Target) -> None:
    """Makes the folder anew from the lock and the sources; an earlier one stays until the new one is complete."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".") as scratch:
        download(ROOT / LOCK, target, Path(scratch, "new"))
        build(ROOT, Path(scratch, "new"), "--wheel")
        complete(Path(scratch, "new"), target)
        shutil.rmtree(folder, ignore_errors=True)
        Path(scratch, "new").rename(folder)


def download(lock: Path, target: Target, into: Path) -> None:
    """Fetches the locked wheels; pip refuses one whose hash the lock does not have."""
    with tempfile.TemporaryDirectory() as scratch:
        wanted = Path(scratch) / "requirements.txt"
        write(wanted, "\n".join(locked(lock, target)))
        strict = ["--no-deps", "--require-hashes", "--only-binary=:all:", "--disable-pip-version-check"]
        python("-m", "pip", "download", "--quiet", *strict, *target.options, "--dest", into, "-r", wanted)


def build(root: Path, into: Path, *kinds: str) -> None:
    """Builds with the back end of the lock; the archives carry the time of the last commit."""
    python("-m", "build", "--no-isolation", *kinds, "--outdir", into, root)


def complete(folder: Path, target: Target) -> None:
    """Writes what stands beside the wheels: pinned requirements, bill of materials, instructions, checksums."""
    write_requirements(folder)
    write_bill(folder, sorted(folder.glob("*.whl")), ROOT)
    write(folder / "README.md", README.format(version=version_in(folder), target=target))
    write_sums(folder)


def write_requirements(folder: Path) -> None:
    """Pins the wheels of the folder, each by its hash."""
    write(folder / "requirements.txt", "".join(map(pinned, sorted(folder.glob("*.whl")))))


def pinned(wheel: Path) -> str:
    """The line of a requirements file that accepts this wheel and no other."""
    name, version, *_ = parse_wheel_filename(wheel.name)
    return f"{canonicalize_name(name)}=={version} --hash=sha256:{sha256(wheel)}\n"


def write_bill(folder: Path, wheels: Sequence[Path], root: Path) -> None:
    """Writes the bill of materials of an installation that takes these wheels."""
    write(folder / f"aisizer-{version_in(folder)}.cdx.json", bill_of_materials(wheels, root / "pyproject.toml"))


def version_in(folder: Path) -> str:
    """The version of aisizer whose wheel is in the folder."""
    (wheel,) = folder.glob("aisizer-*.whl")
    return str(parse_wheel_filename(wheel.name)[1])


def write_sums(folder: Path) -> None:
    """Writes SHA256SUMS, the hash of every file below the folder, as sha256sum reads it."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    write(folder / "SHA256SUMS", "".join(f"{sha256(path)}  {path.relative_to(folder).as_posix()}\n" for path in files))


def write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def python(*arguments: str | Path) -> None:
    command = [sys.executable, *map(str, arguments)]
    if subprocess.run(command, stdout=subprocess.DEVNULL).returncode:
        sys.exit(f"{' '.join(command)} failed; its own words stand above.")


def set_time(root: Path) -> None:
    """Lets the archives say when they were last committed to, and not when they were built (reproducible-builds.org)."""
    if shutil.which("git"):
        asked = subprocess.run(["git", "log", "-1", "--format=%ct"], cwd=root, capture_output=True, text=True)
        if asked.stdout:
            os.environ.setdefault("SOURCE_DATE_EPOCH", asked.stdout.strip())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--platform", default="", type=platform, help="such as win_amd64; default: this machine")
    parser.add_argument("--python", default="", metavar="VERSION", help="such as 3.12; default: this Python")
    parser.add_argument("--dist", type=Path, default=ROOT / "dist", help="where the folder goes")
    asked = parser.parse_args()
    target = Target(asked.platform, asked.python)
    set_time(ROOT)
    make(asked.dist / target.folder, target)
    print(asked.dist / target.folder)


if __name__ == "__main__":
    main()
