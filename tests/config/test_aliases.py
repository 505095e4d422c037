"""What `type X = ...` defines, unions of groups and single values, and how an error shows types."""

from collections.abc import Mapping
from dataclasses import field, make_dataclass
from pathlib import Path
from typing import Any, Literal, NewType, Protocol, TypedDict

import pytest
import typing_extensions

from expframe.config import hints
from expframe.errors import EntryGroupError, EntryTypeError


class TypeAliasType:
    """What Python 3.12 makes of `type X = ...`, by the one attribute that is asked."""

    def __init__(self):
        self.__value__: Any = None


Word = TypeAliasType()
Word.__value__ = Literal["sgd", "adam"]
Data = TypeAliasType()
Data.__value__ = dict[str, Data] | list[Data] | int
Epochs = NewType("Epochs", int)


@pytest.fixture
def aliased(ex):
    """Entries annotated with aliases, one of which names itself."""

    @ex.config
    def config():
        word: Word = "sgd"
        words: list[Word] = ["sgd"]
        data: Data = 3
        epochs: Epochs = 3

    return ex


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("word=rms", "takes Literal['sgd', 'adam'], not 'rms'"),
        ("words=['rms']", r"'words.0' .* takes Literal['sgd', 'adam'], not 'rms'"),
        ("epochs=many", "takes int, not 'many'"),
        ("data=x", "not 'x'"),
    ],
)
def test_errors_say_what_an_alias_stands_for(aliased, word, says):
    """What was possible is said, not the name of an alias."""
    with pytest.raises(EntryTypeError) as caught:
        aliased.resolve(word)

    for part in says.split(" .* "):
        assert part in str(caught.value)


@pytest.mark.parametrize(
    ("word", "value"), [("data=4", 4), ("data=[1, [2]]", [1, [2]]), ("data={'a': {'b': 1}}", {"a": {"b": 1}})]
)
def test_an_alias_may_name_itself(aliased, word, value):
    """What is annotated so is read and held like anything else."""
    assert value == aliased.resolve(word).values["data"]


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("n={'a': 1}", {"a": 1}),
        ("text={'a': 1}", {"a": 1}),
        ("n=True", True),
        ("p=False", False),
        ("p.flip=2", {"flip": 2}),
    ],
)
def test_a_union_takes_a_group_or_a_single_value(ex, word, value):
    """Where an annotation says that both may stand there, one replaces the other, and what is computed sees it."""

    @ex.config
    def config():
        n: dict[str, int] | bool = False
        p: dict[str, int] | bool = {"flip": 1}
        text: Mapping[str, int] | str = "none"
        all = [n, p, text]

    found = ex.resolve(word).values
    name = word[0] if word[0] != "t" else "text"

    assert value == found[name]
    assert value in found["all"]


class Size(TypedDict):
    """A class that answers no `issubclass`."""

    width: int


class LateSize(typing_extensions.TypedDict):
    """One of another library."""

    width: int


class Sized(Protocol):
    """Another class that answers none."""

    width: int


@pytest.mark.parametrize("kind", [Size, LateSize])
def test_a_typed_dict_is_such_a_group(ex, kind):
    """A union takes a typed dict where a single value stands, and the reverse, and its values as it says."""
    ex.config(make_dataclass("Config", [("n", kind | bool, False), ("p", kind | bool, field(default_factory=size))]))

    assert {"width": 2} == ex.resolve(config_updates={"n": {"width": 2}}).values["n"]
    assert True is ex.resolve("p=True").values["p"]
    with pytest.raises(EntryTypeError, match=r"'n\.width' .* takes int, not 'x'"):
        ex.resolve(config_updates={"n": {"width": "x"}})


def size():
    """Return a group."""
    return {"width": 1}


@pytest.mark.parametrize("word", ["n=3", "p={'a': 1}", "any=3", "sized={'width': 1}"])
def test_others_do_not(ex, word):
    """Where it does not say so, nothing is replaced."""

    @ex.config
    def config():
        n: dict[str, int] = {"a": 1}
        p: int = 3
        any: Any = {"a": 1}
        sized: Sized | bool = False

    with pytest.raises(EntryGroupError):
        ex.resolve(word)


def test_a_path_is_called_so(ex):
    """The class that a path has on this system is not what anybody writes."""
    ex.add_config(where=Path("a"))

    with pytest.raises(EntryTypeError, match="takes Path, not 5"):
        ex.resolve(config_updates={"where": 5})


def test_what_is_shown_of_what_names_itself():
    """An alias that names itself is written out once."""
    Data.__name__ = "Data"

    assert "dict[str, Data] | list[Data] | int" == hints.shown(Data)
