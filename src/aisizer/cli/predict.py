"""`aisizer predict`: one point, or a CSV file of many."""

from __future__ import annotations

import io
import json
import sys
from collections import ChainMap
from collections.abc import Mapping, MutableMapping
from dataclasses import replace
from pathlib import Path
from typing import cast

from aisizer.catalog.catalog import Catalog
from aisizer.catalog.records import Model
from aisizer.cli.file import write_file
from aisizer.cli.progress import Progress
from aisizer.errors import InvalidInput

_SHOWN = (
    ("TTFT mean", "pred_ttft_ms_mean", "ms"),
    ("TTFT p50", "pred_ttft_ms_p50", "ms"),
    ("TTFT p95", "pred_ttft_ms_p95", "ms"),
    ("TTFT p99", "pred_ttft_ms_p99", "ms"),
    ("TPOT mean", "pred_tpot_ms_mean", "ms"),
    ("TPOT p95", "pred_tpot_ms_p95", "ms"),
    ("TPOT per token", "pred_tpot_ms_token_weighted", "ms"),
    ("E2E mean", "pred_e2e_ms_mean", "ms"),
    ("output", "pred_output_tok_s_total", "tok/s"),
    ("input + output", "pred_total_tok_s_total", "tok/s"),
    ("requests", "pred_req_s", "req/s"),
    ("largest rate", "pred_max_req_s", "req/s"),
    ("memory per GPU", "pred_gpu_mem_gib", "GiB"),
    ("KV use", "pred_kv_use", ""),
)
_WORDS = ("pred_status", "pred_reason", "pred_assumed")


def predict_csv(points: Path, *, output: Path | None, overlay: Path | None) -> None:
    """Predicts every row of a CSV file into OUTPUT, or onto stdout; the counts by status go to stderr."""
    from aisizer.calibration.predict import predict_lines, write_lines
    from aisizer.catalog.load import load_catalog

    text = io.StringIO()
    with Progress("predicting") as progress:
        counts = write_lines(predict_lines(points, load_catalog(overlay), progress.told), text)
    if output is None:
        sys.stdout.write(text.getvalue())
    else:
        write_file(output, text.getvalue().encode("utf-8", "surrogateescape"))
    told = ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))
    sys.stderr.write(f"{sum(counts.values())} rows: {told or 'nothing to predict'}.\n")


def predict_one(
    *,
    model: str | None,
    gpu: str | None,
    tp: int | None = None,
    isl: float | None = None,
    osl: float | None = None,
    concurrency: int | None = None,
    rate: float | None = None,
    engine: str | None = None,
    precision: str | None = None,
    prefix_hit: str | None = None,
    spec_decode: bool = False,
    overlay: Path | None = None,
    as_json: bool = False,
) -> str:
    """The prediction of one point as text or JSON: a steady closed loop, or Poisson arrivals where a rate is given."""
    from aisizer.calibration.predict import predict_point
    from aisizer.catalog.load import load_catalog

    if model is None or gpu is None:
        raise InvalidInput("One point needs --model and --gpu, and many a CSV file: `aisizer predict POINTS.csv`.")
    if (concurrency is None) == (rate is None):
        raise InvalidInput("The load is missing or given twice. Give either --concurrency or --rate.")
    catalog, name = _with_file(load_catalog(overlay), model)
    given = {"model": name, "gpu": gpu, "tp": tp, "isl_mean": isl, "osl_mean": osl, "engine": engine}
    given |= {"precision_weights": precision, "load_value": concurrency if rate is None else rate}
    given["prefix_hit"] = prefix_hit
    given["spec_decode"] = "y" if spec_decode else "n"
    given["protocol"] = "closed_steady" if rate is None else "poisson"
    answer = predict_point(catalog, {key: str(value) for key, value in given.items() if value is not None})
    if answer["pred_status"] == "rejected":
        raise InvalidInput(answer["pred_reason"])
    return _json(answer) if as_json else _table(answer)


def _with_file(catalog: Catalog, model: str) -> tuple[Catalog, str]:
    """The catalog with the model of a config.json added, where one is given, and the model's name in it."""
    from aisizer.catalog.config_json import model_from_config
    from aisizer.catalog.generic import names_a_file

    if not names_a_file(model):
        return catalog, model
    path = Path(model) / "config.json" if Path(model).is_dir() else Path(model)
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise InvalidInput(f"{model} cannot be read ({error.strerror}). Give the path of a config.json.") from error
    record = model_from_config(text, model)
    models = ChainMap({record.id: record}, cast(MutableMapping[str, Model], catalog.models))
    return replace(catalog, models=models), record.id


def _json(answer: Mapping[str, str]) -> str:
    values = {name: text if name in _WORDS else float(text) for name, text in answer.items()}
    return json.dumps(values, indent=2) + "\n"


def _table(answer: Mapping[str, str]) -> str:
    lines = [f"{'':16}{'predicted':>12}        80 % band"]
    for label, name, unit in _SHOWN:
        low = answer.get(f"{name}_lo80")
        band = f"{low} to {answer[f'{name}_hi80']}" if low is not None else ""
        lines.append(f"{label:16}{answer[name]:>12} {unit:6} {band}".rstrip())
    lines.append(f"{answer['pred_status']}: {answer['pred_reason']}")
    lines += ["assumed:", *(f"  {part}" for part in answer["pred_assumed"].split("; "))]
    return "\n".join(lines) + "\n"
