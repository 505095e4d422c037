"""Deciding a config: who prevails over whom, and who is seen by whom."""

import itertools
import json
import pickle
import re
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expframe import Experiment, Ingredient
from expframe.config import dotted
from expframe.config.equality import same
from expframe.errors import (
    CircularIngredientsError,
    ConfigFileError,
    ConfigFunctionError,
    ConfigParameterError,
    DefinitionError,
    DuplicatePathError,
    EntryGroupError,
    EntryNameError,
    IngredientEntryError,
    UnknownEntryError,
    UnknownNamedConfigError,
    UsageError,
)


def entries(config):
    """Return what was decided, without the seed."""
    return {name: value for name, value in config.values.items() if name != "seed"}


def source(config, name):
    """Return the kind and name of an entry's origin."""
    return config.origins[name][:2]


class TestPrecedence:
    """Ingredients < experiment < hooks < named configs and files, in order < overrides."""

    LAYERS = ("dict", "function", "hook", "named", "file", "later", "override")

    def experiment(self, tmp_path, present):
        """Return an experiment with an entry from each of the given layers, and how to resolve it."""
        ex = Experiment("test")
        (tmp_path / "some.json").write_text('{"x": "file"}')
        if "dict" in present:
            ex.add_config(x="dict")
        if "function" in present:

            @ex.config
            def function():
                x = "function"

        if "hook" in present:
            ex.config_hook(lambda config, command_name, logger: {"x": "hook"})
        ex.add_named_config("named", x="named")

        @ex.named_config
        def later():
            x = "later"

        names = {"named": "named", "file": str(tmp_path / "some.json"), "later": "later"}
        named = [names[layer] for layer in self.LAYERS if layer in present and layer in names]
        return ex.resolve(*(["x=override"] if "override" in present else []), named=named)

    @pytest.mark.parametrize("low", LAYERS)
    def test_higher_ones_prevail(self, tmp_path, low):
        """Of any set of layers the highest one decides, and is the origin."""
        others = [layer for layer in self.LAYERS if self.LAYERS.index(layer) > self.LAYERS.index(low)]
        for size in (0, 1, len(others)):
            for chosen in itertools.combinations(others, size):
                if not {"dict", "function", "hook"} & {low, *chosen} and {"file", "override"} & {low, *chosen}:
                    continue  # nothing makes the entry known
                config = self.experiment(tmp_path, {low, *chosen})

                assert max((low, *chosen), key=self.LAYERS.index) == config["x"]

    def test_order_of_named_configs_and_files(self, tmp_path):
        """Of named configs and files the last one prevails, whatever it is."""
        path = tmp_path / "some.yaml"
        path.write_text("x: file\n")
        ex = Experiment("test")
        ex.add_config(x="default")
        ex.add_named_config("named", x="named")

        assert "file" == ex.resolve(named=["named", str(path)])["x"]
        assert "named" == ex.resolve(named=[str(path), "named"])["x"]

    def test_pinned_values_are_seen_by_all(self, ex, tmp_path):
        """Overrides, named configs and files are seen by config functions that come before anything defines them."""
        (tmp_path / "some.json").write_text('{"b": 20}')

        @ex.config
        def config():
            a = 1
            b = 2
            c = 3
            total = a + b + c

        ex.add_named_config("named", a=10)

        assert 330 == ex.resolve("c=300", named=["named", "some.json"])["total"]

    def test_hooks_are_seen_by_what_runs_after(self, ex):
        """What a hook says is not seen by config functions of the same part, which ran before."""

        @ex.config
        def config():
            a = 1
            twice = a * 2

        ex.config_hook(lambda config, command_name, logger: {"a": 10})

        assert {"a": 10, "twice": 2} == entries(ex.resolve())

    def test_dicts_merge(self, ex):
        """Dicts of successive layers merge leaf by leaf; an empty one changes nothing; a value replaces a dict."""
        ex.add_config(net={"depth": 1, "sub": {"a": 1}}, other={"x": 1})
        ex.add_config(net={"width": 2, "sub": {"b": 2}})

        @ex.config
        def config():
            net = {"sub": {"a": 3}}
            other = {}

        ex.add_named_config("named", net={"sub": {"c": 4}}, other={})
        ex.add_named_config("emptied", net={})
        expected = {"net": {"depth": 1, "width": 2, "sub": {"a": 3, "b": 2, "c": 4}}, "other": {"x": 1}}

        assert expected == entries(ex.resolve(named=["named", "emptied"]))
        ex.add_config(other=3)
        assert 3 == ex.resolve()["other"]

    @given(order=st.permutations(["a=1", "net.b=2", "net.c.d=3", "+new=4"]))
    def test_order_of_overrides_does_not_matter(self, order):
        """Overrides of different paths give the same in any order."""
        ex = Experiment("test")
        ex.add_config(a=0, net={"b": 0, "c": {"d": 0}})

        assert {"a": 1, "net": {"b": 2, "c": {"d": 3}}, "new": 4} == entries(ex.resolve(*order))

    def test_later_override_prevails(self, ex):
        """Of overrides of one path the last one counts, of an element of a list as well."""
        ex.add_config(a=0, sizes=[1, 2])

        assert 2 == ex.resolve("a=1", "a=2")["a"]
        assert [9, 8] == ex.resolve("sizes=[7,8]", "sizes.0=9")["sizes"]
        assert [7, 8] == ex.resolve("sizes.0=9", "sizes=[7,8]")["sizes"]

    def test_elements_of_a_named_list(self, ex):
        """An override of an element changes the list that a named config gives."""
        ex.add_config(sizes=[1, 2, 3])
        ex.add_named_config("named", sizes=[7, 8])

        assert [7, 9] == ex.resolve("sizes.1=9", named=["named"])["sizes"]


