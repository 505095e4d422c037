"""Sacred's Experiment and Ingredient, the config process, captured functions, hooks and seeds."""

import concurrent.futures
import copy
import datetime
import logging
import pickle
import random
import sys
import threading

import numpy as np
import pytest

from expframe.compat.sacred import SETTINGS, Experiment, Ingredient
from expframe.compat.sacred._own.exceptions import (
    CircularDependencyError,
    ConfigAddedError,
    InvalidConfigError,
    MissingConfigError,
    NamedConfigNotFoundError,
    SacredError,
    SignatureError,
)
from expframe.compat.sacred.config import ConfigScope, create_captured_function
from expframe.compat.sacred.config.config_summary import ConfigSummary
from expframe.compat.sacred.config.signature import Signature
from expframe.compat.sacred.initialize import (
    create_scaffolding,
    distribute_config_updates,
    distribute_presets,
    gather_ingredients_topological,
    get_configuration,
    get_scaffolding_and_config_name,
)
from expframe.compat.sacred.randomness import SEEDRANGE, SeedsInTurn, create_rnd, get_seed, set_global_seed
from expframe.process.seeds import generators


@pytest.fixture
def ex():
    """Return a new experiment."""
    return Experiment("ator3000")


@pytest.fixture(autouse=True)
def quiet_root():
    """Leave the root logger and the settings as they were."""
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    settings = copy.deepcopy(SETTINGS)
    yield
    root.setLevel(level)
    root.handlers[:] = handlers
    for name, value in settings.items():
        SETTINGS[name] = value


# -------------------------------------------------------------------------------------------------------- construction


def test_an_ingredient_knows_its_module():
    """Doc, main file and sources are those of the module that makes it, also through a subclass elsewhere."""
    ing = Ingredient("some.path")

    assert __doc__ == ing.doc
    assert __file__ == ing.mainfile.filename
    assert __file__ in ing.sources
    assert "numpy" in {dependency.name for dependency in ing.dependencies}

    class Mine(Experiment):
        def __init__(self, name):
            super().__init__(name)

    assert __file__ == Mine("x").mainfile.filename


def test_a_name_or_a_file_is_needed():
    """Without a file an experiment must be interactive and have a name."""
    names = {"Experiment": Experiment, "Ingredient": Ingredient, "__name__": "nowhere"}

    with pytest.raises(RuntimeError, match="No main-file found"):
        eval("Experiment()", dict(names))
    with pytest.raises(RuntimeError, match="name is required in interactive mode"):
        eval("Experiment(interactive=True)", dict(names))
    with pytest.raises(RuntimeError, match="Defining an experiment in interactive mode!"):
        eval("Ingredient('x')", dict(names))
    assert eval("Experiment('x', interactive=True)", dict(names)).mainfile is None
    assert eval("Experiment('x', interactive=True)", {**names, "__file__": "<stdin>"}).mainfile is None
    assert "test_sacred_experiment" == Experiment().path


def test_adders_take_one_thing(ex, tmp_path):
    """A dict, a file name or keywords; anything else is an error."""
    (tmp_path / "c.json").write_text('{"f": 1}')
    ex.add_config({"a": 1})
    ex.add_config(b=2)
    ex.add_config(str(tmp_path / "c.json"))
    ex.add_named_config("n", {"a": 5})
    ex.main(lambda a, b, f: (a, b, f))

    assert (5, 2, 1) == ex.run(named_configs=["n"]).result
    for error, text, arguments in [
        (ValueError, "cannot combine keyword config with positional argument", (({},), {"a": 1})),
        (ValueError, "attempted to add empty config", ((), {})),
        (OSError, "File not found", (("nowhere.json",), {})),
        (TypeError, "Invalid argument type <class 'pathlib", ((tmp_path,), {})),
    ]:
        with pytest.raises(error, match=text):
            ex.add_config(*arguments[0], **arguments[1])
    with pytest.raises(KeyError, match='Configuration name "n" already in use!'):
        ex.add_named_config("n", a=1)
    with pytest.raises(ValueError, match='Invalid Version: "abc"'):
        ex.add_package_dependency("p", "abc")
    with pytest.raises(ValueError, match="nowhere"):
        ex.add_source_file("nowhere.py")


