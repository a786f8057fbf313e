"""--set, --with and quote files: what they replace, and that faults name the file that set the value."""

from __future__ import annotations

import hashlib
import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aisizer.errors import InvalidInput
from aisizer.profile.load import LoadedProfile, load_profile

BASE = """\
schema: aisizer/profile/v1
name: base
plan_date: 2026-12-01
workloads:
  chat-v1.5:
    model: llama-3.3-70b
    load: {rate: 3 req/s}
    prompt_tokens: {mean: 3200, p95: 7800}
    output_tokens: {mean: 420, p95: 900}
growth:
  rate: 4 %/month
  phases: [{name: a, share: 10 %, start: 2027-07-01}, {name: b, share: 1, start: 2027-08-01}]
supply: {sites: [hosted], quotes: [quotes/dell.yaml]}
"""
QUOTES = "quotes:\n- {item: x, unit_price: 265000 USD, as_of: 2026-11-01, supplier: Dell}\n"


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "deep" / "quotes").mkdir(parents=True)
    (tmp_path / "deep" / "quotes" / "dell.yaml").write_text(QUOTES, encoding="utf-8")
    (tmp_path / "deep" / "base.yaml").write_text(BASE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return Path("deep/base.yaml")


def with_fragment(base: Path, text: str) -> LoadedProfile:
    Path("fragment.yaml").write_text(text, encoding="utf-8")
    return load_profile(base, fragments=[Path("fragment.yaml")])


def refusal(base: Path, *sets: str, fragment: str | None = None) -> str:
    with pytest.raises(InvalidInput) as caught:
        with_fragment(base, fragment) if fragment is not None else load_profile(base, sets=sets)
    return str(caught.value)


def test_set_parses_yaml_and_reaches_names_with_dots_and_list_entries(base: Path) -> None:
    sets = ["workloads.chat-v1.5.load.rate=5 req/s", "growth.phases.1.share=50 %", "supply.sites=[on_premises]"]
    loaded = load_profile(base, sets=[*sets, "resilience.headroom=0.3"])
    assert loaded.profile.workloads["chat-v1.5"].load.rate == 5
    assert [phase.share for phase in loaded.profile.growth.phases] == [0.1, 0.5]
    assert loaded.profile.supply.sites == ("on_premises",) and loaded.profile.resilience.headroom == 0.3
    assert "resilience.headroom" in loaded.user_set


def test_set_null_removes(base: Path) -> None:
    loaded = load_profile(base, sets=["growth.phases=null", "supply.quotes="])
    assert loaded.profile.growth.phases == () and loaded.profile.supply.quotes == ()
    assert "growth.phases" not in loaded.user_set


def test_set_changes_the_hash(base: Path) -> None:
    plain, one, other = load_profile(base), load_profile(base, sets=["name=a"]), load_profile(base, sets=["name=b"])
    assert len({plain.sha256, one.sha256, other.sha256}) == 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("growth.rate=4", "--set growth.rate=4: growth.rate: the unit is missing (got 4). Write 4 %/month."),
        ("nothing", "--set nothing: PATH=VALUE is expected, e.g. growth.rate=5 %/month."),
        ("=3", "--set =3: PATH=VALUE is expected, e.g. growth.rate=5 %/month."),
        ("name.x=3", "--set name.x=3: name.x: x cannot be set below a plain value (got base). Set the parent instead."),
        ("growth.phases.7.share=1", "growth.phases.7.share: 7 is no position of a list of 2. Count from 0."),
        ("growth.phases.x=1", "growth.phases.x: x is no position of a list of 2. Count from 0."),
        ("name=[", "this is not valid YAML"),
        ("growth.rat=1", 'growth.rat: there is no such field (did you mean "rate"?)'),
        ("a" * 300 + "=1", "PATH=VALUE is expected"),
    ],
)
def test_a_wrong_set_names_itself(base: Path, text: str, message: str) -> None:
    assert message in refusal(base, text)


def test_a_fragment_merges_mappings_and_replaces_the_rest(base: Path) -> None:
    text = "growth: {rate: 5 %/month, phases: [{name: only, share: 1, start: 2027-07-01}]}\nfinance: {tax: 7 %}\n"
    loaded = with_fragment(base, text)
    assert loaded.profile.growth.rate == pytest.approx(0.05) and len(loaded.profile.growth.phases) == 1
    assert loaded.profile.finance.tax == pytest.approx(0.07) and loaded.profile.supply.sites == ("hosted",)
    assert loaded.fragments["fragment.yaml"] == hashlib.sha256(text.encode()).hexdigest()


