"""Whether a process that has imported a script may be forked, and how a forked child ends."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress
from pathlib import Path

from expframe.config.dotted import whole_number

_SAFE = {"jemalloc_bg_thd"}
"""Threads, by the names that Linux has for them, which their libraries end and make anew around a fork."""

_VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")
"""How many threads OpenBLAS is told to have; the first that is set prevails."""


def threads() -> int:
    """Return how many threads this process has, those of libraries too, but for those that survive a fork."""
    try:
        names = [_name_of(number) for number in os.listdir("/proc/self/task")]  # names are all we need
    except OSError:
        return threading.active_count()
    return sum(name not in _SAFE for name in names)


def _name_of(thread: str) -> str:
    try:
        return Path(f"/proc/self/task/{thread}/comm").read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""


def unsafe(before: int) -> str | None:
    """
    Return why a fork is not safe by now; None where it is.

    Args:
        before: How many threads there were before the script was imported.
    """
    if not hasattr(os, "fork") or sys.platform == "darwin":
        return "this system does not fork safely"
    if threading.active_count() > 1:
        names = [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()]
        return f"the script has started threads ({', '.join(names)})"
    if (library := _on_gpu()) is not None:
        return f"{library} has begun to use a GPU"
    more = threads() - before - _of_openblas()
    return f"importing the script has left {more} threads of libraries" if more > 0 else None


def _on_gpu() -> str | None:
    torch = sys.modules.get("torch")
    if torch is not None:
        with suppress(Exception):
            if torch.cuda.is_initialized():
                return "torch"
    return None


def _of_openblas() -> int:
    """Return how many threads OpenBLAS may have, which ends and makes them anew around a fork."""
    try:
        from threadpoolctl import threadpool_info
    except ImportError:
        return _openblas_libraries() * (_threads_by_default() - 1)
    infos = threadpool_info() if _openblas_libraries() else []
    return sum(info["num_threads"] - 1 for info in infos if info.get("internal_api") == "openblas")


def _threads_by_default() -> int:
    """Return how many threads a library of OpenBLAS starts where nobody has told it since."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    numbers = (whole_number(os.environ.get(name, "")) for name in _VARIABLES)
    said = next((number for number in numbers if number is not None and number >= 0), usable)
    return min(max(1, said), usable)


def _openblas_libraries() -> int:
    try:
        lines = Path("/proc/self/maps").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return 0
    return len({line.split()[-1] for line in lines if "openblas" in line})


def be_silent() -> None:
    """Read from nowhere and write to nowhere: what a trial prints is in its run."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    nowhere = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(nowhere, fd)
    if nowhere > 2:
        os.close(nowhere)


def leave(code: int) -> None:
    """End a forked child: without what its parent wanted done at its own end."""
    with suppress(BaseException):
        for thread in threading.enumerate():
            if thread is not threading.current_thread() and not thread.daemon:
                thread.join()
    with suppress(BaseException):
        if "multiprocessing.util" in sys.modules:
            sys.modules["multiprocessing.util"]._exit_function()
    for stream in (sys.stdout, sys.stderr):
        with suppress(BaseException):
            stream.flush()
    os._exit(code)
