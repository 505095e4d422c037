"""What another process is given to work for a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, cast

from expframe.config import dotted
from expframe.config.decided import Config
from expframe.config.layers import Part, Recipe
from expframe.config.options import Options
from expframe.config.request import Override, Request
from expframe.recipe.references import Name
from expframe.recipe.snapshot import Snapshot
from expframe.record.record import Record
from expframe.run.recorder import Recorder, masking_of
from expframe.run.setup import Setup


def child_elsewhere(run_child: Callable[..., Any] | None) -> Callable[..., Any] | None:
    """Return what does, in any process, what a method of an experiment does; None where not every process finds it."""
    if run_child is None or isinstance(run_child, partial):
        return run_child
    name = cast(Any, run_child).__self__.name_of_itself()
    return partial(_do_elsewhere, name, run_child.__name__) if name is not None and name.is_known_elsewhere else None


def _do_elsewhere(experiment: Name, method: str, *args: Any, **how: Any) -> Any:
    __tracebackhide__ = True
    return getattr(experiment.find(), method)(*args, **how)


class Ticket(NamedTuple):
    """
    A run as it travels: enough to fill functions, to log and save beside its files, and to start runs inside it.

    Attributes:
        config: Its decided values.
        record: Its facts as they were when it left.
        folder: Where its files are; None where nothing is kept.
        store: The folder of runs that it is in.
        parts: For each ingredient where it stands, and what is below it.
        places: Where each stands, by what all processes know it by.
        max_depth: How deep names are searched where a function does not say.
        read_only: Whether values are handed out read-only where a function does not say.
        keeps_nothing: Whether nothing is kept of the runs inside it either.
        overrides: What was asked for it, for the runs inside it.
        named: Its named configs, for them too.
        is_forced: Whether what is unknown is let pass, as there.
        run_child: Does another command inside it; None where the experiment is not found by a name.
    """

    config: Config
    record: Record
    folder: str | None
    store: str
    parts: tuple[tuple[Any, Any], ...]
    places: Mapping[str, dotted.Path]
    max_depth: int
    read_only: bool
    keeps_nothing: bool
    overrides: tuple[Override, ...]
    named: tuple[str, ...]
    is_forced: bool
    run_child: Callable[..., Any] | None

    def request(self) -> Request:
        """Return as much of what was asked as holds for the runs inside it."""
        options = Options(unobserved=self.keeps_nothing, force=self.is_forced)
        return Request(overrides=self.overrides, named=self.named, options=options)

    def setup(self) -> Setup:
        """Return as much of what its experiment's runs share as a worker needs."""
        store = Path(self.store)
        return Setup(
            self.record.name,
            max_depth=self.max_depth,
            read_only=self.read_only,
            store=store,
            run_child=self.run_child,
        )

    def snapshot(self) -> Snapshot:
        """Return as much of the experiment as filling functions needs."""
        recipe = Recipe(tuple(Part(path, below=below) for path, below in self.parts))
        return Snapshot(recipe, {}, (), (), places=self.places)


def view_of(ticket: Ticket) -> Recorder:
    """Return what a worker records with: beside the run's files, and nowhere else."""
    folder = Path(ticket.folder) if ticket.folder else None
    return Recorder(ticket.record, masking_of(ticket.config, Options()), folder=folder, is_view=True)
