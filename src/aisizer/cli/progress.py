"""How far a long answer is, on stderr, while somebody watches a terminal."""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time

PATIENCE_S = 1.0
"""for which nothing is shown: most answers are there by then"""
EVERY_S = 0.2


class Progress:
    """A line that tells what is done and how long it may still take; it is gone when the work is done."""

    def __init__(self, doing: str, *, quiet: bool = False) -> None:
        self._doing = doing
        self._share = (0, 0)
        self._over = threading.Event()
        self._shown = not quiet and _watched()

    def __enter__(self) -> Progress:
        if self._shown:
            self._started = time.monotonic()
            self._line = threading.Thread(target=self._show, daemon=True)
            self._line.start()
        return self

    def told(self, done: int, of: int) -> None:
        """Takes how far the work is."""
        self._share = (done, of)

    def __exit__(self, *_: object) -> None:
        self._over.set()
        if self._shown:
            self._line.join()

    def _show(self) -> None:
        shown, pause = "", PATIENCE_S
        while not self._over.wait(pause):
            shown, pause = self._rewrite(shown), EVERY_S
        _write(" " * len(shown) + "\r")

    def _rewrite(self, shown: str) -> str:
        text = line(self._doing, *self._share, time.monotonic() - self._started)
        text = text[: shutil.get_terminal_size().columns - 1]
        if text != shown:
            _write(text.ljust(len(shown)))
        return text


def line(doing: str, done: int, of: int, elapsed_s: float) -> str:
    """What is shown; the time left is that of the parts done so far.

    >>> line("planning", 0, 0, 3.4), line("planning", 2, 10, 5.0)
    ('planning: 3 s', 'planning: 2 of 10, about 20 s left')
    """
    if not done:
        return f"{doing}: {elapsed_s:.0f} s"
    return f"{doing}: {done} of {of}, about {elapsed_s / done * (of - done):.0f} s left"


def _watched() -> bool:
    """Both streams go to a terminal, and one that can write a line anew."""
    return sys.stderr.isatty() and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def _write(text: str) -> None:
    sys.stderr.write(f"\r{text}")
    sys.stderr.flush()
