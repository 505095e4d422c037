"""What a trial tells of itself while it runs, and what it is told: to stop, or that others do better."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from expframe.config.decided import Config
from expframe.disk import layout
from expframe.observers.base import Observer, Sink
from expframe.process import context
from expframe.record.events import Event, Points, Series
from expframe.record.record import Failure, Record, Status
from expframe.store import rows
from expframe.store.search.goals import numbers_of
from expframe.store.sweeps.claims import Claims
from expframe.store.sweeps.journal import Journal
from expframe.store.sweeps.trials import is_to_stop
from expframe.sweep.pruning import Pruner

_PAUSE = 0.5
"""Seconds between two looks at whether the trial is to stop."""

_LONGEST = 500
"""More characters of an error are not noted."""

Tell = Callable[[Mapping[str, Any]], None]
"""Takes what happens to a trial, as plain data, for those who watch."""


class TrialObserver(Observer):
    """
    Notes the run of one attempt of a trial; of runs inside it nothing.

    Args:
        sweep: The folder of the sweep's run.
        claims: Its claims, of which this process has one.
        journal: Where it is noted.
        number: The number of the trial.
        attempt: The number of its attempt.
        words: What the trial is to be told from others by, for those who watch.
        fields: The fields of the run that the sweep is about.
        tell: Takes what happens.
        yields: Whether others may go on at once when it is interrupted.

    Attributes:
        pruner: Judges the points that are logged; None where nobody asks.
    """

    priority = 50
    is_interruptible = False

    def __init__(
        self,
        sweep: Path,
        claims: Claims,
        journal: Journal,
        number: int,
        attempt: int,
        words: str,
        fields: tuple[str, ...],
        tell: Tell,
        *,
        yields: bool = False,
    ) -> None:
        self.sweep = sweep
        self.claims = claims
        self.journal = journal
        self.number = number
        self.attempt = attempt
        self.words = words
        self.fields = fields
        self.tell = tell
        self.yields = yields
        self.pruner: Pruner | None = None

    def open(self, record: Record, config: Config) -> Sink:
        """Note which run does the trial, before its work begins."""
        if record.sweep.get("trial") != self.number:
            return _Nothing(self.sweep)
        return TrialSink(self, record)

    def note_start(self, run: str) -> None:
        """Note which run does the attempt, and tell those who watch."""
        self.claims.note_run(self.number, self.attempt, run)
        self.journal.note("started", self.number, self.attempt, run=run)
        self.tell({"event": "started", **self.place, "run": run})

    def is_to_stop(self) -> bool:
        """Return whether somebody has asked that the trial stops, or has taken it over."""
        return is_to_stop(self.sweep, self.number) or self.claims.is_taken(self.number, self.attempt + 1)

    def note_end(self, status: str, run: str, **facts: Any) -> None:
        """Note how the attempt ended, and tell those who watch."""
        self.journal.note("ended", self.number, self.attempt, status=status, run=run or None, **facts)
        self.tell({"event": "ended", **self.place, "run": run, "status": status, **facts})

    @property
    def place(self) -> dict[str, Any]:
        """Which attempt of which trial it is, for those who watch."""
        return {"trial": self.number, "attempt": self.attempt, "words": self.words}


class _Nothing(Sink):
    """Takes nothing."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, event: Event) -> None:
        """Leave it."""

    def close(self, record: Record) -> None:
        """Leave it."""


class TrialSink(Sink):
    """One attempt of a trial while it runs."""

    def __init__(self, of: TrialObserver, record: Record) -> None:
        self.folder: Path = of.claims.path(of.number, of.attempt)
        self._of = of
        self._uid = record.uid
        self._began = time.monotonic()
        self._was_stopped = False
        self._checkpoints = _checkpoints(of.sweep.parent / str(record.id))
        of.note_start(str(record.id or ""))
        self._over = threading.Event()
        self._watch = threading.Thread(target=self._look, name="expframe-stop", daemon=True)
        self._watch.start()

    def write(self, event: Event) -> None:
        """Look whether the trial is to be pruned, by what it logs."""
        pruner = self._of.pruner
        if pruner is not None and isinstance(event, Points | Series) and pruner.report(event):
            self._stop(Status.PRUNED)

    def _look(self) -> None:
        """Look again and again whether the trial is to stop, whatever it does meanwhile, and tell it once."""
        while not self._over.wait(_PAUSE):
            if self._of.is_to_stop() and self._stop(Status.INTERRUPTED):
                return

    def close(self, record: Record) -> None:
        """Note how it ended, and what the sweep is about."""
        of = self._of
        self._over.set()
        run = str(record.id or "")
        seconds = round(time.monotonic() - self._began, 4)
        values = numbers_of(of.sweep.parent / run, of.fields)
        rung = of.pruner.rung if of.pruner is not None and record.status == Status.PRUNED else None
        facts: dict[str, Any] = {"error": error_of(record.failure), "rung": rung and [*rung]}
        if of.yields and record.status == Status.INTERRUPTED and not self._was_stopped:
            facts["yielded"] = _checkpoints(of.sweep.parent / run) != self._checkpoints
        of.note_end(record.status, run, values=values, seconds=seconds, **facts)

    def _stop(self, status: str) -> bool:
        """Ask the trial's run to end; return whether it is there by now."""
        self._was_stopped = True
        found = [run for run in context.active() if run.uid == self._uid]
        for run in found:
            run.stop(status)
        return bool(found)


def _checkpoints(run: Path) -> list[str]:
    try:
        return sorted(os.listdir(run / layout.CHECKPOINTS_FOLDER))
    except OSError:
        return []


def error_of(failure: Failure | None) -> str | None:
    """Return what is said of a failure in a line; None for none."""
    return None if failure is None else failure.line[:_LONGEST]


def end_of(folder: Path, fields: tuple[str, ...]) -> dict[str, Any]:
    """Return what the files of a run say of its end, as whoever does a trial notes it: values, error, seconds."""
    row = rows.read(folder, ())
    if row is None:
        return {}
    seconds = None if row.duration is None else round(row.duration, 4)
    return {"values": numbers_of(folder, fields), "error": error_of(row.failure), "seconds": seconds}
