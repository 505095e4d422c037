"""What may be asked for on a command line or in `config_updates`, and what is said of what may not."""

import enum
import pathlib
import typing
from collections import namedtuple
from typing import Any, Final, Literal, NamedTuple, Optional, Union

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expframe import Experiment, Ingredient, Secret
from expframe.config.frozen import thaw
from expframe.config.request import Override
from expframe.errors import (
    AppendError,
    ConfigError,
    EntryGroupError,
    EntryIndexError,
    EntryTypeError,
    MaskedEntryError,
    UnknownEntryError,
    UsageError,
)

Point = namedtuple("Point", "x y")


class Rated(NamedTuple):
    """Some named tuple that says what it holds."""

    name: str
    rate: float


class Colour(enum.Enum):
    """Some enum."""

    RED = 1
    BLUE = 2


@pytest.fixture
def ex():
    """An experiment with entries of many types."""
    ex = Experiment("test")

    @ex.config
    def config():
        lr = 0.1
        epochs = 3
        name = "adam"
        flag = True
        layers = [1, 2, 3]
        pair = (1, 2)
        point = Point(1, 2)
        some = {1, 2}
        net = {"depth": 3, "opt": None, "sub": {"a": 1}}
        schedule = {30: 0.1, 60: 0.01}
        blocks = [{"size": 1}, {"size": 2}]
        nothing = None
        empty = {}
        colour = Colour.RED
        folder = pathlib.Path("data")
        api_key = "unset"

    return ex


class TestParsing:
    """An override is a path, an operator and a value."""

    @pytest.mark.parametrize(
        ("text", "path", "operator", "value"),
        [
            ("a=1", ("a",), "=", "1"),
            (" a.b = x y ", ("a", "b"), "=", "x y"),
            ("a.0=", ("a", "0"), "=", ""),
            ("a+=[1]", ("a",), "+=", "[1]"),
            ("+a.b=1", ("a", "b"), "+", "1"),
            ("a==b=c", ("a",), "=", "=b=c"),
        ],
    )
    def test_forms(self, text, path, operator, value):
        """Both sides are stripped, and the first `=` divides them."""
        override = Override.parse(text)

        assert (path, operator, value) == (override.path, override.operator, override.value)

    @pytest.mark.parametrize("text", ["a", "=1", "a..b=1", ".a=1", "a.=1", "++a=1", "+a+=1", "+=1", "+.a=1", ""])
    def test_no_override(self, text):
        """What is none is refused, with the forms there are."""
        with pytest.raises(UsageError, match=r"is no override. Write name=value, net.depth=3"):
            Override.parse(text)

    @pytest.mark.parametrize("key", ["", ".a", "a..b", 0.5, None, (1,)])
    def test_no_name(self, ex, key):
        """So are keys of `config_updates` that are no names."""
        with pytest.raises(UsageError, match="is no name"):
            ex.resolve(config_updates={key: 1})


