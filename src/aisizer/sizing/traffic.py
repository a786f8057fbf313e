"""What the service carries in each month: the volume that is stored, and the peak that wires and gateways must pass."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Traffic:
    """Requests and tokens of the 36 months, and their rates in the peak hour of each."""

    requests: tuple[float, ...]
    """[request/month]"""
    prompt_tokens: tuple[float, ...]
    """[token/month] system prompt and retrieved passages included"""
    output_tokens: tuple[float, ...]
    """[token/month]"""
    peak_requests_per_s: tuple[float, ...]
    peak_prompt_tokens_per_s: tuple[float, ...]
    peak_output_tokens_per_s: tuple[float, ...]
