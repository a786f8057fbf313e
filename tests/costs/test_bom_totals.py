"""The bill by category and wave: its sums are those of its lines, and what has no price is counted and never zero."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "laws"))
from planning import catalog, changed

from aisizer.costs.bom_lines import INCLUDED
from aisizer.costs.bom_totals import bom_totals
from aisizer.costs.records import BomLine
from aisizer.plan.make import make_plan
from aisizer.profile.load import profile_of


@cache
def bom() -> tuple[BomLine, ...]:
    return make_plan(profile_of(changed({"supply.sites": ["on_premises"]}), "law.json"), catalog(), confirm="none").bom


def test_sums_and_counts_are_those_of_the_lines() -> None:
    totals = bom_totals(bom())
    assert sum(total.lines for total in totals) == len(bom())
    known = sum(line.extended_price_usd or 0.0 for line in bom())
    assert sum(total.extended_price_usd for total in totals) == pytest.approx(known)
    assert len({total.id for total in totals}) == len(totals) > 3
    for total in totals:
        lines = [line for line in bom() if (line.category, line.wave) == (total.category, total.wave)]
        assert total.order_by == min(line.order_by for line in lines)


def test_parts_in_the_price_of_another_line_lack_none() -> None:
    assert any(line.price_kind == INCLUDED for line in bom())
    assert not sum(total.unpriced for total in bom_totals(bom()))


def test_a_line_without_a_price_is_counted() -> None:
    line = next(line for line in bom() if line.extended_price_usd)
    bare = line.model_copy(update={"extended_price_usd": None})
    (total,) = bom_totals([bare])
    assert (total.unpriced, total.extended_price_usd) == (1, 0.0)
