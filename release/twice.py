"""Builds the release of the last commit twice, in two folders, and keeps it only where both hold the same bytes."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bill import sha256
from target import Target
from wheelhouse import LOCK, ROOT, build, download, set_time, write_bill, write_sums

RELEASE = ROOT / "dist" / "release"
PLACES = (("one", 0o022), ("another, ünlike it", 0o077))
"""Where the two builds stand, and the rights that their files have."""


def released(place: Path, downloaded: Path) -> Path:
    """Wheel, sdist, bill of materials and checksums of the last commit, built below the place."""
    source, made = place / "source", place / "made"
    archive = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, check=True, stdout=subprocess.PIPE)
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        files.extractall(source, filter="tar")
    build(source, made)
    write_bill(made, [*downloaded.glob("*.whl"), *made.glob("*.whl")], source)
    write_sums(made)
    return made


def differences(one: Path, other: Path) -> Iterator[str]:
    """The names of files that are not the same in both folders."""
    first, second = ({path.name: sha256(path) for path in folder.iterdir()} for folder in (one, other))
    yield from sorted({name for name, _ in first.items() ^ second.items()})


def main() -> None:
    set_time(ROOT)
    if subprocess.run(["git", "status", "--porcelain"], cwd=ROOT, stdout=subprocess.PIPE).stdout:
        print("The release is that of the last commit; changes that are not committed are not in it.", file=sys.stderr)
    with tempfile.TemporaryDirectory() as scratch:
        download(ROOT / LOCK, Target(), Path(scratch, "wheels"))
        made = []
        for name, mask in PLACES:
            os.umask(mask)
            made.append(released(Path(scratch, name), Path(scratch, "wheels")))
        os.umask(PLACES[0][1])
        if differing := list(differences(*made)):
            sys.exit(f"Two builds of one commit differ in {', '.join(differing)}; nothing was kept.")
        shutil.rmtree(RELEASE, ignore_errors=True)
        shutil.copytree(made[0], RELEASE)
    print((RELEASE / "SHA256SUMS").read_text(encoding="utf-8"), end="")


if __name__ == "__main__":
    main()
