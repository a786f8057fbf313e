"""The two plain records that rooms exchange: a sample of requests, and one replica's step times."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Requests:
    """Requests in order of arrival; every array has one entry per request.

    arrival_s      [s] since the start; all zero where only the lengths matter (analytic models)
    prompt_tokens  [token] the whole prompt, cached part included
    output_tokens  [token] generated tokens, at least 1
    cached_tokens  [token] part of the prompt served from the prefix cache
    class_id       index of the workload (request class) it belongs to
    """

    arrival_s: Floats
    prompt_tokens: Floats
    output_tokens: Floats
    cached_tokens: Floats
    class_id: Ints

    def take(self, chosen: Ints) -> Requests:
        """The requests at those positions, in that order."""
        return Requests(
            self.arrival_s[chosen],
            self.prompt_tokens[chosen],
            self.output_tokens[chosen],
            self.cached_tokens[chosen],
            self.class_id[chosen],
        )


@dataclass(frozen=True, slots=True, eq=False)
class StepTable:
    """The duration of one engine step of one replica, as tables over tokens and sequences plus linear terms.

    A step that computes M = P + B tokens (P prompt tokens in chunks c_j behind contexts x_j, B decoding sequences
    with sum of contexts K) and finishes F prompts takes

        t = tokens_s[M] + sequences_s[B + F] + prefill_attention_s * sum_j c_j * (x_j + c_j / 2)
            + kv_read_s * K + prefill_fixed_s * [P > 0] + decode_fixed_s * [B > 0]
            + step_fixed_s + per_sequence_s * (B + F)

    and at least prefill_floor_s where P > 0. tokens_s and sequences_s are sampled at token_grid and sequence_grid
    (ascending) and linear in between.
    """

    token_grid: Floats
    tokens_s: Floats
    sequence_grid: Floats
    sequences_s: Floats
    prefill_attention_s: float
    kv_read_s: float
    prefill_fixed_s: float
    decode_fixed_s: float
    step_fixed_s: float
    per_sequence_s: float
    request_fixed_s: float
    """[s] outside the GPU, once per request before its first token (API server, tokeniser), at light load"""
    kv_capacity_tokens: float
    max_batch: int
    token_budget: int
    front_request_s: float = 0.0
    """[s] of one API process's time per request; with front_token_s it sets a ceiling, and nothing at light load"""
    front_token_s: float = 0.0
    """[s] of one API process's time per generated token"""
    front_processes: int = 1
    """API processes of the replica"""
    prefill_floor_s: float = 0.0
    """[s] least time of a step with prompts: the host launches each of its kernels by itself"""
    request_token_s: float = 0.0
    """[s/token] of the API process that reads and tokenises prompts, one after the other, before the engine sees them"""
    schedule_ahead: int = 0
    """[step] already scheduled when a request arrives, besides the one that runs"""
    poll_steps: int = 1
    """[step] without prompts from one look at the queue to the next"""
    hold_steps: int = 0
    """[step] for which a request waits for others to be computed together, while answers are under way"""
