"""A document as DOCX: built-in styles, so that the reader's own template can restyle it."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from copy import deepcopy
from datetime import datetime, time
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from aisizer.deliver.blocks import Block, Code, Document, Facts, Figure, Items, Notice, Paragraph, Table, one_line
from aisizer.deliver.columns import HYPHENS, points, stays_whole, widths
from aisizer.deliver.pdf import picture_png

if TYPE_CHECKING:
    from docx.document import Document as Word

WIDTH_MM, HEIGHT_MM, MARGIN_MM = 210, 297, 16
"""A4"""
FONT, BODY_PT, LEADING = "Arial", 9.0, 1.05
"""installed nearly everywhere, or another of the same widths is (Liberation Sans)"""
LINE = 940.0
"""[pt] by which the letters of a line can be counted, as in pdf.py; these letters are wider"""
FACTS_LINE = 92
"""characters of a line of facts"""
CELL_MARGIN = 50
"""[1/1440 inch] on either side of a cell"""
SIGNED_MM = 9
"""height of a row that waits for handwriting"""
PICTURE_MM = 120
SPACES_PT = {
    "Title": (0, 4), "Subtitle": (0, 4), "Heading 1": (12, 3), "Caption": (4, 2), "List Bullet": (0, 1),
    "No Spacing": (0, 0), "Normal": (0, BODY_PT / 2),
}  # fmt: skip
"""[pt] above and below a paragraph of each style"""
SIZES_PT = {"Title": 2 * BODY_PT, "Subtitle": BODY_PT + 1, "Heading 1": 13, "Caption": BODY_PT, "No Spacing": 8}
OLDEST = (1980, 1, 1, 0, 0, 0)
"""the first time that a ZIP file can hold, for all its parts: a document is the same whenever it is made"""


def document_docx(document: Document, made: str = "") -> bytes:
    """The document as a Word file, the same bytes on every run; `made` stands at the foot of every page."""
    import docx

    word = docx.Document()
    _properties(word, document)
    _page(word, document, made)
    word.add_heading(one_line(document.title), 0)
    word.add_paragraph(one_line(document.subtitle), "Subtitle")
    for place, section in enumerate(document.sections):
        heading = word.add_heading(one_line(section.title), 1)
        heading.paragraph_format.page_break_before = place == 1 or None  # the decision has the first page to itself
        for block, following in zip_longest(section.blocks, section.blocks[1:]):
            _add(word, block)
            if isinstance(block, Paragraph) and isinstance(following, (Figure, Table, Code)):
                word.paragraphs[-1].paragraph_format.keep_with_next = True
    raw = io.BytesIO()
    word.save(raw)
    return _dateless(raw.getvalue())


def _properties(word: Word, document: Document) -> None:
    midnight = datetime.combine(document.day, time())
    core = word.core_properties
    core.title, core.subject = one_line(document.title)[:255], one_line(document.subtitle)[:255]
    core.author = core.last_modified_by = "aisizer"
    core.language, core.content_status, core.comments = document.language, one_line(document.marking), ""
    core.created = core.modified = midnight
    core.revision = 1


def _page(word: Word, document: Document, made: str) -> None:
    """A4, with the marking at head and foot and the number of the page."""
    from docx.shared import Mm, Pt

    page = word.sections[0]
    page.page_width, page.page_height = Mm(WIDTH_MM), Mm(HEIGHT_MM)
    page.left_margin = page.right_margin = page.top_margin = page.bottom_margin = Mm(MARGIN_MM)
    page.header_distance = page.footer_distance = Mm(MARGIN_MM / 2)
    _styles(word)
    for part, left in ((page.header, document.title), (page.footer, made)):
        line = part.paragraphs[0]
        _tabs(line.style)
        line.add_run(one_line(left) + "\t").font.size = Pt(8)
        line.add_run(one_line(document.marking)).bold = True
        line.add_run("\t" + (document.day.isoformat() if part is page.header else "page ")).font.size = Pt(8)
    foot = page.footer.paragraphs[0]
    _field(foot, "PAGE")
    foot.add_run(" of ").font.size = Pt(8)
    _field(foot, "NUMPAGES")


def _styles(word: Word) -> None:
    """Sizes and spaces of Word's own styles, all in one font: the theme's is not on every machine."""
    from docx.oxml.ns import qn
    from docx.shared import Pt

    word.styles["Normal"].font.size = Pt(BODY_PT)
    word.styles["Normal"].paragraph_format.line_spacing = LEADING
    for name, (above, below) in SPACES_PT.items():
        style: Any = word.styles[name]
        style.font.name = FONT
        for theme in ("asciiTheme", "hAnsiTheme"):
            style.element.rPr.rFonts.attrib.pop(qn(f"w:{theme}"), None)
        style.paragraph_format.space_before, style.paragraph_format.space_after = Pt(above), Pt(below)
        if name in SIZES_PT:
            style.font.size = Pt(SIZES_PT[name])


def _tabs(style: Any) -> None:
    """The marking in the middle of the line, the rest at its ends."""
    from docx.enum.text import WD_TAB_ALIGNMENT
    from docx.shared import Mm

    stops, width = style.paragraph_format.tab_stops, WIDTH_MM - 2 * MARGIN_MM
    stops.clear_all()
    stops.add_tab_stop(Mm(width / 2), WD_TAB_ALIGNMENT.CENTER)
    stops.add_tab_stop(Mm(width), WD_TAB_ALIGNMENT.RIGHT)


def _field(line: Any, name: str) -> None:
    """A field that Word fills in, such as the number of the page (ECMA-376 Part 1, 17.16.19)."""
    from docx.oxml import parse_xml
    from docx.oxml.ns import nsdecls

    shown = '<w:r><w:rPr><w:sz w:val="16"/></w:rPr><w:t>1</w:t></w:r>'
    line._p.append(parse_xml(f'<w:fldSimple {nsdecls("w")} w:instr="{name}">{shown}</w:fldSimple>'))


def _add(word: Word, block: Block) -> None:
    """One block in its style."""
    match block:
        case Paragraph(text):
            word.add_paragraph(_shown(text))
        case Notice(text):
            line = word.add_paragraph()
            line.add_run("Note: ").bold = True
            line.add_run(_shown(text))
        case Items(items, title):
            _items(word, items, title)
        case Code(text):
            lines = word.add_paragraph(style="No Spacing")
            lines.add_run(_lines(text)).font.name = "Courier New"
            lines.paragraph_format.keep_together = True
        case Facts(facts):
            _facts(word, facts)
        case Table():
            _captioned(word, block)
        case Figure(svg=svg) if svg:
            _picture(word, block)


def _items(word: Word, items: Sequence[str], title: str) -> None:
    from docx.shared import Pt

    if title:
        line = word.add_paragraph()
        line.add_run(_shown(title)).bold = True
        line.paragraph_format.keep_with_next = True
        line.paragraph_format.space_before, line.paragraph_format.space_after = Pt(BODY_PT / 2), Pt(1)
    for item in items:
        word.add_paragraph(_shown(item), "List Bullet")
    if items:
        word.paragraphs[-1].paragraph_format.space_after = Pt(BODY_PT / 2)


def _facts(word: Word, facts: Sequence[tuple[str, str]]) -> None:
    names = max(len(name) for name, _ in facts) + 2
    made = _table(word, facts, (names / FACTS_LINE, 1 - names / FACTS_LINE), BODY_PT)
    for row in made.rows:
        row.cells[1].paragraphs[0].runs[0].bold = True
    word.add_paragraph(style="No Spacing")


def _captioned(word: Word, block: Table) -> None:
    """A table with its caption above it."""
    caption = word.add_paragraph(_shown(block.caption), "Caption")
    caption.paragraph_format.keep_with_next = True
    head, size = tuple(column.title for column in block.columns), points(block)
    line = round(LINE / size)
    shares = widths(block, line, HYPHENS)
    made = _table(word, (head, *block.rows), shares, size)
    _ruled(made)
    _aligned(made, block)
    _parted(made, stays_whole(block, shares, line))
    word.add_paragraph(style="No Spacing")


def _aligned(made: Any, block: Table) -> None:
    """Bold heads, figures to the right, and room in a row that waits for handwriting."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Mm

    for cell in made.rows[0].cells:
        cell.paragraphs[0].runs[0].bold = True
    for row in made.rows:
        for column, cell in zip(block.columns, row.cells, strict=True):
            if column.numeric:
                cell.paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.RIGHT
    for row, texts in zip(made.rows[1:], block.rows, strict=True):
        row.height = None if any(texts[1:]) else Mm(SIGNED_MM)


