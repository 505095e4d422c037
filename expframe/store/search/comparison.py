"""Runs beside each other: the entries that differ, the metrics that matter, and groups of seeds as samples."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from expframe.config import equality, json_values
from expframe.config.dotted import MISSING
from expframe.record.metrics import TIMES
from expframe.record.record import Status
from expframe.record.significance import Sample, Welch, describe, welch
from expframe.store.index import rows
from expframe.store.points import STATISTICS
from expframe.store.rows import Row
from expframe.store.search.differences import differing, untold
from expframe.store.search.fields import Field, entries, unknown
from expframe.store.search.overview import leaves

_MOST = 8
"""More metrics than this are not chosen by themselves."""
_FACTS = ("name", "command", "status")
_SEED = "seed"
_SECRET = f'"{json_values.TAG}": "secret"'
"""What the JSON of a secret holds."""
_EXCLUDED = Field.parse("sweep.excluded")


class Comparison(NamedTuple):
    """
    Runs beside each other.

    Attributes:
        runs: Their ids.
        entries: What differs between them: for each entry its value by run. A run may lack it.
        metrics: For each metric its value by run. A run may lack it.
        untold: Entries of which nobody can tell whether they are the same: secrets of stores without a common salt.
        left_out: Metrics that there was no room for.
        identities: For each run its config, seeds, command and code; those that have the same say nothing new.
        ranks: For each run what the one that counts of several has more of: it was completed, then it is newer.
        namesakes: Facts that were asked for and are called as an entry is.
        excluded: Trials that are excluded from the statistics of their sweeps.
        unfinished: Trials of sweeps that are not COMPLETED.
    """

    runs: list[str]
    entries: Mapping[str, Mapping[str, Any]]
    metrics: Mapping[str, Mapping[str, float]]
    untold: list[str]
    left_out: list[str]
    identities: Mapping[str, str]
    ranks: Mapping[str, tuple[Any, ...]]
    namesakes: Sequence[str] = ()
    excluded: Sequence[str] = ()
    unfinished: Sequence[str] = ()


class Group(NamedTuple):
    """
    Runs that are equal but for the seed.

    Attributes:
        entries: In what they differ from other groups.
        runs: Their ids; none of them repeats another one.
        metrics: What the values of each metric come to.
        repetitions: Runs that repeat one of them, with its seed, config, command and code, and do not count.
        excluded: Trials that are excluded from the statistics of their sweeps, and do not count.
        unfinished: Trials of sweeps that are not COMPLETED, and do not count.
    """

    entries: Mapping[str, Any]
    runs: list[str]
    metrics: Mapping[str, Sample]
    repetitions: list[str]
    excluded: list[str]
    unfinished: list[str]


def compare(store: Path, ids: Sequence[str], metrics: Sequence[str] = (), columns: Sequence[str] = ()) -> Comparison:
    """
    Return runs beside each other.

    Args:
        store: Their folder.
        ids: The runs.
        metrics: Those that are wanted, as `acc.max` or `result.score`. By default numbers in the result, and the last
            value of each metric that most runs have and that differs.
        columns: The fields that are wanted, such as `lr` or `tags`; by default the entries that differ.

    Raises:
        QueryError: No run has such a metric or field.
    """
    fields = [Field.parse(column) for column in columns]
    wanted_groups = {"config", "metrics", "result", *(field.group for field in fields), *map(_group_of, metrics)}
    by_id = {row.id: row for row in rows(store, ids, wanted_groups)}
    return beside([by_id[id] for id in ids if id in by_id], metrics, columns)


def beside(given: Sequence[Row], metrics: Sequence[str] = (), columns: Sequence[str] = ()) -> Comparison:
    """
    Return runs beside each other whose rows are read already, as `compare` does.

    Raises:
        QueryError: No run has such a metric or field.
    """
    fields = [Field.parse(column) for column in columns]
    found = {row.id: row for row in given}
    identities = {id: _identity(row, ()) for id, row in found.items()}
    has_secrets = any(_SECRET in identity for identity in identities.values())
    all_entries = {id: _entries(row) for id, row in found.items()} if has_secrets or not fields else {}
    secrets = untold(all_entries) if has_secrets else []
    if secrets:
        identities = {id: _identity(row, secrets) for id, row in found.items()}
    if fields:
        shown = {field.title: _values(field, found) for field in fields}
        secrets = [name for name, own in shown.items() if own and equality.likeness(own.values()).is_unknown]
    else:
        shown = differing(all_entries)
    wanted, left_out = ([_field_of_metric(name, found) for name in metrics], []) if metrics else _chosen(found)
    numbers = {title_of(field): _numbers(field, found) for field in wanted}
    for field in wanted:
        if found and not numbers[title_of(field)] and (problem := unknown(field, found.values())):
            raise problem
    ranks = {id: ((row.record or {}).get("status") == Status.COMPLETED, *row.order) for id, row in found.items()}
    namesakes = [field.name for field in fields if _is_namesake(field, found)]
    excluded = [id for id, row in found.items() if _EXCLUDED.of(row) is True]
    unfinished = [id for id, row in found.items() if id not in excluded and _is_unfinished_trial(row)]
    return Comparison(
        list(found), shown, numbers, secrets, left_out, identities, ranks, namesakes, excluded, unfinished
    )


def _is_unfinished_trial(row: Row) -> bool:
    record = row.record or {}
    return bool(record.get("sweep")) and record.get("status") != Status.COMPLETED


def _entries(row: Row) -> dict[str, Any]:
    record = row.record or {}
    facts = {name: record[name] for name in _FACTS if record.get(name) is not None}
    return {**facts, **{_short(name): value for name, value in entries(row, "config")}}


def _short(name: str) -> str:
    short = name.removeprefix("config.")
    return name if short in _FACTS else short


def _values(field: Field, found: Mapping[str, Row]) -> dict[str, Any]:
    values = {id: field.of(row) for id, row in found.items()}
    there = {id: value for id, value in values.items() if value is not MISSING}
    if not there and found and (problem := unknown(field, found.values())):
        raise problem
    return there


def _is_namesake(field: Field, found: Mapping[str, Row]) -> bool:
    return field.group == "record" and any(field.name in (row.config or ()) for row in found.values())


def _identity(row: Row, untold: Sequence[str]) -> str:
    """
    Return what makes a run the repetition of another one that has the same: seeds are part of the config.

    A secret of which nobody can tell whether it is another one makes no sample of its own.
    """
    record = row.record or {}
    config = row.config
    if untold:
        config = {name: _key(value) for name, value in entries(row, "config") if _short(name) not in untold}
    return json.dumps([record.get("name"), record.get("command"), record.get("code"), config], sort_keys=True)


# --------------------------------------------------------------------------------------------------------- metrics


def _group_of(metric: str) -> str:
    """Return the group of a row that a metric may be in, if it is none."""
    first = metric.partition(".")[0]
    return first if first in ("host", "git", "info", "size") else "metrics"


def _field_of_metric(name: str, found: Mapping[str, Row]) -> Field:
    """Return the field of a metric, with or without its statistic, or of what else has numbers: `result.score`."""
    metric = name.removeprefix("metrics.")
    stem, _, statistic = metric.rpartition(".")
    all_metrics = [row.metrics for row in found.values() if row.metrics is not None]
    if any(metric in metrics for metrics in all_metrics):
        return Field.of_metric(metric, "last")
    if statistic in STATISTICS and any(stem in metrics for metrics in all_metrics):
        return Field.of_metric(stem, statistic)
    field = Field.parse(name)
    is_there = field.group != "config" or any(field.of(row) is not MISSING for row in found.values())
    return field if is_there or name.startswith("config.") else Field.parse(f"metrics.{name}")


def title_of(field: Field) -> str:
    """Return what a metric, or another number, is called in a comparison: as it may be asked for."""
    return field.name.removeprefix("metrics.") if field.group == "metrics" else field.written


def _numbers(field: Field, found: Mapping[str, Row]) -> dict[str, float]:
    values = {id: field.of(row) for id, row in found.items()}
    return {id: _float(value) for id, value in values.items() if _is_number(value)}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:  # a whole number beyond what a float can be
        return math.inf if value > 0 else -math.inf


def _chosen(found: Mapping[str, Row]) -> tuple[list[Field], list[str]]:
    """Return the metrics that matter, and those that there is no room for."""
    of_result = {Field.at("result", path) for row in found.values() for path, _ in leaves(row.result)}
    of_metrics = dict.fromkeys(
        name for row in found.values() for name in row.metrics or () if not name.startswith(TIMES)
    )
    fields = sorted(of_result)
    fields += [Field.of_metric(name, "last") for name in of_metrics]
    matter = [field for field in fields if _matters(field, found)]
    return matter[:_MOST], [title_of(field) for field in matter[_MOST:]]


def _matters(field: Field, found: Mapping[str, Row]) -> bool:
    """Return whether at least half of the runs have a metric, and it is not the same in all of them."""
    numbers = _numbers(field, found)
    return 2 * len(numbers) >= len(found) and (len(found) < 2 or len(set(numbers.values())) > 1)


# ---------------------------------------------------------------------------------------------------------- groups


def groups(
    comparison: Comparison, by: Sequence[str] = (), confidence: float = 0.95, replicates: Collection[str] = ()
) -> list[Group]:
    """
    Return the groups of runs that are equal but for the seed, in order of their first run.

    Args:
        comparison: The runs.
        by: Titles of entries whose values make the groups, in place of all that differ but seeds and the status.
        confidence: Of the intervals of the means.
        replicates: Entries that tell no groups apart, beside seeds.
    """
    apart = {"status", *replicates}
    names = list(by) or [name for name in comparison.entries if not _is_seed(name) and name not in apart]
    members: dict[str, list[str]] = {}
    for id in comparison.runs:
        key = "\0".join(_key(comparison.entries.get(name, {}).get(id, MISSING)) for name in names)
        members.setdefault(key, []).append(id)
    return [_group(comparison, names, ids, confidence) for ids in members.values()]


def _is_seed(name: str) -> bool:
    return name.rpartition(".")[2] == _SEED


def _key(value: Any) -> str:
    return "" if value is MISSING else json.dumps(json_values.to_json(value), sort_keys=True)


def _group(comparison: Comparison, names: Sequence[str], ids: list[str], confidence: float) -> Group:
    entries = {name: comparison.entries[name][ids[0]] for name in names if ids[0] in comparison.entries.get(name, {})}
    excluded = [id for id in ids if id in comparison.excluded]
    unfinished = [id for id in ids if id in comparison.unfinished]
    ids = [id for id in ids if id not in excluded and id not in unfinished]
    counted = _without_repetitions(comparison, ids)
    kept = set(counted)
    samples = {
        metric: describe([numbers[id] for id in counted if id in numbers], confidence)
        for metric, numbers in comparison.metrics.items()
    }
    return Group(entries, counted, samples, [id for id in ids if id not in kept], excluded, unfinished)


def _without_repetitions(comparison: Comparison, ids: Sequence[str]) -> list[str]:
    """Return runs of which none is the repetition of another one: the newest that was completed counts."""
    counted: dict[str, str] = {}
    for id in sorted(ids, key=lambda id: comparison.ranks[id]):
        counted[comparison.identities[id]] = id
    kept = set(counted.values())
    return [id for id in ids if id in kept]


def tests(found: Sequence[Group], confidence: float = 0.95) -> dict[str, Welch]:
    """Return for each metric whether two groups differ; nothing where there are not two, or too few numbers."""
    if len(found) != 2:
        return {}
    first, second = found
    results = {name: welch(first.metrics[name], second.metrics[name], confidence) for name in first.metrics}
    return {name: test for name, test in results.items() if test is not None and math.isfinite(test.p)}