def test_decorators_work_in_each_form(ex):
    """Bare, with empty parentheses, and with keywords; a function is captured once."""

    def raw(a):
        return a

    captured = ex.capture(raw)

    assert captured is ex.capture(raw) is ex.capture(captured)
    assert "p.q" == ex.capture(prefix="p.q")(lambda a: a).prefix
    assert ex.command()(raw) is captured
    assert ex.commands["raw"] is captured
    assert ex.command(unobserved=True)(lambda: 1).unobserved
    assert "x" == ex.pre_run_hook(prefix="x")(lambda a: a).prefix
    assert isinstance(ex.config(_config_of_a), ConfigScope)
    assert isinstance(ex.named_config(_config_of_a), ConfigScope)


def _config_of_a():
    a = 1


def test_hooks_are_checked(ex):
    """Config hooks have three parameters, option hooks have `options`."""
    for wrong in (lambda config: 1, lambda config, command_name, logger=None: 1, lambda *config: 1):
        with pytest.raises(ValueError, match="Wrong signature for config_hook"):
            ex.config_hook(wrong)
    with pytest.raises(KeyError, match="must have an argument called 'options', but got"):
        ex.option_hook(lambda opts: 1)


def test_automain_runs_only_the_script(ex):
    """Importing the module runs nothing."""
    called = []

    @ex.automain
    def main():
        called.append(1)

    assert [] == called
    assert "main" == ex.default_command


def test_circles_and_twins_are_refused(ex):
    """An ingredient that contains itself is an error that names the chain; so are two of one path."""
    ing = Ingredient("ing", ingredients=[ex])
    ex.ingredients = [ing]
    with pytest.raises(CircularDependencyError, match="ator3000->ing->ator3000"):
        list(ex.traverse_ingredients())
    with pytest.raises(CircularDependencyError):
        ex.get_experiment_info()

    other = Experiment("other", ingredients=[Ingredient("a"), Ingredient("a")])
    other.main(lambda: 1)
    with pytest.raises(ValueError, match="The pathes of the ingredients are not unique"):
        other.run()


def test_an_abandoned_traversal_harms_nothing(ex):
    """A generator that is given up half-way leaves no mark."""
    ex.ingredients = [Ingredient("a")]
    next(iter(ex.traverse_ingredients()))

    assert ["ator3000", "a"] == [found.path for found, _ in ex.traverse_ingredients()]


def test_names_are_gathered_with_their_paths(ex):
    """Commands and named configs of ingredients have the ingredient's path before their name."""
    inner = Ingredient("inner.most")
    inner.command(_command)
    inner.add_named_config("small", a=1)
    ex.ingredients = [Ingredient("other", ingredients=[inner])]
    ex.command(_command)
    ex.add_named_config("big", a=2)

    built_in = ["print_config", "print_dependencies", "save_config", "print_named_configs"]
    assert [*built_in, "_command", "inner.most._command"] == [name for name, _ in ex.gather_commands()]
    assert ["big", "inner.most.small"] == [name for name, _ in ex.gather_named_configs()]


def _command():
    return 12


def test_an_experiment_can_be_an_ingredient():
    """Its commands then have its path."""
    inner = Experiment("inner")
    inner.command(_command)
    outer = Experiment("outer", ingredients=[inner])

    assert 12 == outer.run("inner._command").result


# ------------------------------------------------------------------------------------------------------------- running


def test_unknown_commands_are_refused(ex):
    """The error names the command, and the ingredient where it was looked for."""
    ex.ingredients = [Ingredient("ing")]
    with pytest.raises(RuntimeError, match="No command found to be run"):
        ex.run()
    with pytest.raises(KeyError, match='Command "nope" not found'):
        ex.run("nope")
    with pytest.raises(KeyError, match='Command "x" not found in ingredient "ing"'):
        ex.run("ing.x")
    with pytest.raises(KeyError, match=r'Ingredient for command "a.b" not found.'):
        ex.run("a.b")


def test_a_run_says_how_it_was_asked_for(ex):
    """`meta_info` has command, options, named configs and updates; `info` begins with what is given."""
    ex.add_config(a=1)
    ex.add_named_config("n", a=2)
    ex.main(lambda a: a)
    updates = {"a": 3}

    run = ex.run(
        config_updates=updates,
        named_configs=["n"],
        info={"k": 1},
        meta_info={"more": 2},
        options={"--comment": "hello", "--name": "other"},
    )

    meta = run.meta_info
    assert ("main" if "main" in ex.commands else "<lambda>", ["n"], 2, "hello") == (
        meta["command"],
        meta["named_configs"],
        meta["more"],
        meta["comment"],
    )
    assert updates is meta["config_updates"]
    assert ("hello", False) == (meta["options"]["--comment"], meta["options"]["--force"])
    assert ({"k": 1}, "other", 3) == (run.info, run.experiment_info["name"], run.result)
    assert "config_updates" not in ex.run().meta_info
    assert run is not ex.current_run


