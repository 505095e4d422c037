"""
The cells of a box that has grown, numbered so that those that were there keep their numbers and others come after them.

A box is how many positions there are in each direction. Cells are computed from their numbers, and never listed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

Box = Sequence[int | None]
"""How many positions there are in each direction; None in the first one where it has no end."""


class _Slab(NamedTuple):
    """Cells that came together: from a corner on, so many in each direction."""

    corner: tuple[int, ...]
    sizes: tuple[int | None, ...]

    @property
    def total(self) -> float:
        return math.inf if None in self.sizes else math.prod(size for size in self.sizes if size is not None)


def cell_of(number: int, boxes: Sequence[Box]) -> tuple[int, ...]:
    """
    Return the cell that has a number; in what came at once the last direction changes fastest.

    Args:
        number: From 0.
        boxes: What there was, the oldest first: each is as large as the one before it, or larger.

    Example:
        >>> [cell_of(number, [(2, 2)]) for number in range(4)]
        [(0, 0), (0, 1), (1, 0), (1, 1)]
        >>> [cell_of(number, [(2, 2), (3, 3)]) for number in range(4, 9)]
        [(0, 2), (1, 2), (2, 0), (2, 1), (2, 2)]
    """
    for slab in _slabs(boxes):
        if number < slab.total:
            return tuple(low + digit for low, digit in zip(slab.corner, _digits(number, slab.sizes), strict=True))
        number -= int(slab.total)
    raise IndexError(number)


def number_of(cell: Sequence[int], boxes: Sequence[Box]) -> int:
    """
    Return the number of a cell, as `cell_of` takes it.

    Example:
        >>> number_of((0, 1), [(2, 2), (3, 3)]), number_of((2, 2), [(2, 2), (3, 3)])
        (1, 8)
    """
    start = 0
    for slab in _slabs(boxes):
        digits = [position - low for position, low in zip(cell, slab.corner, strict=True)]
        sizes = [math.inf if size is None else size for size in slab.sizes]
        if all(0 <= digit < size for digit, size in zip(digits, sizes, strict=True)):
            number = 0
            for digit, size in zip(digits, slab.sizes, strict=True):
                number = number * (size or 1) + digit
            return start + number
        start += int(slab.total)
    raise IndexError(cell)


def _slabs(boxes: Sequence[Box]) -> Iterator[_Slab]:
    """Yield what came at once: the first box, and of each other one what is new by its last direction, and so on."""
    inner: Box | None = None
    for box in boxes:
        if inner is None:
            yield _Slab((0,) * len(box), tuple(box))
        else:
            for at in reversed(range(len(box))):
                before, after = inner[at], box[at]
                if before is not None and before != after:
                    corner = tuple(before if place == at else 0 for place in range(len(box)))
                    added = None if after is None else after - before
                    yield _Slab(corner, (*inner[:at], added, *box[at + 1 :]))
        inner = box


def _digits(number: int, sizes: Box) -> tuple[int, ...]:
    """Return a number in a system with a base for each digit, of which the first may have none."""
    digits = []
    for size in reversed(sizes):
        number, digit = divmod(number, size) if size is not None else (0, number)
        digits.append(digit)
    return tuple(reversed(digits))