class TestValues:
    """A value is read towards the default; numbers are taken for numbers, with a warning, and all else is refused."""

    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("lr=1", 1.0),
            ("lr=1e-3", 0.001),
            ("lr=inf", float("inf")),
            ("epochs=5.0", 5),
            ("epochs=1_000", 1000),
            ("name=sgd", "sgd"),
            ("name=123", "123"),
            ("name=[1]", "[1]"),
            ("name='123'", "123"),
            ("name=", ""),
            ("name=' x '", " x "),
            ("name=None", None),
            ("name='None'", "None"),
            ("name=C:\\data", "C:\\data"),
            ("flag=off", False),
            ("flag=No", False),
            ("flag=true", True),
            ("layers=(4,)", [4]),
            ("layers=[]", []),
            ("pair=[4, 5]", (4, 5)),
            ("point=(4, 5)", Point(4, 5)),
            ("some={3}", {3}),
            ("nothing=[1, 'a']", [1, "a"]),
            ("nothing=text", "text"),
            ("epochs=None", None),
            ("colour=BLUE", Colour.BLUE),
            ("folder=a/b", pathlib.Path("a/b")),
            ("net=None", None),
        ],
    )
    def test_towards_the_default(self, ex, text, value):
        """The value has the default's type where it can have it, without a warning."""
        config = ex.resolve(text)
        found = thaw(config[text.partition("=")[0]])

        assert (value, type(value), ()) == (found, type(found), config.warnings)

    @pytest.mark.parametrize(
        ("text", "value", "kinds"),
        [
            ("lr=True", True, "float to bool"),
            ("epochs=2.5", 2.5, "int to float"),
            ("epochs=True", True, "int to bool"),
            ("flag=1", 1, "bool to int"),
            ("flag=0.5", 0.5, "bool to float"),
        ],
    )
    def test_another_number(self, ex, text, value, kinds):
        """A number of another type is taken, and the warning names both types and the default's place."""
        config = ex.resolve(text)
        name = text.partition("=")[0]
        [warning] = config.warnings

        assert (value, type(value)) == (config[name], type(thaw(config[name])))
        assert warning.startswith(f"Entry '{name}' (test_overrides.py:")
        assert f"changed from {kinds} by '{text}" in warning
        assert "typechanged" == config.changes[name].kind

    @pytest.mark.parametrize(
        ("text", "takes", "value"),
        [
            ("lr=fast", "float, not 'fast' (str)", "fast"),
            ("lr=0.1,0.2", "float, not (0.1, 0.2) (tuple)", (0.1, 0.2)),
            ("lr='0.1'", "float, not '0.1' (str)", "0.1"),
            ("epochs=three", "int, not 'three' (str)", "three"),
            ("epochs=", "int, not '' (str)", ""),
            ("epochs=" + "9" * 5000, "int, not '99", "9" * 5000),
            ("seed=abc", "int, not 'abc' (str)", "abc"),
            ("flag=maybe", "bool, not 'maybe' (str)", "maybe"),
            ("flag='yes'", "bool, not 'yes' (str)", "yes"),
            ("layers=3", "list, not 3 (int)", 3),
            ("layers=a", "list, not 'a' (str). Write items in brackets and texts in quotes: layers=['a', 'b']", "a"),
            ("point=[4]", "Point, not [4] (list)", [4]),
            ("colour=GREEN", "Colour, not 'GREEN' (str)", "GREEN"),
            ("empty=3", "dict, not 3 (int)", 3),
            ("net.depth=x", "int, not 'x' (str)", "x"),
            ("layers.1=x", "int, not 'x' (str)", "x"),
        ],
    )
    def test_what_the_default_cannot_be(self, ex, text, takes, value):
        """What cannot be of the default's type is refused, with how to mean it; with `force` it is taken as it is."""
        path = text.partition("=")[0].split(".")
        with pytest.raises(EntryTypeError) as caught:
            ex.resolve(text)
        forced = ex.resolve(text, force=True)
        found = forced.values
        for part in path:
            found = found[int(part) if isinstance(found, list) else part]

        assert f" takes {takes}" in str(caught.value)
        assert str(caught.value).endswith("--force takes it as it is.")
        assert (value, type(value), 1) == (thaw(found), type(thaw(found)), len(forced.warnings))

    def test_python_values(self, ex):
        """Values of `config_updates` are read as those of files are, and text in quotes is no number."""
        asked = {"lr": 1, "layers": (1,), "nothing": Point(1, 2), "colour": "BLUE", "folder": "x", "flag": "no"}
        config = ex.resolve(config_updates={**asked, "name": None})
        expected = [1.0, [1], Point(1, 2), Colour.BLUE, pathlib.Path("x"), False, None]

        assert [repr(value) for value in expected] == [repr(thaw(config[name])) for name in (*asked, "name")]
        assert () == config.warnings
        for updates in ({"epochs": "7"}, {"name": 3}, {"net": {"depth": [1]}}):
            with pytest.raises(EntryTypeError):
                ex.resolve(config_updates=updates)
        with pytest.raises(EntryTypeError, match=r"takes str, not 3 \(int\)\. Write it in quotes to mean a text\."):
            ex.resolve(config_updates={"name": 3})

    def test_several_values_are_a_sweep(self, ex):
        """Values with commas for a number are refused with the word that tries each of them; a tuple is a tuple."""
        with pytest.raises(EntryTypeError, match=r"Several values are tried by a sweep: sweep with lr=0\.1,0\.2\."):
            ex.resolve("lr=0.1,0.2")
        for text in ("lr=(0.1, 0.2)", "lr=1,"):
            with pytest.raises(EntryTypeError) as caught:
                ex.resolve(text)
            assert "sweep" not in str(caught.value)

    @pytest.mark.parametrize("word", ["null", "none", "None", "NULL"])
    def test_none_is_meant(self, ex, word):
        """None is written in either way, for every entry that takes no texts; in quotes it is a text."""
        for name in ("nothing", "lr", "layers", "colour", "net"):
            assert ex.resolve(f"{name}={word}")[name] is None
        assert word == ex.resolve(f"nothing='{word}'")["nothing"]
        assert (None if word == "None" else word) == ex.resolve(f"name={word}")["name"]

    def test_a_text_takes_any_text(self, ex):
        """What reads like a dict or a number is a text where a text stands."""
        for text in ("{'a': 1}", "{}", "3", "[1]", "1e3", "True", "0.1,0.2", "2020-01-02"):
            assert text == ex.resolve(f"name={text}")["name"]

    def test_changes(self, ex):
        """What differs from its default is noted, with the default and its place."""
        config = ex.resolve("lr=1", "epochs=3", "net.opt=5", "+new=1", "layers.0=7", "schedule.30=2")
        changes = {name: (change.kind, change.default) for name, change in config.changes.items()}

        assert ("added", "MISSING") == (changes["new"][0], repr(changes.pop("new")[1]))
        assert {
            "lr": ("modified", 0.1),
            "net.opt": ("modified", None),
            "layers.0": ("modified", 1),
            "schedule.30": ("modified", 0.1),
        } == changes
        assert config.changes["lr"].where.startswith("test_overrides.py:")

    @given(
        value=st.recursive(
            st.none()
            | st.booleans()
            | st.integers()
            | st.floats(allow_nan=False, allow_infinity=False)
            | st.text()
            | st.binary(),
            lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.sets(st.integers(), min_size=1),
            max_leaves=6,
        )
    )
    def test_every_literal_comes_through(self, value):
        """The repr of a Python literal, given for a None, gives the literal."""
        ex = Experiment("test")
        ex.add_config(x=None)
        found = thaw(ex.resolve(f"x={value!r}")["x"])

        assert (value, type(value)) == (found, type(found))

    @pytest.mark.parametrize(
        "text",
        ["__import__('os').system('false')", "open('made', 'w')", "[x for x in ()]", "!!python/object:os", "lambda: 1"],
    )
    def test_nothing_is_executed(self, ex, text, tmp_path):
        """A value is never code: what is no literal is text."""
        assert text == ex.resolve(f"nothing={text}")["nothing"]
        assert text == ex.resolve(f"lr={text}", force=True)["lr"]
        assert [] == list(tmp_path.iterdir())


