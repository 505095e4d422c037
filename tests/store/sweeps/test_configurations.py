"""Configurations and what their values come to."""

from hypothesis import given
from hypothesis import strategies as st

from expframe.record import significance
from expframe.record.significance import describe
from expframe.store.sweeps.configurations import Configuration, front_of
from expframe.store.sweeps.plan import Goal, Plan


def test_an_interval_of_as_many_values_is_not_sought_twice(monkeypatch):
    """Configurations with as many values share their quantile of Student's t, which is sought once."""
    asked = []
    tails = significance.student_tails
    monkeypatch.setattr(significance, "student_tails", lambda *args: asked.append(args) or tails(*args))
    significance.student_quantile.cache_clear()
    first = describe([1.0, 2.0, 3.0])
    sought = len(asked)
    second = describe([2.0, 4.0, 6.0])

    assert sought == len(asked)
    assert 2 * first.high == second.high


@given(
    st.lists(st.tuples(st.integers(0, 4), st.none() | st.integers(0, 4), st.integers(0, 4)), max_size=12),
    st.lists(st.sampled_from(["min", "max"]), min_size=3, max_size=3),
)
def test_nothing_is_better_in_all_goals_than_what_is_on_the_front(points, directions):
    """On the front is what no other configuration equals or beats in each goal and beats in one, in the same order."""
    plan = Plan(goals=tuple(Goal(f"metrics.{name}.last", one) for name, one in zip("abc", directions, strict=True)))
    samples = [tuple(describe([] if value is None else [value]) for value in point) for point in points]
    found = [Configuration(number, "", [], values) for number, values in enumerate(samples)]

    def beats(one, other):
        pairs = zip(points[one], points[other], directions, strict=True)
        better = [first - second if direction == "max" else second - first for first, second, direction in pairs]
        return min(better) >= 0 and max(better) > 0

    whole = [number for number, point in enumerate(points) if None not in point]
    best = [one for one in whole if not any(beats(other, one) for other in whole)]

    assert best == [one.number for one in front_of(plan, found)]