def test_a_fragment_can_exchange_one_form_for_another(base: Path) -> None:
    text = "workloads: {chat-v1.5: {prompt_tokens: {mean: null, p95: null, quantiles: {p50: 9, p95: 20}}}}"
    lengths = with_fragment(base, text).profile.workloads["chat-v1.5"].prompt_tokens
    assert lengths.mean is None and lengths.quantiles == {"p50": 9, "p95": 20}


def test_faults_name_the_file_that_set_the_value(base: Path) -> None:
    text = "growth:\n  phases:\n  - {name: x, share: 2}\nworkloads:\n  new: {model: m}\n"
    lines = refusal(base, fragment=text).splitlines()
    assert [line.split(": ")[0] for line in lines] == [
        "fragment.yaml:3:5",  # start is missing in the fragment's phase, although the profile's own had one
        "fragment.yaml:3:22",
        *["fragment.yaml:5:3"] * 3,
    ]


def test_a_value_replaced_twice_belongs_to_the_last_who_set_it(base: Path) -> None:
    Path("fragment.yaml").write_text("growth: {rate: 5 %/month}", encoding="utf-8")
    with pytest.raises(InvalidInput, match=r"--set growth={rate: 4}: growth\.rate: the unit is missing"):
        load_profile(base, fragments=[Path("fragment.yaml")], sets=["growth={rate: 4}"])


def test_a_removed_required_field_is_placed_where_it_was_removed(base: Path) -> None:
    assert refusal(base, fragment="name: null").startswith("fragment.yaml:1:7: name: the field is missing.")


def test_quote_files_are_read_beside_the_profile(base: Path) -> None:
    loaded = load_profile(base)
    assert loaded.profile.supply.quotes[0].supplier == "Dell"
    assert loaded.fragments == {"dell.yaml": hashlib.sha256(QUOTES.encode()).hexdigest()}
    assert loaded.data["supply"]["quotes"][0]["item"] == "x"


def test_quote_files_of_a_fragment_are_read_beside_the_fragment(base: Path) -> None:
    Path("other.yaml").write_text(QUOTES.replace("Dell", "HPE"), encoding="utf-8")
    loaded = with_fragment(
        base, "supply: {quotes: [other.yaml, {item: y, unit_price: 1 USD, as_of: 2026-01-01, supplier: z}]}"
    )
    assert [quote.supplier for quote in loaded.profile.supply.quotes] == ["HPE", "z"]


def test_a_fault_in_a_quote_file_is_placed_in_it(base: Path) -> None:
    path = Path("deep/quotes/dell.yaml")
    path.write_text(QUOTES.replace("265000 USD", "5 euro").replace(", supplier: Dell", ""), encoding="utf-8")
    first, second = refusal(base).splitlines()
    assert first.startswith(f"{path}:2:3: supply.quotes.0.supplier: the field is missing.")
    assert f"{path}:2:25: supply.quotes.0.unit_price: a price such as 265000 USD" in second


def test_a_quote_file_that_is_absent_or_no_quote_file(base: Path) -> None:
    Path("deep/quotes/dell.yaml").write_text("a: 1", encoding="utf-8")
    assert "a file of quotes holds `quotes:` and a list of them" in refusal(base)
    Path("deep/quotes/dell.yaml").unlink()
    assert refusal(base).startswith(
        "deep/base.yaml:13:36: supply.quotes.0: there is no such file (got quotes/dell.yaml)"
    )


def quote(item: str, supplier: str, **more: object) -> dict[str, object]:
    return {"item": item, "unit_price": "1 USD", "as_of": "2026-11-01", "supplier": supplier, **more}


def test_a_fragments_quote_replaces_the_one_for_the_same_item_and_leaves_the_others(base: Path) -> None:
    loaded = with_fragment(base, json.dumps({"supply": {"quotes": [quote("y", "HPE"), quote("x", "Lenovo")]}}))
    assert {q.item: q.supplier for q in loaded.profile.supply.quotes} == {"y": "HPE", "x": "Lenovo"}  # type: ignore[union-attr]
    loaded = with_fragment(base, json.dumps({"supply": {"quotes": [quote("y", "HPE")]}}))
    assert {q.item: q.supplier for q in loaded.profile.supply.quotes} == {"x": "Dell", "y": "HPE"}  # type: ignore[union-attr]
    assert with_fragment(base, "supply: {quotes: null}").profile.supply.quotes == ()


