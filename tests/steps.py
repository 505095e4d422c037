"""Commands as documentation shows them, each with what it prints: done and compared, or written anew."""

from __future__ import annotations

import difflib
import os
import re
import shlex
import shutil
import statistics
import struct
import subprocess
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE, STDOUT
from typing import Any

from interpreter import run_python

ROOT = Path(__file__).parent.parent

_FAILURE = re.compile(r"^[\w.]+Error: |^Traceback |.py:\d+.* error: ", re.MULTILINE)
_LINE = re.compile(r"\\?[.]py:\d+")
_DAY, _CLOCK, _NUMBER = r"\d{4}-\d\d-\d\d", r"\d+:\d\d:\d\d(?:[.]\d+)?", r"\d+(?:[.]\d+)?(?:e[+-]?\d+)?"
_TIMES = {  # name, what it looks like, what stands for it: found in one pass, so that none takes a piece of another
    "instant": (rf"\b{_DAY}[ T]\d\d:\d\d(?::\d\d(?:[.]\d+)?)?(?:[+-]\d\d:\d\d)?\b", "2026-01-01 00:00:00"),
    "day": (rf"\b{_DAY}\b", "2026-01-01"),
    "clock": (rf"\b(?:\d+ days?, )?{_CLOCK}\b", "0:00:00"),
    "epoch": (r"\b\d{10}[.]\d+\b", "1700000000.0"),
    "span": (rf"(?:^| +)\b{_NUMBER} (?:us|ms|s|min|h|d)\b(?: \d+ (?:h|min|s)\b)?", "  0 s"),
    "seed": (r"\bseed = \d+ *", "seed = 1 "),
}
_TIME = re.compile("|".join(f"(?P<{name}>{pattern})" for name, (pattern, _) in _TIMES.items()), re.MULTILINE)
_VARYING = (
    (re.compile(r"(?<=\S) {2,}(?=\S)"), "  "),
    (re.compile(r"^ *[~^]+[~^ ]*\n", re.MULTILINE), ""),
    (re.compile(r"[ \t]+$", re.MULTILINE), ""),
)


@dataclass(frozen=True)
class Step:
    """A command as it is shown, and what is shown below it; None where nothing is."""

    command: str
    expected: str | None

    def is_shown_by(self, actual: str) -> bool:
        """Return whether the output is the expected one; `...` stands for anything, and times and seeds may differ."""
        return self.expected is None or re.fullmatch(self._pattern, normalise(actual), re.DOTALL) is not None

    def renewed(self, actual: str) -> str:
        """Return what is to be shown of an output: what is shown now where it still fits, line numbers renewed."""
        if self.expected is not None and self.is_shown_by(actual):
            return self.expected
        found = re.fullmatch(_LINE.sub(r"[.]py:(\\d+)", self._pattern), normalise(actual), re.DOTALL)
        if found is None or self.expected is None:
            return actual
        numbers = iter(found.groups())
        return _LINE.sub(lambda _: f".py:{next(numbers)}", self.expected)

    @property
    def _pattern(self) -> str:
        return ".*?".join(map(re.escape, normalise(self.expected or "").split("...")))

    def run(self, folder: Path) -> str:
        """Do the command in a folder and return what a terminal would show of it, the folder's own path left out."""
        words = shlex.split(self.command)
        if words[0] in ("python", "expframe"):
            words[:1] = [] if words[0] == "python" else ["-m", "expframe"]
            done = run_python(words, cwd=folder, env=alone(folder), is_merged=True)
        else:
            done = subprocess.run(
                words,
                cwd=folder,
                env=alone(folder),
                stdout=PIPE,
                stderr=STDOUT,
                encoding="utf-8",
                timeout=900,
                check=False,
            )
        actual = without_place(done.stdout, folder)
        shows_failure = _FAILURE.search(self.expected or "") is not None
        assert shows_failure == (done.returncode != 0), f"{self.command} exits with {done.returncode}:\n{actual}"
        return actual

    def check(self, folder: Path) -> None:
        """Do the command and compare."""
        self.compare(self.run(folder))

    def compare(self, actual: str) -> None:
        """Fail with the difference unless what was printed is what is shown."""
        expected = self.expected or ""
        difference = difflib.unified_diff(expected.splitlines(), actual.splitlines(), "shown", "printed", lineterm="")
        assert self.is_shown_by(actual), f"$ {self.command}\n" + "\n".join(difference)


def normalise(text: str) -> str:
    """Return a text without what differs from one time to the next: times, drawn seeds, widths of columns."""
    text = _TIME.sub(lambda found: _TIMES[found.lastgroup or ""][1], text)
    for pattern, replacement in _VARYING:
        text = pattern.sub(replacement, text)
    return text.strip("\n")


