"""Whether two values are the same: one type, and equal at any depth."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations
from typing import Any, NamedTuple

from expframe.config.frozen import plain_kind
from expframe.config.secrets import Masked


class Likeness(NamedTuple):
    """
    What can be said of several values that stand beside each other.

    Attributes:
        differ: Whether two of them are known to be different.
        is_unknown: Whether of two of them nobody can tell: secrets whose stores have no salt in common.
    """

    differ: bool
    is_unknown: bool


def same(first: Any, second: Any, *, unknown: bool = False) -> bool:
    """
    Return whether two values have one type and are equal at any depth; NaN is the same as NaN.

    A read-only value is the same as a plain one.

    Args:
        first: A value.
        second: Another one.
        unknown: What is taken of two masked secrets of which nobody can tell.
    """
    if first is second:
        return True
    if isinstance(first, Masked) and isinstance(second, Masked):
        is_same = first.is_same(second)
        return unknown if is_same is None else is_same
    if isinstance(first, dict) and isinstance(second, dict) and plain_kind(type(first)) is plain_kind(type(second)):
        return first.keys() == second.keys() and all(
            same(item, second[key], unknown=unknown) for key, item in first.items()
        )
    if isinstance(first, list | tuple) and plain_kind(type(first)) is plain_kind(type(second)):
        pairs = zip(first, second, strict=False)
        return len(first) == len(second) and all(same(one, other, unknown=unknown) for one, other in pairs)
    if plain_kind(type(first)) is not plain_kind(type(second)):
        return False
    try:
        if hasattr(first, "dtype") and not isinstance(first, str | bytes):
            return _same_arrays(first, second, unknown)
        if isinstance(first, set | frozenset) and unknown:
            first, second = (
                {str(item) if isinstance(item, Masked) else item for item in one} for one in (first, second)
            )
        return bool(first == second) or bool(_is_nan(first) and _is_nan(second))
    except Exception:
        return False


def likeness(values: Iterable[Any]) -> Likeness:
    """
    Return whether some of several values differ, and whether of some nobody can tell.

    Example:
        >>> likeness([1, 1, 2]), likeness([Masked(), Masked()])
        (Likeness(differ=True, is_unknown=False), Likeness(differ=False, is_unknown=True))
    """
    distinct: list[Any] = []
    first, *others = values
    if all(same(first, other) for other in others):
        return Likeness(False, False)
    secrets = [value for value in (first, *others) if has_secret(value)]
    for value in secrets:
        if not any(same(value, known) for known in distinct):
            distinct.append(value)
    pairs = list(combinations(distinct, 2))
    is_unknown = any(same(*pair, unknown=True) for pair in pairs)
    differ = len(secrets) <= len(others) or any(not same(*pair, unknown=True) for pair in pairs)
    return Likeness(differ, is_unknown)


def has_secret(value: Any) -> bool:
    """Return whether a value is a masked secret, or holds one."""
    if isinstance(value, dict):
        return any(map(has_secret, value.values()))
    return isinstance(value, Masked) or (
        isinstance(value, list | tuple | set | frozenset) and any(map(has_secret, value))
    )


def _same_arrays(first: Any, second: Any, unknown: bool) -> bool:
    if first.shape != second.shape or first.dtype != second.dtype:
        return False
    if getattr(first.dtype, "names", None):
        return all(same(first[name], second[name], unknown=unknown) for name in first.dtype.names)
    if getattr(first.dtype, "hasobject", False):
        pairs = zip(first.ravel().tolist(), second.ravel().tolist(), strict=True)
        return all(same(one, other, unknown=unknown) for one, other in pairs)
    return bool(((first == second) | (_is_nan(first) & _is_nan(second))).all())


def _is_nan(value: Any) -> Any:
    return value != value  # noqa: PLR0124  nothing else is unequal to itself
