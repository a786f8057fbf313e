"""Reads one YAML file by the YAML 1.2 core schema, keeps the place of every value, and refuses what is unsafe."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from aisizer.errors import Fault, InvalidInput

MAX_BYTES = 1_000_000
"""[byte] a profile of this size has more than 10,000 lines; larger files are mistakes or attacks."""
MAX_DEPTH = 50
"""The deepest profile has 6 levels and the deepest catalog file 5."""
MAX_ALIAS_NODES = 1_000
"""Values that aliases may repeat; a billion laughs needs 10^9."""
MAX_DIGITS = 100
"""Longer numbers are mistakes; Python itself refuses those beyond 4,300 digits."""

FieldPath = tuple[str | int, ...]
"""Keys and list positions from the root of a file to one value."""

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_INT = re.compile(r"[-+]?[0-9]+")
_BASE = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS: dict[str, Any] = dict.fromkeys(("", "~", "null", "Null", "NULL"))
_WORDS |= dict.fromkeys(("true", "True", "TRUE"), True) | dict.fromkeys(("false", "False", "FALSE"), False)
_WORDS |= {sign + word: float(sign + "inf") for sign in ("", "+", "-") for word in (".inf", ".Inf", ".INF")}
_WORDS |= {word: float("nan") for word in (".nan", ".NaN", ".NAN")}
_PLAIN, _TEXT, _COLLECTION = "plain", "text", "collection"

_MENDS = {
    "mapping values are not allowed": "a second `:` stands on the line, or the line above is not "
    "finished. Put text that holds `: ` in quotes, or mend the indentation.",
    "but found another document": "a second document starts here. Keep one document a file.",
    "found undefined alias": "this alias (*name) has no anchor (&name) before it. Write the value itself.",
    "found duplicate anchor": "this anchor (&name) stands twice. Give it another name.",
}


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """What one YAML file holds, and where; `root` is None for values without a file, such as --set."""

    data: Any
    file: str
    root: yaml.Node | None = field(default=None, repr=False)

    def fault(self, path: Sequence[str | int], problem: str, *, at_key: bool = False) -> Fault:
        """A fault of the value at `path`, of its key, or of the nearest parent's key where the path is absent."""
        line, column = self.place(path, at_key=at_key)
        return Fault(self.file, line, column, ".".join(str(part) for part in path), problem)

    def place(self, path: Sequence[str | int], *, at_key: bool = False) -> tuple[int | None, int | None]:
        """Line and column, from 1, of the value or key at `path`."""
        if self.root is None:
            return None, None
        node = key = self.root
        for depth, part in enumerate(path):
            found = _child(node, part)
            if found is None:
                return _line_column(key if depth else self.root)
            key, node = found
        return _line_column(key if at_key else node)


def read_file(path: Path, file: str | None = None) -> tuple[Document, bytes]:
    """Reads a file into a Document and its bytes; `file` is its name in messages."""
    name = file or str(path)
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except IsADirectoryError as error:
        raise _refusal(name, "the file cannot be read: it is a folder. Name the YAML file in it.") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise _refusal(name, f"the file cannot be read ({reason}). Check the path and its permissions.") from error
    return read_bytes(content, name), content


