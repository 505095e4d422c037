"""Fixed values, put over what config functions make, leaf by leaf and without editing it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from expframe.config import dotted, parsing
from expframe.config.dotted import MISSING, Path
from expframe.config.equality import same
from expframe.config.frozen import thaw
from expframe.config.request import Origin, Override


class Pin(NamedTuple):
    """
    One fixed value.

    Attributes:
        path: Where it goes.
        value: The value; a dict merges leaf by leaf. The text it is read from when `is_text`.
        adds: Whether it may make an entry that nothing else defines.
        asked: Whether it comes from outside of the code, so that its path must be known.
        written: The user's words; empty for a file.
    """

    path: Path
    value: Any
    origin: Origin
    is_text: bool = False
    adds: bool = False
    asked: bool = False
    written: str = ""

    @classmethod
    def of(cls, override: Override, force: bool) -> Pin:
        """Return the pin of an override; with `force` it may add an entry."""
        value = parsing.literal(override.value) if override.is_text else override.value
        is_dict = isinstance(value, dict)
        return cls(
            override.path,
            dotted.nest(value) if is_dict else override.value,
            override.origin,
            override.is_text and not is_dict,
            force or override.operator == "+",
            True,
            override.written,
        )

    def read(self, given: Any) -> Any:
        """Return what its value, or one in its dict, is where there is no default: a copy of the caller's."""
        return parsing.literal(given) if self.is_text else _duplicate(given)

    def said(self, path: Path) -> str:
        """Return the user's words for what it fixes at a path."""
        return self.written or f"{dotted.join(path)} in {self.origin.name}"

    def leaves(self) -> Iterator[tuple[Path, Any]]:
        """Yield the path and the value of all that it fixes."""
        if isinstance(self.value, dict) and self.value:
            yield from dotted.walk(self.value, self.path)
        else:
            yield self.path, self.value

    def inside(self, path: Path) -> Iterator[Pin]:
        """Yield what it says of entries below a path."""
        depth = len(path)
        if len(self.path) > depth:
            if self.path[:depth] == path:
                yield self
        elif path[: len(self.path)] == self.path:
            group = dotted.get(self.value, path[len(self.path) :])
            for key, item in group.items() if isinstance(group, dict) else ():
                yield self._replace(path=(*path, key), value=item)


