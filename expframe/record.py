"""The facts of a run, and what happens in it, as frozen data."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from expframe.config import values

if TYPE_CHECKING:
    from pathlib import Path

FORMAT = 1
"""The version of the form in which a Record is stored."""


class Status:
    """What a run is doing, or how it ended. Runs may also end with a status of their own (`RunInterrupt.status`)."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    INTERRUPTED = "INTERRUPTED"
    TIMEOUT = "TIMEOUT"
    DIED = "DIED"
    """Only ever read, never written: the record says RUNNING and the process is gone."""


def now() -> datetime.datetime:
    """Return the time in UTC."""
    return datetime.datetime.now(datetime.timezone.utc)


class Failure(NamedTuple):
    """
    The exception a run ended with.

    Attributes:
        type: `module.Class`.
        message: Its text.
        traceback: The whole traceback, causes included. Secrets are masked.
    """

    type: str
    message: str
    traceback: str


class Record(NamedTuple):
    """
    The facts of one run; JSON and back without loss.

    Attributes:
        uid: Unique among all runs anywhere.
        id: The name in its store; None where nothing is kept.
        name: The experiment.
        command: The command's name, `ingredient.path.name` for one of an ingredient.
        status: One of `Status`, or a custom one.
        queued: When it was queued, in UTC.
        started: When it was started, in UTC.
        attempt: 1, and one more each time that it was resumed.
        resumed: When its latest attempt was started, in UTC; None for the first one.
        ended: When it ended, in UTC.
        seed: The seed entry of its config.
        parent: The uid of the run it was started in.
        parent_id: That run's id.
        root: The uid of the outermost run; its own for one without parent.
        depth: How many runs are around it.
        tags: Words to find it again.
        comment: A text to remember it by.
        options: The options that were given.
        named_configs: The named configs and files that were asked for.
        overrides: The overrides as they were written.
        argv: The command line of the process.
        cwd: Its working directory when the run was started.
        capture: How output is captured: `no`, `sys` or `fd`.
        result: What the command returned.
        failure: What it raised.
        host: Facts of the machine.
        git: Facts of the repository; None outside of one.
        packages: Installed packages that the code uses, name to version.
        sources: (name, stored file) of the project's files that were loaded when the run started.
        main: The name of the script among the sources; None where there is none, as in a notebook.
        sources_at_end: The same for those loaded or changed since.
        counts: How many points, media, artifacts, resources, files and calls it has.
        problems: What could not be recorded.
        extra: What hooks and other packages add; `rerun_of` says which run it does again.
    """

    uid: str
    name: str
    command: str
    status: str = Status.RUNNING
    id: str | None = None
    queued: datetime.datetime | None = None
    started: datetime.datetime | None = None
    attempt: int = 1
    resumed: datetime.datetime | None = None
    ended: datetime.datetime | None = None
    seed: Any = None
    parent: str | None = None
    parent_id: str | None = None
    root: str = ""
    depth: int = 0
    tags: tuple[str, ...] = ()
    comment: str | None = None
    options: Mapping[str, Any] = {}
    named_configs: tuple[str, ...] = ()
    overrides: tuple[str, ...] = ()
    argv: tuple[str, ...] = ()
    cwd: str = ""
    capture: str = "no"
    result: Any = None
    failure: Failure | None = None
    host: Mapping[str, Any] = {}
    git: Mapping[str, Any] | None = None
    packages: Mapping[str, str] = {}
    sources: tuple[tuple[str, str], ...] = ()
    main: str | None = None
    sources_at_end: tuple[tuple[str, str], ...] = ()
    counts: Mapping[str, int] = {}
    problems: tuple[str, ...] = ()
    extra: Mapping[str, Any] = {}

    @property
    def duration(self) -> float | None:
        """Seconds from the start of its latest attempt to its end; None while it runs."""
        started = self.resumed or self.started
        return (self.ended - started).total_seconds() if started and self.ended else None

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON data. Secrets are masked."""
        data: dict[str, Any] = {"format": FORMAT}
        for name, value in zip(self._fields, self, strict=True):
            if isinstance(value, datetime.datetime):
                data[name] = value.isoformat()
            elif isinstance(value, Failure):
                data[name] = value._asdict()
            elif name in _PAIRS:
                data[name] = [list(pair) for pair in value]
            elif name in _TUPLES:
                data[name] = values.to_json(list(value))
            else:
                data[name] = values.to_json(value)
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Record:
        """Return the Record that `to_json` wrote. Fields of newer versions are kept out, missing ones get defaults."""
        given: dict[str, Any] = {}
        for name in cls._fields:
            if name not in data:
                continue
            value = data[name]
            if name in {"queued", "started", "resumed", "ended"}:
                given[name] = value and datetime.datetime.fromisoformat(value)
            elif name == "failure":
                given[name] = value and Failure(**value)
            elif name in _PAIRS:
                given[name] = tuple((name, stored) for name, stored in value)
            elif name in _TUPLES:
                given[name] = tuple(values.from_json(value))
            else:
                given[name] = values.from_json(value)
        return cls(**given)


_PAIRS = {"sources", "sources_at_end"}
_TUPLES = {"tags", "named_configs", "overrides", "argv", "problems"}


# --------------------------------------------------------------------------------------------------------- events

Point = tuple[str, "int | float", float, "int | float"]
"""(metric, step, time in seconds since 1970, value)."""


class Points(NamedTuple):
    """Single points of metrics, in the order they were logged."""

    points: Sequence[Point]


class Series(NamedTuple):
    """Many points of one metric, logged at once."""

    name: str
    steps: Sequence[int | float]
    time: float
    values: Sequence[int | float]


class Output(NamedTuple):
    """What was printed since the last such event. Sinks with a folder have it in a file already and are not sent it."""

    text: str


class Info(NamedTuple):
    """The run's info as it is now."""

    info: Mapping[str, Any]


