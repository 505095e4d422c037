"""Overrides while they are put over what one layer decides, and what is learnt by that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from expframe.config import dotted
from expframe.config.annotations import Annotation, constant
from expframe.config.dotted import CHOICE, MISSING, Path
from expframe.config.equality import same
from expframe.config.frozen import SCALARS, thaw
from expframe.config.instances import Apart, together
from expframe.config.pins import Pins, Sum, Work


class Overlay:
    """
    Overrides while they are put over the entries of one layer, and what is learnt by that.

    Attributes:
        pins: The overrides, with the annotations and sums that are known by now.
        annotations: For each entry that the layer annotates what says its type.
        replaced: For each fixed path the last value that was found there instead.
        sums: What each `+=` came to whose default was found; None where the default was computed after that.
    """

    def __init__(self, pins: Pins) -> None:
        self.pins: Pins = pins
        self.annotations: dict[Path, Annotation] = {}
        self.replaced: dict[Path, Any] = {}
        self.sums: dict[Path, Sum | None] = {}
        self._left: dict[Path, Any] = {}
        self._unchanging: dict[dotted.Part, Any] = {}  # numbers and texts, which stay as they are once they are fixed

    @property
    def fixed(self) -> dict[Path, Any]:
        """For each fixed path the value that was put there."""
        return dict(self._left)

    def annotate(self, types: Mapping[str, Annotation]) -> None:
        """Take note of what the annotations of entries say."""
        self.annotations.update({(*self.pins.path, name): type for name, type in types.items()})
        self.pins = self.pins.annotated(self.annotations)

    def group(self, value: Any, name: dotted.Part) -> Any:
        """Return the value of an entry as plain data: instances of config classes are groups."""
        if type(value) in SCALARS:
            return value
        apart = Apart()
        group = apart.group(value, self.pins.annotations.of((*self.pins.path, name)), (name,))
        self.find(apart.found)
        return group

    def seen(self, value: Any, name: dotted.Part) -> Any:
        """Return plain data of an entry as code sees it: with an instance in the place of each group that is one's."""
        seen = self.pins.annotations.seen(value, (*self.pins.path, name))
        if seen is not value and name in self.pins.names:  # a class may change what it is made of
            self._left.update(self.pins.places(self.group(seen, name), name))
        return seen

    def find(self, found: Mapping[Path, Any]) -> None:
        """Take note of the classes that were found where no annotation says them, by paths below that of the pins."""
        if found:
            said = {(*self.pins.path, *path): annotation for path, annotation in found.items()}
            self.annotations.update(
                {path: constant(together(self.pins.annotations.of(path), one)) for path, one in said.items()}
            )
            self.pins = self.pins.annotated(self.annotations)

    def know(self, entries: Mapping[Any, Any]) -> None:
        """Take note of entries in which the fixed values are in place."""
        for name, value in entries.items():
            self._left.update(self.pins.places(value, name))

    def fix(self, value: Any, name: dotted.Part) -> Any:
        """Return the value of an entry with the fixed leaves in place."""
        if name not in self.pins.names or (name in self._unchanging and value is self._unchanging[name]):
            return value
        found = dict(self.pins.places(self.pins.chosen(value, name), name))
        for path in [path for path in found if path[-1] == CHOICE]:
            found[path] = dotted.get(value, path[len(self.pins.path) + 1 :])  # what stood there, not what is chosen
        for path, item in found.items():
            left = self._left.get(path, MISSING)
            if item is not left and not same(item, left):
                self.replaced[path] = item
            known = self.pins.sums.get(path)
            if known and not same(item, known.total) and known.default is not MISSING and not same(item, known.default):
                self.sums[path] = None
        work = Work()
        fixed = self.pins.fix(value, name, work)
        if work.added:
            self._note_sums(work, found, fixed, name)
        self._left.update(self.pins.places(fixed, name))
        if type(fixed) in (bool, int, float, str):
            self._unchanging[name] = fixed
        return fixed

    def _note_sums(self, work: Work, found: Mapping[Path, Any], fixed: Any, name: dotted.Part) -> None:
        sums = {}
        for path, default in work.added.items():
            if path not in work.refused:
                total = dotted.get({name: fixed}, path[len(self.pins.path) :])
                is_own = default is found.get(path, MISSING)
                sums[path] = Sum(thaw(default) if is_own else MISSING, thaw(total))
        self.pins = self.pins.summed(sums)
        self.sums.update(sums)
