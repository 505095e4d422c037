"""
The current run, and this process's active and open runs: the only mutable globals.

The current run is the deepest one active in this context. A thread that has none takes the deepest active run of the
process, as long as all active ones form one chain of parent and child.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from typing import Any, Final, Protocol

from expframe.errors import UnrelatedRunsError
from expframe.process import locks


class Forking(Protocol):
    """What has to be told of forks."""

    def hold(self) -> None:
        """Finish what is being written, and write no more until `resume` or `forked`: the process is about to fork."""

    def resume(self) -> None:
        """Go on after a fork, in the parent."""

    def forked(self) -> None:
        """Go on in a forked child."""


class ActiveRun(Forking, Protocol):
    """What is asked of a run here and in injection."""

    id: str | None
    plans: dict[Any, Any]
    snapshot: Any

    @property
    def parent(self) -> Any:
        """The run around it."""

    @property
    def label(self) -> str:
        """How it is called in messages."""

    def masked(self, text: str) -> str:
        """Return a text without the run's secrets."""

    def plan(self, captured: Any) -> Any:
        """Return, and remember, how to fill the parameters of a captured function."""


_current: ContextVar[Any] = ContextVar("expframe_run", default=None)
_active: tuple[Any, ...] = ()
_of_main_thread: tuple[Any, ...] = ()
_opened: tuple[Any, ...] = ()
_singles: dict[Any, Any] = {}
_workers: dict[str, Any] = {}
_told: tuple[Forking, ...] = ()
_stand_ins: ContextVar[tuple[Any, ...] | None] = ContextVar("expframe_observers", default=None)
spans: ContextVar[tuple[Any, ...]] = ContextVar("expframe_spans", default=())
"""The timers that are running in this context, outermost first."""
_counts: dict[str, int] = {}
_takers: tuple[Callable[..., None] | None, ...] = ()
_lock = locks.reentrant_lock()  # what is made may ask for more that there is one of
_watching_forks = False

in_context: Final = _current.get
"""Return the run that was entered in this context, or None. For the hot path; others call `current`."""


def current() -> Any:
    """
    Return the current run, or None where none is active.

    Raises:
        UnrelatedRunsError: This thread has none of its own, and the active ones do not form one chain.
    """
    return _current.get() or deepest_of_process()


def deepest_of_process() -> Any:
    """Return the deepest active run of the process, or None; as `current` for a thread without a run of its own."""
    active = _active
    if not active:
        return None
    if len(active) > 1:
        parents = {id(run.parent) for run in active if run.parent is not None}
        ends = [run for run in active if id(run) not in parents]
        starts = [run for run in active if run.parent not in active]
        if len(ends) > 1 or len(starts) > 1:
            raise UnrelatedRunsError(tuple(run.label for run in active))
        return ends[0]
    return active[0]


def active() -> tuple[Any, ...]:
    """Return the active runs of this process, in order of their start."""
    return _active


def chain(run: Any) -> list[Any]:
    """Return a run and those around it, innermost first."""
    found = []
    while run is not None:
        found.append(run)
        run = run.parent
    return found


def parent_of_new() -> Any:
    """
    Return the run that a run started here is a child of, or None.

    In a thread without a run of its own it is the main thread's, so that runs which threads start side by side are
    siblings, never each other's children. In the main thread it is the run that was opened for all that follows:
    the cells of a notebook have a context each.
    """
    found = _current.get()
    if found is None and _of_main_thread:
        if threading.current_thread() is not threading.main_thread():
            return _of_main_thread[-1]
        found = next((run for run in reversed(_of_main_thread) if run in _opened and run.is_for_all), None)
    return found


def enter(run: Any) -> Token[Any]:
    """Make a run the current one of this context and active in this process."""
    global _active, _of_main_thread
    with _lock:
        _active = (*_active, run)
        if threading.current_thread() is threading.main_thread():
            _of_main_thread = (*_of_main_thread, run)
        watch_forks()
    return _current.set(run)


