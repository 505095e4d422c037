"""Runs beside each other as plain data, for `expframe compare --json` and for the page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from expframe.config import json_values
from expframe.record.significance import Welch
from expframe.store.search.comparison import Comparison, Group

Plain = Callable[[Any], Any]
"""Returns a value as plain data."""


def runs_data(found: Comparison, plain: Plain = json_values.to_json) -> dict[str, Any]:
    """Return runs beside each other as plain data: for each its entries and its metrics."""
    rows = [
        {
            "id": id,
            "entries": {name: plain(own[id]) for name, own in found.entries.items() if id in own},
            "metrics": {name: plain(own[id]) for name, own in found.metrics.items() if id in own},
        }
        for id in found.runs
    ]
    return {"runs": rows, **_left_aside(found)}


def groups_data(
    groups: Sequence[Group],
    tests: Mapping[str, Welch],
    found: Comparison,
    confidence: float,
    plain: Plain = json_values.to_json,
) -> dict[str, Any]:
    """Return groups of runs as plain data: for each its entries, its runs, and what its metrics come to."""
    return {
        "confidence": confidence,
        "groups": [
            {
                "entries": {name: plain(value) for name, value in group.entries.items()},
                "runs": group.runs,
                "repetitions": group.repetitions,
                "excluded": group.excluded,
                "unfinished": group.unfinished,
                "metrics": {name: _numbers(sample._asdict(), plain) for name, sample in group.metrics.items()},
            }
            for group in groups
        ],
        "tests": {name: _numbers(test._asdict(), plain) for name, test in tests.items()},
        **_left_aside(found),
    }


def _left_aside(found: Comparison) -> dict[str, Any]:
    return {"unknown": found.untold, "left_out": found.left_out, "excluded": [*found.excluded]}


def _numbers(numbers: Mapping[str, Any], plain: Plain) -> dict[str, Any]:
    return {name: plain(number) for name, number in numbers.items()}