class TestAnnotations:
    """An annotated entry takes what its annotation says, and nothing else."""

    @pytest.fixture
    def ex(self):
        """An experiment with annotated entries."""
        ex = Experiment("test")

        @ex.config
        def config():
            from typing import Literal as OneOf

            i: int = 3
            f: float = 0.5
            s: str = "a"
            b: bool = True
            oi: Optional[int] = None  # noqa: UP045
            of: float | None = None
            u: Union[int, str] = 3  # noqa: UP007
            quoted: "int | None" = 4  # noqa: UP037
            lit: OneOf["adam", "sgd"] = "adam"
            num: Literal[1, 2] = None
            li: list[int] = [1, 2]
            di: dict[str, int] = {"a": 1}
            tu: tuple[int, ...] = (1, 2)
            anno: typing.Annotated[int, "x"] = 3
            fin: Final[int] = 3
            anything: Any = 3
            unknown: NoSuchThing = 3  # noqa: F821
            odd: "no such [" = 3  # noqa: F722
            proto: typing.SupportsFloat = 3.0
            late: int
            late = 3

        return ex

    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("i=4.0", 4),
            ("f=1", 1.0),
            ("s=1", "1"),
            ("b=off", False),
            ("oi=3", 3),
            ("oi=None", None),
            ("of=1", 1.0),
            ("u=x", "x"),
            ("u=1.5", "1.5"),
            ("u='3'", "3"),
            ("quoted=None", None),
            ("lit=sgd", "sgd"),
            ("num=2", 2),
            ("li=(3,)", [3]),
            ("li.0=3.0", [3, 2]),
            ("di.a=4", {"a": 4}),
            ("tu=[3]", (3,)),
            ("anno=4", 4),
            ("fin=4", 4),
            ("anything=x", "x"),
            ("proto=x", "x"),
            ("late=4", 4),
        ],
    )
    def test_what_fits(self, ex, text, value):
        """A value that fits is taken, without a warning where the annotation can be checked."""
        if text != "proto=x":
            assert () == ex.resolve(text).warnings
            assert value == ex.resolve(text)[text.partition("=")[0].partition(".")[0]]

    @pytest.mark.parametrize(
        ("text", "kind", "got"),
        [
            ("i=abc", "int", "'abc' (str)"),
            ("i=3.5", "int", "3.5 (float)"),
            ("i=True", "int", "True (bool)"),
            ("i=None", "int", "None"),
            ("f=abc", "float", "'abc' (str)"),
            ("f=True", "float", "True (bool)"),
            ("b=3", "bool", "3 (int)"),
            ("oi=abc", "int | None", "'abc' (str)"),
            ("quoted=x", "int | None", "'x' (str)"),
            ("lit=x", "Literal['adam', 'sgd']", "'x' (str)"),
            ("num=3", "Literal[1, 2]", "3 (int)"),
            ("li=3", "list[int]", "3 (int)"),
            ("li=['a']", "li.0: int", "'a' (str)"),
            ("li.0=x", "li.0: int", "'x' (str)"),
            ("li+=['a']", "li.2: int", "'a' (str)"),
            ("di.a=x", "di.a: int", "'x' (str)"),
            ("tu=[3,'a']", "tu.1: int", "'a' (str)"),
            ("anno=x", "int", "'x' (str)"),
            ("fin=x", "int", "'x' (str)"),
            ("late=x", "int", "'x' (str)"),
        ],
    )
    def test_what_does_not(self, ex, text, kind, got):
        """Anything else is an error that names what the entry takes, or of a list, tuple or dict the item in it."""
        with pytest.raises(EntryTypeError) as caught:
            ex.resolve(text)
        said = str(caught.value)
        name, _, kind = kind.rpartition(": ")
        name = name or text.partition("=")[0]

        assert said.startswith(f"{text!r}: '{name}' (test_overrides.py:")
        assert said.endswith(f" takes {kind}, not {got}. --force takes it as it is.")
        assert ex.resolve(text, force=True).changes

    @pytest.mark.parametrize("name", ["unknown", "odd"])
    def test_what_cannot_be_evaluated(self, ex, name):
        """An annotation that cannot be evaluated is as none."""
        config = ex.resolve(f"{name}=2.5")

        assert (2.5, 1) == (config[name], len(config.warnings))

    def test_of_config_updates(self, ex):
        """It holds for `config_updates` as well."""
        with pytest.raises(EntryTypeError):
            ex.resolve(config_updates={"i": "3"})

    def test_of_an_earlier_function(self, ex):
        """An annotation in one config function holds for the entry wherever it is assigned."""
        ex.add_config(i=5)

        with pytest.raises(EntryTypeError):
            ex.resolve("i=x")

    def test_of_a_named_config(self, ex):
        """So does one in a named config that takes part."""

        @ex.named_config
        def named():
            new: int = 5

        assert 7 == ex.resolve("new=7", named=["named"])["new"]
        with pytest.raises(EntryTypeError):
            ex.resolve("new=x", named=["named"])


