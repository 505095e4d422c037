"""
Every error's text, as a user meets it.

Each function below provokes one error through the public surface. `python tests/test_messages.py` writes what they say
to messages.json; the test compares.
"""

import contextlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from collections import namedtuple
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from pathlib import Path
from typing import Annotated

import pytest

import expframe
from expframe import Choice, Experiment, Ge, Ingredient, Le, Lt, current_run, errors, thaw
from expframe.errors import ExpframeError
from expframe.process import context
from expframe.testing import run_cli

MESSAGES = Path(__file__).with_name("messages.json")
CASES = {}


def case(function):
    """Add a function that raises one error, or returns the standard error of a command line that was refused."""
    CASES[function.__name__.replace("_", " ")] = function
    return function


def trained():
    """Return an experiment with entries of all kinds."""
    data = Ingredient("data")

    @data.config
    def data_config():
        size = 10

    @data.named_config
    def small():
        size = 2

    ex = Experiment("trained", ingredients=[data], ghost=True)

    @ex.config
    def config():
        lr = 0.1
        epochs: int = 3
        layers = [1, 2]
        net = {"depth": 2, "width": 3}
        name = "text"

    @ex.named_config
    def fast():
        epochs = 1

    @ex.main
    def train(lr, epochs):
        return lr

    @ex.command(prefix="net")
    def build(depth, height):
        return depth

    return ex


def refused(words, ex=None):
    """Return what a command line that is refused says, after checking that it exits with 2."""
    result = run_cli(ex or trained(), words)

    assert (2, "") == (result.exit_code, result.stdout), result
    return result.stderr


# ------------------------------------------------------------------------------------------------ command lines


@case
def unknown_command():
    """A command that is nearly one."""
    return refused("trian")


@case
def too_few_entries_but_deeper_ones():
    """What the command needs stands in a group."""
    ex = trained()
    ex.command(lambda depth, width: depth * width)
    return refused("<lambda>", ex)


@case
def value_without_with():
    """The word before values is forgotten."""
    return refused("lr=1")


@case
def named_config_without_with():
    """It is forgotten before a named config."""
    return refused("data.small")


@case
def unknown_command_of_an_ingredient():
    """An ingredient has no such command."""
    return refused("data.stats")


@case
def help_of_an_unknown_command():
    """Help is asked for what is not there."""
    return refused("help buidl")


@case
def unknown_flag():
    """A flag that is nearly one."""
    return refused("--debgu")


@case
def unknown_short_flag():
    """A letter that is no flag."""
    return refused("-uZ")


@case
def ambiguous_flag():
    """The beginning of two flags."""
    return refused("--pri 3")


@case
def flag_without_its_value():
    """A value is missing."""
    return refused("-F")


@case
def flag_with_a_value_it_does_not_take():
    """A flag is given a value."""
    return refused("--debug=3")


@case
def flag_given_twice():
    """A flag may be given once."""
    return refused("-F a -F b")


@case
def override_without_with():
    """The word `with` is missing."""
    return refused("train lr=1")


@case
def two_commands():
    """One word too many."""
    return refused("train build")


@case
def with_without_anything():
    """Nothing follows."""
    return refused("train with")


@case
def override_without_a_name():
    """Nothing stands before the `=`."""
    return refused("with =3")


@case
def argv_of_another_kind():
    """The command line is a number."""
    shown = io.StringIO()
    with contextlib.redirect_stderr(shown), contextlib.suppress(SystemExit):
        trained().run_commandline(3)
    return shown.getvalue()


@case
def loglevel():
    """No such level."""
    return refused("-l LOUD")


@case
def beat_interval():
    """No number of seconds."""
    return refused("-b soon")


@case
def capture_mode():
    """No such way to capture."""
    return refused("-C all")


@case
def option_in_code():
    """An option's name is nearly one."""
    trained().run(options={"coment": "again"})


@case
def missing_main():
    """There is no main function."""
    ex = Experiment("headless", ghost=True)
    ex.command(lambda: None)
    return refused("", ex)


# ------------------------------------------------------------------------------------------------------- entries


@case
def unknown_entry():
    """A name that is nearly an entry."""
    return refused("with lrr=1")


@case
def unknown_entry_inside_a_group():
    """An entry of a group is misspelt."""
    return refused("with net.dept=5")


@case
def unknown_entry_like_no_other():
    """Nothing is near."""
    return refused("with zzzzzz=1")


@case
def unknown_entry_in_a_dict():
    """A dict's unknown keys are refused too."""
    return refused(["with", "net={'depth': 1, 'heigth': 2}"])


@case
def unknown_entry_in_a_file():
    """A file given after `with` may add nothing either."""
    Path("other.yaml").write_text("net:\n  deep: 3\n")
    return refused("with other.yaml")


