"""Overrides as a tree, put over what layers decide, leaf by leaf and without editing it."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from expframe.config import dotted, hints
from expframe.config.annotations import NO_ANNOTATIONS, Annotation, Annotations
from expframe.config.chosen import GroupChoices
from expframe.config.classes import fields_of
from expframe.config.dotted import CHOICE, MISSING, Path
from expframe.config.equality import same
from expframe.config.frozen import thaw
from expframe.config.instances import default_of
from expframe.config.request import Override


class Sum(NamedTuple):
    """
    What `+=` came to.

    Attributes:
        default: What was added to; MISSING where that was fixed too, whatever the code says.
        total: Default and value together.
    """

    default: Any
    total: Any


class Pins:
    """
    The overrides below one path, the lower ones first.

    Attributes:
        path: Where they stand in the whole config.
        annotations: What says the types of entries.
        sums: What each `+=` whose default is known came to; such an override sets the total.
        standing: For each group in which something else is chosen than stands there the name of what stands there.
        names: The entries that are fixed, or something in them.
    """

    def __init__(
        self,
        overrides: Iterable[Override] = (),
        path: Path = (),
        annotations: Annotations = NO_ANNOTATIONS,
        sums: Mapping[Path, Sum] = MappingProxyType({}),
        standing: dict[Path, str] | None = None,
    ) -> None:
        self.path = path
        self.annotations = annotations
        self.sums = sums
        self.standing: dict[Path, str] = {} if standing is None else standing
        self._overrides = tuple(inside for override in overrides for inside in override.inside(path))
        self._by_name: dict[dotted.Part, list[Override]] = {}
        for override in self._overrides:
            self._by_name.setdefault(override.path[len(path)], []).append(override)
        numbers = (int(name) for name in self._by_name if isinstance(name, str) and dotted.is_whole_number(name))
        self.names: set[dotted.Part] = {*self._by_name, *numbers}

    def below(self, path: Path) -> Pins:
        """Return those below a path."""
        if not path:
            return self
        return Pins(self._overrides, (*self.path, *path), self.annotations, self.sums, self.standing)

    def without(self, paths: Iterable[Path]) -> Pins:
        """Return those that lead to none of some paths, which are given from the path of these."""
        out = [(*self.path, *path) for path in paths]
        kept = [o for o in self._overrides if not any(o.path[: len(path)] == path for path in out)]
        if len(kept) == len(self._overrides):
            return self
        return Pins(kept, self.path, self.annotations, self.sums, self.standing)

    def annotated(self, annotations: Mapping[Path, Annotation]) -> Pins:
        """Return the same with more annotations."""
        pins = copy.copy(self)
        pins.annotations = self.annotations.with_more(annotations)
        return pins

    def summed(self, sums: Mapping[Path, Sum]) -> Pins:
        """Return the same where `+=` sets a total that is known by now."""
        known = (
            o._replace(operator="=", value=sums[o.path].total, is_text=False)
            if o.operator == "+=" and o.path in sums
            else o
            for o in self._overrides
        )
        return Pins(known, self.path, self.annotations, {**self.sums, **sums}, self.standing)

    @staticmethod
    def read(override: Override, given: Any, default: Any, annotation: Any) -> Any:
        """Return what an override, or an item of its dict, gives for an entry that has a default."""
        from expframe.config import parsing

        if override.is_text:
            return parsing.read(given, default, annotation)
        return parsing.convert(given, default, annotation)

    def fix(self, value: Any, name: dotted.Part, work: Work | None = None) -> Any:
        """
        Return the value of an entry with the fixed leaves in place; what is there is not edited.

        Args:
            value: What is there; MISSING for nothing.
            name: The name of the entry.
            work: Takes notes of what was done.
        """
        if name not in self.names:
            return value
        depth = len(self.path) + 1
        work = work or Work()
        annotation = self.annotations.of((*self.path, name))
        if self.annotations:
            work.choices = GroupChoices(self._of(name), self.standing)
        for work.number, override in enumerate(self._of(name)):
            value = self._put(value, override, override.path[depth:], work, annotation)
        return value

    def chosen(self, value: Any, name: dotted.Part) -> Any:
        """Return the value of an entry with what is chosen in it, and nothing else that is fixed."""
        if not self.annotations or name not in self.names:
            return value
        work = Work()
        work.choices = GroupChoices(self._of(name), self.standing)
        return self._switched(value, (*self.path, name), self.annotations.of((*self.path, name)), work)

    def _switched(self, value: Any, path: Path, annotation: Any, work: Work) -> Any:
        """Return what stands at a path with what is chosen there, and in what is below."""
        if hints.alternatives(annotation):
            value = self._enter(value, path, annotation, work)
        below = {
            other[len(path)] for other in work.choices.paths() if len(other) > len(path) and other[: len(path)] == path
        }
        for part in below:
            key = dotted.find_key(value, part)
            if key is not MISSING:
                inner = self.annotations.below(annotation, value, (*path, part))
                value = work.with_item(value, part, key, self._switched(value[key], (*path, part), inner, work))
        return value

    def _enter(self, value: Any, path: Path, annotation: Any, work: Work) -> Any:
        """Return the group of what is chosen at a path: the one that stands there, else the defaults of its class."""
        found = hints.alternatives(annotation)
        work.choices.know(path, found)
        name = work.choices.last(path)
        stands = hints.chosen_in(value, annotation)
        if name is None or stands == name:
            return value
        if stands is not None:
            self.standing[path] = stands
        return default_of(found[name], annotation, name)

    def places(self, value: Any, name: dotted.Part) -> Iterator[tuple[Path, Any]]:
        """Yield the path and the value of all in an entry that is fixed and that is there."""
        depth = len(self.path) + 1
        for override in self._of(name):
            found = dotted.get(value, override.path[depth:])
            if isinstance(found, dict | list | tuple):
                for path, _ in override.leaves(found):
                    below = dotted.get(found, path[len(override.path) :])
                    if below is not MISSING:
                        yield path, below
            elif found is not MISSING:
                yield override.path, found

    def missing(self, present: Mapping[Any, Any]) -> list[dotted.Part]:
        """Return the names of fixed entries that are not present."""
        return [name for name in self._by_name if dotted.find_key(present, name) is MISSING]

    def values(self) -> dict[Any, Any]:
        """Return the fixed entries as they are where nothing else defines them."""
        adding = Pins((o if o.operator == "+=" else o._replace(is_code=True) for o in self._overrides), self.path)
        adding.annotations = self.annotations
        found = ((name, adding.fix(MISSING, name)) for name in self._by_name)
        return {name: value for name, value in found if value is not MISSING}

    def _of(self, name: dotted.Part) -> Sequence[Override]:
        """Return the overrides of an entry and of what is in it."""
        return self._by_name.get(name) or self._by_name.get(str(name)) or ()

    def _put(self, value: Any, override: Override, rest: Path, work: Work, annotation: Any) -> Any:
        """Return `value` with what an override says of it at the path `rest`."""
        if not rest:
            return self._lay(value, override, override.value, work, annotation)
        if hints.alternatives(annotation):
            place = override.path[: len(override.path) - len(rest)]
            value = _opened(self._enter(value, place, annotation, work), annotation)
            if work.choices.is_dropped(work.number, place):
                return value
        is_single = not isinstance(value, dict | list | tuple)
        path = override.path[: len(override.path) - len(rest) + 1]
        inner = self.annotations.below(annotation, value, path)
        if value is None and hints.key_types(annotation):
            override = _adding(override)
        may_add = override.may_add or _is_known(annotation, value, rest[0])
        if value is MISSING or value is None or (override.is_code and is_single):
            below = self._put(MISSING, override, rest[1:], work, inner) if may_add else MISSING
            return value if below is MISSING else {_key(annotation, rest[0]): below}
        key = dotted.find_key(value, rest[0])
        if key is MISSING and not (may_add and isinstance(value, dict)):
            return value
        if key is MISSING:
            override = _adding(override)
        part = _key(annotation, rest[0])
        return work.with_item(value, part, key, self._put(_item(value, key), override, rest[1:], work, inner))

    def _lay(self, value: Any, override: Override, given: Any, work: Work, annotation: Any) -> Any:
        """Return what stands where `given` is put over `value`; what cannot be is left, to be judged at the end."""
        if override.operator == "+=":
            return self._append(value, override, work, annotation)
        if value is MISSING and not override.may_add:
            return MISSING
        if hints.alternatives(annotation):
            value, given = self._choose(value, override, given, work, annotation)
        if isinstance(value, dict) and given is override.value:
            given = given if override.entries is None else override.entries  # fields that are not given stay
        if not (isinstance(value, dict) and isinstance(given, dict)):
            given = self.read(override, given, value, annotation)
            given = dotted.nest(given) if override.is_text and isinstance(given, dict) else given
        if isinstance(value, dict):
            if isinstance(given, dict):
                return self._merge(value, override, given, work, annotation)
            if value and not override.is_code and given is not None and not hints.is_meant(given, annotation):
                return value
        elif isinstance(given, dict) and not (
            override.is_code or value is MISSING or value is None or hints.takes_groups(annotation)
        ):
            return self._merge(value, override, given, work, annotation) if isinstance(value, list | tuple) else value
        return value if same(value, given) else thaw(given)

    def _choose(self, value: Any, override: Override, given: Any, work: Work, annotation: Any) -> tuple[Any, Any]:
        """Return the group of what is chosen by name, and what else is given for it."""
        value = self._enter(value, override.path, annotation, work)
        entries = override.entries if given is override.value else given if isinstance(given, dict) else None
        word = entries.get(CHOICE) if entries is not None else override.word if given is override.value else given
        if work.choices.is_dropped(work.number, override.path):
            return value, ({} if isinstance(value, dict) else value)
        if entries is not None:
            value = _opened(value, annotation)
        if isinstance(word, str) and (word in hints.alternatives(annotation) or isinstance(value, dict)):
            return value, {key: item for key, item in (entries or {}).items() if key != CHOICE}
        return value, given

    def _merge(self, value: Any, override: Override, given: dict[Any, Any], work: Work, annotation: Any) -> Any:
        """Return a group with entries put over its own, or a list or tuple with elements put over its own."""
        for key, item in given.items():
            known = dotted.find_key(value, key)
            if known is MISSING and not isinstance(value, dict):
                continue
            leaf = override._replace(path=(*override.path, key), value=item, is_text=False)
            if known is MISSING and _is_known(annotation, value, key):
                leaf = _adding(leaf)
            inner = self.annotations.below(annotation, value, leaf.path)
            part = _key(annotation, key)
            value = work.with_item(value, part, known, self._lay(_item(value, known), leaf, item, work, inner))
        return value

    def _append(self, value: Any, override: Override, work: Work, annotation: Any) -> Any:
        if value is MISSING:
            return value
        total = add(override, value, annotation)
        if total is MISSING:
            work.refused.add(override.path)
            return value
        work.added.setdefault(override.path, value)
        return total


class Work:
    """
    Notes of putting overrides over one entry.

    Attributes:
        added: For each path of `+=` what was added to.
        refused: The paths of `+=` where nothing can be added.
        choices: What the overrides of the entry choose.
        number: Which of them is being put there.
    """

    def __init__(self) -> None:
        self.added: dict[Path, Any] = {}
        self.refused: set[Path] = set()
        self._copied: set[int] = set()
        self.choices: GroupChoices = GroupChoices((), {})
        self.number = 0

    def with_item(self, value: Any, part: dotted.Part, key: Any, new: Any) -> Any:
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


def add(append: Override, default: Any, annotation: Any = MISSING) -> Any:
    """Return the default and the value of a `+=` together; MISSING where the one cannot be added to the other."""
    from expframe.config.parsing import read

    value = read(append.value, default, annotation) if append.is_text else append.value
    if type(default) in (list, tuple) and isinstance(value, list | tuple):
        return default + type(default)(value)
    if isinstance(default, set | frozenset) and isinstance(value, set | frozenset | list | tuple):
        return default | set(value)
    both = (default, value)
    are_unchanging = all(isinstance(item, int | float | complex) and not isinstance(item, bool) for item in both)
    return default + value if are_unchanging or all(isinstance(item, str) for item in both) else MISSING


def _opened(value: Any, annotation: Any) -> Any:
    """Return the group that fields are set in where nothing stands: the defaults of the only class that can be."""
    found = hints.alternatives(annotation) if value is None or value is MISSING else {}
    if len(found) != 1:
        return value
    [(name, kind)] = found.items()
    return default_of(kind, annotation, name)


def _adding(override: Override) -> Override:
    """Return an override that may make an entry, where what is annotated says that there can be one."""
    return override._replace(operator="+") if override.operator == "=" else override


def _is_known(annotation: Any, value: Any, part: dotted.Part) -> bool:
    """Return whether a part names a field of the class that a group is of, or a key of a dict that may have any."""
    if annotation is MISSING or not isinstance(value, dict):
        return False
    kind = hints.class_of(value, annotation)
    return part in fields_of(kind) if kind is not None else bool(hints.key_types(annotation))


def _key(annotation: Any, part: dotted.Part) -> dotted.Part:
    """Return a part as the key that an annotation says: a whole number where no text can be one."""
    types = hints.key_types(annotation) if isinstance(part, str) else []
    number = dotted.whole_number(part) if types and not any(hints.fits(part, one) for one in types) else None
    return part if number is None else number


def _item(value: Any, key: Any) -> Any:
    return MISSING if key is MISSING else value[key]
