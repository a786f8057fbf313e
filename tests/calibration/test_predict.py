"""The table verb's contract: columns, order, rejections with arithmetic, and measured columns that are never read."""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aisizer.calibration.points import COLUMNS
from aisizer.calibration.predict import (
    BANDED,
    NUMBERS,
    PREDICTED,
    predict_lines,
    predict_point,
    predict_rows,
    write_lines,
)
from aisizer.catalog.catalog import Catalog
from aisizer.catalog.load import load_catalog
from aisizer.errors import InvalidInput

BASE = {
    "id": "a",
    "model": "llama-3.1-8b",
    "gpu": "H100-SXM",
    "gpus_used": "1",
    "replicas": "1",
    "tp": "1",
    "engine": "vLLM",
    "precision_weights": "fp8",
    "protocol": "closed_burst",
    "load_value": "4",
    "n_requests": "40",
    "isl_mean": "512",
    "osl_mean": "64",
    "ttft_ms_mean": "123",
    "notes": "as measured",
}
ROWS = [
    BASE,
    BASE | {"id": "b", "model": "no-such-model"},
    BASE | {"id": "c", "protocol": "poisson", "load_value": "5000", "n_requests": "500"},
    BASE
    | {"id": "d", "tp": "", "gpus_used": "", "replicas": "", "engine": "", "precision_weights": "", "protocol": ""},
    BASE | {"id": "e", "gpus_used": "8", "tp": "2", "replicas": "2"},
    BASE | {"id": "f", "protocol": "static", "load_value": "", "batch": "8", "osl_mean": "1"},
    BASE | {"id": "g", "protocol": "drain", "load_value": "", "n_requests": "200"},
    BASE | {"id": "h", "protocol": "closed_steady", "n_requests": ""},
    BASE | {"id": "i", "protocol": "constant", "load_value": "2", "max_in_flight": "16"},
]


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


def write(path: Path, rows: list[dict[str, str]], names: tuple[str, ...] = ()) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, names or [*BASE, "batch", "max_in_flight", "my_column"], extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    return path


def predict_file(path: Path, output: Path, catalog: Catalog) -> dict[str, int]:
    with output.open("w", newline="", encoding="utf-8", errors="surrogateescape") as file:
        return write_lines(predict_lines(path, catalog), file)


