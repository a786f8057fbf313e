"""How far a long answer is, on stderr where that is a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable


class Progress:
    """A bar that is gone when the work is done."""

    def __init__(self, doing: str) -> None:
        self._doing = doing

    def __enter__(self) -> Progress:
        self._bar: Callable[[int, int], None] | None = None
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import Progress as Bar

            self._rich = Bar(console=Console(stderr=True), transient=True)
            self._rich.start()
            task = self._rich.add_task(self._doing, total=None)
            self._bar = lambda done, of: self._rich.update(task, completed=done, total=of)
        return self

    def told(self, done: int, of: int) -> None:
        """Shows how far the work is."""
        if self._bar is not None:
            self._bar(done, of)

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._rich.stop()
