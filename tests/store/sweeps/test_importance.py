"""What mattered in a sweep, with Optuna and without it."""

import math
import random
import sys

import pytest

from expframe.record.significance import describe
from expframe.store.sweeps.axes import Choices, Interval, Range, Widened
from expframe.store.sweeps.conditions import Condition
from expframe.store.sweeps.configurations import Configuration
from expframe.store.sweeps.importance import PED_ANOVA, RANKS, importance_of
from expframe.store.sweeps.plan import Goal, Plan
from expframe.store.sweeps.trials import TrialState

AXES = (
    Interval("lr", 1e-4, 1, is_log=True),
    Range("width", 1, 9),
    Choices(("opt",), tuple((f"o{number}",) for number in range(10))),
)


def swept(axes, of, samples=40, direction="min", **plan):
    """Return a plan, and the configurations that a function of their values makes of it."""
    plan = Plan(axes=axes, search="random", samples=samples, goals=(Goal("result", direction),), **plan)
    found = []
    for number in range(plan.size):
        values = {override.path[0]: override.value for override in plan.trial(number).overrides}
        found.append(Configuration(number, "", [TrialState(number)], (describe([of(**values)]),)))
    return plan, found


@pytest.fixture(params=[pytest.param("optuna", marks=pytest.mark.once), "none"])
def by(request, monkeypatch):
    """How it is computed, with Optuna or where it is not installed."""
    if request.param == "optuna":
        return PED_ANOVA
    monkeypatch.setitem(sys.modules, "optuna", None)
    return RANKS


@pytest.mark.parametrize(
    ("of", "first"),
    [
        (lambda lr, width, opt: math.log(lr) + 0.1 * width, "lr"),
        (lambda lr, width, opt: width + lr, "width"),
    ],
    ids=["lr", "width"],
)
def test_what_decides_is_named_first(by, of, first):
    """The axis that decides what comes out has the greatest share, and each axis has one, between 0 and 1."""
    found = importance_of(*swept(AXES, of, samples=120))

    assert (by, 120) == (found.by, found.configurations)
    assert first == next(iter(found.shares))
    assert {"lr", "width", "opt"} == set(found.shares)
    assert all(0 <= share <= 1 for share in found.shares.values())
    assert by == RANKS or sum(found.shares.values()) == pytest.approx(1)


def test_choices_explain_by_their_groups(monkeypatch):
    """By ranks, choices have no order: what one of them brings is seen, wherever it stands among the others."""
    monkeypatch.setitem(sys.modules, "optuna", None)
    found = importance_of(*swept(AXES, lambda lr, width, opt: (int(opt[1:]) * 7) % 10 + lr / 10))

    assert "opt" == next(iter(found.shares))
    assert 0.9 < found.shares["opt"]


def test_noise_explains_nothing(monkeypatch):
    """By ranks, what has nothing to do with an axis gives it next to nothing, also with many choices."""
    monkeypatch.setitem(sys.modules, "optuna", None)
    drawn = random.Random(3)
    many = Choices(("id",), tuple((str(number),) for number in range(30)))
    shares = [importance_of(*swept((many, AXES[0]), lambda **_: drawn.random(), 60)).shares for _ in range(20)]

    assert 0.15 > sum(one["id"] for one in shares) / 20
    assert 0.1 > sum(one["lr"] for one in shares) / 20


def test_ranks_alone_count(monkeypatch):
    """By ranks, a value that is far from all others, and an axis by ratios, change nothing."""
    monkeypatch.setitem(sys.modules, "optuna", None)
    plain = importance_of(*swept(AXES, lambda lr, width, opt: lr + width))
    steep = importance_of(*swept(AXES, lambda lr, width, opt: math.exp(lr + width)))

    assert plain == steep


def test_too_few_say_nothing(by):
    """Below ten configurations with a finite value, and where all came to the same, nothing is said."""
    assert importance_of(*swept(AXES, lambda lr, width, opt: lr, samples=9)) is None
    assert importance_of(*swept(AXES, lambda lr, width, opt: 1.0)) is None
    assert importance_of(*swept(AXES, lambda lr, width, opt: math.inf)) is None
    assert importance_of(*swept((), lambda: 1.0, samples=1)) is None
    assert RANKS == importance_of(*swept(AXES, lambda lr, width, opt: lr, samples=12)).by


def test_an_axis_that_was_made_wider_counts_by_its_values(monkeypatch):
    """Values that came later stand among the others where they belong."""
    monkeypatch.setitem(sys.modules, "optuna", None)
    later = Choices(("x",), tuple((value,) for value in (9, -3, 7, -5, 8, -1)), is_text=False)
    plan, found = swept((Widened((Range("x", 1, 6), later)),), lambda x: 2.0 * x, samples=None)

    assert {"x": 1.0} == dict(importance_of(plan, found).shares)


def test_show_says_it_in_a_line(ex, cli):
    """The command and its JSON say what mattered and how that was computed; with few configurations they do not."""
    from expframe.config.options import Options
    from expframe.experiment.sweep import Sweep

    ex.add_config(width=1, lr=1.0)
    ex.main(lambda width, lr: width)
    for size in (3, 6):
        sweep = Sweep(ex, Plan(axes=(Range("width", 1, size), Range("lr", 1, 2))), Options(file_storage=str(ex.store)))
        while (trial := sweep.ask()) is not None:
            sweep.tell(trial, trial.config["width"] + trial.config["lr"] / 100)
    few, many = (cli("sweep", "show", id, "-F", ex.store) for id in ("1", "2"))
    of_two = cli("sweep", "show", "2", "--metric=result:min,result:max", "-F", ex.store)
    data = cli.json("sweep", "show", "2", "-F", ex.store)

    assert "What mattered" not in few
    assert "What mattered: width 0.9" in many
    assert "(by rank correlation, over 12 configurations)" in many
    assert "What mattered for result: width 0.9" in of_two
    assert {"by": RANKS, "configurations": 12, "shares": dict(sweep.importance().shares)} == data["importance"]


def test_an_axis_that_is_not_always_there_says_something_where_it_is(by):
    """An axis of an alternative's field is judged among the configurations that have it, by ranks."""
    axes = (Choices(("model",), (("resnet",), ("vit",))), Range("model.depth", 1, 30), Range("lr", 1, 3))
    plan = Plan(axes=axes, conditions=(Condition("model.depth", "model", (1,)),), goals=(Goal("result", "min"),))
    found = []
    for number in range(plan.size):
        is_vit, depth, lr = plan.point(number)
        found.append(
            Configuration(number, "", [TrialState(number)], (describe([depth + lr / 9 if is_vit else 40 + lr / 9]),))
        )
    importance = importance_of(plan, found)

    assert (RANKS, 93) == (importance.by, importance.configurations)
    assert importance.shares["model.depth"] > 0.9 > 0.2 > importance.shares["lr"]
    assert 0 < importance.shares["model"] < 0.5
