"""A sweep as it goes on: a block that is drawn anew on a terminal, lines in a pipe, or JSON."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from contextlib import suppress
from itertools import takewhile
from typing import Any

from expframe.cli.render import write_out
from expframe.cli.sweeps.lines import line_of
from expframe.cli.sweeps.tables import counts_text
from expframe.cli.table import Cell, Style, one_line, seconds_text, table_lines
from expframe.config import json_values
from expframe.errors import OutputError
from expframe.record.record import Status
from expframe.store.sweeps.configurations import configurations, goal_of, ranked
from expframe.store.sweeps.plan import Plan
from expframe.store.sweeps.trials import Trials

_PAUSE = 0.2
"""Seconds between two drawings, at least."""

_SHARE = 10
"""So many times as long as a drawing takes is the pause after it, where a sweep is large."""

_MOST = 16
"""More trials are not shown."""


def show(text: str, *, end: str = "\n") -> None:
    """Write a line to standard output; where that takes no more, as after a `tee` that has ended, nothing."""
    with suppress(OutputError):
        write_out(text, end=end)


class LinesWatcher:
    """
    Writes a line for each trial that ends.

    Args:
        plan: What the sweep does.
        style: How it is to look.
        as_json: Whether to write what happens as JSON, a line each.
    """

    def __init__(self, plan: Plan, style: Style, *, as_json: bool = False) -> None:
        self._plan = plan
        self._as_json = as_json
        self._style = style
        self._ended: set[Any] | None = None

    def tell(self, event: Mapping[str, Any]) -> None:
        """Write what has happened."""
        if self._as_json:
            show(json_values.dump_plain(dict(event), indent=None).decode())
        elif event.get("event") == "ended":
            self._ended = {*(self._ended or ()), event.get("trial")}
            of = f"/{self._plan.size}" if self._plan.size is not None else ""
            show(f"[{len(self._ended)}{of}] {line_of(event, self._style)}")
        elif event.get("event") != "started" and (line := line_of(event, self._style)):
            show(line)

    def look(self, trials: Trials) -> None:
        """Count what had ended before, and is not done again."""
        if self._ended is None:
            open_ones = trials.open(self._plan.size, time.time(), 0)
            again = {number for number, _ in takewhile(lambda one: trials[one[0]].attempts, open_ones)}
            begun = {state.number for state in trials if state.attempts and state.status != Status.RUNNING}
            self._ended = begun - again

    def end(self) -> None:
        """Do nothing more."""


class LiveWatcher:
    """
    Draws a block at the end of a terminal; what failed stands above it for good.

    Args:
        plan: What the sweep does.
        style: How it is to look.
    """

    def __init__(self, plan: Plan, style: Style) -> None:
        self._plan = plan
        self._style = style
        self._height = 0
        self._drawn = 0.0
        self._pause = _PAUSE
        self._began = time.monotonic()
        self._running: dict[int, tuple[Mapping[str, Any], float]] = {}
        self._trials: Trials | None = None

    def tell(self, event: Mapping[str, Any]) -> None:
        """Take what has happened: a failure is said at once."""
        kind, number = event.get("event"), event.get("trial")
        if kind in ("claimed", "started") and isinstance(number, int):
            self._running[number] = (event, time.monotonic())
        if kind == "ended" and isinstance(number, int):
            self._running.pop(number, None)
        is_bad = kind == "ended" and event.get("status") in (Status.FAILED, Status.DIED, Status.INTERRUPTED)
        if (is_bad or kind in ("said", "worker")) and (line := line_of(event, self._style)):
            self._clear()
            show(line)
            self._draw()

    def look(self, trials: Trials) -> None:
        """Draw how the trials are, a few times a second."""
        self._trials = trials
        if time.monotonic() - self._drawn >= self._pause:
            self._clear()
            self._draw()

    def end(self) -> None:
        """Take the block away: a table follows."""
        self._clear()

    def _clear(self) -> None:
        if self._height:
            show(f"\x1b[{self._height}A\x1b[J", end="")
            self._height = 0

    def _draw(self) -> None:
        if self._trials is None:
            return
        began = time.monotonic()
        lines = self._lines(self._trials)
        show("".join(f"{line}\n" for line in lines), end="")
        self._height, self._drawn = len(lines), time.monotonic()
        self._pause = max(_PAUSE, _SHARE * (self._drawn - began))

    def _lines(self, trials: Trials) -> list[str]:
        passed = seconds_text(time.monotonic() - self._began)
        lines = [f"{counts_text(self._plan, trials)} ({passed})"]
        best = next(iter(ranked(self._plan, configurations(self._plan, trials))), None)
        if best is not None and best.value.mean is not None:
            lines.append(f"best so far: {one_line(best.words)}, {goal_of(self._plan).field} {best.value.mean:.6g}")
        width = self._style.width or 80
        lines = [line[: width - 1] for line in lines]
        now = time.monotonic()
        rows = [
            (number, event.get("run", ""), one_line(str(event.get("words", ""))), Cell(seconds_text(now - since)))
            for number, (event, since) in sorted(self._running.items())[:_MOST]
        ]
        return lines + (table_lines(("trial", "run", "with", "for"), rows, self._style) if rows else [])


def watcher_of(plan: Plan, style: Style, *, as_json: bool) -> LinesWatcher | LiveWatcher:
    """Return what shows a sweep where standard output leads, which has a style."""
    is_live = style.width is not None and os.environ.get("TERM") != "dumb" and not as_json
    return LiveWatcher(plan, style) if is_live else LinesWatcher(plan, style, as_json=as_json)
