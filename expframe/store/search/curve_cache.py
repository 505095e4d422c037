"""
The points of runs as columns, fast: what was read of large files of points is kept beside the index.

As the index, it is disposable, and nothing depends on who changed a run: each time columns are asked for, the files are
looked at (size, times, inode, the bytes before where reading ended). What was appended is read on from there; a file
that shrank or was replaced, or of which other bytes count since a run was resumed, is read anew. Files of few points
are read directly. Needs numpy.
"""

from __future__ import annotations

import hashlib
import logging
import os
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy

from expframe.disk import layout
from expframe.disk.files import Span
from expframe.record.curves import Curve, Curves, read_some
from expframe.store.attempts import superseded
from expframe.store.cache import curve_file
from expframe.store.foreign import format_of
from expframe.store.search.column_file import ColumnFile, write
from expframe.store.search.columns import Array, Column, Stretch

_LEAST = 1 << 20
"""Files of fewer bytes are read as fast as columns of them."""
_PIECE = 1 << 24
"""Bytes that are read at once: more would take memory only."""
_FOLD = 1 << 26
"""After so many bytes what was read is put down, though more is to be read."""
_SAMPLE = 256
_MOST_POINTS = 2_000_000
"""Points that are kept in memory; of what is mapped none are."""
_MOST_RUNS = 200
"""Runs whose files are kept open."""

_log = logging.getLogger(__name__)

_Look = tuple[int, int, int]
"""A file's inode, size and time of change."""


class RunColumns(NamedTuple):
    """
    The points of a run at one moment.

    Attributes:
        version: What is another one when points have come or gone.
        counts: How many points each metric has, in the order in which they came.
        columns: The points of those metrics that were asked for, as far as there are any.
    """

    version: tuple[Any, ...]
    counts: Mapping[str, int]
    columns: Mapping[str, Column]


class CurveCache:
    """
    The points of a store's runs as columns. Safe to use from many threads.

    Args:
        store: The folder.
    """

    def __init__(self, store: Path) -> None:
        self._store = store
        self._runs: OrderedDict[tuple[str, bool], _Run] = OrderedDict()
        self._lock = threading.Lock()

    def read(self, id: str, names: Sequence[str] = (), *, of_system: bool = False) -> RunColumns:
        """
        Return the points of some metrics of a run as they are now.

        Args:
            id: The run.
            names: The metrics; those that it does not have are left out.
            of_system: Whether what was sampled of the machine is meant.

        Raises:
            OSError: The run's folder is not there, or cannot be read.
        """
        key = (id, of_system)
        with self._lock:
            run = self._runs.get(key) or self._runs.setdefault(key, _run_of(self._store / id, of_system))
            self._runs.move_to_end(key)
        try:
            with run.lock:
                found = run.read(names)
        except OSError:
            with self._lock:
                self._runs.pop(key, None)
            raise
        self._forget(key)
        return found

    def _forget(self, last: tuple[str, bool]) -> None:
        """Forget the runs that were asked for longest ago, so that memory and open files stay bounded."""
        with self._lock:
            points = sum(run.points for run in self._runs.values())
            while len(self._runs) > 1 and (points > _MOST_POINTS or len(self._runs) > _MOST_RUNS):
                key, run = self._runs.popitem(last=False)
                if key == last:
                    self._runs[key] = run
                    return
                points -= run.points


def _run_of(folder: Path, of_system: bool) -> _Run:
    return _Run(folder, of_system) if format_of(folder) is None else _ForeignRun(folder, of_system)