class TestNamed:
    """Named configs are code that takes part when it is named."""

    def test_may_add_entries(self, ex):
        """What a named config adds is an entry, which overrides may change."""

        @ex.named_config
        def big():
            width = 100
            name = "big"
            area = width * 2
            net = {"depth": 3}

        config = ex.resolve("width=3", "name=7", "net.depth=5", named=["big"])

        assert {"width": 3, "name": "7", "area": 6, "net": {"depth": 5}} == entries(config)
        with pytest.raises(UnknownEntryError):
            ex.resolve("width=3")
        with pytest.raises(EntryGroupError):
            ex.resolve("net=3", named=["big"])

    def test_parameters(self, ex):
        """Their parameters name earlier named values and overrides, and no normal ones."""
        ex.add_config(normal=1, a=1)
        ex.add_named_config("first", a=10)

        @ex.named_config
        def second(a, b):
            total = a + b

        @ex.named_config
        def third(normal):
            x = normal

        assert 15 == ex.resolve("+b=5", named=["first", "second"])["total"]
        with pytest.raises(ConfigParameterError, match=r"second\(\) .* asks for 'a'"):
            ex.resolve("+b=5", named=["second", "first"])
        with pytest.raises(ConfigParameterError, match="asks for 'normal'"):
            ex.resolve(named=["third"])
        assert 2 == ex.resolve("normal=2", named=["third"])["x"]

    def test_of_ingredients(self, ex):
        """Those of ingredients are named with their path, and decide below it."""
        data = Ingredient("dataset")
        data.add_config(size=1, kind="a")

        @data.named_config
        def big():
            size = 100
            half = size / 2

        ex.ingredients.append(data)

        assert {"dataset": {"size": 100, "kind": "a", "half": 50.0}} == entries(ex.resolve(named=["dataset.big"]))
        assert 20 == ex.resolve("dataset.size=40", named=["dataset.big"])["dataset"]["half"]
        with pytest.raises(UnknownNamedConfigError, match=r"Did you mean 'dataset.big' \(test_resolve.py:\d+\)"):
            ex.resolve(named=["big"])

    def test_may_address_ingredients(self, ex):
        """An experiment's named config may say what its ingredients are to be."""
        data = Ingredient("dataset")

        @data.config
        def config():
            size = 1
            twice = size * 2

        ex.ingredients.append(data)

        @ex.named_config
        def big():
            dataset = {"size": 100}

        assert {"dataset": {"size": 100, "twice": 200}} == entries(ex.resolve(named=["big"]))
        assert ("named config", "big") == source(ex.resolve(named=["big"]), "dataset.size")

    def test_names_with_dots(self, ex):
        """A named config may be called what a file is called, and is then found first."""
        ex.add_config(x=1)
        ex.add_named_config("v1.0", x=2)
        ex.add_named_config("some.json", x=3)

        assert (2, 3) == (ex.resolve(named=["v1.0"])["x"], ex.resolve(named=["some.json"])["x"])

    def test_origins_and_changes(self, ex):
        """Origins name the line of the named config, changes what would have been without it."""
        ex.add_config(lr=0.1)

        @ex.named_config
        def fast():
            lr = 1.0
            new = 2

        config = ex.resolve(named=["fast"])

        assert ("named config", "fast") == source(config, "lr")
        assert {"lr": ("modified", 0.1), "new": ("added", dotted.MISSING)} == {
            n: c[:2] for n, c in config.changes.items()
        }

    def test_unknown(self, ex):
        """A name that is none is an error that lists what there is."""
        ex.add_named_config("fast", lr=1)

        with pytest.raises(UnknownNamedConfigError, match=r"'fats': no such named config. Did you mean 'fast'"):
            ex.resolve(named=["fats"])

    @pytest.mark.parametrize("name", ["lr", "net.depth", "part.size", "seed"])
    def test_an_entry_is_no_named_config(self, ex, name):
        """Who leaves out the value of an entry is told so."""
        part = Ingredient("part")
        part.add_config(size=1)
        ex = Experiment("whole", ingredients=[part])
        ex.add_config(lr=0.1, net={"depth": 1})

        with pytest.raises(
            UnknownNamedConfigError, match=rf"'{name}': is no named config, but an entry.*: {name}=\.\.\."
        ):
            ex.resolve(named=[name])

    def test_scalar_for_a_group_and_back(self, ex):
        """A named config is code: it may put a value for a group, and a group for a value."""
        ex.add_config(net={"depth": 1}, lr=1)
        ex.add_named_config("flat", net=3)
        ex.add_named_config("deep", lr={"start": 1, "end": 2})

        assert 3 == ex.resolve(named=["flat"])["net"]
        assert {"start": 1, "end": 2} == ex.resolve(named=["deep"])["lr"]


