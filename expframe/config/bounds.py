"""
Bounds of entries, as annotations declare them: `lr: Annotated[float, Ge(1e-5), Le(1.0), Log] = 0.1`.

What is beside a type is asked for the names that annotated-types has for bounds (`ge`, `gt`, `le`, `lt`, `multiple_of`,
`min_length`, `max_length`), so that its marks, and those of msgspec and pydantic, say the same as these.
"""

from __future__ import annotations

import math
import typing
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from expframe.config import hints
from expframe.config.json_values import number_of
from expframe.config.marks import Ge, Gt, Le, Length, Log, Lt, MultipleOf
from expframe.config.numbers import is_multiple, is_nan, is_number, multiples
from expframe.config.remembered import remembered
from expframe.errors import BoundError


class Bounds(NamedTuple):
    """
    What an annotation demands of a value beside its type.

    Attributes:
        low: The least number; None for none.
        high: The greatest.
        excludes_low: Whether the value is above `low`.
        excludes_high: Whether it is below `high`.
        multiple_of: What it is a multiple of; None for nothing.
        is_log: Whether equal ratios are equally far.
        min_length: The least number of items or characters; None for any.
        max_length: The greatest.
    """

    low: Any = None
    high: Any = None
    excludes_low: bool = False
    excludes_high: bool = False
    multiple_of: Any = None
    is_log: bool = False
    min_length: int | None = None
    max_length: int | None = None

    @property
    def are_of_size(self) -> bool:
        """Whether something is demanded of how great a value is."""
        return self.low is not None or self.high is not None or self.multiple_of is not None

    @property
    def are_of_length(self) -> bool:
        """Whether something is demanded of how many items a value has."""
        return self.min_length is not None or self.max_length is not None

    @property
    def are_free(self) -> bool:
        """Whether every value satisfies them."""
        return not self.are_of_size and not self.are_of_length

    def refusal(self, value: Any) -> str | None:
        """
        Return what a value must be and is not; None where it satisfies the bounds. NaN is within none.

        Example:
            >>> bounds = Bounds(0, 1, excludes_low=True)
            >>> bounds.refusal(0.5), bounds.refusal(0), bounds.refusal(float("nan")), bounds.refusal("1")
            (None, 'must be above 0', 'must be above 0', 'must be a number')
        """
        if self.are_of_size and (words := self._of_size(value)) is not None:
            return f"must be {words}"
        if self.are_of_length and (words := self._of_length(value)) is not None:
            return f"must have {words}"
        return None

    def _of_size(self, value: Any) -> str | None:
        if type(value) is not float and type(value) is not int:
            value = number_of(value)
            if is_number(self.low, self.high, self.multiple_of) and not is_number(value):
                return "a number"
        try:
            if self.low is not None and not (value > self.low if self.excludes_low else value >= self.low):
                return self._low_words
            if self.high is not None and not (value < self.high if self.excludes_high else value <= self.high):
                return self._high_words
            if self.multiple_of is not None and not is_multiple(value, self.multiple_of):
                return f"a multiple of {self.multiple_of}"
        except (TypeError, ArithmeticError):  # a text and a date, Decimal's NaN
            return self._low_words or self._high_words or f"a multiple of {self.multiple_of}"
        return None

    def _of_length(self, value: Any) -> str | None:
        try:
            length = len(value)
        except TypeError:
            return _length_words(self.min_length, self.max_length, "item")
        noun = "character" if isinstance(value, str) else "item"
        if self.min_length is not None and length < self.min_length:
            return _length_words(self.min_length, None, noun)
        if self.max_length is not None and length > self.max_length:
            return _length_words(None, self.max_length, noun)
        return None

    @property
    def _low_words(self) -> str:
        return "" if self.low is None else f"{'above' if self.excludes_low else 'at least'} {self.low}"

    @property
    def _high_words(self) -> str:
        return "" if self.high is None else f"{'below' if self.excludes_high else 'at most'} {self.high}"

    @property
    def shown(self) -> str:
        """
        The bounds as they are written behind a type; empty where there are none.

        Example:
            >>> Bounds(1e-5, 1.0, is_log=True).shown, Bounds(0, excludes_low=True).shown, Bounds(min_length=2).shown
            ('in [1e-05, 1.0], log', 'above 0', 'at least 2 items')
        """
        parts = []
        if self.low is not None and self.high is not None:
            left, right = "(" if self.excludes_low else "[", ")" if self.excludes_high else "]"
            parts.append(f"in {left}{self.low}, {self.high}{right}")
        elif self.low is not None or self.high is not None:
            parts.append(self._low_words or self._high_words)
        if self.multiple_of is not None:
            parts.append(f"a multiple of {self.multiple_of}")
        if self.are_of_length:
            parts.append(_length_words(self.min_length, self.max_length, "item"))
        if self.is_log:
            parts.append("log")
        return ", ".join(parts)


