"""Trials that stand for all of a sweep: in them each value of each axis occurs."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence

from expframe.store.sweeps.axes import Axis, Choices, Position, Widened
from expframe.store.sweeps.plan import Plan, Point, Trial
from expframe.sweep.branches import is_below

ALL_CELLS = 200
"""A space of at most so many cells is judged whole."""
_MOST_VALUES = 1000


def typical_trials(plan: Plan) -> Iterator[Trial]:
    """
    Yield trials in which each value of each axis occurs: all of a small space; else each value beside the first ones of
    the others, beside each named config, and beside each alternative that it is a field of.
    """
    axes = [*plan.axes, *plan.each, *([plan.replicates] if plan.replicates else ())]
    whole = Plan(axes=tuple(axes), conditions=plan.conditions, named=plan.named, overrides=plan.overrides)
    for point in _points(axes, whole):
        yield whole.trial(0, point)


def _points(axes: Sequence[Axis], whole: Plan) -> Iterator[Point]:
    if whole.cells is not None and whole.cells <= ALL_CELLS:
        yield from (whole.point(number) for number in range(whole.cells))
        return
    values = [list(_positions(axis)) for axis in axes]
    named = [at for at, axis in enumerate(axes) if not axis.names]
    corners = list(itertools.islice(itertools.product(*(values[at] for at in named)), ALL_CELLS))
    first = corner(axes, 0)
    for positions_of_named in corners:
        base = _put(first, dict(zip(named, positions_of_named, strict=True)))
        yield base
        for at, axis in enumerate(axes):
            above = [other for other, group in enumerate(axes) if is_below(axis, group)]
            for chosen in itertools.islice(itertools.product(*(values[other] for other in above)), ALL_CELLS):
                beside = dict(zip(above, chosen, strict=True))
                positions = () if at in named else values[at] if above else values[at][1:]
                yield from (_put(base, {**beside, at: position}) for position in positions)


def _positions(axis: Axis) -> Iterator[Position]:
    """Yield positions on an axis: all choices, and the ends of what lies between two numbers."""
    if isinstance(axis, Choices | Widened):
        step = max(axis.size // _MOST_VALUES, 1)
        yield from range(0, axis.size, step)
    elif axis.size is None:
        yield from (axis.low, axis.high)
    elif axis.size <= 20:
        yield from range(axis.size)
    else:
        yield from (0, axis.size - 1)


def corner(axes: Sequence[Axis], number: int) -> Point:
    """Return the point with a value of each axis, the first or another one of those that are judged."""
    return tuple(next(itertools.islice(_positions(axis), number, None)) for axis in axes)


def _put(point: Point, positions: Mapping[int, Position]) -> Point:
    return tuple(positions.get(at, position) for at, position in enumerate(point))