@case
def unknown_entry_in_code():
    """Nor may config_updates."""
    trained().run(config_updates={"net": {"dpth": 3}})


@case
def wrong_type_of_a_typed_entry():
    """An annotated entry takes its type alone."""
    return refused("with epochs=many")


@case
def no_member_of_an_enum():
    """The members are what was possible."""
    return refused("with kind=quick", of_classes())


@case
def no_duration():
    """How it is written is said, of what a text can be of several classes."""
    return refused("with pause=90", of_classes())


@case
def no_function():
    """A function has no text."""
    return refused("with loss=min", of_classes())


def of_classes():
    """Return an experiment with entries whose classes a text has to be read towards."""
    ex = Experiment("classes", ghost=True)
    ex.add_config(kind=Status.FAST, pause=timedelta(minutes=1), loss=max)
    ex.main(lambda: None)
    return ex


class Status(Enum):
    """Some enum."""

    FAST = "f"
    SLOW = "s"


def bounded():
    """Return an experiment with an entry that has bounds."""
    ex = Experiment("bounded", ghost=True)

    @ex.config
    def config():
        scale = 1
        depth: Annotated[int, Ge(1), Le(8)] = 3 * scale

    @ex.main
    def main(depth):
        return depth

    return ex


@case
def value_out_of_bounds():
    """An annotated entry keeps its bounds."""
    return refused("with depth=9", bounded())


@case
def computed_value_out_of_bounds():
    """What the code sets is held to them too."""
    return refused("with scale=5", bounded())


@case
def bound_that_is_none():
    """A text is no bound."""
    Ge("low")


@case
def bounds_that_contradict_each_other():
    """No number is at least 3 and below 3."""
    ex = Experiment("wrong", ghost=True)

    @ex.config
    def config():
        depth: Annotated[int, Ge(3), Lt(3)] = 3

    ex.resolve()


@case
def value_for_a_group():
    """A group cannot become a value."""
    return refused("with net=3")


@case
def entry_below_a_value():
    """A value has nothing below it."""
    return refused("with name.first=3")


@case
def index_out_of_range():
    """A list has fewer elements."""
    return refused("with layers.2=5")


@case
def append_to_a_group():
    """Nothing can be appended to a group."""
    return refused("with net+=[3]")


@case
def unknown_named_config():
    """A named config is misspelt."""
    return refused("with fsat")


@case
def named_config_of_another_ingredient():
    """It stands elsewhere."""
    return refused("with small")


@case
def file_of_unknown_kind():
    """A file that is no config file."""
    Path("config.ini").write_text("[a]\n")
    return refused("with config.ini")


@case
def added_file_of_unknown_kind():
    """The same in code."""
    trained().add_config("config.ini")


@case
def missing_file():
    """There is no such file."""
    return refused("with missing.yaml")


@case
def malformed_json():
    """A bracket is missing."""
    Path("broken.json").write_text('{"lr": [1, 2}')
    return refused("with broken.json")


@case
def malformed_toml():
    """A value is missing."""
    Path("broken.toml").write_text("lr = \n")
    return refused("with broken.toml")


@case
def file_without_entries():
    """A list holds no names."""
    Path("list.json").write_text("[1, 2]")
    return refused("with list.json")


@case
def file_with_code():
    """Code in a file is never executed."""
    Path("code.json").write_text('{"lr": {"py/object": "os.system"}}')
    return refused("with code.json")


@case
def masked_entry():
    """A stored secret must be supplied."""
    ex = Experiment("secretive", ghost=True)
    ex.add_config(api_key="")
    ex.main(lambda api_key: None)
    run_cli(ex, "save_config with api_key=hunter2 config_filename=saved.json")
    return refused("with saved.json", ex)


@case
def name_that_no_path_can_hold():
    """A dot in a name."""
    ex = Experiment("dotted", ghost=True)
    ex.add_config({"a": {"b.c": 1}})
    ex.main(lambda: None)
    ex.run()


@case
def writing_into_the_config():
    """Config is read-only."""
    ex = trained()
    ex.resolve()["net"]["depth"] = 3


@case
def too_few_entries_for_the_command():
    """A parameter of the command itself has no value."""
    return refused("build")


# --------------------------------------------------------------------------------------------------- definitions


@case
def config_function_with_return():
    """It returns."""

    @trained().config
    def config():
        return {"lr": 1}


@case
def config_function_with_star_args():
    """It takes any arguments."""

    @trained().config
    def config(*args):
        lr = 1


@case
def config_function_with_defaults():
    """It has defaults."""

    @trained().config
    def config(lr=1):
        rate = lr


@case
def config_function_that_is_async():
    """It is async."""

    @trained().config
    async def config():
        lr = 1


@case
def config_function_without_source():
    """Its source cannot be read."""
    space = {}
    exec("def config():\n    a = 1\n", space)
    trained().config(space["config"])


