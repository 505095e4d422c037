"""A sweep from a command line: its run, its workers, what is shown of it, and its exit code."""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from dataclasses import replace
from typing import Any

from expframe.cli.render import write
from expframe.cli.sweeps.tables import configuration_lines, counts_text
from expframe.cli.sweeps.watcher import watcher_of
from expframe.cli.table import Style
from expframe.config import json_values
from expframe.config.request import Request
from expframe.errors import RunInterrupt, UsageError, WorkError, listed
from expframe.facts.sources import module_of
from expframe.process import context
from expframe.record.record import Status
from expframe.store.sweeps import plan as plans
from expframe.store.sweeps.plan import Plan
from expframe.store.sweeps.trials import KEPT, TAKEN_UP, Trials, ask_again, take_back_stop
from expframe.sweep.asked import SweepAsked
from expframe.sweep.local import LocalWorkers, environments
from expframe.sweep.script import changed, started_as
from expframe.sweep.sweeping import Sweeping, Swept

_MOST = 30
"""More configurations are not shown at the end."""


def start_sweep(experiment: Any, plan: Plan, asked: SweepAsked) -> int:
    """
    Start a sweep, or go on with one, follow it to its end, and return its exit code.

    Args:
        experiment: Whose sweep it is.
        plan: What it is to do; how the script is started is filled in here.
        asked: How it is to be done.

    Raises:
        WorkError: It is in a sweep itself, or cannot go on.
        ExpframeError: What is asked for cannot be decided or kept.
    """
    return _Starting(experiment, plan, asked).do()


class _Starting:
    """A sweep that is started or goes on."""

    def __init__(self, experiment: Any, plan: Plan, asked: SweepAsked) -> None:
        self._experiment = experiment
        self._plan = plan
        self._asked = asked
        self._swept: Swept | None = None

    def do(self) -> int:
        plan, asked = self._plan, self._asked
        if asked.on != "local":
            raise UsageError(f"--on={asked.on}", "is none. There is: local.")
        options = asked.options._replace(resume=asked.resume)
        request = Request("sweep", plan.overrides, plan.named, options)
        if asked.resume is not None:
            request = request._replace(overrides=(), named=())
        run = self._experiment.prepare_sweep(request, self._work)
        if asked.resume is None:
            main_file = run.scope.main_file
            if main_file is None:
                raise WorkError("a sweep", "needs a script, which its workers run. Put the experiment into a file.")
            self._plan = replace(plan, start=started_as(run.scope, module_of(main_file)))
        with suppress(RunInterrupt):
            run.do()
        assert self._swept is not None
        return self._swept.code

    def _work(self) -> dict[str, int]:
        """Do the sweep's run."""
        run = context.current()
        folder = run.folder
        if folder is None:
            raise WorkError("a sweep", "is kept, for its workers find it there: leave out -u and ghost.")
        if self._asked.resume is None:
            self._plan.write(folder)
        else:
            self._go_on(run)
        since = time.time()
        watcher = watcher_of(self._plan, as_json=self._asked.json)
        watcher.tell({"event": "sweep", "run": run.id, "trials": self._plan.size})
        words = [f"--since={since}"]
        words += ["--fresh"] if self._asked.fresh else []
        words += ["--any-code"] if self._asked.any_code else []
        workers = LocalWorkers(folder, self._plan.start.interpreter, words, environments(self._asked.jobs))
        self._swept = Sweeping(folder, self._plan, workers, self._asked, since, watcher).follow()
        watcher.end()
        self._tell_end(run, self._swept)
        counts = {status.lower(): count for status, count in self._swept.trials.counts(self._plan.size).items()}
        if self._swept.code > 1:
            raise RunInterrupt("stopped by a signal")
        if self._swept.complaint and not any(counts.get(status.lower()) for status in KEPT):
            raise WorkError(
                "workers", f"have ended before any trial was done. The last one said:\n{self._swept.complaint}"
            )
        return counts

    def _go_on(self, run: Any) -> None:
        """Read the plan of a sweep that goes on, and see to it that the code is the same."""
        folder = run.folder
        self._plan = plans.read(folder)
        if self._asked.any_code:
            self._plan = replace(self._plan, any_code=True)
            self._plan.write(folder)
        files = [] if self._plan.any_code else changed(self._plan.start.sources, run.scope.find_project())
        if files:
            problem = f"has other code than when it was started: {listed(files)}. --any-code goes on all the same."
            raise WorkError(f"sweep {run.id}", problem)
        take_back_stop(folder)
        trials = Trials(folder)
        trials.refresh()
        for state in trials:
            if state.status.lower() in self._asked.retry and state.status not in TAKEN_UP:
                ask_again(folder, state)

    def _tell_end(self, run: Any, swept: Swept) -> None:
        """Say what came of it."""
        plan, trials = self._plan, swept.trials
        if self._asked.json:
            counts = {status.lower(): count for status, count in trials.counts(plan.size).items()}
            write(json_values.dump_plain({"event": "over", "run": run.id, "counts": counts}, indent=None).decode())
            return
        style = Style.of(sys.stdout)
        for line in configuration_lines(plan, trials, style, _MOST):
            write(line)
        write(counts_text(plan, trials))
        left = [state for state in trials if state.status in (Status.FAILED, *TAKEN_UP)]
        if swept.code:
            failed = any(state.status == Status.FAILED for state in left)
            retry = " --retry failed" if failed and swept.code == 1 else ""
            write(f"Go on with: sweep --resume {run.id}{retry}")
        sys.stdout.flush()
