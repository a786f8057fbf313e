"""The physical constants of the step-time model: one generic set for every GPU; datasheet figures do the rest.

Each constant names its unit, its source and its prior width (one standard deviation, relative), for calibration and
error bands. "tables" is a generic value fitted by us to kernel tables that the PyPI package aiconfigurator-core 0.12
publishes (Apache-2.0; arXiv:2601.06288); "moved" says that published end-to-end measurements, none of a held-out pair of
model and GPU, have moved it from there (benchmarks/accuracy/joint_fit.py, docs/accuracy.md); "assumed" has a reason instead
of a measurement.
"""

from __future__ import annotations

from typing import Literal

Compute = Literal["bf16", "fp8", "fp4"]

# Matrix multiplication -----------------------------------------------------------------------------------------------
GEMM_LAUNCH_S: dict[Compute, float] = {"bf16": 2.29e-6, "fp8": 4.33e-6, "fp4": 6.36e-6}
"""[s] floor of one kernel inside a CUDA graph, input quantisation kernel included; tables 2.7, 5.0 and 6.4 us, moved;
prior 25 %."""
GEMM_EFFICIENCY: dict[Compute, float] = {"bf16": 0.67, "fp8": 0.78, "fp4": 0.45}
"""[1] of the dense datasheet FLOPS at large sizes; tables 0.74, 0.68 and 0.48, moved; prior 8 %, half as
much again for FP4. Best matmul of H100: 0.80 BF16, 0.71 FP8 (S. Bekman, ml-engineering, MAMF table, 2026-08)."""
BANDWIDTH_EFFICIENCY = 0.86
"""[1] of the datasheet memory bandwidth; tables 0.87-0.94, moved; prior 4 %."""
AMD_COMPUTE_DERATE = 0.64
"""[1] AMD against NVIDIA at equal datasheet FLOPS: best matmul 0.51 of peak on MI300X, 0.80 on H100 (MAMF table);
prior 15 %."""
WEIGHT_ONLY_DERATE = 0.85
"""[1] of BF16 FLOPS where weights are expanded in the kernel (Marlin, arXiv:2408.11743); the figure is assumed: the
expansion costs a little of a large GEMM; prior 15 %."""
TILE = 64
"""[token] granularity of the rows of a GEMM above 64 rows; prior none (a size)."""
DECODE_TILE = 16
"""[token] granularity below: rows of one tensor-core instruction (PTX ISA, mma m16n8k16); prior none (a size)."""
OUTPUT_TILE = 128
"""[1] columns of one output tile."""
TILED_UP_TO = 1024
"""[token] above this the waste of a partly filled tile is under 6 % and kernels choose tiles that avoid it."""
HALF_WAVE = 0.3
"""[1] waves of output tiles below which splitting the inner dimension no longer fills the GPU; assumed, looked at once
against the measurements named in the tests; prior 50 %."""
PIPELINE_INPUTS = 100.0
"""[1] columns of the inner dimension that a tile's prologue and epilogue cost; assumed; prior 50 %."""
OVERLAP_POWER = 3.0
"""[1] exponent of the smooth maximum of compute and memory time (infinity: perfect overlap); assumed; prior 30 %."""

# Mixture of experts --------------------------------------------------------------------------------------------------
MOE_LAUNCH_S = {"bf16": 25e-6, "fp8": 43.2e-6, "fp4": 14.6e-6, "weight_only": 26.7e-6}
"""[s] routing, sort, quantisation, two grouped GEMMs and combine of one layer; the quickest tenth of the tables' shapes at
one token, median of engines: 15-37 us BF16, 19-37 FP8, 15-21 FP4 (fused into one kernel), 18-70 weight-only, moved but for
BF16; prior 30 %."""
MOE_EFFICIENCY = {"bf16": 0.33, "fp8": 0.24, "fp4": 0.27, "weight_only": 0.24}
"""[1] of dense FLOPS in grouped kernels; tables of H100, H200 and B200 with routing by power law, up to 8 ways: 0.33, 0.25,
0.33 and 0.20, moved; FP8 is that of 128 x 128 blocks, in which FP8 mixtures of experts are published; weight-only, of BF16
FLOPS; prior 15 %."""
MOE_BLOCK_FP8_BLACKWELL = 0.17
"""[1] of dense FP8 FLOPS on Blackwell, whose tensor cores have no instruction for those blocks; tables; no less
than BF16 reaches, which an engine can fall back to; prior 15 %."""
MOE_HIDDEN_PASSES = 9.0
"""[1] passes over the hidden state of each routed pair: gathered, quantised, read, written and summed; tables 5
(3.7 to 7.6 by format), moved; prior 25 %."""
ROUTING_SKEW = 0.78
"""[1] of an independent choice of experts that each token after the first of a step makes; tables 0.7-1.0, moved; prior 10 %."""
MOE_BLOCKS = (16.0, 64.0)
"""[token] smallest and largest block of rows of a grouped kernel (vLLM, fused_moe.py, get_default_config: 16 where a step has
no more tokens than experts, else 64; tuned kernels choose between them); prior none (sizes)."""

