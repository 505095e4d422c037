"""One trial, done in this process: claimed, decided, run, and written down."""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from expframe.config.dotted import join
from expframe.config.options import Options
from expframe.config.request import Override, Request, TrialOf
from expframe.process.seeds import child_seed
from expframe.record.record import Status
from expframe.run.children import digest_of
from expframe.saving.checkpoints import last_of
from expframe.store.search.goals import numbers_of
from expframe.store.sweeps.journal import Journal
from expframe.store.sweeps.plan import GRID, Plan, Trial
from expframe.store.sweeps.trials import SKIPPED, TAKEN_UP, Trials, TrialState
from expframe.sweep.pruning import Pruner
from expframe.sweep.replicates import is_cut
from expframe.sweep.script import Prepare
from expframe.sweep.search.proposals import Proposals
from expframe.sweep.sink import Tell, TrialObserver, end_of
from expframe.sweep.skips import is_skipped
from expframe.sweep.stash import placed_words
from expframe.sweep.sweep_run import SweepRun


class TrialWork:
    """
    Does trials of one sweep in this process, one after the other.

    Args:
        sweep: The sweep.
        trials: What is known of its trials.
        journal: Where it is noted.
        tell: Takes what happens.
        since: When workers were started again.
        yields: Whether others may go on at once with a trial that is interrupted.
    """

    def __init__(
        self, sweep: SweepRun, trials: Trials, journal: Journal, tell: Tell, since: float, *, yields: bool = False
    ) -> None:
        self._sweep = sweep
        self._trials = trials
        self._journal = journal
        self._tell = tell
        self._since = since
        self._yields = yields
        self._proposals = None if sweep.plan.is_function else Proposals(sweep.folder, sweep.plan)

    def do_next(self, experiment: Any, prepare: Prepare) -> bool:
        """Claim the next trial and do it; return whether there was one."""
        found = self.claim()
        if found is None:
            return False
        number, attempt = found
        self._do(number, attempt, experiment, prepare)
        return True

    def claim(self) -> tuple[int, int] | None:
        """Return the trial and attempt that are this process's to do now; None where nothing is left."""
        plan, trials = self._sweep.plan, self._trials
        for look_again in (False, True):
            if look_again:
                trials.refresh()
            for number, attempt in trials.open(plan.size, self._since, plan.retry):
                if trials.claims.take(number, attempt, self._journal.writer):
                    trials.claims.hold(number, attempt)
                    return number, attempt
        trials.claims.tidy()
        return None

    def trial(self, number: int) -> Trial:
        """Return a trial that was claimed: as its number says, or what the search proposes for it."""
        proposals = self._proposals
        point = None if proposals is None else proposals.point(number, self._trials, self._journal)
        return self._sweep.plan.trial(number, point)

    def propose(self, number: int, attempt: int) -> Trial | None:
        """Return a trial that was claimed; where it cannot be proposed that is its end, and None is returned."""
        began = time.monotonic()
        try:
            return self.trial(number)
        except Exception as problem:
            facts = {"error": line_of(problem), "seconds": round(time.monotonic() - began, 4)}
            self._journal.note("ended", number, attempt, status=Status.FAILED, **facts)
            self._tell({"event": "ended", "trial": number, "attempt": attempt, "status": Status.FAILED, **facts})
            return None

    def observe(self, trial: Trial, attempt: int) -> TrialObserver:
        """Tell that a trial was claimed, and return what notes its run."""
        observer = TrialObserver(
            self._sweep.folder,
            self._trials.claims,
            self._journal,
            trial.number,
            attempt,
            words_of(self._sweep.plan, trial),
            self._sweep.fields,
            self._tell,
            yields=self._yields,
        )
        self._tell({"event": "claimed", **observer.place})
        return observer

    def look_before(self, observer: TrialObserver) -> tuple[bool, str | None]:
        """Return whether a trial is to be run at all, which is noted where not, and the run that it goes on with."""
        try:
            if is_cut(self._sweep.plan, self._trials, observer.number):
                observer.note_end(Status.PRUNED, "", seconds=0.0, cut=True)
                return False, None
            return True, _taken_up(self._trials[observer.number], self._sweep.folder.parent)
        except Exception as problem:
            observer.note_end(Status.FAILED, "", error=line_of(problem), seconds=0.0)
            return False, None

    def _do(self, number: int, attempt: int, experiment: Any, prepare: Prepare) -> None:
        trial = self.propose(number, attempt)
        if trial is None:
            return
        observer = self.observe(trial, attempt)
        try:
            is_to_run, resumed = self.look_before(observer)
            if is_to_run:
                self.do_run(trial, attempt, resumed, observer, experiment, prepare)
        finally:
            self._trials.claims.let_go(number, attempt)

    def do_run(
        self,
        trial: Trial,
        attempt: int,
        resumed: str | None,
        observer: TrialObserver | None,
        experiment: Any,
        prepare: Prepare,
    ) -> BaseException | None:
        """
        Do the run of an attempt, and return what has broken it off; None for nothing.

        Args:
            trial: The trial.
            attempt: The number of its attempt.
            resumed: The run that goes on; None for a new one.
            observer: What notes it; None where another process does.
            experiment: Whose run it is.
            prepare: Makes it.
        """
        plan, store = self._sweep.plan, self._sweep.folder.parent
        run: Any = None
        began = time.monotonic()
        observers = [] if observer is None else [observer]
        try:
            experiment.observers.extend(observers)
            stash = self._sweep.stash
            script = plan.start.script if stash is None else str(stash.script)
            sys.argv = [script, *_argv(plan, trial)]
            run = prepare(self._request(trial, attempt, resumed))
            if is_skipped(plan, run.config):
                if observer is not None:
                    observer.note_end(SKIPPED, "")
                return None
            if plan.prune and observer is not None:
                writer = self._journal.writer
                folder = None if resumed is None else store / resumed
                observer.pruner = Pruner(self._sweep.folder, plan, trial, attempt, writer, run.config.values, folder)
            found = run.do()
            if found is not run and observer is not None:  # a completed run made it needless
                values = numbers_of(found.folder, self._sweep.fields)
                observer.note_end(Status.COMPLETED, found.id, values=values, seconds=0.0, taken=True)
        except BaseException as problem:
            if observer is not None and (run is None or not run.has_started):
                seconds = round(time.monotonic() - began, 4)
                observer.note_end(Status.FAILED, "", error=line_of(problem), seconds=seconds)
            return problem
        finally:
            for one in observers:
                experiment.observers.remove(one)
        return None

    def _request(self, trial: Trial, attempt: int, resumed: str | None) -> Request:
        """Return what is asked of the trial's run; of several processes of one run, the others find it begun."""
        sweep, plan = self._sweep, self._sweep.plan
        options = Options.from_mapping(plan.options)._replace(
            file_storage=str(sweep.folder.parent), needed=plan.needed, any_code=False
        )
        is_of_several = bool(plan.launch)
        options = options._replace(resume_or_start=resumed) if is_of_several else options._replace(resume=resumed)
        asked = Request(plan.command, trial.overrides, trial.named, options, trial_of=self.place_of(trial, attempt))
        if resumed is not None:
            return asked._replace(overrides=(), named=())
        asked = asked._replace(seed=self._seed(asked, trial))  # which does not depend on where a copy lies
        return asked if sweep.stash is None else asked._replace(named=placed_words(asked.named, sweep.stash))

    def place_of(self, trial: Trial, attempt: int) -> TrialOf:
        """Return what the run of an attempt says of its sweep."""
        record = self._sweep.record
        facts = {"trial": trial.number, "configuration": trial.configuration, "replicate": trial.replicate}
        facts |= {"attempt": attempt}
        facts |= {name: True for name in ("any_code", "stash") if getattr(self._sweep.plan, name)}
        return TrialOf(record.uid, self._sweep.folder.name, record.root or record.uid, record.depth, facts)

    def _seed(self, asked: Request, trial: Trial) -> int:
        """Return the seed of a trial that is given none: by what is asked, and where that may come again by which."""
        command, plan = asked.command or "", self._sweep.plan
        count = 0 if plan.search == GRID else trial.sample
        return child_seed(self._sweep.record.seed, command, digest_of(command, asked), count)


