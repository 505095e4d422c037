"""Temporary folders, of runs that nothing is kept of and of jobs, and what is left of those whose process is gone."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import threading
from contextlib import suppress
from pathlib import Path

from expframe.disk import layout
from expframe.process import context
from expframe.store.lease import is_left, lease_of

_NAME = re.compile(r"expframe-[0-9a-f]{32}")


def place(uid: str) -> Path:
    """Return where the folder of a run is, if it has one: one name in all of its processes."""
    return Path(tempfile.gettempdir()) / f"expframe-{layout.named_by(uid)}"


def make(uid: str) -> Path:
    """Return the folder of a run, of whose processes several may be the first that asks."""
    folder = place(uid)
    folder.mkdir(0o700, exist_ok=True)
    return folder


def claim(folder: Path, pid: int) -> None:
    """Let others see with which process the folder ends; begin to remove what is left of others, once in each."""
    with suppress(OSError):  # there is one already, or no room for it
        lease_of(pid, 0).write(folder / layout.LEASE)
    context.one_per_process(_begin_to_remove_left)


def remove(folder: Path) -> None:
    """Remove the folder of a run that has ended: its lease last, by which others know what was left half-way."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry, ignore_errors=True)
            elif entry.name != layout.LEASE:
                Path(entry).unlink()
    shutil.rmtree(folder, ignore_errors=True)


def _begin_to_remove_left() -> None:
    """Do it in the background: it may be much, and the caller holds locks."""
    with suppress(RuntimeError):  # the interpreter ends, and starts no thread any more
        threading.Thread(target=_remove_left, daemon=True).start()


def _remove_left() -> None:
    with suppress(OSError), os.scandir(tempfile.gettempdir()) as entries:
        for entry in entries:
            if _NAME.fullmatch(entry.name) and entry.is_dir(follow_symlinks=False) and is_left(Path(entry)):
                remove(Path(entry))
