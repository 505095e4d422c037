"""What a sweep seeks, as `--metric` says it: `val.acc.max:max`, and what its trials came to in that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from expframe.config.dotted import MISSING
from expframe.config.json_values import number_of
from expframe.config.numbers import is_finite
from expframe.errors import OptionError, QueryError
from expframe.record.record import Status
from expframe.store import rows
from expframe.store.points import STATISTICS
from expframe.store.search.fields import GROUPS, PATH, Field
from expframe.store.search.overview import leaves
from expframe.store.sweeps.configurations import DEFAULT
from expframe.store.sweeps.plan import Goal, Plan
from expframe.store.sweeps.trials import Trials

_FEW = 5
"""So many of the trials that were completed say what could be sought."""


def goal(text: str) -> Goal:
    """
    Return what a text seeks: `val.acc.max:max`, `result:min`; a metric's greatest or least value says so itself.

    Raises:
        QueryError: It names no field.
        OptionError: It does not say whether the least or the greatest is sought.

    Example:
        >>> goal("val.loss:min"), goal("val/acc.max")
        (Goal(field='metrics.val.loss.last', direction='min'), Goal(field='metrics.val/acc.max', direction='max'))
    """
    name, _, direction = text.rpartition(":") if text.endswith((":min", ":max")) else (text, "", "")
    stem, _, said = text.rpartition(":")
    meant = said[:3].lower() if stem and said.isalpha() else ""
    if not direction and meant in ("min", "max"):  # whatever the name is: `result.acc:maximize`
        raise _unsaid(text, f"{stem}:{meant}")
    field = _field(name)
    if not direction and field.group == "metrics" and field.path[1] in ("min", "max"):
        direction = field.path[1]
    if not direction:
        raise _unsaid(text, f"{text}:min or {text}:max")
    return Goal(_name_of(field), direction)


def _unsaid(text: str, forms: str) -> OptionError:
    problem = f"does not say whether the least or the greatest is sought. Write {forms}."
    return OptionError(f"--metric={text}", problem)


def _name_of(field: Field) -> str:
    """Return how a field is written in short, where that is read as the same one."""
    return field.name if PATH.fullmatch(field.name) and Field.parse(field.name) == field else field.written


def _field(name: str) -> Field:
    """Return the field that is meant: a fact, a result, an entry after `config.`, and by any other name a metric."""
    if name and PATH.fullmatch(name) is None and not _is_written_as_field(name):  # as libraries call them: `val/loss`
        stem, _, statistic = name.removeprefix("metrics.").rpartition(".")
        if stem and statistic in STATISTICS:
            return Field.of_metric(stem, statistic)
        return Field.of_metric(name.removeprefix("metrics."), "last")
    field = Field.parse(name)
    is_of_metric = field.group == "config" and not name.startswith("config.")
    return Field.parse(f"metrics.{name}") if is_of_metric else field


def _is_written_as_field(name: str) -> bool:
    """Return whether a name has quotes or brackets, as fields have, or begins with a group that is not `metrics`."""
    groups = tuple(f"{group}." for group in GROUPS if group != "metrics")
    return name.startswith(groups) or any(mark in name for mark in "[]'\"")


def fields_of(goals: Sequence[Goal]) -> tuple[str, ...]:
    """Return the fields of trials that are looked at where goals are sought: theirs, and the result."""
    return tuple(dict.fromkeys([*(goal.field for goal in goals), DEFAULT.field]))


def numbers_of(folder: Path, fields: tuple[str, ...]) -> dict[str, Any]:
    """Return the numbers that a run has in fields, as filters know them; what it lacks is left out."""
    asked = [Field.parse(field) for field in fields]
    groups = {field.group for field in asked}
    row = rows.read(folder, groups)
    if row is None:
        return {}
    row = rows.with_rest(row, folder, groups)
    found = {text: number_of(field.of(row)) for text, field in zip(fields, asked, strict=True)}
    return {text: value for text, value in found.items() if value is not MISSING and isinstance(value, int | float)}


class Seeking:
    """
    Ranks a sweep by something else than it was started with; what trials came to is read from their runs.

    Args:
        goals: What is sought, the first to rank by.
    """

    def __init__(self, goals: tuple[Goal, ...]) -> None:
        self._goals = goals
        self._fields = fields_of(goals)
        self._known: dict[tuple[Any, ...], Mapping[str, Any]] = {}

    def plan(self, plan: Plan) -> Plan:
        """Return a plan that seeks this."""
        return replace(plan, goals=self._goals)

    def read(self, trials: Trials) -> None:
        """Let trials have the numbers that are sought; the run of each end of a trial is read once."""
        for state in trials:
            newest = state.newest
            if newest is None or not newest.run or newest.status == Status.RUNNING:
                continue
            end = (state.number, state.attempt, newest.run, newest.status, newest.ended)
            if end not in self._known:
                self._known[end] = numbers_of(trials.folder.parent / newest.run, self._fields)
            newest.values = self._known[end]


class Seekable(NamedTuple):
    """
    Numbers that runs of trials have.

    Attributes:
        results: Those of their results, as a goal is written: `result.acc`.
        metrics: Their metrics, likewise; a statistic comes after each: `val.loss` is sought by `val.loss.last`.
    """

    results: list[str]
    metrics: list[str]

    @property
    def fields(self) -> list[str]:
        """All of them, of metrics the last value."""
        return [*self.results, *(f"{name}.last" for name in self.metrics)]


def seekable(trials: Trials) -> Seekable:
    """Return the numbers that the first runs of trials have that were completed."""
    runs = (state.run for state in trials if state.status == Status.COMPLETED and state.run)
    folders = (trials.folder.parent / run for run in islice(runs, _FEW))
    found = [row for folder in folders if (row := rows.read(folder, {"result", "metrics"})) is not None]
    results = dict.fromkeys(field.written for row in found for field in _results(row))
    metrics = dict.fromkeys(name for row in found for name in row.metrics or ())
    return Seekable(
        [text for text in results if "," not in text],  # there are commas between goals
        [text for text in map(_metric_text, metrics) if "," not in text],
    )


def _results(row: rows.Row) -> Iterator[Field]:
    fields = (Field.at("result", path) for path, _ in leaves(row.result))
    return (field for field in fields if is_finite(field.of(row)))


def _metric_text(name: str) -> str:
    """Return how a metric is written before a statistic: as short as it is read as the same one."""
    sought = Field.of_metric(name, "last")
    with suppress(QueryError):
        if _field(f"{name}.last") == sought:
            return name
    return sought.written.removesuffix(".last")