def _parted(made: Any, whole: bool) -> None:
    """A table over two pages has its head on each, no row in two parts and none alone; a short one stays on one."""
    _mark(made.rows[0], "w:tblHeader")
    rows = list(made.rows)
    for row in rows:
        _mark(row, "w:cantSplit")
    for row in rows[:-1] if whole else (rows[0], rows[-2]):
        for cell in row.cells:
            cell.paragraphs[0].paragraph_format.keep_with_next = True


def _table(word: Word, rows: Sequence[Sequence[str]], shares: Sequence[float], size: float) -> Any:
    """A table of the page's width; each width stands at its column and in its cells, as readers ask for either."""
    from docx.shared import Mm, Pt

    made = word.add_table(rows=len(rows), cols=len(shares))
    made.autofit = False
    sizes = [Mm((WIDTH_MM - 2 * MARGIN_MM) * share) for share in shares]
    for column, width in zip(made.columns, sizes, strict=True):
        column.width = width
    for row, texts in zip(made.rows, rows, strict=True):
        for cell, text, width in zip(row.cells, texts, sizes, strict=True):
            cell.width = width
            line = cell.paragraphs[0]
            line.paragraph_format.space_after, line.paragraph_format.line_spacing = Pt(1), 1.0
            run = line.add_run(_shown(text))
            run.font.size = Pt(size)
            line._p.get_or_add_pPr().append(deepcopy(run._r.rPr))  # an empty cell is as high as its paragraph's mark
    return made


