"""What stands in JSON comes back as itself, or as an inert reference, and never runs code."""

import csv
import dataclasses
import datetime as dt
import enum
import fractions
import json
import math
import pathlib
import subprocess
import sys
import uuid
import zoneinfo
from collections import Counter, OrderedDict
from decimal import Decimal
from typing import NamedTuple

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from expframe import Secret
from expframe.config import json_values
from expframe.config.equality import same
from expframe.config.frozen import freeze
from expframe.config.json_values import Reference, from_json, to_json
from expframe.config.secrets import Masked
from expframe.errors import ValueFormatError


class Colour(enum.Enum):
    """Some enum."""

    RED = 1
    BLUE = 2


@dataclasses.dataclass
class Pair:
    """Some dataclass."""

    left: object
    right: object = None
    count: dataclasses.InitVar[int] = 0


class Plain:
    """Some object."""

    def __init__(self, x):
        self.x = x

    def __eq__(self, other):
        return isinstance(other, Plain) and self.x == other.x

    __hash__ = None


def some_function():
    """Do nothing."""


def again(value, **options):
    """Return a value after a trip through JSON text."""
    return from_json(json.loads(json.dumps(to_json(value))), **options)


KEYS = st.text() | st.integers() | st.booleans() | st.none() | st.floats(allow_nan=False) | st.just("__type__")
SIMPLE = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.binary()
    | st.complex_numbers()
    | st.datetimes(timezones=st.none() | st.sampled_from([dt.UTC, dt.timezone(dt.timedelta(hours=2, seconds=30))]))
    | st.dates()
    | st.times()
    | st.timedeltas()
    | st.decimals(allow_nan=False)
    | st.fractions()
    | st.uuids()
    | st.builds(range, st.integers(-9, 9), st.integers(-9, 9), st.integers(1, 9))
    | st.builds(pathlib.Path, st.sampled_from(["a", "/b/c", "ä ö"]))
    | st.builds(pathlib.PureWindowsPath, st.just("c:/x"))
    | st.sets(st.integers() | st.text())
    | st.frozensets(st.tuples(st.integers(), st.text()))
    | st.builds(bytearray, st.binary())
    | st.just(...)
)
VALUES = st.recursive(
    SIMPLE,
    lambda inner: st.lists(inner) | st.tuples(inner) | st.tuples(inner, inner) | st.dictionaries(KEYS, inner),
    max_leaves=12,
)


@given(VALUES)
def test_what_comes_back_is_the_same(value):
    """Every value of the standard library is the same after JSON, frozen or not, and its JSON is strict."""
    assert same(value, again(value))
    assert same(value, again(freeze(value)))
    json.dumps(to_json(value), allow_nan=False)


@given(
    st.one_of(
        arrays.arrays(
            arrays.scalar_dtypes() | arrays.unicode_string_dtypes() | arrays.byte_string_dtypes(),
            arrays.array_shapes(min_dims=0, min_side=0, max_side=4),
        ),
        arrays.arrays(
            arrays.array_dtypes(allow_subarrays=True) | arrays.nested_dtypes(),
            arrays.array_shapes(min_side=0, max_side=3),
        ),
    )
)
def test_arrays(array):
    """Arrays of every dtype and shape come back bit by bit."""
    found = again(array)

    assert (array.dtype, array.shape, type(array)) == (found.dtype, found.shape, type(found))
    assert array.tobytes() == found.tobytes() or same(array, found)
    assert found.flags.writeable


@given(arrays.arrays(arrays.scalar_dtypes(), ()))
def test_numpy_scalars(array):
    """Numpy scalars come back as scalars of their type."""
    scalar = array[()]
    found = again(scalar)

    assert type(scalar) is type(found)
    assert scalar.tobytes() == found.tobytes() or same(scalar, found)


