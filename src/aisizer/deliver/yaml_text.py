"""YAML of plain dictionaries and lists, written directly: a general dumper takes a tenth of a second for the rules of a plan."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

_PLAIN = re.compile(r"[A-Za-z][\w./:-]*[\w]|[A-Za-z]")
_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
"""What YAML 1.1, which many readers still speak, takes for something other than text."""


class Block(str):
    """Text that is shown as a block, one expression a line."""


def yaml_text(value: dict[str, Any]) -> str:
    """The value as YAML, in the order given.

    >>> print(yaml_text({"groups": [{"name": "a", "interval": "1m", "rules": []}], "expr": Block("x > 1")}), end="")
    groups:
      - name: a
        interval: "1m"
        rules: []
    expr: |
      x > 1
    """
    return "".join(f"{line}\n" for line in _mapping(value, ""))


def indented(text: str, by: int) -> str:
    """The same YAML deeper inside another; equal data, without being written a second time.

    >>> indented("a: 1\\n", 2)
    '  a: 1\\n'
    """
    return "".join(f"{' ' * by}{line}\n" for line in text.rstrip("\n").split("\n"))


def _mapping(value: dict[str, Any], indent: str) -> Iterator[str]:
    for key, item in value.items():
        yield from _item(f"{indent}{scalar(key)}:", item, indent + "  ")


def _item(head: str, item: Any, indent: str) -> Iterator[str]:
    if isinstance(item, dict) and item:
        yield head
        yield from _mapping(item, indent)
    elif isinstance(item, list) and item:
        yield head
        for part in item:
            yield from _part(part, indent)
    elif isinstance(item, Block) and item.replace("\n", "").isprintable() and item[:1].strip():
        yield f"{head} |"
        yield from (f"{indent}{line}" for line in item.split("\n"))
    else:
        yield f"{head} {scalar(item)}"


def _part(part: Any, indent: str) -> Iterator[str]:
    if not isinstance(part, dict):
        yield f"{indent}- {scalar(part)}"
        return
    first, *rest = _mapping(part, indent + "  ")
    yield f"{indent}- {first.lstrip()}"
    yield from rest


def scalar(value: Any) -> str:
    """Text, quoted unless it is a plain word; numbers, truth and empty collections as JSON writes them.

    >>> scalar("vllm:x_total"), scalar("no"), scalar("1m"), scalar(3), scalar("a\\x7f")
    ('vllm:x_total', '"no"', '"1m"', '3', '"a\\\\U0000007f"')
    """
    if not isinstance(value, str):
        return json.dumps(value)
    if _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
        return str(value)
    text = json.dumps(value, ensure_ascii=False)
    return text if text.isprintable() else "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in text)
