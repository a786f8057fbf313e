"""The program: `aisizer`, or `python -m aisizer` from an unpacked source tree."""

from __future__ import annotations

import os

from aisizer.cli.interrupt import Interrupted, leave, listen


def main() -> None:
    """Listens for Ctrl-C before the rest is loaded, then runs the command line."""
    # Another package's plugin must not change what a profile may hold, and looking for one reads every installed package.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    try:
        listen()
        from aisizer.cli.main import run

        run()
    except Interrupted:
        leave()


if __name__ == "__main__":
    main()
