"""Fleets beside production: their size, whose servers they run on, and that a prototype is never production."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisizer.profile.sections import Evidence, Resilience
from aisizer.sizing.environments import Production, Standing, environment_needs, environment_servers, standing

SMALL = Production((2, 3, 20), (1, 1, 2), (4, 8), "h100-sxm", 8)


def made(**environments: Any) -> Resilience:
    return Resilience.model_validate({"environments": environments})


def test_by_default_staging_buys_nothing_and_says_what_it_takes() -> None:
    """A replica of 4 and one of 8 GPUs need two servers of 8, of which the redundancy is one."""
    servers, hours = environment_needs(Resilience(), SMALL)
    assert servers.name == "staging servers" and servers.by_month == (0.0, 0.0, 0.0)
    assert "4 + 8 GPUs in servers of 8: 2" in servers.formula
    assert "Takes 2 of production's servers" in environment_needs(
        Resilience(), Production((2,), (1,), (4, 8), "h100-sxm", 8)
    )[0].note  # fmt: skip
    assert hours.by_month == (2640.0, 2640.0, 2640.0)
    within = environment_needs(Resilience(), Production((2,), (1,), (4,), "h100-sxm", 8))[0]
    assert within.note.startswith("Runs off-peak on production's redundancy")
    assert environment_needs(Resilience.model_validate({"environments": {}}), SMALL) == ()


def test_a_prototype_becomes_staging_and_never_production() -> None:
    evidence = Evidence.model_validate(
        {"prototype": {"gpu": "l40s", "gpus": 12}, "today": {"gpu": "a100-80-sxm", "gpus": 64}}
    )
    stands = standing(evidence)
    assert [s.field for s in stands] == ["evidence.prototype", "evidence.today"]
    needs = environment_needs(made(staging={}, canary={"rule": "share"}), SMALL, stands)
    staging, _, canary, _ = needs
    assert staging.by_month == (0.0, 0.0, 0.0) and "12 l40s of evidence.prototype" in staging.note
    assert "never count as production" in staging.note and "not h100-sxm" in staging.note
    assert canary.by_month == (1.0, 1.0, 2.0), "only staging takes the prototype's hardware"
    assert environment_needs(made(staging={}), SMALL)[0].by_month == (2.0, 2.0, 2.0)


def test_hardware_that_is_too_small_for_a_replica_of_each_pool_is_passed_over() -> None:
    needs = environment_needs(made(staging={}), SMALL, [Standing("h100-sxm", 11, "evidence.prototype")])
    assert needs[0].by_month == (2.0, 2.0, 2.0) and "11 h100-sxm of evidence.prototype are too few" in needs[0].note
    larger = [Standing("h100-sxm", 11, "evidence.prototype"), Standing("h100-sxm", 16, "evidence.today")]
    assert "evidence.today" in environment_needs(made(staging={}), SMALL, larger)[0].note


@pytest.mark.parametrize(
    ("environment", "servers"),
    [
        ({"rule": "mirror"}, (2, 3, 20)),
        ({"rule": "share", "share": "10 %"}, (1, 1, 2)),
        ({"rule": "share", "share": "100 %"}, (2, 3, 20)),
        ({"rule": "replica"}, (2, 2, 2)),
    ],
)
def test_the_size_of_each_rule_by_hand(environment: dict[str, Any], servers: tuple[int, ...]) -> None:
    environments = made(test=environment).environments
    assert environments is not None and environment_servers(environments["test"], SMALL) == servers
    own, hours = environment_needs(made(test=environment), SMALL)
    assert own.by_month == servers and "Servers of its own" in own.note
    gpus = 12 if environment["rule"] == "replica" else 8 * servers[-1]
    assert hours.by_month[-1] == gpus * 220


@given(st.lists(st.integers(1, 500), min_size=1, max_size=5), st.floats(0.01, 1), st.floats(0.01, 1), st.booleans())
def test_a_larger_share_or_fleet_never_needs_fewer_and_sharing_buys_none(
    months: list[int], one: float, other: float, shares: bool
) -> None:
    production = Production(tuple(months), (1,) * len(months), (8,), "h100-sxm", 8)
    small, large = (
        environment_needs(made(test={"rule": "share", "share": s, "shares_with_production": shares}), production)[
            0
        ].by_month
        for s in sorted((one, other))
    )
    assert all(a <= b for a, b in zip(small, large, strict=True))
    assert all(n <= servers for n, servers in zip(large, months, strict=True))
    assert not shares or sum(large) == 0
