"""Run: the live handle of one run."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar, cast

from expframe.config.decided import Config
from expframe.config.masking import Masking
from expframe.config.request import Request
from expframe.errors import RunError
from expframe.facts.gathering import Scope, require_clean
from expframe.process import context, output
from expframe.process.awaiting import call
from expframe.process.log_lines import RunLogger
from expframe.process.seeds import child_seed
from expframe.process.signals import Stopping
from expframe.recipe.injection import Plan
from expframe.recipe.registry import Captured, Command, Snapshot
from expframe.record.events import Call, File
from expframe.record.record import Record, Status, now
from expframe.record.summaries import Summary
from expframe.run.arguments import Arguments
from expframe.run.bind import BoundFunction, BoundWorker
from expframe.run.checkpoints import RunCheckpoints
from expframe.run.children import digest_of
from expframe.run.files import RunFiles
from expframe.run.ledger import first_record, next_record
from expframe.run.life import Life
from expframe.run.logbook import Logbook
from expframe.run.outcome import Outcome
from expframe.run.parts import shown
from expframe.run.progress import Progress
from expframe.run.recorder import Recorder
from expframe.run.resume import Resumed
from expframe.run.setup import Setup
from expframe.run.skip import turn
from expframe.run.timers import Timers
from expframe.run.worker import Ticket
from expframe.store.salt import salt_of
from expframe.store.writer import LocalStore

if TYPE_CHECKING:
    from logging import Logger

    from expframe.saving.checkpoints import Checkpoint
    from expframe.store.attempts import Attempt
    from expframe.store.reader import StoredRun

P = ParamSpec("P")
R = TypeVar("R")


class _Delegate:
    """A method of a part: documented there, found once for each run, then as fast as the part's own."""

    def __init__(self, part: str, method: Callable[..., Any]) -> None:
        self._part = part
        self._method = method

    def __set_name__(self, _owner: type, name: str) -> None:
        self._name = name

    def __get__(self, run: Any, _owner: type | None = None) -> Any:
        if run is None:
            return self._method
        part = run._checkpoints if self._part == "checkpoints" else getattr(run._recorder, self._part)
        found = run.__dict__[self._name] = getattr(part, self._method.__name__)
        return found


def _of(part: str, method: Callable[Concatenate[Any, P], R]) -> Callable[Concatenate[Any, P], R]:
    return cast(Callable[Concatenate[Any, P], R], _Delegate(part, method))


