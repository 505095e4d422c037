"""What can be changed and not be made read-only, each call has of its own."""

import argparse
import dataclasses
import json
import threading
from collections import defaultdict, deque
from types import SimpleNamespace
from typing import Any

import attrs
import msgspec
import numpy
import pydantic
import pytest


@dataclasses.dataclass
class Part:
    """A dataclass that can be changed."""

    width: int = 1


@dataclasses.dataclass(eq=False)
class Key:
    """One that can be changed, and can stand in a set."""

    width: int = 1


@dataclasses.dataclass
class Plain:
    """A dataclass that can be changed, with all that may stand in one."""

    width: int = 1
    part: Part = dataclasses.field(default_factory=Part)
    found: Any = dataclasses.field(init=False)
    lock: Any = dataclasses.field(init=False, default_factory=threading.Lock)

    def __post_init__(self):
        self.found = {
            "list": [1],
            "deque": deque([1]),
            "more": defaultdict(list, a=[1]),
            "set": {1},
            "parts": {Key()},
            "fixed": frozenset({Key()}),
            "pair": (Part(), bytearray(1)),
        }


@dataclasses.dataclass(slots=True)
class Slots:
    """One without a `__dict__`."""

    width: int = 1


@dataclasses.dataclass(frozen=True, slots=True)
class Frozen:
    """One that cannot be changed, in which another one can."""

    part: Part = dataclasses.field(default_factory=Part)


@attrs.define
class Defined:
    """A class of attrs whose converter makes a plain list."""

    width: int = 1
    sizes: list[int] = attrs.field(factory=lambda: [1], converter=list)


@attrs.frozen
class FrozenOfAttrs:
    """One that cannot be changed, in which a list can."""

    sizes: list[int] = attrs.field(factory=lambda: [1], converter=list)


class Model(pydantic.BaseModel, extra="allow"):
    """A model of pydantic, which makes plain lists."""

    width: int = 1
    sizes: list[int] = [1]


class FrozenModel(pydantic.BaseModel, frozen=True):
    """One that cannot be changed, in which a list can."""

    sizes: list[int] = [1]


class Struct(msgspec.Struct):
    """A struct."""

    width: int = 1


class FrozenStruct(msgspec.Struct, frozen=True):
    """One that cannot be changed, in which an instance can."""

    part: Part = msgspec.field(default_factory=Part)


def set_width(value):
    """Set what most of them have."""
    value.width = 9


CHANGES = [
    (Plain(), set_width),
    (Plain(), lambda value: set_width(value.part)),
    (Plain(), lambda value: value.found["list"].append(9)),
    (Plain(), lambda value: value.found["deque"].append(9)),
    (Plain(), lambda value: value.found["more"]["a"].append(9)),
    (Plain(), lambda value: value.found["set"].add(9)),
    (Plain(), lambda value: set_width(next(iter(value.found["parts"])))),
    (Plain(), lambda value: set_width(next(iter(value.found["fixed"])))),
    (Plain(), lambda value: set_width(value.found["pair"][0])),
    (Plain(), lambda value: value.found["pair"][1].append(9)),
    (Slots(), set_width),
    (Frozen(), lambda value: set_width(value.part)),
    (Defined(), set_width),
    (Defined(), lambda value: value.sizes.append(9)),
    (FrozenOfAttrs(), lambda value: value.sizes.append(9)),
    (Model(), set_width),
    (Model(), lambda value: value.sizes.append(9)),
    (Model(more=1), lambda value: setattr(value, "more", 9)),
    (FrozenModel(), lambda value: value.sizes.append(9)),
    (Struct(), set_width),
    (FrozenStruct(), lambda value: set_width(value.part)),
    ([Part(), Part()], lambda value: set_width(value[1])),
    ([Part(), 3], lambda value: set_width(value[0])),
    ((Part(), Part()), lambda value: set_width(value[0])),
    ({"a": {"b": Part()}}, lambda value: set_width(value["a"]["b"])),
    (SimpleNamespace(width=1), set_width),
    (argparse.Namespace(width=1), set_width),
]
"""Values with something that one function could change in each for another."""


@pytest.mark.parametrize(("value", "change"), CHANGES)
def test_no_call_can_change_what_another_is_given(ex, value, change):
    """What a function changes in an instance is its own: others, its own next call, and what is stored have it not."""
    ex.add_config(value=value)

    @ex.capture
    def careless(value):
        before = repr(value)
        change(value)
        return before, repr(value)

    @ex.capture
    def other(value):
        return repr(value)

    @ex.main
    def main():
        return [*careless(), *careless(), other()]

    run = ex.run()
    before, after, *again, seen = run.result

    assert before != after
    assert [before, after] == again
    assert before == seen
    assert 9 not in json.loads((run.dir / "config.json").read_text())["values"].values()


def test_what_a_call_has_twice_is_one(ex):
    """An instance, and the one that it is a part of, are given to one call as the same objects."""

    @ex.config
    @dataclasses.dataclass
    class Config:
        plain: Plain = dataclasses.field(default_factory=Plain)

    @ex.capture
    def train(whole: Config, plain):
        return whole.plain is plain, whole.plain.part is plain.part

    @ex.main
    def main():
        return train()

    assert (True, True) == ex.run().result