# Attention -----------------------------------------------------------------------------------------------------------
DECODE_ATTENTION_LAUNCH_S = 5.84e-6
"""[s] floor per layer; tables 6-9 us, moved; prior 20 %."""
PREFILL_ATTENTION_LAUNCH_S = 7e-6
"""[s] floor per layer; as decode; prior 30 %."""
ATTENTION_BANDWIDTH_EFFICIENCY = 0.91
"""[1] of the memory bandwidth while the key-value cache is read; tables 0.85-0.97, moved; prior 5 %."""
ATTENTION_EFFICIENCY = 0.52
"""[1] of dense BF16 FLOPS in attention kernels; tables 0.56-0.70, moved; prior 15 %."""

# Collectives ---------------------------------------------------------------------------------------------------------
ALL_REDUCE_LAUNCH_S = {"nvswitch": 2.93e-6, "nvlink": 2.93e-6, "xgmi": 10e-6, "pcie": 15e-6}
"""[s] latency of one all-reduce; NVLink: tables, with the three below, the quickest of each engine's kernels at 8 kB to 256 MB
on A100 to B300, 2 to 8 GPUs, 3.9 us at a median error of 15 %, moved; prior 20 %; xGMI and PCIe assumed, prior 50 %."""
BUS_EFFICIENCY = {"nvswitch": 0.70, "nvlink": 0.70, "xgmi": 0.7, "pcie": 0.40}
"""[1] bus bandwidth over the one-way link rate. NVLink: tables 0.71, moved; prior 12 %. xGMI: assumed; prior
25 %. PCIe: sources disagree; prefill-bound runs of a 70B model on 4 and 8 x L40S imply 14 of 32 GB/s (TensorRT-LLM
performance tables, v0.12 to v0.17), and the value was set after seeing them; kernel tables say 2-5 GB/s; prior 50 %."""
PCIE_GB_S = 64.0
"""[GB/s] one-way PCIe 5.0 x16: what bridged pairs of NVLink cards use beyond the pair."""
XGMI_PEERS = 7
"""[1] peers among which an AMD GPU's links are divided; each pair owns one seventh (8-GPU full mesh)."""
ALL_REDUCE_GROWTH = {"nvswitch": 6.3e-9, "nvlink": 6.3e-9, "xgmi": 2e-8, "pcie": 6e-9}
"""[s/byte^0.5] middle sizes among eight GPUs, between latency and bandwidth. NVLink: tables 6, moved; PCIe as NVLink, for
want of tables; prior 30 %. xGMI: fit to E2E of Llama-3.1-70B on 8 x MI300X by batch (ROCm/vllm performance tables, vLLM 0.6
to 0.11), where the missing time per all-reduce grows as 6, 12, 20, 34 us for 0.13, 0.5, 1 and 2 MB; one model, prior 40 %."""
ALL_REDUCE_GROWTH_POWER = 0.78
"""[1] the middle term grows with ((n - 1) / 7) to this power; tables; prior 30 %."""
INTER_NODE_GB_S = 50.0
"""[GB/s] one way per GPU between servers: one 400 Gb/s InfiniBand or RoCE port each (ConnectX-7; NVIDIA DGX H100 reference
architecture)."""
INTER_NODE_EFFICIENCY = 0.85
"""[1] of that rate; fit with ALL_TO_ALL_LAUNCH_S to ten dispatch and combine times between servers, EP16 to EP256, within
6 % (DeepSeek-AI, DeepEP, docs/legacy.md: 39 to 63 GB/s on 50 GB/s ports, local traffic included); prior 10 %."""
INTER_NODE_LAUNCH_S = 10e-6
"""[s] latency of a collective step between servers: NCCL and the network hop; assumed, 5-10 us; prior 40 %."""
ALL_TO_ALL_LAUNCH_S = 25e-6
"""[s] latency of one dispatch or combine of expert parallelism; fit, see INTER_NODE_EFFICIENCY; prior 30 %."""
ALL_TO_ALL_GROUPED_LAUNCH_S = 200e-6
"""[s] the same for kernels that send a token once to each server and need the host to learn the counts; assumed: long
enough that DeepEP keeps its other kernels for 128 tokens on 16 GPUs; prior 50 %."""
DISPATCH_FP8_BYTES = 1
"""[byte] of one value sent to the experts where they compute in 8 or 4 bit (DeepEP: FP8 dispatch, BF16 combine)."""

