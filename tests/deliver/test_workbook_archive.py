"""Hostile and broken workbooks: each is refused with one sentence, quickly, and nothing of it is parsed unchecked."""

from __future__ import annotations

import io
import struct
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import pytest
from edited_workbook import packed, parts, with_part, workbook
from hypothesis import given, settings
from hypothesis import strategies as st

from aisizer.deliver import workbook_archive
from aisizer.deliver.workbook_archive import checked, read_archive
from aisizer.deliver.workbook_fragment import editor_of, entries, fragment
from aisizer.deliver.workbook_reader import read_workbook
from aisizer.errors import InvalidInput
from aisizer.profile.yaml_file import read_yaml

SHEET = "xl/worksheets/sheet3.xml"
TYPES = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
RELATIONSHIP = b'<Relationship Id="rId99" Type="' + TYPES + b'%s" Target="%s"%s/>'


def problem(content: bytes, file: Path) -> str:
    """The one sentence of a refusal."""
    file.write_bytes(content)
    started = perf_counter()
    with pytest.raises(InvalidInput) as caught:
        read_workbook(file)
    assert perf_counter() - started < 20
    (fault,) = caught.value.faults
    assert fault.problem[0].islower() and fault.problem.endswith(".")
    return fault.problem


def related(kind: bytes, target: bytes, mode: bytes = b"") -> bytes:
    """The workbook with one more relationship."""
    more = RELATIONSHIP % (kind, target, mode)
    return with_part(
        "xl/_rels/workbook.xml.rels", lambda text: text.replace(b"</Relationships>", more + b"</Relationships>")
    )


def rewritten(old: bytes, new: bytes, part: str = SHEET) -> bytes:
    """The workbook with a text of one part replaced."""

    def replaced(text: bytes) -> bytes:
        assert old in text
        return text.replace(old, new, 1)

    return with_part(part, replaced)


def encrypted() -> bytes:
    content = bytearray(workbook())
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = content.find(signature)
        while at >= 0:
            content[at + flags] |= 1
            at = content.find(signature, at + 4)
    return bytes(content)


def twice(name: str) -> bytes:
    buffer = io.BytesIO(workbook())
    with zipfile.ZipFile(buffer, "a") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the name is there already, which is what this is about
        archive.writestr(name, b"<x/>")
    return buffer.getvalue()


def lying() -> bytes:
    """A part that says it unpacks to 100 bytes and unpacks to 100 MB."""
    content = bytearray(with_part("xl/more.xml", b"<x>" + b" " * 10_000_000 + b"</x>"))
    for signature, size in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = -1
        while (at := content.find(signature, at + 1)) >= 0:
            if struct.unpack_from("<I", content, at + size)[0] > 1_000_000:
                struct.pack_into("<I", content, at + size, 100)
    return bytes(content)


