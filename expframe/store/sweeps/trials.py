"""
How the trials of a sweep are: the fold of its journal and claims, overruled by the records and leases of their runs.

Only trials that somebody has claimed or proposed are held in memory: what waits is a number, and not listed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from expframe.config import json_values
from expframe.disk import layout
from expframe.errors import ValueFormatError
from expframe.record.record import Status
from expframe.store import exclusions
from expframe.store.sweeps.claims import Claims
from expframe.store.sweeps.journal import Entry, JournalReader

WAITING = "WAITING"
"""The status of a trial that nobody has claimed."""

SKIPPED = "SKIPPED"
"""The status of a trial that the plan leaves out."""

KEPT = (Status.COMPLETED, Status.PRUNED, SKIPPED)
"""What has ended well, and is never done again."""

TAKEN_UP = (Status.DIED, Status.INTERRUPTED)
"""What did not come to its end, and goes on when workers start again."""

ALL, NEW = "all", "new"
"""What stands among those that are to stop for every trial, and for every one that nobody has begun."""

_VAIN = 3
"""So many attempts one after the other may be cut off by a cluster without a checkpoint, or take workers along."""


@dataclass
class TrialAttempt:
    """
    One attempt of a trial.

    Attributes:
        status: A status of its run, RUNNING from its claim on.
        run: The id of its run; empty where it has none.
        started: When it was claimed or its run was started, in seconds since 1970; None where that is not known.
        ended: When it ended; None while it goes on, and where nobody was there to say.
        values: The fields that the sweep is about, as they were at its end.
        error: What it failed with, in a line.
        facts: What else the journal says of its end.
        writer: Who does it, as the journal calls him; empty until he has written of it.
    """

    status: str = Status.RUNNING
    run: str = ""
    started: float | None = None
    ended: float | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    error: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    writer: str = ""

    @property
    def is_over(self) -> bool:
        """Whether its end was seen by somebody who has written it down."""
        return self.ended is not None


@dataclass
class TrialState:
    """
    How a trial is.

    Attributes:
        number: Its number.
        attempts: Its attempts by number.
        proposed: What the search has proposed for it, as plain JSON data; None where it said nothing.
        of_search: What the search is to be told of that later, as plain JSON data.
        is_excluded: Whether somebody has said that it counts in no statistics.
    """

    number: int
    attempts: dict[int, TrialAttempt] = field(default_factory=dict)
    proposed: Any = None
    of_search: Mapping[str, Any] = field(default_factory=dict)
    is_excluded: bool = False

    @property
    def counted(self) -> TrialAttempt | None:
        """Its newest attempt, where it counts in statistics."""
        return None if self.is_excluded else self.newest

    @property
    def attempt(self) -> int:
        """The number of its newest attempt; 0 where there is none."""
        return max(self.attempts, default=0)

    @property
    def newest(self) -> TrialAttempt | None:
        """Its newest attempt."""
        return self.attempts[max(self.attempts)] if self.attempts else None

    @property
    def status(self) -> str:
        """How its newest attempt is."""
        found = self.newest
        return found.status if found is not None else WAITING

    @property
    def run(self) -> str:
        """The id of its newest run; empty where it has none."""
        return next((self.attempts[n].run for n in sorted(self.attempts, reverse=True) if self.attempts[n].run), "")

    @property
    def fails(self) -> int:
        """How many of its attempts failed, also where only their runs say so, or died while somebody saw it."""
        good = (*KEPT, Status.INTERRUPTED, Status.RUNNING)
        bad = (attempt for attempt in self.attempts.values() if attempt.status not in good)
        return sum(attempt.is_over or attempt.status not in TAKEN_UP for attempt in bad)

    def has_failed(self, since: float) -> bool:
        """Return whether its newest attempt failed, or died while somebody was there to see it, since then."""
        found = self.newest
        if found is None or found.ended is None or found.status in (*KEPT, Status.INTERRUPTED, Status.RUNNING):
            return False
        return found.ended >= since

    @property
    def is_yielded(self) -> bool:
        """Whether its worker was taken away, and another one may go on; after some times without a checkpoint not."""
        newest = [self.attempts[number].facts.get("yielded") for number in sorted(self.attempts, reverse=True)][:_VAIN]
        return bool(newest) and newest[0] is not None and newest != [False] * _VAIN

    def is_deadly(self, since: float) -> bool:
        """Return whether its newest attempts, all of them begun since then, took along whoever was to see their end."""
        newest = [self.attempts[number] for number in sorted(self.attempts, reverse=True)][:_VAIN]
        gone = [found.ended is None and found.status == Status.DIED for found in newest]
        return gone == [True] * _VAIN and all((found.started or 0.0) >= since for found in newest)

    def next_attempt(self, since: float, retry: int) -> int | None:
        """
        Return the number of the attempt that a worker may begin; None where there is nothing to do.

        Args:
            since: When workers were started again: what ended without coming to its end by then is taken up.
            retry: How often a trial that failed is tried again.
        """
        found = self.newest
        if found is None:
            return 1
        if found.status in KEPT or found.status == Status.RUNNING or self.is_deadly(since):
            return None
        if found.status in TAKEN_UP and (found.ended is None or found.ended < since or self.is_yielded):
            return self.attempt + 1
        return self.attempt + 1 if found.status != Status.INTERRUPTED and self.fails <= retry else None


class Trials:
    """
    The trials of a sweep that have begun; `refresh` reads what is new.

    Args:
        sweep: The folder of the sweep's run.
    """

    def __init__(self, sweep: Path) -> None:
        self.folder = sweep
        self.claims: Final = Claims(sweep)
        self._journal = JournalReader(sweep)
        self._states: dict[int, TrialState] = {}
        self._unfinished: set[int] = set()
        self._low = 0
        self._excluded: frozenset[int] = frozenset()
        self._renamed: dict[tuple[int, int], str] = {}

    def refresh(self, *, judge: bool = True) -> list[Entry]:
        """
        Read what has come, and return it.

        Args:
            judge: Whether to look for claims that nobody has written down, and at the owner and run of each trial of
                which nobody says that it has ended.
        """
        news = list(self._journal.news())
        for entry in news:
            self._take(entry)
        self._mark(exclusions.of(self.folder))
        if judge:
            for number, newest in self.claims.newest().items():
                attempts = self._state(number).attempts
                for attempt in range(1, newest + 1):
                    if attempt not in attempts:
                        attempts[attempt] = TrialAttempt(started=self.claims.taken(number, attempt))
                        self._note(number)
            if self._judge():  # what was written between our reading and its end
                last = list(self._journal.news())
                for entry in last:
                    self._take(entry)
                news += last
        while self[self._low].attempts:  # a worker's forked children begin where it is by now
            self._low += 1
        return news

    def __iter__(self) -> Iterator[TrialState]:
        return iter([self._states[number] for number in sorted(self._states)])

    def __len__(self) -> int:
        return len(self._states)

    def __getitem__(self, number: int) -> TrialState:
        return self._states.get(number) or TrialState(number)

    def counts(self, size: int | None = None) -> dict[str, int]:
        """Return how many trials there are of each status; of those that wait only where an end is known."""
        found: dict[str, int] = {}
        for state in self._states.values():
            found[state.status] = found.get(state.status, 0) + 1
        waiting = size - sum(1 for number in self._states if number < size) if size is not None else 0
        if waiting > 0:
            found[WAITING] = found.get(WAITING, 0) + waiting
        return found

    def longest(self) -> float:
        """Return how many seconds the longest trial took that was completed; 0 where none was."""
        ended = (attempt for state in self._states.values() for attempt in state.attempts.values())
        return max((float(found.facts.get("seconds") or 0) for found in ended if found.status in KEPT), default=0.0)

    def open(self, size: int | None, since: float, retry: int) -> Iterator[tuple[int, int]]:
        """
        Yield what a worker may begin: the number of a trial and of its attempt; first those that had begun.

        Args:
            size: How many trials there are; None for no end.
            since: As for `TrialState.next_attempt`.
            retry: As for `TrialState.next_attempt`.
        """
        stopped, again = self.stopped(), self._again()
        if ALL in stopped or NEW in stopped:
            return
        begun = self._unfinished | {number for number, _ in again if number in self._states}
        for state in [self._states[number] for number in sorted(begun)]:
            if (size is not None and state.number >= size) or str(state.number) in stopped:
                continue
            attempt = state.next_attempt(since, retry)
            asked = state.attempt + 1
            if attempt is None and state.status != Status.RUNNING and (state.number, asked) in again:
                attempt = asked
            if attempt is not None:
                yield state.number, attempt
        number = self._low
        while size is None or number < size:
            if not self[number].attempts and str(number) not in stopped:
                yield number, 1
            number += 1

    def stopped(self) -> set[str]:
        """Return the numbers of the trials that are to stop, as texts, and `all` where all are."""
        return set(_names(self.folder / layout.STOP_FOLDER))

    def _again(self) -> set[tuple[int, int]]:
        """Return which attempts somebody has asked for."""
        folder = self.folder / layout.RETRY_FOLDER
        numbers = [name for name in _names(folder) if name.isdecimal()]
        asked = ((number, attempt) for number in numbers for attempt in _names(folder / number) if attempt.isdecimal())
        return {(int(number), int(attempt)) for number, attempt in asked}

    @property
    def excluded(self) -> list[int]:
        """The numbers of those that count in no statistics."""
        return sorted(self._excluded & self._states.keys())

    def _mark(self, excluded: frozenset[int]) -> None:
        """Let trials count in statistics, or no more; of those that nobody has begun when they have."""
        self._excluded = excluded
        for state in self._states.values():
            state.is_excluded = state.number in excluded

    def _state(self, number: int) -> TrialState:
        if number not in self._states:
            self._states[number] = TrialState(number, is_excluded=number in self._excluded)
        return self._states[number]

    def _take(self, entry: Entry) -> None:
        state = self._state(entry.trial)
        if entry.event == "proposed":
            state.proposed, state.of_search = entry.facts.get("point"), entry.facts.get("search") or {}
            return
        known = state.attempts.setdefault(entry.attempt, TrialAttempt())
        if entry.event == "renamed":
            self._renamed[entry.trial, entry.attempt] = str(entry.facts.get("run", ""))
        elif entry.event == "started":
            known.run, known.started = str(entry.facts.get("run", "")), entry.time
        elif entry.event == "ended":
            known.run = str(entry.facts.get("run") or known.run)
            known.status, known.ended = str(entry.facts.get("status", Status.COMPLETED)), entry.time
            known.values = _values(entry.facts.get("values") or {})
            known.error = str(entry.facts.get("error", ""))
            known.facts = entry.facts
        known.writer = known.writer or entry.writer
        known.run = self._renamed.get((entry.trial, entry.attempt), known.run)
        self._note(entry.trial)

    def _note(self, number: int) -> None:
        """Remember whether a trial has come to its end."""
        state = self._states[number]
        newest = state.newest
        if newest is not None and newest.is_over and newest.status in KEPT:
            self._unfinished.discard(number)
        elif newest is not None:
            self._unfinished.add(number)

    def _judge(self) -> bool:
        """
        Look at those whose end nobody has written down, also of attempts that another one has followed.

        Returns: Whether the owner of one is gone, who may have written down its end just before.
        """
        is_gone = False
        for number in self._unfinished:
            for attempt, known in self._states[number].attempts.items():
                if not known.is_over:
                    renamed = self._renamed.get((number, attempt))
                    known.status, run, known.error = self.claims.status_of(number, attempt, renamed)
                    known.run = run or known.run
                    is_gone |= known.status != Status.RUNNING
        return is_gone


def _values(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return values; none where one of them is damaged."""
    try:
        return {
            name: json_values.from_json(value) if isinstance(value, dict | list) else value
            for name, value in data.items()
        }
    except ValueFormatError:
        return {}


def _names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)  # names are all we need
    except FileNotFoundError:
        return []


def ask_stop(sweep: Path, trial: int | str = ALL) -> None:
    """Ask that a trial stops, or `all`, or that no `new` one is begun; who does them looks at it twice a second."""
    folder = sweep / layout.STOP_FOLDER
    folder.mkdir(exist_ok=True)
    (folder / str(trial)).touch()


def is_to_stop(sweep: Path, trial: int) -> bool:
    """Return whether somebody has asked that a trial stops."""
    folder = f"{sweep}/{layout.STOP_FOLDER}"
    return os.path.exists(folder) and any(os.path.exists(f"{folder}/{name}") for name in (ALL, str(trial)))


def take_back_stop(sweep: Path) -> None:
    """Let workers and trials go on that were to stop."""
    folder = sweep / layout.STOP_FOLDER
    for name in _names(folder):
        (folder / name).unlink(missing_ok=True)


def ask_again(sweep: Path, state: TrialState) -> None:
    """Ask that a trial which has ended is done again."""
    folder = sweep / layout.RETRY_FOLDER / str(state.number)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / str(state.attempt + 1)).touch()
    (sweep / layout.STOP_FOLDER / str(state.number)).unlink(missing_ok=True)
