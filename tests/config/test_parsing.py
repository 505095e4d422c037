"""Text becomes values, towards the type that is wanted."""

# ruff: noqa: UP007, UP045  the old spellings are to work as well

import enum
import pathlib
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, ClassVar, Final, Literal, NewType, Optional, Protocol, TypedDict, Union

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from expframe.config.conversion import literal
from expframe.config.dotted import MISSING
from expframe.config.equality import same
from expframe.config.frozen import freeze
from expframe.config.hints import fits, shown
from expframe.config.parsing import read, type_differs


class Colour(enum.Enum):
    """Some enum."""

    RED = 1
    BLUE = 2


class Typed(TypedDict):
    """Some typed dict."""

    x: int


class Speaks(Protocol):
    """Some protocol."""

    def speak(self) -> str:
        """Say something."""


Number = NewType("Number", int)


@given(st.text(max_size=30))
def test_any_text_is_read(text):
    """Text that is no literal is itself; none raises or warns, whatever the default."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        literal(text)
        for default in (MISSING, None, 1, 0.5, True, "x", [1], (1,), {1}, {}, Colour.RED, pathlib.Path("a")):
            read(text, default)
    assert isinstance(read(text, "x"), str | None)


def test_what_python_would_remark_on():
    """Python's remarks about odd escapes are not said, and the value is still read."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")

        assert "\\d" == literal(r"'\d'")


@given(
    st.integers()
    | st.floats()
    | st.booleans()
    | st.text()
    | st.binary()
    | st.none()
    | st.complex_numbers(allow_nan=False)
)
def test_a_literal_is_itself(value):
    """The repr of a literal is read as the literal, where its type is wanted or none is."""
    if isinstance(value, float | complex) and repr(value) not in ("nan", "inf", "-inf") and "inf" not in repr(value):
        assert same(value, read(repr(value)))
    if not isinstance(value, float | complex):
        assert same(value, read(repr(value)))
    if not isinstance(value, complex):
        assert same(value, read(repr(value), value))


@pytest.mark.parametrize(
    ("text", "default", "value"),
    [
        ("yes", True, True),
        ("OFF", True, False),
        ("'yes'", True, "yes"),
        ("1e400", 1, float("inf")),
        ("-Infinity", 1.0, float("-inf")),
        ("9" * 400, 0.5, int("9" * 400)),
        ("1e3", 5, 1000),
        ("(1, 2)", [0], [1, 2]),
        ("[1, 2]", (0,), (1, 2)),
        ("(1, 2)", freeze([0]), [1, 2]),
        ("1", numpy.float64(2), 1.0),
        ("no", numpy.bool_(True), False),
        ("RED", Colour.BLUE, Colour.RED),
        ("'a b'", pathlib.Path(), pathlib.Path("a b")),
        ("2026", pathlib.Path(), pathlib.Path("2026")),
        (" 3 ", 1, 3),
        (" text ", "x", " text "),
    ],
)
def test_towards_a_default(text, default, value):
    """What can have the type of the default has it; what cannot stays what it is."""
    found = read(text, default)

    assert (value, type(value)) == (found, type(found))


@pytest.mark.parametrize(
    ("text", "annotation", "value"),
    [
        ("1", float, 1.0),
        ("1", Optional[float], 1.0),
        ("1", float | None, 1.0),
        ("1", Annotated[float, "x"], 1.0),
        ("1", Literal["1", "2"], "1"),
        ("1", Number, 1),
        ("on", bool | None, True),
        ("[1]", tuple[int, ...], (1,)),
        ("x/y", pathlib.Path, pathlib.Path("x/y")),
        ("1e-3", pathlib.Path, pathlib.Path("1e-3")),
        ("RED", Colour | None, Colour.RED),
        ("abc", int, "abc"),
        ("1", Any, 1),
        ("1", "no type", 1),
    ],
)
def test_towards_an_annotation(text, annotation, value):
    """A None default leaves it to the annotation."""
    found = read(text, None, annotation)

    assert (value, type(value)) == (found, type(found))


@pytest.mark.parametrize(
    ("value", "default", "differs"),
    [
        (1, 0.5, False),
        (0.5, 1, True),
        (True, 1, True),
        (1, True, True),
        (True, 0.5, True),
        ("x", 1, True),
        (1, "x", True),
        (None, 1, False),
        (1, None, False),
        (1, MISSING, False),
        ([1], (1,), True),
        (freeze([1]), [2], False),
        ({}, freeze({}), False),
        (numpy.float32(1), 0.5, False),
        (1, numpy.int64(1), False),
        (numpy.ones(1), [1], True),
        (pathlib.PurePosixPath("a"), pathlib.PurePath("a"), False),
    ],
)
def test_type_differs(value, default, differs):
    """None fits all, an int a float, a subclass its base; everything else is another type."""
    assert differs == type_differs(value, default)


@pytest.mark.parametrize(
    ("value", "annotation"),
    [
        (1, int),
        (1, float),
        (1, complex),
        (1.5, complex),
        (True, bool),
        (True, object),
        (numpy.int64(1), int),
        (numpy.float32(1), float),
        (None, None),
        (None, Optional[int]),
        ("x", Union[int, str]),
        ("a", Literal["a", "b"]),
        ([1, 2], list[int]),
        ([], list[int]),
        ((1, "a"), tuple[int, str]),
        ((), tuple[()]),
        ({"a": [1]}, dict[str, list[int]]),
        ({"a": 1}, Mapping[str, int]),
        ({1, 2}, set[int]),
        ([1], Sequence[int]),
        (len, Callable[[Any], int]),
        (3, Annotated[int, "x"]),
        (3, Final[int]),
        (3, ClassVar[int]),
        (3, Final),
        (3, Number),
        (Colour.RED, Colour),
        (freeze([1]), list[int]),
        (3, Any),
        (3, "text"),
        ({"x": "?"}, Typed),
        (3, Speaks),
    ],
)
def test_fits(value, annotation):
    """What an annotation says fits, and so does everything where it cannot be checked."""
    assert fits(value, annotation)


@pytest.mark.parametrize(
    ("value", "annotation"),
    [
        ("x", int),
        (True, int),
        (True, float),
        (1.5, int),
        (1, str),
        (1, bool),
        (0, None),
        (1.5, Optional[int]),
        (1, Literal[True]),
        ("c", Literal["a", "b"]),
        ([1, "a"], list[int]),
        ([1], tuple[int, ...]),
        ("ab", Sequence[int]),
        ("", Sequence[int]),
        ((1,), tuple[int, str]),
        ({"a": "x"}, dict[str, int]),
        ({1: 1}, dict[str, int]),
        (3, Callable[[Any], int]),
        ("x", Annotated[int, "x"]),
        ("x", Final[int]),
        ("x", Number),
        (1, Colour),
    ],
)
def test_does_not_fit(value, annotation):
    """Anything else does not."""
    assert not fits(value, annotation)


@pytest.mark.parametrize(
    ("annotation", "text"),
    [
        (int, "int"),
        (list[int], "list[int]"),
        (int | None, "int | None"),
        (Literal["a"], "Literal['a']"),
        (Annotated[int, 1], "int"),
    ],
)
def test_shown(annotation, text):
    """A type is shown as it is written, without what stands beside it."""
    assert text == shown(annotation)
