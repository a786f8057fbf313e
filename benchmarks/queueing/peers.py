"""Compares this simulator with others on the same open-loop runs: error against what was measured, and time per request.

python benchmarks/queueing/peers.py --measured calibration.csv --fleet-python fleet/bin/python \
    --aisimulate simulator/bin/aisimulate

The runs are those of measured_open_loop.py on dense models, with the rates at which they ran. Every tool is given the same
rates, lengths and shapes of models, and aisimulate also how much of each prompt is cached; vllm-sr-sim knows no prefix cache.
A tool that is not given is left out.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import measured_open_loop as runs
import open_loop
import pandas as pd

from aisizer.calibration.sampling import sample
from aisizer.catalog.catalog import Catalog
from aisizer.catalog.load import load_catalog
from aisizer.queueing.simulate import simulate

NAMES = [name for name, _ in runs.METRICS.values()]
FEW, MANY = 2_000, 20_000
"""[request] of the runs that are timed: the first also loads and compiles, the difference is the simulator's own."""
TIMED = ("llama-3.1-70b", 6.0)
"""Model and rate [req/s] of the run that is timed."""
TOLD = {False: "", True: ", prompts cached"}


def dense_stages(path: Path, catalog: Catalog) -> pd.DataFrame:
    """The measured stages of dense models, with rates and engine as their source states them."""
    rows = runs.open_rows(path)
    rows = open_loop.stated(rows[rows["family"] == open_loop.FAMILY], open_loop.Facts())
    dense = [catalog.find_model(name).experts == 0 for name in rows["model"]]
    return rows[dense].reset_index(drop=True)


def points(rows: pd.DataFrame, catalog: Catalog, requests: int, cached: bool = False) -> pd.DataFrame:
    """What a tool is told of each row."""
    blocks = (rows["isl_mean"].astype(int) - 1) // open_loop.BLOCK * open_loop.BLOCK
    models = [catalog.find_model(name) for name in rows["model"]]
    return pd.DataFrame(
        {
            **{name: rows[name] for name in ("id", "model")},
            "rate": rows["load_value"],
            "isl": rows["isl_mean"],
            "osl": rows["osl_mean"],
            "tp": rows["tp"].astype(int),
            "requests": requests,
            "cached": blocks if cached else 0,
            "n_layers": [model.layers for model in models],
            "n_heads": [model.heads for model in models],
            "n_kv_heads": [model.attention[0].kv_heads for model in models],
            "head_dim": [model.attention[0].head_dim for model in models],
            "hidden_size": [model.hidden for model in models],
            "intermediate_size": [model.ffn for model in models],
            "vocab_size": [model.vocab for model in models],
            "max_position": [model.max_context for model in models],
        }
    )


def by_fleet_sim(python: Path, asked: pd.DataFrame) -> pd.DataFrame:
    """Means [ms] and seconds of each point, in the interpreter that has vllm-sr-sim."""
    with tempfile.TemporaryDirectory() as folder:
        given, found = Path(folder, "points.csv"), Path(folder, "found.csv")
        asked.to_csv(given, index=False)
        script = Path(__file__).with_name("fleet_sim_estimates.py")
        subprocess.run([str(python), str(script), str(given), str(found)], check=True)
        return pd.read_csv(found)


def by_aisimulate(command: Path, asked: pd.DataFrame) -> pd.DataFrame:
    """Means [ms] and seconds of each point, by aisimulate's command line."""
    with tempfile.TemporaryDirectory() as folder:
        return pd.DataFrame([_aisimulate(command, point, Path(folder)) for point in asked.to_dict("records")])


def _aisimulate(command: Path, point: dict[str, object], folder: Path) -> dict[str, object]:
    """One point; a model is a folder with a config.json, so that nothing is fetched."""
    config, model = folder / "prediction.yaml", folder / "model"
    model.mkdir(exist_ok=True)
    (model / "config.json").write_text(json.dumps(_config_json(point)))
    config.write_text(json.dumps(_prediction(point, model)))  # JSON is YAML
    out = ["--format", "json", "--output-dir", str(folder / "out"), "--overwrite"]
    started = time.perf_counter()
    done = subprocess.run([str(command), "predict", "-c", str(config), *out], capture_output=True, text=True)
    seconds = time.perf_counter() - started
    if done.returncode:
        raise RuntimeError(f"aisimulate failed on {point['id']}: {done.stderr[-500:]}")
    found = json.loads(done.stdout)
    means = (found["mean_e2e_latency_ms"], found["mean_tpot_ms"], found["mean_ttft_ms"])
    return dict(zip(("id", *NAMES, "seconds"), (point["id"], *means, seconds), strict=True))


