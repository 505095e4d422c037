"""Record and events to files."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from contextlib import suppress
from copy import copy
from pathlib import Path
from typing import Any

from expframe.config import json_values
from expframe.config.decided import Config
from expframe.config.masking import Masking
from expframe.disk import layout
from expframe.disk.files import append_line, replace_file, write_new
from expframe.observers.base import Observer, Sink
from expframe.observers.door import Door
from expframe.observers.outbox import Outbox
from expframe.process import identity
from expframe.record.events import Beat, Call, Event, File, Info, Media, Points, Series
from expframe.record.metric_file import MetricFile
from expframe.record.record import Record, Status
from expframe.record.summaries import dump
from expframe.store import ids, results
from expframe.store.lease import own_lease
from expframe.store.run_folder import RunFolder


class LocalStore(Observer):
    """
    A folder of runs.

    Args:
        path: The folder; made with its first run.
        beat_interval: Seconds between two signs of life, in case the reader cannot see the process.
    """

    priority = 100
    is_interruptible = False

    def __init__(self, path: Path, beat_interval: float = 10.0) -> None:
        self.path = path
        self.beat_interval = beat_interval

    def open(self, record: Record, config: Config) -> LocalSink:
        """
        Make a run's folder, or open it again for a later attempt or for a run that was queued; write what is known.

        Raises:
            StoreUnusableError: The folder cannot be written.
            RunExistsError: A run of the wanted id exists.
            ResumeError: The run to be resumed goes on in another process.
        """
        was_queued = record.queued is not None and record.status != Status.QUEUED
        if record.id is not None and (record.attempt > 1 or was_queued):
            return self._reopen(self.path / str(record.id), record, config)
        with ids.writing(self.path, ids.NO_RUN):
            folder = ids.make_folder(self.path, record.id)
            try:
                return LocalSink(folder, record._replace(id=folder.name), config, self.beat_interval)
            except BaseException:
                import shutil

                shutil.rmtree(folder, ignore_errors=True)
                raise

    def _reopen(self, folder: Path, record: Record, config: Config) -> LocalSink:
        """Claim a later attempt of a run for this process; what its last checkpoint does not cover is superseded."""
        from expframe.saving import checkpoints
        from expframe.store import attempts, final_record

        began = record.resumed or record.started
        assert began is not None
        with ids.writing(self.path, ids.NO_RUN):
            last = checkpoints.last_of(folder)
            number, step, kept = (last.number, last.step, last.position.sizes) if last else (None, None, {})
            before = final_record.of(folder, json.loads((folder / layout.RECORD).read_bytes()))
            lease = own_lease(self.beat_interval)
            (folder / layout.SUMMARY).unlink(missing_ok=True)  # it knows nothing of what is superseded
            attempts.begin(folder, record.attempt, began.isoformat(), before, number, step, kept, lease)
            replace_file(folder / layout.LEASE, json.dumps(lease._asdict()))
            checkpoints.clear(folder)
            if (folder / layout.OUTPUT).exists():
                whence = f"the checkpoint at step {step}" if last else "the beginning"
                line = f"--- attempt {record.attempt}, from {whence}, {began:%Y-%m-%d %H:%M:%S} UTC ---"
                append_line(folder / layout.OUTPUT, line)
            sink = LocalSink(folder, record, config, self.beat_interval, goes_on=True)
            (folder / layout.RESULT).unlink(missing_ok=True)
            return sink


class LocalSink(Sink):
    """One run's folder."""

    def __init__(
        self, folder: Path, record: Record, config: Config, beat_interval: float, *, goes_on: bool = False
    ) -> None:
        self.id: str = folder.name
        self._place = RunFolder(folder, record.uid)
        self._record: Record | None = None
        self._result: tuple[Any, Any] = (None, None)
        self._covered: dict[str, int] = {}
        self._appended = _Appended(self._place)
        self._metrics = self._appended.metrics
        if goes_on:
            self._go_on(config)
        else:
            own_lease(beat_interval).write(folder / layout.LEASE)
            write_new(folder / layout.CONFIG, json_values.dump_plain(config.to_json()))
        self._write_record(record)

    @property
    def folder(self) -> Path:  # type: ignore[override]
        """Where the run's folder is, or was when it was seen last."""
        return self._place.last

    def _go_on(self, config: Config) -> None:
        """Go on after what earlier attempts wrote."""
        from expframe.store import attempts

        self._metrics.go_on(attempts.superseded(self.folder).get(layout.METRICS, ()))
        data = config.to_json()
        if json.loads((self.folder / layout.CONFIG).read_bytes())["values"] != data["values"]:
            replace_file(self.folder / layout.CONFIG, json_values.dump_plain(data))

    def write(self, event: Event) -> None:
        """Store one event."""
        if isinstance(event, Info):
            replace_file(self._place.now() / layout.INFO, json_values.dump(event.info))
        elif isinstance(event, Beat):
            os.utime(self._place.now() / layout.LEASE)
            self._write_record(event.record)
            self._write_summaries()
        else:
            self._appended.write(event)

    def close(self, record: Record) -> None:
        """Write the final record and give up the lease; what storage refused of that is done when called again."""
        self._write_summaries(of_workers=layout.worker_metrics(self._place.now()))
        self._write_record(record)
        self._metrics.close()
        with suppress(OSError):  # nobody asks for it any more
            (self._place.now() / layout.LEASE).unlink(missing_ok=True)
        self._place.close()

    def leave(self, record: Record) -> str:
        """Leave the final record beside the one that cannot be replaced, or else in the system's temporary folder."""
        from expframe.store import final_record

        try:
            content = self._content_of(record)
        except OSError:  # a large result has a file of its own
            lost = f"the result could not be stored in {self.folder}"
            content = self._content_of(record._replace(result=None, problems=(*record.problems, lost)))
        try:
            folder = self._place.now()
        except OSError:
            return final_record.of_moved(self.folder, record.uid, content)
        finally:
            self._place.close()
        said = final_record.beside(folder, record.uid, content)
        with suppress(OSError):
            (folder / layout.LEASE).unlink(missing_ok=True)
        return said

    def _write_record(self, record: Record) -> None:
        rest = record._replace(result=None)  # a result need not be able to tell whether it is another one
        if rest != self._record or record.result is not self._result[0]:
            replace_file(self._place.now() / layout.RECORD, self._content_of(record))
            self._record = rest

    def _content_of(self, record: Record) -> bytes:
        """Return a record as it is stored; what of the result is too large for it is stored at once."""
        data = record._replace(result=None).to_json()
        data["result"] = self._store_result(record.result)
        return json_values.dump_plain(data)

    def _store_result(self, value: Any) -> Any:
        """Store what of a result is too large for the record, and return what stands there, as plain JSON data."""
        if value is not self._result[0]:
            result = results.stored(value, json_values.to_json(value))
            if result.content is not None:
                replace_file(self._place.now() / layout.RESULT, result.content)
            self._result = value, result.in_record
        return self._result[1]

    def _write_summaries(self, of_workers: Sequence[Path] = ()) -> None:
        """Write down what the points come to, in the end those of workers too."""
        summaries = self._metrics.summaries
        covered = {self._metrics.path.name: self._metrics.size}
        if of_workers:
            from expframe.record.curves import summarize
            from expframe.store import attempts

            summaries = {name: copy(summary) for name, summary in summaries.items()}  # this may be done again
            without = attempts.superseded(self._place.now())
            for path in of_workers:
                covered[path.name] = summarize(path, 0, summaries, without.get(path.name, ()))
        if summaries and covered != self._covered:
            replace_file(self._place.now() / layout.SUMMARY, dump(summaries, covered))
            self._covered = covered


