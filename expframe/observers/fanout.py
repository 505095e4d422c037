"""All sinks of one run as one: a fault of one is said once and stops neither the others nor the user's work."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from expframe.config.model import Config
from expframe.observers.base import Observer, Sink
from expframe.record import Event, Output, Record


class Sinks:
    """
    The open sinks of a run.

    Args:
        observers: Where the facts go.
        say: Takes a problem's text, once for each kind of problem.
    """

    def __init__(self, observers: Sequence[Observer], say: Callable[[str], None]) -> None:
        self._observers = sorted(observers, key=lambda observer: -observer.priority)
        self._say = say
        self._sinks: list[Sink] = []
        self._said: set[tuple[int, str]] = set()
        self._lock = threading.RLock()
        self.id: str | None = None
        self.folder: Path | None = None

    def open(self, record: Record, config: Config) -> Record:
        """Open every sink and return the record with the id that the first one gave. What one raises is raised."""
        for observer in self._observers:
            sink = observer.open(record, config)
            self._sinks.append(sink)
            if self.id is None and sink.id is not None:
                self.id = sink.id
                record = replace(record, id=sink.id)
            self.folder = self.folder or sink.folder
        return record

    def __bool__(self) -> bool:
        return bool(self._sinks)

    @property
    def wants_output(self) -> bool:
        """Whether a sink must be sent what is printed, because it has no folder where it is written."""
        return any(sink.folder is None for sink in self._sinks)

    def write(self, event: Event) -> None:
        """Hand an event to every sink that takes it; never raises."""
        with self._lock:
            for sink in self._sinks:
                if sink.folder is None or not isinstance(event, Output):
                    self._attempt(sink, lambda sink=sink: sink.write(event), f"storing {type(event).__name__.lower()}")  # type: ignore[misc]

    def close(self, record: Record) -> None:
        """Close every sink; never raises."""
        with self._lock:
            for sink in self._sinks:
                self._attempt(sink, lambda sink=sink: sink.close(record), "storing the end of the run")  # type: ignore[misc]
            self._sinks = []

    def _attempt(self, sink: Sink, action: Callable[[], None], what: str) -> None:
        try:
            action()
        except Exception as problem:
            if (id(sink), what) in self._said:
                return
            self._said.add((id(sink), what))
            where = f" in {sink.folder}" if sink.folder else f" in {type(sink).__name__}"
            reason = getattr(problem, "strerror", None) or f"{type(problem).__name__}: {problem}"
            self._say(f"{what}{where} failed ({reason}); the run goes on, and later events are tried again.")