class TestElements:
    """Elements of lists and tuples have paths as entries have."""

    @pytest.mark.parametrize(
        ("text", "name", "value"),
        [
            ("layers.0=9", "layers", [9, 2, 3]),
            ("layers.-1=9", "layers", [1, 2, 9]),
            ("pair.1=9", "pair", (1, 9)),
            ("point.0=9", "point", Point(9, 2)),
            ("blocks.1.size=9", "blocks", [{"size": 1}, {"size": 9}]),
            ("schedule.30=0.5", "schedule", {30: 0.5, 60: 0.01}),
            ("+schedule.90=0.5", "schedule", {30: 0.1, 60: 0.01, 90: 0.5}),
        ],
    )
    def test_are_set(self, ex, text, name, value):
        """The others stay as they are, and so does the type of the whole."""
        found = ex.resolve(text)[name]

        assert (value, isinstance(found, Point)) == (found, name == "point")

    def test_are_set_in_dicts_and_files(self, ex, tmp_path):
        """A dict of places sets elements, in updates, on a command line and in files, as a path does."""
        (tmp_path / "some.json").write_text('{"layers": {"0": 9}, "blocks.1.size": 9}')
        expected = ex.resolve("layers.0=9", "blocks.1.size=9", "seed=1")

        assert expected == ex.resolve(config_updates={"layers": {0: 9}, "blocks": {"1": {"size": 9}}, "seed": 1})
        assert expected == ex.resolve("layers={0: 9}", "blocks={1: {'size': 9}}", "seed=1")
        assert expected == ex.resolve("seed=1", named=["some.json"])

    @pytest.mark.parametrize("index", ["3", "-4", "99"])
    @pytest.mark.parametrize("force", [False, True])
    def test_out_of_range(self, ex, index, force):
        """An index that is not there is an error, with `force` too."""
        with pytest.raises(EntryIndexError, match=rf"no element {index} in 'layers' .*has 3 \(indices: 0 to 2\)"):
            ex.resolve(f"layers.{index}=1", force=force)

    def test_of_other_things(self, ex):
        """A text has no elements, a list no names, and a named tuple none but its own."""
        for text in ("name.0=x", "layers.x=1"):
            with pytest.raises(EntryGroupError, match="is a single value"):
                ex.resolve(text)
        for text in ("point.z=1", "point={'z': 1}"):
            with pytest.raises(EntryGroupError, match=r"Set them one by one \(point.x=...\): x, y."):
                ex.resolve(text)

    @pytest.mark.parametrize("point", ["point.x=9", "point.0=9", "point={'x': 9}"])
    def test_of_a_named_tuple(self, ex, point):
        """What a named tuple holds is reached by its name and by its place; it stays one of its class."""
        assert Point(9, 2) == ex.resolve(point)["point"] == ex.resolve(config_updates={"point.x": 9})["point"]

    @pytest.mark.parametrize("place", ["rated.rate", "rated.1", "rated.-1"])
    def test_of_an_annotated_named_tuple(self, place):
        """An item of a named tuple takes what its class says of it, by whatever it is reached."""
        ex = Experiment("test")

        @ex.config
        class Config:
            rated: Rated = Rated("a", 0.5)

        assert "3.0" == repr(ex.resolve(f"{place}=3")["rated"].rate)
        with pytest.raises(EntryTypeError, match="takes float, not 'high'"):
            ex.resolve(f"{place}=high")


