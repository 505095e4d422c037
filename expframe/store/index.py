"""
The rows of many runs, fast: an index in SQLite, beside the folder of runs, which is the truth.

The index says of each run what its files looked like (size, times, inode) when they were read. Each time rows are asked
for, the files are looked at, and a run whose files look different is read again. So it does not matter who changed a
run, and the index may be deleted at any time; whatever is wrong with it, runs are read without it.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import sqlite3
import time
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from expframe.disk import layout
from expframe.record.record import Status
from expframe.store.cache import index_file, remove_index
from expframe.store.exclusions import marked
from expframe.store.ids import run_ids
from expframe.store.points import Statistics
from expframe.store.rows import GROUPS, KEPT, Row, judged, read, read_own, statistics_of, with_rest

FEW = 200
"""So many runs are read as fast without an index."""

_VERSION = 4
"""Of the tables; a file with another one is made anew."""

_TABLE = """
CREATE TABLE runs (
    id TEXT PRIMARY KEY, stamp BLOB, workers TEXT, record BLOB, host BLOB, result BLOB, config BLOB, metrics BLOB
);
CREATE INDEX stamps ON runs (id, stamp, workers);
"""
_STAMPED = ("", layout.RECORD, layout.CONFIG, layout.SUMMARY, layout.METRICS, layout.ATTEMPTS_FOLDER)
_SETTLED = 2_000_000_000
"""Nanoseconds after which a further change of a file shows in its times, whatever its file system counts in."""
_PATIENCE = 2.0
"""Seconds to wait for another process that writes into the index."""
_BATCH = 400
_LARGE = 1 << 16
"""Summaries of more bytes are read from their file, which is as fast."""
_IN_FILE = b"in its file"

_FAULTS = (sqlite3.Error, ValueError, TypeError, RecursionError, OverflowError, MemoryError)
"""What comes of a damaged file; a text that is none is no error of SQLite's, and of some lengths it says no memory."""

_log = logging.getLogger(__name__)


def rows(store: Path, ids: Collection[str], groups: Collection[str]) -> Iterator[Row]:
    """
    Yield the row of each run that is there, in the order of their ids.

    Args:
        store: The folder.
        ids: The runs that are asked for.
        groups: What of them: of `GROUPS`, `info` and `size`; the record is always there.
    """
    index = _open(store) if len(ids) > FEW else None
    found = marked(store, _read_all(store, ids, groups) if index is None else _fetch_all(index, store, ids, groups))
    if not {"info", "size"}.intersection(groups):
        yield from found
        return
    for row in found:
        yield with_rest(row, store / row.id, groups)


def newest_first(store: Path) -> list[Row]:
    """Return the row of each run of a store, with its record alone."""
    return sorted(rows(store, run_ids(store), ()), key=lambda row: row.order, reverse=True)


def _fetch_all(index: _Index, store: Path, ids: Collection[str], groups: Collection[str]) -> Iterator[Row]:
    with closing(index):
        ids = list(ids)
        known = index.known(ids)
        for start in range(0, len(ids), _BATCH):
            batch = ids[start : start + _BATCH]
            fresh, new = index.refresh(batch, known)
            found = index.fetch(list(fresh), fresh, groups)
            for id in batch:
                row = new.pop(id, None)
                row = _judged(row, store, groups) if row else found.pop(id, None) or read(store / id, groups)
                if row is not None and row.metrics is None and "metrics" in groups:  # one large summary at a time
                    row = row._replace(metrics=statistics_of(store / id))
                if row is not None:
                    yield row


def _read_all(store: Path, ids: Collection[str], groups: Collection[str]) -> Iterator[Row]:
    for id in ids:
        row = read(store / id, groups)
        if row is not None:
            yield row


def _open(store: Path) -> _Index | None:
    """Return the index of a store, a new one if there is none that can be used; None if there cannot be one."""
    for _ in range(2):
        try:
            path = index_file(store)
        except (OSError, RuntimeError) as problem:
            _log.debug("no index of %s: %s", store, problem)
            return None
        try:
            return _Index(store, path)
        except _FAULTS as problem:
            _log.debug("index %s of %s is left aside: %s", path, store, problem)
            if _is_busy(problem):
                return None
            remove_index(path)
    return None


