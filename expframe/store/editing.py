"""What people change in runs afterwards: tags, comment, id; and runs that are put away, until they are deleted."""

from __future__ import annotations

import errno
import json
import os
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from expframe.config import json_values
from expframe.config.masking import MASKING
from expframe.disk import layout
from expframe.disk.files import replace_file, size_of
from expframe.errors import RunExistsError, RunNotFoundError, StoreError, ValueFormatError
from expframe.record.record import Status
from expframe.store import final_record, ids, lease
from expframe.store.claims import Claim
from expframe.store.foreign import format_of
from expframe.store.index import newest_first
from expframe.store.reader import StoredRun, open_run
from expframe.store.run_folder import RunFolder
from expframe.store.sweeps.journal import Journal, new_writer
from expframe.store.sweeps.plan_file import is_sweep

_AGAIN = "~"
"""Stands between a run's id and a number where the trash has a run of that id already; no id holds it."""

_PATIENCE = 10.0
"""Seconds for which whoever changes a run waits for another who does."""


def change(run: StoredRun, facts: Mapping[str, Any]) -> None:
    """
    Change facts of a run's record, and leave everything else in it as it is, whoever changes it at the same moment.

    Args:
        run: The run; its process has ended.
        facts: By field of the Record.

    Raises:
        StoreError: The run is running: its process would write its own record over this one. Or it is another tool's.
        RunNotFoundError: It was removed meanwhile.
        ValueFormatError: The record cannot be read.
    """
    with _alone(run, "change it") as now:
        _write(now, facts)


def _write(run: StoredRun, facts: Mapping[str, Any]) -> None:
    path = run.folder / layout.RECORD
    try:
        data = final_record.of(run.folder, json.loads(path.read_bytes()))
        data.update(json_values.to_json(MASKING.value({**facts, "id": run.id})))
    except (ValueError, AttributeError) as problem:
        raise ValueFormatError(f"run {run.id} ({path})", f"cannot be read ({problem}).") from problem
    replace_file(path, json_values.dump_plain(data))


def tag(run: StoredRun, added: Sequence[str], removed: Sequence[str]) -> list[str]:
    """
    Give a run tags, take others away, and return those that it has then.

    Raises:
        StoreError: The run is running, or is another tool's.
        ValueFormatError: The record cannot be read.
    """
    with _alone(run, "change it") as now:
        before = list(now.record.tags)
        after = [tag for tag in dict.fromkeys([*before, *added]) if tag not in removed]
        if after != before:
            _write(now, {"tags": after})
    return after


def rename(run: StoredRun, name: str) -> StoredRun:
    """
    Give a run another id, in its folder's name, its record and those of its children, and return it.

    Raises:
        OptionError: The name cannot be one.
        RunExistsError: There is a run of this name.
        StoreError: The run is running.
    """
    with _alone(run, "rename it") as now:
        children = now.children
        renamed = _move(now, name)
    for child in children:
        if child.status != Status.RUNNING:
            outcome = f"Run {run.id} is called {name} now, but not in all runs that were started in it."
            with _alone(child, "change it", outcome) as started_in_it:
                _write(started_in_it, {"parent_id": name})
    _tell_sweep(renamed)
    return renamed


def _move(run: StoredRun, name: str) -> StoredRun:
    """Give the folder of a run, and its record, another id, or neither."""
    target = run.folder.parent / name
    if run.id != name and run.id.casefold() == name.casefold() and target.exists() and target.samefile(run.folder):
        ids.require_name(name)  # it is one name in two cases, as some systems have it
        run.folder.rename(target)
    else:
        ids.make_folder(run.folder.parent, name)  # so that nobody else takes it
        try:
            _move_over(run.folder, target)
        except OSError:
            target.rmdir()
            raise
    renamed = StoredRun(target)
    try:
        _write(renamed, {})
    except (OSError, ValueFormatError):
        outcome = f"Run {run.id} is called {name} now, as its folder is; its record says {run.id}."
        with ids.writing(target.parent, outcome):
            target.rename(run.folder)
        raise
    return renamed


@contextmanager
def _alone(run: StoredRun, what: str, outcome: str = ids.UNCHANGED) -> Iterator[StoredRun]:
    """
    Yield a run as it is now and wherever it was renamed to, while nobody else changes it.

    Args:
        run: The run.
        what: What is to be done with it.
        outcome: What has come of it where the store does not take that.

    Raises:
        StoreError: It is running, is another tool's, or another process takes too long to change it.
        RunNotFoundError: It was removed meanwhile, or renamed before it was looked at.
    """
    store = run.folder.parent
    try:
        _refuse_running(run, what)
        refuse_foreign(run)
        uid = run.record.uid
    except FileNotFoundError:
        raise _not_found(run) from None
    folder = RunFolder(run.folder, uid)
    claim = Claim(store, store / layout.CLAIMS_FOLDER / layout.named_by(uid), os.urandom(8).hex(), 0)
    end = time.monotonic() + _PATIENCE
    try:
        while not claim.take():
            if time.monotonic() > end:
                raise StoreError(f"run {run.id}", f"is being changed by another process ({claim.path}). Try it again.")
            time.sleep(0.005)
        try:
            now = StoredRun(folder.now())
            is_found = now.record.uid == uid  # it may have been moved while it was looked for
        except OSError:
            is_found = False
        if not is_found:
            raise _not_found(run)
        with ids.writing(store, outcome):
            yield now
    finally:
        claim.release()
        folder.close()


