"""Values are read towards what an entry is, in one way from all sources, and come back from what was saved."""

import datetime
import decimal
import enum
import fractions
import json
import math
import pathlib
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from expframe import Experiment
from expframe.config import files
from expframe.config.equality import same
from expframe.config.frozen import thaw
from expframe.errors import EntryTypeError


class Mode(enum.Enum):
    """Some enum."""

    FAST = "f"
    SLOW = "s"


class Level(enum.IntEnum):
    """Some enum of numbers."""

    LOW = 1
    HIGH = 2


@dataclass
class Adam:
    """Some dataclass."""

    lr: float = 0.1
    betas: tuple[float, ...] = (0.9,)
    mode: Mode = Mode.FAST


class Rate(float):
    """Some number."""


class Word(str):
    """Some text."""


class Pile(tuple):
    """Some tuple."""


class Point(NamedTuple):
    """Some values by name."""

    x: int
    y: list[float]


class Opaque:
    """Some class that JSON does not know."""

    def __init__(self, x):
        self.x = x

    def __eq__(self, other):
        return isinstance(other, Opaque) and self.x == other.x

    __hash__ = None


SOURCES = ("yaml", "json", "toml", "config_updates", "named dict", "added dict", "named file", "added file")


def entries(**annotated):
    """Return an experiment whose config function has entries with defaults, annotated where a pair is given."""
    ex = Experiment("test")
    lines, names = ["def config():"], {}
    for name, value in annotated.items():
        annotation, default = value if isinstance(value, tuple) and len(value) == 2 else (None, value)
        names |= {f"{name}_type": annotation, f"{name}_default": default}
        lines.append(f"    {name}{f': {name}_type' if annotation is not None else ''} = {name}_default")
    source = pathlib.Path("entries_of_test.py").absolute()
    source.write_text("\n".join(lines) + "\n")
    made: dict[str, Any] = {}
    exec(compile(source.read_text(), source, "exec"), names, made)
    ex.config(made["config"])
    return ex


def set_from(ex, source, updates):
    """Return the config where plain data comes from a source."""
    if source == "config_updates":
        return ex.resolve(config_updates=updates)
    suffix = source if source in ("yaml", "json", "toml") else "yaml"
    path = pathlib.Path(f"values.{suffix}")
    if suffix == "toml":
        path.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in updates.items()))
    else:
        path.write_text(json.dumps(updates) if suffix == "json" else files.to_yaml(updates))
    if source in ("yaml", "json", "toml"):
        return ex.resolve(named=[str(path)])
    if source.startswith("named"):
        ex.add_named_config("some", updates if source == "named dict" else path)
        return ex.resolve(named=["some"])
    ex.add_config(updates if source == "added dict" else path)
    return ex.resolve()


