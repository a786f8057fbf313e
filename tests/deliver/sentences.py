"""The sentences of a document, and which of their figures lead to no place of the plan."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache

from aisizer.deliver.blocks import Block, Document, Facts, Figure, Items, Notice, Paragraph, Table
from aisizer.deliver.brief import brief
from aisizer.deliver.document import document
from aisizer.deliver.places import Place, places, words
from aisizer.deliver.printed import Printed, printed_in
from aisizer.plan import Plan

END = re.compile(r"(?<=[a-z0-9)%]\.)\s+(?=[A-Z0-9])")


def sentences(doc: Document) -> Iterator[str]:
    """Title, facts, sentences, captions and the words of pictures, one sentence at a time."""
    blocks = [block for section in doc.sections for block in section.blocks]
    for text in (doc.title, doc.subtitle, *(text for block in blocks for text in _texts(block))):
        yield from END.split(text)


def _texts(block: Block) -> Iterator[str]:
    match block:
        case Paragraph() | Notice():
            yield block.text
        case Items():
            yield from (block.title, *block.items)
        case Facts():
            yield from (f"{name}: {value}" for name, value in block.facts)
        case Table():
            yield block.caption
        case Figure():
            yield from (block.caption, block.alt)


def cells(doc: Document) -> Iterator[str]:
    """The cells of all tables but the glossary, which holds words and no results."""
    for section in doc.sections:
        for block in section.blocks:
            if isinstance(block, Table) and section.id != "glossary":
                yield from (cell for row in block.rows for cell in row)


def lost_figures(plan: Plan, *, spoken: bool) -> list[tuple[str, str]]:
    """Figures of the document and the brief, each with its sentence or cell, that no place of the plan holds.

    spoken: a count, which stands at many places, must stand at one that shares a word with its sentence.
    """
    known = places(plan)
    by_value = defaultdict[tuple[float, str], list[Place]](list)  # the same value at many places is compared once
    for place in known:
        for value in place.values:
            by_value[value].append(place)

    @cache
    def at(figure: Printed) -> list[Place]:
        if figure.is_date:
            return [place for place in known if place.holds(figure)]
        return [place for value, alike in by_value.items() if figure.is_of(*value) for place in alike]

    def is_led(figure: Printed, said: frozenset[str]) -> bool:
        return any(place.about & said for place in at(figure)) if said and figure.is_count else bool(at(figure))

    whole = document(plan)
    told = dict.fromkeys((*sentences(whole), *sentences(brief(plan))))
    texts = [(text, words(text) if spoken else frozenset()) for text in told]
    texts += [(cell, frozenset()) for cell in dict.fromkeys(cells(whole))]
    return [(figure.text, text) for text, said in texts for figure in printed_in(text) if not is_led(figure, said)]
