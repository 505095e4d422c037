"""The standard streams: of a program that was started without them, and what standard output does not take."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from expframe.errors import OutputError


def open_closed() -> None:
    """
    Let each of stdin, stdout and stderr that is closed lead nowhere.

    Else the next file that is opened gets the number of one, and with it what libraries and child processes print.
    """
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        if getattr(sys, name) is None:
            found = _descriptor(number)
            stream = open(found, mode, 1, encoding="utf-8")  # noqa: SIM115  as long as the process
            setattr(sys, name, stream)
            if found == number:
                setattr(sys, f"__{name}__", stream)  # which says that the number is that of a standard stream


def _descriptor(number: int) -> int:
    """Return a descriptor that leads nowhere: this number, unless a file has got it by now."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    try:
        os.fstat(number)
    except OSError:
        os.dup2(nowhere, number)
        os.close(nowhere)
        return number
    if nowhere == number:
        os.set_inheritable(number, True)  # as those of any program are
    return nowhere


@contextmanager
def written() -> Iterator[None]:
    """
    Write to standard output in the block.

    Raises:
        OutputError: It does not take what is written, as on a full disk, or nobody reads it any more.
    """
    try:
        yield
    except OSError as problem:
        raise OutputError(problem.strerror or str(problem), isinstance(problem, BrokenPipeError)) from None


def put(text: str) -> None:
    """Write text to standard output, as `written` says."""
    with written():
        sys.stdout.write(text)


def flush() -> None:
    """Let what was written to standard output arrive there, as `written` says."""
    with written():
        sys.stdout.flush()


def shown(do: Callable[[], int]) -> int:
    """Do what writes to standard output, and return its exit code; say in one line where that takes no more."""
    try:
        code = do()
        flush()
    except OutputError as problem:
        return give_up(problem)
    return code


def give_up(problem: OutputError) -> int:
    """Write no more to standard output, and return the exit code: 0 where whoever read has seen enough."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python would complain at its end when it flushes
    if problem.is_unread:
        return 0
    print(f"expframe: {problem}", file=sys.stderr)
    return 1
