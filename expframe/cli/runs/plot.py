"""Curves as a plot in a terminal: axes with ticks that people would choose, and a legend."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from expframe.cli.table import Style, clean
from expframe.errors import MissingLibraryError

COLOURS = (26, 160, 28, 133, 130, 30)
"""Of the 256 that terminals have: each can be read on white and on black."""

_WIDTH = 80
_HEIGHT = 18
_LEAST_HEIGHT = 4
_MARKS = "ox+*#"
"""What points of several curves are drawn as where there are no colours."""
_BESIDE_AXIS = 3
"""Columns between the longest label and the plot."""


class Line(NamedTuple):
    """
    One curve of a plot.

    Attributes:
        label: What it is called in the legend; empty for none.
        xs: Where its points are.
        ys: What they are, finite.
    """

    label: str
    xs: Sequence[float]
    ys: Sequence[float]


class Axis(NamedTuple):
    """
    One direction of a plot.

    Attributes:
        low: Where it begins.
        high: Where it ends.
        ticks: Places on it, each with what stands there.
    """

    low: float
    high: float
    ticks: list[tuple[float, str]]


def plot_lines(lines: Sequence[Line], style: Style, x_title: str, y_title: str, *, is_log: bool = False) -> list[str]:
    """
    Return a plot in lines of text that fit into a terminal.

    Args:
        lines: The curves; at least one point in all. With `is_log` their ys are logarithms to base 10.
        style: How wide and high it may be, and whether it may have colours.
        x_title: What stands at the right of the axis below.
        y_title: What stands above the axis to the left.
        is_log: Whether values are told by the exponents of 10 that ys are.

    Raises:
        MissingLibraryError: plotille is not installed.
    """
    try:
        import plotille
    except ImportError:
        raise MissingLibraryError("a plot in the terminal", "plotille", "terminal") from None
    legend = [line for line in lines if line.label]
    room = (style.height or 100) - len(legend) - 5
    height = max(_LEAST_HEIGHT, min(_HEIGHT, room))
    low, high = _range(line.ys for line in lines)
    y_axis = log_axis(low, high, height // 2) if is_log else axis(_from_zero(low, high), high, height // 2)
    margin = max(len(text) for _, text in y_axis.ticks) + _BESIDE_AXIS
    width = max((style.width or _WIDTH) - margin - 1, 10)
    are_whole = all(float(x).is_integer() for line in lines for x in line.xs)
    x_axis = axis(*_range(line.xs for line in lines), width // 12, whole=are_whole)
    canvas = plotille.Canvas(width, height, x_axis.low, y_axis.low, x_axis.high, y_axis.high, mode="byte")
    marks = itertools.cycle(_MARKS)
    colours = itertools.cycle(COLOURS)
    keys = []
    for line in lines:
        colour = next(colours) if style.colour else None
        mark = next(marks) if not style.colour and len(lines) > 1 else None
        _draw(canvas, line, colour, mark)
        keys.append(f"\x1b[38;5;{colour}m⠤⠤\x1b[0m" if colour is not None else mark or "⠤⠤")
    rows = _rows(canvas.plot().split("\n"), y_axis, margin, height)
    named = [f"  {key} {clean(line.label)}" for key, line in zip(keys, lines, strict=True) if line.label]
    return [f"{' ' * (margin - 2)}{clean(y_title)}", *rows, *_bottom(x_axis, margin, width, x_title), *named]


def _range(columns: Iterable[Sequence[float]]) -> tuple[float, float]:
    numbers = [number for column in columns for number in column]
    return min(numbers), max(numbers)


def _draw(canvas: Any, line: Line, colour: int | None, mark: str | None) -> None:
    if len(line.xs) == 1:
        canvas.point(line.xs[0], line.ys[0], color=colour, marker=mark or "•")
    for (x0, y0), (x1, y1) in itertools.pairwise(zip(line.xs, line.ys, strict=True)):
        canvas.line(x0, y0, x1, y1, color=colour)
    if mark is not None:
        for x, y in list(zip(line.xs, line.ys, strict=True))[:: max(1, len(line.xs) // 10)]:
            canvas.point(x, y, marker=mark)


def _from_zero(low: float, high: float) -> float:
    """Return where an axis begins: at 0 where all numbers are positive and some are near it."""
    return 0.0 if 0 <= low < (high - low) / 2 else low


def axis(low: float, high: float, most: int, *, whole: bool = False) -> Axis:
    """
    Return an axis whose ticks are multiples of 1, 2 or 5 times a power of ten.

    Args:
        low: The least number on it.
        high: The greatest one.
        most: About how many ticks there may be.
        whole: Whether all numbers are whole, so that ticks are too.

    Example:
        >>> [text for _, text in axis(0, 100, 6).ticks], [text for _, text in axis(0.012, 0.98, 5).ticks]
        (['0', '20', '40', '60', '80', '100'], ['0.2', '0.4', '0.6', '0.8'])
    """
    if high - low <= 1e-12 * max(abs(low), abs(high)):
        pad = abs(low) / 2 or 0.5
        low, high = (low, high + 1) if whole or low == 0 else (low - pad, high + pad)
    step = _step((high - low) / max(most, 2))
    if whole:
        step = max(1.0, step)
    first, last = _multiples(step, low, high)
    if first > last:  # the step is near the whole axis, and no multiple of it lies there
        step = _step(step / 2.5)
        first, last = _multiples(step, low, high)
    text = _writer(step, max(abs(first), abs(last)) * step)
    return Axis(low, high, [(number * step, text(number * step)) for number in range(first, last + 1)])


def _multiples(step: float, low: float, high: float) -> tuple[int, int]:
    """Return the first and the last multiple of a step from one number to another, as how often it is taken."""
    return math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)


def _step(least: float) -> float:
    """Return the smallest of 1, 2 and 5 times powers of ten that is not below a number."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least * (1 - 1e-9))


