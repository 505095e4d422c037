"""A function that carries its run along: into threads as it is, into other processes by name, config and folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from expframe.config.decided import Config
from expframe.config.json_values import find_by_name
from expframe.config.layers import Part, Recipe
from expframe.process import context
from expframe.recipe.injection import reference
from expframe.recipe.registry import Snapshot
from expframe.record.events import Event
from expframe.record.metrics import MetricLog
from expframe.run.recording import Injection, Recording, WorkerSink


class Ticket(NamedTuple):
    """What another process needs to work for a run."""

    config: Config
    name: str
    command: str
    uid: str
    id: str | None
    folder: str | None
    parts: tuple[tuple[Any, Any], ...]
    max_depth: int
    read_only: bool
    attempt: int


class WorkerRun(Recording):
    """A run in a process that works for it: metrics and files go to the run's folder, its end is decided elsewhere."""

    parent = None

    def __init__(self, ticket: Ticket) -> None:
        parts = tuple(Part(path, below=below) for path, below in ticket.parts)
        snapshot = Snapshot(Recipe(parts), {}, (), (), ())
        injection = Injection(ticket.max_depth, ticket.read_only)
        super().__init__(ticket.config, ticket.name, ticket.command, ticket.uid, snapshot, injection)
        self.id = ticket.id
        self.attempt = ticket.attempt
        self._folder = Path(ticket.folder) if ticket.folder else None
        self._sink = WorkerSink(self._folder, self.config)
        self._metrics = MetricLog(self._emit, unbuffered=True)

    @property
    def should_stop(self) -> bool:
        """Whether the run should stop: told to its own process, not to its workers."""
        return False

    def hold(self) -> None:
        """Do nothing: a worker holds nothing back."""

    def resume(self) -> None:
        """Do nothing: a worker holds nothing back."""

    def forked(self) -> None:
        """Become the run of a forked child."""
        self._sink = WorkerSink(self._folder, self.config)
        self._metrics = MetricLog(self._emit, unbuffered=True)
        self._timers.forked()

    def _emit(self, event: Event) -> None:
        self._sink.write(event)

    def _say(self, problem: str) -> None:
        self._sink.say(problem)


class BoundFunction:
    """
    A function and the run it works for.

    Args:
        run: The run.
        function: What to call.
    """

    def __init__(self, run: Any, function: Callable[..., Any]) -> None:
        self._run = run
        self._function = function

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function with the run as the current one."""
        if self._run in context.active():
            token = context.bind(self._run)
            try:
                return self._function(*args, **kwargs)
            finally:
                context.unbind(token)
        token = context.enter(self._run)
        try:
            return self._function(*args, **kwargs)
        finally:
            context.leave(self._run, token)

    def __repr__(self) -> str:
        return f"<{getattr(self._function, '__qualname__', self._function)} bound to {self._run.label}>"

    def __reduce__(self) -> Any:
        return _arrive, (_ticket(self._run), reference(self._function))


def _ticket(run: Any) -> Ticket:
    parts = tuple((part.path, part.below) for part in run.snapshot.recipe.parts)
    folder = str(run.dir) if run.dir else None
    injection = run.injection
    return Ticket(
        run.config,
        run.name,
        run.command,
        run.uid,
        run.id,
        folder,
        parts,
        injection.max_depth,
        injection.read_only,
        run.attempt,
    )


def _arrive(ticket: Ticket, name: str) -> BoundFunction:
    """Make the bound function again: for the run itself where it lives here, else for a worker's view of it."""
    for run in context.active():
        if run.uid == ticket.uid:
            return BoundFunction(run, find_by_name(name))
    return BoundFunction(context.worker(ticket.uid, lambda: WorkerRun(ticket)), find_by_name(name))
