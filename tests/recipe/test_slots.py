"""Slots, in which one of several ingredients is chosen: by whom, what takes part then, and how it is called."""

import copy
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import jsonschema
import pytest
from interpreter import run_python

from expframe import Choice, Experiment, Ingredient, runs
from expframe.config.schema import schema_of
from expframe.errors import (
    ChoiceError,
    DefinitionError,
    IngredientEntryError,
    NotChosenError,
    SlotFunctionError,
    UnknownCommandError,
    UnknownEntryError,
    UnknownNamedConfigError,
)
from expframe.process.seeds import child_seeds
from expframe.testing import run_cli

SCRIPT = """
import multiprocessing
from concurrent.futures import ProcessPoolExecutor

from expframe import Choice, Experiment, Ingredient

resnet, vit = Ingredient("resnet"), Ingredient("vit")
resnet.add_config(depth=18)
vit.add_config(depth=6)
model = Choice(resnet, vit)
ex = Experiment("zoo", ingredients={"model": model})


@resnet.capture
def build(depth):
    return ["resnet", depth]


@vit.capture
def build(depth):
    return ["vit", depth]


def work(_):
    return model.build()


@ex.automain
def main(_run):
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return next(pool.map(_run.bind(work), [0]))
"""


class Zoo:
    """Two ingredients that are much alike, a Choice among them, and what was called of them."""

    def __init__(self, **more):
        self.calls = []
        self.resnet, self.vit = Ingredient("resnet"), Ingredient("vit")
        self.model = Choice(self.resnet, self.vit, **more)

        @self.resnet.config
        def resnet_config():
            depth = 18
            width = 64

        @self.resnet.capture
        def build(depth, width):
            return "resnet", depth, width

        self.build_resnet = build

        @self.resnet.command
        def count():
            return "resnet's"

        @self.vit.config
        def vit_config():
            depth = 6  # how many blocks
            patch = 16
            size = depth * patch

        @self.vit.capture
        def build(depth, size, _seed):
            return "vit", depth, size, _seed

        self.build_vit = build

        @self.vit.command
        def train(patch):
            return patch

        @self.vit.pre_run_hook
        def before(patch):
            self.calls.append(("before", patch))

        @self.vit.named_config
        def tiny():
            depth = 1

        @self.vit.config_hook
        def hook(config, command_name, logger):
            self.calls.append(("hook", command_name))
            return {}

    def experiment(self, **options):
        """Return an experiment with the Choice in a slot."""
        ex = Experiment("zoo", ingredients={"model": self.model}, **{"ghost": True, **options})

        @ex.named_config
        def large():
            model = "vit"

        @ex.named_config
        def larger():
            model = {"_choice": "vit", "depth": 40}

        @ex.main
        def main(model):
            return dict(model)

        return ex


@pytest.fixture
def zoo():
    """Return two ingredients and a Choice among them."""
    return Zoo()


@pytest.fixture
def ex(zoo):
    """Return an experiment with a slot."""
    return zoo.experiment()


def chosen(ex, *overrides, named=(), **updates):
    """Return the group of the slot `model` for what is asked for."""
    return dict(ex.resolve(*overrides, named=named, config_updates=updates)["model"])


RESNET = {"_choice": "resnet", "depth": 18, "width": 64}
VIT = {"_choice": "vit", "depth": 6, "patch": 16, "size": 96}

# ----------------------------------------------------------------------------------------------------------- choosing


def test_the_first_alternative_is_the_default(ex):
    """Where nobody chooses, the first alternative stands in the slot, and its entries at the slot's path."""
    found = chosen(ex)

    assert list(RESNET.items()) == list(found.items())


@pytest.mark.parametrize(
    "asked",
    [
        {"overrides": ["model=vit", "model.depth=3"]},
        {"overrides": ["model.depth=3", "model='vit'"]},
        {"overrides": ["model._choice=vit", "model.depth=3"]},
        {"overrides": ["model={'_choice': 'vit', 'depth': 3}"]},
        {"model": {"_choice": "vit", "depth": 3}},
        {"model": "vit", "model.depth": 3},
        {"overrides": ["model.depth=3"], "named": ["large"]},
        {"overrides": ["model.depth=3"], "named": ["larger"]},
        {"overrides": ["model=vit", "model.depth=3"], "named": ["model.tiny"]},
    ],
)
def test_who_chooses(ex, asked):
    """A word, or a dict that says its choice, chooses: in overrides, updates and named configs; fields lie over it."""
    found = chosen(ex, *asked.pop("overrides", ()), named=asked.pop("named", ()), **asked)

    assert {"_choice": "vit", "depth": 3, "patch": 16, "size": 48} == found