def is_file(path: Path) -> bool:
    """Whether there is such a file; a name that no file can have is none."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def read_bytes(content: bytes, file: str) -> Document:
    """Reads the bytes of a file, UTF-8 with or without a byte order mark."""
    if len(content) > MAX_BYTES:
        raise _refusal(file, "the file is larger than 1 MB. Keep traces and quotes in files of their own.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _refusal(file, "the text is not UTF-8. Save the file as UTF-8.", line, 1) from error
    return read_yaml(text, file)


def read_yaml(text: str, file: str) -> Document:
    """Reads YAML text; raises InvalidInput with the place of every duplicate key, tag and other refusal."""
    text = text.removeprefix("\ufeff")
    if len(text) > MAX_BYTES:
        raise _refusal(file, "the file is larger than 1 MB. Keep traces and quotes in files of their own.")
    _refuse_control_characters(text, file)
    root = _compose(text, file)
    if root is None:
        return Document(None, file, None)
    builder = _Builder(file)
    data = builder.build(root, ())
    if builder.faults:
        raise InvalidInput(builder.faults)
    return Document(data, file, root)


def _refuse_control_characters(text: str, file: str) -> None:
    found = _CONTROL.search(text)
    if found:
        line, column = text.count("\n", 0, found.start()) + 1, found.start() - text.rfind("\n", 0, found.start())
        problem = f"the control character U+{ord(found.group()):04X} is not allowed. Remove it."
        raise _refusal(file, problem, line, column)


_Parser: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Composer(_Parser):  # type: ignore[misc]
    """The composer with neutral tags, so that a tag written in the file shows; it counts the nesting."""

    depth = 0

    def resolve(self, kind: type, value: object, implicit: Any) -> str:
        if kind is not yaml.ScalarNode:
            return _COLLECTION
        return _PLAIN if implicit[0] else _TEXT

    def descend_resolver(self, parent: object, index: object) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            mark = parent.start_mark if isinstance(parent, yaml.Node) else None
            raise yaml.MarkedYAMLError(problem="nested too deeply", problem_mark=mark)

    def ascend_resolver(self) -> None:
        self.depth -= 1


def _compose(text: str, file: str) -> yaml.Node | None:
    parser = None
    try:
        parser = _Composer(text)
        node: yaml.Node | None = parser.get_single_node()
        return node
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (None, None)
        raise _refusal(file, _sentence(error, text), line, column) from error
    except yaml.YAMLError as error:
        raise _refusal(file, f"this is not valid YAML ({error}). Mend the text.") from error
    finally:
        if parser is not None:
            parser.dispose()


def _sentence(error: yaml.MarkedYAMLError, text: str) -> str:
    problem = " ".join(part for part in (error.context, error.problem) if part)
    mark = error.problem_mark
    character = text[mark.index : mark.index + 1] if mark else ""
    if "cannot start any token" in problem:
        if character == "\t":
            return "a tab stands where only spaces may. Indent with spaces."
        return f"no value can start with {character!r}. Put the text in quotes."
    if "nested too deeply" in problem:
        return f"values are nested deeper than {MAX_DEPTH} levels. Flatten them."
    for known, sentence in _MENDS.items():
        if known in problem:
            return sentence
    return f"this is not valid YAML ({problem}). Mend the indentation, quotes or brackets here or just above."


class _Builder:
    """Turns the composed nodes of one file into plain data and gathers its faults."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.faults: list[Fault] = []
        self.open: set[int] = set()
        self.seen: set[int] = set()
        self.repeated = 0

    def build(self, node: yaml.Node, path: FieldPath) -> Any:
        identity = id(node)
        self._count(node, identity, path)
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, path)
        if node.tag != _COLLECTION:
            return self._fault(node, path, f"the tag {node.tag} is not allowed. Remove it.")
        self.open.add(identity)
        if isinstance(node, yaml.MappingNode):
            value: Any = self._mapping(node, path)
        else:
            value = [self.build(item, (*path, index)) for index, item in enumerate(node.value)]
        self.open.discard(identity)
        return value

    def _count(self, node: yaml.Node, identity: int, path: FieldPath) -> None:
        if identity in self.open:
            raise InvalidInput([self._of(node, path, "an alias holds itself. Write the values out.")])
        self.repeated += identity in self.seen
        self.seen.add(identity)
        if self.repeated > MAX_ALIAS_NODES:
            problem = f"aliases repeat more than {MAX_ALIAS_NODES:,} values. Write the values out."
            raise InvalidInput([self._of(node, path, problem)])

    def _mapping(self, node: yaml.MappingNode, path: FieldPath) -> dict[Any, Any]:
        result: dict[Any, Any] = {}
        lines: dict[Any, int] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self._fault(key_node, path, "a key must be plain text. Write a name.")
                continue
            key = self._scalar(key_node, path)
            line = key_node.start_mark.line + 1
            if key in result:
                self._fault(key_node, (*path, key), f"the key stands twice (first at line {lines[key]}). Keep one.")
            lines[key] = line
            result[key] = self.build(value_node, (*path, key))
        return result

    def _scalar(self, node: yaml.ScalarNode, path: FieldPath) -> Any:
        if node.tag == _TEXT:
            return node.value
        if node.tag != _PLAIN:
            return self._fault(node, path, f"the tag {node.tag} is not allowed. Remove it.")
        text: str = node.value
        if len(text) > MAX_DIGITS and (_INT.fullmatch(text) or _BASE.fullmatch(text)):
            return self._fault(node, path, f"a number of more than {MAX_DIGITS} digits is a mistake. Shorten it.")
        return plain(text)

    def _of(self, node: yaml.Node, path: FieldPath, problem: str) -> Fault:
        line, column = _line_column(node)
        return Fault(self.file, line, column, ".".join(str(part) for part in path), problem)

    def _fault(self, node: yaml.Node, path: FieldPath, problem: str) -> None:
        self.faults.append(self._of(node, path, problem))


def plain(text: str) -> Any:
    """A plain scalar by the YAML 1.2 core schema (YAML 1.2.2, section 10.3.2, https://yaml.org/spec/1.2.2/).

    >>> plain("NO"), plain("12:30:45"), plain("1e3"), plain("0o14"), plain("2026-12-01"), plain("~"), plain("010")
    ('NO', '12:30:45', 1000.0, 12, '2026-12-01', None, 10)
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "-+.0123456789":
        return text
    if _INT.fullmatch(text):
        return int(text)
    if _BASE.fullmatch(text):
        return int(text, 0)
    return float(text) if _FLOAT.fullmatch(text) else text


def _child(node: yaml.Node, part: str | int) -> tuple[yaml.Node, yaml.Node] | None:
    """The key (for a list: the item itself) and the value of one step down."""
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and 0 <= part < len(node.value):
        return node.value[part], node.value[part]
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and part == (plain(key.value) if key.tag == _PLAIN else key.value):
                return key, value
    return None


def _line_column(node: yaml.Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1


def _refusal(file: str, problem: str, line: int | None = None, column: int | None = None) -> InvalidInput:
    return InvalidInput([Fault(file, line, column, "", problem)])
