"""A job of Slurm's that does a sweep's work: one worker, interrupted before the time is up; the job is sent again."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

from expframe.disk import layout
from expframe.disk.files import replace_file
from expframe.store.sweeps import plan_file
from expframe.store.sweeps.trials import Trials
from expframe.sweep.executors import unseen, work_environment, work_words
from expframe.sweep.worker import TIME_IS_UP

_PAUSE = 0.1
"""Seconds between two looks at whether the worker has ended."""


class SlurmJob:
    """
    The work of one job, or of one element of an array; this is all that is pickled.

    Args:
        store: The folder of runs.
        sweep: The id of the sweep.
        words: Further words of `expframe work`.
        since: When workers were started, in seconds since 1970.
    """

    def __init__(self, store: str, sweep: str, words: tuple[str, ...], since: float) -> None:
        self.store = store
        self.sweep = sweep
        self.words = words
        self.since = since
        self._worker = 0
        self._code: int | None = None

    def __call__(self) -> int:
        """Let a worker do trials until none is left or the time is up; return its exit code."""
        folder = Path(self.store) / self.sweep
        if not plan_file.is_sweep(folder):
            print(unseen(folder), flush=True)
            return 2
        start = plan_file.read(folder).start
        words = work_words(folder, start, ["--yield", "--leash", f"--since={self.since}", *self.words])
        environment = {name: value for name, value in os.environ.items() if name != "SLURM_STEP_ID"}
        number = _signal_of_submitit()
        handler = signal.signal(number, signal.SIG_IGN)  # inherited: Slurm sends it to every process of the job
        try:
            child = subprocess.Popen(
                words, cwd=start.folder or None, env={**environment, **work_environment()}, stdin=subprocess.PIPE
            )
        finally:
            signal.signal(number, handler)
        self._worker = child.pid
        code = child.returncode = self._wait()
        if code == TIME_IS_UP:
            signal.raise_signal(number)  # as Slurm does a little later: what is left is for this job, sent again
        _write_end(folder, code)
        return code

    def checkpoint(self) -> Any:
        """Interrupt the worker, and return what the job is to do when it starts again; None where nothing is left."""
        from submitit.core.utils import DelayedSubmission

        if self._worker and self._code is None:
            os.kill(self._worker, signal.SIGTERM)
            self._wait()
        folder = Path(self.store) / self.sweep
        plan, trials = plan_file.read(folder), Trials(folder)
        trials.refresh()
        if next(trials.open(plan.size, self.since, plan.retry), None) is None:
            _write_end(folder, 0)
            return None
        return DelayedSubmission(SlurmJob(self.store, self.sweep, self.words, self.since))

    def _wait(self) -> int:
        """Return the worker's exit code when it has ended; a signal's handler may wait inside another wait."""
        while self._code is None:
            try:
                pid, status = os.waitpid(self._worker, os.WNOHANG)
            except ChildProcessError:  # the wait that was interrupted has seen it
                self._code = 0
                break
            if pid:
                self._code = os.waitstatus_to_exitcode(status)
            else:
                time.sleep(_PAUSE)
        return self._code


def end_of(folder: Path, job: str) -> Path:
    """Return the file in which a job writes the exit code of its worker."""
    return folder / layout.WORKERS_FOLDER / f"{job}.end"


def _write_end(folder: Path, code: int) -> None:
    from submitit import JobEnvironment

    environment: Any = JobEnvironment()
    if not environment.global_rank:
        replace_file(end_of(folder, environment.job_id), f"{code}\n")


def _signal_of_submitit() -> signal.Signals:
    return signal.Signals[f"SIG{os.environ.get('SUBMITIT_PREEMPT_SIGNAL', 'USR2')}"]
