"""
Programs under fire: each is a fork of this process, which has imported all that they need, and is judged when it ends.

This process must have been started with the library of `faults.c` in front of the system's calls.
"""

from __future__ import annotations

import gc
import importlib
import os
import random
import selectors
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.torture import journal
from tests.torture.again import go_on
from tests.torture.faults import Faults, Struck
from tests.torture.journal import Journal
from tests.torture.oracle import Ended, Evidence, Judgement
from tests.torture.programs import Doing, Program

KINDS = {"kill": (False, True), "fault": (True, False), "both": (True, True)}
"""Whether storage fails, and whether programs are killed."""

_PATIENCE = 120.0
"""Seconds after which a program hangs."""


class Shot:
    """
    A program that goes on.

    Args:
        kind: One of KINDS.
        number: Its seed.
        folder: Where all of it is.
    """

    def __init__(self, kind: str, number: int, folder: Path) -> None:
        fails, kills = KINDS[kind]
        draw = random.Random(f"{kind}:{number}")
        self.number = number
        self.folder = folder
        self.program = Program.drawn(draw)
        by_clock = kills and draw.random() < 0.5
        after = draw.choice([0.01, 0.04, 0.04]) + min(0.5, draw.expovariate(1 / 0.1))
        self.faults = Faults.drawn(draw, fails=fails, kills=kills and not by_clock)
        self.kill_at = time.monotonic() + after if by_clock else float("inf")
        self.deadline = time.monotonic() + _PATIENCE
        self.killed: float | None = None
        self.is_hanging = False
        self.status: int | None = None
        self._shown = b""
        for name in ("work", "project", "elsewhere"):
            (folder / name).mkdir(parents=True)
        self.out, theirs = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            self._become(theirs, self.faults)
        os.close(theirs)
        self.has_read = False

    def _become(self, out: int | None, faults: Faults, *words: str) -> None:
        """Be the program, in a process of its own, on storage that fails."""
        code = 99
        try:
            nowhere = os.open(os.devnull, os.O_RDWR)
            os.dup2(nowhere, 0)
            for fd in (1, 2):
                os.dup2(out if out is not None and self.program.is_shown else nowhere, fd)
            os.closerange(3, 64)
            os.chdir(self.folder)
            os.environ["TMPDIR"] = tempfile.tempdir = str(self.folder / "elsewhere")
            faults.begin(self.folder / "store", self.folder / "faults")
            doing = Doing(self.program, self.folder / "work", Journal(self.folder / "journal"))
            code = doing.do(self.folder / "store", self.folder / "project", *words)
            sys.stdout.flush()
            sys.stderr.flush()
        except BaseException:
            import traceback

            (self.folder / "crash").write_text(traceback.format_exc())
        finally:
            os._exit(code)

    def _go_on(self, id: str) -> None:
        (self.folder / "again").touch()
        self._become(None, Faults(), "--resume", id)

    def look(self, now: float) -> None:
        """Kill it if its time has come; see whether it has ended."""
        if self.status is None and now >= min(self.kill_at, self.deadline):
            self.is_hanging = now >= self.deadline
            self.kill_at = self.deadline = float("inf")
            self.killed = time.monotonic()
            os.kill(self.pid, signal.SIGKILL)
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)

    def read(self) -> None:
        """Take what it prints."""
        data = os.read(self.out, 1 << 16)
        self._shown += data
        self.has_read = not data

    def judge(self) -> Judgement:
        """Return what its store has, against what it should have."""
        assert self.status is not None
        struck = Struck.read(self.folder / "faults")
        killed = next((each.time for each in struck if each.what == "killed"), self.killed)
        shown = self._shown.decode(errors="replace") if self.program.is_shown else None
        ended = Ended(killed if self.status == -signal.SIGKILL else None, self.status, shown)
        entries = journal.read(self.folder / "journal")
        store, elsewhere = self.folder / "store", self.folder / "elsewhere"
        found = Judgement(Evidence(self.program, self.faults, entries, struck, ended, store, elsewhere))
        if self.is_hanging:
            found.problems.append("it hangs")
        if self.status == -signal.SIGKILL and not found.problems:
            is_captured = self.program.capture != "no"
            found.problems += go_on(self.folder, self.program.plan, is_captured, self._go_on)
            found.counts["gone on"] += (self.folder / "again").exists()
        if (self.folder / "crash").exists():
            found.problems.append((self.folder / "crash").read_text())
        found.counts["programs"] += 1
        found.counts["killed"] += ended.killed is not None
        found.counts["faults"] += sum(each.what != "killed" for each in struck)
        return found


def under_fire(kind: str, numbers: range, folder: Path, side: int) -> Iterator[tuple[int, list[str], Counter[str]]]:
    """
    Do programs, some at a time, and yield for each its number, what does not hold of it, and what it did.

    Args:
        kind: One of KINDS.
        numbers: Their seeds.
        folder: Where they are done; what holds is removed.
        side: How many go on side by side.
    """
    waiting = iter(numbers)
    shots: set[Shot] = set()
    with selectors.DefaultSelector() as selector:
        while True:
            while len(shots) < side and (number := next(waiting, None)) is not None:
                shot = Shot(kind, number, folder / f"{kind}{number}")
                selector.register(shot.out, selectors.EVENT_READ, shot)
                shots.add(shot)
            if not shots:
                return
            nearest = min(min(shot.kill_at, shot.deadline) for shot in shots) - time.monotonic()
            for key, _ in selector.select(max(0.0, min(nearest, 0.02))):
                key.data.read()
                if key.data.has_read:
                    selector.unregister(key.fd)
                    os.close(key.fd)
            for shot in list(shots):
                shot.look(time.monotonic())
                if shot.status is not None and shot.has_read:
                    shots.remove(shot)
                    found = shot.judge()
                    yield shot.number, found.problems, found.counts
                    if not found.problems:
                        shutil.rmtree(shot.folder, ignore_errors=True)  # somebody may be left who writes there


def prepare(folder: Path) -> None:
    """Import what programs import, and the judge."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            names = _imported(folder)
            with open(writing, "w") as file:
                file.write(names)
        finally:
            os._exit(0)
    os.close(writing)
    with open(reading) as file:
        names = file.read().split()
    os.waitpid(pid, 0)
    for name in names:
        with suppress(ImportError):
            importlib.import_module(name)
    gc.collect()
    gc.freeze()


def _imported(folder: Path) -> str:
    """Do some programs, and return the names of all modules that they and the judge have imported."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for fd in (1, 2):
        os.dup2(nowhere, fd)
    for number in range(4):
        work = folder / f"first{number}"
        for name in ("work", "project"):
            (work / name).mkdir(parents=True)
        program = Program.drawn(random.Random(number))
        Doing(program, work / "work", Journal(work / "journal")).do(work / "store", work / "project")
        entries = journal.read(work / "journal")
        Judgement(Evidence(program, Faults(), entries, [], Ended(None, 0, None), work / "store", work))
    return " ".join(sys.modules)


def totals(found: Any) -> Counter[str]:
    """Return the sum of counts."""
    return sum(found, Counter())
