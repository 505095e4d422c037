"""All that a run records with: the same in its own process, in forked children, and in workers elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from expframe.config.masking import Masking
from expframe.observers.base import Observer
from expframe.observers.fanout import Sinks
from expframe.record.events import Event
from expframe.record.record import Record
from expframe.run.children import ChildCounts
from expframe.run.files import RunFiles
from expframe.run.ledger import Ledger, LiveInfo
from expframe.run.logbook import Logbook
from expframe.run.progress import Progress
from expframe.run.timers import Timers
from expframe.store.reader import StoredRun
from expframe.store.writer import WorkerSink


class Recorder:
    """
    Keeps what a run says, logs and saves.

    Args:
        record: The record with which the run begins, or as a worker was told it.
        masking: What must not be shown.
        observers: Where the facts go; in a worker nowhere else than beside the run's files.
        folder: For a worker the folder of the run's files; None where nothing is kept.
        is_view: Whether this process is a worker: it has no say in the run's end.

    Attributes:
        ledger: The one record.
        sinks: The open sinks of the run's own process.
        files: Its files.
        logbook: Its points and media.
        timers: Its timers.
        progress: Its loops that show how far they are.
        info: Its info.
        children: How often it was asked for which child.
    """

    def __init__(
        self,
        record: Record,
        masking: Masking,
        observers: Sequence[Observer] = (),
        folder: Path | None = None,
        *,
        is_view: bool = False,
    ) -> None:
        self._masking = masking
        self.ledger = Ledger(record, record.id if is_view else None)
        self.sinks = Sinks(observers, self.ledger.say, self.ledger.count_event, masking)
        self.files = RunFiles(self.emit, self.ledger, is_owner=not is_view)
        self.files.folder = folder
        self._sink: Sinks | WorkerSink = WorkerSink(folder, masking) if is_view else self.sinks
        self.logbook = Logbook(self.emit, self.files, self.ledger, unbuffered=is_view)
        self.timers = Timers(self.logbook.log_scalar)
        self.progress = Progress(self.logbook.latest)
        self.info = LiveInfo(self.emit)
        self.children = ChildCounts(self.files, record.attempt)

    def emit(self, event: Event) -> None:
        """Hand on what happened; never raises."""
        self._sink.write(event)
        self.files.keep_readable(event)

    def go_on(self, stored: StoredRun) -> None:
        """Go on after what earlier attempts left."""
        self.logbook.go_on(stored)
        self.files.go_on(stored)
        self.info.go_on(stored.info)
        self.ledger.count("calls", len(stored.calls))

    def forked(self) -> None:
        """Go on in a forked child: it may log and save beside its parent's files."""
        self.files.forked()
        self._sink = WorkerSink(self.files.folder, self._masking)
        self.logbook.forked()
