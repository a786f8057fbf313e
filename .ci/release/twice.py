"""Builds the release of the last commit twice, in two folders, and keeps it only where both hold the same bytes."""

from __future__ import annotations

import io
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
PLACES = ("one", "another, ünlike it")


def checked_out(into: Path) -> Path:
    """The files of the last commit, in a folder."""
    archive = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, check=True, stdout=subprocess.PIPE)
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        files.extractall(into, filter="tar")
    return into


def released(source: Path, made: Path, downloaded: Path) -> Path:
    """Wheel, sdist, bill of materials and checksums of the sources."""
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
        sources = [checked_out(Path(scratch, name, "source")) for name in PLACES]
        download(sources[0] / LOCK, Target(), Path(scratch, "wheels"))
        one, other = (released(source, source.parent / "made", Path(scratch, "wheels")) for source in sources)
        if differing := list(differences(one, other)):
            sys.exit(f"Two builds of one commit differ in {', '.join(differing)}; nothing was kept.")
        shutil.rmtree(RELEASE, ignore_errors=True)
        shutil.copytree(one, RELEASE)
    print((RELEASE / "SHA256SUMS").read_text(encoding="utf-8"), end="")


if __name__ == "__main__":
    main()
