"""The parameters of captured functions that an override may fill though no config has an entry of their name."""

from __future__ import annotations

import typing
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from expframe.config import dotted, hints
from expframe.config.dotted import MISSING, Path
from expframe.config.layers import Recipe, Takes
from expframe.config.typed import ConfigClass


class Parameters:
    """
    Parameters by what fills them: a value of their name, or an instance of the class that they are annotated with.

    Args:
        recipe: The parts of the experiment.
        tree: The values, which say what is chosen.
        type_of: Returns what an entry is annotated with; MISSING where it is not.
    """

    def __init__(self, recipe: Recipe, tree: Mapping[Any, Any], type_of: Callable[[Path], Any]) -> None:
        self._recipe = recipe
        self._tree = tree
        self._type_of = type_of
        self._instances: list[tuple[Path, type]] | None = None

    def by_name(self) -> Iterator[Path]:
        """Yield the paths of those that take a value of their name in one function at least."""
        for part in self._recipe.parts:
            for path, takes in part.parameters.items():
                if not takes or any(not self._filling(one) for one in takes):
                    yield path

    def meant(self, path: Path) -> list[Path]:
        """Return what is meant by a path that begins with a parameter which an instance fills: the same below that."""
        found: dict[Path, None] = {}
        for part in self._recipe.parts:
            for known, takes in part.parameters.items():
                if path[: len(known)] == known:
                    found.update({(*place, *path[len(known) :]): None for one in takes for place in self._filling(one)})
        return [place for place in found if dotted.get(self._tree, place) is not MISSING]

    def _filling(self, takes: Takes) -> list[Path]:
        """Return where the instances are that fill a parameter."""
        known = self._known()
        kinds = takes({kind for _, kind in known}) if known else ()
        return [path for path, kind in known if issubclass(kind, kinds)] if kinds else []

    def _known(self) -> list[tuple[Path, type]]:
        """Return the classes that instances are made of, with their paths."""
        if self._instances is None:
            self._instances = [
                (part.path, layer.kind)
                for part in self._recipe.parts
                for layer in part.layers
                if isinstance(layer, ConfigClass)
            ]
            for path, group in _groups(self._tree, ()):
                kind = hints.class_of(group, self._type_of(path)) if path else None
                if kind is not None:
                    self._instances.append((path, typing.get_origin(kind) or kind))
        return self._instances


def _groups(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    """Yield the groups in a value, in lists and tuples too, with their paths."""
    if isinstance(value, dict):
        yield path, value
    if isinstance(value, dict | list | tuple):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _groups(item, (*path, key))
