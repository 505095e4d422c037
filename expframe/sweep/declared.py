"""The axis that the type of an entry declares: `"lr=?"`, or `{"lr": ...}` in Python."""

from __future__ import annotations

import math
from typing import Any

from expframe.config.bounds import Bounds
from expframe.config.dotted import MISSING
from expframe.config.numbers import is_finite, is_number, multiples
from expframe.errors import SweepWordError
from expframe.store.sweeps.axes import Axis, Choices, Interval, Range
from expframe.sweep.entries import NUMBER, WHOLE, UnsweptEntry


def axis(name: str, entry: UnsweptEntry) -> Axis:
    """
    Return the axis of an entry: its choices one by one, or all between its bounds.

    Args:
        name: The name of the entry.
        entry: What is known of it.

    Raises:
        SweepWordError: Its type names no values and has no two bounds.
        BoundError: Its bounds contradict each other, or are none.

    Example:
        >>> from typing import Annotated, Literal
        >>> from expframe import Ge, Lt
        >>> axis("depth", UnsweptEntry(3, Annotated[int, Ge(1), Lt(8)]))
        Range(name='depth', low=1, high=7, step=1)
    """
    if choices := entry.choices():
        return Choices((name,), tuple((choice,) for choice in choices))
    bounds = entry.bounds()
    if entry.value is MISSING and entry.annotation is MISSING:
        raise _refusal(name, "is no entry, so that no type says what it takes. Write", f"{name}=LOW..HIGH.")
    if entry.kind not in (WHOLE, NUMBER):
        raise _refusal(name, "names no values. Write them, as in", f"{name}=A,B.")
    low, high = (end if is_number(end) and is_finite(end) else None for end in (bounds.low, bounds.high))
    if low is None or high is None:
        raise _without_ends(name, entry, bounds._replace(low=low, high=high))
    if bounds.multiple_of is not None or (entry.kind == WHOLE and not bounds.is_log):
        return _steps(name, bounds)
    return _whole(name, bounds) if entry.kind == WHOLE else _interval(name, bounds)


def _steps(name: str, bounds: Bounds) -> Range:
    """Return the multiples between bounds; of whole numbers without a step all of them."""
    low, high = _multiples(name, bounds, 1 if bounds.multiple_of is None else bounds.multiple_of)
    if bounds.is_log:
        way = f"{name}={low}..{high}/{bounds.multiple_of}, or the ratios, {name}=log:{low}..{high}."
        raise _refusal(name, "declares steps and ratios. Write the steps,", way)
    return Range(name, low, high, bounds.multiple_of or 1)


def _whole(name: str, bounds: Bounds) -> Axis:
    """Return the whole numbers between bounds, by ratios."""
    low, high = _multiples(name, bounds, 1)
    if low <= 0:
        raise _without_ratios(name, f"1..{high}")
    return Interval(name, low, high, is_log=True, is_whole=True) if low < high else Range(name, low, low)


def _multiples(name: str, bounds: Bounds, step: Any) -> tuple[Any, Any]:
    found = multiples(step, bounds.low, bounds.high, above=bounds.excludes_low, below=bounds.excludes_high)
    if found is None:
        raise _refusal(name, "has no whole number between its bounds. Write values, as in", f"{name}=1,2.")
    return found


def _interval(name: str, bounds: Bounds) -> Axis:
    """Return all numbers between bounds; where a bound is left out itself, from the number that is next to it."""
    low, high = float(bounds.low), float(bounds.high)
    if bounds.is_log and low <= 0:
        raise _without_ratios(name, f"1e-5..{high:g}")
    low = math.nextafter(low, math.inf) if bounds.excludes_low else low
    high = math.nextafter(high, -math.inf) if bounds.excludes_high else high
    return Interval(name, low, high, bounds.is_log) if low < high else Range(name, low, low)


def _without_ratios(name: str, ends: str) -> SweepWordError:
    problem = "declares ratios from 0 on, where there is no first one. Write where they begin, as in"
    return _refusal(name, problem, f"{name}=log:{ends}.")


def _without_ends(name: str, entry: UnsweptEntry, bounds: Bounds) -> SweepWordError:
    """Return the refusal of an entry without bounds, or with one of two."""
    if bounds.low is None and bounds.high is None:
        marks = "int, Ge(1), Le(8)" if entry.kind == WHOLE else "float, Ge(1e-5), Le(1.0)"
        problem = f"declares no bounds. Annotate it, as in {name}: Annotated[{marks}], or write"
    else:
        other = "Ge(LOW)" if bounds.low is None else "Le(HIGH)"
        problem = f"declares {bounds.shown} alone, and an axis has two ends. Add the other, {other}, or write"
    ends = (name if end is None else str(end) for end, name in ((bounds.low, "LOW"), (bounds.high, "HIGH")))
    return _refusal(name, problem, f"{name}={'log:' * bounds.is_log}{'..'.join(ends)}.")


def _refusal(name: str, problem: str, way: str) -> SweepWordError:
    return SweepWordError(f"'{name}=?'", f"{name!r} {problem} {way}")
