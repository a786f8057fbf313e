"""Two chosen sites' cost, line by line, so that the differences add up to that of the total."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from aisizer.costs.records import CostLine, SiteCost
from aisizer.costs.tco import line_amounts
from aisizer.plan import Plan
from aisizer.studies.diff_figures import ratio_of
from aisizer.studies.diff_records import Amount, Line, LineState, Price

ZERO = Decimal("0.00")
FIRST_YEAR = 13
"""periods of the one-year total: 0 and months 1 to 12"""
PER_UNIT = {"usd_per_million_tokens": "per million tokens", "usd_per_request": "per request"}


@dataclass(frozen=True, slots=True)
class Spent:
    """[USD] What one priced line costs."""

    three_year: Decimal
    one_year: Decimal


@dataclass(frozen=True, slots=True)
class Sides:
    """The chosen site's cost of both plans, what each of its priced lines costs, and which lines only one side prices."""

    old: SiteCost | None
    new: SiteCost | None
    before: Mapping[str, Spent]
    after: Mapping[str, Spent]
    one_sided: tuple[str, ...]


def sides(old: SiteCost | None, new: SiteCost | None) -> Sides:
    """Both sides with their lines priced; a line that one side cannot price is compared on neither."""
    unpriced = [set(cost.missing) if cost else set() for cost in (old, new)]
    priced = [spent(cost) for cost in (old, new)]
    one_sided = {name for name in unpriced[0] if name in priced[1]} | {
        name for name in unpriced[1] if name in priced[0]
    }
    return Sides(old, new, priced[0], priced[1], tuple(sorted(one_sided)))


def spent(cost: SiteCost | None) -> dict[str, Spent]:
    """What each priced line of a site costs."""
    return {line.id: _spent(line) for line in (cost.lines if cost else ()) if line.unit_price_usd is not None}


def _spent(line: CostLine) -> Spent:
    amounts = line_amounts(line)
    return Spent(cents(float(amounts.sum())), cents(float(amounts[:FIRST_YEAR].sum())))


def cents(amount: float) -> Decimal:
    """Money as decimal text, rounded as the plan rounds it; no negative zero.

    >>> cents(1604900.4), cents(-0.001)
    (Decimal('1604900.40'), Decimal('0.00'))
    """
    return Decimal(f"{round(amount, 2) + 0.0:.2f}")


def totals(both: Sides) -> tuple[Amount, ...]:
    """The chosen site's totals that differ."""
    parts = {"one_year_usd": _left(both, _one_year), "three_year_usd": _left(both, _three_year)}
    names = {"one_year_usd": "1 year", "three_year_usd": "3 years", "npv_usd": "NPV"} | PER_UNIT
    made = (_total(both, field, name, parts.get(field)) for field, name in names.items())
    return tuple(amount for amount in made if differs(amount))


def _one_year(spent: Spent) -> Decimal:
    return spent.one_year


def _three_year(spent: Spent) -> Decimal:
    return spent.three_year


def _left(both: Sides, part: Callable[[Spent], Decimal], category: str | None = None) -> tuple[Decimal, Decimal]:
    """What the one-sided lines, or those of one category, cost on each side."""
    found = [
        [part(priced[line.id]) for line in (cost.lines if cost else ())
         if line.id in both.one_sided and line.id in priced and category in (None, line.category)]
        for cost, priced in ((both.old, both.before), (both.new, both.after))
    ]  # fmt: skip
    return sum(found[0], ZERO), sum(found[1], ZERO)


def _total(both: Sides, field: str, name: str, left: tuple[Decimal, Decimal] | None) -> Amount:
    """One total; `left` is what of it the other side cannot price, None where that is not known of this total."""
    read = exact if field in PER_UNIT else cents
    old, new = (None if cost is None else _read(getattr(cost, field), read) for cost in (both.old, both.new))
    known = left is not None or not both.one_sided
    return amount(f"tco.{field}", name, old, new, _lacks(both), left or (ZERO, ZERO), known)


def _lacks(both: Sides) -> tuple[bool, bool]:
    return bool(both.old and both.old.missing), bool(both.new and both.new.missing)


def _read(value: float | None, read: Callable[[float], Decimal]) -> Decimal | None:
    return None if value is None else read(value)


def exact(value: float) -> Decimal:
    """All digits of a price."""
    return Decimal(repr(value))


def amount(
    path: str,
    name: str,
    old: Decimal | None,
    new: Decimal | None,
    lacks: tuple[bool, bool] = (False, False),
    left: tuple[Decimal, Decimal] = (ZERO, ZERO),
    known: bool = True,
) -> Amount:
    """An amount with its difference on the lines that both sides price."""
    base = None if old is None else old - left[0]
    delta = None if base is None or new is None or not known else new - left[1] - base
    return Amount(
        path=path, name=name, old_usd=old, new_usd=new, delta_usd=delta, ratio=ratio_of(delta, base),
        old_at_least=lacks[0] and old is not None, new_at_least=lacks[1] and new is not None,
    )  # fmt: skip


def differs(found: Amount) -> bool:
    """Whether an amount, or how well it is known, is another one."""
    return found.old_usd != found.new_usd or found.old_at_least != found.new_at_least or bool(found.delta_usd)


