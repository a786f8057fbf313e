"""`aisizer watch`: a plan's triggers against live metrics."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from aisizer.cli.days import day_of
from aisizer.cli.progress import Progress
from aisizer.errors import InvalidInput, TriggerFired
from aisizer.plan import Plan
from aisizer.watch.measured import Measured


def watch(
    path: Path,
    *,
    prometheus: str | None,
    metrics: Path | None,
    at: str | None,
    fragments: Sequence[Path],
    token_file: Path | None,
    overlay: Path | None,
    as_json: bool,
    markdown: bool,
) -> None:
    """Prints every trigger beside what was measured; one that fired is exit code 5."""
    from aisizer.deliver.json_file import plan_file, plan_hash, read_plan
    from aisizer.deliver.watch import watch_json, watch_markdown, watch_text
    from aisizer.profile.load import profile_of
    from aisizer.watch.watch import decided, watched

    _check(prometheus, metrics, token_file, as_json, markdown)
    day = day_of("--at", at)
    file = plan_file(path)
    plan = read_plan(file)
    decided(plan)
    loaded = profile_of(plan.profile, file.name, fragments)
    with Progress(f"asking {prometheus}" if prometheus else "reading"):
        if prometheus is not None:
            measured = _from_server(plan, prometheus, token_file, overlay, day)
        elif metrics is not None:
            measured = _from_file(plan, metrics)
    found = watched(plan, loaded, measured, day, plan_hash(plan))
    show = watch_json if as_json else watch_markdown if markdown else watch_text
    sys.stdout.write(show(found))
    fired = [trigger.id for trigger in found.triggers if trigger.fired]
    if fired:
        raise TriggerFired(f"Fired: {', '.join(fired)}. Order, and record the order in a fragment for --with.")


def _check(
    prometheus: str | None, metrics: Path | None, token_file: Path | None, as_json: bool, markdown: bool
) -> None:
    if (prometheus is None) == (metrics is None):
        raise InvalidInput("Exactly one of --prometheus URL and --metrics FILE.csv is expected. Give one of them.")
    if token_file is not None and prometheus is None:
        raise InvalidInput("--token-file is for --prometheus. Leave it out with --metrics.")
    if as_json and markdown:
        raise InvalidInput("--json and --markdown are two forms of one result. Give one of them.")


def _from_server(plan: Plan, url: str, token_file: Path | None, overlay: Path | None, at: date | None) -> Measured:
    from aisizer.catalog.load import load_catalog
    from aisizer.watch.client import server
    from aisizer.watch.watch import asked

    source, catalog = server(url, token_file), load_catalog(overlay)
    exporter = ((plan.profile.get("evidence") or {}).get("monitoring") or {}).get("exporter")
    metrics = {
        engine.id: catalog.find_exporter(exporter).metrics if exporter else engine.metrics
        for engine in catalog.engines.values()
    }
    return asked(plan, source, metrics, at)


def _from_file(plan: Plan, metrics: Path) -> Measured:
    from aisizer.watch.csv_file import read_metrics
    from aisizer.watch.drift import pools_of
    from aisizer.watch.watch import decided

    pools = pools_of(decided(plan)[0])
    workloads = [name for members in pools.values() for name in members]
    return read_metrics(metrics, [trigger.id for trigger in plan.triggers], list(pools), workloads)
