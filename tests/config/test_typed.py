"""Classes as configs: fields are entries, functions get instances, and one of several classes is chosen."""

import enum
import json
import pickle
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, NamedTuple, TypedDict, TypeVar

import pytest

import expframe
from expframe import Experiment, Ingredient
from expframe.errors import (
    AmbiguousEntryError,
    ChoiceError,
    DefinitionError,
    EntryTypeError,
    MissingEntryError,
    UnknownEntryError,
    ValidatorError,
)

T = TypeVar("T")
S = TypeVar("S")


class Spot(NamedTuple, Generic[T]):
    """A generic named tuple."""

    x: T
    y: str


class Place(TypedDict, Generic[T]):
    """A generic typed dict."""

    x: T
    y: str


@dataclass
class Resnet:
    """Some model, not frozen."""

    depth: int = 34  # how many layers
    width: int = 64


@dataclass(frozen=True)
class Scaled:
    """Something with a dict that may have any keys."""

    scales: dict[str, float] = field(default_factory=lambda: {"a": 1.0})


@dataclass(frozen=True)
class Vit:
    """Some other model."""

    depth: int = 6
    patch: int = 16
    """the side of a patch"""

    def __post_init__(self):
        if self.depth < 1:
            raise ValueError("depth must be positive")

    @property
    def size(self):
        """Some property."""
        return self.depth * self.patch


@dataclass(frozen=True)
class Needy:
    """Some model whose size must be given."""

    size: int
    depth: int = 1


@pytest.fixture
def ex():
    """Return an experiment with a typed config."""
    ex = Experiment("test", ghost=True)

    @ex.config
    class Config:
        # how far to go
        lr: float = 0.1
        layers: tuple[int, ...] = (64, 64)
        model: Resnet | Vit | Needy = Resnet(depth=18)
        maybe: Vit | None = None
        none: Resnet | Vit | None = None

    @ex.config
    def more(model):
        double = model.depth * 2

    @ex.main
    def main(cfg: Config, lr, model, double):
        return cfg, lr, model, double

    return ex


def outcome(ex, *words):
    """Return what a run of the main function returns."""
    return ex.run_commandline(["test", "with", *words] if words else ["test"]).result


