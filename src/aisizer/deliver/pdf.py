"""A document as a tagged PDF, and a picture as PNG: both are set by typst, which reads the document as data."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, time
from importlib.resources import files
from typing import Any

from aisizer.deliver import charts
from aisizer.deliver.blocks import Block, Code, Document, Figure, Table, one_line
from aisizer.deliver.columns import points, stays_whole, widths

FONT = "Libertinus Serif"
"""comes with typst, so that the pages are the same on every machine; it has Latin, Greek and Cyrillic letters"""
BODY = 9.0
"""[pt] size of the text"""
ONE_PAGE = (10.5, 10.0, 9.5, 9.0, 8.5, 8.0, 7.5, 7.0, 6.5, 6.0)
"""[pt] tried in turn where all has to stand on one page"""
LINE = 1080.0
"""[pt] by which the letters of a line can be counted: their number times their size, on A4 between its margins"""
DENSE = 192
"""[1/inch] pixels of a picture"""
_ALONE = """
#set page(width: auto, height: auto, margin: 0pt)
#image(bytes(sys.inputs.svg), format: "svg", width: 480pt)
"""


def document_pdf(document: Document, made: str = "") -> bytes:
    """The document as PDF/UA; `made` stands at the foot of every page."""
    return _pdf(document, made, [BODY])


def one_page_pdf(document: Document, made: str = "") -> bytes:
    """The same on one page, in the largest letters with which it fits."""
    return _pdf(document, made, ONE_PAGE)


def _pdf(document: Document, made: str, sizes: Sequence[float]) -> bytes:
    data = {
        "title": one_line(document.title),
        "subtitle": one_line(document.subtitle),
        "day": document.day.isoformat(),
        "marking": one_line(document.marking),
        "language": document.language,
        "made": one_line(made),
        "sizes": sizes,
        "sections": [
            {"title": one_line(s.title), "blocks": [_data(b) for b in s.blocks if _seen(b)]} for s in document.sections
        ],
    }
    source = (files("aisizer.deliver") / "templates" / "document.typ").read_bytes()
    return _tagged(source, {"document": json.dumps(data)}, datetime.combine(document.day, time(), UTC))


def picture_png(svg: str) -> bytes:
    """A picture of charts.py as PNG, for formats that hold no SVG."""
    return _compiled(_ALONE.encode(), {"svg": charts.standalone(svg, FONT)}, format="png", ppi=DENSE)


def _tagged(source: bytes, inputs: dict[str, str], made: datetime) -> bytes:
    """A tagged PDF, by PDF/UA where its fonts have every letter; a missing one is a box, though its text can be copied."""
    import typst

    try:
        return _compiled(source, inputs, format="pdf", timestamp=made, pdf_standards="ua-1")
    except typst.TypstError as error:
        if "could not be displayed" not in error.message:
            raise
        return _compiled(source, inputs, format="pdf", timestamp=made)


def _compiled(source: bytes, inputs: dict[str, str], **how: Any) -> bytes:
    import typst

    made = typst.compile(source, ignore_system_fonts=True, sys_inputs=inputs, **how)
    if not isinstance(made, bytes):
        raise TypeError(f"typst gave {type(made).__name__}, one file is expected")
    return made


def _seen(block: Block) -> bool:
    """A picture without anything to draw is left out, as in the other formats."""
    return not isinstance(block, Figure) or bool(block.svg)


def _data(block: Block) -> dict[str, Any]:
    data = {"kind": block.kind} | asdict(block)
    if isinstance(block, Figure):
        words = {"caption": one_line(block.caption), "alt": one_line(block.alt)}
        return data | words | {"svg": charts.standalone(block.svg, FONT)}
    if isinstance(block, Table):
        size = points(block)
        line = round(LINE / size)
        shares = widths(block, line)
        data |= {"size": size, "widths": shares, "whole": stays_whole(block, shares, line)}
    return data if isinstance(block, Code) else {name: _flat(value) for name, value in data.items()}


def _flat(value: Any) -> Any:
    """All text on one line, in lists and tables too."""
    if isinstance(value, (tuple, list)):
        return [_flat(item) for item in value]
    return one_line(value) if isinstance(value, str) else value
