"""Bytes by hand: weights of a stage, the workspace of experts, the cache of one request, and what is refused at the edge."""

from __future__ import annotations

import numpy as np
import pytest
from hand_built import GPUS, MODELS, full, model, vllm

from aisizer.catalog.records import Attention
from aisizer.engine.attention import _pair_flop
from aisizer.engine.graphs import captured
from aisizer.engine.layouts import embedding_weights, parallelism_fault
from aisizer.engine.memory import (
    Memory,
    activation_bytes,
    longest_request_bytes,
    memory_of,
    token_bytes,
    weights_bytes,
)
from aisizer.engine.parallel import Parallel, parallel_fault
from aisizer.errors import Rejection

SMALL = MODELS["llama-3.1-8b"]
LAYER = 4096 * (32 + 2 * 8) * 128 + 4096 * 4096 + 3 * 4096 * 14336
"""weights of a layer of it: query, key and value; output; gate, up and down"""
EMBEDDING = 128256 * 4096


def test_weights_of_one_gpu_are_two_bytes_each_and_nothing_besides() -> None:
    assert weights_bytes(SMALL, "bf16", Parallel()) == 2 * (32 * LAYER + 2 * EMBEDDING)


@pytest.mark.parametrize("more", [{"tied_embeddings": True}, {"prefill_only": True}, {}])
def test_a_stage_holds_one_table_and_the_longest_run_of_layers(more: dict[str, bool]) -> None:
    """33 layers on two GPUs are 17 and 16; embedding and head are apart, and a tied or only table is whole on its stage."""
    attention = (SMALL.attention[0].model_copy(update={"layers": 33}),)
    found = SMALL.model_copy(update={"layers": 33, "attention": attention} | more)
    assert weights_bytes(found, "bf16", Parallel(pipeline=2)) == pytest.approx(2 * (17 * LAYER + EMBEDDING))
    held = longest_request_bytes(found, Parallel(pipeline=2), 1000)
    assert held == pytest.approx(17 * 2 * 8 * 128 * 2 * 1000)


def test_mxfp4_pads_the_part_of_an_experts_width_that_a_gpu_holds() -> None:
    """2,880 / 8 = 360 becomes 384 and 2,880 becomes 3,072: 36 layers x 128 experts x 3 x 384 x 3,072 at 4.25 bit."""
    eight = Parallel(8)
    padded, plain = (weights_bytes(MODELS["gpt-oss-120b"], p, eight) for p in ("fp4", "bf16"))
    count = 36 * 128 * 3
    assert plain - padded == pytest.approx(count * (360 * 2880 * 2 - 384 * 3072 * 4.25 / 8))


@pytest.mark.parametrize(
    ("name", "cut", "width"),
    [
        ("mixtral-8x7b", Parallel(), 2 * (3 * 14336 + 2 * 4096)),
        ("mixtral-8x7b", Parallel(2), 2 * (3 * 7168 + 2 * 4096)),
        ("deepseek-v3", Parallel(attention_dp=8, expert=8), 8 * (3 * 2048 + 2 * 7168)),
        ("deepseek-v3", Parallel(attention_dp=8), 64 * (3 * 256 + 2 * 7168)),
        ("deepseek-v3", Parallel(8, expert=8), 3 * 2048 + 2 * 7168),
        ("llama-3.3-70b", Parallel(4), 3 * 28672 / 4),
    ],
)
def test_the_workspace_is_that_of_the_wider_of_mlp_and_experts(name: str, cut: Parallel, width: float) -> None:
    """Each token's copies on a rank need gate, up and product, and their hidden state before and after."""
    found, engine = MODELS[name], vllm(max_batch=1)
    assert activation_bytes(found, engine, cut) == pytest.approx(8192 * 2 * (found.hidden + width))


def test_one_request_of_a_model_with_windows() -> None:
    """gpt-oss: 18 layers of 8 x 64 keys and values keep all of 1,000 tokens, 18 keep 128."""
    held = longest_request_bytes(MODELS["gpt-oss-120b"], Parallel(), 1000)
    assert held == pytest.approx(18 * 2 * 8 * 64 * 2 * (1000 + 128))
    assert longest_request_bytes(MODELS["gpt-oss-120b"], Parallel(), 1000, 1) == pytest.approx(held / 2)


