"""Lets `python -m aisizer` run the command line, for instance from an unpacked source tree."""

from __future__ import annotations

from aisizer.cli.main import run

if __name__ == "__main__":
    run()
