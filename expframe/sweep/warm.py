"""What earlier runs say to a search: those whose configs lie in the space, and what they came to."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from expframe.config.equality import same
from expframe.config.numbers import is_finite
from expframe.errors import OptionError
from expframe.store.search.collection import Runs
from expframe.store.sweeps.axes import Axis, Choices, Interval, Position, Widened
from expframe.store.sweeps.conditions import exists, first_of, needs_of
from expframe.store.sweeps.plan import Plan, Point
from expframe.sweep.entries import Unswept

_MOST = 10_000


def told_by(filter: str, store: Path, plan: Plan, known: Unswept) -> tuple[tuple[Point, tuple[float, ...]], ...]:
    """
    Return the points of earlier runs and what they came to, the oldest first.

    Args:
        filter: Which runs are asked.
        store: The folder of runs.
        plan: The plan that is to be told.
        known: What stands in the config without the sweep.

    Raises:
        QueryError: The filter is malformed, or names what no run has.
        OptionError: No run that it finds lies in the space and has the goals.
    """
    names = [name for axis in plan.axes for name in axis.names]
    fields = [f"config.{name}" for name in names] + [goal.field for goal in plan.goals]
    found = []
    for is_excluded, *row in Runs(store).where(filter).rows("sweep.excluded", *fields):
        if is_excluded:
            continue
        values = [value for value in row[len(names) :] if is_finite(value)]
        point = _point(plan, dict(zip(names, row, strict=False)), known)
        if point is not None and len(values) == len(plan.goals):
            found.append((point, tuple(map(float, values))))
        if len(found) == _MOST:
            break
    if not found:
        problem = "finds no run whose config lies in the space and that has what is sought."
        raise OptionError(f"--warm {filter!r}", problem)
    return tuple(reversed(found))


def _point(plan: Plan, config: Mapping[str, Any], known: Unswept) -> Point | None:
    needs = needs_of(plan.axes, plan.conditions)
    point: Point = ()
    for place, axis in enumerate(plan.axes):
        is_there = exists(needs, place, point)
        position = _position(axis, [config[name] for name in axis.names], known) if is_there else first_of(axis)
        if position is None:
            return None
        point = (*point, position)
    return point


def _position(axis: Axis, values: list[Any], known: Unswept) -> Position | None:
    """Return where on an axis values lie; None where they do not."""
    if isinstance(axis, Widened):  # a sweep that begins has none
        return None
    if isinstance(axis, Choices):
        rows = (_row(axis, number, known) for number in range(axis.size))
        return next((number for number, row in enumerate(rows) if axis.names and same(row, values)), None)
    [value] = values
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(axis, Interval) and axis.count is None:
        is_one = axis.low <= value <= axis.high and (not axis.is_whole or float(value).is_integer())
        return (int(value) if axis.is_whole else float(value)) if is_one else None
    return next((number for number in range(axis.size or 0) if axis.value(number) == value), None)


def _row(axis: Choices, number: int, known: Unswept) -> list[Any]:
    row = axis.rows[number]
    entries = [known.entry(name) for name in axis.names]
    return [entry.read(text) if axis.is_text else text for entry, text in zip(entries, row, strict=True)]
