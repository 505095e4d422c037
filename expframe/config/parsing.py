"""Text and plain data to values: towards what the entry is annotated with, else towards its default."""

from __future__ import annotations

import enum
import itertools
import operator
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from typing import Any

from expframe.config import equality, hints, json_values
from expframe.config.conversion import SIMPLE, Given, literal, towards
from expframe.config.dotted import MISSING
from expframe.config.hints import plain_type


def read(text: str, default: Any = MISSING, annotation: Any = MISSING) -> Any:
    """
    Return the value that a text of a command line means for an entry; what it cannot be for the entry is its literal.

    Args:
        text: The text: a Python literal, or words.
        default: What stands there otherwise.
        annotation: What the entry is annotated with. The default is looked at where it says nothing.

    Example:
        >>> read("123_456", default="adam"), read("1", default=0.5), read("off", default=True)
        ('123_456', 1.0, False)
    """
    return _read(Given(literal(text), text), default, annotation)


def convert(value: Any, default: Any = MISSING, annotation: Any = MISSING) -> Any:
    """
    Return what plain data, of a file or a dict, means for an entry; what it cannot be for the entry stays as it is.

    Args:
        value: The data.
        default: What stands there otherwise.
        annotation: What the entry is annotated with. The default is looked at where it says nothing.

    Example:
        >>> convert("no", default=True), convert([1, 2], default=(0,)), convert("3", default=1)
        (False, (1, 2), '3')
    """
    return _read(Given(_restored(value, default, default)), default, annotation)


def _read(given: Given, default: Any, annotation: Any) -> Any:
    if given.value is None:
        return None
    is_open = hints.says_nothing(hints.plain(annotation)) and not hints.alternatives(annotation)
    found = MISSING if is_open else towards(given, annotation)
    if found is MISSING:
        found = _towards_default(given, default)
    if found is MISSING:
        return None if is_open and given.means_none else given.value
    return found


def _restored(value: Any, default: Any, beside: Any) -> Any:
    """
    Return a stored value with what its references stand for, as far as the default is or holds that or its class.

    Args:
        value: The value.
        default: What stands there otherwise.
        beside: What in the default stands where the value does, which may be stored as a plain value.
    """
    if isinstance(value, json_values.Reference):
        known = list(_items_in(default))
        same = (item for item in known if json_values.to_json(item) == value.tagged)
        others = (towards(Given(value), type(item)) for item in known)
        return next((found for found in (*same, *others) if found is not MISSING), value)
    twin = json_values.plain_twin(beside)
    if twin is not beside and equality.same(twin, value):
        return beside
    if type(value) is dict:
        held = twin if isinstance(twin, dict) else {}
        return {key: _restored(item, default, held.get(key, MISSING)) for key, item in value.items()}
    if type(value) in (list, tuple, set, frozenset):
        items = [_restored(item, default, one) for item, one in _paired(value, twin)]
        return value if all(map(operator.is_, items, value)) else type(value)(items)
    return value


def _paired(values: Collection[Any], others: Any) -> Iterable[tuple[Any, Any]]:
    """Return values, each with what stands there in others: by place, in sets what is equal to it."""
    if isinstance(values, set | frozenset) and isinstance(others, set | frozenset):
        by_value = {other: other for other in others}
        return ((value, by_value.get(value, MISSING)) for value in values)
    found = itertools.islice(others, len(values)) if isinstance(others, list | tuple) else ()
    return itertools.zip_longest(values, found, fillvalue=MISSING)


def _items_in(value: Any) -> Iterator[Any]:
    """Yield a value and whatever it holds."""
    yield value
    if isinstance(value, dict | list | tuple | set | frozenset):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _items_in(item)


def _towards_default(given: Given, default: Any) -> Any:
    """Return what is given as a value of the default's type; MISSING where it cannot be one."""
    if isinstance(default, json_values.Reference):  # of what cannot come back
        default = None
    if default is MISSING:
        return given.value
    if default is None:
        return None if given.means_none else given.value
    found = given.value if type(given.value) is type(default) else towards(given, kind_of(default))
    if found is MISSING and kind_of(default) in SIMPLE:  # of an array without dimensions
        found = towards(given, type(default))
    if isinstance(default, list | tuple | set | frozenset) and not hasattr(default, "_fields"):
        return _like_items(found, default)
    return _like_array(found, default) if hasattr(found, "astype") and found is not given.value else found


def _like_items(found: Any, default: Any) -> Any:
    """Return items read towards those of a default, where these have one type and it can be done."""
    kinds = {kind_of(item) for item in default}
    if found is MISSING or len(kinds) != 1:
        return found
    [kind] = kinds
    own = {type(item) for item in default}  # of a number, it may be an array without dimensions
    read = ((MISSING if type(item) in own else towards(Given(item), kind), item) for item in found)
    return type(found)(item if new is MISSING else new for new, item in read)


def _like_array(found: Any, default: Any) -> Any:
    """Return an array that was made of a list as one of the default's numbers, where none is lost by that."""
    with suppress(TypeError):
        return found.astype(default.dtype, casting="same_kind")
    return found


def kind_of(default: Any) -> type:
    """Return the type that a default asks for: the plain one where it is a special text, number or 0-d array."""
    kind = plain_type(type(default))
    if kind not in SIMPLE:
        kind = plain_type(type(json_values.number_of(default)))
    if kind in SIMPLE or issubclass(kind, enum.Enum):
        return kind
    return next((plain for plain in SIMPLE if issubclass(kind, plain)), kind)


def type_differs(value: Any, default: Any) -> bool:
    """Return whether the type of `value` is another than the default's: None fits all, an int fits a float."""
    if value is None or default is None or default is MISSING or isinstance(default, json_values.Reference):
        return False
    if type(value) is type(default):
        return False
    kind, old = plain_type(type(value)), kind_of(default)
    if bool in (kind, old):
        return kind is not old
    return not issubclass(kind, old) and (kind, old) != (int, float)


def can_replace(value: Any, default: Any) -> bool:
    """Return whether a value of another type is taken for a default: numbers for numbers, and what can be called."""
    numbers = (bool, int, float)
    kinds = (kind_of(value), kind_of(default))
    return all(kind in numbers for kind in kinds) or (callable(value) and callable(default))
