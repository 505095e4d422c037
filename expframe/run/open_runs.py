"""Runs that stay open until they are closed: by a call, the end of a block, or the end of the process."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, Self

from expframe.config.groups import by_name
from expframe.errors import OptionError, RunError
from expframe.process import context, locks
from expframe.process.exit import process_end
from expframe.process.log_lines import NOTICE
from expframe.process.signals import DeferredSignals, Stopping
from expframe.record.events import Call
from expframe.record.record import OPENED, Status, now
from expframe.run.outcome import Outcome, failure_of
from expframe.run.run import Run


class StartedRun(Run):
    """A run that is open until `close`, the end of its `with` block, or the end of the process."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._open: AbstractContextManager[None] | None = None
        self._closing = locks.lock()
        self._is_in_block = False
        self._pid = os.getpid()
        self._thread = threading.get_ident()
        if not self._is_called:
            ledger = self._recorder.ledger
            ledger.record = ledger.record._replace(extra={**ledger.record.extra, OPENED: True})

    def _find_stopping(self) -> Stopping:
        if self.parent is not None:
            return super()._find_stopping()
        stopping = process_end().stopping
        stopping.grace = self.grace
        return stopping

    @property
    def is_open(self) -> bool:
        """Whether it has not been closed."""
        return self._open is not None

    @property
    def is_for_all(self) -> bool:
        """Whether everything that follows in its thread belongs to it, and not only a block."""
        return not self._is_in_block

    @property
    def title(self) -> str:
        """What the log calls it."""
        file = self.scope.main_file
        return file.name if file is not None else self.name

    @property
    def is_of_script(self) -> bool:  # type: ignore[override]
        """Whether it is the run of a whole script without a command line."""
        return self.parent is None and self.scope.main_file is not None and not hasattr(sys, "ps1")

    def open(self) -> None:
        """
        Open the run.

        Raises:
            OptionError: It was to be queued.
            StoreError: Nothing can be kept where it should.
        """
        if self.record.status == Status.QUEUED:
            raise OptionError("--queue", "is for a command that runs as a whole, not for a run that is opened now.")
        if self.request.options.dry_run or self.request.options.needed:
            problem = "are for a command that runs as a whole, not for a run that is opened now."
            raise OptionError("--dry-run and --needed", problem)
        self._execution.make_ready()
        life = self._execution.begun()
        life.__enter__()
        self._open = life
        context.keep(self)
        process_end().watch()
        try:
            self._life.admit_signals()
        except BaseException as problem:
            self.end(problem)
            raise

    def close(self) -> None:
        """
        End the run; a second call does nothing.

        Called while an exception is handled, in `except` or `finally`, the run ends as that exception says.
        """
        self.end(sys.exc_info()[1])

    def end(self, problem: BaseException | None) -> None:
        """End the run as one whose work ended with an exception, or with none."""
        if os.getpid() != self._pid:  # a forked child leaves the end to its parent
            return
        how = (type(problem), problem, problem.__traceback__) if problem else (None, None, None)
        with DeferredSignals():
            with self._closing:
                life, self._open = self._open, None
            if life is None:
                return
            context.drop(self)
            try:
                life.__exit__(*how)
            finally:
                process_end().release()

    def __enter__(self) -> Self:
        if not self.is_open:
            raise RunError(self.label, "has ended. Open another one.")
        self._is_in_block = True
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, problem: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.end(problem)


class CalledRun(StartedRun):
    """
    A run whose command is called as often as wanted; it is the current run only during its calls.

    Output is captured and devices are set while any call is under way: several such runs may be open side by side.
    """

    _is_called = True

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._number = 0
        self._last = Outcome(Status.COMPLETED)
        self._calling = locks.lock()

    @property
    def title(self) -> str:
        """What the log calls it."""
        return repr(self.command)

    @property
    def is_of_script(self) -> bool:  # type: ignore[override]
        """Whether it is the run of a whole script: it is that of a command."""
        return False

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """
        Call the command, record the call, and return what the command returns.

        Args:
            args: Arguments that prevail over the config.
            kwargs: Arguments that prevail over the config.

        Raises:
            RunError: The run has ended.
            BaseException: What the command raises, unchanged.
        """
        __tracebackhide__ = True
        number, started = self._next_number(), now()
        results: list[Any] = []
        failure, status = None, Status.COMPLETED
        try:
            with self._life.of_call():
                given = {**self.request.kwargs, **kwargs}
                return self._execution.call_command((*self.request.args, *args), given, results.append)
        except BaseException as problem:
            status = Outcome.of(problem, self.masking).status
            failure = failure_of(problem, self.masking) if status != Status.COMPLETED else None
            raise
        finally:
            result = results[0] if results else None
            self._note(Call(number, started, now(), by_name(result), failure), status, result)

    def _next_number(self) -> int:
        if not self.is_open:
            raise RunError(self.label, "has ended. Create another one.")
        with self._calling:
            if self._number == 0 and self._resumed is not None:
                self._number = max((call.number for call in self._resumed.run.calls), default=0)
            self._number += 1
            return self._number

    def _note(self, call: Call, status: str, result: Any) -> None:
        with self._calling:
            self._last = Outcome(status, call.failure if status == Status.FAILED else None)
            self.result: Any = result
        if os.getpid() == self._pid:
            self._recorder.ledger.count("calls")
            self._recorder.emit(call)

    def outcome(self, ended: BaseException | None) -> Outcome:
        """Return what the last call ended as, where nothing else went wrong."""
        return super().outcome(ended) if ended is not None else self._last


def close_earlier(name: str) -> None:
    """Close the run of this name that was started here before, as when a cell of a notebook is run again."""
    run = context.parent_of_new()
    while type(run) is StartedRun and run.is_for_all and run._thread == threading.get_ident():
        if run.name == name:
            run.log.log(NOTICE, "%s is closed: another one named %r is started", run.label, name)
            run.end(process_end().problem)
            return
        run = run.parent