class TestFields:
    """The fields of a class are entries as those of a config function are."""

    def test_functions_get_instances_by_type_and_by_name(self, ex):
        """A parameter gets the instance of its class, or of its name, and fields by name."""
        cfg, lr, model, double = outcome(ex, "lr=1", "model.depth=3")

        assert (1.0, Resnet(3, 64), 6) == (lr, model, double)
        assert (1.0, (64, 64), model, None) == (cfg.lr, cfg.layers, cfg.model, cfg.maybe)
        assert cfg.model is model

    @pytest.mark.parametrize(
        ("word", "meant"),
        [("cfg.lr=3", "mean 'lr'"), ("cfg.model.depth=3", "mean 'model.depth'"), ("cfg=3", "Entries: ")],
    )
    def test_the_name_of_a_parameter_that_an_instance_fills_is_no_entry(self, ex, word, meant):
        """What would change nothing is refused: a parameter that its class fills takes no value of its name."""
        with pytest.raises(UnknownEntryError, match=meant):
            ex.resolve(word)

    def test_a_parameter_takes_a_value_of_its_name_where_one_function_does(self, ex):
        """Where another function has a parameter of that name which no instance fills, a value of the name is taken."""
        ex.capture(lambda cfg: cfg)

        assert {"lr": 3} == ex.resolve("cfg.lr=3").values["cfg"]

    def test_what_is_stored_is_plain(self, tmp_path):
        """The stored config holds groups; where there was a choice, its name stands beside the fields."""
        ex = Experiment("test", store=tmp_path)
        ex.add_config(model=Vit(2))
        ex.main(lambda model: None)
        ex.run()
        stored = json.loads((tmp_path / "1" / "config.json").read_text())

        assert {"_choice": "vit", "depth": 2, "patch": 16} == stored["values"]["model"]
        assert stored["values"]["model"] == dict(expframe.runs(tmp_path)[1].config["model"])

    def test_a_bare_class_is_frozen(self, ex):
        """What functions get of a bare class cannot be changed."""
        cfg, *_ = outcome(ex)

        with pytest.raises(AttributeError):
            cfg.lr = 2

    def test_comments_and_texts_document_them(self, ex):
        """A comment above or beside a field, or a text below it, documents the entry, inner ones too."""
        docs = ex.resolve("model=vit").docs

        assert "how far to go" == docs["lr"]
        assert "the side of a patch" == docs["model.patch"]
        assert "how many layers" == ex.resolve().docs["model.depth"]

    def test_origins_are_the_lines_of_fields(self, ex):
        """An entry's origin is the line of its field, or the class's own where a choice took its defaults."""
        lines = dict(enumerate(map(str.strip, Path(__file__).read_text(encoding="utf-8").splitlines()), 1))
        origins = ex.resolve("model=vit").origins
        start = ex.resolve().origins["model.depth"]

        assert "lr: float = 0.1" == lines[origins["lr"].line]
        assert "model: Resnet | Vit | Needy = Resnet(depth=18)" == lines[start.line]
        assert "patch: int = 16" == lines[origins["model.patch"].line]
        assert "depth: int = 6" == lines[origins["model.depth"].line]

    def test_an_instance_gives_the_defaults(self):
        """Of an instance, by `config` or `add_config`, the values are the defaults and its class checks them."""
        for add in ("config", "add_config"):
            ex = Experiment("test", ghost=True)
            getattr(ex, add)(Vit(depth=2))
            ex.main(lambda vit=None: vit)

            assert (2, 16) == (ex.resolve()["depth"], ex.resolve()["patch"])
            with pytest.raises(EntryTypeError):
                ex.resolve("depth=x")

    def test_of_an_ingredient(self):
        """An ingredient's class stands below its path, and functions everywhere get it by type."""
        data = Ingredient("data")

        @data.config
        class Data:
            size: int = 3
            folder: str = "x"

        ex = Experiment("test", ingredients=[data], ghost=True)

        @data.capture
        def load(size, own: Data):
            return size, own.size

        @ex.main
        def main(data: Data):
            return data, load()

        found, loaded = ex.run(config_updates={"data.size": 5}).result

        assert (5, "x", (5, 5)) == (found.size, found.folder, loaded)

    def test_bare_classes_inherit(self):
        """The fields of bare classes that a bare class inherits from are entries too, with their own lines."""

        class Base:
            lr: float = 0.1  # how far
            sizes: list[int] = [1]

        class Config(Base):
            wd: float = 0.2  # how much less

        ex = Experiment("test", ghost=True)
        made = ex.config(Config)
        config = ex.resolve("lr=1")

        assert (1.0, [1], 0.2) == (config["lr"], config["sizes"], config["wd"])
        assert ("how far", "how much less") == (config.docs["lr"], config.docs["wd"])
        assert [made().sizes, [1]] == [Base.sizes, made().sizes]
        assert made().sizes is not Base.sizes

    def test_texts_as_annotations(self):
        """A parameter whose annotation is a text of a class that only a function knows gets its instance too."""
        ex = Experiment("test", ghost=True)

        @ex.config
        class Config:
            lr: float = 0.1

        def main(cfg):
            return cfg.lr

        main.__annotations__["cfg"] = "Config | None"
        ex.main(main)

        assert 0.1 == ex.run().result

    def test_hooks_choose(self):
        """What a config hook returns chooses as a dict of code does, under what is asked for."""
        ex = Experiment("test", ghost=True)

        @ex.config
        class Config:
            model: Resnet | Vit = Resnet()

        @ex.config_hook
        def hook(config, command_name, logger):
            return {"model": {"_choice": "vit", "patch": 3}} if config["model"]["depth"] < 50 else {"model": "vit"}

        assert Vit(6, 3) == ex.resolve().objects["model"]
        assert Vit(60, 16) == ex.resolve("model.depth=60").objects["model"]
        assert Resnet(34) == ex.resolve("model=resnet").objects["model"]

    def test_what_has_no_default_must_be_given(self):
        """A field without default that nobody gives is refused, and taken from an override."""
        ex = Experiment("test", ghost=True)
        ex.config(Needy)

        with pytest.raises(MissingEntryError, match=r"Needy needs a value for 'size' \(test_typed.py:\d+\)"):
            ex.resolve()
        assert 3 == ex.resolve("size=3")["size"]
        with pytest.raises(EntryTypeError):
            ex.resolve("size=x")

    def test_generic_classes(self):
        """The variable of a generic class stands for what it is given."""

        @dataclass(frozen=True)
        class Box(Generic[T]):
            item: T
            items: list[T] = field(default_factory=list)

        ex = Experiment("test", ghost=True)

        @ex.config
        class Config:
            box: Box[int] = Box(1)

        assert {"item": 2, "items": [3]} == expframe.thaw(ex.resolve("box.item=2.0", "box.items=[3.0]")["box"])
        with pytest.raises(EntryTypeError):
            ex.resolve("box.item=x")

    @pytest.mark.parametrize("entry", ["named", "typed", "both"])
    def test_generic_named_tuples_and_typed_dicts(self, entry):
        """Each field of a generic named tuple or typed dict takes what it is annotated with, filled in."""
        ex = Experiment("test")

        @ex.config
        class Config:
            named: Spot[int] = Spot(1, "a")
            typed: Place[int] = {"x": 1, "y": "a"}
            both: list[Spot[int]] = [Spot(1, "a")]

        path = "both.0" if entry == "both" else entry
        found = ex.resolve(f"{path}.x=2", f"{path}.y=b")[entry]

        assert [2, "b"] == [*(found.values() if entry == "typed" else found if entry == "named" else found[0])]
        with pytest.raises(EntryTypeError, match="takes int, not 'b'"):
            ex.resolve(f"{path}.x=b")
        assert Spot(5, "z") == ex.resolve("named=(5, 'z')")["named"]
        with pytest.raises(EntryTypeError):
            ex.resolve("named=('z', 5)")

    def test_classes_that_inherit_from_generic_ones(self):
        """What a class gives for the variables of a generic base is what the inherited fields take."""

        @dataclass
        class Pair(Generic[T, S]):
            first: T
            second: S
            more: list[S] = field(default_factory=list)

        class Given(Pair[int, float]): ...

        @dataclass
        class Half(Pair[int, T]):
            third: T | None = None

        @dataclass
        class Turned(Pair[S, str], Generic[S]):
            third: S | None = None

        ex = Experiment("test", ghost=True)

        @ex.config
        class Config:
            given: Given = Given(1, 2.0)
            half: Half[float] = Half(1, 2.0)
            turned: Turned[int] = Turned(1, "a")

        config = ex.resolve("given.second=3", "half.second=3", "turned.second=3", "turned.third=4.0")

        assert [3.0, 3.0, "3"] == [config[name]["second"] for name in ("given", "half", "turned")]
        assert 4 == config["turned"]["third"]
        for word in ("given.first=x", "given.more=['x']", "half.first=x", "half.third=x", "turned.first=x"):
            with pytest.raises(EntryTypeError):
                ex.resolve(word)

    def test_lists_and_dicts_of_classes(self):
        """Items of lists and dicts are groups, set one by one, and instances for functions."""
        ex = Experiment("test", ghost=True)

        @ex.config
        class Config:
            models: list[Resnet | Vit] = [Resnet(1), Vit(2)]
            named: dict[str, Vit] = {"a": Vit(3)}

        @ex.main
        def main(models, named):
            return models, named

        updates = {"models.1.depth": 5, "named.a.patch": 4}
        models, named = ex.run(config_updates=updates).result

        assert ([Resnet(1), Vit(5)], {"a": Vit(3, 4)}) == (list(models), dict(named))
        assert [Vit(9), Resnet(2)] == list(
            ex.run(config_updates={"models": [{"_choice": "vit", "depth": 9}, Resnet(2)]}).result[0]
        )

    def test_instances_inside_of_updates(self):
        """An instance inside a dict of what is asked for is laid over what stands there, as one by itself is."""
        ex = Experiment("test", ghost=True)

        @ex.config
        class Config:
            named: dict[str, Vit] = {"a": Vit(3), "b": Vit(4)}
            opt: dict[str, Resnet | Vit] = {"x": Resnet(1)}

        ex.main(lambda named, opt: (dict(named), dict(opt)))
        updates = {"named": {"a": Vit(5, 2)}, "opt": {"x": Vit(7)}}

        assert ({"a": Vit(5, 2), "b": Vit(4)}, {"x": Vit(7)}) == ex.run(config_updates=updates).result

    def test_what_is_not_made_of_its_fields_is_refused(self):
        """A class with an `__init__` of its own is no config."""

        class Own:
            x: int

            def __init__(self, x):
                self.x = x

        with pytest.raises(DefinitionError, match="`__init__` of its own"):
            Experiment("test").config(Own)

    def test_config_functions_give_typed_entries(self):
        """An instance in a config function is a group that says its class; what is computed later sees overrides."""
        ex = Experiment("test", ghost=True)

        @ex.config
        def config():
            opt = Vit(depth=2)
            deep = opt.depth * 10
            nested = {"opt": Resnet(), "x": 1}

        @ex.main
        def main(opt, deep, nested):
            return opt, deep, nested["opt"]

        assert (Vit(4), 40, Resnet(7)) == ex.run(config_updates={"opt.depth": 4, "nested.opt.depth": 7}).result
        assert "vit" == ex.resolve()["opt"]["_choice"]

    @pytest.mark.parametrize("said_in", ["words", "updates", "file"])
    @pytest.mark.parametrize(
        ("name", "value", "expected"),
        [
            ("weights.dog", 2, {"cat": 1.0, "dog": 2.0}),
            ("counts.30", 2, {30: 2}),
            ("deep.a.b", 1, {"a": {"b": 1}}),
            ("maybe.a", 1, {"a": 1}),
            ("nets.new.depth", 7, {"new": Resnet(7)}),
            ("several.0.a", 1, [{"a": 1}]),
            ("cfg.scales.b", 3, Scaled({"a": 1.0, "b": 3.0})),
        ],
    )
    def test_a_dict_that_says_what_it_holds_takes_new_keys(self, tmp_path, said_in, name, value, expected):
        """New keys of dicts annotated with what they hold are known, read so, and seen by what is computed later."""
        ex = Experiment("test", ghost=True)

        @ex.config
        def config():
            weights: dict[str, float] = {"cat": 1.0}
            counts: Mapping[int, int] = {}
            deep: dict[str, dict[str, int]] = {}
            maybe: dict[str, int] | None = None
            nets: dict[str, Resnet] = {}
            several: list[dict[str, int]] = [{}]
            cfg: Scaled = Scaled()
            sizes = [len(weights), len(counts), len(deep), maybe, len(nets), several, cfg]

        @ex.main
        def main(_run, weights, counts, deep, maybe, nets, several, cfg, sizes):
            assert sizes != [1, 0, 0, None, 0, [{}], Scaled()]
            return expframe.thaw(locals()[name.partition(".")[0]])

        data = value
        for part in reversed(name.split(".")):
            data = {part: data}
        (tmp_path / "given.json").write_text(json.dumps(data))
        if said_in == "words":
            run = ex.run_commandline(["test", "with", f"{name}={value}"])
        else:
            given = {"config_updates": data} if said_in == "updates" else {}
            run = ex.run(named_configs=[str(tmp_path / "given.json")] if said_in == "file" else [], **given)

        assert expected == run.result

    def test_a_dict_takes_no_other_keys_and_values_than_it_says(self):
        """A new key's value is judged by the annotation, before code that fails by it; other dicts refuse new keys."""
        ex = Experiment("test", ghost=True)

        @ex.config
        def config():
            weights: dict[str, float] = {}
            total = sum(weights.values())
            words: dict[Literal["a", "b"], int] = {}
            bare: dict = {}
            loose: dict[str, Any] = {"a": 1}
            plain = {"a": 1}

        for word, message in (
            ("weights.dog=x", "'weights.dog' .* takes float, not 'x'"),
            ("weights.dog.big=1", "'weights.dog' .* takes float, not {'big': 1}"),
            ("words.c=1", r"takes dict\[Literal\['a', 'b'\], int\], not {'c': 1}"),
        ):
            with pytest.raises(EntryTypeError, match=message):
                ex.resolve(word)
        for word in ("bare.a=1", "loose.b=1", "plain.b=1", "weigths.dog=1"):
            with pytest.raises(UnknownEntryError, match="Add it on purpose"):
                ex.resolve(word)

    def test_a_later_instance_replaces_an_earlier_one(self):
        """A config function that sets another class's instance leaves nothing of the first; named configs too."""
        ex = Experiment("test", ghost=True)

        @ex.config
        def config():
            opt = Resnet()

        @ex.named_config
        def other():
            opt = Vit(depth=9)

        @ex.main
        def main(opt):
            return opt

        assert Vit(9) == ex.run(named_configs=["other"]).result
        assert Vit(9, 3) == ex.run(named_configs=["other"], config_updates={"opt.patch": 3}).result
        assert Resnet(34) == ex.run(named_configs=["other"], config_updates={"opt": "resnet"}).result