def test_option_hooks_may_change_options(ex):
    """They are called with the dict of options before the config is decided."""
    ex.main(lambda: 1)

    @ex.option_hook
    def hook(options):
        options["--force"] = True

    assert ex.run(config_updates={"unknown": 3}).force


def test_helpers_need_a_run(ex):
    """Before any run was made they are errors."""
    for call in (lambda: ex.open_resource("x"), lambda: ex.add_resource("x"), lambda: ex.add_artifact("x")):
        with pytest.raises(AssertionError, match=r"Can only be called during a run."):
            call()
    with pytest.raises(AttributeError):
        ex.info["a"] = 1
    with pytest.raises(AttributeError):
        ex.log_scalar("a", 1)


def test_observers_added_by_a_config_take_part(ex):
    """An observer that is appended while the config is decided is told of the same run."""
    from unittest.mock import Mock

    observer = Mock(priority=0, spec_set=["priority", *_EVENTS])
    ex.main(lambda: 1)

    @ex.config_hook
    def hook(config, command_name, logger):
        ex.observers.append(observer)

    ex.run()
    assert observer.started_event.called


_EVENTS = [
    "queued_event",
    "started_event",
    "heartbeat_event",
    "log_metrics",
    "completed_event",
    "interrupted_event",
    "failed_event",
    "resource_event",
    "artifact_event",
    "join",
]


# ------------------------------------------------------------------------------------------------------ configuration


def test_explicit_updates_beat_named_configs_beat_configs(ex):
    """Of named configs the later ones win; dicts merge."""
    ex.add_config(a=1, d={"x": 1, "y": 1}, e={"z": 1})
    ex.add_named_config("A", a=2, d={"x": 2, "y": 2}, e={})
    ex.add_named_config("B", a=3, d={"x": 3})
    ex.main(lambda _config: _config)

    def config(named, **updates):
        found = dict(ex.run(config_updates=updates, named_configs=named).result)
        del found["seed"]
        return found

    assert {"a": 3, "d": {"x": 3, "y": 2}, "e": {"z": 1}} == config(["A", "B"])
    assert {"a": 2, "d": {"x": 2, "y": 2}, "e": {"z": 1}} == config(["B", "A"])
    assert {"a": 9, "d": {"x": 3, "y": 7}, "e": {"z": 1}} == config(["A", "B"], a=9, d={"y": 7})


def test_named_configs_see_earlier_ones_and_no_others(ex):
    """A parameter of a named config names a value of an earlier named one."""

    @ex.named_config
    def first():
        a = 2

    @ex.named_config
    def second(a):
        b = a * 10

    ex.add_config(a=1, b=1)
    ex.main(lambda a, b: (a, b))

    assert (2, 20) == ex.run(named_configs=["first", "second"]).result
    with pytest.raises(KeyError, match="'a' not in preset"):
        ex.run(named_configs=["second"])
    with pytest.raises(NamedConfigNotFoundError, match=r"Available config values are: \('first', 'second'\)"):
        ex.run(named_configs=["third"])
    with pytest.raises(KeyError, match=r'Ingredient for named config "x.third" not found'):
        ex.run(named_configs=["x.third"])


def test_a_named_config_may_address_ingredients_and_be_a_file(ex, tmp_path, monkeypatch):
    """A root named config reaches into ingredients; a file is one."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "given.json").write_text('{"a": 7, "data": {"size": 8}}')
    data = Ingredient("data")
    data.add_config(size=1)
    data.add_named_config("big", size=100)
    data.capture(_size)
    ex.ingredients = [data]
    ex.add_config(a=1)
    ex.add_named_config("root", data={"size": 5})
    ex.main(lambda a, data: (a, data["size"]))

    assert (1, 5) == ex.run(named_configs=["root"]).result
    assert (1, 100) == ex.run(named_configs=["root", "data.big"]).result
    assert (7, 8) == ex.run(named_configs=["given.json"]).result
    assert (1, 3) == ex.run(named_configs=["root"], config_updates={"data.size": 3}).result


def _size(size):
    return size


def test_three_levels_see_what_is_below_them():
    """`_config` has an ingredient's own entries and those of all below: relative where their path is below its own."""
    inner = Ingredient("outer.inner")
    inner.add_config(c=3)
    flat = Ingredient("flat")
    flat.add_config(f=4)
    outer = Ingredient("outer", ingredients=[inner, flat])
    outer.add_config(b=2)
    ex = Experiment("levels", ingredients=[outer])
    ex.add_config(a=1)
    seen = {}
    for name, owner in (("inner", inner), ("flat", flat), ("outer", outer), ("ex", ex)):

        @owner.pre_run_hook
        def look(_config, name=name):
            seen[name] = _config

    ex.main(lambda: 1)
    ex.run(config_updates={"seed": 5})

    assert {
        "inner": {"c": 3},
        "flat": {"f": 4},
        "outer": {"b": 2, "inner": {"c": 3}, "flat": {"f": 4}},
        "ex": {"a": 1, "seed": 5, "outer": {"b": 2, "inner": {"c": 3}}, "flat": {"f": 4}},
    } == seen


