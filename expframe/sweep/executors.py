"""Workers that an executor starts: any `concurrent.futures.Executor`, here or elsewhere."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from contextlib import suppress
from pathlib import Path
from typing import Any

from expframe.facts.packages import PACKAGE_FOLDERS
from expframe.store.sweeps.plan import Start
from expframe.store.sweeps.trials import ALL, NEW, ask_stop

_OWN = Path(__file__).parents[1]


def work_words(sweep: Path, start: Start, words: Sequence[str]) -> list[str]:
    """Return the command line of a worker of a sweep."""
    command = [start.interpreter or sys.executable, "-m", "expframe", "work", sweep.name]
    return [*command, "-F", str(sweep.parent), *words]


def work_environment() -> dict[str, str]:
    """Return what a worker has of environment variables to find expframe where it is not installed."""
    if _OWN.parent.name in PACKAGE_FOLDERS:
        return {}
    return {"PYTHONPATH": os.pathsep.join([str(_OWN.parent), *filter(None, [os.environ.get("PYTHONPATH")])])}


def work_task(words: Sequence[str], folder: str, variables: Mapping[str, str]) -> tuple[int, str]:
    """
    Do the work of one worker: all that an executor is given is a command line, a folder and variables.

    Returns:
        Its exit code, and the end of what it said.
    """
    done = subprocess.run(
        list(words),
        cwd=folder or None,
        env={**os.environ, **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=False,
    )
    return done.returncode, done.stderr[-20_000:].decode("utf-8", "replace").strip()


class ExecutorWorkers:
    """
    The workers of a sweep that an executor starts.

    Args:
        sweep: The folder of the sweep's run.
        start: How the script is started.
        words: Further words of `expframe work`.
        executor: The executor; its own workers must see the store.
    """

    def __init__(self, sweep: Path, start: Start, words: Sequence[str], executor: Executor) -> None:
        self._sweep = sweep
        self._start = start
        self._words = words
        self._executor = executor
        self._running: dict[Future[tuple[int, str]], int] = {}
        self._ended: list[tuple[int, int, str]] = []

    def __len__(self) -> int:
        return len(self._running)

    def start(self, place: int) -> None:
        """Start the worker of a place."""
        words = work_words(self._sweep, self._start, self._words)
        future = self._executor.submit(work_task, words, self._start.folder, work_environment())
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
        if self._running:
            ask_stop(self._sweep, NEW)
        for future in list(self._running):
            if future.cancel():
                del self._running[future]

    def interrupt(self) -> None:
        """Let each worker interrupt its trial, which has its grace, and stop."""
        with suppress(OSError):
            ask_stop(self._sweep, ALL)
