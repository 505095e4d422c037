"""What a run can be found by: its record, config and metrics as plain data, out of its folder."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from expframe.config import json_values
from expframe.disk import layout
from expframe.disk.files import size_of
from expframe.record.record import Failure, Status, now, require_kinds
from expframe.store import final_record, lease
from expframe.store.foreign import Format, format_of
from expframe.store.points import Statistics

GROUPS = ("record", "host", "result", "config", "metrics")
"""What a row is made of; each is read only where it is asked for, as are `info` and `size`."""

KEPT = (
    "uid",
    "name",
    "command",
    "status",
    "queued",
    "started",
    "resumed",
    "worked",
    "ended",
    "parent",
    "parent_id",
    "root",
    "depth",
    "tags",
    "comment",
    "failure",
    "attempt",
    "sweep",
    "git",
    "code",
)
"""The facts of a record that a row has; `code` is a digest of its sources."""

OF_GIT = ("commit", "branch", "dirty", "remote", "root")
"""What a row has of the repository; not what was changed in it, which may be long."""
_DAMAGED = (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError)


class Row(NamedTuple):
    """
    One run, as far as it was asked for.

    Attributes:
        id: The name of its folder.
        record: Facts of its record as plain JSON data; None where the record cannot be read.
        host: Facts of its machine, likewise plain.
        result: What its command returned, likewise plain.
        config: Its values, likewise plain; None where they cannot be read.
        metrics: For each metric what its points come to; None where they cannot be read.
        info: Its info, likewise plain.
        size: How many bytes its files have.
    """

    id: str
    record: Mapping[str, Any] | None = None
    host: Any = None
    result: Any = None
    config: Mapping[str, Any] | None = None
    metrics: Statistics | None = None
    info: Any = None
    size: int | None = None

    @property
    def git(self) -> Any:
        """Facts of the repository, of `OF_GIT`; None outside of one."""
        return (self.record or {}).get("git")

    @property
    def failure(self) -> Failure | None:
        """What it failed with, without a traceback; None where it did not."""
        found = (self.record or {}).get("failure")
        return Failure(str(found.get("type")), str(found.get("message")), "") if isinstance(found, dict) else None

    @property
    def order(self) -> tuple[str, int]:
        """What newer runs have more of: the start, then the number."""
        record = self.record or {}
        return str(record.get("started") or record.get("queued") or ""), int(self.id) if self.id.isdecimal() else 0

    @property
    def duration(self) -> float | None:
        """Seconds that all its attempts took together, until now while it runs."""
        record = self.record or {}
        started, ended = moment(record.get("resumed") or record.get("started")), moment(record.get("ended"))
        if started is not None and ended is None and record.get("status") == Status.RUNNING:
            ended = now()
        if started is None or ended is None:
            return None
        before = record.get("worked")
        took = max(0.0, (ended - started).total_seconds())
        return took + before if isinstance(before, int | float) else took


def moment(text: Any) -> datetime.datetime | None:
    """Return the time that a record has as text; None where it has none with a time zone."""
    try:
        found = datetime.datetime.fromisoformat(text)
    except (ValueError, TypeError):
        return None
    return found if found.tzinfo else None


def read(folder: Path, groups: Collection[str]) -> Row | None:
    """
    Return the row of a run as it is now; None where no run is.

    What cannot be read is missing from the row, and nothing is raised for it.
    """
    row = read_as_written(folder, groups)
    return row and judged(row, folder, groups)


def judged(row: Row, folder: Path, groups: Collection[str]) -> Row:
    """Return a row in which a run that says RUNNING and whose process is gone is DIED."""
    if row.record is None or row.record["status"] != Status.RUNNING or lease.is_alive(folder):
        return row
    row = read_as_written(folder, groups) or row  # it may just have ended
    if row.record is None or row.record["status"] != Status.RUNNING:
        return row
    return row._replace(record={**row.record, "status": Status.DIED})


def read_as_written(folder: Path, groups: Collection[str]) -> Row | None:
    """Return the row of a run as its files have it, so that a run whose process is gone may say RUNNING."""
    row = read_own(folder, groups)
    if row is None and (other := format_of(folder)):
        return _read_foreign(other, folder, groups)
    return row


def read_own(folder: Path, groups: Collection[str], sizes: Mapping[str, int] | None = None) -> Row | None:
    """
    Return the row of a run as its files have it; None where there is none, or none of ours.

    Args:
        folder: The run.
        groups: What of it.
        sizes: Of its metric files, where they are known.
    """
    record: Mapping[str, Any] | None = None
    given: dict[str, Any] = {}
    try:
        data = final_record.of(folder, json.loads(layout.read(folder, layout.RECORD)))
        if "format" not in data and format_of(folder):
            return None
        given = {"host": data.get("host"), "result": data.get("result")}
        require_kinds(data)
        data["uid"], data["status"]  # what every record has
        record = _kept(data)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except _DAMAGED:
        pass
    if "config" in groups:
        given["config"] = _config(folder)
    if "metrics" in groups:
        given["metrics"] = statistics_of(folder, sizes)
    return Row(folder.name, record, **given)


def _read_foreign(other: Format, folder: Path, groups: Collection[str]) -> Row:
    """Return the row of a run that another tool has written; what cannot be read is missing from it."""
    run = other.open(folder)
    given: dict[str, Any] = {}
    with suppress(*_DAMAGED):
        data = run.record.to_json()
        given = {
            "host": data.get("host"),
            "result": data.get("result"),
            "record": _kept(data),
        }
    with suppress(*_DAMAGED):
        if "info" in groups:
            given["info"] = json_values.to_json(run.info)
    with suppress(*_DAMAGED):
        if "config" in groups:
            given["config"] = run.config.to_json()["values"]
    with suppress(*_DAMAGED):
        if "metrics" in groups:
            given["metrics"] = Statistics.of_summaries(run.summaries)
    return Row(folder.name, **given)


def with_rest(row: Row, folder: Path, groups: Collection[str]) -> Row:
    """Return a row with what is not remembered of a run, as far as it is asked for."""
    if "info" in groups and row.info is None:
        row = row._replace(info=_info(folder))
    return row._replace(size=size_of(folder)) if "size" in groups else row


def _kept(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a row has of a record."""
    kept = {name: data.get(name) for name in KEPT}
    if isinstance(kept["git"], dict):
        kept["git"] = {name: kept["git"].get(name) for name in OF_GIT}
    if sources := data.get("sources"):
        kept["code"] = hashlib.blake2b(json.dumps(sorted(sources)).encode(), digest_size=16).hexdigest()
    return kept


def _info(folder: Path) -> Any:
    try:
        return json.loads(layout.read(folder, layout.INFO))
    except _DAMAGED:
        return None


def _config(folder: Path) -> Mapping[str, Any] | None:
    try:
        found = json.loads(layout.read(folder, layout.CONFIG))["values"]
    except _DAMAGED:
        return None
    return found if isinstance(found, dict) else None


def statistics_of(folder: Path, sizes: Mapping[str, int] | None = None) -> Statistics | None:
    """Return what the points of a run come to; None where they cannot be read."""
    try:
        return Statistics.of(folder, sizes)
    except OSError:
        return None
