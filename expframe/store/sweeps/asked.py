"""What people ask of a sweep that goes on: that trials stop, or are done again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from expframe.record.record import Status
from expframe.store import ids
from expframe.store.sweeps.trials import KEPT, Trials, ask_again, ask_stop


def stop_trials(sweep: Path, numbers: Sequence[int]) -> int:
    """
    Ask that trials stop, all of them where none are named; return how many of them are running.

    Raises:
        StoreUnusableError: The sweep's folder cannot be written.
    """
    trials = _read(sweep)
    for number in numbers:
        with ids.writing(sweep.parent, f"Trial {number} was not asked to stop."):
            ask_stop(sweep, number)
    if not numbers:
        with ids.writing(sweep.parent, "No trial was asked to stop."):
            ask_stop(sweep)
    return sum(state.status == Status.RUNNING for state in trials if not numbers or state.number in numbers)


def retry_trials(sweep: Path, numbers: Sequence[int]) -> list[int]:
    """
    Ask that trials are done again, those that failed where none are named; return the numbers of those that are.

    Raises:
        StoreUnusableError: The sweep's folder cannot be written.
    """
    good = (*KEPT, Status.INTERRUPTED)
    over = [state for state in _read(sweep) if state.attempts and state.status != Status.RUNNING]
    chosen = [state for state in over if (state.number in numbers if numbers else state.status not in good)]
    for state in chosen:
        with ids.writing(sweep.parent, f"Trial {state.number} is not done again."):
            ask_again(sweep, state)
    return [state.number for state in chosen]


def _read(sweep: Path) -> Trials:
    trials = Trials(sweep)
    trials.refresh()
    return trials
