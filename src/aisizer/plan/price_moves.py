"""How far one uncertain price may move before another site is chosen, on the scope that ranks the options."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from aisizer.costs.bridge import PREFIX
from aisizer.costs.lines import significant
from aisizer.costs.price_lines import PriceLine, Weighted, crossing, in_price, weighted
from aisizer.costs.prices import PriceBook, quote_name
from aisizer.costs.records import CostLine
from aisizer.costs.tco import accrual
from aisizer.plan.context import Context
from aisizer.plan.demand import Demand
from aisizer.plan.evaluate import Evaluated, first_of_each_site, priced_fleet
from aisizer.plan.money_records import Driver, Flip
from aisizer.profile.sections import Finance, Quote
from aisizer.units import MONTH

CAPACITY = ("hardware", "rent")
"""Categories without whose price an option is not ranked on money."""


Side = Literal["below", "above"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """One option of the ranking: what its lines weigh, and (category, item) of those without a price."""

    option: Evaluated
    lines: list[Weighted]
    lacking: frozenset[tuple[str, str]]

    def rankable(self, item: str) -> bool:
        """Whether its servers have a price once that of the item is known."""
        return all(name == item for category, name in self.lacking if category in CAPACITY)


@dataclass(frozen=True, slots=True)
class Move:
    """The options that the price of one item decides between, as straight lines in it; the chosen one is first."""

    item: str
    base: float | None
    lines: tuple[tuple[Evaluated, PriceLine], ...]

    def at(self, price: float) -> Evaluated:
        """The cheapest option at that price, which may be infinite."""
        if price == math.inf:
            return min(self.lines, key=lambda pair: (pair[1].slope, pair[1].fixed))[0]
        return min(self.lines, key=lambda pair: pair[1].at(price))[0]


@dataclass(frozen=True, slots=True)
class Bound:
    """A price at which an option comes to cost less than those before it, and the side on which it does."""

    usd: float
    side: Side
    option: Evaluated


def market(context: Context, order: Sequence[Evaluated]) -> tuple[Candidate, ...]:
    """The options that money may choose from, the chosen one first; none where it has no price, for then GPUs decide.

    Those with a caveat wait until that is gone.
    One whose servers have no price stands with a price of 1 USD for them that nobody has quoted.
    """
    if not order[0].priced:
        return ()
    alike = [e for e in order if bool(e.caveat) == bool(order[0].caveat)]
    rate = context.profile.finance.discount_rate
    unpriced = {id(e) for e in first_of_each_site(alike) if not e.priced}
    found = [at_one_usd(context.demand, e) if id(e) in unpriced else e for e in alike]
    return tuple(Candidate(e, weighted(e.cost.lines, rate), _lacking(e.cost.lines)) for e in found)


UNQUOTED = "nobody yet"
"""The supplier of a price that stands for one that is to be found."""


def at_one_usd(demand: Demand, e: Evaluated) -> Evaluated:
    """An option without a price of its servers as if they cost 1 USD, so that every line that hangs on it is there."""
    owned = e.offer.server is not None
    item = quote_name(e.offer.id, "" if owned or e.term == "on_demand" else e.term)
    quote = Quote(
        item=item,
        unit_price="1 USD" if owned else "1 USD/h",
        as_of=demand.profile.plan_date,
        supplier=UNQUOTED,
        kind="estimated",
    )
    book = replace(demand.book, quotes={**demand.book.quotes, item: quote})
    return priced_fleet(e.site, e.offer, e.term, e.layout, e.fleets, replace(demand, book=book), e.bridge)


def _lacking(lines: Iterable[CostLine]) -> frozenset[tuple[str, str]]:
    return frozenset((line.category, line.price_item) for line in lines if line.unit_price_usd is None)


def move(candidates: Sequence[Candidate], item: str, base: float | None) -> Move:
    """Every option that is ranked once the item has a price, on the categories that all of these can then price.

    One that costs less than the chosen one at the plan's own price was not chosen for a reason that no price mends.
    """
    ranked = [c for c in candidates if c.rankable(item)]
    excluded = frozenset(category for c in ranked for category, name in c.lacking if name != item)
    own, *others = [(c.option, in_price(c.lines, item, excluded)) for c in ranked]
    kept = [other for other in others if base is None or other[1].at(base) >= own[1].at(base)]
    return Move(item, base, (own, *kept))


def flips(candidates: Sequence[Candidate], book: PriceBook) -> tuple[Flip, ...]:
    """For each uncertain price in the plan of any admitted site, the value at which another site is chosen."""
    found: dict[str, list[tuple[str, CostLine]]] = {}
    for e in first_of_each_site([c.option for c in candidates]):
        for line in (_unquoted(line, book) for line in e.cost.lines):
            if uncertain(line):
                found.setdefault(line.price_item, []).append((e.site.id, line))
    return tuple(
        _flip(move(candidates, item, uses[0][1].unit_price_usd), uses[0][1], tuple(dict.fromkeys(s for s, _ in uses)))
        for item, uses in found.items()
    )


def _unquoted(line: CostLine, book: PriceBook) -> CostLine:
    """A line without the price that only stood for one."""
    stands = line.source == f"quote:{line.price_item}" and line.price_item not in book.quotes
    return line.model_copy(update={"unit_price_usd": None, "kind": "unpriced"}) if stands else line


def uncertain(line: CostLine) -> bool:
    """Whether a line's price is unknown, a planning figure, or a range."""
    return line.unit_price_usd is None or line.kind == "estimated" or ranged(line)


