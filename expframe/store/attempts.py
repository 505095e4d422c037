"""
The attempts of a run: what the second and later ones took up, and which points and media no longer count.

Each has a file of its own, written once and never changed. To make it is to claim the attempt.
"""

import json
import os
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from expframe.config.json_values import dump_plain
from expframe.disk import layout
from expframe.disk.files import Span, claim, replace_file
from expframe.errors import ResumeError
from expframe.record.record import Status
from expframe.store.lease import Lease, holds, is_alive, is_known_by_age, last_sign


class Attempt(NamedTuple):
    """
    A second or later attempt of a run.

    Attributes:
        number: 2 for the first time that the run was resumed.
        started: When, in ISO form and UTC.
        checkpoint: The number of the checkpoint that it took up; None where it began at the beginning.
        step: That checkpoint's step.
        superseded: For each file the bytes that no longer count: those after the checkpoint, up to the attempt's start.
        before: The record as the attempt before had left it, as plain JSON data.
    """

    number: int
    started: str
    checkpoint: int | None
    step: int | float | None
    superseded: Mapping[str, Span]
    before: Mapping[str, Any]


def read(folder: Path) -> list[Attempt]:
    """Return the second and later attempts of a run, in order; what is damaged is left out."""
    found = []
    for path in _paths(folder):
        if _number(path) == 1:  # a run that was queued has its first attempt from here on
            continue
        with suppress(OSError, ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
            data = json.loads(path.read_bytes())
            spans = {str(file): _span(*places) for file, places in data["superseded"].items()}
            found.append(Attempt(**{field: data[field] for field in Attempt._fields} | {"superseded": spans}))
    return found


def _span(begin: Any, end: Any) -> Span:
    if not 0 <= int(begin) <= int(end) <= sys.maxsize:
        raise ValueError("no bytes of a file")
    return int(begin), int(end)


def superseded(folder: Path) -> dict[str, list[Span]]:
    """Return, for each file of a run of which not all counts, the bytes that do not. Most runs have none."""
    spans: dict[str, list[Span]] = {}
    for attempt in read(folder):
        for name, span in attempt.superseded.items():
            spans.setdefault(name, []).append(span)
    return spans


def next_number(folder: Path, last: int = 1) -> int:
    """Return the number of a run's next attempt, after the last one; 0 is that of a run that nobody has begun."""
    return max(map(_number, _paths(folder)), default=last) + 1


def refuse_if_alive(folder: Path, attempt: int) -> None:
    """
    Check that no process does a run, or has just claimed an attempt of it after the given one.

    Raises:
        ResumeError: One does.
    """
    if is_alive(folder) or _is_beginning(folder, attempt):
        raise ResumeError(f"run {folder.name}", "is running. It can be resumed once its process has ended.")


def wait_if_gone(folder: Path, attempt: int) -> None:
    """
    Wait until it is known that no process does a run: the lease of one that died elsewhere has to grow old first.

    Raises:
        ResumeError: One does.
    """
    touched = last_sign(folder)
    while True:
        try:
            refuse_if_alive(folder, attempt)
        except ResumeError:
            if not is_known_by_age(folder) or last_sign(folder) != touched:
                raise
            time.sleep(0.5)
        else:
            return


def _is_beginning(folder: Path, attempt: int) -> bool:
    for path in _paths(folder)[-1:]:
        with suppress(OSError, ValueError, TypeError, KeyError):
            lease = Lease.from_json(json.loads(path.read_bytes())["lease"])
            return _number(path) > attempt and holds(lease, folder, path.stat().st_mtime)
    return False


def begin(
    folder: Path,
    number: int,
    started: str,
    before: Mapping[str, Any],
    checkpoint: int | None,
    step: int | float | None,
    kept: Mapping[str, int],
    lease: Lease,
) -> Attempt:
    """
    Claim an attempt for this process: from now on what was logged after its checkpoint no longer counts.

    Args:
        folder: The run's folder.
        number: The number of the attempt.
        started: When, in ISO form and UTC.
        before: What the attempt before had left, as plain JSON data.
        checkpoint: The number of the checkpoint that it takes up; None to begin at the beginning.
        step: That checkpoint's step.
        kept: How many bytes of each file the checkpoint keeps.
        lease: Who does it.

    Raises:
        ResumeError: The run goes on in another process.
        OSError: The folder cannot be written.
    """
    refuse_if_alive(folder, 0 if before.get("status") == Status.QUEUED else int(before.get("attempt", 1)))
    spans = {path.name: (kept.get(path.name, 0), _size_of(path)) for path in layout.resumable_files(folder)}
    spans = {name: span for name, span in spans.items() if span[0] < span[1]}
    attempt = Attempt(number, started, checkpoint, step, spans, before)
    attempts = folder / layout.ATTEMPTS_FOLDER
    attempts.mkdir(exist_ok=True)
    aside = attempts / f".{os.getpid()}-{os.urandom(8).hex()}"
    try:
        replace_file(aside, dump_plain({**attempt._asdict(), "lease": lease._asdict()}))
        if not claim(aside, attempts / f"{number}.json"):
            raise ResumeError(f"run {folder.name}", "is being resumed by another process.")
    finally:
        aside.unlink(missing_ok=True)
    _fill_up(folder)
    return attempt


def _size_of(path: Path) -> int:
    """Return the size that a file has when it is opened; a look at it may tell an older one where machines share it."""
    with path.open("rb") as file:
        return os.fstat(file.fileno()).st_size


def _fill_up(folder: Path) -> None:
    """Append empty lines to files that have become shorter than what does not count, so that what follows does."""
    for name, spans in superseded(folder).items():
        with suppress(FileNotFoundError), (folder / name).open("r+b") as file:
            missing = max(end for _, end in spans) - file.seek(0, os.SEEK_END)
            file.write(b"\n" * missing)


def _paths(folder: Path) -> list[Path]:
    """Return the files of the attempts, in order."""
    attempts = folder / layout.ATTEMPTS_FOLDER
    try:
        names = os.listdir(attempts)  # on the way of each reading
    except OSError:
        return []
    paths = (attempts / name for name in names if name.endswith(".json") and name.removesuffix(".json").isdecimal())
    return sorted(paths, key=_number)


def _number(path: Path) -> int:
    return int(path.stem)
