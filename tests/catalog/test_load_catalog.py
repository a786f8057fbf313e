"""A catalog loads whole and quickly, is overlaid by id, and refuses what is unknown, unsourced or misplaced."""

import time
from datetime import date
from pathlib import Path

import pytest

from aisizer.catalog.load import load_catalog, load_folders
from aisizer.errors import InvalidInput

SOURCE = 'maker:\n  {title: Sheet, publisher: Maker, url: "https://example.org", date: "2026", kind: datasheet}\n'
GPU = """id: x1
name: X1
vendor: nvidia
architecture: hopper
form_factor: sxm
memory_gb: 80
memory_bandwidth_gb_s: 3350
bf16_tflops: 989
tdp_w: 700
interconnect: nvswitch
interconnect_gb_s: 450
sources: {"*": maker}
"""
SERVER = """id: box
name: Box
gpu: x1
gpus: 8
max_power_kw: 10
price: {base: 100, unit: USD, as_of: 2026-10-01, source: maker, kind: quote}
sources: {"*": maker}
"""
MODEL = """id: tiny
name: Tiny
huggingface: ""
architecture: LlamaForCausalLM
layers: 2
hidden: 64
heads: 4
attention: [{layers: 2, kind: full, kv_heads: 4, head_dim: 16}]
ffn: 128
vocab: 100
max_context: 512
sources: {"*": maker}
"""
BASE = {"sources/all.yaml": SOURCE, "gpus/x1.yaml": GPU, "servers/box.yaml": SERVER, "models/tiny.yaml": MODEL}


