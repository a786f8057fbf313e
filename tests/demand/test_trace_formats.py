"""Each format by rows written here in its layout: what is a request, what is counted apart, and what is never looked at."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from aisizer.demand.traces.conversion import Conversion
from aisizer.demand.traces.lengths import requests_per_session
from aisizer.demand.traces.read import read_trace
from aisizer.demand.traces.records import FROM_THE_GATEWAY, NO_OUTPUT, Trace
from aisizer.demand.traces.report import report

SAMPLES = Path(__file__).parents[1] / "calibration" / "samples"
SECRET = "Anna Example, MRN 4711"


def read(folder: Path, name: str, *records: Any) -> Trace:
    lines = [record if isinstance(record, str) else json.dumps(record) for record in records]
    (folder / name).write_text("\n".join(lines) + "\n", "utf-8")
    return read_trace(folder / name)


def test_burstgpt_in_both_widths(tmp_path: Path) -> None:
    six = read(
        tmp_path, "six.csv", "Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type",
        "5,ChatGPT,472,18,490,Conversation log", "45,GPT-4,1087,0,1087,API log",
    )  # fmt: skip
    eight = read(
        tmp_path, "eight.csv", "Timestamp,Session ID,Elapsed time,Model,Request tokens,Response tokens,Total tokens,Log Type",
        "19440110.0,s-1,4,GPT-4,472,18,490,Conversation log", "19440150.5,s-1,4,GPT-4,30,7,37,Conversation log",
        "19440160.0,,4,GPT-4,30,7,37,API log",
    )  # fmt: skip
    assert six.form == eight.form == "BurstGPT" and six.failed == 1
    assert eight.requests.arrival_s.tolist() == [0, 40.5, 50] and requests_per_session(eight.sessions) == (1, 2.0, 2.0)
    assert (
        not eight.has_calendar
        and "no weekday is known" in report(eight, Conversion())["missing"]["arrivals.day_of_week"]
    )


def test_mooncake_times_are_milliseconds_and_blocks_bound_the_reuse(tmp_path: Path) -> None:
    trace = read(
        tmp_path, "m.jsonl",
        {"timestamp": 0, "input_length": 1500, "output_length": 5, "hash_ids": [0, 1, 2]},
        {"timestamp": 3000, "input_length": 1100, "output_length": 6, "hash_ids": [0, 1, 9]},
        {"timestamp": 6000, "input_length": 700, "output_length": 7, "hash_ids": [8, 1]},
        {"timestamp": 6000, "input_length": 600, "output_length": 7, "hash_ids": [0, 1]},
    )  # fmt: skip
    assert trace.form == "Mooncake" and trace.requests.arrival_s.tolist() == [0, 3, 6, 6]
    # 2 x 512 of the second; none of the third, whose first block is new; all 600 of the last
    assert trace.reuse == (pytest.approx((1024 + 600) / 3900), 512)
    assert not trace.has_cached and trace.requests.cached_tokens.sum() == 0


def span(name: str, start: int, **attributes: Any) -> dict[str, Any]:
    return {"name": name, "startTimeUnixNano": str(start * 10**9), "attributes": attributes}


def test_spans_in_both_spellings_and_only_those_of_models(tmp_path: Path) -> None:
    new = {"gen_ai.operation.name": "chat", "gen_ai.usage.input_tokens": 1812, "gen_ai.usage.output_tokens": 240}
    old = {"gen_ai.usage.prompt_tokens": 900, "gen_ai.usage.completion_tokens": 120}
    agent = {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.usage.input_tokens": 9999,
        "gen_ai.usage.output_tokens": 999,
    }
    trace = read(
        tmp_path, "spans.jsonl",
        span("chat", 1_767_225_600, **new, **{"gen_ai.usage.cache_read.input_tokens": 1024, "gen_ai.conversation.id": "c"}),
        span("llm_request", 1_767_225_601, **old), span("agent", 1_767_225_600, **agent), span("GET /", 1_767_225_600),
        {**span("chat", 1_767_225_602, **new), "status": {"code": 2}},
        span("chat", 1_767_225_603, **{"gen_ai.operation.name": "chat", "gen_ai.usage.input_tokens": 5}),
    )  # fmt: skip
    assert trace.requests.prompt_tokens.tolist() == [1812, 900] and trace.requests.arrival_s.tolist() == [0, 1]
    assert trace.requests.cached_tokens.tolist() == [1024, 0] and trace.has_cached and trace.has_calendar
    assert trace.apart == {"spans that are no call of a language model": 2, NO_OUTPUT: 2}


def test_spans_of_an_otlp_export(tmp_path: Path) -> None:
    attributes = [
        {"key": "gen_ai.operation.name", "value": {"stringValue": "chat"}},
        {"key": "gen_ai.usage.input_tokens", "value": {"intValue": "77"}},
        {"key": "gen_ai.usage.output_tokens", "value": {"intValue": "9"}},
    ]
    spans = [{"startTimeUnixNano": "1767225600000000000", "attributes": attributes}]
    export = {"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}
    for name in ("o.jsonl", "o.json"):
        trace = read(tmp_path, name, export)
        assert (trace.requests.prompt_tokens.tolist(), trace.requests.output_tokens.tolist()) == ([77], [9])


LITELLM = "request_id,prompt_tokens,completion_tokens,startTime,endTime,cache_hit,status,session_id,messages,end_user"


def test_litellm_without_failures_and_answers_of_its_own_cache(tmp_path: Path) -> None:
    trace = read(
        tmp_path, "log.csv", LITELLM,
        f'1,900,133,2026-01-01T00:00:01.120Z,,False,success,{SECRET},"a\n{SECRET}",{SECRET}',
        "2,0,0,2026-01-01T00:00:02Z,,,failure,,,", "3,800,90,2026-01-01T00:00:03Z,,True,success,,,",
        "4,x,90,2026-01-01T00:00:04Z,,,success,,,",
    )  # fmt: skip
    assert trace.form == "LiteLLM spend logs" and trace.requests.prompt_tokens.tolist() == [900]
    assert trace.apart == {NO_OUTPUT: 1, FROM_THE_GATEWAY: 1}
    assert trace.malformed.examples == ((6, "the count of prompt tokens is no number (got text)"),)


def test_litellm_as_json_lines(tmp_path: Path) -> None:
    row = {"prompt_tokens": 900, "completion_tokens": 133, "startTime": "2026-01-01T00:00:01.120Z", "status": "success"}
    trace = read(
        tmp_path, "log.jsonl", {**row, "messages": SECRET, "end_user": SECRET, "session_id": SECRET},
        {**row, "status": "failure"}, {**row, "cache_hit": "True"}, {**row, "prompt_tokens": None},
    )  # fmt: skip
    assert trace.form == "LiteLLM spend logs" and len(trace.requests.arrival_s) == 1
    assert trace.apart == {NO_OUTPUT: 1, FROM_THE_GATEWAY: 1}
    assert trace.malformed.reasons == {"prompt_tokens is absent": 1}


@pytest.mark.parametrize("name", ["log.csv", "log.jsonl"])
def test_no_message_user_or_session_reaches_what_is_written(tmp_path: Path, name: str) -> None:
    from aisizer.demand.traces.fragment import fragment
    from aisizer.demand.traces.text import text

    if name == "log.csv":
        row = f'1,900,133,2026-01-01T00:00:01Z,,False,success,{SECRET},"{SECRET}",{SECRET}'
        shifted = f"1,{SECRET},5,2026-01-01T00:00:01Z,,False,success,,,"
        trace = read(tmp_path, name, LITELLM, row, row.replace("900", "0"), shifted)
        assert trace.malformed.count == 2
    else:
        good = {"prompt_tokens": 9, "completion_tokens": 3, "startTime": "2026-01-01T00:00:01Z", "messages": SECRET}
        trace = read(
            tmp_path, name, good | {"end_user": SECRET, "session_id": SECRET}, good | {"completion_tokens": None}
        )
    found = report(trace, Conversion())
    for written in (json.dumps(found), text(found), fragment(trace, "a", "peak_window", Conversion()), repr(trace)):
        assert "Anna" not in written and "4711" not in written


def test_aiperf_with_the_servers_own_counts() -> None:
    trace = read_trace(SAMPLES / "aiperf-0.13.0-profile_export.first3.jsonl")
    assert trace.form == "aiperf profile_export" and trace.requests.output_tokens.tolist() == [32, 32, 32]
    assert trace.requests.prompt_tokens.min() > 200, "with the chat template, not the 64 tokens of the text alone"


def test_aiperf_without_its_warm_up_and_errors(tmp_path: Path) -> None:
    record = json.loads((SAMPLES / "aiperf-0.13.0-profile_export.first3.jsonl").read_text("utf-8").splitlines()[0])
    warm = record | {"metadata": record["metadata"] | {"phase_kind": "warmup"}}
    trace = read(tmp_path, "a.jsonl", record, warm, record | {"error": {"code": 500}})
    assert len(trace.requests.arrival_s) == 1 and trace.apart == {"warm-up or cancelled": 1, NO_OUTPUT: 1}


def test_vllms_detailed_result() -> None:
    trace = read_trace(SAMPLES / "vllm-0.33.0-bench-serve-rate6-detailed.json")
    assert trace.form == "vLLM bench serve" and len(trace.requests.arrival_s) == 12
    assert trace.requests.prompt_tokens.tolist() == [255] * 12 and trace.requests.arrival_s[-1] > 1


def test_a_field_of_json_lines_may_be_mapped(tmp_path: Path) -> None:
    (tmp_path / "own.jsonl").write_text('{"a": 5, "b": 6, "t": "2026-01-01T00:00:00Z"}\n{"a": 5}\n', "utf-8")
    trace = read_trace(tmp_path / "own.jsonl", {"prompt": "a", "output": "b", "time": "t"})
    assert trace.requests.output_tokens.tolist() == [6] and trace.malformed.reasons == {"b is absent": 1}


def test_times_out_of_order_and_in_several_zones(tmp_path: Path) -> None:
    trace = read(
        tmp_path, "z.csv", "timestamp,prompt_tokens,output_tokens", "2026-01-01T01:00:10+01:00,1,9",
        "2026-01-01T00:00:05Z,2,9", "1767225607,3,9", "1767225606000,4,9",
    )  # fmt: skip
    assert trace.requests.prompt_tokens.tolist() == [2, 4, 3, 1] and trace.unsorted == 2
    assert trace.requests.arrival_s.tolist() == [0, 1, 2, 5]


def test_every_malformed_row_is_counted_wherever_it_stands(tmp_path: Path) -> None:
    rows = [f"{i},100,{'x' if i % 997 == 0 else 7}" for i in range(30_000)]
    trace = read(tmp_path, "many.csv", "timestamp,prompt_tokens,output_tokens", *rows)
    assert trace.malformed.reasons == {"the count of output tokens is no number": 31}
    assert [line for line, _ in trace.malformed.examples] == [2, 999, 1996, 2993, 3990]
    assert len(trace.requests.arrival_s) == 30_000 - 31


def test_no_dispersion_is_read_off_a_coarse_clock(tmp_path: Path) -> None:
    rows = [{"timestamp": 3000 * (i // 6), "input_length": 9, "output_length": 5} for i in range(6000)]
    found = report(read(tmp_path, "m.jsonl", *rows), Conversion())
    assert found["arrivals"]["index_of_dispersion"]["1_s"] is None and "1_s" not in found["arrivals"]["peak_to_mean"]
    assert found["arrivals"]["index_of_dispersion"]["60_s"] == pytest.approx(0, abs=1e-9)
    assert found["missing"]["arrivals.index_of_dispersion.1_s"] == "the trace's clock steps by 3 s"