@case
def config_function_that_is_none():
    """It is a number."""
    trained().config(3)


@case
def config_function_with_an_unknown_parameter():
    """It asks for what comes later."""
    ex = trained()

    @ex.config
    def more(later):
        total = later + 1

    ex.run()


@case
def config_function_that_changes_an_ingredient():
    """It assigns into an ingredient."""
    ex = trained()

    @ex.config
    def more(data):
        data["size"] = 5

    ex.run()


@case
def config_hook_with_other_parameters():
    """It takes something else."""
    trained().config_hook(lambda config: None)


@case
def option_hook_without_options():
    """It takes something else."""
    trained().option_hook(lambda settings: None)


@case
def named_config_twice():
    """The name is taken."""
    trained().add_named_config("fast", lr=3)


@case
def add_config_of_nothing():
    """Nothing is given."""
    trained().add_config()


@case
def config_class_that_is_none():
    """A dict is given."""
    expframe.configclass({"lr": 0.1})


@case
def config_class_of_another_make():
    """A named tuple has fields of its own."""
    expframe.configclass(namedtuple("Point", "x y"))


@case
def config_class_without_fields():
    """Nothing is annotated."""

    class Config:
        lr = 0.1

    trained().config(Config)


@dataclass(frozen=True)
class Resnet:
    """Some model."""

    depth: int = 18


@dataclass(frozen=True)
class Vit:
    """Some model with conditions."""

    patch: int
    heads: int = 4

    def __post_init__(self):
        if self.heads < 1:
            raise ValueError("heads must be positive")


def chosen():
    """Return an experiment with a choice between two models."""
    ex = Experiment("test", ghost=True)

    @ex.config
    class Config:
        model: Resnet | Vit = Resnet()

    ex.main(lambda model: model)
    return ex


@case
def choice_that_is_not_there():
    """A choice that is nearly one."""
    return refused("with model=vitt", chosen())


@case
def name_at_any_depth_that_is_nowhere():
    """A name is meant wherever it is, and is nowhere."""
    return refused("with ...dept=3", chosen())


@case
def name_at_any_depth_like_no_other():
    """A name is meant wherever it is, and nothing is like it."""
    return refused("with ...zzz=3", chosen())


@case
def name_at_any_depth_with_several_values():
    """A sweep is over entries, not over a name."""
    return refused("sweep with ...depth=1,2", chosen())


@case
def help_of_a_choice_that_is_not_there():
    """Help is asked for a choice that is nearly one."""
    return refused("help model=vitt", chosen())


@case
def help_of_an_entry_that_is_no_choice():
    """Help is asked for a value of an entry."""
    return refused("help model.depth=3", chosen())


@case
def help_of_an_unknown_entry():
    """Help is asked for what is nearly an entry."""
    return refused("help model.dept", chosen())


@case
def field_of_another_choice():
    """A field that another class has."""
    return refused("with model.patch=3", chosen())


@case
def field_without_a_value():
    """A class is chosen that needs a value."""
    return refused("with model=vit", chosen())


@case
def values_that_a_class_refuses():
    """What a class does not take."""
    return refused("with model=vit model.patch=3 model.heads=0", chosen())


@case
def field_of_another_type():
    """A field of a class is no text."""
    return refused("with model.depth=many", chosen())


@case
def choice_of_nothing():
    """No alternatives."""
    expframe.Choice()


@case
def choice_of_two_of_one_name():
    """Two alternatives are called alike."""
    expframe.Choice(Resnet, resnet="package.nets:Net")


@case
def choice_of_a_text_that_names_nothing():
    """A text is no place."""
    expframe.Choice(net="nets.Net")


@case
def add_config_of_another_kind():
    """A list is given."""
    trained().add_config([1])


@case
def entries_with_prefix():
    """Both say where entries are."""
    trained().capture(lambda lr: lr, prefix="net", entries=["lr"])


@case
def entries_of_another_function():
    """There is no such parameter."""
    trained().capture(lambda lr: lr, entries=["net.depth"])


@case
def cli_option_that_is_taken():
    """The flag is there already."""
    trained().cli_option("-d", "--deep")(print)


@case
def cli_option_without_a_long_spelling():
    """A letter alone."""
    trained().cli_option("-x")


@case
def two_ingredients_with_one_path():
    """Both are called data."""
    ex = Experiment("double", ingredients=[Ingredient("data"), Ingredient("data")], ghost=True)
    ex.main(lambda: None)
    return refused("", ex)


def swappable():
    """Return an experiment with a slot, a function of the alternative that is not chosen, and the Choice."""
    resnet, vit = Ingredient("resnet"), Ingredient("vit")
    resnet.add_config(width=64)
    vit.add_config(patch=16)

    @resnet.capture
    def build(width):
        return width

    @vit.capture
    def attend(patch):
        return patch

    model = Choice(resnet, vit)
    return Experiment("swappable", ingredients={"model": model}, ghost=True), attend, model


