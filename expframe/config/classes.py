"""Classes whose instances hold entries: dataclasses, attrs classes, models of pydantic and structs of msgspec."""

from __future__ import annotations

import copy
import sys
import typing
from collections.abc import Callable, Container, Iterator, Mapping
from typing import Any, NamedTuple

from expframe.config.dotted import CHOICE, MISSING
from expframe.config.frozen import SCALARS
from expframe.config.remembered import remembered
from expframe.config.signatures import annotations_of
from expframe.errors import BoundError


class ConfigField(NamedTuple):
    """
    A field of a class that makes an instance.

    Attributes:
        name: Its attribute, and the name of the entry.
        annotation: What its annotation says, with what Annotated adds; MISSING where it cannot be evaluated.
        default: Its value where none is given; MISSING where there is none, or where `make` makes it.
        make: What makes the default anew for each instance.
        keyword: The keyword by which the class takes it.
        doc: What the class itself says of it.
    """

    name: str
    annotation: Any
    default: Any = MISSING
    make: Callable[[], Any] | None = None
    keyword: str = ""
    doc: str = ""

    @property
    def is_required(self) -> bool:
        """Whether an instance cannot be made without it."""
        return self.default is MISSING and self.make is None

    def value(self) -> Any:
        """Return the default, a new one for each call; MISSING where there is none."""
        if self.make is not None:
            return self.make()
        return self.default if type(self.default) in SCALARS else copy.deepcopy(self.default)


def is_config_class(kind: Any) -> bool:
    """Return whether instances of a class, generic ones too, are made of their fields alone."""
    kind = typing.get_origin(kind) or kind
    return isinstance(kind, type) and _reader_of(kind) is not None


def is_config(value: Any) -> bool:
    """Return whether a value is an instance of such a class."""
    return type(value).__module__ != "builtins" and is_config_class(type(value))


def has_fields(value: Any) -> bool:
    """Return whether a value is an instance of a class with fields, also where it is not made of them alone."""
    return is_config(value) or (not isinstance(value, type) and hasattr(type(value), "__dataclass_fields__"))


def fields_of(kind: Any) -> Mapping[str, ConfigField]:
    """Return the fields of a class that make an instance, by name, in their order; none for any other class."""
    return _known(kind).by_now()


class _Fields:
    """
    The fields of a class, read anew while an annotation names what its module defines later.

    Args:
        kind: The class.
    """

    def __init__(self, kind: Any) -> None:
        self._kind = kind
        self._names = _names_around(typing.get_origin(kind) or kind)
        self._known_names = -1
        self._is_whole = False
        self._found: Mapping[str, ConfigField] = {}

    def by_now(self) -> Mapping[str, ConfigField]:
        """Return them by what the module has by now."""
        if not self._is_whole and len(self._names) != self._known_names:
            self._known_names = len(self._names)
            self._found = _read(self._kind)
            self._is_whole = all(_is_evaluated(field.annotation) for field in self._found.values())
        return self._found


@remembered(512)
def _known(kind: Any) -> _Fields:
    return _Fields(kind)


def _is_evaluated(annotation: Any) -> bool:
    return annotation is not MISSING and not isinstance(annotation, str | typing.ForwardRef)


def _read(kind: Any) -> Mapping[str, ConfigField]:
    made = typing.get_origin(kind) or kind
    read = _reader_of(made)
    fields = [] if read is None else read(made)
    if read is not None and (variables := _variables_of(kind)):
        fields = [_bound(field, made, variables) for field in fields]
    return {field.name: field for field in fields}


def _variables_of(kind: Any) -> dict[type, dict[Any, Any]]:
    """Return what stands for the type variables of a generic class, and for those of its bases, by class."""
    made = typing.get_origin(kind) or kind
    own = dict(zip(getattr(made, "__parameters__", ()), typing.get_args(kind), strict=False))
    found = {made: own} if own else {}
    for base in vars(made).get("__orig_bases__", made.__bases__):
        origin: Any = typing.get_origin(base) or base
        is_class = isinstance(origin, type) and origin not in (object, typing.Generic, typing.Protocol)
        if is_class:
            args = tuple(filled_in(arg, own) for arg in typing.get_args(base))
            found = {**_variables_of(origin[args] if args else origin), **found}
    return found


def _bound(field: ConfigField, kind: type, variables: Mapping[type, Mapping[Any, Any]]) -> ConfigField:
    """Return a field with what stands for the variables of the class that annotates it."""
    owner = next((base for base in kind.__mro__ if field.name in annotations_of(base)), kind)
    return field._replace(annotation=filled_in(field.annotation, variables[owner])) if owner in variables else field


