"""Record and events to files."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

from expframe.config import values
from expframe.config.model import Config
from expframe.disk import append_line, replace_file
from expframe.errors import StoreUnusableError
from expframe.metrics import MetricFile
from expframe.observers.base import Observer, Sink
from expframe.record import Beat, Event, File, Info, Points, Record, Series
from expframe.store import layout


@dataclass(frozen=True)
class LocalStore(Observer):
    """
    A folder of runs.

    Attributes:
        path: The folder; made with its first run.
        beat_interval: Seconds between two signs of life, in case the reader cannot see the process.
    """

    path: Path
    beat_interval: float = 10.0
    priority = 100

    def open(self, record: Record, config: Config) -> LocalSink:
        """
        Make a run's folder and write down what is known.

        Raises:
            StoreUnusableError: The folder cannot be written.
            RunExistsError: A run of the wanted id exists.
        """
        folder = layout.make_folder(self.path, record.id)
        try:
            return LocalSink(folder, replace(record, id=folder.name), config, self.beat_interval)
        except OSError as problem:
            reason = problem.strerror or str(problem)
            raise StoreUnusableError(
                f"store {self.path}", f"cannot be written ({reason}). Run not started."
            ) from problem


class LocalSink(Sink):
    """One run's folder."""

    def __init__(self, folder: Path, record: Record, config: Config, beat_interval: float) -> None:
        self.folder: Path = folder
        self.id = folder.name
        self._record: Record | None = None
        self._metrics = MetricFile(folder / layout.METRICS)
        layout.own_lease(beat_interval).write(folder / layout.LEASE)
        replace_file(folder / layout.CONFIG, values.dump_plain(config.to_json()))
        self._write_record(record)

    def write(self, event: Event) -> None:
        """Store one event."""
        if isinstance(event, Points | Series):
            self._metrics.write(event)
        elif isinstance(event, File):
            append_line(self.folder / layout.FILES, values.dump(dict(event.__dict__), indent=None).decode())
        elif isinstance(event, Info):
            replace_file(self.folder / layout.INFO, values.dump(event.info))
        elif isinstance(event, Beat):
            os.utime(self.folder / layout.LEASE)
            self._write_record(event.record)

    def close(self, record: Record) -> None:
        """Write the final record; the lease is given up."""
        self._metrics.close()
        self._write_record(record)
        (self.folder / layout.LEASE).unlink(missing_ok=True)

    def _write_record(self, record: Record) -> None:
        if record != self._record:
            replace_file(self.folder / layout.RECORD, values.dump_plain(record.to_json()))
            self._record = record
