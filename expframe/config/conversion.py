"""What is written, as a value of a type."""

from __future__ import annotations

import ast
import collections.abc
import datetime
import enum
import os
import re
import types
import typing
import warnings
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from expframe.config import hints, json_values
from expframe.config.classes import fields_of, is_config, is_read_by_pydantic, lacking_in, read_by_pydantic
from expframe.config.dotted import CHOICE, MISSING, Path
from expframe.config.hints import plain_type
from expframe.config.instances import Apart, default_of
from expframe.errors import listed

BOOLEANS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_NOT_FINITE = {"nan", "inf", "-inf", "+inf", "infinity", "-infinity", "+infinity"}
_NONE = {"none", "null"}


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


class Given(NamedTuple):
    """
    What is to be read.

    Attributes:
        value: The literal that a text is, or the plain data.
        text: The text of a command line; None for plain data.
    """

    value: Any
    text: str | None = None

    @property
    def content(self) -> str | None:
        """What is written, without quotes around it; None for data that is no text."""
        if isinstance(self.value, str):
            return self.value.strip() if self.value is self.text else self.value
        return self.text

    def of_number(self) -> Given:
        """Return itself with the number that an array without dimensions is; those of numpy are numbers themselves."""
        is_one = plain_type(type(self.value)) in (bool, int, float)
        return self if is_one else self._replace(value=json_values.number_of(self.value))

    @property
    def means_none(self) -> bool:
        """Whether it is a word of a command line for None; in plain data there is None itself."""
        return self.text is not None and self.word in _NONE

    @property
    def word(self) -> str:
        """What is written, in lower case; empty where quotes say that it is a text, or where nothing is written."""
        is_quoted = self.text is not None and isinstance(self.value, str) and self.value is not self.text
        return "" if is_quoted else (self.content or "").strip().lower()


def towards(given: Given, annotation: Any) -> Any:
    """Return what is given as a value of an annotation; MISSING where it cannot be one."""
    if (found := hints.alternatives(annotation)) and (group := _group(given, found, annotation)) is not MISSING:
        return group
    annotation = hints.plain(annotation)
    if hints.says_nothing(annotation):
        return given.value
    kind, args = typing.get_origin(annotation) or annotation, typing.get_args(annotation)
    if kind is typing.Literal:
        choices = ((choice, towards(given, type(choice))) for choice in args)
        return next((choice for choice, read in choices if read == choice and type(read) is type(choice)), MISSING)
    if kind is typing.Union or kind is types.UnionType:
        return _towards_option(given, hints.options(annotation))
    if not isinstance(kind, type):
        return given.value
    with suppress(ValueError, TypeError, AttributeError, ArithmeticError):
        if kind in SIMPLE:
            return SIMPLE[kind](given.of_number())
        return next((to_class for is_one, to_class in _CLASSES if is_one(kind)), _to_instance)(given, kind, args)
    return MISSING


def _towards_option(given: Given, options: tuple[Any, ...]) -> Any:
    """Return plain data as it is where it is one of the options, else read towards the first that takes it."""
    if given.text is None:
        for option in options:
            if type(given.value) is (typing.get_origin(option) or option) and hints.fits(given.value, option):
                return given.value
    if types.NoneType in options and given.means_none:
        return None
    return next((read for option in options if (read := towards(given, option)) is not MISSING), MISSING)


# ------------------------------------------------------------------------------------------------- simple types


def _to_bool(given: Given) -> Any:
    is_bool = plain_type(type(given.value)) is bool
    return given.value if is_bool else BOOLEANS.get(given.word, MISSING)


def _to_int(given: Given) -> Any:
    kind = plain_type(type(given.value))
    if kind is float and given.value.is_integer():
        return int(given.value)
    return given.value if kind is int else MISSING


def _to_float(given: Given) -> Any:
    kind = plain_type(type(given.value))
    if kind is int or given.word in _NOT_FINITE:
        return float(given.value)
    return given.value if kind is float else MISSING


def _to_complex(given: Given) -> Any:
    kind = plain_type(type(given.value))
    return complex(given.value) if kind in (int, float) else given.value if kind is complex else MISSING


def _to_str(given: Given) -> Any:
    if isinstance(given.value, str):
        return given.value
    return MISSING if given.text is None else given.text


def _to_none(given: Given) -> Any:
    return None if given.means_none else MISSING


SIMPLE: dict[type, Callable[[Given], Any]] = {
    bool: _to_bool,
    int: _to_int,
    float: _to_float,
    complex: _to_complex,
    str: _to_str,
    types.NoneType: _to_none,
}


# ------------------------------------------------------------------------------------------------------ classes


def _to_instance(given: Given, kind: Any, _args: Any = ()) -> Any:
    try:
        return given.value if isinstance(given.value, kind) else MISSING
    except TypeError:  # protocols and typed dicts refuse to be checked
        return given.value


