"""What stands in a server: named parts as the record has them, requirements for the rest, none invented."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisizer.catalog.load import load_catalog
from aisizer.profile.sections import FrontEnd
from aisizer.sizing.server_parts import Part, cpu_server_parts, host_memory_gb, server_parts, weights_disk_gb

CATALOG = load_catalog()
WEIGHTS = 72.65e9


def parts(server: str, rdma: bool = False, weights: float = WEIGHTS) -> tuple[Part, ...]:
    record = CATALOG.servers[server]
    return server_parts(record, CATALOG.gpus[record.gpu], weights, rdma)


@pytest.mark.parametrize("server", CATALOG.servers)
def test_every_server_of_the_catalog_has_its_gpus_and_a_sourced_count_of_each_part(server: str) -> None:
    found = parts(server, rdma=True)
    assert (found[0].kind, found[0].quantity) == ("gpu", CATALOG.servers[server].gpus)
    assert all(part.quantity >= 1 and part.source and part.name for part in found)
    assert {"nvme", "nic"} <= {part.kind for part in found}
    named = {part.name for part in CATALOG.servers[server].parts}
    assert all(part.note.startswith("A requirement") for part in found[1:] if part.name not in named)


def test_named_parts_stand_in_place_of_requirements_of_their_kind() -> None:
    named = {part.kind: part for part in CATALOG.servers["dgx-b200"].parts}
    found = parts("dgx-b200", rdma=True)
    assert set(named) == {"cpu", "memory", "nvme", "nic"}
    assert len(found) == 1 + len(CATALOG.servers["dgx-b200"].parts)
    memory = next(part for part in found if part.kind == "memory")
    assert (memory.quantity, memory.unit, memory.source) == (2, "TB", "dgx-b200-guide")


def test_a_rack_scale_system_is_asked_for_no_host_of_its_own() -> None:
    kinds = {part.kind for part in parts("gb200-nvl72")}
    assert not kinds & {"cpu", "memory"}
    assert next(part for part in parts("gb300-nvl72") if part.kind == "cpu").quantity == 36


def test_requirements_by_hand() -> None:
    found = {part.name: part.quantity for part in parts("hgx-h200-8", rdma=True)}
    assert found["Physical CPU cores"] == 6 * 8
    assert found["System memory"] == 2 * 8 * 141
    assert found["NVMe for model weights"] == 146
    assert found["Port of the service network"] == 2
    assert found["Port of 400 Gb/s of the GPU network, RDMA"] == 8
    assert not any("RDMA" in part.name for part in parts("hgx-h200-8"))


@given(st.integers(1, 16), st.floats(16, 512), st.floats(1e9, 2e12))
def test_more_gpus_memory_or_weights_never_need_less_of_the_host(gpus: int, memory_gb: float, weights: float) -> None:
    assert host_memory_gb(gpus + 1, memory_gb) >= host_memory_gb(gpus, memory_gb) >= 2 * gpus * memory_gb
    assert host_memory_gb(gpus, memory_gb * 1.5) >= host_memory_gb(gpus, memory_gb)
    assert weights_disk_gb(weights * 1.5) >= weights_disk_gb(weights) >= 2 * weights / 1e9


def test_cpu_servers_are_asked_for_what_the_front_end_counts_on() -> None:
    threads, memory, ports = cpu_server_parts(FrontEnd(server_vcpus=32, server_memory_gb=256.5))
    assert (threads.quantity, memory.quantity, ports.quantity) == (32, 257, 2)
