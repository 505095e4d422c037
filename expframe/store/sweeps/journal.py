"""
What happens to the trials of a sweep, a line of JSON each: `proposed`, `started`, `ended`, `renamed`.

Each writer appends to a file of its own, `trials/<writer>.jsonl`, so that no two write into one. Readers fold them.
"""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from expframe.config import json_values
from expframe.config.numbers import is_finite
from expframe.disk import layout
from expframe.disk.files import append_line, whole_lines
from expframe.errors import SaveError

_SUFFIX = ".jsonl"
_LARGEST = 1 << 53
"""No trial has a larger number, and no attempt."""
_KINDS = {"values": dict | None, "search": dict | None, "point": list | None, "seconds": int | float | None}
"""What else a line may say."""


class Entry(NamedTuple):
    """
    One line of the journal.

    Attributes:
        event: What happened: `proposed`, `started`, `ended`; `renamed` where its run has another id since.
        trial: The number of the trial.
        attempt: The number of its attempt; 0 where it is about none.
        time: When, in seconds since 1970.
        facts: What else is said, as plain JSON data.
        writer: Who says it.
    """

    event: str
    trial: int
    attempt: int
    time: float
    facts: Mapping[str, Any]
    writer: str = ""


def new_writer() -> str:
    """Return a name for this process as a writer, which no other has or had."""
    host = "".join(c for c in socket.gethostname() if c.isalnum() or c == "-")[:40] or "host"
    return f"{host}-{os.getpid()}-{os.urandom(4).hex()}"


class Journal:
    """
    Appends to the journal of a sweep.

    Args:
        sweep: The folder of the sweep's run.
        writer: The name of the writer, which nobody else has.
    """

    def __init__(self, sweep: Path, writer: str) -> None:
        self.writer = writer
        self._path = sweep / layout.TRIALS_FOLDER / f"{writer}{_SUFFIX}"

    def note(self, event: str, trial: int, attempt: int = 0, **facts: Any) -> None:
        """
        Append what has happened; facts that are None are left out.

        Raises:
            SaveError: The file cannot be written.
        """
        said = {name: json_values.to_json(value) for name, value in facts.items() if value is not None}
        line = {"event": event, "trial": trial, "attempt": attempt, "time": time.time(), **said}
        try:
            self._path.parent.mkdir(exist_ok=True)
            append_line(self._path, json_values.dump_plain(line, indent=None).decode())
        except OSError as problem:
            sweep = self._path.parent.parent.name
            reason = f"takes no line ({problem.strerror or problem}). --resume {sweep} goes on where it is mended."
            raise SaveError(f"journal of sweep {sweep}", reason) from problem


class JournalReader:
    """
    Reads the journal of a sweep: each time what has come since the last time.

    Args:
        sweep: The folder of the sweep's run.
    """

    def __init__(self, sweep: Path) -> None:
        self._folder = sweep / layout.TRIALS_FOLDER
        self._read: dict[str, int] = {}

    def news(self) -> Iterator[Entry]:
        """Yield the entries that were not read yet, those of each writer in their order; damaged lines are left out."""
        try:
            names = [entry.name for entry in os.scandir(self._folder) if entry.name.endswith(_SUFFIX)]
        except FileNotFoundError:
            return
        for name in sorted(names):
            with suppress(FileNotFoundError):  # the store is being moved, or the sweep removed
                yield from self._news_of(name)

    def _news_of(self, name: str) -> Iterator[Entry]:
        path = self._folder / name
        start = self._read.get(name, 0)
        if path.stat().st_size == start:
            return
        for line in whole_lines(path, start):
            start += len(line) + 1
            if (entry := _entry(line, name.removesuffix(_SUFFIX))) is not None:
                yield entry
        self._read[name] = start


def _entry(line: bytes, writer: str) -> Entry | None:
    try:
        data = json.loads(line)
        entry = Entry(data.pop("event"), data.pop("trial"), data.pop("attempt"), data.pop("time"), data, writer)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    return entry if _is_sound(entry) else None


def _is_sound(entry: Entry) -> bool:
    """Return whether what a line says is of the kinds that it always is."""
    numbers, facts = (entry.trial, entry.attempt), entry.facts
    if not all(isinstance(number, int) and 0 <= number < _LARGEST for number in numbers):
        return False
    return is_finite(entry.time) and all(isinstance(facts.get(name), kind) for name, kind in _KINDS.items())
