"""Read-only dicts, lists, sets and bytes: everything that takes plain ones takes them; copies of them are plain."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NoReturn, TypeVar

from expframe.errors import ReadOnlyError

C = TypeVar("C", bound=type[Any])


def overrides(names: str, method: Callable[..., Any]) -> Callable[[C], C]:
    """Return what gives a class one method under several names. To type checkers they are what its base says."""

    def add(kind: C) -> C:
        for name in names.split():
            setattr(kind, name, method)
        return kind

    return add


class _ReadOnly:
    """What refuses to be changed. Pickle, `copy` and `deepcopy` give plain ones."""

    __slots__ = ()
    _plain: type[Any]
    _path: str

    def _refuse(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        raise self._problem()

    def _problem(self) -> Exception:
        return ReadOnlyError(self._path)

    def __reduce_ex__(self, _protocol: Any) -> Any:
        return self._plain, (self._plain(self),)

    def __copy__(self) -> Any:
        return self._plain(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return copy.deepcopy(self._plain(self), memo)


@overrides("__setitem__ __delitem__ __ior__ clear pop popitem setdefault update", _ReadOnly._refuse)
class FrozenDict(_ReadOnly, dict[Any, Any]):
    """
    A dict that cannot be changed. Pickle, `copy` and `deepcopy` give plain dicts.

    Example:
        >>> config = freeze({"model": {"depth": 3}})
        >>> config["model"]["depth"] = 4
        Traceback (most recent call last):
        expframe.errors.ReadOnlyError: Config is read-only ('model'). Use expframe.thaw(model) for a copy you may change.
    """  # noqa: E501  the message as it is

    __slots__ = ("_path",)
    _plain = dict

    def __init__(self, items: Mapping[Any, Any] | Iterable[tuple[Any, Any]] = (), path: str = "") -> None:
        super().__init__(items)
        self._path = path


@overrides("__setitem__ __delitem__ __iadd__ __imul__", _ReadOnly._refuse)
@overrides("append clear extend insert pop remove reverse sort", _ReadOnly._refuse)
class FrozenList(_ReadOnly, list[Any]):
    """A list that cannot be changed. Pickle, `copy` and `deepcopy` give plain lists."""

    __slots__ = ("_path",)
    _plain = list

    def __init__(self, items: Iterable[Any] = (), path: str = "") -> None:
        super().__init__(items)
        self._path = path


@overrides("__iand__ __ior__ __isub__ __ixor__ add clear discard pop remove update", _ReadOnly._refuse)
@overrides("difference_update intersection_update symmetric_difference_update", _ReadOnly._refuse)
@overrides("copy", _ReadOnly.__copy__)
class FrozenSet(_ReadOnly, set[Any]):
    """A set that cannot be changed. Pickle, `copy` and `deepcopy` give plain sets."""

    __slots__ = ("_path",)
    _plain = set

    def __init__(self, items: Iterable[Any] = (), path: str = "") -> None:
        super().__init__(items)
        self._path = path


@overrides("__setitem__ __delitem__ __iadd__ __imul__", _ReadOnly._refuse)
@overrides("append clear extend insert pop remove reverse", _ReadOnly._refuse)
@overrides("copy", _ReadOnly.__copy__)
class FrozenBytes(_ReadOnly, bytearray):
    """A bytearray that cannot be changed. Pickle, `copy` and `deepcopy` give plain ones."""

    __slots__ = ("_path",)
    _plain = bytearray

    def __init__(self, items: bytes | bytearray = b"", path: str = "") -> None:
        super().__init__(items)
        self._path = path


_PLAIN: dict[type, type] = {kind: kind._plain for kind in (FrozenDict, FrozenList, FrozenSet, FrozenBytes)}


def plain_kind(kind: type) -> type:
    """Return the type that a read-only one stands for; any other itself."""
    return _PLAIN.get(kind, kind)


def freeze(value: Any, path: str = "") -> Any:
    """
    Return a read-only twin of dicts, lists, sets, bytearrays and numpy arrays, at any depth, tuples included.

    Other values are returned as they are.

    Args:
        value: What to freeze; it is not changed.
        path: Where the value stands, for messages.
    """
    kind = type(value)
    if kind in SCALARS:
        return value
    if isinstance(value, dict):
        prefix = f"{path}." if path else ""
        return FrozenDict(((key, freeze(item, f"{prefix}{key}")) for key, item in value.items()), path)
    if isinstance(value, list):
        return FrozenList((freeze(item, path) for item in value), path)
    if isinstance(value, tuple):
        return same_tuple(value, [freeze(item, path) for item in value])
    if isinstance(value, set):
        return FrozenSet(value, path)
    if isinstance(value, bytearray):
        return FrozenBytes(value, path)
    return _frozen_array(value) if is_array(value) and value.flags.writeable else value


def thaw(value: Any) -> Any:
    """
    Return plain dicts, lists, sets, bytearrays and arrays that may be changed, at any depth; other values as they are.

    Example:
        >>> thaw(freeze({"sizes": [1, 2]})) == {"sizes": [1, 2]}
        True
    """
    kind = type(value)
    if kind in SCALARS:
        return value
    if kind is dict or kind is FrozenDict:
        return {key: thaw(item) for key, item in value.items()}
    if kind is list or kind is FrozenList:
        return [thaw(item) for item in value]
    if isinstance(value, tuple):
        return same_tuple(value, [thaw(item) for item in value])
    if kind is set or kind is FrozenSet:
        return set(value)
    if kind is bytearray or kind is FrozenBytes:
        return bytearray(value)
    return value.copy() if is_array(value) else value


SCALARS: set[type] = {bool, int, float, str, bytes, type(None)}
"""The types of values that nobody can change, and that hold nothing."""


def is_array(value: Any) -> bool:
    """Return whether a value is an array of numpy."""
    kind = type(value)
    return hasattr(kind, "__array_finalize__") and hasattr(kind, "setflags")


def _frozen_array(array: Any) -> Any:
    """Return a read-only copy of an array of numpy, for good; of one that is mapped from a file, a view."""
    if type(array).__name__ != "memmap":
        array = array.copy()
        array.setflags(write=False)  # no view of what may not be written can be made one that may
    return read_only_view(array)


def read_only_view(array: Any) -> Any:
    """Return an array of numpy that cannot be changed and has the numbers of another one, which are not copied."""
    view = array.view()
    view.setflags(write=False)
    return view


def same_tuple(value: tuple[Any, ...], items: list[Any]) -> tuple[Any, ...]:
    """Return a tuple of the kind of another one with other items; itself where they are its own."""
    if all(new is old for new, old in zip(items, value, strict=True)):
        return value
    make = getattr(type(value), "_make", type(value))  # a namedtuple takes its items one by one
    return make(items)
