"""
The core's run of a run in Sacred's sense: what `expframe.current_run()` answers inside it, and native runs are in.

It lives as native runs do, by parts of the core's, and native observers are told of it by the core. What is logged and
kept with it is told to Sacred's observers too, like all else of the run.
"""

from __future__ import annotations

import codecs
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn

from expframe.compat.sacred._own.exceptions import SacredInterrupt
from expframe.compat.sacred._own.old_records import git_of, packages_of
from expframe.compat.sacred.metrics_logger import ScalarMetricLogEntry, numbers_in
from expframe.compat.sacred.observers.base import points_of, told_of_file
from expframe.config.decided import Config
from expframe.config.layers import Part, Recipe
from expframe.config.masking import Masking
from expframe.config.options import Options
from expframe.config.request import Request
from expframe.errors import ExpframeError, RunError, Terminated
from expframe.observers.base import Observer
from expframe.process import context, locks
from expframe.process.signals import DeferredSignals
from expframe.recipe.snapshot import Snapshot
from expframe.record.events import Beat, Event, File, Points, Series
from expframe.record.record import Record, Status, now
from expframe.run.heart import Heart
from expframe.run.ledger import first_record
from expframe.run.life import LifePart, living
from expframe.run.logbook import Logbook
from expframe.run.outcome import Outcome, failure_of
from expframe.run.parts import Capturing, Ending, Presence, Storage
from expframe.run.recorder import Recorder, masking_of
from expframe.run.run import Run
from expframe.run.setup import Setup
from expframe.saving import artifacts, files


class SacredLogbook(Logbook):
    """
    The points that are logged with the core's run, in one row and one count of steps with those of Sacred's.

    Attributes:
        sacred: The run of Sacred's.
    """

    sacred: Any = None
    _is_forked = False

    def forked(self) -> None:
        """Go on in a forked child, where nobody is told of Sacred's points."""
        super().forked()
        self._is_forked = True

    def flush(self) -> None:
        """While the run goes on, tell Sacred's observers, and whoever reads it, of all points that wait."""
        super().flush()
        if self.sacred._is_beating and not self._is_forked:
            self.sacred.tell_metrics()

    def log_scalar(self, name: str, value: Any, step: Any = None) -> None:
        """Log one value of a metric."""
        self._follow((name,))
        super().log_scalar(name, value, step)

    def log_scalars(self, values: Mapping[str, Any], step: Any = None) -> None:
        """Log values of several metrics, single ones or whole arrays."""
        self._follow(values)
        super().log_scalars(values, step)

    def _follow(self, names: Any) -> None:
        steps = self.sacred._metrics._metric_step_counter
        self._metrics.go_on({name: steps[name] for name in names if isinstance(steps.get(name), int | float)})


class SacredRecorder(Recorder):
    """What the core's run records with: native observers are told as always, and those of Sacred's too."""

    def __init__(self, record: Record, masking: Masking, sacred: Any, natives: list[Observer]) -> None:
        self._sacred = sacred
        super().__init__(record, masking, natives)

    def _open_logbook(self, *, unbuffered: bool) -> Logbook:
        book = SacredLogbook(self.emit, self.files, self.ledger, unbuffered=True)
        book.sacred = self._sacred
        return book

    def emit(self, event: Event) -> None:
        """Hand on what happened; points come back by `keep`, with those that are logged with Sacred's run."""
        if isinstance(event, Points | Series):
            metrics = self._sacred._metrics
            for name, step, when, value in points_of(event):
                metrics._metric_step_counter[name] = step
                metrics._logged_metrics.put(ScalarMetricLogEntry(name, step, when, value))
            return
        self.keep(event)
        if isinstance(event, File):
            method, facts = told_of_file(event)
            self._sacred.tell(method, **facts)

    def keep(self, event: Event) -> None:
        """Tell native observers alone, and keep points where the run can read them back."""
        with suppress(OSError):  # no room for a temporary folder
            super().emit(event)