class _Appended:
    """
    The files of a run that only grow.

    Args:
        place: The run's folder.
        process: What no other process is called, where this is not the run's own: each has files of its own, since
            storage that machines share may put what two append to one file over each other.
    """

    def __init__(self, place: RunFolder, process: str = "") -> None:
        self._place = place
        self._process = process
        self.metrics = MetricFile(place.last / self._own(layout.METRICS))

    def _own(self, name: str) -> str:
        return layout.of_process(name, self._process) if self._process else name

    def write(self, event: Event) -> None:
        """Store an event. The paths of files are noted from the run's folder on, so that the store can be moved."""
        if isinstance(event, Points | Series):
            if not self.metrics.is_open:
                self.metrics.path = self._place.now() / self.metrics.path.name
            self.metrics.write(event)
        elif isinstance(event, File):
            data = json_values.to_json(event._asdict())
            self._append(layout.FILES, {**data, "path": os.path.relpath(event.path, self._place.now())})
        elif isinstance(event, Media):
            from expframe.record.media import to_line

            folder = self._place.now()
            append_line(folder / self._own(layout.MEDIA), to_line(event, folder))
        elif isinstance(event, Call):
            self._append(layout.CALLS, event.to_json())

    def _append(self, name: str, data: Any) -> None:
        append_line(self._place.now() / self._own(name), json_values.dump_plain(data, indent=None).decode())


class WorkerSink:
    """
    Takes the events of a run in another process than the run's own: appended beside its files.

    Args:
        folder: The run's folder; None where nothing is kept.
        masking: What must not be written.
    """

    def __init__(self, folder: Path | None, masking: Masking) -> None:
        self._door = Door(masking)
        self._files = _WorkerFiles(folder) if folder else None
        self._outbox = Outbox(self._files, _say) if self._files else None

    def write(self, event: Event) -> None:
        """Store an event; a fault is said on standard error and never raised."""
        if self._outbox is not None and isinstance(event, Points | Series | File | Media | Call):
            self._outbox.write(self._door.event(event))

    def catch_up(self) -> bool:
        """Hand on what waits for storage that failed; return whether nothing does any more."""
        return self._outbox is None or self._outbox.catch_up()

    def end(self) -> None:
        """Close the file of metrics."""
        if self._files is not None:
            self._files.end()


class _WorkerFiles(Sink):
    """The files of a run that its other processes write."""

    def __init__(self, folder: Path) -> None:
        self.folder: Path = folder
        self._place = RunFolder(folder)
        self._appended = _Appended(self._place, identity.process_name())

    def write(self, event: Event) -> None:
        """Store an event."""
        self._appended.write(event)

    def end(self) -> None:
        """Close the file of points."""
        self._appended.metrics.close()
        self._place.close()

    def close(self, record: Record) -> None:
        """Do nothing: the record is the run's own process's to write."""


def _say(problem: str) -> None:
    import logging

    logging.getLogger("expframe").warning("%s", problem)
