"""One line of the bill of materials: from a cost line and its quote, from a part of a server, or from a counted need."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from aisizer.costs.lines import Buyer
from aisizer.costs.needs import CATEGORIES
from aisizer.costs.rates import ON_GOODS
from aisizer.costs.records import BomLine, CostLine
from aisizer.costs.tco import line_amounts
from aisizer.profile.sections import Quote
from aisizer.roadmap.calendar import days
from aisizer.roadmap.records import Purchase
from aisizer.sizing.needs import Need
from aisizer.sizing.server_parts import Part
from aisizer.units import HOURS_PER_MONTH, MONTH, MONTHS_PER_YEAR, WEEK

INCLUDED = "included"
"""How the price of a part reads that another line pays for."""
UNITS = {"server": "EA", "rack": "EA", "GPU": "EA", "switch": "EA", "transceiver": "EA", "cable": "EA", "PDU": "EA"}
"""Units of what is bought by the piece."""
DEVICES = {
    "server": "server", "rack": "rack", "GPU": "gpu", "switch": "switch", "transceiver": "optic", "cable": "cable",
    "PDU": "pdu", "instance": "software", "instance-hour": "instance", "server-month": "instance",
}  # fmt: skip
"""What a thing is by its unit."""
NO_DEVICE = ("network", "install", "support", "colocation", "licence", *ON_GOODS)
"""Ends of the ids, or categories, of lines that are counted in servers or GPUs and are none."""
PER_YEAR = "-year"
"""How the unit ends of what is held by the month and counted in years, such as GPU-year."""
SITE_WORK = "site-work-"
"""How the ids of cost lines begin that pay for work on the site, which is counted in what it makes room for."""
RATES: Mapping[str, str] = {
    "install_rate": "{0:g} of the price of {1}",
    "support_rate_per_year": "{0:g} a year of the price of {1}",
    "servers_per_gpu": "{0:g} of the price of {1}, an upper bound",
}
"""Factors that turn the price of one thing into that of another, which nobody quoted."""
QUICK_PRICE_DAYS, SLOW_PRICE_DAYS = 90, 365
"""[day] after which a hardware or cloud price, or a facility figure, is old: list prices moved by 40 % within a year
both ways in 2025 and 2026."""
QUICK = frozenset({"hardware", "rent", "network", "bridge"})
"""Categories whose prices age quickly."""


@dataclass(frozen=True, slots=True)
class Dated:
    """When a line is ordered that does not come with the servers."""

    lead_time_weeks: float
    order_by: date
    need_by: date


@dataclass(frozen=True, slots=True)
class Terms:
    """What every line is bought under: who buys, the site's lead times [week] by part, and the clock of the plan."""

    buyer: Buyer
    lead: Mapping[str, float]
    plan_date: date


def price_age_limit(category: str, line_id: str) -> int:
    """[day] after which the price of a cost line is old; servers beside the fleet's age as the fleet's do.

    >>> price_age_limit("hardware", "hardware"), price_age_limit("non_production", "non-production-staging-servers-hardware")
    (90, 90)
    >>> price_age_limit("storage", "hot-logs")
    365
    """
    quick = category in QUICK or not QUICK.isdisjoint(line_id.split("-"))
    return QUICK_PRICE_DAYS if quick and category not in ON_GOODS else SLOW_PRICE_DAYS


def is_share(line: CostLine) -> bool:
    """Whether a line's price is a share of the price of another thing."""
    return not RATES.keys().isdisjoint(line.factors)


def ordered_line(
    terms: Terms,
    line: CostLine,
    schedule: Sequence[float],
    purchase: Purchase,
    dated: Dated | None,
    note: str,
) -> BomLine:
    """What is ordered, at its price and with what its quote says. schedule: how much of it by period."""
    quote = _quote(terms.buyer, line)
    when = dated or _quoted_dates(terms, quote, purchase) or _with_servers(terms, purchase)
    finance, device = terms.buyer.finance, _device(line)
    return BomLine(
        line=0,
        wave=purchase.wave,
        category=line.category,
        device=device,
        description=line.description,
        lead_time_weeks=when.lead_time_weeks,
        order_by=when.order_by,
        need_by=when.need_by,
        treatment=line.treatment,
        useful_life_months=round(finance.useful_life / MONTH) if line.treatment == "capitalise" else None,
        gl_account=finance.gl_accounts.get(line.category, ""),
        cost_center=finance.cost_center,
        commitment=_commitment(line, schedule),
        cost_line=line.id,
        notes=" ".join(text for text in (_rate(line), _stepped(line), _converted(line), note) if text),
        **_made_by(terms.buyer, line, device) | _quoted(quote),
        **_priced(line, schedule, device, terms.plan_date),
    )