def ranged(line: CostLine) -> bool:
    """Whether a line's price has a low and a high that differ."""
    return line.low_usd is not None and line.high_usd is not None and line.low_usd < line.high_usd


def _flip(moved: Move, line: CostLine, sites: tuple[str, ...]) -> Flip:
    path = _path(moved)
    away = next((b for b in path if b.option.site.id != moved.lines[0][0].site.id), None)
    first = path[0] if path and path[0] is not away else None
    inside = ranged(line) and away is not None and (line.low_usd or 0) <= away.usd <= (line.high_usd or 0)
    return Flip.model_validate(
        {
            "price_item": line.price_item,
            "description": line.description,
            "price_path": line.price_path,
            "price_unit": line.price_unit,
            "base_usd": line.unit_price_usd,
            "low_usd": line.low_usd,
            "high_usd": line.high_usd,
            "kind": line.kind,
            "sites": sites,
            "value_usd": away and away.usd,
            "side": away and away.side,
            "wins": away and away.option.site.id,
            "offer": away and away.option.offer.id,
            "in_range": inside if ranged(line) else None,
            "steps_in": first and option_name(first.option),
            "steps_in_usd": first and first.usd,
            "sentence": _sentence(line, away, first, inside),
        }
    )


def _path(moved: Move) -> list[Bound]:
    """The options that the moving price brings in, one after the other, up to the first of another site if there is one.

    Of the two ways the shorter one that leads there; an unknown price comes down from infinity or goes up from zero, whichever
    the chosen site wins at.
    """
    starts: list[tuple[float, Side]] = [(0.0, "above")] if moved.base is None else [(moved.base, "above")]
    starts.append((math.inf if moved.base is None else moved.base, "below"))
    paths = [_walked(moved, *start) for start in starts if _home(moved, start[0])]
    return min((path for path in paths if path), key=lambda path: _length(moved, path), default=[])


def _home(moved: Move, price: float) -> bool:
    return moved.at(price).site.id == moved.lines[0][0].site.id


def _length(moved: Move, path: Sequence[Bound]) -> tuple[bool, float]:
    """Whether a path stays at the chosen site, and how far the price moves along it."""
    stays = path[-1].option.site.id == moved.lines[0][0].site.id
    return stays, abs(math.log(path[-1].usd / moved.base)) if moved.base else 0.0


def _walked(moved: Move, price: float, side: Side) -> list[Bound]:
    """Along the lower envelope of the lines from a price to the first option of another site, or to the end."""
    here, current, path = moved.lines[0][0].site.id, moved.at(price), list[Bound]()
    lines = {id(e): line for e, line in moved.lines}
    while current.site.id == here:
        crossings = ((crossing(lines[id(current)], line), e) for e, line in moved.lines if e is not current)
        ahead = [
            Bound(found[0], side, e)
            for found, e in crossings
            if found is not None and found[1] == side and (found[0] > price) == (side == "above")
        ]
        if not ahead:
            break
        path.append((min if side == "above" else max)(ahead, key=lambda bound: bound.usd))
        current, price = path[-1].option, path[-1].usd
    return path


