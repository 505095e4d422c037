"""Paths into trees of dicts, lists and tuples."""

import copy
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expframe.config import dotted
from expframe.config.dotted import MISSING

KEYS = st.text("abc", min_size=1, max_size=2)
TREES = st.recursive(
    st.integers() | st.lists(st.integers(), max_size=2), lambda t: st.dictionaries(KEYS, t, max_size=3)
).filter(lambda tree: isinstance(tree, dict))


def test_split_and_join():
    """Joining undoes splitting; the empty text is the root."""
    assert ("a", "b", "0") == dotted.split("a.b.0")
    assert () == dotted.split("")
    assert "a.b.0.c" == dotted.join("a", ("b", 0), "", "c")


@pytest.mark.parametrize(
    ("part", "key"),
    [
        ("30", 30),
        (30, 30),
        ("x", "x"),
        ("1", "1"),
        ("-5", -5),
        ("2", MISSING),
        ("", MISSING),
        ("²", MISSING),
        (1, MISSING),
    ],
)
def test_keys_of_dicts(part, key):
    """A part names a text key, else a whole-number key."""
    assert key == dotted.find_key({30: 0, "x": 0, "1": 0, -5: 0}, part)


@pytest.mark.parametrize(
    ("part", "key"), [("0", 0), ("-1", -1), (1, 1), ("2", MISSING), ("-3", MISSING), ("x", MISSING)]
)
@pytest.mark.parametrize("kind", [list, tuple])
def test_indexes(kind, part, key):
    """A part names an element where there is one, from the end too."""
    assert key == dotted.find_key(kind([7, 8]), part)


def test_get():
    """What is not there is MISSING, below leaves too."""
    tree = {"a": [{"b": {5: 1}}], "text": "xy"}

    assert 1 == dotted.get(tree, ("a", "0", "b", "5"))
    assert tree is dotted.get(tree, ())
    assert MISSING is dotted.get(tree, ("a", "1"))
    assert MISSING is dotted.get(tree, ("text", "0"))


def test_put():
    """Groups on the way are made; a new key is a whole number where all others are."""
    tree = {"a": 1, "schedule": {30: 1}}
    dotted.put(tree, ("x", "y"), 2)
    dotted.put(tree, ("a", "b"), 3)
    dotted.put(tree, ("schedule", "30"), 4)
    dotted.put(tree, ("schedule", "60"), 5)

    assert {"a": {"b": 3}, "schedule": {30: 4, 60: 5}, "x": {"y": 2}} == tree


@given(TREES)
def test_walk_gives_all_leaves(tree):
    """Every leaf is at its path, and putting them all again gives the tree."""
    again = {}
    for path, value in dotted.walk(tree):
        assert value is dotted.get(tree, path)
        dotted.put(again, path, value)

    assert tree == again
    assert {path for path, _ in dotted.walk(tree)} <= {path for path, _ in dotted.walk_all(tree)}


@given(TREES, TREES)
def test_merge(tree, other):
    """Each leaf of the second is in the result, neither is touched, and merging again changes nothing."""
    before = copy.deepcopy((tree, other))
    merged = dotted.fresh(tree)
    dotted.merge(merged, other)

    assert before == (tree, other)
    assert all(value in ({}, dotted.get(merged, path)) for path, value in dotted.walk(other))
    again = dotted.fresh(merged)
    dotted.merge(again, other)
    assert merged == again


@given(TREES)
def test_nest(tree):
    """Dotted keys are taken apart: leaves written flat give the same tree."""
    flat = {dotted.join(path): value for path, value in dotted.walk(tree)}

    assert tree == dotted.nest(flat) == dotted.nest(tree)


@pytest.mark.parametrize("value", ["vit", 3, [1]])
def test_nest_loses_nothing(value):
    """A value and entries below it are both kept, in whatever order they stand and at any depth."""
    found = {"net": {"model": {"_choice": value, "heads": 6}}}

    assert found == dotted.nest({"net.model": value, "net.model.heads": 6})
    assert found == dotted.nest({"net": {"model.heads": 6, "model": value}})
    assert {"a": {"b": 1}} == dotted.nest({"a.b": 1, "a": {}}) == dotted.nest({"a": {}, "a.b": 1})


def test_nest_of_none():
    """Entries below None are all there is, in whatever order they stand: None chooses nothing."""
    found = {"net": {"depth": 5}}

    assert found == dotted.nest({"net": None, "net.depth": 5}) == dotted.nest({"net.depth": 5, "net": None})


def test_nest_keeps_odd_keys():
    """Whole numbers and empty texts are keys like others."""
    assert {5: {"a": 1}, "": 2, "b": {"": 3}} == dotted.nest({5: {"a": 1}, "": 2, "b.": 3})


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("lrr", ("lr", "net.lr")),
        ("net.lrr", ("net.lr", "lr")),
        ("LR", ("lr", "net.lr")),
        ("epoch", ("epochs",)),
        ("zzz", ()),
    ],
)
def test_nearest(name, found):
    """The likeliest come first, and nothing far off comes at all."""
    assert found == dotted.nearest(name, ["epochs", "lr", "net.lr", "other"])


def test_missing_is_one():
    """Copies and pickles of MISSING are MISSING."""
    for again in (copy.copy(MISSING), copy.deepcopy([MISSING])[0], pickle.loads(pickle.dumps(MISSING))):
        assert again is MISSING
    assert "MISSING" == repr(MISSING)
