"""The path from the go decision to production: by hand, in the seed's months, and never shorter for more to do."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisizer.catalog.load import load_catalog
from aisizer.profile.sections import LeadTime, PathToProduction
from aisizer.roadmap.calendar import PARTS
from aisizer.roadmap.path import CASES, GOVERNANCE, PROCUREMENT, critical, finishes, path, tasks
from aisizer.roadmap.records import Path

SITES = load_catalog().sites
START, GO_LIVE = date(2026, 12, 1), date(2027, 9, 1)
MET = {"owner": "A. Smith", "budgeted": True, "review_in_parallel": True}


def made(site: str = "enclave", **fields: Any) -> Path:
    given = PathToProduction.model_validate(fields)
    return path(given, SITES[site], LeadTime(), "sponsor", START, GO_LIVE)


def test_all_parts_of_a_lead_time_are_in_a_task() -> None:
    assert set(GOVERNANCE + PROCUREMENT) == set(PARTS)


@pytest.mark.parametrize("site", sorted(SITES))
@pytest.mark.parametrize("met", list(product([True, False], repeat=3)))
def test_all_preconditions_met_take_three_to_six_months_and_else_nine_to_twelve(
    site: str, met: tuple[bool, bool, bool]
) -> None:
    owner, budgeted, booked = met
    found = made(site, owner="A. Smith" if owner else "", budgeted=budgeted, review_in_parallel=booked)
    low, high = (3, 6) if all(met) else (9, 12)
    assert low <= found.months["base"] <= high
    assert [p.met for p in found.preconditions] == list(met)


def test_met_preconditions_by_hand() -> None:
    # Rented: review and hardening side by side for 9 weeks, integration 4 after hardening, handover 2: 15 weeks.
    found = made(**MET)
    # At high the quota may take 12 weeks: 4 + 12 + 2 + 1 for procurement, then 4.
    assert found.weeks == pytest.approx({"low": 9.0, "base": 15.0, "high": 23.0})
    assert found.critical == ("hardening", "integration", "handover")
    assert found.end == START + timedelta(weeks=15) and found.in_time
    # Bought: order 1, delivery 20, installation 2 and burn-in 1 are 24 weeks, then the handover.
    owned = made("on_premises", **MET)
    assert owned.weeks["base"] == 26 and owned.critical == ("procurement", "handover")


def test_an_unbooked_review_waits_and_comes_before_hardening() -> None:
    found = made(**MET | {"review_in_parallel": False})
    assert found.weeks["base"] == 17 + 9 + 9 + 4 + 2
    assert found.critical == ("review turn", "security review", "hardening", "integration", "handover")


def test_what_is_missing_is_mended_side_by_side_by_the_sponsor() -> None:
    found = made()
    waits = {step.name: step for step in found.steps[:3]}
    assert list(waits) == ["owner", "budget", "review turn"]
    assert all(step.start == START and step.owner == "sponsor" for step in waits.values())
    assert found.weeks["base"] == 26 + 9 + 9 + 4 + 2


def test_owners_are_the_profiles_else_roles() -> None:
    owners = {step.name: step.owner for step in made(**MET, owners={"hardening": "B. Jones"}).steps}
    assert owners["hardening"] == "B. Jones" and owners["handover"] == "operations"


def test_a_profiles_own_lead_time_counts_in_all_cases() -> None:
    own = LeadTime.model_validate({"delivery": "40 w"})
    found = path(PathToProduction.model_validate(MET), SITES["on_premises"], own, "sponsor", START, GO_LIVE)
    weeks = next(step.weeks for step in found.steps if step.name == "procurement")
    assert weeks == {"low": 43.0, "base": 44.0, "high": 40.0 + 26 + 4 + 2}
    assert not found.in_time


def test_spans_must_be_three_in_order() -> None:
    for wrong in (["9 w", "6 w", "12 w"], ["6 w", "9 w"]):
        with pytest.raises(ValueError):
            PathToProduction.model_validate({"hardening": wrong})


spans = st.tuples(*[st.floats(0, 60)] * 3).map(sorted)
NAMES = ("security_review", "hardening", "integration", "handover", "owner_wait", "budget_wait", "review_wait")


@given(
    st.fixed_dictionaries(dict.fromkeys(NAMES, spans)),
    st.sampled_from(NAMES),
    st.floats(0, 20),
    st.tuples(st.booleans(), st.booleans(), st.booleans()),
    st.sampled_from(sorted(SITES)),
)
def test_longer_tasks_and_missing_preconditions_never_end_earlier(
    weeks: dict[str, list[float]], longer: str, more: float, met: tuple[bool, bool, bool], site: str
) -> None:
    def ends(extra: float, flags: tuple[bool, bool, bool]) -> dict[str, float]:
        fields = {n: [f"{w + extra * (n == longer)} w" for w in values] for n, values in weeks.items()}
        owner, budgeted, booked = flags
        return made(site, **fields, owner="x" * owner, budgeted=budgeted, review_in_parallel=booked).weeks

    found = ends(0, met)
    assert all(ends(more, met)[case] >= found[case] - 1e-9 for case in CASES)
    assert all(ends(0, (True, True, True))[case] <= found[case] + 1e-9 for case in CASES)
    assert found["low"] <= found["base"] + 1e-9 <= found["high"] + 2e-9


@given(st.fixed_dictionaries(dict.fromkeys(NAMES, spans)), st.booleans(), st.booleans(), st.booleans())
def test_the_critical_path_is_as_long_as_the_whole_and_nothing_starts_before_what_it_waits_for(
    weeks: dict[str, list[float]], owner: bool, budgeted: bool, booked: bool
) -> None:
    given_ = PathToProduction.model_validate(
        {n: [f"{w} w" for w in v] for n, v in weeks.items()}
        | {"owner": "x" * owner, "budgeted": budgeted, "review_in_parallel": booked}
    )
    work = [(t.name, t.weeks[1], t.after) for t in tasks(given_, (2, 4, 12), (5, 9, 20), "sponsor")]
    ends, length = finishes(work), {name: w for name, w, _ in work}
    assert sum(length[name] for name in critical(work)) == pytest.approx(max(ends.values()))
    for name, w, after in work:
        assert all(ends[name] - w >= ends[other] - 1e-9 for other in after)
    assert max(ends, key=lambda n: (ends[n], n == "handover")) == "handover"
