"""Files that describe an experiment. Reading one executes no code of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from expframe.config import dotted, files
from expframe.errors import DefinitionError, ExperimentFileError
from expframe.observers import named
from expframe.observers.base import Observer


class Check(NamedTuple):
    """What an entry may be."""

    takes: str
    holds: Callable[[Any], bool]


def _is_list_of(*kinds: type) -> Callable[[Any], bool]:
    return lambda value: (
        isinstance(value, list) and all(isinstance(item, kinds) and not isinstance(item, bool) for item in value)
    )


_TEXT = Check("a text", lambda value: isinstance(value, str))
_SWITCH = Check("true or false", lambda value: isinstance(value, bool))
_TEXTS = Check("a list of texts", _is_list_of(str))
_LIST = Check("a list", lambda value: isinstance(value, list))
_ENTRIES = Check("entries (name: value)", lambda value: isinstance(value, dict))

ENTRIES: Mapping[str, Check] = {
    "name": _TEXT,
    "store": _TEXT,
    "project_dir": _TEXT,
    "load_dir": _TEXT,
    "ghost": _SWITCH,
    "observers": Check("a list of observers", lambda value: isinstance(value, list | dict)),
    "devices": Check("a list of numbers or names", _is_list_of(int, str)),
    "config": _ENTRIES,
    "queue": Check("a list of tasks", _is_list_of(str, dict)),
}
"""What a file may say of an experiment."""

TASK_ENTRIES: Mapping[str, Check] = {
    "command": _TEXT,
    "config_updates": _ENTRIES,
    "named_configs": _TEXTS,
    "info": _ENTRIES,
    "options": _ENTRIES,
    "tags": _TEXTS,
    "run_name": _TEXT,
    "args": _LIST,
    "kwargs": _ENTRIES,
}
"""What it may say of a task: the parameters of `Experiment.queue`."""

_FOLDERS = ("store", "project_dir", "load_dir")


class ExperimentFile(NamedTuple):
    """
    What a file says of an experiment.

    Attributes:
        name: The file.
        arguments: Those of Experiment.
        config: Entries of the experiment.
        queue: For each task the arguments of `Experiment.queue`.
    """

    name: str
    arguments: Mapping[str, Any]
    config: Mapping[Any, Any]
    queue: tuple[Mapping[str, Any], ...]


def read(path: str | os.PathLike[str]) -> ExperimentFile:
    """
    Return what a .json, .yaml, .yml or .toml file says of an experiment. Folders in it are relative to its own.

    Raises:
        ConfigFileError: The file is missing, malformed or of an unknown kind.
        ExperimentFileError: An entry is unknown, or is not what it may be.
    """
    name = os.fspath(path)
    said = files.load(path)
    _check(said, ENTRIES, name, "")
    arguments = {key: said[key] for key in said if key not in ("config", "queue", "observers")}
    for key in _FOLDERS:
        if key in arguments:
            arguments[key] = os.path.join(Path(name).absolute().parent, arguments[key])  # keeps absolute ones
    if "observers" in said:
        arguments["observers"] = _observers(said["observers"], name)
    queue = [_task(task, number, name) for number, task in enumerate(said.get("queue", ()), 1)]
    return ExperimentFile(name, arguments, said.get("config", {}), tuple(queue))


def _check(said: Mapping[Any, Any], allowed: Mapping[str, Check], file: str, inside: str) -> None:
    for key, value in said.items():
        shown = f"{inside}{key}"
        if key not in allowed:
            near = dotted.nearest(str(key), allowed)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            problem = f"the entry {shown!r} is unknown.{hint} Known entries: {', '.join(allowed)}."
            raise ExperimentFileError(f"experiment file {file!r}", problem)
        if not allowed[key].holds(value):
            problem = f"{shown!r} is {value!r:.60}. It takes {allowed[key].takes}."
            raise ExperimentFileError(f"experiment file {file!r}", problem)


def _task(task: Any, number: int, file: str) -> Mapping[str, Any]:
    said = {"command": task} if isinstance(task, str) else task
    _check(said, TASK_ENTRIES, file, f"queue.{number}.")
    return dict(said)


def _observers(said: Any, file: str) -> list[Observer]:
    """Return the observers of `[memory, {tensorboard: {dir: logs}}]`, or of `{tensorboard: {dir: logs}}`."""
    pairs: list[tuple[Any, Any]] = []
    for item in [said] if isinstance(said, dict) else said:
        pairs += item.items() if isinstance(item, dict) else [(item, None)]
    found = []
    for name, arguments in pairs:
        if not isinstance(name, str) or not isinstance(arguments, dict | None):
            problem = f"'observers' holds {name!r:.40}: {arguments!r:.40}. Write a name, or name: {{argument: value}}."
            raise ExperimentFileError(f"experiment file {file!r}", problem)
        try:
            found.append(named.make(name, arguments or {}))
        except DefinitionError as problem:
            raise ExperimentFileError(f"experiment file {file!r}", str(problem)) from problem
    return found