@pytest.mark.parametrize("text", ["model: vit\n", "model: {_choice: vit}\n", "model: {depth: 6, _choice: vit}\n"])
def test_a_file_chooses(ex, tmp_path, text):
    """A file chooses as a named config does."""
    file = tmp_path / "config.yaml"
    file.write_text(text)

    assert VIT == chosen(ex, named=[str(file)])


def test_dicts_choose(zoo):
    """A dict of the experiment chooses what stands without being asked for, and origins say so."""
    words, groups = zoo.experiment(), zoo.experiment()
    words.add_config(model="vit")
    groups.add_config(model={"_choice": "vit", "depth": 7})

    assert VIT == chosen(words)
    assert {**VIT, "depth": 7, "size": 112} == chosen(groups)
    assert "add_config" == words.resolve().origins["model._choice"].kind
    assert {} == words.resolve().changes


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"overrides": ["model=resnet"], "named": ["larger"]}, RESNET),
        ({"named": ["larger", "back"]}, RESNET),
        ({"named": ["back", "larger"]}, {**VIT, "depth": 40, "size": 640}),
        ({"overrides": ["model=resnet"]}, RESNET),
        ({}, {**VIT, "depth": 9, "size": 144}),
    ],
)
def test_precedence(zoo, asked, expected):
    """Overrides prevail over named configs, later ones of those over earlier, all over dicts; fields go with theirs."""
    ex = zoo.experiment()
    if "named" not in asked or not asked["named"]:
        ex.add_config(model={"_choice": "vit", "depth": 9})
    ex.add_named_config("back", model="resnet")

    assert expected == chosen(ex, *asked.get("overrides", ()), named=asked.get("named", ()))


def test_fields_of_dicts_go_with_their_choice(zoo):
    """What a dict says of the alternative that it chooses, or of the default, is not said of another one."""
    ex = zoo.experiment()
    ex.add_config(model={"width": 128})

    assert {**RESNET, "width": 128} == chosen(ex)
    assert VIT == chosen(ex, "model=vit")


def test_changes_and_origins_of_a_choice(ex):
    """The choice is an entry with a default and an origin; entries of what is chosen have the origins of its code."""
    config = ex.resolve("model=vit", "model.depth=3")

    assert {"model._choice": "resnet", "model.depth": 6} == {name: c.default for name, c in config.changes.items()}
    assert ["command line", "command line", "config function"] == [
        config.origins[f"model.{name}"].kind for name in ("_choice", "depth", "patch")
    ]
    assert "how many blocks" == config.docs["model.depth"]


@pytest.mark.parametrize(
    ("override", "kind", "words"),
    [
        ("model.patch=3", ChoiceError, "this field belongs to vit; for 'model' (test_slots.py:"),
        ("model=vitt", ChoiceError, "has no such choice. Did you mean 'vit'? Choices: resnet, vit."),
        ("model={'_choice': 'x'}", ChoiceError, "has no such choice. Choices: resnet, vit."),
        ("model.nothing=3", UnknownEntryError, "no config entry 'model.nothing'"),
        ("model=3", ChoiceError, "'model=3': 'model' (test_slots.py:"),
        ("model=None", ChoiceError, "has no such choice. Choices: resnet, vit."),
    ],
)
def test_what_cannot_be_chosen(ex, override, kind, words):
    """A field of another alternative and an unknown choice are refused by name, all else as anywhere."""
    with pytest.raises(kind) as caught:
        ex.resolve(override)

    assert words in str(caught.value)


def test_a_config_function_does_not_choose(ex):
    """A config function that assigns the slot is told to use add_config, as for any ingredient."""

    @ex.config
    def config():
        model = "vit"

    with pytest.raises(IngredientEntryError):
        ex.resolve()


@pytest.mark.parametrize("returned", [{"model": {"_choice": "vit"}}, {"model": "vit"}])
def test_a_hook_does_not_choose(ex, returned):
    """A config hook that changes what is chosen is refused: the alternative's own functions were called already."""

    @ex.config_hook
    def hook(config, command_name, logger):
        return returned

    with pytest.raises(DefinitionError, match="when resnet is chosen already"):
        ex.resolve()


# --------------------------------------------------------------------------------------------------- what takes part


def test_functions_are_filled_from_the_slot(zoo, ex):
    """Captured functions of the chosen ingredient are filled from the slot; seeds hash the slot's path."""

    @ex.command
    def both(_run):
        return zoo.build_vit()

    run = ex.run("both", {"model": "vit", "model.depth": 2, "seed": 5})

    assert ("vit", 2, 32, child_seeds(5, "model", zoo.build_vit.__qualname__)(0)) == run.result