def test_scopes_see_direct_ingredients_read_only(ex):
    """A scope names a direct ingredient, cannot change it in place, and is warned when it assigns to it."""
    data = Ingredient("data")
    data.add_config(size=3, d={"k": 1})
    ex.ingredients = [data]

    @ex.config
    def cfg(data, _log):
        double = data["size"] * 2
        data["d"]["k"] = 5
        data = 7

    ex.main(lambda double, data, _log: (double, data["size"], data["d"]["k"]))
    with _logged() as lines:
        assert (6, 3, 1) == ex.run().result
    assert 'Ignored attempt to set value of "data", because it is an ingredient.' in lines


def test_scopes_see_what_is_inside_of_a_direct_ingredient(ex):
    """Below a direct ingredient a scope reads the ingredients inside its path, at any depth; not others."""
    deepest, other = Ingredient("data.paths.cache"), Ingredient("other")
    deepest.add_config(size=1)
    other.add_config(size=2)
    paths = Ingredient("data.paths", [deepest, other])
    paths.add_config(root="/x")
    data = Ingredient("data", [paths])

    @data.config
    def data_config(paths):
        size = paths["cache"]["size"] + 1

    ex.ingredients = [data]

    @ex.config
    def config(data):
        data["paths"]["root"] = "/y"
        seen = dict(data)

    ex.main(lambda seen, data: (seen, data))
    wanted = {"size": 10, "paths": {"root": "/x", "cache": {"size": 9}}}
    assert (wanted, wanted) == ex.run(config_updates={"data.paths.cache.size": 9}).result


class _logged:
    """A block whose log messages are kept."""

    def __enter__(self):
        self.lines = []
        self.handler = logging.Handler()
        self.handler.emit = lambda record: self.lines.append(record.getMessage())
        logging.getLogger().addHandler(self.handler)
        return self.lines

    def __exit__(self, *_):
        logging.getLogger().removeHandler(self.handler)


def test_config_hooks_change_their_own_config_below_updates(ex):
    """What a hook returns is merged; fixed values beat it; scopes of the experiment see an ingredient's hook."""
    data = Ingredient("data")
    data.add_config(size=3)
    ex.ingredients = [data]

    @data.config_hook
    def shrink(config, command_name, logger):
        return {"size": 1, "command": command_name}

    @ex.config
    def cfg(data):
        seen = data["size"]
        a = 1
        b = 1

    @ex.config_hook
    def change(config, command_name, logger):
        config["a"] = config["seen"] + 10
        config["b"] = 10
        return config

    ex.main(lambda a, b, seen, data: (a, b, seen, data["size"], data["command"]))
    name = ex.default_command

    assert (11, 5, 1, 1, name) == ex.run(config_updates={"b": 5}).result


def test_added_entries_must_be_used(ex):
    """An update that no function of the ingredient uses is an error; one that is used passes, with a warning."""
    data = Ingredient("data")
    data.add_config(size=3)
    ex.ingredients = [data]
    ex.add_config(a=1, d={"x": 1})
    ex.capture(prefix="p.q")(lambda inner: inner)
    ex.main(lambda a, used=0: used)

    with _logged() as lines:
        assert {"k": 5} == ex.run(config_updates={"used.k": 5, "p.q.inner": 1}).result
    assert ['Added new config entry: "p.q.inner"', 'Added new config entry: "used.k"'] == lines[:2]
    for update in ({"unused": 1}, {"d.y": 3}, {"data.new": 2}, {"data": 7}):
        with pytest.raises(
            ConfigAddedError, match=r"not used anywhere\nConflicting configuration values:\n  \w"
        ) as found:
            ex.run(config_updates=update)
        (name,) = update
        assert f"  {name}={update[name]}" in str(found.value)
    assert 0 == ex.run(config_updates={"unused": 1}, options={"--force": True}).result


