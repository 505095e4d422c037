"""Run: start, beat, finish, children."""

from __future__ import annotations

import inspect
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from expframe.config.decided import Config
from expframe.config.equality import same
from expframe.config.json_values import short_repr, to_json
from expframe.config.request import Request
from expframe.config.secrets import mask, mask_text, mask_words, secrets_in
from expframe.disk import layout
from expframe.errors import MissingArgumentError, RunError, RunInterrupt, Terminated
from expframe.facts.gathering import Gathering, Known, Scope, require_clean
from expframe.observers.base import Observer
from expframe.observers.fanout import Sinks
from expframe.process import context, output, seeds
from expframe.process.awaiting import call
from expframe.process.devices import Devices, DeviceVariables
from expframe.process.log_lines import NOTICE, name_level
from expframe.process.signals import GRACE, Stopping, uninterrupted
from expframe.process.terminal import collapse_file
from expframe.recipe.registry import CliOption, Command, Snapshot
from expframe.record.events import Beat, Event, Info, Media, Output, Points, Series
from expframe.record.metrics import DELAY, MetricLog
from expframe.record.record import Failure, Record, Status, now
from expframe.run.recording import Injection, Recording, WorkerSink, key_of
from expframe.run.sampler import Sampler
from expframe.run.timers import clock_text
from expframe.saving.checkpoints import Checkpoint, Position, last_of

if TYPE_CHECKING:
    from expframe.run.resume import Resumed
    from expframe.store.reader import StoredRun


class Setup(NamedTuple):
    """
    What all runs of an experiment share.

    Attributes:
        name: The experiment.
        observers: Where the facts go; empty for a ghost.
        scope: What facts are about.
        known: What was found out before in this process.
        injection: How parameters are filled where a function does not say.
        cli_options: The user's own options.
        store: The folder of runs.
        is_command_line: Whether the process is this run's own, started as a script.
        grace: Seconds that code which asks whether to stop has to do so.
        run_child: Does another command inside a run, given that run's Request; None where there is no experiment.
        devices: Which GPUs it may see.
        sample: Seconds between two samples of the machine; 0 for none.
    """

    name: str
    observers: Sequence[Observer]
    scope: Scope
    known: Known
    injection: Injection
    cli_options: Sequence[CliOption] = ()
    store: Path = Path()
    is_command_line: bool = False
    grace: float = GRACE
    run_child: Callable[..., Run | StoredRun] | None = None
    devices: Devices = Devices()
    sample: float = 0.0