def _to_enum(given: Given, kind: Any, _args: Any) -> Any:
    """Return the member of a name or, where no name is meant, of a value."""
    if isinstance(given.value, kind):
        return given.value
    if isinstance(given.value, json_values.Reference):
        names = {_place(kind, member.name): member for member in kind}
        return next((member for name, member in names.items() if _is_named(given.value, name)), MISSING)
    if given.content in kind.__members__:
        return kind.__members__[given.content]
    return next((member for member in kind if member.value in (given.value, given.content)), MISSING)


def _to_items(given: Given, kind: Any, args: tuple[Any, ...]) -> Any:
    """Return a list, tuple or set with its items read towards theirs."""
    value = given.value
    fields = getattr(kind, "_fields", None)
    if fields is not None and isinstance(value, dict) and value.keys() == {*fields}:
        value = [value[field] for field in fields]
    if isinstance(value, str | bytes) or not isinstance(value, list | tuple | set | frozenset):
        return MISSING
    if isinstance(value, set | frozenset) and not issubclass(kind, collections.abc.Set) and not isinstance(value, kind):
        return MISSING
    if fields is not None:
        types_of = hints.of_fields(kind[args] if args else kind)
        args = tuple(types_of.get(field, Any) for field in fields)
    is_fixed = issubclass(kind, tuple) and args and args[-1] is not ...
    if is_fixed and len(value) != len(args):
        return MISSING
    item_types: Iterable[Any] = args if is_fixed else [args[0] if args else Any] * len(value)
    items = [towards(Given(item), annotation) for item, annotation in zip(value, item_types, strict=True)]
    if any(item is MISSING for item in items):
        return MISSING
    if fields is not None:
        return kind(*items)
    return _concrete(kind, type(value))(items)


def _concrete(kind: Any, own: type) -> Any:
    """Return the class to make of items: what is asked for, or for an abstract one, what they come in."""
    if issubclass(plain_type(own), kind):
        return plain_type(own)
    return next((made for made in (list, set) if issubclass(made, kind)), kind)


def _to_mapping(given: Given, kind: Any, args: tuple[Any, ...]) -> Any:
    """Return a dict with keys and values read towards theirs."""
    value = given.value
    if not isinstance(value, dict):
        return MISSING
    if typing.is_typeddict(kind):
        return _fields_of(value, hints.of_fields(kind[args] if args else kind))
    key_type, item_type = args if len(args) == 2 else (Any, Any)
    found = {_key(key, key_type): towards(Given(item), item_type) for key, item in value.items()}
    return MISSING if MISSING in found or any(item is MISSING for item in found.values()) else found


def _key(key: Any, annotation: Any) -> Any:
    """Return a key; in JSON and TOML numbers are text there."""
    if isinstance(key, str) and not hints.fits(key, annotation):
        return towards(Given(literal(key), key), annotation)
    return towards(Given(key), annotation)


def _fields_of(value: Mapping[Any, Any], types_of: Mapping[str, Any]) -> Any:
    found = {key: towards(Given(item), types_of.get(key, Any)) for key, item in value.items()}
    return MISSING if any(item is MISSING for item in found.values()) else found


def _group(given: Given, found: Mapping[str, Any], annotation: Any) -> Any:
    """Return the group of entries that an instance, a name or a dict of fields is for classes of configs."""
    value = given.value
    known = hints.known(annotation)
    if is_config(value):
        return Apart().group(value, annotation, ()) if Apart.name_of(value, annotation) is not None else MISSING
    if isinstance(value, str):
        name = given.content or ""
        return default_of(found[name], annotation, name) if name in found else MISSING
    if isinstance(value, json_values.Reference):
        places = {name: one if isinstance(one, str) else _place(one) for name, one in known.items()}
        name = next((one for one, place in places.items() if _is_named(value, place)), "")
        value = json_values.from_json(value.tagged.get("fields")) if name else None
        return _fields_towards(value, name, annotation, found) if isinstance(value, dict) else MISSING
    if not isinstance(value, dict):
        return MISSING
    word = value.get(CHOICE, "")
    if CHOICE in value:
        return _fields_towards(value, word, annotation, found) if isinstance(word, str) and word in found else MISSING
    names = [name for name, one in known.items() if not isinstance(one, str)]
    read = [one for name in names if (one := _fields_towards(value, name, annotation, found)) is not MISSING]
    complete = (one for one in read if not lacking_in(hints.class_of(one, annotation), one))
    return next(complete, read[0] if read else MISSING)


def _fields_towards(value: Mapping[Any, Any], name: str, annotation: Any, found: Mapping[str, Any]) -> Any:
    """Return the group of an alternative with these fields and the defaults of others; MISSING where it cannot be."""
    kind = found[name]
    fields = fields_of(kind)
    types_of = {CHOICE: Any, **{name: field.annotation for name, field in fields.items()}}
    given = _fields_of(value, types_of)
    if given is MISSING or not given.keys() <= types_of.keys():
        return MISSING
    given.pop(CHOICE, None)
    return {**default_of(kind, annotation, name), **given}


def _to_path(given: Given, kind: Any, _args: Any) -> Any:
    if given.content is None:
        return _to_instance(given, kind)
    if kind is os.PathLike:
        from pathlib import Path as kind
    return kind(given.content)


