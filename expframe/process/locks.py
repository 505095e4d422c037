"""
Locks that a forked child finds free.

A fork copies the locks that other threads hold, but not the threads: in the child nobody would ever let go of them. So
every lock of the package is made here, and all of them are renewed in one place (`context` calls it after a fork).

A module that is being imported has a lock too, Python's own, which nobody can renew: what is half imported stays so.
Since this package imports late, in whatever thread is the first to need something, a fork waits for such imports.
"""

from __future__ import annotations

import sys
import threading
import time
import weakref
from types import FrameType
from typing import Any

_IMPORTER = "<frozen importlib._bootstrap>"
_PACKAGE = __name__.partition(".")[0] + "."
_PATIENCE = 10.0
"""Seconds for which a fork waits for imports: one that itself waits for the forking thread never ends."""


class _Known:
    """The locks that there are, known without a callback at the end of each: what a signal raises in one is lost."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._locks: list[weakref.ref[Any]] = []
        self._room = 256

    def add(self, new: Any) -> None:
        """Know one more; those that are gone are forgotten when many have come."""
        with self._lock:
            if len(self._locks) >= self._room:
                self._locks = [known for known in self._locks if known() is not None]
                self._room = max(256, 2 * len(self._locks))
            self._locks.append(weakref.ref(new))

    def renew(self) -> None:
        """Make all free again."""
        locks: list[Any] = [self._lock, *(known() for known in self._locks)]
        for lock in locks:
            if lock is not None:
                lock._at_fork_reinit()  # as the standard library does with its own


_known = _Known()


def lock() -> threading.Lock:
    """Return a new lock."""
    new = threading.Lock()
    _known.add(new)
    return new


def reentrant_lock() -> Any:
    """Return a new lock that the thread which holds it may take again."""
    new = threading.RLock()
    _known.add(new)
    return new


def renew() -> None:
    """Make every lock free again: for the one thread of a forked child."""
    _known.renew()


def let_imports_end() -> None:
    """Wait until no other thread is importing something for this package: for the moment before a fork."""
    end = time.monotonic() + _PATIENCE
    while _is_import_under_way() and time.monotonic() < end:
        time.sleep(0.001)


def _is_import_under_way() -> bool:
    own = threading.get_ident()
    return any(_imports_for_us(frame) for thread, frame in sys._current_frames().items() if thread != own)


def _imports_for_us(frame: FrameType | None) -> bool:
    """Return whether a thread that is at this frame is importing because code of this package asked for it."""
    is_importing = False
    while frame is not None:
        if frame.f_code.co_filename == _IMPORTER:
            is_importing = True
        elif is_importing and frame.f_globals.get("__name__", "").startswith(_PACKAGE):
            return True
        frame = frame.f_back
    return False
