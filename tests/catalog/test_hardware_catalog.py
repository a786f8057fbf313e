"""The packaged hardware data: plausible, sourced, complete, and found under the names people use."""

from collections import Counter
from dataclasses import replace

import pytest

from aisizer.catalog.catalog import Catalog
from aisizer.catalog.load import load_catalog
from aisizer.catalog.names import UnknownName, spelled, untuned
from aisizer.catalog.parameters import active_parameters, total_parameters
from aisizer.catalog.verify import verify_catalog


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


def test_the_catalog_is_plausible(catalog: Catalog) -> None:
    assert verify_catalog(catalog) == []


def test_it_holds_what_a_newcomer_looks_for(catalog: Catalog) -> None:
    assert len(catalog.gpus) >= 12
    assert len(catalog.models) >= 25
    assert {"vllm-0.33", "vllm-0.6", "sglang-0.5.23"} <= set(catalog.engines)
    assert {model.developer_country for model in catalog.models.values()} >= {"us", "cn", "fr"}
    assert any(model.prefill_only for model in catalog.models.values())


def test_every_gpu_comes_in_a_server_or_says_that_it_does_not(catalog: Catalog) -> None:
    offered = {server.gpu for server in catalog.servers.values()}
    offered |= {instance.gpu for prices in catalog.prices.values() for instance in prices.instances.values()}
    silent = {gpu.id for gpu in catalog.gpus.values() if not any("No server" in note for note in gpu.notes)}
    assert silent == offered


@pytest.mark.parametrize(
    ("name", "figures"),
    [  # memory GB, bandwidth GB/s, dense BF16 and FP8 TFLOPS, TDP W, interconnect one way GB/s: vendors' datasheets
        ("a100-80-sxm", (80, 2039, 312, None, 400, 300)),
        ("h100-sxm", (80, 3350, 989, 1978, 700, 450)),
        ("h200-sxm", (141, 4800, 989, 1978, 700, 450)),
        ("b200-sxm", (180, 7700, 2250, 4500, 1000, 900)),
        ("l40s", (48, 864, 362.05, 733, 350, 31.5)),
        ("mi300x", (192, 5300, 1307.4, 2614.9, 750, 448)),
    ],
)
def test_datasheet_figures(catalog: Catalog, name: str, figures: tuple[float | None, ...]) -> None:
    gpu = catalog.gpus[name]
    assert figures == (
        gpu.memory_gb,
        gpu.memory_bandwidth_gb_s,
        gpu.bf16_tflops,
        gpu.fp8_tflops,
        gpu.tdp_w,
        gpu.interconnect_gb_s,
    )


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("h100-sxm", {"fp8_tflops": 3957.0}),
        ("h200-sxm", {"bf16_tflops": 1979.0, "fp8_tflops": 3957.0}),
        ("b200-sxm", {"fp8_tflops": 9000.0}),
        ("rtx-pro-6000", {"fp4_tflops": 4000.0}),
        ("mi355x", {"fp8_tflops": 10100.0}),
        ("l4", {"memory_gb": 24e9}),
        ("a100-80-pcie", {"memory_bandwidth_gb_s": 1.935}),
    ],
)
def test_sparse_figures_and_wrong_units_are_caught(catalog: Catalog, name: str, change: dict[str, float]) -> None:
    wrong = catalog.gpus[name].model_copy(update=change)
    problems = verify_catalog(replace(catalog, gpus={**catalog.gpus, name: wrong}))
    assert problems and all(name in problem for problem in problems if problem.startswith("gpus/"))


def test_a_wrong_dimension_is_caught(catalog: Catalog) -> None:
    wrong = catalog.models["llama-3.1-70b"].model_copy(update={"layers": 82})
    assert any("llama-3.1-70b" in p for p in verify_catalog(replace(catalog, models={"llama-3.1-70b": wrong})))