def lines(both: Sides) -> tuple[Line, ...]:
    """The lines that differ, the largest difference first."""
    old, new = _by_id(both.old), _by_id(both.new)
    made = [_line(both, old.get(name), new.get(name), name) for name in {**old, **new}]
    found = [line for line in made if line is not None]
    return tuple(sorted(found, key=lambda line: (-abs(line.delta_usd or ZERO), line.id)))


def _by_id(cost: SiteCost | None) -> dict[str, CostLine]:
    return {line.id: line for line in (cost.lines if cost else ())}


def _line(both: Sides, old: CostLine | None, new: CostLine | None, name: str) -> Line | None:
    before, after = both.before.get(name), both.after.get(name)
    shown = new or old
    if shown is None or (old and new and before == after):
        return None
    deltas = _deltas(old, new, before, after)
    costs, cost = None if before is None else before.three_year, None if after is None else after.three_year
    delta = None if deltas is None else deltas.three_year
    return Line(
        id=name, category=shown.category, description=shown.description,
        old_description=old.description if old else "", state=_state(old, new, before, after),
        old_usd=costs, new_usd=cost, delta_usd=delta, ratio=ratio_of(delta, costs),
        one_year_delta_usd=None if deltas is None else deltas.one_year,
    )  # fmt: skip


def _deltas(old: CostLine | None, new: CostLine | None, before: Spent | None, after: Spent | None) -> Spent | None:
    """New less old, where a line that is not there costs nothing; None where one is there without a price."""
    if (old and before is None) or (new and after is None):
        return None
    nothing = Spent(ZERO, ZERO)
    a, b = before or nothing, after or nothing
    return Spent(b.three_year - a.three_year, b.one_year - a.one_year)


def _state(old: CostLine | None, new: CostLine | None, before: Spent | None, after: Spent | None) -> LineState:
    if old is None:
        return "added"
    if new is None:
        return "removed"
    return "changed" if before and after else "priced" if after else "unpriced"


def categories(both: Sides) -> tuple[Amount, ...]:
    """The three-year total by category, where it differs."""
    old, new = (cost.by_category if cost else {} for cost in (both.old, both.new))
    made = []
    for name in {**old, **new}:
        a, b = (cents(part.get(name, 0.0)) for part in (old, new))
        lacks = _lacking(both.old, name), _lacking(both.new, name)
        made.append(amount(f"tco.by_category.{name}", name, a, b, lacks, _left(both, _three_year, name)))
    return tuple(sorted(filter(differs, made), key=lambda found: (-abs(found.delta_usd or ZERO), found.name)))


def _lacking(cost: SiteCost | None, category: str) -> bool:
    return any(line.category == category and line.id in cost.missing for line in cost.lines) if cost else False


def rounding(total: Sequence[Amount], parts: Iterable[Amount | Line]) -> Decimal:
    """What the parts, each rounded to cents, leave of the three-year difference."""
    found = next((amount.delta_usd for amount in total if amount.path == "tco.three_year_usd"), ZERO)
    return ZERO if found is None else found - sum((part.delta_usd or ZERO for part in parts), ZERO)


def sites(old: Plan, new: Plan) -> tuple[Amount, ...]:
    """One- and three-year totals and NPV of the sites that are not chosen on both sides, and of the baseline."""
    chosen = {plan.decision.site if plan.decision else None for plan in (old, new)}
    names = {**old.tco, **new.tco}
    compared = [(f"tco.{n}", n, old.tco.get(n), new.tco.get(n)) for n in names if chosen != {n}]
    compared.append(("baseline", "baseline", old.baseline, new.baseline))
    found = (total for entry in compared for total in _site(*entry))
    return tuple(filter(differs, found))


def _site(path: str, name: str, old: SiteCost | None, new: SiteCost | None) -> Iterator[Amount]:
    both = sides(old, new)
    for total in totals(both):
        field = total.path.removeprefix("tco.")
        if field not in PER_UNIT:
            yield total.model_copy(update={"path": f"{path}.{field}", "name": f"{name}, {total.name}"})


def prices(old: Plan, new: Plan) -> tuple[Price, ...]:
    """The prices behind both plans that differ, whichever site they are of."""
    before, after = _prices(old), _prices(new)
    both = ((before[key], after[key]) for key in before if key in after)
    return tuple(_price(a, b) for a, b in both if _quoted(a) != _quoted(b))


def _prices(plan: Plan) -> dict[tuple[str, str], CostLine]:
    """One line for each price, by its item and unit."""
    costs = [*plan.tco.values(), *([plan.baseline] if plan.baseline else [])]
    return {(line.price_item, line.price_unit): line for cost in reversed(costs) for line in reversed(cost.lines)}


def _quoted(line: CostLine) -> tuple[object, ...]:
    return line.unit_price_usd, line.source, line.as_of


def _price(old: CostLine, new: CostLine) -> Price:
    before, after = _read(old.unit_price_usd, exact), _read(new.unit_price_usd, exact)
    delta = None if before is None or after is None else after - before
    return Price(
        item=new.price_item, unit=new.price_unit, old_usd=before, new_usd=after, ratio=ratio_of(delta, before),
        old_source=old.source, new_source=new.source, old_as_of=old.as_of, new_as_of=new.as_of,
    )  # fmt: skip
