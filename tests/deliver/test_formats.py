"""Every format of the document carries the same figures, is the same bytes on every run, and keeps text inert."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from datetime import datetime
from html import unescape
from typing import Any
from xml.etree import ElementTree

import docx
import pytest
from pypdf import PdfReader
from sample_plan import infeasible_plan, missing_price_plan, no_discount_plan, sample_plan, two_pool_plan

from aisizer.deliver import charts
from aisizer.deliver.blocks import Code, Document, Facts, Figure, Items, Paragraph, Section, Table, one_line, table
from aisizer.deliver.brief import brief, brief_pdf
from aisizer.deliver.columns import stays_whole, widths
from aisizer.deliver.document import document, sizing_docx, sizing_html, sizing_md, sizing_pdf
from aisizer.deliver.docx_file import FONT, document_docx
from aisizer.deliver.formats import FORMATS, in_formats
from aisizer.deliver.options import COLUMNS, options_csv
from aisizer.deliver.pdf import document_pdf, one_page_pdf, picture_png
from aisizer.deliver.write import render
from aisizer.errors import InvalidInput, NoFeasiblePlan
from aisizer.plan import Plan
from aisizer.studies.compare import scenario

PLANS = [sample_plan(), missing_price_plan(), no_discount_plan(), two_pool_plan()]
each_plan = pytest.mark.parametrize("plan", PLANS, ids=["sample", "missing", "no-rate", "two-pools"])
HOSTILE = '<script>alert(1)</script> #panic("x") $1$ @label *b* _i_ \\ `c` ]] {{ 7*7 }} =1+1 \x07\u202e&amp;'


def dense(text: str) -> str:
    """Text without spaces, as lines are broken at other places in every format."""
    return re.sub(r"\s+", "", text)


def pdf_text(content: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)


def docx_text(content: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return "".join(ElementTree.fromstring(archive.read("word/document.xml")).itertext())


def figures(plan: Plan) -> list[str]:
    """Every cell and fact of the document that holds a digit."""
    blocks = [block for section in document(plan).sections for block in section.blocks]
    cells = [c for b in blocks if isinstance(b, Table) for row in b.rows for c in row]
    cells += [value for b in blocks if isinstance(b, Facts) for _, value in b.facts]
    return [cell for cell in cells if re.search(r"\d", cell)]


def with_warning(text: str) -> Plan:
    return sample_plan().model_copy(update={"warnings": (text,)})


def marked(plan: Plan, **compliance: str) -> Plan:
    return plan.model_copy(update={"profile": plan.profile | {"compliance": compliance}})


@each_plan
def test_every_figure_is_in_every_format(plan: Plan) -> None:
    page, word = dense(pdf_text(sizing_pdf(plan))), dense(docx_text(sizing_docx(plan)))
    html = dense(unescape(re.sub(r"<[^>]*>", "", sizing_html(plan))))
    markdown = dense(sizing_md(plan).replace("\\", ""))
    found = figures(plan)
    assert len(found) > 100
    for figure in map(dense, found):
        assert figure in word and figure in markdown and figure in html
    # Words of a narrow column lie beside those of the next one, so only figures without a space are looked for.
    alone = {cell for cell in found if re.fullmatch(r"[\d,.]+", cell)}
    assert not {figure for figure in alone if figure not in page}


def test_two_runs_give_the_same_bytes() -> None:
    for name in FORMATS:
        assert in_formats(sample_plan(), name) == in_formats(sample_plan(), name)


def test_a_file_knows_no_other_date_than_the_plans() -> None:
    info = PdfReader(io.BytesIO(sizing_pdf(sample_plan()))).metadata
    assert info is not None and info.creation_date is not None
    assert info.creation_date.replace(tzinfo=None) == datetime(2026, 12, 1)
    content = sizing_docx(sample_plan())
    core = docx.Document(io.BytesIO(content)).core_properties
    for when in (core.created, core.modified):
        assert when is not None and when.replace(tzinfo=None) == datetime(2026, 12, 1)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert {part.date_time[0] for part in archive.infolist()} == {1980}


def test_pdf_is_tagged_titled_and_has_an_outline_in_order() -> None:
    reader = PdfReader(io.BytesIO(sizing_pdf(sample_plan())))
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"] and "/StructTreeRoot" in root
    assert root["/Lang"] == "en"
    assert reader.metadata is not None and reader.metadata.title == document(sample_plan()).title
    titles = [entry.title for entry in reader.outline if not isinstance(entry, list)]
    assert titles == [section.title for section in document(sample_plan()).sections]


def test_docx_has_headings_repeated_heads_and_pictures_with_words() -> None:
    content = sizing_docx(sample_plan())
    word = docx.Document(io.BytesIO(content))
    heads = [p.text for p in word.paragraphs if p.style is not None and p.style.name == "Heading 1"]
    assert heads == [section.title for section in document(sample_plan()).sections]
    blocks = [block for section in document(sample_plan()).sections for block in section.blocks]
    xml = zipfile.ZipFile(io.BytesIO(content)).read("word/document.xml").decode()
    assert xml.count("<w:tblHeader/>") == sum(isinstance(block, Table) for block in blocks)
    alts = [shape._inline.docPr.get("descr") for shape in word.inline_shapes]
    assert alts == [block.alt for block in blocks if isinstance(block, Figure)]


def rows_of(content: bytes) -> list[Any]:
    """The tables of a Word file that have a head."""
    return [t for t in docx.Document(io.BytesIO(content)).tables if "w:tblHeader" in t._tbl.xml]


@each_plan
def test_docx_leaves_no_row_alone_and_no_picture_without_its_words_and_parts_no_code(plan: Plan) -> None:
    content = sizing_docx(plan)
    for found in rows_of(content):
        rows = list(found.rows)
        assert all("w:cantSplit" in row._tr.xml for row in rows)
        for row in (rows[0], rows[-2]) if len(rows) > 1 else ():
            assert all(cell.paragraphs[0].paragraph_format.keep_with_next for cell in row.cells)
        marks = [cell.paragraphs[0] for row in rows for cell in row.cells]
        assert all(f'w:sz w:val="{int(2 * line.runs[0].font.size.pt)}"' in line._p.pPr.xml for line in marks)
    for line in docx.Document(io.BytesIO(content)).paragraphs:
        if "<w:drawing>" in line._p.xml:
            assert line.paragraph_format.keep_with_next
        if "Courier New" in line._p.xml:
            assert line.paragraph_format.keep_together


def test_docx_counts_its_pages_and_asks_for_no_font_but_its_own() -> None:
    word = docx.Document(io.BytesIO(sizing_docx(sample_plan())))
    foot = word.sections[0].footer.paragraphs[0]._p.xml
    assert 'w:instr="PAGE"' in foot and 'w:instr="NUMPAGES"' in foot
    for name in ("Title", "Subtitle", "Heading 1", "Caption"):
        assert word.styles[name].font.name == FONT and "asciiTheme" not in word.styles[name].element.xml


def test_a_long_table_ends_with_two_rows_in_the_pdf() -> None:
    """As many rows as fill one page and one line more: the last page has two of them, and the head again."""

    def pages(rows: int) -> list[str]:
        long = table("Lines", "Name | Value #", [(f"row{n}", "1") for n in range(rows)])
        made = Document("t", "s", (Section("a", "A", (long,)),), document(sample_plan()).day)
        return [page.extract_text() for page in PdfReader(io.BytesIO(document_pdf(made))).pages]

    few = next(rows for rows in range(30, 80) if len(pages(rows)) == 2)
    last = pages(few)[1]
    assert re.findall(r"row(\d+)", last) == [str(few - 2), str(few - 1)] and "Value" in last


def test_commands_stay_on_one_page_with_what_leads_to_them() -> None:
    """Wherever on the page they would begin, also where its end would cut them."""
    commands = Code("first\nsecond\nthird\nfourth")
    for lines in range(40, 60):
        filled = Items(tuple(f"line{n}" for n in range(lines)))
        made = Document(
            "t", "s", (Section("a", "A", (filled, Paragraph("leads"), commands)),), document(sample_plan()).day
        )
        texts = [page.extract_text() for page in PdfReader(io.BytesIO(document_pdf(made))).pages]
        assert any(all(word in text for word in ("leads", "first", "fourth")) for text in texts), lines


def test_a_short_table_goes_to_the_next_page_whole() -> None:
    shares = (0.5, 0.5)
    assert stays_whole(table("t", "A | B", [("a", "b")] * 12), shares, 100)
    assert not stays_whole(table("t", "A | B", [("a", "b")] * 13), shares, 100)
    assert not stays_whole(table("t", "A | B", [("a", "b " * 400)]), shares, 100)


def test_percent_sign_and_figure_stay_on_one_line_in_word() -> None:
    made = Document(
        "t", "s", (Section("a", "A", (Paragraph("of 99.9 % or --drill all"),)),), document(sample_plan()).day
    )
    assert "99.9\N{NO-BREAK SPACE}%" in docx_text(document_docx(made))
    assert dense("99.9 % or --drill all") in dense(pdf_text(document_pdf(made)))


def test_no_remote_asset() -> None:
    with zipfile.ZipFile(io.BytesIO(sizing_docx(sample_plan()))) as archive:
        links = [archive.read(name).decode() for name in archive.namelist() if name.endswith(".rels")]
    assert not any('TargetMode="External"' in text for text in links)
    for page in PdfReader(io.BytesIO(sizing_pdf(sample_plan()))).pages:
        assert not [note for note in page.get("/Annots", []) if "/URI" in str(note.get_object())]


def test_hostile_text_stays_text() -> None:
    plan = with_warning(HOSTILE)
    visible = dense(one_line(HOSTILE))
    assert dense('#panic("x")$1$@label*b*') in dense(pdf_text(sizing_pdf(plan)))
    assert visible in dense(docx_text(sizing_docx(plan)))
    assert sizing_html(plan).count("<script") == 1
    assert dense('#panic("x")') in dense(pdf_text(brief_pdf(plan)))


def test_letters_that_the_fonts_lack_do_not_stop_the_pdf() -> None:
    content = sizing_pdf(with_warning("病院 \U0001f3e5 of the plan"))
    root = PdfReader(io.BytesIO(content)).trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert "of the plan" in pdf_text(content)
    assert "病院" in docx_text(sizing_docx(with_warning("病院")))


def test_hostile_marking_stays_text() -> None:
    plan = marked(sample_plan(), marking='</style><script>x</script>"; } body { display: none } #panic()')
    html = sizing_html(plan)
    assert html.count("<script") == 1 and html.count("</style>") == 1
    assert "display: none }" not in html.partition("</style>")[0].replace("nav { display: none; }", "")
    assert "#panic()" in pdf_text(sizing_pdf(plan))


@pytest.mark.parametrize(
    ("compliance", "marking"),
    [
        ({"data_class": "cui"}, "CUI"),
        ({"data_class": "phi"}, "Confidential"),
        ({"data_class": "internal"}, ""),
        ({}, ""),
        ({"data_class": "phi", "marking": ""}, ""),
        ({"data_class": "public", "marking": "TLP:AMBER"}, "TLP:AMBER"),
    ],
)
def test_the_marking_stands_on_every_page(compliance: dict[str, str], marking: str) -> None:
    plan = marked(sample_plan(), **compliance)
    assert document(plan).marking == brief(plan).marking == marking
    if not marking:
        assert 'class="marking"' not in sizing_html(plan)
        return
    for page in PdfReader(io.BytesIO(sizing_pdf(plan))).pages:
        assert page.extract_text().count(marking) >= 2
    section = docx.Document(io.BytesIO(sizing_docx(plan))).sections[0]
    assert all(marking in part.paragraphs[0].text for part in (section.header, section.footer))
    lines = sizing_md(plan).strip().splitlines()
    assert lines[0] == lines[-1] == f"**{marking}**"
    assert sizing_html(plan).count(f'<p class="marking">{marking}</p>') == 2


def test_every_other_file_says_how_it_is_handled() -> None:
    plan = marked(sample_plan(), marking="TLP:AMBER").model_copy(update={"marking": "TLP:AMBER"})
    files = render(plan) | in_formats(plan, "bom.json,bom.cdx.json,rfq.csv,options.csv")
    for name, content in files.items():
        if name.endswith(".csv"):
            rows = list(csv.DictReader(io.StringIO(content.decode())))
            assert rows and {row["marking"] for row in rows} == {"TLP:AMBER"}, name
        elif not name.endswith((".xlsx", ".html", ".md")) or "/" in name:
            assert "TLP:AMBER" in "\n".join(content.decode().splitlines()[:32]), name
    assert scenario("one", {}, plan).marking == "TLP:AMBER"
    assert not [name for name, content in render(sample_plan()).items() if b"Handling: " in content]


@each_plan
def test_the_brief_is_one_page_with_the_plans_figures(plan: Plan) -> None:
    content = brief_pdf(plan)
    assert len(PdfReader(io.BytesIO(content)).pages) == 1
    text, decision = dense(pdf_text(content)), plan.decision
    assert decision is not None
    cost = plan.tco[decision.site]
    for said in (f"{cost.one_year_usd:,.2f}", f"{cost.three_year_usd:,.2f}", str(decision.order_by), "Cancellable"):
        assert said in text
    assert ("atleast" in text) == bool(cost.missing)


def test_the_brief_counts_what_it_leaves_out_and_still_fits() -> None:
    plan = sample_plan().model_copy(update={"warnings": tuple(f"Warning {n}: {'word ' * 60}" for n in range(40))})
    content = brief_pdf(plan)
    assert len(PdfReader(io.BytesIO(content)).pages) == 1
    assert "The others stand under Risks in the sizing document." in pdf_text(content)


def test_the_brief_names_weak_sources_of_the_chosen_site_only() -> None:
    source = sample_plan().sources[0]
    elsewhere = source.model_copy(update={"title": "Far away", "used_for": ("Hot logs (hosted)",)})
    here = source.model_copy(update={"title": "Right here", "used_for": ("Hot logs (hosted)", "Racks (on_premises)")})
    text = pdf_text(brief_pdf(sample_plan().model_copy(update={"sources": (elsewhere, here)})))
    assert "Racks (on-premises): Right here" in text
    assert "Far away" not in text and "Hot logs" not in text


def test_letters_shrink_until_one_page_holds_all() -> None:
    def pages(words: int) -> int:
        facts = Facts(tuple((f"name {n}", "value") for n in range(words)))
        long = Document("t", "s", (Section("a", "A", (facts,)),), document(sample_plan()).day)
        return len(PdfReader(io.BytesIO(one_page_pdf(long))).pages)

    assert [pages(10), pages(60)] == [1, 1]
    assert pages(300) > 1


def test_options_lists_every_kept_option_and_rejection() -> None:
    plan = sample_plan()
    rows = list(csv.DictReader(io.StringIO(options_csv(plan))))
    assert tuple(rows[0]) == COLUMNS
    outcomes = [row["outcome"] for row in rows]
    assert outcomes.count("chosen") == 1
    assert len(rows) == len(plan.ranking) + len(plan.rejections)
    for row, option in zip(rows, plan.ranking, strict=False):
        total = option.three_year_usd
        assert row["three_year_usd"] == ("" if total is None else f"{total:.2f}")
    rejected = [row for row in rows if row["outcome"] == "rejected"]
    assert [int(row["count"]) for row in rejected] == [group.count for group in plan.rejections]
    assert [row["freed_by"] for row in rejected] == [group.freed_by for group in plan.rejections]


def test_no_cell_of_options_is_a_formula() -> None:
    first = sample_plan().ranking[0].model_copy(update={"note": "=HYPERLINK(1)"})
    text = options_csv(sample_plan().model_copy(update={"ranking": (first,)}))
    assert not [cell for row in csv.reader(io.StringIO(text)) for cell in row if cell.startswith(("=", "+", "@"))]


def test_a_plan_without_decision_has_no_document() -> None:
    with pytest.raises(NoFeasiblePlan):
        in_formats(infeasible_plan(), "pdf")


@pytest.mark.parametrize("names", ["pfd", "", "pdf,xls"])
def test_an_unknown_format_is_refused_with_those_there_are(names: str) -> None:
    with pytest.raises(InvalidInput, match=r"There is no format .*Use md, html, pdf"):
        in_formats(sample_plan(), names)


def test_widths_share_the_line_and_leave_figures_whole() -> None:
    blocks = [block for section in document(sample_plan()).sections for block in section.blocks]
    for block in blocks:
        if isinstance(block, Table):
            shares = widths(block, 140)
            assert sum(shares) == pytest.approx(1, abs=0.01)
            assert min(shares) > 0


def test_pictures_have_literal_colours_where_no_page_gives_them() -> None:
    svg = charts.waterfall([("a", 4), ("b", 8)], "GPUs", "a 4, b 8.")
    alone = charts.standalone(svg)
    assert "var(" not in alone and "inherit" not in alone and charts.PALETTE[0] in alone
    assert picture_png(svg).startswith(b"\x89PNG")
    assert Figure(svg, "c").alt == "GPUs. a 4, b 8."


def test_a_document_without_sections_is_a_page() -> None:
    empty = Document("t", "s", (), document(sample_plan()).day)
    assert len(PdfReader(io.BytesIO(document_pdf(empty))).pages) == 1
    assert docx.Document(io.BytesIO(document_docx(empty))).paragraphs[0].text == "t"