def test_type_changes_are_warned_of(ex):
    """Another type is said, but for int and float, and from None."""
    ex.add_config(a=1, b=2.0, c=None, l=[1], e=True)
    ex.main(lambda a, b, c, l, e: 1)
    with _logged() as lines:
        ex.run(config_updates={"a": "x", "b": 3, "c": 1, "l": (1, 2), "e": 0})

    changed = [line for line in lines if line.startswith("Changed type")]
    assert [
        'Changed type of config entry "a" from int to str',
        'Changed type of config entry "e" from bool to int',
    ] == sorted(changed)


def test_modifications_are_told_by_dotted_name(ex):
    """Added, modified, type-changed and docs of all ingredients are in the run, below their paths."""
    data = Ingredient("data")

    @data.config
    def cfg():
        size = 3  # how many

    ex.ingredients = [data]
    ex.add_config(a=1, d={"x": 1})
    ex.main(lambda a: a)

    mods = ex.run(config_updates={"data.size": 5, "d.x": "s", "seed": 3}).config_modifications

    assert {"data", "data.size", "d", "seed"} == mods.modified
    assert {"d.x": (int, str)} == mods.typechanged
    assert "how many" == mods.docs["data.size"]
    assert set() == mods.added


def test_anything_callable_can_be_a_config(ex):
    """An object that returns a summary takes part."""

    class Custom:
        def __call__(self, fixed=None, preset=None, fallback=None):
            summary = ConfigSummary()
            summary.update({"a": fixed.get("a", 4), "b": 2})
            return summary

    ex.configurations.append(Custom())
    ex.main(lambda a, b: (a, b))

    assert (4, 2) == ex.run().result
    assert (5, 2) == ex.run(config_updates={"a": 5}).result


def test_a_driver_decides_configs_by_the_same_steps():
    """Who calls the steps of `create_run` one by one, again and again on one scaffolding, gets the configs of runs."""
    data = Ingredient("data")
    ex = Experiment("driven", ingredients=[data])

    @data.config
    def data_config():
        size = 3

    @ex.named_config
    def large():
        data = {"size": 100}

    @ex.config
    def config(data):
        twice = data["size"] * 2
        seed = 1

    @ex.main
    def main(twice):
        return twice

    scaffolding = create_scaffolding(ex, gather_ingredients_topological(ex))
    states = {path: copy.deepcopy(_state(scaffold)) for path, scaffold in scaffolding.items()}
    prefixes = [["data"]]

    def decide(updates, named):
        for path, scaffold in scaffolding.items():
            vars(scaffold).update(copy.deepcopy(states[path]))
        distribute_config_updates(prefixes, scaffolding, updates)
        for name in named:
            scaffold, name = get_scaffolding_and_config_name(name, scaffolding)
            scaffold.gather_fallbacks()
            found = scaffold.run_named_config(name)
            distribute_presets(scaffold.path, prefixes, scaffolding, found)
            updates = {**updates, **found}
        distribute_config_updates(prefixes, scaffolding, updates)
        for scaffold in scaffolding.values():
            scaffold.gather_fallbacks()
            scaffold.set_up_config()
        return get_configuration(scaffolding)

    assert {"data": {"size": 3}, "twice": 6, "seed": 1} == decide({}, [])
    assert {"data": {"size": 100}, "twice": 200, "seed": 1} == decide({}, ["large"])
    assert {"data": {"size": 5}, "twice": 10, "seed": 1} == decide({"data": {"size": 5}}, [])
    assert ex.run(named_configs=["large"]).config["twice"] == decide({}, ["large"])["twice"]


def _state(scaffold):
    """Return what a driver keeps of a scaffold, to begin with it again."""
    names = (
        "config_updates",
        "named_configs_to_use",
        "config",
        "fallback",
        "presets",
        "fixture",
        "seed",
        "rnd",
        "summaries",
    )
    return {name: getattr(scaffold, name) for name in names}


@pytest.mark.parametrize("key", [5, 0, False, None, (1, 2)])
def test_keys_of_updates_become_texts(ex, key):
    """A key that is no text is the text that it prints as, at any depth, whatever its truth, beside texts and alone."""
    ex.add_config(layers={"depth": 1})
    ex.main(lambda _config: dict(_config))

    found = ex.run(config_updates={key: {key: 3}, "layers": {key: 2}, "seed": 1}, options={"--force": True}).result
    assert {str(key): {str(key): 3}, "layers": {"depth": 1, str(key): 2}, "seed": 1} == found
    assert 4 == ex.run(config_updates={key: 4}, options={"--force": True}).result[str(key)]


