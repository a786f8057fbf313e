"""The entry point: a verb runs, and what it comes to is an exit code."""

from __future__ import annotations

import atexit
import gc
import os
import sys

from aisizer.cli.app import app
from aisizer.cli.terminal import fitted, printable
from aisizer.errors import AisizerError, InvalidInput, NoFeasiblePlan, OutputError

CLOSED_PIPE = 141
"""Exit code when the reader of stdout has gone (`aisizer ... | head -1`): silent, and what a shell says of any tool then."""


def run() -> None:
    """The console entry point: every expected failure is a sentence on stderr and its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.reconfigure(encoding="utf-8", errors="replace", newline="\n")  # type: ignore[union-attr]
    gc.disable()  # a short process: looking for cycles costs a tenth of a `size` and frees nothing
    atexit.register(gc.freeze)  # nor does looking for them at the exit, for a twentieth more
    try:
        _verb()
    except AisizerError as error:
        if sys.stderr is not None:
            print(fitted(printable(_message(error)), sys.stderr), file=sys.stderr)
        sys.exit(error.exit_code)
    finally:
        gc.enable()


def _verb() -> None:
    """Runs the verb and sees its result off; an OSError that names no file comes from a standard stream."""
    if sys.stdout is None:
        raise OutputError("Standard output is closed, so the result cannot be shown. Send it to /dev/null instead.")
    try:
        try:
            app(prog_name="aisizer")
        except SystemExit as stop:
            if isinstance(stop.__context__, BrokenPipeError):  # typer makes it exit code 1, which is that of a bug
                raise stop.__context__ from None
            raise
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        _discard_output()
        sys.exit(CLOSED_PIPE)
    except OSError as error:
        reason = error.strerror or str(error)
        if error.filename is not None:
            raise InvalidInput(f"{error.filename}: {reason}. Check the path and its permissions.") from error
        _discard_output()
        raise OutputError(
            f"The result cannot be shown ({reason}). Send standard output where there is space."
        ) from error


def _discard_output() -> None:
    """Sends what Python still holds for stdout to nowhere, so that its last flush does not fail once more.

    Python documentation, library/signal, note on SIGPIPE.
    """
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _message(error: AisizerError) -> str:
    if isinstance(error, NoFeasiblePlan):
        return f"{str(error).rstrip()}\nEarlier files are untouched."
    if isinstance(error, InvalidInput) and error.faults:
        count = len(error.faults)
        return f"{error}\n{count} fault{'s' if count > 1 else ''}; nothing was written."
    return str(error)
