"""Workers that an executor starts: any `concurrent.futures.Executor`, here or elsewhere."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, wait
from pathlib import Path
from typing import Any

from expframe.facts.packages import PACKAGE_FOLDERS
from expframe.store.sweeps import plan_file
from expframe.store.sweeps.plan import Start
from expframe.store.sweeps.trials import ALL, NEW, ask_stop

_OWN = Path(__file__).parents[1]
_MOST_SAID = 20_000

SHARED = "Workers need a folder that all machines see: give it by -F DIR."
"""What helps where workers do not see the store."""


def work_words(sweep: Path, start: Start, words: Sequence[str]) -> list[str]:
    """Return the command line of a worker of a sweep."""
    command = [start.interpreter or sys.executable, "-m", "expframe", "work", sweep.name]
    return [*command, "-F", str(sweep.parent), *words]


def work_environment() -> dict[str, str]:
    """Return what a worker has of environment variables to find expframe where it is not installed."""
    if _OWN.parent.name in PACKAGE_FOLDERS:
        return {}
    return {"PYTHONPATH": os.pathsep.join([str(_OWN.parent), *filter(None, [os.environ.get("PYTHONPATH")])])}


def unseen(sweep: Path) -> str:
    """Return what is said of a sweep that a worker does not find where it is."""
    host = socket.gethostname()
    return f"store {sweep.parent}: sweep {sweep.name} is not there on {host}. {SHARED}"


def work_task(store: str, sweep: str, words: Sequence[str]) -> tuple[int, str]:
    """
    Do the work of one worker: all that an executor is given is where the sweep is, and words of a command line.

    Args:
        store: The folder of runs.
        sweep: The id of the sweep.
        words: Further words of `expframe work`.

    Returns:
        Its exit code, and the end of what it said.
    """
    folder = Path(store) / sweep
    if not plan_file.is_sweep(folder):
        return 2, unseen(folder)
    start = plan_file.read(folder).start
    with tempfile.TemporaryFile() as said:
        worker = subprocess.Popen(
            work_words(folder, start, ["--leash", *words]),
            cwd=start.folder or None,
            env={**os.environ, **work_environment()},
            stdin=subprocess.PIPE,  # closed with this process: the worker stops after its trial
            stdout=subprocess.DEVNULL,
            stderr=said,
            process_group=0,
        )
        code = worker.wait()
        said.seek(max(0, said.seek(0, os.SEEK_END) - _MOST_SAID))
        return code, said.read().decode("utf-8", "replace").strip()


class ExecutorWorkers:
    """
    The workers of a sweep that an executor starts.

    Args:
        sweep: The folder of the sweep's run.
        words: Further words of `expframe work`.
        executor: The executor; its own workers must see the store.
    """

    def __init__(self, sweep: Path, words: Sequence[str], executor: Executor) -> None:
        self._sweep = sweep
        self._words = words
        self._executor = executor
        self._running: dict[Future[tuple[int, str]], int] = {}
        self._ended: list[tuple[int, int, str]] = []

    def __len__(self) -> int:
        return len(self._running)

    def start(self, place: int) -> None:
        """Start the worker of a place."""
        try:
            future = self._executor.submit(work_task, str(self._sweep.parent), self._sweep.name, tuple(self._words))
        except Exception as problem:
            self._ended.append((place, 1, f"{type(problem).__name__}: {problem}"))
        else:
            self._running[future] = place

    def events(self, seconds: float) -> Iterator[Mapping[str, Any]]:
        """Wait for some seconds, or until a worker ends; what it tells is in the sweep's folder."""
        until = time.monotonic() + seconds
        if self._running:
            done, _ = wait(self._running, timeout=max(0.0, until - time.monotonic()), return_when=FIRST_COMPLETED)
            for future in done:
                place = self._running.pop(future)
                code, said = 1, ""
                try:
                    code, said = future.result()
                except CancelledError:
                    said = "A worker was cancelled by its executor, as where the cluster has gone."
                except Exception as problem:
                    said = f"{type(problem).__name__}: {problem}"
                self._ended.append((place, code, said))
        yield from ()

    def ended(self) -> list[tuple[int, int, str]]:
        """Return place, exit code and complaints of each worker that has ended since this was asked."""
        found, self._ended = self._ended, []
        return found

    def slacken(self) -> None:
        """Let each worker stop after its trial."""
        try:
            if self._running:
                ask_stop(self._sweep, NEW)
        finally:
            self.dismiss()

    def dismiss(self) -> None:
        """Start none of those any more that wait: nothing is left to do."""
        for future in list(self._running):
            if future.cancel():
                del self._running[future]

    def interrupt(self) -> None:
        """Let each worker interrupt its trial, which has its grace, and stop."""
        ask_stop(self._sweep, ALL)