def test_updates_may_be_dotted_and_nested_at_once(ex):
    """All forms of an update mean the same; empty dicts survive."""
    ex.add_config(d={"z": 1, "y": {"w": 1}}, e={"k": {}})
    ex.add_named_config("n", e={"m": {}})
    ex.main(lambda d, e: (d, e))

    found = ex.run(config_updates={"d.z": 2, "d": {"y.w": 3}}, named_configs=["n"]).result

    assert ({"z": 2, "y": {"w": 3}}, {"k": {}, "m": {}}) == found


# -------------------------------------------------------------------------------------------------- captured functions


def test_arguments_go_before_config_before_defaults(ex):
    """An explicit argument wins, then the config, then the default; a caller's dict stays as it is."""
    ex.add_config(a=2, b=4, c=6, d=8, e=10)

    @ex.capture
    def f(a, b, c, d=-1, e=-2, f=-3, *, g=7):
        return a, b, c, d, e, f, g

    given = {"c": 23}
    ex.main(lambda: f(21, f=26, **given))

    assert (21, 4, 23, 8, 10, 26, 7) == ex.run().result
    assert {"c": 23} == given


@pytest.mark.parametrize(
    ("args", "kwargs", "error", "text"),
    [
        ((1, 2), {}, SignatureError, r"f got unexpected argument\(s\): \(2,\)"),
        ((), {"foo": 1}, SignatureError, r"f got unexpected kwarg\(s\): \['foo'\]"),
        ((1,), {"a": 2}, SignatureError, r"f got multiple values for argument\(s\) \['a'\]"),
        ((), {}, MissingConfigError, r"f is missing value\(s\): \['a'\]"),
    ],
)
def test_wrong_calls_are_said(args, kwargs, error, text):
    """The error names the function and the argument."""

    def f(a):
        return a

    with pytest.raises(error, match=text):
        create_captured_function(f)(*args, **kwargs)


def test_signatures_tell_all_names():
    """Names, defaults and wildcards are told apart; texts are as in Sacred."""

    def f(a, b=2, *args, c, d=4, **kw):
        return a

    signature = Signature(f)

    assert ("f", ["a", "b", "c", "d"], "args", "kw") == (
        signature.name,
        signature.arguments,
        signature.vararg_name,
        signature.kw_wildcard_name,
    )
    assert (["a"], {"b": 2, "d": 4}) == (signature.positional_args, signature.kwargs)
    assert "f(a, *args, b=2, d=4, **kw)" == str(signature)
    assert repr(signature).startswith("<Signature at 0x")
    assert ["b", "c", "d"] == signature.get_free_parameters([1], {})
    assert (["x"], {"b": 7, "c": 3}) == signature.construct_arguments(["x"], {}, {"c": 3, "b": 7, "z": 1})


def test_every_kind_of_function_is_filled(ex):
    """Methods, class methods, static methods, generators, coroutines, and parameters that are positional only."""
    ex.add_config(a=1, b=2, kw={"x": 1})

    class Holder:
        @ex.capture
        def method(self, a, b=5):
            return a, b

        @classmethod
        @ex.capture
        def of_class(cls, b):
            return cls, b

        @staticmethod
        @ex.capture
        def static(a):
            return a

    @ex.capture
    def generator(a, b):
        yield a
        yield b

    @ex.capture
    async def coroutine(a):
        return a

    @ex.capture
    def positional(a, b=9, /, *rest, c=4, **kw):
        return a, b, rest, c, kw

    @ex.capture
    def with_array(a, default=_ARRAY):
        return a + default.sum()

    @ex.main
    def main():
        import asyncio

        return [
            Holder().method(),
            Holder().method(7),
            Holder.of_class() == (Holder, 2),
            Holder.static(),
            list(generator()),
            asyncio.run(coroutine()),
            positional(),
            positional(8, c=1, z=3),
            int(with_array()),
        ]

    expected = [(1, 2), (7, 2), True, 1, [1, 2], 1, (1, 2, (), 4, {}), (8, 2, (), 1, {"z": 3}), 4]
    assert expected == ex.run().result


def test_specials_beat_entries(ex):
    """`_config`, `_log` and `_run` are always those of the run."""
    ex.add_config(_run="no", _log="no", _config="no", a=1)
    ex.main(lambda _run, _log, _config: (_run, _log.name, _config["a"]))

    run = ex.run()
    assert (run, "<lambda>", 1) == run.result


def test_a_prefix_narrows_what_is_seen(ex):
    """Entries are looked up below the prefix; one that is not there is empty."""
    ex.add_config(a=1, p={"q": {"a": 2}})

    @ex.capture(prefix="p.q")
    def inside(a, _config):
        return a, _config

    @ex.capture(prefix="none")
    def nowhere(a=0):
        return a

    ex.main(lambda: (inside(), nowhere()))

    assert ((2, {"a": 2}), 0) == ex.run().result


