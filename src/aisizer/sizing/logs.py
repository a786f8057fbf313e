"""Logs of requests: bytes written, tiers by age, copies, and what the writing asks of network and disks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aisizer.profile.sections import Logging
from aisizer.sizing.needs import Need
from aisizer.sizing.traffic import Traffic
from aisizer.units import MONTH, MONTHS_PER_YEAR, figure

COPIES_OF_TEXT = {"full": 1, "redacted": 1, "both": 2, "none": 0}
"""Texts kept of each request; a redacted one is counted as long as the full one, because placeholders stand for what is cut."""
WRITES_PER_REQUEST = 2.0
"""[1] disk writes of one logged request and copy: the record and its index entry, unbatched (assumed)."""
FURTHER_YEAR = "A further year of retention"
"""What each year beyond the retention would hold."""


@dataclass(frozen=True, slots=True)
class LogBytes:
    """How long the text of a token and the metadata of a request are, before compression."""

    per_token: float
    """[byte/token]"""
    per_request: float
    """[byte/request]"""


@dataclass(frozen=True, slots=True)
class Tiers:
    """[GB] held at the end of each month by age."""

    hot: tuple[float, ...]
    warm: tuple[float, ...]
    archive: tuple[float, ...]


def raw_bytes(requests: float, prompt_tokens: float, output_tokens: float, logging: Logging, size: LogBytes) -> float:
    """[byte] that so many requests [request] with so many tokens [token] write, before compression.

    texts x (share of the prompt x prompt tokens + output tokens) x bytes a token + requests x metadata. English text has
    4.2-4.4 byte a token, counted with cl100k on ACI-Bench (2023), doi:10.1038/s41597-023-02487-3.

    >>> raw_bytes(1, 1200, 210, Logging(text="full"), LogBytes(4.4, 2000))
    8204.0
    >>> raw_bytes(1, 1200, 210, Logging(text="none"), LogBytes(4.4, 2000))
    2000.0
    """
    tokens = logging.prompt_share * prompt_tokens + output_tokens
    return COPIES_OF_TEXT[logging.text] * tokens * size.per_token + requests * size.per_request


def written_gb(traffic: Traffic, logging: Logging, size: LogBytes) -> tuple[float, ...]:
    """[GB] of each month's logs before compression."""
    months = zip(traffic.requests, traffic.prompt_tokens, traffic.output_tokens, strict=True)
    return tuple(raw_bytes(*month, logging, size) / 1e9 for month in months)


def ingest_bytes_per_s(traffic: Traffic, logging: Logging, size: LogBytes) -> tuple[float, ...]:
    """[byte/s] of logs in the peak hour of each month, before compression."""
    peaks = zip(
        traffic.peak_requests_per_s, traffic.peak_prompt_tokens_per_s, traffic.peak_output_tokens_per_s, strict=True
    )
    return tuple(raw_bytes(*peak, logging, size) for peak in peaks)


def held(written: Sequence[float], kept_months: float) -> list[float]:
    """What is held at the end of each month of `written` [any unit/month] when it is kept so long [month].

    The sum of the last months' writing, the oldest in part: an inventory by Little (1961), doi:10.1287/opre.9.3.383.

    >>> held([1.0, 1.0, 1.0, 1.0], 2.5)
    [1.0, 2.0, 2.5, 2.5]
    """
    kept = np.clip(kept_months - np.arange(len(written)), 0.0, 1.0)
    result: list[float] = np.convolve(written, kept)[: len(written)].tolist()
    return result


def tiers(written: Sequence[float], hot_months: float, warm_months: float, kept_months: float) -> Tiers:
    """A month's writing [GB/month] moves from hot to warm to the archive and is deleted at the end [month].

    Each tier holds what is younger than its end less what is younger than its start, as `held`; a retention shorter than
    the hot and warm times ends them.

    >>> tiers([1.0] * 6, 2, 1, 5)
    Tiers(hot=(1.0, 2.0, 2.0, 2.0, 2.0, 2.0), warm=(0.0, 0.0, 1.0, 1.0, 1.0, 1.0), archive=(0.0, 0.0, 0.0, 1.0, 2.0, 2.0))
    """
    ends = (min(hot_months, kept_months), min(hot_months + warm_months, kept_months), kept_months)
    hot, searchable, everything = (held(written, end) for end in ends)
    return Tiers(
        hot=tuple(hot),
        warm=tuple(b - a for a, b in zip(hot, searchable, strict=True)),
        archive=tuple(b - a for a, b in zip(searchable, everything, strict=True)),
    )


def searchable_factor(logging: Logging) -> float:
    """[GB on disk for each GB written] of a searchable tier: copies x (1 / compression + index).

    The index is a share of the text before compression: 10 % at most, as AWS sizes OpenSearch domains
    (https://docs.aws.amazon.com/opensearch-service/latest/developerguide/bp-storage.html): 66 GiB with one replica
    take 66 x 2 x 1.1 = 145 GiB, before the disk's reserves.

    >>> round(66 * searchable_factor(Logging(compression=1, index=0.1, copies=2)), 1)
    145.2
    """
    return logging.copies * (1 / logging.compression + logging.index)