def filled_in(annotation: Any, variables: Mapping[Any, Any]) -> Any:
    """Return an annotation with what stands for type variables in their place."""
    if isinstance(annotation, typing.TypeVar):
        return variables.get(annotation, annotation)
    parameters = getattr(annotation, "__parameters__", ())
    return annotation[tuple(variables.get(one, Any) for one in parameters)] if parameters else annotation


def lacking_in(kind: Any, values: Container[str]) -> tuple[str, ...]:
    """Return the fields of a class that need a value and are not among some."""
    return tuple(name for name, field in fields_of(kind).items() if field.is_required and name not in values)


def values_of(instance: Any) -> dict[str, Any]:
    """Return the values of an instance's fields, as they are."""
    values = {name: getattr(instance, name) for name in fields_of(type(instance))}
    return {**values, **(getattr(instance, "__pydantic_extra__", None) or {})}


def all_values_of(instance: Any) -> dict[str, Any]:
    """Return the values of all fields of an instance, also of those that its class computes, and of a namespace."""
    kind = type(instance)
    if not is_config_class(kind):
        return dict(vars(instance))
    declared: Any = getattr(kind, "__dataclass_fields__", ())
    names = {*declared, *(field.name for field in getattr(kind, "__attrs_attrs__", ()))}
    computed = names - fields_of(kind).keys()
    return {**values_of(instance), **{name: getattr(instance, name) for name in computed if hasattr(instance, name)}}


def is_frozen(kind: Any) -> bool:
    """Return whether a class is known to let nobody set the fields of its instances."""
    settings = getattr(kind, "model_config", None)
    if isinstance(settings, dict):
        return bool(settings.get("frozen"))
    known = getattr(kind, "__dataclass_params__", None) or getattr(kind, "__struct_config__", None)
    return bool(getattr(known, "frozen", False)) or getattr(kind.__setattr__, "__name__", "") == "_frozen_setattrs"


def put_field(instance: Any, name: str, value: Any) -> None:
    """Set a field of an instance that is being made, also where its class lets nobody set it, and ask no validator."""
    more = getattr(instance, "__pydantic_extra__", None) or {}
    if name in more:
        more[name] = value
    elif hasattr(type(instance), "__struct_fields__"):
        sys.modules["msgspec"].structs.force_setattr(instance, name, value)
    else:
        object.__setattr__(instance, name, value)


def takes_more(kind: Any) -> bool:
    """Return whether an instance may hold more than the fields of its class, as pydantic's `extra="allow"` says."""
    settings = getattr(kind, "model_config", None)
    return isinstance(settings, dict) and settings.get("extra") == "allow"


def build(kind: Any, values: Mapping[str, Any]) -> Any:
    """
    Return an instance that is made of values of fields; others are left out where the class takes no more.

    Raises:
        Exception: Whatever the class raises of them.
    """
    fields = fields_of(kind)
    made = typing.get_origin(kind) or kind
    given = {name: value for name, value in values.items() if name in fields or (takes_more(made) and name != CHOICE)}
    if any(field.keyword == _BY_NAME_ONLY for field in fields.values()):
        return made.model_validate(given, by_alias=False, by_name=True)
    return made(**{fields[name].keyword or name if name in fields else name: value for name, value in given.items()})


_BY_NAME_ONLY = "."
"""Stands for the keyword of a field of pydantic that only a path in the data leads to."""


def is_read_by_pydantic(kind: Any) -> bool:
    """Return whether a class is one whose values pydantic reads and checks, such as its SecretStr and AnyUrl."""
    return hasattr(kind, "__get_pydantic_core_schema__") and not is_config_class(kind)


def read_by_pydantic(kind: Any, value: Any) -> Any:
    """
    Return what pydantic makes of a value for such a class.

    Raises:
        ValueError: It can be none.
    """
    return _adapter(kind).validate_python(value)


@remembered(128)
def _adapter(kind: Any) -> Any:
    import pydantic

    return pydantic.TypeAdapter(kind)


# ---------------------------------------------------------------------------------------------------- libraries


def _reader_of(kind: type) -> Callable[[Any], list[ConfigField]] | None:
    """Return what reads the fields of a class: it is told by the mark that a library leaves on its classes."""
    if isinstance(getattr(kind, "__pydantic_fields__", getattr(kind, "model_fields", None)), dict):
        is_model = not hasattr(kind, "__dataclass_fields__")
        return _of_pydantic if is_model or _is_made_of_fields(kind) else None
    if hasattr(kind, "__attrs_attrs__"):
        return _of_attrs
    if hasattr(kind, "__struct_fields__") and "msgspec" in sys.modules:
        return _of_msgspec
    return _of_dataclass if hasattr(kind, "__dataclass_fields__") and _is_made_of_fields(kind) else None


