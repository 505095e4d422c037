"""Runs on disk: every file name, new ids, and the lease by which others see whether a run is alive."""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from expframe.disk import write_all, write_new
from expframe.errors import OptionError, RunExistsError, StoreUnusableError

DEFAULT_STORE = "runs"
STORE_VARIABLE = "EXPFRAME_STORE"

RECORD = "run.json"
CONFIG = "config.json"
METRICS = "metrics.csv"
SUMMARY = "summary.json"
MEDIA = "media.jsonl"
SYSTEM = "system.csv"
OUTPUT = "output.txt"
FILES = "files.jsonl"
CALLS = "calls.jsonl"
LEASE = "lease"
INFO = "info.json"
FILES_FOLDER = "files"
CHECKPOINTS_FOLDER = "checkpoints"
ATTEMPTS_FOLDER = "attempts"
SOURCES_FOLDER = "_sources"
RESOURCES_FOLDER = "_resources"
TRASH_FOLDER = "_trash"
_NEXT = "_next"
_OF_RUNS = {CONFIG, SUMMARY, MEDIA, SYSTEM, OUTPUT, FILES, CALLS, LEASE, INFO}
_OF_RUNS |= {FILES_FOLDER, CHECKPOINTS_FOLDER, ATTEMPTS_FOLDER}

_NAME = re.compile(r"[A-Za-z0-9-][A-Za-z0-9._-]*")
_LARGEST = 10**12
"""A hint above this is garbage."""
_EXPIRED = 6
"""Beats that must be missing before a run elsewhere counts as dead."""


def metrics_of(pid: int) -> str:
    """Return the name of the metrics that another process of the run logged."""
    return f"metrics-{pid}.csv"


def metric_names(folder: Path) -> list[str]:
    """Return the names of the metric files that a run can have, its own process's first."""
    names = [name for name in os.listdir(folder) if name.startswith("metrics-") and name.endswith(".csv")]
    return [METRICS, *sorted(names)]


def metric_files(folder: Path) -> list[Path]:
    """Return the metric files of a run, its own process's first."""
    return [folder / name for name in metric_names(folder)]


def worker_metrics(folder: Path) -> list[Path]:
    """Return the metric files of a run's other processes."""
    return metric_files(folder)[1:]


def read(folder: Path, name: str) -> bytes:
    """Return the content of a run's file; cheaper than by a Path of its own, for lists of many runs."""
    with open(f"{folder}/{name}", "rb") as file:
        return file.read()


def is_run(folder: Path) -> bool:
    """Return whether a folder holds a run."""
    return (folder / RECORD).is_file()


def is_rest_of_run(folder: Path) -> bool:
    """Return whether a folder without a record is of a run all the same: it is empty, or holds only what runs hold."""
    names = set(os.listdir(folder))  # names are all we need
    others = names - _OF_RUNS - set(metric_names(folder))
    return not names or (CONFIG in names and not others)


def run_ids(store: Path) -> list[str]:
    """Return the ids of the runs in a folder, in no order; a folder that is not there has none."""
    try:
        names = os.listdir(store)  # names are all we need
    except FileNotFoundError:
        return []
    return [name for name in names if is_name(name) and os.path.isfile(f"{store}/{name}/{RECORD}")]


def resolve_store(store: str | os.PathLike[str] | None) -> Path:
    """Return the store's folder: the given one, else that of the environment, else `runs` of the working directory."""
    return Path(os.path.abspath(store or os.environ.get(STORE_VARIABLE) or DEFAULT_STORE))  # no links


# ------------------------------------------------------------------------------------------------------------ ids


def make_folder(store: Path, name: str | None) -> Path:
    """
    Make and return the folder of a new run.

    Args:
        store: The folder of runs; made if need be.
        name: The run's id; None for the next number, which no other run has or had.

    Raises:
        OptionError: The name cannot be one.
        RunExistsError: There is a run of this name.
        StoreUnusableError: Nothing can be written here.
    """
    if name is not None and not is_name(name):
        problem = "is no name for a run. Use letters, digits, '.', '_' and '-', and begin with none of '.' and '_'."
        raise OptionError(f"id {name!r}", problem)
    try:
        store.mkdir(parents=True, exist_ok=True)
        return _make_numbered(store) if name is None else _make_named(store, name)
    except OSError as problem:
        raise unusable(store, problem) from problem


def make_folder_like(store: Path, id: str) -> Path:
    """
    Make and return the folder of a run from elsewhere: called as there, or by the next number.

    A name is kept where it is free. A number is kept where it is free and none as high was ever given here, since a run
    that was removed does not give its number to another one.

    Raises:
        StoreUnusableError: Nothing can be written here.
    """
    number = _number_of(id)
    if number is None or _hinted(store) <= number < _LARGEST:
        with suppress(RunExistsError):
            return make_folder(store, id)
    return make_folder(store, None)


def is_name(name: str) -> bool:
    """Return whether a run's folder can be called so."""
    return len(name) <= 200 and _NAME.fullmatch(name) is not None