def test_what_leads_back_leads_back_into_the_same_copy(ex):
    """In the copy of a tree whose nodes know what they stand in, and of what two fields share, all is of that copy."""

    @dataclasses.dataclass
    class Node:
        width: int = 1
        itself: Any = dataclasses.field(init=False)
        nodes: list[Any] = dataclasses.field(init=False)
        same: list[Any] = dataclasses.field(init=False)
        as_set: Any = dataclasses.field(init=False)

        def __post_init__(self):
            self.itself = self
            leaf = Key()
            leaf.width = self
            self.nodes = self.same = [leaf, {"up": self}]
            self.as_set = frozenset({leaf})

    ex.add_config(node=Node())

    @ex.capture
    def look(node):
        return node

    @ex.main
    def main():
        one, other = look(), look()
        leads = [one.itself, one.nodes[1]["up"], one.nodes[0].width]
        shared = one.same is one.nodes and one.as_set == {one.nodes[0]}
        return [node is one for node in leads], shared, one.nodes is other.nodes, one.nodes[0] is other.nodes[0]

    assert ([True] * 3, True, False, False) == ex.run().result


def test_arrays_of_a_class_are_read_only_and_never_copied(ex):
    """An array that a class makes for its instance takes no memory for each call; `read_only=False` copies it."""
    made = numpy.ones(3)

    @dataclasses.dataclass
    class Computed:
        width: int = 1
        table: Any = dataclasses.field(init=False)

        def __post_init__(self):
            self.table = made

    ex.add_config(computed=Computed())

    @ex.capture
    def look(computed):
        return computed.table

    @ex.capture(read_only=False)
    def plain(computed):
        computed.table += 1
        return computed.table

    @ex.main
    def main():
        plain()
        return numpy.shares_memory(look(), made), look().flags.writeable, plain().tolist(), look().tolist()

    assert (True, False, [2, 2, 2], [1, 1, 1]) == ex.run().result
    assert made.flags.writeable


def test_nothing_that_a_class_does_is_done_again(ex):
    """Copies are made without `__init__` and `__post_init__`, and share what they hold besides values."""
    made = []

    @dataclasses.dataclass
    class Opened:
        width: int = 1

        def __post_init__(self):
            made.append(self)
            self.lock = threading.Lock()

    ex.add_config(opened=Opened())

    @ex.capture
    def look(opened):
        return opened

    @ex.main
    def main():
        known = len(made)
        first, second = look(), look()
        return first is second, first.lock is second.lock, type(first) is Opened, first == second, len(made) - known

    assert (False, True, True, True, 0) == ex.run().result


def test_what_cannot_be_copied_is_handed_out_itself(ex):
    """An instance that ends with a `__del__`, or says that it is the only one, is the same in all calls."""

    @dataclasses.dataclass
    class Ends:
        width: int = 1

        def __del__(self):
            set_width(self)

    @dataclasses.dataclass
    class Single:
        width: int = 1
        part: Part = dataclasses.field(default_factory=Part)

        def __copy__(self):
            return self

    @dataclasses.dataclass
    class Refusing:
        width: int = 1

        def __copy__(self):
            raise TypeError("there can only be one")

    ex.add_config(ends=Ends(), single=Single(), refusing=Refusing())

    @ex.capture
    def look(ends, single, refusing):
        return ends, single, refusing

    @ex.main
    def main():
        return [one is other and one.width == 1 for one, other in zip(look(), look(), strict=True)]

    assert [True, True, True] == ex.run().result


def test_what_is_nested_deeper_than_python_goes_is_handed_out_itself(ex):
    """Thousands of instances that are linked to one another are no reason for a run to fail."""

    @dataclasses.dataclass
    class Chain:
        width: int = 1
        first: Any = dataclasses.field(init=False, default=None)

        def __post_init__(self):
            for _ in range(3000):
                link = Key()
                link.width = self.first
                self.first = link

    ex.add_config(chain=Chain())

    @ex.capture
    def look(chain):
        return chain

    @ex.main
    def main():
        return look() is look()

    assert True is ex.run().result


def test_what_nobody_can_change_is_not_copied(ex):
    """An instance that is frozen through and through is the same in all calls."""

    @ex.config
    class Config:
        sizes: list[int] = [1]

    @ex.capture
    def look(config: Config):
        return config

    @ex.main
    def main():
        return look() is look()

    assert True is ex.run().result


def test_plain_copies_hold_plain_values(ex):
    """`read_only=False` gives each call instances, frozen ones too, in which lists and dicts are plain."""

    @ex.config
    class Config:
        sizes: list[int] = [1]

    @ex.main(read_only=False)
    def main(config: Config):
        config.sizes.append(2)
        return type(config.sizes) is list, config.sizes

    assert (True, [1, 2]) == ex.run().result


def test_methods_and_coroutines_have_their_own(ex):
    """Methods, generators, coroutines, and calls with arguments by hand are given copies as functions are."""
    ex.add_config(part=Part(), lr=1)

    class Net:
        @ex.capture
        def forward(self, x, part, *, lr):
            set_width(part)
            return x + lr

    @ex.capture
    def steps(part, /, lr):
        set_width(part)
        yield part.width + lr

    @ex.capture
    async def waits(part, _seed, _rnd, lr=2):
        set_width(part)
        return part.width + lr

    @ex.capture
    def look(part):
        return part.width

    @ex.main
    async def main():
        own = Part(5)
        found = [Net().forward(1), Net().forward(x=1, lr=3), *steps(), await waits(), await waits(lr=5)]
        Net().forward(1, part=own)
        return found, look(), own.width

    assert ([2, 4, 10, 10, 14], 1, 9) == ex.run().result
