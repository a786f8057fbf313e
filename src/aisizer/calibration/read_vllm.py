"""Result files of `vllm bench serve`, of SGLang's bench_serving, and of InferenceX, whose clients descend from vLLM's."""

from __future__ import annotations

import math

from aisizer.calibration.read_fields import MILLI, Fields
from aisizer.calibration.read_record import Measurement, Protocol, Spread, TokenCounts

INFERENCEX_SHORTEST = 0.8
"""[1] InferenceX draws lengths uniformly from 0.8 to 1 times the nominal one (its random_range_ratio)."""
_NAMES = {"mean": "mean", "p50": "median", "p90": "p90", "p95": "p95", "p99": "p99"}


def read_vllm(record: Fields) -> list[Measurement]:
    """One run of `vllm bench serve`; metadata given as `--metadata gpu=... tp=...` is taken as the user's own word."""
    prompt = TokenCounts(_mean(record, "total_input_tokens"), each=record.counts("input_lens"))
    output = TokenCounts(_mean(record, "total_output_tokens"), each=record.counts("output_lens"))
    spreads = {name: record.spread(_keys(key, "_ms"), MILLI) for name, key in _LATENCIES.items()}
    return [_closed_or_open(record, "vllm bench", prompt, output, spreads, record.text("endpoint_type"))]


def read_sglang(record: Fields) -> list[Measurement]:
    """One line of bench_serving's JSON lines; random_range_ratio r draws lengths uniformly from r x length to length."""
    ratio = record.number("random_range_ratio")
    prompt = TokenCounts(_mean(record, "total_input_tokens"), *_range(record.number("random_input_len"), ratio))
    output = TokenCounts(_mean(record, "total_output_tokens"), *_range(record.number("random_output_len"), ratio))
    keys = _LATENCIES | {"e2e": "e2e_latency"}
    spreads = {name: record.spread(_keys(key, "_ms"), MILLI) for name, key in keys.items()}
    return [_closed_or_open(record, "sglang bench_serving", prompt, output, spreads, record.text("backend"))]


def read_inferencex(record: Fields) -> list[Measurement]:
    """One raw result: vLLM's fields with latencies in seconds, named without _ms."""
    prompt = TokenCounts(_mean(record, "total_input_tokens"))
    output = TokenCounts(_mean(record, "total_output_tokens"))
    spreads = {name: record.spread(_keys(key, ""), 1.0) for name, key in _LATENCIES.items()}
    return [_closed_or_open(record, "inferencex", prompt, output, spreads, None)]


def read_inferencex_aggregate(record: Fields) -> list[Measurement]:
    """One agg_*.json: throughput per GPU, latencies in seconds; it names GPU, parallelism, framework and precision."""
    tensor_parallel, clients = round(record.positive("tp")), round(record.positive("conc"))
    isl, osl = record.positive("isl"), record.positive("osl")
    output_rate = record.positive("output_tput_per_gpu") * tensor_parallel
    prompt, output = ((1 + INFERENCEX_SHORTEST) / 2 * length for length in (isl, osl))
    rate, requests = output_rate / output, 10 * clients
    return [
        Measurement(
            file=record.file,
            sha256=record.sha256,
            source_tool="inferencex",
            model=record.text("model"),
            engine=record.text("framework"),
            precision=record.text("precision"),
            gpu=record.text("hw"),
            gpus=tensor_parallel,
            tensor_parallel=tensor_parallel,
            prompt_tokens=TokenCounts(prompt, INFERENCEX_SHORTEST * isl, isl),
            output_tokens=TokenCounts(output, INFERENCEX_SHORTEST * osl, osl),
            protocol="closed_burst",
            concurrency=clients,
            n_requests=requests,
            duration_s=requests / rate,
            completed=requests,
            failed=0,
            requests_per_s=rate,
            output_tokens_per_s=output_rate,
            ttft=record.spread(_keys("ttft", ""), 1.0),
            tpot=record.spread(_keys("tpot", ""), 1.0),
            e2e=record.spread(_keys("e2el", ""), 1.0),
            unusable=_aggregate_unusable(record),
        )
    ]


