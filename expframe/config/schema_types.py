"""What types and defaults take of plain data, as JSON Schema: the rules of `conversion` in the words of that."""

from __future__ import annotations

import abc
import collections.abc
import datetime
import enum
import os
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any

from expframe.config import hints, json_values, parsing
from expframe.config.bounds import FREE, Bounds, bounds_of
from expframe.config.classes import is_read_by_pydantic
from expframe.config.conversion import ABSTRACT, BOOLEANS, DURATION, SIMPLE
from expframe.config.dotted import MISSING
from expframe.config.schema_parts import (
    ANY,
    GROUP,
    GROUP_VALUE,
    HASHABLE,
    HASHABLE_VALUE,
    NULL,
    VALUE,
    Schema,
    any_of,
    is_exact,
    lengths,
    limits,
    not_finite,
    pattern,
    tag,
    words,
)

_DATE = r"\d{4}-?(0[1-9]|1[0-2])-?(0[1-9]|[12]\d|3[01])|\d{4}-?W([0-4]\d|5[0-3])(-?[1-7])?"
_TIME = r"T?([01]\d|2[0-3])(:?[0-5]\d(:?[0-5]\d([.,]\d+)?)?)?(Z|[+-]([01]\d|2[0-3])(:?[0-5]\d){0,2})?"
_TIMES = {"date": _DATE, "time": _TIME, "datetime": rf"({_DATE})(.{_TIME})?"}
_NUMBER = r"\s*[+-]?(\d[\d_]*(\.[\d_]*)?|\.\d[\d_]*)([eE][+-]?\d+)?\s*"
_EXACT = {
    "Decimal": rf"{_NUMBER}|\s*[+-]?([nN][aA][nN]|[iI][nN][fF]([iI][nN][iI][tT][yY])?)\s*",
    "Fraction": rf"{_NUMBER}|\s*[+-]?\d+/0*[1-9]\d*\s*",
    "UUID": r"(urn:uuid:)?\{?([0-9a-fA-F]-?){32}\}?",
}
_INTEGER = "^[+-]?(0+|[1-9][0-9]*)$"


