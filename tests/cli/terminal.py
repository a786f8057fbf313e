"""The real program in a terminal of a given size."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from collections.abc import Mapping, Sequence
from pathlib import Path

PROGRAM = (sys.executable, "-m", "aisizer")


def in_terminal(
    arguments: Sequence[str],
    folder: Path,
    *,
    columns: int = 80,
    environment: Mapping[str, str] | None = None,
    program: Sequence[str] = PROGRAM,
) -> tuple[int, str]:
    """Runs it with all three streams on a pseudo-terminal; its exit code and all that appeared."""
    own, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    plain = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "NO_COLOR", "TERM")}
    running = subprocess.Popen(
        [*program, *arguments], cwd=folder, stdin=its, stdout=its, stderr=its,
        env={**plain, "TERM": "xterm-256color", **(environment or {})},
    )  # fmt: skip
    os.close(its)
    shown = bytearray()
    try:
        while part := os.read(own, 65536):
            shown += part
    except OSError:  # Linux says EIO when the program has closed its side
        pass
    finally:
        os.close(own)
    return running.wait(), shown.decode("utf-8").replace("\r\n", "\n")