def _not_found(run: StoredRun) -> RunNotFoundError:
    newest = tuple(row.id for row in newest_first(run.folder.parent)[:10])
    return RunNotFoundError(run.id, str(run.folder.parent), newest)


def _tell_sweep(run: StoredRun) -> None:
    """Note in the journal of its sweep which id the run of a trial has since."""
    record = run.record
    parent = str(record.parent_id)
    sweep = run.folder.parent / parent
    if record.sweep and ids.is_name(parent) and is_sweep(sweep):
        place = record.sweep["trial"], record.sweep["attempt"]
        Journal(sweep, new_writer()).note("renamed", *place, run=run.id)


def _move_over(folder: Path, empty: Path) -> None:
    if os.name == "nt":  # only there a folder does not replace an empty one
        empty.rmdir()
    folder.rename(empty)


def _refuse_running(run: StoredRun, what: str) -> None:
    if run.status == Status.RUNNING:
        raise StoreError(f"run {run.id}", f"is running. When it has ended you can {what}.")


def refuse_foreign(run: StoredRun) -> None:
    """
    See to it that a run is of our own format.

    Raises:
        StoreError: Another tool has written it.
    """
    if format_of(run.folder) is not None:
        problem = (
            "was written by another tool, whose files stay as they are. Take it into a store of ours first: import."
        )
        raise StoreError(f"run {run.id}", problem)


# ----------------------------------------------------------------------------------------------------------- trash


def with_children(runs: Sequence[StoredRun]) -> list[StoredRun]:
    """Return runs and all that were started in them, at any depth, each once."""
    found: dict[str, StoredRun] = {}
    waiting = list(runs)
    while waiting:
        run = waiting.pop(0)
        if run.id not in found:
            found[run.id] = run
            waiting += run.children
    return list(found.values())


def put_away(run: StoredRun) -> tuple[int, str]:
    """
    Move a run into the trash of its store, and return its size in bytes and its name there.

    Raises:
        StoreError: The run is running.
        FileNotFoundError: It is not there any more.
        StoreUnusableError: The store takes no change.
    """
    if lease.is_alive(run.folder):
        _refuse_running(run, "remove it")
    size = size_of(run.folder)
    with ids.writing(run.folder.parent, ids.UNCHANGED), suppress(FileNotFoundError):
        return size, move_to_trash(run.folder)
    raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(run.folder))


def move_to_trash(path: Path) -> str:
    """Move a file or folder of a store into the store's trash, and return its name there."""
    trash = path.parent / layout.TRASH_FOLDER
    trash.mkdir(exist_ok=True)
    name, number = path.name, 1
    while not _has_moved(path, trash / name):
        number += 1
        name = f"{path.name}{_AGAIN}{number}"
    return name


def _has_moved(path: Path, target: Path) -> bool:
    """Move a file or folder, unless there is another of that name, whoever puts it there meanwhile."""
    if os.path.lexists(target):
        return False
    try:
        path.rename(target)
    except OSError as problem:
        if problem.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
        return False
    return True


def trash_of(store: Path) -> list[StoredRun]:
    """Return what is in the trash of a store, by name; ids of runs that went there again have a number."""
    try:
        names = os.listdir(store / layout.TRASH_FOLDER)
    except FileNotFoundError:
        return []
    return [open_run(store / layout.TRASH_FOLDER / name) for name in sorted(names)]


def restore(store: Path, name: str) -> StoredRun:
    """
    Take a run out of the trash.

    Raises:
        RunNotFoundError: The trash has none of this name.
        RunExistsError: There is another run of its id now.
        StoreUnusableError: The store takes no change.
    """
    there = {run.id: run for run in trash_of(store)}
    if name not in there:
        raise RunNotFoundError(name, str(store / layout.TRASH_FOLDER), tuple(there))
    target = store / name.partition(_AGAIN)[0]
    if target.exists():
        raise RunExistsError(target.name, str(store))
    with ids.writing(store, ids.UNCHANGED):
        there[name].folder.rename(target)
    return open_run(target)


def empty_trash(store: Path) -> list[tuple[str, int]]:
    """
    Delete what is in the trash for good, and return the name and size of each.

    Raises:
        StoreUnusableError: The store takes no change.
    """
    deleted = []
    for run in trash_of(store):
        size = size_of(run.folder)
        with ids.writing(store, "What is left is still in the trash."):
            if run.folder.is_dir() and not run.folder.is_symlink():
                shutil.rmtree(run.folder)
            else:
                run.folder.unlink()
        deleted.append((run.id, size))
    return deleted
