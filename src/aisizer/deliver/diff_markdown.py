"""What changed between two plans as a comment of a merge request: short enough to post, and inert whatever a plan says."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from aisizer.deliver.diff_rows import Row, visible
from aisizer.deliver.diff_tables import THREE_YEARS, Table, closing, counted, headline, summary, tables
from aisizer.deliver.document import markdown_text
from aisizer.studies.diff_records import Diff

LIMIT = 65_000
"""[byte] a comment on GitHub may have 65,536 characters, of which the rest is for what a pipeline adds; other forges take more"""
LONGEST = 300
"""[character] of one cell; what is longer is cut, because a cell is read at a glance"""
_SENTENCE = 4 * LONGEST
_LIVE = re.compile(r"(?<=[@#!~$%&])(?=\w)|(?<=:)(?=//)|(?<=www)(?=\.)")
"""where a forge would begin a mention, a reference or a link: a space of no width stops it"""
_HEADS = "| | old | new | change | |\n|---|---:|---:|---:|---:|\n"
_ROOM = 400
"""[byte] kept for the sentence that says what was cut"""
_LEFT_OUT = (
    "This comment was cut to stay below {limit:,} characters: {rows:,} more rows are left out. "
    "`aisizer diff OLD NEW` shows them all.\n"
)


@dataclass(frozen=True, slots=True)
class Part:
    """Rows, and what stands before and after them."""

    before: str
    rows: Sequence[str]
    after: str = ""

    def text(self) -> str:
        return f"{self.before}{''.join(self.rows)}{self.after}"


def diff_markdown(diff: Diff) -> str:
    """The summary first, then each table, folded; cut with a sentence where it would be too long to post."""
    head = f"### {code(diff.new.profile)}: {headline(diff)}\n"
    gates = [f"- {'holds' if g.holds else '**FAILS**'}: {code(g.gate)}: {code(g.reason)}\n" for g in diff.gates]
    parts = [Part("\n", gates)] if gates else []
    if diff.sections:
        found = tables(diff)
        own = [row for table in found if table.own for row in table.rows if row.name != THREE_YEARS]
        first = [*summary(diff), *own]
        notes = [f"- {words(note)}\n" for note in closing(diff)]
        folded = [_folded(table) for table in found if not table.own]
        shown = Part(f"\n{_HEADS}", [_row(row, row.name) for row in first])
        parts = [shown, *parts, *([Part("\n", notes)] if notes else []), *folded]
    return head + _fitted(parts, LIMIT - _ROOM - _size(head))


def code(text: str) -> str:
    r"""Text of a plan as code, in which no forge sees markup, HTML, a mention, a reference or a link.

    >>> code("@all <b>"), code("a`b"), code("a | b"), code(" ")
    ('`@all <b>`', '``a`b``', '`a \\| b`', '')
    """
    flat = _flat(text)
    if not flat:
        return ""
    fence = "`" * (max((len(run) for run in re.findall("`+", flat)), default=0) + 1)
    edge = " " if flat.startswith("`") or flat.endswith("`") else ""
    # A table ends a cell at a bar even in code; a backslash before the escaped bar would undo the escape.
    inert = re.sub(r"(\\*)\|", lambda bar: bar[1] + (" " if bar[1] else "") + r"\|", flat)
    return f"{fence}{edge}{inert}{edge}{fence}"


def words(text: str) -> str:
    r"""A sentence in which a plan's words can neither mark up, nor mention, refer or link.

    >>> print(words("a | <i>")), words("ask @kim") == "ask @\u200bkim"
    a \| \<i>
    (None, True)
    """
    inert = markdown_text(_flat(text, _SENTENCE)).replace("_", r"\_")
    return _LIVE.sub("\u200b", inert)


def _flat(text: str, longest: int = LONGEST) -> str:
    """One line of visible characters, not too long."""
    flat = visible(text)
    return flat if len(flat) <= longest else f"{flat[: longest - 3]}..."


def _folded(table: Table) -> Part:
    rows = [_row(row, code(row.name)) for row in table.rows]
    return Part(
        f"\n<details><summary>{table.title}: {counted(table.rows)}</summary>\n\n{_HEADS}", rows, "\n</details>\n"
    )


def _row(row: Row, name: str) -> str:
    values = [code(value) if row.words else value for value in (row.old, row.new)]
    return f"| {f'{row.mark} {name}'.strip()} | {' | '.join([*values, row.delta, row.ratio])} |\n"


def _fitted(parts: Sequence[Part], room: int) -> str:
    """As many rows as fit; a part of which no row fits is left out whole."""
    texts, out = [], 0
    for part in parts:
        kept = Part(part.before, part.rows[: _that_fit(part, room)], part.after)
        out += len(part.rows) - len(kept.rows)
        if kept.rows:
            texts.append(kept.text())
            room -= _size(kept.text())
    return "".join(texts) + (f"\n{_LEFT_OUT.format(limit=LIMIT, rows=out)}" if out else "")


def _that_fit(part: Part, room: int) -> int:
    room -= _size(part.before + part.after)
    return sum(total <= room for total in accumulate(map(_size, part.rows)))


def _size(text: str) -> int:
    return len(text.encode())
