"""From states to what requests see: TTFT, TPOT and E2E as weighted nodes, per class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aisizer.queueing.lengths import NODE_WEIGHTS, Lengths, Mix
from aisizer.queueing.percentiles import GAMMA_WEIGHTS, gamma_nodes, joint
from aisizer.queueing.states import Occupancy, StepTimes
from aisizer.queueing.steps import Replicas, mixed_step_s
from aisizer.shapes import Floats

STATE_LEVELS = np.array([0.15, 0.5, 0.8, 0.95])
STATE_WEIGHTS = np.array([0.3, 0.4, 0.2, 0.1])
"""The states that arrivals find, as four nodes: the middle of each weight's slice."""
WAIT_WEIGHTS = joint(STATE_WEIGHTS, GAMMA_WEIGHTS)
TTFT_WEIGHTS = joint(STATE_WEIGHTS, NODE_WEIGHTS, GAMMA_WEIGHTS)
TPOT_WEIGHTS = joint(NODE_WEIGHTS, GAMMA_WEIGHTS)


@dataclass(frozen=True, slots=True)
class Situation:
    """One replica of each configuration in steady state, under one share of the load.

    rates [configuration, class] req/s; population [configuration, class] closed requests in flight; permanent
    [configuration] closed requests that decode; backlog [configuration] prompt tokens of closed requests in the queue
    """

    replicas: Replicas
    lengths: Lengths
    mix: Mix
    open_mix: Mix | None
    rates: Floats
    population: Floats
    permanent: Floats
    backlog: Floats
    times: StepTimes
    occupancy: Occupancy


@dataclass(frozen=True, slots=True)
class Decoding:
    """What a decoding request sees, [configuration]: mean step, its variance over states, variance of one step,
    share of a step that is prefill, the echo of its own prefill, and how fast the number of sequences forgets."""

    step_s: Floats
    state_variance: Floats
    step_variance: Floats
    prefill_share: Floats
    echo_s: Floats
    forgetting: Floats
