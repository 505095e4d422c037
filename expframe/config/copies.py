"""Copies of what can be changed and not be made read-only: instances of config classes, and what stands in them."""

from __future__ import annotations

import copy
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

from expframe.config.classes import all_values_of, is_config, is_frozen, put_field
from expframe.config.frozen import SCALARS, is_array, plain_kind, same_tuple
from expframe.config.holders import is_namespace

Copier: TypeAlias = Callable[[dict[int, Any]], Any]
"""Makes a copy. Copiers that are handed the same dict copy what they have in common once."""

_CONTAINERS = (dict, list, set, bytearray, defaultdict, OrderedDict, Counter, deque)


class Copiers:
    """
    What makes copies of the values of a config.

    Instances are copied as `copy.copy` copies them, so that no `__init__`, `__post_init__` or validator is called
    again, with copies of the instances, lists, dicts, sets and arrays in their fields; all else is the same in each
    copy. An instance that cannot be copied, or whose class has a `__del__`, stays what it is.

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
            around: The ids of what it stands in: what leads back there is not gone through again.
        """
        if type(value) in SCALARS or id(value) in around:
            return None
        known = self._known.get(id(value))
        if known is None:  # kept with the value, so that its id stays its own
            known = self._known[id(value)] = value, self._made(value, (*around, id(value)))
        return known[1]

    def _made(self, value: Any, around: tuple[int, ...]) -> Copier | None:
        kind = type(value)
        if plain_kind(kind) in _CONTAINERS:
            return self._of_container(value, around)
        if isinstance(value, tuple):
            parts = self._parts(enumerate(value), around)
            return (lambda memo: same_tuple(value, _filled([*value], parts, memo))) if parts else None
        if is_array(value):
            return (lambda _memo: value.copy()) if self._plain or value.flags.writeable else None
        return self._of_instance(value, around) if is_namespace(value) or is_config(value) else None

    def _parts(self, items: Iterable[tuple[Any, Any]], around: tuple[int, ...]) -> list[tuple[Any, Copier]]:
        found = ((key, self.of(item, around)) for key, item in items)
        return [(key, copier) for key, copier in found if copier is not None]

    def _of_container(self, value: Any, around: tuple[int, ...]) -> Copier | None:
        kind = type(value)
        parts = self._parts(value.items() if isinstance(value, dict) else enumerate(value), around)
        if plain_kind(kind) is kind or self._plain:
            return lambda memo: _filled(copy.copy(value), parts, memo)
        return (lambda memo: kind(_filled(copy.copy(value), parts, memo), value._path)) if parts else None

    def _of_instance(self, instance: Any, around: tuple[int, ...]) -> Copier | None:
        kind = type(instance)
        parts = self._parts(all_values_of(instance).items(), around)
        if (is_frozen(kind) and not parts) or not _can_be_copied(instance):
            return None

        def make(memo: dict[int, Any]) -> Any:
            made = memo.get(id(instance))
            if made is None:
                made = memo[id(instance)] = copy.copy(instance)
                for name, copier in parts:
                    put_field(made, name, copier(memo))
            return made

        return make


def _filled(items: Any, parts: list[tuple[Any, Copier]], memo: dict[int, Any]) -> Any:
    for key, copier in parts:
        items[key] = copier(memo)
    return items


def _can_be_copied(instance: Any) -> bool:
    """Return whether an instance has copies: none that ends with its own `__del__` what the others still use."""
    if hasattr(type(instance), "__del__"):
        return False
    try:
        made = copy.copy(instance)
    except Exception:  # whatever a `__copy__` or `__reduce__` of the user's raises
        return False
    return made is not instance and type(made) is type(instance)
