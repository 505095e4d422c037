"""Where what can be made again is kept: on this machine, for this user, disposable."""

from __future__ import annotations

import errno
import hashlib
import os
import socket
import sys
import time
from contextlib import suppress
from pathlib import Path

CACHE_VARIABLE = "EXPFRAME_CACHE"
_FORGOTTEN = 60 * 86400.0
"""Seconds after which what nobody asks is thrown away."""
_MOST = 2 << 30
"""Bytes that columns of all stores may take."""


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
    path = _file_for(store, "index", "sqlite")
    if path.exists():
        os.utime(path)
    else:
        _prune(path.parent)
    return path


def curve_file(points: Path) -> Path:
    """
    Return the file for the columns of a file of points; its folder is there.

    Raises:
        OSError, RuntimeError: There is no place for it.
    """
    return _file_for(points, "curves", "columns")


def make_room(folder: Path, size: int) -> None:
    """
    Remove columns that nobody has asked for in two months, and of the others those that were asked for longest ago, so
    that so many bytes more stay below two gigabytes.

    Raises:
        OSError: They are more by themselves.
    """
    if size > _MOST:
        raise OSError(errno.EFBIG, f"{size} bytes of columns are not kept")
    found = []
    for path in folder.glob("*.columns"):
        with suppress(OSError):
            look = path.stat()
            found.append((look.st_mtime, look.st_size, path))
    free = _MOST - size
    for touched, taken, path in sorted(found, reverse=True):
        free -= taken
        if free < 0 or touched < time.time() - _FORGOTTEN:
            path.unlink(missing_ok=True)


def _file_for(path: Path, kind: str, suffix: str) -> Path:
    """Return the file for what is known of a path on this machine; its folder is made."""
    place = f"{socket.gethostname()}\n{os.path.realpath(path)}".encode("utf-8", "surrogateescape")
    folder = cache_folder() / kind
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder / f"{hashlib.sha256(place).hexdigest()[:32]}.{suffix}"


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
