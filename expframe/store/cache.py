"""Where what can be made again is kept: on this machine, for this user, disposable."""

from __future__ import annotations

import hashlib
import os
import socket
import sys
import time
from contextlib import suppress
from pathlib import Path

CACHE_VARIABLE = "EXPFRAME_CACHE"
_FORGOTTEN = 60 * 86400.0
"""Seconds after which an index that nobody asks is thrown away."""


def cache_folder() -> Path:
    """
    Return the folder of what can be made again: that of EXPFRAME_CACHE, else the user's usual place for such things.

    Raises:
        RuntimeError: The user has no home.
    """
    if given := os.environ.get(CACHE_VARIABLE):
        return Path(given)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "expframe" / "Cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "expframe"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "expframe"


def index_file(store: Path) -> Path:
    """
    Return the file for the index of a store; its folder is there.

    Each machine has its own, since a home may be shared by many of them.

    Raises:
        OSError, RuntimeError: There is no place for it.
    """
    place = f"{socket.gethostname()}\n{os.path.realpath(store)}".encode("utf-8", "surrogateescape")
    folder = cache_folder() / "index"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{hashlib.sha256(place).hexdigest()[:32]}.sqlite"
    if path.exists():
        os.utime(path)
    else:
        _prune(folder)
    return path


def remove_index(path: Path) -> None:
    """Remove an index; the file itself first, since SQLite drops a log that stands beside an empty file."""
    for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
        with suppress(OSError):
            path.with_name(name).unlink()


def _prune(folder: Path) -> None:
    for path in folder.glob("*.sqlite"):
        with suppress(OSError):
            if path.stat().st_mtime < time.time() - _FORGOTTEN:
                remove_index(path)
