"""
What runs are asked for by name: `status`, `config.lr`, `metrics.acc.max`.

A name that nothing else has is that of an entry: `lr` is `config.lr`, and `model.hidden` is `config.model.hidden`. A
group that says what was chosen among several is that choice: `config.model` is `vit`, and its fields are
`config.model.depth` and so on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from expframe.config import dotted, json_values
from expframe.config.dotted import CHOICE, MISSING
from expframe.errors import QueryError, listed
from expframe.store.points import STATISTICS
from expframe.store.rows import OF_GIT, Row, moment

_PART = r"[\w/-]+"
_QUOTED = r"\[\s*(?:\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|\d+)\s*\]"
PATH = re.compile(rf"[^\W\d]\w*(?:\.{_PART}|{_QUOTED})*")
"""How a field is written."""

_STEP = re.compile(rf"\.?(?P<part>{_PART})|(?P<quoted>{_QUOTED})")


def _failure(row: Row) -> Any:
    failure = row.failure
    return None if failure is None else f"{failure.type}: {failure.message}"


def _plain(row: Row, name: str) -> Any:
    return _value((row.record or {}).get(name))


def _fact(name: str) -> Callable[[Row], Any]:
    return lambda row: (row.record or {}).get(name)


def _time(name: str) -> Callable[[Row], Any]:
    return lambda row: moment((row.record or {}).get(name))


def _of_sweep(name: str) -> Callable[[Row], Any]:
    return lambda row: ((row.record or {}).get("sweep") or {}).get(name)


_OF_RECORD: dict[str, tuple[str, Callable[[Row], Any]]] = {
    "id": ("id", lambda row: row.id),
    **{name: ("text", _fact(name)) for name in ("uid", "name", "command", "status", "root", "comment")},
    "parent": ("id", _fact("parent_id")),
    "parent_id": ("id", _fact("parent_id")),
    "parent_uid": ("text", _fact("parent")),
    "tags": ("list", lambda row: _plain(row, "tags")),
    "queued": ("time", _time("queued")),
    "started": ("time", _time("started")),
    "ended": ("time", _time("ended")),
    "time": ("time", lambda row: moment(row.order[0])),
    "duration": ("duration", lambda row: row.duration),
    "depth": ("number", _fact("depth")),
    "attempt": ("number", _fact("attempt")),
    "failure": ("text", _failure),
    **{f"sweep.{name}": ("number", _of_sweep(name)) for name in ("trial", "configuration", "replicate", "attempt")},
    "sweep.excluded": ("any", _of_sweep("excluded")),
}
GROUPS = ("config", "metrics", "host", "result", "git", "info", "size")
"""The parts of a row, beside its record."""
_WHOLE = {"result", "size"}
"""Groups that are a field themselves."""

_PLAIN = {int, float, str, bool}

FACTS = (*_OF_RECORD, "size", "result", *(f"git.{name}" for name in OF_GIT))
"""The fields that every run may have, however it was made."""


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
            QueryError: It is no name, or not a whole one.

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
        if ".".join(parts) in _OF_RECORD:
            return cls(".".join(parts), "record", tuple(parts))
        if first == "metrics" and path:
            has_statistic = len(path) > 1 and steps[-1][0] in STATISTICS
            name, statistic = (path[:-1], path[-1]) if has_statistic else (path, "last")
            return cls.of_metric(".".join(name), statistic)
        if first == "git" and path and path[0] not in OF_GIT:
            raise QueryError(f"field {text!r}", f"is none. There are: {', '.join(f'git.{name}' for name in OF_GIT)}.")
        if first not in GROUPS:
            return cls(".".join(("config", *parts)), "config", tuple(parts))
        if first == "size" and path:
            raise QueryError(f"field {text!r}", "is none: size is a number of bytes.")
        if not path and first not in _WHOLE:
            raise QueryError(f"field {text!r}", f"is none: it has parts. Name one of them: {first}.NAME.")
        return cls(".".join(parts), first, tuple(path))

    @classmethod
    def at(cls, group: str, path: tuple[str, ...]) -> Field:
        """Return the field of what is at a path of a group; of a choice that of the group which says it."""
        path = dotted.without_choice(path)
        return cls(dotted.join((group, *path)), group, path)

    @classmethod
    def of_metric(cls, name: str, statistic: str) -> Field:
        """Return the field of a metric's statistic."""
        return cls(f"metrics.{name}.{statistic}", "metrics", (name, statistic))

    @property
    def written(self) -> str:
        """
        How it is written so that `parse` reads it, whatever it is called.

        Example:
            >>> Field.of_metric("a b", "max").written, Field.parse("lr").written
            ('metrics["a b"].max', 'config.lr')
        """
        if self.group == "record" or not self.path:
            return self.name
        return "".join([self.group, *map(_step_of, self.path)])

    @property
    def kind(self) -> str:
        """What its values are: `id`, `text`, `list`, `time`, `duration`, `number` or `any`."""
        if self.group == "record":
            return _OF_RECORD[self.name][0]
        return "number" if self.group in ("metrics", "size") else "any"

    @property
    def title(self) -> str:
        """How it is called at the head of a column: in short, where that means nothing else."""
        short = self.name.removeprefix("config.")
        first = short.partition(".")[0]
        is_taken = self.group == "config" and (short in FACTS or first in GROUPS)
        return self.name if is_taken else short.removeprefix("metrics.")

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


