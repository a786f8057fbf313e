"""Coming back at a second site: laws of the postures, and the times of each by hand."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisizer.profile.sections import Posture, Resilience
from aisizer.sizing.recovery import (
    POSTURES,
    Data,
    copy_seconds,
    least_posture,
    loss_seconds,
    recovery,
    recovery_needs,
    replication_rate,
    restore_seconds,
)
from aisizer.sizing.resilience import disaster_recovery_servers

DATA = Data(weights_bytes=70e9, log_bytes=1e12, index_bytes=55e9, written_bytes_per_s=2e5)
SIZES = st.floats(0, 1e14)
datas = st.builds(Data, SIZES, SIZES, SIZES, st.floats(0, 1e9))
TIMES = st.floats(0, 1e7)


def made(posture: Posture = "none", **wanted: Any) -> Resilience:
    texts = {k: f"{v} s" for k, v in wanted.items() if k in ("rto", "rpo", "copy_every", "provisioning", "failover")}
    return Resilience.model_validate({"disaster_recovery": {"posture": posture} | wanted | texts})


def rank(posture: Posture | None) -> int:
    """Place among the postures; where none does, more than the most is needed."""
    return len(POSTURES) if posture is None else POSTURES.index(posture)


def test_backup_restore_by_hand() -> None:
    """Half an hour, a day, 1.125 TB over 1 Gbit/s = 9,000 s, five minutes to start; a day of logs and its copy are lost."""
    found = recovery(DATA, made("backup_restore", rto=4 * 3600, rpo=3600))
    assert found.restore_s == {
        "failover": 1800.0, "provisioning": 86400.0, "weights": 560.0, "logs": 8000.0, "index": 440.0, "cold start": 300.0,
    }  # fmt: skip
    assert found.total_s == 97500.0 and found.loss_s == pytest.approx(86400 + 8 * 2e5 * 86400 / 1e9)
    assert (found.rto_met, found.rpo_met) == (False, False)
    late, lost = found.missed
    assert late.startswith(
        "The RTO of 4 h is missed: backup_restore takes 1.128 d (failover 30 min, provisioning 1 d, weights "
    )
    assert late.endswith("Set resilience.disaster_recovery.posture to warm_standby, the least that meets the targets.")
    assert (
        lost.startswith("The RPO of 1 h is missed: 1.002 d of writes are lost.")
        and "copy_every to less than the RPO" in lost
    )


def test_each_posture_keeps_more_and_is_back_sooner() -> None:
    times = [restore_seconds(posture, DATA, made()) for posture in POSTURES]
    assert times[0] is None
    totals = [sum(t.values()) for t in times if t is not None]
    assert totals == [97500.0, 88500.0, 1800.0, 1800.0, 60.0]


def test_without_a_second_site_nothing_comes_back_and_nothing_is_needed() -> None:
    found = recovery(DATA, made("none", rto=86400, rpo=60))
    assert (found.restore_s, found.total_s, found.loss_s, found.rto_met, found.rpo_met) == (
        None,
        None,
        None,
        False,
        False,
    )
    assert found.replication_bytes_per_s == 0 and "nothing comes back" in found.missed[0]
    assert recovery_needs([DATA] * 36, made("none")) == ()
    assert recovery(DATA, made("none")).missed == ()


def test_what_mends_a_missed_target_is_said() -> None:
    impossible = recovery(DATA, made("active_active", rto=10))
    assert impossible.missed[0].startswith("The RTO of 10 s is missed: active_active takes 1 min")
    assert "No posture meets the targets" in impossible.missed[0]
    slow = recovery(DATA, made("pilot_light", rpo=61, link="2 Mbit/s"))
    assert (
        slow.loss_s == pytest.approx(60 + 48)
        and "Raise resilience.disaster_recovery.link to 96 Mbit/s" in slow.missed[0]
    )
    behind = recovery(DATA, made("pilot_light", link="1 Mbit/s"))
    assert behind.loss_s is None and "fall behind: 1.6 Mbit/s" in behind.missed[0]


@given(datas, TIMES, TIMES, TIMES | st.none())
def test_a_stricter_rto_never_needs_a_lesser_posture_nor_fewer_servers(
    data: Data, one: float, other: float, rpo: float | None
) -> None:
    targets = {} if rpo is None else {"rpo": rpo}
    strict = least_posture(data, made(rto=min(one, other), **targets))
    loose = least_posture(data, made(rto=max(one, other), **targets))
    assert rank(strict) >= rank(loose)
    if strict is not None and loose is not None:
        bought = [disaster_recovery_servers(6, 9, made(posture)) for posture in (strict, loose)]
        assert bought[0] >= bought[1]


@given(datas, TIMES, TIMES)
def test_a_stricter_rpo_never_needs_a_lesser_posture(data: Data, one: float, other: float) -> None:
    strict, loose = (least_posture(data, made(rpo=rpo)) for rpo in (min(one, other), max(one, other)))
    assert rank(strict) >= rank(loose)


@given(st.sampled_from(POSTURES), datas, TIMES, TIMES)
def test_the_least_posture_meets_what_the_ones_before_it_do_not(
    posture: Posture, data: Data, rto: float, rpo: float
) -> None:
    least = least_posture(data, made(rto=rto, rpo=rpo))
    found = recovery(data, made(posture, rto=rto, rpo=rpo))
    if rank(posture) < rank(least):
        assert found.missed
    if posture == least:
        assert found.rto_met and found.rpo_met and not found.missed


@given(st.floats(0, 1e9), st.floats(1, 1e5), st.floats(1, 1e6), st.floats(1, 1e6))
def test_a_stricter_rpo_never_needs_a_slower_link(written: float, every: float, one: float, other: float) -> None:
    strict, loose = (replication_rate(written, every, rpo) for rpo in (min(one, other), max(one, other)))
    assert strict is None or (loose is not None and strict >= loose)
    if strict is not None:
        assert every + written * every / max(strict, 1e-300) <= min(one, other) * (1 + 1e-9)


@given(datas, st.floats(1e6, 1e12), st.floats(1, 100))
def test_a_faster_link_is_never_later_and_loses_no_more(data: Data, link: float, times: float) -> None:
    slow, fast = (made("backup_restore", link=f"{bits / 1e6:.12f} Mbit/s") for bits in (link, link * times))
    one, other = recovery(data, slow), recovery(data, fast)
    assert one.total_s is not None and other.total_s is not None and other.total_s <= one.total_s * (1 + 1e-9)
    assert one.loss_s is None or (other.loss_s is not None and other.loss_s <= one.loss_s * (1 + 1e-9))


def test_the_rate_that_meets_the_rpo_meets_it_on_a_link_of_that_speed() -> None:
    rate = replication_rate(2e5, 60.0, 61.0)
    assert rate == 1.2e7
    wanted = made("warm_standby", rpo=61, link="96 Mbit/s")
    assert loss_seconds("warm_standby", DATA, wanted.disaster_recovery) == 61.0
    assert recovery(DATA, wanted).rpo_met


def test_needs_of_a_pilot_light_by_hand() -> None:
    grown = [Data(70e9, 1e12 * m, 55e9, 2e5 * m) for m in range(1, 37)]
    link, copies = recovery_needs(grown, made("pilot_light"), "storage-archive-aws")
    assert (link.unit, link.by_month[0], link.by_month[-1]) == ("Mbit/s", 1.6, pytest.approx(57.6))
    assert (copies.unit, copies.by_month[0], copies.price) == ("GB", 1125.0, "storage-archive-aws")
    assert "back 1.024 d after" in copies.note and copy_seconds(1.0, 8.0) == 1.0
