"""The rows of a store in memory, looked at again while pages are open."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import monotonic
from typing import Any, NamedTuple

from expframe.config.dotted import MISSING
from expframe.record.record import Status
from expframe.store import foreign
from expframe.store.index import rows
from expframe.store.rows import GROUPS, Row, statistics_of
from expframe.store.search.fields import Field

_PAUSE = 0.25
"""Seconds between two looks at runs that are running."""
_PAUSE_OF_ENDED = 2.0
"""Seconds between two looks at all runs, of which somebody may change a tag."""
_BATCH = 400
_LARGE = 1 << 14
"""Summaries of more bytes are not kept in memory."""


class Changes(NamedTuple):
    """
    What has changed since a moment.

    Attributes:
        cursor: The moment of now; the next question starts from it.
        changed: The ids of runs that are new or different.
        gone: The ids of runs that are not there any more.
    """

    cursor: int
    changed: list[str]
    gone: list[str]


class LiveRows:
    """
    The rows of a store as they were when they were last looked at.

    Args:
        store: The folder.

    Attributes:
        loaded: How many runs were read.
        total: How many there are.
    """

    def __init__(self, store: Path) -> None:
        self._store = store
        self._lock = threading.RLock()
        self._rows: dict[str, Row] = {}
        self._looks: dict[str, int] = {}
        self._columns: dict[Field, dict[str, Any]] = {}
        self._moments: dict[str, int] = {}
        self._gone: dict[str, int] = {}
        self._cursor = 0
        self._looked = self._looked_at_all = -1e9
        self.loaded = self.total = 0

    def all(self) -> list[Row]:
        """Return the rows as they are now, newest first."""
        self.look()
        with self._lock:
            found = list(self._rows.values())
        if all(row.id.isdigit() for row in found):
            return sorted(found, key=lambda row: int(row.id), reverse=True)
        return sorted(found, key=lambda row: row.order, reverse=True)

    def column(self, field: Field, wanted: Sequence[Row]) -> list[Any]:
        """Return the value of a field for each row; MISSING where a run has none."""
        if field.group in ("info", "size"):
            by_id = {row.id: field.of(row) for row in rows(self._store, [row.id for row in wanted], {field.group})}
            return [by_id.get(row.id, MISSING) for row in wanted]
        if field.kind == "duration":  # it grows while a run is running
            return [field.of(row) for row in wanted]
        with self._lock:
            known = self._columns.setdefault(field, {})
            values = []
            for row in wanted:
                value = known.get(row.id, known)
                if value is known:
                    value = known[row.id] = field.of(self._with_metrics(row) if field.group == "metrics" else row)
                values.append(value)
        return values

    def _with_metrics(self, row: Row) -> Row:
        return row if row.metrics is not None else row._replace(metrics=statistics_of(self._store / row.id))

    def since(self, cursor: int) -> Changes:
        """Return what has changed since a cursor; from 0 on, everything."""
        self.look()
        with self._lock:
            changed = [id for id, moment in self._moments.items() if moment > cursor]
            gone = [id for id, moment in self._gone.items() if moment > cursor]
            return Changes(self._cursor, changed, gone)

    def look(self) -> None:
        """Look at what may have changed, unless that was done just now."""
        with self._lock:
            now = monotonic()
            if now < self._looked + _PAUSE:
                return
            is_thorough = now >= self._looked_at_all + _PAUSE_OF_ENDED
            ids = set(foreign.run_ids(self._store))
            self.total = len(ids)
            gone = [id for id in self._rows if id not in ids]
            wanted = [id for id in ids if id not in self._rows or self._is_running(id)]
            if is_thorough:
                wanted += [id for id in self._rows if id in ids and self._looks.get(id) != _look(self._store, id)]
                self._looked_at_all = monotonic()
            self._forget(gone)
            self._read(list(dict.fromkeys(wanted)))
            self._looked = monotonic()

    def _is_running(self, id: str) -> bool:
        record: Mapping[str, Any] = self._rows[id].record or {}
        return record.get("status") in (Status.RUNNING, Status.QUEUED, None)

    def _forget(self, ids: Sequence[str]) -> None:
        if ids:
            self._cursor += 1
        for id in ids:
            self._drop(id)
            del self._rows[id]
            self._gone[id] = self._cursor
        self.loaded = len(self._rows)

    def _drop(self, id: str) -> None:
        self._moments.pop(id, None)
        for column in self._columns.values():
            column.pop(id, None)

    def _read(self, ids: Sequence[str]) -> None:
        looks = {id: _look(self._store, id) for id in ids}  # before reading: what changes meanwhile shows
        for start in range(0, len(ids), _BATCH):
            for row in rows(self._store, ids[start : start + _BATCH], GROUPS):
                self._take(row, looks[row.id])
            self.loaded = len(self._rows)

    def _take(self, row: Row, look: int) -> None:
        content = None if row.metrics is None else row.metrics.content
        before = self._rows.get(row.id)
        self._looks[row.id] = look
        if before is not None and _is_same(before, row):
            return
        self._cursor += 1
        self._drop(row.id)
        self._gone.pop(row.id, None)
        self._moments[row.id] = self._cursor
        self._rows[row.id] = row._replace(metrics=None) if content is not None and len(content) > _LARGE else row


def _is_same(one: Row, other: Row) -> bool:
    if one.metrics is None or other.metrics is None:  # too large to be kept
        return False
    return one.metrics.content == other.metrics.content and one._replace(metrics=None) == other._replace(metrics=None)


def _look(store: Path, id: str) -> int:
    """Return what tells that a run's folder has changed: a file was replaced in it."""
    try:
        return os.stat(f"{store}/{id}").st_mtime_ns
    except OSError:
        return 0
