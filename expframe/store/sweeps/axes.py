"""The axes of a space: what of a config a sweep changes, and the values that it takes there."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any, ClassVar

from expframe.config import dotted, json_values
from expframe.config.masking import MASKING
from expframe.config.request import Origin, Override
from expframe.errors import ValueFormatError

Position = int | float
"""Where on an axis: the number of one of its values, from 0, or the value itself where the axis is an interval."""

Word = str | Override
"""What stands behind `with`: a named config or file, or an override."""


@dataclass(frozen=True)
class Choices:
    """
    Values one by one.

    Attributes:
        names: The entries, several where they are coupled; none where the values are named configs or files.
        rows: For each choice what each of the entries is; or the named configs and files.
        is_text: Whether the values are texts as of a command line, to be read towards their entries by each run.
    """

    kind: ClassVar[str] = "choices"
    names: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    is_text: bool = True

    @property
    def size(self) -> int:
        """How many values there are."""
        return len(self.rows)

    def words(self, position: Position) -> tuple[Word, ...]:
        """Return what one of the values is behind `with`."""
        row = self.rows[int(position)]
        if not self.names:
            return tuple(map(str, row))
        return tuple(_override(name, value, self.is_text) for name, value in zip(self.names, row, strict=True))

    def position(self, fraction: float) -> Position:
        """Return where a fraction from 0 to 1, which it is not, lies on the axis."""
        return int(fraction * self.size)


@dataclass(frozen=True)
class Range:
    """
    Numbers from one to another, both included where the step meets them.

    Example:
        >>> [axis.value(number) for axis in [Range("x", 0, 1, 0.25)] for number in range(axis.size)]
        [0, 0.25, 0.5, 0.75, 1]
    """

    kind: ClassVar[str] = "range"
    name: str
    low: float
    high: float
    step: float = 1

    @property
    def names(self) -> tuple[str, ...]:
        """The entries of the axis."""
        return (self.name,)

    @property
    def size(self) -> int:
        """How many values there are."""
        return int((_exact(self.high) - _exact(self.low)) / _exact(self.step)) + 1

    def value(self, position: Position) -> float:
        """Return one of the numbers."""
        found = _exact(self.low) + int(position) * _exact(self.step)
        return int(found) if found == found.to_integral_value() else float(found)

    def words(self, position: Position) -> tuple[Word, ...]:
        """Return what one of the numbers is behind `with`."""
        return (_override(self.name, self.value(position), False),)

    def position(self, fraction: float) -> Position:
        """Return where a fraction from 0 to 1, which it is not, lies on the axis."""
        return int(fraction * self.size)


@dataclass(frozen=True)
class Interval:
    """
    All numbers between two.

    Attributes:
        name: The entry.
        low: The least number.
        high: The greatest number.
        is_log: Whether equal ratios, not equal differences, are equally far.
        is_whole: Whether only whole numbers are meant.
        count: So many values of it, equally far from each other, both ends included; None for all.
    """

    kind: ClassVar[str] = "interval"
    name: str
    low: float
    high: float
    is_log: bool = False
    is_whole: bool = False
    count: int | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The entries of the axis."""
        return (self.name,)

    @property
    def size(self) -> int | None:
        """How many values there are; None for all numbers of the interval."""
        return self.count

    def value(self, position: Position) -> float:
        """Return the number at a position."""
        if self.count is None:
            return position
        if position in (0, self.count - 1):
            return self.high if position else self.low
        found = float(f"{self._between(position / (self.count - 1)):.12g}")
        return round(found) if self.is_whole else found

    def words(self, position: Position) -> tuple[Word, ...]:
        """Return what the number at a position is behind `with`."""
        return (_override(self.name, self.value(position), False),)

    def position(self, fraction: float) -> Position:
        """Return where a fraction from 0 to 1, which it is not, lies on the axis."""
        if self.count is not None:
            return int(fraction * self.count)
        if not self.is_whole:
            return min(max(self._between(fraction), self.low), self.high)
        if self.is_log:
            low, high = math.log(self.low - 0.5), math.log(self.high + 0.5)
            return int(min(max(round(math.exp(low + fraction * (high - low))), self.low), self.high))
        return int(self.low + int(fraction * (self.high - self.low + 1)))

    def _between(self, fraction: float) -> float:
        if self.is_log:
            low, high = math.log(self.low), math.log(self.high)
            return math.exp(low + fraction * (high - low))
        return self.low + fraction * (self.high - self.low)


Axis = Choices | Range | Interval

_KINDS: Mapping[str, type[Any]] = {kind.kind: kind for kind in (Choices, Range, Interval)}


def to_json(axis: Axis) -> dict[str, Any]:
    """Return an axis as plain JSON data."""
    data = {item.name: getattr(axis, item.name) for item in fields(axis)}
    if isinstance(axis, Choices):
        data |= {"names": [*axis.names], "rows": [[json_values.to_json(item) for item in row] for row in axis.rows]}
    return {"kind": axis.kind, **data}


def from_json(data: Mapping[str, Any]) -> Axis:
    """
    Return the axis of plain JSON data.

    Raises:
        ValueFormatError: It is none.
    """
    try:
        kind = _KINDS[data["kind"]]
        given = {item.name: data[item.name] for item in fields(kind)}
        if kind is Choices:
            rows = tuple(tuple(json_values.from_json(item) for item in row) for row in given["rows"])
            given |= {"names": tuple(given["names"]), "rows": rows}
        found: Axis = kind(**given)
    except (KeyError, TypeError) as problem:
        raise ValueFormatError("the axis of a sweep", f"is damaged: {problem!r}.") from problem
    return found


def _override(name: str, value: Any, is_text: bool) -> Override:
    path = dotted.split(name)
    if not is_text and type(value) in (bool, int, float):  # no number is a secret
        return Override(path, value, "=", False, f"{name}={value!r}", Origin("command line", name))
    shown = value if is_text else json_values.short_repr(value, 60)
    return Override(path, value, "=", is_text, f"{name}={MASKING.written(shown, path)}", Origin("command line", name))


def _exact(number: float) -> Decimal:
    return Decimal(repr(number))
