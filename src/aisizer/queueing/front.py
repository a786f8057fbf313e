"""The station before an engine: API processes that parse, tokenise, detokenise and stream, with a capacity of their own.

What an idle process takes is part of request_fixed_s and request_token_s, which are measured at light load; here stand the
ceiling and what load adds. Every token of an answer is delayed alike, so that only the first one and the end come later, and
TPOT stays. Where the times of a process are unknown, one still reads the prompts, each after the other, as the simulator
plays it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from aisizer.queueing.lengths import Mix
from aisizer.queueing.steps import Replicas
from aisizer.shapes import Floats, StepTable


def ceiling_req_s(table: StepTable, prompt_tokens: float, output_tokens: float) -> float:
    """Requests per second that the API processes of one replica carry at most: c / (s_r + I s_i + O s_t).

    Infinite where the times of a process are unknown.

    Source: utilisation law (Denning and Buzen 1978, doi:10.1145/356733.356735).

    One process, 2 ms a request, 5 us a prompt token and 50 us a generated one, 400 and 200 of them: 14 ms of work each.

    >>> grid = np.array([0.0, 1.0])
    >>> times = {"front_request_s": 0.002, "request_token_s": 5e-6, "front_token_s": 50e-6}
    >>> table = StepTable(grid, grid, grid, grid, 0, 0, 0, 0, 0, 0, 0, 1e6, 8, 1, **times)
    >>> round(ceiling_req_s(table, 400, 200), 1)
    71.4
    """
    known = table.front_request_s + output_tokens * table.front_token_s
    return table.front_processes / (known + prompt_tokens * table.request_token_s) if known else float("inf")


def front_load(replicas: Replicas, mix: Mix) -> Floats:
    """Share of the ceiling that a stream of requests takes, requests dealt evenly over the processes. [configuration]"""
    work = _first_s(replicas, mix) + mix.decode * replicas.front_token_s[:, 0]
    result: Floats = mix.rate * work / replicas.front_processes[:, 0]
    return result


def added_delay_s(replicas: Replicas, mix: Mix) -> Floats:
    """What load adds to the first token and to the end of an answer: (s_r + I s_i + s_t) rho / (1 - rho).

    Not a number from the ceiling on, where nothing is steady.

    An event loop serves all streams in small turns: processor sharing, where a job of length x takes x / (1 - rho)
    whatever the distribution. Source: Kleinrock 1967, doi:10.1145/321386.321388. Where only the reading of prompts is
    known, they are read one after the other: Pollaczek-Khinchine, s_i^2 E[I^2] rate / (2 (1 - rho)), Kleinrock 1975,
    section 5.6. [s], [configuration]
    """
    load, first = front_load(replicas, mix), _first_s(replicas, mix)
    in_order = replicas.request_token_s[:, 0] ** 2 * mix.prompt_squared * mix.rate / 2
    busy = np.where(_known(replicas), first * load, in_order)
    return np.divide(busy, 1 - load, out=np.full_like(load, np.nan), where=load < 1)


def beside_the_prompt_s(table: StepTable, rate: float, prompt_tokens: float, output_tokens: float) -> float:
    """[s] what load adds at the API processes beyond the wait for prompts to be read, which a simulation plays itself.

    (s_r + s_t) rho / (1 - rho) at rate [req/s] and mean lengths [token], as in `added_delay_s`; infinite from the ceiling on,
    nothing where the times of a process are unknown.

    >>> grid = np.array([0.0, 1.0])
    >>> times = {"front_request_s": 0.002, "request_token_s": 5e-6, "front_token_s": 50e-6}
    >>> table = StepTable(grid, grid, grid, grid, 0, 0, 0, 0, 0, 0, 0, 1e6, 8, 1, **times)
    >>> round(beside_the_prompt_s(table, 71.4285714 / 2, 400, 200) * 1e3, 2)  # half loaded: as long as the work itself
    2.05
    """
    load = rate / ceiling_req_s(table, prompt_tokens, output_tokens)
    return (table.front_request_s + table.front_token_s) * load / (1 - load) if load < 1 else float("inf")


def _first_s(replicas: Replicas, mix: Mix) -> Floats:
    """[s] of a process up to the first token."""
    known: Floats = (
        replicas.front_request_s + replicas.front_token_s + replicas.request_token_s * mix.prompt[:, None]
    )[:, 0]
    return known


def _known(replicas: Replicas) -> NDArray[np.bool_]:
    """[configuration] whether the times of a process beside the reading of prompts are known."""
    result: NDArray[np.bool_] = (replicas.front_request_s + replicas.front_token_s)[:, 0] > 0
    return result
