"""Observers by name, for files that describe an experiment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from expframe.config import dotted
from expframe.config.json_values import find_by_name
from expframe.config.signatures import signature_of
from expframe.errors import DefinitionError, listed, one_of_type
from expframe.observers.base import Observer

BUILT_IN = {
    "memory": "expframe.observers.memory:MemoryObserver",
    "tensorboard": "expframe.observers.tensorboard:TensorBoard",
}
"""For each name where the observer is."""

GROUP = "expframe.observers"
"""The entry points by which installed packages add theirs: a name, and what makes the observer."""


def make(name: str, arguments: Mapping[str, Any]) -> Observer:
    """
    Return the observer of a name.

    Raises:
        DefinitionError: There is none of this name, or it does not take the arguments.
    """
    subject = f"observer {name!r}"
    kind = _find(name, subject)
    signature = signature_of(kind)
    try:
        signature.bind(**arguments)
    except TypeError as problem:
        takes = listed([str(parameter) for parameter in signature.parameters.values()], none="no arguments")
        raise DefinitionError(subject, f"cannot be made: {problem}. It takes: {takes}.") from None
    observer = kind(**arguments)
    if not isinstance(observer, Observer):
        raise DefinitionError(subject, f"is {one_of_type(observer)}, and no expframe.Observer.")
    return observer


def _find(name: str, subject: str) -> Any:
    if name in BUILT_IN:
        return find_by_name(BUILT_IN[name])
    from importlib.metadata import entry_points

    added = {point.name: point for point in entry_points(group=GROUP)}
    if name in added:
        return added[name].load()
    known = sorted({*BUILT_IN, *added})
    near = dotted.nearest(name, known)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise DefinitionError(subject, f"is unknown.{hint} Known observers: {listed(known)}.")