def answers(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_columns_order_and_statuses(tmp_path: Path, catalog: Catalog) -> None:
    rows = [row | {"my_column": f"x{i}"} for i, row in enumerate(ROWS)]
    counts = predict_file(write(tmp_path / "in.csv", rows), tmp_path / "out.csv", catalog)
    found = answers(tmp_path / "out.csv")
    assert list(found[0])[-len(PREDICTED) :] == list(PREDICTED)
    assert [row["id"] for row in found] == list("abcdefghi")
    assert [row["my_column"] for row in found] == [f"x{i}" for i in range(9)]
    statuses = [row["pred_status"] for row in found]
    assert statuses == ["ok", "rejected", "overloaded", "ok", "rejected", "ok", "ok", "ok", "ok"]
    assert counts == {"ok": 6, "rejected": 2, "overloaded": 1}
    for row in found:
        filled = [name for name in PREDICTED if row[name] != ""]
        expected = PREDICTED if row["pred_status"] != "rejected" else PREDICTED[len(NUMBERS) :]
        assert filled == list(expected)


def test_every_number_is_positive_and_inside_its_band(tmp_path: Path, catalog: Catalog) -> None:
    predict_file(write(tmp_path / "in.csv", ROWS), tmp_path / "out.csv", catalog)
    for row in answers(tmp_path / "out.csv"):
        if row["pred_status"] == "rejected":
            continue
        assert all(float(row[name]) > 0 for name in NUMBERS)
        for name in BANDED:
            low, high = float(row[f"{name}_lo80"]), float(row[f"{name}_hi80"])
            assert low <= float(row[name]) <= high and low < high
        assert float(row["pred_ttft_ms_p50"]) <= float(row["pred_ttft_ms_p95"]) <= float(row["pred_ttft_ms_p99"])
        total, each = float(row["pred_total_tok_s_total"]), float(row["pred_req_s"])
        assert total == pytest.approx(each * (512 + (1 if row["id"] == "f" else 64)), rel=1e-4)


def test_a_broken_product_of_gpus_is_rejected_with_the_arithmetic(catalog: Catalog) -> None:
    reason = predict_point(catalog, BASE | {"gpus_used": "8", "tp": "2", "replicas": "2"})["pred_reason"]
    assert reason == "gpus_used = 8, but replicas 2 x attention_dp 1 x tp 2 x pp 1 = 4."


def test_gaps_are_named_and_an_empty_tp_is_the_smallest_that_fits(catalog: Catalog) -> None:
    gaps = dict.fromkeys(("tp", "gpus_used", "replicas", "engine", "precision_weights", "osl_mean"), "")
    found = predict_point(catalog, BASE | gaps | {"model": "llama-3.1-70b"})
    for name in ("engine = ", "precision_weights = bf16", "precision_kv = ", "tp = 4", "replicas = 1", "osl_mean = "):
        assert name in found["pred_assumed"]
    four = predict_point(catalog, BASE | gaps | {"model": "llama-3.1-70b", "gpus_used": "8"})
    assert "tp = 4" in four["pred_assumed"] and "replicas = 2" in four["pred_assumed"]


@pytest.mark.parametrize("gpu", ["H100-SXM", "h100_sxm", "NVIDIA H100 80GB HBM3"])
@pytest.mark.parametrize("model", ["llama-3.1-8b", "meta-llama/Llama-3.1-8B-Instruct"])
def test_names_resolve_through_aliases(catalog: Catalog, gpu: str, model: str) -> None:
    expected = predict_point(catalog, BASE)
    assert predict_point(catalog, BASE | {"gpu": gpu, "model": model}) == expected


def test_measured_columns_are_never_read(tmp_path: Path, catalog: Catalog) -> None:
    measured = ("ttft_ms_mean", "tpot_ms_mean", "output_tok_s_total", "notes", "saturated", "req_s", "derived_fields")
    names = (*COLUMNS, *measured)
    plain = predict_lines(write(tmp_path / "a.csv", ROWS, names), catalog)
    other = [row | dict.fromkeys(measured, "999999") for row in ROWS]
    changed = predict_lines(write(tmp_path / "b.csv", other, names), catalog)
    assert [line[-len(PREDICTED) :] for line in plain] == [line[-len(PREDICTED) :] for line in changed]


def test_same_file_same_bytes_and_earlier_predictions_make_way(tmp_path: Path, catalog: Catalog) -> None:
    write(tmp_path / "in.csv", ROWS)
    predict_file(tmp_path / "in.csv", tmp_path / "one.csv", catalog)
    predict_file(tmp_path / "one.csv", tmp_path / "two.csv", load_catalog())
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()


def test_without_the_compiler_the_bytes_are_the_same(tmp_path: Path, catalog: Catalog) -> None:
    predict_file(write(tmp_path / "in.csv", ROWS), tmp_path / "one.csv", catalog)
    code = (
        "from pathlib import Path; from aisizer.cli.predict import predict_csv;"
        "predict_csv(Path('in.csv'), output=Path('two.csv'), overlay=None)"
    )
    environment = os.environ | {"NUMBA_DISABLE_JIT": "1"}
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, check=True)
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()


def test_ragged_rows_odd_bytes_and_quotes_pass(tmp_path: Path, catalog: Catalog) -> None:
    path = tmp_path / "in.csv"
    path.write_bytes(
        b'\xef\xbb\xbfmodel,gpu,load_value,mine\nllama-3.1-8b,H100-SXM,4,"a,""b""\xff"\nllama-3.1-8b\n\n,,,,,,,\n'
    )
    predict_file(path, tmp_path / "out.csv", catalog)
    text = (tmp_path / "out.csv").read_bytes()
    rows = list(csv.DictReader(io.StringIO(text.decode("utf-8", "surrogateescape"))))
    assert [row["pred_status"] for row in rows] == ["ok", "rejected", "rejected"]
    assert b'"a,""b""\xff"' in text


def test_a_file_that_is_no_table_is_bad_input(tmp_path: Path, catalog: Catalog) -> None:
    (tmp_path / "in.csv").write_text("hello\nworld\n", encoding="utf-8")
    for path in (tmp_path / "in.csv", tmp_path / "missing.csv", tmp_path):
        with pytest.raises(InvalidInput):
            predict_lines(path, catalog)


