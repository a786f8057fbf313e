"""A real Prometheus server, filled through promtool, asked, and lost: recorded series, the engine's own, nothing at all."""

from __future__ import annotations

import json
import math
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from watching import DAY, loads, made

from aisizer.cli.main import run
from aisizer.deliver.json_file import plan_json
from aisizer.deliver.rule_records import record_rules
from aisizer.triggers.records import Trigger
from aisizer.watch.queries import UTILIZATION, UTILIZATION_P95, level_queries

pytestmark = pytest.mark.external("prometheus", "promtool")
LAST = date(2029, 6, 30)
FIVE_MINUTES, HOUR = 300, 3600
Level = Callable[[date, int], float]
Metric = tuple[str, dict[str, str], Level]


def growing(last: float, per_month: float = 0.06) -> Level:
    """A level that grows to `last`, with a peak of three hours a day and half of it at other times."""
    return lambda day, hour: (
        last * math.exp(math.log1p(per_month) * (day - LAST).days / 30.4375) * (1.0 if 10 <= hour < 13 else 0.5)
    )


def openmetrics(metrics: list[Metric], days: int, step_s: int) -> Iterator[str]:
    """Samples of one metric after the other, none where it is NaN; a name in _total counts what the level says a second."""
    for name, labels, level in metrics:
        counts, total = name.endswith("_total"), 0.0
        yield f"# TYPE {name.removesuffix('_total')} {'counter' if counts else 'gauge'}"
        text = ",".join(f'{key}="{value}"' for key, value in labels.items())
        for n in range(days):
            day = LAST - (days - 1 - n) * DAY
            midnight = datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()
            for second in range(0, 86400, step_s):
                value = level(day, second // HOUR)
                total += value * step_s
                if not math.isnan(value):
                    yield f"{name}{{{text}}} {total if counts else value:.9g} {midnight + second:.0f}"
    yield "# EOF\n"


@contextmanager
def prometheus(folder: Path, metrics: list[Metric], days: int, step_s: int = FIVE_MINUTES) -> Iterator[str]:
    """A server with these metrics on a free port, gone at the end."""
    folder.mkdir()
    (folder / "m.txt").write_text("\n".join(openmetrics(metrics, days, step_s)), encoding="utf-8")
    (folder / "prometheus.yml").write_text("global: {scrape_interval: 1h}\n", encoding="utf-8")
    fill = ["promtool", "tsdb", "create-blocks-from", "openmetrics", "m.txt", "data"]
    subprocess.run(fill, cwd=folder, check=True, capture_output=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    arguments = ["--config.file=prometheus.yml", "--storage.tsdb.path=data", f"--web.listen-address={address}"]
    # blocks that lie far from today are kept: the clock of the test is not the wall's
    keep = "--storage.tsdb.retention.time=100y"
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(["prometheus", *arguments, keep], cwd=folder, stdout=log, stderr=log)
    try:
        _wait(f"http://{address}/-/ready", process, folder / "log")
        yield f"http://{address}"
    finally:
        process.terminate()
        process.wait(timeout=30)


def _wait(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if process.poll() is not None:
            pytest.fail(f"prometheus stopped: {log.read_text('utf-8')}")
        try:
            with urllib.request.urlopen(address, timeout=1):
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"prometheus is not ready: {log.read_text('utf-8')}")


def recorded(level: Level, name: str = UTILIZATION_P95) -> list[Metric]:
    return [(name, {"aisizer_profile": "small", "pool": t.pool, "trigger": t.id}, level) for t in loads()]


def of_engine(trigger: Trigger, level: Level, prompt: float = 1500.0, hit: float = 0.2) -> list[Metric]:
    """What vLLM counts on two servers when the load is at that level: tokens, requests and cache hits."""
    label = {trigger.model_label: trigger.pool}
    per_request = trigger.sized_output_tokens_per_s / trigger.sized_requests_per_s

    def counted(name: str, per_token: float) -> list[Metric]:
        half = (trigger.capacity or 0.0) * per_token / 2
        return [(name, {**label, "instance": str(i)}, lambda day, hour: level(day, hour) * half) for i in range(2)]

    return [
        *counted("vllm:generation_tokens_total", 1.0),
        *counted("vllm:request_success_total", 1 / per_request),
        *counted("vllm:prompt_tokens_total", prompt / per_request),
        *counted("vllm:prompt_tokens_cached_total", prompt * hit / per_request),
    ]


@pytest.fixture
def cli(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Callable[..., tuple[int, str, str]]:
    monkeypatch.chdir(tmp_path)
    Path("sizing.json").write_text(plan_json(made()[0]), encoding="utf-8")

    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["aisizer", "watch", "sizing.json", *arguments])
        try:
            run()
            code = 0
        except SystemExit as stop:
            code = int(stop.code or 0)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


Cli = Callable[..., tuple[int, str, str]]


def test_the_series_are_those_that_the_rules_record() -> None:
    plan = made()[0]
    rules = record_rules(plan)
    recorded = {(rule["record"], json.dumps(rule["labels"], sort_keys=True)) for rule in rules}
    for trigger in plan.triggers:
        for query in level_queries(plan, trigger)[:2]:
            name, matchers = re.search(r"(aisizer:[a-z_0-9:]+)\{(.*?)\}", query).groups()  # type: ignore[union-attr]
            labels = dict(re.findall(r'(\w+)="([^"]*)"', matchers))
            assert (name, json.dumps(labels, sort_keys=True)) in recorded


def test_recorded_series_then_the_loss_of_the_server(cli: Cli, tmp_path: Path) -> None:
    limit = loads()[0].limit
    with prometheus(tmp_path / "p", recorded(lambda day, _: growing(limit * 0.95)(day, 11)), 32, 6 * HOUR) as url:
        code, out, err = cli("--prometheus", url, "--json")
        found = json.loads(out)
        assert code == 5 and err.startswith("Fired: capacity-llama-3.1-8b, capacity-qwen3-8b.")
        first = found["triggers"][0]
        assert found["at"] == str(LAST) and found["source"]["name"] == url
        assert first["level"] == pytest.approx(limit * 0.95, rel=0.01)
        assert first["source"].startswith(f"last_over_time({UTILIZATION_P95}") and first["gaps"] == []
        assert first["growth_per_month"] == pytest.approx(0.06, abs=2e-3)
        assert cli("--prometheus", url, "--json")[1] == out, "the same bytes"
        earlier = json.loads(cli("--prometheus", url, "--json", "--at", "2029-06-29")[1])
        assert earlier["at"] == "2029-06-29" and earlier["triggers"][0]["level"] < first["level"]
        code, out, err = cli("--prometheus", url, "--at", "2031-01-01")
        assert (code, out) == (2, "") and "has no data for capacity-llama-3.1-8b" in err
    code, out, err = cli("--prometheus", url)
    assert (code, out) == (2, "")
    assert err.startswith(f"{url} cannot be reached (") and err.count("\n") == 1


def test_the_engines_own_metrics_where_nothing_is_recorded(cli: Cli, tmp_path: Path) -> None:
    chat, code_pool = loads()
    metrics = of_engine(chat, growing(0.2), prompt=2000.0) + of_engine(code_pool, growing(0.1))
    with prometheus(tmp_path / "p", metrics, days=8) as url:
        began = time.monotonic()
        code, out, _ = cli("--prometheus", url, "--json")
        assert time.monotonic() - began < 300  # no measure of speed: the queries end, also on a busy machine
    found = json.loads(out)
    first = found["triggers"][0]
    assert code == 0 and found["at"] == str(LAST)
    assert first["source"].startswith("quantile_over_time(0.95, ((sum(rate(vllm:generation_tokens_total{")
    assert first["level"] == pytest.approx(0.2, rel=0.02)
    drift = {(d["quantity"], d["name"]): d for d in found["drift"]}
    assert drift["prompt_tokens", chat.pool]["change"] == pytest.approx(1 / 3, abs=0.01)
    assert drift["prompt_tokens", chat.pool]["void"] and found["sizing_void"]
    assert drift["output_tokens", chat.pool]["change"] == pytest.approx(0, abs=0.02)
    assert drift["prefix_hit", chat.pool]["change"] == pytest.approx(0, abs=0.01)
    assert drift["mix", chat.pool]["change"] is not None


def test_the_recorded_ratio_where_its_percentile_is_not_and_a_day_cut_short_is_no_day(cli: Cli, tmp_path: Path) -> None:

    def until_nine(day: date, hour: int) -> float:
        return math.nan if day == LAST and hour >= 9 else growing(0.2)(day, hour)

    metrics = [(name, labels, until_nine) for name, labels, _ in recorded(until_nine, UTILIZATION)]
    with prometheus(tmp_path / "p", metrics, days=4) as url:
        code, out, _ = cli("--prometheus", url, "--json")
    found = json.loads(out)
    assert code == 0 and found["at"] == str(LAST - timedelta(days=1))
    assert found["triggers"][0]["source"].startswith(f"quantile_over_time(0.95, ({UTILIZATION}{{")


def test_a_server_without_the_series_is_refused(cli: Cli, tmp_path: Path) -> None:
    with prometheus(tmp_path / "p", [("up", {}, lambda *_: 1.0)], days=1) as url:
        code, out, err = cli("--prometheus", url)
    assert (code, out) == (2, "")
    assert "holds no level of any trigger" in err