@case
def function_of_what_is_not_chosen():
    """A captured function of another alternative is called."""
    ex, attend, _ = swappable()
    ex.main(lambda: attend())
    ex.run("<lambda>")


@case
def function_that_the_chosen_has_not():
    """A Choice is asked for a function that the chosen ingredient has not."""
    ex, _, model = swappable()
    ex.main(lambda: model.make())
    ex.run("<lambda>")


@case
def function_of_a_choice_outside_of_runs():
    """A Choice is asked for a function where no run is active."""
    swappable()[2].build()


@case
def field_of_an_ingredient_that_is_not_chosen():
    """An entry of another alternative is given."""
    swappable()[0].resolve("model.patch=8")


@case
def no_such_choice_of_a_slot():
    """An alternative is chosen that is not there."""
    swappable()[0].resolve("model=vitt")


@case
def hook_that_chooses():
    """A config hook changes what is chosen."""
    ex = swappable()[0]
    ex.config_hook(lambda config, command_name, logger: {"model": "vit"})
    ex.resolve()


@case
def ingredient_in_two_slots():
    """One ingredient is in two slots."""
    net = Ingredient("net")
    Experiment("two", ingredients={"encoder": net, "decoder": net}, ghost=True).resolve()


@case
def ingredient_that_is_none():
    """A name stands among the ingredients."""
    Experiment("list", ingredients=["net"])


@case
def capture_without_a_signature():
    """A function of C says nothing of its parameters."""
    Experiment("c").capture(max)


@case
def command_that_is_no_name():
    """A command is asked for by its function."""
    ex = trained()
    ex.run(ex.main(lambda: None))


@case
def override_that_is_no_text():
    """A dict stands where words are expected."""
    trained().resolve({"lr": 1})


@case
def config_updates_that_are_a_list():
    """Words stand where a dict is expected."""
    trained().resolve(config_updates=["lr=1"])


@case
def choice_without_a_slot():
    """A Choice is in a list."""
    Experiment("list", ingredients=[Choice(Ingredient("net"))])


@case
def cycle_of_ingredients():
    """They contain each other."""
    one = Ingredient("one")
    two = Ingredient("two", ingredients=[one])
    one.ingredients.append(two)
    ex = Experiment("round", ingredients=[two], ghost=True)
    ex.main(lambda: None)
    return refused("", ex)


@case
def missing_source_file():
    """There is no such file."""
    trained().add_source_file("missing.py")


@case
def ingredient_without_a_path():
    """The path is empty."""
    Ingredient("")


# --------------------------------------------------------------------------------------------------- in functions


@case
def missing_argument():
    """A captured function lacks a value."""
    ex = trained()

    @ex.capture(prefix="net")
    def grow(depth, height):
        return depth

    @ex.command
    def start():
        grow()

    ex.run("start")


@case
def missing_argument_outside_a_run():
    """No run is active."""
    trained().capture(lambda lr, other: lr)()


@case
def two_entries_equally_near():
    """Two groups have the name."""
    ex = Experiment("deep", ghost=True, max_depth=2)
    ex.add_config(one={"size": 1}, two={"size": 2})

    @ex.main
    def main(size):
        return size

    ex.run()


@case
def unrelated_runs():
    """A thread cannot tell which run it belongs to."""
    ex = trained()
    problems, inside, leave = [], threading.Semaphore(0), threading.Event()

    @ex.command
    def wait():
        inside.release()
        leave.wait(120)

    threads = [threading.Thread(target=lambda: ex.run("wait")) for _ in range(2)]
    for thread in threads:
        thread.start()
    for _ in threads:
        inside.acquire()

    def ask():
        try:
            current_run()
        except ExpframeError as problem:
            problems.append(problem)

    asking = threading.Thread(target=ask)
    asking.start()
    asking.join()
    leave.set()
    for thread in threads:
        thread.join()
    raise problems[0]


@case
def metric_of_text():
    """A metric is no text."""
    in_a_run(lambda run: run.log_scalar("loss", "low"))


@case
def metric_name_of_two_lines():
    """A name is one line."""
    in_a_run(lambda run: run.log_scalar("a\nb", 1))


@case
def metrics_that_are_no_dict():
    """A list has no names."""
    in_a_run(lambda run: run.log_scalars([1, 2]))


@case
def steps_and_values_of_two_lengths():
    """There are fewer steps than values."""
    in_a_run(lambda run: run.log_scalars({"loss": [1.0, 2.0]}, [1]))


@case
def escaping_path():
    """The name climbs."""
    in_a_run(lambda run: run.path("..", "config.json"))


@case
def escaping_artifact():
    """The name is absolute."""
    Path("note.txt").write_text("")
    in_a_run(lambda run: run.add_artifact("note.txt", name="/etc/note.txt"))


