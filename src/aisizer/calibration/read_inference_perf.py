"""inference-perf's stage_N_lifecycle_metrics.json: seconds; its own time_per_output_token counts chunks, not tokens."""

from __future__ import annotations

from aisizer.calibration.read_fields import Fields
from aisizer.calibration.read_record import Measurement, Spread, TokenCounts

SCHEDULE_DELAY_SHARE = 0.1
"""[1] mean delay of sending over mean latency; above it the client, not the server, set the pace."""
_NAMES = {"mean": "mean", "p50": "median", "p90": "p90", "p95": "p95", "p99": "p99"}


def read_inference_perf(record: Fields) -> list[Measurement]:
    """One stage at a constant rate, the tool's default; TPOT is made from the means of E2E, TTFT and length."""
    done = record.at("successes")
    latency, completed, failed = done.at("latency"), done.count("count"), record.count("failures", "count")
    ttft, e2e = (latency.at(name).spread(_NAMES, 1.0) for name in ("time_to_first_token", "request_latency"))
    output = done.positive("output_len", "mean")
    rate = record.positive("load_summary", "requested_rate")
    requests_per_s = done.positive("throughput", "requests_per_sec")
    return [
        Measurement(
            file=record.file,
            sha256=record.sha256,
            source_tool="inference-perf",
            prompt_tokens=TokenCounts(done.positive("prompt_len", "mean")),
            output_tokens=TokenCounts(output),
            protocol="constant",
            rate=rate,
            n_requests=completed + failed,
            duration_s=completed / requests_per_s,
            completed=completed,
            failed=failed,
            requests_per_s=requests_per_s,
            output_tokens_per_s=done.positive("throughput", "output_tokens_per_sec"),
            ttft=ttft,
            tpot=_tpot(ttft, e2e, output),
            e2e=e2e,
            unusable=_client_limited(record, rate, e2e),
        )
    ]


def _tpot(ttft: Spread, e2e: Spread, output: float) -> Spread:
    if ttft.mean is None or e2e.mean is None or output <= 1:
        return Spread()
    return Spread(mean=(e2e.mean - ttft.mean) / (output - 1))


def _client_limited(record: Fields, rate: float, e2e: Spread) -> str:
    delay = record.number("load_summary", "schedule_delay", "mean")
    if delay is None or e2e.mean is None or delay <= SCHEDULE_DELAY_SHARE * e2e.mean:
        return ""
    return (
        f"the client sent its requests {delay:.3g} s late on average, against a latency of {e2e.mean:.3g} s: "
        f"it could not keep {rate:g} req/s. Use more workers, or a lower rate."
    )
