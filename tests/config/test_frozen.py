"""Read-only dicts and lists that everything takes."""

import copy
import json
import pickle
from collections import OrderedDict, namedtuple

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from expframe import Experiment, thaw
from expframe.config.equality import same
from expframe.config.frozen import FrozenBytes, FrozenDict, FrozenList, FrozenSet, freeze
from expframe.errors import ReadOnlyError

Point = namedtuple("Point", "x y")

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.binary()
    | st.sets(st.integers())
    | st.binary().map(bytearray),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.text() | st.integers(), inner)
        | st.tuples(inner, inner)
        | st.builds(Point, inner, inner)
    ),
    max_leaves=10,
)


@given(VALUES)
def test_thaw_undoes_freeze(value):
    """Thawing what was frozen gives an equal value of plain dicts and lists, and neither touches the original."""
    before = copy.deepcopy(value)
    thawed = thaw(freeze(value))

    assert before == value == thawed
    assert "Frozen" not in str([type(item) for item in every(thawed)])
    assert [type(item) for item in every(value)] == [type(item) for item in every(thawed)]


@given(VALUES)
def test_copies_are_plain(value):
    """Pickle and deepcopy of a frozen value give plain ones, however deep."""
    frozen = freeze(value)
    for again in (pickle.loads(pickle.dumps(frozen)), copy.deepcopy(frozen)):
        assert value == again
        assert "Frozen" not in str([type(item) for item in every(again)])


