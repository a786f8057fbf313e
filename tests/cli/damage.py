"""Damages files as editors, exports, bad disks and hands do: by token, line or byte, and inside the parts of a workbook."""

from __future__ import annotations

import random
import re
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "deliver"))
from edited_workbook import packed, parts

TOKEN = re.compile(rb"[^\s,:{}\[\]\"'<>=]+")
ODD = (
    *(
        "",
        "null",
        "~",
        "[]",
        "{}",
        "[1]",
        "[[]]",
        "{a: 1}",
        "{}: 1",
        "true",
        "yes",
        "x",
        "é",
        "\0",
        "'",
        '"',
        "\n",
        "\t",
    ),
    *("-1", "0", "-0", "1e999", "nan", ".nan", ".inf", "-inf", "1e308", "1e-308", "9" * 400, "0x10", "1_000", "1,5"),
    *("2 s", "-1 s", "0 s", "1e999 s", "0 req/s", "1e12 req/s", "4 %/month", "-200 %", "900 %", "1 USD/h", "5 EUR"),
    *("2026-12-01", "2026-02-30", "9999-12-31", "0001-01-01", "2026-12-01T00:00:00Z", "N", "N+99", "p50", "70B", "0B"),
    *("&a [*a]", "*a", "!!python/name:os.system", "<<: {}", "---", "- ", "? ", "x" * 5000, "./x", "..", "=1+1", "1 2"),
)
"""What stands in a cell or behind a colon where nobody expected it."""


def damaged(content: bytes, random: random.Random) -> bytes:
    """One to three damages, of any kind; the milder kinds are the more frequent."""
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        content = random.choice((_number, _number, _number, _token, _token, _swap, _line, _cut, _noise))(
            content, random
        )
    return content


def damaged_workbook(content: bytes, random: random.Random) -> bytes:
    """The archive itself, or the content of one of its parts, damaged."""
    if random.random() < 0.1:
        return damaged(content, random)
    found = parts(content)
    name = random.choice(sorted(found))
    return packed({**found, name: damaged(found[name], random)})


def _token(content: bytes, random: random.Random) -> bytes:
    return _replaced(content, random, lambda _: random.choice(ODD).encode())


def _number(content: bytes, random: random.Random) -> bytes:
    """A number of another size, which is often still a file that is valid."""
    digits = list(re.finditer(rb"\d+", content))
    if not digits:
        return content
    number = random.choice(digits)
    other = int(number.group()[:300]) * random.choice((0, 2, 10, 1000, 10**6, 10**12)) + random.choice((-1, 0, 1))
    return content[: number.start()] + str(other).encode() + content[number.end() :]


def _swap(content: bytes, random: random.Random) -> bytes:
    return _replaced(content, random, lambda tokens: random.choice(tokens).group())


def _replaced(content: bytes, random: random.Random, new: Callable[[list[re.Match[bytes]]], bytes]) -> bytes:
    tokens = list(TOKEN.finditer(content))
    if not tokens:
        return content
    token = random.choice(tokens)
    return content[: token.start()] + new(tokens) + content[token.end() :]


def _line(content: bytes, random: random.Random) -> bytes:
    """A line that is lost, doubled, moved, or set further in or out."""
    lines = content.split(b"\n")
    place = random.randrange(len(lines))
    line = lines.pop(place)
    kind = random.choice(("lost", "doubled", "moved", "in", "out"))
    if kind == "doubled":
        lines[place:place] = [line, line]
    elif kind == "moved":
        lines.insert(random.randrange(len(lines) + 1), line)
    elif kind != "lost":
        lines.insert(place, b"  " + line if kind == "in" else line[2:])
    return b"\n".join(lines)


def _cut(content: bytes, random: random.Random) -> bytes:
    return content[: random.randrange(len(content) + 1)]


def _noise(content: bytes, random: random.Random) -> bytes:
    place = random.randrange(len(content) + 1)
    return content[:place] + random.randbytes(random.randrange(1, 5)) + content[place + random.randrange(3) :]