def _to_time(given: Given, kind: Any, _args: Any) -> Any:
    """Return a date, a time or both; a date alone is midnight."""
    if isinstance(given.value, kind):
        return given.value
    written = given.content if given.content is not None else given.value.isoformat()
    return kind.fromisoformat(written)


def _to_duration(given: Given, kind: Any, _args: Any) -> Any:
    """Return a duration, which is written as Python shows it: `0:01:30`, `2 days, 1:00:00`."""
    if isinstance(given.value, kind):
        return given.value
    found = re.fullmatch(DURATION, given.content or "")
    if found is None:
        return MISSING
    days, hours, minutes, seconds = found.groups()
    microseconds = round(float(seconds) * 1e6)
    return kind(days=int(days or 0), hours=int(hours), minutes=int(minutes), microseconds=microseconds)


DURATION = r"(?:([-+]?\d+) days?, )?(\d+):([0-5]\d):([0-5]\d(?:\.\d{1,6})?)"
"""How a duration is written."""


def _to_exact(given: Given, kind: Any, _args: Any) -> Any:
    """Return a Decimal, Fraction or UUID from what is written."""
    if isinstance(given.value, kind):
        return given.value
    given = given.of_number()
    is_number = plain_type(type(given.value)) in (int, float)
    written = given.content if given.content is not None else repr(given.value) if is_number else None
    return MISSING if written is None else kind(written)


def _to_pydantic(given: Given, kind: Any, args: tuple[Any, ...]) -> Any:
    if isinstance(given.value, kind):
        return given.value
    return read_by_pydantic(kind[args] if args else kind, given.value if given.text is None else given.content)


def _to_array(given: Given, kind: Any, _args: Any) -> Any:
    if isinstance(given.value, kind) or not isinstance(given.value, list | tuple):
        return _to_instance(given, kind)
    import numpy

    return numpy.asarray(given.value)


ABSTRACT = {vars(collections.abc)[name] for name in collections.abc.__all__} - {collections.abc.Callable}
"""The abstract classes of collections."""

_CLASSES: tuple[tuple[Callable[[Any], bool], Callable[[Given, Any, Any], Any]], ...] = (
    (lambda kind: issubclass(kind, enum.Enum), _to_enum),
    (lambda kind: issubclass(kind, Mapping) or typing.is_typeddict(kind), _to_mapping),
    (lambda kind: issubclass(kind, list | tuple | set | frozenset) or kind in ABSTRACT, _to_items),
    (lambda kind: hasattr(kind, "__fspath__"), _to_path),
    (lambda kind: kind.__module__ == "datetime" and hasattr(kind, "fromisoformat"), _to_time),
    (lambda kind: issubclass(kind, datetime.timedelta), _to_duration),
    (lambda kind: kind.__module__ in ("decimal", "fractions", "uuid"), _to_exact),
    (lambda kind: (kind.__module__, kind.__name__) == ("numpy", "ndarray"), _to_array),
    (is_read_by_pydantic, _to_pydantic),
)
"""What reads towards which classes; the first one that knows a class reads."""


_FORMS: tuple[tuple[type, str], ...] = (
    (datetime.timedelta, "0:01:30 or 2 days, 0:00:00"),
    (datetime.datetime, "2027-01-31T12:00"),
    (datetime.date, "2027-01-31"),
    (datetime.time, "12:00"),
    (bytes, "b'abc'"),
)


def form_of(annotation: Any) -> str:
    """Return in a sentence how a value of a class is written or what there is; empty where it is plain."""
    kinds = [kind for kind in hints.options(hints.plain(annotation)) if isinstance(kind, type)]
    members = [name for kind in kinds if issubclass(kind, enum.Enum) for name in kind.__members__]
    if members:
        return f"There are: {listed(members)}."
    if any(kind in (types.FunctionType, types.BuiltinFunctionType, type) for kind in kinds):
        return "Choose another one in a named config."
    form = next((form for known, form in _FORMS if any(issubclass(kind, known) for kind in kinds)), "")
    return form and f"It is written {form}."


def first_wrong(value: Any, annotation: Any, path: Path = ()) -> tuple[Path, Any, Any]:
    """
    Return what is wrong with a value that cannot be of its type, by its place, its type and itself.

    It is the first item, at whatever depth, that cannot be of its own type; the value where all items can.

    Example:
        >>> first_wrong([{"a": 1}, {"a": "x"}], list[dict[str, int]])
        ((1, 'a'), <class 'int'>, 'x')
    """
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list | tuple) else ()
    below = hints.below_of(annotation, value)
    for part, item in pairs:
        own = below(part)
        if own is not MISSING and towards(Given(item), own) is MISSING:
            return first_wrong(item, own, (*path, part))
    return path, annotation, value


def _place(kind: type, *names: str) -> str:
    return f"{kind.__module__}:{'.'.join((kind.__qualname__, *names))}"


def _is_named(reference: json_values.Reference, name: str) -> bool:
    """Return whether a reference is to something of that name, which may stand in a script or a module."""
    own, other = (text.split(":", 1) for text in (str(reference.tagged.get("name")), name))
    return own == other or (own[-1] == other[-1] and "__main__" in (own[0], other[0]))