def test_functions_are_attributes_of_the_choice(zoo, ex):
    """Inside a run an attribute of the Choice is the chosen ingredient's captured function of that name."""

    @ex.command
    def use():
        return zoo.model.build()[:2]

    assert ("resnet", 18) == ex.run("use").result
    assert ("vit", 6) == ex.run("use", {"model": "vit"}).result


def test_attributes_that_are_not_there(zoo, ex):
    """An attribute of a Choice that is no function says what there is; outside of runs that none is active."""

    @ex.command
    def use():
        assert not hasattr(zoo.model, "_anything")
        return zoo.model.biuld

    with pytest.raises(SlotFunctionError, match=r"has no captured function of this name\. It has: build, count\."):
        ex.run("use")
    with pytest.raises(SlotFunctionError, match="a run decides whose this is, and none is active"):
        zoo.model.build()
    with pytest.raises(AttributeError, match="object has no attribute 'build'"):
        Choice(zoo.resnet).build


def test_functions_of_others_are_refused(zoo, ex):
    """A captured function of an alternative that was not chosen is no function of the run, and says what was."""

    @ex.command
    def use():
        return zoo.build_vit()

    with pytest.raises(NotChosenError, match="belongs to vit; for 'model' resnet was chosen"):
        ex.run("use")


def test_commands_hooks_and_named_configs(zoo, ex):
    """Commands, hooks and named configs of the chosen ingredient take part by the slot's path; of the others none."""
    assert 8 == ex.run("model.train", {"model": "vit", "model.patch": 8}).result
    assert [("hook", "model.train"), ("before", 8)] == zoo.calls[-2:]
    assert 1 == chosen(ex, "model=vit", named=["model.tiny"])["depth"]

    zoo.calls.clear()
    assert "resnet's" == ex.run("model.count").result
    assert [] == zoo.calls
    with pytest.raises(UnknownCommandError):
        ex.run("model.train")
    with pytest.raises(UnknownNamedConfigError):
        ex.resolve(named=["model.tiny"])


def test_source_files(zoo, ex, tmp_path):
    """Source files of the chosen ingredient are kept with the run, those of others are not."""
    for name in ("resnet", "vit"):
        (tmp_path / f"{name}.txt").write_text(name)
        getattr(zoo, name).add_source_file(tmp_path / f"{name}.txt")
    run = zoo.experiment(ghost=False, store=tmp_path / "runs", project_dir=tmp_path).run(
        config_updates={"model": "vit"}
    )

    names = {Path(name).name for name, _ in json.loads((run.folder / "run.json").read_text())["sources"]}
    assert {"vit.txt"} == names & {"vit.txt", "resnet.txt"}


def test_texts_are_imported_when_they_are_chosen(tmp_path, monkeypatch):
    """What a text names is imported where it is chosen, and not for help, defaults or refusals."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "big_models.py").write_text(
        "from expframe import Ingredient\n"
        "big = Ingredient('anything')\n"
        "big.add_config(layers=99)\n"
        "@big.capture\n"
        "def build(layers):\n"
        "    return 'big', layers\n"
    )
    zoo = Zoo(big="big_models:big")
    ex = zoo.experiment()

    @ex.command
    def use():
        return zoo.model.build()

    ex.run()
    with pytest.raises(UnknownEntryError):
        ex.resolve("model.layers=3")
    assert "big_models" not in sys.modules

    assert ("big", 3) == ex.run("use", {"model": "big", "model.layers": 3}).result
    with pytest.raises(ChoiceError, match="belongs to big"):
        ex.resolve("model.layers=3")
    assert "big_models" in ex.loggers


def test_a_typed_class_in_a_slot():
    """A class as an ingredient's config works in a slot, also by type."""
    adam, sgd = Ingredient("adam"), Ingredient("sgd")

    @adam.config
    @dataclass(frozen=True)
    class Adam:
        lr: float = 0.1

    @sgd.config
    @dataclass(frozen=True)
    class Sgd:
        lr: float = 1.0
        momentum: float = 0.9

    @sgd.capture
    def step(config: Sgd, lr):
        return config, lr

    opt = Choice(adam, sgd)
    ex = Experiment("typed", ingredients={"opt": opt}, ghost=True)

    @ex.main
    def main(opt):
        return opt

    @ex.command
    def stepped():
        return opt.step()

    assert {"_choice": "adam", "lr": 0.1} == ex.run().result
    assert (Sgd(0.5, 0.9), 0.5) == ex.run("stepped", {"opt": "sgd", "opt.lr": 0.5}).result


