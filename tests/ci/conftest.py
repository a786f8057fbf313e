"""The worked repository of examples/ci in git, with a target branch and a change, as a forge checks it out."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from worked_repository import WorkedRepository


@pytest.fixture
def worked(tmp_path: Path) -> WorkedRepository:
    return WorkedRepository(tmp_path)
