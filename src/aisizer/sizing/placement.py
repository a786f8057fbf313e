"""Replicas on servers: spread evenly, so that a lost server takes as few of each pool as can be."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from aisizer.shapes import Ints


def place(counts: Sequence[int], sizes: Sequence[int], servers: int, gpus_per_server: int) -> Ints | None:
    """[pool, server] replicas per server, the largest replicas first and each pool level; null where they do not fit.

    sizes are GPUs per replica, powers of two up to gpus_per_server, so placing in falling order leaves no gaps.

    >>> place([2, 3], [2, 1], 2, 8).tolist()
    [[1, 1], [2, 1]]
    """
    free = np.full(servers, gpus_per_server, dtype=np.int64)
    placed = np.zeros((len(counts), servers), dtype=np.int64)
    for pool in sorted(range(len(counts)), key=lambda i: -sizes[i]):
        room = free // sizes[pool]
        if room.sum() < counts[pool]:
            return None
        placed[pool] = _level(counts[pool], room)
        free -= placed[pool] * sizes[pool]
    return placed


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


def worst_loss(placed: Ints, down: int) -> tuple[int, ...]:
    """Replicas each pool loses when those `down` servers fail that hurt it most.

    >>> worst_loss(np.array([[1, 1], [2, 1]]), 1)
    (1, 2)
    """
    return tuple(int(np.sort(row)[::-1][:down].sum()) for row in placed)