def _is_busy(problem: Exception) -> bool:
    return isinstance(problem, sqlite3.Error) and ("locked" in str(problem) or "busy" in str(problem))


class _Index:
    """
    What is known of the runs of one store.

    Raises:
        sqlite3.Error, ValueError: The file is no index of this version, or cannot be used now.
    """

    def __init__(self, store: Path, path: Path) -> None:
        self._store = store
        self._path = path
        self._connection = sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None)
        try:
            self._prepare()
        except BaseException:
            self._connection.close()
            raise

    def _prepare(self) -> None:
        run = self._connection.execute
        run("PRAGMA journal_mode = WAL")
        run("PRAGMA synchronous = OFF")  # what a power cut leaves is seen to be damaged, and made anew
        version = run("PRAGMA user_version").fetchone()[0]
        if version == 0:
            run("BEGIN IMMEDIATE")
            if run("PRAGMA user_version").fetchone()[0] == 0:  # nobody else was faster
                for statement in _TABLE.split(";")[:-1]:
                    run(statement)
                run(f"PRAGMA user_version = {_VERSION}")
            run("COMMIT")
        elif version != _VERSION:
            raise sqlite3.DatabaseError(f"version {version}, not {_VERSION}")
        run("SELECT id, stamp, workers, record, host, result, config, metrics FROM runs LIMIT 1").fetchall()

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def known(self, ids: Collection[str]) -> dict[str, tuple[bytes, str]]:
        """Return for each run that the index has its stamp and workers; forget those that are gone."""
        try:
            select = "SELECT id, stamp, workers FROM runs"
            found = {id: (stamp, workers) for id, stamp, workers in self._connection.execute(select)}
            gone = [id for id in found.keys() - set(ids) if not layout.is_run(self._store / id)]
            if gone:
                self._connection.executemany("DELETE FROM runs WHERE id = ?", [(id,) for id in gone])
        except _FAULTS as problem:
            self._give_up(problem)
            return {}
        return found

    def refresh(
        self, ids: Sequence[str], known: Mapping[str, tuple[bytes, str]]
    ) -> tuple[dict[str, bytes], dict[str, Row]]:
        """
        Look at the files of runs, and read again what has changed.

        Args:
            ids: The runs.
            known: What the index has of them.

        Returns:
            The stamps of what can be fetched, and the rows that were read just now, as their files have them.
        """
        fresh: dict[str, bytes] = {}
        changed = []
        for id in ids:
            stamp, workers = known.get(id, (b"", ""))
            if stamp and stamp == _look_of(f"{self._store}/{id}", workers).stamp:
                fresh[id] = stamp
            else:
                changed.append(id)
        return fresh, self._read(changed)

    def _read(self, ids: Sequence[str]) -> dict[str, Row]:
        """Read runs, keep in the index those whose files have settled, and return all that can be read."""
        read, records = {}, []
        for id in ids:
            folder = self._store / id
            workers = _workers_of(f"{self._store}/{id}")
            look = _look_of(f"{self._store}/{id}", workers)  # before reading: what changes meanwhile shows
            row = read_own(folder, GROUPS, look.sizes)
            if row is None or row.record is None or row.config is None or row.metrics is None:
                continue  # what cannot be read now may be readable the next time
            if look.newest <= time.time_ns() - _SETTLED:
                records.append((id, look.stamp, workers, *_columns_of(row, look.stamp)))
            read[id] = row if len(row.metrics.content) <= _LARGE else row._replace(metrics=None)
        try:
            self._store_rows(records)
        except _FAULTS as problem:
            self._give_up(problem)
        return read

    def _store_rows(self, records: Sequence[tuple[Any, ...]]) -> None:
        if not records:
            return
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            self._connection.executemany("INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?)", records)
            self._connection.execute("COMMIT")
        except BaseException:
            self._connection.rollback()
            raise

    def fetch(self, ids: Sequence[str], fresh: dict[str, bytes], groups: Collection[str]) -> dict[str, Row]:
        """Return the rows of those runs that the index has as they are now."""
        columns = [group for group in GROUPS if group in groups or group == "record"]
        select = f"SELECT id, stamp, {', '.join(columns)} FROM runs WHERE id IN ({', '.join('?' * len(ids))})"
        found = {}
        try:
            for id, stamp, *cells in self._connection.execute(select, ids):
                if fresh.get(id) == stamp:  # else another process has looked at another moment
                    found[id] = _judged(_row_of(id, stamp, columns, cells), self._store, groups)
        except _FAULTS as problem:
            self._give_up(problem)
        return found

    def _give_up(self, problem: Exception) -> None:
        """Say what is wrong with the index, and have it made anew the next time if it is damaged."""
        _log.debug("index %s of %s fails: %s", self._path, self._store, problem)
        if not _is_busy(problem):
            remove_index(self._path)