class TestAppending:
    """`+=` adds to the default."""

    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("layers+=[4]", [1, 2, 3, 4]),
            ("layers+=(4,)", [1, 2, 3, 4]),
            ("pair+=[3]", (1, 2, 3)),
            ("some+={3}", {1, 2, 3}),
            ("some+=[3]", {1, 2, 3}),
            ("name+=_x", "adam_x"),
            ("name+=5", "adam5"),
            ("epochs+=2", 5),
            ("lr+=1", 1.1),
        ],
    )
    def test_what_can_be_added(self, ex, text, value):
        """Lists, tuples, sets, texts and numbers take more of their kind."""
        assert value == ex.resolve(text)[text.partition("+")[0]]

    @pytest.mark.parametrize(
        ("text", "kind"),
        [
            ("layers+=4", "a list"),
            ("flag+=1", "a bool"),
            ("nothing+=[1]", "None"),
            ("net+={'a': 1}", "a group of entries"),
            ("epochs+=x", "an int"),
            ("point+=(3,)", "a Point"),
            ("lr+=True", "a float"),
        ],
    )
    def test_what_cannot(self, ex, text, kind):
        """Anything else is an error that says what the default is, and where."""
        with pytest.raises(AppendError, match=rf"to '\w+' \(test_overrides.py:\d+\), which is {kind}\."):
            ex.resolve(text)

    def test_an_unknown_one(self, ex):
        """To what is not there nothing can be added."""
        with pytest.raises(UnknownEntryError, match=r"no config entry 'layer'\. Did you mean 'layers'"):
            ex.resolve("layer+=[1]")

    def test_together(self, ex):
        """Several add up, after what is set otherwise, and elements may be set in the whole."""
        ex.add_named_config("named", layers=[7])

        assert [1, 2, 3, 4, 5] == ex.resolve("layers+=[4]", "layers+=[5]")["layers"]
        assert [9, 4] == ex.resolve("layers+=[4]", "layers=[9]")["layers"]
        assert [7, 4] == ex.resolve("layers+=[4]", named=["named"])["layers"]
        assert [1, 2, 3, 8] == ex.resolve("layers+=[4]", "layers.3=8")["layers"]
        assert [2, 4, 3] == ex.resolve("layers.0+=1", "layers.1+=2")["layers"]

    def test_is_seen(self, ex):
        """The sum is what config functions see and functions are given."""

        @ex.config
        def later(layers):
            count = len(layers)

        assert 4 == ex.resolve("layers+=[4]")["count"]

    @pytest.mark.parametrize(
        ("body", "text", "values"),
        [
            ("x = [1]; n = len(x)", "x+=[2]", {"x": [1, 2], "n": 2}),
            ("x = [] if calls else [1]; n = len(x)", "x+=[2]", {"x": [2], "n": 1}),
            ("w = 3; x = [w * i for i in range(w)]; n = sum(x)", "x+=[1]", {"w": 3, "x": [0, 3, 6, 1], "n": 10}),
            ("d = {'x': {'y': 1}}; n = d['x']['y']", "d.x.y+=2", {"d": {"x": {"y": 3}}, "n": 3}),
            ("d = {}; d['x'] = 'a'; n = d['x'] * 2", "d.x+=b", {"d": {"x": "ab"}, "n": "abab"}),
            ("x = [1]; n = x[-1]; x = [1]", "x+=[2]", {"x": [1, 2], "n": 2}),
        ],
    )
    def test_is_decided_once(self, body, text, values, tmp_path):
        """What is added to is known where it is bound, so that no config function is called twice."""
        calls, config = [], {}
        source = tmp_path / "config.py"
        source.write_text(f"def config():\n    calls.append(1)\n    {body}\n")
        exec(compile(source.read_text(), source, "exec"), {"calls": calls}, config)
        ex = Experiment("test")
        ex.config(config["config"])
        found = ex.resolve(text).values

        assert values == {name: thaw(found[name]) for name in values}
        assert 1 == len(calls)

    @pytest.mark.parametrize(
        ("body", "values"),
        [
            ("x = [1]; x = x + [2]; n = len(x)", {"x": [1, 2, 9], "n": 3}),
            ("x = [1]; x.append(2); n = len(x)", {"x": [1, 2, 9], "n": 3}),
            ("x = [1]; n = len(x); x = [3]", {"x": [3, 9], "n": 2}),
            ("x = [1]\n    for i in range(2): x += [i]", {"x": [1, 0, 1, 9]}),
        ],
    )
    def test_a_computed_default(self, body, values, tmp_path):
        """Where the default is computed on, it is found out first, and the sum stands from the beginning."""
        config = {}
        source = tmp_path / "config.py"
        source.write_text(f"def config():\n    {body}\n")
        exec(compile(source.read_text(), source, "exec"), {}, config)
        ex = Experiment("test")
        ex.config(config["config"])
        found = ex.resolve("x+=[9]").values

        assert values == {name: thaw(found[name]) for name in values}

    def test_of_several_layers(self, ex):
        """The default is what all layers make of it, ingredients and named configs included."""
        data = Ingredient("data")
        data.add_config(sizes=[1])
        ex.ingredients.append(data)
        ex.add_config(data={"sizes": [2]}, layers=[7])

        @ex.config
        def later(layers):
            layers.append(8)
            count = len(layers)

        @ex.named_config
        def named():
            epochs = 30
            twice = epochs * 2

        config = ex.resolve("layers+=[9]", "data.sizes+=[3]", "epochs+=1", named=["named"])

        assert ([7, 8, 9], 3, [2, 3]) == (config["layers"], config["count"], config["data"]["sizes"])
        assert (31, 62) == (config["epochs"], config["twice"])


