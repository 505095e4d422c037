"""What is wrong in a store: broken, half-written, orphaned; and what would mend it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from expframe.disk import layout
from expframe.errors import ExpframeError
from expframe.record.record import Record, Status
from expframe.record.summaries import load
from expframe.store import editing, foreign, ids, lease, results, shared
from expframe.store.attempts import superseded
from expframe.store.reader import StoredRun, open_run
from expframe.store.sweeps import plan_file

_LINES = (layout.METRICS, layout.FILES, layout.MEDIA, layout.CALLS, layout.SYSTEM)
_AGE = 60.0
"""Seconds after which something half-written is nobody's any more."""
_BLOCK = 1 << 16


@dataclass(frozen=True)
class Finding:
    """
    One thing that is wrong.

    Attributes:
        kind: `broken` (something is lost), `half-written` (something was never finished) or `orphaned` (something
            refers to what is not there, which harms nobody).
        place: The run or file, from the store on.
        problem: What is wrong.
        remedy: What would mend it; empty where nothing does.
        mend: Does that.
    """

    kind: str
    place: str
    problem: str
    remedy: str = ""
    mend: Callable[[], object] | None = None


def check(store: Path) -> Iterator[Finding]:
    """Yield what is wrong in a store, without changing anything."""
    runs = {id: open_run(store / id) for id in sorted(ids.run_ids(store))}
    records: dict[str, Record] = {}
    for id, run in runs.items():
        try:
            records[id] = run.record
        except (ExpframeError, OSError) as problem:
            if os.path.lexists(run.folder):  # else it was removed just now
                yield Finding("broken", id, f"the record cannot be read: {_in_short(problem)}")
    yield from _loose_entries(store)
    yield from _identities(records)
    sound = {name for name, path in shared.files_in(store) if _is_whole(path)}
    for name, _ in shared.files_in(store):
        if name not in sound:
            yield Finding("broken", name, "the content is not what the name, a digest, says")
    for id, record in records.items():
        try:
            found = [*_check_run(runs[id], record, sound)]
        except FileNotFoundError:
            found = []
        if runs[id].folder.exists():
            yield from found


def _is_whole(path: Path) -> bool:
    try:
        return shared.is_whole(path)
    except OSError:
        return False


def _in_short(problem: BaseException) -> str:
    return " ".join(str(problem).split())[:200]


def _loose_entries(store: Path) -> Iterator[Finding]:
    """Yield folders that are no runs, and files that were never finished."""
    try:
        names = sorted(os.listdir(store))
    except FileNotFoundError:
        return
    for name in names:
        path = store / name
        if ids.is_name(name) and path.is_dir() and not foreign.is_run(path):
            if _is_old(path) and not lease.is_alive(path) and layout.is_rest_of_run(path):
                yield Finding(
                    "half-written",
                    name,
                    "the folder holds no record: the run never began",
                    "put it into the trash",
                    partial(editing.move_to_trash, path),
                )
        elif name in shared.FOLDERS:
            yield from _leftovers(path, name)
        elif layout.is_aside(name) and path.is_file() and _is_old(path):
            yield _leftover(path, name)


def _is_old(path: Path) -> bool:
    try:
        return time.time() - path.stat().st_mtime > _AGE
    except OSError:
        return False


def _leftovers(folder: Path, name: str) -> Iterator[Finding]:
    for parent, _, files in os.walk(folder):
        for file in sorted(files):
            path = Path(parent, file)
            if layout.is_aside(file) and _is_old(path):
                yield _leftover(path, f"{name}/{path.relative_to(folder).as_posix()}")


def _leftover(path: Path, place: str) -> Finding:
    return Finding("half-written", place, "the file was never finished", "delete it", partial(path.unlink, True))


def _identities(records: dict[str, Record]) -> Iterator[Finding]:
    """Yield runs of one uid, and children whose parent is gone."""
    by_uid: dict[str, str] = {}
    for id, record in records.items():
        if record.uid in by_uid:
            yield Finding("broken", id, f"has the uid of run {by_uid[record.uid]}: one of them is a copy")
        by_uid.setdefault(record.uid, id)
    for id, record in records.items():
        if record.parent is not None and record.parent not in by_uid:
            yield Finding("orphaned", id, f"the run that it was started in ({record.parent_id}) is not here")


# --------------------------------------------------------------------------------------------------------- one run


