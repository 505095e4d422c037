"""A sweep from a command line: its run, its workers, what is shown of it, and its exit code."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from expframe.cli.render import write_out
from expframe.cli.sweeps.preview import counted, wider_lines
from expframe.cli.sweeps.tables import (
    configuration_lines,
    counts_text,
    excluded_lines,
    trials_text,
    without_number_lines,
)
from expframe.cli.sweeps.watcher import LinesWatcher, LiveWatcher, show, watcher_of
from expframe.cli.table import Style, one_line, size_text
from expframe.config import dotted, json_values
from expframe.config.request import Request
from expframe.errors import OptionError, RunInterrupt, UsageError, WorkError, listed
from expframe.facts.sources import module_of
from expframe.process import context
from expframe.process.devices import VISIBLE
from expframe.record.record import Status
from expframe.store.sweeps import plan_file
from expframe.store.sweeps.command_lines import resume_line, sweep_line
from expframe.store.sweeps.facts import failures_of
from expframe.store.sweeps.plan import Plan, Start
from expframe.store.sweeps.trials import KEPT, TAKEN_UP, Trials, ask_again, take_back_stop
from expframe.sweep.backends import Backend
from expframe.sweep.executors import ExecutorWorkers
from expframe.sweep.launches import found_launcher
from expframe.sweep.local import THREADS, LocalWorkers, devices, environments, processors, slots
from expframe.sweep.script import changed, is_here, started_as
from expframe.sweep.settings import SweepAsked
from expframe.sweep.slurm import SlurmWorkers, accepted, parameters, submitit_for
from expframe.sweep.stash import Taken, placed_start, take
from expframe.sweep.supervisor import Supervisor, Swept, Workers
from expframe.sweep.sweep_run import SweepRun
from expframe.sweep.trial import prepare_first
from expframe.sweep.widening import refuse_in_vain, with_more

_MOST = 30
"""More configurations are not shown at the end."""


def start_sweep(
    experiment: Any,
    plan: Plan,
    asked: SweepAsked,
    *,
    executor: Executor | None = None,
    opened: Callable[[Path], None] | None = None,
    widen: Callable[[Plan, str], Mapping[str, Any]] | None = None,
) -> int:
    """
    Start a sweep, or go on with one, follow it to its end, and return its exit code.

    Args:
        experiment: Whose sweep it is.
        plan: What it is to do; how the script is started is filled in here.
        asked: How it is to be done.
        executor: What starts its workers; by default processes on this machine.
        opened: Told the folder of its run.
        widen: Says what a plan that goes on has otherwise; given the plan and the sweep's id.

    Raises:
        WorkError: It is in a sweep itself, or cannot go on.
        ExpframeError: What is asked for cannot be decided or kept.
    """
    return _Starting(experiment, plan, asked, executor, opened, widen).do()


class _Starting:
    """A sweep that is started or goes on."""

    def __init__(
        self,
        experiment: Any,
        plan: Plan,
        asked: SweepAsked,
        executor: Executor | None,
        opened: Callable[[Path], None] | None,
        widen: Callable[[Plan, str], Mapping[str, Any]] | None,
    ) -> None:
        self._executor = executor
        self._backend: Backend | None = None
        self._slurm: dict[str, Any] = {}
        self._opened = opened
        self._widen = widen
        self._changes: dict[str, Any] = {}
        self._experiment = experiment
        self._plan = plan
        self._asked = asked
        self._style = Style.of(sys.stdout)  # before the run takes hold of it
        self._swept: Swept | None = None
        self._watcher: LinesWatcher | LiveWatcher | None = None

    def do(self) -> int:
        plan, asked = self._plan, self._asked
        if (around := context.current()) is not None:
            raise WorkError("a sweep", f"cannot be started inside {around.label}. Start it outside of any run.")
        if os.name != "posix":
            raise WorkError("a sweep", "needs a POSIX system for its workers: Linux, macOS, WSL.")
        self._refuse()
        options = asked.options._replace(resume=asked.resume)
        planned = plan if asked.resume is None else Plan()  # a sweep that goes on has its words already
        request = Request("sweep", options=options)
        run = prepare_first(lambda words: self._experiment.prepare_sweep(words, self._work), request, planned)
        if asked.resume is None:
            self._plan = replace(plan, start=self._start_of(run))
        else:
            folder = run.store / run.record.id
            if not plan_file.is_sweep(folder):
                problem = "has no plan, since it ended before that was stored. Start it again, without --resume."
                raise WorkError(f"sweep {folder.name}", problem)
            trials = Trials(folder)
            self._refuse_unknown(trials)
            before = plan_file.read(folder)
            if asked.more:
                self._changes |= with_more(before, asked.more, folder.name)
            if self._widen is not None:
                self._changes |= self._widen(before, folder.name)
                refuse_in_vain(before, self._changes, len(trials), folder.name)
            self._plan = self._going_on(run, folder, before)
            if asked.options.dry_run:
                write_out("\n".join(wider_lines(before, self._plan)))
                return 0
        self._reach()
        try:
            with suppress(RunInterrupt):
                run.do()
        finally:
            if self._backend is not None and self._executor is not None:
                self._executor.shutdown(wait=False)
        return self._swept.code if self._swept is not None else 0

    def _start_of(self, run: Any) -> Start:
        """Return how workers start the script of this process."""
        main_file = run.scope.main_file
        if main_file is None:
            raise WorkError("a sweep", "needs a script, which its workers run. Put the experiment into a file.")
        return started_as(run.scope, module_of(main_file), self._experiment)

    def _work(self) -> dict[str, int]:
        """Do the sweep's run."""
        run = context.current()
        folder = run.folder
        if folder is None:
            raise WorkError("a sweep", "is kept, for its workers find it there: leave out -u and ghost.")
        taken = None
        if self._asked.resume is None:
            taken = take(folder, self._plan, run.scope) if self._plan.stash else None
            plan_file.write(folder, self._plan)
        else:
            self._go_on(folder)
        if self._opened is not None:
            self._opened(folder)
        since = time.time()
        self._watcher = watcher = watcher_of(self._plan, self._style, as_json=self._asked.json)
        watcher.tell({"event": "sweep", "run": run.id, "trials": self._plan.size})
        if taken is not None:
            self._say(_stash_text(taken))
        words = [f"--since={since}"]
        words += ["--fresh"] if self._asked.fresh else []
        words += ["--any-code"] if self._asked.any_code else []
        workers = self._workers(folder, words, since)
        if self._asked.detach:
            return self._detach(workers, folder)
        self._swept = Supervisor(
            SweepRun(folder, self._plan, run.record), workers, self._asked, since, watcher
        ).follow()
        watcher.end()
        self._tell_end(run, self._swept, folder)
        counts = {status.lower(): count for status, count in self._swept.trials.counts(self._plan.size).items()}
        if self._swept.code > 1:
            raise RunInterrupt("stopped by a signal")
        if self._swept.was_stopped:
            raise RunInterrupt("stopped by expframe sweep stop")
        is_any_done = any(counts.get(status.lower()) for status in KEPT)
        if self._swept.is_cut_short or (self._swept.complaint and not is_any_done):
            said = f" The last one said:\n{self._swept.complaint}" if self._swept.complaint else ""
            raise WorkError("workers", f"have ended before {'every' if is_any_done else 'any'} trial was done.{said}")
        return counts

    def _places(self) -> list[dict[str, str]]:
        """Return what each worker has of the machine; where that is said or cut, it is told."""
        share, jobs = self._plan.gpus, self._asked.jobs
        found = devices() if share else []
        if share and (most := slots(found, share)) < jobs:
            self._say(f"{most} workers in place of {jobs}: each has {share:g} of {len(found)} GPUs.")
            self._asked = self._asked._replace(jobs=most)
        places = environments(self._asked.jobs, found, share)
        if threads := places[0].get(THREADS):
            self._say(f"{THREADS}={threads} for each worker: {jobs} of them share {processors()} processors.")
        return places

    def _say(self, text: str) -> None:
        assert self._watcher is not None
        self._watcher.tell({"event": "said", "text": text})

    def _refuse(self) -> None:
        """Refuse what does not go together, and where workers cannot be started, before anything is."""
        asked = self._asked
        if self._plan.launch:
            found_launcher(self._plan.launch, self._plan.start)
        if asked.on != "slurm" and (asked.slurm or asked.array):
            raise UsageError("--slurm" if asked.slurm else "--array", "is for --on=slurm.")
        if asked.on not in ("local", "slurm"):
            if asked.detach:
                raise UsageError("--detach", f"cannot be with --on={asked.on}, whose workers end with who starts them.")
            self._backend = Backend(asked.on)
        if asked.on == "slurm":
            submitit_for(self._plan.gpus)
            parameters(asked.slurm)

    def _reach(self) -> None:
        """Reach where workers are started; what cannot be is refused while nothing is stored or changed yet."""
        share = self._plan.gpus
        if self._asked.on == "slurm":
            submitit_for(share)
            self._slurm = accepted(self._asked.slurm, share)
        elif self._backend is not None:
            self._executor = self._backend.executor(share)
        elif share and self._executor is None and slots(found := devices(), share) < 1:
            problem = f"is more than there is: {counted(len(found), 'GPU')} seen, by {VISIBLE} or NVML."
            raise WorkError(f"--gpus={share:g}", problem)

    def _workers(self, folder: Path, words: list[str], since: float) -> Workers:
        """Return the workers, of which none is started."""
        start = self._plan.start
        if self._asked.on == "slurm":
            own = [word for word in words if not word.startswith("--since")]
            return SlurmWorkers(folder, self._plan, own, since, self._slurm, self._asked.array)
        if self._executor is not None:
            return ExecutorWorkers(folder, words, self._executor)
        return LocalWorkers(folder, start, words, self._places())

    def _detach(self, workers: Workers, folder: Path) -> dict[str, int]:
        """Start workers that go on by themselves, and say how they are followed."""
        count = min(self._asked.jobs, self._plan.size or self._asked.jobs)
        jobs = ""
        for place in range(count):
            if isinstance(workers, LocalWorkers):
                workers.detach(place)
            else:
                workers.start(place)
        if isinstance(workers, SlurmWorkers):
            workers.send()
            jobs = f" in Slurm's jobs {', '.join(workers.jobs)}"
        goes_on = f"{count} workers go on by themselves" if count > 1 else "A worker goes on by itself"
        self._say(f"{goes_on}{jobs}: {sweep_line(folder, 'watch')}")
        return {"workers": count}

    def _going_on(self, run: Any, folder: Path, plan: Plan) -> Plan:
        """Return the plan with which a sweep goes on, and refuse other code; nothing is written."""
        if self._asked.any_code and not plan.any_code:
            self._changes["any_code"] = True
        stash = SweepRun(folder, plan, run.record).stash
        known = plan.start if stash is None else placed_start(plan.start, stash)
        if not is_here(known):  # it was begun on another machine, or asked for where no script was known
            start = self._start_of(run)
            if stash is not None:
                start = plan.start._replace(interpreter=start.interpreter, folder=start.folder)
            self._changes["start"] = start._replace(sources=plan.start.sources or start.sources)
        found = plan.changed(**self._changes)
        files = [] if found.any_code else changed(plan.start.sources, run.scope.find_project(), stash)
        if files:
            problem = f"has other code than when it was started: {listed(files)}. --any-code goes on all the same."
            raise WorkError(f"sweep {folder.name}", problem)
        return found

    def _go_on(self, folder: Path) -> None:
        """Write down with what a sweep goes on, and let what is asked for be done again."""
        if self._changes:
            plan_file.note_changes(folder, **self._changes)
        take_back_stop(folder)
        trials = Trials(folder)
        trials.refresh()
        for state in trials:
            if state.status.lower() in self._asked.retry and state.status not in TAKEN_UP:
                ask_again(folder, state)

    def _refuse_unknown(self, trials: Trials) -> None:
        """Refuse to do trials again of a status that there is not; a script may have statuses of its own."""
        trials.refresh()
        own = {state.status.lower() for state in trials}
        known = sorted({status.lower() for status in (*KEPT, *TAKEN_UP, Status.FAILED, Status.TIMEOUT)} | own)
        unknown = next((status for status in self._asked.retry if status not in known), None)
        if unknown is not None:
            near = dotted.nearest(unknown, known)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise OptionError(f"--retry={unknown}", f"is no status.{hint} There are: {listed(known)}.")

    def _tell_end(self, run: Any, swept: Swept, began_in: Path) -> None:
        """Say what came of it, and where it is if its store was moved meanwhile, which its workers do not follow."""
        plan, trials = self._plan, swept.trials
        if self._asked.json:
            counts = {status.lower(): count for status, count in trials.counts(plan.size).items()}
            show(json_values.dump_plain({"event": "over", "run": run.id, "counts": counts}, indent=None).decode())
            return
        style = self._style
        for line in configuration_lines(plan, trials, style, _MOST):
            show(line)
        for error, numbers in failures_of(trials).items():
            show(f"{one_line(error)} ({trials_text(numbers)})")
        for line in (*without_number_lines(plan, trials), *excluded_lines(trials)):
            show(line)
        show(counts_text(plan, trials))
        left = [state for state in trials if state.status in (Status.FAILED, *TAKEN_UP)]
        if swept.code:
            failed = any(state.status == Status.FAILED for state in left)
            retry = ("--retry", "failed") if failed and swept.code == 1 else ()
            if run.folder != began_in:
                show(f"Its store was moved to {run.folder.parent} while it went on.")
            show(f"Go on with: {resume_line(plan, run.folder, *retry)}")


def _stash_text(taken: Taken) -> str:
    """Return what is said of the copy of sources that trials run from."""
    what = f"{counted(taken.files, 'file')} ({size_text(taken.size)})"
    if taken.is_tracked:
        return f"Trials run from a copy of the {what} that git tracks in {taken.stash.root}."
    where = f"{taken.stash.root} is in no git repository, which would say what else belongs to it"
    return f"Trials run from a copy of the {what} that the script has loaded by now: {where}."
