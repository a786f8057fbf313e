"""Coming back at a second site: how long each posture takes, what is lost, and which link and copies it needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

from aisizer.profile.sections import DisasterRecovery, Posture, Resilience
from aisizer.sizing.needs import Need
from aisizer.units import DAY, HOUR, MINUTE, figure

POSTURES: tuple[Posture, ...] = get_args(Posture)
"""The least first: each keeps more at the second site than the one before."""


@dataclass(frozen=True, slots=True)
class Data:
    """What a second site must hold to take over.

    weights_bytes            of every model, once
    log_bytes                that are kept at hand
    index_bytes              of vector stores
    written_bytes_per_s      of logs and index in the peak hour
    """

    weights_bytes: float
    log_bytes: float
    index_bytes: float
    written_bytes_per_s: float

    @property
    def parts(self) -> Mapping[str, float]:
        """[byte] by what is copied."""
        return {"weights": self.weights_bytes, "logs": self.log_bytes, "index": self.index_bytes}


@dataclass(frozen=True, slots=True)
class Recovery:
    """What a posture gives and takes.

    replication_bytes_per_s  that the link must carry all the time; 0 without a second site
    restore_s                by part, in order; null where nothing comes back
    loss_s                   of writes that are lost; null where all of them are
    rto_met, rpo_met         null where there is no target
    missed                   one sentence for each missed target or link that is too slow, with its mend
    """

    posture: Posture
    replication_bytes_per_s: float
    restore_s: Mapping[str, float] | None
    loss_s: float | None
    rto_met: bool | None
    rpo_met: bool | None
    missed: tuple[str, ...]

    @property
    def total_s(self) -> float | None:
        """[s] from the loss of the site to the service back; null where it does not come back."""
        return None if self.restore_s is None else sum(self.restore_s.values())


def copy_seconds(size_bytes: float, link_bits_per_s: float) -> float:
    """Time [s] to copy a number of bytes over a link [bit/s] that does nothing else: 8 bits to the byte.

    Bytes and bits are those of IEC 80000-13 (2008). Worked: 70 GB over 1 Gbit/s take 560 s.

    >>> copy_seconds(70e9, 1e9)
    560.0
    """
    return 8 * size_bytes / link_bits_per_s


def replication_rate(written_bytes_per_s: float, every_s: float, rpo_s: float | None) -> float | None:
    """Rate [byte/s] at which copies must leave so that no more than the RPO [s] is lost; null where no link is fast enough.

    Batches of asynchronous mirroring, as in Patterson et al., SnapMirror, FAST 2002,
    https://www.usenix.org/legacy/publications/library/proceedings/fast02/patterson.html: at worst the copy under way and
    all that was written since it began are lost, interval + written x interval / rate <= RPO; and rate >= written, or the
    copies fall behind for ever. Worked: 1 MB/s copied each 60 s for an RPO of 80 s: 60 MB in 20 s.

    >>> replication_rate(1e6, 60.0, 80.0), replication_rate(1e6, 60.0, 300.0), replication_rate(1e6, 60.0, 60.0)
    (3000000.0, 1000000.0, None)
    """
    if rpo_s is None:
        return written_bytes_per_s
    if rpo_s <= every_s:
        return None
    return max(written_bytes_per_s, written_bytes_per_s * every_s / (rpo_s - every_s))


def recovery(data: Data, resilience: Resilience) -> Recovery:
    """What the profile's posture gives at this much data, and whether it meets the RTO and the RPO."""
    wanted = resilience.disaster_recovery
    restore, loss = restore_seconds(wanted.posture, data, resilience), loss_seconds(wanted.posture, data, wanted)
    total = None if restore is None else sum(restore.values())
    rto_met = None if wanted.rto is None else total is not None and total <= wanted.rto
    rpo_met = None if wanted.rpo is None else loss is not None and loss <= wanted.rpo
    missed = [
        *([_rto_missed(restore, data, resilience)] if rto_met is False else []),
        *([_rpo_missed(loss, data, wanted)] if rpo_met is False else []),
        *([_falls_behind(data, wanted)] if rpo_met is None and loss is None and wanted.posture != "none" else []),
    ]
    rate = replication_rate(data.written_bytes_per_s, copy_interval(wanted.posture, wanted), wanted.rpo)
    needed = 0.0 if wanted.posture == "none" else data.written_bytes_per_s if rate is None else rate
    return Recovery(wanted.posture, needed, restore, loss, rto_met, rpo_met, tuple(missed))


def restore_seconds(posture: Posture, data: Data, resilience: Resilience) -> Mapping[str, float] | None:
    """[s] by part until the service is back, or null where it does not come back.

    From backups servers are provisioned, then everything is read; a pilot light has the data and lacks the servers; a
    standby has both, and traffic moves to it; two active sites lose only the requests in flight, which clients send again
    once they hang up.
    """
    wanted = resilience.disaster_recovery
    if posture == "none":
        return None
    if posture == "active_active":
        return {"clients hang up": resilience.clients.timeout}
    parts = {"failover": wanted.failover}
    if posture in ("backup_restore", "pilot_light"):
        parts["provisioning"] = wanted.provisioning
        if posture == "backup_restore":
            parts |= {name: copy_seconds(size, wanted.link) for name, size in data.parts.items()}
        parts["cold start"] = resilience.cold_start
    return parts