def every(value):
    """Yield a value and everything in it."""
    yield value
    if isinstance(value, dict):
        for item in value.values():
            yield from every(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from every(item)


CHANGES = {
    "d[k] =": lambda v: v["d"].__setitem__("a", 1),
    "del d[k]": lambda v: v["d"].__delitem__("a"),
    "clear": lambda v: v["d"].clear(),
    "pop": lambda v: v["d"].pop("a"),
    "popitem": lambda v: v["d"].popitem(),
    "setdefault": lambda v: v["d"].setdefault("z", 1),
    "update": lambda v: v["d"].update(z=1),
    "|=": lambda v: v["d"].__ior__({"z": 1}),
    "l[i] =": lambda v: v["d"]["a"].__setitem__(0, 1),
    "l[:] =": lambda v: v["d"]["a"].__setitem__(slice(None), []),
    "del l[i]": lambda v: v["d"]["a"].__delitem__(0),
    "append": lambda v: v["d"]["a"].append(1),
    "l.clear": lambda v: v["d"]["a"].clear(),
    "extend": lambda v: v["d"]["a"].extend([1]),
    "insert": lambda v: v["d"]["a"].insert(0, 1),
    "l.pop": lambda v: v["d"]["a"].pop(),
    "remove": lambda v: v["d"]["a"].remove(1),
    "reverse": lambda v: v["d"]["a"].reverse(),
    "sort": lambda v: v["d"]["a"].sort(),
    "+=": lambda v: v["d"]["a"].__iadd__([1]),
    "*=": lambda v: v["d"]["a"].__imul__(2),
    "in a tuple": lambda v: v["t"][0].append(1),
    "add": lambda v: v["s"].add(3),
    "discard": lambda v: v["s"].discard(1),
    "s.clear": lambda v: v["s"].clear(),
    "s.pop": lambda v: v["s"].pop(),
    "s.remove": lambda v: v["s"].remove(1),
    "s.update": lambda v: v["s"].update({3}),
    "difference_update": lambda v: v["s"].difference_update({1}),
    "intersection_update": lambda v: v["s"].intersection_update({1}),
    "symmetric_difference_update": lambda v: v["s"].symmetric_difference_update({1}),
    "s |=": lambda v: v["s"].__ior__({3}),
    "s &=": lambda v: v["s"].__iand__({3}),
    "s -=": lambda v: v["s"].__isub__({1}),
    "s ^=": lambda v: v["s"].__ixor__({1}),
    "b[i] =": lambda v: v["b"].__setitem__(0, 1),
    "del b[i]": lambda v: v["b"].__delitem__(0),
    "b.append": lambda v: v["b"].append(1),
    "b.extend": lambda v: v["b"].extend(b"x"),
    "b +=": lambda v: v["b"].__iadd__(b"x"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_is_refused(change):
    """Whatever changes a dict, list, set or bytearray is refused with the path, and changes nothing."""
    plain = {"d": {"a": [1, 2]}, "t": ([1],), "s": {1, 2}, "b": bytearray(b"ab")}
    value = freeze(plain)

    with pytest.raises(ReadOnlyError, match=r"Config is read-only .* Use expframe.thaw"):
        CHANGES[change](value)
    assert plain == value


def test_the_error_names_the_path():
    """The error names where in the config the value stands, and is a TypeError."""
    with pytest.raises(TypeError, match=r"\('net.sizes'\). Use expframe.thaw\(sizes\)"):
        freeze({"net": {"sizes": [1]}})["net"]["sizes"].append(2)


def test_everything_takes_them():
    """Json, numpy, `**`, sorting, slicing, concatenation and comparison take them as plain ones."""
    value = freeze({"a": [3, 1], "b": {"c": 2}})

    assert '{"a": [3, 1], "b": {"c": 2}}' == json.dumps(value)
    assert [3, 1] == numpy.asarray(value["a"]).tolist()
    assert {"a": [3, 1], "b": {"c": 2}} == dict(**value) == value
    assert ([1, 3], [3], [3, 1, 5], {"c": 2, "d": 1}) == (
        sorted(value["a"]),
        value["a"][:1],
        value["a"] + [5],
        value["b"] | {"d": 1},
    )
    assert isinstance(value, dict) and isinstance(value["a"], list)


def test_what_is_made_of_sets_and_bytes_is_plain():
    """Unions, sums, slices and copies of read-only sets and bytes are plain ones."""
    some, raw = freeze({1}), freeze(bytearray(b"ab"))
    made = [some | {2}, some - {2}, {2} | some, some.copy(), some.union([2]), raw + b"c", raw[:1], raw.copy()]

    assert [{1, 2}, {1}, {1, 2}, {1}, {1, 2}, b"abc", b"a", b"ab"] == made
    assert {set, bytearray} == {type(value) for value in made}


def test_arrays_are_read_only_copies(tmp_path):
    """An array is frozen as a copy, one of a mapped file as a view; the caller's and thawed ones may be changed."""
    array = numpy.arange(3)
    mapped = numpy.memmap(tmp_path / "data", dtype="int64", mode="w+", shape=3)
    for own in (array, mapped, numpy.array(5)):
        frozen = freeze({"x": [own]})["x"][0]

        assert (False, True) == (frozen.flags.writeable, own.flags.writeable)
        assert numpy.shares_memory(frozen, own) == (own is mapped)
        with pytest.raises(ValueError, match="read-only"):
            frozen[...] = 7
        thaw(frozen)[...] = 7
        assert 7 not in own


def test_what_functions_read_is_what_is_stored():
    """A change that a function makes to a value of the config raises, and reaches no other function, run or record."""
    own = {"some": {1}, "array": numpy.zeros(2), "raw": bytearray(b"ab"), "deep": ([{1}],)}
    ex = Experiment("test", ghost=True)
    ex.add_config(own)

    @ex.capture
    def change(some, array, raw, deep):
        for attempt in (lambda: some.add(2), lambda: raw.append(1), lambda: deep[0][0].add(2)):
            with pytest.raises(ReadOnlyError):
                attempt()
        with pytest.raises(ValueError, match="read-only"):
            array += 1

    @ex.main
    def main(some, array, raw, deep):
        change()
        return sorted(some), array.tolist(), bytes(raw), [sorted(item) for item in deep[0]]

    expected = ([1], [0.0, 0.0], b"ab", [[1]])

    assert [expected, expected] == [ex.run().result, ex.run().result]
    assert same(own, {name: thaw(ex.resolve()[name]) for name in own})


def test_copies_may_be_changed():
    """`copy` gives a plain dict or list."""
    value = freeze({"a": [1]})
    changed = copy.copy(value)
    changed["b"] = copy.copy(value["a"])
    changed["b"].append(2)

    assert (dict, list) == (type(changed), type(changed["b"]))
    assert {"a": [1]} == value


def test_shared_items_stay_shared():
    """What a value holds twice, a deep copy of it holds twice."""
    inner = freeze({"x": 1})
    copied = copy.deepcopy([inner, inner])

    assert copied[0] is copied[1]


def test_other_types():
    """Dicts, lists, sets and bytearrays of other classes are frozen as such; a frozen value may be frozen again."""

    class Own(list):
        pass

    class OwnSet(set):
        pass

    class OwnBytes(bytearray):
        pass

    own = Own([[1]])
    value = freeze({"o": OrderedDict(b=1, a=2), "own": own, "set": OwnSet({1}), "bytes": OwnBytes(b"a")})

    assert (FrozenDict, ["b", "a"]) == (type(value["o"]), list(value["o"]))
    assert [FrozenList, FrozenList, FrozenSet, FrozenBytes] == [
        type(one) for one in (value["own"], value["own"][0], value["set"], value["bytes"])
    ]
    assert {"own": [[1]], "set": {1}, "bytes": b"a"} == {name: value[name] for name in ("own", "set", "bytes")}
    assert (value, FrozenList) == (freeze(value), type(freeze(freeze([1]))))


@pytest.mark.parametrize("write", ["setflags", "flags", "view", "base", "slice"])
def test_an_array_stays_read_only(write):
    """An array from the config cannot be made one that may be written; a copy of it can be written."""
    array = freeze(numpy.arange(3.0))
    ways = {
        "setflags": lambda: array.setflags(write=True),
        "flags": lambda: setattr(array.flags, "writeable", True),
        "view": lambda: array.view().setflags(write=True),
        "base": lambda: array.base.fill(1),
        "slice": lambda: array[1:].setflags(write=True),
    }

    with pytest.raises(ValueError, match=r"WRITEABLE|read-only"):
        ways[write]()
    for copied in (array.copy(), copy.copy(array), pickle.loads(pickle.dumps(array)), thaw(array), array + 0):
        copied[0] = 5
    assert [0, 1, 2] == array.tolist()


def test_sets_are_copied():
    """A thawed set is another one."""
    value = {1}

    assert (value, False) == (thaw(value), thaw(value) is value)