def test_values_are_read_only_unless_said_otherwise(ex):
    """Changing the config in a function is an error; with the setting off, it is a plain dict."""
    ex.add_config(d={"l": [1]})

    @ex.main
    def main(d, _config):
        d["l"].append(2)
        _config["d"]["x"] = 1
        return d

    with pytest.raises(SacredError, match="read-only"):
        ex.run()
    SETTINGS["CONFIG"]["READ_ONLY_CONFIG"] = False
    assert {"l": [1, 2], "x": 1} == ex.run().result


def test_functions_log_when_they_start_and_end():
    """A function with a logger says both, for debugging."""
    from unittest.mock import Mock, call

    f = create_captured_function(lambda a: a)
    f.logger = Mock()
    f.config = {"a": 3}

    assert 3 == f()
    started, finished = f.logger.debug.call_args_list
    assert call("Started") == started
    assert "Finished after %s." == finished.args[0]
    assert datetime.timedelta is type(finished.args[1])


def test_errors_of_config_have_the_values_that_functions_see(ex):
    """An InvalidConfigError raised below a prefix shows full names and values."""
    ex.add_config(a=1, p={"q": 5})

    @ex.command(prefix="p")
    def wrong(q):
        raise InvalidConfigError("bad", conflicting_configs=("q",))

    with pytest.raises(InvalidConfigError) as found:
        ex.run("wrong")
    assert "bad\nConflicting configuration values:\n  p.q=5" == str(found.value)


def test_outside_of_runs_functions_are_ordinary(ex):
    """Arguments and defaults; specials are empty; after a run they keep its config."""

    @ex.capture
    def f(a=5, _config=None, _log=None, _run=None, _seed=None):
        return a, _config, _log, _run

    assert (5, {}, None, None) == f()
    ex.add_config(a=8)
    ex.main(f)
    run = ex.run()
    assert (8, run) == (f()[0], f()[3])


def test_nested_runs_do_not_mix(ex):
    """An inner run has its own values; after it the outer one's are there again, in its threads too."""
    ex.add_config(a=1, inner=False)

    @ex.capture
    def value(a, _run):
        return a, _run

    @ex.main
    def main(_run, inner):
        if inner:
            return value()
        before = value()
        nested = ex.run(config_updates={"a": 99, "inner": True})
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            in_thread = pool.submit(value).result()
        assert (99, nested) == nested.result
        return before == value() == in_thread == (1, _run)

    assert ex.run().result is True


def test_runs_in_threads_do_not_mix():
    """Two threads that run one experiment at a time each have their own values."""
    ex = Experiment("threads")
    ex.add_config(a=1)
    both = threading.Barrier(2)

    @ex.capture
    def value(a):
        return a

    @ex.main
    def main():
        both.wait(120)
        first = value()
        both.wait(120)
        return first, value()

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda a: ex.run(config_updates={"a": a}, options={"--capture": "no"}).result, (5, 6)))
    assert [(5, 5), (6, 6)] == results


def test_one_function_in_two_ingredients_has_two_states():
    """What one ingredient fills in does not reach the other."""
    one, two = Ingredient("one"), Ingredient("two")
    one.add_config(x=1)
    two.add_config(x=2)

    def f(x):
        return x

    first, second = one.capture(f), two.capture(f)
    ex = Experiment("both", ingredients=[one, two])
    ex.main(lambda: (first(), second()))

    assert (1, 2) == ex.run().result
    assert not {"config", "run", "signature"} & vars(f).keys()


_ARRAY = np.arange(3)
exported = Experiment("exported")


@exported.capture
def of_module(a=3):
    """A captured function."""
    return a


def test_captured_functions_are_functions(ex):
    """Name, docs, signature and types are those of the function; copies are itself; pickle goes by name."""
    import inspect
    import typing

    @ex.capture
    def typed(a: int = 3) -> str:
        return str(a)

    assert {"a": int, "return": str} == typed.__annotations__ == typing.get_type_hints(typed)

    assert ("of_module", "A captured function.", "(a=3)") == (
        of_module.__name__,
        of_module.__doc__,
        str(inspect.signature(of_module)),
    )
    assert of_module == of_module.__wrapped__
    assert of_module is copy.deepcopy(of_module)
    assert of_module is pickle.loads(pickle.dumps(of_module))
    assert exported is copy.deepcopy(exported)


# ---------------------------------------------------------------------------------------------------------- randomness


