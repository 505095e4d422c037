"""
Samples of numbers: mean, standard deviation, confidence interval, and whether two of them differ.

Student's t distribution comes from the regularized incomplete beta function, computed by its continued fraction
(NIST Digital Library of Mathematical Functions, 8.17.22), so that the same numbers come out wherever it is computed.
"""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

_TINY = 1e-300
_PRECISION = 1e-16
_MOST_TERMS = 10_000


class Sample(NamedTuple):
    """
    What a sample of numbers comes to. NaN is no number of it.

    Attributes:
        n: How many numbers there are.
        mean: Their mean; None where there is none.
        sd: Their standard deviation, with n - 1 in the denominator; None for fewer than two.
        low: The lower bound of the confidence interval of the mean, by Student's t; None for fewer than two.
        high: Its upper bound.
    """

    n: int
    mean: float | None = None
    sd: float | None = None
    low: float | None = None
    high: float | None = None


class Welch(NamedTuple):
    """
    Whether the means of two samples differ, by Welch's t-test: two-sided, for unequal variances.

    Attributes:
        difference: The second mean less the first.
        low: The lower bound of the confidence interval of the difference.
        high: Its upper bound.
        t: The statistic.
        freedom: The degrees of freedom, by Welch and Satterthwaite.
        p: How likely a difference at least as great is where the means are the same.
    """

    difference: float
    low: float
    high: float
    t: float
    freedom: float
    p: float


def describe(numbers: Sequence[float], confidence: float = 0.95) -> Sample:
    """
    Return what a sample comes to.

    Example:
        >>> sample = describe([1.0, 2.0, 3.0, 4.0])
        >>> sample.n, sample.mean, round(sample.sd, 4), round(sample.low, 4), round(sample.high, 4)
        (4, 2.5, 1.291, 0.4457, 4.5543)
    """
    kept = [number for number in numbers if not math.isnan(number)]
    if not kept or not all(map(math.isfinite, kept)):
        return Sample(len(kept), sum(kept) if kept else None)
    mean = float(statistics.mean(kept))  # exact also where the sum is beyond what a float can be
    if len(kept) < 2:
        return Sample(len(kept), mean)
    sd = standard_deviation(kept)
    reach = student_quantile(confidence, len(kept) - 1) * sd / math.sqrt(len(kept))
    return Sample(len(kept), mean, sd, mean - reach, mean + reach)


def standard_deviation(numbers: Sequence[float]) -> float:
    """
    Return the standard deviation of a sample of two or more, inf where it is beyond what a float can be.

    Example:
        >>> standard_deviation([-1.5e308, 0.0, 1.5e308]), standard_deviation([-1.7e308, 1.7e308])
        (1.5e+308, inf)
    """
    _, exponent = math.frexp(max(map(abs, numbers)))  # squares of large numbers are beyond a float: scaled they are not
    try:
        return math.ldexp(statistics.stdev(math.ldexp(number, -exponent) for number in numbers), exponent)
    except OverflowError:
        return math.inf


def welch(first: Sample, second: Sample, confidence: float = 0.95) -> Welch | None:
    """
    Return whether two samples differ; None where one has fewer than two numbers, none of them scatters, or
    all do beyond what a float can be.

    Example:
        >>> test = welch(describe([1.0, 2.0, 3.0]), describe([2.0, 4.0, 6.0]))
        >>> round(test.t, 4), round(test.freedom, 4), round(test.p, 4)
        (1.5492, 2.9412, 0.2209)
    """
    if first.mean is None or second.mean is None or first.sd is None or second.sd is None:
        return None
    parts = [sample.sd * sample.sd / sample.n for sample in (first, second) if sample.sd is not None]
    error = math.sqrt(sum(parts))
    if not 0.0 < parts[0] * parts[0] + parts[1] * parts[1] < math.inf:  # nothing scatters, or more than can be told
        return None
    freedom = sum(parts) ** 2 / (parts[0] ** 2 / (first.n - 1) + parts[1] ** 2 / (second.n - 1))
    difference = second.mean - first.mean
    reach = student_quantile(confidence, freedom) * error
    t = difference / error
    return Welch(difference, difference - reach, difference + reach, t, freedom, student_tails(t, freedom))


