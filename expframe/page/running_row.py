"""The row of a run that goes on, of which only that is read again which has changed."""

from __future__ import annotations

import os
from pathlib import Path

from expframe.disk import layout
from expframe.record.record import Status
from expframe.store.foreign import format_of
from expframe.store.points import GrowingPoints
from expframe.store.rows import GROUPS, Row, judged, read

_LOOKED_AT = ("", layout.RECORD, layout.CONFIG, layout.ATTEMPTS_FOLDER)
"""The folder itself tells of files that came, went, or were replaced."""


class RunningRow:
    """
    The row of a run that goes on.

    Its record and config are read again when they look different, its points from where reading ended, and whether its
    process is still there is asked where its lease has not been touched since the last time.

    Args:
        folder: The run.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._is_own = format_of(folder) is None
        self._look: list[tuple[int, ...] | None] = []
        self._touched: int | None = None
        self._row: Row | None = None
        self._points: GrowingPoints | None = None

    def row(self) -> Row | None:
        """Return the row as it is now; None where no run is."""
        look: list[tuple[int, ...] | None] = [_look_at(f"{self._folder}/{name}") for name in _LOOKED_AT]
        touched, *lease = _look_at(f"{self._folder}/{layout.LEASE}") or (None,)
        look.append(tuple(lease))  # of another process
        if self._row is None or look != self._look or not self._is_own:
            self._row, self._points = read(self._folder, GROUPS), None
        elif touched == self._touched:
            self._row = judged(self._row, self._folder, GROUPS)
        self._look, self._touched = look, touched
        row = self._row
        if row is None or not self._is_own or (row.record or {}).get("status") != Status.RUNNING:
            return row
        if self._points is None:
            self._points = GrowingPoints(self._folder)
        try:
            return row._replace(metrics=self._points.statistics())
        except OSError:
            return row


def _look_at(path: str) -> tuple[int, int, int] | None:
    """Return what tells a file from others, also from one that has taken its place within one tick of the clock."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
