"""All that a run records with: the same in its own process, in forked children, and in workers elsewhere."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from expframe.config.decided import Config
from expframe.config.masking import Masking
from expframe.config.options import Options
from expframe.config.request import Request
from expframe.observers.base import Observer
from expframe.observers.fanout import Sinks
from expframe.process import context
from expframe.process.output.capture import default_mode
from expframe.record.events import Event
from expframe.record.record import Record
from expframe.run.children import ChildCounts
from expframe.run.files import RunFiles
from expframe.run.ledger import Ledger, LiveInfo, first_record, next_record
from expframe.run.logbook import Logbook
from expframe.run.progress import Progress
from expframe.run.setup import Setup
from expframe.run.timers import Timers
from expframe.store.salt import salt_of
from expframe.store.writer import LocalStore, WorkerSink

if TYPE_CHECKING:
    from expframe.run.resume import Resumed
    from expframe.store.reader import StoredRun


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
        masking: What of it is secret.
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
        self.masking = masking
        self.ledger: Final = Ledger(record, record.id if is_view else None)
        self.sinks: Final = Sinks(observers, self.ledger.say, self.ledger.count_event, masking)
        self.files: Final = RunFiles(self.emit, self.ledger, is_owner=not is_view)
        self.files.folder = folder
        self._sink: Sinks | WorkerSink = WorkerSink(folder, masking) if is_view else self.sinks
        self.logbook: Final = self._open_logbook(unbuffered=is_view)
        self.timers: Final = Timers(self.logbook.log_scalar)
        self.progress: Final = Progress(self.logbook.latest)
        self.info: Final = LiveInfo(self.emit)
        self.children: Final = ChildCounts(self.files, record.attempt)

    def _open_logbook(self, *, unbuffered: bool) -> Logbook:
        return Logbook(self.emit, self.files, self.ledger, unbuffered=unbuffered)

    def emit(self, event: Event) -> None:
        """Hand on what happened; never raises."""
        self._sink.write(event)
        self.files.keep_readable(event)

    def catch_up(self) -> bool:
        """Hand on what waits for storage that failed; return whether nothing does any more. Never raises."""
        return self._sink.catch_up()

    def go_on(self, stored: StoredRun) -> None:
        """Go on after what earlier attempts left."""
        self.logbook.go_on(stored)
        self.files.go_on(stored)
        self.info.go_on(stored.info)
        self.ledger.count("calls", len(stored.calls))

    def forked(self) -> None:
        """Go on in a forked child: it may log and save beside its parent's files."""
        self.files.forked()
        self._sink = WorkerSink(self.files.folder, self.masking)
        self.logbook.forked()


def masking_of(config: Config, options: Options, observers: Sequence[Observer] = ()) -> Masking:
    """Return what of a run is secret, told from other secrets by the salt of its store."""
    stores = [observer.path for observer in observers if isinstance(observer, LocalStore)]
    salt = partial(salt_of, stores[0], make=True) if stores else None
    return Masking((config.values, dict(options.extra)), config.names, words=sys.argv, salt=salt)


def first_recorder(
    setup: Setup, command: str, request: Request, config: Config, parent: Any, resumed: Resumed | None
) -> Recorder:
    """
    Return what a run records with, and its record as it begins.

    Args:
        setup: What runs of its experiment share.
        command: The command.
        request: What was asked.
        config: The decided values.
        parent: The run around it, or None.
        resumed: The run that is taken up; None in a first attempt.
    """
    masking = masking_of(config, request.options, setup.observers)
    if resumed is not None:
        record = next_record(resumed.record, resumed.attempt, request, masking)
    else:
        name, around = request.options.name or setup.name, parent.record if parent else None
        record = first_record(os.urandom(16).hex(), name, command, request, config.get("seed"), around, masking)
    recorder = Recorder(record._replace(capture=_capture_mode(setup, request, parent)), masking, setup.observers)
    recorder.info.value.update(request.info)
    return recorder


def _capture_mode(setup: Setup, request: Request, parent: Any) -> str:
    if not setup.observers or request.options.queue:
        return "no"
    is_first = parent is None and not context.active()
    return request.options.capture or default_mode(command_line=setup.is_command_line, first=is_first)
