"""The program: `aisizer`, or `python -m aisizer` from an unpacked source tree."""

from __future__ import annotations

from aisizer.cli.interrupt import Interrupted, leave, listen


def main() -> None:
    """Listens for Ctrl-C before the rest is loaded, then runs the command line."""
    try:
        listen()
        from aisizer.cli.main import run

        run()
    except Interrupted:
        leave()


if __name__ == "__main__":
    main()
