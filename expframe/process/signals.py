"""
SIGTERM, SIGHUP and the end of a batch job: at once, or after a grace period for code that asks whether to stop.

Ctrl-C: not in the last write.
"""

from __future__ import annotations

import math
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache, partial
from types import FrameType
from typing import Any, NamedTuple, Self

from expframe.errors import Terminated
from expframe.process import context
from expframe.record.record import Status

GRACE = 30.0
"""Seconds that code which has read `run.should_stop` or made a checkpoint gets to end by itself."""

JOB_END_VARIABLE = "SLURM_JOB_END_TIME"

_SAME = 0.25
"""Seconds within which a second signal is the same: sent to a whole job, and handed on by a parent in it."""

_SOON = 0.05
"""Seconds after which a signal comes again that was not to come now."""

_ENDING = (signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else []))
"""What asks a process to end; SIGHUP is sent when its terminal is gone, as when ssh loses the connection."""

_STOPPING = (signal.SIGINT, *_ENDING)


class Stopping:
    """
    Whether a run, with its children, is to stop.

    Attributes:
        grace: Seconds between the signal and the interrupt, for code that has asked; and those before the job's end
            from which on code that asks is told to stop.
        number: The signal that arrived last; SIGTERM until one has.
        status: What a run ends as that was asked to end, and did.
        job_end: When the batch system will end the job, in seconds since 1970; None where it does not say.
    """

    def __init__(self, grace: float = GRACE) -> None:
        self.grace = grace
        self.number: int = signal.SIGTERM
        self.status: str = Status.INTERRUPTED
        self.job_end: float | None = find_job_end()
        self._asked = False
        self._requested = False
        self._was_told = False
        self._has_struck = False
        self._timer: threading.Timer | None = None
        self._taken = 0.0
        self._depth = 0
        self._pid = 0

    @property
    def is_requested(self) -> bool:
        """Whether SIGTERM or SIGHUP has arrived, or the code was told that the job is about to end."""
        return self._requested or self._was_told

    @property
    def has_struck(self) -> bool:
        """Whether a signal has interrupted the code, which may have come to its end all the same."""
        return self._has_struck

    def ask(self) -> bool:
        """Return whether the run should stop; from now on a signal gives it time to do so."""
        self.expect()
        if self.job_end is not None and time.time() >= self.job_end - self.grace:
            self._was_told = True
        return self.is_requested

    def request(self, status: str) -> None:
        """Ask the run to end with a status, as a signal would: from any thread, at once where the code does not ask."""
        if self.is_requested:
            return
        self.status = status
        if os.name == "posix" and _handler_of(signal.SIGTERM) == self._take:
            os.kill(os.getpid(), signal.SIGTERM)
        else:
            self._was_told = True

    def explains(self, status: str) -> bool:
        """Return whether a run that ended with a status did so because it was asked to."""
        is_struck = status == Status.INTERRUPTED and self._has_struck
        return is_struck or (self.is_requested and status in (Status.COMPLETED, Status.INTERRUPTED))

    def expect(self) -> None:
        """Let a signal give the run time to end by itself, from now on."""
        self._asked = True

    def begin(self) -> None:
        """Take signals from now on, in the main thread and only where nobody else does."""
        _watch_forks()
        if threading.current_thread() is threading.main_thread():
            for number in _ENDING:
                if _handler_of(number) == signal.SIG_DFL:
                    signal.signal(number, self._take)
        self._pid = os.getpid()
        self._depth += 1

    def end(self) -> None:
        """Take them no more; runs that overlap share the handler, and the last one gives it back."""
        self._depth -= 1
        if self._timer is not None and not self._depth:  # a child that ends leaves its parents their time
            self._timer.cancel()
        if not self._depth and os.getpid() == self._pid:
            self._give_back()

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Take signals while the block runs."""
        self.begin()
        try:
            yield
        finally:
            self.end()

    def _give_back(self) -> None:
        if threading.current_thread() is threading.main_thread():
            for number in _ENDING:
                if _handler_of(number) == self._take:
                    signal.signal(number, signal.SIG_DFL)

    def _take(self, number: int, _frame: FrameType | None) -> None:
        if os.getpid() != self._pid:
            _end_by(number)
            return
        self.number = number
        now = time.monotonic()
        if self._requested and now - self._taken < min(_SAME, self.grace):
            return
        self._taken = now
        if not self._asked or self._requested:
            self._has_struck = True
            raise Terminated(number)
        self._requested = True
        self._timer = threading.Timer(self.grace, os.kill, (os.getpid(), number))
        self._timer.daemon = True
        self._timer.start()

    def forked(self) -> None:
        """Leave signals to the parent: in a forked child they end the process, as they do without us."""
        self._give_back()
        self._depth = 0  # none of the runs that are under way ends here


class DeferredSignals:
    """
    Lets signals that ask the process to end wait inside a block, but for what it admits.

    So what was begun in the block ends however often they come. Only the main thread is given signals; elsewhere it
    does nothing. One that nobody handles ends the process as it always does.

    Args:
        also_in_children: Whether they wait in a forked child too, which then has to `hand_on` what has arrived.
    """

    def __init__(self, *, also_in_children: bool = False) -> None:
        self._also_in_children = also_in_children
        self._waiting: dict[int, _Later] = {}
        self._arrived: list[_Arrival] = []
        self._pid = 0

    def __enter__(self) -> Self:
        self.defer_here()
        return self

    def __exit__(self, *_how: object) -> None:
        self.admit()

    def defer_here(self) -> None:
        """Let them wait from now on in this process; none does where one comes at that very moment and raises."""
        self._pid = os.getpid()
        try:
            self.defer()
        except BaseException:
            self.admit()
            raise

    def defer(self) -> None:
        """Let them wait from now on; more than once is as good as once. The work of a forked child ends no run."""
        if threading.current_thread() is not threading.main_thread() or os.getpid() != self._pid:
            return
        for number in _STOPPING:
            found: Any = signal.getsignal(number)
            if not isinstance(found, _Later) or found.is_dismissed:
                later = self._waiting[number] = _Later(self._arrived, self._also_in_children)
                later.stand_in(number)

    def admit(self) -> None:
        """Let them wait no more, and raise what has arrived. What somebody has given back meanwhile stays so."""
        for arrival in self._give_way():
            arrival.handler(arrival.number, None)

    def hand_on(self) -> None:
        """Let them wait no more, and send again in a moment what has arrived: where nothing can be raised now."""
        if threading.current_thread() is not threading.main_thread():
            return
        for arrival in self._give_way():
            if arrival.pid == os.getpid():
                _send_again(arrival.number)

    def _give_way(self) -> list[_Arrival]:
        waiting, self._waiting = self._waiting, {}
        _for_each(waiting, _Later.dismiss)
        arrived, self._arrived[:] = list(self._arrived), []
        return arrived


def leave_to_system() -> None:
    """Let what asks this process to end do so, and Ctrl-C interrupt it; what is ignored stays so."""
    for number in _STOPPING:
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)


_forking = DeferredSignals(also_in_children=True)


@cache
def _watch_forks() -> None:
    """
    Let signals wait from now on while functions run that are registered for forks, those of runs among them.

    What a handler raises in one of them is printed and forgotten, and so would the signal, and the rest of what that
    function does.
    """
    if hasattr(os, "register_at_fork"):
        context.watch_forks()  # its functions come between ours
        before, after = partial(_unless_struck, _forking.defer_here), partial(_unless_struck, _forking.hand_on)
        os.register_at_fork(before=before, after_in_parent=after, after_in_child=after)


def _unless_struck(change: Callable[[], None]) -> None:
    """Change who handles signals where nothing can be raised; what one raises that comes meanwhile comes again."""
    try:
        change()
    except (KeyboardInterrupt, Terminated) as problem:
        _send_again(problem.number if isinstance(problem, Terminated) else signal.SIGINT)


def _send_again(number: int) -> None:
    """Send a signal again in a moment; at once where it ends the process."""
    if signal.getsignal(number) == signal.SIG_DFL:
        os.kill(os.getpid(), number)
    again = threading.Timer(_SOON, os.kill, (os.getpid(), number))
    again.daemon = True
    again.start()


def find_job_end() -> float | None:
    """Return when the batch system will end this job, in seconds since 1970; None where it does not say."""
    try:
        end = float(os.environ[JOB_END_VARIABLE])
    except (KeyError, ValueError):
        return None
    return end if 0 < end < math.inf else None


@contextmanager
def handling(take: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """
    Let `take` have what asks this process to end while the block runs; outside of the main thread nothing.

    What is ignored stays so, as SIGHUP below `nohup`. A forked child that has not put handlers of its own in its place
    yet is ended by the system.
    """
    pid = os.getpid()

    def take_here(number: int, frame: FrameType | None) -> None:
        if os.getpid() == pid:
            take(number, frame)
        else:
            _end_by(number)

    is_main = threading.current_thread() is threading.main_thread()
    taken = [number for number in _STOPPING if is_main and signal.getsignal(number) not in (signal.SIG_IGN, None)]
    before = {number: signal.signal(number, take_here) for number in taken}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class AdmittedSignals:
    """
    Lets signals that are made to wait come at once inside a block, since it may take long.

    Afterwards they wait again, for the handlers that there are by then; where one raises as the block ends, none does.
    It is no generator: one that is broken off there goes on when it is collected, and whoever admits them is gone then.
    """

    def __init__(self) -> None:
        self._waiting: dict[int, _Later] = {}

    def __enter__(self) -> None:
        if threading.current_thread() is not threading.main_thread():
            return
        found = {int(number): signal.getsignal(number) for number in _STOPPING}
        self._waiting = {number: handler for number, handler in found.items() if isinstance(handler, _Later)}
        try:
            _for_each(self._waiting, _Later.give_way)
        except BaseException:
            _for_each(self._waiting, _Later.stand_in)
            raise

    def __exit__(self, *_how: object) -> None:
        _for_each(self._waiting, _Later.stand_in)


class _Arrival(NamedTuple):
    """A signal that has arrived in a process, and who is to handle it."""

    handler: Any
    number: int
    pid: int


class _Later:
    """
    Takes a signal in the place of a handler that will be called later; at once in a forked child, for nobody will, and
    when it is dismissed: who has found it as the handler may put it back.

    Args:
        arrived: Takes what has arrived.
        also_in_children: Whether somebody will in a forked child, too.

    Attributes:
        handler: Whose place it takes; None before it does.
        is_dismissed: Whether it lets signals come at once from now on.
    """

    def __init__(self, arrived: list[_Arrival], also_in_children: bool) -> None:
        self.handler: Any = None
        self._arrived = arrived
        self._also_in_children = also_in_children
        self._pid = os.getpid()
        self.is_dismissed = False

    def stand_in(self, number: int) -> None:
        """Take the place of whoever handles a signal now; of nobody where that is left to the system or to asyncio."""
        handler = signal.getsignal(number)
        if callable(handler) and handler is not self and not _is_of_asyncio(handler):
            self.handler = handler
            signal.signal(number, self)

    def give_way(self, number: int) -> None:
        """Put the handler back, unless somebody has put another there."""
        found: Any = signal.getsignal(number)
        if found is self:
            signal.signal(number, self.handler)

    def dismiss(self, number: int) -> None:
        """Put the handler back for good."""
        self.is_dismissed = True
        self.give_way(number)

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Note that it has arrived."""
        pid = os.getpid()
        if not self.is_dismissed and (pid == self._pid or self._also_in_children):
            self._arrived.append(_Arrival(self.handler, number, pid))
        else:
            self.handler(number, frame)


def _end_by(number: int) -> None:
    """
    Let a signal end this process: a forked child that has not given its parent's handler back yet.

    What a handler raises in a function that is registered for forks is printed and forgotten, and so would the signal.
    """
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def _is_of_asyncio(handler: Any) -> bool:
    """Return whether an event loop is told of a signal by a pipe, and would be twice if it came again."""
    return getattr(handler, "__module__", None) == "asyncio.unix_events"


def _handler_of(number: int) -> Any:
    """Return who handles a signal, now or in a moment."""
    found = signal.getsignal(number)
    return found.handler if isinstance(found, _Later) else found


def _for_each(waiting: Mapping[int, _Later], change: Callable[[_Later, int], None]) -> None:
    """Change who handles signals, all of them, though one may be called before the others are changed, and raise."""
    try:
        for number, later in waiting.items():
            change(later, number)
    except BaseException:
        _for_each(waiting, change)
        raise
