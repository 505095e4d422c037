"""Configurations and what their values come to."""

from expframe.record import significance
from expframe.record.significance import describe


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
