"""Fits the engine's constants together, from op-level priors, to the rows that are not reserved; prints prior and result.

python benchmarks/accuracy/joint_fit.py --silicon silicon_sample.csv --measured calibration.csv [--without-model NAME]
    [--without-gpu NAME] [--without-family NAME] [-o constants.json]

Maximum a posteriori: squared log errors of TTFT, TPOT and throughput, far ones counting little (unlabelled speculative
decoding is among them), plus one normal prior in the logarithm of each constant. Rows of one model, GPU, engine and
precision together weigh no more than 30.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import deployed
import measured
import numpy as np
import open_loop
import pandas as pd
import silicon
from reserved import TWINS, refuse_reserved, reserved
from scipy.optimize import least_squares

from aisizer.calibration.predict import predict_rows
from aisizer.catalog.catalog import Catalog
from aisizer.catalog.load import load_catalog
from aisizer.engine import constants as c

FAMILIES = {"vllm": ("vllm-0.11", "vllm-0.33"), "sglang": ("sglang-0.5.23",), "trtllm": ("trtllm-1.0", "trtllm-1.2")}
"""Engines of 2025 and 2026 that share their fitted overheads."""
C_PLUS_PLUS = "trtllm-0.21"
"""The engine whose runtime launches compiled engines: it shares TensorRT-LLM's overheads but for the host's."""
SD = {"ttft": 0.20, "tpot": 0.06, "throughput": 0.10}
"""[1] log error of one row that counts fully."""
CELL_ROWS = 30
"""[row] that the rows of one model, GPU, engine and precision count as at most."""
DRAINS = 160
"""[row] drawn of the drains."""
STEP = 0.25
"""[prior sd] of the numerical derivative."""
FURTHEST = 3.0
"""[prior sd] that a constant moves at most."""


@dataclass(frozen=True, slots=True)
class Prior:
    """Value and relative standard deviation before any end-to-end row is seen."""

    value: float
    width: float


TABLES = {
    "GEMM_EFFICIENCY.bf16": 0.74,
    "GEMM_EFFICIENCY.fp8": 0.68,
    "GEMM_EFFICIENCY.fp4": 0.48,
    "GEMM_LAUNCH_S.bf16": 2.7e-6,
    "GEMM_LAUNCH_S.fp8": 5.0e-6,
    "GEMM_LAUNCH_S.fp4": 6.4e-6,
    "BANDWIDTH_EFFICIENCY": 0.90,
    "ATTENTION_BANDWIDTH_EFFICIENCY": 0.90,
    "ATTENTION_EFFICIENCY": 0.60,
    "DECODE_ATTENTION_LAUNCH_S": 7e-6,
    "MOE_EFFICIENCY.bf16": 0.33,
    "MOE_EFFICIENCY.fp8": 0.25,
    "MOE_EFFICIENCY.fp4": 0.33,
    "MOE_EFFICIENCY.weight_only": 0.20,
    "MOE_HIDDEN_PASSES": 5.0,
    "MOE_LAUNCH_S.fp8": 27e-6,
    "MOE_LAUNCH_S.fp4": 17e-6,
    "MOE_LAUNCH_S.weight_only": 38e-6,
    "ROUTING_SKEW": 0.85,
    "ALL_REDUCE_LAUNCH_S.nvswitch": 3.9e-6,
    "BUS_EFFICIENCY.nvswitch": 0.71,
    "ALL_REDUCE_GROWTH.nvswitch": 6e-9,
}
"""Kernel constants as the tables of aiconfigurator-core 0.12 have them; `aisizer.engine.constants` says of each what it is."""
WIDER = {"GEMM_EFFICIENCY.fp4": 1.5}
"""[1] of the width that the constant's other formats have."""
OPS = {
    name: Prior(value, c.PRIOR_WIDTHS[name.partition(".")[0]] * WIDER.get(name, 1.0)) for name, value in TABLES.items()
}
HOST = {
    "request_overhead_s": Prior(9.5e-3, 0.25),
    "request_token_s": Prior(4e-6, 0.40),
    "launch_s": Prior(33e-6, 0.30),
}
"""Shared by the engines: the API server of vLLM in open loops, one HF tokeniser timed at 3 us a token plus as much for
HTTP and hand-over, PyTorch's dispatch per operator."""
ENGINE = {
    "layer_overhead_s": Prior(19e-6, 0.50),
    "step_overhead_s": Prior(0.8e-3, 0.50),
    "sequence_overhead_s": Prior(4.4e-6, 0.50),
}
"""One of each per engine family: seven small kernels a layer inside a graph (two norms, rotary embedding, cache write, merge
of split attention, activation, residual) at the tables' floor of 2.7 us; scheduler and sampler, assumed; BLIS's 4.4 us a
sequence (inference-sim, trained physics)."""
PRIORS = OPS | HOST | {f"{family}.{name}": prior for family in FAMILIES for name, prior in ENGINE.items()}


def values_at(x: np.ndarray) -> dict[str, float]:
    """The constants at x prior standard deviations from their priors."""
    return {
        name: prior.value * math.exp(prior.width * step) for (name, prior), step in zip(PRIORS.items(), x, strict=True)
    }


@contextmanager
def constants_set(values: Mapping[str, float]) -> Iterator[None]:
    """The kernel constants at these values, for a while."""
    before = {name: constant(name) for name in OPS}
    _set(values)
    try:
        yield
    finally:
        _set(before)


def catalog_at(catalog: Catalog, values: Mapping[str, float]) -> Catalog:
    """The catalog whose engines have these overheads."""
    engines = dict(catalog.engines)
    for family, names in FAMILIES.items():
        own = {name: values[f"{family}.{name}"] for name in ENGINE}
        host = {name: values[name] for name in HOST if name != "launch_s" or family != "vllm"}
        for name in names:
            engines[name] = engines[name].model_copy(update=own | host)
    own = {name: values[f"trtllm.{name}"] for name in ENGINE}
    engines[C_PLUS_PLUS] = engines[C_PLUS_PLUS].model_copy(update=own)
    return replace(catalog, engines=engines)


