"""Replicas on servers: spread evenly, so that a lost server takes as few of each pool as can be."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from aisizer.shapes import Ints


def servers_for(counts: Sequence[int], sizes: Sequence[int], gpus_per_server: int) -> int:
    """The fewest servers that hold the replicas: whole ones where a replica spans several, and gaps where one does not fill.

    sizes are GPUs per replica. Nine replicas of 16 GPUs in racks of 72, four in each; three of 16 over servers of 8.

    >>> servers_for([9], [16], 72), servers_for([3], [16], 8), servers_for([1, 2], [8, 2], 8)
    (3, 6, 2)
    """
    if len(sizes) == 1 and sizes[0] <= gpus_per_server:
        return -(-counts[0] // (gpus_per_server // sizes[0]))
    servers = -(-sum(n * size for n, size in zip(counts, sizes, strict=True)) // gpus_per_server)
    if _leaves_no_gaps(sizes, gpus_per_server):
        return servers
    while place(counts, sizes, servers, gpus_per_server) is None:
        servers += 1
    return servers


def _leaves_no_gaps(sizes: Sequence[int], gpus_per_server: int) -> bool:
    """Whether each size divides the next larger one, the server among them: then placing in falling order fills."""
    chain = sorted({*sizes, gpus_per_server})
    return all(larger % smaller == 0 for smaller, larger in pairwise(chain))


def place(counts: Sequence[int], sizes: Sequence[int], servers: int, gpus_per_server: int) -> Ints | None:
    """[pool, server] replicas with a part on each server, the largest first and each pool level; null where they do not fit.

    A replica larger than a server takes whole ones, and has a part on each; the others never leave their server.

    >>> place([2, 3], [2, 1], 2, 8).tolist()
    [[1, 1], [2, 1]]
    >>> place([1, 3], [16, 2], 3, 8).tolist()
    [[1, 1, 0], [0, 0, 3]]
    """
    free = np.full(servers, gpus_per_server, dtype=np.int64)
    placed = np.zeros((len(counts), servers), dtype=np.int64)
    for pool in sorted(range(len(counts)), key=lambda i: -sizes[i]):
        made = _placed(counts[pool], sizes[pool], free, gpus_per_server)
        if made is None:
            return None
        placed[pool] = made
        free -= made * min(sizes[pool], gpus_per_server)
    return placed


def _placed(count: int, size: int, free: Ints, gpus_per_server: int) -> Ints | None:
    """One pool's parts by server, or null."""
    if size > gpus_per_server:
        taken = count * -(-size // gpus_per_server)
        empty = np.flatnonzero(free == gpus_per_server)[:taken]
        made = np.zeros_like(free)
        made[empty] = 1
        return made if len(empty) == taken else None
    room = free // size
    return _level(count, room) if room.sum() >= count else None


def _level(count: int, room: Ints) -> Ints:
    """`count` replicas filled up evenly, no server beyond its room; the emptiest servers take the remainder."""
    low, high = 0, int(room.max())
    while low < high:
        middle = (low + high) // 2
        if np.minimum(room, middle).sum() >= count:
            high = middle
        else:
            low = middle + 1
    filled = np.minimum(room, max(low - 1, 0))
    left = count - int(filled.sum())
    takers = np.flatnonzero(room > filled)
    order = takers[np.argsort(-room[takers], kind="stable")]
    filled[order[:left]] += 1
    return filled


def worst_loss(placed: Ints, counts: Sequence[int], down: int) -> tuple[int, ...]:
    """Replicas each pool loses when those `down` servers fail that hurt it most; a part lost is a replica lost.

    >>> worst_loss(np.array([[1, 1], [2, 1]]), [2, 3], 1), worst_loss(np.array([[1, 1, 1, 1]]), [2], 1)
    ((1, 2), (1,))
    """
    return tuple(min(count, int(np.sort(row)[::-1][:down].sum())) for row, count in zip(placed, counts, strict=True))
