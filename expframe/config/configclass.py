"""A bare class of annotated fields, made a frozen dataclass whose fields are given by keyword."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Mapping
from enum import Enum
from functools import partial
from typing import Any, ClassVar, TypeVar, dataclass_transform, get_origin

from expframe.config.classes import is_config_class
from expframe.config.signatures import annotations_of
from expframe.errors import DefinitionError

C = TypeVar("C", bound=type[Any])

_OTHERWISE_MADE = (tuple, Mapping, Enum)
"""What a NamedTuple, a TypedDict and an Enum inherit from: their fields are no fields of a dataclass."""


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(dataclasses.field,))
def configclass(cls: C) -> C:
    """
    Make a class of annotated fields a frozen dataclass whose fields are given by keyword.

    Where it inherits from a dataclass that is not frozen, neither is it. A default that can be changed, such as a list
    or an instance of a dataclass that is not frozen, is copied for each instance. Classes of dataclasses, attrs,
    pydantic and msgspec are what they are already.

    Raises:
        DefinitionError: It is no class, has no annotated fields or an `__init__` of its own, or its fields are made in
            another way: a NamedTuple, TypedDict or Enum.

    Example:
        >>> @configclass
        ... class Optimizer:
        ...     lr: float = 0.1
        ...     betas: list[float] = [0.9, 0.99]
        >>> Optimizer(lr=0.5)
        Optimizer(lr=0.5, betas=[0.9, 0.99])
    """
    if not isinstance(cls, type):
        raise DefinitionError("configclass", f"takes a class of annotated fields, and was given {cls!r}.")
    is_of_library = is_config_class(cls) and not hasattr(cls, "__dataclass_fields__")
    if is_of_library or "__dataclass_fields__" in vars(cls):
        return cls
    if issubclass(cls, _OTHERWISE_MADE):
        problem = "cannot be a config class, as its fields are made in another way. Write a class with annotations."
        raise DefinitionError(f"class {cls.__qualname__}", problem)
    if "__init__" in vars(cls) or not (any(map(annotations_of, cls.__mro__)) or hasattr(cls, "__dataclass_fields__")):
        problem = "has no annotated fields, or an `__init__` of its own. Write the entries as fields: lr: float = 0.1"
        raise DefinitionError(f"class {cls.__qualname__}", problem)
    bare = [base for base in reversed(cls.__mro__) if "__dataclass_fields__" not in vars(base) and base is not object]
    said = {name: annotation for base in bare for name, annotation in annotations_of(base).items()}
    cls.__annotations__ = said  # also those of bare classes that it inherits from
    for name, annotation in said.items():
        default = getattr(cls, name, dataclasses.MISSING)
        if not _is_of_class(annotation) and (factory := _factory(default)) is not None:
            setattr(cls, name, factory)
    dataclasses.dataclass(frozen=_can_be_frozen(cls), kw_only=True)(cls)  # which changes the class itself
    return cls


def _is_of_class(annotation: Any) -> bool:
    """Return whether a field is no field of instances: a ClassVar, or what is handed to `__post_init__` only."""
    if isinstance(annotation, str):
        kind = annotation.partition("[")[0].rpartition(".")[2].strip()
        return kind in ("ClassVar", "InitVar")
    return ClassVar in (annotation, get_origin(annotation)) or isinstance(annotation, dataclasses.InitVar)


def _factory(default: Any) -> Any:
    """Return the field whose default is a copy of one that can be changed; None where it cannot."""
    if not isinstance(default, dataclasses.Field):
        return dataclasses.field(default_factory=partial(copy.deepcopy, default)) if _is_mutable(default) else None
    if _is_mutable(default.default):
        default.default, default.default_factory = dataclasses.MISSING, partial(copy.deepcopy, default.default)
    return None


def _is_mutable(value: Any) -> bool:
    parameters = getattr(type(value), "__dataclass_params__", None)
    if parameters is not None and not parameters.frozen:
        return True
    try:
        hash(value)
    except TypeError:
        return True
    return False


def _can_be_frozen(cls: type[Any]) -> bool:
    """Return whether no dataclass that a class inherits from can be changed, which Python asks for."""
    own = (vars(base).get("__dataclass_params__") for base in cls.__mro__)
    return all(parameters.frozen for parameters in own if parameters is not None)
