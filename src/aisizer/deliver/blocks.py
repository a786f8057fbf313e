"""What a document is made of, whatever the format: sections of paragraphs, lists, tables and figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Plain sentences."""

    kind: ClassVar[str] = "paragraph"
    text: str


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence that must not be overlooked."""

    kind: ClassVar[str] = "notice"
    text: str


@dataclass(frozen=True, slots=True)
class Items:
    """An unordered list, and what it lists."""

    kind: ClassVar[str] = "items"
    items: tuple[str, ...]
    title: str = ""


@dataclass(frozen=True, slots=True)
class Code:
    """Lines to copy."""

    kind: ClassVar[str] = "code"
    text: str


@dataclass(frozen=True, slots=True)
class Facts:
    """A few figures with their names, the first page's summary."""

    kind: ClassVar[str] = "facts"
    facts: tuple[tuple[str, str], ...]
    paths: tuple[str, ...] = ()
    """where each figure stands in the plan; empty: none of them, or a fact without a figure"""


@dataclass(frozen=True, slots=True)
class Column:
    """A heading, and whether the cells are figures."""

    title: str
    numeric: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A caption, columns and rows of text; the first cell of a row names it."""

    kind: ClassVar[str] = "table"
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    paths: tuple[str, ...] = ()
    """where the figures of each row stand in the plan: what `aisizer explain` is asked for; empty: they have no place there"""
    sortable: bool = False
    """whether a reader may order its rows, where the format can"""
    folded: bool = False
    """whether it stands closed on a screen and is left out on paper, because a file named beside it has its rows"""
    whole: bool = False
    """whether it stays on one page however long it is"""


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture (SVG) and its caption; the table that follows it carries the same figures."""

    kind: ClassVar[str] = "figure"
    svg: str
    caption: str

    @property
    def alt(self) -> str:
        """What the picture shows, for those who do not see it: its own title and description."""
        from xml.etree import ElementTree

        told = [child.text or "" for child in ElementTree.fromstring(self.svg)[:2]]
        return ". ".join(text.rstrip(".") for text in told if text) + "."


Block = Paragraph | Notice | Items | Code | Facts | Table | Figure


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and its blocks."""

    id: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """The sizing document, before it has a format."""

    title: str
    subtitle: str
    sections: tuple[Section, ...]
    day: date
    """of the plan; a file that records when it was made records this"""
    marking: str = ""
    """handling marking of every page; empty: none"""
    language: str = "en"


def printed(document: Document) -> Document:
    """A document without what is folded away, for formats that have nothing to fold."""
    sections = (
        replace(section, blocks=tuple(b for b in section.blocks if not (isinstance(b, Table) and b.folded)))
        for section in document.sections
    )
    return replace(document, sections=tuple(sections))


def table(
    caption: str, columns: str, rows: Sequence[Sequence[str]], place: str = "", keys: Sequence[str] = ()
) -> Table:
    """A table from a heading line such as "Site | GPUs # | Reason", where # marks figures.

    place: what of the plan the table shows, named in its caption; keys: of each row below it.
    """
    names = [name.strip() for name in columns.split("|")]
    made = tuple(Column(name.removesuffix("#").strip(), name.endswith("#")) for name in names)
    for row in rows:
        if len(row) != len(made):
            raise ValueError(f"{caption}: {len(made)} cells are expected (got {len(row)})")
    named = f"{caption} (explain {place})" if place else caption
    paths = tuple(f"{place}.{key}" if place else key for key in keys)
    return Table(named, made, tuple(tuple(row) for row in rows), paths)


def clause(text: str, longest: int) -> str:
    """Text of at most so many characters, cut where a sentence or clause of its second half ends, else at a comma or word.

    >>> clause("Wages of analysts, May 2024; costs of employers, June", 40)
    'Wages of analysts, May 2024 …'
    """
    text = " ".join(text.split())
    if len(text) <= longest:
        return text
    head = text[: longest - 1]
    sentence, comma = max(head.rfind(mark) for mark in (". ", "; ", ": ")), head.rfind(", ")
    end = next(place for place in (sentence, comma, head.rfind(" "), longest) if place > longest / 2)
    return f"{head[:end]} …"


def one_line(text: str) -> str:
    r"""Text as HTML shows it, on one line, and without control characters or marks that turn its direction.

    >>> one_line("a\n b\x07c\u202ed")
    'a b c d'
    """
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
