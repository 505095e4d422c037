"""Sweeps over choices, and over fields that only some of the alternatives have."""

from dataclasses import dataclass
from typing import Annotated

import pytest
from interpreter import run_python

import expframe
from expframe import Ge, Le, Log, Options, Uniform
from expframe.config.options import Options as RunOptions
from expframe.errors import ChoiceError, OptionError, SweepWordError, UnknownEntryError
from expframe.store.sweeps import plan_file
from expframe.sweep.judge import Judge, judge
from expframe.sweep.request import SweepRequest
from expframe.sweep.widening import widened


@dataclass(frozen=True)
class Linear:
    """Some head."""

    bias: bool = True


@dataclass(frozen=True)
class Mlp:
    """Some other head."""

    width: int = 8


@dataclass(frozen=True)
class Resnet:
    """Some model."""

    depth: int = 34


@dataclass(frozen=True)
class Vit:
    """Some other model."""

    depth: int = 6
    patch: Annotated[int, Ge(1), Le(3)] = 2
    lr: Annotated[float, Ge(1e-4), Le(1e-1), Log] = 0.01
    head: Linear | Mlp = Linear()


@dataclass(frozen=True)
class Big:
    """Some third model."""

    patch: int = 4


@dataclass(frozen=True)
class Wide:
    """Some net."""

    width: Annotated[int, Ge(1), Le(99)] = 9


@dataclass(frozen=True)
class Narrow:
    """Some other net."""

    width: Annotated[int, Ge(1), Le(9)] = 3


@pytest.fixture
def chooses(ex):
    """Return an experiment that chooses a model."""

    @ex.config
    class Config:
        lr: float = 0.1
        model: Resnet | Vit | Big = Resnet()
        maybe: Mlp | None = None

    @ex.main
    def main(model, lr):
        return model.depth + lr

    return ex


@pytest.fixture
def plan(chooses):
    """Return what plans words."""

    def judged(*words, **asked):
        by = Judge(chooses, chooses.prepare, None, RunOptions())
        return judge(SweepRequest(words, **{"search_seed": 1, **asked}), by).plan

    return judged


def words_of(plan, number):
    """Return the words of a trial."""
    return " ".join(override.written for override in plan.trial(number).overrides)


def all_words(plan):
    """Return the words of all trials."""
    return [words_of(plan, number) for number in range(plan.size)]


VIT = ["model=vit model.patch=1", "model=vit model.patch=3"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["model=resnet,vit"], ["model=resnet", "model=vit"]),
        (["model=?"], ["model=resnet", "model=vit", "model=big"]),
        (["maybe=?"], ["maybe=mlp", "maybe=None"]),
        (["model=resnet,vit", "model.patch=1,3"], ["model=resnet", *VIT]),
        (["model.patch=1,3", "model=resnet,vit"], ["model=resnet", *VIT]),
        (["model=vit", "model.patch=?"], [f"model=vit model.patch={patch}" for patch in (1, 2, 3)]),
        (["maybe=None,mlp", "maybe.width=1,2"], ["maybe=None", "maybe=mlp maybe.width=1", "maybe=mlp maybe.width=2"]),
        (
            ["model=resnet,vit", "model.depth=1..2"],
            [f"model={m} model.depth={d}" for m in ("resnet", "vit") for d in "12"],
        ),
        (
            ["model=resnet,vit", "model.patch=1,3", "lr=1,2"],
            [f"{one} lr={lr}" for one in ("model=resnet", *VIT) for lr in "12"],
        ),
        (
            ["model=resnet,vit", "model.head=linear,mlp", "model.head.width=1,2"],
            [
                "model=resnet",
                "model=vit model.head=linear",
                "model=vit model.head=mlp model.head.width=1",
                "model=vit model.head=mlp model.head.width=2",
            ],
        ),
        (
            ["model:lr=resnet:1,vit:2", "model.patch=1,3"],
            ["model=resnet lr=1", "model=vit lr=2 model.patch=1", "model=vit lr=2 model.patch=3"],
        ),
    ],
    ids=lambda words: " ".join(words),
)
def test_an_axis_of_a_field_is_there_where_it_is_chosen(plan, words, expected):
    """A grid has each alternative with its own fields, and none of them twice; counts say so."""
    found = plan(*words)

    assert expected == all_words(found)
    assert len(expected) == found.size == found.cells


def test_what_is_drawn_of_a_finite_space_is_drawn_once(plan):
    """At random each point of a space of alternatives comes once."""
    words = ["model=resnet,vit", "model.patch=1..3"]
    found = plan(*words, search="random", trials=4)

    assert sorted(all_words(plan(*words))) == sorted(all_words(found))
    assert 4 == plan(*words, search="random", trials=100).size


