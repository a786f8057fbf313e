"""Ids as people write them, in every sentence and cell of a document: also where the plan's own sentences have them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from aisizer.deliver import labels
from aisizer.deliver.blocks import Block, Code, Section
from aisizer.plan import Plan

SAID = ("text", "items", "title", "facts", "caption", "rows")
"""what of a block is read; paths and pictures are not, and commands are to be copied"""
PROMISE = r"(?:ttft|tpot|e2e)_(?:mean|p\d+)"
ALONE = r"(?<![\w./-])(?:{})(?![\w/-]|\.\w)"
"""no part of a path such as tco.on_premises.npv_usd, which stays"""


def with_names(plan: Plan, sections: Sequence[Section]) -> tuple[Section, ...]:
    """Sections in which on_premises reads on-premises, and tpot_p95 TPOT p95."""
    ids = _ids(plan)
    return tuple(replace(s, blocks=tuple(_block(ids, block) for block in s.blocks)) for s in sections)


def sentence(plan: Plan, text: str) -> str:
    """One of the plan's own sentences, read the same way."""
    return str(_said(_ids(plan), text))


def _ids(plan: Plan) -> re.Pattern[str]:
    sites = sorted({*plan.tco, *(v.site for v in plan.verdicts)}, key=len, reverse=True)
    return re.compile(ALONE.format("|".join([*map(re.escape, sites), PROMISE])))


def _block(ids: re.Pattern[str], block: Block) -> Block:
    if isinstance(block, Code):
        return block
    return replace(block, **{name: _said(ids, getattr(block, name)) for name in SAID if hasattr(block, name)})


def _said(ids: re.Pattern[str], value: Any) -> Any:
    """Text, or texts in tuples."""
    if isinstance(value, tuple):
        return tuple(_said(ids, item) for item in value)
    return ids.sub(lambda found: _name(found[0]), value)


def _name(found: str) -> str:
    metric, _, percentile = found.partition("_")
    return f"{metric.upper()} {percentile}" if re.fullmatch(PROMISE, found) else labels.site(found)