@case
def missing_artifact():
    """There is no such file."""
    in_a_run(lambda run: run.add_artifact("nothing.txt"))


@case
def binding_a_local_function():
    """Another process cannot find it."""
    import pickle

    in_a_run(lambda run: pickle.dumps(run.bind(lambda: None)))


def in_a_run(work):
    """Do something in a run."""
    ex = Experiment("working", ghost=True)
    ex.main(lambda _run: work(_run))
    ex.run()


# --------------------------------------------------------------------------------------------------------- stores


def storing():
    """Return an experiment that keeps its runs in `runs`."""
    ex = Experiment("storing", store="runs")
    ex.main(lambda: None)
    return ex


@case
def store_in_the_place_of_a_file():
    """The store is a file."""
    Path("runs").write_text("")
    storing().run()


@case
def store_that_is_not_writable():
    """The folder belongs to somebody else."""
    Path("runs").mkdir(mode=0o555)
    code = (
        "import contextlib, os; from expframe import Experiment\n"
        "ex = Experiment('storing', store='runs'); ex.main(lambda: None)\n"
        "ex.run(options={'unobserved': True})\n"
        "from expframe.errors import StoreUnusableError\n"
        "if os.getuid() == 0:\n"
        "    for each in '..', '.': os.chmod(each, os.stat(each).st_mode | 0o555)\n"
        "    os.setuid(65534)\n"
        "try: ex.run()\n"
        "except StoreUnusableError as problem: print(f'StoreUnusableError: {problem}')\n"
    )
    root = str(Path(expframe.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": root}, capture_output=True, text=True
    )
    return done.stdout


@case
def run_that_exists():
    """The id is taken."""
    storing().run(options={"id": "first"})
    storing().run(options={"id": "first"})


@case
def id_that_is_no_name():
    """The id climbs."""
    storing().run(options={"id": "../first"})


@case
def run_that_is_not_there():
    """There is no such run."""
    storing().run()
    expframe.runs("runs")[7]


@case
def run_by_its_place():
    """Runs are no list."""
    storing().run()
    expframe.runs("runs")[-1]


@case
def folder_of_runs_below_a_folder_that_was_removed():
    """The working directory has gone."""
    Path("gone").mkdir()
    os.chdir("gone")
    Path("../gone").rmdir()
    storing().run()


@case
def an_unknown_field_in_a_filter():
    """Filter runs by something that no run has."""
    storing().run()
    list(expframe.runs("runs").where("config.sed < 10"))


@case
def a_malformed_filter():
    """Compare with a single equals sign."""
    expframe.runs("runs").where("status = 'FAILED'")


@case
def a_text_without_quotes_in_a_filter():
    """Compare with a word that is no text."""
    storing().run()
    list(expframe.runs("runs").where("status == FAILED"))


@case
def a_beginning_of_several_uids():
    """Ask for a run by a beginning of its uid that others have too."""
    for name in ("a", "b"):
        storing().run(options={"id": name})
        path = Path("runs", name, "run.json")
        path.write_text(json.dumps({**json.loads(path.read_text()), "uid": f"feed{name}"}))
    expframe.runs("runs")["feed"]


@case
def record_that_is_torn():
    """Half of it is missing."""
    run = storing().run()
    (run.folder / "run.json").write_text('{"uid": ')
    expframe.runs("runs")[1].record


@case
def library_that_is_not_installed():
    """SQLAlchemy is optional."""
    from unittest import mock

    from expframe.compat.sacred.observers.sql import SqlObserver

    with mock.patch.dict(sys.modules, {"sqlalchemy": None, "sqlalchemy.orm": None}):
        SqlObserver("sqlite://")


@case
def not_clean_without_a_repository():
    """Nothing is under version control."""
    ex = Experiment("cleanly", project_dir=".", ghost=True)
    ex.main(lambda: None)
    return refused("-e", ex)


@case
def not_clean():
    """A file has changed."""
    for words in (["init", "-q"], ["add", "a.py"], ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "a"]):
        Path("a.py").write_text("1\n")
        subprocess.run(["git", *words], check=True)
    Path("a.py").write_text("2\n")
    ex = Experiment("cleanly", project_dir=".", ghost=True)
    ex.main(lambda: None)
    return refused("-e", ex)


@case
def failed_tasks():
    """Two of three tasks fail, and one is left."""
    ex = Experiment("tasks", ghost=True)

    @ex.command
    def divide(x):
        return 1 / x

    for x in (1, 0, 2):
        ex.queue("divide", kwargs={"x": x})
    ex.run_queue(on_error="stop")


@case
def wrong_way_of_going_on():
    """A queue can go on or stop."""
    Experiment("tasks", ghost=True).run_queue(on_error="ignore")