def test_a_quote_of_the_price_alone_keeps_what_it_leaves_out_but_for_the_old_validity(base: Path) -> None:
    told = QUOTES.replace("item: x", "item: x:one_year").replace(
        "supplier", "upfront: 1, mpn: P-1, valid_until: 2026-12-31, supplier"
    )
    Path("deep/quotes/dell.yaml").write_text(told, encoding="utf-8")
    text = json.dumps({"supply": {"quotes": [quote("x:one_year", "edited", replaces="price")]}})
    (kept,) = with_fragment(base, text).profile.supply.quotes
    assert (kept.supplier, kept.upfront, kept.mpn, kept.valid_until) == ("edited", 1.0, "P-1", None)  # type: ignore[union-attr]
    assert kept.replaces == "offer", "it is the offer that it was, at another price"  # type: ignore[union-attr]
    (other,) = with_fragment(
        base, text.replace("price", "offer", 2).replace("unit_offer", "unit_price")
    ).profile.supply.quotes
    assert (other.supplier, other.upfront, other.mpn) == ("edited", None, "")  # type: ignore[union-attr]


def test_two_quotes_for_one_item_in_one_file_both_stay_for_the_price_book_to_refuse(base: Path) -> None:
    two = [quote("y", "HPE"), quote("y", "Dell")]
    quotes = with_fragment(base, json.dumps({"supply": {"quotes": two}})).profile.supply.quotes
    assert [q.item for q in quotes] == ["x", "y", "y"]  # type: ignore[union-attr]


def test_set_counts_the_quotes_that_are_left(base: Path) -> None:
    base.write_text(BASE.replace("quotes/dell.yaml", json.dumps(quote("x", "Dell"))), encoding="utf-8")
    Path("fragment.yaml").write_text(json.dumps({"supply": {"quotes": [quote("x", "HPE")]}}), encoding="utf-8")
    loaded = load_profile(base, fragments=[Path("fragment.yaml")], sets=["supply.quotes.0.unit_price=7 USD"])
    assert [(q.supplier, q.unit_price) for q in loaded.profile.supply.quotes] == [("HPE", "7 USD")]  # type: ignore[union-attr]


def test_a_fault_of_a_replacing_quote_is_placed_in_its_fragment(base: Path) -> None:
    text = "supply:\n  quotes:\n  - {item: x, unit_price: 5 euro, as_of: 2026-11-01, supplier: HPE}\n"
    assert refusal(base, fragment=text).startswith("fragment.yaml:3:27: supply.quotes.0.unit_price: a price such as")


items = st.dictionaries(st.sampled_from(["a", "b:one_year", "c.d", "x"]), st.sampled_from(["S1", "S2"]), max_size=4)


@given(layers=st.lists(items, min_size=1, max_size=4), files=st.lists(st.booleans(), min_size=4, max_size=4))
@settings(max_examples=60)
def test_law_the_last_layer_that_quotes_an_item_sets_its_price(layers: list[dict[str, str]], files: list[bool]) -> None:
    """Whatever the layers quote, inline or in files: per item the last one holds, and no item is lost or doubled."""
    with tempfile.TemporaryDirectory() as name:
        folder, paths = Path(name), []
        for number, (layer, in_file) in enumerate(zip(layers, files, strict=False)):
            quotes: list[object] = [quote(item, f"{supplier} {number}") for item, supplier in layer.items()]
            if in_file:
                (folder / f"q{number}.yaml").write_text(json.dumps({"quotes": quotes}), encoding="utf-8")
                quotes = [f"q{number}.yaml"]
            paths.append(folder / f"f{number}.yaml")
            paths[-1].write_text(json.dumps({"supply": {"quotes": quotes}}), encoding="utf-8")
        (folder / "base.yaml").write_text(BASE.replace("quotes/dell.yaml", ""), encoding="utf-8")
        found = load_profile(folder / "base.yaml", fragments=paths).profile.supply.quotes
    expected = {item: f"{supplier} {n}" for n, layer in enumerate(layers) for item, supplier in layer.items()}
    assert {q.item: q.supplier for q in found} == expected and len(found) == len(expected)  # type: ignore[union-attr]
