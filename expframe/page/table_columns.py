"""The columns of the table of runs: which there are, and which are shown where nobody has chosen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from expframe.page.board import Board
from expframe.page.cells import cell_of
from expframe.page.names import natural_order
from expframe.page.question import Question
from expframe.store.points import STATISTICS
from expframe.store.rows import Row
from expframe.store.search import overview
from expframe.store.search.fields import FACTS, Field

_SAMPLE = 200
"""So many of the newest runs say which columns are shown where nobody has chosen."""
_FEW = 20
"""So many of these say which metrics there are."""
_MOST_VALUES = 50


def answer(board: Board, question: Question) -> dict[str, Any]:
    """Return the fields that runs of the store have, for choosing columns and completing filters."""
    found: dict[str, Any] = board.rows.remembered("fields", lambda: _fields(board, board.rows.all()))
    return found


def _fields(board: Board, rows: Sequence[Row]) -> dict[str, Any]:
    entries = overview.fields_of([row.config or None for row in rows], "config")
    metrics = dict.fromkeys(name for row in rows for name in board.rows.metric_names(row))
    return {
        "facts": sorted(FACTS),
        "entries": [{"name": name, "title": Field.parse(name).title} for name in entries],
        "metrics": sorted(metrics, key=natural_order),
        "results": overview.fields_of([row.result for row in rows], "result"),
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
    """Return the columns shown where nobody has chosen, by the newest runs."""
    sample = rows[:_SAMPLE]
    return overview.usual(sample, (name for row in sample[:_FEW] for name in board.rows.metric_names(row)))