class Pins:
    """
    The fixed values below one path, the lower ones first, and what they replaced.

    Attributes:
        path: Where the values stand in the whole config.
        defaults: For each fixed path, the last value that was found there instead; shared by all parts.
        annotations: For each path what says its type, where a config function does; shared by all parts.
    """

    def __init__(self, pins: Iterable[Pin] = (), path: Path = (), shared: Pins | None = None) -> None:
        self.path = path
        self.defaults: dict[Path, Any] = shared.defaults if shared else {}
        self.annotations: dict[Path, Callable[[], Any]] = shared.annotations if shared else {}
        self._left: dict[Path, Any] = shared._left if shared else {}
        self._pins = tuple(inside for pin in pins for inside in pin.inside(path))
        self._by_name: dict[dotted.Part, list[Pin]] = {}
        for pin in self._pins:
            self._by_name.setdefault(pin.path[len(path)], []).append(pin)
        self._copied: set[int] = set()

    def below(self, path: Path) -> Pins:
        """Return the pins below a path, sharing what is remembered."""
        return Pins(self._pins, (*self.path, *path), self)

    def annotation(self, path: Path) -> Any:
        """Return the type that an entry is annotated with; MISSING where there is none or it cannot be evaluated."""
        try:
            found = self.annotations[path]() if path in self.annotations else MISSING
        except Exception:
            return MISSING
        return MISSING if isinstance(found, str) else found

    def fix(self, value: Any, name: dotted.Part) -> Any:
        """Return `value`, that of the entry `name`, with the fixed leaves in place; `value` itself is not edited."""
        pins = self._by_name.get(name)
        if pins is None and isinstance(name, int):
            pins = self._by_name.get(str(name))
        if pins is None:
            return value
        depth = len(self.path) + 1
        for pin in pins:
            self._note_defaults(value, pin, depth)
        self._copied.clear()
        for pin in pins:
            value = self._put(value, pin, pin.path[depth:])
        for pin in pins:
            self._left.update(_places(value, pin, depth))
        return value

    def missing(self, present: dict[Any, Any]) -> dict[Any, Any]:
        """Return the entries that pins add and that are not present."""
        names = [name for name in self._by_name if dotted.find_key(present, name) is MISSING]
        found = ((name, self.fix(MISSING, name)) for name in names)
        return {name: value for name, value in found if value is not MISSING}

    def values(self) -> dict[Any, Any]:
        """Return the fixed entries as they are where nothing else defines them."""
        return Pins((pin._replace(adds=True) for pin in self._pins), self.path).missing({})

    def _note_defaults(self, value: Any, pin: Pin, depth: int) -> None:
        for path, found in _places(value, pin, depth):
            left = self._left.get(path, MISSING)
            if found is not left and not same(found, left):
                self.defaults[path] = found

    def _put(self, value: Any, pin: Pin, rest: Path) -> Any:
        """Return `value` with what a pin says of it at the path `rest`."""
        if not rest:
            return self._lay(value, pin, pin.value)
        if value is MISSING or value is None or (not pin.asked and not isinstance(value, dict | list | tuple)):
            below = self._put(MISSING, pin, rest[1:]) if pin.adds else MISSING
            return value if below is MISSING else {rest[0]: below}
        key = dotted.find_key(value, rest[0])
        if key is MISSING and not (pin.adds and isinstance(value, dict)):
            return value
        return self._with_item(value, rest[0], key, self._put(_item(value, key), pin, rest[1:]))

    def _lay(self, value: Any, pin: Pin, given: Any) -> Any:
        """Return what stands where `given` is put over `value`; what cannot be is left, to be judged at the end."""
        if value is MISSING and not pin.adds:
            return MISSING
        if pin.is_text:
            given = parsing.read(given, self.defaults.get(pin.path, value), self.annotation(pin.path))
        if isinstance(value, dict):
            if isinstance(given, dict):
                for key, item in given.items():
                    known = dotted.find_key(value, key)
                    value = self._with_item(value, key, known, self._lay(_item(value, known), pin, item))
                return value
            if value and pin.asked and given is not None:
                return value
        elif isinstance(given, dict) and pin.asked and value is not MISSING and value is not None:
            return value
        return value if same(value, given) else _duplicate(given)

    def _with_item(self, value: Any, part: dotted.Part, key: Any, new: Any) -> Any:
        """Return a dict, list or tuple with one item changed or, where `key` is MISSING, added."""
        if new is _item(value, key):
            return value
        if isinstance(value, tuple):
            items = [*value]
            items[key] = new
            return getattr(type(value), "_make", type(value))(items)
        if id(value) not in self._copied:
            value = copy.copy(value)
            self._copied.add(id(value))
        value[dotted.new_key(value, part) if key is MISSING else key] = new
        return value


def _item(value: Any, key: Any) -> Any:
    return MISSING if key is MISSING else value[key]


def _places(value: Any, pin: Pin, depth: int) -> Iterator[tuple[Path, Any]]:
    """Yield the path and the present value of all in an entry that a pin fixes and that is there."""
    found = dotted.get(value, pin.path[depth:])
    if isinstance(found, dict) and isinstance(pin.value, dict) and pin.value:
        for path, _ in pin.leaves():
            below = dotted.get(found, path[len(pin.path) :])
            if below is not MISSING:
                yield path, below
    elif found is not MISSING:
        yield pin.path, found


def _duplicate(value: Any) -> Any:
    """Return a copy of a value, so that code which changes it in place does not reach the caller's."""
    plain = thaw(value)
    is_array = isinstance(plain, bytearray) or type(plain).__module__ == "numpy"
    return copy.copy(plain) if is_array else plain
