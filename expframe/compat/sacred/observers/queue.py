"""Events that wait in a queue until an observer has taken them."""

from __future__ import annotations

import copy
import logging
import threading
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from expframe.compat.sacred.observers.base import Facts, RunKeeper, RunObserver
from expframe.config.signatures import signature_of

_LOG = logging.getLogger("queue-observer")
_HOPELESS = (TypeError, AttributeError, ValueError, LookupError, FileNotFoundError)
"""What trying again does not heal."""
_TRIES = 3


def _queued(name: str, *, is_last: bool = False) -> Any:
    """Return a method that queues an event; it waits for the queue to be empty if that is the last event of a run."""

    def event(self: QueueObserver, *args: Any, **kwargs: Any) -> None:
        """Queue it; at the end of the run, return when the queue is empty."""
        self._put(name, *args, **kwargs)
        if is_last:
            self.join()

    event.__name__ = name
    return event


class QueueObserver(RunKeeper):
    """
    Hands events on to another observer in a thread of its own, in their order, so that a slow one slows no run.

    The beginning of a run is handed on at once, for it gives the id. An event that fails is tried again for as long as
    it takes, since a connection may come back; one that fails for a reason that stays is given up after three tries,
    and said. The end of a run returns when the queue is empty.

    Args:
        covered_observer: The other observer.
        interval: Seconds between two times that the queue is emptied.
        retry_interval: Seconds before an event that failed is tried again.
    """

    def __init__(self, covered_observer: RunObserver, interval: float = 20.0, retry_interval: float = 10.0) -> None:
        self._covered_observer = covered_observer
        self.priority: int = covered_observer.priority
        self._interval = interval
        self._retry_interval = retry_interval
        self._queue: deque[tuple[str, tuple[Any, ...], dict[str, Any]]] = deque()
        self._worker: threading.Thread | None = None
        self._is_wanted = threading.Event()
        """Set when somebody waits for the queue to be empty."""

    def __copy__(self) -> QueueObserver:
        other = object.__new__(type(self))
        QueueObserver.__init__(other, copy.copy(self._covered_observer), self._interval, self._retry_interval)
        return other

    def queued_event(self, *args: Any, **kwargs: Any) -> Any:
        """Hand it on at once."""
        return self._covered_observer.queued_event(*args, **kwargs)

    def started_event(self, *args: Any, **kwargs: Any) -> Any:
        """Hand it on at once; what follows goes through the queue."""
        given = self._covered_observer.started_event(*args, **kwargs)
        self._begin_work()
        return given

    heartbeat_event: Any = _queued("heartbeat_event")
    resource_event: Any = _queued("resource_event")
    artifact_event: Any = _queued("artifact_event")
    completed_event: Any = _queued("completed_event", is_last=True)
    interrupted_event: Any = _queued("interrupted_event", is_last=True)
    failed_event: Any = _queued("failed_event", is_last=True)

    def log_metrics(self, metrics_by_name: Mapping[str, Any], info: Facts) -> None:
        """Queue it: one event for each metric if the other observer takes (name, values, info), else one."""
        if _takes_one_metric(self._covered_observer.log_metrics):
            for name, values in metrics_by_name.items():
                self._put("log_metrics", name, values, info)
        else:
            self._put("log_metrics", metrics_by_name, info)

    def join(self) -> None:
        """Return when the queue is empty and the other observer has stored what it took; the thread has ended then."""
        worker = self._worker
        if worker is not None:
            self._is_wanted.set()
            worker.join()
        self._covered_observer.join()

    def _put(self, name: str, /, *args: Any, **kwargs: Any) -> None:
        self._queue.append((name, args, kwargs))
        self._begin_work()

    def _begin_work(self) -> None:
        if self._worker is None or not self._worker.is_alive():
            self._is_wanted.clear()
            self._worker = threading.Thread(target=self._run, name="expframe-sacred-queue", daemon=True)
            self._worker.start()

    def _run(self) -> None:
        """Empty the queue now and then, until somebody waits for the last of it."""
        is_last = False
        while not is_last:
            is_last = self._is_wanted.wait(self._interval)
            while self._queue:
                self._hand_on(*self._queue[0])
                self._queue.popleft()

    def _hand_on(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        tries = 0
        while True:
            try:
                getattr(self._covered_observer, name)(*args, **kwargs)
            except Exception as problem:
                tries += 1
                if isinstance(problem, _HOPELESS) and tries >= _TRIES:
                    _LOG.warning("%s was given up after %d tries: %r", name, tries, problem)
                    return
                if tries == 1:
                    _LOG.warning("%s failed and is tried again: %r", name, problem)
                threading.Event().wait(self._retry_interval)
            else:
                return

    def __getattr__(self, item: str) -> Any:
        if item.startswith("__") or item == "_covered_observer":
            raise AttributeError(item)
        return getattr(self._covered_observer, item)

    def __eq__(self, other: object) -> bool:
        covered = other._covered_observer if isinstance(other, QueueObserver) else other
        return bool(self._covered_observer == covered)

    __hash__: ClassVar[None] = None  # type: ignore[assignment]


def _takes_one_metric(log_metrics: Callable[..., Any]) -> bool:
    """Return whether an observer is told of one metric at a time: name, values and info."""
    try:
        signature = signature_of(log_metrics)
        signature.bind("name", "values", "info")
    except (TypeError, ValueError):
        return False
    return "metrics_by_name" not in signature.parameters
