"""Objects that hold entries, as dicts: namespaces, instances of config classes, configs of OmegaConf."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Mapping
from typing import Any

from expframe.config.classes import fields_of, has_fields, is_config, values_of
from expframe.config.dotted import MISSING, fields_of_tuple
from expframe.config.holders import is_namespace, is_of_omegaconf, resolved
from expframe.config.instances import Apart


def entries_of(holder: Any) -> dict[Any, Any] | None:
    """
    Return the entries that an object holds; None where it holds none.

    A mapping, a namespace, an instance of a config class and a config of OmegaConf do, the last with its interpolations
    resolved. In them a namespace, an instance and a config of OmegaConf are values, which layers take apart.

    Raises:
        Exception: A config of OmegaConf cannot be resolved.

    Example:
        >>> from argparse import Namespace
        >>> entries_of(Namespace(lr=0.1, net=Namespace(depth=3)))
        {'lr': 0.1, 'net': Namespace(depth=3)}
    """
    if is_of_omegaconf(holder):
        found = resolved(holder)
        return found if isinstance(found, dict) else None
    if isinstance(holder, Mapping):
        return {key: _plain(item) for key, item in holder.items()}
    if is_namespace(holder):
        return {key: _plain(item) for key, item in vars(holder).items()}
    if not is_config(holder):
        return None
    fields = fields_of(type(holder))
    said = {key: field.annotation for key, field in fields.items()}
    return {key: Apart().group(_plain(item), said.get(key, MISSING), ()) for key, item in values_of(holder).items()}


def by_name(value: Any) -> Any:
    """
    Return what holds values by name as a dict of them, also inside such; anything else as it is.

    A dict of whatever class, a named tuple, a namespace and an instance of a dataclass or of a class of attrs, pydantic
    or msgspec do.

    Example:
        >>> from collections import Counter, namedtuple
        >>> by_name({"counts": Counter("aab"), "scores": namedtuple("Scores", "acc loss")(0.9, 0.1)})
        {'counts': {'a': 2, 'b': 1}, 'scores': {'acc': 0.9, 'loss': 0.1}}
    """
    return _by_name(value, ())


def _by_name(value: Any, around: tuple[Any, ...]) -> Any:
    if value is None or type(value) in (bool, int, float, str, list) or any(value is one for one in around):
        return value
    try:
        held = _held(value)
    except Exception:  # code of the class that fails
        return value
    return value if held is None else {key: _by_name(item, (*around, value)) for key, item in held.items()}


def _held(value: Any) -> dict[Any, Any] | None:
    if isinstance(value, dict):
        return dict(value)
    if isinstance(value, tuple):
        names = fields_of_tuple(value)
        return dict(zip(names, value, strict=True)) if names else None
    if is_namespace(value):
        return dict(vars(value))
    if is_config(value):
        return values_of(value)
    if has_fields(value):  # one that is not made of them alone
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    return None


def _plain(value: Any) -> Any:
    """Return a value with the mappings in it as dicts; of what holds entries a copy, which nobody else changes."""
    if isinstance(value, Mapping):
        return entries_of(value)
    if is_namespace(value):
        return type(value)(**{key: _plain(item) for key, item in vars(value).items()})
    if is_of_omegaconf(value):
        return copy.deepcopy(value)
    return [_plain(item) for item in value] if type(value) is list else value