class File(NamedTuple):
    """
    A file that belongs to the run.

    Attributes:
        kind: `artifact` (made by the run) or `resource` (used by it).
        name: What it is called in the run.
        path: Where its content is.
        size: In bytes.
        digest: SHA-256 of the content in hex; empty where it was not computed.
        content_type: The MIME type, if it was given.
        metadata: What the caller adds.
    """

    kind: str
    name: str
    path: str
    size: int
    time: float
    digest: str = ""
    content_type: str | None = None
    metadata: Mapping[str, Any] = {}


class Table(NamedTuple):
    """
    Rows of several columns.

    Attributes:
        header: The name of each column.
        rows: As many values as columns in each.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]

    def to_frame(self) -> Any:
        """
        Return a frame of pandas or polars, whichever is loaded or installed.

        Raises:
            MissingLibraryError: Neither is installed.
        """
        from expframe.frames import frame_of

        columns = zip(*self.rows, strict=True) if self.rows else [()] * len(self.header)
        return frame_of(dict(zip(self.header, map(list, columns), strict=True)))


class Histogram(NamedTuple):
    """
    How many values lie where.

    Attributes:
        edges: The bounds of n bins, n + 1 of them, ascending; the last bin includes its upper one.
        counts: How many values are in each of the n bins.
        skipped: How many were NaN or infinite, and are in none.
    """

    edges: tuple[float, ...]
    counts: tuple[int, ...]
    skipped: int = 0


class Media(NamedTuple):
    """
    Something logged at a step that is no number.

    Attributes:
        kind: `table`, `histogram`, `text`, `image` or `figure`.
        name: What it is called.
        step: When it was, as for metrics.
        time: Seconds since 1970.
        content: A Table, a Histogram, a text, or for images and figures the Path of their file.
    """

    kind: str
    name: str
    step: int | float
    time: float
    content: Table | Histogram | str | Path


class Call(NamedTuple):
    """
    One call of a run that is called many times.

    Attributes:
        number: From 1, in the order in which the calls began.
        started: When it began, in UTC.
        ended: When it ended, in UTC.
        result: What it returned.
        failure: What it raised.
    """

    number: int
    started: datetime.datetime
    ended: datetime.datetime
    result: Any = None
    failure: Failure | None = None

    @property
    def duration(self) -> float:
        """Seconds from its beginning to its end."""
        return (self.ended - self.started).total_seconds()

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON data."""
        return {
            "number": self.number,
            "started": self.started.isoformat(),
            "ended": self.ended.isoformat(),
            "duration": self.duration,
            "result": values.to_json(self.result),
            "failure": self.failure and self.failure._asdict(),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Call:
        """Return the Call that `to_json` wrote."""
        started, ended = (datetime.datetime.fromisoformat(data[name]) for name in ("started", "ended"))
        failure = data["failure"] and Failure(**data["failure"])
        return cls(data["number"], started, ended, values.from_json(data["result"]), failure)


class Beat(NamedTuple):
    """The run is alive; `record` is what is known of it by now."""

    record: Record


Event = Points | Series | Media | Output | Info | File | Call | Beat
