"""
Who does which attempt of which trial: whoever renames a folder that says so into place.

`claims/000017.2` is the second attempt of trial 17. Of many that rename a folder to this name just one succeeds, since
the folder is never empty; so no claim is ever without an owner. The owner is the process that does the trial.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from expframe.config import json_values
from expframe.disk import layout
from expframe.disk.files import replace_file, write_new
from expframe.record.record import Status
from expframe.store import rows
from expframe.store.lease import Lease, holds, own_lease

_OWNER = "owner"
_RUN = "run"
_END = "end"
_RANK = "rank-"
_BEAT = 10.0
"""Seconds after which a claim without a run is touched again."""
_MOST_DIGITS = 6
"""Of the number of an attempt: all up to the newest are looked at."""


class Held(NamedTuple):
    """
    What is known of a claim.

    Attributes:
        lease: The process that has it.
        writer: What its owner is called in the journal.
        run: The id of the run that does it; empty until there is one.
        touched: When its owner last said so, by the file system's clock.
    """

    lease: Lease
    writer: str
    run: str
    touched: float


class _Touch:
    """Touches the claims of this process that have no run, so that others elsewhere see that their owner is there."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self._paths: frozenset[Path] = frozenset()
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def add(self, path: Path) -> None:
        """Touch a claim from now on."""
        self._paths |= {path}
        if self._thread is None:
            self._thread = threading.Thread(target=self._go_on, name="expframe-claims", daemon=True)
            self._thread.start()

    def drop(self, path: Path) -> None:
        """Touch a claim no more, without waiting for storage that hangs."""
        self._paths -= {path}
        if self._thread is not None and not self._paths:
            self._over.set()
            self._thread.join(5.0)
            self._over, self._thread = threading.Event(), None

    def _go_on(self) -> None:
        over = self._over
        while not over.wait(_BEAT):
            for path in self._paths:
                with suppress(OSError):
                    os.utime(path)