def _step_of(part: str) -> str:
    if re.fullmatch(_PART, part):
        return f".{part}"
    text = part.replace("\\", "\\\\").replace('"', '\\"')
    return f'["{text}"]'


def _at(tree: Any, path: tuple[str, ...]) -> Any:
    """Return what is at a path of plain JSON data, as the value that it stands for."""
    for number, part in enumerate(path):
        if isinstance(tree, dict) and json_values.TAG in tree:
            return dotted.get_named(_value(tree), path[number:])
        key = dotted.find_key(tree, part)
        if key is MISSING:
            return MISSING
        tree = tree[key]
    if isinstance(tree, dict) and CHOICE in tree:
        return _value(tree[CHOICE])
    return MISSING if tree is None and not path else _value(tree)


def _value(data: Any) -> Any:
    """Return the value that plain JSON data stand for; single numbers of libraries are found as those of Python."""
    if type(data) in _PLAIN:  # almost all
        return data
    try:
        return json_values.number_of(json_values.from_json(json_values.plain_numbers(data)))
    except (ValueError, RecursionError):  # a damaged tag
        return MISSING


def entries(row: Row, group: str) -> Iterator[tuple[str, Any]]:
    """Yield the name and value of each entry that a row has in a group, such as `config.net.depth`."""
    if group == "metrics":
        for name, statistics in () if row.metrics is None else row.metrics.items():
            for statistic, value in zip(STATISTICS, statistics, strict=True):
                yield f"metrics.{name}.{statistic}", value
        return
    tree = _value(getattr(row, group))
    if isinstance(tree, dict):
        found: list[tuple[str, Any]] = []
        _add_leaves(tree, group, found, is_top=True)
        yield from found


def _add_leaves(tree: Mapping[Any, Any], name: str, found: list[tuple[str, Any]], *, is_top: bool = False) -> None:
    """Add name and value of each leaf of a tree to `found`, without the path of each: frames have a million of them."""
    for key, value in tree.items():
        if isinstance(value, dict) and value:
            _add_leaves(value, f"{name}.{key}", found)
        else:
            is_choice = key == CHOICE and not is_top
            found.append((name if is_choice else f"{name}.{key}", json_values.number_of(value)))


def unknown(field: Field, rows: Iterable[Row], *, is_word: bool = False) -> QueryError | None:
    """
    Return what is to be raised for a field that none of the runs has; None where each of them might.

    Args:
        field: The field.
        rows: The runs, with the groups of the field and `metrics`.
        is_word: Whether it may be meant as a text, which stands in quotes.
    """
    if field.name in FACTS or field.group == "record":
        return None
    seen = list(rows)
    known = dict.fromkeys(name for row in seen for name, _ in entries(row, field.group))
    if field.name in known:
        return None
    hint = _nearest(field.name, list(known))
    if field.group == "config":
        short = ".".join(field.path)
        names = {**{fact: fact for fact in FACTS}, **{name.removeprefix("config."): name for name in known}}
        near = [names[name] for name in dotted.nearest(short, names)]
        if any(short in (row.metrics or ()) for row in seen):
            near = [f"metrics.{short}"]
        hint = f"Did you mean {' or '.join(map(repr, near))}?" if near else hint
    if is_word:
        hint += f" A text stands in quotes: '{field.path[0]}'."
    return QueryError(f"field {field.name!r}", f"is in no run. {hint}")


def _nearest(name: str, known: list[str]) -> str:
    """Return what may have been meant; the group, which all of them share, makes no two names alike."""
    group, _, short = name.partition(".")
    alike = dotted.nearest(name, known, most=len(known))
    nearest = [one for one in alike if not short or dotted.nearest(short, [one.removeprefix(f"{group}.")])][:3]
    return f"Did you mean {' or '.join(map(repr, nearest))}?" if nearest else f"There are: {listed(known, most=30)}."
