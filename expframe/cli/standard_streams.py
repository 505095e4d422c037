"""The standard streams of a program that was started without them, as daemons, cron jobs and `>&-` do it."""

from __future__ import annotations

import os
import sys


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
