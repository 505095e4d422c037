"""`expframe watch`: the runs that are running, in a table that lives."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from expframe.cli.runs import select
from expframe.cli.runs.command import Answer, Asked, command
from expframe.cli.runs.ls import run_cell
from expframe.cli.runs.metrics import weight_of
from expframe.cli.table import Cell, Style, seconds_text, table_lines
from expframe.config import json_values
from expframe.errors import ExpframeError, MissingLibraryError, UsageError
from expframe.record.metrics import TIMES
from expframe.record.record import Status, now
from expframe.store.reader import StoredRun

USAGE = f"""\
Show the runs that are running, again and again; with ids, those until they have ended. Ctrl-C ends it.

Usage:
  expframe watch [options] [ID...]

Options:
  -i SECONDS --interval=SECONDS   How long to wait between two looks [default: 2].
  -s W --smooth=W                 Show latest values smoothed, by the distance of steps: 0.6 a little, 0.99 strongly
                                  [default: 0].
  --once                          Look once.

{select.HELP}"""

_MOST = 5
"""More metrics than this are not shown."""


_Smoothed = Callable[[str, Sequence[str]], Mapping[str, float | None]]


class _Look(NamedTuple):
    """How one run was when it was looked at."""

    id: str
    name: str
    command: str
    status: str
    seconds: float | None
    points: int
    latest: Mapping[str, float | None]


@command(USAGE)
def main(asked: Asked) -> Answer:
    """Watch runs."""
    interval = _seconds(asked["--interval"])
    weight = weight_of(asked["--smooth"])
    smoothed = _smoothed(asked.runs.store, weight) if weight else None
    looks = _looks(asked, select.select(asked.runs, asked["ID"]), interval, smoothed)
    data = ({"time": now().isoformat(), "runs": [_plain(look) for look in found]} for found in looks)
    return Answer(data, lambda style: _pages(looks, style), is_live=True)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0.0 < seconds < 86_400.0:
        raise UsageError(f"--interval={text}", "takes seconds, such as 0.5.")
    return seconds


def _smoothed(store: Path, weight: float) -> _Smoothed:
    """
    Return what smooths the latest values of a run as the page does; of what was read before only what is new is read.

    Raises:
        MissingLibraryError: numpy is not installed.
    """
    try:
        import numpy

        from expframe.page.smoothing import smooth, unit_of
        from expframe.store.search.curve_cache import CurveCache
    except ImportError:
        raise MissingLibraryError("smoothing", "numpy", "ui") from None
    cache = CurveCache(store)

    def latest(id: str, names: Sequence[str]) -> dict[str, float | None]:
        found = {}
        for name, column in cache.read(id, names).columns.items():
            steps = column.steps
            values = smooth(steps, column.values, weight, unit_of([steps]))
            finite = values[numpy.isfinite(values)]
            found[name] = float(finite[-1]) if len(finite) else None
        return found

    return latest


def _looks(asked: Asked, chosen: list[StoredRun], interval: float, smoothed: _Smoothed | None) -> Iterator[list[_Look]]:
    """Yield how runs are; one that was running at an earlier look is shown when it has ended, too."""
    shown = {run.id: run for run in chosen}
    while True:
        if not asked["ID"]:
            running = asked.runs.where("status == 'RUNNING'")
            shown = {**shown, **{run.id: run for run in sorted(running, key=_age)}}
        found = [look for run in shown.values() if (look := _look(run, smoothed)) is not None]
        yield found
        if asked["--once"] or (asked["ID"] and all(look.status != Status.RUNNING for look in found)):
            return
        time.sleep(interval)


def _age(run: StoredRun) -> tuple[int, str]:
    return (int(run.id), "") if run.id.isdecimal() else (0, run.id)


def _look(run: StoredRun, smoothed: _Smoothed | None = None) -> _Look | None:
    """Return how a run is; None where it has gone, or cannot be read."""
    try:
        record, summaries = run.record, run.summaries
        names = [name for name in summaries if not name.startswith(TIMES)]
        latest = smoothed(run.id, names) if smoothed else {name: summaries[name].last for name in names}
    except (ExpframeError, OSError):
        return None
    points = sum(summary.count for summary in summaries.values())
    return _Look(run.id, record.name, record.command, record.status, record.elapsed, points, latest)


def _plain(look: _Look) -> dict[str, Any]:
    return {**look._asdict(), "latest": json_values.to_json(dict(look.latest))}


def _pages(looks: Iterator[list[_Look]], style: Style) -> Iterator[str]:
    """Yield tables that say something new, on a terminal each in the place of the one before."""
    is_redrawn = style.width is not None and os.environ.get("TERM") != "dumb"
    before: list[str] = []
    for found in looks:
        lines = _lines(found, style)
        if lines == before:
            continue
        if before:
            yield f"\x1b[{len(before)}A\x1b[J" if is_redrawn else "\n"
        before = lines
        yield "".join(f"{line}\n" for line in lines)


def _lines(found: list[_Look], style: Style) -> list[str]:
    if not found:
        return ["Nothing is running."]
    titles = ("id", "name", "command", "status", "for", "points", "latest")
    rows = [
        (
            look.id,
            look.name,
            look.command,
            run_cell("status", look.status),
            Cell(seconds_text(look.seconds), is_right=True),
            look.points,
            ", ".join(f"{name}={value:.4g}" for name, value in list(look.latest.items())[:_MOST] if value is not None),
        )
        for look in found
    ]
    return table_lines(titles, rows, style)