def _config_json(point: dict[str, object]) -> dict[str, object]:
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "torch_dtype": "bfloat16",
        "hidden_size": point["hidden_size"],
        "intermediate_size": point["intermediate_size"],
        "num_attention_heads": point["n_heads"],
        "num_key_value_heads": point["n_kv_heads"],
        "head_dim": point["head_dim"],
        "num_hidden_layers": point["n_layers"],
        "vocab_size": point["vocab_size"],
        "max_position_embeddings": point["max_position"],
    }


def _prediction(point: dict[str, object], model: Path) -> dict[str, object]:
    source = {
        "type": "synthetic",
        "input_tokens": round(float(str(point["isl"]))),
        "output_tokens": round(float(str(point["osl"]))),
        "cached_prefix_tokens": point["cached"],
    }
    return {
        "traffic": {
            "source": source,
            "load": {"type": "poisson", "requests_per_second": point["rate"]},
            "stop": {"requests": point["requests"]},
        },
        "engine": {
            "mode": "aggregated",
            "model": str(model),
            "hardware": "h100_sxm",
            "backend": "vllm",
            "workers": {"aggregated": {"parallelism": {"tensor": point["tp"]}}},
        },
    }


def own_microseconds(rows: pd.DataFrame, catalog: Catalog) -> float:
    """[us] of processor time per simulated request, once the loop is compiled."""
    (run,) = (one for one in runs.deployed.runs(rows, catalog) if one)
    scenario, spent = run.observed.scenario, []
    for requests in (FEW, MANY, MANY, MANY):
        asked = runs.poisson(sample(scenario.prompt, scenario.output, requests), scenario.load)
        started = time.process_time()
        simulate(run.observed.table, asked)
        spent.append((time.process_time() - started) / requests)
    return 1e6 * min(spent[1:])


def own_interpreted(options: argparse.Namespace) -> float:
    """The same without numba, in a process of its own."""
    command = [sys.executable, __file__, "--measured", str(options.measured), "--own-time"]
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    return float(subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout)


def marginal_microseconds(
    estimate: Callable[[pd.DataFrame], pd.DataFrame], rows: pd.DataFrame, catalog: Catalog
) -> float:
    """[us] per simulated request beyond the first FEW."""
    few, many = (float(estimate(points(rows, catalog, count))["seconds"].iloc[0]) for count in (FEW, MANY))
    return 1e6 * (many - few) / (MANY - FEW)


def _beside(
    name: str, ask: Callable[[pd.DataFrame], pd.DataFrame], rows: pd.DataFrame, catalog: Catalog, told: tuple[bool, ...]
) -> str:
    """A tool's lines of the table, with and without what is cached."""
    speed = f"{marginal_microseconds(ask, rows[_timed(rows)], catalog):.1f}"
    found = {cached: ask(points(rows, catalog, FEW, cached)) for cached in told}
    return "\n".join(line(f"{name}{TOLD[cached]}", rows, means, speed) for cached, means in found.items())


def _timed(rows: pd.DataFrame) -> pd.Series:
    return (rows["model"] == TIMED[0]) & (rows["load_value"] == TIMED[1])


def line(label: str, rows: pd.DataFrame, found: pd.DataFrame, speed: str) -> str:
    errors = [100 * (found[name] / rows[name].to_numpy() - 1).abs().mean() for name in NAMES]
    return f"| {label} | {' | '.join(f'{error:.1f} %' for error in errors)} | {speed} |"


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--measured", type=Path, required=True, help="CSV file of published measurements")
    parser.add_argument("--fleet-python", type=Path, help="interpreter that has vllm-sr-sim")
    parser.add_argument("--aisimulate", type=Path, help="command of aisimulate 0.13")
    parser.add_argument("--own-time", action="store_true", help="print this simulator's time per request and stop")
    options = parser.parse_args()
    catalog = load_catalog()
    rows = dense_stages(options.measured, catalog)
    timed = rows[_timed(rows)]
    if options.own_time:
        print(own_microseconds(timed, catalog))
        return
    print(f"{len(rows)} stages; mean absolute percentage error:\n")
    print(f"| tool | {' | '.join(runs.METRICS)} | us per simulated request |\n|---|---:|---:|---:|---:|")
    if options.fleet_python:
        print(_beside("vllm-sr-sim", partial(by_fleet_sim, options.fleet_python), rows, catalog, told=(False,)))
    if options.aisimulate:
        print(_beside("aisimulate", partial(by_aisimulate, options.aisimulate), rows, catalog, told=(False, True)))
    speed = f"{own_microseconds(timed, catalog):.2f}" if find_spec("numba") else "no numba"
    speed += f", interpreted {own_interpreted(options):.1f}"
    for cached in (False, True):
        print(line(f"aisizer{TOLD[cached]}", rows, runs.replayed(rows, catalog, open_loop.Facts(cached=cached)), speed))


if __name__ == "__main__":
    main()
