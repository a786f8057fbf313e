"""Opens an edited workbook with care: every part is checked before anything reads the file as a workbook.

A workbook is a zip archive of XML parts, and comes back by mail. What is dangerous in such files is known: archives that
unpack to gigabytes, entities that multiply, names that leave the archive, code, and links to elsewhere. Each is refused
with a sentence, and only the parts that the reader needs are passed on, so that nothing unchecked is ever parsed.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from xml.parsers import expat

from aisizer.errors import Fault, InvalidInput

MAX_BYTES = 10_000_000
"""[byte] of the file; a tco.xlsx has 0.1 to 0.5 MB, and twice that once a spreadsheet program has saved it."""
MAX_PARTS = 500
"""A tco.xlsx has about 40 parts."""
MAX_UNPACKED = 60_000_000
"""[byte] of all parts; those of a tco.xlsx have 1 to 5 MB."""
MAX_RATIO = 100
"""Unpacked over packed size of a part; the most even sheet of a tco.xlsx reaches 15, deflate's limit is 1,032."""
SMALL = 100_000
"""[byte] a part below this may be packed as tightly as it likes."""
MAX_ELEMENTS = 2_000_000
"""XML elements of all parts; three for each cell, of which a tco.xlsx has 50,000 at most."""
MAX_DEPTH = 64
"""Nested elements; spreadsheets stay below 20."""
MAX_TEXT = 32_767
"""Characters of one text, Excel's own limit for a cell."""

RESAVE = "Open it in a spreadsheet program and save it as an Excel workbook (.xlsx)."

_NEAR = re.compile(r"[A-Z]{0,2}[1-9][0-9]{0,4}")
"""a cell or row within 702 columns and 99,999 rows; a tco.xlsx has 200 columns and 10,000 rows at most"""
_READ = re.compile(r"\[Content_Types\]\.xml|_rels/\.rels|xl/[^/]+\.xml|xl/_rels/[^/]+\.rels|xl/worksheets/[^/]+\.xml")
"""the parts that the reader needs"""
_XML = re.compile(r"(\[Content_Types\]\.xml|(_rels|docProps|xl)/.*\.(xml|rels))", re.DOTALL)
_ACTIVE = {
    "macros": re.compile(r"vbaproject|vbadata|macroenabled|macrosheet|dialogsheet|xlmacro|customui|ui/extensibility"),
    "ActiveX controls": re.compile(r"activex|ctrlprop|relationships/control"),
    "embedded objects": re.compile(r"oleobject|embeddings|relationships/package"),
    "links to other workbooks": re.compile(r"externallink"),
    "connections to data elsewhere": re.compile(r"xl/connections|[./]connections|querytable|xl/model|xmlmaps"),
    "add-ins": re.compile(r"webextension|taskpane"),
}
"""what runs or reaches out, by the names that its parts, their types and their relationships have"""
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError)
"""what the zip module raises on archives that are cut, scrambled, encrypted or packed by an unknown method"""


def refusal(name: str, problem: str) -> InvalidInput:
    """A fault of the workbook as a whole."""
    return InvalidInput([Fault(name, None, None, "", problem)])


def read_archive(path: Path) -> io.BytesIO:
    """The workbook's checked parts as an archive of their own; whatever is wrong is one sentence."""
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except IsADirectoryError as error:
        raise refusal(str(path), "the workbook cannot be read: it is a folder. Name the file in it.") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no file has such a name"
        raise refusal(str(path), f"the workbook cannot be read ({reason}). Check the path.") from error
    return checked(content, str(path))


def checked(content: bytes, name: str) -> io.BytesIO:
    """The checked parts of a workbook's bytes as an archive that holds nothing else."""
    _check_start(content, name)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            _check_entries(entries, name)
            _check_active((entry.filename for entry in entries), name)
            return _copy(archive, entries, name)
    except _BROKEN as error:
        problem = f"the workbook is damaged or was cut off ({_reason(error)}). Send it once more. {RESAVE}"
        raise refusal(name, problem) from error


def _reason(error: Exception) -> str:
    text = " ".join(str(error).split())
    return "".join(c if c.isprintable() else "?" for c in text)[:80].rstrip(".") or type(error).__name__


def _check_start(content: bytes, name: str) -> None:
    if len(content) > MAX_BYTES:
        limit = f"{MAX_BYTES // 1_000_000} MB"
        raise refusal(
            name, f"the workbook is larger than {limit}, which no tco.xlsx is. Give the file itself. {RESAVE}"
        )
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise refusal(
            name, f"this is an old .xls file, or a workbook with a password. {RESAVE[:-1]}, without a password."
        )
    if not content.startswith(b"PK\x03\x04"):
        raise refusal(name, "this is no .xlsx workbook. Give the tco.xlsx that was edited.")


