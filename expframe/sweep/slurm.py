"""Workers in jobs of Slurm: arrays that submitit writes and sends; how they do is read in the sweep's folder."""

from __future__ import annotations

import importlib
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from expframe.disk import layout
from expframe.errors import MissingLibraryError, UsageError, WorkError
from expframe.process.signals import GRACE
from expframe.store.sweeps.plan import Plan
from expframe.store.sweeps.trials import ALL, NEW, ask_stop
from expframe.sweep.executors import unseen, work_environment
from expframe.sweep.jobs import SlurmJob, end_of

_LOOK = 5.0
"""Seconds between two looks at the queue."""

_NOTICE = 60
"""Seconds by which Slurm may send its signal early, and a worker may take to write its last."""

_SURELY = re.compile("[Ii]nvalid|unrecognized|Unable to contact")
"""What sbatch says of a job that it will not take; of one that only has to wait it may say other things."""

_MOST = 1001
"""The greatest size of an array where Slurm does not say: its own default."""


class SlurmWorkers:
    """
    The workers of a sweep in jobs of Slurm.

    Args:
        sweep: The folder of the sweep's run.
        plan: What it does.
        words: Further words of `expframe work`.
        since: When workers were started, in seconds since 1970.
        given: What Slurm is told, by name, as `accepted` returns it.
        array: How many elements an array has at most; by default as many as Slurm takes.
    """

    def __init__(
        self, sweep: Path, plan: Plan, words: Sequence[str], since: float, given: Mapping[str, Any], array: int | None
    ) -> None:
        self._submitit = submitit_for(plan.gpus)
        self._sweep = sweep
        self._plan = plan
        self._job = SlurmJob(str(sweep.parent), sweep.name, tuple(words), since)
        self._given = given
        self._array = array
        self._asked: list[int] = []
        self._running: dict[str, int] = {}
        self._missed: set[str] = set()
        self._looked = time.monotonic()
        self._ended: list[tuple[int, int, str]] = []

    def __len__(self) -> int:
        return len(self._running) + len(self._asked)

    @property
    def jobs(self) -> list[str]:
        """The numbers of the jobs that have been sent and are not over: `12`, `13_0`."""
        return list(self._running)

    def start(self, place: int) -> None:
        """Start the worker of a place; it is sent with all others that are started by then."""
        self._asked.append(place)

    def send(self) -> None:
        """
        Send the jobs of the workers that are started.

        Raises:
            WorkError: Slurm takes none of them.
        """
        places, self._asked = self._asked, []
        executor = self._executor()
        most = min(self._array or sys.maxsize, max_array_size())
        for first in range(0, len(places), most):
            part = places[first : first + most]
            try:
                jobs = executor.submit_array([self._job] * len(part))
            except (self._submitit.core.utils.FailedJobError, OSError, subprocess.SubprocessError) as problem:
                raise WorkError(
                    "--on=slurm", f"has no job, since sbatch refuses it: {_last_line(str(problem))}"
                ) from None
            self._running |= {str(job.job_id): place for job, place in zip(jobs, part, strict=True)}

    def events(self, seconds: float) -> Iterator[Mapping[str, Any]]:
        """Send what is started, and wait for some seconds; what workers tell is in the sweep's folder."""
        if self._asked:
            self.send()
            yield {"event": "said", "text": f"Workers are in Slurm's jobs {', '.join(_whole(self._running))}."}
        time.sleep(seconds)
        for job in [job for job in self._running if end_of(self._sweep, job).exists()]:
            code = int(end_of(self._sweep, job).read_text(encoding="ascii") or 0)
            self._end(job, code, self._said(job))
        if time.monotonic() - self._looked >= _LOOK and self._running:
            self._looked = time.monotonic()
            self._look_at_queue()

    def ended(self) -> list[tuple[int, int, str]]:
        """Return place, exit code and complaints of each worker that has ended since this was asked."""
        found, self._ended = self._ended, []
        return found

    def slacken(self) -> None:
        """Let each worker stop after its trial; those that wait in the queue are taken out of it."""
        self._asked.clear()
        if self._running:
            try:
                ask_stop(self._sweep, NEW)
            finally:
                self._withdraw()

    def interrupt(self) -> None:
        """Let each worker interrupt its trial, which has its grace, and stop."""
        ask_stop(self._sweep, ALL)

    def dismiss(self) -> None:
        """Wait for none of them: nothing is left to do. Those that wait in the queue are taken out of it."""
        self._asked.clear()
        if self._running:
            self._withdraw()
            self._running.clear()

    def _withdraw(self) -> None:
        """Take jobs out of the queue that have not begun."""
        pending = (_queue("--states=PENDING") or set()) & self._running.keys()
        if pending:
            _say_to_slurm("scancel", "--state=PENDING", *_whole(pending))
        for job in pending:
            del self._running[job]

    def _look_at_queue(self) -> None:
        """See which jobs are gone: cancelled, killed, or on machines that do not see the store."""
        queue = _queue()
        if queue is None:
            return
        gone = {job for job in self._running.keys() - queue if not end_of(self._sweep, job).exists()}
        for job in gone & self._missed:  # twice: an end may be seen later than that its job is over
            log = self._sweep / layout.WORKERS_FOLDER / f"{job}_0_log.err"
            self._end(job, -9, self._said(job) if log.exists() else unseen(self._sweep))
        self._missed = gone

    def _end(self, job: str, code: int, said: str) -> None:
        self._ended.append((self._running.pop(job), code, f"job {job}: {said}" if code and said else said))

    def _said(self, job: str) -> str:
        """Return the end of what a job has complained of."""
        try:
            content = (self._sweep / layout.WORKERS_FOLDER / f"{job}_0_log.err").read_bytes()
        except OSError:
            return ""
        return content[-20_000:].decode("utf-8", "replace").strip()

    def _executor(self) -> Any:
        start, given = self._plan.start, dict(self._given)
        executor = self._submitit.SlurmExecutor(
            folder=self._sweep / layout.WORKERS_FOLDER,
            max_num_timeout=10**6,  # how often is for the job to say, by what is left
            python=shlex.quote(start.interpreter or sys.executable),
        )
        given.setdefault("job_name", f"{Path(start.script).stem or start.module}-{self._sweep.name}")
        given.setdefault("requeue", True)
        grace = float(self._plan.options.get("grace") or GRACE)
        executor.update_parameters(
            time=1,  # submitit's own idea of it, which says nothing here
            wckey=None,
            array_parallelism=10**6,
            signal_delay_s=int(grace) + _NOTICE,
            setup=[f"export {name}={shlex.quote(value)}" for name, value in work_environment().items()],
            **({"gpus_per_node": int(self._plan.gpus)} if self._plan.gpus else {}),
            additional_parameters=given,
        )
        return executor


