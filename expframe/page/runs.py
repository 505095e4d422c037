"""The table of runs: which of them, in which order, and their cells, a page at a time."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from expframe.config.dotted import MISSING
from expframe.page import table_columns
from expframe.page.board import Board
from expframe.page.cells import cell_of
from expframe.page.groups import CONFIGURATION, RunGroup, grouped
from expframe.page.question import Question
from expframe.record.significance import Sample
from expframe.store.rows import Row
from expframe.store.search import overview
from expframe.store.search.fields import Field, unknown
from expframe.store.search.query import Query
from expframe.store.search.selection import in_order

T = TypeVar("T")

_MOST = 1000
_MOST_IDS = 20_000
_PLAIN = {bool, int, float, str, type(None), type(MISSING)}
"""Values of which equal ones are the same to a filter."""


class _Line(NamedTuple):
    """One line of the table: a run, or a group of runs."""

    row: Row | None
    group: RunGroup | None
    depth: int
    inside: int
    is_open: bool


def answer(board: Board, question: Question) -> dict[str, Any]:
    """
    Return some lines of the table.

    Words are `where`, `sort` (again and again; `-` before it is descending), `column`, `differing=1` (those columns in
    which the runs differ), `group` (fields, or `configuration`), `open` (runs and groups whose runs are shown),
    `flat=1` (no runs inside of others), `offset` and `limit`.

    Raises:
        QueryError: A filter is malformed, or a field is in no run.
    """
    board.rows.look()
    loading = board.rows.loading  # before the rows: what is read meanwhile is not among them
    everything = board.rows.all()
    found = select(board, everything, question.text("where"))
    shown_columns = _columns(board, question, found)
    fields = [Field.parse(name) for name in shown_columns]
    lines = _lines(board, question, everything, found, fields)
    offset, limit = question.whole("offset", 0), question.whole("limit", 100, most=_MOST)
    shown = [one if isinstance(one, _Line) else _Line(one, None, 0, 0, False) for one in lines[offset : offset + limit]]
    return {
        "all": len(everything),
        "runs": len(found),
        "total": len(lines),
        "offset": offset,
        "loading": loading,
        "columns": [{"name": field.written, "title": field.title, "kind": field.kind} for field in fields],
        "rows": list(_cells(board, shown, fields)),
    }


def ids(board: Board, question: Question) -> dict[str, Any]:
    """
    Return the ids of all runs that a filter is true of, in the order of the table, to be chosen at once.

    Raises:
        QueryError: A filter is malformed, or a field is in no run.
    """
    everything = board.rows.whole()
    found = select(board, everything, question.text("where"))
    found = _sorted(board, found, question.texts("sort"), everything)
    return {"ids": [row.id for row in found[:_MOST_IDS]], "total": len(found)}


def select(board: Board, everything: list[Row], where: str) -> list[Row]:
    """
    Return the rows that a filter is true of; all where it is empty.

    While a store is being read a run that is to come may have a field that none has yet, so that none is refused.

    Raises:
        QueryError: The filter is malformed, or names what no run has.
    """
    if not where.strip():
        return everything
    query = Query(where)

    def make() -> list[Row]:
        columns = [_column(board, field, everything, is_word=field in query.words) for field in query.fields]
        query.refuse_misfits(
            lambda: (dict(zip(query.fields, values, strict=True)) for values in zip(*columns, strict=True))
        )
        verdicts = _verdicts(query, columns, len(everything))
        return [row for row, is_true in zip(everything, verdicts, strict=True) if is_true and row.record is not None]

    is_whole = board.rows.is_whole(everything)
    return _remembered(board, ("found", where, is_whole), query.fields, make)


def _verdicts(query: Query, columns: Sequence[Sequence[Any]], count: int) -> list[bool]:
    """Return whether a filter is true of runs, by the values of its fields; the same ones are asked once."""
    given = list(zip(*columns, strict=True)) if columns else [()] * count

    def verdict(values: tuple[Any, ...]) -> bool:
        return query.matches(dict(zip(query.fields, values, strict=True)))

    if not all(_PLAIN.issuperset(map(type, column)) for column in columns):
        return [verdict(values) for values in given]
    known = {values: verdict(values) for values in set(given)}
    return [known[values] for values in given]


def _remembered(
    board: Board, key: tuple[Hashable, ...], fields: Iterable[Field], make: Callable[[], list[T]]
) -> list[T]:
    """Return what was made of some fields since rows changed the last time; durations grow without that."""
    if any(field.kind == "duration" for field in fields):
        return make()
    found: list[T] = board.rows.remembered(key, make)
    return found


def _asked(where: str) -> list[Field]:
    return list(Query(where).fields) if where.strip() else []


def _columns(board: Board, question: Question, found: Sequence[Row]) -> list[str]:
    asked = question.texts("column") or table_columns.usual(board, found)
    if not question.is_set("differing"):
        return asked
    others = [field for field in map(Field.parse, asked) if field.group != "config"]

    def make() -> list[str]:
        different = [field.written for field in others if len(set(map(repr, board.rows.column(field, found)))) > 1]
        return [*overview.differing(found), *different]

    names: list[str] = board.rows.remembered(("differing", question.text("where"), *others), make)
    return names


def _column(board: Board, field: Field, everything: Sequence[Row], *, is_word: bool = False) -> list[Any]:
    values = board.rows.column(field, everything)
    if everything and all(value is MISSING for value in values) and board.rows.is_whole(everything):
        problem = unknown(field, everything, is_word=is_word)
        if problem is not None:
            raise problem
    return values


def _sorted(board: Board, found: list[Row], sort: Sequence[str], everything: Sequence[Row]) -> list[Row]:
    for name in reversed(sort):
        field = Field.parse(name.removeprefix("-"))
        _column(board, field, everything)  # a field that no run has is said to be none
        values = board.rows.column(field, found)
        found = in_order(field, zip(values, found, strict=True), is_descending=name.startswith("-"))
    return found


# ----------------------------------------------------------------------------------------------------------- lines


def _lines(
    board: Board, question: Question, everything: Sequence[Row], found: list[Row], fields: Sequence[Field]
) -> Sequence[_Line | Row]:
    """Return the lines; runs of no depth stay rows, since many thousands of objects take long to make."""
    sort, opened = question.texts("sort"), set(question.texts("open"))
    by = question.texts("group")
    where = question.text("where")
    asked = [Field.parse(name.removeprefix("-")) for name in sort] + _asked(where)
    found = _remembered(board, ("order", where, *sort), asked, lambda: _sorted(board, found, sort, everything))
    if by:
        for name in by:
            if name != CONFIGURATION:
                _column(board, Field.parse(name), everything)  # a field that no run has is said to be none

        def make() -> list[RunGroup]:
            numeric = [field for field in fields if _is_numeric(board, field, found)]
            return _in_order(grouped(board, found, by, numeric), sort)

        key = "groups", question.text("where"), *sort, *by, *fields
        return list(_of_groups(board.rows.remembered(key, make), opened))
    if where.strip() or question.is_set("flat") or not board.rows.remembered("parents", lambda: _has_inner(everything)):
        return found
    return list(_of_tree(found, opened))


def _has_inner(rows: Sequence[Row]) -> bool:
    """Return whether any run was started inside another."""
    return any((row.record or {}).get("parent") for row in rows)


def _is_numeric(board: Board, field: Field, rows: Sequence[Row]) -> bool:
    """Return whether a field says what came of runs, as a number; entries and other facts say what they are."""
    if field.group in ("config", "record") and field.kind != "duration":
        return False
    values = board.rows.column(field, rows)
    return any(isinstance(value, int | float) and not isinstance(value, bool) for value in values)


def _in_order(groups: list[RunGroup], sort: Sequence[str]) -> list[RunGroup]:
    """Return groups by the means of what their runs are sorted by; what has none stands last."""
    for name in reversed(sort):
        field = Field.parse(name.removeprefix("-")).name
        means = [(group.samples[field].mean if field in group.samples else None, group) for group in groups]
        there = [(mean, group) for mean, group in means if mean is not None]
        there.sort(key=lambda pair: pair[0], reverse=name.startswith("-"))
        groups = [group for _, group in there] + [group for mean, group in means if mean is None]
    return groups


def _of_groups(groups: Sequence[RunGroup], opened: set[str]) -> Iterator[_Line]:
    for group in groups:
        is_open = group.key in opened
        yield _Line(None, group, 0, len(group.rows), is_open)
        if is_open:
            yield from (_Line(row, None, 1, 0, False) for row in group.rows)


def _of_tree(found: Sequence[Row], opened: set[str]) -> Iterator[_Line]:
    """Yield the outermost runs, and below those that are open what was started in them."""
    parents = {_uid(row): (row.record or {}).get("parent") for row in found}
    inside: dict[str, list[Row]] = {}
    outermost = []
    for row in found:
        parent = parents[_uid(row)]
        if isinstance(parent, str) and parent in parents and _has_outermost(parents, parent):
            inside.setdefault(parent, []).append(row)
        else:
            outermost.append(row)
    yield from _below(outermost, inside, opened, 0)


def _has_outermost(parents: Mapping[str, Any], uid: str) -> bool:
    """Return whether the runs around one come to an end; records that somebody has changed may lead in a circle."""
    seen = set()
    while isinstance(uid, str) and uid in parents and uid not in seen:
        seen.add(uid)
        uid = parents[uid]
    return not isinstance(uid, str) or uid not in seen


def _below(rows: Sequence[Row], inside: Mapping[str, list[Row]], opened: set[str], depth: int) -> Iterator[_Line]:
    for row in rows:
        children = inside.get(_uid(row), [])
        is_open = bool(children) and row.id in opened
        yield _Line(row, None, depth, len(children), is_open)
        if is_open:
            yield from _below(children, inside, opened, depth + 1)


def _uid(row: Row) -> str:
    return str((row.record or {}).get("uid"))


def _cells(board: Board, lines: Sequence[_Line], fields: Sequence[Field]) -> Iterator[dict[str, Any]]:
    rows = [line.row for line in lines if line.row is not None]
    by_field = [board.rows.column(field, rows) for field in fields]
    cells = {
        row.id: [_cell(field, values[number]) for field, values in zip(fields, by_field, strict=True)]
        for number, row in enumerate(rows)
    }
    for line in lines:
        place = {"depth": line.depth, "inside": line.inside, "open": line.is_open}
        if line.row is not None:
            record = line.row.record or {}
            yield {"id": line.row.id, "status": record.get("status"), **place, "cells": cells[line.row.id]}
        elif line.group is not None:
            yield {**_of_group(board, line.group, fields), **place}


def _cell(field: Field, value: Any) -> Any:
    return None if field.kind == "list" and not value else cell_of(value)


def _of_group(board: Board, group: RunGroup, fields: Sequence[Field]) -> dict[str, Any]:
    return {
        "group": group.key,
        "entries": group.entries,
        "n": len(group.counted),
        "ids": [row.id for row in group.rows[:_MOST]],
        "cells": [_group_cell(board, group, field) for field in fields],
    }


def _group_cell(board: Board, group: RunGroup, field: Field) -> Any:
    """Return what the values of a group's runs come to: a sample of numbers, what all have, or how many there are."""
    if field.name in group.samples:
        return _sample(group.samples[field.name])
    values = {repr(value): value for value in board.rows.column(field, group.rows)}
    if len(values) == 1:
        return cell_of(next(iter(values.values())))
    return {"text": f"{len(values)} values", "many": True}


def _sample(sample: Sample) -> dict[str, Any]:
    bounds = {"low": sample.low, "high": sample.high} if sample.low is not None else {}
    return {"mean": cell_of(sample.mean), "n": sample.n, **{name: cell_of(value) for name, value in bounds.items()}}
