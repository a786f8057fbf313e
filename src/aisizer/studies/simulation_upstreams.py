"""How long requests wait at the systems that they call before the model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from aisizer.profile.sections import Profile
from aisizer.shapes import Floats
from aisizer.studies.simulation_records import UpstreamRun


def upstream_runs(profile: Profile, waits: Sequence[Mapping[str, Floats]], seconds: float) -> Iterator[UpstreamRun]:
    """What each integration with a ceiling made its callers wait, over all seeds."""
    for name in waits[0]:
        item, all_waits = profile.integrations[name], np.concatenate([its[name] for its in waits])
        if item.limit is None or not len(all_waits):
            continue
        yield UpstreamRun(
            name=name,
            calls_per_s=len(all_waits) / len(waits) / seconds * item.calls_per_request,
            limit_per_s=item.limit,
            wait_p95_s=float(np.quantile(all_waits, 0.95)),
            longest_wait_s=float(all_waits.max()),
        )
