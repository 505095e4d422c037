"""Smoothing, beside a plain loop."""

import math

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from expframe.page.smoothing import smooth, unit_of


def _by_loop(steps: list[float], values: list[float], weight: float, unit: float) -> list[float]:
    """Return a smoothed curve of steps that are all others than the one before."""
    total = weights = 0.0
    found = []
    for number, (step, value) in enumerate(zip(steps, values, strict=True)):
        distance = abs(step - steps[number - 1]) / unit if number else 1.0
        factor = weight**distance
        total, weights = total * factor, weights * factor
        if math.isfinite(value):
            total, weights = total + (1 - factor) * value, weights + 1 - factor
        found.append(total / weights if math.isfinite(value) else math.nan)
    return found


@given(
    st.lists(st.tuples(st.integers(1, 9), st.floats(-1e3, 1e3) | st.just(math.nan)), max_size=200),
    st.floats(0.01, 0.999),
    st.sampled_from([1.0, 2.5, 100.0]),
)
def test_smoothing_equals_a_plain_loop(points: list[tuple[int, float]], weight: float, unit: float) -> None:
    """Whole arrays are smoothed as points one after the other are."""
    steps = numpy.cumsum([float(step) for step, _ in points])
    values = [value for _, value in points]
    found = smooth(steps, numpy.array(values), weight, unit)

    numpy.testing.assert_allclose(found, _by_loop(steps.tolist(), values, weight, unit), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("weight", [0.01, 0.6, 0.999])
def test_smoothing_of_long_curves_equals_a_plain_loop(weight: float) -> None:
    """It does not matter where a long curve is cut into blocks."""
    values = numpy.random.default_rng(0).normal(size=300_001)
    steps = numpy.arange(300_001.0)

    numpy.testing.assert_allclose(
        smooth(steps, values, weight, 1.0), _by_loop(steps.tolist(), values.tolist(), weight, 1.0), rtol=1e-9, atol=1e-9
    )


def test_smoothing_does_not_depend_on_how_often_is_logged() -> None:
    """A curve that is logged ten times as often is smoothed to the same values."""
    rare = numpy.arange(0.0, 1000.0, 10.0)
    levels = numpy.random.default_rng(0).normal(size=100)
    often = numpy.arange(-9.0, 991.0)
    found = smooth(often, numpy.repeat(levels, 10), 0.9, 10.0)[9::10]

    numpy.testing.assert_allclose(smooth(rare, levels, 0.9, 10.0)[50:], found[50:], rtol=1e-2)


def test_a_smoothed_curve_begins_with_its_first_value() -> None:
    """However strong it is, smoothing draws no curve towards 0."""
    steps = numpy.arange(5.0)

    assert pytest.approx([7.0] * 5) == smooth(steps, numpy.full(5, 7.0), 0.99, 1.0).tolist()


def test_points_at_one_step_count_alike() -> None:
    """Points at one step share its distance, so that each of them counts."""
    found = smooth(numpy.array([0.0, 1.0, 1.0, 1.0, 1.0]), numpy.array([0.0, 1.0, 1.0, 1.0, 1.0]), 0.5, 1.0)

    assert pytest.approx(0.5 / 0.75) == found[-1]
    assert sorted(found.tolist()) == found.tolist()


def test_the_unit_is_that_of_the_run_that_logs_most_rarely() -> None:
    """Smoothing is by the usual distance of the run with the fewest points, at least a thousandth of all, rounded."""
    assert 10.0 == unit_of([numpy.arange(0.0, 500.0, 10.0), numpy.arange(500.0)])
    assert 1000.0 == unit_of([numpy.arange(0.0, 999_000.0)])
    assert 1.0 == unit_of([numpy.array([3.0]), numpy.array([])])
    assert 1.0 == unit_of([])
