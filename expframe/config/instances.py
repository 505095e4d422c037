"""Instances of config classes as groups of entries, and groups as instances."""

from __future__ import annotations

import typing
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from expframe.config import hints
from expframe.config.choice import Choice, name_of
from expframe.config.classes import ConfigField, build, fields_of, is_config, lacking_in, values_of
from expframe.config.dotted import CHOICE, DEEPEST, MISSING, TOO_DEEP, Path
from expframe.config.frozen import FrozenDict, FrozenList
from expframe.config.holders import Holder, is_holder, is_namespace, resolved
from expframe.errors import DefinitionError


class RefusedFields(Exception):
    """
    A class refuses the values of its fields.

    Attributes:
        path: Where the group stands.
        kind: The class.
        lacking: The fields that need a value and have none.
        problems: For each path below the group, which is empty for all of it, what is wrong.
    """

    def __init__(
        self, path: Path, kind: Any, lacking: tuple[str, ...], problems: tuple[tuple[Path, str], ...] = ()
    ) -> None:
        super().__init__(path, kind, lacking, problems)
        self.path = path
        self.kind = kind
        self.lacking = lacking
        self.problems = problems


class Apart:
    """
    Takes values apart: an instance of a config class becomes a group of its fields, at any depth.

    Attributes:
        found: For each path whose class no annotation says what the classes there are, or what holds the entries.
    """

    def __init__(self) -> None:
        self.found: dict[Path, Any] = {}

    def group(self, value: Any, annotation: Any, path: Path) -> Any:
        """
        Return a value as plain data; what holds no instance is itself.

        Args:
            value: The value.
            annotation: What is said of it.
            path: Where it stands.

        Raises:
            DefinitionError: Instances stand in one another too deep, as one that stands in itself.
        """
        if is_config(value):
            return self._fields(value, annotation, path)
        if is_holder(value):
            value = self._held(value, path)
        if isinstance(value, dict):
            said = hints.below_of(annotation, value)
            items = {key: self.group(item, said(key), (*path, key)) for key, item in value.items()}
            return items if any(items[key] is not item for key, item in value.items()) else value
        if type(value) in (list, tuple, FrozenList) and any(map(is_config, value)):
            return self._items(value, annotation, path)
        return value

    def _held(self, holder: Any, path: Path) -> Any:
        """Return what a namespace or a config of OmegaConf holds; one that cannot be resolved is a value."""
        if is_namespace(holder):
            found: Any = dict(vars(holder))
        else:
            try:
                found = resolved(holder)
            except Exception:  # a value is missing so far, or names one that is
                return holder
        if isinstance(found, dict):
            self.found[path] = typing.Annotated[Any, Holder(type(holder))]
        return found

    def _fields(self, instance: Any, annotation: Any, path: Path) -> dict[Any, Any]:
        if len(path) > DEEPEST:
            raise DefinitionError(f"{type(instance).__name__} in {path[0]!r}", TOO_DEEP)
        name = self.name_of(instance, annotation)
        if name is None:
            name = name_of(type(instance))
            annotation = self.found[path] = with_alternatives(annotation, {name: type(instance)})
        fields = fields_of(type(instance))
        values = {
            key: self.group(value, fields[key].annotation if key in fields else MISSING, (*path, key))
            for key, value in values_of(instance).items()
        }
        return {CHOICE: name, **values} if hints.is_chosen(annotation) else values

    @staticmethod
    def name_of(instance: Any, annotation: Any) -> str | None:
        """Return by what name an annotation takes the class of an instance; None where it does not."""
        kind = type(instance)
        same = (kind, f"{kind.__module__}:{kind.__qualname__}")  # by the text of one that is imported late
        found = hints.known(annotation).items()
        return next((name for name, one in found if (typing.get_origin(one) or one) in same), None)

    def _items(self, value: Any, annotation: Any, path: Path) -> Any:
        """Return a list or tuple of groups; one in which the classes of some items only are known is a value."""
        says = [hints.inside(annotation, number) for number in range(len(value))]
        unknown = {
            name_of(type(item)): type(item)
            for item, said in zip(value, says, strict=True)
            if is_config(item) and self.name_of(item, said) is None
        }
        if unknown:
            if not all(map(is_config, value)):
                return value
            kind = tuple if isinstance(value, tuple) else list
            said = with_alternatives(says[0], unknown)
            self.found[path] = tuple.__class_getitem__((said, ...)) if kind is tuple else list.__class_getitem__(said)
            says = [said] * len(value)
        return type(value)(
            self.group(item, said, (*path, number)) for number, (item, said) in enumerate(zip(value, says, strict=True))
        )


def group_of(instance: Any) -> Any:
    """Return plain data for what may stand anywhere: each group of an instance says what class it is of."""
    return Apart().group(instance, MISSING, ())