# ------------------------------------------------------------------------------------------------------------- shapes


def test_nested_slots(zoo):
    """A chosen ingredient may have slots and ingredients of its own; those in slots stand below its slot."""
    flash, plain, tail = Ingredient("flash"), Ingredient("plain"), Ingredient("vit.tail")
    flash.add_config(block=64)
    plain.add_config(heads=8)
    tail.add_config(bias=True)
    attention = Choice(plain, flash)
    wide = Ingredient("wide", ingredients={"attention": attention})
    other = Ingredient("vit", ingredients=[tail])
    model = Choice(zoo.resnet, wide, other=other)
    ex = Experiment("nested", ingredients={"model": model}, ghost=True)

    @flash.capture
    def attend(block):
        return block

    @wide.capture
    def build():
        return attention.attend()

    @ex.main
    def main():
        return model.build()

    assert {"attention": {"_choice": "plain", "heads": 8}, "_choice": "wide"} == chosen(ex, "model=wide")
    assert {"_choice": "other", "tail": {"bias": True}} == chosen(ex, "model=other")
    assert 64 == ex.run(config_updates={"model": {"_choice": "wide", "attention": "flash"}}).result
    assert 2 == ex.run(config_updates={"model": "wide", "model.attention": "flash", "model.attention.block": 2}).result
    with pytest.raises(UnknownEntryError):
        ex.resolve("model.attention=flash")


def test_an_ingredient_in_a_slot_without_a_choice(zoo):
    """What is in a slot alone has its entries there, and nothing is chosen."""
    ex = Experiment("one", ingredients={"net": zoo.resnet}, ghost=True)

    @ex.main
    def main():
        return zoo.build_resnet()

    assert {"depth": 18, "width": 64} == ex.resolve()["net"]
    assert ("resnet", 3, 64) == ex.run(config_updates={"net.depth": 3}).result


def test_one_ingredient_in_two_slots(zoo):
    """Two slots may offer one ingredient, but not both hold it: its functions could not tell for which they are."""
    ex = Experiment(
        "two", ingredients={"encoder": Choice(zoo.resnet, zoo.vit), "decoder": Choice(zoo.vit, zoo.resnet)}, ghost=True
    )
    config = ex.resolve()

    assert ["resnet", "vit"] == [config[name]["_choice"] for name in ("encoder", "decoder")]
    with pytest.raises(DefinitionError, match="stands at 'encoder' and at 'decoder'"):
        ex.resolve("encoder=vit")


def test_ingredients_made_alike_are_apart():
    """Ingredients that one function makes are told apart in their slots."""

    def make():
        net = Ingredient("net")
        net.add_config(depth=1)

        @net.capture
        def build(depth):
            return depth

        return net

    encoder, decoder = Choice(net=make()), Choice(net=make())
    ex = Experiment("alike", ingredients={"encoder": encoder, "decoder": decoder}, ghost=True)

    @ex.main
    def main():
        return encoder.build(), decoder.build()

    assert (2, 3) == ex.run(config_updates={"encoder.depth": 2, "decoder.depth": 3}).result


@pytest.mark.parametrize(
    "ingredients",
    [
        [Choice(Ingredient("a"))],
        Choice(Ingredient("a")),
        {"a": 1},
        {"a": Choice(int)},
        {"a": Choice(dumps="json:dumps")},
        {"": Ingredient("a")},
    ],
)
def test_what_can_be_in_no_slot(ingredients):
    """What is no ingredient, a Choice without a slot and a slot without a name are refused where they are written."""
    with pytest.raises(DefinitionError):
        Experiment("wrong", ingredients=ingredients)


