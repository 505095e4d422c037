"""Means, intervals and Welch's test."""

import math
import random

import pytest

from expframe.record import significance


@pytest.mark.once
def test_probabilities_are_those_of_scipy():
    """Tails of Student's t agree with scipy's for whole and broken degrees of freedom, near and far out."""
    from scipy import stats

    draw = random.Random(0)
    for _ in range(300):
        t, freedom = draw.uniform(0, 40), 10 ** draw.uniform(-0.3, 5)

        assert pytest.approx(2 * stats.t.sf(t, freedom), rel=1e-9) == significance.student_tails(t, freedom)
    assert 1.0 == significance.student_tails(0.0, 3)


@pytest.mark.once
def test_intervals_are_those_of_scipy():
    """The interval of a mean is Student's, at any confidence."""
    from scipy import stats

    draw = random.Random(1)
    numbers = [draw.gauss(3, 2) for _ in range(7)]
    for confidence in (0.5, 0.9, 0.95, 0.999):
        sample = significance.describe(numbers, confidence)
        expected = stats.t.interval(confidence, 6, loc=sample.mean, scale=sample.sd / math.sqrt(7))

        assert pytest.approx(expected, rel=1e-9) == (sample.low, sample.high)


def test_welch_is_that_of_scipy():
    """Statistic, degrees of freedom, p and interval are those of scipy's test without equal variances."""
    from scipy import stats

    first, second = [1.0, 1.5, 0.7, 1.1], [2.0, 3.5, 1.0, 2.2, 2.9]
    found = significance.welch(significance.describe(first), significance.describe(second))
    expected = stats.ttest_ind(second, first, equal_var=False)
    interval = expected.confidence_interval(0.95)

    assert pytest.approx((expected.statistic, expected.df, expected.pvalue)) == (found.t, found.freedom, found.p)
    assert pytest.approx((interval.low, interval.high)) == (found.low, found.high)


def test_what_cannot_be_said_is_none():
    """One number has no scatter; samples without any scatter are not tested; NaN is left out."""
    assert significance.Sample(1, 2.0) == significance.describe([2.0])
    assert significance.Sample(0) == significance.describe([math.nan])
    assert significance.Sample(2, math.inf) == significance.describe([1.0, math.inf])
    same = significance.describe([1.0, 1.0])
    assert significance.welch(same, same) is None
    assert significance.welch(significance.describe([1.0]), same) is None


def test_numbers_near_the_largest():
    """Runs that diverged break no comparison: means are exact; where the scatter cannot be told there is no test."""
    huge = significance.describe([1.7e308, 1.6e308, 1.7e308])

    assert 1.6e308 < huge.mean < 1.7e308
    assert abs(huge.sd / 1e307 - 3**-0.5) < 1e-9
    assert significance.welch(huge, significance.describe([1.0, 2.0])) is None
    assert significance.welch(significance.describe([-1.7e308, 1.7e308]), huge) is None
    assert significance.welch(significance.describe([1e200, 2e200]), significance.describe([3e200, 5e200])) is None