def test_speculation_quickens_answers_and_names_what_it_assumes(catalog: Catalog) -> None:
    plain, quick = (predict_point(catalog, BASE | {"spec_decode": text}) for text in ("n", "mtp"))
    assert 0.5 < float(quick["pred_tpot_ms_mean"]) / float(plain["pred_tpot_ms_mean"]) < 0.85
    assert "spec_decode" in quick["pred_assumed"] and "spec_decode" not in plain["pred_assumed"]


def test_pools_apart_take_the_split_that_carries_most_and_name_it(catalog: Catalog) -> None:
    four = BASE | {"replicas": "4", "gpus_used": "", "load_value": "64", "isl_mean": "4000", "osl_mean": "300"}
    apart, whole = (predict_point(catalog, four | {"disagg": text}) for text in ("y", "n"))
    assert "of 4 replicas for prefill (the split that carries the highest rate)" in apart["pred_assumed"]
    assert apart["pred_status"] == "ok" and all(apart[name] for name in NUMBERS)
    assert float(apart["pred_tpot_ms_mean"]) != float(whole["pred_tpot_ms_mean"])
    assert float(apart["pred_ttft_ms_mean"]) > 200.0, "the hand-over alone takes that long"


@pytest.mark.parametrize("changes", [{"replicas": "1"}, {"osl_mean": "1"}, {"protocol": "static"}])
def test_what_makes_no_two_pools_is_served_by_one_and_says_so(catalog: Catalog, changes: dict[str, str]) -> None:
    row = BASE | {"replicas": "2", "gpus_used": ""} | changes
    apart, whole = (predict_point(catalog, row | {"disagg": text}) for text in ("y", "n"))
    assert "one pool serves" in apart["pred_assumed"]
    assert apart["pred_e2e_ms_mean"] == whole["pred_e2e_ms_mean"]


@pytest.mark.parametrize("protocol", ["closed_burst", "closed_steady", "drain", "poisson", "constant"])
def test_every_protocol_runs_on_two_pools(catalog: Catalog, protocol: str) -> None:
    row = BASE | {"replicas": "3", "gpus_used": "", "protocol": protocol, "load_value": "4", "disagg": "y"}
    found = predict_point(catalog, row | {"slo_ttft_ms_p99": "2000", "slo_tpot_ms_p99": "100"})
    assert found["pred_status"] == "ok" and all(found[name] for name in NUMBERS)


def test_rows_of_one_layout_with_other_splits_are_played_apart(catalog: Catalog) -> None:
    row = BASE | {"gpus_used": "", "load_value": "64", "isl_mean": "200", "osl_mean": "400", "disagg": "y"}
    together = list(predict_rows(catalog, [row | {"replicas": n} for n in ("2", "3", "6")]))
    alone = [predict_point(catalog, row | {"replicas": n}) for n in ("2", "3", "6")]
    assert together == alone
    assert len({found["pred_tpot_ms_mean"] for found in alone}) == 3


def test_a_load_beyond_the_slower_pool_is_overloaded(catalog: Catalog) -> None:
    row = BASE | {"replicas": "2", "gpus_used": "", "protocol": "poisson", "load_value": "5000", "disagg": "y"}
    found = predict_point(catalog, row)
    assert found["pred_status"] == "overloaded" and float(found["pred_max_req_s"]) < 5000


@pytest.mark.parametrize("changes", [{}, {"osl_mean": "1"}, {"replicas": "4", "gpus_used": "", "disagg": "y"}])
def test_cached_prompts_carry_more_with_and_without_limits(catalog: Catalog, changes: dict[str, str]) -> None:
    row = BASE | {"protocol": "poisson", "load_value": "2", "isl_mean": "8000", "osl_mean": "8"} | changes
    limits = {"slo_ttft_ms_p99": "400"}
    asked = [row | more | {"prefix_hit": hit} for more in ({}, limits) for hit in ("", "50%", "1")]
    found = list(predict_rows(catalog, asked))
    assert [answer["pred_status"] for answer in found] == ["ok"] * 6
    for free in (found[:3], found[3:]):
        for name, sign in (("pred_ttft_ms_mean", -1), ("pred_max_req_s", 1)):
            values = [sign * float(answer[name]) for answer in free]
            assert values == sorted(set(values)), name


