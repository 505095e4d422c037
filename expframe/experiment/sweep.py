"""Sweep: many runs of an experiment, asked for in Python."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict

from expframe.config import json_values
from expframe.config.options import Options
from expframe.config.request import Request
from expframe.errors import OptionError, UsageError, WorkError, listed
from expframe.facts.sources import module_of
from expframe.process import context
from expframe.record.record import Status
from expframe.store.reader import StoredRun
from expframe.store.search.collection import Runs
from expframe.store.sweeps import plan_file
from expframe.store.sweeps.configurations import Configuration, goal_of
from expframe.store.sweeps.importance import Importance
from expframe.store.sweeps.journal import Journal, new_writer
from expframe.store.sweeps.plan import Plan
from expframe.store.sweeps.stored import StoredSweep
from expframe.store.sweeps.trials import Trials, TrialState
from expframe.sweep.judge import Judge, judge
from expframe.sweep.request import FLAGS_OF_PLAN, SweepRequest, names
from expframe.sweep.script import started_as
from expframe.sweep.settings import SweepAsked
from expframe.sweep.sweep_run import SweepRun
from expframe.sweep.trial import TrialWork, prepare_first

if TYPE_CHECKING:
    from expframe.config.decided import Config


class SweepArguments(TypedDict, total=False):
    """What may be asked of a sweep by name, as on the command line; see `Experiment.sweep`."""

    command: str | None
    search: str
    search_seed: int | None
    trials: int | None
    metric: str | Sequence[str]
    goal: str | Sequence[str]
    seeds: int | None
    replicate: str
    each: str | Sequence[str]
    skip: str
    warm: str
    prune: str
    retry: int
    max_fails: int | None
    max_time: float | str | None
    needed: bool
    stash: bool
    launch: str | Sequence[str]
    gpus: float | None
    options: Mapping[str, Any]


class AskedTrial(NamedTuple):
    """
    A trial that somebody does by himself, and tells the value of.

    Attributes:
        number: Its number, from 0.
        attempt: The number of its attempt.
        config: Its decided config: `trial.config["lr"]`.
    """

    number: int
    attempt: int
    config: Config


def sweep_of(experiment: Any, space: Mapping[Any, Any] | str, words: Sequence[str], asked: SweepArguments) -> Sweep:
    """
    Return the sweep that is asked for.

    Args:
        experiment: Whose runs they are.
        space: What changes, or the first of the words.
        words: The same as on a command line.
        asked: What is asked for by name.

    Raises:
        ConfigError: A value cannot be decided.
        UsageError: A word or an option cannot be what it says.
    """
    if not isinstance(space, Mapping | str) or not all(isinstance(word, str) for word in words):
        shown = json_values.short_repr(space if not isinstance(space, str | Mapping) else words, 60)
        problem = "is no space of a sweep. Give {'lr': Options(0.1, 0.2)}, or words: sweep('lr=0.1,0.2', 'width=8,16')."
        raise UsageError(shown, problem)
    given = {name: value for name, value in asked.items() if value is not None}
    unknown = given.keys() - SweepArguments.__annotations__.keys()
    if unknown:
        raise TypeError(f"sweep() got an unexpected keyword argument {sorted(unknown)[0]!r}")
    options = Options.from_mapping(asked.get("options") or {})
    flags = {flag.field: flag for flag in FLAGS_OF_PLAN}
    values = {name: flags[name].converted(value) for name, value in given.items() if name in flags}
    if "metric" in given:
        values["metric"] = _goals(given["metric"], given.get("goal", ()))
    request = SweepRequest(
        (space, *words) if isinstance(space, str) else tuple(words),
        {} if isinstance(space, str) else space,
        asked.get("command"),
        needed=bool(given.get("needed")),
        options=options._replace(file_storage=None, id=None),
        **values,
    )
    by = Judge(experiment, experiment.prepare, request.command, options._replace(id=None))
    judged = judge(request, by)
    for warning in judged.warnings:
        logging.getLogger(experiment.name).warning(warning)
    return Sweep(experiment, judged.plan, options)


def _goals(metrics: Any, directions: Any) -> tuple[str, ...]:
    """Return goals as the command line has them: `val.acc.max:max`."""
    names = [metrics] if isinstance(metrics, str) else list(metrics)
    sought = [directions] if isinstance(directions, str) else list(directions)
    if sought and len(sought) != len(names):
        raise OptionError(f"goal={directions!r}", f"says min or max for each metric; there are {len(names)}.")
    twice = next((name for name in names if sought and str(name).endswith((":min", ":max"))), None)
    if twice is not None:
        raise OptionError(f"goal={directions!r}", f"is said by the metric {twice!r} too. Leave one of the two out.")
    wrong = next((direction for direction in sought if direction not in ("min", "max")), None)
    if wrong is not None:
        raise OptionError(f"goal={wrong!r}", "is 'min' or 'max'.")
    return (
        tuple(f"{name}:{direction}" for name, direction in zip(names, sought, strict=True)) if sought else tuple(names)
    )


def _told(field: str, value: Any) -> float:
    """Return a value that a trial came to as a number of Python's."""
    number = json_values.number_of(value)
    if isinstance(number, bool) or not isinstance(number, int | float):
        problem = "is no number. Tell one, or numbers by field; of a trial without any: tell(trial, {}, 'FAILED')."
        raise UsageError(f"{field}={json_values.short_repr(value, 60)}", problem)
    return number


