"""
Values as a filter writes them, and which of them can be compared.

A path stands there as its text, a member of an enum as its name, a duration as its seconds, a day as the moment that it
begins. A member that is a number or a text by itself, as of an IntEnum, is compared as that too, but not once it is
stored: of that its name is left.
"""

from __future__ import annotations

import datetime
import decimal
import enum
import math
import pathlib
from collections.abc import Iterator
from typing import Any

from expframe.config import json_values
from expframe.config.dotted import MISSING
from expframe.config.secrets import Masked

_KINDS: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (Masked, ""),
    ((bool, int, float), "a number"),
    (str, "a text"),
    ((list, tuple, set, frozenset), "a list"),
    (dict, "a group"),
    (datetime.datetime, "a time"),
)
ORDERS = ("<", "<=", ">", ">=")
"""What orders values."""


def plain(value: Any) -> Any:
    """
    Return a value as a filter writes it.

    Example:
        >>> plain(pathlib.PurePosixPath("a/b")), plain(datetime.timedelta(minutes=2)), plain(3)
        ('a/b', 120.0, 3)
    """
    if isinstance(value, enum.Enum):
        return value.name
    if isinstance(value, json_values.Reference) and value.tagged.get(json_values.TAG) == "enum":
        return str(value.tagged.get("name")).rpartition(".")[2]
    if isinstance(value, pathlib.PurePath):
        return str(value)
    if isinstance(value, datetime.timedelta):
        return value.total_seconds()
    if isinstance(value, decimal.Decimal):
        return math.nan if value.is_nan() else float(value)
    if isinstance(value, datetime.date):
        return _moment(value)
    return value


def beside(first: Any, second: Any) -> tuple[Any, Any]:
    """Return two values as they are compared: as a filter writes them, and a text beside a time as the time it says."""
    first, second = _plain_beside(first, second), _plain_beside(second, first)
    if isinstance(first, datetime.datetime) and isinstance(second, str):
        return first, _said(second)
    if isinstance(second, datetime.datetime) and isinstance(first, str):
        return _said(first), second
    return first, second


def _plain_beside(value: Any, other: Any) -> Any:
    """Return a value as a filter writes it; a member of an enum as what it is beside another value, or by its name."""
    if not isinstance(value, enum.Enum) or isinstance(other, enum.Enum) or kind_of(value) != kind_of(other):
        return plain(value)
    if isinstance(other, str) and other in type(value).__members__:
        return value.name
    return value.value


def fits(operator: str, first: Any, second: Any) -> bool | None:
    """
    Return whether values of such kinds can be compared; None where nobody can tell, as where one is not there.

    Example:
        >>> fits("<", 3, "a"), fits("<", 3, 4.5), fits("==", None, "a"), fits("in", "a", ["b"]), fits("in", "a", 3)
        (False, True, None, True, False)
    """
    if _is_none(second) or (_is_none(first) and operator != "in"):
        return None
    if operator == "~":
        return _fits_pattern(plain(first))
    if operator == "in":
        return _fits_in(first, plain(second))
    first, second = beside(first, second)
    kinds = kind_of(first), kind_of(second)
    if not all(kinds):
        return None
    return kinds[0] == kinds[1] and not (operator in ORDERS and kinds[0] == "a group")


def kind_of(value: Any) -> str:
    """Return what a value is called; nothing where it is of no kind that a filter knows."""
    return next((name for types, name in _KINDS if isinstance(value, types)), "")


def shown(value: Any) -> str:
    """
    Return the kind of a value, and what it is, cut where it is long.

    Example:
        >>> shown(0.1), shown({"depth": 3})
        ('a number such as 0.1', 'a group of depth')
    """
    value = plain(value)
    if isinstance(value, dict):
        return f"a group of {', '.join(map(str, [*value][:5]))}"
    if isinstance(value, bool):
        return "true or false"
    text = value.isoformat(" ") if isinstance(value, datetime.datetime) else repr(value)
    return f"{kind_of(value)} such as {text if len(text) <= 40 else text[:37] + '...'}"


def _fits_pattern(value: Any) -> bool | None:
    if kind_of(value) == "a list":
        return _any_of(_fits_pattern(plain(item)) for item in value)
    return kind_of(value) == "a text" if kind_of(value) else None


def _fits_in(item: Any, whole: Any) -> bool | None:
    if isinstance(whole, str):
        item = plain(item)
        return kind_of(item) == "a text" if kind_of(whole) and (kind_of(item) or _is_none(item)) else None
    if isinstance(whole, list | tuple | set | frozenset | dict):
        return _any_of(fits("==", item, other) for other in whole)
    return False if kind_of(whole) else None


def _any_of(found: Iterator[bool | None]) -> bool | None:
    """Return whether any fits; None where nobody can tell of one, or there is none."""
    said = [*found]
    return True if True in said else None if None in said or not said else False


def _is_none(value: Any) -> bool:
    return value is None or value is MISSING


def _moment(value: datetime.date) -> Any:
    """Return a day or a time with the time zone that is meant."""
    try:
        if not isinstance(value, datetime.datetime):
            value = datetime.datetime(value.year, value.month, value.day)
        return value if value.tzinfo else value.astimezone()
    except (ValueError, OverflowError, OSError):  # before the year 2
        return value


def _said(text: str) -> Any:
    """Return the time that a text says, or the text."""
    try:
        return _moment(datetime.datetime.fromisoformat(text))
    except ValueError:
        return text
