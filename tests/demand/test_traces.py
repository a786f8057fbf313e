"""Traces in every layout, with their malformed rows counted by line, and their use in a profile."""

from __future__ import annotations

import gzip
import hashlib
import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisizer.demand.mix import mean_tokens
from aisizer.demand.resolve import resolve_traces
from aisizer.demand.traces.conversion import Conversion
from aisizer.demand.traces.fragment import fragment
from aisizer.demand.traces.read import read_trace
from aisizer.demand.traces.records import Trace
from aisizer.demand.traces.report import report
from aisizer.demand.traces.text import text
from aisizer.errors import InvalidInput
from aisizer.profile.load import load_profile
from aisizer.profile.yaml_file import read_yaml

FIELDS = (
    "timestamp", "input_length", "output_length", "hash_ids", "attributes", "status", "startTimeUnixNano", "metadata",
    "metrics", "value", "usage_prompt_tokens", "usage_completion_tokens", "request_start_ns", "prompt_tokens",
    "completion_tokens", "output_tokens", "startTime", "session_id", "resourceSpans", "scopeSpans", "spans", "input_lens",
    "output_lens", "start_times", "gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens", "key", "code", "error",
)  # fmt: skip
AZURE = "TIMESTAMP,ContextTokens,GeneratedTokens\r\n2023-11-16 18:17:09.1234500,3100,9\r\n2023-11-16 18:17:08.7654300,4700,11"
AZURE_2024 = "TIMESTAMP,ContextTokens,GeneratedTokens\n2024-05-10 00:00:00.010000+00:00,2100,6\n2024-05-12 00:00:00+00:00,80,16\n"
BURST = (
    "Timestamp,Session ID,Elapsed time,Model,Request tokens,Response tokens,Total tokens,Log Type\n"
    "5,s,1,GPT-4,472,18,490,Conversation log\n45,s,1,ChatGPT,1087,0,1087,API log\n"
)


def read(tmp_path: Path, content: str, name: str = "t.csv") -> Trace:
    (tmp_path / name).write_bytes(gzip.compress(content.encode()) if name.endswith(".gz") else content.encode())
    return read_trace(tmp_path / name)


@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz"])
def test_azure_2023_sorted_by_time(tmp_path: Path, name: str) -> None:
    trace = read(tmp_path, AZURE, name)
    assert trace.requests.prompt_tokens.tolist() == [4700, 3100] and trace.requests.output_tokens.tolist() == [11, 9]
    assert trace.requests.arrival_s == pytest.approx([0, 0.35802], abs=1e-6)
    assert trace.sha256 == hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()


def test_azure_2024_with_and_without_fractions(tmp_path: Path) -> None:
    assert read(tmp_path, AZURE_2024).requests.arrival_s == pytest.approx([0, 2 * 86400 - 0.01])


def test_burstgpt_failures_are_counted_apart(tmp_path: Path) -> None:
    trace = read(tmp_path, BURST)
    assert trace.requests.prompt_tokens.tolist() == [472]
    assert trace.failed == 1 and trace.malformed.count == 0
    assert trace.form == "BurstGPT"


def test_plain_columns_in_any_order_with_cached_tokens(tmp_path: Path) -> None:
    text = "\ufeffoutput_tokens,note,cached_tokens,prompt_tokens\n5,a,20,100\n6,b,500,100\nx,c,0,1\n7\n\n1e999,d,0,5\n"
    trace = read(tmp_path, text)
    assert trace.requests.cached_tokens.tolist() == [20] and not trace.has_times
    assert trace.malformed.reasons == {
        "the count of output tokens is no number": 1,
        "a column is missing": 1,
        "cached tokens outside the prompt": 1,
        "a number is not finite": 1,
    }
    assert [line for line, _ in trace.malformed.examples] == [3, 4, 5, 7]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "columns of prompt and output tokens are missing (got nothing)"),
        (b"a,b\n1,2\n", "(got a, b)"),
        (b"prompt_tokens,output_tokens\n", "no row is usable (it has no rows)"),
        (b"prompt_tokens,output_tokens\n0,5\n", "no row is usable (line 2: less than one token"),
        (b"prompt_tokens,output_tokens\n5,0\n", "no row is usable (1 failed, without output)"),
        (b"prompt_tokens,output_tokens\n\xff,0\n", "no row is usable (line 2: the count of prompt tokens is no number"),
    ],
)
def test_a_file_without_usable_rows_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    with pytest.raises(InvalidInput) as caught:
        read_trace(path)
    assert words in str(caught.value)


@pytest.mark.parametrize("content", [b"no gzip", gzip.compress(AZURE.encode())[:30]])
def test_broken_gzip_and_absent_files_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "t.csv.gz").write_bytes(content)
    with pytest.raises(InvalidInput, match="not valid gzip"):
        read_trace(tmp_path / "t.csv.gz")
    with pytest.raises(InvalidInput, match="cannot be read"):
        read_trace(tmp_path / "absent.csv")


@given(st.binary(max_size=60) | st.text(alphabet="0123456789,.-\n\"'eTx\0", max_size=60).map(str.encode))
def test_any_rows_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, rows: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(b"timestamp,prompt_tokens,output_tokens\n" + rows)
    try:
        trace = read_trace(path)
    except InvalidInput:
        return
    requests = trace.requests
    assert np.all(requests.output_tokens >= 1) and np.all(np.isfinite(requests.prompt_tokens))
    assert np.all(np.diff(requests.arrival_s) >= 0) and requests.arrival_s[0] == 0


PROFILE = """\
schema: aisizer/profile/v1
name: traced
plan_date: 2026-12-01
workloads:
  a:
    model: m
    load: {rate: 3 req/s}
    prompt_tokens: {trace: logs/t.csv}
    output_tokens: {trace: logs/t.csv}
"""


