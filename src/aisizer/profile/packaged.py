"""Where the data that ships with aisizer lies: inside the installed package, else beside the checkout's src folder."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path


def packaged(name: str) -> Path:
    """The folder of that name (profiles, hardware_catalog); an editable install has no copy and uses the checkout."""
    installed = Path(str(files("aisizer") / name))
    return installed if installed.is_dir() else Path(__file__).resolve().parents[3] / name
