"""What a sample of requests must hold, and its lengths by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from synthetic import requests, steps

from aisizer.queueing.lengths import summarise
from aisizer.queueing.steps import stack
from aisizer.shapes import Requests

THREE = requests([0.0] * 3, [10, 20, 30], [1, 2, 5], [0, 5, 29])


@pytest.mark.parametrize(
    ("sample", "classes", "said"),
    [
        (THREE, 2, r"every class 0 to 1 \(got \[0\]\)"),
        (replace(THREE, cached_tokens=np.array([0.0, 0.0, 30.0])), 1, "at least one prompt token to compute"),
        (replace(THREE, output_tokens=np.array([1.0, 0.0, 1.0])), 1, "at least one output token"),
    ],
)
def test_a_sample_that_cannot_be_is_refused(sample: Requests, classes: int, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        summarise(sample, classes)


def test_the_lengths_of_three_requests() -> None:
    found = summarise(THREE, 1)
    assert (found.work[0], found.decode[0], found.decoding[0], found.longest[0]) == (26 / 3, 5 / 3, 2 / 3, 35.0)


def test_tables_reach_the_token_budget() -> None:
    stack([steps(budget=4096)])
    with pytest.raises(ValueError, match=r"must reach the token budget 4097 \(ends 4096\.0\)"):
        stack([steps(budget=4097)])
    with pytest.raises(ValueError, match="At least one step table is needed"):
        stack([])
