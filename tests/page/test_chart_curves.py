"""Curves as numbers of four bytes, beside numbers of eight."""

import json
import math
import struct

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from expframe.page.curves import Across, Chart, Smoothed, Trace, Window, chart, frames
from expframe.store.search.columns import Array, Column, Stretch

STEP = Across("step")


def _trace(steps: Array, values: Array, across: Across = STEP, other: Column | None = None) -> Trace:
    """Return the line of a run whose times are its steps."""
    column = Column([Stretch.of(steps, steps, values)])
    return Trace("1", None, "1", ["1"], across.parts(column, 0.0, other), column.size, lambda index: {})


def _drawn(made: Chart) -> dict[str, list[float]]:
    """Return the columns of the first line."""
    line = made.header["lines"][0]
    columns = dict(zip(line["parts"], made.blobs, strict=False))
    kind = f"<f{made.header['y']['bytes']}"
    return {name: numpy.frombuffer(column, kind).astype(float).tolist() for name, column in columns.items()}


@pytest.mark.parametrize("start", [0.0, 16_777_216.0, 1e12, 1.7959e9])
@pytest.mark.parametrize("distance", [1.0, 0.001])
@given(count=st.integers(2, 500), pixels=st.integers(64, 4096))
def test_four_bytes_keep_a_pixel(start: float, distance: float, count: int, pixels: int) -> None:
    """However great steps and times are, points are drawn where they are, by much less than a pixel."""
    x = start + numpy.arange(count) * distance
    y = start + numpy.arange(count) * distance
    made = chart("loss", STEP, [_trace(x, y)], Window(None, None, pixels, False))
    columns, about = _drawn(made), made.header["y"]
    line = made.header["lines"][0]
    share = (numpy.array(columns["last"]) + (about["origin"] - about["low"])) / (about["high"] - about["low"])

    assert line["is_exact"] == (count <= pixels)
    if line["is_exact"]:
        grain = 4 * float(numpy.spacing(x[-1])) / (x[-1] - x[0])  # of numbers of eight bytes
        numpy.testing.assert_allclose(
            columns["column"], (x - x[0]) / (x[-1] - x[0]) * pixels, atol=0.01 + grain * pixels
        )
        numpy.testing.assert_allclose(share, (y - y[0]) / (y[-1] - y[0]), atol=1e-4 + grain)


@given(st.integers(100, 3000), st.floats(0, 1e9), st.floats(1, 1e6))
def test_a_point_stays_in_its_pixel(count: int, start: float, length: float) -> None:
    """What is drawn of a pixel lies in it, so that each pixel has one column."""
    x = numpy.linspace(start, start + length, count)
    columns = _drawn(chart("loss", STEP, [_trace(x, x)], Window(None, None, 64, False)))["column"]

    assert list(range(64)) == [min(math.floor(column), 63) for column in columns]


def test_small_values_beside_great_ones_keep_their_digits() -> None:
    """Values over many powers of ten have an origin of 0, so that logarithmic axes can show the small ones."""
    values = 10.0 ** numpy.arange(-20, 20)
    made = chart("loss", STEP, [_trace(numpy.arange(40.0), values)], Window(None, None, 64, False))

    assert 0.0 == made.header["y"]["origin"]
    numpy.testing.assert_allclose(_drawn(made)["last"], values, rtol=1e-6)


@pytest.mark.parametrize(
    "values", [[-1e300, 1e300], [1.7e308, -1.7e308], [3.3e38, 3.5e38], [1e-300, 2e-300], [5e-324, 1.0], [1.0, 1e-60]]
)
def test_values_beyond_four_bytes_are_drawn_as_they_are(values: list[float]) -> None:
    """A value that four bytes cannot be takes eight, and so do smoothed curves: none is cut, or 0."""
    smooth = Smoothed.of(numpy.array(values))
    line = _trace(numpy.arange(2.0), numpy.array(values))._replace(smooth=lambda: smooth)
    made = chart("loss", STEP, [line], Window(None, None, 64, False))
    drawn = _drawn(made)

    assert 8 == made.header["y"]["bytes"]
    assert values == pytest.approx([made.header["y"]["origin"] + value for value in drawn["last"]], rel=1e-12, abs=0)
    assert values == pytest.approx([made.header["y"]["origin"] + value for value in drawn["smooth"]], rel=1e-12, abs=0)
    assert [0.0, 64.0] == drawn["column"]


@pytest.mark.parametrize("values", [[math.nan] * 3, [math.inf, -math.inf, math.nan], []])
@pytest.mark.parametrize("is_log", [False, True])
def test_a_metric_without_finite_values_is_an_empty_chart(values: list[float], is_log: bool) -> None:
    """Where nothing can be drawn the window is one all the same, and all is plain JSON."""
    made = chart(
        "loss", STEP, [_trace(numpy.arange(len(values)) + 1.0, numpy.array(values))], Window(None, None, 64, is_log)
    )
    content = frames([made], {})
    (size,) = struct.unpack("<I", content[:4])
    header = json.loads(content[4 : 4 + size])["charts"][0]

    assert header["x"]["from"] < header["x"]["to"]
    assert {"origin": 0.0, "low": 0.0, "high": 1.0, "bytes": 4} == header["y"]
    assert len(values) == header["lines"][0]["skipped"]


def test_one_point_has_a_window_around_it() -> None:
    """A single point is drawn in the middle."""
    made = chart("loss", STEP, [_trace(numpy.array([5.0]), numpy.array([2.0]))], Window(None, None, 64, False))

    assert [32.0] == _drawn(made)["column"]


def test_logarithmic_axes_leave_out_what_they_do_not_have() -> None:
    """On a logarithmic axis points at 0 and below are not drawn, and equal ratios are equally wide."""
    steps = numpy.array([-1.0, 0.0, 1.0, 10.0, 100.0])
    made = chart("loss", STEP, [_trace(steps, steps)], Window(None, None, 100, True))

    assert pytest.approx([0.0, 50.0, 100.0]) == _drawn(made)["column"]
    assert (1.0, 100.0) == (made.header["x"]["first"], made.header["x"]["last"])


def test_another_metric_is_joined_by_step() -> None:
    """Over another metric, a point stands at the last value that that one has at the same step."""
    other = Column(
        [Stretch.of(*(numpy.array(own) for own in ([1.0, 2.0, 2.0, 4.0], [0.0] * 4, [10.0, 20.0, 25.0, 40.0])))]
    )
    across = Across("metric:acc", "acc")
    trace = _trace(numpy.array([4.0, 3.0, 2.0, 1.0]), numpy.array([0.4, 0.3, 0.2, 0.1]), across, other)
    columns = _drawn(chart("loss", across, [trace], Window(10.0, 40.0, 300, False)))

    assert pytest.approx([300.0, 150.0, 0.0]) == columns["column"]
    assert pytest.approx([0.4, 0.2, 0.1]) == columns["last"]


def test_a_smoothed_curve_goes_beside_its_points() -> None:
    """Where smoothing is on, each point that is drawn has its smoothed value."""
    steps = numpy.arange(5000.0)
    trace = _trace(steps, steps)._replace(smooth=lambda: Smoothed.of(steps - 1.0))
    columns = _drawn(chart("loss", STEP, [trace], Window(None, None, 64, False)))

    numpy.testing.assert_allclose(numpy.array(columns["last"]) - 1.0, columns["smooth"])