class Sweep:
    """
    Many runs of an experiment, of which a plan says which.

    Args:
        experiment: Whose runs they are.
        plan: The plan.
        options: Options of the command line: the store, a name.
    """

    def __init__(self, experiment: Any, plan: Plan, options: Options = Options()) -> None:  # noqa: B008  frozen
        self.plan: Plan = plan
        self._experiment = experiment
        self._options = options
        self._run: StoredRun | None = None
        self._asking: tuple[SweepRun, Trials, Journal, TrialWork] | None = None
        self._untold: set[int] = set()

    def run(
        self,
        executor: Executor | None = None,
        *,
        jobs: int = 1,
        fresh: bool = False,
        retry: Sequence[str] = (),
        any_code: bool = False,
    ) -> Sweep:
        """
        Do the trials that are not done, and return the sweep: again after it was stopped, it goes on.

        Args:
            executor: What starts workers; by default processes on this machine.
            jobs: How many workers there are at a time.
            fresh: Whether each trial is given a new interpreter.
            retry: Statuses of trials that are done again: `["failed"]`.
            any_code: Whether it goes on with other sources than those of its start.

        Raises:
            OptionError: There can be no so many jobs, or no such status.
            WorkError: The experiment is in no script, or nothing can be done.
            KeyboardInterrupt: Ctrl-C; trials that ran have ended.
        """
        from expframe.cli.sweeps.arguments import FLAGS_OF_WORK
        from expframe.cli.sweeps.start import start_sweep

        self._hand_over()
        if self._untold:
            problem = f"has been asked for trials that nobody has told of: {listed(sorted(map(str, self._untold)))}."
            raise WorkError("the sweep", f"{problem} Tell what came of them, tell(trial, value), before it is run.")
        resume = self._run.id if self._run is not None else None
        asked = SweepAsked(
            jobs=next(flag for flag in FLAGS_OF_WORK if flag.field == "jobs").converted(jobs),
            fresh=fresh,
            resume=resume,
            retry=tuple(status.lower() for status in names(retry)),
            any_code=any_code,
            options=self._options if resume is None else self._options._replace(id=None),
        )
        code = start_sweep(self._experiment, self.plan, asked, executor=executor, opened=self._open)
        if code > 1:
            raise KeyboardInterrupt
        return self

    def ask(self) -> AskedTrial | None:
        """
        Return the next trial, for whoever does it by himself; None where nothing is left.

        Raises:
            ConfigError: Its config cannot be decided.
        """
        _, trials, _, work = self._asked()
        trials.refresh(judge=False)
        found = work.claim()
        if found is None:
            return None
        number, attempt = found
        trial = work.trial(number)
        request = Request(self.plan.command, trial.overrides, trial.named, self._options)
        config = self._experiment.prepare(request._replace(trial_of=work.place_of(trial, attempt))).config
        self._untold.add(number)
        return AskedTrial(number, attempt, config)

    def tell(self, trial: AskedTrial, value: float | Mapping[str, float], status: str = Status.COMPLETED) -> None:
        """
        Tell what came of a trial that was asked for.

        Args:
            trial: The trial.
            value: The value of the goal, or values by field; numbers of numpy and its like, too.
            status: How it ended.

        Raises:
            WorkError: The trial was not asked for here, or has been told of.
            UsageError: A value is no number.
        """
        _, trials, journal, _ = self._asked()
        if trial.number not in self._untold:
            raise WorkError(f"trial {trial.number}", "was not asked for here, or has been told of already.")
        told = value if isinstance(value, Mapping) else {goal_of(self.plan).field: value}
        values = {field: _told(field, one) for field, one in told.items()}
        journal.note("ended", trial.number, trial.attempt, status=status, values=values)
        trials.claims.let_go(trial.number, trial.attempt)
        self._untold.discard(trial.number)
        trials.refresh(judge=False)

    @property
    def id(self) -> str | None:
        """The id of its run; None until it has begun."""
        return self._run.id if self._run is not None else None

    @property
    def runs(self) -> Runs:
        """Its trials, as runs."""
        run = self._begun()
        return Runs(run.store).where(f"parent == '{run.id}'")

    @property
    def trials(self) -> list[TrialState]:
        """The trials that have begun, in the order of their numbers."""
        return StoredSweep(self._begun().folder).trials

    @property
    def counts(self) -> Mapping[str, int]:
        """How many trials there are of each status."""
        return StoredSweep(self._begun().folder).counts

    def groups(self) -> list[Configuration]:
        """Return the configurations, trials that differ in the replicate alone, the best first."""
        return StoredSweep(self._begun().folder).groups()

    def best(self) -> Configuration | None:
        """Return the best configuration; None where no trial has a value yet."""
        return StoredSweep(self._begun().folder).best()

    def importance(self) -> Importance | None:
        """Return how much each axis says of what came of it; None where too few configurations have a value."""
        return StoredSweep(self._begun().folder).importance()

    def frame(self, library: str | None = None) -> Any:
        """Return a frame of pandas or polars with a row for each trial that has begun, as `StoredSweep.frame`."""
        return StoredSweep(self._begun().folder).frame(library)

    def _open(self, folder: Path) -> None:
        self._run = StoredRun(folder)

    def _begun(self) -> StoredRun:
        if self._run is None:
            raise WorkError("the sweep", "has not begun. Call run() or ask().")
        return self._run

    def _asked(self) -> tuple[SweepRun, Trials, Journal, TrialWork]:
        """Return what trials are asked of; the sweep's run is made when it is not there."""
        if self._asking is None:
            self._hand_over()
            if self.plan.stash or self.plan.launch:
                what = "stash" if self.plan.stash else "launch"
                raise WorkError(what, "is for trials that workers do: call run(), or leave it out.")
            if self._run is None:
                request = Request("sweep", options=self._options)
                prepare_first(lambda asked: self._experiment.prepare_sweep(asked, self._write), request, self.plan).do()
            sweep = SweepRun.read(self._begun())
            trials, journal = Trials(sweep.folder), Journal(sweep.folder, new_writer())
            trials.refresh()
            work = TrialWork(sweep, trials, journal, lambda _event: None, time.time())
            self._asking = sweep, trials, journal, work
        return self._asking

    def _hand_over(self) -> None:
        """Give the experiment to the worker that runs this script, if one does: it does trials, and sweeps nothing."""
        if (take := context.taker()) is not None:
            take(*self._experiment.to_worker())

    def _write(self) -> None:
        folder = context.current().folder
        if folder is None:
            raise WorkError("a sweep", "is kept, for its workers find it there: leave out -u and ghost.")
        scope = context.current().scope
        if scope.main_file is not None and not self.plan.start.script:  # so that workers can go on with it
            with suppress(WorkError):
                start = started_as(scope, module_of(scope.main_file), self._experiment)
                self.plan = replace(self.plan, start=start)
        plan_file.write(folder, self.plan)
        self._open(folder)

    def __repr__(self) -> str:
        return f"<Sweep of {self._experiment.name}: {self.plan.size or 'endless'} trials>"
