"""The JSON Schema of config files: what `with FILE` takes, the schema takes, and the reverse."""

import datetime
import enum
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Optional

import jsonschema
import pytest

from expframe import Choice, Experiment, Ge, Ingredient, Le, Length, Lt, MultipleOf
from expframe.config.schema import schema_of
from expframe.errors import ConfigError


@dataclass(frozen=True)
class Resnet:
    """Some model."""

    depth: int = 34  # how many layers
    width: int = 64


@dataclass(frozen=True)
class Vit:
    """Some other model."""

    depth: int = 6
    patch: int = 16


@dataclass(frozen=True)
class Needy:
    """Some model whose size must be given."""

    size: int
    depth: int = 1


@dataclass(frozen=True)
class Node:
    """Some list."""

    number: int = 0
    next: Optional["Node"] = None


class Mode(enum.Enum):
    """Some modes."""

    FAST = 1
    SLOW = "slow"


class Point(NamedTuple):
    """Some place."""

    x: int = 0
    y: float = 0.0


def schema(ex):
    """Return the schema of an experiment."""
    found = schema_of(*ex.snapshot().anew(), ex.name, ex.snapshot().anew)
    jsonschema.Draft202012Validator.check_schema(found)
    return found


def is_taken(ex, data):
    """Return whether `with FILE` takes data."""
    Path("some.json").write_text(json.dumps(data))
    try:
        ex.resolve(named=["some.json"])
    except ConfigError:
        return False
    return True


def disagreeing(ex, table):
    """Return what of a table the schema or `with FILE` decides another way than the table says."""
    validator = jsonschema.Draft202012Validator(schema(ex))
    rows = [(data, taken) for taken, rows in table.items() for data in rows]
    return [row for row in rows if (validator.is_valid(row[0]), is_taken(ex, row[0])) != (row[1], row[1])]


def wide():
    """Return an experiment with entries of many types, with and without annotations."""
    data = Ingredient("data")

    @data.config
    def entries():
        batch = 3
        net = {"a": 1}

    @data.capture
    def load(batch, extra):
        return batch, extra

    ex = Experiment("test", ghost=True, ingredients=[data])

    @ex.config
    class Config:
        lr: float = 0.1  # how far to go
        n: int = 3
        share: Annotated[float, Ge(0), Lt(1)] = 0.5
        even: Annotated[int, MultipleOf(2)] = 2
        name: Annotated[str, Length(1, 5)] = "adam"
        some: Annotated[list[int], Length(1, 2)] = field(default_factory=lambda: [1])
        flag: bool = True
        pair: tuple[int, float] = (1, 2.0)
        sizes: tuple[int, ...] = (64, 64)
        either: int | str = 3
        word: Literal["a", 2] = "a"
        mode: Mode = Mode.FAST
        out: Path = Path("out")
        day: datetime.date = datetime.date(2020, 1, 2)
        point: Point = Point()
        maybe: int | None = None
        full: dict[str, int] = field(default_factory=lambda: {"a": 1})
        free: dict[int, float] | None = None
        limits: Mapping[int, float] = field(default_factory=dict)
        names: set[str] = field(default_factory=set)
        tables: list[dict[str, int]] = field(default_factory=list)
        anything: Any = 1
        model: Resnet | Vit | Needy = Resnet(depth=18)
        one: Vit = Vit()
        other: Vit | Resnet | None = None
        models: list[Resnet | Vit] = field(default_factory=list)
        node: Node = Node()

    @ex.config
    def plain():
        whole = 3
        part = 0.5
        nothing = None
        text = "adam"
        truth = True
        items = [1, 2]
        couple = (1, 2)
        group = {"x": 1, "y": {"z": 2.0}}
        empty = {}
        schedule = {30: 0.1}
        chosen = Vit(3)
        unique = {1, 2}

    @ex.main
    def main(lr, unknown, _run):
        return lr, unknown

    return ex


