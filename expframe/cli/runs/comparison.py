"""Runs beside each other: the entries that differ, the metrics that matter, and groups of seeds as samples."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from expframe.config.dotted import MISSING
from expframe.config.json_values import short_repr
from expframe.cli.runs.differences import differing
from expframe.record.significance import Sample, Welch, describe, welch
from expframe.store.search.fields import Field, entries, unknown
from expframe.store.index import rows
from expframe.store.rows import Row
from expframe.run.timers import PREFIX as TIMES

_MOST = 8
"""More metrics than this are not chosen by themselves."""
_FACTS = ("name", "command", "status")
_SEED = "seed"


class Comparison(NamedTuple):
    """
    Runs beside each other.

    Attributes:
        runs: Their ids.
        entries: What differs between them: for each entry its value by run. A run may lack it.
        metrics: For each metric its value by run. A run may lack it.
        left_out: Metrics that there was no room for.
    """

    runs: list[str]
    entries: Mapping[str, Mapping[str, Any]]
    metrics: Mapping[str, Mapping[str, float]]
    left_out: list[str]


class Group(NamedTuple):
    """
    Runs that are equal but for the seed.

    Attributes:
        entries: In what they differ from other groups.
        runs: Their ids.
        metrics: What the values of each metric come to.
    """

    entries: Mapping[str, Any]
    runs: list[str]
    metrics: Mapping[str, Sample]


def compare(store: Path, ids: Sequence[str], metrics: Sequence[str] = (), columns: Sequence[str] = ()) -> Comparison:
    """
    Return runs beside each other.

    Args:
        store: Their folder.
        ids: The runs.
        metrics: Those that are wanted, as `acc.max` or `result.score`. By default numbers in the result, and the last
            value of each metric that most runs have and that differs.
        columns: The entries that are wanted; by default those that differ.

    Raises:
        QueryError: No run has such a metric or entry.
    """
    found = {row.id: row for row in rows(store, ids, {"config", "metrics", "result"})}
    found = {id: found[id] for id in ids if id in found}
    by_run = {id: _entries(row) for id, row in found.items()}
    if columns:
        fields = [Field.parse(column) if "." in column else _field_of_entry(column) for column in columns]
        shown = {_short(field.name): _values(field, found) for field in fields}
    else:
        shown = differing(by_run)
    wanted, left_out = ([_field_of_metric(name) for name in metrics], []) if metrics else _chosen(found)
    numbers = {_title(field): _numbers(field, found) for field in wanted}
    for field in wanted:
        if found and not numbers[_title(field)]:
            raise unknown(field, [name for row in found.values() for name, _ in entries(row, field.group)])
    return Comparison(list(found), shown, numbers, left_out)


def _entries(row: Row) -> dict[str, Any]:
    record = row.record or {}
    facts = {name: record[name] for name in _FACTS if record.get(name) is not None}
    return {**facts, **{_short(name): value for name, value in entries(row, "config")}}


def _short(name: str) -> str:
    return name.removeprefix("config.")


def _field_of_entry(name: str) -> Field:
    return Field.parse(name if name in _FACTS else f"config.{name}")


def _values(field: Field, found: Mapping[str, Row]) -> dict[str, Any]:
    values = {id: field.of(row) for id, row in found.items()}
    there = {id: value for id, value in values.items() if value is not MISSING}
    if not there and found:
        raise unknown(field, [name for row in found.values() for name, _ in entries(row, field.group)])
    return there


# --------------------------------------------------------------------------------------------------------- metrics


def _field_of_metric(name: str) -> Field:
    first = name.partition(".")[0]
    return Field.parse(name if first in ("result", "metrics", "duration") else f"metrics.{name}")


def _title(field: Field) -> str:
    return field.name.removeprefix("metrics.")


def _numbers(field: Field, found: Mapping[str, Row]) -> dict[str, float]:
    values = {id: field.of(row) for id, row in found.items()}
    return {id: float(value) for id, value in values.items() if _is_number(value)}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _chosen(found: Mapping[str, Row]) -> tuple[list[Field], list[str]]:
    """Return the metrics that matter, and those that there is no room for."""
    of_result = {name for row in found.values() for name, value in entries(row, "result") if _is_number(value)}
    plain = ["result"] if any(_is_number(row.result) for row in found.values()) else []
    of_metrics = dict.fromkeys(
        name for row in found.values() for name in row.metrics or () if not name.startswith(TIMES)
    )
    fields = [Field.parse(name) for name in (*plain, *sorted(of_result))]
    fields += [Field.of_metric(name, "last") for name in of_metrics]
    matter = [field for field in fields if _matters(field, found)]
    return matter[:_MOST], [_title(field) for field in matter[_MOST:]]


def _matters(field: Field, found: Mapping[str, Row]) -> bool:
    """Return whether at least half of the runs have a metric, and it is not the same in all of them."""
    numbers = _numbers(field, found)
    return 2 * len(numbers) >= len(found) and (len(found) < 2 or len(set(numbers.values())) > 1)


# ---------------------------------------------------------------------------------------------------------- groups


def groups(comparison: Comparison, by: Sequence[str] = (), confidence: float = 0.95) -> list[Group]:
    """
    Return the groups of runs that are equal but for the seed, in order of their first run.

    Args:
        comparison: The runs.
        by: Entries whose values make the groups, in place of all that differ but seeds and the status.
        confidence: Of the intervals of the means.
    """
    names = list(by) or [name for name in comparison.entries if not _is_seed(name) and name != "status"]
    members: dict[str, list[str]] = {}
    for id in comparison.runs:
        key = "\0".join(_key(comparison.entries.get(name, {}).get(id, MISSING)) for name in names)
        members.setdefault(key, []).append(id)
    return [_group(comparison, names, ids, confidence) for ids in members.values()]


def _is_seed(name: str) -> bool:
    return name.rpartition(".")[2] == _SEED


def _key(value: Any) -> str:
    return "" if value is MISSING else short_repr(value, 10_000)


def _group(comparison: Comparison, names: Sequence[str], ids: list[str], confidence: float) -> Group:
    entries = {name: comparison.entries[name][ids[0]] for name in names if ids[0] in comparison.entries[name]}
    samples = {
        metric: describe([numbers[id] for id in ids if id in numbers], confidence)
        for metric, numbers in comparison.metrics.items()
    }
    return Group(entries, ids, samples)


def tests(found: Sequence[Group], confidence: float = 0.95) -> dict[str, Welch]:
    """Return for each metric whether two groups differ; nothing where there are not two, or too few numbers."""
    if len(found) != 2:
        return {}
    first, second = found
    results = {name: welch(first.metrics[name], second.metrics[name], confidence) for name in first.metrics}
    return {name: test for name, test in results.items() if test is not None and math.isfinite(test.p)}
