"""How far one uncertain price may move before another site is chosen, on the scope that ranks the options."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from aisizer.costs.lines import significant
from aisizer.costs.price_lines import PriceLine, Weighted, crossing, in_price, weighted
from aisizer.costs.records import CostLine, SiteCost
from aisizer.costs.tco import accrual
from aisizer.plan.evaluate import Evaluated
from aisizer.plan.money_records import Driver, Flip

CAPACITY = ("hardware", "rent")
"""Categories without whose price an option is not ranked on money."""


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
        """The cheapest option at that price."""
        return min(self.lines, key=lambda pair: pair[1].at(price))[0]


@dataclass(frozen=True, slots=True)
class Bound:
    """A price at which an option comes to cost what the chosen one does, and the side on which it costs less."""

    usd: float
    side: str
    option: Evaluated


def market(order: Sequence[Evaluated], discount_rate: float | None) -> tuple[Candidate, ...]:
    """The options that money may choose from, the chosen one first; those with a caveat wait until that is gone."""
    alike = [e for e in order if bool(e.caveat) == bool(order[0].caveat)]
    return tuple(Candidate(e, weighted(e.cost.lines, discount_rate), _lacking(e.cost.lines)) for e in alike)


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


def flips(candidates: Sequence[Candidate], tco: Sequence[SiteCost]) -> tuple[Flip, ...]:
    """For each uncertain price in the plan of any admitted site, the value at which another site is chosen."""
    if not candidates[0].option.priced:
        return ()
    found: dict[str, list[tuple[str, CostLine]]] = {}
    for cost in tco:
        for line in cost.lines:
            if uncertain(line):
                found.setdefault(line.price_item, []).append((cost.site, line))
    return tuple(
        _flip(move(candidates, item, uses[0][1].unit_price_usd), uses[0][1], tuple(dict.fromkeys(s for s, _ in uses)))
        for item, uses in found.items()
    )


def uncertain(line: CostLine) -> bool:
    """Whether a line's price is unknown, a planning figure, or a range."""
    return line.unit_price_usd is None or line.kind == "estimated" or ranged(line)


def ranged(line: CostLine) -> bool:
    """Whether a line's price has a low and a high that differ."""
    return line.low_usd is not None and line.high_usd is not None and line.low_usd < line.high_usd


def _flip(moved: Move, line: CostLine, sites: tuple[str, ...]) -> Flip:
    here = moved.lines[0][0].site.id
    bounds = list(_bounds(moved))
    away = _nearest([b for b in bounds if b.option.site.id != here], moved.base)
    first = None if away is None else _before(away, [b for b in bounds if b.option.site.id == here], moved.base)
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


def _bounds(moved: Move) -> Iterator[Bound]:
    """Where each other option comes to cost less than the chosen one."""
    (_, own), *others = moved.lines
    for option, line in others:
        found = crossing(own, line)
        if found is not None:
            yield Bound(*found, option)


def _nearest(bounds: Sequence[Bound], base: float | None) -> Bound | None:
    """The bound that the price reaches first on its way down or up; of an unknown price that below which another wins."""
    below = max((b for b in bounds if b.side == "below"), key=lambda b: b.usd, default=None)
    above = min((b for b in bounds if b.side == "above"), key=lambda b: b.usd, default=None)
    if below is None or above is None or base is None:
        return below or above
    return below if base / below.usd <= above.usd / base else above


def _before(away: Bound, at_home: Sequence[Bound], base: float | None) -> Bound | None:
    """The option of the chosen site that the price reaches before it reaches the other site."""
    same = [b for b in at_home if b.side == away.side and base is not None]
    if away.side == "below":
        return max((b for b in same if b.usd > away.usd), key=lambda b: b.usd, default=None)
    return min((b for b in same if b.usd < away.usd), key=lambda b: b.usd, default=None)


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
    if away is None:
        return f"No price of {line.description} changes the site."
    unit = line.price_unit
    now = "nobody prices it yet" if line.unit_price_usd is None else f"the plan has {usd(line.unit_price_usd)}"
    where = ", inside its own range" if inside else ""
    text = f"{away.option.site.id} wins {away.side} {usd(away.usd)} {unit} ({now}{where})."
    if first is None:
        return text
    return (
        f"{text} Before that, from {usd(first.usd)} {unit} on, {option_name(first.option)} at {first.option.site.id} costs less, "
        "so that the site changes later if at all."
    )


def price_drivers(candidates: Sequence[Candidate], cost: SiteCost, life_months: float) -> tuple[Driver, ...]:
    """Each price of the chosen site that has a range, at both ends of it, on the plan's own fleet; the widest swing first."""
    plain = weighted(cost.lines, None)
    items: dict[str, CostLine] = {}
    for line in cost.lines:
        if line.unit_price_usd is not None and ranged(line):
            items.setdefault(line.price_item, line)
    found = [_driver(candidates, cost, plain, line, life_months) for line in items.values()]
    return tuple(sorted(found, key=swing_key))


def swing_key(driver: Driver) -> tuple[float, str]:
    """The order of a tornado chart: the widest swing first, unknown ones last."""
    return (float("inf") if driver.swing_usd is None else -driver.swing_usd, driver.driver)


def _driver(
    candidates: Sequence[Candidate], cost: SiteCost, plain: Sequence[Weighted], line: CostLine, life_months: float
) -> Driver:
    item, base = line.price_item, line.unit_price_usd or 0.0
    ends = (line.low_usd or 0.0, line.high_usd or 0.0)
    cash = sum(w.weight for w in plain if w.line.price_item == item)
    present = sum(w.weight for w in candidates[0].lines if w.line.price_item == item)
    charged = float(accrual([i for i in cost.lines if i.price_item == item], life_months).sum()) / base
    three = [cost.three_year_usd + cash * (end - base) for end in ends]
    npv = [None if cost.npv_usd is None else cost.npv_usd + present * (end - base) for end in ends]
    accrued = [(cost.accrual_three_year_usd or 0.0) + charged * (end - base) for end in ends]
    best = candidates[0].option
    at = [move(candidates, item, base).at(end) for end in ends] if best.priced else [best, best]
    sites = [e.site.id for e in at]
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
        site_low=sites[0],
        site_high=sites[1],
        changed=any(e is not best for e in at),
        swing_usd=significant(abs(present * (ends[1] - ends[0])), 12),
        rerun=False,
    )
