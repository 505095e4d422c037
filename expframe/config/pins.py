"""Fixed values as a tree, put over what config functions make, leaf by leaf and without editing it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from expframe.config import dotted, reading
from expframe.config.dotted import MISSING
from expframe.config.frozen import thaw
from expframe.config.model import Origin
from expframe.config.values import same


@dataclass(frozen=True)
class Pin:
    """
    One fixed value.

    Attributes:
        value: The value, or the text it is read from when `is_text`.
        adds: Whether it may make an entry that nothing else defines.
        asked: Whether it comes from outside of the code, so that its path must be known.
        written: The user's words.
    """

    value: Any
    origin: Origin
    is_text: bool = False
    adds: bool = False
    asked: bool = False
    written: str = ""

    def read(self, default: Any = MISSING, annotation: Any = MISSING) -> Any:
        """Return a fresh copy of the value, read towards a default where it is text."""
        return reading.read(self.value, default, annotation) if self.is_text else thaw(self.value)


class Branch(dict[dotted.Part, Any]):
    """Pins below one path. `whole` is set where a dict was given for the path itself."""

    whole: Pin | None = None


def insert(tree: Branch, path: dotted.Path, pin: Pin) -> None:
    """Put a pin into a tree; what was fixed at its path or on the way to it gives way. Dicts are taken apart."""
    for part in path[:-1]:
        below = tree.get(part)
        if not isinstance(below, Branch):
            below = tree[part] = Branch()
        tree = below
    value = reading.literal(pin.value) if pin.is_text else pin.value
    if not (isinstance(value, dict) and value):
        tree[path[-1]] = pin
        return
    below = tree.get(path[-1])
    if not isinstance(below, Branch):
        below = tree[path[-1]] = Branch()
    below.whole = pin
    for key, item in value.items():
        insert(below, (key,), Pin(item, pin.origin, False, pin.adds, pin.asked, pin.written))


def leaves(tree: Branch, path: dotted.Path = ()) -> Iterator[tuple[dotted.Path, Pin]]:
    """Yield every pin with its path."""
    for part, node in tree.items():
        if isinstance(node, Branch):
            yield from leaves(node, (*path, part))
        else:
            yield (*path, part), node


def build(node: Branch | Pin) -> Any:
    """Return the values of pins as they are without any default."""
    return {part: build(below) for part, below in node.items()} if isinstance(node, Branch) else node.read()


@dataclass
class Pins:
    """
    The fixed values below one path, and what they replaced.

    Attributes:
        tree: The pins.
        path: Where the tree stands in the whole config.
        defaults: For each pinned path, the last value that was found there instead; shared by all parts.
        annotations: For each path the type it is to have, where a config function says one; shared by all parts.
    """

    tree: Branch
    path: dotted.Path = ()
    defaults: dict[dotted.Path, Any] = field(default_factory=dict)
    annotations: dict[dotted.Path, Callable[[], Any]] = field(default_factory=dict)
    _handed: dict[dotted.Path, Any] = field(default_factory=dict)

    def below(self, path: dotted.Path) -> Pins:
        """Return the pins below a path, sharing what is remembered."""
        tree: Any = self.tree
        for part in path:
            tree = tree.get(part) if isinstance(tree, Branch) else None
        shared = (self.defaults, self.annotations, self._handed)
        return Pins(tree if isinstance(tree, Branch) else Branch(), (*self.path, *path), *shared)

    def fix(self, value: Any, name: dotted.Part) -> Any:
        """Return `value`, the value of the entry `name`, with the fixed leaves in place; `value` itself stays as it is."""
        node = self.tree.get(name)
        if node is None:
            node = self.tree.get(str(name)) if isinstance(name, int) else None
            if node is None:
                return value
        return self._fix(value, node, (*self.path, name))

    def missing(self, present: dict[Any, Any]) -> dict[Any, Any]:
        """Return the entries that pins add and that are not present at the top of the tree."""
        added = {}
        for name, node in self.tree.items():
            if dotted.find_key(present, name) is MISSING:
                value = self._fix_missing(node)
                if value is not MISSING:
                    added[name] = value
        return added

    def values(self) -> dict[Any, Any]:
        """Return the pinned entries as they are without any default."""
        return {name: build(node) for name, node in self.tree.items()}

    def _fix(self, value: Any, node: Branch | Pin, path: dotted.Path) -> Any:
        if isinstance(node, Pin):
            return self._fix_leaf(value, node, path)
        if isinstance(value, dict):
            return self._fix_items(value, node, path)
        if isinstance(value, list | tuple):
            return self._fix_elements(value, node, path)
        if node.whole is not None and (value is None or node.whole.adds):
            self.defaults.setdefault(path, value)
            return build(node)
        return value

    def _fix_items(self, value: dict[Any, Any], node: Branch, path: dotted.Path) -> dict[Any, Any]:
        result = value
        for part, below in node.items():
            key = dotted.find_key(value, part)
            if key is MISSING:
                fixed = self._fix_missing(below)
                key = part
                if fixed is MISSING:
                    continue
            else:
                fixed = self._fix(value[key], below, (*path, key))
                if fixed is value[key]:
                    continue
            if result is value:
                result = copy.copy(value)
            result[key] = fixed
        return result

    def _fix_elements(self, value: Any, node: Branch, path: dotted.Path) -> Any:
        items = list(value)
        for part, below in node.items():
            index = dotted.find_key(items, part)
            if index is not MISSING:
                items[index] = self._fix(items[index], below, (*path, index % len(items)))
        if all(new is old for new, old in zip(items, value, strict=True)):
            return value
        if isinstance(value, tuple):
            return getattr(type(value), "_make", type(value))(items)
        result = copy.copy(value)
        result[:] = items
        return result

    def _fix_missing(self, node: Branch | Pin) -> Any:
        if isinstance(node, Pin):
            return node.read() if node.adds else MISSING
        added = {part: self._fix_missing(below) for part, below in node.items()}
        added = {part: value for part, value in added.items() if value is not MISSING}
        return added or MISSING

    def _fix_leaf(self, value: Any, pin: Pin, path: dotted.Path) -> Any:
        handed = self._handed.get(path, MISSING)
        if value is not handed or path not in self.defaults:
            self.defaults[path] = value
        annotation = self.annotations[path]() if path in self.annotations and pin.is_text else MISSING
        fixed = pin.read(self.defaults[path], annotation)
        if isinstance(value, dict) and value and pin.asked and fixed is not None:
            return value  # an empty dict changes nothing; anything else is refused when the config is judged
        if same(value, fixed):
            fixed = value
        self._handed[path] = fixed
        return fixed
