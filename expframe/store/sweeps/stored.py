"""A sweep read back from the folder of its run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from expframe.config import dotted
from expframe.config.conversion import literal
from expframe.errors import ValueFormatError
from expframe.record.dataframes import column_of, frame_of
from expframe.store import rows
from expframe.store.sweeps.configurations import Configuration, best_of, configurations, goal_of, ranked
from expframe.store.sweeps.importance import Importance, importance_of
from expframe.store.sweeps.plan import Plan
from expframe.store.sweeps.plan_file import read
from expframe.store.sweeps.trials import Trials, TrialState


@dataclass(frozen=True)
class StoredSweep:
    """
    A sweep as its files say, read anew whenever it is asked.

    Attributes:
        folder: The folder of its run.
    """

    folder: Path

    @property
    def plan(self) -> Plan:
        """What it does."""
        return read(self.folder)

    @property
    def trials(self) -> list[TrialState]:
        """The trials that have begun, in the order of their numbers."""
        return list(self._read())

    @property
    def counts(self) -> Mapping[str, int]:
        """How many trials there are of each status; those that wait only where an end is known."""
        return self._read().counts(self.plan.size)

    def groups(self) -> list[Configuration]:
        """Return the configurations, trials that differ in the replicate alone, the best first."""
        trials = self._read()
        plan = self.plan  # after the trials: it may have just become wider
        return ranked(plan, configurations(plan, trials))

    def best(self) -> Configuration | None:
        """Return the best configuration; None where no trial has a value yet."""
        trials = self._read()
        plan = self.plan
        return next(iter(best_of(plan, ranked(plan, configurations(plan, trials)))), None)

    def importance(self) -> Importance | None:
        """Return how much each axis says of what came of it; None where too few configurations have a value."""
        trials = self._read()
        plan = self.plan
        return importance_of(plan, configurations(plan, trials))

    def frame(self, library: str | None = None) -> Any:
        """
        Return a frame of pandas or polars with a row for each trial that has begun.

        Its columns are trial, configuration, replicate, attempt, status, run, excluded, each entry that the sweep
        changes, as the run has it, its named configs as `with`, and each field that it is about.

        Args:
            library: `pandas` or `polars`; by default the one that is imported already, else the first installed.

        Raises:
            MissingLibraryError: It, or each of them, is not installed.
        """
        trials = self._read()
        plan = self.plan
        found = [_row(plan, state, self.folder.parent) for state in trials]
        names = list(dict.fromkeys(name for row in found for name in row))
        return frame_of({name: column_of([row.get(name) for row in found]) for name in names}, library)

    def _read(self) -> Trials:
        trials = Trials(self.folder)
        trials.refresh()
        return trials

    def __repr__(self) -> str:
        try:
            counts = ", ".join(f"{count} {status}" for status, count in self.counts.items())
        except (ValueFormatError, OSError):
            return f"<sweep {self.folder.name} whose plan cannot be read>"
        return f"<sweep {self.folder.name}: {counts or 'no trials'}, by {goal_of(self.plan).field}>"


def _changed(plan: Plan, state: TrialState, store: Path) -> dict[str, Any]:
    """Return the value of each entry that a sweep changes in a trial, as its run has it, and its named configs."""
    if not plan.is_function and state.proposed is None:
        return {}
    trial = plan.trial(state.number, None if state.proposed is None else tuple(state.proposed))
    row = rows.read(store / state.run, {"config"}) if state.run else None
    config = {} if row is None else row.config or {}
    named = trial.named[len(plan.named) :]
    found: dict[str, Any] = {"with": " ".join(named)} if named else {}
    for one in trial.overrides[len(plan.overrides) :]:
        value = dotted.get(config, one.path)
        if not isinstance(value, bool | int | float | str | None):  # without a run, or of several values
            value = literal(one.value) if one.is_text else one.value
        found[dotted.join(one.path)] = value
    return found


def _row(plan: Plan, state: TrialState, store: Path) -> dict[str, Any]:
    place = plan.place(state.number)
    newest = state.newest
    row: dict[str, Any] = {"trial": state.number, "configuration": place.configuration, "replicate": place.replicate}
    row |= {"attempt": state.attempt, "status": state.status, "run": state.run or None}
    row["excluded"] = state.is_excluded
    values = newest.values if newest is not None else {}
    return row | _changed(plan, state, store) | {name: value for name, value in values.items() if name not in row}
