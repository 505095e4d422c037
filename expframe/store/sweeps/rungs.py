"""Values of trials at rungs, by which their pruning is decided: lines of CSV, appended to a file for each writer."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from expframe.disk import layout
from expframe.disk.files import append_line, whole_lines


class Rung(NamedTuple):
    """
    What a trial had come to at a step.

    Attributes:
        trial: Its number.
        attempt: The number of its attempt.
        step: The step of the rung; the trial had logged it, or a later one.
        value: What was sought, by then.
    """

    trial: int
    attempt: int
    step: int
    value: float


class Rungs:
    """
    The rungs of a sweep's trials: what this process adds, and what has come from all.

    Args:
        sweep: The folder of the sweep's run.
        writer: The name of this process as a writer, which nobody else has.
    """

    def __init__(self, sweep: Path, writer: str) -> None:
        self._folder = sweep / layout.RUNGS_FOLDER
        self._path = self._folder / f"{writer}.csv"
        self._read: dict[str, int] = {}
        self._known: dict[int, dict[int, Rung]] = {}

    def add(self, rung: Rung) -> None:
        """
        Append what a trial has come to.

        Raises:
            OSError: The file cannot be written.
        """
        self._folder.mkdir(exist_ok=True)
        append_line(self._path, f"{rung.trial},{rung.attempt},{rung.step},{rung.value!r}")

    def at(self, step: int) -> dict[int, float]:
        """Return what each trial that has come to a rung had come to there, by its number; of attempts the newest."""
        for rung in self._news():
            known = self._known.setdefault(rung.step, {})
            if rung.trial not in known or known[rung.trial].attempt <= rung.attempt:
                known[rung.trial] = rung
        return {trial: rung.value for trial, rung in self._known.get(step, {}).items()}

    def _news(self) -> Iterator[Rung]:
        try:
            names = sorted(name for name in os.listdir(self._folder) if name.endswith(".csv"))
        except FileNotFoundError:
            return
        for name in names:
            path, start = self._folder / name, self._read.get(name, 0)
            if path.stat().st_size > start:
                for line in whole_lines(path, start):
                    start += len(line) + 1
                    if (rung := _rung(line)) is not None:
                        yield rung
                self._read[name] = start


def _rung(line: bytes) -> Rung | None:
    """Return what a line says; None for a damaged one."""
    try:
        trial, attempt, step, value = line.decode().split(",")
        return Rung(int(trial), int(attempt), int(step), float(value))
    except ValueError:
        return None