class _Run:
    """The files of points of one run."""

    def __init__(self, folder: Path, of_system: bool) -> None:
        self._folder = folder
        self._of_system = of_system
        self._sources: dict[str, _Source] = {}
        self.lock = threading.Lock()
        self.points = 0  # that are in memory

    def read(self, names: Sequence[str]) -> RunColumns:
        """Look at the files, and return what is asked for."""
        spans = {} if self._of_system else superseded(self._folder)
        files = [layout.SYSTEM] if self._of_system else layout.metric_names(self._folder)
        if self._of_system:
            self._folder.stat()  # a run that has gone is not one without samples
        self._sources = {name: self._sources.get(name) or _Source(self._folder / name) for name in files}
        for name, source in self._sources.items():
            source.look(spans.get(name, ()))
        found: dict[str, list[Stretch]] = {name: [] for name in names}
        for source in self._sources.values():
            for name, stretches in source.stretches(names).items():
                found[name] += stretches
        counts: dict[str, int] = {}
        for source in self._sources.values():
            for name, count in source.counts.items():
                counts[name] = counts.get(name, 0) + count
        version = tuple(source.version for source in self._sources.values())
        self.points = sum(source.points for source in self._sources.values())
        return RunColumns(version, counts, {name: Column(parts) for name, parts in found.items() if parts})


class _ForeignRun(_Run):
    """A run that somebody else has written, read by who knows its format."""

    _known: tuple[Any, Mapping[str, Curve]] = (None, {})

    def read(self, names: Sequence[str]) -> RunColumns:
        """Look at the files, and return what is asked for."""
        with os.scandir(self._folder) as entries:  # which are closed though one of them goes meanwhile
            look = tuple(sorted((entry.name, *_look(entry.stat())) for entry in entries))
        if self._known[0] != look:
            format = format_of(self._folder)
            if format is None:
                raise FileNotFoundError(f"{self._folder} is no run any more")
            run = format.open(self._folder)
            self._known = look, run.system() if self._of_system else run.metrics()
        curves = self._known[1]
        self.points = sum(map(len, curves.values()))
        columns = {name: Column([_stretch_of(curves[name])]) for name in names if name in curves}
        return RunColumns((look,), {name: len(curve) for name, curve in curves.items()}, columns)


