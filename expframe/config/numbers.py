"""What a number is, and what is a multiple of one."""

from __future__ import annotations

import math
from typing import Any, TypeGuard

from expframe.config.hints import plain_type


def is_number(*values: Any) -> bool:
    """Return whether all values that are there are numbers: no truths, and no complex ones, which have no order."""
    given = [value for value in values if value is not None]
    return bool(given) and all(_is_one(value) for value in given)


def _is_one(value: Any) -> bool:
    kind = type(value)
    if kind is float or kind is int:
        return True
    kind = plain_type(kind)
    return kind is not bool and (issubclass(kind, int | float) or kind.__module__ in ("decimal", "fractions"))


def is_finite(value: Any) -> TypeGuard[int | float]:
    """
    Return whether a value is a number, and one that a float can be.

    Example:
        >>> [is_finite(value) for value in (1, 0.5, float("nan"), 10**400, "1", None)]
        [True, True, False, False, False, False]
    """
    try:
        return math.isfinite(value)
    except (TypeError, ValueError, OverflowError):
        return False


def is_nan(value: Any) -> bool:
    """
    Return whether a number is NaN, however large it is.

    Example:
        >>> [is_nan(value) for value in (float("nan"), 1.5, 10**400)]
        [True, False, False]
    """
    try:
        return math.isnan(value)
    except OverflowError:
        return False


def is_multiple(value: Any, step: Any) -> bool:
    """Return whether a number is so many times another: of floats, as they are written."""
    if type(value) is int and type(step) is int:
        return value % step == 0
    is_endless = isinstance(value, float) and not math.isfinite(value)
    return not is_endless and bool(_exact(value) % _exact(step) == 0)


def multiples(step: Any, low: Any, high: Any, *, above: bool = False, below: bool = False) -> tuple[Any, Any] | None:
    """
    Return the first and the last multiple of a step from one number to another; None where there is none of either.

    Args:
        step: The step.
        low: The first number.
        high: The last number.
        above: Whether the first number itself is left out.
        below: Whether the last number itself is left out.

    Example:
        >>> multiples(0.25, 0, 1, above=True), multiples(64, 1, 63)
        ((0.25, 1), None)
    """
    if not all(is_finite(end) for end in (low, high)):
        return None
    step, ends = _exact(step), [_exact(end) / _exact(step) for end in (low, high)]
    first, last = math.ceil(ends[0]), math.floor(ends[1])
    first += above and first == ends[0]
    last -= below and last == ends[1]
    return (_shortest(first * step), _shortest(last * step)) if first <= last else None


def _shortest(number: Any) -> Any:
    return int(number) if number.denominator == 1 else float(number)


def _exact(value: Any) -> Any:
    """Return a number as a fraction: a float as the number that is written, 0.1 as a tenth."""
    from fractions import Fraction  # it imports what few configs need

    return Fraction(repr(value)) if isinstance(value, float) else Fraction(value)