def test_entries_take_what_files_give_them():
    """Of numbers, texts, containers, groups and parameters the schema takes what `with FILE` takes."""
    taken = [
        {},
        {"$schema": "x.json"},
        {"lr": 1},
        {"lr": "inf"},
        {"lr": {"__type__": "float", "value": "nan"}},
        {"n": 2.0},
        {"share": 0},
        {"even": 4},
        {"name": "a"},
        {"some": [1]},
        {"flag": " No"},
        {"pair": [1, 2]},
        {"pair": {"__type__": "tuple", "value": [1, 2]}},
        {"sizes": []},
        {"either": "x"},
        {"word": 2},
        {"mode": "SLOW"},
        {"mode": 1},
        {"out": "/tmp"},
        {"day": "2020-02-01"},
        {"point": [1, 2]},
        {"maybe": None},
        {"full": {"a": 2, "b": 1}},
        {"limits": {"30": 0.2}},
        {"limits": {"__type__": "dict", "items": [[30, 0.2]]}},
        {"free": {"1": 2}},
        {"names": ["a", "a"]},
        {"tables": [{"a": 1}, {}]},
        {"anything": [{"a": None}]},
        {"whole": 2.5},
        {"whole": None},
        {"part": True},
        {"nothing": {"a": 1, "b.c": {"d": [{"": 1}]}}},
        {"text": "3"},
        {"truth": 3},
        {"truth": "off"},
        {"items": [1, "a", None]},
        {"couple": [1]},
        {"couple": {"0": 3, "-1": 4}},
        {"pair": {"0": 3}},
        {"group": {"y": {"z": 1}}},
        {"group": None},
        {"empty": {}},
        {"schedule": {"30": 1}},
        {"schedule": {"__type__": "dict", "items": [[30, 0.2]]}},
        {"unique": [1, "a"]},
        {"data": {"batch": 2, "extra": {"x": 1}}},
        {"data": None},
        {"unknown": [1]},
        {"seed": 3},
        {"expframe.config": 1, "values": {"lr": 1}},
    ]
    refused = [
        {"lrr": 1},
        {"$schema": 1},
        {"lr": None},
        {"lr": "x"},
        {"lr": True},
        {"n": 2.5},
        {"share": 1},
        {"share": "inf"},
        {"even": 3},
        {"name": "adamant"},
        {"some": []},
        {"flag": 1},
        {"pair": [1]},
        {"pair": ["a", 2]},
        {"sizes": ["a"]},
        {"either": 2.5},
        {"word": "b"},
        {"mode": "MID"},
        {"out": 3},
        {"day": "yesterday"},
        {"point": [1]},
        {"full": {"b": "x"}},
        {"limits": {"x": 0.2}},
        {"limits": {"30": "x"}},
        {"free": {"a": 2}},
        {"names": [1]},
        {"tables": [{"a": "x"}]},
        {"anything": {"a": 1}},
        {"whole": "x"},
        {"nothing": {"a=b": 1}},
        {"nothing": {"a": {"": 1}}},
        {"unknown": {"+a": 1}},
        {"text": 3},
        {"truth": "perhaps"},
        {"items": {"a": 1}},
        {"items": {"2": 1}},
        {"items": {"0": "a"}},
        {"items": {}},
        {"pair": {"0": "a"}},
        {"group": 3},
        {"group": {"y": 1}},
        {"empty": {"a": 1}},
        {"schedule": {"40": 1}},
        {"unique": [[1]]},
        {"data": {"batches": 2}},
        {"data": 3},
        {"seed": "x"},
        {"expframe.config": 1, "values": {"lrr": 1}},
    ]

    assert [] == disagreeing(wide(), {True: taken, False: refused})


def test_choices_take_what_files_give_them():
    """A choice takes its name, a group that names it, or fields of what stands there, and no other's."""
    taken = [
        {"model": "vit"},
        {"model": {}},
        {"model": {"depth": 3}},
        {"model": {"_choice": "vit", "patch": 3}},
        {"model": {"_choice": "needy", "size": 3}},
        {"one": "vit"},
        {"one": {"_choice": "vit", "depth": 2}},
        {"other": {"patch": 2}},
        {"other": {"width": 2}},
        {"other": "resnet"},
        {"other": None},
        {"models": ["vit", {"_choice": "resnet", "width": 1}, {"patch": 1}]},
        {"node": {"next": {"number": 1, "next": {"number": 2, "next": None}}}},
        {"chosen": {"depth": 2}},
        {"chosen": "vit"},
        {"chosen": None},
    ]
    refused = [
        {"model": "alexnet"},
        {"model": None},
        {"model": {"patch": 3}},
        {"model": {"_choice": "vit", "width": 3}},
        {"model": "needy"},
        {"model": {"_choice": "needy"}},
        {"one": None},
        {"one": {"_choice": "vit", "width": 2}},
        {"one": {"_choice": "vit", "depth": "x"}},
        {"other": {"bad": 2}},
        {"models": [None]},
        {"node": {"next": {"next": {"numbers": 1}}}},
        {"chosen": {"width": 2}},
        {"chosen": 3},
        {"chosen": {"_choice": ["vit"]}},
        {"model": {"_choice": ["vit"]}},
        {"models": [{"_choice": ["vit"]}]},
    ]

    assert [] == disagreeing(wide(), {True: taken, False: refused})


