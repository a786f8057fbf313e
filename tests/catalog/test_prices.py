"""Every price list validates, is covered by sources and holds plausible prices."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from aisizer.catalog.load import load_catalog
from aisizer.catalog.records import Amount, PriceList

CATALOG = Path(__file__).parents[2] / "hardware_catalog"
GPUS = frozenset(
    [
        "a100-80-sxm",
        "a100-80-pcie",
        "l4",
        "l40s",
        "rtx-pro-6000",
        "h100-sxm",
        "h100-pcie",
        "h200-sxm",
        "b200-sxm",
        "b300-sxm",
        "gb200",
        "mi300x",
        "mi325x",
        "mi355x",
    ]
)
USD_PER_GPU_HOUR = (0.3, 30.0)
"""Plausible range: L4 under a three-year commitment is 0.45, GB200 on demand 27.04."""
FACILITY = frozenset(
    [
        "electricity-us-industrial",
        "electricity-us-commercial",
        "pue-enterprise",
        "pue-colocation",
        "colocation-us-wholesale",
        "fte-systems-engineer-us",
        "fte-platform-engineer-us",
        "fte-security-analyst-us",
        "staff-fte-on-premises",
        "staff-fte-hosted",
        "staff-fte-enclave",
        "residual-36-months",
        "grid-carbon-us",
        "hardware-support-rate",
        "network-fabric-per-gpu",
        "network-rdma-fabric-per-gpu",
        "install-freight-rate",
        "storage-hot-owned",
        "storage-hot-aws",
        "storage-archive-aws",
        "storage-warm-owned",
        "storage-warm-aws",
        "cpu-server-owned",
        "cpu-server-aws",
        "cpu-server-aws-us-gov",
        "egress-aws-us-gov",
        "egress-aws-commercial",
        "egress-hosted",
        "average-power-share",
        "gpu-failures-per-year",
        "nvidia-ai-enterprise",
        "nvidia-ai-enterprise-cloud",
        "log-bytes-per-token",
        "log-bytes-per-request",
        "egress-bytes-per-token",
    ]
)


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


LISTS = {path.stem: PriceList.model_validate(read(path)) for path in sorted((CATALOG / "prices").glob("*.yaml"))}
SOURCES = load_catalog().sources
OF_PRICES = set(read(CATALOG / "sources" / "prices.yaml"))
"""Those that stand behind prices alone; a provider's offer may stand behind its site too, and is then kept with that."""
TERMS = [
    pytest.param(instance, term, amount, id=f"{key}-{term}")
    for prices in LISTS.values()
    for key, instance in prices.instances.items()
    for term, amount in instance.terms.items()
]


def amounts() -> list[Amount]:
    rented = [amount for p in LISTS.values() for i in p.instances.values() for amount in i.terms.values()]
    return rented + [amount for prices in LISTS.values() for amount in prices.amounts.values()]


def test_the_file_stem_is_the_id() -> None:
    assert all(stem == prices.id for stem, prices in LISTS.items())


def test_instance_and_amount_ids_are_unique_over_all_lists() -> None:
    ids = [key for prices in LISTS.values() for key in (*prices.instances, *prices.amounts)]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(("instance", "term", "amount"), TERMS)
def test_the_price_of_a_gpu_hour_is_plausible(instance: Any, term: str, amount: Amount) -> None:
    low, high = USD_PER_GPU_HOUR
    assert instance.gpu in GPUS
    assert amount.unit == "USD/h"
    assert low <= amount.base / instance.gpus <= high


def test_a_longer_commitment_never_costs_more() -> None:
    order = ("on_demand", "one_year", "three_year")
    for prices in LISTS.values():
        for key, instance in prices.instances.items():
            by_term = [instance.terms[term].base for term in order if term in instance.terms]
            assert by_term == sorted(by_term, reverse=True), key


def test_a_us_gov_instance_costs_at_least_as_much_as_the_commercial_one() -> None:
    commercial = {i.name: i.terms["on_demand"].base for i in LISTS["aws-us-east"].instances.values()}
    shared = [i for i in LISTS["aws-us-gov"].instances.values() if i.name in commercial]
    assert len(shared) >= 6
    assert all(instance.terms["on_demand"].base >= commercial[instance.name] for instance in shared)


def test_every_amount_has_a_source_that_exists_and_every_source_is_used() -> None:
    networks = (i.gpu_network for prices in LISTS.values() for i in prices.instances.values())
    assert OF_PRICES <= {amount.source for amount in [*amounts(), *(n for n in networks if n)]} <= set(SOURCES)


def test_the_network_of_an_instance_is_in_gigabyte_a_second_of_one_gpu() -> None:
    """400 or 800 Gb/s ports: 50 or 100 GB/s; a figure in Gb/s, or of the whole instance, would be eight times as high."""
    networks = [i.gpu_network for prices in LISTS.values() for i in prices.instances.values() if i.gpu_network]
    assert networks and {(n.base, n.unit) for n in networks} <= {(50.0, "GB/s"), (100.0, "GB/s")}


def test_the_range_encloses_the_base() -> None:
    for amount in amounts():
        low = amount.base if amount.low is None else amount.low
        high = amount.base if amount.high is None else amount.high
        assert low <= amount.base <= high


def test_a_figure_read_through_a_third_party_is_marked_estimated() -> None:
    for amount in amounts():
        if "through a third party" in SOURCES[amount.source].title:
            assert amount.kind == "estimated", amount.note


def test_facility_holds_every_amount_that_the_costs_ask_for() -> None:
    assert set(LISTS["facility"].amounts) >= FACILITY


def test_derived_facility_amounts_follow_from_their_cited_figures() -> None:
    facility = LISTS["facility"].amounts
    assert facility["fte-systems-engineer-us"].base == pytest.approx(96_800 * 1.423, rel=1e-4)
    assert facility["storage-hot-owned"].base == pytest.approx(980 / 1000 / 60, rel=1e-3)
    assert facility["storage-hot-owned"].low == pytest.approx(365 / 1000 / 60, rel=1e-3)
    assert facility["storage-warm-owned"].low == pytest.approx(365 / 16.4 / 1000 / 60, rel=5e-3)
    assert facility["storage-warm-owned"].base == pytest.approx(22.3 * 980 / 365 / 1000 / 60, rel=1e-3)
    assert facility["cpu-server-aws"].base == pytest.approx(1.0584 * 730, rel=1e-4)
    assert facility["cpu-server-aws-us-gov"].base == pytest.approx(1.2684 * 730, rel=1e-4)
    assert facility["gpu-failures-per-year"].base == pytest.approx((148 + 72) / 16_384 * 365 / 54, rel=1e-3)
    assert facility["average-power-share"].base == pytest.approx(7 / 10.2, rel=1e-3)
