"""What commands about sweeps say of its trials, as tables."""

from __future__ import annotations

from typing import Any

from expframe.cli.runs.ls import run_cell
from expframe.cli.table import Cell, Style, one_line, table_lines
from expframe.record.record import Status
from expframe.store.sweeps.configurations import goal_of, words_of
from expframe.store.sweeps.facts import trial_data
from expframe.store.sweeps.trials import Trials
from expframe.sweep.sweep_run import SweepRun


def trial_lines(sweep: SweepRun, trials: Trials, style: Style) -> list[str]:
    """Return a table of the trials that have begun."""
    field = goal_of(sweep.plan).field
    rows = []
    for state in trials:
        value = state.newest.values.get(field) if state.newest is not None else None
        words = Cell(one_line(words_of(sweep.plan, state, replicate=True)))
        status = Cell(f"{state.status}, excluded", "dim") if state.is_excluded else run_cell("status", state.status)
        rows.append((state.number, state.run, state.attempt, status, words, value))
    return table_lines(("trial", "run", "attempt", "status", "with", field), rows, style)


def running_data(sweep: SweepRun, trials: Trials) -> list[dict[str, Any]]:
    """Return the trials that are running, as JSON data."""
    return [trial_data(sweep.plan, state) for state in trials if state.status == Status.RUNNING]


def running_lines(sweep: SweepRun, trials: Trials, style: Style) -> list[str]:
    """Return a table of the trials that are running."""
    rows = [(one["trial"], one["run"], one_line(one["words"])) for one in running_data(sweep, trials)]
    return table_lines(("trial", "run", "with"), rows, style) if rows else []