_FOREIGN = ("EXPFRAME_", "PYTEST_", "SLURM_", "OMPI_", "RANK", "WORLD_SIZE", "TORCHELASTIC_")  # speaks to expframe
_SHAPING = (
    "COLUMNS",
    "LINES",
    "FORCE_COLOR",
    "CLICOLOR",
    "TQDM_",
    "PYTHON",
    "IPYTHON",
    "JUPYTER_",
    "GIT_",
)  # shapes output
_KEPT = ("EXPFRAME_CACHE", "GIT_CEILING_DIRECTORIES")


def environment() -> dict[str, str]:
    """
    Return an environment in which this checkout is found, and nothing else speaks to expframe but a test's cache.

    It has nothing either by which people choose what programs print, such as the width of their terminal.
    """
    kept = {name: text for name, text in os.environ.items() if not name.startswith(_FOREIGN + _SHAPING)}
    kept |= {name: os.environ[name] for name in _KEPT if name in os.environ}
    ours = {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"}
    ours["OPENBLAS_NUM_THREADS"] = "1"  # other tests run beside it
    ours["PYRIGHT_PYTHON_IGNORE_WARNINGS"] = "1"  # it would ask for a newer version of itself
    return {**kept, **ours, "NO_COLOR": "1", "MPLBACKEND": "Agg"}


def alone(folder: Path) -> dict[str, str]:
    """Return the environment in which a repository of git around a folder is none of its own, and mypy is quick."""
    ours = {"GIT_CEILING_DIRECTORIES": os.path.dirname(os.path.realpath(folder))}
    return {**environment(), **ours, "XDG_CONFIG_HOME": str(ROOT / "tests" / "typed" / "home")}


def without_place(text: str, folder: Path) -> str:
    """Return what was printed with `...` for a folder, whichever of its names was printed."""
    names = {str(folder), os.path.realpath(folder)}
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, "...")
    return text


def folder_with_examples(folder: Path) -> Path:
    """Copy the examples into an empty folder, as if a user stood in theirs."""
    shutil.copytree(ROOT / "examples", folder, ignore=shutil.ignore_patterns("runs", "__pycache__"), dirs_exist_ok=True)
    return folder


def wait_until(is_so: Callable[[], Any]) -> Any:
    """Return the answer as soon as it is true; fail after many seconds."""
    end = time.monotonic() + 120
    while not (found := is_so()):
        assert time.monotonic() < end
        time.sleep(0.01)
    return found


REACHING = """
import mmap, struct

with open("reached", "wb+") as _file:
    _file.write(bytes(8))
    _file.flush()
    _reached = mmap.mmap(_file.fileno(), 8)


def reach(moment):
    _reached[:] = struct.pack("d", moment)
"""
"""Lets a script say in memory, which a kill leaves as it is, how far it is."""


def wait_until_kept(folder: Path, kept: Callable[[], float]) -> float:
    """
    Wait until what is kept is no more than 100 ms behind what a script has reached, most of the time; return the last.

    The two are compared by the script's own clock, and many times: a machine that lets it stand still for a while, or
    one of its threads, says nothing of what the script does.
    """
    behind: deque[float] = deque(maxlen=100)
    last = 0.0

    def is_close() -> bool:
        nonlocal last
        (reached,) = struct.unpack("d", (folder / "reached").read_bytes())
        last = kept()
        behind.append(reached - last)
        return len(behind) == behind.maxlen and statistics.median(behind) < 0.1

    wait_until(is_close)
    return last


def last_line(path: Path, beginning: str = "") -> str:
    """Return the last whole line with a beginning, of a file that grows."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 4096))
        lines = file.read().decode().splitlines(keepends=True)[1:]
    return next(line.rstrip() for line in reversed(lines) if line.startswith(beginning) and line.endswith("\n"))


def read_steps(text: str) -> list[Step]:
    """Return the `$ ` commands of a text with the lines below each."""
    parts = re.split(r"^\$ (.*)\n?", text, flags=re.MULTILINE)[1:]
    return [
        Step(command, expected if expected.strip() else None)
        for command, expected in zip(parts[::2], parts[1::2], strict=True)
    ]


def write_steps(done: list[tuple[Step, str]]) -> str:
    """Return the text of steps as they are really printed; what is shown stays where it still fits."""
    texts = [f"$ {step.command}\n{step.renewed(actual).strip(chr(10))}".rstrip("\n") for step, actual in done]
    return "\n\n".join(texts) + "\n"
