"""Memory: weights and cache against published start-up logs, and the laws of sharing them."""

from __future__ import annotations

import pytest
from hand_built import GPUS, MODELS, full, gpu, model, vllm
from hypothesis import given
from hypothesis import strategies as st

from aisizer.catalog.parameters import total_parameters
from aisizer.catalog.records import Attention, Engine, Gpu, Model
from aisizer.engine.layouts import embedding_weights, experts, matrices
from aisizer.engine.memory import Memory, activation_bytes, kv_bytes_per_token, memory_of, weights_bytes
from aisizer.engine.parallel import Parallel
from aisizer.errors import Rejection

GIB = 2**30
names = st.sampled_from(sorted(MODELS))
degrees = st.sampled_from([1, 2, 4, 8, 16])


def fit(m: Model, g: Gpu, e: Engine, t: int, precision: str, context: float = 2048) -> Memory | Rejection:
    return memory_of(
        m, g, e, parallel=Parallel(t), precision=precision, mean_context_tokens=context, max_context_tokens=context
    )


@pytest.mark.parametrize("name", sorted(MODELS))
def test_the_matrices_hold_all_parameters_of_the_model(name: str) -> None:
    found = MODELS[name]
    routed = experts(found, 1)
    weights = sum(m.weights for m in matrices(found, 1)) + embedding_weights(found, 1)
    weights += routed.weights if routed else 0
    assert weights == pytest.approx(total_parameters(found), rel=5e-4)


# vLLM 0.11.0 start-up logs, H100 of 79.18 GiB, gpu_memory_utilization 0.9, 1,024 sequences, 8,192 tokens a step
# (llm-d-incubation/llm-d-planner @e50305a): GiB of weights, activations and key-value cache on each GPU.
# Not met: Mistral-Small-3.2 (activations 2.12 GiB logged, 4.88 computed; cache 21 % under-predicted). gpt-oss pads its
# experts, so its weights come out 6 % low here and 12 % low on H200 with vLLM 0.22.
LLM_D = [
    ("llama-3.1-8b", 1, "bf16", 14.99, 4.76, 51.38),
    ("llama-3.3-70b", 2, "fp8", 33.88, 4.84, 32.00),
    ("gpt-oss-120b", 1, "fp4", 64.38, 7.38, None),
]


@pytest.mark.parametrize(("name", "t", "precision", "weights", "activations", "kv"), LLM_D)
def test_memory_agrees_with_vllm_logs(
    name: str, t: int, precision: str, weights: float, activations: float, kv: float | None
) -> None:
    engine = vllm(max_batch=1024, token_budget=8192, runtime_gb=0.3)
    h100 = gpu("h100-as-logged", 79.18 * GIB / 1e9, 3350, 989, 1978)
    assert weights_bytes(MODELS[name], precision, Parallel(t)) / GIB == pytest.approx(weights, rel=0.08)
    assert activation_bytes(MODELS[name], engine, Parallel(t)) / GIB == pytest.approx(activations, rel=0.03)
    if kv is not None:  # of gpt-oss, 3.33 GiB is left: a difference of large numbers
        found = fit(MODELS[name], h100, engine, t, precision)
        assert isinstance(found, Memory)
        assert found.kv_gb * 1e9 / GIB == pytest.approx(kv, rel=0.05)


NEMO = model("mistral-nemo-12b", 40, 5120, 32, full(40, 8, 128), ffn=14336, vocab=131072)
YI = model("yi-34b", 60, 7168, 56, full(60, 8, 128), ffn=20480, vocab=64000)
QWEN = model("qwen2.5-7b", 28, 3584, 28, full(28, 4, 128), ffn=18944, vocab=152064)
# vLLM run logs on H100 (inference-sim/inference-sim @f90a1e3): blocks of 16 tokens; 256 sequences, 2,048 tokens a step.
# Not met: llama-4-scout FP8 on two (8,253 blocks; 49 % more computed), for reasons not yet known.
BLOCKS = [
    (MODELS["llama-2-7b"], 1, 7463),
    (MODELS["llama-3.3-70b"], 4, 30425),  # the 3.1 of that log has the same shapes
    (NEMO, 1, 19251),
    (NEMO, 2, 48009),
    (QWEN, 1, 65368),
    (YI, 2, 20793),
]


@pytest.mark.parametrize(("found", "t", "blocks"), BLOCKS)
def test_kv_capacity_agrees_with_vllm_logs(found: Model, t: int, blocks: int) -> None:
    engine = vllm(max_batch=256, token_budget=2048, runtime_gb=0.3)
    h100 = gpu("h100-as-logged", 79.18 * GIB / 1e9, 3350, 989, 1978)
    memory = fit(found, h100, engine, t, "bf16")
    assert isinstance(memory, Memory)
    assert memory.kv_capacity_tokens == pytest.approx(16 * blocks, rel=0.03)


def test_a_latent_cache_is_not_divided_and_few_heads_are_replicated() -> None:
    deepseek, llama = MODELS["deepseek-v3"], MODELS["llama-3.3-70b"]
    assert kv_bytes_per_token(deepseek, 8, 4096) == kv_bytes_per_token(deepseek, 1, 4096) == 576 * 2 * 61
    assert kv_bytes_per_token(llama, 16, 4096) == kv_bytes_per_token(llama, 8, 4096) == 2 * 80 * 128 * 2