@pytest.mark.parametrize("source", SOURCES)
def test_one_reading_for_all_sources(source):
    """Plain data of each source becomes what its entries are by annotation or default, deep in lists and dicts too."""
    ex = entries(
        flip=True,
        mode=Mode.FAST,
        level=Level.LOW,
        out=pathlib.Path("a"),
        pair=(1, 2, 3),
        some={1},
        lr=0.1,
        day=datetime.date(2027, 1, 2),
        price=decimal.Decimal(1),
        ratio=fractions.Fraction(1, 2),
        optimizer=Adam(0.5),
        modes=[Mode.FAST],
        nested={"deep": {"mode": Mode.FAST}},
        array=numpy.zeros(2),
        best=(Literal["auto", 1, 2], "auto"),
        folders=(list[pathlib.Path], []),
        table=(dict[str, tuple[int, Mode]], {"a": (0, Mode.FAST)}),
        maybe=(Mode | None, None),
        either=(str | bool, True),
        norm=(float, 0),
        typed=(Adam, None),
    )
    config = set_from(
        ex,
        source,
        {
            "flip": "no",
            "mode": "SLOW",
            "level": 2,
            "out": "b/c",
            "pair": [4],
            "some": [3, 3],
            "lr": 1,
            "day": "2027-03-04",
            "price": "0.30",
            "ratio": "1/3",
            "optimizer": {"mode": "SLOW", "betas": [1]},
            "modes": ["s", "FAST"],
            "nested": {"deep": {"mode": "SLOW"}},
            "array": [1, 2],
            "best": 2,
            "folders": ["a"],
            "table": {"a": [1, "SLOW"]},
            "maybe": "SLOW",
            "either": False,
            "norm": "inf",
            "typed": {"lr": 1},
        }
        if source != "toml"
        else {"flip": "no", "mode": "SLOW", "level": 2, "out": "b/c", "pair": [4], "some": [3, 3], "lr": 1},
    )
    expected = {
        "flip": False,
        "mode": Mode.SLOW,
        "level": Level.HIGH,
        "out": pathlib.Path("b/c"),
        "pair": (4,),
        "some": {3},
        "lr": 1.0,
        "day": datetime.date(2027, 3, 4),
        "price": decimal.Decimal("0.30"),
        "ratio": fractions.Fraction(1, 3),
        "optimizer": {"_choice": "adam", "lr": 0.5, "betas": (1.0,), "mode": Mode.SLOW},
        "modes": [Mode.SLOW, Mode.FAST],
        "nested": {"deep": {"mode": Mode.SLOW}},
        "array": numpy.array([1.0, 2.0]),
        "best": 2,
        "folders": [pathlib.Path("a")],
        "table": {"a": (1, Mode.SLOW)},
        "maybe": Mode.SLOW,
        "either": False,
        "norm": math.inf,
        "typed": {"lr": 1.0, "betas": (0.9,), "mode": Mode.FAST},
    }

    for name in expected if source != "toml" else list(expected)[:7]:
        assert same(expected[name], thaw(config[name])), name
    if source != "toml":
        assert (Adam(0.5, (1.0,), Mode.SLOW), Adam(1.0)) == (config.objects["optimizer"], config.objects["typed"])
    assert () == config.warnings


@pytest.mark.parametrize(
    ("annotation", "default", "text", "value"),
    [
        (float, 0, "inf", math.inf),
        (Literal["auto", 1, 2], "auto", "2", 2),
        (Literal["auto", 1, 2], "auto", "auto", "auto"),
        (Literal["1", 1], 1, "1", "1"),
        (Literal[Mode.FAST, Mode.SLOW], Mode.FAST, "SLOW", Mode.SLOW),
        (list[pathlib.Path], [], "['a']", [pathlib.Path("a")]),
        (str | bool, "a", "False", "False"),
        (bool | str, "a", "no", False),
        (bool | str, True, "maybe", "maybe"),
        (int | str, "a", "3", 3),
        (int | str, 3, "'3'", "3"),
        (str | int, 3, "3", "3"),
        (int | float, 1, "1e3", 1000),
        (int | None, 1, "null", None),
        (str | None, None, "null", None),
        (str, "a", "null", "null"),
        (tuple[int, float], (1, 1.0), "[2, 2]", (2, 2.0)),
        (set[Mode], set(), "['FAST']", {Mode.FAST}),
        (dict[int, float], None, "{3: 1}", {3: 1.0}),
        (Mode | int, 1, "FAST", Mode.FAST),
        (list[int] | int, 1, "[1.0]", [1]),
        (datetime.datetime, None, "2027-01-02", datetime.datetime(2027, 1, 2)),
        (uuid.UUID, None, "12345678123456781234567812345678", uuid.UUID(int=0x12345678123456781234567812345678)),
    ],
)
def test_an_annotation_decides_before_the_default(annotation, default, text, value):
    """Options of unions and choices are tried in order, and items are read towards theirs, whatever the default is."""
    config = entries(x=(annotation, default)).resolve(f"x={text}")

    assert same(value, thaw(config["x"]))
    assert () == config.warnings


@pytest.mark.parametrize(
    ("annotation", "default", "text"),
    [
        (Literal["auto", 1], "auto", "2"),
        (list[pathlib.Path], [], "[1]"),
        (Mode, Mode.FAST, "none"),
        (tuple[int, int], (1, 2), "[1]"),
        (Adam, Adam(), "{'lr': 'x'}"),
        (datetime.date, None, "soon"),
        (Sequence[str], (), "conv"),
        (Collection[float], (), "abc"),
        (Sequence[str] | None, None, "conv"),
    ],
)
def test_what_an_annotation_does_not_say_is_refused(annotation, default, text):
    """What is none of its options is refused, and taken as it is with `force`."""
    ex = entries(x=(annotation, default))

    with pytest.raises(EntryTypeError, match="--force takes it as it is"):
        ex.resolve(f"x={text}")
    assert ex.resolve(f"x={text}", force=True)["x"] is not default