class _Source:
    """One file of points: columns of what was read and put down, and in memory what has come since."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read_anew(())
        self._open()

    def _read_anew(self, spans: Sequence[Span]) -> None:
        self._base: ColumnFile | None = None
        self._base_end = self._end = 0
        self._tail = Curves()
        self._stretches: dict[str, Stretch] = {}
        self._spans = list(spans)
        self._seen: _Look = (0, 0, 0)
        self._sample = ""

    @property
    def points(self) -> int:
        """How many points are in memory."""
        return sum(map(len, self._tail.values())) + sum(len(found.values) for found in self._stretches.values())

    @property
    def version(self) -> tuple[Any, ...]:
        """What is another one when points have come or gone."""
        return (self._seen[0], self._end, self._seen[2], *self._spans)

    @property
    def counts(self) -> dict[str, int]:
        """How many points each metric has."""
        counts = dict(self._base.counts) if self._base else {}
        for name, curve in self._tail.items():
            counts[name] = counts.get(name, 0) + len(curve)
        return counts

    def stretches(self, names: Sequence[str]) -> dict[str, list[Stretch]]:
        """Return the points of metrics; columns that turn out to be damaged are made anew."""
        try:
            return {name: found for name in names if (found := self._parts(name))}
        except ValueError as problem:
            _log.debug("columns of %s are made anew: %s", self._path, problem)
            spans = self._spans
            self._read_anew(spans)
            self.look(spans)
            return {name: found for name in names if (found := self._parts(name))}

    def _parts(self, name: str) -> list[Stretch]:
        stretch = self._base.stretch(name) if self._base else None
        found = [] if stretch is None else [stretch]
        if name in self._tail:
            known = self._stretches.get(name)
            if known is None or len(known.values) != len(self._tail[name]):
                known = self._stretches[name] = _stretch_of(self._tail[name])
            found.append(known)
        return found

    def look(self, spans: Sequence[Span]) -> None:
        """Look at the file, and read what is new."""
        try:
            is_whole = self._base is None or self._base.is_whole
            if _look(self._path.stat()) == self._seen and list(spans) == self._spans and is_whole:
                return
            with self._path.open("rb") as file:
                now = _look(os.fstat(file.fileno()))
                if not self._is_same(now, spans, file):
                    self._read_anew(spans)
                self._spans = list(spans)
                if now == self._seen:
                    return
                self._read_on()
                self._sample = _sample_of(file, self._end)
        except FileNotFoundError:
            self._read_anew(spans)
            return
        self._seen = now
        if self._end - self._base_end > max(_LEAST, self._base_end // 4):
            self._put_down()

    def _is_same(self, now: _Look, spans: Sequence[Span], file: Any) -> bool:
        """Return whether what was read of the file is what it begins with."""
        if _before(spans, self._end) != _before(self._spans, self._end) or (self._base and not self._base.is_whole):
            return False
        if now == self._seen or not self._end:
            return True
        inode, size, _ = self._seen
        is_longer = now[0] == inode and now[1] > size and now[1] >= self._end
        return is_longer and _sample_of(file, self._end) == self._sample

    def _read_on(self) -> None:
        while True:
            before = self._end
            self._end = read_some(self._path, before, self._tail, self._spans, _PIECE)
            if self._end == before:
                return
            if self._end - self._base_end > _FOLD:
                with self._path.open("rb") as file:
                    self._seen = _look(os.fstat(file.fileno()))
                    self._sample = _sample_of(file, self._end)
                self._put_down()

    def _open(self) -> None:
        """Go on from the columns that were put down earlier, if there are any that can be used."""
        try:
            if self._path.stat().st_size < _LEAST:
                return
            path = curve_file(self._path)
            found = ColumnFile(path)
            facts = found.facts
            end, seen, sample = int(facts["end"]), tuple(map(int, facts["seen"])), str(facts["sample"])
            spans = [(int(begin), int(stop)) for begin, stop in facts["spans"]]
            os.utime(path)
        except FileNotFoundError:
            return
        except (OSError, RuntimeError, ValueError, TypeError, KeyError) as problem:
            _log.debug("columns of %s are left aside: %s", self._path, problem)
            return
        self._base, self._base_end, self._end = found, end, end
        self._seen = (seen[0], seen[1], seen[2])
        self._sample, self._spans = sample, spans

    def _put_down(self) -> None:
        """Write what was read as columns, and map them in place of what is in memory; else it stays there."""
        facts = {"end": self._end, "seen": self._seen, "sample": self._sample, "spans": _before(self._spans, self._end)}
        try:
            path = curve_file(self._path)
            write(path, facts, {name: self._parts(name) for name in self.counts})
            found = ColumnFile(path)
        except (OSError, RuntimeError, ValueError) as problem:
            _log.debug("no columns of %s are kept: %s", self._path, problem)
            return
        if found.facts["end"] != self._end:  # another process was faster, and saw another moment
            return
        self._base, self._base_end = found, self._end
        self._tail, self._stretches = Curves(), {}


def _look(found: os.stat_result) -> _Look:
    return found.st_ino, found.st_size, found.st_mtime_ns


def _before(spans: Sequence[Span], end: int) -> list[Span]:
    """Return the parts of spans that are before a byte."""
    return sorted((begin, min(stop, end)) for begin, stop in spans if begin < end)


def _sample_of(file: Any, end: int) -> str:
    """Return what tells the beginning of a file, and what is before a byte, from others."""
    file.seek(0)
    digest = hashlib.blake2b(file.read(min(end, _SAMPLE)), digest_size=16)
    file.seek(max(0, end - _SAMPLE))
    digest.update(file.read(min(end, _SAMPLE)))
    return digest.hexdigest()


def _stretch_of(curve: Curve) -> Stretch:
    steps, times, values = curve.to_numpy()
    return Stretch.of(_floats(steps), _floats(times), _floats(values))


def _floats(numbers: Array) -> Array:
    try:
        return numbers.astype(numpy.float64)
    except OverflowError:  # whole numbers beyond what a float can be
        return numpy.array([_float(number) for number in numbers], numpy.float64)


def _float(number: int | float) -> float:
    with suppress(OverflowError):
        return float(number)
    return numpy.inf if number > 0 else -numpy.inf
