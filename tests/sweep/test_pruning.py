"""Rules by which trials end early, by what they have logged."""

import math
import random
import re
import statistics
import threading

import pytest

from expframe.errors import OptionError
from expframe.record.events import Points, Series
from expframe.store.sweeps.axes import Range
from expframe.store.sweeps.plan import Goal, Plan
from expframe.store.sweeps.rungs import Rung, Rungs
from expframe.sweep import pruning
from expframe.sweep.pruning import Pruner, Rule, bracket, is_pruned

LEAST = Goal("metrics.loss.min", "min")


def plan_of(prune, goal=LEAST, trials=100):
    """Return a plan with a rule."""
    return Plan(axes=(Range("x", 1, trials),), prune=prune, goals=(goal,))


def pruner(sweep, plan, number, attempt=1, config=None):
    """Return what judges one attempt of a trial, as a process of its own."""
    sweep.mkdir(exist_ok=True)
    return Pruner(sweep, plan, plan.trial(number), attempt, f"writer-{number}-{attempt}", config or {"epochs": 81})


def steps_of(judge, curve, first=1):
    """Return after how many steps a curve is ended, or all."""
    for place, value in enumerate(curve):
        if judge.report(Points([("loss", place + first, 0.0, value), ("other", place, 0.0, -1.0)])):
            return place + 1
    return len(curve)


def test_asha_keeps_the_best_third_at_each_rung(tmp_path):
    """A trial ends at the first rung where it is not among the best third of those that came there."""
    plan = plan_of("asha:27")
    kept = [steps_of(pruner(tmp_path, plan, number), [value] * 27) for number, value in enumerate([5, 4, 6, 3, 7, 1])]

    assert [27, 27, 3, 27, 3, 27] == kept


def test_a_trial_that_is_alone_goes_on(tmp_path):
    """Nobody is ended for being the first."""
    for rule in ("asha", "median", "hyperband:9"):
        assert 9 == steps_of(pruner(tmp_path / rule[:4], plan_of(rule), 0), range(9))


def test_the_median_rule_ends_what_is_worse_than_half(tmp_path):
    """From five others on, a trial that is worse than their median at a rung ends there."""
    plan = plan_of("median:20")
    for number in range(5):
        assert 20 == steps_of(pruner(tmp_path, plan, number), [number] * 20)

    assert 1 == steps_of(pruner(tmp_path, plan, 5), [3.0] * 20)
    assert 20 == steps_of(pruner(tmp_path, plan, 6), [1.0] * 20)


def test_what_counts_is_the_statistic_that_is_sought(tmp_path):
    """`min` is the least value so far, `last` the value at the rung, and `max` is sought upwards."""
    least = plan_of("asha:9")
    assert 9 == steps_of(pruner(tmp_path / "a", least, 0), [1.0] * 9)
    assert 9 == steps_of(pruner(tmp_path / "a", least, 1), [0.5, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0])
    last = plan_of("asha:9", Goal("metrics.loss.last", "min"))
    assert 9 == steps_of(pruner(tmp_path / "b", last, 0), [1.0] * 9)
    assert 3 == steps_of(pruner(tmp_path / "b", last, 1), [0.5, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0])
    most = plan_of("asha:9", Goal("metrics.loss.max", "max"))
    assert 9 == steps_of(pruner(tmp_path / "c", most, 0), [1.0] * 9)
    assert 1 == steps_of(pruner(tmp_path / "c", most, 1), [0.5] * 9)


def test_nan_is_worse_than_any_number(tmp_path):
    """A trial whose metric is NaN ends as soon as another has a number there, and is no reason to end others."""
    plan = plan_of("asha:9")

    found = [steps_of(pruner(tmp_path, plan, n), [value] * 9) for n, value in enumerate([math.nan, 2, math.nan])]

    assert [9, 9, 1] == found


def test_rungs_are_at_steps_that_are_logged(tmp_path):
    """Whatever is logged in one block, and from whatever step on, a rung is judged by what stood there."""
    plan = plan_of("asha:100")
    first, second, third = (pruner(tmp_path, plan, number) for number in range(3))

    assert not first.report(Series("loss", range(100), 0.0, [1.0] * 100))
    assert not second.report(Series("loss", range(0, 100, 10), 0.0, [0.5] * 10))
    assert third.report(Points([("loss", 40, 0.0, 3.0)]))
    assert (12, 3.0) == third.rung


def test_rungs_have_room_before_the_last_step():
    """A rule that knows how many steps there are has two rungs before the last one, and none at it."""
    judged = {most: list(_rungs(most)) for most in (9, 81, 100, 100_000)}

    assert {9: [1, 3], 81: [9, 27], 100: [12, 36], 100_000: [11112, 33336]} == judged


def _rungs(most):
    step = pruning.first_rung(most)
    while step < most:
        yield step
        step *= 3


