"""Storage that fails, and where it does: `faults.c`, compiled by the system's compiler and told what to do."""

from __future__ import annotations

import ctypes
import os
import random
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

KINDS = {
    "open": 1,
    "write": 2,
    "rename": 4,
    "mkdir": 8,
    "link": 16,
    "fsync": 32,
    "read": 64,
    "truncate": 128,
    "unlink": 256,
    "touch": 512,
}
ALL = sum(KINDS.values())
FULL = KINDS["open"] | KINDS["write"] | KINDS["mkdir"]


class Faults(NamedTuple):
    """
    How storage fails.

    Attributes:
        seed: Of its random numbers.
        first: How many calls are left alone.
        rate: How many of a million calls begin to fail.
        calls: For how many more calls that goes on, at most, half the time.
        milliseconds: For how long it goes on, at most.
        lasting: The call from which on all fail for good; -1 for none.
        kinds: Which calls fail, as a sum of KINDS.
        kill: The call at which the process is killed; -1 for none.
    """

    seed: int = 0
    first: int = 0
    rate: int = 0
    calls: int = 0
    milliseconds: int = 0
    lasting: int = -1
    kinds: int = ALL
    kill: int = -1

    @classmethod
    def drawn(cls, draw: random.Random, *, fails: bool, kills: bool) -> Faults:
        """Draw how storage fails, and at which call the process is killed."""
        found = cls(draw.getrandbits(60))
        if fails:
            kinds = draw.choice([ALL, ALL, ALL, FULL, draw.choice(list(KINDS.values()))])
            rate = int(10 ** draw.uniform(3.5, 4.8))
            found = found._replace(rate=rate, calls=draw.randrange(12), milliseconds=draw.randrange(200), kinds=kinds)
            found = found._replace(first=draw.choice([0, 20, 40]))
            if draw.random() < 0.08:
                found = found._replace(lasting=int(draw.expovariate(1 / 80)))
        if kills:
            found = found._replace(kill=int(draw.choice([0, 20, 20, 60]) + draw.expovariate(1 / 100)))
        return found

    def told(self, folder: Path, log: Path) -> str:
        """Return the variable FAULTS, by which storage below a folder fails in a process with the library."""
        return f"{folder}\n{log}\n{' '.join(map(str, self))}"

    def begin(self, folder: Path, log: Path) -> None:
        """Let storage below a folder fail from now on, for this process and those that it starts."""
        text = self.told(folder, log)
        os.environ["FAULTS"] = text
        ctypes.CDLL(None).faults_begin(text.encode())


class Struck(NamedTuple):
    """A call that failed, or at which the process was killed."""

    time: float
    kind: str
    what: str
    path: str

    @classmethod
    def read(cls, log: Path) -> list[Struck]:
        """Return all that is in a log."""
        if not log.exists():
            return []
        lines = (line.split(" ", 3) for line in log.read_text().splitlines())
        return [cls(float(time), kind, what, path) for time, kind, what, path in lines]


def compile_library(folder: Path) -> Path:
    """Compile the library into a folder."""
    target = folder / "faults.so"
    compiler = os.environ.get("CC") or shutil.which("cc") or "gcc"
    words = [
        compiler,
        "-O2",
        "-shared",
        "-fPIC",
        "-o",
        target,
        Path(__file__).with_name("faults.c"),
        "-ldl",
        "-lpthread",
    ]
    subprocess.run(words, check=True)
    return target