# Imbalance between ranks ---------------------------------------------------------------------------------------------
EXPERT_POPULARITY_SPREAD = 0.5
"""[1] coefficient of variation of the load of single experts over long times, beyond chance; assumed: training balances
it, single domains do not; no measurement found; prior 50 %."""
CONTEXT_SPREAD = 0.5
"""[1] coefficient of variation of the context of decoding sequences; assumed, log-normal prompts of p95/mean near 2 have
0.6 and constant lengths with uniform age up to 0.3; prior 50 %."""

# CUDA graphs ---------------------------------------------------------------------------------------------------------
KERNELS = {"full": 7, "sliding": 7, "chunked": 7, "linear": 29, "mla": 29}
"""[1] kernels of one layer of attention: norm, matrices, rotary embedding, cache write, attention, collective;
linear: convolution, gates and the chunked recurrence instead; MLA: down and up projections, absorbed products, copies. Our
own rough count of operators; prior 30 %."""
MLP_KERNELS = 5
"""[1] kernels of one dense MLP: norm, two products, activation, collective; a rough count, as KERNELS."""
EXPERT_KERNELS = {"bf16": 8, "fp8": 8, "fp4": 3, "weight_only": 8}
"""[1] kernels more where the MLP is routed: router, top-k, sort, quantisation, two products, sum; FP4 engines fuse them into
one behind the router; a rough count, as KERNELS."""
SHARED_EXPERT_KERNELS = 8
"""[1] kernels more of shared experts, sum and stream switch included; a rough count, as KERNELS."""
GRAPH_KERNELS = {"full": 0, "sliding": 0, "chunked": 0, "linear": 6, "mla": 0}
"""[1] small kernels of a layer inside a CUDA graph beyond those of full attention, each at the launch floor of a BF16 matrix:
convolution, gates and norms of linear attention; a rough count, as KERNELS."""
INDEXER_KERNELS = 10
"""[1] kernels more of a layer with a sparse-attention indexer, inside a graph or not; a rough count, as KERNELS."""

# Elementwise ---------------------------------------------------------------------------------------------------------
NORM_PASSES = 6
"""[1] passes over the hidden state per layer: two fused norms read and write the residual and write their output."""
VALUE_BYTES = 2
"""[byte] of one activation or key-value entry: BF16, the engines' default cache type."""
KV_BYTES = {"bf16": 2, "fp8": 1}
"""[byte] of one key-value entry by cache precision; scales per tensor weigh nothing."""
INDEX_KEY_BYTES = 1
"""[byte] of one value of an indexer's key, kept in FP8 (DeepSeek-V3.2 technical report, 2025)."""
INDEX_SCALE_BYTES = 4
"""[byte] one FP32 scale per indexer key of 128 values (vLLM's cache of DeepSeek V3.2: 132 byte a token)."""
STATE_VALUE_BYTES = 4
"""[byte] of one entry of a linear layer's state, kept in FP32."""