def test_a_text_that_names_no_ingredient(tmp_path, monkeypatch):
    """A text that names something else is refused where it is chosen."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "no_models.py").write_text("net = 3\n")
    choice = Choice(Ingredient("b"), c="no_models:net", d="no_models:nothing")
    ex = Experiment("wrong", ingredients={"a": choice}, ghost=True)

    with pytest.raises(DefinitionError, match="a slot takes ingredients"):
        ex.resolve("a=c")
    with pytest.raises(DefinitionError, match="cannot be imported"):
        ex.resolve("a=d")


# ------------------------------------------------------------------------------------------------ again and in sweeps


def test_again(zoo, tmp_path):
    """A run that is done again has the choice and the fields of the first; another choice drops them."""
    ex = zoo.experiment(ghost=False, store=tmp_path)
    first = ex.run(config_updates={"model": "vit", "model.depth": 2})

    again = {"options": {"--again": first.id}}
    assert {"_choice": "vit", "depth": 2, "patch": 16, "size": 32} == ex.run(**again).result
    assert RESNET == ex.run(config_updates={"model": "resnet"}, **again).result
    assert 32 == ex.run(config_updates={"model": "vit"}, **again).result["size"]


def test_sweeps_and_workers(tmp_path):
    """A sweep over a slot's alternatives has a trial of each; a spawned worker finds what its run has chosen."""
    (tmp_path / "train.py").write_text(SCRIPT)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = run_python(["train.py", "sweep", "with", "model=resnet,vit"], cwd=tmp_path, env=environment)
    found = runs(tmp_path / "runs").where("name == 'zoo' and command == 'main'")

    assert 0 == done.returncode, done.stdout + done.stderr
    assert {"resnet": ["resnet", 18], "vit": ["vit", 6]} == {
        run.config["model"]["_choice"]: run.result for run in found
    }


def test_fields_of_alternatives_in_sweeps(ex):
    """An axis of a field that only some alternatives have is walked where one of these is chosen."""
    sweep = ex.sweep("model=resnet,vit", "model.patch=8,16,32", "model.depth=1,2")

    assert "8 trials" in repr(sweep)
    with pytest.raises(ChoiceError):
        ex.sweep("model=resnet,vitt")


def test_the_schema(ex):
    """A schema takes a word, and of each alternative its entries beside its name, the name of the first left out."""
    snapshot = ex.snapshot()
    validator = jsonschema.Draft202012Validator(schema_of(*snapshot.anew(), "zoo", snapshot.anew))
    taken = ["resnet", "vit", {"depth": 1}, {"_choice": "resnet", "width": 1}, {"_choice": "vit", "patch": 1}]
    refused = ["big", 1, {"patch": 1}, {"_choice": "vit", "width": 1}, {"_choice": "big"}]

    assert taken == [model for model in (*taken, *refused) if validator.is_valid({"model": model})]


def test_save_config(ex, tmp_path):
    """What save_config writes of a choice is read back."""
    file = tmp_path / "saved.yaml"
    run_cli(ex, f"save_config with model=vit model.depth=2 config_filename={file}")

    assert {"_choice": "vit", "depth": 2, "patch": 16, "size": 32} == chosen(ex, named=[str(file)])


def test_help_of_a_slot(ex):
    """Help shows what is chosen, and the entries of another alternative where it is asked for."""
    assert "model = resnet    (or vit)" in run_cli(ex, "--help").stdout
    assert "model.patch = 16" in run_cli(ex, "help model=vit").stdout


def test_resume(zoo, tmp_path):
    """A run that goes on has the choice that it was started with."""
    ex = zoo.experiment(ghost=False, store=tmp_path)
    fails = [True]

    @ex.command
    def some(model):
        if fails.pop():
            raise ValueError
        return dict(model)

    with pytest.raises(ValueError):
        ex.run("some", {"model": "vit", "model.depth": 2}, run_name="first")
    fails.append(False)

    assert {"_choice": "vit", "depth": 2, "patch": 16, "size": 32} == ex.run(options={"--resume": "first"}).result


def test_the_command_line(zoo, ex):
    """A command line chooses, runs a command of the slot, and shows its config."""
    shown = run_cli(ex, "print_config with model=vit model.depth=3")
    ran = run_cli(ex, "model.train with model=vit")

    assert "patch = 16" in shown.stdout
    assert 16 == ran.run.result


def test_a_copy_of_a_choice_is_itself():
    """A Choice is the same in copies of what holds it, as ingredients and experiments are."""
    choice = Choice(Ingredient("one"), Ingredient("other"))
    Experiment("copies", ingredients={"model": choice})

    assert choice is copy.copy(choice) is copy.deepcopy({"model": choice})["model"]


def test_captured_classes_are_found_as_functions_are():
    """A class that is captured is called by its name on the Choice, though another one's has the same."""
    small, large = Ingredient("small"), Ingredient("large")
    model = Choice(small, large)
    ex = Experiment("classes", ingredients={"model": model}, ghost=True)

    def define(ingredient, factor):
        ingredient.add_config(depth=factor)

        @ingredient.capture
        class Net:
            def __init__(self, depth):
                self.size = factor * depth

    define(small, 2)
    define(large, 30)

    @ex.main
    def main():
        return model.Net().size

    assert [4, 900] == [ex.run(config_updates={"model": word}).result for word in ("small", "large")]
