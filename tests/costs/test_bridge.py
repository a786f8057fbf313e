"""A bridge and what it bridges to share out the months: before and from the one in which the bought servers serve."""

from __future__ import annotations

import pytest
from buyers import buyer

from aisizer.costs.bridge import bridge_lines, starting
from aisizer.costs.lines import Fleet, Volume
from aisizer.costs.owned import owned_lines
from aisizer.costs.site import site_lines
from aisizer.costs.tco import accrual, line_amounts
from aisizer.profile.sections import Finance, Supply

FLEET = Fleet(((1, 2),), (2,) * 36)
VOLUME = Volume((1e6,) * 36, (1e9,) * 36, (1e8,) * 36)


@pytest.mark.parametrize("month", [2, 7, 36])
def test_the_months_of_a_bridge_and_of_what_follows_are_all_months_once(month: int) -> None:
    whole = site_lines(buyer("enclave"), FLEET, VOLUME)
    before = {line.id.removeprefix("bridge-"): line.quantity for line in bridge_lines(whole, month, "GovCloud")}
    after = {line.id: line.quantity for line in starting(whole, month)}
    for line in whole:
        first, second = before.get(line.id, (0.0,) * 37), after[line.id]
        assert first == tuple(quantity if period < month else 0.0 for period, quantity in enumerate(line.quantity))
        assert second == tuple(quantity if period >= month else 0.0 for period, quantity in enumerate(line.quantity))
    assert starting(whole, 1) == tuple(whole)


def test_what_was_used_is_cut_with_what_is_paid() -> None:
    (line,) = (line for line in owned_lines(buyer(), FLEET) if line.id == "support")
    paid_late = line.model_copy(update={"quantity": (0.0, 0.0, *line.quantity[:-2]), "served": line.quantity})
    (cut,) = bridge_lines([paid_late], 5, "home")
    assert cut.served == (0.0, 2.0, 2.0, 2.0, 2.0, *(0.0,) * 32)
    assert cut.quantity == (0.0, 0.0, 0.0, 2.0, 2.0, *(0.0,) * 32)


def test_a_licence_by_the_year_is_paid_for_the_months_of_a_bridge() -> None:
    """Sixteen GPUs for three months and eight more in the third: no year that the bridge does not see is paid."""
    waves = Fleet(((1, 2), (3, 1)), (2, 2, *(3,) * 34))
    place = buyer("hosted", supply=Supply(licences=("nvidia-ai-enterprise",)))
    (line,) = (line for line in site_lines(place, waves, VOLUME) if line.category == "licence")
    assert line.treatment == "prepaid" and line.unit_price_usd == 4500 and line.quantity[0] == 16
    (made,) = bridge_lines([line], 4, "a host")
    assert (made.treatment, made.served) == ("expense", ())
    assert line_amounts(made).sum() == pytest.approx((3 * 16 + 8) * 4500 / 12)
    assert accrual([made], 60).tolist() == line_amounts(made).tolist()


def test_the_rent_of_a_bridge_ends_with_it_and_nothing_of_it_is_sold_or_ordered_by_wave() -> None:
    made = {line.id: line for line in bridge_lines(site_lines(buyer("enclave"), FLEET, VOLUME), 4, "GovCloud")}
    rent = made["bridge-rent-on-demand"]
    assert (rent.category, rent.waves) == ("bridge", ())
    assert rent.description.startswith("Bridge at GovCloud: ")
    assert {line.category for line in made.values() if line is not rent}.isdisjoint({"rent", "bridge"})
    own = owned_lines(buyer(finance=Finance(residual=0.2)), FLEET)
    assert "residual" in {line.category for line in own}
    assert "residual" not in {line.category for line in bridge_lines(own, 37, "home")}
    late = [line for line in own if not any(line.quantity[:2])]
    assert late and not {line.id for line in bridge_lines(late, 1, "home")}
