"""
A worker of a sweep: it claims the next trial, does it as a run, and goes on until nothing is left.

It imports the script once and forks a process for each trial, which claims for itself: who has a claim is who does the
trial. Where a fork is not safe each trial is given a new interpreter.
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from types import FrameType
from typing import Any

from expframe.config.options import Options
from expframe.config.request import Request
from expframe.errors import WorkError, listed
from expframe.process.signals import find_job_end, handling, leave_to_system
from expframe.record.record import Status
from expframe.store.sweeps.command_lines import resume_line, sweep_line
from expframe.store.sweeps.configurations import words_of
from expframe.store.sweeps.journal import Journal, new_writer
from expframe.store.sweeps.trials import ALL, NEW, Trials
from expframe.sweep import forks
from expframe.sweep.launches import Launches
from expframe.sweep.ranks import do_rank
from expframe.sweep.script import Prepare, changed, run_as_main
from expframe.sweep.settings import WorkAsked
from expframe.sweep.sink import Tell, end_of
from expframe.sweep.sweep_run import SweepRun
from expframe.sweep.trial import TrialWork, adopt, is_enough, line_of, prepare_first

NOTHING_LEFT = 75
"""The exit code of a process that found no trial to do."""

TIME_IS_UP = 76
"""The exit code of a worker of a batch system that has left trials, since the job would have ended before them."""


_VAIN = 3
"""So many processes one after the other may be killed before they have a trial."""


class Worker:
    """
    One worker.

    Args:
        sweep: The sweep.
        asked: How it is to work.
        tell: Takes what happens.
    """

    def __init__(self, sweep: SweepRun, asked: WorkAsked, tell: Tell) -> None:
        self._sweep = sweep
        self._asked = asked
        self._tell = tell
        self._began = time.time()
        self._since = asked.since or self._began
        self._trials = Trials(sweep.folder)
        self._journal = Journal(sweep.folder, new_writer())
        self._work = TrialWork(sweep, self._trials, self._journal, tell, self._since, yields=asked.yields)
        self._job_end = find_job_end()
        self._is_first = True
        self._child = 0
        self._killed = 0
        self._signals = 0
        self._code = 0

    def work(self) -> int:
        """
        Do trials until none is left, or until it is to stop; return the exit code.

        Raises:
            WorkError: The script is not there, is another one by now, or has no command line; or processes end before
                they have a trial.
        """
        if self._asked.rank is not None:
            run_as_main(self._sweep.plan.start, self._have_rank, self._sweep.stash)
            return self._code
        self._trials.refresh()
        adopt(self._sweep, self._trials, self._journal)
        if not self._asked.once and not self._is_anything_open():
            sweep = self._sweep.folder
            if self._is_stopped():
                again = resume_line(self._sweep.plan, sweep)
                self._tell({"event": "said", "text": f"Sweep {sweep.name} is stopped: no trial is begun until {again}"})
            elif self._asked.since is None:
                self._tell({"event": "said", "text": f"No trial waits for a worker: {sweep_line(sweep, 'why')}"})
            return 0
        if self._sweep.plan.launch:
            with handling(self._take_signal):
                return self._go_on_by_launches()
        if self._asked.fresh and not self._asked.once:
            with handling(self._take_signal):
                return self._go_on_by_interpreters()
        before = forks.threads()
        take = partial(self._have, before=before)
        run_as_main(self._sweep.plan.start, take, self._sweep.stash)
        return self._code

    def _have(self, experiment: Any, prepare: Prepare, before: int) -> None:
        """Go on with the experiment that the script has handed over."""
        plan = self._sweep.plan
        options = Options.from_mapping(plan.options)._replace(file_storage=str(self._sweep.folder.parent))
        first = prepare_first(prepare, Request(plan.command, options=options), plan)
        if not (plan.any_code or self._asked.any_code):
            self._refuse_changed(first.scope.find_project())
        if self._asked.once:
            forks.be_silent()
            self._code = _do_next(self._work, self._tell, experiment, prepare)
            return
        with handling(self._take_signal):
            if (reason := forks.unsafe(before)) is not None:
                self._tell({"event": "said", "text": f"Each trial gets a new interpreter: {reason}."})
                self._code = self._go_on_by_interpreters()
            else:
                first.look_ahead()
                self._code = self._go_on_by_forks(experiment, prepare)

    def _have_rank(self, experiment: Any, prepare: Prepare) -> None:
        """Take part in a trial with the experiment that the script has handed over."""
        assert self._asked.rank is not None
        self._code = do_rank(self._sweep, self._asked.rank, experiment, prepare, yields=self._asked.yields)

    def _refuse_changed(self, project: Any) -> None:
        files = changed(self._sweep.plan.start.sources, project, self._sweep.stash)
        if files:
            problem = f"has other code than when it was started: {listed(files)}. --any-code goes on all the same."
            raise WorkError(f"sweep {self._sweep.folder.name}", problem)

    # ---------------------------------------------------------------------------------------------- one by one

    def _go_on_by_forks(self, experiment: Any, prepare: Prepare) -> int:
        gc.collect()
        gc.freeze()  # so that a forked child does not write to what it shares with its parent
        while not self._is_to_stop():
            reading, writing = os.pipe()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # its threads are known to survive a fork
                pid = os.fork()
            if pid == 0:
                os.close(reading)
                self._be_trial(experiment, prepare, writing)
            os.close(writing)
            status = self._wait(pid)
            told = _read(reading)
            if os.WIFEXITED(status) and os.WEXITSTATUS(status) == NOTHING_LEFT:
                break
            self._note_death(status, told)
            self._refuse_in_vain(status, told)
            self._trials.refresh(judge=False)
        return self._code

    def _be_trial(self, experiment: Any, prepare: Prepare, writing: int) -> None:
        """Do one trial in a forked child, and end it."""
        code = 1
        try:
            os.setpgid(0, 0)
            leave_to_system()
            forks.be_silent()
            if self._asked.leash is not None:
                os.close(self._asked.leash)

            def tell(event: Mapping[str, Any]) -> None:
                with suppress(OSError):
                    os.write(writing, json.dumps(_kept_of(event)).encode() + b"\n")
                self._tell(event)

            work = TrialWork(self._sweep, self._trials, self._journal, tell, self._since, yields=self._asked.yields)
            code = _do_next(work, tell, experiment, prepare)
        finally:
            forks.leave(code)

    def _go_on_by_interpreters(self) -> int:
        words = [
            sys.executable,
            "-m",
            "expframe",
            "work",
            self._sweep.folder.name,
            "-F",
            str(self._sweep.folder.parent),
        ]
        words += ["--once", f"--since={self._since}", "--json"]
        words += ["--any-code"] if self._asked.any_code else []
        words += ["--yield"] if self._asked.yields else []
        while not self._is_to_stop():
            child = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, start_new_session=True)
            self._child = child.pid
            if self._is_interrupted():  # it came before the child's number was known
                self._interrupt()
            told = []
            assert child.stdout is not None
            with child.stdout as lines:
                for line in lines:
                    with suppress(ValueError):
                        event = json.loads(line)
                        told.append(_kept_of(event))
                        self._tell(event)
            code = child.wait()
            self._child = 0
            if code == NOTHING_LEFT:
                break
            if code > 0 and not told:  # it was refused, and has said so
                return code
            status = -code if code < 0 else code << 8
            self._note_death(status, told)
            self._refuse_in_vain(status, told)
            self._trials.refresh(judge=False)
        return self._code

    def _go_on_by_launches(self) -> int:
        words = [*(["--any-code"] if self._asked.any_code else []), *(["--yield"] if self._asked.yields else [])]
        launches = Launches(self._sweep, self._work, self._trials, self._journal, self._is_interrupted, words)
        while not self._is_to_stop() and launches.do_next():
            self._trials.refresh(judge=False)
        return self._code

    def _wait(self, pid: int) -> int:
        """Wait for a child; its end is seen at once."""
        self._child = pid
        if self._is_interrupted():  # it came between the fork and now
            self._interrupt()
        _, status = os.waitpid(pid, 0)
        self._child = 0
        return status

    def _note_death(self, status: int, told: list[tuple[str, Any, Any]]) -> None:
        """Write down the end of a trial that could not do so itself."""
        begun = [place for event, *place in told if event == "claimed"]
        if not begun or any(event == "ended" for event, *_ in told):
            return
        number, attempt = begun[-1]
        held = self._trials.claims.of(number, attempt)
        now, found, _ = self._trials.claims.status_of(number, attempt)
        if now == Status.RUNNING:
            return
        run = (held.run if held is not None else "") or found
        facts: dict[str, Any] = {"error": _how(status)}
        if now != Status.DIED:
            facts = end_of(self._sweep.folder.parent / run, self._sweep.fields)
        self._journal.note("ended", number, attempt, status=now, run=run or None, **facts)
        self._trials.refresh(judge=False)
        words = words_of(self._sweep.plan, self._trials[number], replicate=True)
        place = {"trial": number, "attempt": attempt, "words": words, "run": run}
        self._tell({"event": "ended", **place, "status": now, **facts})

    def _refuse_in_vain(self, status: int, told: list[tuple[str, Any, Any]]) -> None:
        """
        Refuse to go on where a process ended before it had a trial, as the next one would too.

        Raises:
            WorkError: It did so by itself, or others were killed before it.
        """
        if not status or self._signals or any(event in ("claimed", "ended") for event, *_ in told):
            self._killed = 0
            return
        killed = status & 0x7F
        self._killed += 1
        if killed and self._killed < _VAIN:
            return
        said = next((f": {text}" for event, text, _ in told if event == "refused"), "")
        how = f"{_VAIN} processes were ended by {signal.Signals(killed).name}" if killed else "a process ended"
        problem = f"has a worker that gets no trial: {how} before the claim of one{said}."
        raise WorkError(f"sweep {self._sweep.folder.name}", problem)

    # ------------------------------------------------------------------------------------------- when to stop

    def _is_anything_open(self) -> bool:
        plan = self._sweep.plan
        return next(self._trials.open(plan.size, self._since, plan.retry), None) is not None

    def _is_stopped(self) -> bool:
        return bool({ALL, NEW} & self._trials.stopped())

    def _is_to_stop(self) -> bool:
        asked = self._asked
        if self._signals or self._is_stopped() or _is_cut(asked.leash):
            return True
        if asked.most_seconds is not None and time.time() - self._began >= asked.most_seconds:
            return True
        return is_enough(self._sweep.plan, self._trials, self._since) or self._is_time_up()

    def _is_time_up(self) -> bool:
        """Return whether the job would end before a trial that is begun now, by the longest one so far."""
        is_first, self._is_first = self._is_first, False
        if is_first or self._job_end is None or not self._is_anything_open():
            return False
        left, needed = self._job_end - time.time(), self._trials.longest()
        if left > needed:
            return False
        times = f"the job ends in {left:.0f} s, and trials take up to {needed:.0f} s"
        self._tell({"event": "said", "text": f"No other trial is begun: {times}."})
        self._code = TIME_IS_UP if self._asked.yields else 0
        return True

    def _take_signal(self, number: int, _frame: FrameType | None) -> None:
        """Begin no trial after Ctrl-C; interrupt the one that runs when it comes again, and at once after SIGTERM."""
        self._signals += 1 if number == signal.SIGINT else 2
        self._code = 128 + number
        if self._is_interrupted():
            self._interrupt()

    def _is_interrupted(self) -> bool:
        """Return whether a signal has asked that the trial which runs ends now."""
        return self._signals > 1

    def _interrupt(self) -> None:
        if self._child:
            with suppress(ProcessLookupError):
                os.kill(self._child, signal.SIGTERM)


def _how(status: int) -> str:
    """Return how a process ended that could not say so itself, by what the system says of it."""
    if killed := os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0:
        return f"the process was ended by {signal.Signals(killed).name}"
    return f"the process ended by itself, with exit code {os.WEXITSTATUS(status)}"


def _read(fd: int) -> list[tuple[str, Any, Any]]:
    """Return what a child has told by its end; whoever it left running may still hold the pipe."""
    os.set_blocking(fd, False)
    data = b""
    with suppress(BlockingIOError):
        while piece := os.read(fd, 65536):
            data += piece
    os.close(fd)
    return [(event, trial, attempt) for event, trial, attempt in map(json.loads, data.splitlines())]


def _do_next(work: TrialWork, tell: Tell, experiment: Any, prepare: Prepare) -> int:
    """Do the next trial in a silent process, and return the exit code; what it cannot be begun for is told."""
    try:
        return 0 if work.do_next(experiment, prepare) else NOTHING_LEFT
    except Exception as problem:
        tell({"event": "refused", "text": line_of(problem)})
        return 1


def _kept_of(event: Mapping[str, Any]) -> tuple[str, Any, Any]:
    """Return what a worker keeps of what its child tells: what happened, to which attempt of which trial, or why."""
    return event["event"], event.get("trial", event.get("text")), event.get("attempt")


def _is_cut(leash: int | None) -> bool:
    if leash is None:
        return False
    readable, _, _ = select.select([leash], [], [], 0)
    return bool(readable) and not os.read(leash, 1)
