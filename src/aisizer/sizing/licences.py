"""Software licences that are sold for each GPU and year."""

from __future__ import annotations

from collections.abc import Sequence

from aisizer.sizing.needs import Need

LICENCE_UNIT = "USD/GPU-year"
"""The unit of a price that is a licence's."""


def licence_needs(licences: Sequence[str], gpus_by_month: Sequence[int]) -> tuple[Need, ...]:
    """GPUs in service by month for each licence that the profile names."""
    return tuple(
        Need(
            group="licences",
            name=f"Licence {licence}",
            unit="GPU-month",
            by_month=tuple(float(gpus) for gpus in gpus_by_month),
            formula=f"month 36: {gpus_by_month[-1]:,} GPUs in service",
            source="supply.licences",
            price=licence,
            note="For every GPU in service, standby included; those of other environments are not among them. Some cards are "
            "sold with years of it: ask before you order.",
        )
        for licence in licences
    )