def test_a_static_batch_of_cached_prompts_needs_less_workspace(catalog: Catalog) -> None:
    row = BASE | {"protocol": "static", "batch": "32", "isl_mean": "4096"}
    plain, cached = (predict_point(catalog, row | {"prefix_hit": hit}) for hit in ("0", "0.9"))
    assert float(cached["pred_gpu_mem_gib"]) < float(plain["pred_gpu_mem_gib"])


def test_a_prompt_of_one_answer_token_gets_the_time_of_a_second(catalog: Catalog) -> None:
    found = predict_point(catalog, BASE | {"osl_mean": "1"})
    assert float(found["pred_tpot_ms_mean"]) > 0
    assert "second token" in found["pred_assumed"]
    assert found["pred_e2e_ms_mean"] == found["pred_ttft_ms_mean"]


def test_memory_grows_with_what_a_batch_holds(catalog: Catalog) -> None:
    static = BASE | {"protocol": "static", "isl_mean": "2048", "osl_mean": "128"}
    used = [float(predict_point(catalog, static | {"batch": str(b)})["pred_gpu_mem_gib"]) for b in (1, 8, 64)]
    assert 8.03e9 / 2**30 < used[0] < used[1] < used[2]
    kv_only = 64 * 2176 * 32 * 2 * 8 * 128 * 2 / 2**30
    assert used[2] - used[0] > 0.9 * kv_only


def largest_rates(catalog: Catalog) -> list[float]:
    """Without limits, with loose, tight and impossible ones."""
    limits = [{}, {"slo_ttft_ms_p99": "1e6", "slo_tpot_ms_p99": "1e6"}]
    limits += [{"slo_ttft_ms_p99": "100", "slo_tpot_ms_p99": "10"}, {"slo_ttft_ms_p99": "0.001"}]
    return [float(predict_point(catalog, BASE | asked)["pred_max_req_s"]) for asked in limits]


def test_limits_never_raise_the_largest_rate(catalog: Catalog) -> None:
    free, loose, tight, never = largest_rates(catalog)
    assert never <= tight <= loose <= free and never < 1e-4 * free
    missed = predict_point(catalog, BASE | {"slo_ttft_ms_p99": "0.001"})
    assert missed["pred_reason"] == "it runs, but not within the p99 limits."


def test_loose_limits_cost_nothing(catalog: Catalog) -> None:
    free, loose, tight, _ = largest_rates(catalog)
    assert loose == pytest.approx(free, rel=0.02) and 0 < tight < loose


def test_more_concurrency_never_raises_the_speed_of_one_user(catalog: Catalog) -> None:
    loads = ("1", "4", "16", "64", "256")
    steady = BASE | {"protocol": "closed_steady", "isl_min": "400", "isl_max": "600", "osl_min": "50", "osl_max": "80"}
    found = [predict_point(catalog, steady | {"load_value": load}) for load in loads]
    tpot = [float(row["pred_tpot_ms_mean"]) for row in found]
    assert all(slower > 0.99 * faster for faster, slower in pairwise(tpot))
    total = [float(row["pred_output_tok_s_total"]) for row in found]
    assert total == sorted(total)


def test_many_rows_are_quick(tmp_path: Path, catalog: Catalog) -> None:
    """2,000 rows, most of them alike, as sweeps are; the bound is loose, for slow machines."""
    rows = [BASE | {"load_value": str(2 ** (i % 7)), "isl_mean": str(256 * (1 + i % 10))} for i in range(2000)]
    write(tmp_path / "in.csv", rows)
    started = time.process_time()
    predict_file(tmp_path / "in.csv", tmp_path / "out.csv", catalog)
    assert time.process_time() - started < 10


CELLS = st.one_of(
    st.text(max_size=8),
    st.sampled_from(
        ["", "nan", "1", "8", "0", "-1", "1e9", "inf", "0.5", "65535", "static", "drain", "poisson", "fp8"]
    ),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(COLUMNS), CELLS, max_size=4))
def test_no_row_raises(catalog: Catalog, cells: dict[str, str]) -> None:
    found = predict_point(catalog, BASE | cells)
    assert set(found) == set(PREDICTED)
    assert found["pred_status"] in ("ok", "overloaded", "rejected") and found["pred_reason"]
    if found["pred_status"] != "rejected":
        assert all(found[name] not in ("", "nan", "inf") for name in NUMBERS)
