"""The axes of a space: what of a config a sweep changes, and the values that it takes there."""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from functools import lru_cache
from typing import Any, ClassVar

from expframe.config import dotted, json_values
from expframe.config.masking import MASKING
from expframe.config.numbers import is_finite
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


@dataclass(frozen=True)
class Widened:
    """
    Values of several axes of the same entries, those of the first one before those that came later.

    Attributes:
        parts: The axes, each of which has an end.
    """

    kind: ClassVar[str] = "widened"
    parts: tuple[Choices | Range | Interval, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The entries of the axis."""
        return self.parts[0].names

    @property
    def size(self) -> int:
        """How many values there are."""
        return self._ends[-1]

    def words(self, position: Position) -> tuple[Word, ...]:
        """Return what one of the values is behind `with`."""
        part, place = self.at(position)
        return part.words(place)

    def value(self, position: Position) -> Any:
        """Return one of the values of a single entry."""
        part, place = self.at(position)
        return part.rows[place][0] if isinstance(part, Choices) else part.value(place)

    def position(self, fraction: float) -> Position:
        """Return where a fraction from 0 to 1, which it is not, lies on the axis."""
        return int(fraction * self.size)

    @property
    def _ends(self) -> tuple[int, ...]:
        return tuple(itertools.accumulate(part.size or 0 for part in self.parts))

    def at(self, position: Position) -> tuple[Choices | Range | Interval, int]:
        """Return the axis that a position is on, and where on it."""
        ends = self._ends
        at = bisect.bisect_right(ends, int(position))
        return self.parts[at], int(position) - (ends[at - 1] if at else 0)


Axis = Choices | Range | Interval | Widened

_KINDS: Mapping[str, type[Any]] = {kind.kind: kind for kind in (Choices, Range, Interval, Widened)}


def is_ordered(axis: Axis) -> bool:
    """Return whether the values of an axis are numbers that have an order: choices have none."""
    return not isinstance(axis.parts[0] if isinstance(axis, Widened) else axis, Choices)


def rank_of(axis: Axis, position: Position) -> Position:
    """
    Return how many values of an axis that has an order are less than the one at a position.

    Example:
        >>> rank_of(Widened((Range("x", 2, 3), Range("x", 0, 1))), 0)
        2
    """
    return _ranks(axis)[0][int(position)] if isinstance(axis, Widened) and is_ordered(axis) else position


def of_rank(axis: Axis, rank: Position) -> Position:
    """Return the position of the value that so many values of an axis that has an order are less than."""
    return _ranks(axis)[1][int(rank)] if isinstance(axis, Widened) and is_ordered(axis) else rank


@lru_cache(maxsize=64)
def _ranks(axis: Widened) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the rank of each position, and the position of each rank."""
    order = sorted(range(axis.size), key=axis.value)
    ranks = [0] * len(order)
    for rank, position in enumerate(order):
        ranks[position] = rank
    return tuple(ranks), tuple(order)


def to_json(axis: Axis) -> dict[str, Any]:
    """Return an axis as plain JSON data."""
    data = {item.name: getattr(axis, item.name) for item in fields(axis)}
    if isinstance(axis, Choices):
        data |= {"names": [*axis.names], "rows": [[json_values.to_json(item) for item in row] for row in axis.rows]}
    if isinstance(axis, Widened):
        data["parts"] = [to_json(part) for part in axis.parts]
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
        if kind is Widened:
            given["parts"] = tuple(map(from_json, given["parts"]))
        found: Axis = kind(**given)
        if not _is_sound(found):
            raise TypeError("a part of it is of another kind")
    except (KeyError, TypeError, ValueError, ArithmeticError, AttributeError, RecursionError) as problem:
        raise ValueFormatError("the axis of a sweep", f"is damaged: {problem!r}.") from problem
    return found


def _is_sound(axis: Axis) -> bool:
    """Return whether the parts of an axis are of the kinds that they always are."""
    if isinstance(axis, Widened):
        return bool(axis.parts) and all(part.size for part in axis.parts)
    if not all(isinstance(name, str) for name in axis.names):
        return False
    if isinstance(axis, Choices):
        is_read = axis.is_text or not axis.names
        if is_read and not all(isinstance(value, str) for row in axis.rows for value in row):
            return False
        return not axis.names or all(len(row) == len(axis.names) for row in axis.rows)
    numbers = (axis.low, axis.high, axis.step) if isinstance(axis, Range) else (axis.low, axis.high)
    if not all(is_finite(number) for number in numbers):
        return False
    size: Any = axis.size
    return size is None or (isinstance(size, int) and size > 0)


def fits(axis: Axis, position: Any) -> bool:
    """Return whether something is a position on an axis."""
    if not is_finite(position):
        return False
    return axis.size is None or 0 <= position < axis.size


def written(axis: Axis) -> str:
    """
    Return an axis as it may be typed.

    Example:
        >>> written(Range("x", 0, 4)), written(Interval("lr", 1e-3, 0.1, is_log=True)), written(Choices((), (("a",),)))
        ('x=0..4', 'lr=log:0.001..0.1', 'a')
    """
    if isinstance(axis, Range):
        return f"{axis.name}={axis.low}..{axis.high}" + (f"/{axis.step}" if axis.step != 1 else "")
    if isinstance(axis, Interval):
        count = "" if axis.count is None else f":{axis.count}"
        return f"{axis.name}={'log:' if axis.is_log else ''}{axis.low}..{axis.high}{count}"
    names = ":".join(axis.names)
    return (f"{names}=" if names else "") + ",".join(value_text(axis, number) for number in range(axis.size))


def value_text(axis: Axis, position: Position) -> str:
    """Return one of the values as it may be typed: of coupled entries with colons between them."""
    words = axis.words(position)
    return ":".join(word if isinstance(word, str) else word.written.partition("=")[2] for word in words)


def _override(name: str, value: Any, is_text: bool) -> Override:
    path = dotted.split(name)
    if not is_text and type(value) in (bool, int, float):  # no number is a secret
        return Override(path, value, "=", False, f"{name}={value!r}", Origin("command line", name))
    shown = value if is_text else json_values.short_repr(value, 60)
    return Override(path, value, "=", is_text, f"{name}={MASKING.written(shown, path)}", Origin("command line", name))


def _exact(number: float) -> Decimal:
    return Decimal(repr(number))
