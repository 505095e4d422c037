"""Tables of trials: each row of a .csv, .jsonl, .json or .yaml file is one choice; a mapping in YAML holds words."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from expframe.config import dotted, files
from expframe.config.request import Origin, Override
from expframe.errors import ConfigFileError, SweepWordError
from expframe.store.sweeps.axes import Axis, Choices

Said = Axis | Override | str
"""What a part of a file says: an axis, what is fixed, or a word as it stands on a command line."""


def load(file: str) -> tuple[Said, ...]:
    """
    Return what a file of trials says, in its order.

    Raises:
        ConfigFileError: It is missing or malformed.
        SweepWordError: It is of an unknown kind, or holds no rows.
    """
    read = _READERS.get(Path(file).suffix.lower())
    if read is None:
        raise SweepWordError(f"'@{file}'", f"is of an unknown kind. Rows are read from {', '.join(_READERS)}.")
    try:
        return read(file, Path(file).read_text(encoding="utf-8-sig"))
    except OSError as problem:
        raise ConfigFileError(file, problem.strerror or str(problem)) from problem
    except ValueError as problem:
        raise ConfigFileError(file, str(problem)) from problem


def _of_csv(file: str, text: str) -> tuple[Said, ...]:
    import csv

    head, *rows = [row for row in csv.reader(text.splitlines(), strict=True) if row] or [[]]
    names = [name.strip() for name in head]
    for number, row in enumerate(rows, 2):
        if len(row) != len(names):
            raise ConfigFileError(file, f"line {number} has {len(row)} values for {len(names)} columns")
    return (_rows(file, names, [tuple(value.strip() for value in row) for row in rows], is_text=True),)


def _of_json_lines(file: str, text: str) -> tuple[Said, ...]:
    return _of_items(file, [json.loads(line) for line in text.splitlines() if line.strip()])


def _of_json(file: str, text: str) -> tuple[Said, ...]:
    return _of_data(file, json.loads(text))


def _of_yaml(file: str, text: str) -> tuple[Said, ...]:
    return _of_data(file, files.from_yaml(text))


def _of_data(file: str, data: Any) -> tuple[Said, ...]:
    if isinstance(data, list) and all(isinstance(item, str) for item in data) and data:
        return tuple(data)
    if isinstance(data, list):
        return _of_items(file, data)
    if not isinstance(data, Mapping) or not data:
        raise SweepWordError(f"'@{file}'", "holds neither rows nor words. Write a list of mappings, or name: values.")
    return _of_mapping(file, data)


def _of_mapping(file: str, data: Mapping[Any, Any]) -> tuple[Said, ...]:
    """Return the words of a mapping: a list is choices, a text what it is on a command line, all else is fixed."""
    said: list[Said] = []
    origin = Origin("file", file, file)
    for path, value in dotted.walk(dict(data)):
        name = dotted.join(path)
        if isinstance(value, str):
            said.append(f"{name}={value}")
        elif isinstance(value, list) and len(value) > 1:
            said.append(Choices((name,), tuple((item,) for item in value), is_text=False))
        elif isinstance(value, list) and not value:
            raise SweepWordError(f"'@{file}'", f"has no values for {name!r}.")
        else:
            only = value[0] if isinstance(value, list) else value
            said.append(Override(path, only, "=", False, f"{name}={only!r}", origin))
    return tuple(said)


def _of_items(file: str, items: Sequence[Any]) -> tuple[Said, ...]:
    """Return rows written as mappings, whose keys must be the same in all."""
    rows = [{dotted.join(path): value for path, value in dotted.walk(item)} for item in items if isinstance(item, dict)]
    if len(rows) < len(items):
        raise SweepWordError(f"'@{file}'", 'has a row that is no mapping. Write one for each trial: {"lr": 0.1, ...}.')
    names = list(rows[0]) if rows else []
    for number, row in enumerate(rows, 1):
        if row.keys() != set(names):
            differing = ", ".join(sorted(row.keys() ^ set(names)))
            raise SweepWordError(f"'@{file}'", f"has other entries in row {number} than in the first: {differing}.")
    return (_rows(file, names, [tuple(row[name] for name in names) for row in rows], is_text=False),)


def _rows(file: str, names: Sequence[str], rows: Sequence[tuple[Any, ...]], *, is_text: bool) -> Choices:
    if not names or not rows or not all(names) or len(set(names)) < len(names):
        problem = "has no rows" if names and not rows else "needs a name for each column, each once"
        raise SweepWordError(f"'@{file}'", f"{problem}. The first line names entries, each other one is a trial.")
    return Choices(tuple(names), tuple(rows), is_text)


_READERS: Mapping[str, Callable[[str, str], tuple[Said, ...]]] = {
    ".csv": _of_csv,
    ".jsonl": _of_json_lines,
    ".json": _of_json,
    ".yaml": _of_yaml,
    ".yml": _of_yaml,
}
