"""Laws of what stands around the GPUs: more traffic, longer retention and more copies never need less; bytes are conserved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aisizer.profile.sections import FrontEnd, Logging, VectorStore
from aisizer.sizing.fabric import OPTICS_PER_LINK, SWITCH_PORTS, Cluster, clos, fabric_needs
from aisizer.sizing.front_end import cpu_servers, front_end_needs, gateways
from aisizer.sizing.logs import LogBytes, held, ingest_bytes_per_s, log_needs, tiers, written_gb
from aisizer.sizing.needs import Need
from aisizer.sizing.network import Wire, network_needs
from aisizer.sizing.traffic import Traffic
from aisizer.sizing.vectors import vector_needs

MONTHS = 36
SIZE = LogBytes(4.4, 2000.0)
laws = settings(max_examples=100, deadline=None)
growths = st.floats(0.95, 1.1)
times = st.floats(1.0, 5.0)


def traffic(scale: float = 1.0, growth: float = 1.03) -> Traffic:
    """3 requests a second of 1,200 prompt and 210 output tokens at the peak, a third of it on average."""

    def months(first: float) -> tuple[float, ...]:
        return tuple(first * scale * growth**month for month in range(MONTHS))

    return Traffic(months(2.6e6), months(3.1e9), months(5.5e8), months(3.0), months(3600.0), months(630.0))


def cluster(servers: int, rdma: bool = False) -> Cluster:
    return Cluster((servers,) * MONTHS, (3,) * MONTHS, 8, rdma)


def named(needs: Sequence[Need], name: str) -> Need:
    return next(need for need in needs if need.name == name)


def assert_never_less(less: Sequence[Need], more: Sequence[Need], but: tuple[str, ...] = ()) -> None:
    """Every need of the first list is in the second, and in no month smaller; a rounding error is none."""
    after = {need.name: need.by_month for need in more}
    for need in less:
        if need.name not in but:
            assert all(b >= a * (1 - 1e-9) - 1e-9 for a, b in zip(need.by_month, after[need.name], strict=True)), (
                need.name
            )


logging = st.builds(
    Logging,
    text=st.sampled_from(["full", "redacted", "both", "none"]),
    prompt_share=st.floats(0.0, 1.0),
    hot=st.floats(0.0, 12.0).map(lambda n: f"{n} mo"),
    warm=st.floats(0.0, 12.0).map(lambda n: f"{n} mo"),
    compression=st.floats(1.0, 10.0),
    index=st.floats(0.0, 1.0),
    copies=st.integers(1, 3),
    backups=st.integers(0, 2),
    worm=st.booleans(),
)
stores = st.builds(
    VectorStore,
    chunks=st.integers(1, 10**9),
    dimensions=st.sampled_from([384, 768, 1024, 4096]),
    bytes_per_value=st.sampled_from([0.125, 1.0, 4.0]),
    replicas=st.integers(1, 4),
    growth=st.sampled_from(["demand", "fixed"]),
    reindex_per_year=st.sampled_from([0.0, 1.0, 12.0]),
)


@laws
@given(logging, st.floats(0.0, 84.0), st.floats(0.0, 60.0), growths)
def test_a_longer_retention_never_needs_less(policy: Logging, months: float, longer: float, growth: float) -> None:
    shown = traffic(growth=growth)
    assert_never_less(log_needs(shown, policy, months, SIZE), log_needs(shown, policy, months + longer, SIZE))


@laws
@given(logging, st.floats(0.0, 84.0), times)
def test_more_traffic_never_needs_smaller_logs(policy: Logging, months: float, times_more: float) -> None:
    needs = [log_needs(traffic(scale), policy, months, SIZE) for scale in (1.0, times_more)]
    assert_never_less(*needs, but=("Log of one request, uncompressed",))
    assert named(needs[0], "Log of one request, uncompressed").by_month == pytest.approx(
        named(needs[1], "Log of one request, uncompressed").by_month
    )


@pytest.mark.parametrize(
    ("more", "grows", "times_more"),
    [
        ({"text": "both"}, "Log of one request, uncompressed", (2 * 1410 * 4.4 + 2000) / (1410 * 4.4 + 2000)),
        ({"copies": 2}, "Hot logs", 2),
        ({"copies": 2}, "Warm logs", 2),
        ({"index": 0.5}, "Hot logs", 0.9 / 0.5),
        ({"backups": 2}, "Backup of the logs", 2),
        ({"backups": 2}, "A further year of retention", 3 / 2),
        ({"worm": True}, "A further year of retention", 3 / 2),
        ({"compression": 1.0}, "Archived logs", 2.5),
    ],
    ids=str,
)
def test_more_copies_or_less_packing_never_need_less(more: dict[str, Any], grows: str, times_more: float) -> None:
    flat = Traffic(*((amount,) * MONTHS for amount in (1e6, 1.2e9, 2.1e8, 1.0, 1200.0, 210.0)))
    needs = [log_needs(flat, Logging(**change), 13, SIZE) for change in ({}, more)]
    assert_never_less(*needs)
    assert named(needs[1], grows).by_month[-1] == pytest.approx(times_more * named(needs[0], grows).by_month[-1])


@laws
@given(
    st.lists(st.floats(0.0, 1e6), min_size=1, max_size=48),
    st.floats(0.0, 24.0),
    st.floats(0.0, 24.0),
    st.floats(0.0, 96.0),
)
def test_what_is_written_lies_in_one_tier_or_is_deleted(
    written: list[float], hot: float, warm: float, kept: float
) -> None:
    by_age = tiers(written, hot, warm, kept)
    sums = [sum(month) for month in zip(by_age.hot, by_age.warm, by_age.archive, strict=True)]
    assert sums == pytest.approx(held(written, kept), rel=1e-9, abs=1e-6)
    assert all(gb >= -1e-6 for tier in (by_age.hot, by_age.warm, by_age.archive) for gb in tier)
    assert held(written, 1000.0) == pytest.approx([sum(written[: month + 1]) for month in range(len(written))])


def test_thirteen_months_of_the_default_policy_by_hand() -> None:
    """One request a month of 1,000 + 1,000 tokens in flat traffic: 8.8 + 2 = 10.8 kB, 4.32 packed, 5.4 with its index.

    Full after 13 months: 3 months hot and 3 warm with an index, 7 months in the archive without, 13 in the backup.
    """
    flat = (1e6,) * MONTHS
    shown = Traffic(flat, (1e9,) * MONTHS, (1e9,) * MONTHS, flat, flat, flat)
    needs = log_needs(shown, Logging(), 13, SIZE)
    month_36 = {need.name: need.by_month[-1] for need in needs}
    assert month_36["Log of one request, uncompressed"] == pytest.approx(10.8)
    assert month_36["Logs written"] == pytest.approx(4.32)
    assert month_36["Hot logs"] == pytest.approx(3 * 5.4)
    assert month_36["Warm logs"] == pytest.approx(3 * 5.4)
    assert month_36["Archived logs"] == pytest.approx(7 * 4.32)
    assert month_36["Backup of the logs"] == pytest.approx(13 * 4.32)
    assert month_36["A further year of retention"] == pytest.approx(12 * 2 * 4.32)
    longer = {need.name: need.by_month[-1] for need in log_needs(shown, Logging(), 25, SIZE)}
    tiers_added = sum(longer[n] - month_36[n] for n in ("Hot logs", "Warm logs", "Archived logs", "Backup of the logs"))
    assert tiers_added == pytest.approx(month_36["A further year of retention"])


@laws
@given(stores, times, st.sampled_from(["chunks", "replicas", "dimensions"]))
def test_more_vectors_or_demand_never_need_less(store: VectorStore, times_more: float, field: str) -> None:
    def of(made: VectorStore, scale: float = 1.0) -> tuple[Need, ...]:
        return vector_needs({"docs": made}, [scale * 1.03**month for month in range(MONTHS)], FrontEnd(), 4.4)

    assert_never_less(of(store), of(store, times_more))
    assert_never_less(of(store), of(store.model_copy(update={field: getattr(store, field) + 1})))


def test_a_million_vectors_of_qdrant_by_hand() -> None:
    """Capacity planning of Qdrant: 6.144 GB a copy; two replicas and one that is built anew, 2.25 GB of text beside each."""
    store = VectorStore(chunks=1_000_000, dimensions=1024, growth="fixed")
    needs = vector_needs({"docs": store}, [1.0, 3.0], FrontEnd(), 4.4)
    assert named(needs, "docs: memory").by_month == pytest.approx((18.432, 18.432))
    assert named(needs, "docs: disk").by_month == pytest.approx((3 * (6.144 + 2.2528),) * 2)
    assert named(needs, "docs: backup").by_month == pytest.approx((8.3968,) * 2)
    assert named(needs, "docs: CPU servers").by_month == (2.0, 2.0)
    assert named(needs, "docs: embedding everything again").by_month[0] == pytest.approx(512e6 / 172_800)


@laws
@given(st.integers(0, 20_000), st.integers(0, 5_000))
def test_a_clos_network_joins_every_end_point_and_never_shrinks(endpoints: int, more: int) -> None:
    found, larger = clos(endpoints), clos(endpoints + more)
    assert sum(larger.switches) >= sum(found.switches) and larger.links >= found.links
    ends = endpoints + 2 * (found.links - endpoints)
    assert ends <= sum(found.switches) * SWITCH_PORTS, "a link ends in a port that is there"
    if len(found.switches) > 1:
        below_top = found.switches[-2]
        assert all(a == b for a, b in pairwise(found.switches[:-1]))
        assert found.switches[0] * SWITCH_PORTS / 2 >= endpoints, "as much goes up from the leaves as comes in"
        assert found.switches[-1] * SWITCH_PORTS >= below_top * SWITCH_PORTS / 2


@pytest.mark.parametrize(("endpoints", "switches"), [(64, 1), (65, 5), (256, 12), (512, 24), (1024, 48), (2048, 96)])
def test_switches_against_published_fabrics(endpoints: int, switches: int) -> None:
    """256 ports take 8 leaves and 4 spines (DGX SuperPOD, one unit); 1,024 take 48 (H100 Freakonomics, 2024-08)."""
    assert sum(clos(endpoints).switches) == switches


def test_the_network_of_32_gpu_servers_by_hand() -> None:
    """35 servers on two planes fit one switch each; 256 GPUs take 8 leaves, 4 spines, 512 links, 1,024 transceivers."""
    counted = {need.name: need.by_month[0] for need in fabric_needs(cluster(32, rdma=True))}
    assert counted["Service network: NIC ports"] == 70
    assert (counted["Service network: leaf switches"], counted["Service network: switches above the leaves"]) == (2, 0)
    assert counted["GPU network (RDMA): NIC ports"] == 256
    assert counted["GPU network (RDMA): leaf switches"] == 8
    assert counted["GPU network (RDMA): switches above the leaves"] == 4
    assert counted["GPU network (RDMA): cables"] == 512
    assert counted["GPU network (RDMA): optics"] == OPTICS_PER_LINK * 512
    assert counted["Management switches"] == 1


def test_no_gpu_network_where_no_replica_leaves_its_server() -> None:
    assert not any("RDMA" in need.name for need in fabric_needs(cluster(32)))


def network(scale: float, servers: int, wire: Wire, policy: Logging, rdma: bool) -> tuple[Need, ...]:
    shown = traffic(scale)
    logs = ingest_bytes_per_s(shown, policy, SIZE)
    return network_needs(shown, wire, logs, policy.backups + int(policy.worm), cluster(servers, rdma))


@laws
@given(times, st.integers(1, 300), st.integers(0, 100), st.booleans(), logging, st.sampled_from([0.0, 327_680.0]))
def test_more_traffic_or_servers_never_need_less_network(
    times_more: float, servers: int, more: int, rdma: bool, policy: Logging, kv: float
) -> None:
    wire = Wire(4.4, 245.0, kv_per_token=kv, collectives_per_token=16e6 if rdma else 0.0)
    few = network(1.0, servers, wire, policy, rdma)
    assert_never_less(few, network(times_more, servers + more, wire, policy, rdma))
    framed = replace(wire, out_per_token=350.0)
    assert_never_less(few, network(1.0, servers, framed, policy, rdma))


def test_the_note_says_where_tensor_parallel_traffic_stays() -> None:
    inside = named(network(1.0, 4, Wire(4.4, 245.0), Logging(), False), "Between the servers of a replica")
    assert set(inside.by_month) == {0.0} and "does not leave the server" in inside.note
    beyond = network(1.0, 4, Wire(4.4, 245.0, collectives_per_token=16e6), Logging(), True)
    spans = named(beyond, "Between the servers of a replica")
    assert spans.by_month[0] == pytest.approx((3600 + 630) * 16.0) and "spans servers" in spans.note


@laws
@given(times, st.floats(0.1, 120.0), st.floats(1.0, 10.0), st.integers(1, 300), st.integers(0, 300))
def test_more_traffic_longer_answers_or_more_servers_never_need_less_front_end(
    times_more: float, seconds: float, slower: float, servers: int, more: int
) -> None:
    few = front_end_needs(traffic(100.0), seconds, [servers] * MONTHS, [100.0] * MONTHS, FrontEnd())
    hot = [100.0 * times_more] * MONTHS
    many = front_end_needs(traffic(100.0 * times_more), seconds * slower, [servers + more] * MONTHS, hot, FrontEnd())
    assert_never_less(few, many)


@pytest.mark.parametrize("spares", [0, 1, 3])
def test_gateways_carry_the_peak_with_their_spares_down(spares: int) -> None:
    front_end = FrontEnd(spares=spares)
    for rate, streaming in ((0.0, 0.0), (3.0, 81.0), (500.0, 15_000.0), (50.0, 90_000.0)):
        left = gateways(rate, streaming, front_end) - spares
        assert left >= 1 and left * 4 * front_end.requests_per_vcpu >= rate
        assert left * front_end.streams_per_gateway >= streaming


def test_a_small_service_shares_four_cpu_servers() -> None:
    """Gateways 2 x 4 vCPUs, balancers 2 x 2, state 3 x 2, log nodes 3 x 2, observers 2 x 4, jump hosts 2 x 2: 36, and a spare."""
    needs = front_end_needs(traffic(), 27.0, [2] * MONTHS, [130.0] * MONTHS, FrontEnd())
    assert named(needs, "CPU servers").by_month[0] == 4.0 == cpu_servers(36, FrontEnd())
    assert named(needs, "Answers under way in the peak hour").by_month[0] == pytest.approx(81.0)


def of_everything() -> list[Need]:
    shown, store = traffic(), VectorStore(chunks=1_000_000, dimensions=1024)
    return [
        *log_needs(shown, Logging(worm=True), 72, SIZE),
        *vector_needs({"docs": store}, [1.0] * MONTHS, FrontEnd(), 4.4),
        *network(1.0, 4, Wire(4.4, 245.0, kv_per_token=327_680.0), Logging(), True),
        *front_end_needs(shown, 27.0, [4] * MONTHS, [130.0] * MONTHS, FrontEnd()),
    ]


KNOWN_PRICES = {"", "storage-hot", "storage-warm", "storage-archive", "cpu-server"}


@pytest.mark.parametrize("need", of_everything(), ids=lambda need: need.name)
def test_every_need_says_how_much_by_what_and_whence(need: Need) -> None:
    assert len(need.by_month) == MONTHS and all(amount >= 0 for amount in need.by_month)
    assert need.formula and need.source and need.unit and need.price in KNOWN_PRICES
    assert not need.note or need.note.endswith(".")


def test_names_of_needs_are_unique() -> None:
    names = [need.name for need in of_everything()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("quantity", [written_gb, ingest_bytes_per_s])
def test_a_policy_without_text_keeps_the_metadata(quantity: Callable[..., tuple[float, ...]]) -> None:
    shown = traffic(growth=1.0)
    kept, text = (quantity(shown, Logging(text=text), SIZE)[0] for text in ("none", "full"))
    assert 0 < kept < text
