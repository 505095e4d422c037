"""Runs as a table for people who have chosen no columns: what tells them apart, and what came out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from expframe.config.dotted import MISSING
from expframe.config.equality import likeness
from expframe.record.metrics import TIMES
from expframe.store.rows import Row
from expframe.store.search.fields import Field, entries

_MOST = 6
"""Entries, numbers of results, and metrics: of each not more."""


def overview(rows: Sequence[Row]) -> tuple[list[str], list[list[Any]]]:
    """
    Return the titles and the cells of a table of runs.

    Id and status are always there, name and command where the runs differ in them, then the entries that differ,
    seeds last, the numbers of results, the last values of metrics, tags where there are any, start and duration.
    """
    names = ["id", *(name for name in ("name", "command") if len(_different(name, rows)) > 1), "status"]
    apart = _apart(rows)
    names += [name for name in apart if not _is_seed(name)][:_MOST]
    names += [name for name in apart if _is_seed(name)][:1]
    names += _numbers(rows)[:_MOST]
    metrics = dict.fromkeys(name for row in rows for name in row.metrics or ())
    names += [Field.of_metric(name, "last").name for name in metrics if not name.startswith(TIMES)][:_MOST]
    names += ["tags"] if any((row.record or {}).get("tags") for row in rows) else []
    fields = [Field.parse(name) for name in (*names, "started", "duration")]
    cells = [[None if value is MISSING else value for value in (field.of(row) for field in fields)] for row in rows]
    return [field.title for field in fields], cells


def _different(name: str, rows: Sequence[Row]) -> set[Any]:
    return {row.record.get(name) for row in rows if row.record is not None}


def _apart(rows: Sequence[Row]) -> list[str]:
    """Return the entries that are not the same in all runs, in order of their appearance."""
    known = [dict(entries(row, "config")) for row in rows if row.config is not None]
    names = dict.fromkeys(name for values in known for name in values)
    return [
        name
        for name in names
        if any(name not in values for values in known) or likeness([values[name] for values in known]).differ
    ]


def _is_seed(name: str) -> bool:
    return name.rpartition(".")[2] == "seed"


def _numbers(rows: Sequence[Row]) -> list[str]:
    """Return the numbers that results are or hold."""
    whole = Field.parse("result")
    found = ((name, value) for row in rows for name, value in ((whole.name, whole.of(row)), *entries(row, "result")))
    return list(dict.fromkeys(name for name, value in found if type(value) in (int, float)))
