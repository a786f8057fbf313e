"""YAML by the 1.2 core schema, the place of every value, and one clear refusal for each unsafe file."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisizer.errors import Fault, InvalidInput
from aisizer.profile.yaml_file import read_bytes, read_file, read_yaml


def refusal(text: str) -> Fault:
    with pytest.raises(InvalidInput) as caught:
        read_yaml(text, "f.yaml")
    (fault,) = caught.value.faults
    return fault


def place(fault: Fault) -> tuple[int | None, int | None]:
    return fault.line, fault.column


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("NO", "NO"),
        ("yes", "yes"),
        ("12:30:45", "12:30:45"),
        ("1e3", 1000.0),
        ("0o14", 12),
        ("014", 14),
        ("0x1F", 31),
        ("2026-12-01", "2026-12-01"),
        ("null", None),
        ("~", None),
        ("", None),
        ("true", True),
        ("'true'", "true"),
        ('"1"', "1"),
        ("1_000", "1_000"),
        (".5", 0.5),
        ("-.inf", float("-inf")),
        ("<<", "<<"),
        ("=", "="),
    ],
)
def test_plain_scalars_follow_yaml_1_2(text: str, value: object) -> None:
    data = read_yaml(f"a: {text}\n", "f.yaml").data
    assert data == {"a": value} and type(data["a"]) is type(value)


def test_a_merge_key_is_an_ordinary_key() -> None:
    assert read_yaml("<<: {a: 1}", "f.yaml").data == {"<<": {"a": 1}}


def test_crlf_and_a_byte_order_mark_change_nothing() -> None:
    document = read_bytes(b"\xef\xbb\xbfa: 1\r\nb: {c: NO}\r\n", "f.yaml")
    assert document.data == {"a": 1, "b": {"c": "NO"}}
    assert document.place(("a",)) == (1, 4) and document.place(("b", "c")) == (2, 8)


def test_places_with_comments_anchors_and_flow_style() -> None:
    text = "# note\na: &x  # anchor\n  - 1\n  - {k: v, 'q r': [1, two]}\nb: *x\nü: ß\n"
    document = read_yaml(text, "f.yaml")
    assert document.place(("a", 0)) == (3, 5)
    assert document.place(("a", 1, "k")) == (4, 9)
    assert document.place(("a", 1, "q r")) == (4, 19)
    assert document.place(("a", 1, "q r"), at_key=True) == (4, 12)
    assert document.place(("a", 1, "q r", 1)) == (4, 23)
    assert document.place(("b", 0)) == (3, 5), "an alias points to where the value is written"
    assert document.place(("ü",)) == (6, 4)


def test_an_absent_field_is_placed_at_its_parents_key() -> None:
    document = read_yaml("a: 1\nb:\n  c:\n    d: 2\n", "f.yaml")
    assert document.place(("b", "c", "missing")) == (3, 3)
    assert document.place(("b", "c", "missing", "deeper")) == (3, 3)
    assert document.place(("missing",)) == (1, 1)


def test_every_duplicate_key_and_tag_is_reported_at_once() -> None:
    with pytest.raises(InvalidInput) as caught:
        read_yaml("a: 1\na: 2\nb: {c: 1, d: !!str 2, c: 3}\n", "f.yaml")
    assert [str(fault) for fault in caught.value.faults] == [
        "f.yaml:2:1: a: the key stands twice (first at line 1). Keep one.",
        "f.yaml:3:14: b.d: the tag tag:yaml.org,2002:str is not allowed. Remove it.",
        "f.yaml:3:23: b.c: the key stands twice (first at line 3). Keep one.",
    ]


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("a: &x [*x]", 1, 4, "an alias holds itself"),
        ("a: &x {b: {c: *x}}", 1, 4, "an alias holds itself"),
        ("a: 1\n---\nb: 2", 2, 1, "a second document starts here"),
        ("a:\n\t- b", 2, 1, "a tab stands where only spaces may"),
        ("a: b: c", 1, 5, "a second `:`"),
        ("a: @home", 1, 4, "no value can start with '@'"),
        ("a: *nobody", 1, 4, "has no anchor"),
        ("a: &x 1\nb: &x 2", 2, 4, "stands twice"),
        ("a: 'open", 1, 9, "not valid YAML"),
        ("a:\n  b: \x07", 2, 6, "control character U+0007"),
        ("a: " + "9" * 5000, 1, 4, "more than 100 digits"),
        ("? [a]\n: 1", 1, 3, "a key must be plain text"),
        ("[" * 100_000, 1, 50, "nested deeper than 50"),
        ("- " * 100_000, 1, 99, "nested deeper than 50"),
        ("x" * 1_000_001, None, None, "larger than 1 MB"),
    ],
)
def test_each_unsafe_or_broken_text_gives_one_message(
    text: str, line: int | None, column: int | None, words: str
) -> None:
    fault = refusal(text)
    assert words in fault.problem and place(fault) == (line, column)
    assert fault.problem.endswith(".") and fault.problem.count(". ") >= 1, "what is wrong, then how to mend it"


def test_a_billion_laughs_is_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 10)]
    assert "aliases repeat more than 1,000 values" in refusal("\n".join(lines)).problem


def test_a_few_aliases_are_fine() -> None:
    data = read_yaml("a: &l {mean: 3, p95: 5}\nb: *l\nc: *l\n", "f.yaml").data
    assert data["a"] == data["b"] == data["c"] == {"mean": 3, "p95": 5}


def test_bytes_that_are_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / "latin.yaml"
    path.write_bytes(b"a: 1\nb: \xe4\n")
    with pytest.raises(InvalidInput, match=r"latin\.yaml:2:1: the text is not UTF-8"):
        read_file(path)


def test_a_ten_megabyte_file_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "big.yaml"
    path.write_bytes(b"a: [" + b"1, " * 3_500_000 + b"1]")
    with pytest.raises(InvalidInput, match="larger than 1 MB"):
        read_file(path)


@pytest.mark.parametrize("name", ["absent.yaml", ".", "nul\0.yaml", "x" * 5000])
def test_a_file_that_cannot_be_read(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidInput, match="cannot be read"):
        read_file(tmp_path / name)


@given(
    st.text(alphabet=st.sampled_from("ab:-[]{},&*!|>'\"#%@` \n\t0.~?\r\ufeff\x85é"), max_size=60) | st.text(max_size=40)
)
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        read_yaml(text, "f.yaml")
    except InvalidInput as error:
        assert error.faults and all(fault.problem for fault in error.faults)


names = st.text(alphabet="abc", min_size=1, max_size=3)
trees = st.recursive(
    st.integers(-99, 99),
    lambda inner: st.lists(inner, min_size=1, max_size=3) | st.dictionaries(names, inner, min_size=1, max_size=3),
    max_leaves=12,
)


def flow(tree: object) -> str:
    if isinstance(tree, dict):
        return "{" + ",  ".join(f"{key}: {flow(value)}" for key, value in tree.items()) + "}"
    return "[" + ", ".join(flow(item) for item in tree) + "]" if isinstance(tree, list) else str(tree)


def leaves(tree: object, path: tuple[str | int, ...] = ()) -> list[tuple[tuple[str | int, ...], int]]:
    if isinstance(tree, int):
        return [(path, tree)]
    items = tree.items() if isinstance(tree, dict) else enumerate(tree)  # type: ignore[arg-type]
    return [leaf for key, value in items for leaf in leaves(value, (*path, key))]


@given(st.dictionaries(names, trees, min_size=1, max_size=4))
def test_the_place_of_every_value_is_where_its_text_stands(tree: dict[str, object]) -> None:
    text = "".join(f"{key}:\n    {flow(value)}  # note\n" for key, value in tree.items())
    document = read_yaml(text, "f.yaml")
    assert document.data == tree
    for path, value in leaves(tree):
        line, column = document.place(path)
        assert line and column and text.splitlines()[line - 1][column - 1 :].startswith(str(value))
