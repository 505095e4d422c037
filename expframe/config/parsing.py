"""Text to values, towards the value that stands there by default; and whether a value fits."""

from __future__ import annotations

import ast
import enum
import sys
import types
import typing
import warnings
from collections.abc import Mapping
from typing import Any

from expframe.config.dotted import MISSING

BOOLEANS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_NOT_FINITE = {"nan", "inf", "-inf", "+inf", "infinity", "-infinity", "+infinity"}


def literal(text: str) -> Any:
    """
    Return the Python literal that `text` is, else the text itself. Nothing is executed.

    Example:
        >>> literal("[1, 2]"), literal("adam"), literal("")
        ([1, 2], 'adam', '')
    """
    try:
        if "\\" not in text:
            return ast.literal_eval(text.strip())
        with warnings.catch_warnings():  # Python says so where it does not know an escape, as in '\d'
            warnings.simplefilter("ignore")
            return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return text


def read(text: str, default: Any = MISSING, annotation: Any = MISSING) -> Any:
    """
    Return `text` read as a Python literal, towards the type of `default` or of `annotation`.

    A `str` entry stays a `str`; a bool also takes true/false, yes/no and on/off; a float takes whole numbers, nan and
    inf; an int takes whole floats; lists and tuples become each other; paths and enums are made from text and names.
    `None` is None for every entry.

    Example:
        >>> read("123_456", default="adam"), read("1", default=0.5), read("off", default=True)
        ('123_456', 1.0, False)
    """
    value = literal(text)
    if value is None:
        return None
    towards = _target(default, annotation)
    if towards is None:
        return value
    if towards is str:
        return value if isinstance(value, str) else text
    try:
        return _convert(text, value, towards)
    except (ValueError, TypeError, OverflowError):
        return value


def _convert(text: str, value: Any, towards: Any) -> Any:
    word = text.strip().lower()
    if towards is bool:
        return BOOLEANS.get(word, value)
    if towards is float:
        return float(value) if type(value) is int or word in _NOT_FINITE else value
    if towards is int:
        return int(value) if isinstance(value, float) and value.is_integer() else value
    if issubclass(towards, list) and isinstance(value, tuple):
        return list(value)
    if issubclass(towards, tuple) and isinstance(value, list | tuple):
        return getattr(towards, "_make", towards)(value)
    if issubclass(towards, enum.Enum):
        return towards.__members__.get(str(value), value)
    return towards(value) if isinstance(value, str) and hasattr(towards, "__fspath__") else value


def _target(default: Any, annotation: Any) -> type | None:
    """Return the class to read towards: the default's, else the first that the annotation allows."""
    if default is not None and default is not MISSING:
        return _base(type(default))
    annotation = _plain(annotation)
    for option in typing.get_args(annotation) if _is_union(annotation) else (annotation,):
        kind = typing.get_origin(option) or option
        if kind is typing.Literal:
            kind = type(typing.get_args(option)[0])
        if isinstance(kind, type) and kind is not types.NoneType:
            return kind
    return None


def _base(kind: type) -> type:
    """Return the plain type of a frozen or numpy one."""
    if kind.__name__ in {"FrozenList", "FrozenDict"}:
        return kind.__mro__[1]
    if kind.__module__ == "numpy" and "numpy" in sys.modules:
        numpy = sys.modules["numpy"]
        for abstract, plain in ((numpy.bool_, bool), (numpy.integer, int), (numpy.floating, float), (numpy.str_, str)):
            if issubclass(kind, abstract):
                return plain
    return kind


def _is_union(annotation: Any) -> bool:
    return typing.get_origin(annotation) in (typing.Union, types.UnionType)


def type_differs(value: Any, default: Any) -> bool:
    """Return whether the type of `value` is another than the default's: None fits all, an int fits a float."""
    if value is None or default is None or default is MISSING:
        return False
    kind, old = _base(type(value)), _base(type(default))
    if bool in (kind, old):
        return kind is not old
    return not issubclass(kind, old) and (kind, old) != (int, float)


_ALSO_TAKES: dict[Any, tuple[type, ...]] = {float: (int,), complex: (int, float)}


def fits(value: Any, annotation: Any) -> bool:
    """Return whether `value` is what an annotation says. An annotation that cannot be checked fits all."""
    annotation = _plain(annotation)
    if annotation is MISSING or annotation is Any:
        return True
    if annotation is None or annotation is types.NoneType:
        return value is None
    origin, args = typing.get_origin(annotation), typing.get_args(annotation)
    if _is_union(annotation):
        return any(fits(value, option) for option in args)
    if origin is typing.Literal:
        return any(value == option and type(value) is type(option) for option in args)
    kind = origin or annotation
    try:
        return not isinstance(kind, type) or (_is_instance(value, kind) and _items_fit(value, kind, args))
    except TypeError:  # protocols and typed dicts refuse to be checked
        return True


def _plain(annotation: Any) -> Any:
    """Return what an annotation says of values, without Annotated, Final, ClassVar, NewType and aliases around it."""
    while True:
        if typing.get_origin(annotation) in (typing.Annotated, typing.Final, typing.ClassVar):
            annotation = typing.get_args(annotation)[0]
        elif annotation is typing.Final or annotation is typing.ClassVar:
            return MISSING
        elif type(annotation).__module__ == "typing" and hasattr(annotation, "__supertype__"):
            annotation = annotation.__supertype__
        elif type(annotation).__name__ == "TypeAliasType":
            annotation = annotation.__value__
        else:
            return annotation


def _is_instance(value: Any, kind: type) -> bool:
    own = _base(type(value))
    if own is bool and kind in (int, float, complex):
        return False
    return isinstance(value, kind) or issubclass(own, kind) or own in _ALSO_TAKES.get(kind, ())


def _items_fit(value: Any, kind: type, args: tuple[Any, ...]) -> bool:
    if not args:
        return True
    if issubclass(kind, tuple) and not (len(args) == 2 and args[1] is ...):
        return len(value) == len(args) and all(map(fits, value, args))
    if issubclass(kind, Mapping) and len(args) == 2:
        return all(fits(key, args[0]) and fits(item, args[1]) for key, item in value.items())
    if isinstance(value, list | tuple | set | frozenset):
        return all(fits(item, args[0]) for item in value)
    return True


def shown_type(annotation: Any) -> str:
    """Return an annotation as a user writes it."""
    is_class = isinstance(annotation, type) and not typing.get_args(annotation)
    return str(annotation.__name__ if is_class else annotation).replace("typing.", "")
