"""Why trials of a sweep are not running: said of all for which the same holds at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from expframe.record.record import Status
from expframe.store.sweeps.command_lines import resume_line, sweep_line, work_line
from expframe.store.sweeps.plan import Plan
from expframe.store.sweeps.trials import ALL, KEPT, NEW, TAKEN_UP, Trials, TrialState

Range = tuple[int, int]
"""Numbers from the first on, and up to the second."""


class Reason(NamedTuple):
    """
    Trials, and why they are not running.

    Attributes:
        text: Their numbers: `3, 5..11`.
        why: Why, and what helps.
    """

    text: str
    why: str


def reasons(plan: Plan, trials: Trials) -> Iterator[Reason]:
    """Yield why trials are not running that are not done."""
    found: dict[str, list[Range]] = {}
    stopped = trials.stopped()
    running = sum(state.status == Status.RUNNING for state in trials)
    sweep = trials.folder
    turn = f"their turn: {running} running" if running else f"a worker: {work_line(trials.folder)}"
    begun = [state for state in trials if state.attempts]
    for state in begun:
        if state.status not in (*KEPT, Status.RUNNING):
            found.setdefault(_of(state, stopped, plan, sweep), []).append((state.number, state.number + 1))
    for first, end in _gaps([state.number for state in begun], plan.size):
        asked = sorted(int(name) for name in stopped if name.isdecimal() and first <= int(name) < end)
        why = _stopped(plan, sweep, stopped) if {ALL, NEW} & stopped else f"wait for {turn}"
        for low, high in _gaps([number - first for number in asked], end - first):
            found.setdefault(why, []).append((first + low, first + high))
        for number in asked:
            found.setdefault(_stopped(plan, sweep, {str(number)}), []).append((number, number + 1))
    for why, ranges in found.items():
        yield Reason(ranges_text(sorted(ranges)), why)


def _of(state: TrialState, stopped: set[str], plan: Plan, sweep: Path) -> str:
    newest = state.newest
    error = f" ({newest.error})" if newest is not None and newest.error else ""
    if str(state.number) in stopped:
        return _stopped(plan, sweep, {str(state.number)})
    if {ALL, NEW} & stopped and state.status in TAKEN_UP:
        return _stopped(plan, sweep, stopped)
    if state.status in TAKEN_UP:
        return f"{state.status}{error}: taken up when workers start again, {work_line(sweep)}"
    return f"{state.status}{error}: kept as it is, until {sweep_line(sweep, 'retry')}"


def _stopped(plan: Plan, sweep: Path, stopped: set[str]) -> str:
    by = "a signal" if NEW in stopped and ALL not in stopped else "expframe sweep stop"
    return f"stopped by {by}, until {resume_line(plan, sweep)}"


def _gaps(numbers: Sequence[int], size: int | None) -> Iterator[Range]:
    """Yield the ranges of what is not among numbers; where there is no end none is named after the last."""
    low = 0
    for number in sorted(numbers):
        if low < number:
            yield low, number
        low = number + 1
    if size is not None and low < size:
        yield low, size


def ranges_text(ranges: Sequence[Range]) -> str:
    """
    Return ranges of numbers as a text; neighbours are one.

    Example:
        >>> ranges_text([(0, 1), (3, 4), (4, 9)])
        '0, 3..8'
    """
    joined: list[Range] = []
    for low, high in ranges:
        if joined and joined[-1][1] >= low:
            joined[-1] = joined[-1][0], max(high, joined[-1][1])
        else:
            joined.append((low, high))
    return ", ".join(str(low) if high == low + 1 else f"{low}..{high - 1}" for low, high in joined)