def submitit_for(gpus: float | None) -> Any:
    """
    Return the library that sends jobs.

    Args:
        gpus: How many GPUs a worker is to have; None where nothing was said.

    Raises:
        MissingLibraryError: It is not installed.
        UsageError: There is no Slurm here, or it cannot give what is asked for.
    """
    try:
        submitit = importlib.import_module("submitit")
    except ImportError:
        raise MissingLibraryError("--on=slurm", "submitit", "slurm") from None
    if shutil.which("sbatch") is None or shutil.which("srun") is None:
        problem = "needs a machine that sends jobs to Slurm: sbatch and srun are not found here."
        raise UsageError("--on=slurm", problem)
    if gpus is not None and gpus != int(gpus):
        problem = "cannot be with --on=slurm, which gives a worker whole GPUs. Take 1, or ask for shards by --slurm."
        raise UsageError(f"--gpus={gpus:g}", problem)
    return submitit


def parameters(given: Sequence[str]) -> dict[str, Any]:
    """
    Return what Slurm is told, by name.

    Raises:
        UsageError: A word has no name.

    Example:
        >>> parameters(["partition=gpu", "--cpus-per-task=4", "exclusive"])
        {'partition': 'gpu', 'cpus_per_task': '4', 'exclusive': True}
    """
    found: dict[str, Any] = {}
    for word in given:
        name, equals, value = word.removeprefix("--").partition("=")
        if not re.fullmatch(r"[a-z][a-z_-]*", name):
            raise UsageError(f"--slurm {word}", "is no option of sbatch: partition=gpu time=4:00:00 exclusive.")
        found[name.replace("-", "_")] = value if equals else True
    return found


