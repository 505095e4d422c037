"""
The life of a run: parts that begin in order and end in reverse, each whatever the others do.

Which parts a run has decides what kind of run it is: one that is done as a whole has all of them, one that is called
many times enters some with each call, and the view that a worker has of its run has none.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol

from expframe.facts.gathering import Gathering
from expframe.process import locks
from expframe.process.devices import DeviceVariables
from expframe.process.log_lines import NOTICE
from expframe.process.signals import DeferredSignals, Stopping
from expframe.record.events import Beat
from expframe.run.heart import Heart
from expframe.run.parts import (
    Announcement,
    Capturing,
    Ending,
    Facts,
    Presence,
    Seeding,
    Storage,
    Visibility,
)
from expframe.run.recorder import Recorder
from expframe.run.sampler import Sampler
from expframe.run.setup import Setup

if TYPE_CHECKING:
    from expframe.run.resume import Resumed


class LifePart(Protocol):
    """Something that belongs to a run from one moment to another."""

    def begin(self) -> None:
        """Begin; what is raised ends the run before its work."""

    def end(self) -> None:
        """End; called once for each `begin` that came to its end."""


@contextmanager
def living(
    parts: Sequence[LifePart], say: Callable[[str], None], ended: Callable[[BaseException | None], None] | None = None
) -> Iterator[None]:
    """
    Begin parts in order, let the block do its work, and end them in reverse, each whatever the others do.

    A fault of a part that ends is said and never raised; Ctrl-C and SIGTERM are, after all parts have ended. They wait
    while a part begins, so that what has begun is what ends. A forked child that leaves the block ends no part: they
    are its parent's.

    Args:
        parts: What begins and ends.
        say: Takes the text of a problem.
        ended: Called with what the block raised, or None, before the parts end.
    """
    pid = os.getpid()
    with ExitStack() as stack:
        try:
            with DeferredSignals():
                for part in parts:
                    part.begin()
                    stack.push(partial(_end, part, say, pid))
            yield
        except BaseException as problem:
            if ended is not None and os.getpid() == pid:
                ended(problem)
            raise
        else:
            if ended is not None and os.getpid() == pid:
                ended(None)


def _end(
    part: LifePart,
    say: Callable[[str], None],
    pid: int,
    _kind: type[BaseException] | None,
    _problem: BaseException | None,
    _trace: TracebackType | None,
) -> None:
    if os.getpid() != pid and not isinstance(part, Presence):
        return
    try:
        part.end()
    except Exception as problem:  # a fault of ours is not the user's
        say(f"the end of the run was not wholly recorded ({type(problem).__name__}: {problem})")


class SharedParts:
    """Parts that calls side by side have in common: begun by the first of them, ended by the last."""

    def __init__(self, parts: Sequence[LifePart], say: Callable[[str], None]) -> None:
        self._parts = parts
        self._say = say
        self._under_way = 0
        self._stack = ExitStack()
        self._lock = locks.lock()

    def begin(self) -> None:
        """Begin the parts if nobody has."""
        with self._lock:
            if self._under_way == 0:
                self._stack.enter_context(living(self._parts, self._say))
            self._under_way += 1

    def end(self) -> None:
        """End the parts if nobody else needs them."""
        with self._lock:
            self._under_way -= 1
            if self._under_way == 0:
                self._stack.close()


class Life:
    """
    The parts of one run, put together for its time from start to end.

    Args:
        run: The run.
        recorder: What it records with.
        setup: What runs of its experiment share.
        stopping: Whether it is asked to end.
        resumed: The run that is taken up; None in a first attempt.
        is_called: Whether some parts begin with each of its calls instead.
        is_loud: Whether the log says when it begins and ends: not where a command only shows something.

    Attributes:
        WHOLE: The parts that a run has from start to end, in the order in which they begin.
        OF_CALLS: Those that begin with each call where it is called many times.
    """

    WHOLE = (
        "presence", "last_words", "seeding", "capturing", "announcement",
        "visibility", "facts", "heart", "sampler", "progress",
    )  # fmt: skip
    OF_CALLS = ("capturing", "visibility")

    def __init__(
        self,
        run: Any,
        recorder: Recorder,
        setup: Setup,
        stopping: Stopping,
        resumed: Resumed | None,
        *,
        is_called: bool = False,
        is_loud: bool = True,
    ) -> None:
        self._run = run
        self._recorder = recorder
        self._setup = setup
        self._stopping = stopping
        self._resumed = resumed
        self._is_called = is_called
        self._is_loud = is_loud
        self._capturing = Capturing(
            recorder.ledger.record.capture, recorder.files, recorder.sinks, recorder.ledger.say, run
        )
        self._sampler = Sampler(setup.sample)
        self._signals = DeferredSignals()
        self._parts: dict[str, LifePart] = {}
        self._of_calls: SharedParts | None = None

    def storage(self) -> Storage:
        """Return the part that opens and closes the run's sinks."""
        recorder, run = self._recorder, self._run

        def opened() -> None:
            if self._resumed is not None and recorder.files.folder is not None:
                recorder.go_on(self._resumed.run)
            run.take_its_place()

        keep = self._setup.keep_checkpoints
        return Storage(recorder.sinks, recorder.ledger, run.config, recorder.files, run.masking, opened, keep)

    @contextmanager
    def from_start_to_end(self, ended: Callable[[BaseException | None], None]) -> Iterator[None]:
        """Let the block be the run's work: open it, and record how that ended. Signals wait until they are admitted."""
        with self._signals, living((self._stopping,), self._recorder.ledger.say):
            self._signals.defer()  # those too that are taken from now on
            with self._stored(ended):
                yield

    @contextmanager
    def _stored(self, ended: Callable[[BaseException | None], None]) -> Iterator[None]:
        say = self._recorder.ledger.say
        names = [name for name in self.WHOLE if not (self._is_called and name in (*self.OF_CALLS, "presence"))]
        with living((self.storage(),), say):
            self._parts = self._make_parts()
            self._of_calls = SharedParts([self._parts[name] for name in self.OF_CALLS], say)
            with living([self._parts[name] for name in names], say, ended):
                try:
                    yield
                finally:
                    self._signals.defer()

    def admit_signals(self) -> None:
        """Let signals interrupt from now on, and raise what has arrived while the run began."""
        self._signals.admit()

    def defer_signals(self) -> None:
        """Let signals wait until the end of the run is recorded."""
        self._signals.defer()

    @contextmanager
    def of_call(self) -> Iterator[None]:
        """Let the block be one call of a run that is called many times."""
        assert self._of_calls is not None
        parts = (self._of_calls, self._parts["presence"])
        with DeferredSignals() as signals, living(parts, self._recorder.ledger.say):
            try:
                signals.admit()
                yield
            finally:
                signals.defer()

    def _make_parts(self) -> dict[str, LifePart]:
        """Return what the run can consist of."""
        run, recorder, setup, capturing = self._run, self._recorder, self._setup, self._capturing
        ledger, sinks = recorder.ledger, recorder.sinks
        if self._resumed is not None:
            capturing.go_on(self._resumed.run.folder)
        assert setup.scope is not None and setup.known is not None
        scope, known = setup.scope, setup.known
        return {
            "presence": Presence(run),
            "last_words": Ending(self._store_last_words),
            "seeding": Seeding(run.seed, is_inside=run.parent is not None),
            "capturing": capturing,
            "announcement": Announcement(
                ledger,
                recorder.files,
                run.config,
                recorder.timers,
                run.title,
                NOTICE if self._is_loud else 10,
                is_recorded=bool(setup.observers),
                is_of_script=run.is_of_script,
                masking=run.masking,
            ),
            "visibility": Visibility(DeviceVariables(setup.devices, run), ledger),
            "facts": Facts(lambda folder: Gathering(scope, known, folder, ledger.learn), sinks, ledger),
            "heart": Heart(self._flush, self._beat, run.request.options.beat_interval, ledger.say),
            "sampler": Ending(self._sampler.stop),
            "progress": Ending(recorder.progress.close),
        }

    def _flush(self) -> None:
        """Hand on what has waited long enough; many times a second."""
        recorder = self._recorder
        recorder.logbook.flush_waiting()
        recorder.catch_up()
        self._sampler.wake(recorder.files.folder)
        if recorder.ledger.has_news:
            recorder.ledger.has_news = False
            recorder.emit(Beat(recorder.ledger.so_far))
        self._capturing.push()

    def flush_output(self) -> None:
        """Push on what Python holds of what was printed."""
        self._capturing.flush()

    def _beat(self) -> None:
        """Say that the run is alive, and store what has changed."""
        self._recorder.info.store()
        self._capturing.send()
        self._recorder.emit(Beat(self._recorder.ledger.so_far))

    def _store_last_words(self) -> None:
        """Hand on all that still waits."""
        self._recorder.logbook.flush()
        self._recorder.info.store()
        self._capturing.collapse()

    def hold(self) -> None:
        """Finish what is being written: the process is about to fork."""
        self._recorder.logbook.flush_waiting()
        self._capturing.hold()

    def resume(self) -> None:
        """Go on after a fork, in the parent."""
        self._capturing.resume()
        self._recorder.files.share()

    def forked(self) -> None:
        """Leave the end, the signals and the output to the parent: in a forked child."""
        self._stopping.forked()
        self._recorder.forked()
        self._capturing.forked()
