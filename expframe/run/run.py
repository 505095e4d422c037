"""Run: the live handle of one run."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, Final, ParamSpec, TypeVar, cast, overload

from expframe.config.decided import Config
from expframe.config.masking import Masking
from expframe.config.request import Request
from expframe.disk import layout
from expframe.errors import RunError
from expframe.facts.gathering import Scope, look_ahead
from expframe.process import context
from expframe.process.log_lines import RunLogger, log_locals
from expframe.process.seeds import child_seed
from expframe.process.signals import Stopping
from expframe.recipe.injection import Filling
from expframe.recipe.registry import Captured, Command
from expframe.recipe.snapshot import Snapshot
from expframe.record.events import Call, File
from expframe.record.record import Record, Recorded, Status
from expframe.record.summaries import Summary
from expframe.run.arguments import Arguments
from expframe.run.checkpoints import RunCheckpoints
from expframe.run.children import digest_of
from expframe.run.execution import Execution
from expframe.run.files import RunFiles
from expframe.run.life import Life
from expframe.run.logbook import Logbook
from expframe.run.outcome import Outcome
from expframe.run.progress import Progress
from expframe.run.recorder import Recorder, first_recorder
from expframe.run.setup import Setup
from expframe.run.timers import Timers
from expframe.store.writer import LocalStore

if TYPE_CHECKING:
    from logging import Logger

    from expframe.record.curves import Curve, Curves
    from expframe.run.resume import Resumed
    from expframe.run.worker import Ticket
    from expframe.saving.checkpoints import Checkpoint
    from expframe.store.attempts import Attempt
    from expframe.store.reader import StoredRun
    from expframe.store.sweeps.stored import StoredSweep

P = ParamSpec("P")
R = TypeVar("R")


class _Delegate:
    """A method of a part: documented there, found once for each run, then as fast as the part's own."""

    def __init__(self, part: str, method: Callable[..., Any]) -> None:
        self._part = attrgetter(part)
        self._method = method

    def __set_name__(self, _owner: type, name: str) -> None:
        self._name = name

    def __get__(self, run: Any, _owner: type | None = None) -> Any:
        if run is None:
            return self._method
        found = run.__dict__[self._name] = getattr(self._part(run), self._method.__name__)
        return found


def _of(part: str, method: Callable[Concatenate[Any, P], R]) -> Callable[Concatenate[Any, P], R]:
    return cast(Callable[Concatenate[Any, P], R], _Delegate(part, method))


