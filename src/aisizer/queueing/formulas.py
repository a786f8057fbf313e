"""Textbook queueing and availability formulas; each refuses a load that has no steady state."""

from __future__ import annotations

from math import inf, log

import numpy as np

from aisizer.special import bdtrc


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


def mdc_mean_wait(servers: int, rate: float, service_s: float) -> float:
    """Mean wait [s] before service in M/D/c; rate [req/s], the service time of every request [s].

    Exact: N = 1 / (2 (1 - rho)) - c (1 - rho) / 2 + sum 1 / (1 - z_k) requests are in the system, with z_k the c - 1 other
    roots of z^c = exp(c rho (z - 1)) in the unit circle (Crommelin, P. O. Elect. Engrs. J. 25 (1932) 41), here by Lambert's
    W; the wait follows by Little's law. It lies between 1/2 (heavy traffic) and c / (c + 1) (light) of the wait of M/M/c
    (Tijms, A First Course in Stochastic Models (2003), section 9.6), which holds off rounding at the lightest loads.
    Worked: rho 0.5, S = 1 s: one server 1 - 0.25 - 0.5 = 0.25 waiting at 0.5 req/s, 0.5 s; two 0.1767 s.

    >>> mdc_mean_wait(1, 0.5, 1.0), round(mdc_mean_wait(2, 1.0, 1.0), 6)
    (0.5, 0.176741)
    """
    from scipy.special import lambertw  # no plan asks for this formula, and none waits for the import

    exponential = mmc_mean_wait(servers, rate, service_s)
    if rate == 0:
        return 0.0
    rho = rate * service_s / servers
    turns = np.exp(2j * np.pi * np.arange(1, servers) / servers)
    roots = -lambertw(-rho * turns * np.exp(-rho)) / rho
    present = 1 / (2 * (1 - rho)) - servers * (1 - rho) / 2 + float(np.sum(1 / (1 - roots)).real)
    exact = present / rate - service_s
    return min(max(exact, exponential / 2), exponential * servers / (servers + 1))


def mgc_mean_wait_kimura(servers: int, rate: float, service_s: float, service_scv: float) -> float:
    """Mean wait [s] before service in M/G/c; squared coefficient of variation of the service time [1].

    Two-moment interpolation between M/D/c and M/M/c, (1 + s) / (2 s / W(M/M/c) + (1 - s) / W(M/D/c)) with s the
    service_scv: Kimura (1986), doi:10.1287/mnsc.32.6.751. Exact for M/G/1 and M/M/c. Worked: 2 servers, 1 req/s, 1 s, s = 0.5:
    1.5 / (1 / 0.3333 + 0.5 / 0.1767) = 0.2573 s; the Markov chain of M/E2/2 gives 0.2556 s.

    >>> round(mgc_mean_wait_kimura(2, 1.0, 1.0, 0.5), 4), round(mgc_mean_wait_kimura(1, 0.5, 1.0, 3.0), 12)
    (0.2573, 2.0)
    """
    if service_scv < 0:
        raise ValueError(f"A squared coefficient of variation is >= 0 (got {service_scv}).")
    exponential = mmc_mean_wait(servers, rate, service_s)
    if exponential == 0:
        return 0.0
    constant = mdc_mean_wait(servers, rate, service_s)
    return (1 + service_scv) / (2 * service_scv / exponential + (1 - service_scv) / constant)


def engset(servers: int, sources: int, idle_offered: float) -> float:
    """Probability [1] that a request of a finite population finds all servers of a loss system busy.

    `idle_offered` is the load of one idle source [erlang]: its request rate times the mean service time. A request sees the
    system as the other sources leave it: B(n) = (N - n) a B(n-1) / (n + (N - n) a B(n-1)), Engset, ETZ 39 (1918) 304;
    Iversen, Teletraffic Engineering Handbook (ITU-D 2005), chapter 8. Zero where each source has a server of its own.
    Worked: 1 server, 2 sources, 1 erlang: the other one is served half of the time, 0.5.

    >>> engset(1, 2, 1.0), engset(3, 3, 1.0)
    (0.5, 0.0)
    """
    if servers < 0 or sources < 1 or idle_offered < 0:
        raise ValueError(
            f"Engset needs servers >= 0, sources >= 1 and an offered load >= 0 (got {servers}, {sources}, {idle_offered})."
        )
    blocked = 1.0
    for n in range(1, min(servers, sources) + 1):
        waiting = (sources - n) * idle_offered * blocked
        blocked = waiting / (n + waiting)
    return blocked


def finite_source_mean_wait(servers: int, sources: int, think_s: float, service_s: float) -> float:
    """Mean wait [s] before service in M/M/c//N, a closed loop: each source thinks [s], asks, waits and is served [s].

    Balance of births (N - n) / think and deaths min(n, c) / service: Kleinrock 1975, section 3.10, and Little's
    law, wait = N / throughput - think - service. Thinking may have any distribution (Baskett et al. 1975,
    doi:10.1145/321879.321887). Worked: 1 server, 2 sources, 1 s each: states 0, 1, 2 stand 1 : 2 : 2, so that the server is
    busy 0.8 of the time and the wait 2 / 0.8 - 2 = 0.5 s.

    >>> round(finite_source_mean_wait(1, 2, 1.0, 1.0), 12)
    0.5
    """
    if servers < 1 or sources < 1 or think_s < 0 or service_s <= 0:
        raise ValueError(
            "A closed loop needs servers >= 1, sources >= 1, a think time >= 0 and a service time above 0 "
            f"(got {servers}, {sources}, {think_s}, {service_s})."
        )
    full, busy = 1.0, 0.0  # of states up to n: the share of n itself, and the mean number of busy servers
    for n in range(1, sources + 1):
        full /= full + think_s * min(n, servers) / ((sources - n + 1) * service_s)
        busy += full * (min(n, servers) - busy)
    return sources * service_s / busy - think_s - service_s


def drain_s(backlog_s: float, load: float) -> float:
    """[s] to work off a backlog of so many seconds of arrivals [s] while they go on at a load of the capacity [1].

    Capacity beyond the arrivals works it off: T rho / (1 - rho); never from a load of 1 on. The fluid approximation:
    Newell 1982, Applications of Queueing Theory, ch. 2 (doi:10.1007/978-94-009-5970-5). Worked: 60 s at a load of 3/4.

    >>> drain_s(60.0, 0.75), drain_s(60.0, 1.0)
    (180.0, inf)
    """
    if backlog_s < 0 or load < 0:
        raise ValueError(f"A backlog and a load are not below 0 (got {backlog_s}, {load}).")
    return backlog_s * load / (1 - load) if load < 1 else inf


def servers_for_availability(needed: int, server_unavailability: float, target: float) -> int:
    """Smallest number of servers of which at least `needed` are up with probability `target`, failing independently.

    Binomial tail: Barlow and Proschan, Mathematical Theory of Reliability (1965), k-out-of-n systems. Worked: 100
    needed, each up 95 % of the time, 99.9 %: 113 servers give 99.84 %, 114 give 99.94 %.

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
