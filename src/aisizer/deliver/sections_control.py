"""The document's sections on itself: what it is, who answers for it, what would reopen it, its words, how to make it again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from aisizer.deliver import labels, numbers
from aisizer.deliver.blocks import Block, Code, Facts, Items, Paragraph, Section, table
from aisizer.deliver.glossary import WORDS
from aisizer.deliver.sections_decision import nearest_flips
from aisizer.plan import Plan
from aisizer.plan.price_moves import usd

ROLES = ("Prepared by", "Reviewed by", "Approved by")
FAR = 2.0
"""[1] factor of its price in the plan, beyond which a price that would change the choice is not worth waiting for"""


def control_section(plan: Plan, digest: str) -> Section:
    """What the document was made from, until when it holds, and who answers for it; digest: of sizing.json."""
    marking = labels.marking(plan) or "none: the class of the data asks for none (compliance.marking sets one)"
    facts = (
        ("Document", f"sizing of {labels.profile_name(plan)}, plan {digest}"),
        ("Version", f"plan of {labels.plan_date(plan)}; another profile, catalog or tool gives another plan number"),
        ("Profile", f"sha256 {plan.inputs.profile_sha256}"),
        *((f"Fragment {file}", f"sha256 {digest}") for file, digest in plan.inputs.fragments.items()),
        ("Tool and catalog", f"aisizer {plan.aisizer_version}; {plan.inputs.catalog_version}, {plan.inputs.catalog_sha256}"),
        ("Review by", _review(plan)),
        ("Handling", marking),
    )  # fmt: skip
    signatures = [(role, "", "", "") for role in ROLES]
    text = (
        "The document holds what a signer needs. All of it, and all that is counted here and not shown, stands in sizing.json "
        "and the workbook tco.xlsx. aisizer explain tells how a figure was found: give it the figure or the sentence as it "
        "stands here, or the place that the caption of a table names."
    )
    return Section(
        "control",
        "Document control",
        (Facts(facts), table("Signatures", "Role | Name | Date | Signature", signatures), Paragraph(text)),
    )


def _review(plan: Plan) -> str:
    """The day by which the plan must be looked at again, and the reason."""
    order_by, first = labels.decided(plan).order_by, labels.first_trigger(plan)
    ends = [(day, f"a quote of {names[0]} ends") for day, names in _quotes(plan).items()]
    day, reason = min([(order_by, "the last day to order"), *ends])
    fires = None if first is None else first.predicted.get("base")
    return f"{day}, {reason}" + (f"; then by {fires}, when {first.alert} is expected" if first and fires else "")


def _quotes(plan: Plan) -> dict[date, list[str]]:
    """What is quoted until when, of quotes that are still valid."""
    found: dict[date, list[str]] = {}
    for line in plan.bom:
        if line.quote_valid_until is not None and line.quote_valid_until >= labels.plan_date(plan):
            names = found.setdefault(line.quote_valid_until, [])
            names += [] if line.description in names else [line.description]
    return found


def reopen_section(plan: Plan) -> Section:
    """What would make this decision another one."""
    return Section("reopen", "What would reopen the decision", (Items(tuple(_reopens(plan))),))


def _reopens(plan: Plan) -> Iterator[str]:
    decision = labels.decided(plan)
    yield f"No order by {decision.order_by}: every date moves, and the plan must be made again."
    for flip in nearest_flips(plan):
        if flip.value_usd is not None and _near(flip.base_usd, flip.value_usd):
            at = f"{flip.side} {usd(flip.value_usd)} {flip.price_unit}"
            yield f"The price of {flip.description} goes {at}: {labels.site(flip.wins or '')} would be chosen."
    for day, names in _quotes(plan).items():
        yield f"The quote of {labels.listed(names)} ends on {day} and is not renewed."
    for pool in decision.pools:
        rate = numbers.rounded(pool.peak_rate_per_replica)
        yield (
            f"A benchmark of {labels.gpu(pool.gpu)} with {labels.engine(pool.engine)} finds less than {rate} requests a second "
            f"for a replica of {pool.name}, or a latency outside its 80 % band."
        )
    waits = [use.name for use in plan.integrations if use.readiness != "real"]
    if waits:
        yield f"The real {labels.listed(waits)} answers slower, or has a lower limit, than the profile says."
    yield f"{_outgrown(plan)}, or a trigger fires before its date."
    yield "Another model, engine version, SLO, class of data or framework than those of the profile."


def _outgrown(plan: Plan) -> str:
    """The growth beyond which the plan no longer holds; dated points leave no room for a faster case."""
    if (plan.profile.get("growth") or {}).get("points"):
        return "Measured demand passes that of growth.points"
    fast = next((a.value for a in plan.assumptions if a.path == "growth.high"), "not set")
    return f"Measured growth passes the high case (growth.high, {fast})"


def _near(base_usd: float | None, value_usd: float) -> bool:
    """Whether a price may well move so far; an unknown one may be anything."""
    return not base_usd or 1 / FAR <= value_usd / base_usd <= FAR


def glossary_section() -> Section:
    """The words that the document uses."""
    words = table("Words", "Word | Meaning", list(WORDS.items()))
    return Section("glossary", "Glossary", (replace(words, whole=True),))


def reproduce_section(plan: Plan) -> Section:
    """The commands that make the document again and ask it."""
    name, amount = labels.profile_name(plan), numbers.usd(plan.tco[labels.decided(plan).site].three_year_usd)
    blocks: tuple[Block, ...] = (
        Paragraph(
            "The same profile, fragments, catalog and version give the same bytes "
            "(fragments that the profile does not name itself are given with --with FILE); explain answers for a place, and for "
            "any figure or sentence copied from here:"
        ),
        Code(
            f'aisizer size {name}.yaml\naisizer explain decision.gpus\naisizer explain "{amount} USD"\n'
            f"aisizer render sizing/{name} --format pdf,docx,options.csv"
        ),
    )
    return Section("reproduce", "How to make it again", blocks)
