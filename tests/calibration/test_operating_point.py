"""A prototype's means as one load point: nothing learnt from what was predicted, the same as the replayed fit otherwise."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aisizer.calibration.fit import Observed, fit
from aisizer.calibration.operating_point import fit_point, means
from aisizer.calibration.points import Span
from aisizer.calibration.protocols import Scenario
from aisizer.calibration.sampling import sample
from aisizer.catalog.load import load_catalog
from aisizer.engine.calibrated import apply
from aisizer.engine.replica import Replica, build
from aisizer.profile.calibrations import Factors
from aisizer.shapes import StepTable

PROMPT, OUTPUT = Span(750.0, 2250.0), Span(150.0, 450.0)
REQUESTS = sample(PROMPT, OUTPUT, 200)


@cache
def table() -> StepTable:
    catalog = load_catalog()
    model, gpu, engine = catalog.find_model("llama-3.3-70b"), catalog.gpus["h100-sxm"], catalog.find_engine("vllm")
    made = build(
        model, gpu, engine, tensor_parallel=4, precision="fp8", max_context_tokens=4000, mean_context_tokens=1700
    )
    assert isinstance(made, Replica)
    return made.table


def figures(factors: Factors, clients: float) -> dict[str, float]:
    return {name: float(value[0]) for name, value in means([apply(table(), factors)], REQUESTS, clients).items()}


@pytest.mark.parametrize("clients", [8.0, 64.0])
def test_what_was_predicted_teaches_nothing(clients: float) -> None:
    found = fit_point(table(), REQUESTS, clients, figures(Factors(), clients))
    assert found is not None
    assert list(found.model_dump().values()) == pytest.approx(list(Factors().model_dump().values()), abs=1e-9)


@settings(max_examples=12, deadline=None)
@given(st.floats(0.75, 1.5), st.sampled_from([4.0, 32.0, 128.0]), st.sampled_from([("tpot",), ("tpot", "throughput")]))
def test_the_fit_goes_towards_the_measured_and_not_beyond(off: float, clients: float, known: tuple[str, ...]) -> None:
    plain = figures(Factors(), clients)
    measured = {"tpot": plain["tpot"] * off, "throughput": plain["throughput"] / off}
    found = fit_point(table(), REQUESTS, clients, {name: measured[name] for name in known})
    assert found is not None
    after = figures(found, clients)["tpot"]
    low, high = sorted((plain["tpot"], measured["tpot"]))
    assert low * (1 - 1e-3) <= after <= high * (1 + 1e-3)
    assert abs(after / measured["tpot"] - 1) <= 0.75 * abs(off - 1) + 1e-3


@pytest.mark.parametrize("off", [1.1, 1.3])
@pytest.mark.parametrize("clients", [16.0, 64.0])
def test_it_is_the_replayed_fit_without_the_replay(off: float, clients: float) -> None:
    """Oracle: `fit` on the same point, which simulates it. Slower only: a faster TPOT it may
    put down to a stream interval, which no step table has. A queue and a simulation differ by a few per cent.
    """
    measured = {"tpot": figures(Factors(), clients)["tpot"] * off}
    run = Scenario("closed_steady", clients, int(10 * clients), None, 1, PROMPT, OUTPUT)
    replayed = fit([Observed(table(), run, clients, measured, {})]).factors
    found = fit_point(table(), REQUESTS, clients, measured)
    assert found is not None
    assert figures(found, clients)["tpot"] == pytest.approx(figures(replayed, clients)["tpot"], rel=0.05)
    assert (found.weights - 1) * (replayed.weights - 1) > 0


def test_a_load_that_the_replica_cannot_hold_gives_nothing() -> None:
    assert fit_point(table(), REQUESTS, 1e5, {"tpot": 0.05}) is None