ODD_ARRAYS = {
    "not contiguous": numpy.arange(12).reshape(3, 4)[:, ::2],
    "fortran": numpy.asfortranarray(numpy.arange(6.0).reshape(2, 3)),
    "reversed": numpy.arange(5)[::-1],
    "broadcast": numpy.broadcast_to(numpy.float32(1), (2, 3)),
    "large": numpy.random.default_rng(0).normal(size=(40, 50)),
    "big endian": numpy.arange(4, dtype=">i4"),
    "object": numpy.array([1, "a", None, (1, 2), {"x": [1]}], dtype=object),
    "empty object": numpy.empty((0, 2), dtype=object),
    "0-d object": numpy.array(None, dtype=object),
    "padded": numpy.zeros(
        2, numpy.dtype({"names": ["a", "b"], "formats": ["u1", "f8"], "offsets": [0, 8], "itemsize": 24})
    ),
    "structured objects": numpy.array([(1, "a"), (2, [3])], dtype=[("n", int), ("o", object)]),
    "titled": numpy.zeros(2, dtype=[(("title", "a"), "i4")]),
    "no fields": numpy.zeros(2, dtype=[]),
    "not a time": numpy.array(["2020-01-01", "NaT"], "datetime64[s]"),
    "long double": numpy.array([numpy.longdouble(1) / 3]),
    "void": numpy.zeros(2, "V5"),
}


@pytest.mark.parametrize("name", ODD_ARRAYS)
def test_odd_arrays(name):
    """So do arrays that do not lie in memory as others, or hold objects."""
    array = ODD_ARRAYS[name]
    found = again(array)

    assert (array.dtype, array.shape) == (found.dtype, found.shape)
    assert same(array, found)


def test_lists_in_object_arrays():
    """Lists of one length in an object array do not become a dimension."""
    array = numpy.empty(2, dtype=object)
    array[:] = [[1, 2], [3, 4]]
    array = numpy.array([None, None])
    array[0], array[1] = [1, 2], [3, 4]
    found = again(array)

    assert ((2,), [[1, 2], [3, 4]]) == (found.shape, found.tolist())


@pytest.mark.skipif(not hasattr(numpy, "dtypes") or not hasattr(numpy.dtypes, "StringDType"), reason="numpy 1")
def test_texts_of_any_length():
    """Arrays of numpy's own texts come back, and never as memory."""
    array = numpy.array(["a", "longer than sixteen characters, surely"], dtype=numpy.dtypes.StringDType())

    assert (array.dtype, array.tolist()) == (again(array).dtype, again(array).tolist())