@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz", "t.json"])
def test_reading_tells_what_part_of_the_file_on_disk_is_done(tmp_path: Path, name: str) -> None:
    path, rows = tmp_path / name, np.random.default_rng(1).integers(1, 4000, (20_000, 3)).tolist()
    text = "TIMESTAMP,ContextTokens,GeneratedTokens\n" + "".join(f"{i},{p},{o}\n" for i, p, o in rows)
    if name == "t.json":
        keys = ("timestamp", "input_length", "output_length")
        text = json.dumps([dict(zip(keys, row, strict=True)) for row in rows])
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    told: list[tuple[int, int]] = []
    read_trace(path, progress=lambda done, of: told.append((done, of)))
    size = path.stat().st_size
    done = [done for done, of in told if of == size]
    assert len(done) == len(told) > 2 and done[-1] == size
    assert sum(after < before for before, after in pairwise(done)) <= 1  # once the format is known it begins again


def profile_with_trace(tmp_path: Path, trace: str) -> Path:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "t.csv").write_text(trace, encoding="utf-8")
    (tmp_path / "p.yaml").write_text(PROFILE, encoding="utf-8")
    return tmp_path / "p.yaml"


def test_a_trace_becomes_quantiles_recorded_by_hash(tmp_path: Path) -> None:
    rows = [(100 + 7 * (i % 97), 20 + i % 31) for i in range(2000)]
    text = "prompt_tokens,output_tokens\n" + "".join(f"{p},{o}\n" for p, o in rows) + "0,5\n"
    loaded = resolve_traces(load_profile(profile_with_trace(tmp_path, text)))
    workload = loaded.profile.workloads["a"]
    assert mean_tokens(workload.prompt_tokens) == pytest.approx(np.mean([p for p, _ in rows]), rel=0.01)
    assert mean_tokens(workload.output_tokens) == pytest.approx(np.mean([o for _, o in rows]), rel=0.01)
    assert loaded.fragments == {"t.csv": hashlib.sha256(text.encode()).hexdigest()}
    assert loaded.data["workloads"]["a"]["prompt_tokens"]["quantiles"]["p100"] == max(p for p, _ in rows)
    assert "workloads.a.prompt_tokens.trace" in loaded.user_set
    assert loaded.warnings == (
        "t.csv: 1 of 2,001 rows were left out; the first is line 2002: less than one token (got 0 prompt, 5 output, 0 cached).",
    )


def test_an_unusable_trace_is_a_fault_of_the_field_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as caught:
        resolve_traces(load_profile(profile_with_trace(tmp_path, "a,b\n")))
    assert f"{tmp_path}/p.yaml:8:28: workloads.a.prompt_tokens.trace: logs/t.csv: the columns" in str(caught.value)


def test_lengths_below_one_token_are_a_fault_with_a_place(tmp_path: Path) -> None:
    path = profile_with_trace(tmp_path, "")
    path.write_text(PROFILE.replace("{trace: logs/t.csv}", "{mean: 2, p95: 7.6}"), encoding="utf-8")
    with pytest.raises(InvalidInput) as caught:
        resolve_traces(load_profile(path))
    assert [(fault.line, fault.column) for fault in caught.value.faults] == [(8, 20), (9, 20)]


RECORD = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**400), 10**400) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=5),
    max_leaves=12,
)


GOOD: tuple[dict[str, object], ...] = (
    {"timestamp": 0, "input_length": 1500, "output_length": 5, "hash_ids": [0, 1]},
    {"startTimeUnixNano": "1767225600000000000", "status": {"code": 1}, "attributes": {
        "gen_ai.operation.name": "chat", "gen_ai.usage.input_tokens": 18, "gen_ai.usage.output_tokens": 24}},
    {"metadata": {"request_start_ns": 17 * 10**17}, "metrics": {
        "usage_prompt_tokens": {"value": 9}, "usage_completion_tokens": {"value": 4}}},
    {"prompt_tokens": 900, "completion_tokens": 133, "startTime": "2026-01-01T00:00:01.120Z", "session_id": "s"},
    {"input_lens": [5, 6], "output_lens": [7, 8], "start_times": [0.5, 0.6]},
)  # fmt: skip
ALMOST = st.builds(
    lambda record, field, value: {**record, sorted(record)[field % len(record)]: value},
    st.sampled_from(GOOD), st.integers(0, 5), RECORD,
)  # fmt: skip
"""A record of a known trace with one field that may be anything."""


@given(st.lists(ALMOST, max_size=5) | st.lists(RECORD, max_size=5), st.sampled_from(["any.jsonl", "any.json"]))
def test_any_json_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, records: list[object], name: str
) -> None:
    path = tmp_path_factory.getbasetemp() / name
    written = [json.dumps(record) for record in records]
    path.write_text("\n".join(written) if name.endswith("l") else f"[{','.join(written)}]", "utf-8")
    try:
        trace = read_trace(path)
        found = report(trace, Conversion())
    except InvalidInput as refused:
        assert str(refused).startswith(str(path)) or "days" in str(refused)
        return
    assert text(found) and np.all(trace.requests.output_tokens >= 1)
    try:
        written_fragment = fragment(trace, "chat", "peak_window", Conversion())
    except InvalidInput:
        return
    assert isinstance(read_yaml(written_fragment, "f.yaml").data, dict)


@pytest.mark.parametrize("name", ["1", "1.5", "on", "no", "null", "chat", "a-b", "0x1f"])
def test_a_fragment_names_its_workload_in_a_way_that_yaml_keeps(tmp_path: Path, name: str) -> None:
    trace = read(tmp_path, AZURE)
    data = read_yaml(fragment(trace, name, "peak_window", Conversion()), "f.yaml").data
    assert list(data["workloads"]) == [name]
