"""The lease by which others see whether a run is alive."""

import datetime
import json
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from expframe.disk.files import write_new
from expframe.disk.layout import LEASE, METRICS, OUTPUT
from expframe.process import identity

_EXPIRED = 6
"""Beats that must be missing before a run elsewhere counts as dead."""


class Lease(NamedTuple):
    """
    Which process a run is done by, and how often it says so by touching the file.

    Attributes:
        machine: Boot id and pid namespace: where the pid means something.
        pid: The process.
        started: When the process started, in the kernel's own unit; tells a reused pid.
        interval: Seconds between two touches; 0 for none.
    """

    machine: str
    pid: int
    started: str
    interval: float

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Lease":
        """
        Return the lease that a file holds.

        Raises:
            KeyError, TypeError: It is none.
        """
        found = cls(data["machine"], data["pid"], data["started"], data["interval"])
        if not all(map(isinstance, found, (str, int, str, int | float))):
            raise TypeError("no lease")
        return found

    def write(self, path: Path) -> None:
        """Write the lease of a run whose record is not there yet."""
        write_new(path, json.dumps(self._asdict()).encode())


def own_lease(interval: float) -> Lease:
    """Return the lease of this process."""
    return lease_of(os.getpid(), interval)


def lease_of(pid: int, interval: float) -> Lease:
    """Return the lease of a process of this machine."""
    return Lease(identity.machine(), pid, identity.start_of(pid), interval)


def is_alive(folder: Path) -> bool:
    """
    Return whether the process of a run that says RUNNING is still there.

    By pid and its start time where boot and pid namespace are ours and the system tells start times; elsewhere by the
    age of the lease, measured with the file system's own clock.
    """
    lease = _of(folder)
    try:
        return lease is not None and holds(lease, folder, (folder / LEASE).stat().st_mtime)
    except OSError:
        return False


def holds(lease: Lease, folder: Path, touched: float) -> bool:
    """Return whether the process of a lease is still there; `touched` is when it last said so."""
    if _is_from_here(lease):
        return identity.start_of(lease.pid) == lease.started
    if not lease.interval:  # it never touches its lease
        return True
    return _clock_of(folder) - touched < max(_EXPIRED * lease.interval, 60.0)


def is_left(folder: Path) -> bool:
    """Return whether a folder has a lease of a process of this machine that is gone; not where that cannot be told."""
    lease = _of(folder)
    return lease is not None and _is_from_here(lease) and identity.start_of(lease.pid) != lease.started


def is_known_by_age(folder: Path) -> bool:
    """Return whether only the age of a run's lease can tell that its process is gone, since it is elsewhere."""
    lease = _of(folder)
    return lease is not None and bool(lease.interval) and not _is_from_here(lease)


def last_sign(folder: Path) -> datetime.datetime | None:
    """Return when a run last touched its lease, or wrote what it logged or printed, in UTC; None if it never did."""
    times = []
    for name in (LEASE, METRICS, OUTPUT):
        with suppress(OSError):
            times.append((folder / name).stat().st_mtime)
    return datetime.datetime.fromtimestamp(max(times), datetime.UTC) if times else None


def _of(folder: Path) -> Lease | None:
    """Return the lease in a folder; None where there is none that can be read."""
    try:
        return Lease.from_json(json.loads((folder / LEASE).read_bytes()))
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def _is_from_here(lease: Lease) -> bool:
    """Return whether its process can be looked for: by pid and start time, on this machine."""
    return lease.machine == identity.machine() and bool(lease.started)


def _clock_of(folder: Path) -> float:
    """Return the time as the file system of a folder tells it, or our own where it cannot be asked."""
    probe = folder.parent / f"._clock.{os.getpid()}"
    try:
        probe.touch()
        return probe.stat().st_mtime
    except OSError:
        return time.time()
    finally:
        with suppress(OSError):
            probe.unlink()
