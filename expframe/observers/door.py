"""The one way from a run to its observers: every record, config and event passes here, and secrets stay behind."""

from __future__ import annotations

from typing import Any

from expframe.config.decided import Config
from expframe.config.masking import Masking
from expframe.record.events import Beat, Call, Event, File, Info, Output, Points, Series, Table
from expframe.record.record import Failure, Record

_AS_THEY_ARE = {
    "uid",
    "id",
    "name",
    "command",
    "status",
    "queued",
    "started",
    "attempt",
    "resumed",
    "worked",
    "ended",
    "parent",
    "parent_id",
    "root",
    "depth",
    "capture",
    "sources",
    "main",
    "sources_at_end",
    "counts",
}
"""Facts that a password which happens to be the same word does not blot out."""

_FOUND_ONCE = {"host", "git", "packages", "result"}
"""Facts that may be large, and are known once for all."""


class Door:
    """
    Makes of a run's record, config and events what observers may see: snapshots without secrets.

    Args:
        masking: The run's secrets.
    """

    def __init__(self, masking: Masking) -> None:
        self._masking = masking
        self._found: dict[str, tuple[Any, Any]] = {}

    def config(self, config: Config) -> Config:
        """Return a config as it may be seen."""
        return config.masked(self._masking)

    def record(self, record: Record) -> Record:
        """Return a record as it may be seen."""
        shown = {
            name: self._fact(name, value)
            for name, value in zip(record._fields, record, strict=True)
            if value is not None and name not in _AS_THEY_ARE
        }
        return record._replace(**shown)

    def event(self, event: Event) -> Event:
        """Return an event as it may be seen. Points are numbers, and pass."""
        if isinstance(event, Points | Series):
            return event
        masking = self._masking
        if isinstance(event, Output):
            return Output(masking.text(event.text))
        if isinstance(event, Info):
            return Info(masking.value(event.info, snapshot=True))
        if isinstance(event, Beat):
            return Beat(self.record(event.record))
        if isinstance(event, File):
            return event._replace(metadata=masking.value(event.metadata, snapshot=True)) if event.metadata else event
        if isinstance(event, Call):
            return event._replace(result=masking.value(event.result), failure=self._failure(event.failure))
        return event._replace(content=self._content(event.content))

    def _fact(self, name: str, value: Any) -> Any:
        if name in ("argv", "overrides"):
            return self._masking.words(value)
        if isinstance(value, Failure):
            return self._failure(value)
        if name not in _FOUND_ONCE:
            return self._masking.value(value)
        given, shown = self._found.get(name, (None, None))
        if given is not value:
            shown = self._masking.value(value)
            self._found[name] = value, shown
        return shown

    def _failure(self, failure: Failure | None) -> Failure | None:
        if failure is None:
            return None
        text = self._masking.text
        return Failure(failure.type, text(failure.message), text(failure.traceback))

    def _content(self, content: Any) -> Any:
        if isinstance(content, Table):
            return Table(*self._masking.value((content.header, content.rows)))
        return self._masking.text(content) if isinstance(content, str) else content