def described(text):
    """Read a file that describes an experiment."""
    Path("experiment.yaml").write_text(text)
    Experiment.from_file("experiment.yaml")


@case
def unknown_entry_of_an_experiment_file():
    """A mistyped entry."""
    described("sotre: runs")


@case
def wrong_entry_of_an_experiment_file():
    """An entry of another type."""
    described("ghost: 1")


@case
def wrong_task_of_an_experiment_file():
    """A mistyped part of a task."""
    described("queue: [train, {comand: train}]")


@case
def unknown_observer_of_an_experiment_file():
    """A mistyped observer."""
    described("observers: [memoro]")


@case
def wrong_argument_of_an_observer():
    """An observer is given what it does not take."""
    described("observers: {memory: {size: 3}}")


@case
def no_folder_to_load_from():
    """An experiment without load_dir is asked for a file in it."""
    Experiment("bare").load_path("data.csv")


@case
def call_of_a_closed_run():
    """A run that is closed is called."""
    ex = Experiment("closed", ghost=True)
    ex.main(lambda: None)
    run = ex.create()
    run.close()
    run()


@case
def child_of_a_run_that_has_ended():
    """A child is started too late."""
    ex = Experiment("ended", ghost=True)
    ex.main(lambda: None)
    ex.run().child()


@case
def queued_start():
    """A run that is opened now is to be queued."""
    Experiment("queued", ghost=True).start(options={"queue": True})


def failed():
    """Return an experiment whose first run failed."""
    ex = Experiment("failed")
    ex.add_config(lr=0.1)

    @ex.main
    def main(_run):
        if _run.attempt == 1 and "fails" in _run.tags:
            raise ValueError

    with contextlib.suppress(ValueError):
        ex.run(tags=["fails"])
    return ex


@case
def resumed_with_another_config():
    """A run is resumed with a value that it does not have."""
    failed().run(config_updates={"lr": 0.5}, options={"resume": "1"})


@case
def resumed_though_completed():
    """A run that is done is resumed."""
    ex = failed()
    ex.run()
    ex.run(options={"resume": "last"})


@case
def resumed_by_another_experiment():
    """A run of another experiment is resumed."""
    failed()
    ex = Experiment("another")
    ex.main(lambda: None)
    ex.run(options={"resume": "1"})


@case
def resumed_under_another_id():
    """A run that has its id is to be called otherwise."""
    failed().run(options={"resume": "1", "id": "name"})


@case
def resumed_where_there_is_none():
    """The last run is resumed where there is none."""
    ex = Experiment("empty")
    ex.main(lambda: None)
    ex.run(options={"resume": "last"})


@case
def resumed_while_it_runs():
    """A run that goes on in this process is resumed."""
    ex = Experiment("running")
    ex.main(lambda: ex.run(options={"resume": "1"}))
    ex.run()


@case
def needed_with_arguments():
    """Whether a run is needed is asked of one with arguments."""
    failed().run(args=(1,), needed=True)


@case
def needed_in_another_sense():
    """A run is needed in a sense that there is not."""
    failed().run(needed="code")


@case
def rerun_without_a_script():
    """A run without a script is to be done again as one."""
    failed().run()
    path = Path("runs/2/run.json")
    path.write_text(json.dumps({**json.loads(path.read_bytes()), "main": None}))
    expframe.rerun(expframe.runs()[2])


@case
def rerun_without_sources():
    """A run is to be done again whose sources are gone."""
    failed().run()
    shutil.rmtree("runs/_sources")
    path = Path("runs/2/run.json")
    path.write_text(json.dumps({**json.loads(path.read_bytes()), "main": "a.py", "sources": [["a.py", "0.py"]]}))
    expframe.rerun(expframe.runs()[2])


def checkpointing(*args, **how):
    """Make a checkpoint in a run."""
    ex = Experiment("keeping", ghost=True)
    ex.main(lambda _run: _run.checkpoint(*args, **how))
    return ex.run()


@case
def checkpoint_without_a_step():
    """A checkpoint's step is no number."""
    checkpointing("first", model=1)


@case
def checkpoint_of_one_object():
    """A checkpoint is made of an object without a name."""
    checkpointing(1, [1, 2])


@case
def checkpoint_that_is_not_kept():
    """No checkpoint is to be kept."""
    checkpointing(1, keep=0, model=1)


@case
def checkpoint_of_what_cannot_be_kept():
    """An object cannot be written."""
    checkpointing(1, lock=threading.Lock())


@case
def object_that_a_checkpoint_lacks():
    """An object is asked for that is not in a checkpoint."""
    ex = Experiment("lacking", ghost=True)
    ex.main(lambda _run: _run.checkpoint(1, model=1)["optimizer"])
    ex.run()


# ------------------------------------------------------------------------------------------------------ the tests


