"""Curves on the grid of a chart, as bytes: one window for all lines, and for each what is drawn of it."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy

from expframe.page.bands import last_of_steps
from expframe.page.pixels import Drawn, Grid, Piece, draw
from expframe.store.search.columns import Array, Column, Reach, Stretch, extent_of

_FAR = 3e38
"""Numbers of four bytes end a little above."""
_LEAST = 1.2e-38
"""Below, they lose digits, and soon are 0."""
_TYPES = {4: "<f4", 8: "<f8"}
_NEAR = 100.0
"""Values within a hundredth of how large they are need an origin: four bytes have seven digits."""


class Across(NamedTuple):
    """
    What curves are drawn over.

    Attributes:
        kind: `step`, `time`, `relative` or `metric:NAME`.
        metric: The name of that metric; empty for none.
    """

    kind: str
    metric: str = ""

    def parts(self, column: Column, began: float = 0.0, other: Column | None = None) -> list[Piece]:
        """
        Return the points of a run's metric.

        Args:
            column: The metric.
            began: What times are to be less of; 0 copies none.
            other: The metric that is x; points at steps where it has none are left out.
        """
        if self.metric:
            return [] if other is None else [_joined_by_step(column, other)]
        if self.kind == "step":
            return [_part(stretch, stretch.steps, stretch.of_steps) for stretch in column.stretches]
        if self.kind == "time" or not began:
            return [_part(stretch, stretch.times, stretch.of_times) for stretch in column.stretches]
        return [_part(stretch, stretch.times - began, stretch.of_times) for stretch in column.stretches]


def _part(stretch: Stretch, x: Array, extent: Reach) -> Piece:
    values = stretch.values
    return Piece(x, values, values, values, extent.is_sorted, stretch.odd, (stretch.lows, stretch.highs))


def _joined_by_step(column: Column, other: Column) -> Piece:
    """Return points over another metric: at each step its last value there; NaN where it has none."""
    index = last_of_steps(other.steps)
    steps, x = other.steps[index], other.values[index]
    own, values = column.steps, column.values
    place = numpy.minimum(numpy.searchsorted(steps, own), max(len(steps) - 1, 0))
    x = numpy.where(steps[place] == own, x[place], numpy.nan) if len(steps) else numpy.full(len(own), numpy.nan)
    return Piece(x, values, values, values, extent_of(x).is_sorted, int(numpy.count_nonzero(~numpy.isfinite(values))))


class Smoothed(NamedTuple):
    """
    A smoothed curve, for drawing.

    Attributes:
        origin: What the numbers are less of.
        offsets: The numbers, of four or eight bytes each.
    """

    origin: float
    offsets: Array

    @classmethod
    def of(cls, values: Array) -> Smoothed:
        """Return a curve in four bytes a point, or eight where it needs them."""
        finite = values[numpy.isfinite(values)]
        origin = _origin(float(finite.min()), float(finite.max())) if len(finite) else 0.0
        return cls(origin, _less(values, origin).astype(_TYPES[_width([values], origin)]))

    def at(self, index: Array) -> Array:
        """Return the curve at some points."""
        return self.offsets[index].astype(numpy.float64) + self.origin


class Trace(NamedTuple):
    """
    A line of a chart before it is drawn.

    Attributes:
        run: The run; None for a group.
        group: What the runs of a group share, as cells; None for a run.
        label: What it is called.
        runs: The runs that are in it.
        parts: Its points.
        size: How many points there are.
        told: What is said of one of its points.
        start: What x counts from; numbers of its points are not, so that long ones need not be copied.
        smooth: What makes it smooth; None where it is not to be.
    """

    run: str | None
    group: dict[str, Any] | None
    label: str
    runs: list[str]
    parts: list[Piece]
    size: int
    told: Callable[[int], dict[str, Any]]
    start: float = 0.0
    smooth: Callable[[], Smoothed] | None = None

    @property
    def is_band(self) -> bool:
        """Whether there is a band around it."""
        return self.group is not None


class Window(NamedTuple):
    """
    What of x is shown.

    Attributes:
        low: Where it begins; None for where the points begin.
        high: Where it ends.
        pixels: How wide it is.
        is_log: Whether its scale is logarithmic.
    """

    low: float | None
    high: float | None
    pixels: int
    is_log: bool


class Chart(NamedTuple):
    """
    A chart that is ready to be sent.

    Attributes:
        header: What is said of it; `at` of its lines counts from its own first byte.
        blobs: The numbers, in order.
    """

    header: dict[str, Any]
    blobs: list[bytes]


def chart(metric: str, across: Across, traces: Sequence[Trace], window: Window) -> Chart:
    """Return the lines of one metric on one grid."""
    first, last = _extent(traces, window.is_log)
    grid = _grid(first, last, window)
    drawn = [_draw(trace, grid) for trace in traces]
    low, high = _range(drawn, grid)
    origin = _origin(low, high)
    curves = [_curves(trace, found) for trace, found in zip(traces, drawn, strict=True)]
    width = _width([numbers for own in curves for numbers in own.values()], origin)
    blobs: list[bytes] = []
    lines = []
    at = 0
    for trace, found, own in zip(traces, drawn, curves, strict=True):
        columns = {"column": _places(found, grid), **{name: _less(numbers, origin) for name, numbers in own.items()}}
        lines.append(_about(trace, found) | {"columns": len(found.chosen), "at": at, "parts": list(columns)})
        blobs += [numbers.astype(_TYPES[width]).tobytes() for numbers in columns.values()]
        at += width * len(found.chosen) * len(columns)
    x = {"kind": across.kind, "from": grid.low, "to": grid.high, "log": grid.is_log, "first": first, "last": last}
    y = {"origin": origin, "low": low, "high": high, "bytes": width}
    return Chart({"metric": metric, "x": x, "pixels": grid.pixels, "y": y, "lines": lines}, blobs)


def _draw(trace: Trace, grid: Grid) -> Drawn:
    if not trace.start:
        return draw(trace.parts, grid)
    found = draw(trace.parts, grid.moved(trace.start))
    return found._replace(x=found.x - trace.start)


def frames(charts: Sequence[Chart], about: dict[str, Any]) -> bytes:
    """Return charts as bytes: the size of a header, that header in JSON, and columns of numbers of 4 or 8 bytes."""
    at = 0
    for found in charts:
        for line in found.header["lines"]:
            line["at"] += at
        at += sum(map(len, found.blobs))
    header = json.dumps({"charts": [found.header for found in charts], **about}, allow_nan=False).encode()
    header += b" " * (-len(header) % 4)
    return b"".join([len(header).to_bytes(4, "little"), header, *(blob for found in charts for blob in found.blobs)])


def _extent(traces: Sequence[Trace], is_log: bool) -> tuple[float, float]:
    """Return where the points of all lines begin and end; on a logarithmic axis those above 0."""
    low, high = math.inf, -math.inf
    for trace in traces:
        for part in trace.parts:
            x = part.x[part.x > 0] if is_log else part.x
            found = Reach(x[0], x[-1], True) if part.is_sorted and len(x) else extent_of(x)
            low, high = min(low, float(found.low) - trace.start), max(high, float(found.high) - trace.start)
    if low <= high:
        return low, high
    return (1.0, 10.0) if is_log else (0.0, 1.0)


def _grid(first: float, last: float, window: Window) -> Grid:
    low = first if window.low is None else window.low
    high = last if window.high is None else window.high
    if window.is_log and low <= 0:
        low = min(first, high / 10)
    if not low < high:  # one point, or a window beside all of them
        reach = max(abs(low) * 1e-9, 0.5)
        low, high = (low / 2, low * 2) if window.is_log else (low - reach, low + reach)
    return Grid(low, high, window.pixels, window.is_log)


def _range(drawn: Sequence[Drawn], grid: Grid) -> tuple[float, float]:
    """Return between which finite values lie what is drawn in the window."""
    low, high = math.inf, -math.inf
    for found in drawn:
        inner = (found.x >= grid.low) & (found.x <= grid.high)
        for numbers in (found.y, found.low, found.high):
            finite = numbers[inner & numpy.isfinite(numbers)]
            if len(finite):
                low, high = min(low, float(finite.min())), max(high, float(finite.max()))
    return (low, high) if low <= high else (0.0, 1.0)


def _origin(low: float, high: float) -> float:
    """Return what numbers are sent less of: 0 where that loses nothing that is seen, as logarithmic axes need it."""
    return 0.0 if max(abs(low), abs(high)) <= _NEAR * (high - low) else low / 2 + high / 2


def _less(numbers: Array, origin: float) -> Array:
    with numpy.errstate(over="ignore"):  # beside the window a number may be too far away
        found: Array = numbers - origin
    return found


def _width(columns: Sequence[Array], origin: float) -> int:
    """Return how many bytes numbers less an origin need: four, or eight where they are too great or small for four."""
    for numbers in columns:
        sizes = numpy.abs(_less(numbers, origin))
        if bool(((sizes > _FAR) & numpy.isfinite(sizes)).any()) or bool(((sizes > 0) & (sizes < _LEAST)).any()):
            return 8
    return 4


def _curves(trace: Trace, found: Drawn) -> dict[str, Array]:
    """Return the numbers that are drawn of a line."""
    numbers = {"last": found.y}
    if trace.is_band or not found.is_exact:
        numbers |= {"low": found.low, "high": found.high}
    if trace.smooth is not None:
        numbers["smooth"] = trace.smooth().at(found.chosen)
    return numbers


def _places(found: Drawn, grid: Grid) -> Array:
    """Return where the points of a line are, in pixels; in four bytes each stays in its own."""
    place = grid.place(found.x)
    inner = (found.x >= grid.low) & (found.x <= grid.high)
    pixel = grid.pixel(found.x)
    least, most = pixel.astype(numpy.float32), numpy.nextafter((pixel + 1).astype(numpy.float32), numpy.float32(0))
    most[pixel == grid.pixels - 1] = grid.pixels
    return numpy.where(inner, numpy.clip(place, least, most), numpy.clip(place, -_FAR, _FAR))


def _about(trace: Trace, found: Drawn) -> dict[str, Any]:
    return {
        "run": trace.run,
        "group": trace.group,
        "label": trace.label,
        "runs": trace.runs,
        "count": trace.size,
        "shown": found.shown,
        "is_exact": found.is_exact,
        "skipped": found.odd,
    }


def point_at(trace: Trace, x: float) -> int | None:
    """Return which point of a line is the last one at or before an x, or the last of several; None where none is."""
    best: tuple[float, int] | None = None
    x += trace.start
    start = 0
    for part in trace.parts:
        if part.is_sorted:
            index = int(numpy.searchsorted(part.x, x, "right")) - 1
        else:
            before = numpy.where(part.x <= x, part.x, -math.inf)
            index = len(before) - 1 - int(numpy.argmax(before[::-1])) if numpy.isfinite(before).any() else -1
        if index >= 0 and (best is None or part.x[index] >= best[0]):
            best = float(part.x[index]), start + index
        start += len(part.x)
    return None if best is None else best[1]