class Run(Recorded):
    """
    One run of one command: the live handle. Its facts are in `record`.

    Attributes:
        config: The decided values, read-only.
        request: What was asked.
        parent: The run around it, or None.
        children: The runs that were started in it.
        result: What the command returned.
        plans: For each captured function how it is filled; made at its first call.
        has_started: Whether anything has been done; what is raised before was refused.
    """

    is_of_script = False
    """Whether it is the run of a whole script without a command line."""
    _is_called = False
    """Whether its command is called many times."""

    def __init__(
        self,
        setup: Setup,
        snapshot: Snapshot,
        command: Command | None,
        request: Request,
        config: Config,
        parent: Run | None,
        resumed: Resumed | None = None,
        view: Recorder | None = None,
    ) -> None:
        self.config = config
        self.snapshot = snapshot
        self.request = request
        self.parent = parent
        self.children: list[Run] = []
        self.result: Any = None
        self.has_started: bool = False
        self._setup = setup
        self._resumed = resumed
        title = command.name if command else ""
        self._recorder = recorder = view or first_recorder(setup, title, request, config, parent, resumed)
        self._stopping = stopping = self._find_stopping()
        self._arguments = arguments = Arguments(self, snapshot, config, setup)
        self.plans: dict[Captured, Filling] = arguments.plans
        self._checkpoints = RunCheckpoints(recorder, arguments, stopping, resumed)
        is_loud = command is not None and not command.unobserved
        self._life = Life(self, recorder, setup, stopping, resumed, is_called=self._is_called, is_loud=is_loud)
        self._execution = Execution(self, command, recorder, arguments, setup, self._life, stopping)

    def _find_stopping(self) -> Stopping:
        """Return what tells it to end: a run and those inside it are told together."""
        return self.parent._stopping if self.parent else Stopping(self.grace)

    @property
    def masking(self) -> Masking:
        """What of it is secret, told from other secrets by the salt of its store."""
        return self._recorder.masking

    # ------------------------------------------------------------------------------------------------- what it is

    @property
    def record(self) -> Record:
        """Its facts, as they are now."""
        return self._recorder.ledger.record

    @property
    def id(self) -> str | None:
        """Its name in the store; None where nothing is kept."""
        return self._recorder.ledger.id

    @property
    def root(self) -> Run:
        """The outermost run."""
        return self.parent.root if self.parent else self

    @property
    def seed(self) -> Any:
        """The seed of all randomness of the run."""
        return self.config["seed"]

    @property
    def folder(self) -> Path | None:
        """Its folder; None where nothing is kept."""
        return self._recorder.files.folder

    dir = folder

    @property
    def store(self) -> Path:
        """The folder of runs that it is in, or would be."""
        return self._setup.store

    @property
    def scope(self) -> Scope:
        """What its facts are about."""
        assert self._setup.scope is not None
        return self._setup.scope

    @property
    def label(self) -> str:
        """How it is called in messages."""
        return self._recorder.ledger.label

    @property
    def log(self) -> Logger:
        """Its logger. Metrics are logged by `log_scalars`."""
        return RunLogger(self._recorder.ledger.log)

    @property
    def info(self) -> dict[str, Any]:
        """
        A dict for whatever else is to be known; stored as it changes.

        Raises:
            RunError: It is set to something that is no dict.
        """
        return self._recorder.info.value

    @info.setter
    def info(self, info: dict[str, Any]) -> None:
        self._recorder.info.value = info

    @property
    def summaries(self) -> Mapping[str, Summary]:
        """For each metric its count, first, last, smallest and greatest value and mean so far."""
        return self._recorder.logbook.summaries

    @property
    def files(self) -> list[File]:
        """Saved files, artifacts and resources in the order they were added."""
        return self._recorder.files.read_back().files

    @property
    def calls(self) -> list[Call]:
        """Its calls so far, if it is called many times, in the order in which they ended."""
        return self._recorder.files.read_back().calls

    @property
    def attempts(self) -> list[Attempt]:
        """Its second and later attempts, if it was resumed, in order."""
        return self._recorder.files.read_back().attempts

    @property
    def checkpoints(self) -> list[Checkpoint]:
        """The checkpoints that it has kept, the first one first."""
        return self._recorder.files.read_back().checkpoints

    @property
    def sweep(self) -> StoredSweep | None:
        """What it does and what has come of it as a sweep; None where it is none."""
        return self._recorder.files.read_back().sweep

    @property
    def output_path(self) -> Path:
        """The file of what was printed so far, raw; it need not be there."""
        return self._recorder.files.read_back().output_path

    def output(self, *, raw: bool = False) -> str:
        """Return what was printed so far: as a terminal shows it, or raw. Empty where nothing is captured."""
        self._life.flush_output()
        return self._recorder.files.read_back().output(raw=raw)

    @overload
    def system(self, name: str) -> Curve: ...

    @overload
    def system(self, name: None = None) -> Curves: ...

    def system(self, name: str | None = None) -> Curve | Curves:
        """
        Return what was sampled of the machine so far, one curve by its name or all.

        Raises:
            KeyError: There is no such curve.
        """
        return self._recorder.files.read_back().system(name)

    def __repr__(self) -> str:
        return f"<Run {self.id if self.id is not None else self.uid[:8]} of {self.name}.{self.command}: {self.status}>"

    def masked(self, text: str) -> str:
        """Return a text as it may be shown: without the run's secrets, and without passwords in URLs."""
        return self.masking.text(text)

    # ---------------------------------------------------------------------------------------- what it logs and keeps

    log_scalar: Final = _of("_recorder.logbook", Logbook.log_scalar)
    log_scalars: Final = _of("_recorder.logbook", Logbook.log_scalars)
    log_table: Final = _of("_recorder.logbook", Logbook.log_table)
    log_histogram: Final = _of("_recorder.logbook", Logbook.log_histogram)
    log_text: Final = _of("_recorder.logbook", Logbook.log_text)
    log_image: Final = _of("_recorder.logbook", Logbook.log_image)
    log_figure: Final = _of("_recorder.logbook", Logbook.log_figure)
    media: Final = _of("_recorder.logbook", Logbook.media)
    timer: Final = _of("_recorder.timers", Timers.timer)
    track: Final = _of("_recorder.progress", Progress.track)
    path: Final = _of("_recorder.files", RunFiles.path)
    save: Final = _of("_recorder.files", RunFiles.save)
    load: Final = _of("_recorder.files", RunFiles.load)
    add_artifact: Final = _of("_recorder.files", RunFiles.add_artifact)
    add_resource: Final = _of("_recorder.files", RunFiles.add_resource)
    open_resource: Final = _of("_recorder.files", RunFiles.open_resource)

    checkpoint: Final = _of("_checkpoints", RunCheckpoints.checkpoint)
    last_checkpoint: Final = _of("_checkpoints", RunCheckpoints.last_checkpoint)

    @overload
    def metrics(self, name: str) -> Curve: ...

    @overload
    def metrics(self, name: None = None) -> Curves: ...

    def metrics(self, name: str | None = None) -> Curve | Curves:
        """
        Return the points of one metric so far as a Curve, or of all by name.

        Raises:
            KeyError: There is no metric of this name.
        """
        return self._recorder.logbook.metrics(name)

    def log_locals(self) -> None:
        """
        Write the caller's local variables into the debug log: short reprs, secrets masked.

        Example:
            >>> from expframe import Experiment
            >>> ex = Experiment("looking", ghost=True)
            >>> @ex.main
            ... def main(_run):
            ...     batch, password = [1, 2], "hunter2"
            ...     _run.log_locals()  # with -l DEBUG: batch = [1, 2], password = '********', _run = <Run ...>
            >>> run = ex.run()
        """
        log_locals(self.log, sys._getframe(1), self.masking)

    @property
    def should_stop(self) -> bool:
        """
        Whether the run is to end: SIGTERM has arrived, or SLURM_JOB_END_TIME is `grace` seconds away.

        Code that reads this, or makes a checkpoint, is given so long to end by itself: 30 s where nothing is said. The
        run is then INTERRUPTED, and can be resumed.

        Example:
            >>> from expframe import Experiment
            >>> ex = Experiment("patient", ghost=True)
            >>> @ex.main
            ... def main(_run):
            ...     for epoch in range(3):
            ...         if _run.should_stop:
            ...             break
            ...     return epoch
            >>> ex.run().result
            2
        """
        return self._stopping.ask()

    def stop(self, status: str = Status.INTERRUPTED) -> None:
        """
        Ask the run to end, as SIGTERM does: at once, or by itself where its code reads `should_stop`. From any thread.

        Args:
            status: What it ends as.
        """
        self._stopping.request(status)

    @property
    def grace(self) -> float:
        """Seconds that code which asks whether to stop has to do so."""
        given = self.request.options.grace
        return self._setup.grace if given is None else given

    @property
    def was_stopped(self) -> bool:
        """Whether the run was asked to end, and did by itself."""
        return self._stopping.is_requested and self.status == Status.INTERRUPTED

    @property
    def stopped_by(self) -> int:
        """The number of the signal that asked it to."""
        return self._stopping.number

    # ------------------------------------------------------------------------------------------- how it fills functions

    def plan(self, captured: Captured) -> Filling:
        """Return, and remember, how the parameters of a captured function are filled in this run."""
        return self._arguments.plan(captured)

    def bind(self, function: Callable[P, R]) -> Callable[P, R]:
        """
        Return `function` with this run as its current one: for any thread and, pickled, for any process.

        Raises:
            BindError: When it is pickled and `function` is not found under its name in its module.
        """
        from expframe.run.bind import BoundFunction

        return BoundFunction(self, function)

    def bind_worker(self) -> Callable[..., None]:
        """
        Return what makes a whole worker process one of this run: `worker_init_fn` of a DataLoader, or an `initializer`.

        Captured functions that are called there are filled from this run's config; what they log and save is the run's.
        Called with a worker's number, as by a DataLoader, it lets each worker draw numbers of its own.
        """
        from expframe.run.bind import BoundWorker

        return BoundWorker(self)

    # -------------------------------------------------------------------------------------------------- how it is done

    check_arguments: Final = _of("_execution", Execution.check_arguments)

    def look_ahead(self) -> None:
        """Find out by now what is true of this machine and code: processes that are forked from this one know it."""
        if self._setup.known is not None:
            look_ahead(self.scope, self._setup.known, self.store / layout.SOURCES_FOLDER)

    def do(self) -> Run | StoredRun:
        """
        Do the run as its options say, and return it: not at all where only a look at its config was asked for.

        Where a completed run makes it needless, and that was asked for, that one is returned. Another process that does
        the same at the moment is waited for.

        Raises:
            OptionError: Whether it is needed cannot be told.
            BaseException: As for `execute`.
        """
        __tracebackhide__ = True
        options = self.request.options
        if options.dry_run:
            return self
        if self._resumed is not None and self._resumed.is_done:
            return self._resumed.run
        if not options.needed:
            return self.execute()
        from expframe.run.skip import turn

        is_stored = any(isinstance(observer, LocalStore) for observer in self._setup.observers)
        with turn(self, is_stored=is_stored) as found:
            return self.execute() if found is None else found

    def execute(self) -> Run:
        """
        Do the run: open its sinks, call the command, close them. Return the run itself.

        Raises:
            StoreError: Nothing can be kept where it should; nothing was started.
            BaseException: What the command raises, unchanged, after it has been recorded.
        """
        __tracebackhide__ = True
        self._execution.do()
        return self

    def child(
        self, command: str | None = None, config_updates: Mapping[Any, Any] | None = None, *args: Any, **how: Any
    ) -> Run | StoredRun:
        """
        Do a command of the same experiment as a run inside this one, and return what `Experiment.run` does.

        The child has this run's named configs and overrides; its own prevail.

        Args:
            command: As for `Experiment.run`.
            config_updates: As for `Experiment.run`.
            args: As for `Experiment.run`.
            how: As for `Experiment.run`.

        Raises:
            RunError: This run has ended.
            BaseException: As for `Experiment.run`.
        """
        __tracebackhide__ = True
        if not self.has_started or self.record.ended is not None:
            raise RunError(self.label, "is not open. A child is started while its run goes on.")
        if self._setup.run_child is None:
            problem = "starts no child here: the experiment is no top-level name of a module that this process finds."
            raise RunError(self.label, problem)
        token = context.bind(self)
        try:
            return cast("Run | StoredRun", self._setup.run_child(self.request, command, config_updates, *args, **how))
        finally:
            context.unbind(token)

    def draw_child_seed(self, command: str, asked: Request) -> int:
        """
        Return the seed of a run that is asked for inside this one, unless it is given another.

        It depends on this run's seed, on what is asked for and on how often just that was asked for before; not on
        other children, nor on which thread or process asks.
        """
        digest = digest_of(command, asked)
        count = self._recorder.children.look if asked.options.dry_run else self._recorder.children.take
        return child_seed(self.seed, command, digest, count(digest))

    @property
    def keeps_nothing_inside(self) -> bool:
        """Whether -u was given for this run or one around it, and so holds for those inside it."""
        return self.request.options.unobserved or (self.parent is not None and self.parent.keeps_nothing_inside)

    def take_its_place(self) -> None:
        """Be one of the runs inside the run around it, now that it is open."""
        self.has_started = True
        if self.parent is not None:
            self.parent.children.append(self)

    @property
    def title(self) -> str:
        """What the log calls it."""
        return repr(self.command)

    def outcome(self, ended: BaseException | None) -> Outcome:
        """Return how it ends, by what its work raised."""
        return Outcome.of(ended, self.masking)

    # --------------------------------------------------------------------------------------------- in other processes

    def draw_apart(self, mark: Any) -> None:
        """Let functions that this process calls draw other numbers than in processes with another mark."""
        self._arguments.draw_apart(mark)

    def hold(self) -> None:
        """Finish what is being written: the process is about to fork."""
        self._life.hold()

    def resume(self) -> None:
        """Go on after a fork, in the parent."""
        self._life.resume()

    def forked(self) -> None:
        """Become the run of a forked child: it may log and save, and its end is not the run's."""
        self._life.forked()

    def __reduce__(self) -> Any:
        from expframe.run.worker import Ticket, child_elsewhere

        self._recorder.files.share()
        setup, parts = self._setup, self.snapshot.recipe.parts
        ticket = Ticket(
            self.config,
            self.record,
            str(self.folder) if self.folder else None,
            str(setup.store),
            tuple((part.path, part.below) for part in parts),
            dict(self.snapshot.places),
            setup.max_depth,
            setup.read_only,
            self.keeps_nothing_inside,
            self.request.overrides,
            self.request.named,
            self.request.options.force,
            child_elsewhere(setup.run_child),
        )
        return _arrive, (ticket,)


def _arrive(ticket: Ticket) -> Run:
    """Return the run itself where it lives here, else this process's view of it: one that has no life of its own."""
    for run in context.active():
        if run.uid == ticket.record.uid:
            return cast(Run, run)
    return cast(Run, context.worker(ticket.record.uid, lambda: _view(ticket)))


def _view(ticket: Ticket) -> Run:
    from expframe.run.worker import view_of

    view = view_of(ticket)
    run = Run(ticket.setup(), ticket.snapshot(), None, ticket.request(), ticket.config, None, view=view)
    run.has_started = True
    return run
