"""What one sink is still to take: a short fault of its storage loses nothing and repeats nothing."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from functools import partial

from expframe.errors import Terminated
from expframe.observers.base import Sink
from expframe.record.events import Beat, Event, Info, Points, Series
from expframe.record.record import Record

_ROOM = 500_000
"""Points that may wait for storage that fails; more are lost, so that memory stays bounded."""

_WEIGHT = 50
"""What another event counts as, in points."""

_PATIENCE = 5.0
"""Seconds for which the end of a run is tried again."""

_PAUSE = 0.05
"""Seconds between two tries of that: storage that is well again has all soon, in case the process is killed."""


class Outbox:
    """
    Hands events to a sink. Those that it refuses with an OSError wait, and are handed on in order before later ones.

    Each kind of event waits by itself, so that a file which cannot be written holds up no other; of the run's info only
    the newest waits, and a beat does not, since the next one says more.

    Args:
        sink: The sink.
        say: Takes the text of a problem.
    """

    def __init__(self, sink: Sink, say: Callable[[str], None]) -> None:
        self.sink = sink
        self._say = say
        self._waiting: dict[str, deque[Event]] = {}
        self._weight = 0
        self._said: set[str] = set()

    def write(self, event: Event) -> None:
        """Hand an event on, after those of its kind that wait; never raises."""
        if isinstance(event, Beat):
            self.catch_up()
            self._attempt(partial(self.sink.write, event), "storing beat", "the next one is tried")
            return
        kind = "points" if isinstance(event, Points | Series) else type(event).__name__.lower()
        queue = self._waiting.setdefault(kind, deque())
        if isinstance(event, Info):
            queue.clear()
        if (queue and not self._hand_on(kind, queue)) or not self._take(kind, event):
            self._keep(kind, queue, event)

    def catch_up(self) -> bool:
        """Hand on what waits; return whether nothing does any more. Never raises."""
        return all([self._hand_on(kind, queue) for kind, queue in self._waiting.items() if queue])

    def close(self, record: Record) -> None:
        """
        Hand on what waits, and close the sink; never raises.

        Storage that fails is tried again for some seconds; then the final record is left where it can be.
        """
        deadline = time.monotonic() + _PATIENCE
        while True:
            is_last = time.monotonic() >= deadline or self._is_gone
            if self.catch_up() or is_last:
                self._say_lost()
                hint = f"it is tried for {_PATIENCE:g} s more"
                if self._attempt(partial(self.sink.close, record), "storing the end of the run", hint):
                    return
                if is_last:
                    self._attempt(partial(self._leave, record), "leaving the end of the run elsewhere", "it is lost")
                    return
            time.sleep(_PAUSE)

    @property
    def _is_gone(self) -> bool:
        """Whether the sink's folder is there no more, so that waiting will not help."""
        return self.sink.folder is not None and not self.sink.folder.exists()

    def _leave(self, record: Record) -> None:
        if text := self.sink.leave(record):
            self._say(text)

    def _take(self, kind: str, event: Event) -> bool:
        """Return whether the sink is done with an event: it has it, or can make nothing of it."""
        hint = "it is kept in memory and tried again"
        return self._attempt(partial(self.sink.write, event), f"storing {kind}", hint)

    def _hand_on(self, kind: str, queue: deque[Event]) -> bool:
        while queue:
            if not self._take(kind, queue[0]):
                return False
            self._weight -= _weight_of(queue.popleft())
        return True

    def _keep(self, kind: str, queue: deque[Event], event: Event) -> None:
        weight = _weight_of(event)
        if self._weight + weight > _ROOM:
            self._say_once("full", f"too much waits for {self._where}: what comes now is lost until it can be written.")
            return
        queue.append(event)
        self._weight += weight

    def _say_lost(self) -> None:
        lost = [f"{kind} ({len(queue)} times)" for kind, queue in self._waiting.items() if queue]
        if lost:
            self._say_once("lost", f"{self._where} could not be written to the end; lost are: {', '.join(lost)}.")
        self._waiting.clear()

    @property
    def _where(self) -> str:
        return str(self.sink.folder or type(self.sink).__name__)

    def _attempt(self, action: Callable[[], None], what: str, again: str) -> bool:
        """Do something with the sink; return False where its storage refused and is to be asked again."""
        try:
            action()
        except Terminated:
            raise
        except (Exception, SystemExit) as problem:
            reason = getattr(problem, "strerror", None) or f"{type(problem).__name__}: {problem}"
            hint = again if isinstance(problem, OSError) else "later events are tried all the same"
            self._say_once(what, f"{what} in {self._where} failed ({reason}); the run goes on, and {hint}.")
            return not isinstance(problem, OSError)
        return True

    def _say_once(self, what: str, text: str) -> None:
        if what not in self._said:
            self._said.add(what)
            self._say(text)


def _weight_of(event: Event) -> int:
    if isinstance(event, Points):
        return len(event.points)
    return len(event.values) if isinstance(event, Series) else _WEIGHT
