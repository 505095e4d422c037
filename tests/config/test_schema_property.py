"""What `with FILE` takes, the schema takes, and the reverse, for whatever experiment and whatever file."""

import datetime
import decimal
import enum
import fractions
import json
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, make_dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Optional

import jsonschema
import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from expframe import Experiment, Ge, Gt, Le, Length, Lt, MultipleOf
from expframe.config import hints
from expframe.config.schema import schema_of
from expframe.errors import ConfigError


@dataclass(frozen=True)
class Resnet:
    """Some model."""

    depth: int = 34
    width: Annotated[int, Ge(1)] = 64


@dataclass(frozen=True)
class Vit:
    """Some other model."""

    depth: int = 6
    inner: Optional["Vit"] = None
    scales: dict[str, float] = field(default_factory=lambda: {"a": 1.0})


@dataclass(frozen=True)
class Needy:
    """Some model whose size must be given."""

    size: int
    model: Resnet | Vit = Vit(depth=2)


class Mode(enum.Enum):
    """Some modes."""

    FAST = 1
    SLOW = "slow"


class Point(NamedTuple):
    """Some place."""

    x: int
    y: float


SIMPLE = {
    int: st.integers(-3, 3),
    float: st.sampled_from([0.0, 0.5, 1.0, -2.5]),
    str: st.sampled_from(["", "a", "vit", "no"]),
    bool: st.booleans(),
    Annotated[int, Ge(1), Lt(4)]: st.integers(1, 3),
    Annotated[float, Gt(0), Le(1)]: st.sampled_from([0.5, 1.0]),
    Annotated[float, Ge(-1)]: st.sampled_from([0.5, 1.0]),
    Annotated[int, MultipleOf(2)]: st.sampled_from([0, 2]),
    Annotated[str, Length(1, 2)]: st.sampled_from(["a", "no"]),
    Annotated[list[int], Length(1, 2)]: st.lists(st.integers(0, 3), min_size=1, max_size=2),
    Literal["a", 2, True]: st.sampled_from(["a", 2, True]),
    Literal["a", None]: st.sampled_from(["a", None]),
    Mode: st.sampled_from(Mode),
    Path: st.sampled_from([Path("a"), Path("b/c")]),
    datetime.date: st.just(datetime.date(2020, 1, 2)),
    datetime.datetime: st.just(datetime.datetime(2020, 1, 2, 3)),
    datetime.timedelta: st.just(datetime.timedelta(minutes=1)),
    Sequence[int]: st.sampled_from([[1], (1, 2)]),
    Any: st.sampled_from([1, None, [1]]),
    Resnet: st.builds(Resnet, st.integers(0, 3)),
    Vit: st.builds(Vit, st.integers(0, 3), st.sampled_from([None, Vit(3)])),
    Resnet | Vit: st.sampled_from([Resnet(2), Vit(2)]),
    Vit | Needy: st.sampled_from([Vit(2), Needy(2)]),
    Resnet | int: st.sampled_from([Resnet(2), 3]),
    set[str]: st.sampled_from([{"a"}, set()]),
    frozenset[int]: st.just(frozenset({1})),
    dict[int, float]: st.sampled_from([{3: 0.5}, {}]),
    complex: st.just(1j),
    bytes: st.just(b"ab"),
    decimal.Decimal: st.just(decimal.Decimal(1)),
    Point: st.just(Point(1, 2.0)),
}
"""Types with their values."""


def _one_of_both(two):
    """Return the union of two types; not where one takes any dict beside classes of configs, whose fields dicts are."""
    (first, values), (second, others) = two
    options = (*hints.options(first), *hints.options(second))
    has_class = any(hints.alternatives(one) for one in (first, second))
    if has_class and any(one is Any or (typing.get_origin(one) or one) is dict for one in options):
        return first, values
    return first | second, values | others


def _more(inner):
    """Return types with values that are made of other ones."""
    return st.one_of(
        inner.map(lambda one: (list[one[0]], st.lists(one[1], max_size=2))),
        inner.map(lambda one: (tuple[one[0], ...], st.lists(one[1], max_size=2).map(tuple))),
        st.tuples(inner, inner).map(lambda two: (tuple[two[0][0], two[1][0]], st.tuples(two[0][1], two[1][1]))),
        inner.map(lambda one: (dict[str, one[0]], st.dictionaries(st.sampled_from("ab"), one[1], max_size=2))),
        inner.map(lambda one: (one[0] | None, st.none() | one[1])),
        st.tuples(inner, inner).map(_one_of_both),
    )


TYPES = st.recursive(st.sampled_from([*SIMPLE.items()]), _more, max_leaves=3)

