"""How this process ends, and the closing of what is open then."""

from __future__ import annotations

import atexit
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any

from expframe.errors import Terminated
from expframe.process import context, locks, notebook
from expframe.process.signals import Stopping

if TYPE_CHECKING:
    pass


class ProcessEnd:
    """
    How this process ends, as far as it can be seen from inside, and the closing of what is open then.

    Attributes:
        problem: The exception that nobody caught, or what `sys.exit` was called with; in a notebook what the last cell
            raised.
        stopping: Whether SIGTERM asked the process to end, for all runs that are open.
    """

    def __init__(self) -> None:
        self.problem: BaseException | None = None
        self.stopping = Stopping()
        self._lock = locks.lock()
        self._is_watching = False
        self._excepthook: Callable[..., Any] | None = None
        self._exit: Callable[..., Any] | None = None

    def watch(self) -> None:
        """Watch for the end, from the first open run on."""
        with self._lock:
            if self._is_watching:
                return
            self._is_watching = True
            self.problem = None
            atexit.register(self._close_all)
            if self._excepthook is None:
                self._excepthook, sys.excepthook = sys.excepthook, self._take_exception
            if self._exit is None:
                self._exit, sys.exit = sys.exit, self._take_exit  # type: ignore[assignment]
            if shell := notebook.find_shell():
                shell.events.register("post_run_cell", self._take_cell)

    def release(self) -> None:
        """Watch no more once nothing is open, and put back what was there unless somebody else has replaced it."""
        with self._lock:
            if context.opened() or not self._is_watching:
                return
            self._is_watching = False
            self.stopping = Stopping()  # what is opened later has not asked for time
            atexit.unregister(self._close_all)
            if self._excepthook is not None and sys.excepthook == self._take_exception:
                sys.excepthook, self._excepthook = self._excepthook, None
            if self._exit is not None and sys.exit == self._take_exit:
                sys.exit, self._exit = self._exit, None
            if shell := notebook.find_shell():
                with suppress(ValueError):
                    shell.events.unregister("post_run_cell", self._take_cell)

    def _close_all(self) -> None:
        problem = self.problem
        if problem is None and self.stopping.has_struck:
            problem = Terminated()
        for run in reversed(context.opened()):
            run.end(problem)

    def _take_exception(self, kind: type[BaseException], problem: BaseException, trace: TracebackType | None) -> None:
        if not hasattr(sys, "ps1"):  # at a prompt the process goes on
            self.problem = problem
        assert self._excepthook is not None
        self._excepthook(kind, problem, trace)

    def _take_exit(self, code: Any = None, /) -> None:
        if threading.current_thread() is threading.main_thread():
            self.problem = SystemExit(code)
        assert self._exit is not None
        self._exit(code)

    def _take_cell(self, result: Any) -> None:
        self.problem = result.error_in_exec or result.error_before_exec


def process_end() -> ProcessEnd:
    """Return the watcher of this process's end."""
    found: ProcessEnd = context.process_end(ProcessEnd)
    return found