class TestFiles:
    """A file given after `with` is asked for, not code."""

    @pytest.mark.parametrize(
        ("name", "text"),
        [
            ("c.json", '{"net": {"depth": 5}, "lr": 1}'),
            ("c.yaml", "net: {depth: 5}\nlr: 1\n"),
            ("c.toml", "lr = 1\n[net]\ndepth = 5\n"),
            ("dotted.yaml", "net.depth: 5\nlr: 1\n"),
        ],
    )
    def test_kinds(self, ex, tmp_path, name, text):
        """Values of all kinds of files are pinned; dotted keys are paths."""
        (tmp_path / name).write_text(text)
        ex.add_config(net={"depth": 1, "width": 2}, lr=0.1, opt=None)
        config = ex.resolve(named=[name])

        assert {"net": {"depth": 5, "width": 2}, "lr": 1, "opt": None} == entries(config)
        assert ("file", name) == source(config, "net.depth")
        assert () == config.warnings

    def test_unknown_entries(self, ex, tmp_path):
        """An unknown path in it is refused at any depth, and named; `force` lets it pass."""
        (tmp_path / "c.yaml").write_text("net: {deph: 5}\n")
        ex.add_config(net={"depth": 1})

        with pytest.raises(UnknownEntryError, match=r"'net.deph in c.yaml': no config entry 'net.deph'.*'net.depth'"):
            ex.resolve(named=["c.yaml"])
        assert {"depth": 1, "deph": 5} == ex.resolve(named=["c.yaml"], force=True)["net"]

    def test_dict_for_none(self, ex, tmp_path):
        """A dict takes the place of a None."""
        (tmp_path / "c.json").write_text('{"opt": {"a": {"b": 1}}}')
        ex.add_config(opt=None)

        assert {"a": {"b": 1}} == ex.resolve(named=["c.json"])["opt"]

    def test_added(self, ex, tmp_path):
        """A file given to `add_config` is a layer like a dict."""
        (tmp_path / "c.yaml").write_text("a: 1\nb: {c: 2}\n")
        ex.add_config("c.yaml")
        ex.add_named_config("other", tmp_path / "c.yaml")
        config = ex.resolve("b.c=3")

        assert {"a": 1, "b": {"c": 3}} == entries(config)
        assert ("file", "c.yaml") == source(config, "a")

    def test_stored_config(self, ex, tmp_path):
        """A config that a run stored gives its values again."""
        ex.add_config(a=(1, 2), b={"c": {3}})
        (tmp_path / "config.json").write_text(json.dumps(ex.resolve("a=(5,)", "seed=7").to_json()))
        config = ex.resolve(named=["config.json"])

        assert ((5,), {3}, 7) == (config["a"], config["b"]["c"], config.seed)

    def test_missing(self, ex):
        """A missing file says where it was looked for."""
        with pytest.raises(ConfigFileError, match="not found"):
            ex.resolve(named=["nowhere.json"])