def option_name(e: Evaluated) -> str:
    """An offer and its term as a sentence names them."""
    return e.offer.name if e.term == "purchase" else f"{e.offer.name}, {e.term.replace('_', ' ')}"


def usd(price: float) -> str:
    """A price in a sentence: whole from a thousand on, else four significant digits.

    >>> usd(212345.6), usd(0.08634567)
    ('212,346', '0.08635')
    """
    return f"{price:,.0f}" if price >= 1000 else f"{price:.4g}"


def _sentence(line: CostLine, away: Bound | None, first: Bound | None, inside: bool) -> str:
    unit = line.price_unit
    at, next_at = (usd(significant(bound.usd)) if bound else "" for bound in (away, first))  # with the plan's digits
    if away is None:
        here = f": from {next_at} {unit} on {option_name(first.option)} of the same site costs less" if first else ""
        return f"No price of {line.description} changes the site{here}."
    now = "nobody prices it yet" if line.unit_price_usd is None else f"the plan has {usd(line.unit_price_usd)}"
    where = ", inside its own range" if inside else ""
    where += ", with the same bridge" if line.id.startswith(PREFIX) else ""
    text = f"{away.option.site.id} wins {away.side} {at} {unit} for {line.description} ({now}{where})."
    if first is None:
        return text
    return f"{text} From {next_at} {unit} on, {option_name(first.option)} ({first.option.site.id}) already costs less."


def price_drivers(candidates: Sequence[Candidate], best: Evaluated, finance: Finance) -> tuple[Driver, ...]:
    """Each price of the chosen site that has a range, at both ends of it, on the plan's own fleet; the widest swing first."""
    lines: dict[str, CostLine] = {}
    for line in best.cost.lines:
        if line.unit_price_usd is not None and ranged(line):
            lines.setdefault(line.price_item, line)
    weights = [weighted(best.cost.lines, rate) for rate in (None, finance.discount_rate)]
    found = (_driver(candidates, best, line, weights, finance.useful_life / MONTH) for line in lines.values())
    return tuple(sorted(found, key=swing_key))


def swing_key(driver: Driver) -> tuple[float, str]:
    """The order of a tornado chart: the widest swing first, unknown ones last."""
    return (math.inf if driver.swing_usd is None else -driver.swing_usd, driver.driver)


def _driver(
    candidates: Sequence[Candidate],
    best: Evaluated,
    line: CostLine,
    weights: Sequence[Sequence[Weighted]],
    life_months: float,
) -> Driver:
    item, base, cost = line.price_item, line.unit_price_usd or 0.0, best.cost
    ends = (line.low_usd or 0.0, line.high_usd or 0.0)
    cash, present = (sum(w.weight for w in lines if w.line.price_item == item) for lines in weights)
    at_one_usd = [i.model_copy(update={"unit_price_usd": 1.0}) for i in cost.lines if i.price_item == item]
    charged = float(accrual(at_one_usd, life_months).sum())
    three = [cost.three_year_usd + cash * (end - base) for end in ends]
    npv = [None if cost.npv_usd is None else cost.npv_usd + present * (end - base) for end in ends]
    accrued = [(cost.accrual_three_year_usd or 0.0) + charged * (end - base) for end in ends]
    chosen = [move(candidates, item, base).at(end) if candidates else best for end in ends]
    return Driver(
        driver=f"price of {line.description}",
        path=line.price_path,
        unit=line.price_unit,
        low=ends[0],
        base=base,
        high=ends[1],
        three_year_low_usd=three[0],
        three_year_high_usd=three[1],
        npv_low_usd=npv[0],
        npv_high_usd=npv[1],
        accrual_low_usd=accrued[0],
        accrual_high_usd=accrued[1],
        gpus_low=cost.gpus,
        gpus_high=cost.gpus,
        site_low=chosen[0].site.id,
        site_high=chosen[1].site.id,
        changed=any(e is not best for e in chosen),
        swing_usd=abs(present * (ends[1] - ends[0])),
        rerun=False,
    )
