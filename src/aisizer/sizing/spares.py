"""Spare parts on the shelf: enough of them that no server waits while failed ones are replaced."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from aisizer.profile.sections import Resilience
from aisizer.sizing.needs import Need
from aisizer.special import pdtr
from aisizer.units import DAY, YEAR


def shelf_stock(parts: int, failures_per_year: float, lead_time_s: float, service_level: float) -> int:
    """Smallest stock [part] that covers the parts on order with a probability [1] of at least the service level.

    failures_per_year [1/part-year], lead_time_s [s]. Parts on order are Poisson with mean failure rate x lead time, whatever
    the lead time's distribution (Palm's theorem); stock is replenished one for one: Feeney and Sherbrooke, Management
    Science 12 (1966) 391, doi:10.1287/mnsc.12.5.391. Worked: 512 parts at 0.0908 a year and 30 days have 3.82 on
    order; P(X <= 7) = 0.957 is the first beyond 95 %.

    >>> shelf_stock(512, 0.0908, 30 * 86400.0, 0.95)
    7
    """
    if parts < 0 or failures_per_year < 0 or lead_time_s < 0 or not 0 < service_level < 1:
        raise ValueError(
            "A stock needs parts, a failure rate and a lead time of 0 or more, and a service level between 0 and 1 "
            f"(got {parts}, {failures_per_year}, {lead_time_s}, {service_level})."
        )
    on_order = on_order_mean(parts, failures_per_year, lead_time_s)
    enough = 1
    while pdtr(enough, on_order) < service_level:
        enough *= 2
    return bisect_left(range(enough), service_level, key=lambda stock: pdtr(stock, on_order))


def on_order_mean(parts: int, failures_per_year: float, lead_time_s: float) -> float:
    """Mean number of parts that are waited for [part]: failures in one lead time.

    Little's law: Little, Operations Research 9 (1961) 383, doi:10.1287/opre.9.3.383. Worked: 1,461 parts, one failure
    per part and year, one day: 4.

    >>> on_order_mean(1461, 1.0, 86400.0)
    4.0
    """
    return parts * failures_per_year * lead_time_s / YEAR


def spare_needs(
    servers_by_month: Sequence[int], gpus_per_server: int, failures_per_gpu_year: float, resilience: Resilience
) -> tuple[Need, ...]:
    """Spare GPUs on the shelf of an owned fleet by month; who rents leaves the parts to the landlord and calls this not."""
    lead_s = resilience.repair_time if resilience.part_lead_time is None else resilience.part_lead_time
    level = resilience.spares_service_level
    gpus = [servers * gpus_per_server for servers in servers_by_month]
    stock = tuple(float(shelf_stock(n, failures_per_gpu_year, lead_s, level)) for n in gpus)
    mean = on_order_mean(gpus[-1], failures_per_gpu_year, lead_s)
    return (
        Need(
            group="spares",
            name="Spare GPUs on the shelf",
            unit="GPU",
            by_month=stock,
            formula=f"smallest S with Poisson P(X <= S) >= {level:.4g} at {gpus[-1]} GPUs x {failures_per_gpu_year:g} a year x "
            f"{lead_s / DAY:g} d = {mean:.3g} on order",
            source="resilience.part_lead_time, resilience.spares_service_level, gpu-failures-per-year, "
            "Feeney and Sherbrooke 1966, doi:10.1287/mnsc.12.5.391",
            price="spare-gpu",
            bought=True,
            note="Failures are interruptions counted in training, not confirmed replacements. Set resilience.part_lead_time to "
            "what your supplier promises for parts.",
        ),
    )