class Run(Recording):
    """
    One run of one command: the live handle. Its facts are in `record`.

    Attributes:
        request: What was asked.
        parent: The run around it, or None.
        children: The runs that were started in it.
        result: What the command returned.
        has_started: Whether anything has been done; what is raised before was refused.
    """

    def __init__(
        self,
        setup: Setup,
        snapshot: Snapshot,
        command: Command,
        request: Request,
        config: Config,
        parent: Run | None,
        resumed: Resumed | None = None,
    ) -> None:
        uid = resumed.record.uid if resumed else os.urandom(16).hex()
        super().__init__(config, request.options.name or setup.name, command.name, uid, snapshot, setup.injection)
        self.attempt = resumed.attempt if resumed else 1
        self.request = request
        self.parent = parent
        self.children: list[Run] = []
        self.result: Any = None
        self.has_started = False
        self.info.update(request.info)
        self._setup = setup
        self._resumed = resumed
        self._has_taken_up = False
        self._children_before = 0
        self._command = command
        self._pid = os.getpid()
        self._problems: list[str] = []
        self._sinks: Sinks | WorkerSink = Sinks(setup.observers, self._say)
        self._scratch_sink: WorkerSink | None = None
        self._stopping: Stopping = parent._stopping if parent else Stopping(self.grace)
        self._devices = DeviceVariables(setup.devices)
        self._sampler = Sampler(setup.sample)
        self._capture: output.Capture | None = None
        self._output_path: Path | None = None
        self._followed = 0
        self._last_info: Any = {}
        self._record_lock = threading.Lock()
        self._has_news = False
        self.record = self._first_record()

    def _first_record(self) -> Record:
        request, parent = self.request, self.parent
        options = request.options
        if self._resumed is not None:
            return self._next_record(self._resumed.record)
        return Record(
            uid=self.uid,
            id=options.id,
            name=self.name,
            command=self.command,
            status=Status.QUEUED if options.queue else Status.RUNNING,
            seed=self.config.get("seed"),
            parent=parent.uid if parent else None,
            parent_id=parent.id if parent else None,
            root=parent.record.root if parent else self.uid,
            depth=parent.depth + 1 if parent else 0,
            tags=tuple(dict.fromkeys((*request.tags, *options.tag))),
            comment=options.comment,
            options=mask(options.given()),
            named_configs=request.named,
            overrides=mask_words([override.written for override in request.overrides], self._secrets),
            argv=mask_words(sys.argv, self._secrets),
            cwd=_working_directory(),
            capture=self._capture_mode(),
            extra={"rerun_of": dict(request.rerun_of)} if request.rerun_of else {},
        )

    def _next_record(self, before: Record) -> Record:
        """Return the record with which a later attempt begins."""
        request = self.request
        options = request.options
        overrides = mask_words([override.written for override in request.overrides], self._secrets)
        return before._replace(
            status=Status.RUNNING,
            attempt=self.attempt,
            ended=None,
            result=None,
            failure=None,
            tags=tuple(dict.fromkeys((*before.tags, *request.tags, *options.tag))),
            comment=options.comment or before.comment,
            options=mask(options.given()),
            named_configs=tuple(dict.fromkeys((*before.named_configs, *request.named))),
            overrides=tuple(dict.fromkeys((*before.overrides, *overrides))),
            argv=mask_words(sys.argv, self._secrets),
            cwd=_working_directory(),
            capture=self._capture_mode(),
        )

    @cached_property
    def _secrets(self) -> set[str]:
        return secrets_in(self.config.values) | secrets_in(dict(self.request.options.extra))

    # ------------------------------------------------------------------------------------------------- reading

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
    def scope(self) -> Scope:
        """What the run's facts are about."""
        return self._setup.scope

    @property
    def store(self) -> Path:
        """The folder of runs that it is in, or would be."""
        return self._setup.store

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
    def next_child(self) -> int:
        """The number by which the seed of the next run that is started in this one is drawn."""
        return self._children_before + len(self.children)

    @property
    def keeps_nothing_inside(self) -> bool:
        """Whether -u was given for this run or one around it, and so holds for those inside it."""
        return self.request.options.unobserved or (self.parent is not None and self.parent.keeps_nothing_inside)

    @property
    def was_stopped(self) -> bool:
        """Whether the run was asked to end, and did by itself."""
        return self._stopping.is_requested and self.status == Status.INTERRUPTED

    def __repr__(self) -> str:
        return f"<Run {self.id if self.id is not None else self.uid[:8]} of {self.name}.{self.command}: {self.status}>"

    # ------------------------------------------------------------------------------------------------- running

    def do(self) -> Run | StoredRun:
        """
        Do the run as its options say, and return it: not at all where only a look at its config was asked for.

        Where a completed run makes it needless, and that was asked for, that one is returned.

        Raises:
            OptionError: Whether it is needed cannot be told.
            BaseException: As for `execute`.
        """
        __tracebackhide__ = True
        if self.request.options.needed:
            from expframe.run.skip import completed

            if (found := completed(self)) is not None:
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
        self._make_ready()
        if self.record.status == Status.QUEUED:
            return self._queue()
        with self._living():
            self.result = self._call_command(self.request.args, self.request.kwargs)
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

    def _make_ready(self) -> None:
        """Refuse what cannot be run, before anything is started."""
        self.check_arguments()
        for option in self._setup.cli_options:
            value = self.request.options.extra.get(option.flag.long)
            if value:
                option.apply(value, self)
        if self.request.options.enforce_clean:
            require_clean(self._setup.scope)

    @contextmanager
    def _living(self) -> Iterator[None]:
        """Open the run, let the block do its work, and record how that ended: the life of every run."""
        self._advance(**{"resumed" if self._resumed else "started": now()})
        with self._stopping.listening():
            self._open()
            with self._present():
                gathering = self._make_gathering()
                beat = _Heart(self._pulse, self._flush, self.request.options.beat_interval)
                ended: BaseException | None = None
                try:
                    self._begin()
                    if gathering is not None:
                        gathering.start()
                    beat.start()
                    yield
                except BaseException as problem:
                    ended = problem
                    raise
                finally:
                    if os.getpid() == self._pid:
                        self._finish(ended, gathering, beat)

    @contextmanager
    def _present(self) -> Iterator[None]:
        """Make this the current run while the block runs."""
        token = context.enter(self)
        try:
            yield
        finally:
            context.leave(self, token)

    def check_arguments(self) -> None:
        """
        Check that every parameter of the command has a value.

        Raises:
            InjectionError: One has none.
            TypeError: The arguments that were given do not fit.
        """
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

    def _queue(self) -> Run:
        self._advance(queued=now())
        self._open()
        self._sinks.close(self.record)  # type: ignore[union-attr]
        self.log.info("Queued run %s%s", self.id or "(not kept)", f" in {_shown(self.dir)}" if self.dir else "")
        return self

    def _open(self) -> None:
        sinks = self._sinks
        assert isinstance(sinks, Sinks)
        try:
            self.record = sinks.open(self.record, self.config)
            self.id, self._folder = sinks.id, sinks.folder
            if self._resumed is not None and self._folder is not None:
                self._take_up(self._resumed.run)
        except BaseException as problem:
            self._advance(status=_status_of(problem), ended=now(), failure=self._failure(problem), id=sinks.id)
            sinks.close(self.record)
            raise
        self.has_started = True
        if self.parent is not None:
            self.parent.children.append(self)

    def _take_up(self, stored: StoredRun) -> None:
        """Go on after what earlier attempts logged, saved and noted; what is superseded does not count."""
        last_steps = {name: summary.last_step for name, summary in stored.summaries.items()}
        points = sum(summary.count for summary in stored.summaries.values())
        self._metrics.go_on({name: step for name, step in last_steps.items() if step is not None}, points)
        media, calls = stored.media(), stored.calls
        self._media_steps.go_on(media)
        kinds = Counter(f"{file.kind}s" for file in stored.files)
        self._counts.update({**kinds, "media": len(media), "calls": len(calls)})
        self.info = {**stored.info, **self.info}
        self._last_info = to_json(stored.info)
        with suppress(OSError):
            self._followed = (stored.folder / layout.OUTPUT).stat().st_size

    def checkpoint(self, *args: Any, **how: Any) -> Checkpoint:  # noqa: D102  as above, and SIGTERM gives time from now on
        self._stopping.expect()
        return super().checkpoint(*args, **how)

    def last_checkpoint(self) -> Checkpoint | None:  # noqa: D102  as above, and the run goes on from there
        found = super().last_checkpoint()
        if self._resumed is None:
            return found
        found = found or last_of(self._resumed.run.folder, trust=True)  # where nothing is kept, or by other ranks
        if found is not None and not self._has_taken_up:
            self._go_on_from(found.position)
        self._has_taken_up = True
        return found

    def _go_on_from(self, position: Position) -> None:
        """Let seeds and children go on from where they were."""
        self._calls_before = position.calls
        for captured, plan in self.plans.items():
            plan.go_on(position.calls.get(key_of(captured), 0))
        self._children_before = position.children - len(self.children)

    def _position(self) -> Position:
        return super()._position()._replace(children=self.next_child)

    def _make_gathering(self) -> Gathering | None:
        if not self._sinks:
            return None
        folder = self._folder.parent / layout.SOURCES_FOLDER if self._folder else None
        return Gathering(self._setup.scope, self._setup.known, folder, self._learn)

    def _begin(self) -> None:
        seeds.seed_globals(self.seed)
        if self.record.capture != "no":
            self._output_path = self._files_base() / layout.OUTPUT
        self._begin_capture()
        self._announce()
        self._choose_devices()

    def _choose_devices(self) -> None:
        if chosen := self._devices.set(self.log.warning):
            self._learn({"extra": {**self.record.extra, "devices": chosen}})

    def _begin_capture(self) -> None:
        self._capture = output.open_capture(self.record.capture, self._output_path or Path(os.devnull))

    def _end_capture(self) -> None:
        if self._capture is not None:
            self._capture.close()
            if self._capture.fault:
                self._say(self._capture.fault)

    def _capture_mode(self) -> str:
        if not self._setup.observers or self.request.options.queue:
            return "no"
        first = self.parent is None and not context.active()
        chosen = self.request.options.capture
        return chosen or output.default_mode(command_line=self._setup.is_command_line, first=first)

    def _announce(self) -> None:
        name_level()
        for warning in self.config.warnings:
            self.log.warning("%s", warning)
        if self.dir is not None and self._resumed is not None:
            self.log.log(self._level, "Resumed %r in %s, attempt %s", self.command, _shown(self.dir), self.attempt)
        elif self.dir is not None:
            self.log.log(self._level, "Started %r in %s", self.command, _shown(self.dir))
        elif self._setup.observers:
            self.log.log(self._level, "Started %r", self.command)
        else:
            self.log.log(self._level, "Started %r; nothing is kept", self.command)

    @property
    def _level(self) -> int:
        """How loud start and end are, as a log level: a command that only shows something says little of itself."""
        return 10 if self._command.unobserved else NOTICE

    def _call_command(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        __tracebackhide__ = True
        for hook in self.snapshot.pre_run_hooks:
            call(hook)
        result = call(self._command.function, *args, **kwargs)
        for hook in self.snapshot.post_run_hooks:
            call(hook)
        return result

    # -------------------------------------------------------------------------------------------------- ending

    def _finish(self, ended: BaseException | None, gathering: Gathering | None, beat: _Heart) -> None:
        self._close_inside()
        outcome = self._outcome(ended)
        if outcome.status == Status.COMPLETED and self._stopping.is_requested:
            outcome = Outcome(Status.INTERRUPTED)
        self._advance(status=outcome.status, ended=now(), result=self.result, failure=outcome.failure)
        try:
            self._wind_up(ended, gathering, beat)
        except Exception as problem:  # a fault of ours is not the user's
            self._say(f"the end of the run was not wholly recorded ({type(problem).__name__}: {problem})")
        finally:  # also after a second Ctrl-C
            with uninterrupted():
                self._seal()

    def _seal(self) -> None:
        """Store the final record and put everything away."""
        self._devices.put_back()
        self._advance()
        self._sinks.close(self.record)  # type: ignore[union-attr]
        if self._scratch_sink is not None:
            self._scratch_sink.end()
        if self._scratch is not None:
            self._scratch.cleanup()

    def _close_inside(self) -> None:
        """Close the runs that were opened inside this one and still are."""
        for run in reversed(context.opened()):
            if run.parent is self:
                run.close()

    def _outcome(self, ended: BaseException | None) -> Outcome:
        """Return what the run ends as, by what its work ended with."""
        status = _status_of(ended)
        return Outcome(status, self._failure(ended) if status == Status.FAILED else None)

    def _wind_up(self, ended: BaseException | None, gathering: Gathering | None, beat: _Heart) -> None:
        """Wait for all that is still under way, so that the record is complete."""
        beat.stop()
        self._sampler.stop()
        self._progress.close()
        self._say_goodbye(ended)
        self._end_capture()
        self._metrics.flush()
        self._store_info()
        self._follow_output(last=True)
        if gathering is not None:
            self._learn(gathering.finish())
        if self._folder is not None and self._output_path is not None and self._capture is not None:
            with suppress(OSError):
                if not self._capture.is_left_running:
                    collapse_file(self._output_path)

    def _failure(self, ended: BaseException | None) -> Failure | None:
        if ended is None:
            return None
        import traceback

        try:
            text = "".join(traceback.format_exception(type(ended), ended, ended.__traceback__))
            message = str(ended)
        except Exception as problem:
            text = message = f"<{type(ended).__name__}, whose text raises {type(problem).__name__}>"
        secrets = self._secrets
        kind = type(ended)
        return Failure(f"{kind.__module__}.{kind.__qualname__}", mask_text(message, secrets), mask_text(text, secrets))

    def _say_goodbye(self, ended: BaseException | None) -> None:
        record = self.record
        took = clock_text(record.duration or 0.0)
        if ended is None and self.result is not None:
            level = min(self._level, 20)
            self.log.log(level, "Result: %s", self.masked(short_repr(self.result)))
        if table := self._timers.table():
            self.log.log(self._level, "Timers:\n%s", table)
        if record.status == Status.COMPLETED:
            self.log.log(self._level, "Completed %r after %s", self.command, took)
        elif record.status == Status.FAILED:
            self.log.error("Failed %r after %s", self.command, took)
        else:
            self.log.warning("Ended %r as %s after %s", self.command, record.status, took)

    # -------------------------------------------------------------------------------------------- while it runs

    def _flush(self) -> None:
        """Hand on what has waited long enough; twenty times a second."""
        self._metrics.flush_waiting()
        self._sampler.wake(self._folder)
        if self._has_news:
            self._has_news = False
            self._emit(Beat(self.record))
        if self._capture is not None:
            self._capture.flush()

    def _pulse(self) -> None:
        """Say that the run is alive, and store what has changed; once each beat."""
        self._store_info()
        self._follow_output()
        self._emit(Beat(self.record))

    def _store_info(self) -> None:
        for _ in range(3):
            try:
                seen = to_json(dict(self.info))
                break
            except RuntimeError:  # it changed while it was read
                continue
        else:
            return
        if not same(seen, self._last_info):
            self._last_info = seen
            self._emit(Info(dict(self.info)))

    def _follow_output(self, *, last: bool = False) -> None:
        """Send what was printed to sinks that have no folder."""
        if self._output_path is None or not isinstance(self._sinks, Sinks) or not self._sinks.wants_output:
            return
        with suppress(OSError), self._output_path.open("rb") as file:
            file.seek(self._followed)
            data = file.read()
            if not last:  # a character may be written only in part
                data = data[: data.rfind(b"\n") + 1]
            self._followed += len(data)
            if data:
                self._emit(Output(data.decode("utf-8", "replace")))

    def _emit(self, event: Event) -> None:
        self._sinks.write(event)
        if self._folder is None and isinstance(event, Points | Series | Media) and self.record.ended is None:
            self._keep_for_now(event)

    def _keep_for_now(self, event: Event) -> None:
        """Keep what is logged in the temporary folder, so that the run can read it back."""
        if self._scratch_sink is None:
            self._scratch_sink = WorkerSink(self._files_base(), self.config)
        self._scratch_sink.write(event)

    def _learn(self, facts: Mapping[str, Any]) -> None:
        """Take facts into the record, which is stored with the next flush."""
        self._advance(**facts)
        self._has_news = True

    def _advance(self, **changes: Any) -> None:
        """Replace the record by one with changes, and with what is counted."""
        with self._record_lock:
            counts = {**self._counts, "points": self._metrics.count}
            self._problems += changes.pop("problems", ())
            problems = tuple(dict.fromkeys(self._problems))
            counts = {name: count for name, count in counts.items() if count}
            self.record = self.record._replace(counts=counts, problems=problems, **changes)

    def _say(self, problem: str) -> None:
        self._problems.append(problem)
        self.log.warning("%s: %s", self.label, problem)

    def hold(self) -> None:
        """Finish what is being written: the process is about to fork."""
        self._metrics.flush_waiting()
        if self._capture is not None:
            self._capture.hold()

    def resume(self) -> None:
        """Go on after a fork, in the parent."""
        if self._capture is not None:
            self._capture.resume()

    def forked(self) -> None:
        """Become the run of a forked child: it may log and save, and its end is not the run's."""
        self._stopping.forked()
        if self._scratch is not None:
            # The folder is the parent's to remove.
            self._scratch._finalizer.detach()  # type: ignore[attr-defined]
        self._sinks = WorkerSink(self._folder, self.config)
        self._scratch_sink = None
        self._metrics = MetricLog(self._emit, unbuffered=True)
        self._timers.forked()
        self._media_steps.forked()
        self._files_lock = threading.Lock()
        self._record_lock = threading.Lock()
        if self._capture is not None:
            self._capture.forked()


class Outcome(NamedTuple):
    """How work ended: a status, and for FAILED with what."""

    status: str
    failure: Failure | None = None


class _Heart:
    """The thread that keeps a run's record close to the truth."""

    def __init__(self, pulse: Callable[[], None], flush: Callable[[], None], interval: float) -> None:
        self._pulse = pulse
        self._flush = flush
        self._interval = interval
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._live, name="expframe-beat", daemon=True)

    def start(self) -> None:
        """Begin to beat."""
        self._thread.start()

    def stop(self) -> None:
        """Stop, without waiting for storage that hangs."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(5.0)

    def _live(self) -> None:
        last = time.monotonic()
        while not self._stop.wait(DELAY):
            self._flush()
            if self._interval and time.monotonic() - last >= self._interval:
                last = time.monotonic()
                self._pulse()


def _status_of(ended: BaseException | None) -> str:
    if isinstance(ended, KeyboardInterrupt | Terminated):
        return Status.INTERRUPTED
    if ended is None or (isinstance(ended, SystemExit) and ended.code in (0, None)):
        return Status.COMPLETED
    return str(ended.status) if isinstance(ended, RunInterrupt) else Status.FAILED


def _working_directory() -> str:
    try:
        return os.getcwd()  # on the way of each run
    except OSError:  # it is gone
        return ""


def _shown(path: Path) -> str:
    with suppress(ValueError):
        return str(path.relative_to(Path.cwd()))
    return str(path)
