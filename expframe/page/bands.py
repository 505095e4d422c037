"""
Groups of curves: their mean at common steps, and a band around it.

A step is common where each run that has points before, at or after it has one at it; so a run that ended early is part
of the mean as far as it goes, and one that logs more often than others adds no steps. Where runs have no step in
common, each counts at all steps between its first and last one with its last value before. What is not finite is no
value of the mean.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy

from expframe.record.significance import student_quantile
from expframe.store.search.columns import Array

_CONFIDENCE = 0.95


class Member(NamedTuple):
    """
    One run's points, with steps that go up.

    Attributes:
        steps: The steps, each once.
        x: Where the points are.
        y: What they are.
    """

    steps: Array
    x: Array
    y: Array

    @classmethod
    def of(cls, steps: Array, x: Array, y: Array) -> Member:
        """Return points by step; of several at one step the last one counts."""
        if not len(steps) or bool((steps[1:] > steps[:-1]).all()):
            return cls(steps, x, y)
        index = last_of_steps(steps)
        return cls(steps[index], x[index], y[index])

    def at(self, steps: Array) -> Array:
        """Return which point is the last one at each of some steps or before it."""
        return numpy.searchsorted(self.steps, steps, "right") - 1


class Mean(NamedTuple):
    """
    What a group of curves comes to.

    Attributes:
        steps: The steps.
        x: Where the means are: the mean of where the runs' points are.
        mean: The means.
        low: The lower ends of the band; NaN where there are too few runs for one.
        high: The upper ends.
        n: Of how many runs.
    """

    steps: Array
    x: Array
    mean: Array
    low: Array
    high: Array
    n: Array


def last_of_steps(steps: Array) -> Array:
    """Return which points are the last ones logged at their steps, by step; steps that are not finite have none."""
    index = numpy.flatnonzero(numpy.isfinite(steps))
    order = index[numpy.argsort(steps[index], kind="stable")]
    ordered = steps[order]
    return order[numpy.append(ordered[1:] != ordered[:-1], True)] if len(order) else order


def mean_of(members: Sequence[Member], band: str) -> Mean:
    """
    Return what a group of curves comes to.

    Args:
        members: The runs.
        band: `interval` (in which the mean lies with 95 %, by Student's t), `std` or `minmax`.
    """
    members = [member for member in members if len(member.steps)]
    steps = _common_steps(members)
    shape = len(steps)
    n, x, mean, root = numpy.zeros(shape, numpy.int64), numpy.zeros(shape), numpy.zeros(shape), numpy.zeros(shape)
    low, high = numpy.full(shape, math.inf), numpy.full(shape, -math.inf)
    for member in members:
        there, places, values = _finite(member, steps)
        n[there] += 1
        counts = n[there]
        x[there] += (places - x[there]) / counts
        with numpy.errstate(over="ignore", invalid="ignore"):
            before = values - mean[there]
            mean[there] += before / counts
            after = values - mean[there]
            apart = numpy.sqrt(numpy.abs(before)) * numpy.sqrt(numpy.abs(after))  # the square may be no number
            root[there] = numpy.hypot(root[there], apart)
        low[there], high[there] = numpy.minimum(low[there], values), numpy.maximum(high[there], values)
    kept = n > 0
    steps, n, x, mean, root = steps[kept], n[kept], x[kept], mean[kept], root[kept]
    if band == "minmax":
        return Mean(steps, x, mean, low[kept], high[kept], n)
    reach = _reach(n, root, band)
    return Mean(steps, x, mean, mean - reach, mean + reach, n)


def _finite(member: Member, steps: Array) -> tuple[slice | Array, Array, Array]:
    """Return at which of some steps a run has finite values, where these are, and what they are."""
    start, end = (
        numpy.searchsorted(steps, member.steps[0], "left"),
        numpy.searchsorted(steps, member.steps[-1], "right"),
    )
    own = steps[start:end]
    first = int(numpy.searchsorted(member.steps, own[0])) if len(own) else 0
    all_of_them = slice(first, first + len(own))
    if numpy.array_equal(member.steps[all_of_them], own):  # as for most groups: no number is moved
        x, y = member.x[all_of_them], member.y[all_of_them]
    else:
        index = member.at(own)
        x, y = member.x[index], member.y[index]
    is_finite = numpy.isfinite(y)
    if bool(is_finite.all()):
        return slice(start, end), x, y
    return start + numpy.flatnonzero(is_finite), x[is_finite], y[is_finite]


def _reach(n: Array, root: Array, band: str) -> Array:
    """Return how far a band goes from the mean, by the root of the sum of squares."""
    with numpy.errstate(divide="ignore", invalid="ignore"):
        deviation = numpy.where(n > 1, root / numpy.sqrt(n - 1), numpy.nan)
    if band == "std":
        return deviation
    factors = [math.nan, math.nan] + [
        student_quantile(_CONFIDENCE, count - 1) for count in range(2, int(n.max(initial=0)) + 1)
    ]
    return deviation * numpy.array(factors)[n] / numpy.sqrt(numpy.maximum(n, 1))


def _common_steps(members: Sequence[Member]) -> Array:
    if not members:
        return numpy.empty(0)
    ends = numpy.unique([end for member in members for end in (member.steps[0], member.steps[-1])])
    pieces = [_shared(members, ends[0], ends[0])]
    for low, high in itertools.pairwise(ends):
        pieces.append(_shared(members, numpy.nextafter(low, math.inf), numpy.nextafter(high, -math.inf)))
        pieces.append(_shared(members, high, high))
    found = numpy.concatenate(pieces)
    most = max(len(member.steps) for member in members)
    if len(found) > len(ends) or most <= len(ends) or len(members) == 1:
        return found
    return numpy.unique(numpy.concatenate([member.steps for member in members]))


def _shared(members: Sequence[Member], low: float, high: float) -> Array:
    """Return the steps from one to another that each run has that is there all the while."""
    found: Array | None = None
    for member in members:
        if member.steps[0] <= low and member.steps[-1] >= high:
            window = slice(
                numpy.searchsorted(member.steps, low, "left"), numpy.searchsorted(member.steps, high, "right")
            )
            own = member.steps[window]
            if found is None or numpy.array_equal(found, own):
                found = own
            else:
                found = numpy.intersect1d(found, own, assume_unique=True)
    return numpy.empty(0) if found is None else found
