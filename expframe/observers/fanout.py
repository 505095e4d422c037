"""All sinks of one run behind one door: a fault of one is said once and stops neither the others nor the work."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path

from expframe.config.decided import Config
from expframe.config.masking import Masking
from expframe.errors import DefinitionError, one_of_type
from expframe.observers.base import Observer, Sink, as_observer
from expframe.observers.door import Door
from expframe.observers.outbox import Outbox
from expframe.process import locks
from expframe.process.signals import AdmittedSignals
from expframe.record.events import Event, Output
from expframe.record.record import Record

_PATIENCE = 10.0
"""Seconds that the end of a run waits for a sink that is still busy."""

_WAITING = 10_000
"""Events that may wait for a busy sink; more are lost, so that memory stays flat."""


class Sinks:
    """
    The open sinks of a run. One with a folder is written by the caller; the others may be slow and have a thread each.

    Args:
        observers: Where the facts go.
        say: Takes a problem's text, once for each kind of problem.
        count: Is told of each event that is taken.
        masking: The run's secrets, which no observer is to see.
    """

    def __init__(
        self,
        observers: Sequence[Observer],
        say: Callable[[str], None],
        count: Callable[[Event], None],
        masking: Masking,
    ) -> None:
        self._door = Door(masking)
        self._observers = sorted(map(as_observer, observers), key=lambda observer: -observer.priority)
        self._say = say
        self._count = count
        self._sinks: list[Sink] = []
        self._outboxes: list[Outbox] = []
        self._lanes: list[_Lane] = []
        self._said: set[tuple[int, str]] = set()
        self._lock = locks.reentrant_lock()
        self._is_shut = False
        self.id: str | None = None
        self._placed: Sink | None = None

    def open(self, record: Record, config: Config) -> Record:
        """Open every sink and return the record with the id that the first one gave. What one raises is raised."""
        shown_config = self._door.config(config) if self._observers else config
        try:
            for observer in self._observers:
                with AdmittedSignals() if observer.is_interruptible else nullcontext():
                    sink = observer.open(self._door.record(record), shown_config)
                if not isinstance(sink, Sink):
                    raise DefinitionError(
                        f"observer {observer!r:.80}", f"opened {one_of_type(sink)}, which is no Sink."
                    )
                self._sinks.append(sink)
                if self.id is None and sink.id is not None:
                    self.id = sink.id
                    record = record._replace(id=sink.id)
                if self._placed is None and sink.folder is not None:
                    self._placed = sink
        finally:  # those that are open are told of the end, whatever stops another one
            self._outboxes = [Outbox(sink, self._say) for sink in self._sinks if sink.folder is not None]
            self._lanes = [_Lane(Outbox(sink, self._say)) for sink in self._sinks if sink.folder is None]
        return record

    def __bool__(self) -> bool:
        return bool(self._sinks)

    @property
    def folder(self) -> Path | None:
        """Where files of the run can be put, by the first sink that has such a place; None where none has."""
        return None if self._placed is None else self._placed.folder

    @property
    def wants_output(self) -> bool:
        """Whether a sink must be sent what is printed, because it has no folder where it is written."""
        return bool(self._lanes)

    def write(self, event: Event) -> None:
        """Hand an event to every sink that takes it; never raises. Nothing is taken any more after `shut`."""
        with self._lock:
            if self._is_shut:
                self._say_once(self, "ended", "it has ended; what is logged or saved now is not recorded")
                return
            if self._sinks:
                self._hand_on(self._door.event(event))
            self._count(event)

    def catch_up(self) -> bool:
        """Hand on what waits for folders whose storage failed; return whether nothing does any more. Never raises."""
        with self._lock:
            return all([outbox.catch_up() for outbox in self._outboxes])

    def _hand_on(self, event: Event) -> None:
        for lane in self._lanes:
            if not lane.put(event):
                self._say_once(lane, "lost", f"{type(lane.sink).__name__} does not keep up; events for it are lost")
        if not isinstance(event, Output):
            for outbox in self._outboxes:
                outbox.write(event)

    def shut(self) -> None:
        """Take nothing more: what is counted by now is what is stored."""
        with self._lock:
            self._is_shut = True

    def close(self, record: Record) -> None:
        """Close every sink; never raises, and waits for a busy one only so long."""
        self.shut()
        record = self._door.record(record)
        for lane in self._lanes:
            lane.close(record)
        for outbox in self._outboxes:
            outbox.close(record)
        for lane in self._lanes:
            if not lane.wait(_PATIENCE):
                self._say_once(lane, "late", f"{type(lane.sink).__name__} was not done {_PATIENCE:g} s after the end")
        self._sinks, self._outboxes, self._lanes = [], [], []

    def _say_once(self, who: object, what: str, text: str) -> None:
        if (id(who), what) not in self._said:
            self._said.add((id(who), what))
            self._say(text)


class _Lane:
    """The thread that writes to one sink, and what waits for it."""

    def __init__(self, outbox: Outbox) -> None:
        import queue

        self.sink = outbox.sink
        self._outbox = outbox
        self._events: queue.Queue[Event | Record] = queue.Queue()
        self._thread = threading.Thread(target=self._work, name="expframe-sink", daemon=True)
        self._thread.start()

    def put(self, event: Event) -> bool:
        """Let an event wait for its turn; False if too many do already."""
        if self._events.qsize() >= _WAITING:
            return False
        self._events.put(event)
        return True

    def close(self, record: Record) -> None:
        """Let the end wait for its turn."""
        self._events.put(record)

    def wait(self, seconds: float) -> bool:
        """Return whether all is written, after waiting for it so long."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _work(self) -> None:
        while True:
            event = self._events.get()
            if isinstance(event, Record):
                self._outbox.close(event)
                return
            self._outbox.write(event)