class Run:
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
        view: Ticket | None = None,
    ) -> None:
        self.config = config
        self.snapshot = snapshot
        self.request = request
        self.parent = parent
        self.children: list[Run] = []
        self.result: Any = None
        self.has_started = False
        self._setup = setup
        self._command = command
        self._resumed = resumed
        self._keeps_nothing = view.keeps_nothing if view else request.options.unobserved
        if view is not None:
            folder = Path(view.folder) if view.folder else None
            self._recorder = Recorder(view.record, self.masking, folder=folder, is_view=True)
        else:
            self._recorder = Recorder(self._first_record(), self.masking, setup.observers)
        self._recorder.info.value.update(request.info)
        self._stopping = self._find_stopping()
        self._arguments = Arguments(self, snapshot, config, setup)
        self.plans = self._arguments.plans
        self._checkpoints = RunCheckpoints(self._recorder, self._arguments, self._stopping, resumed)
        self._life = Life(self, self._recorder, setup, self._stopping, resumed, is_called=self._is_called)

    def _first_record(self) -> Record:
        """Return the record with which it begins."""
        request, parent, resumed = self.request, self.parent, self._resumed
        assert self._command is not None
        if resumed is not None:
            record = next_record(resumed.record, resumed.attempt, request, self.masking)
        else:
            name, around = request.options.name or self._setup.name, parent.record if parent else None
            uid, seed = os.urandom(16).hex(), self.config.get("seed")
            record = first_record(uid, name, self._command.name, request, seed, around, self.masking)
        return record._replace(capture=self._capture_mode())

    def _capture_mode(self) -> str:
        if not self._setup.observers or self.request.options.queue:
            return "no"
        first = self.parent is None and not context.active()
        chosen = self.request.options.capture
        return chosen or output.default_mode(command_line=self._setup.is_command_line, first=first)

    def _find_stopping(self) -> Stopping:
        """Return what tells it to end: a run and those inside it are told together."""
        return self.parent._stopping if self.parent else Stopping(self.grace)

    @cached_property
    def masking(self) -> Masking:
        """What of it is secret, told from other secrets by the salt of its store."""
        stores = [observer.path for observer in self._setup.observers if isinstance(observer, LocalStore)]
        salt = partial(salt_of, stores[0], make=True) if stores else None
        given = (self.config.values, dict(self.request.options.extra))
        return Masking(given, self.config.names, words=sys.argv, salt=salt)

    # ------------------------------------------------------------------------------------------------- what it is

    @property
    def record(self) -> Record:
        """Its facts, as they are now."""
        return self._recorder.ledger.record

    @property
    def name(self) -> str:
        """The experiment."""
        return self.record.name

    @property
    def command(self) -> str:
        """The command."""
        return self.record.command

    @property
    def id(self) -> str | None:
        """Its name in the store; None where nothing is kept."""
        return self._recorder.ledger.id

    @property
    def uid(self) -> str:
        """Unique among all runs anywhere; there even where nothing is kept."""
        return self.record.uid

    @property
    def attempt(self) -> int:
        """1, and one more each time that the run was resumed."""
        return self.record.attempt

    @property
    def status(self) -> str:
        """One of `Status`, or a custom one."""
        return self.record.status

    @property
    def depth(self) -> int:
        """How many runs are around it."""
        return self.record.depth

    @property
    def root(self) -> Run:
        """The outermost run."""
        return self.parent.root if self.parent else self

    @property
    def tags(self) -> tuple[str, ...]:
        """Words to find it again."""
        return self.record.tags

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

    def output(self, *, raw: bool = False) -> str:
        """Return what was printed so far: as a terminal shows it, or raw. Empty where nothing is captured."""
        self._life.flush_output()
        return self._recorder.files.read_back().output(raw=raw)

    def system(self, name: str | None = None) -> Any:
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

    log_scalar = _of("logbook", Logbook.log_scalar)
    log_scalars = _of("logbook", Logbook.log_scalars)
    log_table = _of("logbook", Logbook.log_table)
    log_histogram = _of("logbook", Logbook.log_histogram)
    log_text = _of("logbook", Logbook.log_text)
    log_image = _of("logbook", Logbook.log_image)
    log_figure = _of("logbook", Logbook.log_figure)
    metrics = _of("logbook", Logbook.metrics)
    media = _of("logbook", Logbook.media)
    timer = _of("timers", Timers.timer)
    track = _of("progress", Progress.track)
    path = _of("files", RunFiles.path)
    save = _of("files", RunFiles.save)
    load = _of("files", RunFiles.load)
    add_artifact = _of("files", RunFiles.add_artifact)
    add_resource = _of("files", RunFiles.add_resource)
    open_resource = _of("files", RunFiles.open_resource)

    checkpoint = _of("checkpoints", RunCheckpoints.checkpoint)
    last_checkpoint = _of("checkpoints", RunCheckpoints.last_checkpoint)

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
        if self.log.isEnabledFor(10):
            from expframe.process.log_lines import locals_text

            frame = sys._getframe(1)
            where = f"{frame.f_code.co_name}() ({os.path.basename(frame.f_code.co_filename)}:{frame.f_lineno})"
            self.log.debug("Locals of %s:\n%s", where, locals_text(frame.f_locals, self.masking))

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

    def plan(self, captured: Captured) -> Plan:
        """Return, and remember, how the parameters of a captured function are filled in this run."""
        return self._arguments.plan(captured)

    def bind(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """
        Return `function` with this run as its current one: for any thread and, pickled, for any process.

        Raises:
            BindError: When it is pickled and `function` is not found under its name in its module.
        """
        return BoundFunction(self, function)

    def bind_worker(self) -> Callable[..., None]:
        """
        Return what makes a whole worker process one of this run: `worker_init_fn` of a DataLoader, or an `initializer`.

        Captured functions that are called there are filled from this run's config; what they log and save is the run's.
        Called with a worker's number, as by a DataLoader, it lets each worker draw numbers of its own.
        """
        return BoundWorker(self)

    # -------------------------------------------------------------------------------------------------- how it is done

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
        self.check_arguments()
        self._make_ready()
        if self.record.status == Status.QUEUED:
            return self._queue()
        with self._begun():
            self._call_command(self.request.args, self.request.kwargs, self._keep)
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
        if not self.has_started or self.record.ended is not None or self._setup.run_child is None:
            raise RunError(self.label, "is not open. A child is started while its run goes on.")
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
        return self._keeps_nothing or (self.parent is not None and self.parent.keeps_nothing_inside)

    def check_arguments(self) -> None:
        """
        Check that every parameter of the command has a value.

        Raises:
            InjectionError: One has none.
            TypeError: The arguments that were given do not fit.
        """
        assert self._command is not None
        self._arguments.check(self._command.captured, self.request)

    def _make_ready(self) -> None:
        """Refuse what cannot be run, before anything is started."""
        for option in self._setup.cli_options:
            value = self.request.options.extra.get(option.flag.long)
            if value:
                option.apply(value, self)
        if self.request.options.enforce_clean:
            require_clean(self.scope)

    def _queue(self) -> Run:
        self._recorder.ledger.advance(queued=now())
        storage = self._life.storage()
        storage.begin()
        storage.end()
        self.log.info("Queued run %s%s", self.id or "(not kept)", f" in {shown(self.folder)}" if self.folder else "")
        return self

    def _keep(self, result: Any) -> None:
        self.result = result

    def _call_command(self, args: Sequence[Any], kwargs: Mapping[str, Any], keep: Callable[[Any], object]) -> Any:
        __tracebackhide__ = True
        assert self._command is not None
        for hook in self.snapshot.pre_run_hooks:
            call(hook)
        result = call(self._command.function, *args, **kwargs)
        keep(result)  # whatever the hooks do
        for hook in self.snapshot.post_run_hooks:
            call(hook)
        return result

    @contextmanager
    def _begun(self) -> Iterator[None]:
        """Let the block be its work."""
        self._recorder.ledger.advance(**{"resumed" if self._resumed else "started": now()})
        with self._life.from_start_to_end(self._conclude):
            yield

    def take_its_place(self) -> None:
        """Be one of the runs inside the run around it, now that it is open."""
        self.has_started = True
        if self.parent is not None:
            self.parent.children.append(self)

    @property
    def title(self) -> str:
        """What the log calls it."""
        return repr(self.command)

    @property
    def is_loud(self) -> bool:
        """Whether the log says when it begins and ends: not where a command only shows something."""
        return self._command is not None and not self._command.unobserved

    def _conclude(self, ended: BaseException | None) -> None:
        """Note how the work ended, before anything else does."""
        for run in reversed(context.opened()):
            if run.parent is self:
                run.close()
        outcome = self._outcome(ended)
        if outcome.status == Status.COMPLETED and self._stopping.is_requested:
            outcome = Outcome(Status.INTERRUPTED)
        changes = {"status": outcome.status, "result": self.result, "failure": outcome.failure}
        self._recorder.ledger.advance(ended=now(), **changes)

    def _outcome(self, ended: BaseException | None) -> Outcome:
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
        parts = tuple((part.path, part.below) for part in self.snapshot.recipe.parts)
        folder = str(self.folder) if self.folder else None
        setup = self._setup
        keeps_nothing = self.keeps_nothing_inside
        ticket = Ticket(
            self.config, self.record, folder, str(setup.store), parts, setup.max_depth, setup.read_only, keeps_nothing
        )
        return _arrive, (ticket,)


def _arrive(ticket: Ticket) -> Run:
    """Return the run itself where it lives here, else this process's view of it: one that has no life of its own."""
    for run in context.active():
        if run.uid == ticket.record.uid:
            return cast(Run, run)
    setup = Setup(ticket.record.name, max_depth=ticket.max_depth, read_only=ticket.read_only, store=Path(ticket.store))
    make = lambda: Run(setup, ticket.snapshot(), None, Request(), ticket.config, None, view=ticket)  # noqa: E731
    return cast(Run, context.worker(ticket.record.uid, make))
