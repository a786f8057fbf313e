"""`aisizer trace`: request log -> what it shows, and a workload fragment."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

from aisizer.cli.file import write_file
from aisizer.cli.progress import Progress
from aisizer.cli.terminal import typed
from aisizer.errors import InvalidInput

if TYPE_CHECKING:
    from aisizer.demand.traces.stated import Basis

_BASES: dict[str, Basis] = {"peak_window": "peak_window", "mean_rate": "mean_rate"}
_NAME = re.compile(r"^[a-z0-9][a-z0-9_.-]{0,62}$")


def trace(
    file: Path,
    *,
    output: Path | None,
    workload: str | None,
    columns: str | None,
    tokens_times: str | None,
    basis: str,
    as_json: bool,
) -> str:
    """Reads the trace, writes the fragment if asked to, and returns the report for stdout."""
    from aisizer.demand.traces.columns import parse_mapping
    from aisizer.demand.traces.conversion import converted, parse_conversion
    from aisizer.demand.traces.fragment import fragment
    from aisizer.demand.traces.lines import refusal
    from aisizer.demand.traces.read import read_trace
    from aisizer.demand.traces.report import report
    from aisizer.demand.traces.text import text

    if basis not in _BASES:
        raise InvalidInput(f"--basis: {' or '.join(_BASES)} is expected (got {basis[:80]}). Choose one.")
    conversion = parse_conversion(tokens_times)
    name = _workload(workload, file)
    mapping = parse_mapping(columns)
    with Progress(f"reading {file.name}") as progress:
        found = converted(read_trace(file, mapping, progress.told), conversion)
    with Progress(f"looking at {len(found.requests.arrival_s):,} requests"):
        try:
            shown = report(found, conversion)
        except InvalidInput as error:
            raise refusal(file, str(error)) from error
    if output is not None:
        write_file(output, fragment(found, name, _BASES[basis], conversion))
    if as_json:
        return json.dumps(shown, indent=2, ensure_ascii=False)
    use = [] if output is None else ["", f"{output.as_posix()}     use it: aisizer size PROFILE --with {typed(output)}"]
    return "\n".join([text(shown), *use])


def _workload(name: str | None, file: Path) -> str:
    """The workload that the fragment states: as given, else named like the file."""
    if name is None:
        stem = re.sub(r"[^a-z0-9_-]+", "-", file.name.split(".")[0].lower()).strip("-_")
        return stem[:63] or "traffic"
    if not _NAME.match(name):
        raise InvalidInput(
            f"--workload: small letters, digits, dots, dashes and underscores are expected (got {name[:80]}). Give the name "
            f"of the profile's workload."
        )
    return name
