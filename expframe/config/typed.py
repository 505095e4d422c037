"""A class whose fields are entries, as a layer."""

from __future__ import annotations

import ast
import linecache
import re
import sys
import typing
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from expframe.config import dotted, hints
from expframe.config.annotations import constant
from expframe.config.classes import ConfigField, fields_of, is_config_class
from expframe.config.dotted import CHOICE, MISSING, Path
from expframe.config.instances import default_of
from expframe.config.layers import Decided
from expframe.config.overlay import Overlay
from expframe.config.pins import Pins
from expframe.config.remembered import remembered
from expframe.config.request import Origin
from expframe.config.signatures import annotations_of
from expframe.config.source import DefinitionSource, lines_of
from expframe.errors import BoundError, DefinitionError

KIND = "config class"
"""What a class is called in origins."""


class ConfigClass:
    """
    A class whose fields are entries, as a layer.

    Args:
        kind: The class: of dataclasses, attrs, pydantic or msgspec.
        instance: An instance, whose values are the defaults; by default those of the class are.

    Attributes:
        kept: What the instance has in fields that are none, whose names begin with `_`.

    Raises:
        DefinitionError: Instances of it are not made of their fields alone, or bounds of fields contradict each other.
    """

    def __init__(self, kind: type, instance: Any = None) -> None:
        if not is_config_class(kind):
            problem = "is made of more than its fields: it has an `__init__` of its own, or an InitVar."
            raise DefinitionError(
                f"class {kind.__name__}", f"{problem} Leave that out, or take it as one entry: add_config(name=...)."
            )
        self.kind = kind
        hidden = fields_of(kind).keys() - self.fields.keys() if instance is not None else ()
        self.kept: dict[str, Any] = {name: getattr(instance, name) for name in hidden}
        self._instance = instance
        self._described = description_of(kind)
        self.origin: Origin = self._described.origin
        self._docs: dict[Path, str] = {(name,): doc for name, doc in self._described.docs.items()}
        self._needs_some = any(field.is_required for field in self.fields.values())
        self._check_bounds()

    @property
    def fields(self) -> dict[str, ConfigField]:
        """Its fields that are entries, by name; their annotations may name what is defined below the class."""
        return {name: field for name, field in fields_of(self.kind).items() if not name.startswith("_")}

    @property
    def names(self) -> Collection[str]:
        """The entries that it decides."""
        return self.fields.keys()

    def __repr__(self) -> str:
        return f"<{KIND} {self.kind.__name__} ({self.origin.where})>"

    def _check_bounds(self) -> None:
        from expframe.config.breaches import check_bounds  # scripts without classes do not load it

        for name, field in self.fields.items():
            try:
                check_bounds(field.annotation)
            except BoundError as problem:
                raise problem.of(name, self._described.origins.get(name, self.origin).where) from None

    def decide(self, pins: Pins, available: Mapping[str, Any]) -> Decided:
        """Return the fields as entries, under fixed values; one that has no default and is not given is left out."""
        overlay = Overlay(pins)
        fields = self.fields
        said = {name: field.annotation for name, field in fields.items() if field.annotation is not MISSING}
        overlay.annotate({name: constant(annotation) for name, annotation in said.items()})
        given = overlay.pins.values() if self._needs_some else {}
        values: dict[Any, Any] = {}
        origins: dict[Path, Origin] = {}
        for name, field in fields.items():
            value = self._default(field)
            value = _below_given(given.get(name, MISSING), field.annotation) if value is MISSING else value
            value = overlay.group(value, name)
            if value is MISSING:
                continue
            values[name] = overlay.fix(value, name)
            origin = self._described.origins.get(name, self.origin)
            if isinstance(value, dict):
                origins.update((path, origin) for path, _ in dotted.walk({name: value}))
            else:
                origins[(name,)] = origin
        return Decided(values, origins, self._docs, overlay.annotations, overlay.replaced, overlay.sums)

    def _default(self, field: ConfigField) -> Any:
        return field.value() if self._instance is None else getattr(self._instance, field.name)


def _below_given(value: Any, annotation: Any) -> Any:
    """
    Return what stands below what is given for groups of classes: defaults, and the given where a field has none.

    What is no field is left out: that is judged, and is not made an entry.
    """
    kind = hints.class_of(value, annotation)
    if kind is None:
        return value
    fields, defaults = fields_of(kind), default_of(kind, annotation, value.get(CHOICE, ""))
    return {
        key: defaults[key] if key in defaults else _below_given(item, fields[key].annotation)
        for key, item in value.items()
        if key in fields or key in defaults
    }


class Description(NamedTuple):
    """
    What the source of a class says of it.

    Attributes:
        origin: Where it stands.
        origins: Where its fields stand, by name.
        docs: What is said of them: by a comment, a text below the field, or the class itself.
    """

    origin: Origin
    origins: Mapping[str, Origin]
    docs: Mapping[str, str]


@remembered(512)
def description_of(kind: Any) -> Description:
    """Return what the source of a class says of it and its fields, inherited ones too; of `Box[int]` that of `Box`."""
    kind = typing.get_origin(kind) or kind
    origins: dict[str, Origin] = {}
    docs: dict[str, str] = {}
    origin = Origin(KIND, kind.__name__)
    for base in reversed(kind.__mro__):
        annotated = annotations_of(base)
        if not annotated and base is not kind:
            continue
        file, source = _source_of(base)
        if source is None:
            continue
        origin = Origin(KIND, kind.__name__, file, source.definition.lineno)
        for node, after in zip(source.definition.body, [*source.definition.body[1:], None], strict=True):
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                name = node.target.id
                origins[name] = origin.at(node.lineno)
                end = node.end_lineno or node.lineno, node.end_col_offset or 0
                if text := source.comment((node.lineno, node.col_offset), (end,)) or _text_of(after):
                    docs[name] = text
    for name, field in fields_of(kind).items():
        if field.doc:
            docs.setdefault(name, field.doc)
    return Description(origin, origins, docs)


def _text_of(node: Any) -> str:
    """Return the text that a statement is; empty where it is something else."""
    is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    return " ".join(node.value.value.split()) if is_text else ""


def _source_of(kind: type) -> tuple[str, DefinitionSource | None]:
    """Return the file and the source of a class; the last one that has its fields where several are called so."""
    annotated = list(annotations_of(kind))
    begins = re.compile(rf"\s*class\s+{re.escape(kind.__name__)}\b")
    for file in _files_of(kind):
        lines = lines_of(file)
        for number in (number for number in range(len(lines), 0, -1) if begins.match(lines[number - 1])):
            source = DefinitionSource.find(lines, number, kind.__name__, ast.ClassDef)
            body = source.definition.body if source is not None else ()
            names = [_name_of(node) for node in body if isinstance(node, ast.AnnAssign)]
            if annotated[len(annotated) - len(names) :] == names:  # before them stand those of bare bases
                return file, source
    return "", None


def _name_of(node: ast.AnnAssign) -> str:
    return node.target.id if isinstance(node.target, ast.Name) else ""


def _files_of(kind: type) -> list[str]:
    """Return where a class may stand: its module's file, or the cells that were typed in, the last ones first."""
    file = getattr(sys.modules.get(kind.__module__), "__file__", None)
    return [file] if file else [name for name in reversed([*linecache.cache]) if not name.endswith((".pyc", ".so"))]
