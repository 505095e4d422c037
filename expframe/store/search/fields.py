"""What runs are asked for by name: `status`, `config.lr`, `metrics.acc.max`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from expframe.config import dotted, json_values
from expframe.config.dotted import MISSING
from expframe.errors import QueryError, listed
from expframe.store.points import STATISTICS
from expframe.store.rows import Row, moment

_PART = r"[\w/-]+"
_QUOTED = r"\[\s*(?:\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|\d+)\s*\]"
PATH = re.compile(rf"[^\W\d]\w*(?:\.{_PART}|{_QUOTED})*")
"""How a field is written."""

_STEP = re.compile(rf"\.?(?P<part>{_PART})|(?P<quoted>{_QUOTED})")


def _failure(row: Row) -> Any:
    failure = _plain(row, "failure")
    return f"{failure.get('type')}: {failure.get('message')}" if isinstance(failure, dict) else None


def _plain(row: Row, name: str) -> Any:
    return json_values.from_json((row.record or {}).get(name))


def _fact(name: str) -> Callable[[Row], Any]:
    return lambda row: (row.record or {}).get(name)


def _time(name: str) -> Callable[[Row], Any]:
    return lambda row: moment((row.record or {}).get(name))


_OF_RECORD: dict[str, tuple[str, Callable[[Row], Any]]] = {
    "id": ("id", lambda row: row.id),
    **{
        name: ("text", _fact(name))
        for name in ("uid", "name", "command", "status", "parent", "parent_id", "root", "comment")
    },
    "tags": ("list", lambda row: _plain(row, "tags")),
    "queued": ("time", _time("queued")),
    "started": ("time", _time("started")),
    "ended": ("time", _time("ended")),
    "time": ("time", lambda row: moment(row.order[0])),
    "duration": ("duration", lambda row: row.duration),
    "depth": ("number", _fact("depth")),
    "failure": ("text", _failure),
}
_GROUPS = ("config", "metrics", "host", "result")


class Field(NamedTuple):
    """
    One thing that each run may have.

    Attributes:
        name: How it is written in short.
        group: The part of a row that it is in.
        path: Where it is in there; for metrics the name and the statistic.
    """

    name: str
    group: str
    path: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> Field:
        """
        Return the field that a text names.

        Raises:
            QueryError: No run can have such a field.

        Example:
            >>> Field.parse('metrics["time/epoch"]').name
            'metrics.time/epoch.last'
        """
        if PATH.fullmatch(text) is None:
            raise QueryError(f"field {text!r}", "is no name. Write status, config.net.depth or metrics['a b'].max.")
        steps = [(found["part"], found["quoted"]) for found in _STEP.finditer(text)]
        parts = [part if part is not None else unquoted(quoted[1:-1].strip()) for part, quoted in steps]
        first, *path = parts
        if first in _OF_RECORD and not path:
            return cls(first, "record", (first,))
        if first == "metrics" and path:
            has_statistic = len(path) > 1 and steps[-1][0] in STATISTICS
            name, statistic = (path[:-1], path[-1]) if has_statistic else (path, "last")
            return cls.of_metric(".".join(name), statistic)
        if first in _GROUPS and (path or first == "result"):
            return cls(".".join(parts), first, tuple(path))
        known = [*_OF_RECORD, "config.NAME", "metrics.NAME.max", "host.NAME", "result"]
        hint = _nearest(text, known)
        raise QueryError(f"field {text!r}", f"is none, and texts stand in quotes. {hint}")

    @classmethod
    def of_metric(cls, name: str, statistic: str) -> Field:
        """Return the field of a metric's statistic."""
        return cls(f"metrics.{name}.{statistic}", "metrics", (name, statistic))

    @property
    def kind(self) -> str:
        """What its values are: `id`, `text`, `list`, `time`, `duration`, `number` or `any`."""
        if self.group == "record":
            return _OF_RECORD[self.name][0]
        return "number" if self.group == "metrics" else "any"

    def of(self, row: Row) -> Any:
        """Return its value in a row, or MISSING."""
        if self.group == "record":
            found = _OF_RECORD[self.name][1](row)
        elif self.group == "metrics":
            statistics = row.metrics.get(self.path[0]) if row.metrics is not None else None
            found = None if statistics is None else statistics[STATISTICS.index(self.path[1])]
            if self.path[1] == "count" and found is not None:
                found = int(found)
        else:
            return _at(getattr(row, self.group), self.path)
        return MISSING if found is None else found


def unquoted(text: str) -> str:
    """Return what a quoted text says; digits stand for themselves."""
    return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL) if text[:1] in {'"', "'"} else text


def _at(tree: Any, path: tuple[str, ...]) -> Any:
    """Return what is at a path of plain JSON data, as the value that it stands for."""
    for number, part in enumerate(path):
        if isinstance(tree, dict) and json_values.TAG in tree:
            return dotted.get(_value(tree), path[number:])
        key = dotted.find_key(tree, part)
        if key is MISSING:
            return MISSING
        tree = tree[key]
    return MISSING if tree is None and not path else _value(tree)


def _value(data: Any) -> Any:
    try:
        return json_values.from_json(data)
    except ValueError:  # a damaged tag
        return MISSING


def entries(row: Row, group: str) -> Iterator[tuple[str, Any]]:
    """Yield the name and value of each entry that a row has in a group, such as `config.net.depth`."""
    if group == "metrics":
        for name, statistics in () if row.metrics is None else row.metrics.items():
            for statistic, value in zip(STATISTICS, statistics, strict=True):
                yield Field.of_metric(name, statistic).name, value
        return
    tree = _value(getattr(row, group))
    if isinstance(tree, dict):
        for path, value in dotted.walk(tree):
            yield dotted.join((group, *path)), value


def unknown(field: Field, known: list[str]) -> QueryError:
    """Return what is to be raised for a field that no run has, given those that there are in its group."""
    return QueryError(f"field {field.name!r}", f"is in no run. {_nearest(field.name, known)}")


def _nearest(name: str, known: list[str]) -> str:
    nearest = dotted.nearest(name, known)
    return f"Did you mean {' or '.join(map(repr, nearest))}?" if nearest else f"There are: {listed(known, most=30)}."