def test_a_window_bounds_the_bytes_of_a_sequence() -> None:
    gpt_oss = MODELS["gpt-oss-120b"]
    per_layer_token = 2 * 8 * 64 * 2
    assert kv_bytes_per_token(gpt_oss, 1, 100) == 36 * per_layer_token
    assert kv_bytes_per_token(gpt_oss, 1, 8192) * 8192 == pytest.approx(18 * per_layer_token * (8192 + 128))


def test_a_linear_layer_keeps_a_state_of_fixed_size() -> None:
    linear = Attention(layers=36, kind="linear", key_heads=16, value_heads=32, state_head_dim=128)
    mixed = model("hybrid", 48, 4096, 32, (linear, *full(12, 2, 256)), ffn=8192, vocab=150000)
    growing = 12 * 2 * 2 * 256 * 2
    state = 36 * 32 * 128**2 * 4
    assert kv_bytes_per_token(mixed, 1, 1000) * 1000 == pytest.approx(1000 * growing + state)


def test_not_fitting_names_the_least_tensor_parallel_that_does() -> None:
    found = fit(MODELS["llama-3.3-70b"], GPUS["h100-sxm"], vllm(), 1, "bf16")
    assert isinstance(found, Rejection)
    assert (found.reason, found.unit) == ("memory", "GB")
    assert found.got is not None and found.limit is not None and found.got > found.limit == pytest.approx(72)
    assert "The least tensor_parallel that fits is 4." in found.detail
    assert isinstance(fit(MODELS["llama-3.3-70b"], GPUS["h100-sxm"], vllm(), 4, "bf16"), Memory)
    assert isinstance(fit(MODELS["llama-3.3-70b"], GPUS["h100-sxm"], vllm(), 2, "bf16"), Rejection)


def test_a_model_that_fits_nowhere_says_so() -> None:
    l4 = gpu("l4", 24, 300, 121, 242)
    found = fit(MODELS["deepseek-v3"], l4, vllm(), 8, "fp8")
    assert isinstance(found, Rejection)
    assert "No tensor_parallel up to 16 fits" in found.detail


def test_one_longest_request_must_fit() -> None:
    """Mixtral at FP8 leaves about 20 GB on one H100; a request of 32,768 tokens takes 4.3 GB, one of 400,000 52 GB."""
    mixtral = MODELS["mixtral-8x7b"]
    assert isinstance(fit(mixtral, GPUS["h100-sxm"], vllm(), 1, "fp8", 32768), Memory)
    assert isinstance(fit(mixtral, GPUS["h100-sxm"], vllm(), 1, "fp8", 400_000), Rejection)


@given(name=names, t=degrees)
def test_more_gpus_never_hold_more_weights_each(name: str, t: int) -> None:
    assert weights_bytes(MODELS[name], "fp8", Parallel(2 * t)) <= weights_bytes(MODELS[name], "fp8", Parallel(t))


@given(name=names, t=degrees)
def test_lower_precision_never_weighs_more(name: str, t: int) -> None:
    sizes = [weights_bytes(MODELS[name], p, Parallel(t)) for p in ("bf16", "fp8", "fp4")]
    assert sizes[0] > sizes[1] > sizes[2] * 0.999
    assert weights_bytes(MODELS[name], "fp8", Parallel(t)) >= 0.5 * sizes[0]


@given(memory=st.floats(40, 300), extra=st.floats(0, 200), t=st.sampled_from([1, 2, 4, 8]), name=names)
def test_more_memory_never_holds_fewer_tokens(memory: float, extra: float, t: int, name: str) -> None:
    small = fit(MODELS[name], gpu("small", memory, 3350, 989, 1978), vllm(), t, "fp8")
    large = fit(MODELS[name], gpu("large", memory + extra, 3350, 989, 1978), vllm(), t, "fp8")
    if isinstance(small, Memory):
        assert isinstance(large, Memory)
        assert large.kv_capacity_tokens >= small.kv_capacity_tokens > 0


@given(name=names, t=st.sampled_from([1, 2, 4, 8]), context=st.floats(16, 30000), longer=st.floats(1, 4))
def test_a_longer_sequence_never_takes_less_cache_but_less_per_token(
    name: str, t: int, context: float, longer: float
) -> None:
    short, long = kv_bytes_per_token(MODELS[name], t, context), kv_bytes_per_token(MODELS[name], t, context * longer)
    assert long <= short * (1 + 1e-12)
    assert long * context * longer >= short * context * (1 - 1e-12)


def test_an_embedder_needs_no_sampler_and_no_head() -> None:
    llama = MODELS["llama-3.1-8b"]
    embedder = llama.model_copy(update={"prefill_only": True})
    assert activation_bytes(embedder, vllm(), Parallel(1)) < activation_bytes(llama, vllm(), Parallel(1))
    assert weights_bytes(llama, "bf16", Parallel(1)) - weights_bytes(embedder, "bf16", Parallel(1)) == 128256 * 4096 * 2