@case
def a_frame_of_another_library():
    """Ask for columns as a frame of what is none of the two libraries."""
    from expframe.record.dataframes import frame_of

    frame_of({"loss": [1.0]}, "modin")


@case
def a_sweep_that_has_not_begun():
    """A sweep is asked for its runs before it has any."""
    from expframe.experiment.sweep import Sweep
    from expframe.store.sweeps.plan import Plan

    return Sweep(trained(), Plan()).runs


def wider(*words, plan=("lr=0.1,0.2",), **asked):
    """Make a sweep wider by words, or other than it was planned."""
    from expframe.config.options import Options
    from expframe.sweep.judge import Judge, judge
    from expframe.sweep.request import SweepRequest
    from expframe.sweep.widening import widened

    ex = trained()
    by = Judge(ex, ex.prepare, None, Options())
    widened(judge(SweepRequest(plan), by).plan, SweepRequest(words, **asked), by, "40")


@case
def a_sweep_that_goes_on_narrower():
    """A sweep goes on with a value less."""
    wider("lr=0.2,0.3")


@case
def a_sweep_that_goes_on_with_another_entry():
    """A sweep goes on with an axis that it had not."""
    wider("epochs=1,2")


@case
def a_sweep_that_goes_on_with_another_fixed_value():
    """A sweep goes on with another value of an entry that is fixed in it."""
    wider("epochs=2", plan=("lr=0.1,0.2", "epochs=1"))


@case
def a_sweep_that_goes_on_with_seeds_that_it_had_not():
    """A sweep with one run of each configuration is given seeds."""
    wider(seeds=3)


@case
def a_sweep_with_a_trial_that_nobody_has_told_of():
    """A sweep is run while somebody has a trial of it."""
    from expframe.config.options import Options
    from expframe.experiment.sweep import Sweep
    from expframe.store.sweeps.axes import Choices
    from expframe.store.sweeps.plan import Plan

    with tempfile.TemporaryDirectory() as folder:
        ex = Experiment("asked", store=folder)
        ex.add_config(lr=0.1)
        ex.main(lambda lr: lr)
        sweep = Sweep(ex, Plan(axes=(Choices(("lr",), (("0.1",), ("0.2",))),)), Options(file_storage=folder))
        trial = sweep.ask()
        try:
            sweep.run()
        finally:
            sweep.tell(trial, 1.0)  # so that nobody has it


@case
def work_where_no_script_is_known():
    """A worker is to go on with a sweep whose trials were asked for in a session."""
    from expframe.store.sweeps.plan import Start
    from expframe.sweep.script import run_as_main

    run_as_main(Start(), print)


@case
def work_without_its_script():
    """A worker finds no script where the sweep was started."""
    from expframe.store.sweeps.plan import Start
    from expframe.sweep.script import run_as_main

    run_as_main(Start(script="gone.py"), print)


@case
def a_script_without_the_experiment_of_a_sweep():
    """A worker comes to another experiment first, and there is none of the name that it looks for."""
    from expframe.store.sweeps.plan import Start
    from expframe.sweep.script import run_as_main

    script = Path("two.py")
    script.write_text("from expframe import Experiment\nex = Experiment('first')\nex.run_commandline()\n")
    run_as_main(Start(script=str(script.absolute()), folder=str(Path.cwd()), experiment="second"), print)


@case
def an_option_of_a_script_for_its_sweep():
    """Trials are not given what the user has added to the command line."""
    ex = trained()
    ex.cli_option("-x", "--extra")(lambda value, run: None)
    return refused("sweep with lr=0.1,0.2 --extra=3", ex)


@case
def an_entry_that_sacred_does_not_know_in_a_sweep():
    """A sweep of a script of Sacred's is judged by Sacred's rules."""
    from expframe.compat.sacred import Experiment as SacredExperiment
    from expframe.config.request import Override, Request

    ex = SacredExperiment("old", save_git_info=False)
    ex.main(lambda lr: lr)
    _, prepare = ex.to_worker()
    prepare(Request(None, (Override.parse("lr=1"), Override.parse("lrr=3"))))


@case
def a_sweep_whose_copy_is_gone():
    """The trials of a sweep run from a copy of its sources, and somebody has deleted it."""
    from expframe.store.sweeps.plan import Plan
    from expframe.sweep.sweep_run import SweepRun

    return SweepRun(Path("runs/40"), Plan(stash=True), None).stash


@case
def a_launcher_that_is_not_there():
    """A launcher is misspelt, or not installed."""
    from expframe.store.sweeps.plan import Start
    from expframe.sweep.launches import found_launcher

    found_launcher(["torchrum", "--standalone"], Start())


@case
def a_trial_asked_for_one_by_one_of_a_sweep_with_a_copy():
    """Trials that somebody does by himself run from no copy."""
    from expframe.experiment.sweep import Sweep
    from expframe.store.sweeps.plan import Plan

    Sweep(trained(), Plan(stash=True)).ask()


