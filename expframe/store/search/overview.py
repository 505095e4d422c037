"""Runs for people who have chosen no columns: what tells them apart, and what came out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from expframe.config import json_values
from expframe.config.dotted import MISSING
from expframe.config.equality import likeness
from expframe.errors import ValueFormatError
from expframe.record.metrics import TIMES
from expframe.store.rows import Row
from expframe.store.search.fields import Field

_MOST_ENTRIES = 6
_MOST_NUMBERS = 4
"""Of results, and of metrics."""
_SHARE = 4
"""A number stands in the results of one run in so many, or it is no column by itself."""
_NAMED = ("name", "command")


def overview(rows: Sequence[Row]) -> tuple[list[str], list[list[Any]]]:
    """Return the titles and the cells of a table of runs: id, status and the usual columns."""
    columns = usual(rows, (name for row in rows for name in row.metrics or ()))
    named = [name for name in columns if name in _NAMED]
    fields = [Field.parse(name) for name in ("id", *named, "status", *(one for one in columns if one not in named))]
    cells = [[None if value is MISSING else value for value in (field.of(row) for field in fields)] for row in rows]
    return [field.title for field in fields], cells


def usual(rows: Sequence[Row], metrics: Iterable[str]) -> list[str]:
    """
    Return the fields that are shown of runs where nobody has chosen.

    Name and command where the runs differ in them, then the entries that differ, seeds last, the numbers of results,
    the last values of metrics, tags where there are any, start and duration.

    Args:
        rows: The runs.
        metrics: The names of those that they have.
    """
    records = [row.record or {} for row in rows]
    apart = differing(rows)
    shown = [name for name in dict.fromkeys(metrics) if not name.startswith(TIMES)]
    return [
        *(name for name in _NAMED if len({record.get(name) for record in records}) > 1),
        *[name for name in apart if not _is_seed(name)][:_MOST_ENTRIES],
        *[name for name in apart if _is_seed(name)][:1],
        *_numbers(rows)[:_MOST_NUMBERS],
        *[Field.of_metric(name, "last").written for name in shown[:_MOST_NUMBERS]],
        *(["tags"] if any(record.get("tags") for record in records) else []),
        "started",
        "duration",
    ]


def differing(rows: Sequence[Row]) -> list[str]:
    """Return the entries that are known not to be the same in all of some runs, in order of their appearance."""
    fields = (Field.at("config", path).written for path in _apart([row.config or {} for row in rows]))
    return [*dict.fromkeys(fields)]  # a choice may stand beside None


def _apart(trees: Sequence[Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the paths of leaves in which trees differ; key by key over all of them, since there may be many."""
    for key in _keys(trees):
        values = [tree.get(key, MISSING) for tree in trees]
        if all(map(_is_group, values)):
            if any(value != values[0] for value in values):
                yield from _apart(values, (*path, key))
        elif _differ(values):
            yield from dict.fromkeys((*path, key, *rest) for value in values for rest, _ in leaves(value))


def _differ(values: Sequence[Any]) -> bool:
    """Return whether plain data stand for values of which two are known to be different."""
    if all(value == values[0] for value in values) and len(set(map(type, values))) == 1:
        return False
    is_secret = any(isinstance(value, dict) and value.get(json_values.TAG) == "secret" for value in values)
    if MISSING in values or not is_secret:
        return True
    try:
        return likeness(map(json_values.from_json, values)).differ
    except ValueFormatError:
        return True


def fields_of(trees: Sequence[Any], group: str) -> list[str]:
    """Return the fields of the leaves of all trees of plain data, each once."""
    return [*dict.fromkeys(Field.at(group, path).written for path in _paths(trees))]


def _paths(trees: Sequence[Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    groups = [tree for tree in trees if _is_group(tree)]
    if any(tree is not None and not _is_group(tree) for tree in trees) or (path and not groups):
        yield path
    for key in _keys(groups):
        yield from _paths([tree[key] for tree in groups if key in tree], (*path, key))


def _keys(trees: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the keys of all trees, in order of their appearance."""
    found: dict[str, Any] = {}
    for tree in trees:
        if found.keys() != tree.keys():
            found.update(tree)
    return found


def _numbers(rows: Sequence[Row]) -> list[str]:
    """Return the numbers that results of many of the runs are or hold; those of a few are of another kind of run."""
    counts: dict[tuple[str, ...], int] = {}
    for row in rows:
        for path, value in leaves(row.result):
            number = Field.at("result", path).of(row) if isinstance(value, dict) else value  # of a library
            if type(number) in (int, float):
                counts[path] = counts.get(path, 0) + 1
    results = sum(row.result is not None for row in rows)
    return [Field.at("result", path).written for path, count in counts.items() if _SHARE * count >= results]


def leaves(tree: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield the path and value of each leaf of plain data; what is tagged is one leaf, and None by itself is none."""
    if _is_group(tree):
        for key, value in tree.items():
            yield from leaves(value, (*path, key))
    elif tree is not MISSING and (path or tree is not None):
        yield path, tree


def _is_group(tree: Any) -> bool:
    return isinstance(tree, dict) and json_values.TAG not in tree and bool(tree)


def _is_seed(name: str) -> bool:
    return name.rpartition(".")[2] == "seed"
