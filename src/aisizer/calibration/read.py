"""Benchmark files of any known tool as load points: the tool is recognised by the keys that only it writes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from aisizer.calibration.read_aiperf import read_aiperf, read_genai_perf
from aisizer.calibration.read_documents import Content, read_content
from aisizer.calibration.read_fields import Fields
from aisizer.calibration.read_guidellm import read_guidellm, read_guidellm_csv
from aisizer.calibration.read_inference_perf import read_inference_perf
from aisizer.calibration.read_record import Measurement
from aisizer.calibration.read_trtllm import read_trtllm
from aisizer.calibration.read_vllm import read_inferencex, read_inferencex_aggregate, read_sglang, read_vllm
from aisizer.errors import Fault, InvalidInput

READERS: Mapping[str, Callable[[Fields], list[Measurement]]] = {
    "guidellm": read_guidellm,
    "aiperf": read_aiperf,
    "genai-perf": read_genai_perf,
    "inference-perf": read_inference_perf,
    "trtllm-bench": read_trtllm,
    "inferencex-agg": read_inferencex_aggregate,
    "sglang": read_sglang,
    "vllm": read_vllm,
    "inferencex": read_inferencex,
}
"""The reader of each format that --format names."""

_KEYS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("guidellm", ("metadata", "benchmarks")),
    ("aiperf", ("aiperf_version", "input_config", "input_sequence_length")),
    ("genai-perf", ("input_config", "input_sequence_length", "request_throughput")),
    ("inference-perf", ("load_summary", "successes")),
    ("trtllm-bench", ("engine", "world_info", "performance")),
    ("inferencex-agg", ("hw", "conc", "tput_per_gpu")),
    ("sglang", ("median_e2e_latency_ms", "median_ttft_ms")),
    ("vllm", ("median_ttft_ms", "request_throughput")),
    ("inferencex", ("median_ttft", "request_throughput")),
)
"""Keys that tell the tools apart, the most particular first."""

_NOT_MEASUREMENTS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("requests_per_second", "tokens_per_second"), "vllm bench throughput has no latencies; use `vllm bench serve`."),
    (("avg_latency", "percentiles"), "vllm bench latency runs one static batch; use `vllm bench serve`."),
    (("metadata", "metrics"), "this per-request export names no load; give profile_export_aiperf.json beside it."),
)
_SUMMARY = "this summary pools stages of different rates; give the stage_N_lifecycle_metrics.json files."


def read(paths: Sequence[Path], form: str | None = None) -> list[Measurement]:
    """Every load point of every file, in order; all faults of all files are raised at once."""
    if form is not None and form not in READERS:
        raise InvalidInput(f"--format {form} is not known. Use one of: {', '.join(READERS)}.")
    found, faults, seen = list[Measurement](), list[Fault](), dict[str, str]()
    for path in paths:
        try:
            content = read_content(path)
            if content.sha256 in seen:
                raise InvalidInput([Fault(path.name, None, None, "", f"is the same file as {seen[content.sha256]}.")])
            seen[content.sha256] = path.name
            found += read_one(content, form)
        except InvalidInput as error:
            faults += error.faults or [Fault(path.name, None, None, "", str(error))]
    if faults:
        raise InvalidInput(faults)
    return found


def read_one(content: Content, form: str | None = None) -> list[Measurement]:
    """The load points of one file's content."""
    if content.rows:
        return _read_rows(content)
    found = [point for record in content.records for point in READERS[form or detect(record)](record)]
    if not found:
        raise _fault(content.file, "the file holds no load point. Run the benchmark again.")
    return found


def detect(record: Fields) -> str:
    """Which tool wrote this record."""
    known = next((name for name, keys in _KEYS if record.has(*keys)), None)
    if known == "inference-perf" and record.number("load_summary", "requested_rate") is None:
        raise _fault(record.file, _SUMMARY)
    if known:
        return known
    for keys, problem in _NOT_MEASUREMENTS:
        if record.has(*keys):
            raise _fault(record.file, problem)
    raise _fault(
        record.file,
        f"no benchmark tool is recognised by its keys. Name it with --format: {', '.join(READERS)}.",
    )


def _read_rows(content: Content) -> list[Measurement]:
    header = content.rows[0]
    if header[:1] == ("Run Info",):
        found = read_guidellm_csv(content)
        if not found:
            raise _fault(content.file, "the file holds no benchmark below its three header rows.")
        return found
    if header[:1] == ("Metric",):
        raise _fault(
            content.file, "aiperf's CSV names no load and no model; give profile_export_aiperf.json beside it."
        )
    if "tokens/s/gpu" in header:
        raise _fault(content.file, "these are aiconfigurator's predictions, and calibration needs measurements.")
    raise _fault(content.file, "this is neither JSON nor a CSV of a known tool. Give the tool's JSON export.")


def _fault(file: str, problem: str) -> InvalidInput:
    return InvalidInput([Fault(file, None, None, "", problem)])
