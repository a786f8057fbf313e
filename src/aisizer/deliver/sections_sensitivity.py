"""The document's section on what moves the cost, and what the choice hangs on."""

from __future__ import annotations

from aisizer.deliver import charts, labels, numbers
from aisizer.deliver.blocks import Block, Figure, Items, Paragraph, Section, table
from aisizer.deliver.sections_decision import nearest_flips
from aisizer.plan import Plan
from aisizer.plan.money_records import Driver, Flip
from aisizer.plan.price_moves import usd

DRIVERS = 10
"""inputs in the table and in the picture, the widest swing first"""
FLIPS = 6
"""prices shown at which the choice flips, the nearest first"""


def _flips(plan: Plan) -> list[Block]:
    """Prices that are not certain, and the value at which another site would be chosen, the nearest first."""
    near = nearest_flips(plan)[:FLIPS]
    if not plan.flips:
        return []
    text = (
        "Prices of admitted sites that are unknown, estimated or a range are moved each alone, in all sites that pay it; "
        "sizing.json (flips) also has those that change the site at no value."
    )
    if not near:
        return [Paragraph(text)]
    heads = "Price of | Unit | Plan # | Low # | High # | Kind | Choice flips at # | Then"
    keys = [str(plan.flips.index(flip)) for flip in near]
    return [
        Paragraph(text),
        table("Prices on which the choice hangs", heads, [_flip_row(f) for f in near], "flips", keys),
    ]


def _flip_row(flip: Flip) -> tuple[str, ...]:
    within = " (inside the range)" if flip.in_range else ""
    return (
        f"{flip.description} ({', '.join(labels.site(site) for site in flip.sites)})",
        flip.price_unit,
        numbers.unit_price(flip.base_usd),
        *("" if end is None else numbers.unit_price(end) for end in (flip.low_usd, flip.high_usd)),
        flip.kind.replace("_", " "),
        "" if flip.value_usd is None else usd(flip.value_usd),
        f"{labels.site(flip.wins or '')} wins {flip.side}{within}",
    )


def sensitivity_section(plan: Plan) -> Section:
    """Each input at its low and its high value, the widest swing first, and the prices on which the choice hangs."""
    return Section("sensitivity", "Sensitivity", (*_drivers(plan), *_flips(plan)))


def _drivers(plan: Plan) -> list[Block]:
    if not plan.sensitivity:
        return []
    shown = plan.sensitivity[:DRIVERS]
    rerun = any(driver.rerun for driver in plan.sensitivity)
    text = (
        "Each input at its low and its high value alone, the plan made again: the figures are those of whatever would then be "
        "chosen. Prices marked so are moved on this plan's own fleet."
        if rerun
        else "Prices only, on this plan's own fleet: each at both ends of its range alone. Demand, growth, token lengths and "
        "reserves change the fleet itself; aisizer size --sensitivity makes the plan again for each of them."
    )
    heads = (
        "Input | Low # | Plan # | High # | NPV at low # | NPV at high # | 3 years at low # | 3 years at high # | GPUs # | Site | "
        "Other decision"
    )
    rest = f"; all {len(plan.sensitivity)} in sizing.json" if len(shown) < len(plan.sensitivity) else ""
    caption = f"Sensitivity, the widest swing first, USD{rest}"
    listed = table(
        caption, heads, [_driver_row(d, rerun) for d in shown], "sensitivity", [str(n) for n in range(len(shown))]
    )
    notes = tuple(f"{driver.driver}: {driver.note}" for driver in shown if driver.note)
    lacking = bool(plan.tco[labels.decided(plan).site].missing)
    least = [Paragraph("Totals lack the lines without a price, so each is at least so much.")] if lacking else []
    return [
        Paragraph(text),
        *least,
        *_tornado(plan),
        listed,
        *([Items(notes)] if notes else []),
    ]


def _driver_row(driver: Driver, mixed: bool) -> tuple[str, ...]:
    """mixed: whether other inputs than prices were moved too, so that prices must be marked."""
    money = (driver.npv_low_usd, driver.npv_high_usd, driver.three_year_low_usd, driver.three_year_high_usd)
    gpus = dict.fromkeys("none" if n is None else str(n) for n in (driver.gpus_low, driver.gpus_high))
    sites = dict.fromkeys("none" if s is None else labels.site(s) for s in (driver.site_low, driver.site_high))
    return (
        f"{driver.driver}{', ' if driver.unit else ''}{driver.unit}{' (price only)' if mixed and not driver.rerun else ''}",
        *(v if isinstance(v, str) else numbers.number(v) for v in (driver.low, driver.base, driver.high)),
        *(numbers.usd(amount) for amount in money),
        " / ".join(gpus),
        " / ".join(sites),
        _decides(driver) if driver.changed else "no",
    )


def _decides(driver: Driver) -> str:
    """What becomes another, where site and number of GPUs in the same row do not tell."""
    same = driver.site_low == driver.site_high and driver.gpus_low == driver.gpus_high
    return "another offer" if same else "yes"


def _tornado(plan: Plan) -> list[Block]:
    """The swings that can be told apart in short figures; the others are left to the table."""
    own = plan.tco[labels.decided(plan).site]
    discounted = own.npv_usd is not None
    bars = {}
    for driver in plan.sensitivity[:DRIVERS]:
        ends = (
            (driver.npv_low_usd, driver.npv_high_usd)
            if discounted
            else (driver.three_year_low_usd, driver.three_year_high_usd)
        )
        low, high = ends
        if low is not None and high is not None and charts.money(low) != charts.money(high):
            bars[driver.driver.removeprefix("price of ")] = (low, high)
    if not bars:
        return []
    told = "; ".join(f"{name}: {usd(low)} to {usd(high)}" for name, (low, high) in bars.items())
    title = f"What moves the {'NPV' if discounted else '36-month cash'} of the plan most, USD"
    base = own.three_year_usd if own.npv_usd is None else own.npv_usd
    return [Figure(charts.tornado(bars, base, title, f"{told}."), title)]
