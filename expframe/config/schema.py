"""
What a config file may say for an experiment, as JSON Schema 2020-12: for editors.

It is made of what stands where nothing is fixed: entries that a config function makes only under some condition are
known where the condition holds.
"""

from __future__ import annotations

import datetime
import enum
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import Any, TypeAlias

from expframe.config import dotted, hints
from expframe.config.bounds import Bounds, bounds_of
from expframe.config.classes import fields_of, is_config_class, lacking_in, takes_more
from expframe.config.dotted import CHOICE, MISSING, Path
from expframe.config.files import SCHEMA_KEY
from expframe.config.instances import default_of
from expframe.config.json_values import STORED, TAG, to_json
from expframe.config.layers import Recipe, Slot
from expframe.config.parameters import Parameters
from expframe.config.request import Override
from expframe.config.schema_parts import FIELDS, FIELDS_VALUE, NAME, NAMES, NULL, Schema, any_of, tag
from expframe.config.schema_types import TypeSchemas, itself
from expframe.config.standing import Standing
from expframe.config.typed import ConfigClass, description_of
from expframe.errors import ExpframeError

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_CONFIG = "config"
_GROUP: Schema = {"type": "object", "properties": {TAG: {"enum": [None, "dict"]}}}
"""What is a dict, plain or with a tag."""


Choosing: TypeAlias = Callable[[tuple[Override, ...]], tuple[Recipe, Standing]]
"""Returns the parts of an experiment and what stands in its config where ingredients are chosen for slots."""


def schema_of(recipe: Recipe, standing: Standing, title: str = "", choosing: Choosing | None = None) -> Schema:
    """
    Return the JSON Schema of what `with FILE` takes.

    Args:
        recipe: The parts of the experiment.
        standing: What stands in its config where nothing is fixed.
        title: What it is of.
        choosing: Tells what stands where another ingredient is chosen for a slot; None where there are none.

    Raises:
        BoundError: Bounds in annotations contradict each other.
    """
    entries = _EntrySchemas(recipe, standing, choosing)
    config = entries.group((), standing.tree, MISSING)
    config["properties"] = {SCHEMA_KEY: {"type": "string", "description": "for editors"}, **config["properties"]}
    stored = {"properties": {"values": {"$ref": f"#/$defs/{_CONFIG}"}}, "required": ["values"]}
    return {
        "$schema": DIALECT,
        "title": title,
        "type": "object",
        "if": {"required": [STORED]},
        "then": stored,
        "else": {"$ref": f"#/$defs/{_CONFIG}"},
        "$defs": {_CONFIG: config, **entries.definitions},
    }