@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        float("-inf"),
        -0.0,
        complex("nan+infj"),
        10**6000,
        -(1 << 20_000),
        "\ud800 lone",
        {"__type__": "tuple", "value": [1]},
        {1: "a", "1": "b", None: {}, (1, 2): []},
        [[[]], {}, (), set()],
        dt.datetime(2020, 10, 25, 2, 30, tzinfo=zoneinfo.ZoneInfo("UTC"), fold=1),
        dt.time(1, 2, tzinfo=zoneinfo.ZoneInfo("UTC")),
        Decimal("NaN"),
        Decimal("1.10"),
        fractions.Fraction(1, 3),
        uuid.UUID(int=5),
        slice(1, None, 2),
        numpy.dtype("f4"),
        numpy.dtype([("a", "i4", (2,))]),
        pathlib.PurePosixPath("/x"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_odd_values(value):
    """Values at the edges come back as themselves."""
    found = again(value)

    assert same(value, found)
    assert json_values.short_repr(value) == json_values.short_repr(found)


def test_zones_stay():
    """A time zone by name is that zone again."""
    try:
        zone = zoneinfo.ZoneInfo("Europe/Berlin")
    except zoneinfo.ZoneInfoNotFoundError:
        pytest.skip("no time zone data")
    value = dt.datetime(2020, 7, 1, 12, tzinfo=zone)

    assert (value, "Europe/Berlin") == (again(value), again(value).tzinfo.key)


REFERENCES = {
    "enum": Colour.RED,
    "dataclass": Pair(1, (2, 3)),
    "function": some_function,
    "class": Plain,
    "builtin": len,
    "object": Plain([1]),
    "nested": {"x": [Plain(Colour.RED)]},
}


@pytest.mark.parametrize("name", REFERENCES)
def test_what_needs_code(name):
    """Enums, dataclasses, functions, classes and objects are inert references, and themselves only where trusted."""
    value = REFERENCES[name]
    inert, trusted = again(value), again(value, trust=True)
    if name == "nested":
        inert, trusted, value = inert["x"][0], trusted["x"][0], value["x"][0]

    assert isinstance(inert, Reference)
    assert (inert, hash(inert), to_json(inert)) == (again(inert), hash(again(inert)), to_json(value))
    assert ":" in repr(inert) or name == "nested"
    assert value == trusted


class Rate(float):
    """Some number, which says of itself what it pleases."""

    def __str__(self):
        return "much"

    __repr__ = __float__ = __str__


class Word(str):
    """Some text, which says of itself what it pleases."""

    def __str__(self):
        return "no"


class Count(int):
    """Some whole number."""


class Items(list):
    """Some list."""


class Pile(tuple):
    """Some tuple."""


class Point(NamedTuple):
    """Some values by name."""

    x: int
    y: object = None


INHERITED = [
    (Rate(0.5), 0.5),
    (Rate("nan"), math.nan),
    (Word("yes"), "yes"),
    (Count(3), 3),
    (Items([1, Rate(0.5)]), [1, 0.5]),
    (Pile((1, 2)), (1, 2)),
    (OrderedDict(a=Count(1)), {"a": 1}),
    (Counter("aab"), {"a": 2, "b": 1}),
    (Point(1, [2]), {"x": 1, "y": [2]}),
    ({"deep": [Point(1, Rate(0.5))]}, {"deep": [{"x": 1, "y": 0.5}]}),
]


@pytest.mark.parametrize(("value", "plain"), INHERITED, ids=lambda value: type(value).__name__)
def test_what_inherits_from_a_plain_value(value, plain):
    """A value whose class inherits from a plain one is read as that, and is itself where it is trusted."""
    assert same(plain, again(value))
    assert same(value, again(value, trust=True))
    assert same(plain, again(again(value)))


def test_a_named_tuple_from_the_config_is_itself_where_it_is_trusted():
    """What is read-only inside of a value leaves no trace in what is stored of it."""
    assert same(Point(1, [{"a": {2}}]), again(freeze(Point(1, [{"a": {2}}])), trust=True))


@pytest.mark.parametrize(
    "masked", [numpy.ma.masked, numpy.ma.array(3.0, mask=True), numpy.ma.array([1, 2], mask=True).sum()]
)
def test_a_number_that_is_masked_is_none(masked):
    """What numpy has masked, such as the mean of nothing, is stored as NaN, not as what the mask covers."""
    assert same(math.nan, again(masked))


def test_a_text_of_numpy_is_read_as_one():
    """A single text of numpy stands in JSON as a text that people read, and comes back as itself."""
    value = numpy.str_("adam \ud800")

    assert "adam" in json_values.dump(value).decode()
    assert same(value, again(value))
    assert "adam" == json_values.plain_numbers(to_json(numpy.str_("adam")))


@pytest.mark.parametrize(
    "iterator",
    [
        (n for n in (1, 2)),
        pathlib.Path(__file__).parent.glob("*"),
        iter([1, 2]),
        map(str, (1, 2)),
        csv.reader(["1", "2"]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_can_be_read_once_is_not_used_up(iterator):
    """Storing an iterator, or an object that holds one, leaves it to the code; it comes back as what it was called."""
    kept = again({"own": iterator, "inside": Plain(iterator)})

    assert isinstance(kept["own"], Reference)
    assert len(list(iterator)) >= 2


def test_what_cannot_be_found_stays_a_reference():
    """A function inside a function, or a class that is gone, stays a reference where trusted too."""

    def inner():
        pass

    for data in (to_json(inner), to_json(lambda: 1), {"__type__": "dataclass", "name": "gone:Gone", "fields": {}}):
        assert isinstance(from_json(data, trust=True), Reference)


class Hostile:
    """Fails at everything."""

    def __getattr__(self, name):
        raise RuntimeError(name)

    def __repr__(self):
        raise RuntimeError("no repr")

    def __reduce_ex__(self, protocol):
        raise RuntimeError("no pickle")

    def __eq__(self, other):
        raise RuntimeError("no comparison")

    __hash__ = None


def test_writing_never_fails():
    """Cycles, hostile objects, generators and very deep values have some form, and it is JSON."""
    cycle = [1]
    cycle.append({"again": cycle})
    deep = []
    for _ in range(5000):
        deep = [deep]
    for value in (
        cycle,
        Hostile(),
        [Hostile()],
        (x for x in ()),
        deep,
        object(),
        sys,
        Ellipsis,
    ):
        json.dumps(to_json(value))
    assert [1, {"again": "<contains itself>"}] == [cycle[0], {"again": to_json(cycle)[1]["again"]["repr"]}]


ATTACKS = [
    {"py/object": "os.system", "py/newargs": ["touch made"]},
    {"py/reduce": [{"py/function": "os.system"}, {"py/tuple": ["touch made"]}]},
    {"py/repr": "os/os.system('touch made')"},
    {"__type__": "jsonpickle", "name": "x", "state": {"py/reduce": [{"py/function": "os.system"}, ["touch made"]]}},
    {"__type__": "reference", "name": "os:system"},
    {"__type__": "enum", "name": "antigravity:x"},
    {"__type__": "dataclass", "name": "os:system", "fields": {"x": 1}},
    {"__type__": "numpy.array", "dtype": "|O", "shape": [1], "base64": "AAAAAAAAAAA="},
    {"__type__": "numpy.array", "dtype": [["a", "|O"]], "shape": [1], "base64": "AAAAAAAAAAA="},
    {"__type__": "__import__('os').system('touch made')"},
]


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: str(attack)[:40])
def test_reading_never_runs_code(attack, tmp_path):
    """Reading gives plain data, a reference or an error, whatever is written."""
    before = set(sys.modules)
    try:
        found = from_json({"x": [attack]})
    except ValueFormatError:
        found = None
    assert isinstance(found, dict | None)
    assert [] == list(tmp_path.iterdir())
    assert "antigravity" not in set(sys.modules) - before


@pytest.mark.parametrize(
    "data",
    [
        {"__type__": "tuple"},
        {"__type__": "set", "value": [[1]]},
        {"__type__": "bytes", "base64": "***"},
        {"__type__": "datetime", "value": "yesterday"},
        {"__type__": "float", "value": "x"},
        {"__type__": "fraction", "value": "1/0"},
        {"__type__": "numpy.array", "dtype": "<f8", "shape": [3], "base64": ""},
        {"__type__": "numpy.array", "dtype": "nonsense", "shape": [1], "value": [1]},
        {"__type__": ["tuple"]},
        {"__type__": 5},
        *(
            {"__type__": tag, "value": {"__type__": "range", "value": [0, 10**12, 1]}}
            for tag in ("tuple", "set", "slice")
        ),
        {"__type__": "fraction", "value": "1e999999999999"},
        {
            "__type__": "numpy.array",
            "dtype": "<f8",
            "shape": [10**12],
            "value": {"__type__": "range", "value": [10**12]},
        },
        {"__type__": "numpy.array", "dtype": "|S10000000000", "shape": [1], "value": ["a"]},
        {"__type__": "numpy.array", "dtype": "|V10000000000", "shape": [1], "items": [1]},
        {"__type__": "numpy.array", "dtype": "|S0", "shape": [10**12], "base64": ""},
    ],
    ids=str,
)
def test_damage_is_an_error(data):
    """A damaged tag is an error that names it; nothing else is raised, and no short text becomes a large value."""
    with pytest.raises(ValueFormatError, match="stored value of type"):
        from_json(data)


@pytest.mark.parametrize("text", ["[" * 100_000, "[" * 5000 + "]" * 5000, '{"a": ' * 100_000 + "1" + "}" * 100_000])
def test_deep_nesting_is_an_error(text):
    """JSON that is nested more deeply than Python reads is an error of ours."""
    with pytest.raises(ValueFormatError):
        json_values.load(text)


def test_what_is_large_is_shown_whatever_is_said_of_it():
    """A shape that somebody has changed has a repr."""
    assert "<None ([[]])>" == repr(
        Reference({"__type__": "large", "name": None, "shape": 3, "size": "x", "dtype": [[]]})
    )


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_plain_json_stays_as_it_is(data):
    """Plain JSON that holds no tag is its own form."""
    assert data == from_json(data)
    if "__type__" not in json.dumps(data):
        assert same(data, to_json(data))


class TestSecrets:
    """A Secret is masked wherever it stands."""

    @pytest.mark.parametrize(
        "value",
        [
            Secret("hunter2"),
            {Colour.RED: Secret("hunter2")},
            Pair(Secret("hunter2")),
            numpy.array([Secret("hunter2")], dtype=object),
        ],
        ids=lambda value: type(value).__name__,
    )
    def test_in_containers(self, value):
        """In dicts, dataclasses, arrays and alone."""
        assert "hunter2" not in json.dumps(to_json(value))

    def test_come_back_as_masked(self):
        """What comes back says that it was a secret, what it looked like, and what tells it from another."""
        for masked in (Masked(), Masked("x://********@h"), Masked("********", "1234", "abcd")):
            (found,) = again([masked])

            assert (Masked, masked, str(masked)) == (type(found), found, str(found))


class TestSame:
    """Two values are the same if they have one type and are equal at any depth."""

    @pytest.mark.parametrize(
        ("first", "second"),
        [
            (1, True),
            (1, 1.0),
            ((1,), [1]),
            ([1], [1, 2]),
            ({"a": 1}, {"a": 1, "b": 2}),
            ({"a": 1}, {"a": 1.0}),
            (float("nan"), 1.0),
            (numpy.ones(2), numpy.ones(3)),
            (numpy.ones(2), numpy.ones(2, int)),
            (numpy.ones(2), [1.0, 1.0]),
            (numpy.array([1, 2]), numpy.array([1, 3])),
            (numpy.array([(1.0, 1)], "f8,i4"), numpy.array([(1.0, 2)], "f8,i4")),
            (numpy.array([(math.nan, 1)], "f8,i4"), numpy.array([(math.nan, 2)], "f8,i4")),
            ({}, OrderedDict()),
            (None, 0),
            ("", None),
        ],
        ids=lambda value: type(value).__name__,
    )
    def test_different(self, first, second):
        """Another type, length, key or item makes a difference, in both directions."""
        assert not same(first, second)
        assert not same(second, first)

    def test_what_cannot_be_compared(self):
        """A comparison that fails is a difference, of another object than itself."""
        first, second = Hostile(), Hostile()

        assert (False, True) == (same(first, second), same(first, first))

    @pytest.mark.parametrize(
        ("first", "second"),
        [
            (float("nan"), float("nan")),
            ([float("nan")], [float("nan")]),
            (numpy.float64("nan"), numpy.float64("nan")),
            (numpy.array([1, math.nan]), numpy.array([1, math.nan])),
            (numpy.array([(math.nan, 1)], "f8,i4"), numpy.array([(math.nan, 1)], "f8,i4")),
            (numpy.array([[1, "a"]], object), numpy.array([[1, "a"]], object)),
            (numpy.empty((0, 2)), numpy.empty((0, 2))),
            (freeze({"a": [1]}), {"a": [1]}),
            ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
            (Plain(1), Plain(1)),
        ],
        ids=lambda value: type(value).__name__,
    )
    def test_not_different(self, first, second):
        """NaN is NaN, a frozen value is what it was, and the order of keys does not count."""
        assert same(first, second)
        assert same(second, first)


def test_text(tmp_path):
    """Values come back from text in UTF-8, also odd ones; what is no JSON is an error."""
    value = {"ä": ["ö", "\ud800", (1,)], "x": {"y": {1}}}

    assert (
        value
        == json_values.load(json_values.dump(value))
        == json_values.load(json_values.dump(value, indent=None).decode("utf-8"))
    )
    assert "ä" in json_values.dump({"ä": 1}).decode()
    with pytest.raises(ValueFormatError, match="stored JSON"):
        json_values.load(b"{")


def test_without_numpy(environment):
    """Where numpy is missing its values come back as references."""
    code = (
        "import sys; sys.modules['numpy'] = None\n"
        "from expframe.config.json_values import from_json\n"
        "print(type(from_json({'__type__': 'numpy.array', 'dtype': '<f8', 'shape': [1], 'value': [1.0]})).__name__)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False)

    assert ("Reference\n", "") == (done.stdout, done.stderr)


def test_short_repr():
    """A repr for messages is short, and never fails."""
    for value in (list(range(200)), Hostile(), "x" * 500, 10**6000):
        assert 0 < len(json_values.short_repr(value, 60)) <= 60
