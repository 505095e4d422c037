"""
Where facts go: an Observer opens a Sink for each run, the Sink takes the run's events.

What belongs to one run lives on its Sink, never on the Observer, so that nested, parallel and repeated runs cannot mix.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path

from expframe.config.decided import Config
from expframe.errors import DefinitionError
from expframe.record.events import Event
from expframe.record.record import Record


class Sink(ABC):
    """
    Takes what happens in one run.

    The methods are called by one thread at a time. What they raise is said once, and the run goes on. After an OSError
    the same event comes again, before later ones of its kind, and so does the end for some seconds: take an event whole
    or not at all.

    Attributes:
        id: The run's id, where this sink gives one.
        folder: Where files of the run can be put directly; output is then written there and not sent as events.
    """

    id: str | None = None
    folder: Path | None = None

    @abstractmethod
    def write(self, event: Event) -> None:
        """Take one event."""

    @abstractmethod
    def close(self, record: Record) -> None:
        """Take the final record; nothing follows, but for the same again where it raised an OSError."""

    def leave(self, record: Record) -> str:
        """Leave the final record somewhere else, as `close` has failed for good; return what is to be said of it."""
        return ""


class Observer(ABC):
    """Somewhere that facts of runs should go. Frozen: it may be shared by all runs of a process."""

    priority: int = 0
    """Observers with a higher one are opened first. The store has 100: it gives the run its id."""

    is_interruptible: bool = True
    """Whether Ctrl-C stops `open` at once, which may wait for a server; else it waits, and nothing stays half made."""

    @abstractmethod
    def open(self, record: Record, config: Config) -> Sink:
        """
        Begin a run.

        Raises:
            Exception: What cannot be opened stops the run before it starts; bad storage should be loud.
        """


def as_observer(given: object) -> Observer:
    """
    Return an Observer: the object itself, or what its method `as_observer()` makes of it.

    Raises:
        DefinitionError: It is neither.
    """
    if not isinstance(given, Observer) and hasattr(given, "as_observer"):
        given = given.as_observer()
    if not isinstance(given, Observer):
        raise DefinitionError(
            f"observer {given!r:.80}", "is no expframe.Observer. Subclass it, or give it a method as_observer()."
        )
    return given