class TestChoices:
    """One of several classes is chosen by its name, and has fields of its own."""

    @pytest.mark.parametrize(
        ("words", "expected"),
        [
            (["model=vit"], Vit()),
            (["model=vit", "model.patch=4"], Vit(6, 4)),
            (["model.depth=12", "model=vit"], Vit(12)),
            (["model={'_choice': 'vit', 'depth': 2}"], Vit(2)),
            (["model._choice=vit"], Vit()),
            (["model=resnet"], Resnet(18)),
            (["model=resnet", "model.width=1"], Resnet(18, 1)),
            (["model={'depth': 2}"], Resnet(2)),
            (["model=needy", "model.size=3"], Needy(3)),
        ],
        ids=str,
    )
    def test_by_words(self, ex, words, expected):
        """A word chooses, whatever the order; fields are laid over the instance that stands there."""
        assert expected == outcome(ex, *words)[2]

    def test_by_data(self, ex):
        """Dicts, instances and words of Python choose as words of a command line do."""
        for update in ({"model": "vit"}, {"model": {"_choice": "vit"}}, {"model": Vit()}, {"model._choice": "vit"}):
            assert Vit() == ex.run(config_updates=update).result[2]

    @pytest.mark.parametrize("text", ["model: vit\n", "model:\n  _choice: vit\n", "model: {_choice: vit, patch: 16}\n"])
    def test_by_file(self, ex, text, tmp_path):
        """So do files, under what is asked for besides."""
        file = tmp_path / "c.yaml"
        file.write_text(text)

        assert Vit(3) == outcome(ex, str(file), "model.depth=3")[2]
        assert Resnet(18) == outcome(ex, str(file), "model=resnet")[2]

    @pytest.mark.parametrize(
        ("said", "expected"),
        [
            ("vit", Vit()),
            ({"_choice": "vit", "patch": 4.0}, Vit(6, 4)),
            ({"depth": 2.0}, Resnet(2)),
            ({"_choice": "resnet", "width": 1}, Resnet(18, 1)),
            (Vit(3), Vit(3)),
        ],
        ids=str,
    )
    def test_by_dicts_of_code(self, ex, said, expected):
        """So do dicts that are added, whose values are read towards the fields; overrides are laid over them."""
        ex.add_config(model=said)

        assert expected == ex.resolve().objects["model"]
        assert replace(expected, depth=7) == ex.resolve("model.depth=7").objects["model"]
        assert Resnet(5) == replace(ex.resolve("model=resnet").objects["model"], depth=5, width=64)

    def test_optional(self, ex):
        """A class beside None is turned on by a field, or by its name, and off by None."""
        assert Vit(2) == outcome(ex, "maybe.depth=2")[0].maybe
        assert Vit() == outcome(ex, "maybe=vit")[0].maybe
        assert None is outcome(ex, "maybe=None")[0].maybe

    @pytest.mark.parametrize(
        ("words", "error", "message"),
        [
            (["model=vitt"], ChoiceError, r"no such choice. Did you mean .vit.\? Choices: resnet, vit, needy"),
            (["model.patch=3"], ChoiceError, "belongs to vit; for 'model' .* resnet was chosen. .*model=vit"),
            (["model=vit", "model.width=3"], ChoiceError, "belongs to resnet; for 'model' .* vit was chosen"),
            (["model.dept=3"], UnknownEntryError, "Did you mean 'model.depth'"),
            (["model.depth=x"], EntryTypeError, "'model.depth' .* takes int"),
            (
                ["model=vit", "model.depth=-1"],
                ValidatorError,
                r"Vit .*model.depth=-1 \(command line\).*must be positive",
            ),
            (["model=needy"], MissingEntryError, "Needy needs a value for 'model.size'"),
            (["model=3"], ChoiceError, "'model=3': 'model' .* has no such choice. Choices: resnet, vit, needy"),
            (["none.depth=3"], ChoiceError, "nothing that has fields is chosen for 'none' .*none=resnet. Choices"),
        ],
        ids=str,
    )
    def test_what_is_wrong_is_said(self, ex, words, error, message):
        """An unknown choice, another's field, a wrong type, a refusal and a lack are told with entry and way out."""
        with pytest.raises(error, match=message):
            ex.resolve(*words)

    @pytest.mark.parametrize(
        ("word", "said"),
        [
            ("many=[{'depth': 1}, {'depth': 'x'}]", "'many.1.depth' (test_typed.py:LINE) takes int, not 'x' (str)."),
            ("many.0.depth=x", "'many.0.depth' (test_typed.py:LINE) takes int, not 'x' (str)."),
            ("many=[3]", "'many.0' (test_typed.py:LINE) takes Resnet, not 3 (int)."),
            ("many=[{'dept': 1}]", "Resnet has no field 'dept'. Did you mean 'depth'?"),
            ("many=[{'zzz': 1}]", "Resnet has no field 'zzz'. Its fields: depth, width."),
            ("deep={'a': [3]}", "'deep.a' (test_typed.py:LINE) takes tuple[int, Resnet], not (3,) (tuple)."),
            (
                "deep={'a': [1, {'width': None}]}",
                "'deep.a.1.width' (test_typed.py:LINE) takes int, not None.",
            ),
            (
                "levels=['LOW', 'HIHG']",
                "'levels.1' (test_typed.py:LINE) takes Level, not 'HIHG' (str). There are: LOW, HIGH.",
            ),
            ("words=['a', 'c']", "'words.1' (test_typed.py:LINE) takes Literal['a', 'b'], not 'c' (str)."),
        ],
        ids=str,
    )
    def test_what_is_wrong_inside_is_told_by_its_place(self, word, said):
        """Of a list, tuple or dict of anything, the item or the field that is wrong is named, with its own type."""
        ex = Experiment("inside", ghost=True)

        class Level(enum.Enum):
            LOW = 1
            HIGH = 2

        @ex.config
        def config():
            many: list[Resnet] = [Resnet()]
            deep: dict[str, tuple[int, Resnet]] = {"a": (1, Resnet())}
            levels: list[Level] = []
            words: list[Literal["a", "b"]] = []

        with pytest.raises(EntryTypeError) as caught:
            ex.resolve(word)
        assert said in re.sub(r"py:\d+", "py:LINE", str(caught.value))

    @pytest.mark.parametrize(
        ("word", "said"),
        [
            ("either.0=x", None),
            ("either=['x', 3]", "'either.1' (test_typed.py:LINE) takes str, not 3 (int)."),
            ("either={'a': 'x'}", "'either.a' (test_typed.py:LINE) takes int, not 'x' (str)."),
            ("lists=['a', 1]", "'lists' (test_typed.py:LINE) takes list[int] | list[str], not ['a', 1] (list)."),
            ("lists.0=None", "'lists.0' (test_typed.py:LINE) takes int | str, not None."),
            ("nested.a=[2]", None),
            ("nested.a.0=2", None),
            ("nested.a=2", None),
            ("noted.0=b", None),
            ("nested.a=x", "'nested.a' (test_typed.py:LINE) takes int | list[int], not 'x' (str)."),
            ("nested.a=['x']", "'nested.a.0' (test_typed.py:LINE) takes int, not 'x' (str)."),
        ],
        ids=str,
    )
    def test_what_options_of_a_union_say_of_items(self, word, said):
        """Items may be what any option says that may be meant; an item is told of where it is none of these."""
        ex = Experiment("inside", ghost=True)

        @ex.config
        def config():
            either: dict[str, int] | list[str] = ["a", "b"]
            lists: list[int] | list[str] = ["a"]
            nested: dict[str, int] | dict[str, list[int]] = {"a": [1]}
            noted: list[Annotated[str, []]] | tuple[Annotated[int, {}], ...] = ["a"]

        if said is None:
            ex.resolve(word)
        else:
            with pytest.raises(EntryTypeError) as caught:
                ex.resolve(word)
            assert said in re.sub(r"py:\d+", "py:LINE", str(caught.value))

    def test_changes(self, ex):
        """A changed choice and changed fields are modified against the defaults of what was chosen."""
        changes = ex.resolve("model=vit", "model.depth=12").changes

        assert ("modified", "resnet") == (changes["model._choice"].kind, changes["model._choice"].default)
        assert ("modified", 6) == (changes["model.depth"].kind, changes["model.depth"].default)
        assert self.line_of("depth: int = 6") == changes["model.depth"].where
        assert self.line_of("model: Resnet | Vit | Needy") == ex.resolve("model.depth=12").changes["model.depth"].where
        assert "model.patch" not in changes

    def line_of(self, text):
        """Return where a line that begins like this stands in this file."""
        lines = Path(__file__).read_text(encoding="utf-8").splitlines()
        number = next(number for number, line in enumerate(lines, 1) if line.strip().startswith(text))
        return f"test_typed.py:{number}"

    def test_registered_names_and_texts(self):
        """`Choice` names alternatives; one that is a text is imported only when it is chosen."""
        ex = Experiment("test", ghost=True)

        @ex.config
        class Config:
            model: Annotated[object, expframe.Choice(Resnet, small=Vit, far="no.such.module:Net")] = Resnet()

        @ex.main
        def main(model):
            return model

        assert Vit(2) == ex.run(config_updates={"model": "small", "model.depth": 2}).result
        with pytest.raises(DefinitionError, match=r"choice 'far' \(no.such.module:Net\)"):
            ex.resolve("model=far")

    @pytest.mark.parametrize(
        ("said", "expected"),
        [
            ({}, Resnet()),
            ({"_choice": "small"}, Vit()),
            ({"depth": 3}, Resnet(3)),
            (Vit(2), Vit(2)),
            (Needy(3), Needy(3)),
        ],
        ids=str,
    )
    def test_nothing_else_is_imported(self, said, expected):
        """Whatever is chosen, said or put there by code, no other alternative is imported, also in lists."""
        ex = Experiment("test", ghost=True)
        choice = expframe.Choice(far="no.such.module:Net", resnet=Resnet, small=Vit)

        @ex.config
        class Config:
            model: Annotated[object, choice] = Resnet()
            models: list[Annotated[object, choice]] = [Resnet()]

        ex.add_config(model=said, models=[said])
        config = ex.resolve("model.depth=7", "models.0.depth=7")

        assert replace(expected, depth=7) == config.objects["model"] == config.objects["models"][0]

    def test_a_dict_is_of_the_first_class_that_it_is_enough_for(self):
        """Of classes that take the fields of a dict without a choice, one that needs no more is meant."""
        ex = Experiment("test", ghost=True)

        @ex.config
        class Config:
            models: list[Needy | Vit] = [Vit()]

        found = ex.resolve(config_updates={"models": [{}, {"size": 3}, {"patch": 4}]}).objects["models"]

        assert [Vit(), Needy(3), Vit(patch=4)] == list(found)

    def test_subclasses(self):
        """An instance of a subclass stands for its annotation and says its class."""

        @dataclass(frozen=True)
        class Wide(Vit):
            more: int = 1

        ex = Experiment("test", ghost=True)

        @ex.config
        class Config:
            model: Vit = Wide(depth=3)

        assert {"_choice": "wide", "depth": 3, "patch": 16, "more": 2} == expframe.thaw(
            ex.resolve("model.more=2")["model"]
        )
        assert "vit" == ex.resolve("model=vit")["model"]["_choice"]