class TypeSchemas(abc.ABC):
    """
    Makes the schemas of types and defaults.

    Attributes:
        definitions: What the schemas refer to by name.
    """

    def __init__(self) -> None:
        self.definitions: dict[str, Schema] = {}

    def any(self) -> Schema:
        """Return the schema of what has no type."""
        return self._defined(ANY, VALUE)

    def any_entry(self) -> Schema:
        """Return the schema of an entry where nothing stands, and which has no type."""
        self._defined(ANY, VALUE)
        return self._defined(GROUP, GROUP_VALUE)

    def of_default(self, default: Any) -> Schema:
        """Return what an entry takes that has this default and no annotation; MISSING where nothing stands."""
        if default is MISSING or default is None or isinstance(default, json_values.Reference):
            return self.any_entry()
        kind = parsing.kind_of(default)
        also = [{"type": ["number", "boolean"]}, not_finite(FREE)[-1]] if kind in (bool, int, float) else []
        own = self.of(kind)
        return any_of([own] * ("description" not in own) + [*also, *itself(default), NULL])

    def of(self, annotation: Any, demanded: Bounds = FREE) -> Schema:
        """
        Return what an annotation takes.

        Args:
            annotation: The annotation.
            demanded: The bounds of a union that it is an option of.
        """
        bounds = bounds_of(annotation)
        found = self._of(annotation, demanded if bounds.are_free else bounds)
        unsaid = "" if _says(bounds) else bounds.shown
        return {"description": f"{unsaid}.".capitalize(), **found} if unsaid else found

    def _of(self, annotation: Any, bounds: Bounds) -> Schema:
        if hints.alternatives(annotation):
            return self.of_classes(annotation)
        annotation = hints.plain(annotation)
        kind, args = typing.get_origin(annotation) or annotation, typing.get_args(annotation)
        if hints.says_nothing(annotation):
            return self.any()
        if kind is typing.Literal:
            return self._of_choices(args)
        if hints.is_union(annotation):
            return any_of([self.of(option, bounds) for option in args])
        if not isinstance(kind, type):
            return {}
        if kind in SIMPLE:
            return self._of_simple(kind, bounds)
        make = next((make for is_one, make in _CLASSES if is_one(kind)), None)
        return make(self, kind, args, bounds) if make is not None else _unsaid(kind)

    def _of_simple(self, kind: type, bounds: Bounds) -> Schema:
        if kind is bool:
            return any_of([{"type": "boolean"}, self._defined("truth", words(BOOLEANS))])
        if kind is int:
            return {"type": "integer", **limits(bounds)}
        if kind is str:
            return {"type": "string", **lengths(bounds, "Length")}
        if kind is types.NoneType:
            return NULL
        odd = not_finite(bounds)
        if bounds.are_free:
            odd = [self._defined("not_finite", any_of(odd))]
        also = [tag("complex", value={"type": "array", "items": {"type": "number"}})] if kind is complex else []
        return any_of([{"type": "number", **limits(bounds)}, *odd, *also])

    def _defined(self, name: str, schema: Schema) -> Schema:
        """Return a reference to a schema by a name of its own."""
        self.definitions[name] = schema
        return {"$ref": f"#/$defs/{name}"}

    @abc.abstractmethod
    def of_classes(self, annotation: Any) -> Schema:
        """Return what classes of configs take where they are no entries but items of a value."""

    def _of_choices(self, choices: tuple[Any, ...]) -> Schema:
        plain = [choice for choice in choices if type(choice) in (int, str)]
        found: list[Schema] = [{"enum": plain}] if plain else []
        for choice in choices:
            if type(choice) is bool:
                found += [{"const": choice}, words(word for word, value in BOOLEANS.items() if value is choice)]
            elif choice is None:
                found.append(NULL)
            elif isinstance(choice, enum.Enum):
                found.append(_of_members(type(choice), [choice]))
            elif type(choice) is bytes:
                found.append({"const": json_values.to_json(choice)})
        return any_of(found)

    # ---------------------------------------------------------------------------------------------------- containers

    def _of_items(self, kind: Any, args: tuple[Any, ...], bounds: Bounds) -> Schema:
        fields = getattr(kind, "_fields", None)
        if fields is not None:
            said = hints.of_fields(kind)
            args = tuple(said.get(field, Any) for field in fields)
        is_set = issubclass(kind, collections.abc.Set)
        is_fixed = issubclass(kind, tuple) and (bool(args) or fields is not None) and args[-1:] != (...,)
        size = lengths(bounds, "Items")
        if is_fixed:
            items = [self.of(one) for one in args]
            array: Schema = {"type": "array", "minItems": len(items), "maxItems": len(items)}
            array |= {"prefixItems": items} if items else {}
        else:
            one = self.of(args[0] if args else Any)
            if is_set:  # equal items count once
                is_open = hints.says_nothing(hints.plain(args[0] if args else Any))
                one = self._defined(HASHABLE, HASHABLE_VALUE) if is_open else one
                size.pop("maxItems", None)
            array = {"type": "array", "items": one, **size}
        named: list[Schema] = []
        if fields:
            parts = dict(zip(fields, items, strict=True))
            named = [{"type": "object", "properties": parts, "required": [*fields], "additionalProperties": False}]
        tags = ["tuple"]
        if is_set or (kind in ABSTRACT and issubclass(set, kind)):
            tags += ["set", "frozenset"]
        return any_of([array, *named, *(tag(name, value=array) for name in tags)])

    def _of_mapping(self, kind: Any, args: tuple[Any, ...], bounds: Bounds) -> Schema:
        if typing.is_typeddict(kind):
            fields = {name: self.of(said) for name, said in hints.of_fields(kind).items()}
            return {"type": "object", "properties": fields}
        key_type, item_type = args if len(args) == 2 else (Any, Any)
        key, item, names = self.of(key_type), self.of(item_type), self.names(key_type)
        plain: Schema = {"type": "object", "additionalProperties": item, **lengths(bounds, "Properties")}
        plain |= {"propertyNames": names} if names else {}
        plain["properties"] = {json_values.TAG: False}
        pair = {"type": "array", "prefixItems": [key, item], "minItems": 2, "maxItems": 2}
        return any_of([plain, tag("dict", items={"type": "array", "items": pair, **lengths(bounds, "Items")})])

    def names(self, key_type: Any) -> Schema:
        """Return what the keys of an object are that stands for a dict with keys of a type."""
        key = self.of(key_type)
        return {int: {"pattern": _INTEGER}, str: {}}.get(hints.plain(key_type), {} if key == self.any() else key)

    def _of_array(self, *_: Any) -> Schema:
        pieces = {json_values.TAG: {"pattern": "^numpy\\.", "type": "string"}}
        tagged = {"type": "object", "properties": pieces, "required": [json_values.TAG]}
        return any_of([{"type": "array"}, tagged, tag("tuple", value={"type": "array"})])

    def _of_enum(self, kind: Any, *_: Any) -> Schema:
        return _of_members(kind, list(kind))

    def _of_path(self, *_: Any) -> Schema:
        return any_of([{"type": "string"}, tag("path", value={"type": "string"})])

    def _of_time(self, kind: Any, *_: Any) -> Schema:
        names = [name for name in _TIMES if issubclass(getattr(datetime, name), kind)]
        written = [pattern(_TIMES[kind.__name__])] if kind.__name__ in _TIMES else []
        return any_of([*written, *(tag(name, value=pattern(_TIMES[name])) for name in names)])

    def _of_duration(self, *_: Any) -> Schema:
        return any_of([pattern(DURATION), tag("timedelta", value={})])

    def _of_exact(self, kind: Any, _: Any, bounds: Bounds) -> Schema:
        text = pattern(_EXACT[kind.__name__]) if kind.__name__ in _EXACT else {"type": "string"}
        number = [{"type": "number", **limits(bounds)}] if kind.__name__ != "UUID" else []
        odd = not_finite(bounds)[-1:] if kind.__name__ == "Decimal" else []
        return any_of([*number, *odd, text, tag(kind.__name__.lower(), value=text)])


