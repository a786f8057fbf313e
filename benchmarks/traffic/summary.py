"""Holds the report of `aisizer trace` against quantities that others computed from the same Azure traces.

    python benchmarks/traffic/summary.py --traces ../shared/traces

`summary.csv` in that folder has each quantity with its definition. Exit 1 where one of them differs by more than its own
rounding.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aisizer.demand.traces.conversion import Conversion
from aisizer.demand.traces.read import read_trace
from aisizer.demand.traces.report import report

ROOT = Path(__file__).parents[2]
TOLERANCE = 2e-5
"""[1] the quantities are written with six digits, and two of them are divided."""
TRACES = {"azure2023_conv": "azure_llm_2023_conv.csv", "azure2023_code": "azure_llm_2023_code.csv"}
WITHIN_TOLERANCE = 2e-3
"""[1] those inside 5 minutes are written with three or four digits."""


def ours(found: dict[str, Any]) -> Iterator[tuple[str, float]]:
    """What the report says, under the names of the summary."""
    arrivals, tokens = found["arrivals"], found["tokens"]
    yield "arrivals.requests", found["requests"]
    yield "arrivals.span_s", arrivals["span_s"]
    yield "arrivals.mean_rate_rps", arrivals["mean_per_s"]
    yield "arrivals.sliding_60s_p99", 60 * arrivals["p99_1_min_per_s"]
    yield "arrivals.sliding_300s_p99", 300 * arrivals["p99_5_min_per_s"]
    yield "arrivals.sliding_60s_max_to_mean", arrivals["peak_to_mean"]["60_s"]
    yield "arrivals.sliding_300s_max_to_mean", arrivals["peak_to_mean"]["300_s"]
    for window, value in arrivals["index_of_dispersion"].items():
        yield f"arrivals.iod_{window.replace('_', '')}", value
    for window in ("1_s", "10_s"):
        yield (
            f"arrivals.iod_{window.replace('_', '')}_within_5min",
            arrivals["index_of_dispersion_within_5_min"][window],
        )
    for name in ("pearson", "spearman"):
        yield f"corr_prompt_output.{name}", tokens["correlation"][name]
    for side in ("prompt", "output"):
        for name in ("mean", "p5", "p25", "p50", "p75", "p90", "p95", "p99"):
            yield f"{side}_tokens.{name}", tokens[side][name]
        yield f"{side}_tokens.max", tokens[side]["p100"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--traces", type=Path, default=ROOT.parent / "shared" / "traces", help="folder of the traces")
    folder = parser.parse_args().traces
    if not (folder / "summary.csv").is_file():
        sys.exit(
            f"{folder}: there is no summary.csv, so nothing is compared. Name the folder of the traces with --traces."
        )
    with (folder / "summary.csv").open(newline="", encoding="utf-8") as stream:
        theirs = {(row["trace"], row["quantity"]): row["value"] for row in csv.DictReader(stream)}
    wrong = compared = 0
    for trace, file in TRACES.items():
        for quantity, value in ours(report(read_trace(folder / file), Conversion())):
            expected, compared = float(theirs[trace, quantity]), compared + 1
            tolerance = WITHIN_TOLERANCE if quantity.endswith("within_5min") else TOLERANCE
            if abs(value - expected) > tolerance * abs(expected):
                wrong += 1
                print(f"{trace} {quantity}: {value} here, {expected} there")
    print(f"{compared - wrong} of {compared} quantities agree.")
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