def loss_seconds(posture: Posture, data: Data, wanted: DisasterRecovery) -> float | None:
    """[s] of writes that are lost with the site: one interval between copies and the copy under way; null for all of them."""
    every = copy_interval(posture, wanted)
    copying = copy_seconds(data.written_bytes_per_s * every, wanted.link)
    return None if posture == "none" or copying > every else every + copying


def copy_interval(posture: Posture, wanted: DisasterRecovery) -> float:
    """[s] between two copies: the profile's, else nightly from backups and each minute where data stand at the second site."""
    if wanted.copy_every is not None:
        return wanted.copy_every
    return DAY if posture == "backup_restore" else MINUTE


def least_posture(data: Data, resilience: Resilience) -> Posture | None:
    """The posture that keeps the least at the second site of those that meet the RTO and the RPO; null where none does."""
    wanted = resilience.disaster_recovery
    return next((posture for posture in POSTURES if _meets(posture, data, resilience, wanted)), None)


def _meets(posture: Posture, data: Data, resilience: Resilience, wanted: DisasterRecovery) -> bool:
    restore, loss = restore_seconds(posture, data, resilience), loss_seconds(posture, data, wanted)
    in_time = wanted.rto is None or (restore is not None and sum(restore.values()) <= wanted.rto)
    return in_time and (wanted.rpo is None or (loss is not None and loss <= wanted.rpo))


def _rto_missed(restore: Mapping[str, float] | None, data: Data, resilience: Resilience) -> str:
    wanted = resilience.disaster_recovery
    least = least_posture(data, resilience)
    mend = (
        "No posture meets the targets with this link and these times: raise the RTO, or mend resilience.disaster_recovery."
        if least is None
        else f"Set resilience.disaster_recovery.posture to {least}, the least that meets the targets."
    )
    target = f"The RTO of {span(wanted.rto)} is missed"
    if restore is None:
        return f"{target}: without a second site nothing comes back. {mend}"
    parts = ", ".join(f"{name} {span(seconds)}" for name, seconds in restore.items())
    return f"{target}: {wanted.posture} takes {span(sum(restore.values()))} ({parts}). {mend}"


def _rpo_missed(loss: float | None, data: Data, wanted: DisasterRecovery) -> str:
    target = f"The RPO of {span(wanted.rpo)} is missed"
    if wanted.posture == "none":
        return f"{target}: without a second site all data are lost. Choose a posture in resilience.disaster_recovery."
    every = copy_interval(wanted.posture, wanted)
    rate = replication_rate(data.written_bytes_per_s, every, wanted.rpo)
    lost = (
        "the link is slower than what is written, and all is lost in time"
        if loss is None
        else f"{span(loss)} of writes are lost"
    )
    if rate is None:
        return (
            f"{target}: {lost}. Set resilience.disaster_recovery.copy_every to less than the RPO (got {span(every)})."
        )
    return f"{target}: {lost}. Raise resilience.disaster_recovery.link to {8 * rate / 1e6:.3g} Mbit/s."


def _falls_behind(data: Data, wanted: DisasterRecovery) -> str:
    return (
        f"Copies to the second site fall behind: {8 * data.written_bytes_per_s / 1e6:.3g} Mbit/s are written in the peak "
        f"hour, the link carries {wanted.link / 1e6:.3g}. Raise resilience.disaster_recovery.link."
    )


def span(seconds: float | None) -> str:
    """A long time in its largest unit.

    >>> span(90), span(5400), span(None), span(560)
    ('1.5 min', '1.5 h', 'never', '9.333 min')
    """
    if seconds is None:
        return "never"
    unit, size = next(((u, s) for u, s in (("d", DAY), ("h", HOUR), ("min", MINUTE)) if seconds >= s), ("s", 1.0))
    return f"{seconds / size:.4g} {unit}"


def recovery_needs(data_by_month: Sequence[Data], resilience: Resilience, storage: str = "") -> tuple[Need, ...]:
    """Link and copies at the second site by month; `storage` names the price of a GB-month there. None without a second site."""
    wanted = resilience.disaster_recovery
    if wanted.posture == "none":
        return ()
    found, last = [recovery(data, resilience) for data in data_by_month], data_by_month[-1]
    sizes = " + ".join(f"{name} {figure(size / 1e9)} GB" for name, size in last.parts.items())
    every = copy_interval(wanted.posture, wanted)
    return (
        Need(
            group="recovery",
            name="Replication to the second site",
            unit="Mbit/s",
            by_month=tuple(8 * r.replication_bytes_per_s / 1e6 for r in found),
            formula=f"8 x {figure(last.written_bytes_per_s)} byte/s written in the peak hour, copied each {span(every)}",
            source="resilience.disaster_recovery.rpo, copy_every; Patterson et al., SnapMirror, FAST 2002",
            note=f"Of a link of {wanted.link / 1e6:,.4g} Mbit/s, besides weights at migrations; the line itself is not priced.",
        ),
        Need(
            group="recovery",
            name="Copies at the second site",
            unit="GB",
            by_month=tuple(sum(data.parts.values()) / 1e9 for data in data_by_month),
            formula=sizes,
            source="resilience.disaster_recovery.posture",
            price=storage,
            note="One copy of everything; older backups are the backup policy's own." + _restored(found[-1]),
        ),
    )


def _restored(found: Recovery) -> str:
    return "" if found.total_s is None else f" The service is back {span(found.total_s)} after the site is lost."