def _check_entries(entries: list[zipfile.ZipInfo], name: str) -> None:
    names = [entry.filename for entry in entries]
    if len(names) > MAX_PARTS:
        raise refusal(name, f"the workbook has {len(names):,} parts, and {MAX_PARTS} are the most. {RESAVE}")
    if len({part.casefold() for part in names}) < len(names):
        raise refusal(name, f"two parts of the workbook have the same name. {RESAVE}")
    if any(_leaves(part) for part in names):
        raise refusal(name, f"a part of the workbook has a name that leads out of the file. {RESAVE}")
    if any(entry.flag_bits & 1 for entry in entries):
        raise refusal(name, f"the workbook is encrypted. {RESAVE[:-1]}, without a password.")
    unpacked = sum(entry.file_size for entry in entries)
    tight = any(e.file_size > SMALL and e.file_size > MAX_RATIO * e.compress_size for e in entries)
    if unpacked > MAX_UNPACKED or tight:
        raise refusal(name, f"the workbook unpacks to {unpacked / 1e6:,.1f} MB, far more than its file holds. {RESAVE}")


def _leaves(part: str) -> bool:
    """Whether a part's name is absolute, climbs, or means different files on different systems.

    >>> _leaves("xl/workbook.xml"), _leaves("../x"), _leaves("/etc/x"), _leaves("c:x"), _leaves("xl\\\\x")
    (False, True, True, True, True)
    """
    steps = part.removesuffix("/").split("/")
    return not part.isprintable() or any(c in part for c in "\\:") or any(step in ("", ".", "..") for step in steps)


def _check_active(names: Iterator[str], name: str) -> None:
    for found in names:
        for what, pattern in _ACTIVE.items():
            if pattern.search(found.lower()):
                raise refusal(name, f"the workbook holds {what}, which a tco.xlsx never does. Remove them. {RESAVE}")


def _copy(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo], name: str) -> io.BytesIO:
    """The parts that the reader needs, packed anew; the others are looked at where they are XML, and left out."""
    copy = io.BytesIO()
    guard = _Guard(name)
    with zipfile.ZipFile(copy, "w", zipfile.ZIP_STORED) as target:
        for entry in entries:
            if _XML.fullmatch(entry.filename):
                content = archive.read(entry)
                guard.watch(entry.filename, content)
                if _READ.fullmatch(entry.filename):
                    target.writestr(entry.filename, content)
    copy.seek(0)
    return copy


class _Guard:
    """Watches XML parts go by, and stops at what no workbook of aisizer holds."""

    def __init__(self, name: str) -> None:
        self.name, self.elements, self.depth, self.text = name, 0, 0, 0
        self.typed = False
        """whether the part names types and targets of other parts"""

    def watch(self, part: str, content: bytes) -> None:
        """Checks one part as a whole."""
        self.depth, self.typed = 0, not part.endswith(".xml") or part == "[Content_Types].xml"
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = self._characters, self._doctype
        try:
            parser.Parse(content, True)
        except (expat.ExpatError, LookupError, ValueError) as error:  # the last two: an encoding that nobody knows
            raise refusal(self.name, f"a part of the workbook is no XML ({_reason(error)}). {RESAVE}") from error

    def _start(self, element: str, attributes: dict[str, str]) -> None:
        self.elements, self.depth, self.text = self.elements + 1, self.depth + 1, 0
        if self.elements > MAX_ELEMENTS or self.depth > MAX_DEPTH:
            raise refusal(self.name, f"the workbook holds far more than a tco.xlsx. Give the file itself. {RESAVE}")
        place = attributes.get("r")
        if place is not None and element.endswith((" c", " row")) and not _NEAR.fullmatch(place):
            problem = "a cell stands far outside of what a tco.xlsx holds, or nowhere. Remove what was added there."
            raise refusal(self.name, problem)
        if self.typed:
            self._relationship(attributes)

    def _relationship(self, attributes: dict[str, str]) -> None:
        kind = attributes.get("Type", "")
        _check_active((value for key, value in attributes.items() if key != "Target"), self.name)
        if attributes.get("TargetMode", "").lower() == "external" and not kind.endswith("/hyperlink"):
            raise refusal(self.name, f"the workbook links to something outside of itself. Remove the link. {RESAVE}")

    def _end(self, element: str) -> None:
        self.depth, self.text = self.depth - 1, 0

    def _characters(self, data: str) -> None:
        self.text += len(data)
        if self.text > MAX_TEXT:
            raise refusal(self.name, f"a text of the workbook is longer than {MAX_TEXT:,} characters. Shorten it.")

    def _doctype(self, *_: object) -> None:
        problem = "a part of the workbook declares a document type or entities, which no spreadsheet program writes."
        raise refusal(self.name, f"{problem} {RESAVE}")
