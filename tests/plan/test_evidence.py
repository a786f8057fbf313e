"""The evidence beside a plan: the nearest measurements, the loads they covered, the KV wall."""

from __future__ import annotations

import copy
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from aisizer.calibration.measurements import COUNTS, RANGES
from aisizer.catalog.catalog import Catalog
from aisizer.catalog.load import load_catalog
from aisizer.plan import Plan
from aisizer.plan.evidence import nearest_measured
from aisizer.plan.make import make_plan
from aisizer.profile.load import load_profile

PROFILE: dict[str, Any] = {
    "schema": "aisizer/profile/v1",
    "name": "evidence",
    "plan_date": "2026-12-01",
    "go_live": "2027-12-01",
    "workloads": {
        "chat": {
            "model": "llama-3.1-8b",
            "load": {"rate": "20 req/s"},
            "prompt_tokens": {"mean": 1500, "p95": 3500},
            "output_tokens": {"mean": 250, "p95": 600},
            "slo": {"ttft_p95": "2 s", "tpot_p95": "60 ms"},
        }
    },
    "supply": {"sites": ["on_premises"], "gpus": ["h100-sxm"]},
}


@cache
def catalog() -> Catalog:
    return load_catalog()


def plan(folder: Path, **changes: Any) -> Plan:
    data = copy.deepcopy(PROFILE)
    for path, value in changes.items():
        *parents, last = path.split("__")
        node = data
        for key in parents:
            node = node.setdefault(key, {})
        node[last] = value
    file = folder / "evidence.yaml"
    file.write_text(json.dumps(data), encoding="utf-8")
    return make_plan(load_profile(file), catalog())


def said(made: Plan, words: str) -> list[str]:
    return [warning for warning in made.warnings if words in warning]


@pytest.mark.parametrize(
    ("gpu", "nearest", "family"),
    [
        ("h100-sxm", "h100-sxm", "vllm"),
        ("h100-pcie", "h100-sxm", "vllm"),
        ("h200-nvl", "h200-sxm", "vllm"),
        ("mi355x", "mi300x", "vllm"),
        ("l40s", "l40s", "trtllm"),
        ("gb200", "gb200", "trtllm"),
        ("a100-80-pcie", "a100-80-sxm", "vllm"),
    ],
)
def test_the_nearest_evidence_is_the_class_itself_then_its_architecture(gpu: str, nearest: str, family: str) -> None:
    gpus, engine = catalog().gpus, catalog().find_engine("vllm")
    found, of, count = nearest_measured(gpus[gpu], engine, gpus)
    assert (found.id, of, count) == (nearest, family, COUNTS[family, nearest])


def test_every_counted_class_is_in_the_catalog_and_every_measured_one_is_counted() -> None:
    counted = {gpu for _, gpu in COUNTS}
    assert counted <= set(catalog().gpus)
    assert {gpu.id for gpu in catalog().gpus.values() if gpu.evidence == "measured"} <= counted
    assert {family for family, _ in COUNTS} == set(RANGES) == {e.engine for e in catalog().engines.values()}


def test_a_measured_class_and_load_need_no_warning(tmp_path: Path) -> None:
    made = plan(tmp_path)
    assert made.decision is not None
    for words in ("Nearest evidence", "leaves the range", "KV cache"):
        assert not said(made, words)


def test_a_class_or_engine_without_measurements_names_the_nearest(tmp_path: Path) -> None:
    pcie = said(plan(tmp_path, supply__gpus=["h100-pcie"]), "Nearest evidence")
    assert len(pcie) == 1 and pcie[0].startswith("The throughput of NVIDIA H100 PCIe")
    assert f"{COUNTS['vllm', 'h100-sxm']:,} measurements of NVIDIA H100 SXM5 80 GB with vLLM. Benchmark it" in pcie[0]
    ada = said(plan(tmp_path, supply__gpus=["l40s"]), "Nearest evidence")
    assert len(ada) == 1 and ada[0].startswith("No published measurement of NVIDIA L40S with vLLM stands behind")
    assert "with TensorRT-LLM" in ada[0]


