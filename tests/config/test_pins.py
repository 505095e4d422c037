"""Fixed values are put over others leaf by leaf, and nobody's objects are edited."""

import copy

from hypothesis import given, settings
from hypothesis import strategies as st

from expframe import Experiment
from expframe.config import dotted
from expframe.config.equality import same
from expframe.config.pins import Pin, Pins
from expframe.config.request import Origin

NAMES = st.sampled_from("abcd")
LEAVES = st.none() | st.integers() | st.text(max_size=3) | st.sets(st.integers(), max_size=2)
ITEMS = LEAVES | st.lists(LEAVES, max_size=3) | st.tuples(LEAVES, LEAVES)
TREES = st.dictionaries(
    NAMES,
    st.recursive(
        ITEMS, lambda inner: st.dictionaries(NAMES, inner, max_size=3) | st.lists(inner, max_size=2), max_leaves=6
    ),
    min_size=1,
)


def places(tree, path=()):
    """Yield the path of every leaf, elements of lists and tuples included."""
    for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree):
        if isinstance(value, dict | list | tuple) and value:
            yield from places(value, (*path, key))
        elif value != {}:
            yield (*path, key)


@settings(max_examples=60, deadline=None)
@given(tree=TREES, data=st.data())
def test_only_what_is_asked_for_changes(tree, data):
    """Every leaf that is asked for has its value, every other one stays, and no object of the caller is edited."""
    paths = list(places(tree))
    chosen = data.draw(st.lists(st.sampled_from(paths), unique=True)) if paths else []
    asked = {dotted.join(path): data.draw(ITEMS) for path in chosen}
    before = copy.deepcopy((tree, asked))
    ex = Experiment("test")
    ex.add_config(tree)
    found = ex.resolve(config_updates=asked).values

    assert before == (tree, asked)
    for path in paths:
        value = asked[dotted.join(path)] if path in chosen else dotted.get(tree, path)
        assert same(value, dotted.get(found, path)), path


@settings(max_examples=60, deadline=None)
@given(tree=TREES, data=st.data())
def test_fixing_again_changes_nothing(tree, data):
    """What is fixed already is returned as it is, so that code which holds it goes on holding the entry."""
    paths = list(places(tree))
    chosen = data.draw(st.lists(st.sampled_from(paths), unique=True)) if paths else []
    pins = Pins([Pin(path, data.draw(LEAVES), Origin("test")) for path in chosen])
    for name, value in tree.items():
        fixed = pins.fix(value, name)

        assert fixed is pins.fix(fixed, name)
        assert (fixed is value) or any(path[0] == name for path in chosen)


def test_defaults_are_the_last_ones_found():
    """What was found in the place of a fixed value is remembered, and the fixed value itself is no default."""
    pins = Pins([Pin(("a", "x"), [5], Origin("test"))])
    first = pins.fix({"x": [1], "y": 2}, "a")
    first["x"].append(6)
    again = pins.fix(first, "a")
    pins.fix(copy.deepcopy(again), "a")

    assert ({"x": [5], "y": 2}, {("a", "x"): [1]}) == (again, pins.defaults)
    pins.fix({"x": [3]}, "a")
    assert {("a", "x"): [3]} == pins.defaults


def test_the_order_is_kept():
    """Later pins are put over earlier ones, of elements too."""
    pins = Pins(
        [
            Pin(("a",), [1, 2], Origin("test"), adds=True),
            Pin(("a", "0"), 9, Origin("test")),
            Pin(("b",), {"x": 1}, Origin("test"), adds=True),
            Pin(("b", "x"), "2", Origin("test"), is_text=True),
            Pin(("c",), 3, Origin("test")),
        ]
    )

    assert ([9, 2], {"x": 2}) == (pins.fix([7, 7, 7], "a"), pins.fix({}, "b"))
    assert {"a": [9, 2], "b": {"x": 2}} == pins.missing({})
    assert {"a": [9, 2], "b": {"x": 2}, "c": 3} == pins.values()
    assert 2 == pins.below(("b",)).fix(7, "x")