def _check_run(run: StoredRun, record: Record, sound: set[str]) -> Iterator[Finding]:
    yield from _check_config(run)
    yield from _check_plan(run)
    if foreign.format_of(run.folder) is not None:
        return  # its files are as its tool left them
    for name in sorted(shared.names_of(run) - sound):
        yield Finding("broken", run.id, f"{name} is not there, or damaged")
    if record.status == Status.RUNNING:
        return  # its process is at work on the rest
    if run.id not in (record.id, run.record.id):  # else it was renamed just now
        mend = partial(editing.change, run, {})
        yield Finding("half-written", run.id, f"its record calls it {record.id}", "write the id of its folder", mend)
    for file in run.files:
        if run.folder in Path(file.path).parents and not os.path.exists(file.path):
            yield Finding("broken", run.id, f"the file {file.name} is not there")
    yield from _leftovers(run.folder, run.id)
    if results.is_elsewhere(record.result):
        yield from _check_result(run)
    yield from _check_lines(run)
    yield from _check_summary(run)


def _check_plan(run: StoredRun) -> Iterator[Finding]:
    if plan_file.is_sweep(run.folder):
        try:
            plan_file.read(run.folder)
        except (ExpframeError, OSError) as problem:
            yield Finding("broken", run.id, f"the plan of the sweep cannot be read: {_in_short(problem)}")


def _check_config(run: StoredRun) -> Iterator[Finding]:
    try:
        open_run(run.folder).config  # noqa: B018  reading it is the check
    except (ExpframeError, OSError) as problem:
        yield Finding("broken", run.id, f"the config cannot be read: {_in_short(problem)}")


def _check_result(run: StoredRun) -> Iterator[Finding]:
    try:
        run.result  # noqa: B018  reading it is the check
    except (ExpframeError, OSError) as problem:
        yield Finding("broken", run.id, _in_short(problem))


def _check_lines(run: StoredRun) -> Iterator[Finding]:
    """Yield files whose last line was never finished."""
    without = superseded(run.folder)
    names = [name for kind in _LINES for name in layout.names_of(run.folder, kind)]
    for path in map(run.folder.joinpath, names):
        try:
            torn = _torn_bytes(path)
            kept = path.stat().st_size - torn
        except FileNotFoundError:
            continue
        # What an earlier attempt left is not cut: places in the file say what of it does not count any more.
        if torn and all(kept >= end for _, end in without.get(path.name, ())):
            problem = f"the last line of {path.name} was never finished ({torn} bytes)"
            yield Finding("half-written", run.id, problem, "cut it off", partial(_cut, path))


def _torn_bytes(path: Path) -> int:
    """Return how many bytes stand behind the last newline of a file."""
    with path.open("rb") as file:
        size = end = file.seek(0, os.SEEK_END)
        while end > 0:
            start = max(0, end - _BLOCK)
            file.seek(start)
            place = file.read(end - start).rfind(b"\n")
            if place >= 0:
                return size - start - place - 1
            end = start
        return size


def _cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size - _torn_bytes(path))


def _check_summary(run: StoredRun) -> Iterator[Finding]:
    """Yield a summary of metrics that cannot be read, or counts points that are not there."""
    path = run.folder / layout.SUMMARY
    problem = ""
    try:
        _, covered = load(path.read_bytes())
        sizes = {name: (run.folder / name).stat().st_size for name in covered if (run.folder / name).exists()}
        if any(size > sizes.get(name, 0) for name, size in covered.items()):
            problem = f"{layout.SUMMARY} counts points that are not there"
    except FileNotFoundError:
        return
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        problem = f"{layout.SUMMARY} cannot be read"
    if problem:
        remedy = "delete it; what it says is taken from the points then"
        yield Finding("half-written", run.id, problem, remedy, partial(path.unlink, True))


# ---------------------------------------------------------------------------------------------------------- unused


def unused(store: Path) -> list[Path]:
    """
    Return the sources and resources that no run uses, not even one in the trash.

    Raises:
        ValueFormatError: A record cannot be read, and nobody knows what that run uses.
    """
    files = [*shared.files_in(store)]  # before it is looked who uses them: whoever begins meanwhile is seen
    runs = [open_run(store / id) for id in ids.run_ids(store)]
    runs += [run for run in editing.trash_of(store) if layout.is_run(run.folder)]
    used: set[str] = set()
    for run in runs:
        with suppress(FileNotFoundError):  # it was removed just now
            used |= shared.names_of(run)
    return [path for name, path in files if name not in used]