def test_brackets_of_hyperband_compete_within(tmp_path):
    """Brackets begin at 1, 3, 9, ... steps; each trial has one by its number, and only those in it are its others."""
    plan = plan_of("hyperband:27", trials=400)
    brackets = [bracket(number, 27) for number in range(400)]
    by_bracket = {place: brackets.count(place) for place in range(4)}

    assert brackets == [bracket(number, 27) for number in range(400)]
    assert by_bracket[0] > by_bracket[1] > by_bracket[3] > 20
    first = {place: steps_of(pruner(tmp_path, plan, brackets.index(place)), [1.0] * 27) for place in range(4)}
    assert {place: 27 for place in range(4)} == first
    worse = [number for number in range(400) if brackets[number] == 2][1]
    assert 9 == steps_of(pruner(tmp_path, plan, worse), [2.0] * 27)


def test_a_later_attempt_counts_in_place_of_an_earlier_one(tmp_path):
    """What an attempt that died had written is replaced by what the next one writes, and a resume goes on by both."""
    plan = plan_of("asha:9")
    steps_of(pruner(tmp_path, plan, 0), [0.1] * 2)
    steps_of(pruner(tmp_path, plan, 0, attempt=2), [5.0] * 9)

    assert {0: 5.0} == Rungs(tmp_path, "reader").at(1)
    assert 9 == steps_of(pruner(tmp_path, plan, 1), [4.0] * 9)


def test_many_write_at_the_same_time(tmp_path):
    """Each writer appends to a file of its own, and what all have written is read; a damaged line is left out."""

    def write(number):
        mine = Rungs(tmp_path, f"w{number}")
        for step in range(50):
            mine.add(Rung(number, 1, step, number + step / 100))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with (tmp_path / "rungs" / "w0.csv").open("a") as file:
        file.write("7,1,oops\n3,1")

    assert {number: number + 0.49 for number in range(8)} == Rungs(tmp_path, "reader").at(49)


def curves(rng, count=60, steps=81):
    """Return curves of losses that fall towards levels of their own, with noise, as trainings have them."""
    found = []
    for _ in range(count):
        level, speed = rng.uniform(0.1, 2.0), rng.uniform(0.1, 0.2)
        start = rng.uniform(2.0, 3.0)
        found.append([level + (start - level) * math.exp(-speed * step) + rng.gauss(0, 0.01) for step in range(steps)])
    return found


@pytest.mark.once
def test_asha_takes_few_steps_and_keeps_the_best(tmp_path):
    """On curves like those of trainings it does at most 40 % of the steps, and nearly always keeps the best."""
    shares, is_kept = [], []
    for seed in range(20):
        found = curves(random.Random(seed))
        plan = plan_of("asha:81")
        done = [steps_of(pruner(tmp_path / str(seed), plan, number), curve) for number, curve in enumerate(found)]
        best = min(range(len(found)), key=lambda number: min(found[number]))
        shares.append(sum(done) / (len(found) * 81))
        is_kept.append(done[best] == 81)

    assert 0.4 >= statistics.mean(shares)
    assert 19 <= sum(is_kept)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("ahsa", "--prune=ahsa: is no rule. Did you mean asha? There are: asha, hyperband, median."),
        ("hyperband", "--prune=hyperband: needs how many steps a trial has"),
        ("asha:epoch", "'epoch' is not in the config"),
        ("asha:name", "'name' is 'a': no number of steps"),
        ("asha:always", "'always' is inf: no number of steps"),
        (f"asha:{'9' * 5000}", "is not in the config"),
    ],
)
def test_a_rule_that_cannot_be_is_refused(text, problem):
    """What is no rule, or lacks what it needs, says so."""
    with pytest.raises(OptionError, match=re.escape(problem)):
        Rule.parse(text).most_steps({"epochs": 9, "name": "a", "always": math.inf})


def test_a_rule_needs_a_metric():
    """What is compared while trials run is a metric, not the result."""
    with pytest.raises(OptionError, match="compares a metric while trials run"):
        pruning.check(plan_of("asha", Goal("result", "min")), {})
    pruning.check(plan_of("asha:epochs"), {"epochs": 9})


def test_ranks_decide_and_not_sizes():
    """Whatever increasing scale values are on, a rule decides the same."""
    rng = random.Random(1)
    for _ in range(200):
        others = [rng.gauss(0, 1) for _ in range(rng.randrange(12))]
        value = rng.gauss(0, 1)
        for rule in pruning.RULES:
            scaled = is_pruned(rule, math.exp(value), [math.exp(other) for other in others], "min")

            assert is_pruned(rule, value, others, "min") == scaled or (rule == "median" and len(others) % 2 == 0)
            assert is_pruned(rule, value, others, "min") == is_pruned(rule, -value, [-other for other in others], "max")
