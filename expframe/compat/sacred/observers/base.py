"""The interface that Sacred's observers have, how one of them takes native runs, and how a length of time is said."""

from __future__ import annotations

import copy
import datetime
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from expframe.compat.sacred.dependencies import collect_repositories, gather_sources_and_dependencies
from expframe.compat.sacred.host_info import get_host_info
from expframe.compat.sacred.metrics_logger import ScalarMetricLogEntry, linearize_metrics
from expframe.config.decided import Config
from expframe.config.masking import MASKING
from expframe.config.secrets import Masked
from expframe.observers.base import Observer, Sink
from expframe.record.events import Beat, Event, File, Info, Output, Points, Series
from expframe.record.record import Record, Status, now

Facts = dict[str, Any]
"""What observers are told of a run, by name."""


class RunObserver:
    """
    Is told what happens in runs; every method does nothing until a subclass says otherwise.

    The arguments are passed by keyword, times as datetimes in UTC that do not say so. `ex_info`, `host_info`, `config`,
    `meta_info` and `info` are the run's own live dicts, shared by all of its observers.
    """

    priority: int = 0
    """Observers with a higher one are told first."""

    def queued_event(
        self, ex_info: Facts, command: str, host_info: Facts, queue_time: Any, config: Facts, meta_info: Facts, _id: Any
    ) -> Any:
        """Take a run that is to be made later, and return its id."""

    def started_event(
        self, ex_info: Facts, command: str, host_info: Facts, start_time: Any, config: Facts, meta_info: Facts, _id: Any
    ) -> Any:
        """Take the beginning of a run, and return its id. `_id` is None until somebody gave one."""

    def heartbeat_event(self, info: Facts, captured_out: str, beat_time: Any, result: Any) -> None:
        """Take how the run stands: its info, all of its output so far and its interim result."""

    def log_metrics(self, metrics_by_name: Mapping[str, Any], info: Facts) -> None:
        """Take the points that were logged since the last call; before every heartbeat, and empty too."""

    def completed_event(self, stop_time: Any, result: Any) -> None:
        """Take the end of a run that did what it should."""

    def interrupted_event(self, interrupt_time: Any, status: str) -> None:
        """Take the end of a run that was stopped."""

    def failed_event(self, fail_time: Any, fail_trace: Sequence[str]) -> None:
        """Take the end of a run that raised, and the lines of its traceback."""

    def resource_event(self, filename: str) -> None:
        """Take a file that the run reads, by its absolute path."""

    def artifact_event(
        self, name: str, filename: str, metadata: Mapping[str, Any] | None = None, content_type: str | None = None
    ) -> None:
        """Take a file that the run made, by its absolute path."""

    def join(self) -> None:
        """Return when everything that was taken is stored."""

    def as_observer(self) -> Any:
        """Return the observer for native runs that tells this one of them."""
        return SacredObserver(self)


class RunKeeper(RunObserver):
    """
    Holds what it knows of one run, so that a run that begins before the end of that one is told to a copy of it.

    Attributes:
        knows_run: Whether it took the beginning of the run, and so can take its end.
        is_interruptible: Whether Ctrl-C stops it at once while it is told of a beginning or an end: it may wait for a
            server.
    """

    knows_run = False
    is_interruptible = True
    _is_taken = False

    @classmethod
    def create(cls, *args: Any, **kwargs: Any) -> Self:
        """Make one; an old name of the constructor."""
        name = cls.__name__
        text = f"{name}.create(...) is deprecated. Please use {name}(...) instead."
        warnings.warn(text, DeprecationWarning, stacklevel=1)  # for tests, as Sacred: no lines more from a script
        return cls(*args, **kwargs)


def taken(observer: Any) -> Any:
    """Return who is told of a new run: an observer, or a copy of one that is told of another run and keeps it."""
    if not isinstance(observer, RunKeeper):
        return observer
    keeper = copy.copy(observer) if observer._is_taken else observer
    keeper._is_taken = True
    keeper.knows_run = False
    return keeper


def give_back(observer: Any) -> None:
    """Take note that the run has ended which an observer was told of."""
    if isinstance(observer, RunKeeper):
        observer._is_taken = False


class SacredObserver(Observer):
    """Hands native runs on to one of Sacred's observers, one after the other."""

    def __init__(self, observer: RunObserver) -> None:
        self.observer = observer
        self.priority: int = observer.priority

    def __repr__(self) -> str:
        return repr(self.observer)

    def open(self, record: Record, config: Config) -> Sink:
        """Tell the observer that a run was started or queued."""
        keeper = taken(self.observer)
        try:
            return SacredSink(keeper, record, config)
        except BaseException:
            give_back(keeper)
            raise