class TestGroups:
    """A group of entries and a single value do not replace each other."""

    @pytest.mark.parametrize("updates", [{"net": 3}, {"net": [1]}, {"net.sub": "x"}])
    def test_value_for_a_group(self, ex, updates):
        """A value for a group is refused, with the entries there are."""
        with pytest.raises(EntryGroupError, match=r"is a group of entries. Set them one by one \(net"):
            ex.resolve(config_updates=updates)

    @pytest.mark.parametrize("text", ["lr={'a': 1}", "lr={}", "lr.a=1", "+lr.a=1", "+lr={'a': 1}", "nothing.a=1"])
    def test_group_for_a_value(self, ex, text):
        """A group for a value is refused, also where it is to be added."""
        with pytest.raises(EntryGroupError, match="is a single value and has no entries below it"):
            ex.resolve(text)

    def test_dicts_merge(self, ex):
        """A dict changes the leaves that it names."""
        config = ex.resolve("net={'depth': 5, 'sub': {'a': 2}}", "empty={}", "net={}")

        assert ({"depth": 5, "opt": None, "sub": {"a": 2}}, {}) == (config["net"], config["empty"])
        assert {"net.depth", "net.sub.a"} == set(config.changes)

    def test_for_none(self, ex):
        """A dict takes the place of a None, at any depth."""
        config = ex.resolve("nothing={'a': {'b': 1}}", "net.opt={'x': 2}", "+net.opt.y=3")

        assert ({"a": {"b": 1}}, {"x": 2, "y": 3}) == (config["nothing"], config["net"]["opt"])
        assert {"modified"} == {config.changes[name].kind for name in ("nothing.a.b", "net.opt.x")}


