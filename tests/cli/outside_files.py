"""Every kind of file that comes from outside, whole, with the commands that read it."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from command_line import SMALL
from damage import damaged, damaged_workbook

from aisizer.profile.load import ready_path

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "tests" / "calibration" / "samples"
CATALOG = ROOT / "hardware_catalog"
ONE_GPU = SMALL + "supply: {gpus: [h100-sxm], sites: [on_premises, hosted]}\n"
FULL = (
    ONE_GPU.replace("hosted]}", "hosted], power_limit: 120 kW, lead_time: {delivery: 14 w}, electricity: 0.1 USD/kWh}")
    + """\
growth: {rate: 4 %/month, low: 2 %/month, high: 7 %/month}
resilience: {redundancy: auto, availability: 99.9 %, headroom: 20 %, disaster_recovery: {posture: warm_standby, rto: 4 h}}
compliance: {data_class: phi, frameworks: [hipaa, soc2], residency: us, log_retention: 6 y}
integrations: {ehr: {calls_per_request: 3, latency: 120 ms, limit: 40 req/s, retry: {attempts: 3}}}
evidence: {today: {gpu: a100-80-sxm, gpus: 8}, prototype: {gpu: h100-sxm, gpus: 2, concurrency: 25, ttft_mean: 689 ms}}
finance: {discount_rate: 9 %, useful_life: 5 y, residual: 0 %, budget_three_year: 6.0 MUSD, tax: 5 %}
gates: [tco.three_year_usd <= 6.0e9, slo.met]
"""
)
FRAGMENT = (
    FULL[FULL.index("growth") :].encode()
    + b"supply:\n  quotes: [{item: hgx-h100-8, unit_price: 240000 USD, as_of: 2026-11-01, supplier: Dell}]\n"
)
CONFIG = {"architectures": ["LlamaForCausalLM"], "hidden_size": 4096, "num_hidden_layers": 32, "vocab_size": 128256}
CONFIG |= {"max_position_embeddings": 131072, "num_attention_heads": 32, "num_key_value_heads": 8}
CONFIG |= {"intermediate_size": 14336, "torch_dtype": "bfloat16"}
LOG = "TIMESTAMP,ContextTokens,GeneratedTokens\n" + "".join(f"{60 * i},{900 + i},{90 + i}\n" for i in range(40))
MOONCAKE = '{"timestamp": 27482, "input_length": 6955, "output_length": 52, "hash_ids": [46, 47]}\n' * 9
POINTS = (
    "model,gpu,tp,isl_mean,osl_mean,load_kind,load_value,protocol\n"
    "llama-3.1-8b,h100-sxm,1,512,64,concurrency,8,closed_steady\n"
)
LEVELS = "day,trigger,level\n" + "".join(f"2027-12-{day:02},capacity-llama-3.1-8b,0.{day}\n" for day in range(10, 29))
SIZE = ("size", "p.yaml", "--confirm", "none", "-o", "out")
BENCHMARK = ("--model", "llama-3.1-8b", "--gpu", "h100-sxm", "--tp", "1", "--engine", "vllm", "--precision", "bf16")

Command = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file: its whole contents by name in the working folder, and the commands that read it."""

    files: dict[str, bytes] = field(repr=False)
    commands: tuple[Command, ...]
    damage: Callable[[bytes, random.Random], bytes] = damaged


def catalog_files() -> dict[str, bytes]:
    found = (path for path in sorted(CATALOG.glob("*/*.yaml")) if path.stat().st_size < 100_000)
    return {f"own/{path.relative_to(CATALOG).as_posix()}": path.read_bytes() for path in (CATALOG / "VERSION", *found)}


NAMES = (
    *("profile", "profile", "ready profile", "fragment", "catalog", "trace", "benchmark", "workbook", "plan", "points"),
    *("levels", "model"),
)
"""The kinds, those with most to go wrong twice."""


def kinds(outputs: dict[str, bytes]) -> dict[str, Kind]:
    profiles = {"p.yaml": FULL.encode()}
    ready = {"p.yaml": ready_path("clinical-notes").read_bytes()}
    benchmarks = {path.name: path.read_bytes() for path in SAMPLES.glob("*.json")}
    plan = {"out/sizing.json": outputs["sizing.json"]}
    logs = {"log.csv": LOG.encode(), "log.csv.gz": gzip.compress(LOG.encode()), "log.jsonl": MOONCAKE.encode()}
    vary = ("compare", "p.yaml", "--vary", "growth.rate=3 %/month,4 %/month", "--confirm", "none")
    return {
        "profile": Kind(profiles, ((*SIZE, "--json"), ("validate", "p.yaml"), vary)),
        "ready profile": Kind(ready, (("validate", "p.yaml"),)),
        "fragment": Kind({"f.yaml": FRAGMENT}, ((*SIZE, "--with", "f.yaml"), ("validate", "p.yaml", "--with", "f.yaml"))),
        "catalog": Kind(catalog_files(), (("catalog", "verify", "--catalog", "own"), (*SIZE, "--catalog", "own"))),
        "trace": Kind(logs, (("trace", "FILE", "-o", "new.yaml"), ("trace", "FILE", "--json"))),
        "benchmark": Kind(benchmarks, (("calibrate", "FILE", "-o", "new.yaml", *BENCHMARK),)),
        "workbook": Kind({"tco.xlsx": outputs["tco.xlsx"]}, (("import", "tco.xlsx", "-o", "new.yaml"),), damaged_workbook),
        "plan": Kind(plan, (("render", "out"), ("diff", "was", "out"), ("watch", "out", "--metrics", "levels.csv"),
                            ("explain", "decision.gpus", "--plan", "out/sizing.json"))),
        "points": Kind({"points.csv": POINTS.encode()}, (("predict", "points.csv", "-o", "new.csv"),)),
        "levels": Kind({"levels.csv": LEVELS.encode()}, (("watch", "was", "--metrics", "levels.csv", "--json"),)),
        "model": Kind({"config.json": json.dumps(CONFIG, indent=1).encode()},
                      ((*SIZE, "--set", "workloads.chat.model=./config.json"),)),
    }  # fmt: skip