class TestIngredients:
    """Ingredients are decided before what uses them."""

    @pytest.fixture
    def nested(self):
        """An experiment with an ingredient in an ingredient, and one beside."""
        loader = Ingredient("loader")
        paths = Ingredient("dataset.paths")
        dataset = Ingredient("dataset", [paths, loader])
        ex = Experiment("test", [dataset])

        @loader.config
        def of_loader():
            workers = 2

        @paths.config
        def of_paths():
            root = "/data"

        @dataset.config
        def of_dataset(paths, loader):
            size = 10
            where = paths["root"] + "/x"
            threads = loader["workers"] * 2

        @ex.config
        def of_experiment(dataset, loader):
            steps = dataset["size"] * 2
            seen = [dataset["paths"]["root"], dataset["where"], loader["workers"]]

        return ex, dataset, paths, loader

    def test_visibility(self, nested):
        """An ingredient sees those that it uses, the experiment all, each by the path that leads to it."""
        ex, *_ = nested
        config = ex.resolve("dataset.paths.root=/other", "loader.workers=4")

        assert {
            "loader": {"workers": 4},
            "dataset": {"paths": {"root": "/other"}, "size": 10, "where": "/other/x", "threads": 8},
            "steps": 20,
            "seen": ["/other", "/other/x", 4],
        } == entries(config)

    def test_a_dict_addresses_them(self, nested):
        """What an experiment's dict says of an ingredient is seen by the ingredient's own config functions."""
        ex, *_ = nested
        ex.add_config(dataset={"paths": {"root": "/new"}, "more": 1}, loader={"workers": 5}, own=1)
        config = ex.resolve()

        assert ("/new/x", 10, 1) == (
            config["dataset"]["where"],
            config["dataset"]["threads"],
            config["dataset"]["more"],
        )
        assert ("add_config", "add_config") == source(config, "dataset.paths.root")
        assert {} == dict(config.changes)

    def test_so_does_an_ingredients_dict(self, nested):
        """An ingredient's dict addresses its own ingredients, below what the experiment's says."""
        ex, dataset, *_ = nested
        dataset.add_config(paths={"root": "/mine"}, loader={"workers": 7})

        assert ("/mine/x", 14) == (ex.resolve()["dataset"]["where"], ex.resolve()["dataset"]["threads"])
        assert ("add_config", "add_config") == source(ex.resolve(), "loader.workers")
        ex.add_config(loader={"workers": 1})
        assert 2 == ex.resolve()["dataset"]["threads"]

    def test_named_and_overrides_prevail_over_that(self, nested):
        """Named configs prevail over an addressing dict, and overrides over both."""
        ex, dataset, *_ = nested
        ex.add_config(dataset={"size": 1})
        dataset.add_named_config("big", size=2)

        assert (1, 2) == (ex.resolve()["dataset"]["size"], ex.resolve(named=["dataset.big"])["dataset"]["size"])
        assert 3 == ex.resolve("dataset.size=3", named=["dataset.big"])["dataset"]["size"]

    def test_a_single_value_for_one_is_refused(self, nested):
        """An ingredient cannot be replaced by a value, by nobody."""
        ex, *_ = nested

        with pytest.raises(EntryGroupError, match=r"'dataset=3': 'dataset'.*is a group of entries"):
            ex.resolve("dataset=3")
        ex.add_config(dataset=3)
        with pytest.raises(EntryGroupError, match=r"'dataset=3.*is a group of entries"):
            ex.resolve()

    def test_a_dict_that_is_asked_for(self, nested):
        """A dict for an ingredient merges into it leaf by leaf, before it is decided."""
        ex, *_ = nested
        config = ex.resolve("dataset={'paths': {'root': '/q'}}")

        assert ("/q/x", ["/q", "/q/x", 2]) == (config["dataset"]["where"], config["seen"])

    @pytest.mark.parametrize("how", ["item", "deep", "name", "scalar", "inner"])
    def test_assigning_into_one_is_an_error(self, nested, how):
        """A config function that changes an ingredient's config is refused, with what to do instead."""
        ex, dataset, *_ = nested

        # fmt: off
        def item(dataset): dataset["size"] = 11
        def deep(dataset): dataset["paths"]["root"] = "/x"
        def name(): dataset = {"size": 11}
        def scalar(): dataset = 3
        def inner(paths): paths["root"] = "/x"
        # fmt: on
        (dataset if how == "inner" else ex).config(locals()[how])
        subject = "paths" if how == "inner" else "dataset"
        place = rf"{how}\(\) \(test_resolve.py:\d+\)"

        with pytest.raises(
            IngredientEntryError, match=f"{place} assigns into .* the ingredient '{subject}'.*add_config"
        ):
            ex.resolve()

    def test_reading_one_is_not(self, nested):
        """Taking one as a parameter and leaving it alone is no assignment, also where values are fixed in it."""
        ex, *_ = nested

        @ex.config
        def reading(dataset):
            size = dataset["size"]
            dataset["size"] = size

        config = ex.resolve("dataset.size=4", "dataset.paths.root=/r")

        assert 4 == config["size"]
        assert ("command line", "dataset.size") == source(config, "dataset.size")

    def test_beside_entries(self):
        """An ingredient below a group of the experiment stands beside the group's own entries."""
        encoder = Ingredient("model.encoder")
        encoder.add_config(depth=2)
        ex = Experiment("test", [encoder])
        ex.add_config(model={"width": 3, "encoder": {"depth": 4}})

        @ex.config
        def config(model):
            total = model["width"] + model["encoder"]["depth"]
            model["width"] += 1

        assert {"model": {"width": 4, "encoder": {"depth": 4}}, "total": 7} == entries(ex.resolve())

    @pytest.mark.parametrize("asked", [{"encoder.data.size": 3}, {"encoder": {"data": {"size": 3}}}])
    def test_by_the_wrong_path(self, asked):
        """An ingredient that another one uses has no entries below that one's path, and is named where it is."""
        data = Ingredient("data")
        data.add_config(size=1)
        encoder = Ingredient("encoder", [data])

        @encoder.config
        def config(data):
            width = data["size"]

        ex = Experiment("test", [encoder])

        with pytest.raises(UnknownEntryError, match=r"no config entry 'encoder.data.size'. Did you mean 'data.size'"):
            ex.resolve(config_updates=asked)
        assert {"data": {"size": 3}, "encoder": {"width": 3}} == entries(ex.resolve("data.size=3"))

    def test_in_any_order(self):
        """The order in which independent ingredients are listed decides nothing."""
        made = []
        for order in ([0, 1], [1, 0]):
            both = [Ingredient("a"), Ingredient("b")]
            both[0].add_config(x=1)
            both[1].add_config(x=2)
            made.append(entries(Experiment("test", [both[i] for i in order]).resolve("a.x=5")))

        assert made[0] == made[1] == {"a": {"x": 5}, "b": {"x": 2}}

    def test_shared_one_is_decided_once(self):
        """An ingredient that two others use is decided once, before both."""
        calls = []
        base = Ingredient("base")

        @base.config
        def config():
            x = 1
            calls.append(x)

        ex = Experiment("test", [Ingredient("a", [base]), Ingredient("b", [base])])

        assert {"base": {"x": 1}} == entries(ex.resolve())
        assert [1] == calls

    def test_mistakes(self):
        """Two with one path, and circles, are errors."""
        with pytest.raises(DuplicatePathError):
            Experiment("test", [Ingredient("a"), Ingredient("a")]).resolve()
        first, second = Ingredient("a"), Ingredient("b")
        first.ingredients.append(second)
        second.ingredients.append(first)
        with pytest.raises(CircularIngredientsError):
            Experiment("test", [first]).resolve()