def test_what_has_no_interval_is_drawn_once_beside_what_has_one(plan):
    """At random, over an interval of one alternative, the other one is tried once; numbers decide all of it."""
    found = plan("model=resnet,vit", "model.lr=?", search="random", trials=12)
    words = all_words(found)

    assert 1 == words.count("model=resnet")
    assert 12 == len(set(words))
    assert words[7] == words_of(plan("model=resnet,vit", "model.lr=?", search="random", trials=12), 7)


def test_a_plan_is_stored_with_what_axes_need(plan):
    """A plan that is read back has the same trials."""
    found = plan("model=resnet,vit", "model.patch=1,3")

    assert all_words(found) == all_words(plan_file.from_json(plan_file.to_json(found)))


def test_alternatives_and_their_fields_may_become_more(chooses, plan):
    """A sweep that goes on with more alternatives, or values of fields, keeps its trials and adds what is new."""
    by = Judge(chooses, chooses.prepare, None, RunOptions())
    before = plan("model=resnet,vit", "model.patch=1,3")

    def wider(*words):
        return all_words(before.changed(**widened(before, SweepRequest(words), by, "1")))

    big = [f"model=big model.patch={patch}" for patch in (1, 3)]
    assert [*all_words(before), "model=vit model.patch=2"] == wider("model=resnet,vit", "model.patch=1,3,2")
    assert [*all_words(before), *big] == wider("model=resnet,vit,big")
    assert [*all_words(before), "model=vit model.patch=2", *big, "model=big model.patch=2"] == wider(
        "model=big,resnet,vit", "model.patch=1,2,3"
    )


@pytest.mark.parametrize(
    ("words", "asked", "error", "message"),
    [
        (["model=resnet,vitt"], {}, ChoiceError, "no such choice. Did you mean 'vit'"),
        (["model.patch=1,2"], {}, ChoiceError, "belongs to vit"),
        (["model=resnet,vit", "model.nope=1,2"], {}, UnknownEntryError, "model.nope"),
        (["model=resnet,vit", "model=vit"], {}, SweepWordError, "twice"),
        (["model=resnet,vit", "model.patch:lr=1:2,2:3"], {}, SweepWordError, "couples entries of which one is a field"),
        (["model=resnet,vit", "model.patch=1,2"], {"each": ("model",)}, OptionError, "Leave --each out"),
        (["lr=1,2", "lr.x=1"], {}, SweepWordError, "said twice"),
    ],
    ids=str,
)
def test_what_cannot_be_is_said(plan, words, asked, error, message):
    """What no alternative has, what is coupled or crossed with what is not always there, are refused."""
    with pytest.raises(error, match=message):
        plan(*words, **asked)


def test_values_that_only_a_later_axis_makes_wrong_are_refused(plan):
    """Each value of a field is judged beside the alternative that has it, in a space too large to be judged whole."""
    with pytest.raises(expframe.errors.ConfigError, match=r"model\.patch"):
        plan("model=resnet,vit", "model.patch=1,9", "lr=1..1000/1")


@pytest.mark.parametrize("width", ["7..99", "7,99", "7,8,99"])
def test_values_that_one_of_several_alternatives_cannot_have_are_refused(ex, width):
    """A field that several alternatives have is judged beside each of them, in intervals and in large spaces too."""

    @ex.config
    class Config:
        net: Wide | Narrow = Wide()
        lr: float = 0.1

    ex.main(lambda net: net.width)

    with pytest.raises(expframe.errors.ConfigError, match=r"'net\.width' must be at most 9"):
        ex.sweep("net=wide,narrow", f"net.width={width}", "lr=0..1", search="random", trials=3)
    assert 3 == ex.sweep("net=wide,narrow", "net.width=7..9", "lr=0..1", search="random", trials=3).plan.size


def asked(sweep):
    """Yield the configs of the trials of a sweep as they are asked for, and tell of each its own value."""
    while (trial := sweep.ask()) is not None:
        yield trial.config
        sweep.tell(trial, float(trial.config["lr"]))


def test_instances_are_values_of_an_axis(chooses):
    """In Python alternatives may be given as words and as instances, whose fields are what others are laid over."""
    found = list(asked(chooses.sweep({"model": Options(Resnet(3), Vit(4), "vit"), "model.patch": Options(1, 3)})))

    assert [Resnet(3), Vit(4, 1), Vit(4, 3), Vit(6, 1), Vit(6, 3)] == [config.objects["model"] for config in found]