class TestKnown:
    """A path must be known: an entry, or a parameter of a captured function."""

    @pytest.mark.parametrize(
        ("text", "near"),
        [
            ("lrr=1", "'lr' "),
            ("net.deph=1", "'net.depth' "),
            ("net.sub.b=1", "'net.sub' "),
            ("net={'sub': {'aa': 1}}", "'net.sub.a' "),
            ("blocks.0.sise=1", "'blocks.0.size'"),
            ("schedule.31=1", "'schedule.30' "),
            ("empty.x=1", "'empty' "),
        ],
    )
    def test_typos(self, ex, text, near):
        """A typo at any depth is refused, with the nearest entries and their places."""
        with pytest.raises(UnknownEntryError) as caught:
            ex.resolve(text)

        assert near in str(caught.value)
        assert str(caught.value).startswith(f"{text!r}: no config entry")
        assert "--force" in str(caught.value)

    def test_in_updates(self, ex):
        """So it is in `config_updates`, nested and dotted."""
        for updates in ({"net": {"deph": 1}}, {"net.deph": 1}, {"net": {"sub.b": 1}}, {31: 1}):
            with pytest.raises(UnknownEntryError):
                ex.resolve(config_updates=updates)
        assert {"a": 7} == ex.resolve(config_updates={"net": {"sub.a": 7}})["net"]["sub"]

    def test_added_on_purpose(self, ex):
        """`+` adds, and so does `force` for all."""
        assert ({"key": 1}, "x") == (ex.resolve("+new.key=1")["new"], ex.resolve("+new=x")["new"])
        assert 1 == ex.resolve("net.new=1", force=True)["net"]["new"]
        assert {"b": {"c": 1}} == ex.resolve(config_updates={"+a": {"b.c": 1}})["a"]
        assert 5 == ex.resolve("+lr=5")["lr"]

    def test_parameters(self, ex):
        """A parameter of a captured function makes its path known, under its prefix."""

        @ex.capture
        def train(batch, options=None):
            pass

        @ex.capture(prefix="net")
        def build(width):
            pass

        config = ex.resolve("batch=3", "net.width=4", "options.a.b=5", "options.c=6")

        assert (3, 4, {"a": {"b": 5}, "c": 6}) == (config["batch"], config["net"]["width"], config["options"])
        assert "command line" == config.origins["options.a.b"].kind
        with pytest.raises(UnknownEntryError, match=r"'net\.batch'"):
            ex.resolve("net.batch=3")
        with pytest.raises(UnknownEntryError, match="Did you mean 'batch'"):
            ex.resolve("bach=3")

    def test_a_parameter_hides_no_typo(self, ex):
        """A parameter that has an entry makes nothing below it known."""

        @ex.capture
        def build(net, lr):
            pass

        with pytest.raises(UnknownEntryError):
            ex.resolve("net.deph=3")
        with pytest.raises(EntryGroupError):
            ex.resolve("lr.x=3")

    def test_parameters_of_ingredients(self):
        """Parameters of an ingredient's functions are known below its path only."""
        data = Ingredient("dataset")

        @data.capture
        def load(size):
            pass

        ex = Experiment("test", [data])

        assert {"size": 3} == ex.resolve("dataset.size=3")["dataset"]
        with pytest.raises(UnknownEntryError):
            ex.resolve("size=3")

    def test_nothing_of_a_refused_one_is_kept(self, ex):
        """Of several overrides the wrong one is named, whatever the order."""
        for order in (["lr=1", "lrr=2"], ["lrr=2", "lr=1"]):
            with pytest.raises(UnknownEntryError, match="'lrr=2'"):
                ex.resolve(*order)

    @given(text=st.text(alphabet="ab.+=-0123 {}'[],:", max_size=12))
    def test_any_text(self, text):
        """Any words give a config or an error that explains itself, and nothing else."""
        ex = Experiment("test")
        ex.add_config(a=1, b={"a": [1, {"b": 2}], "b": None}, ab="x")
        try:
            ex.resolve(text)
        except (ConfigError, UsageError) as problem:
            assert str(problem)


