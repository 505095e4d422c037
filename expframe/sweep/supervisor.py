"""What a sweep's own run does: it starts workers, follows them until nothing is left, and says what came of it."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from types import FrameType
from typing import Any, NamedTuple, Protocol

from expframe.config import dotted
from expframe.errors import SaveError, listed
from expframe.process.signals import handling
from expframe.record.record import Status
from expframe.store import rows
from expframe.store.search.fields import Field
from expframe.store.sweeps.configurations import goal_of, words_of
from expframe.store.sweeps.journal import Journal, new_writer
from expframe.store.sweeps.trials import ALL, KEPT, NEW, TAKEN_UP, WAITING, Trials
from expframe.sweep.settings import SweepAsked
from expframe.sweep.sweep_run import SweepRun
from expframe.sweep.trial import adopt, is_enough

_LOOK = 0.25
"""Seconds between two looks at what workers elsewhere do."""

_DEATHS = 3
"""Workers that may die one after the other, without a trial that ends between them, before no more are started."""


_STEPS = ("claimed", "started", "ended")
"""What happens to an attempt of a trial, in this order."""


class Watcher(Protocol):
    """Whom a sweep tells what happens."""

    def tell(self, event: Mapping[str, Any]) -> None:
        """Take what a worker tells."""

    def look(self, trials: Trials) -> None:
        """Take how the trials are by now; called again and again."""


_OF_COMMAND = {"version", "command"}
"""What a command says in each line of JSON."""


class Workers(Protocol):
    """The workers of a sweep, wherever they are."""

    def __len__(self) -> int:
        """Return how many there are."""

    def start(self, place: int) -> None:
        """Start the worker of a place."""

    def events(self, seconds: float) -> Iterator[Mapping[str, Any]]:
        """Yield what they tell within some seconds."""

    def ended(self) -> list[tuple[int, int, str]]:
        """Return place, exit code and complaints of each worker that has ended since this was asked."""

    def slacken(self) -> None:
        """Let each stop after its trial."""

    def dismiss(self) -> None:
        """Begin none of those any more that wait for their turn: nothing is left to do."""

    def interrupt(self) -> None:
        """Let each interrupt its trial and stop."""


class Swept(NamedTuple):
    """
    What came of a sweep's workers.

    Attributes:
        trials: How the trials are.
        code: The exit code: 0 where all is done, 1 where some failed or are left, 130 and 143 after signals.
        complaint: What a worker that was refused has said; empty for nothing.
        is_cut_short: Whether trials are left that workers were to do, and that nobody has asked to leave.
        was_stopped: Whether trials are left since somebody has asked, without a signal, that all of them stop.
    """

    trials: Trials
    code: int
    complaint: str
    is_cut_short: bool
    was_stopped: bool


class Supervisor:
    """
    Follows the workers of a sweep.

    Args:
        sweep: The sweep.
        workers: The workers.
        asked: How it is done.
        since: When it was started again.
        watcher: Whom it tells what happens.
    """

    def __init__(self, sweep: SweepRun, workers: Workers, asked: SweepAsked, since: float, watcher: Watcher) -> None:
        self._sweep = sweep
        self._plan = sweep.plan
        self._workers = workers
        self._asked = asked
        self._since = since
        self._watcher = watcher
        self._trials = Trials(sweep.folder)
        self._told: set[Any] = set()
        self._reached: dict[Any, int] = {}
        self._signals = self._heeded = 0
        self._code = 0
        self._deaths = 0
        self._complaint = ""

    def follow(self) -> Swept:
        """Start workers and follow them until nothing is left to be done, here or elsewhere."""
        with handling(self._take):
            try:
                for place in range(self._count()):
                    self._workers.start(place)
                while len(self._workers) or self._is_more_to_do():
                    self._turn()
                self._heed()
            finally:
                self._ask(self._workers.slacken)
        self._trials.refresh()
        with suppress(SaveError):  # as where its store was moved: whoever reads it finds them out
            adopt(self._sweep, self._trials, Journal(self._sweep.folder, new_writer()))
        self._trials.refresh()
        self._watcher.look(self._trials)
        code = self._code or int(not self._is_all_well())
        was_stopped = not self._signals and bool({ALL, NEW} & self._trials.stopped()) and self._is_any_left()
        return Swept(self._trials, code, self._complaint, self._is_cut_short(), was_stopped)

    def _count(self) -> int:
        """Return how many workers there is something to do for."""
        self._trials.refresh()
        self._watcher.look(self._trials)
        count = 0
        for _ in self._trials.open(self._plan.size, self._since, self._plan.retry):
            count += 1
            if count == self._asked.jobs:
                break
        return count

    def _turn(self) -> None:
        self._heed()
        for event in self._workers.events(_LOOK):
            self._tell(event)
        for entry in self._trials.refresh(judge=not len(self._workers)):
            if entry.event in _STEPS and entry.time >= self._since:  # by workers elsewhere, or not told yet
                words = words_of(self._plan, self._trials[entry.trial], replicate=True)
                of: dict[str, Any] = {"trial": entry.trial, "attempt": entry.attempt, "words": words}
                if entry.event == "started":
                    self._tell({"event": "claimed", **of})
                self._tell({"event": entry.event, **of, **entry.facts})
        self._watcher.look(self._trials)
        if self._asked.on != "local" and self._is_all_done():
            self._workers.dismiss()
        for place, code, complaint in self._workers.ended():
            if code in (0, 128 + signal.SIGTERM, 128 + signal.SIGINT):
                continue
            self._complaint = complaint or self._complaint or _end_text(code)
            self._deaths += 1 if code < 0 else _DEATHS
            said = "" if complaint in self._told else complaint
            self._told.add(complaint)
            self._watcher.tell({"event": "worker", "place": place, "code": code, "text": said})
            if self._may_start():
                self._workers.start(place)

    def _tell(self, event: Mapping[str, Any]) -> None:
        """Tell what has happened, each step of a trial once and in order, and what workers have in common."""
        event = {name: value for name, value in event.items() if name not in _OF_COMMAND}
        if event.get("event") == "said":
            if event.get("text") in self._told:
                return
            self._told.add(event.get("text"))
        if event.get("event") in _STEPS:
            place, step = (event.get("trial"), event.get("attempt")), _STEPS.index(event["event"])
            if event["event"] == "ended":
                self._deaths = 0
            if step <= self._reached.get(place, -1):  # the journal was faster than the worker that tells, or slower
                return
            self._reached[place] = step
        self._watcher.tell(event)
        if event.get("event") == "ended" and event.get("status") == Status.COMPLETED:
            self._tell_missing(event)

    def _tell_missing(self, event: Mapping[str, Any]) -> None:
        """Tell which goals a trial that was completed has no value of, each once, and what may have been meant."""
        for goal in self._plan.goals or (goal_of(self._plan),):
            if goal.field in (event.get("values") or {}) or goal in self._told:
                continue
            self._told.add(goal)
            row = rows.read(self._sweep.folder.parent / str(event.get("run")), {"metrics"})
            logged = list((row and row.metrics) or ())
            field = Field.parse(goal.field)
            if not self._plan.goals:
                hint = _what_could_rank(row.result if row is not None else None, logged)
            elif field.group == "metrics":
                near = dotted.nearest(field.path[0], logged)
                hint = f"Did you mean {' or '.join(near)}?" if near else f"It has logged: {listed(logged)}."
            elif near := dotted.nearest(goal.field, _numbers_in(row.result if row is not None else None)):
                hint = f"Did you mean {' or '.join(near)}?"
            else:
                hint = "It ranks trials where it is a number."
            text = f"No {goal.field} in trial {event.get('trial')}: {hint}"
            self._watcher.tell({"event": "said", "text": text})

    def _is_more_to_do(self) -> bool:
        """Return whether workers are to be awaited that are elsewhere, or one is started for what is left."""
        self._trials.refresh()
        if self._may_start() and self._count():
            self._deaths += 1  # until a trial ends
            self._workers.start(0)
            return True
        if self._signals > 1 or self._deaths >= _DEATHS:
            return False
        is_running = any(state.status == Status.RUNNING for state in self._trials)
        if is_running:
            with suppress(InterruptedError):
                time.sleep(0.2)
        return is_running

    def _is_all_done(self) -> bool:
        """Return whether no trial is running, and none may be begun."""
        return not any(state.status == Status.RUNNING for state in self._trials) and not self._is_any_open()

    def _is_any_open(self) -> bool:
        return next(self._trials.open(self._plan.size, self._since, self._plan.retry), None) is not None

    def _is_cut_short(self) -> bool:
        """Return whether workers have ended though there is more to do, and neither a signal nor a limit said so."""
        return not self._signals and not is_enough(self._plan, self._trials, self._since) and self._is_any_open()

    def _may_start(self) -> bool:
        is_enough_done = is_enough(self._plan, self._trials, self._since)
        return not self._signals and self._deaths < _DEATHS and not is_enough_done

    def _take(self, number: int, _frame: FrameType | None) -> None:
        """Count a signal, which may come in the midst of anything: `_heed` does what it asks for."""
        self._signals += 1 if number == signal.SIGINT else 2
        self._code = 128 + number

    def _heed(self) -> None:
        """Begin no trial after Ctrl-C; interrupt those that run when it comes again, and at once after SIGTERM."""
        if (signals := self._signals) == self._heeded:
            return
        self._heeded = signals
        is_asked = self._ask(self._workers.slacken)
        if is_asked and signals == 1:  # said when it is so
            self._watcher.tell({"event": "said", "text": "No new trials; those that run end. Ctrl-C again interrupts."})
        if signals > 1:
            self._ask(self._workers.interrupt)

    def _ask(self, request: Callable[[], None]) -> bool:
        """Ask workers to stop, and return whether they are; those elsewhere are by files, which a full disk refuses."""
        try:
            request()
        except OSError as problem:
            reason = problem.strerror or problem
            text = f"Workers were not asked to stop: {reason}. They go on; Ctrl-C asks again, and interrupts trials."
            self._watcher.tell({"event": "said", "text": text})
            return False
        return True

    def _is_any_left(self) -> bool:
        counts = self._trials.counts(self._plan.size)
        return self._plan.size is None or any(counts.get(status) for status in (WAITING, *TAKEN_UP))

    def _is_all_well(self) -> bool:
        counts = self._trials.counts(self._plan.size)
        return not any(count for status, count in counts.items() if status not in KEPT)


def _end_text(code: int) -> str:
    """Return what is said of a worker that ended without a word."""
    try:
        return f"A worker was ended by {signal.Signals(-code).name}."
    except ValueError:
        return f"A worker ended with exit code {code}."


def _numbers_in(result: Any) -> list[str]:
    """Return the fields of a result that are numbers."""
    entries = result if isinstance(result, dict) else {}
    return [f"result.{name}" for name, value in entries.items() if isinstance(value, int | float)]


def _what_could_rank(result: Any, logged: Sequence[str]) -> str:
    """Return by what trials could be ranked whose result is no number."""
    ranking = [*_numbers_in(result), *logged]
    if not ranking:
        return "Nothing ranks trials: return a number, or log one and name it by --metric."
    return f"Nothing ranks trials; --metric can, by {listed(ranking)}, with :min or :max."
