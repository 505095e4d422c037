"""Files to StoredRun. Reading never executes code and never writes into a run."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar, overload

from expframe.config import dotted, json_values
from expframe.config.decided import Config
from expframe.disk import layout
from expframe.disk.files import inside, read_whole, whole_lines
from expframe.errors import ExpframeError, RunNotFoundError, ValueFormatError
from expframe.process.terminal import collapse
from expframe.record.curves import Curve, Curves, read_files
from expframe.record.events import Call, File, Media
from expframe.record.html import table
from expframe.record.record import Record, Recorded, Status
from expframe.record.summaries import Summary
from expframe.saving import checkpoints
from expframe.saving.checkpoints import Checkpoint
from expframe.saving.files import Notes, load
from expframe.store import attempts, final_record, ids, lease, results
from expframe.store.attempts import Attempt
from expframe.store.foreign import format_of
from expframe.store.index import newest_first, rows
from expframe.store.points import curves_of, media_of, summaries_of
from expframe.store.sweeps.plan_file import is_sweep
from expframe.store.sweeps.stored import StoredSweep

T = TypeVar("T")


@dataclass(frozen=True)
class StoredRun(Recorded):
    """
    A run read back from its folder.

    Attributes:
        folder: Where it is.
    """

    folder: Path

    @property
    def id(self) -> str:
        """The run's id: the name of its folder."""
        return self.folder.name

    @property
    def dir(self) -> Path:
        """The folder, by the name that a live run has for it too."""
        return self.folder

    @property
    def record(self) -> Record:
        """The facts as they are now; a run that says RUNNING and whose process is gone is DIED."""
        record = self._read_record()
        if record.status != Status.RUNNING or lease.is_alive(self.folder):
            return record
        again = self._read_record()  # it may just have ended
        return again._replace(status=Status.DIED) if again.status == Status.RUNNING else again

    @property
    def store(self) -> Path:
        """The folder of runs that it is in."""
        return self.folder.parent

    @property
    def seed(self) -> Any:
        """The seed of all its random numbers."""
        return self.record.seed

    @cached_property
    def config(self) -> Config:
        """
        The decided values; secrets stand as eight stars, told from each other by fingerprints.

        Raises:
            ValueFormatError: The file is damaged, or gone.
        """
        try:
            return self._read(layout.CONFIG, Config.from_json)
        except FileNotFoundError as problem:
            subject = f"config of run {self.id} ({self.folder / layout.CONFIG})"
            raise ValueFormatError(subject, "cannot be read (it is not there).") from problem

    @property
    def result(self) -> Any:
        """What the command returned; of a large one, `record.result` has the shape only."""
        found = self.record.result
        return results.read(self.folder) if results.is_elsewhere(found) else found

    @property
    def info(self) -> dict[str, Any]:
        """The run's info as it was last stored."""
        try:
            return self._read(layout.INFO, lambda data: dict(json_values.from_json(data)))
        except FileNotFoundError:
            return {}

    @property
    def files(self) -> list[File]:
        """Saved files, artifacts and resources in the order they were added."""
        found = []
        parts = layout.names_of(self.folder, layout.FILES)
        for line in self._lines(parts):
            try:
                found.append(self._file(json_values.load(line)))
            except (ValueError, TypeError, KeyError, RecursionError):
                continue  # a damaged line
        return found if len(parts) == 1 else sorted(found, key=lambda file: file.time)

    def _lines(self, names: Iterable[str]) -> Iterator[bytes]:
        return chain.from_iterable(whole_lines(self.folder / name) for name in names)

    def _file(self, data: dict[str, Any]) -> File:
        """Return what a line says of a file, which is in the run or among what all runs of the store share."""
        path = os.path.normpath(self.folder / data["path"])
        found = File(**{**data, "path": path})
        texts = (found.kind, found.name, found.digest)
        if not all(isinstance(text, str) for text in texts) or not isinstance(found.metadata, Mapping):
            raise TypeError("no file")
        if not isinstance(found.size, int) or not isinstance(found.time, int | float):
            raise TypeError("no size or time")
        if not 0 <= found.size <= sys.maxsize or abs(found.time) > sys.maxsize:
            raise ValueError("no size or time")
        if not Path(path).is_relative_to(os.path.normpath(self.store)):
            raise ValueError("it leads out of the store")
        return found

    @property
    def calls(self) -> list[Call]:
        """The calls of a run that was called many times, in the order in which they ended."""
        found = []
        parts = layout.names_of(self.folder, layout.CALLS)
        for line in self._lines(parts):
            try:
                found.append(Call.from_json(json.loads(line)))
            except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
                continue  # a damaged line
        return found if len(parts) == 1 else sorted(found, key=lambda call: call.ended)

    @overload
    def metrics(self, name: str) -> Curve: ...

    @overload
    def metrics(self, name: None = None) -> Curves: ...

    def metrics(self, name: str | None = None) -> Curve | Curves:
        """
        Return the points of one metric as a Curve, or of all by name.

        Raises:
            KeyError: There is no metric of this name.
        """
        curves = curves_of(self.folder, f"Run {self.id}")
        return curves if name is None else curves[name]

    @property
    def summaries(self) -> Mapping[str, Summary]:
        """For each metric its count, first, last, smallest and greatest value and mean."""
        return summaries_of(self.folder)

    def media(self, name: str | None = None) -> list[Media]:
        """Return the tables, histograms, texts, images and figures that were logged, all or of one name, in order."""
        return media_of(self.folder, name)

    @overload
    def system(self, name: str) -> Curve: ...

    @overload
    def system(self, name: None = None) -> Curves: ...

    def system(self, name: str | None = None) -> Curve | Curves:
        """
        Return what was sampled of the machine, one curve by its name or all: sampled every few seconds in long runs.

        Names are `cpu`, `memory/percent`, `process/cpu` and `gpu/0/use` in percent (of one core for the process),
        `memory/used`, `process/memory` and `gpu/0/memory` in bytes, `disk/read`, `disk/written`, `network/received`
        and `network/sent` in bytes per second, `gpu/0/power` in watts.

        Raises:
            KeyError: There is no such curve.
        """
        curves = read_files([self.folder / layout.SYSTEM], f"Run {self.id}", "sample")
        return curves if name is None else curves[name]

    @property
    def output_path(self) -> Path:
        """The file of what was printed, raw; it need not be there."""
        return self.folder / layout.OUTPUT

    def output(self, *, raw: bool = False) -> str:
        """Return what was printed: as a terminal shows it in the end, or raw."""
        try:
            text = read_whole(self.output_path).decode("utf-8", "replace")
        except FileNotFoundError:
            return ""
        return text if raw else collapse(text)

    @property
    def attempts(self) -> list[Attempt]:
        """The second and later attempts of a run that was resumed, in order."""
        return attempts.read(self.folder)

    @property
    def checkpoints(self) -> list[Checkpoint]:
        """The checkpoints that the run kept, the first one first."""
        return checkpoints.all_of(self.folder)

    def last_checkpoint(self) -> Checkpoint | None:
        """Return the last checkpoint that the run kept; None where there is none."""
        return checkpoints.last_of(self.folder)

    def path(self, *parts: str | os.PathLike[str]) -> Path:
        """
        Return the path of one of the run's files, or of their folder.

        Raises:
            EscapingPathError: The name leads out of the folder.
        """
        base = self.folder / layout.FILES_FOLDER
        return inside(base, *parts) if parts else base

    def load(self, name: str | os.PathLike[str], *, trust: bool = False, method: str | None = None) -> Any:
        """
        Return the object that the run saved under a name.

        Args:
            name: Its name in the run; the extension may be left out where only one file is meant.
            trust: Whether code that the file holds may be executed. Without it pickles are refused, and objects in
                JSON come back as inert References.
            method: The saver to be used, by its name; by default the one that wrote it, or the extension's.

        Raises:
            StoreError: There is no such file, nobody reads it, or only with trust.
            ValueFormatError: The file is damaged.
            EscapingPathError: The name leads out of the run's files.
        """
        return load(self.folder, name, self._notes, trust=trust, method=method)

    @cached_property
    def _notes(self) -> Notes:
        return Notes()

    @property
    def children(self) -> list[StoredRun]:
        """The runs that were started inside this one, in order of their start."""
        own, store = self.record.uid, self.folder.parent
        found = [row for row in rows(store, ids.run_ids(store), ()) if row.record and row.record["parent"] == own]
        return [open_run(store / row.id) for row in sorted(found, key=lambda row: row.order)]

    @property
    def sweep(self) -> StoredSweep | None:
        """What it does and what came of it as a sweep; None where it is none. Its trials are its children."""
        return StoredSweep(self.folder) if is_sweep(self.folder) else None

    @property
    def root(self) -> StoredRun:
        """
        The outermost of the runs around this one, or the run itself.

        Raises:
            RunNotFoundError: That run is in this store no more.
        """
        record = self.record
        return self if record.root in (record.uid, "") else self._of_uid(record.root)

    @property
    def parent(self) -> StoredRun | None:
        """
        The run that it was started in; None where there is none.

        Raises:
            RunNotFoundError: That run is in this store no more.
        """
        uid = self.record.parent
        return None if uid is None else self._of_uid(uid)

    def _of_uid(self, uid: str) -> StoredRun:
        everything = newest_first(self.store)
        for row in everything:
            if row.record and row.record["uid"] == uid:
                return open_run(self.store / row.id)
        raise RunNotFoundError(uid, str(self.store), tuple(row.id for row in everything[:10]))

    def _read_record(self) -> Record:
        return self._read(layout.RECORD, lambda data: Record.from_json(final_record.of(self.folder, data)))

    def _read(self, name: str, make: Callable[[Any], T]) -> T:
        """Return what a JSON file of the run says."""
        path = self.folder / name
        try:
            return make(json.loads(read_whole(path)))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as problem:
            what = " ".join(f"{type(problem).__name__}: {problem}".split())
            raise ValueFormatError(f"run {self.id} ({path})", f"cannot be read ({what}).") from problem

    def _repr_html_(self) -> str:
        """Return its facts, config and metrics as tables, which notebooks show."""
        record = self.record
        facts = [
            *[(name, getattr(record, name)) for name in ("name", "command", "status", "started", "duration", "tags")],
            *[(name, getattr(record, name)) for name in ("comment", "result")],
            *[(dotted.name(path), value) for path, value in dotted.walk(self.config.values)],
        ]
        rows = [(name, value) for name, value in facts if not _is_empty(value)]
        html = table(("", f"run {self.id}"), rows)
        metrics = [(name, s.count, s.last, s.min, s.max) for name, s in self.summaries.items()]
        return html + (table(("metric", "count", "last", "min", "max"), metrics) if metrics else "")

    def __repr__(self) -> str:
        try:
            status = self.status
        except (ExpframeError, OSError):
            status = "that cannot be read:"
        return f"<StoredRun {self.id} {status} {self.folder}>"


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, tuple) and not value)


def open_run(folder: Path) -> StoredRun:
    """Return the run of a folder, whoever has written it."""
    other = format_of(folder)
    if other is None:
        return StoredRun(folder)
    found: StoredRun = other.open(folder)
    return found