def test_a_request_that_only_fits_in_an_8_bit_cache() -> None:
    """70B at FP8 on two H100 leaves 33.3 GB: 262,144 tokens take 42.9 GB each, and at 8 bit 21.5; so does the mend of one GPU."""

    def fit(kv_bytes: float, gpus: int = 2) -> Memory | Rejection:
        return memory_of(
            MODELS["llama-3.3-70b"], GPUS["h100-sxm"], vllm(), parallel=Parallel(gpus), precision="fp8",
            mean_context_tokens=1024, max_context_tokens=262_144, kv_bytes=kv_bytes,
        )  # fmt: skip

    assert not isinstance(fit(2), Memory) and isinstance(fit(1), Memory)
    for kv_bytes, least in ((2, 4), (1, 2)):
        found = fit(kv_bytes, gpus=1)
        assert isinstance(found, Rejection) and f"The least tensor_parallel that fits is {least}." in found.detail


def test_a_linear_layer_keeps_nothing_for_a_token_though_it_has_key_heads() -> None:
    linear = Attention(
        layers=36, kind="linear", key_heads=16, value_heads=32, state_head_dim=128, kv_heads=8, head_dim=128
    )
    assert token_bytes(linear, SMALL, 1) == 0.0
    assert _pair_flop(linear, SMALL, 1) == 0.0


def test_a_table_narrower_than_the_model_is_widened_on_the_way_in_and_narrowed_on_the_way_out() -> None:
    """1,000 rows of 512 twice, and two matrices of 512 x 2,048."""
    narrow = model("narrow", 2, 2048, 16, full(2, 16, 128), ffn=8192, vocab=1000, embedding_width=512)
    assert embedding_weights(narrow, 1) == 2 * 1000 * 512 + 2 * 512 * 2048
    assert embedding_weights(narrow.model_copy(update={"embedding_width": None}), 1) == 2 * 1000 * 2048


def test_heads_that_cannot_be_shared_say_how_many_gpus_were_asked_for_and_how_many_heads_there_are() -> None:
    uneven = model("uneven", 40, 5120, 40, full(40, 10, 128), ffn=17920, vocab=100352)
    found = parallelism_fault(uneven, 4)
    assert found is not None and (found.got, found.limit, found.unit) == (4.0, 10.0, "GPU")
    latent = MODELS["deepseek-v3"].attention[0].model_copy(update={"kv_heads": 3})
    assert parallelism_fault(MODELS["deepseek-v3"].model_copy(update={"attention": (latent,)}), 8) is None


def test_cuts_at_the_edge_of_what_can_be() -> None:
    """As many stages as layers, as many ranks as experts, and a model of one expert."""
    assert parallel_fault(SMALL, Parallel(pipeline=32)) is None
    assert parallel_fault(MODELS["mixtral-8x7b"], Parallel(8, expert=8)) is None
    found = parallel_fault(MODELS["mixtral-8x7b"].model_copy(update={"experts": 1}), Parallel(2, expert=2))
    assert found is not None and found.limit == 1.0 and "has 1 experts" in found.detail
    for cut, name in ((Parallel(2, expert=2), "expert_parallel"), (Parallel(attention_dp=2), "attention_dp")):
        found = parallel_fault(SMALL, cut)
        assert found is not None and (found.got, found.limit) == (2.0, 1.0) and f"Use {name} 1." in found.detail
    found = parallel_fault(MODELS["deepseek-v3"], Parallel(4, attention_dp=2, expert=4))
    assert found is not None and "over all of them or over none" in found.detail


def test_a_step_runs_the_next_captured_size_at_every_edge() -> None:
    at = np.array([1.0, 2, 3, 4, 5, 8, 9, 256, 257, 272, 273, 512, 513])
    assert captured(at, 512).tolist() == [1, 2, 4, 4, 8, 8, 16, 256, 272, 272, 288, 512, 513]