LAUGHS = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
XML = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty": (lambda: b"", "this is no .xlsx workbook."),
    "text": (lambda: b"Input,Value\n", "this is no .xlsx workbook."),
    "old or encrypted": (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "an old .xls file, or a workbook with a"),
    "program before the archive": (lambda: b"MZ" + workbook(), "this is no .xlsx workbook."),
    "cut": (lambda: workbook()[:3000], "the workbook is damaged or was cut off"),
    "zip of something else": (lambda: packed({"a.txt": b"hello"}), "this is no workbook that can be read"),
    "too large": (lambda: workbook() + bytes(10_000_001), "larger than 10 MB"),
    "bomb": (lambda: with_part("xl/worksheets/sheet9.xml", b"<x>" + b" " * 20_000_000), "unpacks to 20.0 MB"),
    "bomb beside": (lambda: with_part("xl/media/image1.png", bytes(20_000_000)), "unpacks to 20.0 MB"),
    "bomb that lies": (lying, "the workbook is damaged or was cut off"),
    "parts": (lambda: packed({**parts(workbook()), **{f"x/{n}": b"" for n in range(600)}}), "parts, and 500 are the most"),
    "climbing name": (lambda: with_part("../../etc/cron.d/x", b""), "a name that leads out of the file"),
    "absolute name": (lambda: with_part("/etc/passwd", b""), "a name that leads out of the file"),
    "name of another system": (lambda: with_part("xl\\..\\x", b""), "a name that leads out of the file"),
    "same name": (lambda: twice("xl/workbook.xml"), "two parts of the workbook have the same name"),
    "same name in capitals": (lambda: twice("XL/Workbook.xml"), "two parts of the workbook have the same name"),
    "encrypted parts": (encrypted, "the workbook is encrypted"),
    "macros": (lambda: with_part("xl/vbaProject.bin", b"x"), "the workbook holds macros"),
    "macros by another name": (
        lambda: rewritten(b"spreadsheetml.sheet.main", b"x.macroEnabled.main", "[Content_Types].xml"),
        "the workbook holds macros",
    ),
    "macro sheet": (lambda: with_part("xl/macrosheets/sheet1.xml", b"<x/>"), "the workbook holds macros"),
    "OLE": (lambda: with_part("xl/embeddings/oleObject1.bin", b"x"), "the workbook holds embedded objects"),
    "OLE by another name": (lambda: related(b"oleObject", b"media/x.bin"), "the workbook holds embedded objects"),
    "ActiveX": (lambda: with_part("xl/activeX/activeX1.xml", b"<x/>"), "the workbook holds ActiveX controls"),
    "external link": (
        lambda: with_part("xl/externalLinks/externalLink1.xml", b"<externalLink/>"),
        "the workbook holds links to other workbooks",
    ),
    "link outside": (
        lambda: related(b"image", b"http://127.0.0.1/x", b' TargetMode="External"'),
        "the workbook links to something outside of itself",
    ),
    "connections": (lambda: with_part("xl/connections.xml", b"<x/>"), "the workbook holds connections to data elsewhere"),
    "add-in": (lambda: with_part("xl/webextensions/taskpanes.xml", b"<x/>"), "the workbook holds add-ins"),
    "entities": (lambda: rewritten(b"<worksheet", LAUGHS + b"<worksheet"), "declares a document type or entities"),
    "entities elsewhere": (
        lambda: with_part("docProps/custom.xml", XML + LAUGHS + b"<x>&b;</x>"),
        "declares a document type or entities",
    ),
    "entities in UTF-16": (
        lambda: with_part("xl/styles.xml", lambda text: (LAUGHS + text[len(XML) :].lstrip()).decode().encode("utf-16")),
        "declares a document type or entities",
    ),
    "unknown encoding": (lambda: rewritten(b"UTF-8", b"UTF-08"), "a part of the workbook is no XML"),
    "broken XML": (lambda: rewritten(b"</row>", b"</rom>"), "a part of the workbook is no XML"),
    "deep": (lambda: rewritten(b"<sheetData>", b"<a>" * 5000 + b"<sheetData>"), "far more than a tco.xlsx"),
    "far cell": (lambda: rewritten(b'r="B5"', b'r="XFD5"'), "a cell stands far outside"),
    "far row": (lambda: rewritten(b'<row r="5"', b'<row r="1048576"'), "a cell stands far outside"),
    "row without end": (lambda: rewritten(b'<row r="5"', b'<row r="1e99"'), "a cell stands far outside"),
    "long text": (lambda: rewritten(b"<f>", b"<f>" + b"1+" * 20_000), "a text of the workbook is longer than 32,767"),
    "style of nothing": (lambda: rewritten(b' s="1"', b' s="99"'), "this is no workbook that can be read (IndexError)"),
    "name of no style": (
        lambda: rewritten(b'name="Normal" xfId="0"', b'name="Normal" xfId="9"', "xl/styles.xml"),
        "this is no workbook that can be read (IndexError)",
    ),
    "no sheets": (lambda: rewritten(b"<sheets>", b"<sheetz>", "xl/workbook.xml"), "is no XML"),
}  # fmt: skip


