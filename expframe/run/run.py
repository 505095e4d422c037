"""Run: the live handle of one run."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, NamedTuple, ParamSpec, TypeVar, cast

from expframe.config import dotted
from expframe.config.decided import Config
from expframe.config.masking import Masking
from expframe.config.request import Request
from expframe.errors import MissingArgumentError, RunError
from expframe.facts.gathering import Gathering, Known, Scope, require_clean
from expframe.observers.base import Observer
from expframe.observers.fanout import Sinks
from expframe.process import context, output
from expframe.process.awaiting import call
from expframe.process.devices import Devices, DeviceVariables
from expframe.process.log_lines import NOTICE
from expframe.process.seeds import child_seed, child_seeds
from expframe.process.signals import GRACE, Stopping
from expframe.recipe.injection import Injector, Plan
from expframe.recipe.registry import Captured, CliOption, Command, Snapshot
from expframe.record.events import Beat, Event
from expframe.record.record import Record, Status, now
from expframe.record.summaries import Summary
from expframe.run.bind import BoundFunction
from expframe.run.children import ChildCounts, digest_of
from expframe.run.files import RunFiles
from expframe.run.heart import Heart
from expframe.run.ledger import Ledger, LiveInfo, first_record, next_record
from expframe.run.life import (
    Announcement,
    Capturing,
    Ending,
    Facts,
    LifePart,
    Outcome,
    Presence,
    Seeding,
    Storage,
    Visibility,
    living,
    shown,
)
from expframe.run.logbook import Logbook
from expframe.run.progress import Progress
from expframe.run.resume import Resumed
from expframe.run.sampler import Sampler
from expframe.run.skip import completed
from expframe.run.timers import Timers
from expframe.run.worker import Ticket
from expframe.saving.checkpoints import KEEP, Checkpoint, Position, last_of
from expframe.store.salt import salt_of
from expframe.store.writer import LocalStore, WorkerSink

if TYPE_CHECKING:
    from logging import Logger

    from expframe.store.reader import StoredRun

P = ParamSpec("P")
R = TypeVar("R")


class Setup(NamedTuple):
    """
    What all runs of an experiment share.

    Attributes:
        name: The experiment.
        observers: Where the facts go; empty for a ghost.
        scope: What facts are about.
        known: What was found out before in this process.
        max_depth: How deep names are searched where a function does not say.
        read_only: Whether values are handed out read-only where a function does not say.
        cli_options: The user's own options.
        store: The folder of runs.
        is_command_line: Whether the process is this run's own, started as a script.
        grace: Seconds that code which asks whether to stop has to do so.
        run_child: Does another command inside a run, given that run's Request; None where there is no experiment.
        devices: Which GPUs it may see.
        sample: Seconds between two samples of the machine; 0 for none.
    """

    name: str
    observers: Sequence[Observer] = ()
    scope: Scope | None = None
    known: Known | None = None
    max_depth: int = 1
    read_only: bool = True
    cli_options: Sequence[CliOption] = ()
    store: Path = Path()
    is_command_line: bool = False
    grace: float = GRACE
    run_child: Callable[..., Run | StoredRun] | None = None
    devices: Devices = Devices()
    sample: float = 0.0


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
        found = run.__dict__[self._name] = getattr(run.__dict__[self._part], self._method.__name__)
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

    _parts_of_life: tuple[str, ...] = (
        "presence last_words seeding capturing announcement visibility facts heart sampler progress".split()  # type: ignore[assignment]  # noqa: SIM905
    )
    """The parts that a run has from its start to its end, in the order in which they begin."""

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
        self.plans: dict[Captured, Plan] = {}
        self.has_started = False
        self._setup = setup
        self._command = command
        self._resumed = resumed
        self._calls_before: Mapping[str, int] = {}
        self._has_taken_up = False
        self._ledger = Ledger(view.record, view.record.id) if view else Ledger(self._begun())
        self._sinks = Sinks(setup.observers, self._ledger.say, self._ledger.count_event, self.masking)
        self._sink: Sinks | WorkerSink = self._sinks
        self._files = RunFiles(self._emit, self._ledger, is_owner=view is None)
        if view is not None:
            self._files.folder = Path(view.folder) if view.folder else None
            self._sink = WorkerSink(self._files.folder, self.masking)
        self._logbook = Logbook(self._emit, self._files, self._ledger, unbuffered=view is not None)
        self._timers = Timers(self._logbook.log_scalar)
        self._progress = Progress(self._logbook.latest)
        self._child_counts = ChildCounts(self._files, self.attempt)
        self._info = LiveInfo(self._emit)
        self._info.value.update(request.info)
        self._stopping: Stopping = parent._stopping if parent else Stopping(self.grace)
        self._injector = Injector(snapshot, config.values, self._special, self._draw, setup.max_depth, setup.read_only)
        self._parts: dict[str, LifePart] = {}
        self._keeps_nothing = view.keeps_nothing if view else request.options.unobserved

    def _begun(self) -> Record:
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
        return self._ledger.record

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
        return self._ledger.id

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
        return self._files.folder

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
        return self._ledger.label

    @property
    def log(self) -> Logger:
        """Its logger."""
        return self._ledger.log

    @property
    def info(self) -> dict[str, Any]:
        """
        A dict for whatever else is to be known; stored as it changes.

        Raises:
            RunError: It is set to something that is no dict.
        """
        return self._info.value

    @info.setter
    def info(self, info: dict[str, Any]) -> None:
        self._info.value = info

    @property
    def summaries(self) -> Mapping[str, Summary]:
        """For each metric its count, first, last, smallest and greatest value and mean so far."""
        return self._logbook.summaries

    def __repr__(self) -> str:
        return f"<Run {self.id if self.id is not None else self.uid[:8]} of {self.name}.{self.command}: {self.status}>"

    def masked(self, text: str) -> str:
        """Return a text as it may be shown: without the run's secrets, and without passwords in URLs."""
        return self.masking.text(text)

    # ---------------------------------------------------------------------------------------- what it logs and keeps

    log_scalar = _of("_logbook", Logbook.log_scalar)
    log_scalars = _of("_logbook", Logbook.log_scalars)
    log_table = _of("_logbook", Logbook.log_table)
    log_histogram = _of("_logbook", Logbook.log_histogram)
    log_text = _of("_logbook", Logbook.log_text)
    log_image = _of("_logbook", Logbook.log_image)
    log_figure = _of("_logbook", Logbook.log_figure)
    metrics = _of("_logbook", Logbook.metrics)
    media = _of("_logbook", Logbook.media)
    timer = _of("_timers", Timers.timer)
    track = _of("_progress", Progress.track)
    path = _of("_files", RunFiles.path)
    save = _of("_files", RunFiles.save)
    load = _of("_files", RunFiles.load)
    add_artifact = _of("_files", RunFiles.add_artifact)
    add_resource = _of("_files", RunFiles.add_resource)
    open_resource = _of("_files", RunFiles.open_resource)

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

    def checkpoint(
        self, step: int | float, objects: Mapping[str, Any] | None = None, /, *, keep: int | None = KEEP, **more: Any
    ) -> Checkpoint:
        """
        Keep what the run needs to go on from here, whole or not at all: `run.checkpoint(epoch, model=model)`.

        Data, text, bytes and arrays, and what torch, Keras and savers of your own write, are in their own formats; a
        name with an extension chooses one; a Path stands for the file it names; everything else is pickled. Modules and
        optimizers of torch come back as their state. From now on SIGTERM gives the run time to end by itself.

        Args:
            step: The step that is done, as a number.
            objects: By name, where names are no words of Python.
            keep: How many checkpoints are kept, this one included; None for all.
            more: Objects by name.

        Raises:
            RunError: The step is no number, or an object has no name.
            SaveError: It cannot be stored; nothing half-written is left, and earlier ones are there.
        """
        self._stopping.expect()
        self._logbook.flush()
        given: Any = (
            objects if objects is not None and not isinstance(objects, Mapping) else {**(objects or {}), **more}
        )
        calls = {_key_of(captured): plan.calls for captured, plan in self.plans.items() if plan.calls}
        return self._files.checkpoint(step, given, calls, self._child_counts.counts(), keep)

    def last_checkpoint(self) -> Checkpoint | None:
        """
        Return the last checkpoint of the run, of this attempt or an earlier one; None where there is none.

        In a run that is resumed, seeds and children go on from here as they were at the checkpoint: ask for it once,
        after what is to be done again and before what is not.
        """
        found = self._files.last_checkpoint()
        if self._resumed is None:
            return found
        found = found or last_of(self._resumed.run.folder, trust=True)  # where nothing is kept, or by other ranks
        if found is not None and not self._has_taken_up:
            self._go_on_from(found.position)
        self._has_taken_up = True
        return found

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

    # ------------------------------------------------------------------------------------------- how it fills functions

    def plan(self, captured: Captured) -> Plan:
        """Return, and remember, how the parameters of a captured function are filled in this run."""
        plan = self._injector.plan(captured)
        plan.go_on(self._calls_before.get(_key_of(captured), 0))
        return self.plans.setdefault(captured, plan)

    def bind(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """
        Return `function` with this run as its current one: for any thread and, pickled, for any process.

        Raises:
            BindError: When it is pickled and `function` is not found under its name in its module.
        """
        return BoundFunction(self, function)

    def _special(self, captured: Captured, group: Any, name: str) -> Any:
        if name == "_run":
            return self
        return group if name == "_config" else self.log.getChild(captured.name)

    def _draw(self, captured: Captured) -> Callable[[int], int]:
        own = dotted.get(self.config.values, (*captured.path, "seed"))
        seed = self.seed if own is dotted.MISSING else own
        return child_seeds(seed, dotted.join(captured.path), captured.name)

    # -------------------------------------------------------------------------------------------------- how it is done

    def do(self) -> Run | StoredRun:
        """
        Do the run as its options say, and return it: not at all where only a look at its config was asked for.

        Where a completed run makes it needless, and that was asked for, that one is returned.

        Raises:
            OptionError: Whether it is needed cannot be told.
            BaseException: As for `execute`.
        """
        __tracebackhide__ = True
        if self.request.options.needed and (found := completed(self)) is not None:
            return found
        return self if self.request.options.dry_run else self.execute()

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
        with self._living():
            self._call_command(self.request.args, self.request.kwargs)
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
            return self._setup.run_child(self.request, command, config_updates, *args, **how)
        finally:
            context.unbind(token)

    def draw_child_seed(self, command: str, asked: Request) -> int:
        """
        Return the seed of a run that is asked for inside this one, unless it is given another.

        It depends on this run's seed, on what is asked for and on how often just that was asked for before; not on
        other children, nor on which thread or process asks.
        """
        digest = digest_of(command, asked)
        count = self._child_counts.look if asked.options.dry_run else self._child_counts.take
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
        captured, request = self._command.captured, self.request
        given = set(request.kwargs)
        if request.args or request.kwargs:
            given |= inspect.signature(captured.raw).bind_partial(*request.args, **request.kwargs).arguments.keys()
        lacking = {name: problem for name, problem in self.plan(captured).lacking.items() if name not in given}
        missing = [problem for problem in lacking.values() if isinstance(problem, MissingArgumentError)]
        if missing:
            names = tuple(name for problem in missing for name in problem.names)
            first = missing[0]
            raise MissingArgumentError(first.function, first.where, names, first.group, first.available)
        for problem in lacking.values():
            raise problem

    def _make_ready(self) -> None:
        """Refuse what cannot be run, before anything is started."""
        for option in self._setup.cli_options:
            value = self.request.options.extra.get(option.flag.long)
            if value:
                option.apply(value, self)
        if self.request.options.enforce_clean:
            require_clean(self.scope)

    def _queue(self) -> Run:
        self._ledger.advance(queued=now())
        storage = self._storage()
        storage.begin()
        storage.end()
        self.log.info("Queued run %s%s", self.id or "(not kept)", f" in {shown(self.folder)}" if self.folder else "")
        return self

    def _call_command(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        __tracebackhide__ = True
        assert self._command is not None
        for hook in self.snapshot.pre_run_hooks:
            call(hook)
        result = self.result = call(self._command.function, *args, **kwargs)
        for hook in self.snapshot.post_run_hooks:
            call(hook)
        return result

    # ------------------------------------------------------------------------------------------------------ its life

    @contextmanager
    def _living(self) -> Iterator[None]:
        """Open the run, let the block do its work, and record how that ended: the life of every run."""
        self._ledger.advance(**{"resumed" if self._resumed else "started": now()})
        say = self._ledger.say
        with living((self._stopping, self._storage()), say):
            self._parts = self._make_parts()
            with living([self._parts[name] for name in self._parts_of_life], say, self._conclude):
                yield

    def _storage(self) -> Storage:
        return Storage(self._sinks, self._ledger, self.config, self._files, self.masking, self._take_up)

    def _take_up(self) -> None:
        """Go on after what earlier attempts left, and take its place inside the run around it."""
        if self._resumed is not None and self.folder is not None:
            stored = self._resumed.run
            self._logbook.go_on(stored)
            self._files.go_on(stored)
            self._info.go_on(stored.info)
            self._ledger.count("calls", len(stored.calls))
        self.has_started = True
        if self.parent is not None:
            self.parent.children.append(self)

    def _make_parts(self) -> dict[str, LifePart]:
        """Return what the run can consist of."""
        setup, ledger, sinks, options = self._setup, self._ledger, self._sinks, self.request.options
        capturing = Capturing(self.record.capture, self._files, sinks, ledger.say)
        if self._resumed is not None:
            capturing.go_on(self._resumed.run.folder)
        sampler = Sampler(setup.sample)

        def flush() -> None:
            self._logbook.flush_waiting()
            sampler.wake(self.folder)
            if ledger.has_news:
                ledger.has_news = False
                self._emit(Beat(self.record))
            capturing.flush()

        def beat() -> None:
            self._info.store()
            capturing.send()
            self._emit(Beat(self.record))

        def last_words() -> None:
            self._logbook.flush()
            self._info.store()
            capturing.collapse()

        assert setup.scope is not None and setup.known is not None and self._command is not None
        scope, known, level = setup.scope, setup.known, 10 if self._command.unobserved else NOTICE
        return {
            "presence": Presence(self),
            "last_words": Ending(last_words),
            "seeding": Seeding(self.seed),
            "capturing": capturing,
            "announcement": Announcement(
                ledger,
                self._files,
                self.config.warnings,
                self._timers,
                self._title,
                level,
                is_recorded=bool(setup.observers),
                is_of_script=self._is_of_script,
                masking=self.masking,
            ),
            "visibility": Visibility(DeviceVariables(setup.devices), ledger),
            "facts": Facts(lambda folder: Gathering(scope, known, folder, ledger.learn), sinks, ledger),
            "heart": Heart(flush, beat, options.beat_interval, ledger.say),
            "sampler": Ending(sampler.stop),
            "progress": Ending(self._progress.close),
        }

    @property
    def _title(self) -> str:
        """What the log says of the run."""
        return repr(self.command)

    @property
    def _is_of_script(self) -> bool:
        """Whether the run is that of a whole script without a command line."""
        return False

    def _conclude(self, ended: BaseException | None) -> None:
        """Note how the work ended, before anything else does."""
        for run in reversed(context.opened()):
            if run.parent is self:
                run.close()
        outcome = self._outcome(ended)
        if outcome.status == Status.COMPLETED and self._stopping.is_requested:
            outcome = Outcome(Status.INTERRUPTED)
        self._ledger.advance(status=outcome.status, ended=now(), result=self.result, failure=outcome.failure)

    def _outcome(self, ended: BaseException | None) -> Outcome:
        return Outcome.of(ended, self.masking)

    def _go_on_from(self, position: Position) -> None:
        """Let seeds and children go on from where they were."""
        self._calls_before = position.calls
        for captured, plan in self.plans.items():
            plan.go_on(position.calls.get(_key_of(captured), 0))
        self._child_counts.go_on(position.children)

    def _emit(self, event: Event) -> None:
        self._sink.write(event)
        self._files.keep_readable(event)

    # --------------------------------------------------------------------------------------------- in other processes

    def hold(self) -> None:
        """Finish what is being written: the process is about to fork."""
        self._logbook.flush_waiting()
        if isinstance(capturing := self._parts.get("capturing"), Capturing):
            capturing.hold()

    def resume(self) -> None:
        """Go on after a fork, in the parent."""
        if isinstance(capturing := self._parts.get("capturing"), Capturing):
            capturing.resume()

    def forked(self) -> None:
        """Become the run of a forked child: it may log and save, and its end is not the run's."""
        self._stopping.forked()
        self._files.forked()
        self._sink = WorkerSink(self.folder, self.masking)
        self._logbook.forked()
        if isinstance(capturing := self._parts.get("capturing"), Capturing):
            capturing.forked()

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


def _key_of(captured: Captured) -> str:
    """Return what the seeds of a function depend on, beside the run's."""
    return dotted.join((*captured.path, captured.name))
