"""How wide the columns of a table are, where the format does not find out by itself."""

from __future__ import annotations

import re
from itertools import count
from math import ceil

from aisizer.deliver.blocks import Column, Table

WHOLE_WORD, WHOLE_PIECE, WHOLE_CELL, WHOLE_FIGURE = 16, 40, 14, 30
"""characters of a word, of what of it has no place to break, of a cell of text, and of one of figures, that stay on one line"""
PLACES = re.compile(r"(?<=[A-Za-z][._/-])")
"""where the PDF may break a word"""
HYPHENS = re.compile(r"(?<=[A-Za-z0-9]-)")
"""where Word and its like break one"""
FEW_LINES = 3
CAPITAL = 0.4
"""characters by which a capital is wider than the mean letter, in Libertinus Serif and Arial"""
PADDING = 2
"""characters between two columns"""
WHOLE_TABLE = 12
"""lines up to which a table stays on one page"""
HANDWRITING = 24
"""characters of a column that is empty, for somebody to write in"""


def widths(table: Table, line: int, places: re.Pattern[str] = PLACES) -> tuple[float, ...]:
    """Shares of a line of so many characters by column: figures and words stay whole, and long text takes few lines.

    places: where the format breaks a long word.

    >>> from aisizer.deliver.blocks import table
    >>> widths(table("t", "GPUs # | Why", [("16", "whole servers of 8")]), 120)
    (0.2647, 0.7353)
    """
    cells = [[row[index] for row in table.rows] for index in range(len(table.columns))]
    least = [_least(column, texts, places) for column, texts in zip(table.columns, cells, strict=True)]
    usual = [_usual(texts) for texts in cells]
    for tenths in count(10):
        given = [max(few, much * 10 / tenths) for few, much in zip(least, usual, strict=True)]
        if sum(given) <= line or given == least:
            return tuple(round(width / sum(given), 4) for width in given)
    raise AssertionError("the loop ends where no column gives way any more")


def _usual(texts: list[str]) -> int:
    """[character] that four of five cells stay below, and in which a long one takes few lines, not the room of all others."""
    lengths = sorted(len(text) for text in texts)
    return max(lengths[len(lengths) * 4 // 5], lengths[-1] // FEW_LINES) + PADDING if lengths else 0


def stays_whole(table: Table, shares: tuple[float, ...], line: int) -> bool:
    """Whether a table goes to the next page rather than over two: it asks for that, or is short.

    >>> from aisizer.deliver.blocks import table
    >>> [stays_whole(table("t", "A | B", [("a", "b " * words)]), (0.5, 0.5), 40) for words in (9, 199)]
    [True, False]
    """
    rows = ([len(cell) / (share * line) for cell, share in zip(row, shares, strict=True)] for row in table.rows)
    return table.whole or sum(max(1, *map(ceil, row)) for row in rows) <= WHOLE_TABLE


def points(table: Table) -> float:
    """[pt] of a table's letters: more columns need smaller ones."""
    return 8.0 if len(table.columns) <= 3 else 7.2 if len(table.columns) <= 8 else 6.6


def _least(column: Column, texts: list[str], places: re.Pattern[str]) -> float:
    """[character] below which a word, or a figure with its unit, would be cut, or a name could not be written."""
    if texts and not any(texts):
        return HANDWRITING
    words = [word for text in (column.title, *texts) for word in text.split()]
    whole = WHOLE_FIGURE if column.numeric else WHOLE_CELL
    cells = [_room(text) for text in texts if len(text) <= whole]
    long = [min(_room(part), WHOLE_PIECE) for word in words if len(word) > WHOLE_WORD for part in places.split(word)]
    short = [min(_room(word), WHOLE_WORD) for word in words]
    return max(long + short + cells, default=0) + PADDING


def _room(text: str) -> float:
    """[character] of mean width that a text takes.

    >>> _room("req/s"), _room("GPUs")
    (5.0, 5.2)
    """
    return len(text) + CAPITAL * sum(map(str.isupper, text))
