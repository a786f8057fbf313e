"""How long a replica computes a mean request's prompt, and how long its answer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aisizer.queueing.lengths import mix, summarise
from aisizer.queueing.steps import attention_price, decode_step_s, mixed_step_s, stack
from aisizer.shapes import Floats, Requests, StepTable


@dataclass(frozen=True, slots=True)
class Phases:
    """[s] of one replica's time for a mean request; together and times its rate they are the share of time that it is busy."""

    prefill_s: float
    decode_s: float

    @property
    def prefill_share(self) -> float:
        """[1] of the busy time that prompts take."""
        return self.prefill_s / (self.prefill_s + self.decode_s)


def phases(table: StepTable, requests: Requests, rates: Floats, token_s: Floats) -> Phases:
    """The time of prompts and of answers in one replica.

    rates [class] requests that it gets [req/s], token_s [class] mean time per output token [s], nan where there is one token.
    By Little's law (1961, doi:10.1287/opre.9.3.383) D = sum of rate x decode steps x token_s sequences decode at the mean.
    An answer takes decode steps x t(D, 0) / D: a step is shared by those that decode in it. A prompt takes what it prolongs the
    steps by, t(D, prompt) - t(D, 0), or the whole step where nobody decodes, which is 1 - D of the time for D below 1.
    """
    replicas, lengths = stack([table]), summarise(requests, len(rates))
    blend = mix(lengths, rates[None, :], attention_price(replicas))
    decoding = float(np.sum(np.where(lengths.decode > 0, rates * lengths.decode * token_s, 0.0)))
    busy, at = min(decoding, 1.0), np.array([[max(decoding, 1.0)]])
    decode, nobody = decode_step_s(replicas, blend, at), np.zeros_like(at)

    def prompt_s(beside: Floats, without: Floats) -> float:
        tokens = np.fmin(blend.work[:, None], replicas.token_budget - beside)
        steps = blend.work[:, None] / tokens
        return float((steps * (mixed_step_s(replicas, blend, beside, tokens) - without))[0, 0])

    prefill = busy * prompt_s(at, decode) + (1 - busy) * prompt_s(nobody, nobody)
    return Phases(prefill, float(blend.decode[0] * decode[0, 0] / at[0, 0]))