def test_slots_take_what_files_give_them():
    """A slot takes an ingredient's name, or entries of the one that is chosen, and no other's."""
    small, large = Ingredient("small"), Ingredient("large")
    small.add_config(depth=1, width=2)
    large.add_config(depth=10, heads=4)
    ex = Experiment("test", ghost=True, ingredients={"model": Choice(small, large)})
    taken = [
        {"model": "large"},
        {"model": {"width": 3}},
        {"model": {"_choice": "large", "heads": 3}},
        {"model": {"_choice": "small"}},
        {"model": {}},
    ]
    refused = [
        {"model": None},
        {"model": "medium"},
        {"model": {"heads": 3}},
        {"model": {"_choice": "large", "width": 3}},
        {"model": {"_choice": "large", "depth": "x"}},
    ]

    assert [] == disagreeing(ex, {True: taken, False: refused})
    before = schema(ex)
    ex.run("save_config", config_updates={"model": "large"})
    assert before == json.loads(Path("config.schema.json").read_text())


def test_docs_defaults_and_bounds_are_said():
    """An entry has its doc, its default and its bounds; a secret's default is not shown, nor a drawn seed."""
    ex = Experiment("test", ghost=True)

    @ex.config
    def config():
        # how far to go
        lr: Annotated[float, Ge(0), Le(1)] = 0.1
        step: Annotated[float, MultipleOf(0.1)] = 0.2
        sizes = (1, 2)
        api_key = "hunter2-hunter2"

    found = schema(ex)["$defs"]["config"]["properties"]

    assert {"description": "how far to go", "default": 0.1, "type": "number", "minimum": 0, "maximum": 1} == found["lr"]
    assert "A multiple of 0.1." == found["step"]["description"]
    assert [1, 2] == found["sizes"]["default"]
    assert "hunter2" not in json.dumps(found)
    assert "default" not in found["seed"]


def test_what_is_saved_is_taken():
    """What `save_config` writes is what the schema takes, and names it."""
    ex = wide()
    for file in ("some.json", "some.yaml"):
        ex.run("save_config", config_updates={"config_filename": file, "seed": 3})
    found = json.loads(Path("some.schema.json").read_text())
    saved = json.loads(Path("some.json").read_text())

    jsonschema.validate(saved, found)
    assert schema(ex) == found
    assert "some.schema.json" == saved["$schema"]
    assert "# yaml-language-server: $schema=some.schema.json\n" == Path("some.yaml").read_text().splitlines(True)[0]
    assert ex.resolve(named=["some.json"]).values == ex.resolve(named=["some.yaml"]).values


def test_where_it_cannot_be_said_the_config_is_saved_alone():
    """A config that is decided only together with what is given has no schema beside it."""
    ex = Experiment("test", ghost=True)

    @ex.config
    class Config:
        size: int

    @ex.config
    def more(size):
        double = size * 2

    ex.run("save_config", config_updates={"size": 3})

    assert {"config.json"} == {path.name for path in Path().glob("*.json")}
    assert "$schema" not in Path("config.json").read_text()


def test_what_must_be_given_is_required():
    """A field that has no value, and which the file must give, is required."""
    ex = Experiment("test", ghost=True)

    @ex.config
    class Config:
        size: int
        depth: int = 1

    assert [] == disagreeing(ex, {True: [{"size": 3}, {"size": 3, "depth": 2}], False: [{}, {"depth": 2}]})


@pytest.mark.parametrize("suffix", [".json", ".yaml", ".toml"])
def test_the_key_of_editors_is_no_entry(ex, suffix):
    """A key `$schema` at the top of a config file is left to editors."""
    ex.add_config(lr=0.1)
    text = {".json": '{"$schema": "x", "lr": 1}', ".yaml": "$schema: x\nlr: 1", ".toml": '"$schema" = "x"\nlr = 1'}
    Path(f"c{suffix}").write_text(text[suffix])

    assert {"lr", "seed"} == {*ex.resolve(named=[f"c{suffix}"]).values}