class CoreRun(Run):
    """
    The core's run of a run of Sacred's.

    Args:
        sacred: That run.
        capture: How output is captured: `no`, `sys` or `fd`.
        trial: The run that stands for it, if it is done in a trial of a sweep.
    """

    def __init__(self, sacred: Any, capture: str, trial: Run | None = None) -> None:
        self.sacred = sacred
        self._trial = trial
        self._read = 0
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._problem: BaseException | None = None
        self._beating = locks.lock()
        meta, facts = sacred.meta_info, sacred.experiment_info
        options = Options(
            comment=meta.get("comment"), force=sacred.force, unobserved=sacred.unobserved, queue=sacred.queue_only
        )
        request = Request(sacred._command, named=tuple(meta.get("named_configs") or ()), options=options)
        config, parent = Config(sacred.config), context.parent_of_new()
        natives = [observer for observer in sacred.observers if isinstance(observer, Observer)]
        masking = masking_of(config, options, natives)
        name = facts.get("name", "")
        around = parent.record if parent is not None else None
        record = first_record(os.urandom(16).hex(), name, sacred._command, request, config.get("seed"), around, masking)
        record = record._replace(
            capture=capture,
            id=None if sacred._id is None else str(sacred._id),
            options={key: value for key, value in (meta.get("options") or {}).items() if value},
            host=sacred.host_info,
            git=git_of(facts.get("repositories")),
            packages=packages_of(facts.get("dependencies")),
        )
        self._recorder: SacredRecorder
        recorder = SacredRecorder(record, masking, sacred, natives)
        snapshot = Snapshot(Recipe((Part(()),)), {}, (), ())
        super().__init__(Setup(name, natives), snapshot, None, request, config, parent, view=recorder)
        everything: Any = None  # what runs inside it print is its output too
        self._capturing = Capturing(capture, recorder.files, recorder.sinks, recorder.ledger.say, everything)

    @property
    def info(self) -> dict[str, Any]:
        """The info of Sacred's run."""
        info: dict[str, Any] = self.sacred.info
        return info

    @info.setter
    def info(self, info: dict[str, Any]) -> None:
        self.sacred.info = info

    def output(self, *, raw: bool = False) -> str:
        """Return what was printed so far: as a terminal shows it, or raw. Empty where nothing is captured."""
        self._capturing.flush()
        return super().output(raw=raw)

    def child(self, *_args: Any, **_how: Any) -> NoReturn:
        """
        Refuse: Sacred's experiments do their commands by `ex.run`.

        Raises:
            RunError: Always.
        """
        raise RunError(self.label, "is one of Sacred's, which starts no child by itself. Call ex.run(...) in it.")

    def outcome(self, ended: BaseException | None) -> Outcome:
        """Return how it ends: in Sacred interrupts say it themselves, and SystemExit is always a failure."""
        if isinstance(ended, SacredInterrupt):
            return Outcome(ended.STATUS)
        found = super().outcome(ended)
        if ended is None or found.status != Status.COMPLETED:
            return found
        return Outcome(Status.FAILED, failure_of(ended, self.masking))

    # ------------------------------------------------------------------------------------------------------ its life

    @contextmanager
    def living(self) -> Iterator[DeferredSignals]:
        """
        Let the block be the run's work, and record and tell how it ended.

        Signals wait but where the block admits them: what one raises just before the block, or after it, ends no run.
        """
        sacred, recorder = self.sacred, self._recorder
        plans: dict[Any, Any] = (self._trial or self).plans
        plans.update((key, wiring) for key, (_, wiring) in sacred.wirings.items())
        recorder.ledger.advance(started=now())
        parts: list[LifePart] = [
            Ending(sacred.give_observers_back),
            Ending(self._wire_around),
            *([] if self._trial else [Presence(self)]),
            self._storage(),
            Ending(self._capturing.collapse),
            Ending(lambda: sacred.end(self._problem)),
            Heart(lambda: None, sacred.beat, max(0.0, sacred.beat_interval), recorder.ledger.say),
        ]
        if self._setup.observers:  # who wait neither for Sacred's nor for its beats
            parts.append(Heart(self._flush, self.beat, self.request.options.beat_interval, recorder.ledger.say))
        with DeferredSignals() as signals, living((self._stopping,), recorder.ledger.say):
            signals.defer()  # those too that are taken from now on
            with living(parts, recorder.ledger.say, self._conclude):
                try:
                    yield signals
                finally:
                    signals.defer()

    @contextmanager
    def printing(self) -> Iterator[None]:
        """Let what is printed while the block runs be the run's output."""
        with DeferredSignals() as signals, living([self._capturing], self._recorder.ledger.say):
            try:
                with context.told_of_forks(self._capturing):
                    signals.admit()
                    yield
            finally:
                signals.defer()

    def printed(self) -> str:
        """Return what was printed since the last call."""
        self._capturing.push()
        data = self._capturing.since(self._read)
        self._read += len(data)
        return self._decode(data)

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Let the block tell observers that the run waits to be done."""
        self._recorder.ledger.advance(queued=now())
        with living([Ending(self.sacred.give_observers_back), self._storage()], self._recorder.ledger.say):
            yield

    def _storage(self) -> Storage:
        """Return the part that opens and closes what native observers have of the run; the first id is the run's."""
        recorder, sacred = self._recorder, self.sacred

        def opened() -> None:
            if sacred._id is None:
                sacred._id = recorder.ledger.id
            self.take_its_place()

        return Storage(recorder.sinks, recorder.ledger, self.config, recorder.files, self.masking, opened)

    def _conclude(self, problem: BaseException | None) -> None:
        """Note how the work ended; what has been struck by a signal is INTERRUPTED for Sacred, whatever struck it."""
        self._problem = problem
        self.result: Any = self.sacred.result
        self._execution.conclude(problem)
        self.sacred.status = Status.INTERRUPTED if isinstance(problem, Terminated) else self.status

    def interrupt(self) -> None:
        """Be INTERRUPTED after all: observers were still being told of the end."""
        self._recorder.ledger.advance(status=Status.INTERRUPTED)

    def _wire_around(self) -> None:
        """Wire the functions as they are in the run around it."""
        around = self.parent
        for function, wiring in around.sacred.wirings.values() if isinstance(around, CoreRun) else ():
            function.wire(wiring)

    @property
    def is_stopped(self) -> bool:
        """Whether it was asked to stop, and ends by that although its command comes to its end."""
        return self._stopping.explains(Status.COMPLETED)

    # --------------------------------------------------------------------------------- what native observers are told

    def take_id(self, id: Any) -> None:
        """Take note of the id that an observer gave."""
        ledger = self._recorder.ledger
        ledger.id = None if id is None else str(id)
        ledger.advance(id=ledger.id)

    def _flush(self) -> None:
        """Hand on what waits to native observers; many times a second."""
        self.sacred.take_points()
        self._recorder.catch_up()
        self._capturing.push()

    def beat(self) -> None:
        """Tell what was printed, the info where it is another, and the interim result."""
        recorder = self._recorder
        if self._trial is not None:
            self._trial.info.update(self.sacred.info)
        if not recorder.sinks:
            return
        with self._beating:
            self._capturing.send()
            recorder.info.value = self.sacred.info
            recorder.info.store()
            recorder.ledger.advance(result=self.sacred.result)
            recorder.keep(Beat(recorder.ledger.so_far))

    def keep_points(self, entries: Iterable[ScalarMetricLogEntry]) -> None:
        """Take values that were logged; a trial is told of each at once."""
        points = numbers_in(entries)
        if points and (self._trial is None or self._recorder.sinks):
            self._recorder.keep(Points(points))

    def keep_resource(self, filename: str) -> None:
        """Take a file that the run reads."""
        with self._saying_faults():
            if self._trial is not None:
                self._trial.add_resource(filename)
            if self._recorder.sinks:
                self._keep_file(files.add_resource(self.folder, filename))

    def keep_artifact(
        self, name: str, filename: str, metadata: Mapping[str, Any] | None, content_type: str | None
    ) -> None:
        """Take a file that the run made; it is copied where a native observer has a folder for it."""
        with self._saying_faults():
            if self._trial is not None:
                self._trial.add_artifact(filename, name, metadata, content_type)
            if self._recorder.sinks and self.folder is not None:
                self._keep_file(artifacts.add_file(self.folder, filename, name, content_type, metadata))
            elif self._recorder.sinks:
                size, when = Path(filename).stat().st_size, now().timestamp()
                self._keep_file(File("artifact", name, filename, size, when, "", content_type, metadata or {}))

    def _keep_file(self, file: File) -> None:
        self._recorder.ledger.count(f"{file.kind}s")
        self._recorder.keep(file)

    @contextmanager
    def _saying_faults(self) -> Iterator[None]:
        """Say what cannot be kept, as of any observer in Sacred."""
        try:
            yield
        except (ExpframeError, OSError) as problem:
            self._recorder.ledger.say(str(problem))
