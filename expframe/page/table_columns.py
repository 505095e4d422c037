"""The columns of the table of runs: which there are, which tell runs apart, which are shown where nobody has chosen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from expframe.config import dotted, json_values
from expframe.config.dotted import MISSING
from expframe.page.board import Board
from expframe.page.cells import cell_of
from expframe.page.question import Question
from expframe.record.metrics import TIMES
from expframe.store.points import STATISTICS
from expframe.store.rows import Row
from expframe.store.search.fields import FACTS, Field

_SAMPLE = 200
"""So many of the newest runs say which columns are shown where nobody has chosen."""
_SHARE = 4
"""A number stands in the results of one run in so many, or it is no column by itself."""
_MOST_ENTRIES = 6
_MOST_METRICS = 4
_MOST_VALUES = 50
_NAMED = ("name", "command")
_TIMED = ("started", "duration")


def answer(board: Board, question: Question) -> dict[str, Any]:
    """Return the fields that runs of the store have, for choosing columns and completing filters."""
    found: dict[str, Any] = board.rows.remembered("fields", lambda: _fields(board, board.rows.all()))
    return found


def _fields(board: Board, rows: Sequence[Row]) -> dict[str, Any]:
    entries = [_written("config", path) for path in _all_paths([row.config or {} for row in rows])]
    metrics = dict.fromkeys(name for row in rows for name in board.rows.metric_names(row))
    results = dict.fromkeys(_written("result", path) for row in rows for path in _paths(row.result))
    return {
        "facts": sorted(FACTS),
        "entries": [{"name": name, "title": Field.parse(name).title} for name in entries],
        "metrics": sorted(metrics, key=natural),
        "results": list(results),
        "statistics": list(STATISTICS),
    }


def values(board: Board, question: Question) -> dict[str, Any]:
    """
    Return the different values that a field has in runs of the store, the most frequent first.

    Raises:
        QueryError: There can be no such field.
    """
    rows = board.rows.all()
    counts: dict[Any, int] = {}
    for value in board.rows.column(Field.parse(question.text("field")), rows):
        for one in value if isinstance(value, list | tuple) else (value,):
            if isinstance(one, str | int | float | bool):
                counts[one] = counts.get(one, 0) + 1
    often = sorted(counts, key=lambda value: -counts[value])[:_MOST_VALUES]
    return {"values": [cell_of(value) for value in often], "more": max(0, len(counts) - len(often))}


def usual(board: Board, rows: Sequence[Row]) -> list[str]:
    """Return the columns shown where nobody has chosen: what tells the newest runs apart, and what came out."""
    sample = rows[:_SAMPLE]
    apart = differing(sample)
    names = [name for name in _NAMED if len({(row.record or {}).get(name) for row in sample}) > 1]
    names += [name for name in apart if name.rpartition(".")[2] != "seed"][:_MOST_ENTRIES]
    names += [name for name in apart if name.rpartition(".")[2] == "seed"][:1]
    names += _result_names(sample)[:_MOST_METRICS]
    metrics = dict.fromkeys(name for row in sample[:20] for name in board.rows.metric_names(row))
    names += [Field.of_metric(name, "last").written for name in metrics if not name.startswith(TIMES)][:_MOST_METRICS]
    names += ["tags"] if any((row.record or {}).get("tags") for row in sample) else []
    return [*names, *_TIMED]


def _result_names(rows: Sequence[Row]) -> list[str]:
    """Return the numbers that results of many of the runs are or hold; those of a few are of another kind of run."""
    counts: dict[str, int] = {}
    for row in rows:
        for path, value in _leaves(row.result):
            if isinstance(value, int | float) and not isinstance(value, bool):
                name = _written("result", path)
                counts[name] = counts.get(name, 0) + 1
    return [name for name, count in counts.items() if _SHARE * count >= sum(row.result is not None for row in rows)]


def differing(rows: Sequence[Row]) -> list[str]:
    """Return the entries that are not the same in all of some runs, in order of their appearance."""
    return [_written("config", path) for path in _apart([row.config or {} for row in rows])]


def _apart(trees: Sequence[Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the paths of leaves in which trees differ; key by key over all of them, since there may be many."""
    for key in _keys(trees):
        values = [tree.get(key, MISSING) for tree in trees]
        first = values[0]
        if all(map(_is_group, values)):
            if any(value != first for value in values):
                yield from _apart(values, (*path, key))
        elif any(value != first for value in values) or len(set(map(type, values))) > 1:
            yield from dict.fromkeys((*path, key, *rest) for value in values for rest in _paths(value))


def _keys(trees: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the keys of all trees, in order of their appearance."""
    found: dict[str, Any] = {}
    for tree in trees:
        if found.keys() != tree.keys():
            found.update(tree)
    return found


def _written(group: str, path: tuple[str, ...]) -> str:
    return Field(dotted.join((group, *path)), group, path).written


def _all_paths(trees: Sequence[Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the paths of the leaves of all trees, each once."""
    for key in _keys(trees):
        values = [tree[key] for tree in trees if key in tree]
        groups = [value for value in values if _is_group(value)]
        yield from _all_paths(groups, (*path, key)) if groups else ((*path, key),)


def _paths(tree: Any) -> Iterator[tuple[str, ...]]:
    return (path for path, _ in _leaves(tree))


def _leaves(tree: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield the path and value of each leaf of plain data; what is tagged is one leaf, None alone is none."""
    if _is_group(tree):
        for key, value in tree.items():
            yield from _leaves(value, (*path, key))
    elif tree is not MISSING and (path or tree is not None):
        yield path, tree


def _is_group(tree: Any) -> bool:
    return isinstance(tree, dict) and json_values.TAG not in tree and bool(tree)


def natural(text: str) -> list[tuple[int, str]]:
    """
    Return what texts are sorted by so that numbers in them count as numbers.

    Example:
        >>> sorted(["layer10", "layer9"], key=natural)
        ['layer9', 'layer10']
    """
    parts: list[tuple[int, str]] = []
    for letter in text:
        if letter.isascii() and letter.isdigit():
            number = parts.pop()[0] if parts and not parts[-1][1] else 0
            parts.append((number * 10 + int(letter), ""))
        else:
            parts.append((0, letter))
    return parts