def _ruled(made: Any) -> None:
    """A thin line below each row, and little space beside the cells (ECMA-376 Part 1, 17.4.38 and 17.4.42)."""
    from docx.oxml import parse_xml
    from docx.oxml.ns import nsdecls, qn

    line = 'w:val="single" w:sz="4" w:space="0" w:color="D9DEE3"'
    sides = "".join(f'<w:{side} w:w="{CELL_MARGIN}" w:type="dxa"/>' for side in ("left", "right"))
    look = made._tbl.tblPr.find(qn("w:tblLook"))
    for text in (
        f"<w:tblBorders {nsdecls('w')}><w:bottom {line}/><w:insideH {line}/></w:tblBorders>",
        f"<w:tblCellMar {nsdecls('w')}>{sides}</w:tblCellMar>",
    ):
        look.addprevious(parse_xml(text))


def _picture(word: Word, block: Figure) -> None:
    """A picture with what it shows below it, on the page on which its table begins."""
    from docx.shared import Mm

    shape = word.add_picture(io.BytesIO(picture_png(block.svg)), width=Mm(PICTURE_MM))
    shape._inline.docPr.set("descr", one_line(block.alt))
    word.paragraphs[-1].paragraph_format.keep_with_next = True
    word.add_paragraph(style="Caption").add_run(_shown(block.caption)).bold = False


def _mark(row: Any, name: str) -> None:
    from docx.oxml import OxmlElement

    row._tr.get_or_add_trPr().append(OxmlElement(name))


def _shown(text: str) -> str:
    """One line of text, in which a figure keeps its percent sign."""
    return re.sub(r"(?<=\d) (?=%)", "\N{NO-BREAK SPACE}", one_line(text))


def _lines(text: str) -> str:
    return "\n".join(one_line(line) for line in text.splitlines())


def _dateless(content: bytes) -> bytes:
    """The same archive with all its parts of 1980."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(zipfile.ZipInfo(name, OLDEST), old.read(name), zipfile.ZIP_DEFLATED)
    return made.getvalue()
