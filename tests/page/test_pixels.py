"""Points on a grid of pixels, beside a plain loop."""

import math

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from expframe.page import pixels
from expframe.page.pixels import Drawn, Grid, Piece, draw
from expframe.store.search.columns import BLOCK, Array, Stretch

NUMBERS = st.floats(-1e6, 1e6) | st.sampled_from([math.nan, math.inf, -math.inf])


@st.composite
def _lines(draw: st.DrawFn) -> tuple[list[Piece], Grid]:
    """Return the points of a line in some pieces, sorted or not, and a window."""
    count = draw(st.integers(0, 300))
    seed = draw(st.integers(0, 2**32 - 1))
    chance = numpy.random.default_rng(seed)
    x = chance.integers(0, draw(st.sampled_from([3, 50, 1000])), count).astype(float)
    if draw(st.booleans()):
        x = numpy.sort(x)
    elif count and draw(st.booleans()):
        x[draw(st.integers(0, count - 1))] = math.nan
    y = chance.normal(size=count)
    for place in draw(st.lists(st.integers(0, max(count - 1, 0)), max_size=20)) if count else []:
        y[place] = draw(NUMBERS)
    cut = draw(st.integers(0, count))
    low = draw(st.floats(-5, 900))
    grid = Grid(low, low + draw(st.floats(1, 1000)), draw(st.integers(64, 80)))
    return [_piece(x[:cut], y[:cut]), _piece(x[cut:], y[cut:])], grid


def _piece(x: Array, y: Array) -> Piece:
    stretch = Stretch.of(x, x, y)
    return Piece(x, y, y, y, stretch.of_steps.is_sorted, stretch.odd, (stretch.lows, stretch.highs))


def _by_loop(pieces: list[Piece], grid: Grid) -> dict[int, tuple[float, float, float]]:
    """Return for each pixel its last finite, smallest and greatest value; NaN where none is finite."""
    found: dict[int, list[float]] = {}
    edges = grid.edges.tolist()
    for piece in pieces:
        for x, y in zip(piece.x.tolist(), piece.y.tolist(), strict=True):
            if grid.low <= x <= grid.high:
                pixel = min(sum(edge <= x for edge in edges) - 1, grid.pixels - 1)
                found.setdefault(pixel, []).extend([y] if math.isfinite(y) else [])
    nothing = (math.nan, math.nan, math.nan)
    return {pixel: (own[-1], min(own), max(own)) if own else nothing for pixel, own in sorted(found.items())}


def _inner(drawn: Drawn, grid: Grid) -> Array:
    return (drawn.x >= grid.low) & (drawn.x <= grid.high)


@given(_lines())
def test_each_pixel_has_its_last_and_its_extremes(line: tuple[list[Piece], Grid]) -> None:
    """Of more points than pixels, each pixel has the last, smallest and greatest finite value of its points."""
    pieces, grid = line
    drawn = draw(pieces, grid)
    inner = _inner(drawn, grid)
    expected = _by_loop(pieces, grid)

    if not drawn.is_exact:
        assert list(expected) == grid.pixel(drawn.x[inner]).tolist()
        numpy.testing.assert_array_equal(
            numpy.array(list(expected.values())), numpy.stack([drawn.y, drawn.low, drawn.high], axis=1)[inner]
        )


@given(_lines())
def test_extremes_drawn_are_those_of_the_data(line: tuple[list[Piece], Grid]) -> None:
    """In any window the smallest and the greatest value that are drawn are those of its points."""
    pieces, grid = line
    drawn = draw(pieces, grid)
    inner = _inner(drawn, grid)
    values = [y for piece in pieces for x, y in zip(piece.x, piece.y, strict=True) if grid.low <= x <= grid.high]
    finite = [value for value in values if math.isfinite(value)]

    assert len(values) == drawn.shown
    assert len(values) - len(finite) == drawn.odd
    assert (min(finite, default=None), max(finite, default=None)) == (
        min(drawn.low[inner][~numpy.isnan(drawn.low[inner])], default=None),
        max(drawn.high[inner][~numpy.isnan(drawn.high[inner])], default=None),
    )


@given(_lines())
def test_points_that_fit_are_drawn_in_the_order_of_logging(line: tuple[list[Piece], Grid]) -> None:
    """Where there are no more points than pixels, each is drawn as it is, in the order of logging."""
    pieces, grid = line
    drawn = draw(pieces, grid)
    inner = _inner(drawn, grid)
    points = [point for piece in pieces for point in zip(piece.x, piece.y, strict=True)]
    expected = [(x, y if math.isfinite(y) else math.nan) for x, y in points if grid.low <= x <= grid.high]

    assert (len(expected) <= grid.pixels) == drawn.is_exact
    if drawn.is_exact:
        numpy.testing.assert_array_equal(
            numpy.array(expected).reshape(-1, 2), numpy.stack([drawn.x, drawn.y], axis=1)[inner]
        )


def test_lines_reach_the_edges() -> None:
    """One point to the left of a window and one to its right are drawn, whether all points are or not."""
    x = numpy.arange(1000.0)
    few, many = (draw([_piece(x, x)], Grid(low, high, 64)) for low, high in ((10.5, 13.5), (100.5, 900.5)))

    assert [10, 11, 12, 13, 14] == few.x.tolist()
    assert (100.0, 901.0) == (many.x[0], many.x[-1])


@given(st.lists(st.integers(0, 40 * BLOCK), min_size=2, max_size=8), st.integers(0, 2**32 - 1))
def test_blocks_tell_what_all_numbers_tell(cuts: list[int], seed: int) -> None:
    """The extreme of a range by blocks is that of all its numbers."""
    numbers = numpy.random.default_rng(seed).normal(size=40 * BLOCK + 7)
    stretch = Stretch.of(numbers, numbers, numbers)
    ends = numpy.array(sorted({*cuts, len(numbers)}))
    starts = numpy.concatenate([[0], ends[:-1]])
    starts, ends = starts[starts < ends], ends[starts < ends]

    assert [numbers[a:b].min() for a, b in zip(starts, ends, strict=True)] == pixels.by_blocks(
        numpy.minimum, numbers, stretch.lows, starts, ends, math.inf
    ).tolist()
    assert [numbers[a:b].max() for a, b in zip(starts, ends, strict=True)] == pixels.by_blocks(
        numpy.maximum, numbers, stretch.highs, starts, ends, -math.inf
    ).tolist()


def test_very_many_points_are_drawn_by_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line of more points than are looked at one by one is drawn as one of fewer is."""
    chance = numpy.random.default_rng(0)
    y = chance.normal(size=100_000)
    y[[5, 70_000]] = math.nan, math.inf
    piece, grid = _piece(numpy.arange(100_000.0), y), Grid(123.4, 98_765.4, 64)
    plain = draw([piece], grid)
    monkeypatch.setattr(pixels, "_DENSE", 1000)

    for one, other in zip(plain, draw([piece], grid), strict=True):
        numpy.testing.assert_array_equal(one, other)