def _is_made_of_fields(kind: type) -> bool:
    """Return whether a dataclass has the `__init__` that its fields make, which takes nothing else."""
    fields: Mapping[str, Any] = getattr(kind, "__dataclass_fields__", {})
    if any(getattr(field._field_type, "name", "") == "_FIELD_INITVAR" for field in fields.values()):
        return False
    owner = next(base for base in kind.__mro__ if "__init__" in vars(base))
    params = vars(owner).get("__dataclass_params__")
    return params is not None and bool(params.init)


def _of_dataclass(kind: Any) -> list[ConfigField]:
    dataclasses = sys.modules["dataclasses"]
    said = _annotations(kind)
    nothing = dataclasses.MISSING
    return [
        ConfigField(
            field.name,
            said.get(field.name, MISSING),
            MISSING if field.default is nothing else field.default,
            None if field.default_factory is nothing else field.default_factory,
        )
        for field in dataclasses.fields(kind)
        if field.init
    ]


def _of_attrs(kind: Any) -> list[ConfigField]:
    said = _annotations(kind)
    found = []
    for field in kind.__attrs_attrs__:
        if not field.init:
            continue
        make = getattr(field.default, "factory", None)
        has_none = type(field.default).__name__ == "_Nothing" or make is not None
        if make is not None and field.default.takes_self:
            make = _computed(kind, field.name)
        annotation = said.get(field.name, MISSING if field.type is None else field.type)
        default = MISSING if has_none else field.default
        found.append(ConfigField(field.name, annotation, default, make, field.alias))
    return found


def _of_pydantic(kind: Any) -> list[ConfigField]:
    if not getattr(kind, "__pydantic_complete__", True) and hasattr(kind, "model_rebuild"):
        kind.model_rebuild(raise_errors=False)  # as it does itself where an instance is made
    found = []
    for name, info in getattr(kind, "__pydantic_fields__", getattr(kind, "model_fields", {})).items():
        if getattr(info, "init", None) is False:
            continue
        annotation = typing.Annotated[(info.annotation, *info.metadata)] if info.metadata else info.annotation
        make = info.default_factory
        if make is not None and getattr(info, "default_factory_takes_validated_data", False):
            make = _computed(kind, name)
        has_none = info.is_required() or make is not None
        default = MISSING if has_none else info.default
        found.append(ConfigField(name, annotation, default, make, _alias_of(info, name), info.description or ""))
    return found


def _alias_of(info: Any, name: str) -> str:
    """Return the keyword that a model of pydantic takes for a field."""
    alias = info.validation_alias
    if alias is None:
        return name
    return next((one for one in getattr(alias, "choices", (alias,)) if isinstance(one, str)), _BY_NAME_ONLY)


def _of_msgspec(kind: Any) -> list[ConfigField]:
    nothing = sys.modules["msgspec"].NODEFAULT
    said = _annotations(kind)
    names, defaults = kind.__struct_fields__, kind.__struct_defaults__
    found = []
    for name, default in zip(names, (*[nothing] * (len(names) - len(defaults)), *defaults), strict=True):
        make = getattr(default, "factory", None) if type(default).__module__.startswith("msgspec") else None
        annotation = said.get(name, MISSING)
        doc = next((meta.description for meta in _metadata(annotation) if _is_described(meta)), "")
        has_none = default is nothing or make is not None
        found.append(ConfigField(name, annotation, MISSING if has_none else default, make, doc=doc))
    return found


def _metadata(annotation: Any) -> tuple[Any, ...]:
    """Return what stands beside a type in Annotated."""
    return getattr(annotation, "__metadata__", ())


def _is_described(meta: Any) -> bool:
    return isinstance(getattr(meta, "description", None), str)


def _computed(kind: Any, name: str) -> Callable[[], Any]:
    """Return what finds a default that is computed from other fields: it is that of an instance of defaults."""

    def make() -> Any:
        try:
            return getattr(kind(), name)
        except Exception:  # other fields are required: the class computes it when they are given
            return MISSING

    return make


def _annotations(kind: type) -> dict[str, Any]:
    """Return what the annotations of a class say; without those of which a name is not there at run time."""
    try:
        return typing.get_type_hints(kind, include_extras=True)
    except Exception:
        return {name: said for base in reversed(kind.__mro__) for name, said in _of_one_class(base)}


def _names_around(kind: type) -> Mapping[str, Any]:
    """Return what stands in the module of a class."""
    return vars(sys.modules.get(kind.__module__, typing))


def _of_one_class(kind: type) -> Iterator[tuple[str, Any]]:
    names = {**_names_around(kind), **vars(kind)}
    for name, said in annotations_of(kind).items():
        try:
            yield name, eval(said, names) if isinstance(said, str) else said
        except BoundError as problem:
            raise problem.of(name, "") from None
        except Exception:  # a name that is not there at run time
            continue
