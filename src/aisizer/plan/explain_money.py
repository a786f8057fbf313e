"""Recorded steps of the results on money: unit costs, comparisons, cost of reserves, flips, sensitivity."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from aisizer.plan.money_records import CashComparison, Driver, Flip, PartCost, UnitCost, Volumes
from aisizer.plan.records import Step
from aisizer.units import figure

SOURCE = "docs/method.md: costs"
UNITS: dict[str, tuple[str, str, str]] = {
    "usd_per_million_tokens": ("a million tokens, prompts and answers", "accrual / tokens x 10^6", "tokens"),
    "usd_per_million_input_tokens": (
        "a million prompt tokens, an allocation by GPU-seconds", "accrual x input_share / prompt tokens x 10^6",
        "input_tokens",
    ),
    "usd_per_million_output_tokens": (
        "a million generated tokens, an allocation by GPU-seconds",
        "accrual x (1 - input_share) / generated tokens x 10^6", "output_tokens",
    ),
    "usd_per_request": ("a request to any of the models", "accrual / requests", "requests"),
    "usd_per_transaction": ("a request of a user, with all that it causes", "accrual / requests of users", "transactions"),
    "usd_per_user_month": ("a user for a month", "accrual / (users x sum of demand factors)", "user_months"),
}  # fmt: skip
"""Of each unit cost what it is of, its formula, and the volume that it divides by."""


def money_steps(results: Mapping[str, Any], chosen: str) -> Iterator[Step]:
    """The steps of every result, named by the path at which the Plan holds it; unit costs of the chosen site."""
    yield from _unit_costs(results["unit_costs"][chosen], results["volumes"], chosen)
    for i, compared in enumerate(results["comparisons"]):
        yield from _comparison(compared, f"comparisons.{i}", chosen)
    for i, part in enumerate(results["parts"]):
        yield _part(part, f"parts.{i}.three_year_usd")
    for i, flip in enumerate(results["flips"]):
        yield _flip(flip, f"flips.{i}.value_usd")
    yield sensitivity_step(results["sensitivity"])


def _unit_costs(cost: UnitCost, volumes: Volumes, site: str) -> Iterator[Step]:
    if cost.input_share is not None:
        yield Step(
            name=f"unit_costs.{site}.input_share",
            meaning="part of the fleet's cost that is allocated to prompt tokens",
            formula="sum over pools of GPUs x prefill seconds / (prefill + decode seconds) / sum of GPUs; a pool of prefill "
            "replicas counts as 1, one of decode replicas as 0",
            inputs={"state": "first wave at the highest demand it carries, all servers up"},
            value=figure(cost.input_share, 6),
            unit="1",
            source=SOURCE,
        )
    totals = volumes.model_dump() | {"tokens": volumes.input_tokens + volumes.output_tokens}
    for when, prices in (("at_plan", cost.at_plan), ("at_actual", cost.at_actual)):
        share = " / finance.served_share" if when == "at_actual" else ""
        for name, (what, formula, volume) in UNITS.items():
            value = getattr(prices, name)
            if value is None:
                continue
            yield Step(
                name=f"unit_costs.{site}.{when}.{name}",
                meaning=f"accrual cost of {what}" + ("" if cost.complete else "; at least, for lines have no price"),
                formula=formula + share,
                inputs={
                    f"tco.{site}.accrual_three_year_usd": f"{cost.accrual_three_year_usd:,.2f} USD",
                    volume: figure(totals[volume], 6),
                },
                value=usd(value),
                unit="USD",
                source=SOURCE,
                next=(f"unit_costs.{site}.input_share",) if "put_tokens" in name else (),
            )


def _comparison(found: CashComparison, path: str, site: str) -> Iterator[Step]:
    inputs = {"other": found.other, "outlay_usd": usd(found.outlay_usd), "saving_usd": usd(found.saving_usd)}
    yield Step(
        name=f"{path}.cheaper_from_month",
        meaning=found.sentence,
        formula=f"first month from whose end on sum of cash of {site} < that of {found.other}, in every month after it too",
        inputs=inputs,
        value="null" if found.cheaper_from_month is None else str(found.cheaper_from_month),
        unit="month",
        source=SOURCE,
        next=(f"{path}.payback_month",),
    )
    yield Step(
        name=f"{path}.payback_month",
        meaning="month by whose end savings have first made up for what is paid more before service",
        formula="first month with sum of (cash of the other - cash) >= 0; discounted: of present values",
        inputs=inputs | {"discounted": str(found.discounted_payback_month)},
        value="null" if found.payback_month is None else str(found.payback_month),
        unit="month",
        source=SOURCE,
    )


def _part(part: PartCost, name: str) -> Step:
    return Step(
        name=name,
        meaning=f"what {part.part.replace('_', ' ')} costs in 36 months; parts overlap, so they do not add up",
        formula=part.formula,
        inputs={"npv_usd": usd(part.npv_usd), "GPUs of the first purchase": str(part.gpus)},
        value=f"{part.three_year_usd:,.2f}",
        unit="USD",
        source=SOURCE,
    )


def _flip(flip: Flip, name: str) -> Step:
    return Step(
        name=name,
        meaning=flip.sentence,
        formula="price at which the cheapest option of another site costs what the cheapest of the chosen site does; each costs "
        "fixed + price x sum of quantity x factors x escalation, discounted",
        inputs={
            "plan": usd(flip.base_usd),
            "low": usd(flip.low_usd),
            "high": usd(flip.high_usd),
            "kind": flip.kind,
            "sites": ", ".join(flip.sites),
        },
        value="null" if flip.value_usd is None else usd(flip.value_usd),
        unit=flip.price_unit,
        source=SOURCE,
    )


def sensitivity_step(drivers: Sequence[Driver]) -> Step:
    """How the tornado table is made, and its widest bar."""
    rerun = any(driver.rerun for driver in drivers)
    method = (
        "each input at its low and high value, the whole plan made again"
        if rerun
        else "each price with a range at both ends of it, fleet unchanged; aisizer size --sensitivity makes the plan again for "
        "demand and the other inputs too"
    )
    return Step(
        name="sensitivity",
        meaning="inputs of the plan by how far they move its cost",
        formula=method,
        inputs={
            driver.driver: f"{driver.swing_usd:,.2f} USD" for driver in drivers[:5] if driver.swing_usd is not None
        },
        value=drivers[0].driver if drivers else "none",
        unit="",
        source=SOURCE,
    )


def usd(amount: float | None) -> str:
    """[USD] in cents, or below a thousand in six digits, of which a unit cost needs them."""
    return "not known" if amount is None else f"{amount:,.6g}" if abs(amount) < 1000 else f"{amount:,.2f}"
