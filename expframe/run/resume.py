"""Ask for a stored run's command and config again: to take it up, or to do it once more."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from expframe.config import dotted, equality, json_values
from expframe.config.decided import Config
from expframe.config.frozen import thaw
from expframe.config.masking import Masking
from expframe.config.request import Origin, Override, Request
from expframe.config.validation import masked_in
from expframe.disk import layout
from expframe.errors import ConfigChangedError, ResumeError, RunNotFoundError, ValueFormatError
from expframe.facts.stash import stash_of
from expframe.record.record import Record, Status
from expframe.store import attempts, lease
from expframe.store.salt import salt_of

if TYPE_CHECKING:
    from expframe.store.reader import StoredRun
    from expframe.store.search.collection import Runs

LAST = "last"
"""What is said for the newest run."""


class Resumed(NamedTuple):
    """
    A run that is taken up again, or one that was QUEUED and is begun.

    Attributes:
        run: The run as it is stored.
        record: Its facts when it was found; one that DIED has ended with its last sign of life.
        attempt: The number of the attempt that begins.
    """

    run: StoredRun
    record: Record
    attempt: int

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to be done; of a sweep there may be more."""
        return self.record.status == Status.COMPLETED and self.run.sweep is None

    def ask(self, asked: Request) -> Request:
        """
        Return a request with the run's command and config below what is asked for.

        Raises:
            ResumeError: Another command is asked for.
        """
        command = asked.command or self.record.command
        return asked._replace(command=command, base=base_of(self.run))

    def check_config(self, config: Config, *, force: bool) -> None:
        """
        Check that a config is the run's. The code as it is now decides none of a sweep whose trials run from a copy.

        Raises:
            ConfigChangedError: It is another one, and nobody insists.
        """
        if stash_of(self.run.folder) is not None:
            return
        changed = tuple(differences(self.run, config))
        if changed and not (force and not self.is_done):
            raise ConfigChangedError(self.run.id, changed)


def find(store: Path, id: str, experiment: str, command: str, *, is_given: bool) -> Resumed:
    """
    Return a run to take up.

    Args:
        store: The folder of runs.
        id: Its id, or `last` for the newest one of the experiment and command.
        experiment: Whose run it must be.
        command: Which command's.
        is_given: Whether the command was asked for, so that a run of another one will not do.

    Raises:
        RunNotFoundError: There is no such run.
        ResumeError: It has come to its end, goes on, or is of something else.
    """
    run = _last(store, experiment, command) if id == LAST else _runs(store)[id]
    _check(run, experiment, command if is_given else None)
    if run.status == Status.COMPLETED and run.sweep is None:
        raise ResumeError(f"run {run.id}", "is COMPLETED: nothing is left to be done. Start a new one.")
    attempts.refuse_if_alive(run.folder, _last_attempt(run.record))
    return _resumed(run)


def find_if_any(store: Path, id: str, experiment: str, command: str | None, *, is_follower: bool) -> Resumed | None:
    """
    Return the run of an id to take up, or one that is done; None where it has to be started.

    A process elsewhere may have died a moment ago: then it is waited until its lease is old enough to tell.

    Args:
        store: The folder of runs.
        id: Its id.
        experiment: Whose run it must be.
        command: Which command's; None for any.
        is_follower: Whether another process of the same job does the run, which may have begun.

    Raises:
        ResumeError: It goes on, or is of something else.
    """
    if not layout.is_run(store / id):
        return None
    run = _runs(store)[id]
    _check(run, experiment, command)
    if run.status != Status.COMPLETED and not is_follower:
        attempts.wait_if_gone(run.folder, _last_attempt(run.record))
    return _resumed(run)


def _resumed(run: StoredRun) -> Resumed:
    record = run.record._replace(id=run.id)  # its folder may have been copied or moved
    if record.status == Status.DIED:
        record = record._replace(ended=lease.last_sign(run.folder))
    return Resumed(run, record, attempts.next_number(run.folder, _last_attempt(record)))


def _last_attempt(record: Record) -> int:
    """Return the number of a run's last attempt; 0 for one that is QUEUED, as nobody has begun it."""
    return 0 if record.status == Status.QUEUED else record.attempt