def wilcoxon_greater(differences: Sequence[float]) -> float:
    """
    Return how likely paired differences are at least as far above 0 by chance: Wilcoxon's signed-rank test, one-sided
    and exact. Differences of 0 are left out, and equal ones share their rank.

    Example:
        >>> wilcoxon_greater([0.1, 0.4, 0.3, 0.2, 0.5]), wilcoxon_greater([1.0, -1.0])
        (0.03125, 0.75)
    """
    found = sorted((difference for difference in differences if difference), key=abs)
    doubled: list[int] = []  # ranks times two, so that shared ones are whole numbers
    for _, group in itertools.groupby(map(abs, found)):
        size = len(list(group))
        doubled += [2 * len(doubled) + size + 1] * size
    above = sum(rank for rank, difference in zip(doubled, found, strict=True) if difference > 0)
    ways = [1] + [0] * sum(doubled)
    for rank in doubled:
        for total in range(len(ways) - 1, rank - 1, -1):
            ways[total] += ways[total - rank]
    return sum(ways[above:]) / float(2 ** len(found))


def ranks(numbers: Sequence[float]) -> list[float]:
    """
    Return the rank of each number, from 1; equal ones share theirs.

    Example:
        >>> ranks([0.5, 0.1, 0.5, 2.0])
        [2.5, 1.0, 2.5, 4.0]
    """
    order = sorted(range(len(numbers)), key=numbers.__getitem__)
    found = [0.0] * len(numbers)
    place = 0
    for _, group in itertools.groupby(order, key=numbers.__getitem__):
        equal = list(group)
        for number in equal:
            found[number] = place + (len(equal) + 1) / 2
        place += len(equal)
    return found


def student_tails(t: float, freedom: float) -> float:
    """Return how likely Student's t is at least as far from 0, to either side."""
    square = t * t
    return incomplete_beta(freedom / 2, 0.5, freedom / (freedom + square))


@lru_cache(maxsize=1024)
def student_quantile(confidence: float, freedom: float) -> float:
    """
    Return between which bounds, minus it and it, Student's t lies with a probability.

    Example:
        >>> round(student_quantile(0.95, 4), 4)
        2.7764
    """
    low, high = 0.0, 1.0
    while student_tails(high, freedom) > 1 - confidence:
        high *= 2
    for _ in range(200):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if student_tails(middle, freedom) > 1 - confidence else (low, middle)
    return high


def incomplete_beta(a: float, b: float, x: float) -> float:
    """
    Return the regularized incomplete beta function I_x(a, b).

    Example:
        >>> round(incomplete_beta(2, 3, 0.5), 10)
        0.6875
    """
    if x <= 0.0 or x >= 1.0:
        return 0.0 if x <= 0.0 else 1.0
    if x > (a + 1) / (a + b + 2):  # the fraction converges fast on the other side
        return 1.0 - incomplete_beta(b, a, 1 - x)
    logarithm = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    return math.exp(logarithm) / (a * _fraction(a, b, x))


def _fraction(a: float, b: float, x: float) -> float:
    """Return 1 + d1 / (1 + d2 / (1 + ...)), by the method of Lentz as modified by Thompson and Barnett."""
    value = numerator = 1.0
    denominator = 0.0
    for n in range(1, _MOST_TERMS):
        m = n // 2
        if n % 2:
            d = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        else:
            d = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        denominator = 1.0 / (_not_zero(1.0 + d * denominator))
        numerator = _not_zero(1.0 + d / numerator)
        step = numerator * denominator
        value *= step
        if abs(step - 1.0) < _PRECISION:
            break
    return value


def _not_zero(number: float) -> float:
    return number if abs(number) > _TINY else _TINY