class TestInstances:
    """Instances are made once, of the decided values."""

    def test_two_candidates_are_an_error(self):
        """A parameter whose class two entries have, and whose name none of them has, is refused with both."""
        ex = Experiment("test", ghost=True)

        @ex.config
        class Config:
            first: Vit = Vit()
            second: Vit = Vit()

        @ex.main
        def main(second: Vit, third: Vit):
            return second

        with pytest.raises(AmbiguousEntryError, match=r"first.*second"):
            ex.run()

    def test_what_a_class_computes_is_what_is_stored(self):
        """Values that a class changes are stored and handed out as it made them, and its class is said as origin."""

        @dataclass
        class Rounded:
            size: float = 1.4

            def __post_init__(self):
                self.size = round(self.size)

        ex = Experiment("test", ghost=True)

        @ex.config
        class Config:
            part: Rounded = Rounded()

        @ex.main
        def main(part):
            return part.size

        config = ex.resolve("part.size=2.6")

        assert (3, "Rounded") == (config["part"]["size"], config.origins["part.size"].name)
        assert 3 == ex.run(config_updates={"part.size": 2.6}).result
        assert () == config.warnings

    def test_what_a_class_changes_each_time_is_warned_of(self):
        """A class that changes a value anew each time cannot be done again, and this is said."""

        @dataclass
        class Grows:
            size: int = 1

            def __post_init__(self):
                self.size += 1

        ex = Experiment("test", ghost=True)
        ex.add_config(part=Grows())

        assert "part.size is changed again by its class" in ex.resolve("part.size=5").warnings[0]

    def test_configs_are_pickled_with_them(self, ex):
        """A pickled config hands out equal instances."""
        ex = Experiment("test", ghost=True)
        ex.add_config(part=Vit(2))
        again = pickle.loads(pickle.dumps(ex.resolve()))

        assert Vit(2) == again.objects["part"] == again.object_at(("part",))
