"""What a comparison says: true, false, or neither where something is not there or cannot be compared."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any

from expframe.config.dotted import MISSING
from expframe.config.secrets import Masked
from expframe.store.search.kinds import beside, plain
from expframe.store.search.pattern import Pattern

Verdict = bool | None

_PLAIN = {int: 0, float: 0, bool: 0, str: 1}
"""Of values that are compared as they are with those of their kind, which kind that is."""


def any_of(verdicts: Iterator[Verdict]) -> Verdict:
    """Return whether any verdict is true; None if none is and some is neither."""
    found: Verdict = False
    for verdict in verdicts:
        if verdict:
            return True
        if verdict is None:
            found = None
    return found


def all_of(verdicts: Iterator[Verdict]) -> Verdict:
    """Return whether all verdicts are true; None if none is false and some is neither."""
    return opposite(any_of(opposite(verdict) for verdict in verdicts))


def opposite(verdict: Verdict) -> Verdict:
    """Return the opposite of a verdict."""
    return None if verdict is None else not verdict


def truth(value: Any) -> Verdict:
    """Return whether a value counts as true."""
    return None if _is_none(value) else _judge(lambda: bool(value))


def _is_none(value: Any) -> bool:
    return value is None or value is MISSING


def _judge(compare: Callable[[], Any]) -> Verdict:
    """Return what a comparison says; None where the values cannot be compared."""
    try:
        return bool(compare())
    except Exception:  # arrays have their own ideas of truth
        return None


def _are_plain(first: Any, second: Any) -> bool:
    """Return whether two values are numbers or texts, as almost all are, and compared without asking what they are."""
    kind = _PLAIN.get(type(first))
    return kind is not None and kind == _PLAIN.get(type(second))


def _equal(first: Any, second: Any) -> Verdict:
    if _are_plain(first, second):
        return bool(first == second or (first != first and second != second))  # noqa: PLR0124  NaN is NaN
    if _is_none(first) or _is_none(second):
        is_asked = first is None or second is None  # a field that is not there is no other one
        return (_is_none(first) and _is_none(second)) if is_asked else None
    if isinstance(first, list | tuple) and isinstance(second, list | tuple):
        return len(first) == len(second) and all_of(_equal(*pair) for pair in zip(first, second, strict=True))
    if isinstance(first, Masked) or isinstance(second, Masked):
        return _equal_secrets(first, second)
    first, second = beside(first, second)
    return _judge(lambda: first == second or (first != first and second != second))  # noqa: PLR0124  NaN is NaN


def _equal_secrets(first: Any, second: Any) -> Verdict:
    """Return whether a masked secret is what it is compared with; None where nobody can tell."""
    if isinstance(first, Masked) and isinstance(second, Masked):
        return first.is_same(second)
    if first == second:  # the stars themselves are asked for
        return True
    return False if first == "" or second == "" else None


def _ordered(compare: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Verdict]:
    def judge(first: Any, second: Any) -> Verdict:
        if _are_plain(first, second):
            return bool(compare(first, second))
        if _is_none(first) or _is_none(second) or isinstance(first, Masked) or isinstance(second, Masked):
            return None
        first, second = beside(first, second)
        return _judge(lambda: compare(first, second))

    return judge


def _held(item: Any, whole: Any) -> Verdict:
    whole = plain(whole)
    if isinstance(whole, str):
        item = plain(item)
        return item in whole if isinstance(item, str) and not isinstance(whole, Masked) else None
    if isinstance(whole, list | tuple | set | frozenset | dict):
        return any_of(_equal(item, other) for other in whole) if not _is_none(item) or None in whole else None
    return None


def searched(pattern: Pattern, value: Any) -> Verdict:
    """Return whether a pattern is found in a text, or in any text of a list."""
    value = plain(value)
    if isinstance(value, list | tuple):
        return any_of(searched(pattern, item) for item in value)
    return pattern.is_found(value) if isinstance(value, str) and not isinstance(value, Masked) else None


_LONGEST = 1000
"""Digits that no id has: Python reads no number of thousands."""


def as_number(id: Any) -> Any:
    """Return the number that an id is, or MISSING."""
    return int(id) if isinstance(id, str) and len(id) < _LONGEST and id.isascii() and id.isdigit() else MISSING


OPERATIONS: dict[str, Callable[[Any, Any], Verdict]] = {
    "==": _equal,
    "!=": lambda first, second: opposite(_equal(first, second)),
    "<": _ordered(operator.lt),
    "<=": _ordered(operator.le),
    ">": _ordered(operator.gt),
    ">=": _ordered(operator.ge),
    "in": _held,
}
"""What each sign compares."""
