"""Hand-built catalog records for the engine room: config.json shapes and datasheet figures."""

from __future__ import annotations

from typing import Any

from aisizer.catalog.records import Attention, Engine, Gpu, Model

SOURCES = {"*": "test"}


def gpu(name: str, memory: float, bandwidth: float, bf16: float, fp8: float | None, **more: Any) -> Gpu:
    fields: dict[str, Any] = {
        "id": name,
        "name": name,
        "vendor": "nvidia",
        "architecture": "hopper",
        "form_factor": "sxm",
        "tdp_w": 700,
        "interconnect": "nvswitch",
        "interconnect_gb_s": 450,
        "sources": SOURCES,
    }
    rates = {"memory_gb": memory, "memory_bandwidth_gb_s": bandwidth, "bf16_tflops": bf16, "fp8_tflops": fp8}
    return Gpu(**(fields | rates | more))


def full(layers: int, kv_heads: int, head_dim: int) -> tuple[Attention, ...]:
    return (Attention(layers=layers, kind="full", kv_heads=kv_heads, head_dim=head_dim),)


def model(name: str, layers: int, hidden: int, heads: int, attention: tuple[Attention, ...], **more: Any) -> Model:
    fields: dict[str, Any] = {
        "id": name,
        "name": name,
        "huggingface": name,
        "architecture": "test",
        "max_context": 131072,
        "sources": SOURCES,
    }
    return Model(layers=layers, hidden=hidden, heads=heads, attention=attention, **(fields | more))


AMPERE = {"architecture": "ampere", "interconnect_gb_s": 300}
PCIE = {"form_factor": "pcie", "interconnect": "pcie", "interconnect_gb_s": 32}
MI300 = {"vendor": "amd", "architecture": "cdna3", "form_factor": "oam", "interconnect": "xgmi"}
B200 = {"architecture": "blackwell", "interconnect_gb_s": 900, "fp4_tflops": 9000}

GPUS = {
    g.id: g
    for g in (
        gpu("h100-sxm", 80, 3350, 989, 1978),
        gpu("h200-sxm", 141, 4800, 989, 1978),
        gpu("a100-sxm", 80, 2039, 312, None, **AMPERE),
        gpu("l40s", 48, 864, 362.05, 733, architecture="ada", **PCIE),
        gpu("b200-sxm", 180, 7700, 2250, 4500, **B200),
        gpu("mi300x", 192, 5300, 1307.4, 2614.9, **(MI300 | {"interconnect_gb_s": 448})),
    )
}

MLA: dict[str, Any] = {
    "kv_lora_rank": 512,
    "q_lora_rank": 1536,
    "qk_nope_head_dim": 128,
    "qk_rope_head_dim": 64,
    "v_head_dim": 128,
}
MIXTRAL: dict[str, Any] = {"experts": 8, "experts_per_token": 2, "expert_ffn": 14336, "max_context": 32768}
DEEPSEEK: dict[str, Any] = {
    "ffn": 18432,
    "experts": 256,
    "experts_per_token": 8,
    "expert_ffn": 2048,
    "shared_experts": 1,
    "dense_layers": 3,
    "published_precision": "fp8",
}
GPT_OSS: dict[str, Any] = {
    "experts": 128,
    "experts_per_token": 4,
    "expert_ffn": 2880,
    "published_precision": "fp4",
}
GPT_OSS_ATTENTION = (
    Attention(layers=18, kind="full", kv_heads=8, head_dim=64),
    Attention(layers=18, kind="sliding", kv_heads=8, head_dim=64, window=128),
)

MODELS = {
    m.id: m
    for m in (
        model("llama-3.1-8b", 32, 4096, 32, full(32, 8, 128), ffn=14336, vocab=128256),
        model("llama-3.3-70b", 80, 8192, 64, full(80, 8, 128), ffn=28672, vocab=128256),
        model("llama-2-7b", 32, 4096, 32, full(32, 32, 128), ffn=11008, vocab=32000),
        model("mixtral-8x7b", 32, 4096, 32, full(32, 8, 128), vocab=32000, **MIXTRAL),
        model("deepseek-v3", 61, 7168, 128, (Attention(layers=61, kind="mla"),), vocab=129280, **(MLA | DEEPSEEK)),
        model("gpt-oss-120b", 36, 2880, 64, GPT_OSS_ATTENTION, vocab=201088, **GPT_OSS),
    )
}


def vllm(**more: Any) -> Engine:
    fields: dict[str, Any] = {
        "id": "vllm-test",
        "name": "vLLM",
        "engine": "vllm",
        "version": "test",
        "year": 2026,
        "step_overhead_s": 1.0e-3,
        "layer_overhead_s": 12e-6,
        "sequence_overhead_s": 5e-6,
        "request_overhead_s": 10e-3,
        "memory_fraction": 0.9,
        "runtime_gb": 1.0,
        "token_budget": 8192,
        "max_batch": 256,
        "sources": SOURCES,
    }
    return Engine(**(fields | more))
