"""The brief: one page for whoever signs."""

from __future__ import annotations

from aisizer.deliver import labels
from aisizer.deliver.blocks import Document, Facts, Items, Section, table
from aisizer.deliver.document import stamp
from aisizer.deliver.names import with_names
from aisizer.deliver.pdf import one_page_pdf
from aisizer.deliver.sections_decision import amount, choice_hangs, facts, still_open, waiting, weakest
from aisizer.plan import Plan


def brief_pdf(plan: Plan) -> bytes:
    """The brief as one tagged page."""
    return one_page_pdf(brief(plan), stamp(plan))


def brief(plan: Plan) -> Document:
    """What is to be authorised, until when it can be undone, what waiting costs, and what is still open or weak."""
    decision = labels.decided(plan)
    title = f"{labels.profile_name(plan)}: authorise {amount(decision)} by {decision.order_by}"
    subtitle = f"Plan of {labels.plan_date(plan)}. {decision.reason}"
    signatures = table("Decision", "Role | Name | Date | Signature", [("Approved by", "", "", "")])
    decided = Facts(tuple((name, value) for name, value, _ in facts(plan, decision)))
    sections = (
        Section("decision", "What is decided", (decided,)),
        Section("waiting", "If the decision comes a month late", (Items(tuple(waiting(plan, decision))),)),
        Section("open", "Still open", (Items(tuple(still_open(plan))),)),
        Section("weakest", "Weakest facts", (Items(tuple(weakest(plan, decision))),)),
        Section("flips", "At which values the choice flips", (Items(tuple(choice_hangs(plan, decision))),)),
        Section("signature", "Signature", (signatures,)),
    )
    return Document(title, subtitle, with_names(plan, sections), labels.plan_date(plan), labels.marking(plan))
