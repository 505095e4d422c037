"""Runs in folders of other formats: who reads a folder that is not ours."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from expframe.disk import layout
from expframe.store import ids

GROUP = "expframe.formats"
"""The entry points by which packages name their Format."""

_MARK = b'"format"'


class Format(Protocol):
    """How the folders of another tool are read. Reading never executes code and never writes into a run."""

    def is_run(self, folder: Path) -> bool:
        """Return whether a folder is a run of this format; asked only of folders that are no runs of ours."""

    def open(self, folder: Path) -> Any:
        """Return the StoredRun, or one of a subclass, that reads a folder."""


@cache
def formats() -> tuple[Format, ...]:
    """Return the formats of all installed packages, in the order of their names."""
    from importlib.metadata import entry_points

    return tuple(point.load() for point in sorted(entry_points(group=GROUP), key=lambda point: point.name))


def format_of(folder: Path) -> Format | None:
    """Return the format that reads a folder; None for a run of ours, and for what nobody reads."""
    if not folder.is_dir() or _is_ours(folder):
        return None
    return next((found for found in formats() if found.is_run(folder)), None)


def is_run(folder: Path) -> bool:
    """Return whether a folder holds a run, whoever has written it."""
    return layout.is_run(folder) or format_of(folder) is not None


def run_ids(store: Path) -> list[str]:
    """Return the ids of the runs in a folder, whoever has written them, in no order."""
    found = ids.run_ids(store)
    try:
        others = set(os.listdir(store)).difference(found)  # names are all we need
    except FileNotFoundError:
        return found
    return found + [name for name in others if ids.is_name(name) and format_of(store / name) is not None]


def _is_ours(folder: Path) -> bool:
    """Return whether a folder's record is of our format, which its first entry says."""
    try:
        with open(folder / layout.RECORD, "rb") as file:  # once for each run that is listed
            return _MARK in file.read(32)
    except OSError:
        return False