class SacredSink(Sink):
    """Tells one of Sacred's observers what happens in one native run, in live dicts, output as a whole."""

    def __init__(self, observer: RunObserver, record: Record, config: Config) -> None:
        self._observer = observer
        self._info: dict[str, Any] = {}
        self._output = ""
        is_queued = record.status == Status.QUEUED
        when = {"queue_time": _naive(record.queued)} if is_queued else {"start_time": _naive(record.started)}
        tell: Any = observer.queued_event if is_queued else observer.started_event
        given = tell(
            ex_info=MASKING.value(_experiment_info(record)),
            command=record.command,
            host_info=MASKING.value(get_host_info()),
            config=_told(config.values),
            meta_info={
                "command": record.command,
                "options": _told(record.options),
                "named_configs": list(record.named_configs),
                **({"comment": record.comment} if record.comment else {}),
            },
            _id=record.id,
            **when,
        )
        self.id: str | None = None if given is None else str(given)

    def write(self, event: Event) -> None:
        """Tell of one event."""
        if isinstance(event, Points | Series):
            points = (ScalarMetricLogEntry(*point) for point in points_of(event))
            self._observer.log_metrics(metrics_by_name=linearize_metrics(points), info=self._info)
        elif isinstance(event, Output):
            self._output += event.text
        elif isinstance(event, Info):
            self._info.update(_told(event.info))
        elif isinstance(event, File):
            method, facts = told_of_file(event)
            getattr(self._observer, method)(**facts)
        elif isinstance(event, Beat):
            self._beat(event.record)

    def _beat(self, record: Record) -> None:
        beat_time = _naive(now())
        self._observer.heartbeat_event(
            info=self._info, captured_out=self._output, beat_time=beat_time, result=_told(record.result)
        )

    def close(self, record: Record) -> None:
        """Tell how the run ended, and wait until the observer has stored it."""
        try:
            if record.status != Status.QUEUED:
                self._tell_of_end(record)
        finally:
            give_back(self._observer)

    def _tell_of_end(self, record: Record) -> None:
        self._beat(record)
        end = _naive(record.ended)
        if record.status == Status.COMPLETED:
            self._observer.completed_event(stop_time=end, result=_told(record.result))
        elif record.status == Status.FAILED:
            trace = record.failure.traceback.splitlines(keepends=True) if record.failure else []
            self._observer.failed_event(fail_time=end, fail_trace=trace)
        else:
            self._observer.interrupted_event(interrupt_time=end, status=record.status)
        self._observer.join()


def _told(value: Any) -> Any:
    """Return a value in plain dicts and lists, what stands for a secret as a plain text."""
    if isinstance(value, Mapping):
        return {key: _told(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_told(item) for item in value]
    if type(value) is tuple:
        return tuple(map(_told, value))
    return str(value) if isinstance(value, Masked) else value


def told_of_file(file: File) -> tuple[str, Facts]:
    """Return the event by which observers are told of a file of ours, and what they are told."""
    if file.kind == "resource":
        return "resource_event", {"filename": file.path}
    about = {"metadata": _told(file.metadata), "content_type": file.content_type}
    return "artifact_event", {"name": file.name, "filename": file.path, **about}


def _naive(time: datetime.datetime | None) -> datetime.datetime:
    return (time or now()).astimezone(datetime.UTC).replace(tzinfo=None)


def points_of(event: Points | Series) -> Iterator[tuple[str, Any, datetime.datetime, Any]]:
    """Yield metric, step, time and value of each point."""
    if isinstance(event, Series):
        steps = zip(event.steps, event.values, strict=True)
        points: Any = ((event.name, step, event.time, value) for step, value in steps)
    else:
        points = event.points
    for name, step, when, value in points:
        yield name, step, _naive(datetime.datetime.fromtimestamp(when, datetime.UTC)), value


def _experiment_info(record: Record) -> dict[str, Any]:
    """Return what Sacred's observers are told of the code: that of the script of this process."""
    try:
        main, found, packages = gather_sources_and_dependencies(vars(sys.modules["__main__"]), save_git_info=True)
    except (ValueError, AssertionError, OSError):  # a main module that is no file
        main, found, packages = None, set(), set()
    sources = sorted(found)
    base = str(Path(main.filename).parent if main else Path.cwd())
    return {
        "name": record.name,
        "base_dir": base,
        "sources": [source.to_json(base) for source in sources],
        "dependencies": sorted((package.to_json() for package in packages), key=str.lower),
        "repositories": collect_repositories(sources),
        "mainfile": main.to_json(base)[0] if main else None,
    }


_LENGTHS = (("year", 365 * 86400), ("month", 30 * 86400), ("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1))


def td_format(duration: datetime.timedelta) -> str:
    """
    Return a length of time in words; a year has 365 days and a month has 30.

    >>> td_format(datetime.timedelta(minutes=1, seconds=1))
    '1 minute, 1 second'
    """
    rest = int(duration.total_seconds())
    words = []
    for name, length in _LENGTHS:
        count, rest = divmod(rest, length)
        if count:
            words.append(f"{count} {name}" + ("" if count == 1 else "s"))
    return ", ".join(words) if words else "less than a second"
