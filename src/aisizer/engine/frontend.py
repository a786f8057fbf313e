"""What stands in front of the engine: API processes with a capacity of their own, and tokens sent in groups."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from aisizer.catalog.records import Engine


@dataclass(frozen=True, slots=True)
class Station:
    """The API processes of one replica: HTTP, tokeniser, detokeniser and event streams share their time."""

    processes: int
    request_s: float
    """[s] of one process per request"""
    token_s: float
    """[s] of one process per generated token"""


def station_of(engine: Engine) -> Station | None:
    """The engine's API station, or nothing where no source gives its times."""
    if engine.api_request_s is None or engine.api_token_s is None:
        return None
    return Station(engine.api_processes, engine.api_request_s, engine.api_token_s)


def ceiling_req_s(station: Station, output_tokens: float) -> float:
    """Requests per second that the processes carry at most: c / (s_r + O s_t). [req/s]

    Source: utilisation law (Denning and Buzen 1978, doi:10.1145/356733.356735).

    One process, 2 ms a request and 50 us a token, 200 tokens an answer: 12 ms of work each.

    >>> round(ceiling_req_s(Station(1, 0.002, 50e-6), 200), 1)
    83.3
    """
    return station.processes / (station.request_s + output_tokens * station.token_s)


def first_token_delay_s(station: Station, rate_req_s: float, output_tokens: float) -> float:
    """Mean time that the API adds to the first token: (s_r + s_t) / (1 - rho); infinite from the ceiling on. [s]

    An event loop serves all streams in small turns: processor sharing, where a job of length x takes x / (1 - rho) whatever
    the distribution. Source: Kleinrock 1967, doi:10.1145/321386.321388. Requests are spread evenly over the processes.

    >>> station = Station(1, 0.002, 50e-6)
    >>> round(first_token_delay_s(station, 41.67, 200) * 1e3, 2), first_token_delay_s(station, 100, 200)  # half loaded
    (4.1, inf)
    """
    return _stretched_s(station, rate_req_s, output_tokens, station.request_s + station.token_s)


def token_delay_s(station: Station, rate_req_s: float, output_tokens: float) -> float:
    """Mean time that the API adds to each later token: s_t / (1 - rho). [s]

    >>> round(token_delay_s(Station(1, 0.002, 50e-6), 41.67, 200) * 1e6, 1)
    100.0
    """
    return _stretched_s(station, rate_req_s, output_tokens, station.token_s)


def emission_delay_s(stream_interval: int, step_s: float) -> float:
    """How long the first token waits where tokens leave in groups of n steps: (n - 1) steps. [s]

    Each later token waits (n - 1) / 2 steps at the mean, so time per output token stays the same.
    Source: definition of stream_interval; InferenceX recipes of TensorRT-LLM set 20, and TTFT of Llama-70B lies 20 to 23
    steps above prefill.

    >>> round(emission_delay_s(20, 0.010), 3), emission_delay_s(1, 0.010)
    (0.19, 0.0)
    """
    return (stream_interval - 1) * step_s


def _stretched_s(station: Station, rate_req_s: float, output_tokens: float, work_s: float) -> float:
    load = rate_req_s / ceiling_req_s(station, output_tokens)
    return work_s / (1 - load) if load < 1 else inf
