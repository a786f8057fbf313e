"""trtllm-bench's --report_json: milliseconds; the only tool that names the GPU it ran on."""

from __future__ import annotations

from aisizer.calibration.read_fields import MILLI, Fields
from aisizer.calibration.read_record import Measurement, Spread, TokenCounts

_NAMES = {"mean": "average", "p50": "p50", "p90": "p90", "p95": "p95", "p99": "p99"}


def read_trtllm(record: Fields) -> list[Measurement]:
    """One report: a closed loop of the mean requests in flight, since the report does not hold the clients."""
    world, done, speed = record.at("world_info"), record.at("request_info"), record.at("performance")
    streaming, requests = record.at("streaming_metrics"), done.count("num_requests")
    tensor_parallel, pipeline = world.count("tp_size"), round(world.number("pp_size") or 1)
    in_flight = done.positive("avg_num_concurrent_requests")
    e2e = speed.at("request_latency_percentiles_ms").spread(_NAMES, MILLI)
    return [
        Measurement(
            file=record.file,
            sha256=record.sha256,
            source_tool="trtllm-bench",
            tool_version=record.at("engine").text("version"),
            model=record.at("engine").text("model"),
            engine="trtllm",
            engine_version=record.at("engine").text("version"),
            gpu=record.at("machine").text("name"),
            gpus=round(world.number("world_size") or tensor_parallel * pipeline),
            tensor_parallel=tensor_parallel,
            prompt_tokens=TokenCounts(done.positive("avg_input_length")),
            output_tokens=TokenCounts(done.positive("avg_output_length")),
            protocol="closed_steady",
            concurrency=max(1, round(in_flight)),
            n_requests=requests,
            duration_s=speed.positive("total_latency_ms") * MILLI,
            completed=requests,
            failed=0,
            requests_per_s=speed.positive("request_throughput_req_s"),
            output_tokens_per_s=speed.positive("system_output_throughput_tok_s"),
            ttft=_spread(streaming, "ttft"),
            tpot=_spread(streaming, "tpot"),
            e2e=Spread(
                e2e.mean or speed.positive("avg_request_latency_ms") * MILLI, e2e.p50, e2e.p90, e2e.p95, e2e.p99
            ),
            unusable=_unusable(pipeline, in_flight, requests),
        )
    ]


def _spread(streaming: Fields, metric: str) -> Spread:
    tail = streaming.at(f"{metric}_percentiles").spread(_NAMES, MILLI)
    mean = streaming.spread({"mean": f"avg_{metric}_ms"}, MILLI).mean
    return Spread(mean, tail.p50, tail.p90, tail.p95, tail.p99)


def _unusable(pipeline: int, in_flight: float, requests: int) -> str:
    if pipeline > 1:
        return (
            f"pipeline parallelism was on (pp_size {pipeline}), which calibration does not model; measure without it."
        )
    if in_flight > requests:
        return f"more requests in flight ({in_flight:g}) than were sent ({requests})."
    return ""
