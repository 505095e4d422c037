"""How a sweep went: what its trials came to in the order of their ends, who did them, and how long it takes yet."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from typing import NamedTuple

from expframe.config.numbers import is_finite
from expframe.record.record import Status
from expframe.store.sweeps.configurations import goal_of
from expframe.store.sweeps.plan import Plan
from expframe.store.sweeps.trials import KEPT, WAITING, Trials, TrialState


class Moment(NamedTuple):
    """
    The end of a trial that was completed and counts.

    Attributes:
        time: When, in seconds since 1970.
        trial: Its number.
        run: The id of its run.
        value: What it came to.
        best: The best of all values by then.
    """

    time: float
    trial: int
    run: str
    value: float
    best: float


class SweepWorker(NamedTuple):
    """
    A process that does, or did, trials of a sweep.

    Attributes:
        name: What the journal calls it.
        host: The machine that it is on.
        pid: Its process there.
        done: How many attempts it has done.
        running: The trial that it does; None where it is idle, or gone.
        seen: When it last began or ended a trial, in seconds since 1970.
    """

    name: str
    host: str
    pid: int | None
    done: int
    running: TrialState | None
    seen: float


def history(plan: Plan, trials: Trials) -> list[Moment]:
    """Return the ends of the trials that were completed and count, in their order, with the best value by then."""
    goal = goal_of(plan)
    better = min if goal.direction == "min" else max
    ends = []
    for state in trials:
        found = state.counted
        value = found.values.get(goal.field) if found is not None and found.status == Status.COMPLETED else None
        if found is not None and found.ended is not None and is_finite(value):
            ends.append((found.ended, state.number, state.run, float(value)))
    moments: list[Moment] = []
    for end in sorted(ends):
        moments.append(Moment(*end, better(end[-1], moments[-1].best) if moments else end[-1]))
    return moments


def workers_of(trials: Trials) -> list[SweepWorker]:
    """Return who does trials and who did, those that do one first, then by when they were last heard of."""
    found: dict[str, SweepWorker] = {}
    for state, number in _attempts(trials):
        attempt = state.attempts[number]
        is_running = attempt.status == Status.RUNNING
        name = attempt.writer
        if not name:
            held = trials.claims.of(state.number, number)
            name = held.writer if held is not None else ""
        if name:
            known = found.get(name) or SweepWorker(name, *_place(name), 0, None, 0.0)
            found[name] = known._replace(
                done=known.done + (not is_running),
                running=state if is_running else known.running,
                seen=max(known.seen, attempt.ended or attempt.started or 0.0),
            )
    return sorted(found.values(), key=lambda worker: (worker.running is None, -worker.seen))


def seconds_left(plan: Plan, trials: Trials) -> float | None:
    """
    Return in about how many seconds all trials will have ended, if as many run at a time as do now.

    Trials take as long as those that came to a good end did on average.

    Returns:
        None where nothing runs, no trial has come to a good end yet, or the sweep has no end.
    """
    running = [state.newest for state in trials if state.status == Status.RUNNING]
    ended = [state.newest for state in trials if state.status in KEPT]
    taken = [seconds for found in ended if found is not None and (seconds := float(found.facts.get("seconds") or 0))]
    if not running or not taken or plan.size is None:
        return None
    each, now = math.fsum(taken) / len(taken), time.time()
    begun = math.fsum(max(each - (now - (found.started or now)), 0.0) for found in running if found is not None)
    return (begun + each * trials.counts(plan.size).get(WAITING, 0)) / len(running)


def _attempts(trials: Trials) -> Iterator[tuple[TrialState, int]]:
    return ((state, number) for state in trials for number in state.attempts)


def _place(name: str) -> tuple[str, int | None]:
    """Return the machine and the process that a writer is called after."""
    host, _, rest = name.rpartition("-")
    host, _, pid = host.rpartition("-")
    return (host, int(pid)) if rest and pid.isdecimal() else (name, None)