FREE = Bounds()
"""The bounds of what every value satisfies."""


@remembered(1024)
def bounds_of(annotation: Any) -> Bounds:
    """
    Return the bounds that an annotation declares: beside its type, also inside of aliases, NewType and `... | None`.

    Raises:
        BoundError: They contradict each other, or are none.

    Example:
        >>> from typing import Annotated
        >>> bounds_of(Annotated[float, Ge(0), Lt(1)] | None)
        Bounds(low=0, high=1, excludes_low=False, excludes_high=True, multiple_of=None, is_log=False, \
min_length=None, max_length=None)
    """
    marks = list(_marks(annotation))
    return _together(marks) if marks else FREE


def _marks(annotation: Any) -> Iterator[Any]:
    """Yield what stands beside the type in an annotation, from the outside in, and what marks hold marks."""
    while True:
        for mark in annotation.__metadata__ if typing.get_origin(annotation) is typing.Annotated else ():
            if not isinstance(mark, type) or mark is Log:
                yield mark
            elif mark in (Ge, Gt, Le, Lt, MultipleOf, Length):
                raise BoundError(mark.__name__, f"says no number. Write it, as in {mark.__name__}(1).")
            held = getattr(mark, "metadata", None)  # of pydantic's Field
            yield from held if isinstance(held, list | tuple) else ()
        inner = hints.inner(annotation)
        if inner is annotation:
            options = [option for option in typing.get_args(inner) if option is not type(None)]
            if not hints.is_union(inner) or len(options) != 1:
                return
            inner = options[0]
        annotation = inner


def _together(marks: Sequence[Any]) -> Bounds:
    """Return the bounds of all marks: the tightest of each kind."""
    found: dict[str, list[Any]] = {name: [] for name in _NAMES}
    for mark in marks:
        for name, values in found.items():
            value = getattr(mark, name, None)
            if value is not None and not callable(value):
                values.append(number_of(value))
    if not any(found.values()):
        return FREE
    written = ", ".join(mark.__name__ if isinstance(mark, type) else repr(mark) for mark in marks)
    try:
        low, excludes_low = max([(v, False) for v in found["ge"]] + [(v, True) for v in found["gt"]], default=_OPEN)
        high, includes = min([(v, True) for v in found["le"]] + [(v, False) for v in found["lt"]], default=_CLOSED)
        steps, least, most = found["multiple_of"], found["min_length"], found["max_length"]
        bounds = Bounds(low, high, excludes_low, not includes, next(iter(steps), None), True in found["log"])
        bounds = bounds._replace(min_length=max(least, default=0) or None, max_length=min(most, default=None))
        problem = _contradiction(bounds, set(steps))
    except TypeError as wrong:
        raise BoundError(written, f"cannot be compared: {wrong}.") from None
    if problem:
        raise BoundError(written, problem)
    return bounds


_NAMES = ("ge", "gt", "le", "lt", "multiple_of", "log", "min_length", "max_length")
_OPEN, _CLOSED = (None, False), (None, True)


def _contradiction(bounds: Bounds, steps: set[Any]) -> str:
    """Return why nothing can be within bounds, or what they say cannot be meant; empty where all is well."""
    low, high = bounds.low, bounds.high
    if any(is_number(limit) and is_nan(limit) for limit in (low, high)):
        return "bounds are no NaN. Leave it out, or write a number."
    if len(steps) > 1:
        return "say two steps. Write the one that is meant."
    if low is not None and high is not None:
        if low > high or (low == high and (bounds.excludes_low or bounds.excludes_high)):
            return "leave no number over. Lower the one, or raise the other."
        step, above, below = bounds.multiple_of, bounds.excludes_low, bounds.excludes_high
        is_endless = math.inf in (high, -low) if is_number(low, high) else False
        if step is not None and not is_endless and multiples(step, low, high, above=above, below=below) is None:
            return f"leave no multiple of {bounds.multiple_of}. Widen them."
    least, most = bounds.min_length, bounds.max_length
    if least is not None and most is not None and least > most:
        return "leave no length over. Lower the one, or raise the other."
    if bounds.is_log and low is not None and (low < 0 or (low == 0 and not bounds.excludes_low)):
        return "has ratios, and there are none at 0 or below. Begin above 0, as in Gt(0)."
    return ""


def _length_words(low: int | None, high: int | None, noun: str) -> str:
    if low and high is not None:
        return f"{low} to {high} {noun}s" if low != high else f"{low} {noun}{'s' * (low != 1)}"
    if high is not None:
        return f"at most {high} {noun}{'s' * (high != 1)}"
    return f"at least {low} {noun}{'s' * (low != 1)}"
