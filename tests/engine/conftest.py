"""Lets the tests of this folder share hand-built catalog records, and constants in round numbers."""

import sys
from pathlib import Path

import pytest

from aisizer.engine import constants as c

sys.path.insert(0, str(Path(__file__).parent))

ROUND = {
    "GEMM_LAUNCH_S": {"bf16": 2.7e-6, "fp8": 5.0e-6},
    "GEMM_EFFICIENCY": {"bf16": 0.74, "fp8": 0.68},
    "BANDWIDTH_EFFICIENCY": 0.90,
    "ATTENTION_BANDWIDTH_EFFICIENCY": 0.90,
    "ATTENTION_EFFICIENCY": 0.60,
    "ROUTING_SKEW": 0.85,
    "ALL_REDUCE_LAUNCH_S": {"nvswitch": 5e-6, "nvlink": 5e-6},
    "BUS_EFFICIENCY": {"nvswitch": 0.70, "nvlink": 0.70},
    "ALL_REDUCE_GROWTH": {"nvswitch": 6e-9, "nvlink": 6e-9},
}


@pytest.fixture
def round_constants(monkeypatch: pytest.MonkeyPatch) -> None:
    """The constants at which this folder's examples were worked by hand, whatever a fit has made of them since."""
    for name, value in ROUND.items():
        if isinstance(value, dict):
            for key, number in value.items():
                monkeypatch.setitem(getattr(c, name), key, number)
        else:
            monkeypatch.setattr(c, name, value)