def unusable(store: Path, problem: OSError) -> StoreUnusableError:
    """Return what is to be raised when the file system refuses a new run."""
    reason = "it is no folder" if isinstance(problem, FileExistsError | NotADirectoryError) else problem.strerror
    hint = "No run was started. Choose another folder with -F DIR, store=... or EXPFRAME_STORE; -u keeps nothing."
    return StoreUnusableError(f"store {store}", f"cannot be written ({reason or problem}). {hint}")


def _make_named(store: Path, name: str) -> Path:
    folder = store / name
    try:
        folder.mkdir()
    except FileExistsError:
        raise RunExistsError(name, str(store)) from None
    number = _number_of(name)
    if number is not None and _hinted(store) <= number < _LARGEST:  # nobody else is to have it, not even later
        with suppress(OSError):  # only a hint
            _write_hint(store, number + 1)
    return folder


def _number_of(name: str) -> int | None:
    """Return the number that a name is, as runs are numbered; None if it is another name."""
    return int(name) if name.isascii() and name.isdigit() and not name.startswith("0") else None


def _make_numbered(store: Path) -> Path:
    number = hint = _hinted(store)
    tries = 0
    while True:
        folder = store / str(number)
        try:
            folder.mkdir()
        except FileExistsError:
            tries += 1
            number = _gallop(store, number) if tries % 8 == 0 else number + 1
            continue
        if number >= hint:
            with suppress(OSError):  # only a hint
                _write_hint(store, number + 1)
        return folder


def _write_hint(store: Path, number: int) -> None:
    """Write the number that is likely to be free next; another process may have gone further in the meantime."""
    while True:
        # Of one length and in one write, so that others never read a part of it.
        fd = os.open(store / _NEXT, os.O_WRONLY | os.O_CREAT, 0o666)
        try:
            write_all(fd, f"{number:<20}\n".encode())
            os.ftruncate(fd, 21)
        finally:
            os.close(fd)
        if not (store / str(number)).exists():
            return
        number = _gallop(store, number)


def _hinted(store: Path) -> int:
    with suppress(OSError, ValueError):
        number = int((store / _NEXT).read_text(encoding="ascii"))
        return number if 0 < number < _LARGEST else 1
    return 1


def _gallop(store: Path, taken: int) -> int:
    """Return a number after the last one taken, from one that is: doubling steps, then halving them."""
    step = 1
    while (store / str(taken + step)).exists():
        taken += step
        step *= 2
    while step > 1:
        step //= 2
        if (store / str(taken + step)).exists():
            taken += step
    return taken + 1


# ---------------------------------------------------------------------------------------------------------- lease


class Lease(NamedTuple):
    """
    Which process a run is done by, and how often it says so by touching the file.

    Attributes:
        machine: Boot id and pid namespace: where the pid means something.
        pid: The process.
        started: When the process started, in the kernel's own unit; tells a reused pid.
        interval: Seconds between two touches; 0 for none.
    """

    machine: str
    pid: int
    started: str
    interval: float

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Lease:
        """Return the lease that a file holds."""
        return cls(data["machine"], data["pid"], data["started"], data["interval"])

    def write(self, path: Path) -> None:
        """Write the lease of a run whose record is not there yet."""
        write_new(path, json.dumps(self._asdict()).encode())


def own_lease(interval: float) -> Lease:
    """Return the lease of this process."""
    pid = os.getpid()
    return Lease(_machine(), pid, _start_of(pid), interval)


def is_alive(folder: Path) -> bool:
    """
    Return whether the process of a run that says RUNNING is still there.

    By pid and its start time where boot and pid namespace are ours and the system tells start times; elsewhere by the
    age of the lease, measured with the file system's own clock.
    """
    path = folder / LEASE
    try:
        data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        lease = Lease.from_json(data)
        touched = path.stat().st_mtime
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return holds(lease, folder, touched)


def holds(lease: Lease, folder: Path, touched: float) -> bool:
    """Return whether the process of a lease is still there; `touched` is when it last said so."""
    if lease.machine == _machine() and lease.started:
        return _start_of(lease.pid) == lease.started
    if not lease.interval:  # it never touches its lease
        return True
    return _clock_of(folder) - touched < max(_EXPIRED * lease.interval, 60.0)


def _machine() -> str:
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:  # on the way of each start
            boot = file.read().strip()
        return f"{boot} {os.stat('/proc/self/ns/pid').st_ino}"
    except OSError:
        return f"{sys.platform} {_hostname()}"


def _hostname() -> str:
    import socket

    return socket.gethostname()


def _start_of(pid: int) -> str:
    """Return the start time of a process as a text; empty if there is none."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
        return "" if fields[0] in "ZX" else fields[19]
    except (OSError, IndexError):
        pass
    if Path("/proc/self/stat").exists() or os.name == "nt":  # there os.kill would end the process
        return ""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return ""
    except OSError:
        pass
    return "running"


def _clock_of(folder: Path) -> float:
    """Return the time as the file system of a folder tells it, or our own where it cannot be asked."""
    probe = folder.parent / f"._clock.{os.getpid()}"
    try:
        probe.touch()
        return probe.stat().st_mtime
    except OSError:
        return time.time()
    finally:
        with suppress(OSError):
            probe.unlink()
