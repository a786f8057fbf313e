"""The analytic queue's figures as they are: no law tells a wrong term of a few per mille from a right one.

Simulations and laws say that the figures are good (`test_accuracy.py`, `test_occupancy_laws.py`); this says that nothing moved
them unnoticed. After a change that is meant to move them: `python tests/queueing/test_analytic_figures.py`.
"""

from __future__ import annotations

import json
import re
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from synthetic import LARGE, SMALL, traffic

from aisizer.queueing.occupancy import Limit, Load, capacity, solve
from aisizer.queueing.records import METRICS
from aisizer.shapes import Requests

FIGURES = Path(__file__).with_suffix(".json")
HOST_BOUND = replace(
    SMALL, prefill_floor_s=0.03, request_token_s=2e-6, schedule_ahead=1, poll_steps=4, front_request_s=2e-3
)
HOLDING = replace(SMALL, hold_steps=3, front_token_s=1e-5, front_processes=2, token_grid=SMALL.token_grid[::2])
HOLDING = replace(HOLDING, tokens_s=SMALL.tokens_s[::2])
TINY = replace(LARGE, kv_capacity_tokens=30_000.0, max_batch=12)
REPLICAS = {"large": LARGE, "small": SMALL, "host bound": HOST_BOUND, "holding": HOLDING, "tiny": TINY}


def joined(*parts: Requests) -> Requests:
    return Requests(*(np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Requests)))


def with_cache(requests: Requests, share: float) -> Requests:
    return replace(requests, cached_tokens=np.floor(requests.prompt_tokens * share))


CHAT, REASON = traffic("chat", 128), traffic("reason", 128)
RAG = with_cache(traffic("rag", 128, class_id=1), 0.4)
EQUAL = replace(CHAT, prompt_tokens=np.full(128, 700.0), output_tokens=np.full(128, 90.0))
FIRST_TOKENS = replace(CHAT, output_tokens=np.ones(128))
LOADS = {
    "chat": (CHAT, Load(np.array([8.0]), np.zeros(1))),
    "long answers": (REASON, Load(np.array([2.0]), np.zeros(1))),
    "equal requests": (EQUAL, Load(np.array([10.0]), np.zeros(1))),
    "first tokens": (FIRST_TOKENS, Load(np.array([6.0]), np.zeros(1))),
    "two classes": (joined(CHAT, RAG), Load(np.array([4.0, 1.0]), np.zeros(2))),
    "clients": (CHAT, Load(np.zeros(1), np.array([64.0]))),
    "open and clients": (joined(CHAT, RAG), Load(np.array([4.0, 0.0]), np.array([0.0, 8.0]))),
}
SHARES = (0.01, 0.3, 0.6, 0.95)
"""[1] of what each replica carries at all"""
LIMITS = (Limit(0, "ttft", "p95", 0.6), Limit(0, "e2e", "mean", 30.0), Limit(0, "ttft", "p50", 0.2))


def figures(name: str) -> dict[str, list[float]]:
    """One list per figure, an entry for each replica (and class)."""
    requests, load = LOADS[name]
    tables = list(REPLICAS.values())
    found = capacity(tables, requests, load, LIMITS, caution=np.tile([1.0, 1.1, 0.9], (len(tables), 1)))
    result = {"stable share": found.stable_share, "share": found.share, "binding": np.array(found.binding, float)}
    for share in SHARES:
        latency = solve(tables, requests, load, np.fmax(found.stable_share * share, 1e-9))
        result |= {f"{metric} {k} at {share}": v for metric in METRICS for k, v in getattr(latency, metric).items()}
        result |= {f"{k} at {share}": getattr(latency, k) for k in ("in_flight", "throughput", "kv_use_p95")}
    return {figure: values.ravel().tolist() for figure, values in result.items()}


@pytest.mark.parametrize("name", LOADS)
def test_nothing_moved(name: str) -> None:
    expected, found = json.loads(FIGURES.read_text("utf-8"))[name], figures(name)
    assert found.keys() == expected.keys()
    moved = [key for key in found if not np.allclose(found[key], expected[key], rtol=1e-6, atol=0, equal_nan=True)]
    assert {key: (expected[key], found[key]) for key in moved} == {}


def written() -> str:
    """A line for each figure, to eight digits."""
    text = json.dumps({name: figures(name) for name in LOADS}, indent=0)
    text = re.sub(r"-?\d+\.\d+(e-?\d+)?", lambda number: f"{float(number[0]):.8g}", text)
    return re.sub(r"\[\n|,\n(?=[-\dN])|\n\]", lambda part: part[0].replace("\n", ""), text) + "\n"


if __name__ == "__main__":
    FIGURES.write_text(written(), encoding="utf-8", newline="\n")
