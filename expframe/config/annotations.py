"""What annotations say of entries, at any path, and of the instances that are made of what stands there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from expframe.config import dotted, hints
from expframe.config.dotted import MISSING, Path
from expframe.config.frozen import SCALARS, FrozenDict
from expframe.config.holders import holder_in
from expframe.config.instances import built, together
from expframe.config.request import Origin
from expframe.errors import BoundError

Annotation = Callable[[], Any]
"""Returns the type that an entry is annotated with, evaluated where the annotation stands."""


class Annotations(Mapping[Path, Annotation]):
    """
    What says the types of annotated entries, by their paths in the whole config.

    Args:
        said: For each annotated entry what says its type.
    """

    def __init__(self, said: Mapping[Path, Annotation] = MappingProxyType({})) -> None:
        self._said = said

    def __getitem__(self, path: Path) -> Annotation:
        return self._said[path]

    def __iter__(self) -> Iterator[Path]:
        return iter(self._said)

    def __len__(self) -> int:
        return len(self._said)

    def with_more(self, more: Mapping[Path, Annotation]) -> Annotations:
        """Return the same and more, the later ones prevailing; what earlier ones know of classes is kept."""
        said = {**self._said, **more}
        both = Annotations(said)
        for path in more.keys() & self._said.keys():
            earlier, later = self.said_at(path), both.said_at(path)
            if earlier is not later and hints.alternatives(earlier):
                said[path] = constant(together(earlier, later))
        return both

    def said_at(self, path: Path) -> Any:
        """Return the type that an entry is annotated with; MISSING where there is none or it cannot be evaluated."""
        try:
            found = self._said[path]() if path in self._said else MISSING
        except BoundError as problem:
            raise problem.of(dotted.join(path), self.place_of(path).where) from None
        except Exception:
            return MISSING
        return MISSING if isinstance(found, str) else found

    def place_of(self, path: Path) -> Origin:
        """Return where the annotation of an entry stands; an Origin without a file where that is not known."""
        code = getattr(self._said.get(path), "__code__", None)
        if code is None or code is _CONSTANT:
            return Origin("")
        return Origin("annotation", "", code.co_filename, code.co_firstlineno)

    def of(self, path: Path, tree: Any = None) -> Any:
        """
        Return what the annotation of an entry, or of one around it, says of a path; MISSING for nothing.

        Args:
            path: The path in the whole config.
            tree: The whole config, which says what is chosen where there is a choice.
        """
        for end in range(len(path), 0, -1) if self._said else ():
            found = self.said_at(path[:end])
            if found is not MISSING:
                if end < len(path) and holder_in(found) is not None:
                    return MISSING  # a namespace says nothing of its entries
                for number in range(end, len(path)):
                    found = hints.below(found, dotted.get(tree, path[:number]), path[number])
                return found
        return MISSING

    def below(self, annotation: Any, value: Any, path: Path) -> Any:
        """Return what is said of a path whose last part is an item of a value: by itself, or by what holds it."""
        if not self._said:
            return MISSING
        own = self.said_at(path)
        return hints.below(annotation, value, path[-1]) if own is MISSING else own

    def seen(self, value: Any, path: Path, note: Callable[[Path, Any], None] | None = None) -> Any:
        """
        Return what stands at a path with an instance in the place of each group that is one's.

        Args:
            value: What stands there, as plain data.
            path: The path in the whole config.
            note: Is told of each instance with its path.

        Raises:
            RefusedFields: A class refuses the values of its fields.
        """
        if not self._said or type(value) in SCALARS:
            return value
        annotation = self.of(path)
        holder = holder_in(annotation)
        if isinstance(value, dict) and (annotation is MISSING or holder is not None):
            items = {key: self.seen(item, (*path, key), note) for key, item in value.items()}
            if holder is not None:
                held = holder.make(items)
                if note is not None:
                    note(path, held)
                return held
            is_same = all(items[key] is item for key, item in value.items())
            return value if is_same else FrozenDict(items) if isinstance(value, FrozenDict) else items
        return built(value, annotation, path, note)


def constant(annotation: Any) -> Annotation:
    """Return what says a type that is known already."""
    return lambda: annotation


_CONSTANT = constant(None).__code__
"""The code of all that says such a type, which stands in no script."""


NO_ANNOTATIONS = Annotations()
"""Those of entries without any."""
