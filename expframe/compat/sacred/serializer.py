"""Values as JSON in Sacred's form: that of jsonpickle, with keys that are no text."""

from __future__ import annotations

from typing import Any

from expframe.config import json_values

__all__ = ["flatten", "json", "restore"]  # noqa: F822  resolved by __getattr__


def flatten(obj: Any) -> Any:
    """Return a value as plain JSON data; what JSON has no form for stands as an object with a `py/` key."""
    return json_values.pickle_to_json(obj)


def restore(flat: Any) -> Any:
    """
    Return the value that `flatten` made plain. It imports and calls what the data names: for data that is trusted.

    Raises:
        ClassNotFoundError: A class is not there.
    """
    return json_values.unpickle_from_json(flat)


def __getattr__(name: str) -> Any:
    if name == "json":
        return json_values.jsonpickle_module()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
