"""Every uncertain constant says what it is, in which unit, from where, and how wide its prior is; the table repeats it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from aisizer.engine import constants as c

SOURCE = Path(str(c.__file__)).read_text(encoding="utf-8")
TEXTS = dict(re.findall(r'^([A-Z_0-9]+)(?::[^=\n]+)? = .*?\n"""(.*?)"""', SOURCE, flags=re.MULTILINE | re.DOTALL))


def test_every_constant_has_a_text_with_its_unit() -> None:
    names = {name for name in vars(c) if name.isupper()}
    assert names == set(TEXTS)
    assert [name for name, text in TEXTS.items() if not text.startswith("[")] == []


@pytest.mark.parametrize("name", sorted(c.PRIOR_WIDTHS))
def test_the_table_of_priors_agrees_with_the_texts(name: str) -> None:
    named = re.findall(r"prior (\d+)\s%", TEXTS[name])
    assert named and c.PRIOR_WIDTHS[name] == pytest.approx(int(named[0]) / 100)


def test_no_prior_is_left_out_of_the_table() -> None:
    assert {name for name, text in TEXTS.items() if re.search(r"prior \d", text)} == set(c.PRIOR_WIDTHS)
