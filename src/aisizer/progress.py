"""How long work says how far it is, to whoever waits for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")
Told = Callable[[int, int], None]
"""Called with what is done and all that is to do, in any unit; with 0 when what comes before is over."""


def untold(done: int, of: int) -> None:
    """Where nobody waits."""


def counted(parts: Iterable[T], of: int, progress: Told) -> Iterator[T]:
    """The parts, each told once the next one is asked for.

    >>> list(counted("ab", 2, lambda done, of: print(f"{done} of {of}")))
    0 of 2
    1 of 2
    2 of 2
    ['a', 'b']
    """
    progress(0, of)
    for done, part in enumerate(parts, start=1):
        yield part
        progress(done, of)
