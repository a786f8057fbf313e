"""Replays a benchmark as it was run, on one layout's step table, and measures what its report would show.

Runs are simulated whole up to 20,000 requests; beyond, the mean of a longer run moves by less than 1-2 %.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from aisizer.calibration.points import OPEN, Span
from aisizer.calibration.sampling import cached_tokens, sample, unit_gaps
from aisizer.queueing.simulate import Outcome, simulate, static_batch
from aisizer.queueing.two_pools import TwoPools, simulate_pools
from aisizer.shapes import Floats, Requests, StepTable

MOST_SIMULATED = 20_000
"""[request] of one run."""
ROUNDS_SIMULATED = 50
"""[request/client] simulated of a burst all the same: its first round then weighs 2 %, and less in a longer run."""
STEADY_WAVE = 64
"""[request] of which the steady state is measured at least, so that chance lengths average out to 1-2 %."""
MOST_REPLICAS = 16
"""[replica] simulated; more are alike, each with its share of the load."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One run on R equal replicas: clients, batch or req/s as `load`, all replicas together."""

    protocol: str
    load: float
    requests: int
    max_in_flight: int | None
    replicas: int
    prompt: Span
    output: Span
    prefix_hit: float = 0.0
    """[1] share of each prompt that the prefix cache holds"""


@dataclass(frozen=True, slots=True)
class Run:
    """What happened to each request that was simulated; `window_s` is the time in which they were served."""

    sent_s: Floats
    first_token_s: Floats
    finish_s: Floats
    prompt_tokens: Floats
    output_tokens: Floats
    window_s: float
    kv_tokens: float
    """[token] held by one replica at the peak"""


@dataclass(frozen=True, slots=True)
class Figures:
    """What a benchmark's report shows; nan TPOT where no request has a second token."""

    ttft_s: dict[str, float]
    tpot_s: dict[str, float]
    tpot_token_weighted_s: float
    e2e_s: float
    req_s: float
    output_tok_s: float
    total_tok_s: float
    kv_tokens: float


def replay(table: StepTable | TwoPools, scenario: Scenario, stream_interval: int = 1) -> Figures:
    """The figures that the protocol would report on replicas with these step times, or on two pools as one replica.

    A server that sends tokens in groups of `stream_interval` shows the first one when its group is full.
    """
    if scenario.protocol == "static":
        if isinstance(table, TwoPools):
            raise ValueError("A static batch has no pools of prefill and decode. Set disagg to n.")
        return _static(table, scenario)
    simulated = min(scenario.replicas, MOST_REPLICAS)
    share = simulated / scenario.replicas
    part = replace(
        scenario,
        replicas=simulated,
        load=scenario.load if share == 1 else _part(scenario.load * share, scenario.protocol),
        requests=math.ceil(scenario.requests * share),
        max_in_flight=scenario.max_in_flight and math.ceil(scenario.max_in_flight * share),
    )
    found = figures(_in_groups(_PLAYERS[scenario.protocol](table, part), stream_interval))
    rates = {name: getattr(found, name) / share for name in ("req_s", "output_tok_s", "total_tok_s")}
    return replace(found, **rates)


def _part(load: float, protocol: str) -> float:
    """A share of the load; clients come whole."""
    return load if protocol in OPEN else float(math.ceil(load))


def shortened(scenario: Scenario) -> str:
    """What of the run is simulated, where it is not all of it."""
    if scenario.protocol in ("static", "closed_steady") or scenario.requests <= simulated_requests(scenario):
        return ""
    return f"{simulated_requests(scenario)} of {scenario.requests} requests simulated"


def simulated_requests(scenario: Scenario) -> int:
    """Requests of a run that are simulated."""
    rounds = ROUNDS_SIMULATED * int(scenario.load) if scenario.protocol == "closed_burst" else 0
    return min(scenario.requests, max(MOST_SIMULATED, rounds))