class TestSecrets:
    """A secret is shown to nobody but functions, and is never reused masked."""

    def test_functions_see_it(self, ex):
        """The decided value is the real one."""
        assert "hunter2" == ex.resolve("api_key=hunter2")["api_key"]

    @pytest.mark.parametrize(
        "overrides",
        [
            ["api_key=hunter2"],
            ["+some_password='hunter2'"],
            ["+db={'password': 'hunter2', 'x': 1}"],
            ["+url=postgres://me:hunter2@host/db"],
            ["name=https://hunter2@host"],
            ["+secret=['hunter2']"],
        ],
    )
    def test_is_masked_where_it_is_stored_or_shown(self, ex, overrides):
        """Neither JSON nor repr, warnings or words of overrides hold it."""
        config = ex.resolve(*overrides)
        said = [override.written for override in map(Override.parse, overrides)]

        assert "hunter2" not in repr((config.masked().to_json(), config, config.warnings, said, config.origins))

    def test_errors_do_not_show_it(self, ex):
        """An error about a secret entry does not hold its value."""

        @ex.config
        def annotated():
            token: int = 3

        for asked in (
            {"token": "hunter2"},
            {"passwd": "hunter2"},
            {"net": {"secret": "hunter2"}},
            {"net.password": "hunter2"},
        ):
            for call in (
                lambda asked=asked: ex.resolve(config_updates=asked),
                lambda asked=asked: ex.resolve(*[f"{name}={value}" for name, value in asked.items()]),
            ):
                with pytest.raises(ConfigError) as caught:
                    call()
                assert "hunter2" not in str(caught.value)
        with pytest.raises(AppendError) as caught:
            ex.resolve("token+=hunter2")
        assert "hunter2" not in str(caught.value)

    @pytest.mark.parametrize(
        ("entries", "name", "supplied"),
        [
            ({"api_key": "hunter2"}, "api_key", "api_key=x"),
            ({"db": {"password": "hunter2"}}, "db.password", "db.password=x"),
            ({"hosts": [{"token": "hunter2"}]}, "hosts.0.token", "hosts=[]"),
            ({"url": "https://me:hunter2@host"}, "url", "url=x"),
            ({"wrapped": Secret("hunter2")}, "wrapped", "wrapped=x"),
        ],
    )
    def test_a_masked_one_is_not_reused(self, tmp_path, entries, name, supplied):
        """A stored config with a masked entry needs it supplied."""
        import json

        ex = Experiment("test")
        ex.add_config(entries)
        (tmp_path / "config.json").write_text(json.dumps(ex.resolve().masked().to_json()))

        with pytest.raises(MaskedEntryError, match=f"'{name}' is a secret and was not stored. Supply it: with {name}="):
            ex.resolve(named=["config.json"])
        assert "hunter2" not in repr(ex.resolve(supplied, named=["config.json"]).masked().to_json())
        again = Experiment("again")
        again.add_config("config.json")
        with pytest.raises(MaskedEntryError, match=f"'{name}'"):
            again.resolve()
        again.resolve(supplied)


class TestCodeThatComputes:
    """Config functions compute with what is fixed, before it is known whether it can be."""

    @pytest.fixture
    def computing(self):
        """Return an experiment whose config functions and named config compute with entries."""
        data = Ingredient("data")
        ex = Experiment("test", ingredients=[data])

        @data.config
        def sizes():
            size = 8
            half = size / 2

        @ex.config
        def config():
            lr = 0.1
            net = {"width": 4, "depth": 2}
            decay = lr * 0.1
            area = net["width"] ** net["depth"]
            if lr > 1:
                raise ValueError("lr is too large")

        @ex.named_config
        def doubled():
            epochs = 3
            steps = epochs * 10 + 0.5

        return ex

    @pytest.mark.parametrize(
        ("words", "entry"),
        [
            (["lr=fast"], "lr"),
            (["lr=0.1,0.2"], "lr"),
            (["net.width=wide"], "net.width"),
            (["data.size=large"], "data.size"),
            (["epochs=many"], "epochs"),
        ],
    )
    def test_what_it_cannot_be_is_refused_as_such(self, computing, words, entry):
        """A value of another type is said to be one, with the place of its entry, also where code fails with it."""
        with pytest.raises(EntryTypeError, match=rf"'{entry}' \(test_overrides.py:\d+\) takes"):
            computing.resolve(*words, named=["doubled"] if entry == "epochs" else [])

    def test_what_code_raises_otherwise_is_its_own(self, computing):
        """Where the types are right, or nobody cares for them, what a config function raises comes through."""
        with pytest.raises(ValueError, match="lr is too large") as caught:
            computing.resolve("lr=2")
        with pytest.raises(TypeError):
            computing.resolve("lr=fast", force=True)

        assert "config" == caught.traceback[-1].name
