"""Means of groups, beside plain ones."""

import math
import statistics

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from expframe.page.bands import Member, mean_of
from expframe.record.significance import describe

CURVES = st.lists(
    st.dictionaries(st.integers(0, 12), st.floats(-100, 100) | st.just(math.nan), min_size=1), min_size=1, max_size=5
)


def _members(curves: list[dict[int, float]]) -> list[Member]:
    found = []
    for curve in curves:
        steps = numpy.array(sorted(curve), float)
        found.append(Member.of(steps, steps * 10, numpy.array([curve[step] for step in sorted(curve)])))
    return found


def _by_loop(curves: list[dict[int, float]]) -> dict[int, list[float]]:
    """Return the finite values at each common step."""
    steps = sorted({step for curve in curves for step in curve})
    common = {}
    for step in steps:
        there = [curve for curve in curves if min(curve) <= step <= max(curve)]
        if all(step in curve for curve in there):
            common[step] = [curve[step] for curve in there if math.isfinite(curve[step])]
    return {step: values for step, values in common.items() if values}


@given(CURVES)
def test_a_mean_is_that_of_all_runs_at_a_common_step(curves: list[dict[int, float]]) -> None:
    """At each step that no run leaves out, mean, number and interval are those of the runs' values."""
    curves[0] |= {step: 1.0 for step in range(13)} if len(curves) == 1 else {}
    for curve in curves:
        curve |= {0: 1.0, 5: 2.0, 12: 3.0}  # some are common
    expected = _by_loop(curves)
    found = mean_of(_members(curves), "interval")
    samples = [describe(values) for values in expected.values()]

    assert list(expected) == found.steps.tolist()
    assert [sample.n for sample in samples] == found.n.tolist()
    assert pytest.approx([sample.mean for sample in samples]) == found.mean.tolist()
    assert [step * 10 for step in expected] == pytest.approx(found.x.tolist())
    lows = [math.nan if sample.low is None else sample.low for sample in samples]
    assert pytest.approx(lows, nan_ok=True, abs=1e-9) == found.low.tolist()


@given(CURVES)
def test_bands_are_what_they_are_called(curves: list[dict[int, float]]) -> None:
    """A band of deviations is one to both sides of the mean, and one of extremes reaches all runs."""
    for curve in curves:
        curve |= {0: 1.0, 5: 2.0, 12: 3.0}
    values = _by_loop(curves).values()
    deviations, extremes = (mean_of(_members(curves), band) for band in ("std", "minmax"))
    expected = [statistics.stdev(own) if len(own) > 1 else math.nan for own in values]

    assert pytest.approx(expected, nan_ok=True, abs=1e-6) == (deviations.high - deviations.mean).tolist()
    assert [min(own) for own in values] == extremes.low.tolist()
    assert [max(own) for own in values] == extremes.high.tolist()


def test_a_run_that_ended_early_counts_as_far_as_it_goes() -> None:
    """After the last step of a run the mean is that of the others, and says so."""
    found = mean_of(_members([{0: 1.0, 1: 1.0}, {0: 3.0, 1: 3.0, 2: 5.0}]), "interval")

    assert [(0, 2.0, 2), (1, 2.0, 2), (2, 5.0, 1)] == list(zip(found.steps, found.mean, found.n, strict=True))


def test_runs_without_a_common_step_count_with_their_last_value() -> None:
    """Where no step is common, each run counts with its last value before, between its first and last step."""
    even, odd = {step: 0.0 for step in range(0, 10, 2)}, {step: 1.0 for step in range(1, 11, 2)}
    found = mean_of(_members([even, odd]), "minmax")

    assert [0.0, *[0.5] * 8, 1.0] == found.mean.tolist()


def test_of_several_points_at_one_step_the_last_counts() -> None:
    """A member has each step once, with the value that was logged last, whatever the order of steps."""
    member = Member.of(numpy.array([5.0, 1.0, 5.0, math.nan]), numpy.arange(4.0), numpy.arange(4.0))

    assert ([1.0, 5.0], [1.0, 2.0]) == (member.steps.tolist(), member.y.tolist())


@pytest.mark.parametrize("size", [1e300, 1e-300, 1.0])
def test_a_band_is_as_wide_as_its_values_are_apart(size: float) -> None:
    """Values whose squares are no numbers, or 0, have the band of any others."""
    members = _members([{0: 1.0 * size}, {0: 2.0 * size}, {0: 4.0 * size}])
    found = mean_of(members, "std")

    assert pytest.approx(statistics.stdev([1.0, 2.0, 4.0])) == float(found.high[0] - found.mean[0]) / size