@case
def a_word_of_a_sweep_has_an_empty_value():
    """What is between commas of a sweep's word is a value."""
    from expframe.sweep import words
    from expframe.sweep.entries import Unswept

    words.read(["lr=0.1,"], Unswept(lambda path: 0.1))


@case
def workers_on_an_unknown_place():
    """No package brings what `--on` names."""
    from expframe.cli.sweeps.start import start_sweep
    from expframe.store.sweeps.plan import Plan
    from expframe.sweep.settings import SweepAsked

    start_sweep(trained(), Plan(), SweepAsked(on="slrum"))


@case
def detached_workers_of_an_executor():
    """Tasks of Dask's and Ray's end with who starts them."""
    from expframe.cli.sweeps.start import start_sweep
    from expframe.store.sweeps.plan import Plan
    from expframe.sweep.settings import SweepAsked

    start_sweep(trained(), Plan(), SweepAsked(on="ray", detach=True))


@case
def standard_output_on_a_full_disk():
    """What is printed does not fit."""
    from expframe.cli.standard_streams import put

    with io.TextIOWrapper(io.FileIO("/dev/full", "w"), write_through=True) as full, contextlib.redirect_stdout(full):
        put("runs\n")


@case
def words_for_slurm_without_slurm():
    """What sbatch is told is for workers on Slurm."""
    from expframe.cli.sweeps.start import start_sweep
    from expframe.store.sweeps.plan import Plan
    from expframe.sweep.settings import SweepAsked

    start_sweep(trained(), Plan(), SweepAsked(slurm=("partition=gpu",)))


@case
def a_word_for_slurm_without_a_name():
    """A word for sbatch has a name."""
    from expframe.sweep.slurm import parameters

    parameters(["=gpu"])


@case
def workers_without_their_library():
    """Where submitit is not installed it is said how it is."""
    from expframe.sweep.slurm import submitit_for

    submitit = sys.modules.get("submitit")
    sys.modules["submitit"] = None
    try:
        submitit_for(None)
    finally:
        del sys.modules["submitit"]
        if submitit is not None:
            sys.modules["submitit"] = submitit


@case
def a_page_asked_for_a_word():
    """A page is asked for what it can show."""
    from expframe.page.question import Question

    Question([("limit", "many")]).whole("limit", 100, most=1000)


def said(name, folder):
    """Return what a case says, without what differs from machine to machine."""
    try:
        text = CASES[name]()
    except ExpframeError as problem:
        text = f"{type(problem).__name__}: {problem}"
    assert text, name
    for path in sorted({str(folder), os.path.realpath(folder)}, key=len, reverse=True):
        text = text.replace(path, "DIR")
    text = re.sub(r"(test_messages\.py):\d+", r"\1:LINE", text)
    text = re.sub(r"\S+expframe-\w+", "SCRATCH", text).replace("__main__:", f"{Path(__file__).stem}:")
    return text.rstrip("\n")


def write_messages():
    """Write what every case says."""
    found = {}
    for name in CASES:
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            found[name] = said(name, folder)
            os.chdir(MESSAGES.parent)
    MESSAGES.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")


@pytest.mark.parametrize("name", CASES)
def test_says(name, tmp_path):
    """The error says what messages.json holds."""
    expected = json.loads(MESSAGES.read_text())[name]

    assert expected == said(name, tmp_path)
    assert context.active() == ()


def test_every_message_is_provoked():
    """messages.json holds the texts of these cases and no others."""
    assert sorted(CASES) == sorted(json.loads(MESSAGES.read_text()))


def test_every_error_has_a_text():
    """Each class of errors that is raised by itself has its text here."""
    shown = "\n".join(json.loads(MESSAGES.read_text()).values())
    bases = {"ExpframeError", "ConfigError", "InjectionError", "RunError", "StoreError", "UsageError"}
    internal = set()
    for name, kind in vars(errors).items():
        if isinstance(kind, type) and issubclass(kind, ExpframeError) and not name.startswith("_"):
            assert name in bases | internal or f"{name}: " in shown, name


def test_fields_make_the_text():
    """An error holds its data in fields, takes them by name or place, and is pickled with them."""
    import pickle

    first = errors.RunExistsError("7", "runs")

    assert str(first) == str(errors.RunExistsError(id="7", store="runs")) == str(pickle.loads(pickle.dumps(first)))
    with pytest.raises(TypeError, match="needs 'store'"):
        errors.RunExistsError("7")
    with pytest.raises(TypeError, match="no fields"):
        errors.RunExistsError("7", "runs", other=1)


def test_a_copy_may_be_changed():
    """What the read-only error advises works."""
    net = thaw(trained().resolve()["net"])
    net["depth"] = 3

    assert {"depth": 3, "width": 3} == net


if __name__ == "__main__":
    write_messages()
