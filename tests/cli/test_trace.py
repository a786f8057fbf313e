"""`aisizer trace` on every format and on files that are none: a report, a fragment, or a sentence and exit 2."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from aisizer.cli.trace import trace
from aisizer.demand.modulation import arrival_times
from aisizer.demand.resolve import resolve_traces
from aisizer.errors import InvalidInput
from aisizer.profile.load import load_profile
from aisizer.profile.sections import Modulation

AZURE = "TIMESTAMP,ContextTokens,GeneratedTokens\n"
PARTS = (Modulation(variance=0.05, time="200 s"), Modulation(variance=0.05, time="20 s"))


def log(path: Path, count: int = 15_000, rate: float = 3.0) -> Path:
    times = 1_700_000_000 + arrival_times(rate, PARTS, count, np.random.default_rng(3))
    rows = [f"{t:.3f},{100 + 7 * (i % 97)},{20 + i % 31}" for i, t in enumerate(times.tolist())]
    path.write_text(AZURE + "\n".join(rows) + "\n", "utf-8")
    return path


def report(file: Path, output: Path | None = None, **options: str) -> dict[str, object]:
    defaults = {"workload": None, "columns": None, "tokens_times": None, "basis": "peak_window"}
    return json.loads(trace(file, output=output, as_json=True, **(defaults | options)))  # type: ignore[arg-type, no-any-return]


def shown(file: Path) -> str:
    return trace(file, output=None, workload=None, columns=None, tokens_times=None, basis="peak_window", as_json=False)


@pytest.mark.parametrize("basis", ["peak_window", "mean_rate"])
def test_the_fragment_replaces_the_traffic_of_any_profile(tmp_path: Path, basis: str) -> None:
    file = log(tmp_path / "log.csv")
    report(file, tmp_path / "f.yaml", workload="chat", basis=basis)
    for ready, sets in (
        ("azure-conversation", ()),
        ("azure-conversation", ("workloads.chat.load={users: 9, requests_per_user_hour: 1}",)),
    ):
        profile = tmp_path / "p.yaml"
        loaded = load_profile(ready, sets=sets)
        profile.write_text(json.dumps(loaded.data | {"plan_date": "2026-12-01"}, default=str), "utf-8")
        with_fragment = resolve_traces(load_profile(profile, fragments=[tmp_path / "f.yaml"]))
        chat = with_fragment.profile.workloads["chat"]
        assert chat.load.rate is not None and chat.load.users is None
        assert chat.burst.basis == basis and chat.burst.modulation and chat.burst.index_of_dispersion_60s is None
        assert chat.output_tokens.quantiles is not None and chat.output_tokens.quantiles["p100"] == 50
    comments = (tmp_path / "f.yaml").read_text("utf-8")
    assert "99th percentile of 5-minute windows" in comments or "requests over the span" in comments


def test_the_same_trace_gives_the_same_bytes(tmp_path: Path) -> None:
    file = log(tmp_path / "log.csv", 2000)
    texts = []
    for name in ("a.yaml", "b.yaml"):
        report(file, tmp_path / name)
        texts.append((tmp_path / name).read_bytes())
    assert texts[0] == texts[1] and b"  log:\n" in texts[0]


def test_what_the_trace_does_not_show_is_said_with_the_reason(tmp_path: Path) -> None:
    file = log(tmp_path / "log.csv", 600)
    found = report(file)
    arrivals = found["arrivals"]
    assert isinstance(arrivals, dict) and isinstance(found["missing"], dict)
    assert arrivals["peak_hour_per_s"] is None and "less than 1 h" in found["missing"]["arrivals.windows.3600_s"]
    assert arrivals["index_of_dispersion"]["60_s"] is None and arrivals["hour_of_day"] is None
    assert "hash_ids" in found["missing"]["prefix.reuse_bound"] and "sessions" in found["missing"]
    (tmp_path / "one.csv").write_text("prompt_tokens,output_tokens\n5,6\n", "utf-8")
    alone = report(tmp_path / "one.csv", tmp_path / "f.yaml", workload="chat")
    assert alone["arrivals"] is None and alone["tokens"]["correlation"] is None  # type: ignore[index]
    assert "# no load: the trace has no times" in (tmp_path / "f.yaml").read_text("utf-8")


def test_days_and_weeks_have_a_shape(tmp_path: Path) -> None:
    hours = np.arange(15 * 24)
    busy = np.where((hours % 24 >= 9) & (hours % 24 < 17) & ((hours // 24) % 7 < 5), 40, 4)
    monday = 1_699_833_600  # 2023-11-13, a Monday, 00:00 UTC
    times = [
        monday + 3600 * hour + 3600 * i / count for hour, count in zip(hours, busy, strict=True) for i in range(count)
    ]
    file = tmp_path / "log.csv"
    file.write_text(AZURE + "".join(f"{t},10,5\n" for t in times), "utf-8")
    arrivals = report(file)["arrivals"]
    assert isinstance(arrivals, dict)
    assert arrivals["hour_of_day"][12] > 2 > 0.6 > arrivals["hour_of_day"][3]
    assert min(arrivals["day_of_week"][:5]) > 2 * max(arrivals["day_of_week"][5:])
    assert arrivals["peak_hour_per_s"] == pytest.approx(41 / 3600, rel=0.05)


def test_another_tokenizer_is_a_stated_factor(tmp_path: Path) -> None:
    file = log(tmp_path / "log.csv", 2000)
    plain, times = report(file), report(file, tmp_path / "f.yaml", tokens_times="0.9-1.3")
    assert times["tokens"]["output"]["p100"] == pytest.approx(1.1 * plain["tokens"]["output"]["p100"])  # type: ignore[index]
    assert times["tokens"]["factor"] == {"low": 0.9, "high": 1.3, "used": 1.1}  # type: ignore[index]
    written = (tmp_path / "f.yaml").read_text("utf-8")
    assert "the stated range 0.9 to 1.3" in written and "over the range of the factor" in written


def test_any_csv_with_a_mapping(tmp_path: Path) -> None:
    file = tmp_path / "own.csv"
    file.write_text("sent,in,out,who\n2026-01-01T00:00:00+01:00,10,5,a\n2025-12-31T23:00:07Z,20,6,a\n", "utf-8")
    found = report(file, columns="prompt=in,output=out,time=sent,session=who")
    assert found["requests"] == 2 and found["arrivals"]["span_s"] == 7  # type: ignore[index]
    assert found["sessions"] == {"sessions": 1, "requests_mean": 2.0, "requests_p95": 2.0}
    with pytest.raises(InvalidInput, match="there is no column nowhere"):
        report(file, columns="prompt=nowhere,output=out")


def test_the_report_keeps_to_80_columns(tmp_path: Path) -> None:
    lines = shown(log(tmp_path / ("long-" * 30 + ".csv"))).splitlines()
    assert max(len(line) for line in lines) <= 80 and len(lines) > 20


BAD = {
    "empty.csv": (b"", "are missing (got nothing)"),
    "empty.jsonl": (b"", "are missing (got nothing)"),
    "binary.csv": (bytes(range(256)) * 40, "are missing"),
    "wrong.csv.gz": (b"no gzip at all", "not valid gzip"),
    "cut.csv.gz": (gzip.compress(AZURE.encode() * 100)[:25], "not valid gzip"),
    "header.csv": (AZURE.encode(), "it has no rows"),
    "columns.csv": (b"a,b\n1,2\n", "(got a, b)"),
    "malformed.csv": (
        AZURE.encode() + b"now,x,y\n" * 20_000,
        "line 2: the count of prompt tokens is no number (got text)",
    ),
    "huge.csv": (AZURE.encode() + b"0,1e400,9\n" + b"0,5,-1e308\n", "no row is usable"),
    "digits.csv": (AZURE.encode() + b"0," + b"9" * 200_000 + b",1\n", "the row is no CSV"),
    "ages.csv": (AZURE.encode() + b"0,5,5\n1700000000,5,5\n", "spans 19,676 days"),
    "line.csv": (b"x" * 20_000_000, "the row is no CSV"),
    "text.jsonl": (b'{"input_length": 5\n' * 3, "no row is usable"),
    "other.jsonl": (b'{"a": 1}\n', "belongs to no known trace"),
    "list.json": (b"[1, 2]", "the record is no JSON object"),
    "deep.json": (b"[" * 200_000, "nested too deeply"),
    "half.json": (b'{"input_lens": [1, 2], "output_lens": [1]}', "--save-detailed"),
    "types.jsonl": (b'{"input_length": [], "output_length": {}, "timestamp": "x"}\n', "timestamp is no number"),
    "long.jsonl": (b'{"input_length": ' + b"9" * 5000 + b', "output_length": 1}\n', "a number is too long"),
    "large.jsonl": (b'{"input_length": ' + b"9" * 500 + b', "output_length": 1}\n', "input_length is no number"),
    "spans.jsonl": (b'{"attributes": 5}\n{"attributes": [{"k": 1}]}\n', "no row is usable"),
    "otlp.json": (b'{"resourceSpans": 7}', "no row is usable"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_a_sentence(tmp_path: Path, name: str) -> None:
    content, words = BAD[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InvalidInput) as caught:
        shown(tmp_path / name)
    message = str(caught.value)
    assert words in message and message.startswith(str(tmp_path / name)) and message.endswith(".")
    assert all(character.isprintable() for character in message)


@pytest.mark.parametrize(
    "options",
    [{"basis": "no"}, {"tokens_times": "x"}, {"tokens_times": "2-1"}, {"columns": "prompt"}, {"workload": "A B"}],
)
def test_a_bad_option_is_a_sentence(tmp_path: Path, options: dict[str, str]) -> None:
    with pytest.raises(InvalidInput, match=r"^--\w+"):
        report(log(tmp_path / "log.csv", 20), **options)


def test_the_verb_exits_2_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes(b"a,b\n")
    done = subprocess.run(
        [sys.executable, "-m", "aisizer", "trace", str(tmp_path / "x.csv")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2 and "Traceback" not in done.stderr and "--columns" in done.stderr
    whole = subprocess.run(
        [sys.executable, "-m", "aisizer", "trace", str(log(tmp_path / "log.csv", 50)), "--json"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert json.loads(whole.stdout)["requests"] == 50