_LATENCIES = {"ttft": "ttft", "tpot": "tpot", "e2e": "e2el"}


def _keys(metric: str, unit: str) -> dict[str, str]:
    return {statistic: f"{prefix}_{metric}{unit}" for statistic, prefix in _NAMES.items()}


def _mean(record: Fields, total: str) -> float:
    return record.positive(total) / max(record.count("completed"), 1)


def _range(longest: float | None, ratio: float | None) -> tuple[float | None, float | None]:
    if longest is None or ratio is None or not 0 <= ratio < 1:
        return None, None
    return max(1.0, ratio * longest), longest


def _closed_or_open(
    record: Fields,
    tool: str,
    prompt: TokenCounts,
    output: TokenCounts,
    spreads: dict[str, Spread],
    engine: str | None,
) -> Measurement:
    completed = record.count("completed")
    sent = record.count("num_prompts") if record.has("num_prompts") else completed
    failed = max(0, sent - completed) if record.number("failed") is None else record.count("failed")
    n_requests, clients, rate = completed + failed, record.whole("max_concurrency"), _rate(record)
    protocol: Protocol = "poisson" if rate else "drain" if clients is None else "closed_burst"
    return Measurement(
        file=record.file,
        sha256=record.sha256,
        source_tool=tool,
        model=record.text("model_id") or record.text("model") or record.at("server_info").text("model_path"),
        engine=engine if engine in ("vllm", "sglang") and not tool.startswith("vllm") else None,
        engine_version=record.text("engine_version") or record.at("server_info").text("version"),
        precision=record.text("precision"),
        gpu=record.text("gpu"),
        gpus=record.whole("gpus"),
        tensor_parallel=record.whole("tp") or record.at("server_info").whole("tp_size"),
        prompt_tokens=prompt,
        output_tokens=output,
        protocol=protocol,
        concurrency=n_requests if protocol == "drain" else clients,
        rate=rate,
        n_requests=n_requests,
        duration_s=record.positive("duration"),
        completed=completed,
        failed=failed,
        requests_per_s=record.positive("request_throughput"),
        output_tokens_per_s=record.positive("output_throughput"),
        ttft=spreads["ttft"],
        tpot=spreads["tpot"],
        e2e=spreads["e2e"],
        unusable=_unusable(record),
    )


def _rate(record: Fields) -> float | None:
    """[req/s] None where all requests are sent at once; "inf" and a bare Infinity both say so."""
    value = record.at("request_rate").data
    if value in ("trace", None):
        return None
    rate = record.number("request_rate")
    return rate if rate is not None and math.isfinite(rate) and rate > 0 else None


def _unusable(record: Fields) -> str:
    if record.at("request_rate").data == "trace":
        return "the requests followed a trace that the file does not hold; measure at a fixed concurrency or rate."
    if any(record.at(key).data is not None for key in ("ramp_up_strategy", "ramp_up_start_rps")):
        return "the rate was ramped up during the run; measure at a fixed rate."
    burstiness = record.number("burstiness")
    if _rate(record) and burstiness is not None and burstiness != 1:
        return f"arrivals were not Poisson (burstiness {burstiness:g}); measure with burstiness 1."
    accepted = record.number("accept_length")
    if accepted is not None and accepted > 1:
        return f"speculative decoding was on (accept length {accepted:g}); measure without it."
    return ""


def _aggregate_unusable(record: Fields) -> str:
    for key in ("disagg", "dp_attention"):
        if str(record.at(key).data).lower() == "true":
            return f"{key} is on, and calibration knows one pool of plain tensor parallelism; measure without it."
    speculation = record.text("spec_decoding")
    if speculation and speculation.lower() not in ("none", "off", "false"):
        return f"speculative decoding was on ({speculation}); measure without it."
    return ""
