"""Runs that wait in a store, done one after the other: those of the highest priority first."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import NamedTuple

from expframe.errors import WorkError
from expframe.process.signals import handling
from expframe.record.record import Record, Status
from expframe.store.reader import StoredRun
from expframe.store.search.collection import Runs
from expframe.sweep.executors import work_environment
from expframe.sweep.sink import Tell


class QueueDone(NamedTuple):
    """
    What came of runs that waited.

    Attributes:
        done: How many were done.
        failed: How many of them did not come to a good end, or could not be begun.
        code: The exit code: 0, 1 where one failed, 130 and 143 after signals.
    """

    done: int
    failed: int
    code: int


class QueueWorker:
    """
    Does the QUEUED runs of a store, each in a process of its own.

    Args:
        store: The folder of runs.
        tell: Takes what happens.
        most_seconds: After so long it begins no run; None for no end.
    """

    def __init__(self, store: Path, tell: Tell, most_seconds: float | None = None) -> None:
        self._store = store
        self._tell = tell
        self._until = None if most_seconds is None else time.monotonic() + most_seconds
        self._signals = 0
        self._code = 0
        self._child: subprocess.Popen[bytes] | None = None

    def work(self) -> QueueDone:
        """Do runs until none waits, or until it is to stop."""
        done = failed = 0
        tried: set[str] = set()
        with handling(self._take):
            while not self._signals and (self._until is None or time.monotonic() < self._until):
                run = next((run for run in queued(self._store) if run.uid not in tried), None)
                if run is None:
                    break
                tried.add(run.uid)
                if (is_good := self._do(run)) is not None:
                    done, failed = done + 1, failed + (not is_good)
        return QueueDone(done, failed, self._code or int(failed > 0))

    def _do(self, run: StoredRun) -> bool | None:
        """Do a run, and return whether it came to a good end; None where somebody else has begun it."""
        try:
            words, folder = command_of(run)
        except WorkError as problem:
            self._tell({"event": "ended", "run": run.id, "status": Status.QUEUED, "error": str(problem)})
            return False
        self._tell({"event": "started", "run": run.id, "words": " ".join(run.record.overrides)})
        self._child = subprocess.Popen(
            words,
            cwd=folder,
            env={**os.environ, **work_environment()},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            process_group=0,
        )
        _, said = self._child.communicate()
        self._child = None
        status = run.status
        if status == Status.RUNNING:
            return None
        error = (said.decode("utf-8", "replace").strip().splitlines() or [""])[-1] if status == Status.QUEUED else None
        failure = run.record.failure
        error = failure.line if failure is not None else error
        self._tell({"event": "ended", "run": run.id, "status": status, "error": error, "seconds": run.record.duration})
        return status == Status.COMPLETED

    def _take(self, number: int, _frame: FrameType | None) -> None:
        """Begin no run after Ctrl-C; interrupt the one that goes on when it comes again, and at once after SIGTERM."""
        self._signals += 1 if number == signal.SIGINT else 2
        self._code = 128 + number
        if self._signals > 1 and self._child is not None:
            with suppress(ProcessLookupError):
                self._child.send_signal(signal.SIGTERM)


def queued(store: Path) -> Iterator[StoredRun]:
    """Yield the runs that wait: those of the highest priority first, and of these the oldest."""
    found = [(run, run.record) for run in Runs(store).where("status == 'QUEUED'")]
    for run, _ in sorted(found, key=lambda pair: (-_priority(pair[1]), str(pair[1].queued))):
        yield run


def _priority(record: Record) -> float:
    given = record.options.get("priority")
    return float(given) if isinstance(given, int | float) else 0.0


def command_of(run: StoredRun) -> tuple[list[str], str]:
    """
    Return the command line that begins a run which waits, and its working directory.

    Raises:
        WorkError: It was queued by no script, or that is not there.
    """
    record = run.record
    words = list(record.argv[:1])
    script = Path(record.cwd, words[0]) if words else None
    if record.module is None and (script is None or not script.is_file()):
        raise WorkError(f"run {run.id}", f"cannot be begun here: its script {script or 'is unknown'} is not there.")
    start = ["-m", record.module] if record.module else [str(script)]
    folder = record.cwd if Path(record.cwd).is_dir() else os.curdir
    return [sys.executable, *start, record.command, "--resume", run.id, "-F", str(run.store)], folder
