"""The one Record of a live run: begun, kept, replaced as it goes."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from logging import Logger
from typing import Any

from expframe.config.equality import same
from expframe.config.groups import by_name
from expframe.config.json_values import to_json
from expframe.config.masking import Masking
from expframe.config.request import Request
from expframe.errors import RunError, one_of_type
from expframe.process import locks
from expframe.record.events import Event, Info, Points, Series
from expframe.record.record import Record, Status


class Ledger:
    """
    Keeps the Record of a run, and counts what belongs to it. Safe to use from many threads.

    Attributes:
        record: The facts as they are now.
        id: The run's name in its store; None where nothing is kept, or not yet.
        has_news: Whether facts have come that are not stored yet.
    """

    def __init__(self, record: Record, id: str | None = None) -> None:
        self.record: Record = record
        self.id = id
        self.has_news: bool = False
        self._counts: dict[str, int] = {}
        self._problems: dict[str, None] = {}
        self._lock = locks.lock()

    @property
    def label(self) -> str:
        """How the run is called in messages."""
        record = self.record
        return f"run {self.id}" if self.id is not None else f"{record.name}.{record.command} (not kept)"

    @property
    def log(self) -> Logger:
        """The run's logger."""
        import logging

        return logging.getLogger(self.record.name)

    @property
    def so_far(self) -> Record:
        """The facts without how the run ended: that is stored last, behind all else that is to be there then."""
        if self.record.ended is None:
            return self.record
        return self.record._replace(status=Status.RUNNING, ended=None, result=None, failure=None)

    def count(self, kind: str, number: int = 1) -> None:
        """Count more of a kind: points, media, artifacts, resources, files or calls."""
        with self._lock:
            self._counts[kind] = self._counts.get(kind, 0) + number

    def count_event(self, event: Event) -> None:
        """Count the points that an event has."""
        if isinstance(event, Points):
            self.count("points", len(event.points))
        elif isinstance(event, Series):
            self.count("points", len(event.values))

    def advance(self, **changes: Any) -> None:
        """Replace the record by one with changes, with what is counted and with what went wrong so far."""
        with self._lock:
            self._problems |= dict.fromkeys(changes.pop("problems", ()))
            counts = {name: count for name, count in self._counts.items() if count}
            self.record = self.record._replace(counts=counts, problems=tuple(self._problems), **changes)

    def learn(self, facts: Mapping[str, Any]) -> None:
        """Take facts into the record, which is stored with the next flush."""
        self.advance(**facts)
        self.has_news = True

    def say(self, problem: str) -> None:
        """Note what could not be recorded, and say it, each problem once."""
        with self._lock:
            if problem in self._problems:
                return
            self._problems[problem] = None
        self.log.warning("%s: %s", self.label, problem)


class LiveInfo:
    """
    The run's `info`: a dict that anybody may change, stored whenever it says something new.

    Args:
        emit: Takes the event.
    """

    def __init__(self, emit: Callable[[Event], None]) -> None:
        self._emit = emit
        self._value: dict[str, Any] = {}
        self._stored: Any = {}

    @property
    def value(self) -> dict[str, Any]:
        """The dict."""
        return self._value

    @value.setter
    def value(self, info: dict[str, Any]) -> None:
        if not isinstance(info, dict):
            raise RunError(f"run.info = {info!r:.60}", f"is {one_of_type(info)}. It must be a dict.")
        self._value = info

    def go_on(self, stored: Mapping[str, Any]) -> None:
        """Go on after what an earlier attempt stored; what this one begins with prevails."""
        self._value = {**stored, **self._value}
        self._stored = to_json(stored)

    def store(self) -> None:
        """Store it where it says something else than what is stored."""
        for _ in range(3):
            try:
                info = by_name(dict(self._value))
                seen = to_json(info)
                break
            except RuntimeError:  # it changed while it was read
                continue
        else:
            return
        if not same(seen, self._stored):
            self._stored = seen
            self._emit(Info(info))


def first_record(
    uid: str, name: str, command: str, request: Request, seed: Any, around: Record | None, masking: Masking
) -> Record:
    """Return the record with which a run begins, inside another one or in none."""
    options, trial_of = request.options, request.trial_of
    if trial_of is not None:
        around = Record(trial_of.uid, name, "sweep", id=trial_of.id, root=trial_of.root, depth=trial_of.depth)
    return Record(
        uid=uid,
        id=options.id,
        name=name,
        command=command,
        status=Status.QUEUED if options.queue else Status.RUNNING,
        seed=seed,
        parent=around.uid if around else None,
        parent_id=around.id if around else None,
        root=around.root if around else uid,
        depth=around.depth + 1 if around else 0,
        tags=tuple(dict.fromkeys((*request.tags, *options.tag))),
        comment=options.comment,
        options=masking.value(options.given()),
        named_configs=request.named,
        overrides=_words(request, masking),
        argv=masking.words(sys.argv),
        cwd=_working_directory(),
        sweep=dict(trial_of.facts) if trial_of is not None else {},
        extra={"rerun_of": dict(request.rerun_of)} if request.rerun_of else {},
    )


def next_record(before: Record, attempt: int, request: Request, masking: Masking) -> Record:
    """Return the record with which a later attempt of a run begins."""
    options = request.options
    return before._replace(
        status=Status.RUNNING,
        attempt=attempt,
        worked=before.duration or 0.0,
        ended=None,
        result=None,
        failure=None,
        tags=tuple(dict.fromkeys((*before.tags, *request.tags, *options.tag))),
        comment=options.comment or before.comment,
        options=masking.value(options.given()),
        named_configs=tuple(dict.fromkeys((*before.named_configs, *request.named))),
        overrides=tuple(dict.fromkeys((*before.overrides, *_words(request, masking)))),
        argv=masking.words(sys.argv),
        cwd=_working_directory(),
        sweep=dict(request.trial_of.facts) if request.trial_of is not None else before.sweep,
    )


def _words(request: Request, masking: Masking) -> tuple[str, ...]:
    return masking.words(override.written for override in request.overrides)


def _working_directory() -> str:
    try:
        return os.getcwd()  # on the way of each run
    except OSError:  # it is gone
        return ""
