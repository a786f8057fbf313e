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
MOST_COUNTED = 1_000
"""parts; of more than that, such as bytes and rows, the share says more than the count"""


class Progress:
    """A line that tells what is done and how long it may still take; it is gone when the work is done."""

    def __init__(self, doing: str, *, quiet: bool = False) -> None:
        self._doing = doing
        self._share = (0, 0)
        self._started = self._began = time.monotonic()
        self._over = threading.Event()
        self._shown = not quiet and _watched()

    def __enter__(self) -> Progress:
        if self._shown:
            self._line = threading.Thread(target=self._show, daemon=True)
            self._line.start()
        return self

    def told(self, done: int, of: int) -> None:
        """Takes how far the work is; its pace counts from where none of it was done."""
        if not done:
            self._began = time.monotonic()
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
        now = time.monotonic()
        text = line(self._doing, *self._share, now - self._began, now - self._started)
        text = text[: shutil.get_terminal_size().columns - 1]
        if text != shown:
            _write(text.ljust(len(shown)))
        return text


def line(doing: str, done: int, of: int, took_s: float, elapsed_s: float) -> str:
    """What is shown: what is done and the time left at the pace so far, or the time elapsed where neither is known.

    >>> line("planning", 2, 10, 5.0, 6.0), line("reading", 2_000, 8_000, 5.0, 6.0)
    ('planning: 2 of 10, about 20 s left', 'reading: 25 %, about 15 s left')
    >>> line("planning", 0, 0, 3.4, 3.4), line("reading", 8_000, 8_000, 19.0, 21.0)
    ('planning: 3 s', 'reading: 21 s')
    """
    if not 0 < done < of:
        return f"{doing}: {elapsed_s:.0f} s"
    shown = f"{done} of {of}" if of <= MOST_COUNTED else f"{done / of:.0%}".replace("%", " %")
    return f"{doing}: {shown}, about {took_s / done * (of - done):.0f} s left"


def _watched() -> bool:
    """Both streams go to a terminal, and one that can write a line anew."""
    return sys.stderr.isatty() and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def _write(text: str) -> None:
    sys.stderr.write(f"\r{text}")
    sys.stderr.flush()
