"""Whether two values are the same: one type, and equal at any depth."""

from __future__ import annotations

from typing import Any

from expframe.config.frozen import plain_kind
from expframe.config.secrets import Masked


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
        if hasattr(first, "dtype"):
            return _same_arrays(first, second)
        return bool(first == second) or bool(_is_nan(first) and _is_nan(second))
    except Exception:
        return False


def _same_arrays(first: Any, second: Any) -> bool:
    if first.shape != second.shape or first.dtype != second.dtype:
        return False
    if getattr(first.dtype, "names", None):
        return all(same(first[name], second[name]) for name in first.dtype.names)
    if getattr(first.dtype, "hasobject", False):
        return all(map(same, first.ravel().tolist(), second.ravel().tolist()))
    return bool(((first == second) | (_is_nan(first) & _is_nan(second))).all())


def _is_nan(value: Any) -> Any:
    return value != value  # noqa: PLR0124  nothing else is unequal to itself
