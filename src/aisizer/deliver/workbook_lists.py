"""The sheets of tco.xlsx that list what stands in the plan: bill of materials and sources."""

from __future__ import annotations

import math

from aisizer.costs.records import BomLine
from aisizer.deliver.workbook_book import Book, Sheet
from aisizer.deliver.workbook_cells import cell, column
from aisizer.deliver.workbook_lines import CAPITAL
from aisizer.deliver.workbook_site import Shown

HEAD = 3
BOM_FIELDS = (
    "line", "parent", "wave", "category", "device", "description", "manufacturer", "mpn", "supplier", "quote_ref", "quantity",
    "spares", "uom", "unit_price_usd", "extended_price_usd", "price_source", "price_kind", "price_as_of", "lead_time_weeks",
    "order_by", "need_by", "treatment", "useful_life_months", "cost_line",
)  # fmt: skip


def bom_sheet(book: Book, shown: Shown) -> None:
    """What is ordered at the chosen site; bom.csv has every column."""
    widths = (6, 7, 6, 15, 9, 46, 14, 22, 12, 12, 11, 8, 15, 14, 16, 26, 11, 12, 10, 12, 12, 13, 10, 24)
    sheet = book.sheet("BOM", widths)
    told = f"{shown.told('As delivered, at the plan chosen site and base prices.')} bom.csv has every column."
    sheet.headline(f"Bill of materials, {shown.chosen.label}", told)
    sheet.head(HEAD, [_title(name) for name in BOM_FIELDS])
    for row, line in enumerate(shown.plan.bom, HEAD + 1):
        for col, name in enumerate(BOM_FIELDS):
            style = "money" if name.endswith("_usd") else "quantity" if _is_figure(name) else "text"
            sheet.put(row, col, getattr(line, name), style)
    sheet.wide(HEAD + 1, 6, 2)


def bom_total(treatment: str, wave: str = "") -> str:
    """The extended prices of all lines of a treatment, as a formula; of one wave where its cell is given."""
    columns = (column(BOM_FIELDS.index(name)) for name in ("treatment", "extended_price_usd", "wave"))
    treated, extended, waves = (f"BOM!${letter}:${letter}" for letter in columns)
    of_wave = f",{waves},{wave}" if wave else ""
    return f'SUMIFS({extended},{treated},"{treatment}"{of_wave})'


def bom_count(treatment: str) -> str:
    """The number of lines of a treatment, as a formula."""
    letter = column(BOM_FIELDS.index("treatment"))
    return f'COUNTIF(BOM!${letter}:${letter},"{treatment}")'


def wave_rows(sheet: Sheet, shown: Shown, head: int) -> None:
    """What each purchase wave of the plan brings, as the bill of materials has it."""
    sheet.head(head, ("By wave, as delivered", "Capitalised #", "Wave #", "Order by", "In service"))
    for row, purchase in enumerate(shown.plan.roadmap.purchases if shown.plan.roadmap else (), head + 1):
        ordered = [b for b in shown.plan.bom if b.wave == purchase.wave and b.treatment == CAPITAL]
        sheet.put(row, 0, f"{purchase.gpus} GPUs")
        value = math.fsum(line.extended_price_usd or 0.0 for line in ordered)
        sheet.formula(row, 1, bom_total(CAPITAL, cell(row, 2)), value)
        sheet.put(row, 2, purchase.wave, "quantity")
        sheet.row(row, (purchase.order_by, purchase.need_by), "date", 3)


def _title(name: str) -> str:
    words = name.removesuffix("_usd").replace("_", " ")
    return f"{words} #" if _is_figure(name) else words


def _is_figure(name: str) -> bool:
    return BomLine.model_fields[name].annotation in (int, float, int | None, float | None)


def sources_sheet(book: Book, shown: Shown) -> None:
    """Who said each number."""
    sheet = book.sheet("Sources", (30, 44, 24, 12, 8, 12, 11, 44, 60))
    sheet.headline("Sources", f"Who said each number, the weakest first. {shown.who}")
    sheet.head(HEAD, ("Id", "Title", "Publisher", "Date", "Age in days #", "Kind", "Confidence", "Used for", "Address"))
    for index, s in enumerate(shown.plan.sources):
        values = (s.id, s.title, s.publisher, s.date, s.age_days, s.kind, s.confidence, ", ".join(s.used_for), s.url)
        sheet.row(HEAD + 1 + index, values, "wrap")
        sheet.tall(HEAD + 1 + index, {44: max(s.title, values[7], key=len), 60: s.url, 24: s.publisher})
    sheet.freeze(HEAD + 1, 1)
