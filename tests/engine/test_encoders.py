"""Encoders: attention looks both ways, nothing is cached, no token is generated; one worked example by hand."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from aisizer.calibration.predict import predict_point
from aisizer.calibration.protocols import largest_rate
from aisizer.catalog.load import load_catalog
from aisizer.engine import constants as c
from aisizer.engine.attention import prefill_attention_s
from aisizer.engine.memory import kv_bytes_per_token
from aisizer.engine.replica import Replica, build

CATALOG = load_catalog()
BGE, L4 = CATALOG.models["bge-m3"], CATALOG.gpus["l4"]
ENGINE = CATALOG.engines["vllm-0.33"]
ENCODERS = sorted(name for name in CATALOG.models if CATALOG.models[name].bidirectional)


def built(name: str, gpu: str = "l4") -> Replica:
    found = build(CATALOG.models[name], CATALOG.gpus[gpu], ENGINE, tensor_parallel=1, precision="bf16")
    assert isinstance(found, Replica), found
    return found


@pytest.mark.usefixtures("round_constants")
def test_attention_of_an_encoder_by_hand() -> None:
    """bge-m3, 512 tokens: 24 layers x 4 x 1,024 FLOP x 512^2 pairs = 25.8 GFLOP at 0.6 x 121 TFLOP/s = 0.355 ms."""
    seconds = prefill_attention_s(BGE, L4, 1, 512.0) * 512**2 / 2
    assert seconds == pytest.approx(24 * 4 * 1024 * 512**2 / (c.ATTENTION_EFFICIENCY * 121e12), rel=1e-12)
    assert seconds == pytest.approx(0.355e-3, rel=2e-3)
    causal = BGE.model_copy(update={"bidirectional": False})
    assert seconds == 2 * prefill_attention_s(causal, L4, 1, 512.0) * 512**2 / 2


def test_a_window_of_an_encoder_reaches_half_of_it_to_each_side() -> None:
    """ModernBERT-large, 1,024 tokens: 10 layers score all pairs, 18 those up to 63 tokens away, counted one by one."""
    near = sum(abs(i - j) < 64 for i, j in product(range(1024), repeat=2))
    pairs = 10 * 1024**2 + 18 * near
    seconds = prefill_attention_s(CATALOG.models["modernbert-large"], L4, 1, 1024.0) * 1024**2 / 2
    assert seconds == pytest.approx(4 * 1024 * pairs / (c.ATTENTION_EFFICIENCY * 121e12), rel=0.01)


@pytest.mark.usefixtures("round_constants")
def test_requests_per_second_by_hand() -> None:
    """16 prompts of 512 tokens fill a step of 8,192 on an L4.

    Matrices: 24 x 12.58 M weights x 2 FLOP x 8,192 at 0.74 x 121 TFLOP/s = 55.3 ms. Attention: 16 x 0.355 = 5.7 ms.
    Norms and activations: 24 x (6 + 3 + 1 + 4 + 1) x 1,024 values x 2 byte x 8,192 at 0.9 x 300 GB/s = 22.4 ms.
    83.3 ms together: 192 requests a second. Launches, rounding and the engine's own time take a little more.
    """
    step = 24 * 12.583e6 * 2 * 8192 / (0.74 * 121e12) + 16 * 0.355e-3 + 24 * 15 * 1024 * 2 * 8192 / (0.9 * 300e9)
    assert step == pytest.approx(83.3e-3, rel=2e-3)
    assert 0.88 < largest_rate(built("bge-m3").table, 512, 1) * step / 16 < 1.0


@pytest.mark.parametrize("name", ENCODERS)
def test_an_encoder_keeps_no_cache_and_generates_nothing(name: str) -> None:
    replica, model = built(name), CATALOG.models[name]
    assert kv_bytes_per_token(model, 1, 300.0) == 0.0
    assert replica.memory.kv_capacity_tokens == ENGINE.max_batch * model.max_context
    assert not replica.table.sequences_s.any()
    assert replica.memory.weights_gb == pytest.approx(2 * (model.published_params_b or 0), rel=0.01)


def test_the_largest_rate_falls_with_the_length_and_rises_with_the_gpu() -> None:
    rates = [largest_rate(built("bge-m3").table, float(tokens), 1) for tokens in (64, 128, 512, 2048, 8192)]
    assert rates == sorted(rates, reverse=True)
    faster = [largest_rate(built("bge-m3", gpu).table, 512.0, 1) for gpu in ("l4", "l40s", "h100-sxm")]
    assert faster == sorted(faster)


@pytest.mark.parametrize("name", ENCODERS)
def test_predict_answers_with_requests_per_second_and_percentiles(name: str) -> None:
    cells = {"model": name, "gpu": "l4", "isl_mean": "256", "osl_mean": "1", "protocol": "poisson", "load_value": "20"}
    answer = predict_point(CATALOG, cells)
    assert answer["pred_status"] == "ok", answer["pred_reason"]
    assert float(answer["pred_req_s"]) == pytest.approx(20, rel=0.05)
    ttft = [float(answer[f"pred_ttft_ms_{statistic}"]) for statistic in ("p50", "p95", "p99")]
    assert ttft == sorted(ttft)
    assert np.isclose(float(answer["pred_e2e_ms_mean"]), float(answer["pred_ttft_ms_mean"]))
    assert float(answer["pred_max_req_s"]) > 20