def _judged(row: Row, store: Path, groups: Collection[str]) -> Row:
    """Return a row as `judged` has it, without making the path of each of many thousands that have ended."""
    is_running = row.record is not None and row.record["status"] == Status.RUNNING
    return judged(row, store / row.id, groups) if is_running else row


def _columns_of(row: Row, stamp: bytes) -> list[bytes]:
    """Return the cells of a row, in the order of `GROUPS`: JSON and the summary, each with a checksum before it."""
    parts = [json.dumps(part) for part in (list((row.record or {}).values()), row.host, row.result, row.config)]
    content = b"" if row.metrics is None else row.metrics.content
    cells = [*(part.encode() for part in parts), content if len(content) <= _LARGE else _IN_FILE]
    seal = zlib.crc32(stamp)
    return [zlib.crc32(cell, seal).to_bytes(4, "big") + cell for cell in cells]


def _row_of(id: str, stamp: bytes, columns: Sequence[str], cells: Sequence[bytes]) -> Row:
    """
    Return the row that is in cells of the index.

    Raises:
        ValueError, TypeError: They are not what was put into them, which SQLite does not see.
    """
    given: dict[str, Any] = {}
    seal = zlib.crc32(stamp)
    for name, cell in zip(columns, cells, strict=True):
        content = cell[4:]
        if zlib.crc32(content, seal) != int.from_bytes(cell[:4], "big"):
            raise ValueError(f"a damaged {name} of run {id}")
        if name == "metrics":
            given[name] = None if content == _IN_FILE else Statistics(content)
        else:
            given[name] = json.loads(content.decode())
    given["record"] = dict(zip(KEPT, given["record"], strict=True))
    return Row(id, **given)


class _Look(NamedTuple):
    """
    What the files of a run look like.

    Attributes:
        stamp: What tells it from any other look.
        newest: The newest of their times, in nanoseconds.
        sizes: Of its metric files.
    """

    stamp: bytes
    newest: int
    sizes: Mapping[str, int]


def _workers_of(folder: str) -> str:
    """Return the names of the metric files of a run's other processes."""
    try:
        return "/".join(layout.metric_names(folder)[1:])
    except OSError:
        return ""


def _look_of(folder: str, workers: str) -> _Look:
    """
    Return what the files of a run look like.

    The folder itself is one of them: its times tell of files that came or went.
    """
    looks: list[Any] = []
    newest = 0
    sizes = {}
    for name in (*_STAMPED, *workers.split("/")) if workers else _STAMPED:
        try:
            found = os.stat(f"{folder}/{name}")  # fifty thousand of them
        except OSError:
            looks.append(None)
            continue
        looks.append((found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino))
        newest = max(newest, found.st_mtime_ns, found.st_ctime_ns)
        if name.startswith("metrics"):
            sizes[name] = found.st_size
    return _Look(hashlib.blake2b(repr(looks).encode(), digest_size=16).digest(), newest, sizes)
