"""A small profile that the laws of the plan vary."""

from __future__ import annotations

import copy
import json
from functools import cache
from pathlib import Path
from typing import Any

from aisizer.catalog.catalog import Catalog
from aisizer.catalog.load import load_catalog
from aisizer.plan import Plan
from aisizer.plan.make import make_plan
from aisizer.profile.load import load_profile

BASE: dict[str, Any] = {
    "schema": "aisizer/profile/v1",
    "name": "law",
    "plan_date": "2026-12-01",
    "go_live": "2027-12-01",
    "workloads": {
        "chat": {
            "model": "llama-3.1-8b",
            "load": {"rate": "6 req/s"},
            "prompt_tokens": {"mean": 1500, "p95": 3500},
            "output_tokens": {"mean": 250, "p95": 600},
            "slo": {"ttft_p95": "1.5 s", "tpot_p95": "60 ms"},
        }
    },
    "supply": {"sites": ["on_premises", "enclave"], "gpus": ["h100-sxm", "l40s"]},
    "finance": {"discount_rate": "8 %"},
}


@cache
def catalog() -> Catalog:
    return load_catalog()


def changed(changes: dict[str, Any]) -> dict[str, Any]:
    """The small profile with values set at dotted paths."""
    data = copy.deepcopy(BASE)
    for path, value in changes.items():
        node = data
        *parents, last = path.split(".")
        for key in parents:
            node = node.setdefault(key, {})
        node[last] = value
    return data


def plan_for(folder: Path, changes: dict[str, Any]) -> Plan:
    """The plan for the small profile with changes."""
    file = folder / "law.yaml"
    file.write_text(json.dumps(changed(changes)), encoding="utf-8")
    return make_plan(load_profile(file), catalog(), confirm="none")
