"""Kernels: hand-worked rooflines and their laws."""

from __future__ import annotations

import numpy as np
import pytest
from hand_built import GPUS, gpu
from hypothesis import given
from hypothesis import strategies as st

from aisizer.engine import constants as c
from aisizer.engine.collectives import Link, all_gather_s, all_reduce_s, link
from aisizer.engine.formats import Format
from aisizer.engine.machine import Kernel, expert_kernel, kernel, multiprocessors
from aisizer.engine.roofline import experts_hit, gemm_s, grouped_rows, grouped_s, moe_s, occupancy, overlap, padded

BF16 = Format(16.0, "bf16", weight_only=False)
FP8 = Format(8.0, "fp8", weight_only=False)
W8A16 = Format(8.0, "bf16", weight_only=True)
tokens = st.integers(1, 20000)
sizes = st.integers(1, 260).map(lambda n: 128 * n)


def at(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float64)


@pytest.mark.usefixtures("round_constants")
def test_a_decode_gemm_is_the_time_to_read_its_weights() -> None:
    """A quarter of Llama-70B's gate and up: 14,336 x 8,192 x 2 byte = 234.9 MB at 3.015 TB/s = 77.9 us + 2.7 us."""
    time = gemm_s(at(1), 14336, 8192, kernel(GPUS["h100-sxm"], BF16))
    assert time[0] == pytest.approx(80.6e-6, rel=0.02)


@pytest.mark.usefixtures("round_constants")
def test_fp8_halves_the_read_and_pays_for_rounding() -> None:
    """117.4 MB at 3.015 TB/s = 39.0 us; launch 5 us; the rounding of one row is nothing."""
    time = gemm_s(at(1), 14336, 8192, kernel(GPUS["h100-sxm"], FP8))
    assert time[0] == pytest.approx(44.0e-6, rel=0.02)


@pytest.mark.usefixtures("round_constants")
def test_a_prefill_gemm_is_arithmetic() -> None:
    """2 x 4,096 x 14,336 x 8,192 = 962.1 GFLOP at 0.74 x 989 TFLOP/s = 1,314.6 us x (1 + 100 / 8,192) + 2.7 us."""
    time = gemm_s(at(4096), 14336, 8192, kernel(GPUS["h100-sxm"], BF16))
    assert time[0] == pytest.approx(1333.3e-6, rel=0.002)


@pytest.mark.usefixtures("round_constants")
def test_an_all_reduce_of_a_prefill_chunk_is_bandwidth() -> None:
    """2,048 tokens x 8,192 x 2 byte = 33.55 MB; x 1.75 / (0.7 x 450 GB/s) = 186.4 us; + 5 us + 6e-9 x 5,793 = 34.8 us."""
    time = all_reduce_s(at(2048 * 8192 * 2), 8, link(GPUS["h100-sxm"], 8))
    assert time[0] == pytest.approx(226.2e-6, rel=0.002)


def test_pcie_all_reduce_is_what_l40s_prefill_runs_imply() -> None:
    """The same 33.55 MB x 1.5 on four L40S at 0.4 x 32 GB/s = 3.93 ms: 25 times the time over NVLink."""
    time = all_reduce_s(at(2048 * 8192 * 2), 4, link(GPUS["l40s"], 4))
    assert time[0] == pytest.approx(3.96e-3, rel=0.01)


def test_two_mi300x_share_one_link_of_seven() -> None:
    assert link(GPUS["mi300x"], 2).bus_bandwidth == pytest.approx(448e9 / 7 * 0.7)
    assert link(GPUS["mi300x"], 8).bus_bandwidth == pytest.approx(448e9 * 0.7)


@pytest.mark.usefixtures("round_constants")
def test_a_bridged_pair_falls_back_to_pcie_beyond_the_pair() -> None:
    bridged = gpu("h100-nvl", 94, 3938, 835, 1671, interconnect="nvlink", interconnect_gb_s=300)
    assert link(bridged, 2).bus_bandwidth == pytest.approx(0.7 * 300e9)
    assert link(bridged, 4).bus_bandwidth == pytest.approx(0.4 * 64e9)


@pytest.mark.usefixtures("round_constants")
def test_moe_reads_only_the_experts_that_are_hit() -> None:
    """E_hit(16 tokens, 128 experts, 4 each) = 128 (1 - (124 / 128)^(1 + 0.85 x 15)) = 45.3; 4096 tokens hit all."""
    assert experts_hit(at(1, 16, 4096), 128, 4) == pytest.approx([4.0, 45.28, 128.0], abs=0.01)
    h100 = expert_kernel(GPUS["h100-sxm"], Format(4.25, "bf16", weight_only=True))
    weights = 3 * 2880 * 2880 * 45.28 * 4.25 / 8  # 599 MB
    few = moe_s(at(16), 128, 4, 2880, 2880, 3, h100)[0]
    assert few > weights / 3.015e12
    assert few < moe_s(at(4096), 128, 4, 2880, 2880, 3, h100)[0] / 2


def test_tile_edges_and_waves() -> None:
    assert padded(at(1, 17, 64, 65, 1024, 1025)).tolist() == [16, 32, 64, 128, 1024, 1025]
    full_wave = occupancy(at(128.0), 132 * 128, 132)[0]
    assert 0.99 < full_wave < 1
    assert occupancy(at(128.0), 128, 132)[0] < 0.05


def test_the_smooth_maximum_lies_between_maximum_and_sum() -> None:
    assert 4.0 < overlap(at(3), at(4))[0] < 7.0