def _check(run: StoredRun, experiment: str, command: str | None) -> None:
    """
    Check that a run can be taken up as one of an experiment and command.

    Raises:
        ResumeError: It is of something else.
    """
    record, subject = run.record, f"run {run.id}"
    if record.name != experiment:
        raise ResumeError(subject, f"is one of {record.name!r}, not of {experiment!r}.")
    if command not in (None, record.command):
        raise ResumeError(subject, f"is one of the command {record.command!r}, not of {command!r}.")


def again(asked: Request, store: Path, id: str, experiment: str, default: str) -> Request:
    """
    Return a request for a run that was done before: its command and config, below what is asked for.

    Args:
        asked: What else is asked for.
        store: The folder of runs.
        id: The run's id, or `last` for the newest one of the experiment and command.
        experiment: Whose run is the last one.
        default: The command that is meant where none is asked for.

    Raises:
        RunNotFoundError: There is no such run.
        ResumeError: It is one of another command than is asked for.
    """
    run = _last(store, experiment, asked.command or default) if id == LAST else _runs(store)[id]
    record = run.record
    if asked.command not in (None, record.command):
        raise ResumeError(f"run {run.id}", f"is one of the command {record.command!r}, not of {asked.command!r}.")
    return asked._replace(command=record.command, base=base_of(run), rerun_of={"id": run.id, "uid": record.uid})


def last_of(store: Path, experiment: str, command: str) -> StoredRun | None:
    """Return the newest run of a command that is in no other run; None where there is none."""
    for run in _runs(store):
        with suppress(ValueFormatError, OSError):  # a damaged run is nobody's last
            record = run.record
            if (record.name, record.command, record.parent) == (experiment, command, None):
                return run
    return None


def _last(store: Path, experiment: str, command: str) -> StoredRun:
    found = last_of(store, experiment, command)
    if found is None:
        raise RunNotFoundError(f"{LAST} of {experiment}.{command}", str(store), tuple(_runs(store).ids()[:10]))
    return found


def _runs(store: Path) -> Runs:
    from expframe.store.search.collection import runs  # what only begins need not know how runs are found

    return runs(store)


def base_of(run: StoredRun) -> tuple[Override, ...]:
    """
    Return the values of a run's config, as they were decided, for a run that is to have the same.

    Left to the code are functions and classes that cannot be found by name, and secrets that it made itself.
    """
    config = Config.from_json(json.loads((run.folder / layout.CONFIG).read_bytes()), trust=True)
    found = []
    for path, value in dotted.walk(config.values):
        origin = _origin_of(config, path)
        is_made = origin.is_of_code and next(masked_in(value, path), None) is not None
        if not is_made and not _is_lost(value):
            found.append(Override.of_leaf(path, value, written=dotted.join(path), origin=origin))
    return tuple(found)


def _origin_of(config: Config, path: dotted.Path) -> Origin:
    names = (dotted.join(path[:end]) for end in range(len(path), 0, -1))
    return next((config.origins[name] for name in names if name in config.origins), Origin("drawn"))


def _is_lost(value: Any) -> bool:
    """Return whether a value holds something that was stored by its name and is not found under it."""
    if isinstance(value, list | tuple | set | frozenset):
        return any(map(_is_lost, value))
    return isinstance(value, json_values.Reference)


def differences(before: StoredRun, config: Config) -> Iterator[str]:
    """Yield how a config is known to differ from that of a stored run, an entry a line; secrets are masked."""
    old, new = _compared(before, config)
    for path in dict.fromkeys((*old, *new)):
        if path in old and path in new and equality.same(thaw(old[path]), thaw(new[path]), unknown=True):
            continue
        was, now = (json_values.short_repr(thaw(tree[path]), 60) if path in tree else "none" for tree in (old, new))
        yield f"{dotted.name(path)}: {was} -> {now if now != was else 'another secret'}"


def untold(before: StoredRun, config: Config) -> Iterator[str]:
    """Yield the entries of which nobody can tell whether they differ: secrets without a salt in common."""
    old, new = _compared(before, config)
    for path in old:
        if path in new and equality.likeness((thaw(old[path]), thaw(new[path]))).is_unknown:
            yield dotted.name(path)


def _compared(before: StoredRun, config: Config) -> list[dict[dotted.Path, Any]]:
    """Return the leaves of a stored run's config, and those of another one as they would be stored beside it."""
    salt = partial(salt_of, before.folder.parent)
    shown = config.masked(Masking(config.values, config.names, salt=salt)).values
    stored = json_values.from_json(json_values.to_json(shown))
    return [dict(dotted.walk(tree)) for tree in (before.config.values, stored)]
