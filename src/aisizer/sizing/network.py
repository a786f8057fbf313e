"""What passes over the wires in the peak hour: into and out of the service, to the log store, and between its servers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aisizer.sizing.fabric import Cluster, fabric_needs
from aisizer.sizing.needs import Need
from aisizer.sizing.traffic import Traffic
from aisizer.units import figure

MEGABYTE = 1e6
REQUEST_BYTES = 2000.0
"""[byte] of headers, a signed token of identity and JSON around a prompt (assumed)."""


@dataclass(frozen=True, slots=True)
class Wire:
    """How many bytes tokens and requests take on the way."""

    in_per_token: float
    """[byte/token] of a prompt"""
    out_per_token: float
    """[byte/token] of an answer, with the framing of the event that carries it"""
    kv_per_token: float = 0.0
    """[byte/token] of key-value cache sent from prefill to decode; 0: one pool does both"""
    collectives_per_token: float = 0.0
    """[byte/token] between the servers of one replica; 0: each replica stays inside a server"""


def ingress_bytes_per_s(requests_per_s: float, prompt_tokens_per_s: float, wire: Wire) -> float:
    """[byte/s] into the service: requests x headers + prompt tokens x bytes of text.

    Three prompts of 1,200 tokens a second are 3 x (2,000 + 1,200 x 4.4) bytes:

    >>> ingress_bytes_per_s(3, 3600, Wire(in_per_token=4.4, out_per_token=245))
    21840.0
    """
    return requests_per_s * REQUEST_BYTES + prompt_tokens_per_s * wire.in_per_token


def egress_bytes_per_s(output_tokens_per_s: float, wire: Wire) -> float:
    """[byte/s] out of the service: one server-sent event for each token (WHATWG HTML, section 9.2; length as given).

    630 tokens a second in events of 245 bytes are 1.2 Mbit/s, 56 times their bare text:

    >>> egress_bytes_per_s(630, Wire(4.4, 245)) * 8 / 1e6
    1.2348
    """
    return output_tokens_per_s * wire.out_per_token


def kv_transfer_bytes_per_s(prompt_tokens_per_s: float, kv_per_token: float) -> float:
    """[byte/s] from prefill to decode pools: each prompt token's keys and values once (DistServe, arXiv:2401.09670).

    Llama 3 70B in 16 bits: 80 layers x 2 x 8 heads x 128 values x 2 byte = 327,680 byte a token, so 3,600 tokens/s:

    >>> kv_transfer_bytes_per_s(3600, 80 * 2 * 8 * 128 * 2) / 1e9
    1.179648
    """
    return prompt_tokens_per_s * kv_per_token


def tensor_parallel_bytes_per_token(layers: int, hidden: int, servers: int, value_bytes: float = 2.0) -> float:
    """[byte/token] that leaves the servers of one replica cut by tensors over them: two ring all-reduces a layer.

    In a hierarchical all-reduce of V bytes over s servers each sends 2 (s - 1) / s V. Source: Megatron-LM, Shoeybi et al.
    (2019), arXiv:1909.08053; Patarasuk, Yuan (2009), doi:10.1016/j.jpdc.2008.09.002. One server sends nothing:

    >>> tensor_parallel_bytes_per_token(126, 16384, 2), tensor_parallel_bytes_per_token(126, 16384, 1)
    (16515072.0, 0.0)
    """
    return 2 * layers * hidden * value_bytes * 2 * (servers - 1)


def pipeline_bytes_per_token(hidden: int, servers: int, value_bytes: float = 2.0) -> float:
    """[byte/token] between the servers of a pipeline: the hidden state at each border (GPipe, arXiv:1811.06965).

    >>> pipeline_bytes_per_token(16384, 2)
    32768.0
    """
    return hidden * value_bytes * (servers - 1)


def expert_bytes_per_token(
    moe_layers: int, hidden: int, experts_per_token: int, servers: int, sent_bytes: float = 1.0, back_bytes: float = 2.0
) -> float:
    """[byte/token] between servers that share whole experts: the token to each expert elsewhere and its answer back.

    At most one copy for each expert chosen, of which (s - 1) / s sit on other servers. DeepSeek-V3 (arXiv:2412.19437)
    sends FP8 and combines BF16: 58 layers x 7,168 values x 8 experts over four servers:

    >>> expert_bytes_per_token(58, 7168, 8, 4) / 1e6
    7.483392
    """
    return moe_layers * hidden * experts_per_token * (sent_bytes + back_bytes) * (servers - 1) / servers


def network_needs(
    traffic: Traffic, wire: Wire, logs_bytes_per_s: Sequence[float], log_copies_elsewhere: int, cluster: Cluster
) -> tuple[Need, ...]:
    """Bytes a second in the peak hour by path, then the ports, switches, optics and cables that join the servers."""
    return (*_outside(traffic, wire), *_logs(logs_bytes_per_s, log_copies_elsewhere), *_between(traffic, wire),
            *fabric_needs(cluster))  # fmt: skip


def _rate(name: str, by_month: Sequence[float], formula: str, source: str, note: str = "") -> Need:
    rates = tuple(rate / MEGABYTE for rate in by_month)
    return Need("network", name, "MB/s", rates, f"month 36: {formula}", source, note=note)


def _outside(traffic: Traffic, wire: Wire) -> tuple[Need, ...]:
    requests, prompts, outputs = (
        traffic.peak_requests_per_s,
        traffic.peak_prompt_tokens_per_s,
        traffic.peak_output_tokens_per_s,
    )
    into = [ingress_bytes_per_s(r, p, wire) for r, p in zip(requests, prompts, strict=True)]
    return (
        _rate(
            "Into the service", into,
            f"{figure(requests[-1])} req/s x {REQUEST_BYTES:g} byte + {figure(prompts[-1])} token/s x {wire.in_per_token:g} byte",
            "log-bytes-per-token; 2 kB around a prompt assumed",
            "Passages that the service itself retrieves come from inside and are counted too.",
        ),
        _rate(
            "Out of the service", [egress_bytes_per_s(tokens, wire) for tokens in outputs],
            f"{figure(outputs[-1])} token/s x {wire.out_per_token:g} byte", "egress-bytes-per-token",
            "One server-sent event for each token; answers sent whole take a fiftieth of it.",
        ),
    )  # fmt: skip


def _logs(logs_bytes_per_s: Sequence[float], copies_elsewhere: int) -> tuple[Need, ...]:
    return (
        _rate("To the log store", logs_bytes_per_s, f"{figure(logs_bytes_per_s[-1])} byte/s of logs", "compliance.logging",
              "Uncompressed."),
        _rate("Log copies to a second place", [copies_elsewhere * rate for rate in logs_bytes_per_s],
              f"{figure(logs_bytes_per_s[-1])} byte/s x {copies_elsewhere}", "compliance.logging.backups, worm",
              "At once and uncompressed; a nightly compressed copy needs less."),
    )  # fmt: skip


def _between(traffic: Traffic, wire: Wire) -> tuple[Need, ...]:
    prompts, outputs = traffic.peak_prompt_tokens_per_s, traffic.peak_output_tokens_per_s
    tokens = [p + o for p, o in zip(prompts, outputs, strict=True)]
    collectives = (
        "Collectives of a replica that spans servers."
        if wire.collectives_per_token
        else "Each replica stays inside one server, so its tensor-parallel traffic does not leave the server."
    )
    needs = [
        _rate("Between the servers of a replica", [wire.collectives_per_token * n for n in tokens],
              f"{figure(tokens[-1])} token/s x {wire.collectives_per_token:g} byte", "the chosen layout", collectives)
    ]  # fmt: skip
    if wire.kv_per_token:
        needs.append(
            _rate("Key-value cache from prefill to decode",
                  [kv_transfer_bytes_per_s(p, wire.kv_per_token) for p in prompts],
                  f"{figure(prompts[-1])} token/s x {wire.kv_per_token:,.0f} byte", "the model's cache per token",
                  "Prompt tokens found in a prefix cache are sent too.")
        )  # fmt: skip
    return tuple(needs)
