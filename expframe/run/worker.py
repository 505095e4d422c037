"""What another process is given to work for a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from expframe.config.decided import Config
from expframe.config.layers import Part, Recipe
from expframe.config.options import Options
from expframe.recipe.registry import Snapshot
from expframe.record.record import Record
from expframe.run.recorder import Recorder, masking_of
from expframe.run.setup import Setup


class Ticket(NamedTuple):
    """
    A run as it travels: enough to fill functions, to log and save beside its files, and to start runs inside it.

    Attributes:
        config: Its decided values.
        record: Its facts as they were when it left.
        folder: Where its files are; None where nothing is kept.
        store: The folder of runs that it is in.
        parts: For each ingredient where it stands, and what is below it.
        max_depth: How deep names are searched where a function does not say.
        read_only: Whether values are handed out read-only where a function does not say.
        keeps_nothing: Whether nothing is kept of the runs inside it either.
    """

    config: Config
    record: Record
    folder: str | None
    store: str
    parts: tuple[tuple[Any, Any], ...]
    max_depth: int
    read_only: bool
    keeps_nothing: bool

    def setup(self) -> Setup:
        """Return as much of what its experiment's runs share as a worker needs."""
        store = Path(self.store)
        return Setup(self.record.name, max_depth=self.max_depth, read_only=self.read_only, store=store)

    def snapshot(self) -> Snapshot:
        """Return as much of the experiment as filling functions needs."""
        return Snapshot(Recipe(tuple(Part(path, below=below) for path, below in self.parts)), {}, (), (), ())


def view_of(ticket: Ticket) -> Recorder:
    """Return what a worker records with: beside the run's files, and nowhere else."""
    folder = Path(ticket.folder) if ticket.folder else None
    return Recorder(ticket.record, masking_of(ticket.config, Options()), folder=folder, is_view=True)
