"""The facts of a run, as frozen data: Record, Failure, Status."""

import datetime
import itertools
import math
from abc import abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from expframe.config import json_values
from expframe.errors import one_of_type

FORMAT = 1
"""The version of the form in which a Record is stored."""


OPENED = "opened"
"""What `extra` of a run says that `start()` opened: it has no command that could be done again."""


class Status:
    """What a run is doing, or how it ended. Runs may also end with a status of their own (`RunInterrupt.status`)."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    INTERRUPTED = "INTERRUPTED"
    TIMEOUT = "TIMEOUT"
    PRUNED = "PRUNED"
    """A trial of a sweep that was ended early, since others do better."""
    DIED = "DIED"
    """Only ever read, never written: the record says RUNNING and the process is gone."""


def now() -> datetime.datetime:
    """Return the time in UTC."""
    return datetime.datetime.now(datetime.UTC)


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

    @property
    def line(self) -> str:
        r"""
        Type and first line of the text.

        Example:
            >>> Failure("builtins.ValueError", "too high\nby far", "").line
            'ValueError: too high'
            >>> Failure("builtins.AssertionError", "", "").line
            'AssertionError'
        """
        first = next((line.strip() for line in self.message.splitlines() if line.strip()), "")
        return ": ".join(filter(None, (self.type.removeprefix("builtins."), first)))


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
        worked: Seconds that its earlier attempts took together.
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
        result: What the command returned; in a store only the shape of what is large.
        failure: What it raised.
        host: Facts of the machine.
        git: Facts of the repository; None outside of one.
        packages: Installed packages that the code uses, name to version.
        sources: (name, stored file) of the project's files that were loaded when the run started.
        main: The name of the script among the sources; None where there is none, as in a notebook.
        module: The name by which `python -m` started the script; None where it was started as a file.
        sources_at_end: The same for those loaded or changed since.
        counts: How many points, media, artifacts, resources, files and calls it has.
        problems: What could not be recorded.
        sweep: Which trial of its parent it is: `trial`, `configuration`, `replicate` and `attempt`; empty for no trial.
        extra: What hooks and other packages add; `rerun_of`: which run it does again; `opened`: by `start()`.
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
    worked: float = 0.0
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
    module: str | None = None
    sources_at_end: tuple[tuple[str, str], ...] = ()
    counts: Mapping[str, int] = {}
    problems: tuple[str, ...] = ()
    sweep: Mapping[str, Any] = {}
    extra: Mapping[str, Any] = {}

    @property
    def duration(self) -> float | None:
        """Seconds that all its attempts took together; None while it runs."""
        started = self.resumed or self.started
        return self.worked + max(0.0, (self.ended - started).total_seconds()) if started and self.ended else None

    @property
    def elapsed(self) -> float | None:
        """Seconds that all its attempts took together, until now while it runs."""
        started = self.resumed or self.started
        if self.duration is not None or started is None or self.status != Status.RUNNING:
            return self.duration
        return self.worked + max(0.0, (now() - started).total_seconds())

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
                data[name] = json_values.to_json(list(value))
            else:
                data[name] = json_values.to_json(value)
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Record":
        """
        Return the Record that `to_json` wrote. Fields of newer versions are kept out, missing ones get defaults.

        Raises:
            TypeError, ValueError, KeyError, AttributeError: It is none, as where somebody has changed it.
        """
        require_kinds(data)
        given: dict[str, Any] = {}
        for name in cls._fields:
            if name not in data:
                continue
            value = data[name]
            if name in {"queued", "started", "resumed", "ended"}:
                given[name] = None if value is None else _moment(value)
            elif name == "failure":
                given[name] = None if value is None else Failure(**value)
            elif name in _PAIRS:
                given[name] = tuple((name, stored) for name, stored in value)
            elif name in _TUPLES:
                given[name] = tuple(json_values.from_json(value))
            else:
                given[name] = json_values.from_json(value)
            _require_texts(name, given[name])
        return cls(**given)


def require_kinds(data: Mapping[str, Any]) -> None:
    """
    Refuse plain data of a record in which a field is what it can never be, as in one that somebody has changed.

    Raises:
        TypeError, AttributeError: One is.
    """
    for name, kind in _KINDS.items():
        if name in data and not isinstance(data[name], kind):
            raise TypeError(f"{name} is {one_of_type(data[name])}")
    if not 0 <= data.get("worked", 0.0) < math.inf:
        raise TypeError("worked is no number of seconds")
    for name in ("counts", "sweep"):
        if not all(isinstance(value, int) for value in data.get(name, {}).values()):
            raise TypeError(f"{name} has more than whole numbers in it")


def _require_texts(name: str, value: Any) -> None:
    """Refuse a field that is to have texts, which are masked where they are secrets, and has others."""
    texts: Iterable[Any] = ()
    if name in _PAIRS:
        texts = itertools.chain.from_iterable(value)
    elif name in _TUPLES or (name == "failure" and value is not None):
        texts = value
    elif name == "comment" and value is not None:
        texts = [value]
    if not all(isinstance(text, str) for text in texts):
        raise TypeError(f"{name} has more than texts in it")
    if name in _MAPPINGS and not isinstance(value, Mapping) and (name, value) != ("git", None):
        raise TypeError(f"{name} is no mapping")


def _moment(text: str) -> datetime.datetime:
    found = datetime.datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return found


_PAIRS = {"sources", "sources_at_end"}
_TUPLES = {"tags", "named_configs", "overrides", "argv", "problems"}
_MAPPINGS = {"options", "host", "git", "packages", "counts", "sweep", "extra"}
_TEXT, _TEXT_OR_NONE = str, str | None
_KINDS: Mapping[str, Any] = {
    **dict.fromkeys(("uid", "name", "command", "status", "root", "cwd", "capture"), _TEXT),
    **dict.fromkeys(("id", "queued", "started", "resumed", "ended", "parent", "parent_id"), _TEXT_OR_NONE),
    **dict.fromkeys(("main", "module"), _TEXT_OR_NONE),
    **dict.fromkeys(("attempt", "depth"), int),
    "worked": int | float,
    **dict.fromkeys((*_PAIRS, *_TUPLES), list),
    **dict.fromkeys(_MAPPINGS, dict),
    "git": dict | None,
    "failure": dict | None,
    "comment": str | dict | None,
}
"""What the fields of a record are as plain data."""


class Recorded:
    """What a live run and a stored one answer alike: the names of their record."""

    @property
    @abstractmethod
    def record(self) -> Record:
        """The facts, as they are now."""

    @property
    def name(self) -> str:
        """The experiment."""
        return self.record.name

    @property
    def command(self) -> str:
        """The command that it runs, or ran."""
        return self.record.command

    @property
    def uid(self) -> str:
        """What no other run anywhere has: given once, there even where nothing is kept, kept when a run is copied."""
        return self.record.uid

    @property
    def attempt(self) -> int:
        """1, and one more each time that the run was resumed."""
        return self.record.attempt

    @property
    def status(self) -> str:
        """How it is, or ended: one of `Status`, or a custom one."""
        return self.record.status

    @property
    def depth(self) -> int:
        """How many runs are around it."""
        return self.record.depth

    @property
    def tags(self) -> tuple[str, ...]:
        """Words by which it can be found."""
        return self.record.tags
