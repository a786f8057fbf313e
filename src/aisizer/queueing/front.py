"""The station before an engine: API processes that parse, tokenise, detokenise and stream, with a capacity of their own.

What an idle process takes is part of request_fixed_s, which is measured at light load; here stand the ceiling and what
load adds. Every token of an answer is delayed alike, so that only the first one and the end come later and TPOT stays.
"""

from __future__ import annotations

import numpy as np

from aisizer.queueing.lengths import Mix
from aisizer.queueing.steps import Replicas
from aisizer.shapes import Floats, StepTable


def ceiling_req_s(table: StepTable, output_tokens: float) -> float:
    """Requests per second that the API processes of one replica carry at most: c / (s_r + O s_t); infinite where unknown.

    Source: utilisation law (Denning and Buzen 1978, doi:10.1145/356733.356735).

    One process, 2 ms a request and 50 us a token, 200 tokens an answer: 12 ms of work each.

    >>> grid = np.array([0.0, 1.0])
    >>> table = StepTable(grid, grid, grid, grid, 0, 0, 0, 0, 0, 0, 0, 1e6, 8, 1, 0.002, 50e-6)
    >>> round(ceiling_req_s(table, 200), 1)
    83.3
    """
    work = table.front_request_s + output_tokens * table.front_token_s
    return table.front_processes / work if work else float("inf")


def front_load(replicas: Replicas, mix: Mix) -> Floats:
    """Share of the ceiling that a stream of requests takes, requests dealt evenly over the processes. [configuration]"""
    work = replicas.front_request_s[:, 0] + (mix.decode + 1) * replicas.front_token_s[:, 0]
    result: Floats = mix.rate * work / replicas.front_processes[:, 0]
    return result


def added_delay_s(replicas: Replicas, mix: Mix) -> Floats:
    """What load adds to the first token and to the end of an answer: (s_r + s_t) rho / (1 - rho); nan from the ceiling on.

    An event loop serves all streams in small turns: processor sharing, where a job of length x takes x / (1 - rho)
    whatever the distribution. Source: Kleinrock 1967, doi:10.1145/321386.321388. [s], [configuration]
    """
    load = front_load(replicas, mix)
    work = (replicas.front_request_s + replicas.front_token_s)[:, 0]
    return np.divide(work * load, 1 - load, out=np.full_like(load, np.nan), where=load < 1)
