"""SweepRun: a sweep as its workers know it."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from expframe.disk import layout
from expframe.errors import WorkError
from expframe.facts.stash import Stash, stash_of
from expframe.record.record import Record
from expframe.store.reader import StoredRun
from expframe.store.search.goals import fields_of
from expframe.store.sweeps import plan_file
from expframe.store.sweeps.plan import Plan


class SweepRun(NamedTuple):
    """
    A sweep as workers know it.

    Attributes:
        folder: The folder of its run.
        plan: What it does.
        record: The facts of its run.
    """

    folder: Path
    plan: Plan
    record: Record

    @classmethod
    def read(cls, run: StoredRun) -> SweepRun:
        """
        Return the sweep of a run.

        Raises:
            FileNotFoundError: The run is no sweep.
            ValueFormatError: Its plan is damaged.
        """
        return cls(run.folder, plan_file.read(run.folder), run.record)

    @property
    def stash(self) -> Stash | None:
        """
        The copy of the sources that its trials run from; None where they run from the sources themselves.

        Raises:
            WorkError: It is not there any more.
        """
        found = stash_of(self.folder) if self.plan.stash else None
        if found is None and self.plan.stash:
            problem = f"runs from the copy of its sources in {self.folder / layout.STASH_FOLDER}, and that is gone."
            raise WorkError(f"sweep {self.folder.name}", f"{problem} Start a new one.")
        return found

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields of its trials that it is about: the goals, and the result."""
        return fields_of(self.plan.goals)