def _writer(step: float, most: float) -> Callable[[float], str]:
    """Return what writes the numbers of an axis: all with as many digits as its step has."""
    if most >= 1e6 or step < 1e-4:
        return lambda number: f"{number + 0.0:.4g}"
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    return lambda number: f"{number + 0.0:.{digits}f}"


def log_axis(low: float, high: float, most: int) -> Axis:
    """
    Return an axis of logarithms to base 10 with the numbers themselves as ticks.

    Example:
        >>> [text for _, text in log_axis(-3, 0.2, 6).ticks], [text for _, text in log_axis(-0.6, 0, 6).ticks]
        (['0.001', '0.01', '0.1', '1'], ['0.5', '1'])
    """
    if high - low < 1e-6:
        low, high = low - 0.5, high + 0.5
    every = max(1, math.ceil((high - low) / max(most, 2)))
    factors = (1, 2, 5) if high - low <= 2 else (1,)
    powers = range(math.floor(low), math.ceil(high) + 1)
    places = [power + math.log10(factor) for power in powers if power % every == 0 for factor in factors]
    ticks = [(place, f"{10.0**place:.4g}") for place in places if low - 1e-9 <= place <= high + 1e-9]
    if len(ticks) < 2:
        ticks = [(math.log10(number), text) for number, text in axis(10.0**low, 10.0**high, most).ticks if number > 0]
    return Axis(low, high, ticks)


def _rows(rows: Sequence[str], y_axis: Axis, margin: int, height: int) -> Iterator[str]:
    """Yield the rows of a plot with its axis to the left."""
    labels: dict[int, str] = {}
    for place, text in y_axis.ticks:
        part = (place - y_axis.low) / (y_axis.high - y_axis.low)
        labels[height - 1 - min(height - 1, int(part * height))] = text
    for number, row in enumerate(rows):
        text = labels.get(number, "")
        yield f"{text:>{margin - 3}} {'┤' if text else '│'} {row}".rstrip()


def _bottom(x_axis: Axis, margin: int, width: int, title: str) -> list[str]:
    """Return the axis below a plot and what stands below that."""
    rule = ["─"] * width
    below = [" "] * (width + 1)
    free = 0
    for place, text in x_axis.ticks:
        column = min(width - 1, int((place - x_axis.low) / (x_axis.high - x_axis.low) * width))
        start = max(0, min(column - len(text) // 2, width - len(text)))
        if start >= free:
            rule[column] = "┬"
            below[start : start + len(text)] = text
            free = start + len(text) + 2
    edge = " " * (margin - 2)
    label = f"{title:>{width}}"
    return [f"{edge}└─{''.join(rule)}", f"{edge}  {''.join(below).rstrip()}", f"{edge}  {label}"]
