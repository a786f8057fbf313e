"""Checks that figures are plausible together: ratios of peak rates, ranges, references, parameter counts."""

from __future__ import annotations

import re
from collections.abc import Iterator

from aisizer.catalog.catalog import Catalog
from aisizer.catalog.parameters import active_parameters, total_parameters
from aisizer.catalog.records import Attention, Gpu, Model, Server
from aisizer.errors import InvalidInput

FP8_OVER_BF16 = ((0.95, 1.05), (1.9, 2.1))
"""[1] dense FP8 runs at the rate of BF16 (Gaudi-like) or at twice it; 4 means that sparse was taken for dense"""
FP4_OVER_FP8 = ((1.9, 2.1), (2.7, 3.4))
"""[1] dense FP4 runs at twice FP8, on Blackwell Ultra at about three times"""
BF16_TFLOPS_PER_WATT = {
    "volta": (0.3, 0.6),
    "turing": (0.6, 1.2),
    "ampere": (0.2, 1.4),
    "ada": (0.3, 1.8),
    "hopper": (0.3, 2.3),
    "blackwell": (0.7, 2.6),
    "cdna2": (0.4, 0.9),
    "cdna3": (1.2, 1.9),
    "cdna4": (1.5, 2.4),
    "gaudi3": (1.2, 2.2),
}
"""[TFLOPS/W] dense BF16 over TDP of the datasheets read, with a margin: low for cards held back by sale or export rules
(A10G, L20, H20)"""
MEMORY_GB = (16.0, 512.0)
"""[GB] L4 to the announced parts of 2026"""
BANDWIDTH_GB_S = (200.0, 25_000.0)
"""[GB/s] GDDR6 of the L4 to the announced parts of 2026"""
DEVICE_OVER_SOLD = (0.97, 1.08)
"""[1] memory that the driver reports over the figure it is sold under: L4 0.986, where ECC takes some, MI300X 1.074, since its
GB are GiB"""
INTERCONNECT_GB_S = (15.0, 2_000.0)
"""[GB/s] one way: PCIe 3.0 x16 to the announced parts of 2026"""
TDP_SHARE_OF_SERVER = (0.1, 0.95)
"""[1] GPUs' share of a server's greatest power: 0.13 with four L4, 0.71 with eight RTX PRO 6000"""
COUNT_TOLERANCE = 0.02
"""[1] between our parameter count and the published one"""
NAME_TOLERANCE, NAME_ROUNDING_B = 0.08, 0.25
"""[1], [10^9] between our parameter count and the size in the model's name, whichever is wider: 1.24 B is sold as 1B"""


def verify_catalog(catalog: Catalog) -> list[str]:
    """Every implausible or dangling figure of the catalog, one sentence each; empty if all is well."""
    problems: list[str] = []
    for gpu in catalog.gpus.values():
        problems += _gpu(gpu)
    for server in catalog.servers.values():
        problems += _server(server, catalog)
    problems += _references(catalog)
    for name in catalog.models:
        try:
            problems += _model(catalog.models[name])
        except InvalidInput as error:
            problems.append(str(error))
    return problems


def _gpu(gpu: Gpu) -> Iterator[str]:
    if gpu.fp8_tflops is not None:
        yield from _ratio(f"gpus/{gpu.id}: fp8_tflops / bf16_tflops", gpu.fp8_tflops / gpu.bf16_tflops, FP8_OVER_BF16)
    if gpu.fp4_tflops is not None and gpu.fp8_tflops is not None:
        yield from _ratio(f"gpus/{gpu.id}: fp4_tflops / fp8_tflops", gpu.fp4_tflops / gpu.fp8_tflops, FP4_OVER_FP8)
    yield from _ratio(
        f"gpus/{gpu.id}: device memory / memory_gb", gpu.device_bytes / gpu.memory_gb / 1e9, (DEVICE_OVER_SOLD,)
    )
    density = BF16_TFLOPS_PER_WATT[gpu.architecture]
    held = gpu.bf16_tflops * gpu.sustained_clock_share
    yield from _ratio(f"gpus/{gpu.id}: bf16_tflops / tdp_w", held / gpu.tdp_w, (density,))
    for field, value, bounds in (
        ("memory_gb", gpu.memory_gb, MEMORY_GB),
        ("memory_bandwidth_gb_s", gpu.memory_bandwidth_gb_s, BANDWIDTH_GB_S),
        ("interconnect_gb_s", gpu.interconnect_gb_s, INTERCONNECT_GB_S),
    ):
        yield from _ratio(f"gpus/{gpu.id}: {field}", value, (bounds,))


