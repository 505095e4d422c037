"""The space of a sweep as it is written in Python."""

import re

import pytest

from expframe import Experiment, Options, Seeds, Uniform
from expframe.errors import ExpframeError, OptionError
from expframe.store.sweeps.axes import Choices, Interval, Range
from expframe.store.sweeps.plan import Goal


@pytest.fixture
def ex(tmp_path):
    """An experiment with an entry of each kind."""
    ex = Experiment("spaced", store=tmp_path / "runs")
    ex.add_config(lr=0.1, width=3, betas=(0.9, 0.99), net={"layers": 2}, wd=0.0)
    ex.main(lambda lr, width, seed: lr * width)
    return ex


def test_a_dict_says_what_words_say(ex):
    """Options, intervals, seeds, coupled entries and fixed values make the plan that words make."""
    plan = ex.sweep(
        {
            "lr": Uniform(1e-5, 1e-1, log=True),
            "width": Uniform(1, 9),
            "betas": Options((0.9, 0.99), (0.8, 0.9)),
            ("net.layers", "wd"): Options((1, 0.1), (2, 0.2)),
            "seed": Seeds(3),
        },
        search="random",
        trials=5,
        search_seed=1,
        metric="val.acc.max",
        goal="max",
    ).plan

    assert (
        Interval("lr", 1e-5, 1e-1, True),
        Range("width", 1, 9),
        Choices(("betas",), (((0.9, 0.99),), ((0.8, 0.9),)), is_text=False),
        Choices(("net.layers", "wd"), ((1, 0.1), (2, 0.2)), is_text=False),
    ) == plan.axes
    assert (15, 3, (Goal("metrics.val.acc.max", "max"),)) == (plan.size, plan.replicate_count, plan.goals)


def test_other_values_are_fixed(ex):
    """What is none of the sweep's words is the same in all trials: a list is one value."""
    plan = ex.sweep({"lr": Options(0.1, 0.2), "betas": (1, 2), "net": {"layers": 5}}).plan

    assert [(("betas",), (1, 2)), (("net",), {"layers": 5})] == [(o.path, o.value) for o in plan.overrides]
    assert 2 == plan.size


def test_words_are_taken_too(ex):
    """Words of the command line stand alone or beside a dict."""
    assert 6 == ex.sweep("lr=0.1,0.2", "width=1..3").plan.size
    assert 4 == ex.sweep({"lr": Options(0.1, 0.2)}, "width=1,2").plan.size
    assert 16 == ex.sweep("lr=0.1,0.2", "width=1..8", each="width", search="random", trials=9).plan.size


@pytest.mark.parametrize(
    ("space", "asked", "problem"),
    [
        ({"lrr": Options(1, 2)}, {}, "no config entry 'lrr'"),
        ({"lr": Options()}, {}, "lr: Options(): has no values."),
        ({"lr": Uniform(1, 0)}, {}, "goes from a number to a greater one."),
        ({"lr": Uniform(0, 1, log=True)}, {}, "begins at 0 or below"),
        ({"lr": Uniform(0, 1)}, {}, "is an interval, and a grid has single values"),
        ({"width": Uniform(0.5, 2)}, {}, "'width' is a whole number."),
        ({"lr": Seeds(3)}, {}, "is for the entry 'seed'."),
        ({"lr": Options(1, 2), "seed": Seeds(0)}, {}, "seed: Seeds(count=0): takes a whole number from 1 on."),
        ({"lr": Options(1, 2), "seed": Seeds(2.5)}, {}, "seed: Seeds(count=2.5): takes a whole number from 1 on."),
        ({("lr", "wd"): 3}, {}, "are coupled entries"),
        ({"lr": Options(1.0, 2, 1.0)}, {}, "lr: Options(1.0, 2, 1.0): has a value twice: 1.0."),
        ({"lr": [0.1, 0.2]}, {}, "'lr' holds a float. Values one by one are Options(0.1, 0.2)."),
        ({"width": range(9)}, {}, "'width' holds an int. Values one by one are Options(0, 1, 2, ...)."),
        ({"lr": Options(1, 2), "seed": Seeds(2)}, {"seeds": 3}, "says the seeds, and Seeds(...) does too."),
        (["lr=1,2"], {}, "['lr=1,2']: is no space of a sweep. Give {'lr': Options(0.1, 0.2)}, or words:"),
        ({("lr", "wd"): Options(1, 2)}, {}, "has no value for each"),
        ({3: Options(1, 2)}, {}, "is no entry."),
        ({"lr": Options(1, 2)}, {"goal": "best", "metric": "result"}, "goal='best': is 'min' or 'max'."),
        ({"lr": Options(1, 2)}, {"goal": "max", "metric": "result:min"}, "is said by the metric 'result:min' too."),
        ({"lr": Options(1, 2)}, {"goal": ["min", "max"], "metric": "result"}, "there are 1."),
        ({"lr": Options(1, 2), "seed": Seeds(2)}, {"search": "tpe", "trials": 3}, "learns from what trials come to"),
    ],
)
def test_what_cannot_be_is_refused_at_the_call(ex, space, asked, problem):
    """A space that cannot be says so where it is written."""
    with pytest.raises(ExpframeError, match=re.escape(problem)):
        ex.sweep(space, **asked)


def test_the_same_entry_in_a_dict_and_a_word_is_refused(ex):
    """An entry belongs to one word."""
    with pytest.raises(ExpframeError, match="is said twice"):
        ex.sweep({"lr": Options(1, 2)}, "lr=3,4")
    with pytest.raises(OptionError, match=re.escape("--seeds=0: takes a whole number from 1 on.")):
        ex.sweep("lr=1,2", seeds=0)
    with pytest.raises(TypeError, match="unexpected keyword argument 'trails'"):
        ex.sweep("lr=1,2", trails=3)


@pytest.mark.once
def test_a_sobol_search_is_asked_in_python(ex):
    """Points that a search proposes are there for whoever does trials himself."""
    sweep = ex.sweep({"lr": Uniform(0, 1), "seed": Seeds(2)}, search="sobol", trials=3, search_seed=4)
    found = []
    while (trial := sweep.ask()) is not None:
        found.append(trial.config["lr"])
        sweep.tell(trial, trial.config["lr"])

    assert (6, 3) == (len(found), len(set(found)))
    assert max(found) == sweep.best().value.mean