def _made_by(buyer: Buyer, line: CostLine, device: str) -> dict[str, Any]:
    """What the catalog knows of the thing itself, and who rents it out."""
    server = buyer.offer.server
    if server is not None and device == "server" and line.id.rpartition("-")[2] == "hardware":
        return {
            "manufacturer": server.manufacturer,
            "mpn": server.part_number,
            "power_kw": server.max_power_kw,
            "rack_units": server.rack_units,
        }
    return {"supplier": buyer.offer.provider} if device == "instance" and "rent" in line.id.split("-") else {}


def _quoted(quote: Quote | None) -> dict[str, Any]:
    """What a quote says; what it leaves out stays as the catalog has it."""
    if quote is None:
        return {}
    said = {
        "supplier": quote.supplier,
        "supplier_part_id": quote.supplier_part_id,
        "quote_ref": quote.reference,
        "quote_valid_until": quote.valid_until,
        "manufacturer": quote.manufacturer,
        "mpn": quote.mpn,
        "warranty_months": None if quote.warranty is None else round(quote.warranty / MONTH),
        "country_of_origin": quote.country_of_origin,
    }
    return {field: value for field, value in said.items() if value not in ("", None)}


def _priced(line: CostLine, schedule: Sequence[float], device: str, plan_date: date) -> dict[str, Any]:
    """How much at which price, with its range, origin and age."""
    quantity, factor, base = math.fsum(schedule), _factor(line, schedule), line.unit_price_usd
    return {
        "quantity": _whole(quantity),
        "spares": _whole(quantity) if line.category == "spares" else 0.0,
        "uom": _uom(line, device),
        "unit_price_usd": None if base is None else base * factor,
        "low_usd": None if line.low_usd is None else line.low_usd * factor,
        "high_usd": None if line.high_usd is None else line.high_usd * factor,
        "extended_price_usd": None if base is None else base * factor * quantity,
        "price_source": line.source,
        "price_kind": "estimated" if is_share(line) and base is not None else line.kind,
        "price_as_of": line.as_of,
        "price_age_days": None if line.as_of is None else (plan_date - line.as_of).days,
    }


def part_line(part: Part, parent: BomLine) -> BomLine:
    """So many parts in each piece of the parent, at the parent's price."""
    said = f"{part.quantity:g} in each of line {parent.line}. {part.note}".rstrip()
    told = {"manufacturer": part.manufacturer, "mpn": part.part_number}
    return _child(parent, part.kind, part.name, part.quantity * parent.quantity, part.unit, part.source, said, told)


def included_line(need: Need, quantity: float, parent: BomLine) -> BomLine:
    """A counted part at the parent's price."""
    unit = UNITS.get(need.unit, need.unit.upper())
    found = _child(parent, DEVICES.get(need.unit, ""), need.name, quantity, unit, need.source, need.note, {})
    return found.model_copy(update={"category": CATEGORIES[need.group]})


def _child(
    parent: BomLine, device: str, name: str, quantity: float, unit: str, source: str, notes: str, more: dict[str, str]
) -> BomLine:
    kept = {
        field: getattr(parent, field)
        for field in (
            "wave", "category", "lead_time_weeks", "order_by", "need_by", "treatment", "useful_life_months", "gl_account",
            "cost_center",
        )
    }  # fmt: skip
    return BomLine(
        line=0,
        parent=parent.line,
        device=device,
        description=name,
        quantity=_whole(quantity),
        uom=unit,
        unit_price_usd=0.0,
        extended_price_usd=0.0,
        price_source=source,
        price_kind=INCLUDED,
        price_as_of=None,
        price_age_days=None,
        notes=notes,
        **kept,
        **more,
    )


