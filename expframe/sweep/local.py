"""Workers on this machine: processes of their own, watched through the pipes on which they tell what happens."""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, NamedTuple

from expframe.disk import layout
from expframe.process.devices import VISIBLE, visible_of
from expframe.run.sampler import gpus
from expframe.store.sweeps.plan import Start
from expframe.sweep.executors import work_environment, work_words

_ALL_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")
"""Variables by which libraries are told how many threads to have."""

THREADS = _ALL_THREADS[0]
"""The one that stands for all."""


class _Process(NamedTuple):
    """
    A worker.

    Attributes:
        place: Its number, from 0: which part of the machine it has.
        process: Its process.
        leash: Closed when it is to stop after its trial.
        said: Where its complaints are.
        start: Where they begin in that file.
    """

    place: int
    process: subprocess.Popen[bytes]
    leash: IO[bytes]
    said: Path
    start: int


class LocalWorkers:
    """
    The workers of a sweep on this machine.

    Args:
        sweep: The folder of the sweep's run.
        start: How the script is started.
        words: Further words of `expframe work`.
        environments: For each place of a worker what it has of environment variables.
    """

    def __init__(
        self, sweep: Path, start: Start, words: Sequence[str], environments: Sequence[Mapping[str, str]]
    ) -> None:
        self._sweep = sweep
        self._start = start
        self._words = words
        self._environments = environments
        self._selector = selectors.DefaultSelector()
        self._running: dict[int, _Process] = {}
        self._begun: dict[int, bytes] = {}
        self._sentinels: dict[int, int] = {}
        self._ended: list[tuple[int, int, str]] = []

    def __len__(self) -> int:
        return len(self._running)

    def start(self, place: int) -> None:
        """Start the worker of a place."""
        folder = self._sweep / layout.WORKERS_FOLDER
        folder.mkdir(exist_ok=True)
        said = folder / f"{place}.txt"
        with said.open("ab") as complaints:
            start = complaints.tell()
            process = subprocess.Popen(
                work_words(self._sweep, self._start, ["--json", "--leash", *self._words]),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=complaints,
                env={**os.environ, **work_environment(), **self._environments[place % len(self._environments)]},
                process_group=0,
            )
        assert process.stdin is not None and process.stdout is not None
        os.set_blocking(process.stdout.fileno(), False)
        worker = _Process(place, process, process.stdin, said, start)
        self._running[process.stdout.fileno()] = worker
        self._begun[process.stdout.fileno()] = b""
        self._selector.register(process.stdout, selectors.EVENT_READ, process.stdout.fileno())
        if hasattr(os, "pidfd_open"):  # seen at once, whoever else may hold the pipe
            sentinel = os.pidfd_open(process.pid)
            self._sentinels[process.stdout.fileno()] = sentinel
            self._selector.register(sentinel, selectors.EVENT_READ, process.stdout.fileno())

    def detach(self, place: int) -> None:
        """Start a worker that goes on by itself, whatever becomes of this process."""
        folder = self._sweep / layout.WORKERS_FOLDER
        folder.mkdir(exist_ok=True)
        with (folder / f"{place}.txt").open("ab") as said:
            subprocess.Popen(
                work_words(self._sweep, self._start, self._words),
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                env={**os.environ, **work_environment(), **self._environments[place % len(self._environments)]},
                start_new_session=True,
            )

    def events(self, seconds: float) -> Iterator[Mapping[str, Any]]:
        """Yield what workers tell within some seconds, as soon as they do."""
        ready = self._selector.select(seconds) if self._running else []
        over = {key.data for key, _ in ready if key.fd in self._sentinels.values()}
        for fd in {key.data for key, _ in ready}:
            is_closed = False
            with suppress(BlockingIOError):
                while data := os.read(fd, 1 << 16):
                    *lines, self._begun[fd] = (self._begun[fd] + data).split(b"\n")
                    for line in lines:
                        with suppress(ValueError):
                            yield json.loads(line)
                is_closed = True
            if is_closed or fd in over:
                self._end(fd)

    def ended(self) -> list[tuple[int, int, str]]:
        """Return place, exit code and complaints of each worker that has ended since this was asked."""
        found, self._ended = self._ended, []
        return found

    def slacken(self) -> None:
        """Let each worker stop after its trial."""
        for worker in self._running.values():
            with suppress(OSError):
                worker.leash.close()

    def dismiss(self) -> None:
        """Do nothing: who finds nothing to do ends."""

    def interrupt(self) -> None:
        """Let each worker interrupt its trial, which has its grace, and stop."""
        for worker in self._running.values():
            with suppress(ProcessLookupError):
                worker.process.send_signal(signal.SIGTERM)

    def _end(self, fd: int) -> None:
        """Take leave of a worker that has ended, or has closed its pipe, which is its end."""
        worker = self._running.pop(fd)
        if (sentinel := self._sentinels.pop(fd, None)) is not None:
            self._selector.unregister(sentinel)
            os.close(sentinel)
        assert worker.process.stdout is not None
        self._selector.unregister(worker.process.stdout)
        worker.process.stdout.close()
        with suppress(OSError):
            worker.leash.close()
        code = worker.process.wait()
        text = ""
        with suppress(OSError):
            text = worker.said.read_bytes()[worker.start :][-20_000:].decode("utf-8", "replace").strip()
        self._ended.append((worker.place, code, text))


def environments(jobs: int, found: Sequence[str] = (), share: float | None = None) -> list[dict[str, str]]:
    """
    Return for each place of a worker what it has of environment variables: its part of processors and GPUs.

    Args:
        jobs: How many workers there are.
        found: The GPUs that there are, by number or UUID.
        share: How many GPUs a trial has, or which part of one; None to leave them as they are.
    """
    shared: dict[str, str] = {}
    if jobs > 1 and not any(os.environ.get(name) for name in _ALL_THREADS):
        shared[THREADS] = str(max(1, processors() // jobs))
    places = [dict(shared) for _ in range(jobs)]
    if share is not None:
        for place, variables in enumerate(places):
            variables[VISIBLE] = ",".join(slot(place, found, share))
    return places


def devices() -> list[str]:
    """Return the GPUs that this process sees, by number or UUID: by its environment, else by NVML."""
    return visible_of(os.environ[VISIBLE]) if VISIBLE in os.environ else gpus()


def slot(place: int, found: Sequence[str], share: float) -> list[str]:
    """
    Return the GPUs of a worker.

    Example:
        >>> [slot(place, ["0", "1"], 0.5) for place in range(4)]
        [['0'], ['0'], ['1'], ['1']]
        >>> slot(1, ["0", "1", "2", "3"], 2)
        ['2', '3']
    """
    if share <= 0:
        return []
    if share < 1:
        return [found[place // int(1 / share + 1e-9)]]
    count = int(share)
    return list(found[place * count : (place + 1) * count])


def slots(found: Sequence[str], share: float) -> int:
    """
    Return how many workers the GPUs suffice for.

    Example:
        >>> slots(["0", "1"], 0.5), slots(["0", "1", "2"], 2), slots(["0"], 0.3)
        (4, 1, 3)
    """
    return len(found) * int(1 / share + 1e-9) if share < 1 else len(found) // int(share)


def processors() -> int:
    """Return how many processors this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1