def test_loads_beyond_the_measured_ones_are_named(tmp_path: Path) -> None:
    lengths = {"mean": 40000, "p95": 60000}
    long = said(
        plan(tmp_path, workloads__chat__prompt_tokens=lengths, workloads__chat__slo={"ttft_p95": "20 s"}), "range"
    )
    assert len(long) == 1 and f"the {RANGES['vllm'].n:,} serving measurements of vLLM" in long[0]
    assert (
        "prompt tokens (4e+04) lie outside the measured" in long[0]
        and "output" not in long[0]
        and "in flight" not in long[0]
    )


@pytest.mark.parametrize(("rate", "full"), [("24 req/s", True), ("15 req/s", False)])
def test_a_full_cache_is_said_with_how_full(tmp_path: Path, rate: str, full: bool) -> None:
    """Long contexts of an 8B model on L40S, no latency promised to the token: the cache fills before anything else."""
    made = plan(
        tmp_path,
        workloads__chat__load={"rate": rate},
        workloads__chat__prompt_tokens={"mean": 6000, "p95": 7000},
        workloads__chat__slo={"e2e_p95": "300 s"},
        supply__gpus=["l40s"],
        resilience={"redundancy": "N", "headroom": "0 %"},
        growth={"rate": "0 %/month"},
    )
    assert made.decision is not None
    pool = made.decision.pools[0]
    assert (pool.kv_use_p95 > 0.85) == full and pool.kv_use_p95_degraded == pool.kv_use_p95
    assert [f"asks for {pool.kv_use_p95 * 100:.0f} % of" in w for w in said(made, "of its KV cache at p95")] == [
        True
    ] * full


PROTOTYPE = {"gpu": "h100-sxm", "gpus": 1, "concurrency": 32}


def test_a_prototype_calibrates_the_plan_as_one_load_point(tmp_path: Path) -> None:
    rates = {}
    for tpot in ("", "8 ms", "20 ms"):
        prototype = {"prototype": PROTOTYPE | ({"tpot_mean": tpot} if tpot else {})}
        made = plan(tmp_path, evidence=prototype, workloads__chat__precision=["bf16"])
        assert made.decision is not None
        rates[tpot] = made.decision.pools[0].peak_rate_per_replica / made.decision.pools[0].tensor_parallel
        assert any(a.path == "calibration.llama-3.1-8b" for a in made.assumptions) == bool(tpot)
    assert rates["8 ms"] > rates[""] > rates["20 ms"]


def test_a_benchmark_of_the_same_subject_speaks_before_the_prototype(tmp_path: Path) -> None:
    bench = {
        "model": "llama-3.1-8b", "gpu": "h100-sxm", "engine": "vllm-0.33", "precision": "bf16", "tensor_parallel": 1,
        "points": 5, "factors": {},
        "range": {
            "in_flight": [1, 256], "prompt_tokens": [100, 9000], "output_tokens": [10, 4000], "tensor_parallel": [1, 2]
        },
        "files": [{"name": "bench.json", "sha256": "0" * 64, "tool": "vllm bench serve"}],
    }  # fmt: skip
    evidence = {"prototype": PROTOTYPE | {"tpot_mean": "40 ms"}, "calibrations": [bench]}
    made = plan(tmp_path, evidence=evidence, workloads__chat__precision=["bf16"])
    assert made.decision is not None and not said(made, "leaves the range")
    assert not any(a.path.startswith("calibration.") for a in made.assumptions)


def test_a_prototype_of_another_class_changes_nothing(tmp_path: Path) -> None:
    other = {"prototype": {"gpu": "l40s", "gpus": 1, "concurrency": 8, "tpot_mean": "90 ms"}}
    plain, beside = plan(tmp_path), plan(tmp_path, evidence=other)
    assert plain.slo == beside.slo and plain.decision == beside.decision and beside.prototype