class _EntrySchemas(TypeSchemas):
    """
    Makes the schemas of entries and groups: of what may be laid over what stands there.

    Args:
        recipe: The parts of the experiment.
        standing: What stands in its config.
        choosing: Tells what stands where another ingredient is chosen for a slot.
        overrides: What is chosen.
    """

    def __init__(
        self, recipe: Recipe, standing: Standing, choosing: Choosing | None, overrides: tuple[Override, ...] = ()
    ) -> None:
        super().__init__()
        self._names = recipe.names
        self._slots = {slot.path: slot for slot in recipe.slots} if choosing is not None else {}
        self._choosing = choosing
        self._overrides = overrides
        self._standing = standing
        self._lacking = {
            (*part.path, name): (field.annotation, description_of(layer.kind).docs.get(name, ""))
            for part in recipe.parts
            for layer in part.layers
            if isinstance(layer, ConfigClass)
            for name, field in layer.fields.items()
            if dotted.get(standing.tree, (*part.path, name)) is MISSING
        }
        self._parameters = [*Parameters(recipe, standing.tree, standing.type_of).by_name()]
        self._classes: dict[tuple[Any, str], str] = {}

    def entry(self, annotation: Any, value: Any, path: Path = (), doc: str = "") -> Schema:
        """
        Return what an entry takes.

        Args:
            annotation: What it is annotated with.
            value: What stands there; MISSING for nothing.
            path: Its path; empty where it is in no config yet.
            doc: What is said of it.
        """
        if path in self._slots:
            return self._of_slot(self._slots[path])
        is_open = hints.says_nothing(hints.plain(annotation))
        if hints.alternatives(annotation):
            found = self._of_choice(annotation, value, path, is_open or hints.fits(None, annotation))
        elif isinstance(value, dict):
            group = self._with_new_keys(self.group(path, value, annotation), annotation)
            found = self._with_tag(group, value, hints.key_types(annotation))
            if not value and annotation is not MISSING and not _takes_groups_only(annotation):
                found = any_of([found, {**self.of(annotation), "not": _GROUP}])
        else:
            found = self._with_elements(self._single(annotation, value), value, annotation, path)
        if not hints.alternatives(annotation) and "$ref" not in found and (is_open or hints.fits(None, annotation)):
            found = any_of([found, NULL])
        doc = ". ".join(filter(None, (doc, found.get("description", ""))))
        said: Schema = {"description": doc} if doc else {}
        default = self._shown(value, path)
        said |= {} if default is MISSING else {"default": default}
        return {**said, **{key: item for key, item in found.items() if key != "description"}}

    def _with_elements(self, found: Schema, value: Any, annotation: Any, path: Path) -> Schema:
        """Return what an entry takes, also elements of a list or tuple by their places."""
        if not isinstance(value, list | tuple) or not value:
            return found
        elements = {
            f"^({place}|{place - len(value)})$": self.entry(
                hints.below(annotation, value, place), item, (*path, place) if path else ()
            )
            for place, item in enumerate(value)
        }
        group: Schema = {"type": "object", "patternProperties": elements, "additionalProperties": False}
        return any_of([found, {**group, "minProperties": 1}])

    def _single(self, annotation: Any, value: Any) -> Schema:
        """Return what an entry takes that is no group: a group only where nothing stands."""
        if annotation is MISSING:
            return self.of_default(value)
        found = any_of([self.of(annotation), *itself(value)])
        if not _takes_groups(annotation):
            return found
        if value is None or value is MISSING:
            is_open = hints.says_nothing(hints.plain(annotation))
            return self.any_entry() if is_open else {**found, "propertyNames": {"pattern": NAMES}}
        return {**found, "not": _GROUP}

    def group(self, path: Path, value: Mapping[Any, Any], annotation: Any) -> Schema:
        """Return what a group takes that is of no class: its entries, and no others."""
        properties: dict[str, Schema] = {}
        for key, item in value.items():
            place = (*path, key)
            said = self._standing.type_of(place) if path or annotation is MISSING else MISSING
            said = hints.below(annotation, value, key) if said is MISSING else said
            properties[str(key)] = self.entry(said, item, place, self._standing.docs.get(place, ""))
        required = []
        for place, (said, doc) in self._lacking.items():
            if place[:-1] == path:
                properties[str(place[-1])] = self.entry(said, MISSING, place, doc)
                required.append(str(place[-1]))
        properties |= {name: one for name, one in self._of_parameters(path) if name not in properties}
        return _object(properties, required)

    def _with_new_keys(self, group: Schema, annotation: Any) -> Schema:
        """Return what a group takes, also under new keys where its annotation says what stands there."""
        types = hints.key_types(annotation)
        if not types:
            return group
        names = {"allOf": [{"pattern": NAME}, any_of(map(self.names, types))]}
        item = self.entry(hints.below(annotation, {}, ""), MISSING)
        known = {TAG: False, **group["properties"]}
        return {**group, "properties": known, "additionalProperties": item, "propertyNames": names}

    def _of_parameters(self, path: Path) -> Iterator[tuple[str, Schema]]:
        """Yield what the parameters of captured functions take that have no entry: whatever it is."""
        below = [known for known in self._parameters if known[: len(path)] == path and len(known) > len(path)]
        for name in dict.fromkeys(str(known[len(path)]) for known in below):
            place = (*path, name)
            if any(len(known) == len(place) for known in below if str(known[len(path)]) == name):
                yield name, self.any_entry()
            else:
                yield name, {**_object(dict(self._of_parameters(place)), []), "minProperties": 1}

    def _with_tag(self, group: Schema, value: Mapping[Any, Any], new_keys: Sequence[Any]) -> Schema:
        """Return what a group takes, also in the form in which JSON has keys that are no texts."""
        if TAG not in value and all(isinstance(key, str) for key in value) and not new_keys:
            return group
        pairs = [[{"const": key}, group["properties"][str(key)]] for key in value]
        pairs += [[self.of(one), group["additionalProperties"]] for one in new_keys]
        items = [{"type": "array", "prefixItems": pair, "minItems": 2, "maxItems": 2} for pair in pairs]
        return any_of([group, tag("dict", items={"type": "array", "items": any_of(items)})])

    # ------------------------------------------------------------------------------------------------------- classes

    def _of_slot(self, slot: Slot) -> Schema:
        """Return what a slot takes: entries of the ingredient that stands there, or a choice; what can be imported."""
        assert self._choosing is not None
        options, complete = [], []
        for name in slot.available:
            overrides = (*self._overrides, Override(slot.path, name))
            try:
                recipe, standing = self._choosing(overrides)
            except ExpframeError:
                continue
            chosen = _EntrySchemas(recipe, standing, self._choosing, overrides)
            chosen.definitions, chosen._classes = self.definitions, self._classes
            group = chosen.group(slot.path, dotted.get(standing.tree, slot.path), MISSING)
            group["properties"][CHOICE] = {"const": name}
            complete += [] if "required" in group else [name]
            if name != slot.chosen:
                group["required"] = [*group.get("required", ()), CHOICE]
            options.append(group)
        return any_of([*options, *([{"enum": complete}] if complete else [])], "oneOf")

    def _of_choice(self, annotation: Any, value: Any, path: Path, takes_none: bool) -> Schema:
        """Return what an entry takes that is of a class of configs: fields of the one that stands, or a choice."""
        found = dict(_importable(hints.alternatives(annotation)))
        now = hints.class_of(value, annotation) if isinstance(value, dict) else None
        is_empty = value is None or value is MISSING
        options: list[Schema] = []
        for name, kind in found.items():
            if kind is now:
                options.append(self._fields(kind, name, value, path))
            elif is_empty:
                options.append(self._of_class(kind, name, annotation))
            else:
                options.append({**self._of_class(kind, name, annotation), "required": [CHOICE]})
        complete = [name for name, kind in found.items() if not lacking_in(kind, value if kind is now else {})]
        words: list[Schema] = [{"enum": complete}] if complete else []
        is_group = isinstance(value, dict) and value
        others = [] if is_group else [self._but_groups(one, bounds_of(annotation)) for one in _others(annotation)]
        keyword = "anyOf" if others or (is_empty and len(found) > 1) else "oneOf"
        return any_of([*options, *words, *others, *([NULL] if takes_none else [])], keyword)

    def _but_groups(self, annotation: Any, bounds: Bounds) -> Schema:
        """Return what an option beside classes takes: no dict, which is fields of one of them."""
        found = self.of(annotation, bounds)
        return {"allOf": [found, {"not": self._defined(FIELDS, FIELDS_VALUE)}]} if _takes_dicts(annotation) else found

    def of_classes(self, annotation: Any) -> Schema:
        """Return what classes of configs take where they are no entries but items of a value."""
        return self._of_choice(annotation, MISSING, (), hints.fits(None, annotation))

    def _of_class(self, kind: Any, name: str, annotation: Any) -> Schema:
        """Return a reference to what a class takes over its own defaults."""
        if (kind, name) not in self._classes:
            place = name if name not in self.definitions else f"{name}_{len(self.definitions)}"
            self._classes[kind, name] = place
            self.definitions[place] = {}
            self.definitions[place] = self._fields(kind, name, default_of(kind, annotation, name), ())
        return {"$ref": f"#/$defs/{self._classes[kind, name]}"}

    def _fields(self, kind: Any, name: str, group: Mapping[Any, Any], path: Path) -> Schema:
        docs = description_of(kind).docs
        properties: dict[str, Schema] = {CHOICE: {"const": name}}
        for field in fields_of(kind).values():
            value = group.get(field.name, MISSING)
            place = (*path, field.name) if path else ()
            properties[field.name] = self.entry(field.annotation, value, place, docs.get(field.name, ""))
        found = _object(properties, lacking_in(kind, group))
        return {**found, "additionalProperties": self.any()} if takes_more(kind) else found

    def _shown(self, value: Any, path: Path) -> Any:
        """Return a default as it is written in a file; MISSING where it has no such form, or is not to be shown."""
        if value is MISSING or isinstance(value, dict) or path == ("seed",) or self._names.covers(path, value):
            return MISSING
        return _written(value)