def accepted(given: Sequence[str], gpus: float | None) -> dict[str, Any]:
    """
    Return what Slurm is told of each job, by name, its time limit among it.

    Args:
        given: Words for it: `partition=gpu`; a word without a value is a switch.
        gpus: How many GPUs a worker has; None where nothing was said.

    Raises:
        UsageError: A word has no name, sbatch surely takes no such job, or no time limit is known.
    """
    found = parameters(given)
    flags = {**found, **({"gpus-per-node": int(gpus)} if gpus else {})}
    words = [f"--{name.replace('_', '-')}{'' if value is True else f'={value}'}" for name, value in flags.items()]
    done = _ask("sbatch", "--test-only", *words, "--wrap=true")
    if done is not None and done.returncode and _SURELY.search(done.stderr):
        raise UsageError("--on=slurm", f"sbatch refuses such a job: {_last_line(done.stderr)}")
    return {**found, "time": found.get("time") or _default_time(found.get("partition"))}


def max_array_size() -> int:
    """Return how many elements Slurm lets an array have."""
    said = _say_to_slurm("scontrol", "show", "config") or ""
    found = re.search(r"MaxArraySize\s*=\s*(\d+)", said)
    return max(1, int(found[1])) if found else _MOST


def _default_time(partition: str | None) -> str:
    """Return the time limit of jobs that ask for none: that of their partition, since submitit always asks for one."""
    words = [partition.partition(",")[0]] if partition else []
    said = _say_to_slurm("scontrol", "show", "partition", "--oneliner", *words) or ""
    lines = [line for line in said.splitlines() if partition or " Default=YES" in line]
    for name in ("DefaultTime", "MaxTime"):
        found = re.search(rf"\b{name}=(\S+)", lines[0]) if lines else None
        if found and found[1] != "NONE":
            return found[1]
    where = f"partition {partition!r}" if partition else "the default partition"
    raise UsageError("--on=slurm", f"needs a time limit, since Slurm says none of {where}: --slurm time=4:00:00.")


def _say_to_slurm(*words: str) -> str | None:
    """Return what a program of Slurm's says; None where it fails, as while its controller is started again."""
    done = _ask(*words)
    return done.stdout if done is not None and done.returncode == 0 else None


def _ask(*words: str) -> subprocess.CompletedProcess[str] | None:
    """Do a program of Slurm's; None where it cannot be started, or does not answer."""
    try:
        return subprocess.run(words, capture_output=True, text=True, errors="replace", check=False, timeout=60)
    except (OSError, subprocess.SubprocessError):
        return None


def _queue(*words: str) -> set[str] | None:
    """Return which jobs of this user are in the queue, or run; None where Slurm does not say."""
    said = _say_to_slurm("squeue", "--noheader", "--me", "--array", "--format=%i", *words)
    return None if said is None else set(said.split())


def _whole(jobs: Iterable[str]) -> list[str]:
    """Return the numbers of jobs, those of arrays once."""
    return sorted({job.partition("_")[0] for job in jobs}, key=int)


def _last_line(said: str) -> str:
    lines = [line.strip() for line in said.splitlines()]
    lines = [line for line in lines if line and not line.startswith("Try ")]
    found = next((line for line in reversed(lines) if "error" in line), lines[-1] if lines else "it does not say why")
    for start in ("sbatch: ", "error: ", "allocation failure: "):
        found = found.removeprefix(start)
    return f"{found.rstrip('.')}."
