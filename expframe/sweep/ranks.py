"""One of the processes that a launcher starts for a trial: the first keeps the run, the others take part in it."""

from __future__ import annotations

import os
import time
import traceback
from collections.abc import Mapping
from typing import Any

from expframe.errors import WorkError
from expframe.process.ranks import rank_of
from expframe.store.sweeps.journal import Journal, new_writer
from expframe.store.sweeps.plan import Trial
from expframe.store.sweeps.trials import Trials
from expframe.sweep import forks
from expframe.sweep.script import Prepare
from expframe.sweep.settings import RankAsked
from expframe.sweep.sink import TrialObserver
from expframe.sweep.sweep_run import SweepRun
from expframe.sweep.trial import TrialWork, line_of

_SECONDS = 60.0
"""So long it may take until another machine sees what was proposed for a trial."""


class _RankObserver(TrialObserver):
    """Notes the run where the owner of the claim finds it, who writes the journal and says when it is to stop."""

    def note_start(self, run: str) -> None:
        """Note which run does the attempt."""
        self.claims.note_run(self.number, self.attempt, run)

    def note_end(self, status: str, run: str, **facts: Any) -> None:
        """Note how the attempt ended."""
        self.claims.note_end(self.number, self.attempt, {"status": status, "run": run or None, **facts})

    def is_to_stop(self) -> bool:
        """Leave it to the owner of the claim, who tells all processes."""
        return False


def do_rank(sweep: SweepRun, asked: RankAsked, experiment: Any, prepare: Prepare, *, yields: bool) -> int:
    """
    Take part in a trial, and return the exit code: other than 0 where its work was broken off.

    Args:
        sweep: The sweep.
        asked: Which trial.
        experiment: Whose run it is.
        prepare: Makes it.
        yields: Whether others may go on at once with a trial that is interrupted.

    Raises:
        WorkError: Another process of the launcher says that it is the first, too.
    """
    rank = rank_of(os.environ)
    trials, journal = Trials(sweep.folder), Journal(sweep.folder, new_writer())
    trial = _trial_of(sweep, trials, asked.trial)
    observer = None
    if rank is None or rank.number == 0:
        if not trials.claims.take_rank(asked.trial, asked.attempt):
            raise WorkError(
                f"trial {asked.trial}",
                "has a first process already. Its launcher starts several that cannot be told from each other (those "
                "of torchrun, Open MPI and srun can), or starts one again (--retry of the sweep does so).",
            )
        words = ""
        forks.be_silent()
        observer = _RankObserver(
            sweep.folder, trials.claims, journal, asked.trial, asked.attempt, words, sweep.fields, _tell_nobody,
            yields=yields,
        )  # fmt: skip
    work = TrialWork(sweep, trials, journal, _tell_nobody, time.time())
    problem = work.do_run(trial, asked.attempt, asked.run, observer, experiment, prepare)
    if problem is None:
        return 0
    if rank is not None and rank.number and isinstance(problem, Exception):
        traceback.print_exception(problem)
        trials.claims.note_failure(asked.trial, asked.attempt, rank.number, line_of(problem))
    return 1


def _trial_of(sweep: SweepRun, trials: Trials, number: int) -> Trial:
    """Return a trial that the owner of its claim has proposed."""
    trials.refresh(judge=False)
    if sweep.plan.is_function:
        return sweep.plan.trial(number)
    until = time.monotonic() + _SECONDS
    while trials[number].proposed is None and time.monotonic() < until:
        time.sleep(0.1)
        trials.refresh(judge=False)
    return sweep.plan.trial(number, tuple(trials[number].proposed or ()))


def _tell_nobody(_event: Mapping[str, Any]) -> None:
    """Nobody watches: the owner of the claim tells."""