def prepare_first(prepare: Prepare, asked: Request, plan: Plan) -> Any:
    """
    Return a run that is decided by what all trials have, or by the first trial's words where that decides no config.

    Args:
        prepare: Decides a run.
        asked: What is asked for beside words.
        plan: What the sweep does.

    Raises:
        Exception: What is wrong with the words that all trials have, where the first trial's are no better.
    """
    try:
        return prepare(asked._replace(overrides=plan.overrides, named=plan.named))
    except Exception:
        trial = plan.trial(0, tuple(axis.position(0.0) for axis in plan.axes))
        if (trial.overrides, trial.named) != (plan.overrides, plan.named):
            with suppress(Exception):
                return prepare(asked._replace(overrides=trial.overrides, named=trial.named))
        raise


def adopt(sweep: SweepRun, trials: Trials, journal: Journal) -> None:
    """Write down the ends of trials whose runs have ended, where whoever did them was gone before he could."""
    for state in trials:
        newest = state.newest
        if (
            newest is not None
            and not newest.is_over
            and newest.run
            and newest.status not in (Status.RUNNING, *TAKEN_UP)
        ):
            facts = end_of(sweep.folder.parent / newest.run, sweep.fields)
            journal.note("ended", state.number, state.attempt, status=newest.status, run=newest.run, **facts)


def is_enough(plan: Plan, trials: Trials, since: float) -> bool:
    """
    Return whether no trial is to be begun any more: too many have failed, or the time is over.

    Args:
        plan: What the sweep does.
        trials: How its trials are.
        since: When workers were started again: what had failed by then counts no more.
    """
    if plan.max_time is not None and time.time() - since >= plan.max_time:
        return True
    return plan.max_fails is not None and sum(state.has_failed(since) for state in trials) >= plan.max_fails


def line_of(problem: BaseException) -> str:
    """Return what was raised, in a line."""
    return " ".join(f"{type(problem).__name__}: {problem}".split())[:500]


def words_of(plan: Plan, trial: Trial) -> str:
    """Return what tells a trial from others of its sweep, as it would be typed."""
    named = trial.named[len(plan.named) :]
    overrides = trial.overrides[len(plan.overrides) :]
    return " ".join([*named, *map(_word, overrides)])


def _word(override: Override) -> str:
    if override.written:
        return override.written
    return f"{join(override.path)}={override.value!r}"


def _argv(plan: Plan, trial: Trial) -> list[str]:
    words = [*trial.named, *map(_word, trial.overrides)]
    return [*([plan.command] if plan.command else []), *(["with", *words] if words else [])]


def _taken_up(state: TrialState, store: Path) -> str | None:
    """Return the run of an earlier attempt that can go on from a checkpoint; None where there is none."""
    for number in sorted(state.attempts, reverse=True):
        attempt = state.attempts[number]
        if attempt.status not in TAKEN_UP:
            return None
        if attempt.run:
            return attempt.run if last_of(store / attempt.run) is not None else None
    return None
