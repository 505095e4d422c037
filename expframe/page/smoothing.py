"""
Exponential smoothing of curves, by the distance of steps: how often a run logs changes nothing of it.

A value weighs `weight` to the power of how far back it is, in units; it stands for the steps since the one before.
Weights are divided by their sum, so that a curve begins with its first value and not near 0.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy

from expframe.store.search.columns import Array

_BLOCK = 1 << 17
_ROWS = 512
_PART = 1000
"""The unit is at least one of so many parts of what curves extend over: less cannot be seen."""


def unit_of(steps: Sequence[Array]) -> float:
    """
    Return the distance of steps that is 1 for some curves: the usual one of that which was logged most rarely.

    Example:
        >>> import numpy
        >>> unit_of([numpy.arange(0, 100, 10), numpy.arange(100)])
        10.0
    """
    usual, lows, highs = [0.0], [], []
    for own in steps:
        finite = own[numpy.isfinite(own)]
        if len(finite) > 1:
            lows.append(float(finite.min()))
            highs.append(float(finite.max()))
            every = max(1, len(finite) >> 16)
            distances = numpy.abs(numpy.diff(finite[::every]))
            distances = distances[distances > 0]
            if len(distances):
                usual.append(float(numpy.median(distances)) / every)
    least = (max(highs) - min(lows)) / _PART if lows else 0.0
    if max(usual) > 0 and max(usual) >= least:
        return max(usual)
    return _round(least) if least > 0 else 1.0


def _round(number: float) -> float:
    """Return the next of 1, 2 and 5 times powers of ten, so that it stays the same while a run goes on."""
    power = 10.0 ** math.floor(math.log10(number))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= number * (1 - 1e-9))


def smooth(steps: Array, values: Array, weight: float, unit: float) -> Array:
    """
    Return a smoothed curve; NaN where a value is not finite.

    Points at one step share the distance from the step before; where steps go backwards, their distance counts.
    """
    exponents = math.log(weight) * distances(steps, unit)
    is_finite = numpy.isfinite(values)
    sums = -numpy.expm1(numpy.cumsum(exponents)) if bool(is_finite.all()) else None
    found = numpy.empty(len(values))
    total = weights = 0.0
    for start in range(0, len(values), _BLOCK):
        piece = slice(start, start + _BLOCK)
        factor, counts = numpy.exp(exponents[piece]), is_finite[piece]
        own = numpy.where(counts, -numpy.expm1(exponents[piece]), 0.0)
        totals = _recurrence(factor, own * numpy.where(counts, values[piece], 0.0), total)
        total = float(totals[-1])
        if sums is not None:  # where nothing is left out, the weights that are missing are those before the first value
            found[piece] = totals / sums[piece]
            continue
        own_sums = _recurrence(factor, own, weights)
        weights = float(own_sums[-1])
        with numpy.errstate(divide="ignore", invalid="ignore"):
            found[piece] = numpy.where(counts, totals / own_sums, numpy.nan)
    return found


def distances(steps: Array, unit: float) -> Array:
    """
    Return how far each point is from the one before it, in units; the first one is one unit from nothing.

    Example:
        >>> import numpy
        >>> distances(numpy.array([0.0, 2.0, 4.0, 4.0]), 2.0)
        array([1. , 1. , 0.5, 0.5])
    """
    if not len(steps):
        return numpy.empty(0)
    with numpy.errstate(invalid="ignore"):
        found = numpy.abs(numpy.diff(steps, prepend=steps[0] - unit)) / unit
    found[~numpy.isfinite(found)] = 1.0
    found[0] = 1.0
    starts = numpy.flatnonzero(found > 0)
    if len(starts) < len(found):
        counts = numpy.diff(starts, append=len(found))
        found = numpy.repeat(found[starts] / counts, counts)
    return found


def _recurrence(factors: Array, numbers: Array, before: float) -> Array:
    """
    Return y[i] = factors[i] * y[i - 1] + numbers[i], where y[-1] is `before`.

    Rows of numbers are gone through side by side, and then what each row begins with is added.
    """
    rows = -(-len(numbers) // _ROWS)
    missing = rows * _ROWS - len(numbers)
    factor = numpy.ascontiguousarray(numpy.pad(factors, (0, missing)).reshape(-1, rows if rows else 1).T)
    found = numpy.ascontiguousarray(numpy.pad(numbers, (0, missing)).reshape(factor.T.shape).T)
    for row in range(1, len(found)):
        found[row] += factor[row] * found[row - 1]
        factor[row] *= factor[row - 1]
    begins = numpy.empty(found.shape[1])
    for column, (power, end) in enumerate(zip(factor[-1].tolist(), found[-1].tolist(), strict=True)):
        begins[column] = before
        before = end + power * before
    found += factor * begins
    return found.T.ravel()[: len(numbers)]