def _object(properties: dict[str, Schema], required: Sequence[str]) -> Schema:
    found: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**found, "required": [*required]} if required else found


def _importable(found: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the alternatives that are there; of those that are texts, what can be imported."""
    for name in found:
        try:
            yield name, found[name]
        except ExpframeError:
            continue


def _takes_groups(annotation: Any) -> bool:
    """Return whether an annotation takes dicts, among others."""
    return any(hints.says_nothing(kind) or _is_of_groups(kind) for kind in _kinds(annotation))


def _takes_groups_only(annotation: Any) -> bool:
    """Return whether an annotation takes dicts, and besides them at most None."""
    return all(kind is type(None) or _is_of_groups(kind) for kind in _kinds(annotation))


def _kinds(annotation: Any) -> list[Any]:
    return [typing.get_origin(one) or one for one in hints.options(hints.plain(annotation))]


def _is_of_groups(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Mapping)


def _others(annotation: Any) -> Iterable[Any]:
    """Return the options of a union that are no classes of configs, and None."""
    said = hints.plain(annotation)
    options = typing.get_args(said) if hints.is_union(said) else (said,)
    return [one for one in options if not is_config_class(plain := hints.plain(one)) and plain is not type(None)]


def _takes_dicts(annotation: Any) -> bool:
    said = hints.plain(annotation)
    kind = typing.get_origin(said) or said
    return hints.says_nothing(said) or (isinstance(kind, type) and issubclass(dict, kind)) or typing.is_typeddict(kind)


def _written(value: Any) -> Any:
    if isinstance(value, enum.Enum):
        return value.name
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, list | tuple | set | frozenset):
        items = [_written(item) for item in value]
        return MISSING if any(item is MISSING for item in items) else items
    found = to_json(value)
    return MISSING if isinstance(found, dict) else found