def _uom(line: CostLine, device: str) -> str:
    return UNITS.get(line.unit, line.unit.upper()) if device else line.unit.upper()


def _whole(quantity: float) -> float:
    """A quantity to a millionth, so that a file does not show the noise of binary fractions."""
    return round(quantity, 6)


def _device(line: CostLine) -> str:
    if line.category in NO_DEVICE or line.id.rpartition("-")[2] in NO_DEVICE or line.id.startswith(SITE_WORK):
        return ""
    return DEVICES.get(line.unit, "")


def _rate(line: CostLine) -> str:
    """That a price is a share of another one's, or nothing."""
    return " ".join(
        f"Estimated as {text.format(line.factors[name], line.price_item)}."
        for name, text in RATES.items()
        if name in line.factors
    )


def _quote(buyer: Buyer, line: CostLine) -> Quote | None:
    """The quote that names the very thing on a line; what is paid on it, or a share of its price, is none of it."""
    return None if line.category in ON_GOODS or is_share(line) else buyer.book.quotes.get(line.price_item)


def _quoted_dates(terms: Terms, quote: Quote | None, purchase: Purchase) -> Dated | None:
    """The dates that follow from the lead time of a quote, in place of the site's delivery time."""
    if quote is None or quote.lead_time is None:
        return None
    weeks = terms.lead["total"] - terms.lead["delivery"] + quote.lead_time / WEEK
    return Dated(weeks, purchase.need_by - days(weeks), purchase.need_by)


def _with_servers(terms: Terms, purchase: Purchase) -> Dated:
    return Dated(terms.lead["total"], purchase.order_by, purchase.need_by)


def _factor(line: CostLine, schedule: Sequence[float]) -> float:
    """[1] from the price of a line to that of a unit: its factors, and its steps in price, in the mean of what is ordered."""
    if not line.escalation:
        return math.prod(line.factors.values())
    one = line.model_copy(update={"quantity": tuple(schedule), "unit_price_usd": 1.0})
    return float(line_amounts(one).sum()) / math.fsum(schedule)


def _stepped(line: CostLine) -> str:
    rate = f"{line.escalation * 100:g} %"
    return f"The mean price, which steps up by {rate} at each anniversary of go-live." if line.escalation else ""


def _converted(line: CostLine) -> str:
    return "" if line.currency == "USD" else f"Quoted in {line.currency}, at {line.fx_usd:g} USD."


def _commitment(line: CostLine, schedule: Sequence[float]) -> str:
    """How much of what is paid by the month is held, and in which months."""
    months = [month for month, quantity in enumerate(schedule) if quantity > 0]
    if line.treatment == "capitalise" or not months:
        return ""
    when = f"months {months[0]} to {months[-1]}" if len(months) > 1 else f"month {months[0]}"
    first, last = schedule[months[0]], schedule[months[-1]]
    if line.unit == "instance-hour":
        term = line.id.rpartition("rent-")[2].replace("-", " ")
        held = _held(first / HOURS_PER_MONTH, last / HOURS_PER_MONTH, "instance")
        return f"{held} {term}, {when}, {HOURS_PER_MONTH:g} h a month"
    if line.unit.endswith(PER_YEAR):
        held = _held(first * MONTHS_PER_YEAR, last * MONTHS_PER_YEAR, line.unit.removesuffix(PER_YEAR))
        return f"{held}, {when}"
    return f"{_held(first, last, line.unit.removesuffix('-month'))} a month, {when}"


def _held(first: float, last: float, unit: str) -> str:
    """How many at first and at last.

    >>> _held(1.0, 1.0, "instance"), _held(2.0, 11.0, "server"), _held(1.25, 40.0, "GB")
    ('1 instance', '2 to 11 servers', '1.25 to 40 GB')
    """
    often = f"{first:.6g}" if first == last else f"{first:.6g} to {last:.6g}"
    return f"{often} {unit}{'s' if unit.islower() and last != 1 else ''}"
