"""Runs that are opened and stay so until they are closed: by a call, the end of a block, or the end of the process."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any

from expframe.errors import OptionError, RunError
from expframe.process import context
from expframe.process.exit import _process_end
from expframe.process.log_lines import NOTICE
from expframe.record.events import Call
from expframe.record.record import Status, now
from expframe.run.run import Outcome, Run

if TYPE_CHECKING:
    from expframe.store.reader import StoredRun


class OpenRun(Run):
    """A run that is open until `close`, the end of its `with` block, or the end of the process."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._life: AbstractContextManager[None] | None = None
        self._closing = threading.Lock()
        self._is_in_block = False
        self._thread = threading.get_ident()
        if self.parent is None:
            self._stopping = _process_end().stopping
            self._stopping.grace = self.grace

    @property
    def is_open(self) -> bool:
        """Whether it has not been closed."""
        return self._life is not None

    @property
    def is_for_all(self) -> bool:
        """Whether everything that follows in its thread belongs to it, and not only a block."""
        return not self._is_in_block

    def open(self) -> OpenRun:
        """
        Open the run and return it.

        Raises:
            OptionError: It was to be queued.
            StoreError: Nothing can be kept where it should.
        """
        if self.record.status == Status.QUEUED:
            raise OptionError("--queue", "is for a command that runs as a whole, not for a run that is opened now.")
        if self.request.options.dry_run or self.request.options.needed:
            problem = "are for a command that runs as a whole, not for a run that is opened now."
            raise OptionError("--dry-run and --needed", problem)
        self._make_ready()
        life = self._living()
        life.__enter__()
        self._life = life
        context.keep(self)
        _process_end().watch()
        return self

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
        with self._closing:
            life, self._life = self._life, None
        if life is None:
            return
        context.drop(self)
        try:
            life.__exit__(*((type(problem), problem, problem.__traceback__) if problem else (None, None, None)))
        finally:
            _process_end().release()

    def __enter__(self) -> OpenRun:
        if not self.is_open:
            raise RunError(self.label, "has ended. Open another one.")
        self._is_in_block = True
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, problem: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.end(problem)

    def forked(self) -> None:
        """Become the run of a forked child, which never closes it."""
        super().forked()
        self._closing = threading.Lock()


class StartedRun(OpenRun):
    """A run without a command: what happens outside of any command belongs to it."""

    @classmethod
    def close_earlier(cls, name: str) -> None:
        """Close the run of this name that was started here before, as when a cell of a notebook is run again."""
        run = context.parent_of_new()
        while isinstance(run, cls) and run.is_for_all and run._thread == threading.get_ident():
            if run.name == name:
                run.log.log(NOTICE, "%s is closed: another one named %r is started", run.label, name)
                run.end(_process_end().problem)
                return
            run = run.parent


class CalledRun(OpenRun):
    """A run whose command is called as often as wanted; it is the current run only during its calls."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._calling = threading.Lock()
        self._number = 0
        self._under_way = 0
        self._last = Outcome(Status.COMPLETED)

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
        number, started = self._begin_call(), now()
        result, failure, status = None, None, Status.COMPLETED
        try:
            with super()._present():
                result = self._call_command((*self.request.args, *args), {**self.request.kwargs, **kwargs})
        except BaseException as problem:
            status = super()._outcome(problem).status
            failure = self._failure(problem) if status != Status.COMPLETED else None
            raise
        finally:
            self._end_call(Call(number, started, now(), result, failure), status)
        return result

    def check_arguments(self) -> None:
        """Do nothing: each call has arguments of its own, and is refused by itself."""

    def _take_up(self, stored: StoredRun) -> None:
        super()._take_up(stored)
        self._number = max((call.number for call in stored.calls), default=0)

    def _begin_call(self) -> int:
        """Return the number of a call that begins; output is captured while any is under way."""
        if not self.is_open:
            raise RunError(self.label, "has ended. Create another one.")
        with self._calling:
            if self._under_way == 0:
                super()._begin_capture()
                super()._choose_devices()
            self._under_way += 1
            self._number += 1
            return self._number

    def _end_call(self, call: Call, status: str) -> None:
        with self._calling:
            self._under_way -= 1
            if self._under_way == 0:
                self._devices.put_back()
                self._end_capture()
            self._last = Outcome(status, call.failure if status == Status.FAILED else None)
            self.result = call.result
        if os.getpid() == self._pid:
            with self._files_lock:
                self._counts["calls"] = self._counts.get("calls", 0) + 1
            self._emit(call)

    def forked(self) -> None:
        """Become the run of a forked child."""
        super().forked()
        self._calling = threading.Lock()

    def _outcome(self, ended: BaseException | None) -> Outcome:
        """Return what the last call ended as, where nothing else went wrong."""
        return super()._outcome(ended) if ended is not None else self._last

    @contextmanager
    def _present(self) -> Iterator[None]:
        yield

    def _begin_capture(self) -> None:
        """Do nothing: output is captured during calls only, as several such runs may be open side by side."""

    def _choose_devices(self) -> None:
        """Do nothing: likewise, each call has the run's devices."""