class Claims:
    """
    The claims of one sweep.

    Args:
        sweep: The folder of the sweep's run.
    """

    def __init__(self, sweep: Path) -> None:
        self.folder: Path = sweep / layout.TRIAL_CLAIMS_FOLDER
        self._store = sweep.parent
        self._aside: Path | None = None
        self._token = ""
        self._pid = 0
        self._touch = _Touch()

    def newest(self) -> dict[int, int]:
        """Return for each trial that was ever claimed the number of its newest attempt."""
        found: dict[int, int] = {}
        try:
            names = os.listdir(self.folder)  # names are all we need
        except FileNotFoundError:
            return found
        for name in names:
            trial, _, attempt = name.partition(".")
            if trial.isdecimal() and attempt.isdecimal() and len(attempt) <= _MOST_DIGITS:
                number = int(trial)
                found[number] = max(found.get(number, 0), int(attempt))
        return found

    def take(self, trial: int, attempt: int, writer: str) -> bool:
        """
        Return whether an attempt of a trial is this process's now.

        Raises:
            OSError: The folder cannot be written.
        """
        aside = self._ready(writer)
        target = self.path(trial, attempt)
        os.utime(aside)
        try:
            aside.rename(target)
        except OSError as problem:
            if problem.errno in (errno.ENOTEMPTY, errno.EEXIST):  # which storage knows before it shows who was faster
                return False
            if not self._is_ours(target):  # where a reply was lost, an error may be told of what has been done
                if aside.is_dir() and target.is_dir():
                    return False
                raise
        self._aside = None
        return True

    def hold(self, trial: int, attempt: int) -> None:
        """Say from now on that this process has a claim, until it has a run or is let go."""
        self._touch = self._touch if self._touch.pid == os.getpid() else _Touch()
        self._touch.add(self.path(trial, attempt))

    def let_go(self, trial: int, attempt: int) -> None:
        """Say no more that this process has a claim: its run says so, or it is done with."""
        self._touch.drop(self.path(trial, attempt))

    def note_run(self, trial: int, attempt: int, run: str) -> None:
        """Note which run does a claimed attempt."""
        path = self.path(trial, attempt) / _RUN
        if not path.exists():
            write_new(path, run.encode())
        self.let_go(trial, attempt)

    def take_rank(self, trial: int, attempt: int) -> bool:
        """Return whether this process is the first of a launcher's that says it is the first of them."""
        try:
            write_new(self.path(trial, attempt) / f"{_RANK}0", b"")
        except FileExistsError:
            return False
        return True

    def has_first_rank(self, trial: int, attempt: int) -> bool:
        """Return whether a launcher's first process has taken part."""
        return (self.path(trial, attempt) / f"{_RANK}0").exists()

    def note_failure(self, trial: int, attempt: int, rank: int, error: str) -> None:
        """Note what another process of a launcher's failed with."""
        replace_file(self.path(trial, attempt) / f"{_RANK}{rank}", error)

    def failure_of(self, trial: int, attempt: int) -> str:
        """Return what another process failed with before the run's end, and which one was first; empty for none."""
        end = self.path(trial, attempt) / _END
        over = end.stat().st_mtime if end.exists() else float("inf")
        failed = {path: path.stat() for path in self.path(trial, attempt).glob(f"{_RANK}*")}
        found = {path: status.st_mtime for path, status in failed.items() if status.st_size and status.st_mtime <= over}
        first = min(found, key=found.__getitem__, default=None)
        return "" if first is None else f"rank {first.name.removeprefix(_RANK)}: {first.read_text(encoding='utf-8')}"

    def note_end(self, trial: int, attempt: int, facts: Mapping[str, Any]) -> None:
        """Note how the run of an attempt ended, for the owner of the claim, which is another process."""
        replace_file(self.path(trial, attempt) / _END, json_values.dump_plain(json_values.to_json(dict(facts))))

    def end_of(self, trial: int, attempt: int) -> dict[str, Any] | None:
        """Return what was noted of the end of an attempt; None where nothing was."""
        try:
            found = json_values.from_json(json.loads((self.path(trial, attempt) / _END).read_bytes()))
        except (OSError, ValueError, RecursionError):
            return None
        return found if isinstance(found, dict) else None

    def path(self, trial: int, attempt: int) -> Path:
        """Return the folder of a claim."""
        return self.folder / f"{trial:06d}.{attempt}"

    def taken(self, trial: int, attempt: int) -> float | None:
        """Return when a claim was taken, by the file system's clock; None where it is not there."""
        try:
            return (self.path(trial, attempt) / _OWNER).stat().st_mtime
        except OSError:
            return None

    def is_taken(self, trial: int, attempt: int) -> bool:
        """Return whether an attempt was claimed."""
        return self.path(trial, attempt).exists()

    def of(self, trial: int, attempt: int) -> Held | None:
        """Return who has a claim; None where it is not there, or damaged."""
        path = self.path(trial, attempt)
        try:
            data: dict[str, Any] = json.loads((path / _OWNER).read_bytes())
            lease, writer = Lease.from_json(data["lease"]), str(data["writer"])
            touched = path.stat().st_mtime
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None
        run = ""
        with suppress(OSError):
            run = (path / _RUN).read_text(encoding="ascii", errors="replace")
        return Held(lease, writer, run, touched)

    def status_of(self, trial: int, attempt: int, renamed: str | None = None) -> tuple[str, str, str]:
        """
        Return how a claimed attempt is, by its owner and its run, the id of that run, and what it failed with.

        While its owner is there it is RUNNING: he writes down its end, which may be another one than that of its run.
        An attempt whose owner is gone, and that has no run which goes on or has ended, DIED.

        Args:
            trial: The number of the trial.
            attempt: The number of its attempt.
            renamed: The id that its run has since; empty where that is not here, None where it has the one of then.
        """
        held = self.of(trial, attempt)
        if held is None:
            return Status.DIED, "", ""
        is_owned = holds(held.lease, self.folder, held.touched)  # before its run is looked at, which it may just end
        held = self.of(trial, attempt) or held
        if renamed is not None:
            held = held._replace(run=renamed)
        row = rows.read(self._store / held.run, ()) if held.run and not is_owned else None
        if row is not None and row.record is not None:
            return str(row.record["status"]), held.run, "" if row.failure is None else row.failure.line
        return (Status.RUNNING if is_owned else Status.DIED), held.run, ""

    def tidy(self) -> None:
        """Take away what this process had made ready and did not need."""
        if self._aside is not None and self._pid == os.getpid():
            shutil.rmtree(self._aside, ignore_errors=True)
            self._aside = None

    def _ready(self, writer: str) -> Path:
        """Return a folder that says that this process claims: made once, used for the first claim that succeeds."""
        if self._aside is None or self._pid != os.getpid():
            self._pid, self._token = os.getpid(), os.urandom(8).hex()
            aside = self.folder / f".{self._pid}-{self._token}"
            self.folder.mkdir(exist_ok=True)  # in a sweep that is there: one that was moved is not made anew
            aside.mkdir()
            owner = {"lease": own_lease(_BEAT)._asdict(), "writer": writer, "token": self._token}
            replace_file(aside / _OWNER, json.dumps(owner))
            self._aside = aside
        return self._aside

    def _is_ours(self, target: Path) -> bool:
        try:
            found: bool = json.loads((target / _OWNER).read_bytes())["token"] == self._token
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return False
        return found