@pytest.mark.parametrize(("make", "expected"), HOSTILE.values(), ids=HOSTILE.keys())
def test_what_is_hostile_or_broken_is_refused_with_one_sentence(
    make: Callable[[], bytes], expected: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert expected in problem(make(), tmp_path / "tco.xlsx")
    assert capsys.readouterr().out == ""


def test_a_path_that_leads_nowhere_is_one_sentence(tmp_path: Path) -> None:
    for path, expected in (
        (tmp_path, "it is a folder"),
        (tmp_path / "absent.xlsx", "No such file or directory"),
        (Path("a\0b"), "no file has such a name"),
    ):
        with pytest.raises(InvalidInput, match=expected):
            read_archive(path)


def test_a_link_that_only_a_reader_could_follow_is_left_out() -> None:
    """A spreadsheet program makes a link of every address that is typed into a note."""
    note = related(b"hyperlink", b"mailto:jane@example.org", b' TargetMode="External"')
    assert zipfile.ZipFile(checked(note, "tco.xlsx")).namelist()


def test_only_parts_that_were_checked_are_passed_on() -> None:
    more = {"xl/media/a.png": b"x", "xl/drawings/drawing1.xml": b"<x/>", "customXml/item1.xml": b"<!DOCTYPE x><x/>"}
    content = packed({**parts(workbook()), **more})
    names = set(zipfile.ZipFile(checked(content, "tco.xlsx")).namelist())
    assert names <= set(parts(workbook())) and SHEET in names


def test_the_guard_against_slow_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aisizer.deliver.workbook_reader.SLOW", 0.0)
    assert "takes longer than 0 s to read" in problem(workbook(), tmp_path / "tco.xlsx")


def test_the_guard_against_many_elements(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook_archive, "MAX_ELEMENTS", 100)
    assert "far more than a tco.xlsx" in problem(workbook(), tmp_path / "tco.xlsx")


WHOLE = workbook()
PARTS = parts(WHOLE)


def taken_or_refused(content: bytes, folder: Path) -> None:
    """A workbook that was tampered with gives a valid fragment or a refusal, and nothing else."""
    file = folder / "tco.xlsx"
    file.write_bytes(content)
    try:
        edited = read_workbook(file)
        editor = editor_of(edited, "N", None)
        text = fragment(entries(edited, editor), edited, editor)
    except InvalidInput as error:
        assert str(error).endswith(".")
    else:
        assert set(read_yaml(text, "fragment").data or {}) <= {"supply", "finance"}


flips = st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), min_size=1, max_size=8)


@given(flips=flips, cut=st.integers(0, len(WHOLE)) | st.none())
@settings(max_examples=60)
def test_fuzz_bytes_of_the_archive(
    tmp_path_factory: pytest.TempPathFactory, flips: list[tuple[int, int]], cut: int | None
) -> None:
    content = bytearray(WHOLE)
    for at, value in flips:
        content[at] = value
    taken_or_refused(bytes(content[:cut]), tmp_path_factory.mktemp("fuzz"))


SNIPPETS = (
    b"", b"<", b"&", b'"', b"0", b"-1", b"99999999999999999999", b"1e999", b"nan", b"A1", b"<v/>", b"<f>1</f>", b"\xff",
    b"<!-- -->", b"<![CDATA[x]]>", b't="e"', b't="d"', b't="shared"', b't="s"', b'r=""', b"&#0;", b"&#xD800;", b"\0",
    b' s="99"', b'<f t="array" ref="A1">1</f>', b'<f t="shared" si="0"/>', b'<f t="dataTable"/>',
)  # fmt: skip


@given(
    part=st.sampled_from(sorted(PARTS)),
    at=st.floats(0, 1),
    length=st.integers(0, 30),
    snippet=st.sampled_from(SNIPPETS),
)
@settings(max_examples=150)
def test_fuzz_xml_of_the_parts(
    tmp_path_factory: pytest.TempPathFactory, part: str, at: float, length: int, snippet: bytes
) -> None:
    text = PARTS[part]
    start = int(at * len(text))
    mutated = text[:start] + snippet + text[start + length :]
    taken_or_refused(packed({**PARTS, part: mutated}), tmp_path_factory.mktemp("fuzz"))
