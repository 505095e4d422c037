"""
The plan of a sweep in the folder of its run: `sweep.json`, which stays as it was written, and beside it `changes/`: a
file for each time that it has gone on otherwise, with what it has otherwise from then on.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import Any

from expframe.config import json_values
from expframe.config.request import Origin, Override
from expframe.disk import layout
from expframe.disk.files import claim, replace_file
from expframe.errors import ValueFormatError, one_of_type
from expframe.saving.files import storing
from expframe.store.sweeps import axes
from expframe.store.sweeps.axes import Axis
from expframe.store.sweeps.conditions import Condition
from expframe.store.sweeps.plan import Goal, Plan, Start

VERSION = 1
"""The version of the form of `sweep.json`."""

_LATER = {"launch", "conditions"}
"""Fields that the first plans did not have."""

_SUBJECT = "the plan of a sweep"

CHANGEABLE = ("axes", "conditions", "each", "replicates", "samples", "any_code", "start")
"""What a sweep that goes on may have otherwise than it was planned."""


def write(folder: Path, plan: Plan) -> None:
    """
    Write a plan into the folder of the sweep's run.

    Raises:
        SaveError: It cannot be stored.
    """
    with storing(_SUBJECT):
        replace_file(folder / layout.SWEEP, json_values.dump_plain(to_json(plan)))


def read(folder: Path) -> Plan:
    """
    Return the plan of a sweep, with what it has become since it was frozen.

    Args:
        folder: The folder of its run.

    Raises:
        FileNotFoundError: The run is no sweep.
        ValueFormatError: The plan is damaged, or of a later version.
    """
    place = folder / layout.SWEEP
    try:
        plan = from_json(_loaded(layout.read(folder, layout.SWEEP)))
        for name in _changes(folder):
            place = folder / layout.CHANGES_FOLDER / name
            plan = plan.changed(**_fields(_loaded(layout.read(place.parent, name)), CHANGEABLE))
        return _sound(plan)
    except ValueFormatError as problem:
        raise ValueFormatError(f"{_SUBJECT}, {place}", problem.problem) from problem.__cause__


def note_changes(folder: Path, **changes: Any) -> None:
    """
    Note beside the frozen plan of a sweep what it has otherwise from now on: each time in a file of its own.

    Raises:
        SaveError: It cannot be stored.
        ValueFormatError: Somebody else has just done so.
    """
    data = {name: value for name, value in to_json(Plan(**changes)).items() if name in changes}
    with storing(_SUBJECT):
        (folder / layout.CHANGES_FOLDER).mkdir(exist_ok=True)
        target = folder / layout.CHANGES_FOLDER / f"{len(_changes(folder)) + 1:06}.json"
        aside = target.with_name(f".{target.name}.{os.getpid()}.{os.urandom(4).hex()}")
        try:
            replace_file(aside, json_values.dump_plain(data))
            is_first = claim(aside, target)
        finally:
            with suppress(OSError):
                aside.unlink(missing_ok=True)
    if not is_first:
        raise ValueFormatError(_SUBJECT, "was just changed by somebody else. Try again.")


def _changes(folder: Path) -> list[str]:
    try:
        names = os.listdir(folder / layout.CHANGES_FOLDER)  # names are all we need
    except FileNotFoundError:
        return []
    return sorted(name for name in names if not layout.is_aside(name))


def is_sweep(folder: Path) -> bool:
    """Return whether the folder of a run holds a sweep's plan."""
    return (folder / layout.SWEEP).is_file()


def to_json(plan: Plan) -> dict[str, Any]:
    """Return a plan as plain JSON data."""
    data = {item.name: getattr(plan, item.name) for item in fields(plan) if item.name != "before"}
    return {
        "version": VERSION,
        **data,
        "axes": [axes.to_json(axis) for axis in plan.axes],
        "each": [axes.to_json(axis) for axis in plan.each],
        "replicates": None if plan.replicates is None else axes.to_json(plan.replicates),
        "conditions": [[*one] for one in plan.conditions],
        "named": [*plan.named],
        "overrides": [override_to_json(override) for override in plan.overrides],
        "goals": [goal._asdict() for goal in plan.goals],
        "launch": [*plan.launch],
        "told": [[[*point], [*values]] for point, values in plan.told],
        "options": {name: json_values.to_json(value) for name, value in plan.options.items()},
        "start": {
            **plan.start._asdict(),
            "search_path": [*plan.start.search_path],
            "sources": dict(plan.start.sources),
            "runner": [*plan.start.runner],
        },
    }


