"""Rows become points: every gap is named, every nonsense is refused with a sentence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisizer.calibration.points import COLUMNS, Row, Span, Unanswerable, read_point

WHOLE = {
    "model": "llama-3.1-8b",
    "gpu": "H100-SXM",
    "gpus_used": "1.0",
    "replicas": "1",
    "tp": "1",
    "pp": "1",
    "ep": "1",
    "attention_dp": "1",
    "engine": "vLLM",
    "precision_weights": "fp8",
    "protocol": "closed_burst",
    "load_value": "8",
    "n_requests": "80",
    "isl_mean": "1024",
    "osl_mean": "256",
}


def read(**changes: str) -> tuple[object, list[str]]:
    row = Row(WHOLE | changes)
    return read_point(row), row.assumed


def test_a_whole_row_leaves_nothing_to_assume() -> None:
    point, assumed = read()
    assert assumed == []
    assert (point.load, point.requests, point.prompt) == (8.0, 80, Span(1024.0, 1024.0))  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "name", ["pp", "ep", "attention_dp", "n_requests", "isl_mean", "osl_mean", "load_value", "protocol"]
)
def test_every_gap_is_named(name: str) -> None:
    assert any(name in part for part in read(**{name: ""})[1])
    assert any(name in part for part in read(**{name: "nan"})[1])


def test_lengths_are_uniform_only_where_both_ends_are_given() -> None:
    both, _ = read(isl_min="819.2", isl_max="1024")
    one, _ = read(isl_max="1024", isl_mean="921.6")
    assert both.prompt == Span(819.0, 1024.0)  # type: ignore[attr-defined]
    assert one.prompt == Span(922.0, 922.0)  # type: ignore[attr-defined]


def test_a_burst_runs_ten_rounds_unless_it_says_otherwise() -> None:
    assert read(n_requests="")[0].requests == 80  # type: ignore[attr-defined]
    assert read(n_requests="", load_value="64")[0].requests == 640  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("text", "share"), [("", 0.0), ("nan", 0.0), ("0", 0.0), ("0.4", 0.4), ("40%", 0.4), ("40 %", 0.4), ("1", 1.0)]
)
def test_a_cached_share_is_a_number_or_a_percentage(text: str, share: float) -> None:
    point, assumed = read(prefix_hit=text)
    assert point.prefix_hit == pytest.approx(share) and assumed == []  # type: ignore[attr-defined]


def test_static_takes_the_batch_and_a_rate_is_an_open_loop() -> None:
    assert read(protocol="static", batch="16")[0].load == 16.0  # type: ignore[attr-defined]
    assert read(protocol="", load_kind="rate", load_value="2.5")[0].protocol == "poisson"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("model", ""),
        ("gpu", ""),
        ("tp", "2.5"),
        ("tp", "-1"),
        ("load_value", "many"),
        ("load_value", "inf"),
        ("load_value", "1e8"),
        ("osl_mean", "0"),
        ("protocol", "warm"),
        ("precision_weights", "fp3"),
        ("precision_kv", "fp3"),
        ("isl_mean", "1e300"),
        ("prefix_hit", "1.2"),
        ("prefix_hit", "-0.1"),
        ("prefix_hit", "120%"),
        ("prefix_hit", "40"),
        ("prefix_hit", "most"),
        ("prefix_hit", "%"),
    ],
)
def test_nonsense_is_refused_with_the_column(name: str, value: str) -> None:
    with pytest.raises(Unanswerable) as error:
        read(**{name: value})
    assert name in str(error.value)


@given(st.dictionaries(st.sampled_from(COLUMNS), st.text(max_size=12) | st.floats().map(str) | st.integers().map(str)))
def test_no_cell_breaks_the_reader(cells: dict[str, str]) -> None:
    try:
        point = read_point(Row(WHOLE | cells))
    except Unanswerable as error:
        assert str(error)
    else:
        assert point.prompt.low >= 1 and point.output.low >= 1 and point.requests >= 0