# Memory --------------------------------------------------------------------------------------------------------------
SAMPLER_BYTES_PER_LOGIT = 38.4
"""[byte] peak of the sampler per sequence and vocabulary entry, about 9.6 FP32 copies; fit to vLLM 0.11 start-up logs of
llm-d-planner @e50305a: seven of eight within 1 %; Mistral-Small-3.2 logs less than half of it, unexplained; prior 30 %."""
DEFAULT_CONTEXT_TOKENS = 1024.0
"""[token] mean context of a decoding sequence where the caller knows none; short, so that windows save little.
Azure 2023 conversation trace: 1,155 prompt tokens at the mean; assumed."""
WEIGHT_BITS = {"bf16": 16.0, "fp8": 8.0, "fp4": 4.5, "int8": 8.0, "int4": 4.125}
"""[bit] per weight with its scales: NVFP4 has an 8-bit scale per 16, INT4 a 16-bit scale per 128; others coarser."""
MXFP4_WIDTH_TILE = 64
"""[1] multiple to which vLLM pads the width of an MXFP4 expert on one GPU (quantization/mxfp4.py: Triton 64, Marlin 128)."""
MXFP4_HIDDEN_TILE = 256
"""[1] the same for the hidden size: logged weights of gpt-oss on H100 are 6 % above the checkpoint's."""
PUBLISHED_EXPERT_BITS = {"fp4": 4.25, "int4": 4.5}
"""[bit] per expert weight of models published at 4 bit: MXFP4 (8-bit scale per 32, OCP MX v1.0), INT4 (16 per 32)."""

MULTIPROCESSORS = {"ampere": 108, "ada": 142, "hopper": 132, "blackwell": 148, "cdna3": 304, "cdna4": 256}
"""[1] where the catalog has no count for the GPU: that of H100, L40S, A100, B200, MI300X and MI355X for their architectures."""
GPUS_PER_NODE = 8
"""[GPU] of one server joined by the fast link: HGX and OAM boards; rack-scale systems name their own."""
TENSOR_PARALLELS = (1, 2, 4, 8, 16)
"""[GPU] degrees considered: powers of two divide head counts; beyond 16 the all-reduce latency dominates."""

PRIOR_WIDTHS = {
    "GEMM_LAUNCH_S": 0.25,
    "GEMM_EFFICIENCY": 0.08,
    "BANDWIDTH_EFFICIENCY": 0.04,
    "AMD_COMPUTE_DERATE": 0.15,
    "WEIGHT_ONLY_DERATE": 0.15,
    "HALF_WAVE": 0.50,
    "PIPELINE_INPUTS": 0.50,
    "OVERLAP_POWER": 0.30,
    "MOE_LAUNCH_S": 0.30,
    "MOE_EFFICIENCY": 0.15,
    "MOE_BLOCK_FP8_BLACKWELL": 0.15,
    "MOE_HIDDEN_PASSES": 0.25,
    "ROUTING_SKEW": 0.10,
    "DECODE_ATTENTION_LAUNCH_S": 0.20,
    "PREFILL_ATTENTION_LAUNCH_S": 0.30,
    "ATTENTION_BANDWIDTH_EFFICIENCY": 0.05,
    "ATTENTION_EFFICIENCY": 0.15,
    "ALL_REDUCE_LAUNCH_S": 0.20,
    "BUS_EFFICIENCY": 0.12,
    "ALL_REDUCE_GROWTH": 0.30,
    "ALL_REDUCE_GROWTH_POWER": 0.30,
    "INTER_NODE_EFFICIENCY": 0.10,
    "INTER_NODE_LAUNCH_S": 0.40,
    "ALL_TO_ALL_LAUNCH_S": 0.30,
    "ALL_TO_ALL_GROUPED_LAUNCH_S": 0.50,
    "EXPERT_POPULARITY_SPREAD": 0.50,
    "CONTEXT_SPREAD": 0.50,
    "KERNELS": 0.30,
    "SAMPLER_BYTES_PER_LOGIT": 0.30,
}
"""[1] one relative standard deviation of each uncertain constant, the first prior that its text names: what a calibration may
move and an error band must cover. Sizes, units and definitions are not in it."""