def test_emulated_fp8_reads_fp8_and_computes_bf16() -> None:
    a100 = GPUS["a100-sxm"]
    emulated, wide = kernel(a100, W8A16), kernel(a100, BF16)
    decode = [gemm_s(at(1), 8192, 8192, k)[0] for k in (emulated, wide)]
    prefill = [gemm_s(at(8192), 8192, 8192, k)[0] for k in (emulated, wide)]
    assert decode[0] < 0.6 * decode[1]
    assert prefill[0] > prefill[1]


def test_a_gpu_without_a_count_takes_that_of_its_architecture() -> None:
    assert multiprocessors(GPUS["h100-sxm"]) == 132
    assert multiprocessors(gpu("h100-pcie", 80, 2000, 756, 1513, streaming_multiprocessors=114)) == 114


def test_a_native_rate_that_is_missing_is_an_error() -> None:
    with pytest.raises(ValueError, match="no fp8 FLOPS"):
        kernel(GPUS["a100-sxm"], FP8)


@given(m=tokens, more=tokens, n=sizes, k=sizes, fmt=st.sampled_from([BF16, FP8, W8A16]))
def test_more_tokens_never_take_less_time(m: int, more: int, n: int, k: int, fmt: Format) -> None:
    times = gemm_s(at(m, m + more), n, k, kernel(GPUS["h100-sxm"], fmt))
    assert times[1] >= times[0] * (1 - 1e-12)


@given(m=tokens, n=sizes, k=sizes, faster=st.floats(1, 4))
def test_more_bandwidth_or_flops_is_never_slower(m: int, n: int, k: int, faster: float) -> None:
    base = gemm_s(at(m), n, k, kernel(gpu("a", 80, 3350, 989, 1978), BF16))[0]
    wider = gemm_s(at(m), n, k, kernel(gpu("b", 80, 3350 * faster, 989, 1978), BF16))[0]
    stronger = gemm_s(at(m), n, k, kernel(gpu("c", 80, 3350, 989 * faster, 1978), BF16))[0]
    assert wider <= base * (1 + 1e-12)
    assert stronger <= base * (1 + 1e-12)


@given(size=st.floats(1, 1e9), ranks=st.sampled_from([2, 4, 8, 16]))
def test_a_gather_costs_less_than_an_all_reduce_and_more_than_latency(size: float, ranks: int) -> None:
    over = Link(5e-6, 450e9)
    assert 5e-6 < all_gather_s(at(size), ranks, over)[0] < all_reduce_s(at(size), ranks, over)[0]


def test_grouped_products_by_hand_where_arithmetic_binds_and_where_activations_show() -> None:
    """40,000 pairs on 10 experts, 1,000 x 500 x 3: 10 x (4,000 + 32) rows x 3 MFLOP = 121 GFLOP, 15 MB x 2 of weights."""
    slow = Kernel(1e12, 1e15, 132, 1e-6, 2.0, False)
    assert grouped_s(at(40_000), at(10), 1000, 500, 3, slow)[0] == pytest.approx(1e-6 + 0.12096, rel=1e-3)
    narrow = Kernel(1e18, 1e12, 132, 1e-6, 2.0, False)
    moved = 3 * 1000 * 500 * 10 * 2 + 2 * 40_000 * (c.MOE_HIDDEN_PASSES * 1000 + 3 * 500)
    assert grouped_s(at(40_000), at(10), 1000, 500, 3, narrow)[0] == pytest.approx(1e-6 + moved / 1e12, rel=1e-3)


def test_rounding_the_input_reads_two_bytes_and_writes_one_for_each_value() -> None:
    plain = Kernel(1e15, 1e12, 132, 1e-6, 1.0, False)
    rounded = Kernel(1e15, 1e12, 132, 1e-6, 1.0, True)
    more = gemm_s(at(500), 1024, 4096, rounded) - gemm_s(at(500), 1024, 4096, plain)
    assert more[0] == pytest.approx(3 * 500 * 4096 / 1e12)


def test_amd_reaches_less_of_its_datasheet_and_blackwell_scales_fp8_experts_by_blocks() -> None:
    h100, b200 = GPUS["h100-sxm"], GPUS["b200-sxm"]
    amd = h100.model_copy(update={"vendor": "amd"})
    assert kernel(amd, BF16).flops == pytest.approx(c.AMD_COMPUTE_DERATE * kernel(h100, BF16).flops)
    for gpu_of, share in ((h100, c.MOE_EFFICIENCY["fp8"]), (b200, c.MOE_BLOCK_FP8_BLACKWELL)):
        assert gpu_of.fp8_tflops is not None
        assert expert_kernel(gpu_of, FP8).flops == pytest.approx(gpu_of.fp8_tflops * 1e12 * share)
    assert expert_kernel(b200, FP8).quantises_input and not expert_kernel(b200, BF16).quantises_input
    assert expert_kernel(b200, BF16).flops == pytest.approx(2250e12 * c.MOE_EFFICIENCY["bf16"])


def test_experts_are_blocks_of_the_power_of_two_above_their_rows() -> None:
    """Twenty tokens on each of ten experts: half a block of sqrt(2) x 20 in vain."""
    assert grouped_rows(at(200), at(10))[0] == pytest.approx(10 * (20 + 20 / np.sqrt(2)))


def test_every_token_goes_to_each_of_its_experts() -> None:
    h100 = expert_kernel(GPUS["h100-sxm"], BF16)
    assert h100.multiprocessors == kernel(GPUS["h100-sxm"], BF16).multiprocessors == 132
    hit = experts_hit(at(4096), 8, 2)
    assert moe_s(at(4096), 8, 2, 4096, 14336, 3, h100) == grouped_s(at(8192), hit, 4096, 14336, 3, h100)
