"""The host that will install, and what of the lock it needs."""

from __future__ import annotations

import re
import sysconfig
from argparse import ArgumentTypeError
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from packaging.requirements import Requirement

SYSTEMS = {"win": "win32", "macosx": "darwin", "manylinux": "linux", "musllinux": "linux"}
"""How a platform tag begins, and what Python calls that system."""


class Target(NamedTuple):
    """A platform tag as pip knows it and a Python version; left empty, those of this machine."""

    platform: str = ""
    python: str = ""

    def __str__(self) -> str:
        return f"Python {self.python or sysconfig.get_python_version()} on {self.platform or sysconfig.get_platform()}"

    @property
    def folder(self) -> str:
        """
        >>> Target().folder, Target("win_amd64", "3.12").folder
        ('wheelhouse', 'wheelhouse-win_amd64-3.12')
        """
        return "-".join(filter(None, ("wheelhouse", *self)))

    @property
    def markers(self) -> dict[str, str]:
        """What the markers of the lock ask of this host.

        >>> Target("win_amd64", "3.12").markers
        {'sys_platform': 'win32', 'python_full_version': '3.12.0'}
        """
        asked = {"sys_platform": system(self.platform), "python_full_version": self.python and f"{self.python}.0"}
        return {name: value for name, value in asked.items() if value}

    @property
    def options(self) -> list[str]:
        """For `pip download`."""
        return [f"--platform={tag}" for tag in accepted(self.platform)] + (
            [f"--python-version={self.python}"] if self.python else []
        )


def system(tag: str) -> str:
    """What Python calls the system of a platform tag; empty where nobody knows.

    >>> system("macosx_14_0_arm64"), system("solaris")
    ('darwin', '')
    """
    return next((name for begin, name in SYSTEMS.items() if tag.startswith(begin)), "")


def platform(tag: str) -> str:
    """The tag, where it is one that this program knows."""
    if tag and not system(tag):
        raise ArgumentTypeError(f"{tag} is no platform tag. Begin it with {', '.join(SYSTEMS)}, as in win_amd64.")
    return tag


def accepted(platform: str) -> list[str]:
    """The tags whose wheels a host of this tag runs: of glibc all earlier ones too, which pip does not add (PEP 600).

    >>> accepted("win_amd64"), accepted("manylinux_2_6_x86_64")
    (['win_amd64'], ['manylinux_2_6_x86_64', 'manylinux_2_5_x86_64', 'manylinux2014_x86_64'])
    """
    glibc = re.fullmatch(r"manylinux_2_(\d+)_(\w+)", platform)
    if glibc is None:
        return [platform] if platform else []
    newest, machine = int(glibc[1]), glibc[2]
    return [f"manylinux_2_{minor}_{machine}" for minor in range(newest, 4, -1)] + [f"manylinux2014_{machine}"]


def locked(lock: Path, target: Target) -> Iterator[str]:
    """The entries of the lock for this host, without their markers, which pip would ask of the machine it runs on."""
    text = re.sub(r"^ *#.*\n", "", lock.read_text(encoding="utf-8"), flags=re.MULTILINE)
    for entry in text.replace("\\\n", "").splitlines():
        requirement, *hashes = entry.split(" --hash=")
        wanted = Requirement(requirement)
        if wanted.marker is None or wanted.marker.evaluate(target.markers):
            yield " --hash=".join((f"{wanted.name}{wanted.specifier}", *map(str.strip, hashes)))