def folder(path: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(text, encoding="utf-8")
    return path


def refusal(path: Path, **changed: str) -> str:
    files = BASE | {name.replace("__", "/") + ".yaml": text for name, text in changed.items()}
    with pytest.raises(InvalidInput) as caught:
        load_folders(folder(path, files))
    return str(caught.value)


def test_a_small_catalog_loads(tmp_path: Path) -> None:
    catalog = load_folders(folder(tmp_path, BASE | {"VERSION": "2026.1\n"}))
    assert (catalog.version, list(catalog.gpus), list(catalog.models)) == ("2026.1", ["x1"], ["tiny"])
    assert catalog.servers["box"].price is not None and catalog.servers["box"].price.base == 100
    assert catalog.overlay is None and catalog.replaced == ()


def test_an_unknown_field_is_refused_where_it_stands(tmp_path: Path) -> None:
    message = refusal(tmp_path, gpus__x1=GPU + "memroy_gb: 80\n")
    assert "x1.yaml:13:1: memroy_gb: this field is not known." in message


def test_a_number_without_a_source_is_refused_where_it_stands(tmp_path: Path) -> None:
    message = refusal(tmp_path, gpus__x1=GPU.replace('"*": maker', "memory_gb: maker"))
    assert "x1.yaml:7:24: memory_bandwidth_gb_s: this number has no source. Name one under sources as" in message
    assert "tdp_w" in message and ": memory_gb:" not in message


def test_a_date_without_a_source_is_refused_too(tmp_path: Path) -> None:
    dated = SERVER.replace("gpu: ", "end_of_sale: 2028-03-31\ngpu: ", 1)
    sourced = load_folders(folder(tmp_path, BASE | {"servers/box.yaml": dated}))
    assert sourced.servers["box"].end_of_sale == date(2028, 3, 31)
    message = refusal(tmp_path, servers__box=dated.replace('"*": maker', "gpus: maker, max_power_kw: maker"))
    assert "end_of_sale: this date has no source. Name one under sources" in message


def test_nested_numbers_are_covered_by_field_or_dotted_path(tmp_path: Path) -> None:
    fields = ("layers", "hidden", "heads", "ffn", "vocab", "max_context")
    dotted = ("attention.0.layers", "attention.0.kv_heads", "attention.0.head_dim")
    covered = ", ".join(f"{name}: maker" for name in (*fields, *dotted))
    catalog = load_folders(
        folder(tmp_path, BASE | {"models/tiny.yaml": MODEL.replace('{"*": maker}', f"{{{covered}}}")})
    )
    assert catalog.models["tiny"].layers == 2


def test_a_source_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    message = refusal(tmp_path, gpus__x1=GPU.replace('"*": maker', '"*": rumour'))
    assert "sources.*: the catalog has no source 'rumour'" in message
    message = refusal(tmp_path, servers__box=SERVER.replace("source: maker", "source: rumour"))
    assert "price.source: the catalog has no source 'rumour'" in message


def test_a_source_for_a_field_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    assert "tpd_w is not a field" in refusal(tmp_path, gpus__x1=GPU.replace('"*": maker', '"*": maker, tpd_w: maker'))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (", as_of: 2026-10-01", "", "price.as_of: this field is missing"),
        (", unit: USD", "", "price.unit: this field is missing"),
        ("unit: USD", "unit: EUR", "the price must be in USD (got EUR)"),
        ("base: 100", "base: 100, low: 120", "low is above base"),
        ("base: 100", "base: .inf", "price.base"),
    ],
)
def test_money_needs_currency_date_and_order(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert said in refusal(tmp_path, servers__box=SERVER.replace(old, new))


def test_the_id_must_be_the_file_name(tmp_path: Path) -> None:
    assert "id: the id must be the file's name (got x1). Write x2." in refusal(tmp_path, gpus__x2=GPU)


def test_all_faults_come_at_once(tmp_path: Path) -> None:
    message = refusal(tmp_path, gpus__x1=GPU + "a: 1\n", servers__box=SERVER + "b: 1\n", gpus__x3=": [")
    assert all(name in message for name in ("x1.yaml", "box.yaml", "x3.yaml"))


def test_a_source_id_may_stand_once(tmp_path: Path) -> None:
    assert "this source id is taken by another file" in refusal(tmp_path, sources__more=SOURCE)


def test_a_file_outside_the_known_folders_is_refused(tmp_path: Path) -> None:
    assert "not a folder of a catalog" in refusal(tmp_path, gpu__x1=GPU)


def test_models_are_read_only_when_named(tmp_path: Path) -> None:
    catalog = load_folders(folder(tmp_path, BASE | {"models/broken.yaml": "id: broken\n"}))
    assert catalog.find_model("tiny").id == "tiny"
    assert "broken" in catalog.models
    with pytest.raises(InvalidInput, match=r"broken\.yaml.*layers: this field is missing"):
        catalog.models["broken"]


def test_an_overlay_replaces_by_id_and_says_so(tmp_path: Path) -> None:
    base = folder(tmp_path / "base", BASE)
    mine = {"gpus/x1.yaml": GPU.replace("80", "96"), "gpus/x2.yaml": GPU.replace("x1", "x2")}
    overlay = folder(tmp_path / "mine", mine)
    catalog = load_folders(base, overlay)
    assert (catalog.gpus["x1"].memory_gb, catalog.gpus["x2"].memory_gb) == (96, 80)
    assert (catalog.overlay, catalog.replaced) == ("mine", ("gpus/x1",))
    assert catalog.sha256 != load_folders(base).sha256


def test_the_hash_follows_content_and_names_only(tmp_path: Path) -> None:
    first = load_folders(folder(tmp_path / "a", BASE)).sha256
    assert load_folders(folder(tmp_path / "b", dict(reversed(BASE.items())))).sha256 == first
    assert load_folders(folder(tmp_path / "c", BASE | {"gpus/x1.yaml": GPU + "# note\n"})).sha256 != first


def test_a_missing_overlay_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="there is no such folder"):
        load_catalog(tmp_path / "nowhere")


def test_the_packaged_catalog_loads_quickly() -> None:
    times = []
    for _ in range(5):
        start = time.process_time()
        load_catalog()
        times.append(time.process_time() - start)
    assert min(times) < 0.15
