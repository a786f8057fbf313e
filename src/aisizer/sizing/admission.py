"""Admission limits at the gateway: which requests are let in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from aisizer.profile.sections import Admission
from aisizer.queueing.records import Limit
from aisizer.shapes import Floats, Requests
from aisizer.sizing.drills import TENANT

TENANT_RATE, DEADLINE_TIMES = 2.0, 2.0
"""[1] of its share, and of the loosest TTFT target, that the limits allow which a plan shows where the profile sets none:
a tenant may double in a day without asking, and who has waited twice the target is late anyway (assumed)."""


def default_admission(limits: Sequence[Limit]) -> Admission:
    """The limits that a plan shows where the profile sets none; no deadline where no time to first token is promised."""
    waits = [limit.seconds for limit in limits if limit.metric == "ttft"]
    deadline = DEADLINE_TIMES * max(waits) if waits else None
    return Admission().model_copy(update={"tenant_rate": TENANT_RATE, "queue_deadline": deadline})


def limited(admission: Admission) -> bool:
    """Whether anything is limited."""
    return admission != Admission()


def told(admission: Admission) -> str:
    """The limits in words; empty where there are none."""
    parts = [
        f"prompts of {admission.max_prompt_tokens:,} tokens at most" if admission.max_prompt_tokens else "",
        f"answers of {admission.max_output_tokens:,} tokens at most" if admission.max_output_tokens else "",
        f"a tenant at {admission.tenant_rate:g} times its share at most" if admission.tenant_rate else "",
        f"refused after {admission.queue_deadline:g} s without a first token" if admission.queue_deadline else "",
    ]
    return ", ".join(part for part in parts if part)


def admitted(
    asked: Requests, admission: Admission, rate_per_s: float, classes: int
) -> tuple[Requests, NDArray[np.bool_]]:
    """The requests as they are served if they are let in, and which are.

    rate_per_s [req/s] is that of the pool; class `classes` is a tenant's excess, of which its limit leaves what lies between
    its share and the multiple that it may send.
    """
    inside = np.ones(len(asked.arrival_s), dtype=bool)
    if admission.max_prompt_tokens is not None:
        inside &= asked.prompt_tokens <= admission.max_prompt_tokens
    if admission.tenant_rate is not None:
        excess = np.flatnonzero(inside & (asked.class_id == classes))
        inside[excess] = paced(asked.arrival_s[excess], (admission.tenant_rate - 1) * TENANT * rate_per_s)
    if admission.max_output_tokens is not None:
        asked = replace(asked, output_tokens=np.minimum(asked.output_tokens, admission.max_output_tokens))
    return asked, inside


def paced(arrival_s: Floats, rate_per_s: float) -> NDArray[np.bool_]:
    """Which arrivals a token bucket of one request lets pass at a rate [req/s]; none at a rate of 0.

    The generic cell rate algorithm (ITU-T Recommendation I.371, 2004) without tolerance. Worked: one a second, four come.

    >>> paced(np.array([0.0, 0.4, 1.1, 2.0]), 1.0).tolist()
    [True, False, True, False]
    """
    passed = np.zeros(len(arrival_s), dtype=bool)
    free_s = 0.0 if rate_per_s > 0 else np.inf
    for i, at in enumerate(arrival_s.tolist()):
        if at >= free_s:
            passed[i] = True
            free_s = at + 1 / rate_per_s
    return passed