@pytest.mark.once
@pytest.mark.parametrize("search", ["tpe", "sobol", "cma", "nsga"])
def test_searches_say_nothing_of_fields_that_are_not_there(chooses, search):
    """Each search proposes fields for the alternatives that have them."""
    space = {"model": Options("resnet", "vit"), "model.lr": Uniform(1e-4, 1e-1, log=True), "lr": Uniform(0.0, 1.0)}
    sweep = chooses.sweep(space, search=search, trials=12, metric="result:min", search_seed=3)
    found = [(config["model"]["_choice"], config["model"].get("lr")) for config in asked(sweep)]

    assert {"resnet", "vit"} == {model for model, _ in found}
    assert all((lr is None) == (model == "resnet") for model, lr in found)
    assert len({lr for _, lr in found}) > 3


@pytest.mark.once
def test_earlier_runs_tell_of_what_they_chose(chooses, plan):
    """A search is told of earlier runs of each alternative; of fields that these do not have they say nothing."""
    for updates in ({}, {"model": "vit", "model.patch": 3}, {"model": "vit", "model.patch": 9}):
        chooses.run(config_updates=updates, options={"force": True})
    words = ("model=resnet,vit", "model.patch=?")
    found = plan(*words, search="tpe", trials=3, metric=("result:max",), warm="status == 'COMPLETED'")

    assert [(0, 0), (1, 2)] == [point for point, _ in found.told]


SCRIPT = """
from dataclasses import dataclass
from expframe import Experiment

ex = Experiment("train")

@dataclass(frozen=True)
class Resnet:
    depth: int = 34

@dataclass(frozen=True)
class Vit:
    depth: int = 6
    patch: int = 16

@ex.config
class Config:
    model: Resnet | Vit = Resnet()
    broken: bool = False

@ex.automain
def main(model, broken):
    if model.depth == 2 and Vit is type(model):
        open("tried", "a").write("x")
        if len(open("tried").read()) < 2:
            raise OSError
    return model.depth
"""


def test_a_sweep_is_done_taken_up_and_read_back(script, environment, cli):
    """Trials have what was chosen, a failed one is done again, tables and the importance call the axis `model`."""
    path = script(SCRIPT)
    words = ["with", "model=resnet,vit", "model.depth=2,4", "model.patch=1,2"]
    first = run_python([path, "sweep", "--skip", "model == 'vit' and model.depth > 3", *words], env=environment)
    second = run_python([path, "sweep", "--resume", "1", "--retry", "failed"], env=environment)
    trials = expframe.runs("runs").where("sweep.trial != None and status == 'COMPLETED'").sort("model", "model.depth")
    shown = cli("sweep", "show", "1").splitlines()

    assert (1, 0) == (first.returncode, second.returncode), first.stderr + second.stderr
    assert [("resnet", 2, None), ("resnet", 4, None), ("vit", 2, 1), ("vit", 2, 2)] == list(
        trials.rows("model", "model.depth", "model.patch")
    )
    assert ["model", "model.depth", "model.patch"] == shown[0].split()[:3]
    assert ["1", "resnet", "4", "4"] == shown[1].split()[:4]


def test_fields_of_slots_that_must_be_given_are_swept():
    """An entry that an ingredient's class has no default for is an axis where that ingredient is chosen."""
    small, large = expframe.Ingredient("small"), expframe.Ingredient("large")

    @small.config
    class SmallConfig:
        size: int = 1

    @large.config
    class LargeConfig:
        size: int
        depth: int = 1

    outer = expframe.Experiment("outer", ingredients={"net": expframe.Choice(small, large)})

    @outer.main
    def main():
        return 1

    by = Judge(outer, outer.prepare, None, RunOptions())
    plan = judge(SweepRequest(("net=small,large", "net.size=1,2", "net.depth=3,4")), by).plan

    assert [
        *(f"net=small net.size={size}" for size in (1, 2)),
        *(f"net=large net.size={size} net.depth={depth}" for size in (1, 2) for depth in (3, 4)),
    ] == all_words(plan)


def test_a_sweep_imports_only_what_is_chosen(ex):
    """A sweep over choices imports none of the texts that are not tried."""

    @ex.config
    class Config:
        model: Annotated[object, expframe.Choice(Resnet, Vit, late="not_there:Model")] = Resnet()

    @ex.main
    def main(model):
        return 1

    by = Judge(ex, ex.prepare, None, RunOptions())

    assert 3 == judge(SweepRequest(("model=resnet,vit", "model.patch=1,2")), by).plan.cells