class TestHooks:
    """Config hooks have the last word, under what is pinned."""

    def test_what_they_are_given(self, ex):
        """They are given copies of all that is decided so far, the command and a logger."""
        data = Ingredient("dataset")
        data.add_config(size=[1])
        ex.ingredients.append(data)
        ex.add_config(a=1)
        seen = []

        @ex.main
        def main():
            pass

        @ex.config_hook
        def hook(config, command_name, logger):
            config["dataset"]["size"].append(2)
            seen.append((config["a"], command_name, logger.name, "seed" in config))

        assert [1] == ex.resolve()["dataset"]["size"]
        assert [(1, "main", "test", True)] == seen

    def test_returning_the_whole(self, ex):
        """The config that was given may be changed and returned."""
        ex.add_config(a=1, net={"b": 2})

        @ex.config_hook
        def hook(config, command_name, logger):
            config["net"]["b"] += 1
            config["new"] = config["a"]
            return config

        config = ex.resolve("a=5")

        assert {"a": 5, "net": {"b": 3}, "new": 5} == entries(config)
        assert ("config hook", "hook") == source(config, "net.b")
        assert "command line" == source(config, "a")[0]

    def test_under_what_is_pinned(self, ex):
        """A pinned value stays, in an ingredient too."""
        data = Ingredient("dataset")
        data.add_config(size=1, kind="a")
        ex.ingredients.append(data)
        ex.add_config(a=1)
        ex.config_hook(lambda config, command_name, logger: {"a": 2, "dataset": {"size": 3, "kind": "b"}})
        config = ex.resolve("a=7", "dataset.size=8")

        assert {"dataset": {"size": 8, "kind": "b"}, "a": 7} == entries(config)
        assert ("config hook", "command line") == (source(config, "dataset.kind")[0], source(config, "dataset.size")[0])

    def test_of_ingredients(self, ex):
        """An ingredient's hook speaks of the ingredient's entries, and the experiment's functions see it."""
        data = Ingredient("dataset")
        data.add_config(size=1)
        ex.ingredients.append(data)

        @data.config_hook
        def hook(config, command_name, logger):
            config["dataset"]["size"] = 5
            return config

        @data.config_hook
        def other(config, command_name, logger):
            return {"more": config["dataset"]["size"]}

        @ex.config
        def config(dataset):
            steps = dataset["size"]

        assert {"dataset": {"size": 5, "more": 5}, "steps": 5} == entries(ex.resolve())

    @pytest.mark.parametrize("value", [3, [1], "x"])
    def test_what_they_must_return(self, ex, value):
        """A hook returns a dict or nothing."""
        ex.config_hook(lambda config, command_name, logger: value)

        with pytest.raises(DefinitionError, match="must return a dict of what it changes, or None, not a"):
            ex.resolve()


