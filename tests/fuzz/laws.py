"""What holds whatever is read: an answer or an error of ours, bounded time and memory, no execution, no escape."""

from __future__ import annotations

import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from typing import Any

from mutation import CANARY

from expframe.errors import ExpframeError

SECONDS = 4.0
"""Of the processor, that reading one small file may take."""

MEMORY = 1 << 30
"""Bytes more than before that it may take."""

if find_spec("pyarrow") is not None:
    import pyarrow

    # A pool takes as many bytes at its first use: that is before anything is read, also of one that nobody asks for.
    for _name in pyarrow.supported_memory_backends():
        pyarrow.allocate_buffer(8, memory_pool=getattr(pyarrow, f"{_name}_memory_pool")())
    pyarrow.set_memory_pool(pyarrow.system_memory_pool())

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_NEVER = {"os.system", "subprocess.Popen", "os.exec", "os.posix_spawn", "socket.connect", "pickle.find_class"}
_CHANGES = {"os.mkdir", "os.remove", "os.rmdir", "os.rename", "os.link", "os.symlink", "os.chmod", "os.truncate"}


class Broken(AssertionError):
    """A law was broken."""


class TooLong(BaseException):
    """It takes too long: no code catches this by the way."""


class _Watch:
    """
    Sees what is opened, changed and started while something is read.

    Attributes:
        folder: What may be changed; None while nobody watches.
        faults: What was done beside it.
    """

    def __init__(self) -> None:
        self.folder: str | None = None
        self.faults: list[str] = []
        self._is_there = False
        self._others: set[int | None] = set()

    def begin(self, folder: Path) -> None:
        """Watch from now on. A hook of Python's cannot be taken away, so there is one that mostly does nothing."""
        self.faults = []
        self._others = {thread.ident for thread in threading.enumerate()} - {threading.get_ident()}  # of other tests
        self.folder = os.path.realpath(folder)
        if not self._is_there:
            sys.addaudithook(self._see)
            self._is_there = True

    def _see(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.folder is None or threading.get_ident() in self._others:
            return
        if event in _NEVER or (event == "import" and str(arguments[0]).startswith(CANARY)):
            self.faults.append(f"{event} {arguments!r:.200}")
        elif event == "open" and isinstance(arguments[0], str | bytes | os.PathLike):
            name = os.fsdecode(arguments[0])
            is_forbidden = os.path.basename(name) == "passwd" or name.endswith("outside.txt")
            if is_forbidden or (self._writes(arguments) and not self._is_inside(name)):
                self.faults.append(f"open {name} {arguments[1:]}")
        elif event in _CHANGES and not _is_below_a_folder(arguments):
            name = os.fsdecode(arguments[1 if event in ("os.link", "os.symlink", "os.rename") else 0])
            if not self._is_inside(name):
                self.faults.append(f"{event} {arguments!r:.200}")

    def _writes(self, arguments: tuple[Any, ...]) -> bool:
        mode, flags = arguments[1], arguments[2]
        return any(mark in mode for mark in "wxa+") if isinstance(mode, str) else bool(flags & _WRITES)

    def _is_inside(self, name: str) -> bool:
        real = os.path.realpath(name)
        return real.startswith((f"{self.folder}{os.sep}", os.devnull)) or real == self.folder or "__pycache__" in real


def _is_below_a_folder(arguments: tuple[Any, ...]) -> bool:
    """Return whether a name is one in an open folder, as where a tree is removed."""
    if isinstance(arguments[0], int):  # an open file, which was watched when it was opened
        return True
    return isinstance(arguments[-1], int) and arguments[-1] > 2 and not os.path.isabs(os.fsdecode(arguments[0]))


_WATCH = _Watch()


@contextmanager
def kept(folder: Path) -> Iterator[None]:
    """
    See to it that a block takes bounded time and memory, executes nothing and changes nothing beside a folder.

    Raises:
        Broken: It does not.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (_writable() + MEMORY, hard))
    before = signal.signal(signal.SIGVTALRM, _end)
    signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS * 2)
    start = time.thread_time()
    _WATCH.begin(folder)
    try:
        yield
    except MemoryError as problem:
        raise Broken("takes too much memory") from problem
    except TooLong as problem:
        raise Broken("takes too long") from problem
    finally:
        _WATCH.folder = None
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))
    took = time.thread_time() - start
    if took > SECONDS:
        raise Broken(f"took {took:.1f} s")
    if _WATCH.faults:
        raise Broken(f"does what reading must not: {_WATCH.faults[0]}")


def _end(_number: int, _frame: FrameType | None) -> None:
    raise TooLong


def _writable() -> int:
    """Return how many bytes can be written; addresses that are only set aside, as for each thread, are none of them."""
    pages = int(Path("/proc/self/statm").read_text().split()[5])
    return pages * resource.getpagesize()


def answered(read: Callable[[], Any], *also: type[Exception]) -> Any:
    """Return what a reader answers; None where it says by an error of ours, or one it documents, that it cannot."""
    try:
        return read()
    except (ExpframeError, *also) as problem:
        str(problem), repr(problem)
        return None
