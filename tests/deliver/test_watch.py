"""The screen of watch holds 80 columns whatever the names are; JSON has every field; figures are never empty."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from aisizer.deliver.watch import watch_json, watch_markdown, watch_text
from aisizer.watch.records import Drift, Gap, OrderSeen, Runway, Source, Watch, Watched

AT = date(2029, 6, 30)
names = st.from_regex(r"[a-z0-9][a-z0-9_.-]{0,62}", fullmatch=True)
shares = st.none() | st.floats(0, 30)
weeks = st.none() | st.floats(0, 9999)


def trigger(name: str, **more: Any) -> Watched:
    given: dict[str, Any] = {
        "quantity": "peak load over sized capacity",
        "pool": name,
        "severity": "ticket",
        "owner": "platform team",
        "action": "Order the next wave for on_premises.",
        "fired": True,
        "reason": "the level of 79.0% is at or over the threshold of 56.2%",
        "level": 0.79,
        "threshold": 0.562,
        "limit": 0.74,
        "growth_per_month": 0.0412345678,
        "planned_growth_per_month": 0.04,
        "runway_weeks": Runway(low=1.0, base=2.0, high=None),
        "needs_weeks": 30.0,
        "capacity_factor": 1.0,
        "days": 98,
        "gaps": (Gap(first=AT, last=AT),),
        "source": "levels.csv",
    }
    return Watched(id=f"capacity-{name}", **(given | more))


def found(*triggers: Watched, drift: tuple[Drift, ...] = (), orders: tuple[OrderSeen, ...] = ()) -> Watch:
    return Watch(
        aisizer_version="0.1.0",
        profile="small",
        plan_sha256="0" * 64,
        source=Source(kind="csv", name="levels.csv", sha256="0" * 64),
        fragments={},
        at=AT,
        fired=any(t.fired for t in triggers),
        sizing_void=any(d.void for d in drift),
        triggers=triggers,
        drift=drift,
        orders=orders,
        notes=("a note",),
    )


@given(name=names, level=shares, growth=shares, low=weeks, base=weeks, fired=st.none() | st.booleans())
def test_the_screen_holds_80_columns(
    name: str, level: float | None, growth: float | None, low: float | None, base: float | None, fired: bool | None
) -> None:
    runway = Runway(low=low, base=base if low is not None else None, high=base if low is not None else None)
    drift = Drift(
        quantity="prompt_tokens",
        name=name,
        planned=1e5,
        actual=level,
        change=growth,
        tolerance=0.2,
        void=fired,
        note="x",
    )
    order = OrderSeen(id="P" * 100, site="on_premises", gpus=100_000, due=AT, state="not placed yet")
    shown = found(
        trigger(name, level=level, growth_per_month=growth, runway_weeks=runway, fired=fired),
        drift=(drift,),
        orders=(order,),
    )
    assert all(len(line) <= 80 for line in watch_text(shown).splitlines())
    assert "None" not in watch_text(shown) + watch_markdown(shown)


def test_json_has_every_field_and_six_digits() -> None:
    data = json.loads(watch_json(found(trigger("a"))))
    assert set(data) == {"schema"} | (set(Watch.model_fields) - {"schema_"})
    assert set(data["triggers"][0]) == set(Watched.model_fields)
    assert data["triggers"][0]["growth_per_month"] == 0.0412346


def test_the_three_states_read_apart() -> None:
    text = watch_text(found(trigger("a"), trigger("b", fired=False), trigger("c", fired=None, level=None)))
    states = {"capacity-a": "  FIRED ", "capacity-b": "  quiet ", "capacity-c": "  not measured "}
    lines = text.splitlines()
    assert all(lines[lines.index(name) + 1].startswith(state) for name, state in states.items())
    assert text.startswith("small on 2029-06-30, levels.csv: 1 of 3 triggers fired, 1 not measured\n")