# ------------------------------------------------------------------------------------------- what was saved

ZONED = st.datetimes(timezones=st.sampled_from([datetime.UTC, datetime.timezone(datetime.timedelta(hours=5))]))
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(codec="utf-8"))
    | st.binary()
    | st.binary().map(bytearray)
    | st.complex_numbers()
    | st.datetimes()
    | ZONED
    | st.dates()
    | st.timedeltas()
    | st.decimals(allow_nan=False)
    | st.fractions()
    | st.uuids()
    | st.text("abc", min_size=1).map(pathlib.Path)
    | st.frozensets(st.integers())
    | st.sets(st.text("ab"))
    | st.sampled_from([numpy.float32(0.5), numpy.int64(3), numpy.arange(3.0), numpy.array([["a"]]), numpy.array(True)])
    | st.sampled_from([*Mode, *Level, Adam(0.5), Opaque(3), Mode, print, math.sqrt, Opaque])
    | st.sampled_from([Rate(0.5), Word("yes"), Pile((1, 2)), Point(1, [2.5]), numpy.str_("adam")])
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text("xyz", min_size=1) | st.integers(), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(tree=st.dictionaries(st.text("abc", min_size=1), VALUES, min_size=1), suffix=st.sampled_from(["json", "yaml"]))
@example(tree={"a": [numpy.array(True)], "b": (numpy.array(1.5),)}, suffix="json")
def test_what_was_saved_is_the_same_config(tree, suffix, tmp_path):
    """`save_config` and `with FILE` give the same config again, origins aside, for values of all kinds."""
    ex = Experiment("test")
    ex.add_config(tree)
    before = ex.resolve("seed=1")
    path = tmp_path / f"config.{suffix}"
    files.save(before.values, path)
    again = ex.resolve(named=[str(path)])
    (tmp_path / "run.json").write_text(json.dumps(before.to_json()))
    stored = ex.resolve(named=[str(tmp_path / "run.json")])

    assert same(before.values, again.values)
    assert same(before.values, stored.values)
    assert () == again.warnings == stored.warnings


def test_a_class_comes_back_where_it_stood():
    """A plain value is of the class of the equal one that stands in its place by default, and of no other's."""
    ex = Experiment("test")
    ex.add_config(rates=[Rate(0.5), 0.1], some={Rate(0.5), 2}, words={"a": Word("x"), "b": "y"}, pile=Pile((1, 2)))
    asked = {"rates": [0.5, 0.5], "some": {0.5, 0.25}, "words": {"a": "x", "b": "x"}, "pile": (1, 2)}
    found = ex.resolve(config_updates=asked).values

    assert [Rate, float] == [type(item) for item in found["rates"]]
    assert {0.5: Rate, 0.25: float} == {item: type(item) for item in found["some"]}
    assert [Word, str, Pile] == [type(item) for item in (*found["words"].values(), found["pile"])]


@pytest.mark.parametrize("name", ["config.json", "config.yaml"])
def test_other_members_and_instances_come_back(name):
    """Enums and dataclasses other than the defaults come back by the class that the entry has; nothing is imported."""
    ex = entries(mode=Mode.FAST, maybe=(Mode | None, None), opt=Adam(), some=[Mode.FAST], any=None, act=math.sqrt)
    asked = {"mode": Mode.SLOW, "maybe": Mode.SLOW, "opt": Adam(1.0, (), Mode.SLOW), "some": [Mode.SLOW, Mode.SLOW]}
    before = ex.resolve("seed=1", config_updates=asked)
    files.save(before.values, name)
    again = ex.resolve(named=[name])

    assert same(before.values, again.values)
    files.save(ex.resolve(config_updates={"act": math.cos}).values, name)
    with pytest.raises(EntryTypeError, match=r"'act' .* takes builtin_function_or_method, not <reference math:cos>"):
        ex.resolve(named=[name])
