"""Servers that must stand so that enough of them are up when servers fail one by one and racks fail whole."""

from __future__ import annotations

from functools import cache

import numpy as np

from aisizer.shapes import Floats, Ints
from aisizer.special import bdtrc, gammaln, xlog1py, xlogy


def binomial(trials: int, success: float) -> Floats:
    """Probability [1] of each number of successes from 0 to `trials`.

    Feller, An Introduction to Probability Theory and Its Applications 1 (1968), section VI.2. Worked: two coins.

    >>> binomial(2, 0.5).round(12).tolist()
    [0.25, 0.5, 0.25]
    """
    k = np.arange(trials + 1)
    ways = gammaln(trials + 1) - gammaln(k + 1) - gammaln(trials - k + 1)
    return np.asarray(np.exp(ways + xlogy(k, success) + xlog1py(trials - k, -success)))


def availability_in_racks(needed: int, servers: int, per_rack: int, server_down: float, rack_down: float) -> float:
    """Probability [1] that at least `needed` servers are up: each rack is filled before the next, and takes its servers along.

    k-out-of-n with a common cause: given the number of racks up, the servers in them are independent and their number up is
    binomial; summed over the racks (Barlow and Proschan, Mathematical Theory of Reliability (1965), ch. 2, and
    conditioning on the common cause). server_down and rack_down are unavailabilities [1].
    Worked: one needed of two in one rack that is up 90 % of the time, each server 80 %: 0.9 x (1 - 0.2^2) = 0.864; in two
    racks each server is up 0.9 x 0.8 = 0.72 of the time: 1 - 0.28^2 = 0.9216.

    >>> round(availability_in_racks(1, 2, 2, 0.2, 0.1), 12), round(availability_in_racks(1, 2, 1, 0.2, 0.1), 12)
    (0.864, 0.9216)
    """
    full, rest = divmod(servers, per_rack)
    powered = np.arange(full + 1) * per_rack
    enough = (1 - rack_down) * _enough(needed, powered + rest, server_down)
    enough += rack_down * _enough(needed, powered, server_down)
    return float(binomial(full, 1 - rack_down) @ enough)


def _enough(needed: int, powered: Ints, server_down: float) -> Floats:
    """Probability that at least `needed` of the powered servers are up, for each number of them."""
    tail = bdtrc(needed - 1, np.maximum(powered, needed), 1 - server_down)
    return np.asarray(np.where(powered >= needed, tail, 0.0))


@cache
def servers_in_racks(needed: int, per_rack: int, server_down: float, rack_down: float, target: float) -> int:
    """Smallest number of servers of which at least `needed` are up with probability `target`, racks failing whole.

    As `servers_for_availability` with the tail of `availability_in_racks`. Worked: one server needed, two in a rack that
    is up 99 % of the time, servers that never fail: a rack alone cannot give 99.9 %, so the third server stands in another.

    >>> servers_in_racks(1, 2, 0.0, 0.01, 0.999), servers_in_racks(100, 1, 0.05, 0.0, 0.999)
    (3, 114)
    """
    if needed < 1 or per_rack < 1 or not 0 <= server_down < 1 or not 0 <= rack_down < 1 or not 0 < target < 1:
        raise ValueError(
            "Servers in racks need at least 1 server, 1 server to a rack, unavailabilities in [0, 1) and a target between "
            f"0 and 1 (got {needed}, {per_rack}, {server_down}, {rack_down}, {target})."
        )
    count = needed
    while availability_in_racks(needed, count, per_rack, server_down, rack_down) < target:
        count += 1
    return count
