"""Pictures by month: demand, capacity and dates, and what has been paid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import pairwise

from aisizer.deliver import numbers
from aisizer.deliver.charts import WIDTH, line, marker, money, short, svg, text
from aisizer.deliver.charts_frame import LETTER, Frame, line_legend, scale
from aisizer.roadmap.records import Month, Purchase
from aisizer.triggers.records import Trigger

LINE_HEIGHT = 16
NAME = 23
"""letters of a name at the end of a line"""
CLOSE, WORDS = 64.0, (-12.0, 24.0, -30.0, 42.0)
"""distance of dots within which their words would cover each other, and the heights that these take in turn"""
MONTH_DAYS = 30
"""[day] drawn of the last month"""
WATCHED = {"load": "load", "kv_cache": "KV cache"}
"""triggers that GPUs answer, and what they are called beside their sign"""


def demand_and_capacity(
    months: Sequence[Month],
    purchases: Sequence[Purchase],
    triggers: Sequence[Trigger],
    title: str,
    description: str,
) -> str:
    """GPUs needed, in the cases of growth where they are known, and in service by month; below, on which days orders are due
    and triggers are expected."""
    cases = [m.gpus_needed_low for m in months], [m.gpus_needed_high for m in months]
    others = [[n for n in case if n is not None] for case in cases if None not in case]
    in_service, needed = [m.gpus_in_service for m in months], [m.gpus_needed for m in months]
    step, top = scale(max(map(max, (in_service, needed, *others))))
    days = [m.start.toordinal() for m in months]
    first, end = min([days[0], *(p.order_by.toordinal() for p in purchases)]), days[-1] + MONTH_DAYS
    frame = Frame(84, WIDTH - 12, 34, 264, (first, end), (0, top))
    parts = [frame.level(tick, str(tick)) for tick in range(0, top + 1, step)]
    parts.append(_area(frame, [(days[0], 0), *_steps(days, in_service), (end, 0)]))
    parts += [frame.path(_steps(days, case), "l2") for case in others]
    parts += [frame.path(_steps(days, in_service), "l0"), frame.path(_steps(days, needed), "l1")]
    parts += _arrivals(frame, purchases, {m.start: m.gpus_in_service for m in months})
    parts += [line_legend(frame.left, 14, "l0", "GPUs in service (dot: a wave arrives)")]
    parts += [line_legend(frame.left + 300, 14, "l1", "GPUs needed")]
    parts += [line_legend(frame.left + 430, 14, "l2", "at low and high growth")] if others else []
    parts += [frame.below(day.toordinal(), numbers.month(day)) for day in _half_years(first, end)]
    rows = _dates(frame, purchases, triggers)
    parts += [part for row in rows for part in row]
    return svg(frame.bottom + 32 + 20 * len(rows), title, description, parts)


def _steps(days: Sequence[int], gpus: Sequence[int]) -> list[tuple[float, float]]:
    """A line that is level but where the number changes."""
    corners: list[tuple[float, float]] = [(days[0], gpus[0])]
    for day, (before, now) in zip(days[1:], pairwise(gpus), strict=True):
        corners += [(day, before), (day, now)] if now != before else []
    return [*corners, (days[-1] + MONTH_DAYS, gpus[-1])]


def _area(frame: Frame, points: Sequence[tuple[float, float]]) -> str:
    places = " ".join(f"{frame.x(a):.1f},{frame.y(b):.1f}" for a, b in points)
    return f'<polygon class="area" points="{places}"/>'


def _arrivals(frame: Frame, purchases: Sequence[Purchase], in_service: Mapping[date, int]) -> list[str]:
    return [
        marker(
            0,
            frame.x(p.need_by.toordinal()),
            frame.y(in_service[p.need_by]),
            "c0",
            f"wave {p.wave}: +{p.gpus} GPUs in service {p.need_by}",
        )
        for p in purchases
        if p.need_by in in_service
    ]


def _half_years(first: int, end: int) -> list[date]:
    """The first days of every half year between two days, none so near the end that its name would be cut."""
    years = range(date.fromordinal(first).year, date.fromordinal(end).year + 1)
    days = [date(year, month, 1) for year in years for month in (1, 7)]
    return [day for day in days if first <= day.toordinal() <= end - MONTH_DAYS]


def _dates(frame: Frame, purchases: Sequence[Purchase], triggers: Sequence[Trigger]) -> list[list[str]]:
    """Rows below the axis: when each wave is to be ordered, and when each trigger is expected."""
    orders = [(p.order_by, f"wave {p.wave}") for p in purchases]
    watched = [t for t in triggers if t.kind in WATCHED]
    alone = len({t.pool for t in watched}) == 1
    expected = [
        (day, WATCHED[t.kind] if alone else f"{WATCHED[t.kind]} of {t.pool}")
        for t in watched
        if (day := t.predicted.get("base")) is not None
    ]
    shown = [(day, name) for day, name in expected if frame.across[0] <= day.toordinal() <= frame.across[1]]
    y = frame.bottom + 40
    rows = [[text(frame.left - 12, y + 4, "order by", "end"), *_signs(frame, y, 4, "c5", orders)]]
    if shown:
        rows.append([text(frame.left - 12, y + 24, "trigger", "end"), *_signs(frame, y + 20, 3, "c2", shown)])
    return rows


def _signs(frame: Frame, y: float, shape: int, css: str, found: Sequence[tuple[date, str]]) -> list[str]:
    """Signs on a row, with their words and date, or the date alone, where these have room between the others."""
    days, free, parts = sorted(found), frame.left, list[str]()
    places = [frame.x(day.toordinal()) for day, _ in days]
    for (day, name), x, after in zip(days, places, [*places[1:], WIDTH], strict=True):
        parts.append(marker(shape, x, y, css, f"{name}, {day}"))
        for words in (f"{name}, {day}", str(day)):
            width = LETTER * len(words)
            if x + 10 + width <= after - 8:
                parts.append(text(x + 10, y + 4, words))
                free = x + 14 + width
                break
            if after == WIDTH and x - 14 - width >= free:
                parts.append(text(x - 10, y + 4, words, "end"))
                break
        else:
            free = x + 14
    return parts


def cumulative(
    series: Mapping[str, Sequence[float]], crossings: Mapping[str, int], title: str, description: str
) -> str:
    """What has been paid by the end of each month, the time before service first; the first line is the plan's.

    crossings: month from whose end on the plan's is the lower one, by the other's name.
    """
    step, top = scale(max(map(max, series.values())))
    frame = Frame(58, WIDTH - 212, 14, 284, (0, 36), (0, top))
    parts = [frame.level(usd, money(usd)) for usd in range(0, top + 1, step)]
    parts += [frame.below(month, str(month)) for month in range(0, 36, 6)] + [frame.below(36, "month 36")]
    own = next(iter(series.values()))
    for index, values in reversed(list(enumerate(series.values()))):
        parts.append(frame.path(list(enumerate(values)), f"l{index}"))
    parts += _crossings(frame, own, crossings)
    ends = _apart([frame.y(values[-1]) for values in series.values()], frame.bottom)
    for index, ((name, values), y) in enumerate(zip(series.items(), ends, strict=True)):
        parts.append(line(frame.right + 2, frame.y(values[-1]), frame.right + 14, y, "grid"))
        parts.append(line_legend(frame.right + 14, y, f"l{index}", short(name, NAME)))
    return svg(frame.bottom + 26, title, description, parts)


def _crossings(frame: Frame, own: Sequence[float], crossings: Mapping[str, int]) -> list[str]:
    """A dot on the plan's line at each month, its words above and below in turn where dots are near each other."""
    parts, before, turn = list[str](), -CLOSE, 0
    for name, month in sorted(crossings.items(), key=lambda crossing: crossing[1]):
        x, y = frame.x(month), frame.y(own[month])
        turn = (turn + 1) % len(WORDS) if x - before < CLOSE else 0
        parts.append(marker(0, x, y, "c0", f"costs less than {name} from month {month} on"))
        parts.append(text(x, y + WORDS[turn], f"month {month}", "middle", "halo"))
        before = x
    return parts


def _apart(wanted: Sequence[float], lowest: float) -> list[float]:
    """Heights a line of words apart, in the same order and near the wanted ones.

    >>> _apart([10.0, 12.0, 100.0], 200.0)
    [10.0, 26.0, 100.0]
    """
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    found = list(wanted)
    for before, after in pairwise(order):
        found[after] = max(found[after], found[before] + LINE_HEIGHT)
    beyond = max([*found, lowest]) - lowest
    for i in reversed(order):
        if beyond > 0:
            limit = lowest if i == order[-1] else found[order[order.index(i) + 1]] - LINE_HEIGHT
            found[i] = min(found[i], limit)
    return found
