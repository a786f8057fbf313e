"""Vector stores: vectors and index in memory, passages on disk, and what embedding everything again asks of the embedder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil

from aisizer.profile.sections import FrontEnd, VectorStore
from aisizer.sizing.needs import Need
from aisizer.units import figure

MEMORY_USE = 0.8
"""[1] of a server's memory that vectors may fill: Qdrant calls more resident memory than that a sign of a problem
(https://qdrant.tech/documentation/, memory usage)."""


def vector_bytes(chunks: float, dimensions: int, bytes_per_value: float, index_overhead: float) -> float:
    """[byte] of one copy of the vectors with their index: chunks x dimensions x bytes x (1 + overhead).

    Source: Qdrant, Capacity planning (https://qdrant.tech/documentation/capacity-planning/), whose example has a
    million vectors of 1,024 32-bit floats and an overhead of 50 %.

    >>> vector_bytes(1e6, 1024, 4, 0.5)
    6144000000.0
    """
    return chunks * dimensions * bytes_per_value * (1 + index_overhead)


def memory_servers(memory_gb: float, server_memory_gb: float, replicas: int) -> int:
    """Servers that hold so much [GB] at 80 % of their memory [GB], at least one for each replica, so that copies part.

    >>> memory_servers(18.4, 128, 2), memory_servers(1843.2, 128, 2)
    (2, 18)
    """
    return max(replicas, ceil(memory_gb / (MEMORY_USE * server_memory_gb)))


def reindex_tokens_per_s(chunks: float, tokens_per_chunk: float, window_s: float) -> float:
    """[token/s] that the embedder reads when all passages [1] of so many tokens are embedded again in the window [s].

    Ten million passages of 512 tokens over a weekend of 48 h:

    >>> round(reindex_tokens_per_s(10e6, 512, 48 * 3600))
    29630
    """
    return chunks * tokens_per_chunk / window_s


def vector_needs(
    stores: Mapping[str, VectorStore], factors: Sequence[float], front_end: FrontEnd, bytes_per_token: float
) -> tuple[Need, ...]:
    """What each vector store needs in each month, at the demand's factors of growth by month [1]."""
    return tuple(
        need
        for name, store in stores.items()
        for need in _store_needs(name, store, factors, front_end, bytes_per_token)
    )


def _store_needs(
    name: str, store: VectorStore, factors: Sequence[float], front_end: FrontEnd, bytes_per_token: float
) -> tuple[Need, ...]:
    chunks = [store.chunks * (factor if store.growth == "demand" else 1.0) for factor in factors]
    copy_gb = [vector_bytes(n, store.dimensions, store.bytes_per_value, store.index_overhead) / 1e9 for n in chunks]
    text_gb = [n * store.tokens_per_chunk * bytes_per_token / 1e9 for n in chunks]
    copies = store.replicas + int(store.reindex_per_year > 0)
    memory = tuple(copies * gb for gb in copy_gb)
    disk = tuple(copies * (vectors + text) for vectors, text in zip(copy_gb, text_gb, strict=True))
    at = f"supply.vector_stores.{name}"
    rebuilt = f"{copies - store.replicas} copy more while all is embedded again"
    size = f"{figure(chunks[-1])} x {store.dimensions} x {store.bytes_per_value:g} byte x {1 + store.index_overhead:g}"
    needs = (
        Need(
            "vector store", f"{name}: memory", "GB", memory, f"month 36: {size} x {copies} copies", at,
            note=f"{store.replicas} replicas and {rebuilt}; paid with the servers.",
        ),
        Need(
            "vector store", f"{name}: CPU servers", "server",
            tuple(float(memory_servers(gb, front_end.server_memory_gb, store.replicas)) for gb in memory),
            f"month 36: {figure(memory[-1])} GB / ({MEMORY_USE * 100:g} % of {front_end.server_memory_gb:g} GB), "
            f"at least {store.replicas}", f"{at}, supply.front_end.server_memory_gb", price="cpu-server", bought=True,
            note="By memory; searches a second are the store's own limit (see integrations).",
        ),
        Need(
            "vector store", f"{name}: disk", "GB", disk,
            f"month 36: ({size} + {store.tokens_per_chunk:g} token x {bytes_per_token:g} byte of text) x {copies} copies",
            f"{at}, log-bytes-per-token", price="storage-hot", note=f"Passages are kept beside their vectors; {rebuilt}.",
        ),
        Need(
            "vector store", f"{name}: backup", "GB",
            tuple(vectors + text for vectors, text in zip(copy_gb, text_gb, strict=True)),
            "one copy of vectors, index and passages", at, price="storage-warm", note="In a second place.",
        ),
    )  # fmt: skip
    if store.reindex_per_year == 0:
        return needs
    return (*needs, *_reindex_needs(name, store, chunks))


def _reindex_needs(name: str, store: VectorStore, chunks: Sequence[float]) -> tuple[Need, ...]:
    at, window = f"supply.vector_stores.{name}", f"{store.reindex_window / 3600:g} h"
    return (
        Need(
            "vector store", f"{name}: embedding everything again", "token/s",
            tuple(reindex_tokens_per_s(n, store.tokens_per_chunk, store.reindex_window) for n in chunks),
            f"month 36: {figure(chunks[-1])} x {store.tokens_per_chunk:g} token / {window}", f"{at}.reindex_window",
            note=f"{store.reindex_per_year:g} times a year; state it as a workload of the embedder where its peak hour "
            "does not leave that much.",
        ),
        Need(
            "vector store", f"{name}: vectors written then", "vector/s",
            tuple(n / store.reindex_window for n in chunks),
            f"month 36: {figure(chunks[-1])} / {window}", f"{at}.reindex_window",
        ),
    )  # fmt: skip
