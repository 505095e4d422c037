"""Copies of what can be changed and not be made read-only: instances of config classes, and what stands in them."""

from __future__ import annotations

import copy
import operator
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

from expframe.config.classes import all_values_of, is_config, is_frozen, put_field
from expframe.config.frozen import SCALARS, is_array, plain_kind, read_only_view, same_tuple
from expframe.config.holders import is_namespace

Copier: TypeAlias = Callable[[dict[int, Any]], Any]
"""Makes a copy. Copiers that are handed the same dict copy what they have in common once."""

_Parts: TypeAlias = list[tuple[Any, Copier]]

_FILLED = (dict, list, defaultdict, OrderedDict, Counter, deque)
_MADE_OF_ITEMS = (tuple, set, frozenset)


class Copiers:
    """
    What makes copies of the values of a config.

    Instances are copied as `copy.copy` copies them, so that no `__init__`, `__post_init__` or validator is called
    again, with copies of the instances, lists, dicts and sets in their fields; arrays are read-only in them, and all
    else is the same in each copy. An instance that cannot be copied, or whose class has a `__del__`, stays what it is,
    and so does what is nested too deep for it, as hundreds of instances that are linked.

    Args:
        plain: Whether what is read-only becomes what may be changed, too.
    """

    def __init__(self, plain: bool) -> None:
        self._plain = plain
        self._known: dict[int, tuple[Any, Copier | None]] = {}

    def of(self, value: Any, around: tuple[int, ...] = ()) -> Copier | None:
        """
        Return what makes copies of a value; None where nothing in it is to be copied.

        Args:
            value: The value.
            around: The ids of what it stands in: what leads back there is copied with that.
        """
        if type(value) in SCALARS:
            return None
        if id(value) in around:
            return lambda memo: self._copied(value, memo)
        known = self._known.get(id(value))
        if known is None:  # kept with the value, so that its id stays its own
            try:
                copier = self._made(value, (*around, id(value)))
            except RecursionError:
                if around:
                    raise
                copier = None
            known = self._known[id(value)] = value, copier
        return known[1]

    def _copied(self, value: Any, memo: dict[int, Any]) -> Any:
        copier = self.of(value)
        return value if copier is None else copier(memo)

    def _made(self, value: Any, around: tuple[int, ...]) -> Copier | None:
        kind = plain_kind(type(value))
        if kind in _FILLED:
            return self._of_container(value, around)
        if kind in _MADE_OF_ITEMS or isinstance(value, tuple):
            return self._of_items(value, around)
        if kind is bytearray:
            return (lambda _memo: bytearray(value)) if self._plain or type(value) is kind else None
        if is_array(value):
            return self._of_array(value)
        return self._of_instance(value, around) if is_namespace(value) or is_config(value) else None

    def _parts(self, items: Iterable[tuple[Any, Any]], around: tuple[int, ...]) -> _Parts:
        found = ((key, self.of(item, around)) for key, item in items if type(item) not in SCALARS)
        return [(key, copier) for key, copier in found if copier is not None]

    def _of_container(self, value: Any, around: tuple[int, ...]) -> Copier | None:
        kind = type(value)
        parts = self._parts(value.items() if isinstance(value, dict) else enumerate(value), around)
        if self._plain or plain_kind(kind) is kind:
            return _filling(value, parts, operator.setitem)
        put = dict.__setitem__ if isinstance(value, dict) else list.__setitem__
        return _filling(value, parts, put, lambda value: kind(value, value._path)) if parts else None

    def _of_items(self, value: Any, around: tuple[int, ...]) -> Copier | None:
        """Return what copies a value that is made of its items, none of which can be put into it later."""
        kind = plain_kind(type(value)) if self._plain else type(value)
        items = [*value]
        parts = self._parts(enumerate(items), around)
        if not parts and kind is not set:
            return None

        def make(memo: dict[int, Any]) -> Any:
            copied = [*items]
            for number, copier in parts:
                copied[number] = copier(memo)
            if isinstance(value, tuple):
                return same_tuple(value, copied)
            return kind(copied) if kind in _MADE_OF_ITEMS else kind(copied, value._path)

        return make

    def _of_array(self, array: Any) -> Copier | None:
        if self._plain:
            return lambda _memo: array.copy()
        if not array.flags.writeable:
            return None
        view = read_only_view(array)
        return lambda _memo: view

    def _of_instance(self, instance: Any, around: tuple[int, ...]) -> Copier | None:
        kind = type(instance)
        parts = self._parts(all_values_of(instance).items(), around)
        if (is_frozen(kind) and not parts) or not _can_be_copied(instance):
            return None
        return _filling(instance, parts, put_field)


def _filling(
    value: Any, parts: _Parts, put: Callable[[Any, Any, Any], None], copied: Callable[[Any], Any] = copy.copy
) -> Copier:
    """Return what makes a copy of a value and puts copies of its parts into it; the same one for the same memo."""

    def make(memo: dict[int, Any]) -> Any:
        made = memo.get(id(value))
        if made is None:
            made = memo[id(value)] = copied(value)
            for key, copier in parts:
                put(made, key, copier(memo))
        return made

    return make


def _can_be_copied(instance: Any) -> bool:
    """Return whether an instance has copies: none that ends with its own `__del__` what the others still use."""
    if hasattr(type(instance), "__del__"):
        return False
    try:
        made = copy.copy(instance)
    except Exception:  # whatever a `__copy__` or `__reduce__` of the user's raises
        return False
    return made is not instance and type(made) is type(instance)