class TestResult:
    """The Config is read-only, complete, and the same again."""

    @pytest.fixture
    def rich(self):
        """An experiment with a bit of everything."""
        data = Ingredient("dataset")
        data.add_config(size=1, sub={"a": {}, "b": [1, {"c": 2}]})
        ex = Experiment("test", [data])

        @ex.config
        def config(dataset):
            lr = 0.1
            net = {"depth": 3, "schedule": {30: 0.1}}
            net["late"] = (1, [2])
            empty = {}
            nothing = None

        ex.add_named_config("named", net={"depth": 4}, extra={"x": {"y": 1}}, lr=2.0)
        ex.config_hook(lambda config, command_name, logger: {"hooked": {"z": 1}})
        return ex

    ASKED = (
        "lr=1",
        "net.schedule.30=0.5",
        "net.late.0=7",
        "+new.key=1",
        "dataset.sub.b.1.c=5",
        "nothing={'q': 1}",
        "seed=3",
    )

    @given(overrides=st.lists(st.sampled_from(ASKED), unique=True), is_named=st.booleans())
    def test_origins_cover_exactly_the_leaves(self, overrides, is_named):
        """Each leaf has an origin, and nothing else has."""
        config = TestResult.rich.__wrapped__(self).resolve(*overrides, named=["named"] * is_named)

        assert [dotted.join(path) for path, _ in dotted.walk(config.values)] == list(config.origins)

    @given(overrides=st.lists(st.sampled_from(ASKED), unique=True), is_named=st.booleans())
    def test_resolving_twice_is_equal(self, overrides, is_named):
        """The same request gives the same config, with the same origins, docs and changes."""
        ex = TestResult.rich.__wrapped__(self)
        first, second = (ex.resolve("seed=1", *overrides, named=["named"] * is_named) for _ in range(2))

        assert first == second
        assert (first.origins, first.docs, first.warnings) == (second.origins, second.docs, second.warnings)
        assert first.changes.keys() == second.changes.keys()

    def test_read_only(self, rich):
        """Neither the Config nor anything in it can be changed."""
        config = rich.resolve()
        for change in (
            lambda: config["net"].update(x=1),
            lambda: config["dataset"]["sub"]["b"].append(1),
            lambda: config["net"]["late"][1].append(1),
            lambda: setattr(config, "values", {}),
        ):
            with pytest.raises((TypeError, AttributeError), match="read-only"):
                change()

    def test_pickle_and_json(self, rich):
        """It is the same after pickling, and its values after JSON."""
        config = rich.resolve("lr=1", "+new=1", named=["named"])
        again = pickle.loads(pickle.dumps(config))
        read = type(config).from_json(json.loads(json.dumps(config.to_json())))

        assert config == again == read
        assert (again.changes["new"].default, config.origins) == (dotted.MISSING, again.origins)
        assert (config.origins, config.docs) == (read.origins, read.docs)

    def test_nobody_elses_objects_are_changed(self, ex):
        """Neither what was added nor what was asked for is touched by pins or by config functions."""
        added = {"net": {"sizes": [1, 2], "deep": {"a": 1}}, "some": {1}}
        asked = {"net": {"sizes": [3], "deep": {"a": 2}}, "some": {5}}
        before = repr((added, asked))
        ex.add_config(added)

        @ex.config
        def config(net, some):
            net["sizes"].append(9)
            net["deep"]["a"] = 7
            some.add(8)

        found = ex.resolve(config_updates=asked)

        assert before == repr((added, asked))
        assert {"net": {"sizes": [3], "deep": {"a": 2}}, "some": {5}} == entries(found)
        ex.resolve()
        assert before == repr((added, asked))

    @pytest.mark.parametrize(
        ("key", "says"),
        [
            ("a.b", "cannot be written in a path"),
            ("a=b", "cannot be written in a path"),
            ("+a", "cannot be written in a path"),
            ("", "is empty"),
            (0.5, "is a float"),
            (None, "is None"),
            (True, "is a bool"),
            ((1, 2), "is a tuple"),
        ],
    )
    def test_keys(self, ex, key, says):
        """A key that no path can name is an error that says where it stands."""
        ex.add_config(net={"sub": {key: 1}})

        with pytest.raises(EntryNameError, match=rf"\(test_resolve.py:\d+\): {says}"):
            ex.resolve()

    @pytest.mark.parametrize("key", [None, 0.5, True, (1, 2), date(2026, 1, 1), b"x", ""])
    @pytest.mark.parametrize("force", [False, True])
    def test_keys_that_are_said(self, ex, key, force):
        """A key that no path can name is such an error from updates, words, files and named configs, too."""
        ex.add_config(net={"size": 1})
        ex.add_named_config("odd", net={key: 1})

        said = [{"config_updates": {"net": {key: 1}}}, {"named": ["odd"]}]
        if not isinstance(key, date):  # which no literal is
            said.append({"overrides": [f"net={ {key: 1}!r}"]})
        for words in said:
            with pytest.raises(EntryNameError, match=re.escape(f"Entry name {key!r} (")):
                ex.resolve(*words.pop("overrides", ()), **words, force=force)

    @pytest.mark.parametrize("key", ["null", "0.5", "true", "2026-01-01", "? [1, 2]\n", "''"])
    def test_keys_of_files(self, ex, key, tmp_path):
        """A key that no path can name is such an error from a file."""
        ex.add_config(net={"size": 1})
        (tmp_path / "odd.yaml").write_text(f"net:\n  {key}: 1\n")

        with pytest.raises(EntryNameError, match=r"\(net\..* in .*odd\.yaml\): is "):
            ex.resolve(named=[str(tmp_path / "odd.yaml")])

    @pytest.mark.parametrize("group", [lambda value: {"a": value}, lambda value: [value], lambda value: (value, 1)])
    def test_depth(self, ex, group, tmp_path):
        """A value nested more than 100 levels deep is refused where it is given, however deep it is."""
        for levels, most in ((98, True), (101, False), (400, False), (100_000, False)):
            deep = 1
            for _ in range(levels):
                deep = group(deep)
            ex.add_config(deep=[])
            if most:
                ex.resolve(config_updates={"new": deep}, force=True)
            else:
                with pytest.raises(UsageError, match="more than 100 levels deep"):
                    ex.resolve(config_updates={"new": deep}, force=True)
                with pytest.raises(DefinitionError, match="more than 100 levels deep"):
                    ex.add_config(deep=deep)

    def test_depth_of_functions(self, ex):
        """So is one that a config function makes, where it makes it; one that leads back to itself is as deep."""

        @ex.config
        def made():
            found = {}
            found["itself"] = [found]

        line = made.__code__.co_firstlineno + 2
        with pytest.raises(ConfigFunctionError, match=rf"{line}\): makes .found., which is nested more than 100"):
            ex.resolve()

    @pytest.mark.parametrize("group", [lambda value: value, lambda value: [value], lambda value: {"a": value}])
    def test_depth_of_instances(self, ex, group):
        """So is an instance that stands in itself."""

        @dataclass
        class Node:
            width: int = 1
            up: Any = None

            def __post_init__(self):
                self.up = self

        with pytest.raises(DefinitionError, match=r"Node in '\w+': is nested more than 100 levels deep"):
            ex.add_config(node=group(Node()))
            ex.resolve()

    @pytest.mark.parametrize("written", ["[a.{keys}]\nz = 1", "a = {lists}"])
    def test_depth_of_files(self, ex, written, tmp_path):
        """So is one in a file."""
        ex.add_config(a={"b": 1})
        text = written.format(keys=".".join("b" * 300), lists="[" * 300 + "]" * 300)
        (tmp_path / "deep.toml").write_text(text)
        (tmp_path / "deep.json").write_text('{"a":' * 900 + "1" + "}" * 900)

        for name in ("deep.toml", "deep.json"):
            with pytest.raises(ConfigFileError, match=r"deep\.\w+': is nested more than 100 levels deep"):
                ex.resolve(named=[str(tmp_path / name)])

    @pytest.mark.parametrize("key", ["9" * 5000, "²", "-" + "9" * 5000, "٣"])
    def test_digits(self, ex, key):
        """A key of thousands of digits, or of digits that are none of ours, is a key like others."""
        ex.add_config(net={"size": 1})

        found = ex.resolve(config_updates={"net": {key: 2}}, force=True)
        assert {"net": {"size": 1, key: 2}} == entries(found)
        with pytest.raises(UnknownEntryError):
            ex.resolve(f"net.{key}=1")

    def test_seed(self, ex):
        """`seed` is always an entry, drawn where nobody chooses it."""
        drawn = {ex.resolve().seed for _ in range(3)}

        assert 3 == len(drawn)
        assert all(1 <= seed < 2**31 for seed in drawn)
        assert "drawn" == ex.resolve().origins["seed"].kind
        assert 5 == ex.resolve("seed=5").seed
        assert isinstance(ex.resolve("seed=None").seed, int)

    def test_seed_chosen_in_code(self, ex):
        """A config function may choose the seed, and see it."""

        @ex.config
        def config(seed):
            other = seed + 1

        assert 5 == ex.resolve("seed=4")["other"]
        ex.add_config(seed=11)
        assert 11 == ex.resolve().seed

    def test_same_object_everywhere(self, ex):
        """Equal configs are the same by value, whatever types of containers they were made of."""
        ex.add_config(a=[1, (2, [3])], n=float("nan"))

        assert same(ex.resolve("seed=1").values, ex.resolve("seed=1").values)