def _server(server: Server, catalog: Catalog) -> Iterator[str]:
    gpu = catalog.gpus.get(server.gpu)
    if gpu is None:
        yield f"servers/{server.id}: the catalog has no gpu {server.gpu!r}. Add it or correct the name."
        return
    share = server.gpus * gpu.tdp_w / 1000 / server.max_power_kw
    yield from _ratio(f"servers/{server.id}: GPUs' share of max_power_kw", share, (TDP_SHARE_OF_SERVER,))


def _references(catalog: Catalog) -> Iterator[str]:
    for prices in catalog.prices.values():
        for name, instance in prices.instances.items():
            if instance.gpu not in catalog.gpus:
                yield f"prices/{prices.id}: {name}: the catalog has no gpu {instance.gpu!r}. Correct the name."
    for site in catalog.sites.values():
        for provider in site.providers:
            if provider not in catalog.prices:
                yield f"sites/{site.id}: the catalog has no price list {provider!r}. Add it or correct the name."
    for api in catalog.apis.values():
        for model in api.models:
            if model not in catalog.models:
                yield f"apis/{api.id}: the catalog has no model {model!r}. Add it or correct the name."


def _model(model: Model) -> Iterator[str]:
    total, active = total_parameters(model) / 1e9, active_parameters(model) / 1e9
    yield from _count(model.id, "parameters", total, model.published_params_b, COUNT_TOLERANCE)
    yield from _count(model.id, "active parameters", active, model.published_active_params_b, COUNT_TOLERANCE)
    if model.published_params_b is None:
        named = named_size_b(model.name)
        yield from _count(model.id, "parameters", total, named, max(NAME_TOLERANCE, NAME_ROUNDING_B / (named or 1.0)))
    attending = sum(group.layers for group in model.attention)
    if attending > model.layers:
        yield f"models/{model.id}: attention has {attending} layers of {model.layers}. Correct the groups."
    for group in model.attention:
        yield from _group(model.id, group)


def named_size_b(name: str) -> float | None:
    """The size in a model's name, in 10^9 parameters; None where it has none or a product such as 8x7B.

    >>> named_size_b("Qwen3 0.6B"), named_size_b("Gemma 4 26B A4B"), named_size_b("GLM 5"), named_size_b("8x7B")
    (0.6, 26.0, None, None)
    """
    found = re.search(r"(?<![\w.])(\d+(?:\.\d+)?)B\b", name)
    return float(found[1]) if found else None


def _group(name: str, group: Attention) -> Iterator[str]:
    if group.kind in ("full", "sliding", "chunked") and not (group.kv_heads and group.head_dim):
        yield f"models/{name}: {group.kind} attention needs kv_heads and head_dim. Add them."
    if group.kind in ("sliding", "chunked") and group.window is None:
        yield f"models/{name}: {group.kind} attention needs its window. Add it."
    if group.kind == "linear" and not (group.key_heads and group.value_heads and group.state_head_dim):
        yield f"models/{name}: linear attention needs key_heads, value_heads and state_head_dim. Add them."


def _count(name: str, what: str, counted: float, published: float | None, tolerance: float) -> Iterator[str]:
    if published is not None and abs(counted / published - 1) > tolerance:
        yield (
            f"models/{name}: the dimensions give {counted:.2f} B {what} but {published:g} B are published. "
            "Correct the dimensions."
        )


def _ratio(what: str, value: float, ranges: tuple[tuple[float, float], ...]) -> Iterator[str]:
    if not any(low <= value <= high for low, high in ranges):
        expected = " or ".join(f"{low:g} to {high:g}" for low, high in ranges)
        yield f"{what} is {value:.3g}; {expected} is plausible. Check for a sparse figure or another unit."