def itself(value: Any) -> list[Schema]:
    """Return the schema of a value that comes back from files only where it stands already, as a function does."""
    written = json_values.to_json(value)
    is_inherited = json_values.plain_twin(value) is not value
    is_named = is_inherited or isinstance(json_values.from_json(written), json_values.Reference)
    return [{"const": written}] if is_named else []


def _unsaid(kind: type) -> Schema:
    """Return the schema of what has no form in files but, for some, a tag."""
    tags = {"bytes": "base64", "bytearray": "base64", "range": "value", "slice": "value"}
    if kind.__name__ in tags and kind.__module__ == "builtins":
        return tag(kind.__name__, **{tags[kind.__name__]: {}})
    if is_read_by_pydantic(kind):
        return {"description": f"What pydantic reads as {kind.__name__}."}
    return {"description": f"{kind.__name__}, which a file can hardly say."}


def _of_members(kind: Any, members: list[Any]) -> Schema:
    """Return the schema of members of an Enum: their names, values, and tags."""
    values = [member.value for member in members if isinstance(member.value, bool | int | float | str)]
    values += [truth for truth in (True, False) if any(value == truth and value is not truth for value in values)]
    others = {name for name, member in kind.__members__.items() if member not in members}
    plain: list[Any] = [name for name, member in kind.__members__.items() if member in members]
    for value in values:
        if value not in others and not any(value == one and type(value) is type(one) for one in plain):
            plain.append(value)
    places = "|".join(member.name for member in members)
    name = {"type": "string", "pattern": rf"{kind.__qualname__}\.({places})$"}
    return any_of([{"enum": plain}, tag("enum", name=name)])


def _says(bounds: Bounds) -> bool:
    """Return whether JSON Schema can say bounds."""
    is_said = all(limit is None or isinstance(limit, int | float) for limit in (bounds.low, bounds.high))
    return is_said and (bounds.multiple_of is None or is_exact(bounds.multiple_of))


_CLASSES: tuple[tuple[Callable[[Any], bool], Callable[..., Schema]], ...] = (
    (lambda kind: issubclass(kind, enum.Enum), TypeSchemas._of_enum),
    (lambda kind: issubclass(kind, Mapping) or typing.is_typeddict(kind), TypeSchemas._of_mapping),
    (lambda kind: issubclass(kind, list | tuple | set | frozenset) or kind in ABSTRACT, TypeSchemas._of_items),
    (lambda kind: kind is os.PathLike or hasattr(kind, "__fspath__"), TypeSchemas._of_path),
    (lambda kind: kind.__module__ == "datetime" and hasattr(kind, "fromisoformat"), TypeSchemas._of_time),
    (lambda kind: issubclass(kind, datetime.timedelta), TypeSchemas._of_duration),
    (lambda kind: kind.__module__ in ("decimal", "fractions", "uuid"), TypeSchemas._of_exact),
    (lambda kind: (kind.__module__, kind.__name__) == ("numpy", "ndarray"), TypeSchemas._of_array),
)
"""What says what which classes take, in the order in which `conversion` asks them."""