def test_parameter_counts_match_the_published_ones(catalog: Catalog) -> None:
    published = [model for model in catalog.models.values() if model.published_params_b is not None]
    assert len(published) >= 30
    for model in published:
        assert total_parameters(model) / 1e9 == pytest.approx(model.published_params_b, rel=0.02), model.id
        if model.published_active_params_b is not None:
            assert active_parameters(model) / 1e9 == pytest.approx(model.published_active_params_b, rel=0.02), model.id


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("h100-sxm", "h100-sxm"),
        ("H100-SXM", "h100-sxm"),
        ("h100_sxm", "h100-sxm"),
        ("NVIDIA H100 80GB HBM3", "h100-sxm"),
        ("NVIDIA L40S", "l40s"),
        ("AMD Instinct MI300X", "mi300x"),
        ("NVIDIA A100-SXM4-80GB", "a100-80-sxm"),
        ("A100-80GB", "a100-80-sxm"),
        ("NVIDIA A100-SXM4-40GB", "a100-40-sxm"),
        ("A100-40GB-SXM", "a100-40-sxm"),
        ("NVIDIA A100-PCIE-40GB", "a100-40-pcie"),
        ("NVIDIA A100 80GB PCIe", "a100-80-pcie"),
        ("A10G", "a10g"),
        ("H100 (79.18 GiB)", "h100-sxm"),
        ("8xH100", "h100-sxm"),
        ("H100-SXM-powercapped", "h100-sxm-powercapped"),
        ("NVIDIA H100 NVL", "h100-nvl"),
        ("H200-141GB-SXM", "h200-sxm"),
        ("NVIDIA GH200 480GB", "gh200"),
        ("NVIDIA GH200 144G HBM3e", "gh200-144"),
        ("NVIDIA H20", "h20"),
        ("B200-192GB", "b200-sxm"),
        ("NVIDIA B300 SXM6 AC", "b300-sxm"),
        ("GB200 NVL72", "gb200"),
        ("GB300 (per GPU)", "gb300"),
        ("RTX-PRO-6000-SE", "rtx-pro-6000"),
        ("NVIDIA RTX PRO 6000 Blackwell Workstation Edition", "rtx-pro-6000"),
        ("AMD Instinct MI300X OAM", "mi300x"),
        ("Tesla V100-SXM2-32GB", "v100-32-sxm"),
    ],
)
def test_gpus_are_found_as_people_write_them(catalog: Catalog, written: str, found: str) -> None:
    assert catalog.find_gpu(written).id == found


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("llama-3.1-70b", "llama-3.1-70b"),
        ("meta-llama/Llama-3.1-70B-Instruct", "llama-3.1-70b"),
        ("meta-llama/Meta-Llama-3.1-405B", "llama-3.1-405b"),
        ("meta-llama/Llama-2-70b-chat-hf", "llama-2-70b"),
        ("google/gemma-3-4b-it", "gemma-3-4b"),
        ("Qwen/Qwen3-Coder-480B-A35B-Instruct", "qwen3-coder-480b-a35b"),
        ("microsoft/phi-4", "phi-4-14b"),
        ("kimi_k2", "kimi-k2"),
        ("meta-llama/Meta-Llama-3.1-8B-Instruct", "llama-3.1-8b"),
        ("nvidia/Llama-3.1-8B-Instruct-FP8", "llama-3.1-8b"),
        ("RedHatAI/Meta-Llama-3.1-8B-Instruct-quantized.w4a16", "llama-3.1-8b"),
        ("hugging-quants/Meta-Llama-3.1-70B-Instruct-AWQ-INT4", "llama-3.1-70b"),
        ("amd/Llama-3.1-70B-Instruct-FP8-KV", "llama-3.1-70b"),
        ("amd/Llama-2-70b-chat-hf-WMXFP4-AMXFP4-KVFP8-Scale-UINT8-MLPerf-GPTQ", "llama-2-70b"),
        ("meta/llama-3-1-70b-instruct", "llama-3.1-70b"),
        ("TheBloke/Llama-2-13B-chat-GPTQ", "llama-2-13b"),
        ("mistralai/Mistral-7B-Instruct-v0.2", "mistral-7b"),
        ("Qwen/Qwen3-235B-A22B-Instruct-2507-FP8", "qwen3-235b-a22b"),
        ("nvidia/DeepSeek-V3.2-NVFP4", "deepseek-v3.2"),
        ("nvidia/DeepSeek-R1-0528-NVFP4", "deepseek-r1"),
        ("deepseek-ai/DeepSeek-R1-Distill-Llama-70B", "llama-3.3-70b"),
        ("moonshotai/Kimi-K2-Instruct-0905", "kimi-k2"),
        ("BAAI/bge-m3", "bge-m3"),
    ],
)
def test_models_are_found_as_people_write_them(catalog: Catalog, written: str, found: str) -> None:
    assert catalog.find_model(written).id == found


def test_the_default_engine_and_a_server_are_found(catalog: Catalog) -> None:
    assert catalog.find_engine("vllm").id == "vllm-0.33"
    assert catalog.find_server("HGX_H100").id == "hgx-h100-8"


def test_an_unknown_name_suggests_the_nearest(catalog: Catalog) -> None:
    with pytest.raises(UnknownName) as caught:
        catalog.find_model("llama-3.3-70")
    assert str(caught.value).startswith('the catalog has no model "llama-3.3-70" (did you mean "llama-3.3-70b"?)')
    assert (caught.value.kind, caught.value.name, caught.value.suggestion) == (
        "model",
        "llama-3.3-70",
        "llama-3.3-70b",
    )
    for name in ("tpu-v9", "A100-20GB", "H100-64GB", "H20-3e"):
        with pytest.raises(UnknownName, match=f'no gpu "{name}"'):
            catalog.find_gpu(name)
    for name in ("deepseek-v4", "deepseek", "llama", "qwen3-33b", "fp8"):
        with pytest.raises(UnknownName):
            catalog.find_model(name)


def test_no_name_means_two_records(catalog: Catalog) -> None:
    for records, spelling in ((catalog.gpus, spelled), (catalog.servers, spelled), (catalog.models, untuned)):
        owners = Counter(
            name for r in records.values() for name in {spelling(text) for text in (r.id, r.name, *r.aliases)}
        )
        assert [name for name, count in owners.items() if count > 1] == []


def test_every_price_says_how_it_came_about(catalog: Catalog) -> None:
    for server in catalog.servers.values():
        if server.price is None:
            assert any("quote" in note for note in server.notes), server.id
        elif server.price.low is not None:
            assert server.price.low <= server.price.base, server.id


WATCHED = {"running", "waiting", "generation_tokens", "requests", "kv_use", "ttft", "tpot", "e2e"}


def test_an_engine_that_names_metrics_names_all_that_triggers_read() -> None:
    catalog = load_catalog()
    for record in (*catalog.engines.values(), catalog.exporters["nim"]):
        assert not record.metrics or set(record.metrics) >= WATCHED, record.id
        assert not record.metrics or {"metrics", "*"} & set(record.sources)
    assert {"power", "gpu_use"} <= set(catalog.exporters["dcgm"].metrics)
