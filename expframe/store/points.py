"""The points of a run's metrics, and what they come to, out of its folder."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from operator import itemgetter
from pathlib import Path
from typing import Any

from expframe.config import values as json_values
from expframe.metrics import Curves, read_files, summarize
from expframe.store import layout
from expframe.summaries import Summary, load

STATISTICS = ("count", "first", "last", "min", "max", "mean")
"""What runs are found by, of each metric."""

_DAMAGED = (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError)
_STATISTICS = itemgetter(*STATISTICS)


def curves_of(folder: Path, owner: str) -> Curves:
    """Return the points of a run by metric; `owner` is what the run is called in messages."""
    return read_files(layout.metric_files(folder), owner)


def summaries_of(folder: Path) -> dict[str, Summary]:
    """
    Return what the points of a run come to, by metric.

    What the run noted of that is taken as far as it goes; only points after it are read.
    """
    try:
        summaries, covered = load((folder / layout.SUMMARY).read_bytes())
    except _DAMAGED:
        summaries, covered = {}, {}
    sizes = _sizes_of(folder)
    if any(size > sizes.get(name, 0) for name, size in covered.items()):  # points were taken away since
        summaries, covered = {}, {}
    for name, size in sizes.items():
        start = covered.get(name, 0)
        if size > start:
            summarize(folder / name, start, summaries)
    return summaries


def statistics_of(folder: Path) -> dict[str, tuple[float | None, ...]]:
    """
    Return the `STATISTICS` of a run's points, by metric.

    Raises:
        OSError: The folder cannot be listed.
    """
    try:
        data = json.loads((folder / layout.SUMMARY).read_bytes())
        if data["covered"] == _sizes_of(folder):
            return {name: _of_json(item) for name, item in data["metrics"].items()}
    except _DAMAGED:
        pass
    return {
        name: tuple(getattr(summary, statistic) for statistic in STATISTICS)
        for name, summary in summaries_of(folder).items()
    }


def _of_json(item: Mapping[str, Any]) -> tuple[float | None, ...]:
    found: tuple[Any, ...] = _STATISTICS(item)
    if any(type(value) is dict for value in found):  # an infinite one
        return tuple(map(json_values.from_json, found))
    return found


def _sizes_of(folder: Path) -> dict[str, int]:
    """Return the size of each metric file that is there."""
    sizes = {}
    for path in layout.metric_files(folder):
        try:
            sizes[path.name] = os.stat(path).st_size  # noqa: PTH116  many files
        except FileNotFoundError:
            continue
    return sizes