def from_json(data: Mapping[str, Any]) -> Plan:
    """
    Return the plan of plain JSON data.

    Raises:
        ValueFormatError: It is none, or of a later version.
    """
    version = data.get("version") if isinstance(data, Mapping) else None
    if version != VERSION:
        problem = f"has version {version!r}; this expframe reads version {VERSION}. Install a newer one."
        raise ValueFormatError(_SUBJECT, problem)
    if missing := next((name for name in _FROM_JSON if name not in data and name not in _LATER), None):
        raise ValueFormatError(_SUBJECT, f"is damaged: it has no {missing!r}.")
    return _sound(Plan(**_fields(data, [item.name for item in fields(Plan) if item.name != "before"])))


def _sound(plan: Plan) -> Plan:
    """
    Return a plan of which each part is of the kind that it always is.

    Raises:
        ValueFormatError: One is not.
    """
    texts = (*plan.named, *plan.launch, *(part for goal in plan.goals for part in goal))
    numbers = [number for point, values in plan.told for number in (*point, *values)]
    try:
        wrong = next((name for name, kind in _KINDS.items() if not isinstance(getattr(plan, name), kind)), None)
        if wrong is not None:
            raise TypeError(f"{wrong} is {one_of_type(getattr(plan, wrong))}")
        if not all(isinstance(text, str) for text in texts) or not all(isinstance(n, int | float) for n in numbers):
            raise TypeError("a word or a number is none")
        plan.size, plan.place(0), plan.existing(())  # what everything else begins with
    except (TypeError, ValueError, KeyError, ArithmeticError, RecursionError) as problem:
        raise ValueFormatError(_SUBJECT, f"is damaged: {problem!r}.") from problem
    return plan


_KINDS: Mapping[str, Any] = {
    **dict.fromkeys(("search", "prune", "skip", "warm"), str),
    **dict.fromkeys(("search_seed", "retry"), int),
    **dict.fromkeys(("samples", "max_fails"), int | None),
    **dict.fromkeys(("gpus", "max_time"), int | float | None),
    **dict.fromkeys(("any_code", "needed", "stash"), bool),
    "command": str | None,
}
"""What the plain fields of a plan are."""


def _fields(data: Mapping[str, Any], known: Collection[str]) -> dict[str, Any]:
    """
    Return those of the known fields of a plan that stand in plain JSON data.

    Raises:
        ValueFormatError: One of them is damaged.
    """
    try:
        return {name: _FROM_JSON.get(name, _same)(value) for name, value in data.items() if name in known}
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as problem:
        raise ValueFormatError(_SUBJECT, f"is damaged: {problem!r}.") from problem


def _same(value: Any) -> Any:
    return value


def _axes(data: Sequence[Any]) -> tuple[Axis, ...]:
    return tuple(map(axes.from_json, data))


def _start(data: Mapping[str, Any]) -> Start:
    start = Start(**{**data, "search_path": tuple(data["search_path"]), "runner": tuple(data.get("runner", ()))})
    plain = (start.script, start.module, start.folder, start.interpreter, start.experiment)
    if not all(isinstance(text, str) for text in (*plain, *start.search_path, *start.runner)):
        raise TypeError("its start has more than texts in it")
    return start


_FROM_JSON: Mapping[str, Callable[[Any], Any]] = {
    "axes": _axes,
    "each": _axes,
    "replicates": lambda data: data and axes.from_json(data),
    "conditions": lambda data: tuple(map(Condition.from_json, data)),
    "named": tuple,
    "overrides": lambda data: tuple(map(override_from_json, data)),
    "goals": lambda data: tuple(Goal(**goal) for goal in data),
    "launch": tuple,
    "told": lambda data: tuple((tuple(point), tuple(values)) for point, values in data),
    "options": lambda data: {name: json_values.from_json(value) for name, value in data.items()},
    "start": _start,
}


def override_to_json(override: Override) -> dict[str, Any]:
    """Return an override of a sweep's words as plain JSON data."""
    data = {**override._asdict(), "path": [*override.path], "value": json_values.to_json(override.value)}
    return {**data, "origin": override.origin.to_json()}


def override_from_json(data: Mapping[str, Any]) -> Override:
    """Return the override of plain JSON data."""
    path, value = tuple(data["path"]), json_values.from_json(data["value"])
    return Override(**{**data, "path": path, "value": value, "origin": Origin.from_json(data["origin"])})


def _loaded(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as problem:
        raise ValueFormatError(_SUBJECT, f"is damaged: {problem}.") from problem