def log_needs(traffic: Traffic, logging: Logging, retention_months: float, size: LogBytes) -> tuple[Need, ...]:
    """What the logs of the requests need in each month: writing, tiers, copies, and a further year of retention."""
    raw = written_gb(traffic, logging, size)
    return (
        *_writing(traffic, logging, size),
        *_by_age(raw, logging, retention_months),
        *_copies(raw, logging, retention_months),
    )


def _writing(traffic: Traffic, logging: Logging, size: LogBytes) -> tuple[Need, ...]:
    raw, peak = written_gb(traffic, logging, size), ingest_bytes_per_s(traffic, logging, size)
    per_request = tuple(gb * 1e6 / n if n else 0.0 for gb, n in zip(raw, traffic.requests, strict=True))
    writes = WRITES_PER_REQUEST * logging.copies
    texts, share = COPIES_OF_TEXT[logging.text], logging.prompt_share
    return (
        Need(
            "logging", "Log of one request, uncompressed", "kB/request", per_request,
            f"{texts} x ({share * 100:g} % of the prompt + answer) x {size.per_token:g} byte/token + {size.per_request:g} byte",
            "compliance.logging.text, compliance.logging.prompt_share, log-bytes-per-token, log-bytes-per-request",
            note="Retrieved passages are part of the prompt; log them by reference with a smaller prompt_share.",
        ),
        Need(
            "logging", "Logs written", "GB/month", tuple(gb / logging.compression for gb in raw),
            f"month 36: {figure(raw[-1])} GB of text / {logging.compression:g}", "compliance.logging.compression",
        ),
        Need(
            "logging", "Log ingest in the peak hour", "MB/s", tuple(rate / 1e6 for rate in peak),
            f"month 36: {figure(traffic.peak_requests_per_s[-1])} req/s x bytes of one request at the peak's tokens",
            "workloads, compliance.logging", note="Before compression: what the log store's front must take.",
        ),
        Need(
            "logging", "Log writes in the peak hour", "IOPS",
            tuple(rate * writes for rate in traffic.peak_requests_per_s),
            f"month 36: {figure(traffic.peak_requests_per_s[-1])} req/s x {WRITES_PER_REQUEST:g} writes x "
            f"{logging.copies} of each",
            "compliance.logging.copies, two writes a request assumed", note="Unbatched; a store that batches needs fewer.",
        ),
    )  # fmt: skip


def _by_age(raw: Sequence[float], logging: Logging, retention_months: float) -> tuple[Need, ...]:
    by_age = tiers(raw, logging.hot / MONTH, logging.warm / MONTH, retention_months)
    on_disk, packed = searchable_factor(logging), 1 / logging.compression
    searchable = f"{logging.copies} x (1 / {logging.compression:g} + {logging.index * 100:g} % index)"
    return (
        _stored(
            "Hot logs", "storage-hot", [on_disk * gb for gb in by_age.hot],
            f"{figure(by_age.hot[-1])} GB of text of the last {logging.hot / MONTH:.3g} months x {searchable}",
            "compliance.logging.hot, copies, compression, index",
        ),
        _stored(
            "Warm logs", "storage-warm", [on_disk * gb for gb in by_age.warm],
            f"{figure(by_age.warm[-1])} GB of text of {logging.warm / MONTH:.3g} months before x {searchable}",
            "compliance.logging.warm, copies, compression, index",
        ),
        _stored(
            "Archived logs", "storage-archive", [packed * gb for gb in by_age.archive],
            f"{figure(by_age.archive[-1])} GB of text of the rest of {retention_months:.3g} months / {logging.compression:g}",
            "compliance.log_retention or the longest of the binding rules",
            "Without an index: an archived month is loaded again before it is searched.",
        ),
    )  # fmt: skip


def _copies(raw: Sequence[float], logging: Logging, retention_months: float) -> tuple[Need, ...]:
    whole = [gb / logging.compression for gb in held(raw, retention_months)]
    size = f"{figure(whole[-1])} GB of {retention_months:.3g} months, compressed"
    times = 1 + logging.backups + int(logging.worm)
    worm = _stored(
        "Write-once copy of the logs", "storage-archive", whole, size, "compliance.logging.worm",
        "Its lock cannot be shortened: a mistake is paid for until the retention ends.",
    )  # fmt: skip
    backup = _stored(
        "Backup of the logs", "storage-archive", [logging.backups * gb for gb in whole],
        f"{logging.backups} x {size}", "compliance.logging.backups", "In a second place, as long as the logs.",
    )  # fmt: skip
    year = Need(
        "logging", FURTHER_YEAR, "GB",
        tuple(MONTHS_PER_YEAR * times * gb / logging.compression for gb in raw),
        f"month 36: {MONTHS_PER_YEAR} x {figure(raw[-1])} GB/month / {logging.compression:g} x {times} copies",
        "compliance.log_retention",
        note="What one year more holds once it is reached, at that month's traffic; priced as the archive, not bought here.",
    )  # fmt: skip
    return (*([worm] if logging.worm else []), *([backup] if logging.backups else []), year)


def _stored(name: str, price: str, by_month: Sequence[float], formula: str, source: str, note: str = "") -> Need:
    return Need("logging", name, "GB", tuple(by_month), f"month 36: {formula}", source, price=price, note=note)
