"""
Locks that a forked child finds free.

A fork copies the locks that other threads hold, but not the threads: in the child nobody would ever let go of them. So
every lock of the package is made here, and all of them are renewed in one place (`context` calls it after a fork).
"""

from __future__ import annotations

import threading
import weakref
from typing import Any

_known: weakref.WeakSet[Any] = weakref.WeakSet()


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
    for known in _known:
        known._at_fork_reinit()  # as the standard library does with its own
