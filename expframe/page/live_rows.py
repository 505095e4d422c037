"""The rows of a store in memory, looked at again while pages are open."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic, time_ns
from typing import Any, NamedTuple

from expframe.config.dotted import MISSING
from expframe.page.running_row import RunningRow
from expframe.record.record import Status
from expframe.store import foreign
from expframe.store.exclusions import marked
from expframe.store.index import FEW, rows
from expframe.store.points import Statistics
from expframe.store.rows import GROUPS, Row, statistics_of
from expframe.store.search.fields import Field

_PAUSE = 0.25
"""Seconds between two looks at runs that are running."""
_SETTLED = 3.0
"""Seconds after which a further change of a folder shows in its times, whatever its file system counts in."""
_SLICE = 500
"""So many runs that have ended are looked at in one look; somebody may change a tag."""
_SLICE_OF_RUNNING = 24
"""So many runs that are running are read in one look, so that hundreds of them cost no more."""
_LARGE = 1 << 14
"""Summaries of more bytes are not kept in memory."""
_MOST_REMEMBERED = 8


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

    A store of many runs is read by a thread of its own, the newest ones first.

    Args:
        store: The folder.

    Attributes:
        total: How many runs there are.
    """

    def __init__(self, store: Path) -> None:
        self._store = store
        self._lock = threading.RLock()
        self._rows: dict[str, Row] = {}
        self._running: dict[str, RunningRow] = {}
        self._folders = _Folders(store)
        self._there: set[str] = set()
        self._columns: dict[Field, dict[str, Any]] = {}
        self._metric_names: dict[str, tuple[str, ...]] = {}
        self._moments: dict[str, int] = {}
        self._gone: dict[str, int] = {}
        self._remembered: dict[Hashable, Any] = {}
        self._ordered: list[Row] | None = None
        self._cursor = 0
        self._looked = -1e9
        self._reader: threading.Thread | None = None
        self.total: int = 0

    @property
    def cursor(self) -> int:
        """The moment of the last look; 0 before the first one."""
        return self._cursor

    @property
    def loading(self) -> tuple[int, int] | None:
        """How many runs were read, and how many there are; None where all were."""
        return None if self._reader is None else (len(self._rows), self.total)

    def of(self, ids: Sequence[str]) -> list[Row]:
        """Return the rows of some runs, in their order, as far as these are there; also of those not read yet."""
        self.look()
        with self._lock:
            found = {id: self._rows[id] for id in ids if id in self._rows}
        found.update((row.id, row) for row in rows(self._store, [id for id in ids if id not in found], GROUPS))
        return [found[id] for id in ids if id in found]

    def whole(self) -> list[Row]:
        """Return the rows of all runs, newest first, once all are read."""
        self.look()
        reader = self._reader
        if reader is not None:
            reader.join()
        return self.all()

    def all(self) -> list[Row]:
        """Return the rows as far as they are read by now, newest first."""
        self.look()
        with self._lock:
            if self._ordered is None:
                found = list(self._rows.values())
                is_numbered = all(row.id.isdecimal() for row in found)
                self._ordered = sorted(found, key=_number if is_numbered else _start, reverse=True)
            return self._ordered

    def is_whole(self, found: Sequence[Row]) -> bool:
        """Return whether rows are those of all runs; while a store is being read, others come."""
        with self._lock:
            return self._reader is None and len(found) >= len(self._rows)

    def remembered(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """Return what was made for a key since rows changed the last time, else make it."""
        with self._lock:
            if key in self._remembered:
                return self._remembered[key]
            cursor = self._cursor
        made = make()
        with self._lock:
            if self._cursor == cursor:
                while len(self._remembered) >= _MOST_REMEMBERED:
                    del self._remembered[next(iter(self._remembered))]
                self._remembered[key] = made
        return made

    def column(self, field: Field, wanted: Sequence[Row]) -> list[Any]:
        """Return the value of a field for each row; MISSING where a run has none."""
        if field.group in ("info", "size"):
            by_id = {row.id: field.of(row) for row in rows(self._store, [row.id for row in wanted], {field.group})}
            return [by_id.get(row.id, MISSING) for row in wanted]
        if field.kind == "duration":  # it grows while a run is running
            return [field.of(row) for row in wanted]
        with self._lock:
            known = self._columns.setdefault(field, {})
            ids = [row.id for row in wanted]
            with suppress(KeyError):  # almost always all are known
                return list(map(known.__getitem__, ids))
            for row in wanted:
                if row.id not in known:
                    known[row.id] = field.of(self.with_metrics(row) if field.group == "metrics" else row)
            return list(map(known.__getitem__, ids))

    def metric_names(self, row: Row) -> list[str]:
        """Return the names of the metrics that a run has."""
        with self._lock:
            found = self._metric_names.get(row.id)
            if found is None:
                metrics = self.with_metrics(row).metrics if row.metrics is None else Statistics(row.metrics.content)
                found = self._metric_names[row.id] = tuple(map(sys.intern, metrics or ()))
            return list(found)

    def with_metrics(self, row: Row) -> Row:
        """Return a row with what its points come to, which is not kept in memory where there are very many metrics."""
        return row if row.metrics is not None else row._replace(metrics=statistics_of(self._store / row.id))

    def since(self, cursor: int) -> Changes:
        """Return what has changed since a cursor; from 0 on, everything."""
        self.look()
        with self._lock:
            changed = [id for id, moment in self._moments.items() if moment > cursor]
            gone = [id for id, moment in self._gone.items() if moment > cursor]
            return Changes(self._cursor, changed, gone)

    # --------------------------------------------------------------------------------------------------- looking

    def look(self) -> None:
        """Look at what may have changed, unless that was done just now."""
        with self._lock:
            if monotonic() < self._looked + _PAUSE or self._reader is not None:
                return
            there = self._folders.ids()
            self.total = len(there)
            unread: list[str] = []
            if there is not self._there or len(there) != len(self._rows):
                self._there = there
                self._forget(self._rows.keys() - there)
                unread = list(there - self._rows.keys())
            changed = self._folders.changed(self._rows)
            self._read(list(changed - self._running.keys()))
            self._read_running({*self._folders.some(list(self._running)), *(changed & self._running.keys())})
            if len(unread) > FEW:
                unread.sort(key=lambda id: (int(id), "") if id.isdecimal() else (0, id), reverse=True)
                self._read(unread[:FEW])
                self._reader = threading.Thread(target=self._read_rest, args=(unread[FEW:],), daemon=True)
                self._reader.start()
            else:
                self._read(unread)
            self._looked = monotonic()

    def _read_rest(self, unread: Sequence[str]) -> None:
        try:
            self._read(unread)
        finally:
            self._reader = None
        for field in list(self._columns):  # somebody looks at them, and will sort
            self.column(field, self.all())

    def _read(self, wanted: Sequence[str]) -> None:
        looks = {id: self._folders.look(id) for id in wanted}  # before reading: what changes meanwhile shows
        for row in rows(self._store, wanted, GROUPS):
            with self._lock:
                self._take(row, looks[row.id])

    def _read_running(self, wanted: Iterable[str]) -> None:
        looks = {id: self._folders.look(id) for id in wanted}
        found = [row for id in wanted if (row := self._running[id].row()) is not None]
        for row in marked(self._store, found):
            self._take(row, looks[row.id])

    def _take(self, row: Row, look: int) -> None:
        self._folders.looked(row.id, look)
        before = self._rows.get(row.id)
        if before is not None and _is_same(before, row):
            return
        if row.metrics is not None and len(row.metrics.content) > _LARGE:
            row = row._replace(metrics=None)
        self._drop(row.id)
        self._gone.pop(row.id, None)
        self._moments[row.id] = self._cursor
        self._rows[row.id] = row
        if (row.record or {}).get("status") not in (Status.RUNNING, Status.QUEUED, None):
            self._running.pop(row.id, None)
        elif row.id not in self._running:
            self._running[row.id] = RunningRow(self._store / row.id)

    def _forget(self, gone: Iterable[str]) -> None:
        for id in gone:
            self._drop(id)
            self._running.pop(id, None)
            del self._rows[id]
            self._gone[id] = self._cursor

    def _drop(self, id: str) -> None:
        """Take away what is known of a run, as of a new moment."""
        self._cursor += 1
        self._ordered = None
        self._remembered.clear()
        self._moments.pop(id, None)
        self._metric_names.pop(id, None)
        for column in self._columns.values():
            column.pop(id, None)


class _Folders:
    """The folders of a store: which there are, and which look different from what they were."""

    def __init__(self, store: Path) -> None:
        self._store = store
        self._ids: set[str] = set()
        self._listed = -1e9
        self._look = 0
        self._looks: dict[str, int] = {}
        self._young: set[str] = set()
        self._next = self._next_running = 0

    def ids(self) -> set[str]:
        """Return the ids of the runs; listed anew where the folder says that it has changed, or did so just now."""
        now, look = monotonic(), self.look("")
        if look != self._look or now < self._listed + _SETTLED:
            if look != self._look:
                self._listed = now
            self._look = look
            self._ids = set(foreign.run_ids(self._store))
        return self._ids

    def looked(self, id: str, look: int) -> None:
        """Take how a run's folder looked before it was read; what changed just then may do so again unseen."""
        self._looks[id] = look
        if abs(time_ns() - look) < _SETTLED * 1e9:
            self._young.add(id)
        else:
            self._young.discard(id)

    def changed(self, known: Mapping[str, Row]) -> set[str]:
        """Return some runs whose folder may have changed: one part of them at each look, all of them in time."""
        names = _part(list(known), self._next, _SLICE)
        self._next += len(names)
        return {id for id in names if id in self._young or self._looks.get(id) != self.look(id)}

    def some(self, running: Sequence[str]) -> list[str]:
        """Return some of the runs that are running: one part of them at each look, all of them in time."""
        names = _part(running, self._next_running, _SLICE_OF_RUNNING)
        self._next_running += len(names)
        return names

    def look(self, id: str) -> int:
        """Return what tells that a folder has changed: a file in it was replaced, came or went."""
        try:
            return os.stat(f"{self._store}/{id}").st_mtime_ns
        except OSError:
            return 0


def _part(names: Sequence[str], start: int, most: int) -> list[str]:
    """Return at most so many names from a place on, and from the first one again after the last."""
    if len(names) <= most:
        return list(names)
    start %= len(names)
    return [*names[start:], *names[:start]][:most]


def _number(row: Row) -> int:
    return int(row.id)


def _start(row: Row) -> tuple[str, int]:
    return row.order


def _is_same(one: Row, other: Row) -> bool:
    if one.metrics is None or other.metrics is None:  # too large to be kept
        return False
    return one.metrics.content == other.metrics.content and one._replace(metrics=None) == other._replace(metrics=None)
