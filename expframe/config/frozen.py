"""Read-only dicts and lists: everything that takes a dict or a list takes them; copies of them are plain."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

from expframe.errors import ReadOnlyError


class FrozenDict(dict[Any, Any]):
    """
    A dict that cannot be changed. Pickle, `copy` and `deepcopy` give plain dicts.

    Example:
        >>> config = freeze({"model": {"depth": 3}})
        >>> config["model"]["depth"] = 4
        Traceback (most recent call last):
        expframe.errors.ReadOnlyError: Config is read-only ('model'). Use expframe.thaw(model) for a copy you may change.
    """  # noqa: E501  the message as it is

    __slots__ = ("_path",)

    def __init__(self, items: Mapping[Any, Any] | Iterable[tuple[Any, Any]] = (), path: str = "") -> None:
        super().__init__(items)
        self._path = path

    def _refuse(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        raise ReadOnlyError(self._path)

    __setitem__ = __delitem__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse
    __ior__ = _refuse

    def __reduce_ex__(self, _protocol: Any) -> Any:
        return dict, (dict(self),)

    def __copy__(self) -> dict[Any, Any]:
        return dict(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> dict[Any, Any]:
        return copy.deepcopy(dict(self), memo)


class FrozenList(list[Any]):
    """A list that cannot be changed. Pickle, `copy` and `deepcopy` give plain lists."""

    __slots__ = ("_path",)

    def __init__(self, items: Iterable[Any] = (), path: str = "") -> None:
        super().__init__(items)
        self._path = path

    def _refuse(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        raise ReadOnlyError(self._path)

    __setitem__ = __delitem__ = _refuse
    append = clear = extend = insert = pop = remove = reverse = sort = _refuse
    __iadd__ = __imul__ = _refuse

    def __reduce_ex__(self, _protocol: Any) -> Any:
        return list, (list(self),)

    def __copy__(self) -> list[Any]:
        return list(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> list[Any]:
        return copy.deepcopy(list(self), memo)


def freeze(value: Any, path: str = "") -> Any:
    """
    Return a read-only twin of dicts and lists, at any depth, tuples included; other values are returned as they are.

    Args:
        value: What to freeze; it is not changed.
        path: Where the value stands, for messages.
    """
    if isinstance(value, dict):
        prefix = f"{path}." if path else ""
        return FrozenDict(((key, freeze(item, f"{prefix}{key}")) for key, item in value.items()), path)
    if isinstance(value, list) and type(value) in (list, FrozenList):
        return FrozenList((freeze(item, path) for item in value), path)
    if isinstance(value, tuple):
        return _same_tuple(value, [freeze(item, path) for item in value])
    return value


def thaw(value: Any) -> Any:
    """
    Return plain dicts, lists and sets that may be changed, at any depth; other values are returned as they are.

    Example:
        >>> thaw(freeze({"sizes": [1, 2]})) == {"sizes": [1, 2]}
        True
    """
    if isinstance(value, FrozenDict) or type(value) is dict:
        return {key: thaw(item) for key, item in value.items()}
    if isinstance(value, FrozenList) or type(value) is list:
        return [thaw(item) for item in value]
    if isinstance(value, tuple):
        return _same_tuple(value, [thaw(item) for item in value])
    return set(value) if type(value) is set else value


def _same_tuple(value: tuple[Any, ...], items: list[Any]) -> tuple[Any, ...]:
    if all(new is old for new, old in zip(items, value, strict=True)):
        return value
    make = getattr(type(value), "_make", type(value))  # a namedtuple takes its items one by one
    return make(items)
