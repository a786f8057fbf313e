"""What the terminal can show."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from pathlib import Path
from typing import TextIO


def use_color() -> bool:
    """Colour on a terminal, unless NO_COLOR or TERM=dumb says otherwise."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def width() -> int:
    """Columns to fill: those of the terminal, 80 where there is none, 120 at most."""
    return min(shutil.get_terminal_size((80, 24)).columns, 120)


def fitted(text: str, stream: TextIO, indent: str = "  ") -> str:
    """The text with its long lines broken between words for a terminal; a file or a program gets each line whole."""
    if not stream.isatty():
        return text
    return "".join(_broken(line, indent) for line in text.splitlines(keepends=True))


def printable(text: str) -> str:
    """The text without what could steer a terminal; files hold anything.

    >>> printable("a\\x1b[2Jb\\n")
    'a?[2Jb\\n'
    """
    return "".join(character if character.isprintable() or character == "\n" else "?" for character in text)


def typed(path: Path) -> str:
    """A path as it is typed in any shell.

    >>> typed(Path("our plans") / "rag.yaml"), typed(Path("rag.yaml"))
    ('"our plans/rag.yaml"', 'rag.yaml')
    """
    return f'"{path.as_posix()}"' if " " in path.as_posix() else path.as_posix()


def _broken(line: str, indent: str) -> str:
    if len(line.rstrip("\n")) <= width():
        return line
    parts = textwrap.wrap(
        line,
        width(),
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
        replace_whitespace=False,
    )
    return "\n".join(parts) + line[len(line.rstrip("\n")) :]
