"""The sweeps of a store in memory, looked at again while pages are open."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from expframe.disk.files import inside
from expframe.errors import QuestionError
from expframe.store.search.goals import Seeking
from expframe.store.sweeps import plan_file
from expframe.store.sweeps.configurations import Configuration, best_of, configurations, parts_of, ranked
from expframe.store.sweeps.importance import Importance, importance_of
from expframe.store.sweeps.plan import Goal, Plan
from expframe.store.sweeps.plan_file import is_sweep
from expframe.store.sweeps.trials import Trials

_MOST_OTHERS = 8
"""So many are kept that are ranked by something else than they were started with."""


class LiveSweep:
    """
    A sweep as it was when it was last looked at.

    Args:
        folder: The folder of its run.
        goals: What its trials are ranked by; nothing where that is what it was started with.

    Attributes:
        folder: The same.
        lock: Held by who looks and reads what was found.
        trials: How its trials are.
        moment: How often something was different at a look.
    """

    def __init__(self, folder: Path, goals: tuple[Goal, ...] = ()) -> None:
        self.folder = folder
        self._seeking = Seeking(goals) if goals else None
        self.lock: Final = threading.RLock()
        self.trials: Final = Trials(folder)
        self.moment: int = 0
        self._seen: Any = None
        self._plan: Plan | None = None
        self._ranked: list[Configuration] | None = None
        self._parts: dict[int, dict[str, str]] = {}
        self._importance: tuple[int, Importance | None] | None = None

    @property
    def plan(self) -> Plan:
        """What it does, and seeks."""
        return self._plan or self._read()

    def _read(self) -> Plan:
        found = plan_file.read(self.folder)
        self._plan = found if self._seeking is None else self._seeking.plan(found)
        return self._plan

    def look(self) -> None:
        """
        Read what has come since the last look.

        Raises:
            ValueFormatError: Its plan is damaged.
        """
        news = self.trials.refresh()
        plan = self._read()  # after its trials: it may have become wider meanwhile
        if self._seeking is not None:
            self._seeking.read(self.trials)
        seen = (plan.size, self.trials.counts(), self.trials.excluded, len(self.trials))
        if news or seen != self._seen:
            self.moment += 1
            self._seen = seen
            self._ranked = None

    def ranked(self) -> list[Configuration]:
        """Return its configurations, the best first."""
        if self._ranked is None:
            self._ranked = ranked(self.plan, configurations(self.plan, self.trials))
        return self._ranked

    def best(self) -> list[Configuration]:
        """Return the best of them; of several goals those of which none is better than another in all."""
        return best_of(self.plan, self.ranked())

    def parts(self, one: Configuration) -> dict[str, str]:
        """Return the words of a configuration by the entry that they set; a wider plan keeps its number."""
        if one.number not in self._parts:
            self._parts[one.number] = parts_of(self.plan, one)
        return self._parts[one.number]

    def importance(self) -> Importance | None:
        """Return what mattered by the last look, while others may look; None where too few configurations tell."""
        with self.lock:
            plan, found, moment = self.plan, self.ranked(), self.moment
        kept = self._importance
        if kept is None or kept[0] != moment:
            kept = self._importance = moment, importance_of(plan, found)
        return kept[1]


class LiveSweeps:
    """
    The sweeps of a store, each as often as it is ranked by something else.

    Args:
        store: The folder.
    """

    def __init__(self, store: Path) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._found: dict[tuple[str, tuple[Goal, ...]], LiveSweep] = {}

    @contextmanager
    def looked_at(self, id: str, goals: tuple[Goal, ...] = ()) -> Iterator[LiveSweep]:
        """
        Yield the sweep of a run as it is now, to nobody else meanwhile.

        Args:
            id: The id of the run.
            goals: What its trials are ranked by; nothing where that is what it was started with.

        Raises:
            QuestionError: The run is no sweep.
            ValueFormatError: Its plan is damaged.
        """
        folder = inside(self._store, id)
        if not is_sweep(folder):
            raise QuestionError(f"run {id}", "is no sweep. The list of sweeps shows those that there are.")
        with self._lock:
            sweep = self._found.pop((id, goals), None) or LiveSweep(folder, goals)
            self._found[id, goals] = sweep  # as the newest
            others = [key for key in self._found if key[1]]
            for key in others[:-_MOST_OTHERS]:
                del self._found[key]
        with sweep.lock:
            sweep.look()
            yield sweep
