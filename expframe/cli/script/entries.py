"""The entries of a script before anything is asked for: values, types, bounds, docs, and what else can be chosen."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from expframe.cli.render import shown_value
from expframe.config import dotted, hints
from expframe.config.bounds import bounds_of
from expframe.config.decided import Config
from expframe.config.dotted import CHOICE, MISSING, Path
from expframe.config.json_values import short_repr
from expframe.config.request import Override, Request
from expframe.config.secrets import Masked
from expframe.config.typed import description_of
from expframe.errors import type_of
from expframe.sweep.entries import UnsweptEntry

_REQUIRED = "(required)"


class EntryRow(NamedTuple):
    """
    What is said of an entry, or of the choice that a group is.

    Attributes:
        path: Its path.
        value: Its value as text; `(required)` where it has none and needs one.
        type: Its type and bounds as text; of a choice the names of the others.
        doc: What its comment says.
    """

    path: Path
    value: str
    type: str
    doc: str

    @property
    def name(self) -> str:
        """Its path, dotted."""
        return dotted.join(self.path)

    @property
    def is_required(self) -> bool:
        """Whether it has no value and needs one."""
        return self.value == _REQUIRED

    @property
    def columns(self) -> tuple[str, str]:
        """The entry with its value, and what is said of it."""
        return f"{self.name} = {self.value}", f"{self.doc} ({self.type})".strip() if self.type else self.doc


class EntryTable:
    """
    The entries of an experiment.

    Args:
        experiment: The experiment.
        overrides: What is asked for: a choice.

    Raises:
        Exception: A layer cannot be decided.
    """

    def __init__(self, experiment: Any, overrides: tuple[Override, ...] = ()) -> None:
        request = Request(experiment.registry.main, overrides, seed=1)
        snapshot = experiment.snapshot().choosing(request)
        self._standing = snapshot.look_up(request)
        self._slots = {slot.path: slot.choice for slot in snapshot.recipe.slots}
        tree = dotted.fresh(self._standing.tree)
        for path, _ in self._standing.classes:
            if path and dotted.get(tree, path) is MISSING:
                dotted.put(tree, path, {})
        docs = {dotted.join(path): text for path, text in self._standing.docs.items()}
        self._config = Config(tree, docs=docs, names=snapshot.recipe.names).masked()

    def rows(self, path: Path = ()) -> Iterator[EntryRow]:
        """Yield what is said of the entries at and below a path, in their order."""
        texts = tuple(map(str, path))
        rows = self._below(self._config.values, ())
        return (row for row in rows if tuple(map(str, row.path[: len(path)])) == texts)

    def names(self) -> list[str]:
        """Return the dotted paths of all entries and groups."""
        ends = (row.path[:end] for row in self.rows() for end in range(1, len(row.path) + 1))
        return list(dict.fromkeys(map(dotted.join, ends)))

    def choice(self, path: Path) -> str | None:
        """Return what is chosen at a path; None where there is no choice, or nothing is chosen."""
        group = dotted.get(self._config.values, path)
        return group.get(CHOICE) if isinstance(group, dict) else None

    def alternatives(self, path: Path) -> Mapping[str, Any]:
        """Return what can be chosen at a path, by name; a text that was not imported stays one."""
        slot = self._slots.get(path)
        if slot is not None:
            return {name: slot.said(name) for name in slot}
        return hints.known(self._standing.annotation(path)) if path else {}

    def others(self, path: Path) -> dict[str, Any]:
        """Return what can be chosen at a path instead of what is."""
        return {name: one for name, one in self.alternatives(path).items() if name != self.choice(path)}

    def class_at(self, path: Path) -> Any:
        """Return the class that a group is of; None for none."""
        return self._standing.class_at(path)

    def doc(self, path: Path) -> str:
        """Return what is said of an entry or group: by its comment, or by that of its field in a class."""
        kinds = [
            self.class_at(path[:-1]),
            *(layer.kind for place, layer in self._standing.classes if place == path[:-1]),
        ]
        of_fields = (description_of(kind).docs.get(str(path[-1]), "") for kind in kinds if kind is not None)
        return self._config.docs.get(dotted.join(path), "") or next(filter(None, of_fields), "")

    def where(self, path: Path) -> str:
        """Return where an entry stands; empty where that is not known."""
        origins = (origin for known, origin in self._standing.origins.items() if known[: len(path)] == path)
        return next((origin.where for origin in origins), "")

    def _below(self, group: Mapping[Any, Any], path: Path) -> Iterator[EntryRow]:
        if CHOICE in group and path:
            yield self._row(path, group)
        lacking = self._standing.lacking(path, group)
        for key in self._keys(group, path, lacking):
            below, value = (*path, key), group.get(key, lacking.get(key, MISSING))
            if isinstance(value, dict) and (value or self._standing.fields(below)):
                yield from self._below(value, below)
            elif key != CHOICE:
                yield self._row(below, value)

    def _keys(self, group: Mapping[Any, Any], path: Path, lacking: Mapping[str, Any]) -> list[Any]:
        """Return the keys of a group, with the fields that lack a value where their class has them."""
        keys, names = [*group], [*self._standing.fields(path)]
        for number, name in enumerate(names):
            if name in lacking:
                before = [keys.index(known) + 1 for known in names[:number] if known in keys]
                after = (keys.index(known) for known in names[number + 1 :] if known in keys)
                keys.insert(max(before) if before else next(after, len(keys)), name)
        return keys

    def _row(self, path: Path, value: Any) -> EntryRow:
        return EntryRow(path, self._value(path, value), self._type(path, value), self.doc(path))

    def _value(self, path: Path, value: Any) -> str:
        if value is MISSING:
            return _REQUIRED
        if path == ("seed",) and path not in self._standing.origins:
            return "drawn"
        if isinstance(value, dict) and CHOICE in value:
            return str(value[CHOICE])
        return shown_value(value, lambda plain: short_repr(plain, 30))

    def _type(self, path: Path, value: Any) -> str:
        annotation = self._standing.annotation(path)
        if self.alternatives(path) and not isinstance(value, list | tuple):
            takes_none = type(None) in hints.options(hints.plain(annotation)) and value is not None
            words = [*self.others(path), *(["None"] if takes_none else [])]
            return f"or {', '.join(words)}" if words else ""
        kind = _kind(annotation, value)
        return (", " if " | " in kind else " ").join(filter(None, (kind, bounds_of(annotation).shown)))


def _kind(annotation: Any, value: Any) -> str:
    """Return the type of an entry: as it is annotated, else that of its value; an enum with its members."""
    if hints.says_nothing(hints.plain(annotation)):
        is_untold = value is None or value is MISSING or isinstance(value, Masked)
        return "" if is_untold else type_of(value)
    kinds = hints.options(hints.plain(annotation))
    if any(isinstance(kind, type) and issubclass(kind, enum.Enum) for kind in kinds):
        return f"{hints.shown(annotation)}: {', '.join(UnsweptEntry(value, annotation).choices())}"
    return hints.shown(annotation)
