"""Runs that wait for their turn: what was asked for, done in order, and what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from logging import Logger
from typing import Any, NamedTuple

from expframe.config.json_values import short_repr
from expframe.config.masking import MASKING
from expframe.config.request import Request
from expframe.errors import OptionError, QueueError, Terminated
from expframe.record.record import Status
from expframe.run.run import Run

_BEFORE = "was done before"
"""The outcome of a task that a completed run made needless."""


class TaskResult(NamedTuple):
    """
    What came of one task.

    Attributes:
        number: Its place, from 1.
        command: What was run.
        id: The run's id; None where nothing is kept, or where it was refused.
        status: How the run ended.
        seconds: How long it took.
        result: What it returned.
        error: What it raised.
        outcome: Result or error as a short text, without secrets.
    """

    number: int
    command: str
    id: str | None
    status: str
    seconds: float
    result: Any = None
    error: BaseException | None = None
    outcome: str = ""

    @property
    def has_failed(self) -> bool:
        """Whether it ended as anything else than COMPLETED."""
        return self.status != Status.COMPLETED


class TaskQueue:
    """
    Tasks in the order in which they are to be run.

    Args:
        prepare: Makes a run, which is not started, of what was asked for.
        log: Where progress is told.
    """

    def __init__(self, prepare: Callable[[Request], Run], log: Logger) -> None:
        self._prepare = prepare
        self._log = log
        self._tasks: list[Request] = []
        self._unchecked: list[Request] = []

    def __len__(self) -> int:
        return len(self._tasks)

    def add(self, asked: Request) -> None:
        """
        Add a task.

        Raises:
            ExpframeError: It cannot be run: there is no such command or entry, or an argument is missing.
        """
        if asked.options.dry_run:
            raise OptionError("--dry-run", "is for a run that is looked at now, not for one that waits.")
        self._check(asked)
        self._tasks.append(asked)

    def add_unchecked(self, asked: Request) -> None:
        """Add a task whose command may not be there yet; it is checked before the first task is run."""
        self._tasks.append(asked)
        self._unchecked.append(asked)

    def run(self, on_error: str = "continue") -> list[TaskResult]:
        """
        Run the tasks in order and return what came of each.

        Args:
            on_error: "continue" with the next task after one that failed, or "stop"; what was not run stays queued.

        Raises:
            OptionError: `on_error` is something else.
            ExpframeError: A task cannot be run; none was.
            QueueError: A task failed; the error holds all results.
        """
        if on_error not in ("continue", "stop"):
            raise OptionError(f"on_error={on_error!r}", "must be 'continue' or 'stop'.")
        while self._unchecked:
            self._check(self._unchecked[0])
            del self._unchecked[0]
        results: list[TaskResult] = []
        try:
            while self._tasks and not (on_error == "stop" and results and results[-1].has_failed):
                number, total = len(results) + 1, len(results) + len(self._tasks)
                asked = self._tasks.pop(0)
                self._log.info("Task %d/%d: %s", number, total, _described(asked))
                results.append(self._run_one(number, asked, results))
                if results[-1].error is None and results[-1].has_failed:  # SIGTERM asked it to stop, and so us
                    break
        finally:
            self._tell(results)
        failed = [result for result in results if result.has_failed]
        if failed:
            raise QueueError(len(results), len(self._tasks), tuple(map(_line, failed)), tuple(results))
        return results

    def _check(self, asked: Request) -> None:
        self._prepare(asked).check_arguments()

    def _run_one(self, number: int, asked: Request, results: list[TaskResult]) -> TaskResult:
        began = time.monotonic()
        run: Run | None = None
        error: BaseException | None = None
        try:
            run = self._prepare(asked)
            found = run.do()
            if found is not run:
                seconds = time.monotonic() - began
                return TaskResult(number, run.command, found.id, found.status, seconds, found.result, None, _BEFORE)
        except (Terminated, KeyboardInterrupt) as problem:
            results.append(_result(number, asked, run, began, problem))
            raise
        except (Exception, SystemExit) as problem:
            error = problem
        return _result(number, asked, run, began, error)

    def _tell(self, results: Sequence[TaskResult]) -> None:
        failed = sum(result.has_failed for result in results)
        rest = f", {len(self._tasks)} not run" if self._tasks else ""
        say = self._log.warning if failed else self._log.info
        say("Tasks: %d completed, %d failed%s\n%s", len(results) - failed, failed, rest, summary(results))


def summary(results: Sequence[TaskResult]) -> str:
    """Return a table of what came of tasks."""
    rows = [("n", "run", "command", "status", "time", "result or error")]
    rows += [(str(r.number), r.id or "-", r.command, r.status, f"{r.seconds:.1f} s", r.outcome or "-") for r in results]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def _result(number: int, asked: Request, run: Run | None, began: float, error: BaseException | None) -> TaskResult:
    has_run = run is not None and run.has_started
    status = run.status if run is not None and has_run else Status.FAILED
    text = f"{type(error).__name__}: {error}" if error is not None else ""
    if error is None and run is not None and run.result is not None:
        text = short_repr(run.result, 60)
    masking = run.masking if run is not None else MASKING
    outcome = masking.text(" ".join(text.split()))
    command = run.command if run is not None else asked.command or "main"
    result = run.result if run is not None else None
    found = run.id if run is not None else None
    return TaskResult(number, command, found, status, time.monotonic() - began, result, error, outcome)


def _described(asked: Request) -> str:
    words = [asked.command or "main", *asked.named, *(override.written for override in asked.overrides)]
    return " ".join(words)


def _line(result: TaskResult) -> str:
    place = f"run {result.id}" if result.id is not None else result.status
    return f"{result.number} ({result.command}, {place}) {result.outcome}"