def largest_rate(table: StepTable, prompt_tokens: float, output_tokens: float, cached_tokens: float = 0.0) -> float:
    """Requests per second of one replica that never runs out of work. [req/s]

    With n = min(batch limit, whole KV / mean context, budget D / (W + D)) decoding sequences of D steps, n / D requests
    end in each step and as many begin, W prompt tokens each that no cache holds: X = n / (D t), where t averages steps with
    and without prompts. Source: conservation of tokens in continuous batching; Agrawal et al. 2024, arXiv:2403.02310.

    Steps of 10 ms + 10 us a token, 64 sequences, 100 prompt tokens and 10 decode steps: 640 prompt tokens in every
    step, so t = 10 ms + 704 x 10 us = 17.04 ms and X = 64 / (10 t).

    >>> grid = np.array([0.0, 8192.0])
    >>> table = StepTable(grid, grid * 1e-5, grid, grid * 0, 0, 0, 0, 0, 0.01, 0, 0, 1e6, 64, 8192)
    >>> round(largest_rate(table, 100, 11), 1)
    375.6
    """
    work, decode = prompt_tokens - cached_tokens, output_tokens - 1
    if decode <= 0:
        return table.token_budget / (work * _step_s(table, 0, table.token_budget, work, cached_tokens, 0.0))
    context = prompt_tokens + output_tokens / 2
    bound = table.token_budget * decode / (work + decode)
    running = min(table.max_batch, table.token_budget - 1, table.kv_capacity_tokens // context, bound)
    arriving = running * work / decode
    chunk = min(max(arriving, work), table.token_budget - running)
    share = min(arriving / chunk, 1.0)
    step = (1 - share) * _step_s(table, running, 0.0, work, cached_tokens, context)
    step += share * _step_s(table, running, chunk, work, cached_tokens, context)
    return running / (decode * step)


def _step_s(table: StepTable, running: float, chunk: float, work: float, cached: float, context: float) -> float:
    """One step as `StepTable` defines it, with prompts in it of `work` tokens behind `cached` ones."""
    finishing = chunk / work
    seconds = float(np.interp(running + chunk, table.token_grid, table.tokens_s))
    seconds += float(np.interp(running + finishing, table.sequence_grid, table.sequences_s))
    seconds += table.prefill_attention_s * chunk * (cached + work / 2) + table.kv_read_s * running * context
    seconds += table.prefill_fixed_s * (chunk > 0) + table.decode_fixed_s * (running > 0)
    return seconds + table.step_fixed_s + table.per_sequence_s * (running + finishing)


def figures(run: Run) -> Figures:
    """Means, percentiles and rates over the requests of a run; TPOT over those with a second token."""
    ttft, e2e = run.first_token_s - run.sent_s, run.finish_s - run.sent_s
    several = run.output_tokens >= 2
    decode_s, steps = (e2e - ttft)[several], run.output_tokens[several] - 1
    outputs, prompts = float(run.output_tokens.sum()), float(run.prompt_tokens.sum())
    return Figures(
        ttft_s=_statistics(ttft),
        tpot_s=_statistics(decode_s / steps),
        tpot_token_weighted_s=float(decode_s.sum() / steps.sum()) if several.any() else math.nan,
        e2e_s=float(e2e.mean()),
        req_s=len(ttft) / run.window_s,
        output_tok_s=outputs / run.window_s,
        total_tok_s=(outputs + prompts) / run.window_s,
        kv_tokens=run.kv_tokens,
    )


def _in_groups(run: Run, stream_interval: int) -> Run:
    """The first token as the client sees it: with the last one of its group, or of the answer."""
    later = run.output_tokens - 1
    step = np.divide(run.finish_s - run.first_token_s, later, out=np.zeros_like(later), where=later > 0)
    return replace(run, first_token_s=run.first_token_s + np.minimum(stream_interval - 1, later) * step)


def _statistics(values: Floats) -> dict[str, float]:
    if not len(values):
        return dict.fromkeys(("mean", "p50", "p95", "p99"), math.nan)
    p50, p95, p99 = np.percentile(values, (50, 95, 99)).tolist()
    return {"mean": float(values.mean()), "p50": p50, "p95": p95, "p99": p99}


def _static(table: StepTable, scenario: Scenario) -> Figures:
    """One batch per replica, all of the mean length: every request sees the same."""
    batch = math.ceil(scenario.load / scenario.replicas)
    prompt, output = round(scenario.prompt.mean), round(scenario.output.mean)
    cached = float(cached_tokens(np.array(prompt), scenario.prefix_hit))
    ttft, tpot, total = static_batch(table, prompt, output, batch, cached)
    req_s = scenario.load / total
    same = dict.fromkeys(("mean", "p50", "p95", "p99"), ttft)
    each = tpot if output > 1 else math.nan
    return Figures(
        ttft_s=same,
        tpot_s=dict.fromkeys(same, each),
        tpot_token_weighted_s=each,
        e2e_s=total,
        req_s=req_s,
        output_tok_s=req_s * output,
        total_tok_s=req_s * (prompt + output),
        kv_tokens=float(batch * (prompt + output)),
    )


def _burst(table: StepTable | TwoPools, scenario: Scenario) -> Run:
    """All clients start at once; each sends its next request when the last one is answered."""
    requests = _requests(scenario, simulated_requests(scenario))
    return _run(_play(table, requests, scenario, clients=int(scenario.load)), requests)


def _drain(table: StepTable | TwoPools, scenario: Scenario) -> Run:
    """All requests are handed over at once, as tokens; what more of them there are waits in proportion."""
    count = simulated_requests(scenario)
    requests = _requests(scenario, count)
    run = _run(_play(_handed_over(table), requests, scenario), requests)
    longer = (scenario.requests - count) / count * (run.first_token_s - run.sent_s)
    first, finish = run.first_token_s + longer, run.finish_s + longer
    return replace(run, first_token_s=first, finish_s=finish)


def _handed_over(table: StepTable | TwoPools) -> StepTable | TwoPools:
    """Without the time in which an API process reads prompts."""
    if isinstance(table, TwoPools):
        return replace(table, prefill=replace(table.prefill, request_token_s=0.0))
    return replace(table, request_token_s=0.0)


def _steady(table: StepTable | TwoPools, scenario: Scenario) -> Run:
    """The third of four waves: the start is forgotten, and the end does not show yet. The window is Little's law."""
    clients = int(scenario.load)
    wave = clients * math.ceil(STEADY_WAVE / clients)
    requests = _requests(scenario, 4 * wave)
    run = _run(_play(table, requests, scenario, clients=clients), requests)
    kept = slice(2 * wave, 3 * wave)
    sent, first, finish = run.sent_s[kept], run.first_token_s[kept], run.finish_s[kept]
    active = min(clients, scenario.max_in_flight or clients)
    window = float((finish - sent).sum()) / active
    return Run(sent, first, finish, run.prompt_tokens[kept], run.output_tokens[kept], window, run.kv_tokens)


def _open(table: StepTable | TwoPools, scenario: Scenario) -> Run:
    """Requests arrive at their own times, at random or evenly."""
    count = simulated_requests(scenario)
    gaps = unit_gaps(count) if scenario.protocol == "poisson" else np.ones(count)
    requests = _requests(scenario, count, (np.cumsum(gaps) - gaps[0]) / scenario.load)
    return _run(_play(table, requests, scenario), requests)


_PLAYERS = {"closed_burst": _burst, "closed_steady": _steady, "drain": _drain, "poisson": _open, "constant": _open}


def _play(table: StepTable | TwoPools, requests: Requests, scenario: Scenario, clients: int | None = None) -> Outcome:
    """A closed loop never has more in flight than clients, and no more of these are active than the limit allows."""
    limit = scenario.max_in_flight
    if isinstance(table, TwoPools):
        return simulate_pools(table, requests, clients if clients is None else min(clients, limit or clients))
    if clients is None:
        return simulate(table, requests, max_in_flight=limit, replicas=scenario.replicas)
    return simulate(table, requests, clients=min(clients, limit or clients), replicas=scenario.replicas)


def _run(outcome: Outcome, requests: Requests) -> Run:
    ttft, e2e = outcome.ttft_s, outcome.e2e_s
    sent = outcome.sent_s
    lengths = requests.prompt_tokens, requests.output_tokens
    return Run(sent, sent + ttft, sent + e2e, *lengths, outcome.makespan_s, float(outcome.peak_kv_tokens))


def _requests(scenario: Scenario, count: int, arrival_s: Floats | None = None) -> Requests:
    drawn = sample(scenario.prompt, scenario.output, count, scenario.prefix_hit)
    return drawn if arrival_s is None else replace(drawn, arrival_s=arrival_s)