def leave(run: Any, token: Token[Any]) -> None:
    """Undo `enter`."""
    global _active, _of_main_thread
    with _lock:
        _active = _without(run, _active)
        _of_main_thread = _without(run, _of_main_thread)
    try:
        _current.reset(token)
    except ValueError:  # entered in another context, which ends with its thread, task or cell
        if _current.get() is run:
            _current.set(run.parent)


def keep(run: Any) -> None:
    """Remember a run that stays open until somebody closes it."""
    global _opened
    with _lock:
        _opened = (*_opened, run)
        watch_forks()


def drop(run: Any) -> None:
    """Undo `keep`."""
    global _opened
    with _lock:
        _opened = _without(run, _opened)


def opened() -> tuple[Any, ...]:
    """Return the runs that stay open until somebody closes them, in order of their start."""
    return _opened


def one_per_process(make: Callable[[], Any], mark: Any = None) -> Any:
    """Return what there is one of in a process, or one of for each mark, made when it is first asked for."""
    key = make if mark is None else mark
    with _lock:
        if key not in _singles:
            _singles[key] = make()
        return _singles[key]


def bind(run: Any) -> Token[Any]:
    """Make a run the current one of this context only; `unbind` with the result undoes it."""
    return _current.set(run)


def unbind(token: Token[Any]) -> None:
    """Undo `bind`."""
    _current.reset(token)


stand_ins: Final = _stand_ins.get
"""Return the observers that take the place of every experiment's own in this context, or None."""


@contextmanager
def standing_in(observers: tuple[Any, ...]) -> Iterator[None]:
    """Let observers take the place of every experiment's own while the block runs; for tests."""
    token = _stand_ins.set(observers)
    try:
        yield
    finally:
        _stand_ins.reset(token)


@contextmanager
def taking_over(take: Callable[..., None] | None) -> Iterator[None]:
    """
    Let `take` have each command line and sweep that a script would do while the block runs: for workers, which import
    it. With None they are done as they are.
    """
    global _takers
    _takers = (*_takers, take)
    try:
        yield
    finally:
        _takers = _takers[:-1]


def taker() -> Callable[..., None] | None:
    """Return what takes over the command lines of scripts; None where they are done as they are."""
    return _takers[-1] if _takers else None


def count(what: str) -> int:
    """Return how often this was asked before in this process, and those that it was forked from."""
    with _lock:
        number = _counts.get(what, 0)
        _counts[what] = number + 1
        return number


def worker(uid: str, make: Callable[[], Any]) -> Any:
    """Return this process's view of a run that lives in another one, made when it is first asked for."""
    with _lock:
        if uid not in _workers:
            _workers[uid] = make()
        return _workers[uid]


@contextmanager
def told_of_forks(what: Forking) -> Iterator[None]:
    """Let something be told of forks while the block runs; a run that was entered is told anyway."""
    global _told
    with _lock:
        _told = (*_told, what)
        watch_forks()
    try:
        yield
    finally:
        with _lock:
            _told = tuple(other for other in _told if other is not what)


def watch_forks() -> None:
    """Tell runs of forks from now on: before one, and after it in both processes."""
    global _watching_forks
    if not _watching_forks and hasattr(os, "register_at_fork"):
        os.register_at_fork(before=_hold, after_in_parent=_resume, after_in_child=_forked)
        _watching_forks = True


def _known_runs() -> tuple[Any, ...]:
    everyone = (*_active, *_opened, *_workers.values(), *_told)
    return tuple({id(what): what for what in everyone}.values())


def _without(run: Any, runs: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(other for other in runs if other is not run)


def _hold() -> None:
    for run in _known_runs():
        run.hold()
    locks.let_imports_end()


def _resume() -> None:
    for run in _known_runs():
        run.resume()


def _forked() -> None:
    locks.renew()
    for run in _known_runs():
        run.forked()
