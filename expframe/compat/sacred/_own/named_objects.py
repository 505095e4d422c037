"""Classes, functions and plain objects that a JSON file of the user's own names, as jsonpickle writes them."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from expframe.compat.sacred._own.inert import read_value
from expframe.config import dotted
from expframe.config.json_values import Reference, unpickle_from_json
from expframe.disk import layout
from expframe.errors import ValueFormatError


def is_in_run(file: Path) -> bool:
    """Return whether a file lies in the folder of a run, and so is data that anybody may have written."""
    return any(
        (folder / layout.RECORD).exists() and (folder / layout.CONFIG).exists()
        for path in (file.absolute(), file.resolve())
        for folder in path.parents
    )


def with_named_objects(data: Any) -> Any:
    """
    Return plain JSON data, in which `py/type`, `py/function` and plain `py/object` stand for what they name.

    A class is imported; an object is made by its class's `__new__`, and its attributes are set. Other tags stay.

    Raises:
        ValueFormatError: What an entry names is not to be had.
    """
    if {"py/id", "py/object"} <= set(_tags(data)):
        raise ValueFormatError("data", "refers to values by 'py/id' beside objects. Write each value where it stands.")
    return _read(data, ())


def _tags(data: Any) -> Iterator[str]:
    if isinstance(data, list):
        for item in data:
            yield from _tags(item)
    elif isinstance(data, dict):
        for key, item in data.items():
            yield key
            yield from _tags(item)


def _read(data: Any, path: tuple[Any, ...]) -> Any:
    if isinstance(data, list):
        return [_read(item, (*path, number)) for number, item in enumerate(data)]
    if not isinstance(data, dict):
        return data
    tags = [key for key in data if key.startswith("py/")]
    if tags == list(data) == ["py/type"]:
        return _imported(data["py/type"], path, type)
    if tags == list(data) == ["py/function"]:
        return _imported(data["py/function"], path, None)
    if "py/object" in tags:
        known = read_value(data)
        return _made(data, path) if isinstance(known, Reference) else known
    if tags and tags not in (["py/tuple"], ["py/set"]):
        return data
    return {key: _read(item, (*path, key)) for key, item in data.items()}


def _made(data: dict[str, Any], path: tuple[Any, ...]) -> Any:
    code = next((tag for tag in data if tag.startswith("py/") and tag != "py/object"), None)
    if code is not None:
        raise ValueFormatError(_entry(path), f"holds {code!r}: code, which is never executed. Write plain attributes.")
    kind = _imported(data["py/object"], path, type)
    attributes = {name: _read(item, (*path, name)) for name, item in data.items() if name != "py/object"}
    try:
        made = kind.__new__(kind)
        for name, value in unpickle_from_json(attributes, trust=False).items():
            setattr(made, name, value)
    except (TypeError, AttributeError) as problem:
        raise ValueFormatError(_entry(path), f"is no plain {data['py/object']} ({problem}).") from problem
    return made


def _imported(name: Any, path: tuple[Any, ...], kind: type | None) -> Any:
    """Return what has a full name: a class where a type is asked for, else whatever can be called."""
    try:
        found = pkgutil.resolve_name(name)
    except Exception as problem:  # whatever importing a module of the user's raises
        what = f"{type(problem).__name__}: {problem}"
        raise ValueFormatError(_entry(path), f"{name!r} cannot be imported ({what}).") from problem
    if not (isinstance(found, kind) if kind else callable(found)):
        what = "class" if kind else "function"
        raise ValueFormatError(_entry(path), f"{name!r} is no {what}.")
    return found


def _entry(path: tuple[Any, ...]) -> str:
    return f"entry {dotted.join(path)!r}"
