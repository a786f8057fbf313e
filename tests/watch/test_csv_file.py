"""The file of levels: both forms, any order, and a sentence with its line for everything else."""

from __future__ import annotations

import random
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisizer.errors import InvalidInput
from aisizer.watch.csv_file import MOST_FAULTS, read_metrics
from aisizer.watch.measured import Measured

A, B = "capacity-a", "capacity-b"


def read(folder: Path, text: str | bytes, name: str = "levels.csv") -> Measured:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_metrics(path, (A, B), ("a", "b"), ("chat",))


LONG = [
    "2028-01-01,capacity-a,0.41",
    "2028-01-02,capacity-a,42 %",
    "2028-01-01,capacity-b,0.1",
    "2028-01-02,prompt_tokens-a,3500",
    "2028-01-02,requests-chat,12e3",
]


def test_long_form_in_any_order(tmp_path: Path) -> None:
    found = read(tmp_path, "day,trigger,level\n" + "\n".join(LONG))
    assert found.levels == {A: {date(2028, 1, 1): 0.41, date(2028, 1, 2): 0.42}, B: {date(2028, 1, 1): 0.1}}
    assert found.workload[("prompt_tokens", "a")] == {date(2028, 1, 2): 3500.0}
    assert found.workload[("requests", "chat")] == {date(2028, 1, 2): 12000.0}
    for seed in range(5):
        random.Random(seed).shuffle(mixed := list(LONG))
        assert read(tmp_path, "day,trigger,level\r\n" + "\r\n".join(mixed) + "\r\n\r\n").levels == found.levels


def test_wide_form_with_empty_cells(tmp_path: Path) -> None:
    found = read(tmp_path, "\ufeffday, capacity-a ,capacity-b\n2028-01-02,0.42,\n2028-01-01,0.41,0.1\n")
    assert found.levels == {A: {date(2028, 1, 2): 0.42, date(2028, 1, 1): 0.41}, B: {date(2028, 1, 1): 0.1}}
    assert found.source.name == "levels.csv" and len(found.source.sha256 or "") == 64


def test_columns_in_another_order(tmp_path: Path) -> None:
    assert read(tmp_path, f"level,day,trigger\n0.4,2028-01-01,{A}\n").levels == {A: {date(2028, 1, 1): 0.4}}


def test_a_day_of_timestamps_is_its_95th_percentile_in_utc(tmp_path: Path) -> None:
    rows = [f"2028-01-01T{hour:02}:00:00Z,{A},{hour / 100}" for hour in range(21)]
    found = read(tmp_path, "\n".join(["day,trigger,level", *rows, f"2028-01-02T01:00:00+02:00,{A},0.9"]))
    # 22 levels, the last of them at 23:00 UTC of the day before
    assert found.levels[A] == {date(2028, 1, 1): pytest.approx(0.19 + 0.95 * 0.01)}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "levels.csv:1: the columns day,trigger,level or day and trigger ids are expected (got nothing)"),
        ("when,capacity-a\n", "levels.csv:1: the columns day,trigger,level"),
        ("day,capacity-c\n", 'capacity-c: the plan has no such trigger (did you mean "capacity-b"?)'),
        ("day,capacity-a,capacity-a\n", "capacity-a: the column stands twice"),
        (f"day,trigger,level\n2028-01-01,{A}\n", "levels.csv:2: 3 cells are expected (got 2)"),
        (
            f"day,trigger,level\n01/02/2028,{A},1\n",
            "levels.csv:2: day: a date or timestamp is expected (got 01/02/2028)",
        ),
        (
            "day,trigger,level\n2028-01-01,power,1\n",
            "the plan has no trigger power. Its ids are capacity-a, capacity-b",
        ),
        (f"day,trigger,level\n2028-01-01,{A},\n", "a number of at least 0 is expected (got nothing)"),
        (f"day,trigger,level\n2028-01-01,{A},nan\n", "a number of at least 0 is expected (got nan)"),
        (f"day,trigger,level\n2028-01-01,{A},inf\n", "a number of at least 0 is expected (got inf)"),
        (f"day,trigger,level\n2028-01-01,{A},-1\n", "a number of at least 0 is expected (got -1)"),
        ("day,trigger,level\n2028-01-01,prefix_hit-a,1\n", "a share below 1 is expected (got 1)"),
        (
            f"day,trigger,level\n2028-01-01,{A},1\n2028-01-01,{A},2\n",
            "levels.csv:3: capacity-a: there is a level of 2028-01-01",
        ),
        (
            f"day,trigger,level\n2028-01-01,{A},1\n2028-01-01T01:00,{A},2\n",
            "levels.csv:3: capacity-a: there is a level",
        ),
        (
            "day,capacity-a\n2028-01-01,1\n2028-01-01,2\n",
            "levels.csv:3: capacity-a: there is a level of 2028-01-01 already",
        ),
        (b"day,trigger,level\n\xff\xfe", "levels.csv is not UTF-8"),
        ('day,trigger,level\n"2028', "levels.csv is not CSV (unexpected end of data)"),
    ],
)
def test_every_fault_has_its_line_and_mend(text: str | bytes, said: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as caught:
        read(tmp_path, text)
    assert said in str(caught.value) and str(caught.value).endswith((".", "them."))


def test_all_faults_come_at_once_up_to_twenty(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as caught:
        read(tmp_path, "day,trigger,level\n" + f"2028-01-01,{A},x\n" * 50)
    assert len(caught.value.faults) == MOST_FAULTS + 1 and "30 more faults" in str(caught.value)


def test_a_file_that_is_none(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "absent.csv", tmp_path / "\0"):
        with pytest.raises(InvalidInput, match="cannot be read"):
            read_metrics(path, (A,), (), ())


@given(st.binary(max_size=300))
def test_no_bytes_make_a_traceback(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    try:
        read(tmp_path_factory.getbasetemp(), b"day,trigger,level\n" + content)
    except InvalidInput as error:
        assert str(error)
