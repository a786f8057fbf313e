"""Textbook queueing and availability formulas; each refuses a load that has no steady state."""

from __future__ import annotations

from math import log

from scipy.special import bdtrc


def erlang_b(servers: int, offered: float) -> float:
    """Probability [1] that all servers of a loss system are busy; offered load in erlang.

    Recursion B(n) = A B(n-1) / (n + A B(n-1)): Jagerman, Bell Syst. Tech. J. 53 (1974) 525,
    doi:10.1002/j.1538-7305.1974.tb02756.x. Worked: 2 servers, 1 erlang: (1/2) / (1 + 1 + 1/2) = 0.2.

    >>> erlang_b(2, 1.0)
    0.2
    """
    if servers < 0 or offered < 0:
        raise ValueError(f"Erlang B needs servers >= 0 and offered load >= 0 (got {servers}, {offered}).")
    blocked = 1.0
    for n in range(1, servers + 1):
        blocked = offered * blocked / (n + offered * blocked)
    return blocked


def erlang_c(servers: int, offered: float) -> float:
    """Probability [1] that an arrival to M/M/c waits; offered load in erlang, below the number of servers.

    C = B / (1 - rho (1 - B)): Kleinrock, Queueing Systems 1 (1975), section 3.5. Worked: 2 servers, 1 erlang: 1/3.

    >>> round(erlang_c(2, 1.0), 12)
    0.333333333333
    """
    rho = _utilisation(servers, offered)
    blocked = erlang_b(servers, offered)
    return blocked / (1 - rho * (1 - blocked))


def mmc_mean_wait(servers: int, rate: float, service_s: float) -> float:
    """Mean wait [s] before service in M/M/c; rate [req/s], mean service time [s].

    W = C / (c/S - rate): Kleinrock 1975, section 3.5. Worked: 2 servers, 1 req/s, 1 s: (1/3) / (2 - 1) = 1/3 s.

    >>> round(mmc_mean_wait(2, 1.0, 1.0), 12)
    0.333333333333
    """
    return erlang_c(servers, rate * service_s) / (servers / service_s - rate)


def mmc_wait_percentile(servers: int, rate: float, service_s: float, level: float) -> float:
    """Wait [s] that a share `level` of arrivals to M/M/c does not exceed; 0 where that share does not wait at all.

    P(W > t) = C exp(-(c/S - rate) t): Kleinrock 1975, section 3.5. Worked: one server, rho 0.5, S = 1 s, 95 %:
    ln(0.5 / 0.05) / 0.5 = 4.605 s.

    >>> round(mmc_wait_percentile(1, 0.5, 1.0, 0.95), 3), mmc_wait_percentile(1, 0.5, 1.0, 0.4)
    (4.605, 0.0)
    """
    _probability(level)
    waits = erlang_c(servers, rate * service_s)
    if waits <= 1 - level:
        return 0.0
    return log(waits / (1 - level)) / (servers / service_s - rate)


def mg1_mean_wait(rate: float, service_s: float, service_squared_s2: float) -> float:
    """Mean wait [s] before service in M/G/1; first and second moment of the service time [s, s^2].

    Pollaczek-Khinchine W = rate E[S^2] / (2 (1 - rho)): Kleinrock 1975, section 5.6. Worked (M/D/1): rho 0.5,
    S = 1 s: 0.5 x 1 / (2 x 0.5) = 0.5 s.

    >>> mg1_mean_wait(0.5, 1.0, 1.0)
    0.5
    """
    if service_squared_s2 < service_s**2:
        raise ValueError(f"E[S^2] = {service_squared_s2} is below E[S]^2 = {service_s**2}: no service time has that.")
    return rate * service_squared_s2 / (2 * (1 - _utilisation(1, rate * service_s)))


def mgc_mean_wait(servers: int, rate: float, service_s: float, arrival_scv: float, service_scv: float) -> float:
    """Mean wait [s] in GI/G/c; squared coefficients of variation of inter-arrival and service times [1].

    Allen-Cunneen: the wait of M/M/c times (arrival_scv + service_scv) / 2: Allen, Probability, Statistics and Queueing
    Theory (1990), section 5.2. Exact for M/G/1. Worked: M/D/1 as above: 1 s x (1 + 0) / 2 = 0.5 s.

    >>> mgc_mean_wait(1, 0.5, 1.0, 1.0, 0.0)
    0.5
    """
    if arrival_scv < 0 or service_scv < 0:
        raise ValueError(f"A squared coefficient of variation is >= 0 (got {arrival_scv}, {service_scv}).")
    return mmc_mean_wait(servers, rate, service_s) * (arrival_scv + service_scv) / 2


def servers_for_availability(needed: int, server_unavailability: float, target: float) -> int:
    """Smallest number of servers of which at least `needed` are up with probability `target`, failing independently.

    Binomial tail: Barlow and Proschan, Mathematical Theory of Reliability (1965), k-out-of-n systems. Worked: 100
    needed, each up 95 % of the time, 99.9 %: 113 servers give 99.87 %, 114 give 99.94 %.

    >>> servers_for_availability(100, 0.05, 0.999)
    114
    >>> servers_for_availability(1, 0.01, 0.9999)
    2
    """
    _probability(target)
    if needed < 1 or not 0 <= server_unavailability < 1:
        raise ValueError(
            f"Need at least 1 server and an unavailability in [0, 1) (got {needed}, {server_unavailability})."
        )
    count = needed
    while bdtrc(needed - 1, count, 1 - server_unavailability) < target:
        count += 1
    return count


def _utilisation(servers: int, offered: float) -> float:
    if servers < 1 or offered < 0:
        raise ValueError(f"A queue needs at least 1 server and an offered load >= 0 (got {servers}, {offered}).")
    if offered >= servers:
        raise ValueError(
            f"{offered:g} erlang on {servers} servers have no steady state: add servers or lower the load."
        )
    return offered / servers


def _probability(level: float) -> None:
    if not 0 < level < 1:
        raise ValueError(f"A probability strictly between 0 and 1 is expected (got {level}).")
