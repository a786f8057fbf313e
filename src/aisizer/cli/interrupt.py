"""Ctrl-C: one sentence and exit 130, at once."""

from __future__ import annotations

import os
import signal
import sys
import threading
from types import FrameType

EXIT_CODE = 130
GRACE_S = 0.3
"""in which what is being written is put back, and the terminal cleared"""


class Interrupted(BaseException):
    """Ctrl-C; no Exception and no KeyboardInterrupt, so that only the entry point answers it."""


def listen() -> None:
    """From now on Ctrl-C unwinds the work, or ends it all the same where that takes too long."""
    signal.signal(signal.SIGINT, _interrupt)


def leave() -> None:
    """Says that it ends, and ends: no thread or worker holds it up."""
    if "multiprocessing" in sys.modules:
        import multiprocessing

        for worker in multiprocessing.active_children():
            worker.kill()
    if sys.stderr is not None:
        sys.stderr.write("Interrupted. No output was left half written.\n")
        sys.stderr.flush()
    os._exit(EXIT_CODE)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    deadline = threading.Timer(GRACE_S, leave)
    deadline.daemon = True
    deadline.start()
    sys.unraisablehook = lambda _: (
        None
    )  # where Python must swallow the exception, the deadline answers, not a traceback
    raise Interrupted
