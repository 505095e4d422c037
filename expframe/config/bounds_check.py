"""The bounds of annotated entries, held against what was decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from expframe.config import dotted, hints
from expframe.config.breaches import Breach, breaches
from expframe.config.dotted import MISSING, Path
from expframe.config.layers import Recipe
from expframe.config.numbers import is_number
from expframe.config.pins import Pins
from expframe.config.request import Origin, Override
from expframe.config.typed import ConfigClass, description_of
from expframe.config.validation import brief, shown, where_of
from expframe.errors import BoundError, EntryBoundsError, located


class BoundsCheck:
    """
    Holds the values of annotated entries against their bounds, whoever set them.

    Args:
        recipe: The parts of the experiment.
        tree: The decided values.
        pins: What knows the annotations.
        origins: Who decided values, without what was fixed.
        fixed_by: What fixed values, by path.
        kept: Those of it that an earlier run decided, whose values are taken as they are.

    Attributes:
        warnings: Which entries are not held to what is written beside their type.
    """

    def __init__(
        self,
        recipe: Recipe,
        tree: Mapping[Any, Any],
        pins: Pins,
        origins: Mapping[Path, Origin],
        fixed_by: Mapping[Path, Override],
        kept: Sequence[Override],
    ) -> None:
        self._recipe = recipe
        self._tree = tree
        self._pins = pins
        self._origins = origins
        self._fixed_by = fixed_by
        self._kept = set(map(id, kept))
        self.warnings: list[str] = []

    def check(self) -> None:
        """
        Check all of them.

        Raises:
            EntryBoundsError: A value is not within its bounds.
            BoundError: Bounds contradict each other, or are none.
        """
        for path in self._pins.annotations:
            value = dotted.get(self._tree, path)
            annotation = self._pins.annotations.said_at(path) if value is not MISSING else MISSING
            if annotation is not MISSING:
                self._check(path, value, annotation)
            elif value is not MISSING:
                self._warn_of(path)

    def _check(self, path: Path, value: Any, annotation: Any) -> None:
        try:
            for breach in breaches(value, annotation):
                override = self._override_of((*path, *breach.path))
                if override is None or id(override) not in self._kept:
                    raise self._refusal(path, breach, override)
        except BoundError as problem:
            raise problem.of(dotted.join(path), self._annotated_at(path)) from None

    def _warn_of(self, path: Path) -> None:
        """Note that an annotation says something beside a type, and that it cannot be evaluated."""
        evaluate = self._pins.annotations[path]
        code = getattr(evaluate, "__code__", None)
        if code is None or "Annotated" not in (*code.co_names, *code.co_freevars):
            return
        try:
            evaluate()
        except Exception as problem:
            entry = located(repr(dotted.join(path)), self._annotated_at(path))
            why = f"{type(problem).__name__}: {problem}"
            self.warnings.append(f"Entry {entry} is held to no type and no bounds: its annotation raises {why}.")

    def _override_of(self, path: Path) -> Override | None:
        """Return what fixed the value at a path: itself, one around it, or else something in it."""
        around = (self._fixed_by.get(path[:end]) for end in range(len(path), 0, -1))
        inside = (override for fixed, override in self._fixed_by.items() if fixed[: len(path)] == path)
        return next((override for override in around if override is not None), None) or next(inside, None)

    def _refusal(self, annotated: Path, breach: Breach, override: Override | None) -> EntryBoundsError:
        """Return the refusal of a value, with who set it, where its bounds are, and what can be done."""
        path = (*annotated, *breach.path)
        name, where = dotted.join(path), self._field_at(annotated, breach.path) or self._annotated_at(annotated)
        tell = brief if is_number(breach.value) else shown
        got = tell(breach.value, path, self._recipe.names)
        if override is not None and not override.is_code:
            return EntryBoundsError(repr(override.said(path)), name, breach.refusal, where, got)
        origin = override.origin if override is not None else self._origin_of(path)
        said_by = located(f"{origin.kind} {origin.name}".strip(), origin.where)
        hint = f"Change it or its bounds, or say another: with {name}=..."
        if breach.value is None:
            hint = f"Annotate it with `... | None` where None is meant, or say a value: with {name}=..."
        return EntryBoundsError(said_by, name, breach.refusal, where, got, hint)

    def _origin_of(self, path: Path) -> Origin:
        around = (self._origins.get(path[:end]) for end in range(len(path), 0, -1))
        inside = (origin for known, origin in self._origins.items() if known[: len(path)] == path)
        return next(filter(None, around), None) or next(inside, None) or Origin("drawn")

    def _field_at(self, annotated: Path, below: Path) -> str:
        """Return where the last field of a class on the way below an entry stands; empty where there is none."""
        annotation, where = self._pins.annotations.said_at(annotated), ""
        for end, part in enumerate(below):
            group = dotted.get(self._tree, (*annotated, *below[:end]))
            if (kind := hints.class_of(group, annotation)) is not None:
                origins = description_of(kind).origins
                where = origins[str(part)].where if str(part) in origins else where
            annotation = hints.below(annotation, group, part)
        return where

    def _annotated_at(self, path: Path) -> str:
        """Return where an entry is annotated: in the code of a layer, else where the entry stands."""
        place = self._pins.annotations.place_of(path)
        layers = (layer for part in self._recipe.parts for layer in (*part.layers, *part.named.values()))
        if place.file and any(layer.origin.file == place.file for layer in layers):
            return place.where
        classes = ((part.path, layer) for part in self._recipe.parts for layer in part.layers)
        known = (
            description_of(layer.kind).origins.get(str(path[-1]))
            for above, layer in classes
            if isinstance(layer, ConfigClass) and above == path[:-1]
        )
        found = next(filter(None, known), None)
        return where_of(path, self._origins) if found is None else found.where
