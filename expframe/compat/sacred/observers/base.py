"""The interface that Sacred's observers have, and how a length of time is said."""

from __future__ import annotations

import copy
import datetime
from collections.abc import Mapping, Sequence
from typing import Any


class RunObserver:
    """
    Is told what happens in runs; every method does nothing until a subclass says otherwise.

    The arguments are passed by keyword. `ex_info`, `host_info`, `config`, `meta_info` and `info` are the run's own live
    dicts, shared by all of its observers.
    """

    priority: int = 0
    """Observers with a higher one are told first."""

    def queued_event(
        self,
        ex_info: dict[str, Any],
        command: str,
        host_info: dict[str, Any],
        queue_time: datetime.datetime,
        config: dict[str, Any],
        meta_info: dict[str, Any],
        _id: Any,
    ) -> Any:
        """Take a run that is to be made later, and return its id."""

    def started_event(
        self,
        ex_info: dict[str, Any],
        command: str,
        host_info: dict[str, Any],
        start_time: datetime.datetime,
        config: dict[str, Any],
        meta_info: dict[str, Any],
        _id: Any,
    ) -> Any:
        """Take the beginning of a run, and return its id. `_id` is None until somebody gave one."""

    def heartbeat_event(
        self, info: dict[str, Any], captured_out: str, beat_time: datetime.datetime, result: Any
    ) -> None:
        """Take how the run stands: its info, all of its output so far and its interim result."""

    def log_metrics(self, metrics_by_name: Mapping[str, Any], info: dict[str, Any]) -> None:
        """Take the points that were logged since the last call; before every heartbeat, and empty too."""

    def completed_event(self, stop_time: datetime.datetime, result: Any) -> None:
        """Take the end of a run that did what it should."""

    def interrupted_event(self, interrupt_time: datetime.datetime, status: str) -> None:
        """Take the end of a run that was stopped."""

    def failed_event(self, fail_time: datetime.datetime, fail_trace: Sequence[str]) -> None:
        """Take the end of a run that raised, and the lines of its traceback."""

    def resource_event(self, filename: str) -> None:
        """Take a file that the run reads, by its absolute path."""

    def artifact_event(
        self,
        name: str,
        filename: str,
        metadata: Mapping[str, Any] | None = None,
        content_type: str | None = None,
    ) -> None:
        """Take a file that the run made, by its absolute path."""

    def join(self) -> None:
        """Return when everything that was taken is stored."""

    def as_observer(self) -> Any:
        """Return the observer for native runs that tells this one of them."""
        from expframe.compat.sacred.adapters import SacredObserver

        return SacredObserver(self)


class RunKeeper(RunObserver):
    """
    Holds what it knows of one run, so that a run that begins before the end of that one is told to a copy of it.

    Attributes:
        knows_run: Whether it took the beginning of the run, and so can take its end.
    """

    knows_run = False
    _is_taken = False

    def taken(self) -> RunObserver:
        """Return who is told of a new run: this observer, or a copy while it is told of another run."""
        keeper = copy.copy(self) if self._is_taken else self
        keeper._is_taken = True
        keeper.knows_run = False
        return keeper

    def given_back(self) -> None:
        """Take note that the run has ended."""
        self._is_taken = False


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
