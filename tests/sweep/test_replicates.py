"""Replicates that a configuration which is clearly worse is not given."""

import itertools
import random

import pytest

from expframe.record.record import Status
from expframe.record.significance import wilcoxon_greater
from expframe.store import exclusions
from expframe.store.sweeps.axes import Range
from expframe.store.sweeps.journal import Journal
from expframe.store.sweeps.plan import Goal, Plan
from expframe.store.sweeps.trials import Trials
from expframe.sweep.replicates import is_cut

PLAN = Plan(
    axes=(Range("x", 1, 3),),
    replicates=Range("seed", 1, 8),
    prune="asha",
    goals=(Goal("metrics.loss.min", "min"),),
)


@pytest.fixture
def trials(tmp_path):
    """Return a function that notes what trials came to, and returns what is known of them."""
    (tmp_path / "claims").mkdir()
    journal = Journal(tmp_path, "writer")

    def of(*configurations):
        for configuration, values in enumerate(configurations):
            for replicate, value in enumerate(values):
                number = configuration * 8 + replicate
                journal.note("ended", number, 1, status=Status.COMPLETED, values={"metrics.loss.min": value})
        found = Trials(tmp_path)
        found.refresh(judge=False)
        return found

    return of


def test_what_is_worse_in_five_pairs_is_cut(trials):
    """With five seeds that are all worse than the same ones of another configuration, no other seed is tried."""
    known = trials([1.0, 1.1, 0.9, 1.2, 1.0], [2.0, 2.2, 1.1, 1.9, 2.5])

    assert [False, True] == [is_cut(PLAN, known, number) for number in (5, 13)]


def test_four_pairs_say_nothing(trials):
    """Fewer than five pairs cannot say so at the level of the test."""
    known = trials([1.0, 1.1, 0.9, 1.2], [2.0, 2.2, 1.1, 1.9])

    assert [False, False] == [is_cut(PLAN, known, number) for number in (12, 13)]


def test_a_pair_that_is_better_keeps_it(trials):
    """One seed of five that is better by far leaves it open."""
    known = trials([1.0, 1.1, 0.9, 1.2, 3.0], [2.0, 2.2, 1.1, 1.9, 1.0])

    assert not is_cut(PLAN, known, 13)


def test_only_under_a_rule_and_never_what_was_begun(trials):
    """Without --prune nothing is cut, and a trial that was begun goes on."""
    known = trials([1.0, 1.1, 0.9, 1.2, 1.0], [2.0, 2.2, 1.1, 1.9, 2.5, 3.0])
    without = Plan(axes=PLAN.axes, replicates=PLAN.replicates, goals=PLAN.goals)

    assert [False, False, True] == [is_cut(without, known, 14), is_cut(PLAN, known, 13), is_cut(PLAN, known, 14)]


def test_wilcoxons_test_counts_signs_exactly():
    """It is the share of all ways to give signs to the ranks that are at least as far above 0."""
    rng = random.Random(2)
    for _ in range(60):
        found = [rng.choice([-3, -2, -1, 0, 1, 2, 3]) for _ in range(rng.randrange(9))]
        sizes = sorted(abs(item) for item in found if item)
        rank = {size: sizes.index(size) + 1 + (sizes.count(size) - 1) / 2 for size in sizes}
        above = sum(rank[item] for item in found if item > 0)
        ways = itertools.product([0, 1], repeat=len(sizes))
        sums = [sum(rank[size] for size, sign in zip(sizes, signs, strict=True) if sign) for signs in ways]

        assert sum(total >= above for total in sums) / len(sums) == wilcoxon_greater(found)


def test_what_is_excluded_cuts_nothing(trials, tmp_path):
    """A trial that is excluded from statistics makes no pair: with four others nothing can be said."""
    exclusions.exclude(tmp_path, 2)
    known = trials([1.0, 1.1, 0.9, 1.2, 1.0], [2.0, 2.2, 1.1, 1.9, 2.5])

    assert not is_cut(PLAN, known, 13)
