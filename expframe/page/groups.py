"""Groups of runs in the table: equal in some fields, or in all but the seed, with what their numbers come to."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from expframe.config.dotted import MISSING
from expframe.page.board import Board
from expframe.page.cells import cell_of
from expframe.record.significance import Sample
from expframe.store.rows import Row
from expframe.store.search import comparison
from expframe.store.search.fields import Field

CONFIGURATION = "configuration"
"""Stands for all entries but seeds."""


class RunGroup(NamedTuple):
    """
    Runs that are shown as one row.

    Attributes:
        key: What it is called in addresses; the same as long as what makes the group is the same.
        entries: By title what its runs have in common, which tells it from other groups.
        rows: Its runs, in the order of all.
        counted: The ids of those that statistics count: none repeats another one, is excluded or unfinished.
        samples: By name of a field what its numbers come to.
    """

    key: str
    entries: Mapping[str, Any]
    rows: list[Row]
    counted: list[str]
    samples: Mapping[str, Sample]


def grouped(board: Board, rows: Sequence[Row], by: Sequence[str], numeric: Sequence[Field]) -> list[RunGroup]:
    """
    Return the groups of rows in order of their first one.

    Args:
        board: Their store.
        rows: The runs.
        by: The fields whose values make the groups, or `CONFIGURATION`; a run may lack one.
        numeric: The fields whose numbers are added up; each is a number in some run.
    """
    fields = [] if CONFIGURATION in by else [Field.parse(name) for name in by]
    there = [field for field in fields if any(value is not MISSING for value in board.rows.column(field, rows))]
    known = [field.written for field in there] or ["status" for _ in fields[:1]]  # not all that differ
    wanted = {comparison.title_of(field): field for field in numeric}
    found = comparison.beside(
        [board.rows.with_metrics(row) for row in rows],
        [field.written for field in numeric] or ["attempt"],
        known,
    )
    place = {row.id: number for number, row in enumerate(rows)}
    groups = []
    for group in comparison.groups(found, [field.title for field in fields]):
        ids = [*group.runs, *group.repetitions, *group.excluded, *group.unfinished]
        entries = {name: cell_of(value) for name, value in group.entries.items()}
        samples = {wanted[title].name: sample for title, sample in group.metrics.items() if title in wanted}
        members = [rows[number] for number in sorted(place[id] for id in ids)]
        groups.append(RunGroup(_key(entries), entries, members, group.runs, samples))
    return groups


def _key(entries: Mapping[str, Any]) -> str:
    return hashlib.blake2b(json.dumps(entries, sort_keys=True).encode(), digest_size=6).hexdigest()
