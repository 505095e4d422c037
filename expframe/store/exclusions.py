"""Trials of sweeps that somebody has left out of statistics: an empty file for each, in the sweep's folder."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from expframe.disk import layout
from expframe.store import ids
from expframe.store.rows import Row


def of(sweep: Path) -> frozenset[int]:
    """Return the numbers of the trials of a sweep that are excluded."""
    try:
        names = os.listdir(f"{sweep}/{layout.EXCLUDED_FOLDER}")  # names are all we need
    except OSError:
        return frozenset()
    return frozenset(int(name) for name in names if name.isdecimal())


def exclude(sweep: Path, trial: int) -> None:
    """
    Let a trial of a sweep count in no statistics.

    Raises:
        StoreUnusableError: The sweep's folder cannot be written.
    """
    folder = sweep / layout.EXCLUDED_FOLDER
    with ids.writing(sweep.parent, f"Trial {trial} counts as before."):
        folder.mkdir(exist_ok=True)
        (folder / str(trial)).touch()


def include(sweep: Path, trial: int) -> None:
    """
    Let a trial of a sweep count again.

    Raises:
        StoreUnusableError: The sweep's folder cannot be written.
    """
    with ids.writing(sweep.parent, f"Trial {trial} counts as before."):
        (sweep / layout.EXCLUDED_FOLDER / str(trial)).unlink(missing_ok=True)


def marked(store: Path, found: Iterable[Row]) -> Iterator[Row]:
    """Yield rows of runs; what a run says of its sweep is joined by whether it is excluded there."""
    known: dict[str, frozenset[int]] = {}
    for row in found:
        record = row.record or {}
        facts = record.get("sweep")
        if not facts:
            yield row
            continue
        if not isinstance(facts, Mapping):  # a record that somebody has changed
            yield row._replace(record={**record, "sweep": {}})
            continue
        parent = str(record.get("parent_id"))
        if parent not in known:
            known[parent] = of(store / parent) if ids.is_name(parent) else frozenset()
        trial = facts.get("trial")
        is_excluded = isinstance(trial, int) and trial in known[parent]
        yield row._replace(record={**record, "sweep": {**facts, "excluded": is_excluded}})