def predicted(rows: pd.DataFrame, catalog: Catalog, values: Mapping[str, float]) -> pd.DataFrame:
    """The rows as `aisizer predict` answers them at these constants."""
    cells = rows.astype(object).where(rows.notna(), "").astype(str).to_dict("records")
    with constants_set(values):
        answers = pd.DataFrame(list(predict_rows(catalog_at(catalog, values), cells)), index=rows.index)
    return (
        answers.filter(like="pred_").drop(columns=["pred_status", "pred_reason", "pred_assumed"]).apply(pd.to_numeric)
    )


def fitting_rows(silicon_path: Path, measured_path: Path, catalog: Catalog) -> pd.DataFrame:
    """Rows that may be fitted on: closed sweeps off the KV wall, some drains of current TensorRT-LLM, open-loop stages.

    The stages are those that their source describes, prompts cached, and their TPOT is that of a generated token.
    """
    sweeps, _ = silicon.load(silicon_path)
    share = deployed.kv_share(deployed.runs(sweeps, catalog), sweeps.index)
    sweeps = sweeps[share <= deployed.WALL]
    other, _ = measured.load(measured_path)
    current = other[(measured.standing(other) == "current") & other["gpu"].isin(["H100-SXM", "B200", "GB200"])]
    drains = current[(current["protocol"] == "drain") & current["output_tok_s_total"].notna()]
    stages = open_loop.stated(other[open_loop.is_stage(other)])
    stages = stages.assign(tpot_ms_mean=open_loop.per_step(stages))
    rows = pd.concat([sweeps, drains[~reserved(drains)].sample(DRAINS, random_state=1), stages], ignore_index=True)
    return rows[~reserved(rows)].reset_index(drop=True)


def residuals_of(rows: pd.DataFrame, catalog: Catalog) -> Callable[[np.ndarray], np.ndarray]:
    """The residuals of all rows and priors as a function of x; refuses a reserved pair."""
    refuse_reserved(rows)
    cells = rows.groupby(["engine", "model", "gpu", "precision_weights"], dropna=False)["model"].transform("size")
    weight = np.sqrt(CELL_ROWS / cells.clip(lower=CELL_ROWS))
    drain = rows["protocol"] == "drain"

    def residuals(x: np.ndarray) -> np.ndarray:
        found = predicted(rows, catalog, values_at(x))
        parts = [
            _softened(found["pred_ttft_ms_mean"], rows["ttft_ms_mean"].mask(drain), SD["ttft"]),
            _softened(found["pred_tpot_ms_mean"], rows["tpot_ms_mean"].mask(drain), SD["tpot"]),
            _softened(found["pred_output_tok_s_total"], rows["output_tok_s_total"].where(drain), SD["throughput"]),
        ]
        return np.concatenate([*((part * weight).fillna(0.0).to_numpy() for part in parts), x])

    return residuals


def fit(rows: pd.DataFrame, catalog: Catalog, rounds: int = 6) -> np.ndarray:
    """The most probable constants, in prior standard deviations from their priors."""
    residuals = residuals_of(rows, catalog)

    def jacobian(x: np.ndarray) -> np.ndarray:
        base = residuals(x)
        return np.stack([(residuals(x + STEP * unit) - base) / STEP for unit in np.eye(len(x))], axis=1)

    start = np.zeros(len(PRIORS))
    found = least_squares(
        residuals, start, jac=jacobian, bounds=(-FURTHEST, FURTHEST), max_nfev=rounds, xtol=1e-3, ftol=1e-3
    )
    return found.x


def _softened(predicted_values: pd.Series, measured_values: pd.Series, sd: float) -> pd.Series:
    """Log errors over sd whose squares grow as a logarithm beyond 1 (Cauchy loss)."""
    error = np.log(predicted_values / measured_values) / sd
    return np.sign(error) * np.sqrt(np.log1p(error**2))


def constant(name: str) -> float:
    attribute, _, key = name.partition(".")
    return getattr(c, attribute)[key] if key else getattr(c, attribute)


def _set(values: Mapping[str, float]) -> None:
    for name in OPS:
        attribute, _, key = name.partition(".")
        if key:
            getattr(c, attribute)[key] = values[name]
        else:
            setattr(c, attribute, values[name])
    for table in (c.ALL_REDUCE_LAUNCH_S, c.BUS_EFFICIENCY, c.ALL_REDUCE_GROWTH):
        table["nvlink"] = table["nvswitch"]  # bridged pairs share the link


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--silicon", type=Path, default=silicon.packaged())
    parser.add_argument("--measured", type=Path, required=True)
    parser.add_argument("--without-model")
    parser.add_argument("--without-gpu")
    parser.add_argument("--without-family")
    parser.add_argument("-o", "--output", type=Path)
    options = parser.parse_args()
    catalog = load_catalog()
    rows = fitting_rows(options.silicon, options.measured, catalog)
    twin = TWINS.get(options.without_model, options.without_model)
    rows = rows[~rows["model"].isin([options.without_model, twin]) & (rows["gpu"] != options.without_gpu)]
    rows = rows[rows["family"] != options.without_family]
    values = values_at(fit(rows.reset_index(drop=True), catalog))
    for name, prior in PRIORS.items():
        moved = math.log(values[name] / prior.value) / prior.width
        print(f"{name:34s} {prior.value:10.4g} -> {values[name]:10.4g}  ({moved:+.1f} sd)")
    if options.output:
        options.output.write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
