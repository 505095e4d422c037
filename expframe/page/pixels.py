"""
Points on a grid of pixels: for each pixel its last, smallest and greatest value, so that no spike is lost.

Points whose x goes backwards (a run that was begun again, another metric as x) are put into pixels by their x all the
same; of several in a pixel the last one logged is its last.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy

from expframe.store.search.columns import BLOCK, Array, joined

_DENSE = 1 << 22
"""Of more points the noted extremes of blocks are looked at; of fewer all are, which is as fast."""


@dataclass(frozen=True)
class Grid:
    """
    The pixels of an axis.

    Attributes:
        low: Where the first one begins.
        high: Where the last one ends; it belongs to that one.
        pixels: How many there are.
        is_log: Whether they are equally wide on a logarithmic scale.
    """

    low: float
    high: float
    pixels: int
    is_log: bool = False

    @cached_property
    def edges(self) -> Array:
        """Where each pixel begins, and where the last one ends."""
        if self.is_log:
            edges = numpy.exp(numpy.linspace(math.log(self.low), math.log(self.high), self.pixels + 1))
        else:
            edges = numpy.linspace(self.low, self.high, self.pixels + 1)
        edges[0], edges[-1] = self.low, self.high
        return edges

    def moved(self, distance: float) -> Grid:
        """Return the same pixels elsewhere, on an axis that is not logarithmic."""
        return Grid(self.low + distance, self.high + distance, self.pixels)

    def place(self, x: Array) -> Array:
        """Return where numbers are, in pixels from the first one; NaN for what is on no such axis."""
        if not self.is_log:
            return (x - self.low) * (self.pixels / (self.high - self.low))
        with numpy.errstate(divide="ignore", invalid="ignore"):
            found = (numpy.log(x) - math.log(self.low)) * (self.pixels / (math.log(self.high) - math.log(self.low)))
        return numpy.where(x > 0, found, numpy.nan)

    def pixel(self, x: Array) -> Array:
        """Return in which pixel numbers of the window are."""
        return numpy.clip(numpy.searchsorted(self.edges, x, "right") - 1, 0, self.pixels - 1)


class Piece(NamedTuple):
    """
    Points of a line, one after the other.

    Attributes:
        x: Where they are.
        y: What they are.
        low: The lower ends of a band around them; y itself where there is none.
        high: The upper ends.
        is_sorted: Whether all x are finite and none is below the one before.
        odd: How many y are not finite; of a band, whether any of its ends are none.
        blocks: The smallest and the greatest value of each block, where they are noted.
    """

    x: Array
    y: Array
    low: Array
    high: Array
    is_sorted: bool
    odd: int
    blocks: tuple[Array, Array] | None = None


class Drawn(NamedTuple):
    """
    What is drawn of a line.

    Attributes:
        chosen: Which points, counted from the first of the line; of a pixel its last finite one.
        x: Where they are; one to the left of the window and one to the right may be beside it.
        y: What they are; NaN for a gap.
        low: The smallest value of their pixel, or of a band around them.
        high: The greatest one.
        shown: How many points are in the window.
        odd: How many of these are not finite.
        is_exact: Whether each point of the window is there.
    """

    chosen: Array
    x: Array
    y: Array
    low: Array
    high: Array
    shown: int
    odd: int
    is_exact: bool


def draw(parts: Sequence[Piece], grid: Grid) -> Drawn:
    """Return what is drawn of a line: each point where there are no more than pixels, else what each pixel has."""
    parts = [part for part in parts if len(part.x)]
    if all(part.is_sorted for part in parts) and all(a.x[-1] <= b.x[0] for a, b in itertools.pairwise(parts)):
        windows = [_window(part, grid) for part in parts]
        first, end = (sum(window[side] for window in windows) for side in (0, 1))
        odd = sum(_odd(part.y[slice(*window)]) for part, window in zip(parts, windows, strict=True) if part.odd)
        around = [range(first - 1, first), range(end, end + 1)] if parts else [range(0)] * 2
        inner: Array = range(first, end)
    else:
        x = joined([part.x for part in parts])
        is_inside = (x >= grid.low) & (x <= grid.high)
        first, end = 0, int(numpy.count_nonzero(is_inside))
        odd = _odd(joined([part.y for part in parts])[is_inside])
        around = [range(0), range(0)]
        inner = numpy.flatnonzero(_with_neighbours(is_inside) & numpy.isfinite(grid.place(x)))
    count = end - first
    if count <= grid.pixels:
        return _gathered(parts, grid, numpy.concatenate([around[0], inner, around[1]]), count, odd)
    found = _Pixels(grid)
    for part in parts:
        found.add(part)
    return _gathered(parts, grid, numpy.concatenate([around[0], found.index, around[1]]), count, odd, found)


def _with_neighbours(is_inside: Array) -> Array:
    found = is_inside.copy()
    found[1:] |= is_inside[:-1]
    found[:-1] |= is_inside[1:]
    return found


def _gathered(
    parts: Sequence[Piece], grid: Grid, index: Array, count: int, odd: int, found: _Pixels | None = None
) -> Drawn:
    """Return points with what is drawn of them; those beside the window have no pixel."""
    index = index.astype(numpy.int64)
    index = index[(index >= 0) & (index < sum(len(part.x) for part in parts))]
    x, y, low, high = (gather([part[column] for part in parts], index) for column in range(4))
    if found is not None:
        start = int(numpy.searchsorted(index, found.index[0])) if len(index) > len(found.index) else 0
        inner = slice(start, start + len(found.index))
        low[inner], high[inner] = found.low[found.pixels], found.high[found.pixels]
    if grid.is_log:  # what is beside may be on no such axis
        kept = x > 0
        index, x, y, low, high = index[kept], x[kept], y[kept], low[kept], high[kept]
    y, low, high = (numpy.where(numpy.isfinite(numbers), numbers, numpy.nan) for numbers in (y, low, high))
    return Drawn(index, x, y, low, high, count, odd, found is None)


def gather(arrays: Sequence[Array], index: Array) -> Array:
    """Return a copy of some numbers of arrays that lie one after the other."""
    if len(arrays) == 1:
        return arrays[0][index]
    found = numpy.empty(len(index))
    start = 0
    for array in arrays:
        own = (index >= start) & (index < start + len(array))
        found[own] = array[index[own] - start]
        start += len(array)
    return found


def _window(part: Piece, grid: Grid) -> tuple[int, int]:
    return int(numpy.searchsorted(part.x, grid.low, "left")), int(numpy.searchsorted(part.x, grid.high, "right"))


def _odd(y: Array) -> int:
    return len(y) - int(numpy.count_nonzero(numpy.isfinite(y)))


class _Pixels:
    """What each pixel has: which point is its last finite one, else its last, and its extremes."""

    def __init__(self, grid: Grid) -> None:
        self._grid = grid
        self._offset = 0
        self._last: Array = numpy.full(grid.pixels, -1, numpy.int64)
        self._is_finite: Array = numpy.zeros(grid.pixels, bool)
        self.low: Array = numpy.full(grid.pixels, math.inf)
        self.high: Array = numpy.full(grid.pixels, -math.inf)

    @property
    def pixels(self) -> Array:
        """Which pixels have points."""
        return numpy.flatnonzero(self._last >= 0)

    @property
    def index(self) -> Array:
        """Which point each of these draws."""
        return self._last[self._last >= 0]

    def add(self, part: Piece) -> None:
        """Take the next points of a line."""
        if part.is_sorted:
            self._add_sorted(part)
        else:
            self._add_unsorted(part)
        self._offset += len(part.x)

    def _add_sorted(self, part: Piece) -> None:
        edges = self._grid.edges
        bounds: Array = numpy.searchsorted(part.x, edges, "left")
        bounds[-1] = numpy.searchsorted(part.x, edges[-1], "right")
        pixels = numpy.flatnonzero(bounds[1:] > bounds[:-1])
        if not len(pixels):
            return
        starts, ends = bounds[:-1][pixels], bounds[1:][pixels]
        window = slice(int(starts[0]), int(ends[-1]))
        y = part.y[window]
        index = numpy.arange(window.start, window.stop) if part.odd else None
        last, is_finite = _last(y, index, starts - window.start, ends - 1)
        if part.blocks is not None and len(y) > _DENSE and len(y) > 4 * BLOCK * len(pixels):
            low = by_blocks(numpy.minimum, part.low, part.blocks[0], starts, ends, math.inf)
            high = by_blocks(numpy.maximum, part.high, part.blocks[1], starts, ends, -math.inf)
        else:
            low, high = _extremes(part, window, starts - window.start)
        self._merge(pixels, last, is_finite, low, high)

    def _add_unsorted(self, part: Piece) -> None:
        index = numpy.flatnonzero((part.x >= self._grid.low) & (part.x <= self._grid.high))
        if not len(index):
            return
        pixels = self._grid.pixel(part.x[index]).astype(numpy.int16)
        order = numpy.argsort(pixels, kind="stable")  # those of a pixel stay in the order of logging
        index, pixels = index[order], pixels[order]
        starts = numpy.flatnonzero(numpy.diff(pixels, prepend=-1))
        ends = numpy.append(starts[1:], len(index))
        last, is_finite = _last(part.y[index], index, starts, index[ends - 1])
        self._merge(pixels[starts], last, is_finite, *_extremes(part, index, starts))

    def _merge(self, pixels: Array, last: Array, is_finite: Array, low: Array, high: Array) -> None:
        counts = is_finite | ~self._is_finite[pixels]
        self._last[pixels[counts]] = last[counts] + self._offset
        self._is_finite[pixels] |= is_finite
        self.low[pixels] = numpy.minimum(self.low[pixels], low)
        self.high[pixels] = numpy.maximum(self.high[pixels], high)


def _last(y: Array, index: Array | None, starts: Array, last: Array) -> tuple[Array, Array]:
    """Return the last finite point of each pixel, else its last one, and whether it is finite."""
    if index is None:
        return last, numpy.ones(len(last), bool)
    places = numpy.maximum.reduceat(numpy.where(numpy.isfinite(y), numpy.arange(len(y)), -1), starts)
    return numpy.where(places >= 0, index[places], last), places >= 0


def _extremes(part: Piece, points: Array, starts: Array) -> tuple[Array, Array]:
    low, high = part.low[points], part.high[points]
    if part.odd:
        low = numpy.where(numpy.isfinite(low), low, math.inf)
        high = numpy.where(numpy.isfinite(high), high, -math.inf)
    return numpy.minimum.reduceat(low, starts), numpy.maximum.reduceat(high, starts)


def by_blocks(extreme: Any, numbers: Array, blocks: Array, starts: Array, ends: Array, none: float) -> Array:
    """
    Return the extreme finite number of ranges, by what is noted of the blocks that lie in them and the numbers beside.

    Args:
        extreme: numpy.minimum or numpy.maximum.
        numbers: All numbers.
        blocks: The extreme of each whole block of them.
        starts: Where ranges begin.
        ends: Where they end.
        none: What stands for no number.
    """
    first, end = -(-starts // BLOCK), numpy.minimum(ends // BLOCK, len(blocks))
    end = numpy.maximum(first, end)
    places = numpy.stack([first, end], axis=1).ravel()
    found = extreme.reduceat(numpy.append(blocks, [none] * 2), numpy.minimum(places, len(blocks)))[::2]
    found = numpy.where(first < end, found, none)
    beside = numpy.arange(BLOCK)
    for begin, stop in ((starts, numpy.minimum(first * BLOCK, ends)), (numpy.maximum(end * BLOCK, starts), ends)):
        for shift in range(0, max(1, int((stop - begin).max())), BLOCK):
            index = begin[:, None] + beside + shift
            own = numpy.where(index < stop[:, None], numbers[numpy.minimum(index, len(numbers) - 1)], none)
            own = numpy.where(numpy.isfinite(own), own, none)
            found = extreme(found, extreme.reduce(own, axis=1))
    return found