def seeded():
    """Return an experiment with an ingredient, whose functions tell the seeds of their calls."""
    ing = Ingredient("ing")

    @ing.capture
    def in_ingredient(_seed):
        return _seed

    ex = Experiment("e", ingredients=[ing])

    @ex.capture
    def f1(_seed):
        return _seed

    @ex.capture
    def f2(_seed):
        return _seed

    @ex.main
    def main(_seed):
        return f1(), f1(), f2(), f2(), _seed, in_ingredient(), in_ingredient(), random.random(), np.random.rand()

    return ex


def test_seeds_are_those_of_sacred():
    """With one root seed every function draws what it draws under Sacred, with numpy's new and old generators."""
    result = seeded().run(config_updates={"seed": 12345}).result
    SETTINGS.CONFIG.NUMPY_RANDOM_LEGACY_API = True
    legacy = seeded().run(config_updates={"seed": 12345}).result

    assert (459059766, 349242804, 274546103, 327985149, 140922607, 370252331, 558108266) == result[:7]
    assert (0.41661987254534116, 0.9296160928171479) == result[7:]
    assert (537920285, 385182351, 74500610, 344588998) == (legacy[0], legacy[1], legacy[4], legacy[5])


def test_seeds_without_numpy_are_those_of_sacred(monkeypatch, request):
    """Python's own generator takes its place."""
    monkeypatch.setitem(sys.modules, "numpy.random", None)
    generators.cache_clear()
    request.addfinalizer(generators.cache_clear)
    result = seeded().run(config_updates={"seed": 12345}, options={"--capture": "no"}).result

    assert (609627053, 432464629, 458690024, 466337057, 840596570, 975020410) == result[:6]


@pytest.mark.parametrize("make", [np.random.default_rng, np.random.RandomState, random.Random])
def test_seeds_in_turn_are_those_that_a_generator_draws(make):
    """Also where many are asked for, by several threads at once: each is given once."""
    expected, seeds = make(7), SeedsInTurn(make(7))
    first = [seeds() for _ in range(100)]
    found = []
    threads = [threading.Thread(target=lambda: found.extend(seeds() for _ in range(100))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [get_seed(expected) for _ in range(100)] == first
    assert sorted(get_seed(expected) for _ in range(400)) == sorted(found)


def test_a_generator_that_a_program_gives_a_function_is_drawn_from():
    """The seeds of calls outside of any run go on with those of the last one until then."""
    ex = seeded()
    f1 = next(function for function in ex.captured_functions if function.__name__ == "f1")
    in_run = ex.run(config_updates={"seed": 12345}).result[:2]
    after = f1()
    f1.rnd = random.Random(1234)
    given = random.Random(1234)

    assert [get_seed(given), get_seed(given)] == [f1(), f1()]
    assert after not in in_run


def test_every_ingredient_has_a_seed_that_follows_from_the_root():
    """Also one that is used by another and is not below its path."""

    def draw():
        deep = Ingredient("elsewhere")

        @deep.capture
        def drawn(_seed):
            return _seed

        ex = Experiment("deep", ingredients=[Ingredient("near", ingredients=[deep])])
        ex.main(lambda: drawn())
        return ex.run(config_updates={"seed": 12345}).result

    assert draw() == draw()


def test_an_ingredient_may_have_a_seed_of_its_own():
    """A seed in its config, or in an update, is its own."""
    ex = seeded()
    first = ex.run(config_updates={"seed": 1, "ing.seed": 7}).result
    second = ex.run(config_updates={"seed": 2, "ing.seed": 7}).result

    assert first[5:7] == second[5:7]
    assert first[:5] != second[:5]


def test_a_seed_is_always_in_the_config(ex):
    """It is drawn where none is given, and where None is."""
    ex.main(lambda seed: seed)

    for updates in ({}, {"seed": None}):
        run = ex.run(config_updates=updates)
        assert SEEDRANGE[0] <= run.config["seed"] <= SEEDRANGE[1]
        assert run.result == run.config["seed"]


def test_generators_and_their_seeds():
    """Seeds are drawn from any kind of generator; what is no number seeds nothing."""
    assert 1 <= get_seed() <= 10**9
    assert int is type(get_seed(np.random.default_rng(1)))
    assert get_seed(random.Random(1)) == get_seed(random.Random(1))
    assert get_seed(np.random.RandomState(1)) == get_seed(np.random.RandomState(1))
    with pytest.raises(AssertionError, match="Seed has to be integer but was"):
        create_rnd("x")
    set_global_seed(3)
    first = random.random()
    set_global_seed(3)
    assert first == random.random()
    with pytest.raises(ValueError):
        set_global_seed(-1)
