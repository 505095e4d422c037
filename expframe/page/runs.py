"""The table of runs: which of them, in which order, and their cells, a page at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from expframe.config.dotted import MISSING
from expframe.page.board import Board
from expframe.page.cells import cell_of
from expframe.page.question import Question
from expframe.store.rows import Row
from expframe.store.search.fields import Field, unknown
from expframe.store.search.query import Query
from expframe.store.search.selection import sort_key

_USUAL = ("name", "command", "tags", "started", "duration")
_MOST = 1000


def answer(board: Board, question: Question) -> dict[str, Any]:
    """
    Return a page of the table.

    Words are `where`, `sort` (again and again; `-` before it is descending), `column`, `offset` and `limit`.

    Raises:
        QueryError: A filter is malformed, or a field is in no run.
    """
    everything = board.rows.all()
    found = select(board, everything, question.text("where"))
    found = _sorted(board, found, question.texts("sort"), everything)
    fields = [Field.parse(name) for name in question.texts("column") or _USUAL]
    offset, limit = question.whole("offset", 0), question.whole("limit", 100, most=_MOST)
    shown = found[offset : offset + limit]
    columns = [board.rows.column(field, shown) for field in fields]
    return {
        "all": len(everything),
        "total": len(found),
        "offset": offset,
        "columns": [{"name": field.name, "title": field.title, "kind": field.kind} for field in fields],
        "rows": [
            {
                "id": row.id,
                "status": (row.record or {}).get("status"),
                "cells": [cell_of(column[number]) for column in columns],
            }
            for number, row in enumerate(shown)
        ],
    }


def select(board: Board, everything: Sequence[Row], where: str) -> list[Row]:
    """
    Return the rows that a filter is true of; all where it is empty.

    Raises:
        QueryError: The filter is malformed, or names what no run has.
    """
    if not where.strip():
        return list(everything)
    query = Query(where)
    columns = {field: _column(board, field, everything, is_word=field in query.words) for field in query.fields}
    return [
        row
        for number, row in enumerate(everything)
        if row.record is not None and query.matches({field: values[number] for field, values in columns.items()})
    ]


def _column(board: Board, field: Field, everything: Sequence[Row], *, is_word: bool = False) -> list[Any]:
    values = board.rows.column(field, everything)
    if everything and all(value is MISSING for value in values):
        problem = unknown(field, everything, is_word=is_word)
        if problem is not None:
            raise problem
    return values


def _sorted(board: Board, found: list[Row], sort: Sequence[str], everything: Sequence[Row]) -> list[Row]:
    for name in reversed(sort):
        field = Field.parse(name.removeprefix("-"))
        values = dict(zip((row.id for row in everything), _column(board, field, everything), strict=True))
        keys = {row.id: sort_key(field, values[row.id]) for row in found}
        there = [row for row in found if keys[row.id] is not None]
        there.sort(key=lambda row: keys[row.id], reverse=name.startswith("-"))
        found = there + [row for row in found if keys[row.id] is None]
    return found
