"""How a sweep went: its best so far, who did its trials, and how long it takes yet."""

import time
from pathlib import Path

from pytest import approx

from expframe.store.sweeps.axes import Range
from expframe.store.sweeps.claims import Claims
from expframe.store.sweeps.history import history, seconds_left, workers_of
from expframe.store.sweeps.journal import Journal
from expframe.store.sweeps.plan import Goal, Plan
from expframe.store.sweeps.trials import Trials

PLAN = Plan(axes=(Range("lr", 0, 5),), goals=(Goal("result", "min"),))


def sweep_of(folder: Path) -> Trials:
    """Return six trials: two that took 100 s and ended, one that this process has just begun, three that wait."""
    journal = Journal(folder, "gpu3-4711-0123abcd")
    for number, value in ((0, 3.0), (1, 4.0)):
        journal.note("started", number, 1)
        journal.note("ended", number, 1, status="COMPLETED", values={"result": value}, seconds=100.0)
    claims = Claims(folder)
    assert claims.take(2, 1, "gpu3-4712-0123abcd")
    trials = Trials(folder)
    trials.refresh()
    return trials


def test_what_waits_takes_as_long_as_what_has_ended(tmp_path: Path) -> None:
    """The time left is that of the trials which wait and run, as long as those before, as many at a time as now."""
    trials = sweep_of(tmp_path)

    assert approx(400, abs=20) == seconds_left(PLAN, trials)


def test_nothing_is_said_of_the_time_where_nothing_runs(tmp_path: Path) -> None:
    """A sweep that nobody works on has no time left to be told."""
    trials = Trials(tmp_path)
    trials.refresh()

    assert None is seconds_left(PLAN, trials)


def test_the_best_is_by_the_goal(tmp_path: Path) -> None:
    """The best of all values by then is the least where the least is sought."""
    found = history(PLAN, sweep_of(tmp_path))

    assert [(0, 3.0, 3.0), (1, 4.0, 3.0)] == [(one.trial, one.value, one.best) for one in found]


def test_workers_at_work_stand_first(tmp_path: Path) -> None:
    """Each worker has how many trials it has done and the one that it does; who is at work stands first."""
    began = time.time()
    first, second = workers_of(sweep_of(tmp_path))

    assert ("gpu3", 4712, 0) == (first.host, first.pid, first.done)
    assert first.running is not None
    assert 2 == first.running.number
    assert (4711, 2, None) == (second.pid, second.done, second.running)
    assert abs(second.seen - began) < 60