PLAIN = st.one_of(
    *(SIMPLE[kind] for kind in (int, float, str, bool, Mode, Path, datetime.date, Any, Resnet, set[str])),
    st.lists(st.integers(0, 3) | st.sampled_from("ab"), max_size=2),
    st.sampled_from([(1, 2), {"a": 1, "b": {"c": 2.0}}, {}, {3: 0.1}, print, b"ab", 1j]),
)
"""Defaults of entries that are not annotated."""

WORDS = ["a", "b", "vit", "resnet", "needy", "no", "True", "inf", "1", "FAST", "slow", "2020-01-02", "2020-01-02T03:04"]
WORDS += ["0:01:30", "2 days, 1:00:00", "90"]
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 5), st.sampled_from([0.5, 1.0, -2.5, 1e300]), st.sampled_from(WORDS)
)
KEYS = st.sampled_from(["a", "b", "c", "0", "3", "depth", "width", "inner", "scales", "size", "model", "_choice"])


def _larger(inner):
    """Return data that is made of other data."""
    return st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(KEYS, inner, max_size=3),
        st.fixed_dictionaries(
            {"_choice": st.sampled_from(["vit", "resnet", "needy"])}, optional={"size": inner, "depth": inner}
        ),
        st.lists(inner, max_size=2).map(lambda items: {"__type__": "tuple", "value": items}),
        st.just({"__type__": "float", "value": "nan"}),
        inner.map(lambda item: {"__type__": "dict", "items": [[3, item]]}),
    )


DATA = st.recursive(SCALARS, _larger, max_leaves=4)


def _experiment(typed, plain):
    """Return an experiment with typed entries and entries of a dict."""
    ex = Experiment("test", ghost=True)
    fields = [(name, kind, field(default_factory=lambda value=value: value)) for name, (kind, value) in typed.items()]
    if fields:
        ex.config(make_dataclass("Config", fields, frozen=True))
    ex.add_config(plain)
    ex.main(lambda free: free)
    return ex


@pytest.mark.parametrize("kind", [Any | Resnet, dict[str, int] | Resnet, Resnet | dict, Mapping[int, int] | Resnet])
@pytest.mark.parametrize(
    "said",
    [{"nope": 1}, {"depth": 3}, {"depth": "x"}, {"_choice": "no"}, {}, {"__type__": "dict", "items": [[3, 1]]}, [1]],
)
def test_a_dict_where_a_class_may_be_is_its_fields(kind, said):
    """Beside one class of configs no other option takes a dict, in the schema as in files."""
    ex = _experiment({"model": (kind | None, None)}, {})
    Path("some.json").write_text(json.dumps({"model": said}))
    try:
        ex.resolve(named=["some.json"])
        is_taken = True
    except ConfigError:
        is_taken = False

    assert is_taken == jsonschema.Draft202012Validator(schema_of(*ex.snapshot().anew())).is_valid({"model": said})


@pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
@pytest.mark.parametrize(
    "one", [decimal.Decimal(1), fractions.Fraction(1), 1.0, 1, True, 1j, "a", datetime.date(2020, 1, 2)]
)
def test_a_float_that_json_has_no_number_for(one, value):
    """NaN and infinity are taken for an entry of whatever type where files may say them, and nowhere else."""
    said = {"entry": {"__type__": "float", "value": value}}
    for kind in (type(one), type(one) | None):
        ex = _experiment({"entry": (kind, one)}, {})
        Path("some.json").write_text(json.dumps(said))
        try:
            ex.resolve(named=["some.json"])
            is_taken = True
        except ConfigError:
            is_taken = False

        assert is_taken == jsonschema.Draft202012Validator(schema_of(*ex.snapshot().anew())).is_valid(said)


@given(st.data())
def test_the_schema_takes_what_a_file_may_say(data):
    """For whatever experiment, `with FILE` takes a file exactly where the schema does."""
    types = data.draw(st.lists(TYPES, max_size=3))
    typed = {f"typed_{number}": (kind, data.draw(values)) for number, (kind, values) in enumerate(types)}
    plain = {f"plain_{number}": value for number, value in enumerate(data.draw(st.lists(PLAIN, max_size=3)))}
    ex = _experiment(typed, plain)
    validator = jsonschema.Draft202012Validator(schema_of(*ex.snapshot().anew()))
    names = st.sampled_from([*typed, *plain, "free", "seed"])
    for said in data.draw(st.lists(st.dictionaries(names, DATA, max_size=1), min_size=8, max_size=8)):
        file = Path("some.json")
        file.write_text(json.dumps(said))
        try:
            ex.resolve(named=[str(file)])
            refusal = None
        except ConfigError as problem:
            refusal = f"{type(problem).__name__}: {problem}"
        errors = [error.message for error in validator.iter_errors(said)]
        note(f"{typed} {plain} {said} {refusal} {errors}")

        assert (refusal is None) == (not errors)