def entries_in(value: Any) -> dict[Any, Any] | None:
    """Return the entries of a dict, and of what is taken apart into one; None for any other value."""
    found = group_of(value)
    return found if isinstance(found, dict) else None


class _Found(Choice):
    """The classes that the code itself put somewhere, without an annotation that says so."""


def with_alternatives(annotation: Any, kinds: Mapping[str, Any]) -> Any:
    """Return an annotation that takes more classes of configs, by these names."""
    found = {**hints.known(annotation), **kinds}
    return typing.Annotated[Any if hints.says_nothing(hints.plain(annotation)) else annotation, _Found(**found)]


def together(earlier: Any, later: Any) -> Any:
    """Return what two annotations of an entry say: the later one, and of the earlier one what the code put there."""
    kinds: dict[str, Any] = {}
    for one in (earlier, later):
        if isinstance(hints.choice_in(one), _Found):
            kinds.update(hints.known(one))
    known = hints.known(later)
    more = {name: kind for name, kind in kinds.items() if name not in known}
    if isinstance(hints.choice_in(later), _Found):
        more = {**hints.known(earlier), **more}
        return with_alternatives(earlier if not hints.says_nothing(hints.plain(earlier)) else later, {**known, **more})
    return with_alternatives(later, more) if more else later


def default_of(kind: Any, annotation: Any, name: str) -> dict[Any, Any]:
    """Return the group of an alternative's defaults; fields that have none are left out."""
    apart = Apart()
    values: dict[Any, Any] = {CHOICE: name} if hints.is_chosen(annotation) else {}
    for field in fields_of(kind).values():
        value = field.value()
        if value is not MISSING:
            values[field.name] = apart.group(value, field.annotation, ())
    return values


def built(value: Any, annotation: Any, path: Path = (), note: Callable[[Path, Any], None] | None = None) -> Any:
    """
    Return plain data with an instance in the place of each group that is one's.

    Args:
        value: The data.
        annotation: What is said of it.
        path: Where it stands.
        note: Is told of each instance with its path, inner ones first.

    Raises:
        RefusedFields: A class refuses the values of its fields.
    """
    if isinstance(value, dict):
        kind, said = hints.class_of(value, annotation), hints.below_of(annotation, value)
        items = {key: built(item, said(key), (*path, key), note) for key, item in value.items()}
        if kind is not None:
            instance = instance_of(kind, items, path)
            if note is not None:
                note(path, instance)
            return instance
        is_same = all(items[key] is item for key, item in value.items())
        return value if is_same else FrozenDict(items) if isinstance(value, FrozenDict) else items
    if type(value) in (list, tuple, FrozenList) and _holds_classes(annotation):
        return type(value)(
            built(item, hints.inside(annotation, number), (*path, number), note) for number, item in enumerate(value)
        )
    return value


def _holds_classes(annotation: Any) -> bool:
    """Return whether something in an annotation is a class of configs."""
    inner = [one for one in typing.get_args(annotation) if not isinstance(one, Choice)]
    return bool(hints.alternatives(annotation)) or any(map(_holds_classes, inner))


def instance_of(kind: Any, values: Mapping[str, Any], path: Path) -> Any:
    """
    Return an instance of a class with values of its fields.

    Raises:
        RefusedFields: The class refuses them.
    """
    fields = fields_of(kind)
    if lacking := lacking_in(kind, values):
        raise RefusedFields(path, kind, lacking)
    try:
        return build(kind, values)
    except Exception as problem:
        raise RefusedFields(path, kind, (), tuple(_said(problem, fields))) from problem


def _said(problem: Exception, fields: Mapping[str, ConfigField]) -> Iterator[tuple[Path, str]]:
    """Yield the path of a field and what a validator says of it; pydantic tells of several at once."""
    errors = getattr(problem, "errors", None)
    found = errors() if callable(errors) and type(problem).__module__.startswith("pydantic") else ()
    names = {field.keyword: name for name, field in fields.items()}
    for one in found:
        place = tuple(names.get(part, part) if not number else part for number, part in enumerate(one["loc"]))
        own_words = str(one.get("ctx", {}).get("error", ""))  # without pydantic's "Value error, " in front
        yield place, own_words or one["msg"]
    if not found:
        judged = _judged(problem)
        place = () if judged is None or judged not in fields else (judged,)
        yield place, str(problem) or type(problem).__name__


def _judged(problem: Exception) -> str | None:
    """Return the field that a validator of attrs was judging: it is handed the attribute with the value."""
    place, name = problem.__traceback__, None
    while place is not None:
        handed = (value for value in place.tb_frame.f_locals.values() if type(value).__module__ == "attr._make")
        name = next((one.name for one in handed if type(one).__name__ == "Attribute"), name)
        place = place.tb_next
    return name
