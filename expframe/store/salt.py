"""The salt of a store, by which a secret is told from another though neither is kept."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path

from expframe.disk import layout
from expframe.disk.files import claim, write_all

_BYTES = 32


def salt_of(store: Path, *, make: bool = False) -> bytes | None:
    """
    Return a store's salt: random bytes that only its owner can read and that never leave it; None where it has none.

    Args:
        store: The folder of runs.
        make: Whether one is made where there is none.
    """
    path = store / layout.SALT
    with suppress(OSError):
        if make and not path.exists():
            _make(path)
        for _ in range(50):  # on a file system without links a name is there before its content
            salt = path.read_bytes()
            if len(salt) == _BYTES:
                return salt
            time.sleep(0.002)
    return None


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    fd = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        try:
            write_all(fd, os.urandom(_BYTES))
        finally:
            os.close(fd)
        claim(aside, path)
    finally:
        aside.unlink(missing_ok=True)
