"""A run in Sacred's sense: live dicts that observers share, and the order in which they are told of it."""

from __future__ import annotations

import copy
import datetime
import os
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from logging import Logger
from types import TracebackType
from typing import Any

from expframe.compat.sacred._own.dotted import join_paths
from expframe.compat.sacred.config.config_summary import ConfigSummary
from expframe.compat.sacred.metrics_logger import MetricsLogger, ScalarMetricLogEntry, linearize_metrics
from expframe.compat.sacred.observers.base import RunKeeper, give_back, taken
from expframe.compat.sacred.randomness import set_global_seed
from expframe.compat.sacred.settings import SETTINGS
from expframe.compat.sacred.stdout_capturing import get_stdcapturer
from expframe.config.frozen import thaw
from expframe.errors import Terminated
from expframe.observers.base import Observer
from expframe.process import locks
from expframe.process.signals import AdmittedSignals, DeferredSignals
from expframe.record.record import Status, now

_AROUND = (__name__, "expframe.compat.sacred._own.core_run", "expframe.run.life")
"""The modules of the frames that a run is done in, which say nothing of how it failed."""

_PATIENCE = 60.0
"""Seconds that the last beat waits for one that hangs: twice those that Mongo's driver looks for a server."""


class Run:
    """
    One run of one command.

    Args:
        config: The decided entries: a plain dict, which may be changed.
        config_modifications: What became of the entries that were updated.
        main_function: The captured function of the command.
        observers: Who is told.
        root_logger: The logger of the experiment's ingredients.
        run_logger: The logger of the run.
        experiment_info: Facts of the code.
        host_info: Facts of the machine.
        pre_run_hooks: What is called before the command.
        post_run_hooks: What is called after a command that did not fail.
        captured_out_filter: What is made of the captured output before it is handed on.

    Attributes:
        info: Whatever else is to be known.
        meta_info: How the run was asked for.
        result: What the command returned, or says meanwhile.
        status: None before the start; RUNNING, COMPLETED, FAILED, INTERRUPTED, TIMEOUT, QUEUED or one of the user's.
        start_time: In UTC.
        stop_time: In UTC.
        captured_out: What was printed so far.
        fail_trace: The lines of the traceback it failed with.
        beat_interval: Seconds between the beats; 0 for none but the last.
        capture_mode: How output is to be captured: `no`, `sys`, `fd`, or None for what fits.
        wirings: For each captured function, by id, itself and what it is given in this run.
        core: The core's run, made when this one starts.
        trial: The run of a sweep's trial that this one is done in, if it is.
    """

    def __init__(  # noqa: PLR0913, PLR0917  users' tests call it so
        self,
        config: dict[str, Any],
        config_modifications: ConfigSummary,
        main_function: Callable[..., Any],
        observers: Sequence[Any],
        root_logger: Logger,
        run_logger: Logger,
        experiment_info: dict[str, Any],
        host_info: dict[str, Any],
        pre_run_hooks: Sequence[Callable[..., Any]],
        post_run_hooks: Sequence[Callable[..., Any]],
        captured_out_filter: Callable[[str], str] | None = None,
    ) -> None:
        self._id: Any = None
        self.config = config
        self.config_modifications = config_modifications
        self.main_function: Any = main_function
        self.observers: list[Any] = list(observers)
        self.root_logger = root_logger
        self.run_logger = run_logger
        self.experiment_info = experiment_info
        self.host_info = host_info
        self.pre_run_hooks = pre_run_hooks
        self.post_run_hooks = post_run_hooks
        self.captured_out_filter = captured_out_filter
        self.info: dict[str, Any] = {}
        self.meta_info: dict[str, Any] = {}
        self.captured_out: str = ""
        self.result: Any = None
        self.status: str | None = None
        self.start_time: datetime.datetime | None = None
        self.stop_time: datetime.datetime | None = None
        self.fail_trace: list[str] | None = None
        self.debug = self.pdb = self.unobserved = self.force = self.queue_only = False
        self.beat_interval: float = SETTINGS.DEFAULT_BEAT_INTERVAL
        self.capture_mode: str | None = None
        self.wirings: dict[int, tuple[Any, Any]] = {}
        self.core: Any = None
        self.trial: Any = None
        self._is_beating = False
        self._failed_observers: list[Any] = []
        self._waiting_observers: list[Any] = []
        self._output_lock = locks.lock()
        self._telling = locks.reentrant_lock()
        self._taking = locks.reentrant_lock()
        self._metrics = MetricsLogger()
        self._untold: list[ScalarMetricLogEntry] = []

    # -------------------------------------------------------------------------------------------- what it is told

    def open_resource(self, filename: str | os.PathLike[str], mode: str = "r") -> Any:
        """Tell the observers of a file that the run reads, and open it by its absolute path."""
        path = os.path.abspath(filename)
        self.add_resource(path)
        return open(path, mode)

    def add_resource(self, filename: str | os.PathLike[str]) -> None:
        """Tell the observers of a file that the run reads."""
        path = os.path.abspath(filename)
        self.tell("resource_event", filename=path)
        if self.core is not None:
            self.core.keep_resource(path)

    def add_artifact(
        self,
        filename: str | os.PathLike[str],
        name: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        content_type: str | None = None,
    ) -> None:
        """
        Tell the observers of a file that the run made.

        Args:
            filename: The file.
            name: What it is to be called; by default as it is.
            metadata: What else is to be known of it.
            content_type: Its MIME type.
        """
        path = os.path.abspath(filename)
        name = os.path.basename(path) if name is None else name
        self.tell("artifact_event", name=name, filename=path, metadata=metadata, content_type=content_type)
        if self.core is not None:
            self.core.keep_artifact(name, path, metadata, content_type)

    def log_scalar(self, metric_name: str, value: Any, step: Any = None) -> None:
        """Log a value of a metric; without a step it is the metric's last one + 1, from 0."""
        self._metrics.log_scalar_metric(metric_name, value, step)

    # -------------------------------------------------------------------------------------------------- the sequence

    def __call__(self, *args: Any) -> Any:
        """
        Do the run and return what the command returns.

        Args:
            args: Positional arguments of the command.

        Raises:
            RuntimeError: It was started before.
            BaseException: What the command raises, unchanged, after the observers were told.
        """
        if self.start_time is not None:
            raise RuntimeError(f"A run can only be started once. (Last start was {self.start_time})")
        from expframe.compat.sacred._own.core_run import CoreRun  # a script that only defines needs none

        if self.unobserved:
            self.observers = []
        self.warn_if_unobserved()
        set_global_seed(self.config["seed"])
        mode, _ = get_stdcapturer(self.capture_mode or (None if self.observers else "no"))
        self.run_logger.debug('Using capture mode "%s"', mode)
        self.observers = sorted(map(taken, self.observers), key=lambda observer: -observer.priority)
        self.core = CoreRun(self, mode, self.trial)
        if self.queue_only:
            with self.core.waiting():
                self._emit_queued()
            return None
        with self.core.living() as signals, ExitStack() as capturing:
            capturing.callback(self._get_captured_output)  # after the capture has ended, so that nothing is lost
            capturing.enter_context(self.core.printing())
            try:
                signals.admit()
                self._execute(args)
            finally:
                signals.defer()
        return self.result

    def _execute(self, args: Sequence[Any]) -> None:
        self._emit_started()
        self.run_logger.debug("Starting Heartbeat")
        self._is_beating = True
        for hook in self.pre_run_hooks:
            hook()
        self.result = self.main_function(*args)
        for hook in self.post_run_hooks:
            hook()
        if self.result is not None:
            self.run_logger.info("Result: %s", self.result)
        if not self.core.is_stopped:
            self.run_logger.info("Completed after %s", self._stop_time())

    def end(self, problem: BaseException | None) -> None:
        """Beat for the last time, if there were beats, and tell observers how the run has ended."""
        try:
            try:
                self._beat_last()
            finally:
                self._emit_end(problem)
        except (KeyboardInterrupt, Terminated):  # observers may take their time, and a user may lose patience
            if problem is None:
                self.core.interrupt()
                self._emit_interrupted(Status.INTERRUPTED)
            raise
        finally:
            for observer in self._failed_observers:
                self.run_logger.warning("The observer '%s' failed at some point during the run.", observer)
            self.tell("join")

    def _beat_last(self) -> None:
        is_due, self._is_beating = self._is_beating, False
        if not is_due:
            return
        self.run_logger.debug("Stopping Heartbeat")
        if not self._hold_beats():
            self.run_logger.error("The last beat is left out: observers are not told of what came after the one before")
            return
        try:
            self._emit_heartbeat()
        except Exception:  # of the filter
            self.run_logger.error(traceback.format_exc())
        finally:
            self._telling.release()

    def _hold_beats(self) -> bool:
        """Hold off other beats, and return whether none goes on; one that hangs has some time."""
        if self._telling.acquire(timeout=1.0):
            return True
        self.run_logger.warning("Waiting up to %d s for an observer that still takes a beat", _PATIENCE)
        with AdmittedSignals():
            return bool(self._telling.acquire(timeout=_PATIENCE))

    def _emit_end(self, problem: BaseException | None) -> None:
        if self.status == Status.COMPLETED:
            self._emit_completed(self.result)
        elif self.status == Status.FAILED and problem is not None:
            self._emit_failed(type(problem), problem, problem.__traceback__)
        else:
            self._emit_interrupted(str(self.status))

    def warn_if_unobserved(self) -> None:
        """Warn where nobody keeps the run and somebody might expect it."""
        if not self.observers and not self.debug and not self.unobserved and self.trial is None:
            self.run_logger.warning("No observers have been added to this run")

    @property
    def _command(self) -> str:
        """The name of the command, below the prefix of its function."""
        return join_paths(self.main_function.prefix, self.main_function.signature.name)

    # -------------------------------------------------------------------------------------------------------- beats

    def beat(self) -> None:
        """Beat, from when observers know of the run to the last beat."""
        if self._is_beating:
            self._emit_heartbeat()

    def _emit_heartbeat(self) -> None:
        self._get_captured_output()
        beat_time = _now()
        with self._telling:
            metrics = self._take_metrics()
            for observer in self._told():
                self._safe_call(observer, "log_metrics", metrics_by_name=metrics, info=self.info)
                beat = {"captured_out": self.captured_out, "beat_time": beat_time, "result": self.result}
                self._safe_call(observer, "heartbeat_event", info=_as_it_is(self.info), **beat)
            self.core.beat()

    def tell_metrics(self) -> None:
        """Tell the observers, and the core's run, of the values that were logged since the last time."""
        with self._telling:
            self.tell("log_metrics", metrics_by_name=self._take_metrics(), info=self.info)

    def take_points(self) -> None:
        """Hand the values that wait on to the core's run; observers are told of them with the next beat."""
        with self._taking:
            found = self._metrics.get_last_metrics()
            self._untold += found
            self.core.keep_points(found)

    def _take_metrics(self) -> dict[str, dict[str, Any]]:
        self.take_points()
        with self._taking:
            found, self._untold = self._untold, []
        return linearize_metrics(found)

    def _get_captured_output(self) -> None:
        """Take what was printed since the last time."""
        with self._output_lock:
            if text := self.core.printed():
                text = self.captured_out + text
                with AdmittedSignals():
                    self.captured_out = self.captured_out_filter(text) if self.captured_out_filter else text

    # ------------------------------------------------------------------------------------------------------- events

    def _emit_queued(self) -> None:
        self.meta_info["queue_time"] = queue_time = _naive(self.core.record.queued)
        self._emit_first("queued_event", "QUEUED", ("Queuing-up", "Queued", "Queued-up"), queue_time=queue_time)

    def _emit_started(self) -> None:
        self.start_time = _naive(self.core.record.started)
        self._emit_first("started_event", "RUNNING", ("Running", "Started", "Started"), start_time=self.start_time)

    def _emit_first(self, event: str, status: str, said: tuple[str, str, str], **when: datetime.datetime) -> None:
        """Tell the observers of a new run; the first id that one gives is the run's. What one raises is raised."""
        doing, done, done_with_id = said
        self.status = status
        self.run_logger.info("%s command '%s'", doing, self._command)
        for observer in self._told():
            with _told(observer):
                given = getattr(observer, event)(
                    ex_info=self.experiment_info,
                    command=self._command,
                    host_info=self.host_info,
                    config=self.config,
                    meta_info=self.meta_info,
                    _id=self._id,
                    **when,
                )
                if self._id is None:
                    self._id = given
                if isinstance(observer, RunKeeper):
                    observer.knows_run = True
        self.core.take_id(self._id)
        if self._id is None:
            self.run_logger.info(done)
        else:
            self.run_logger.info('%s run with ID "%s"', done_with_id, self._id)

    def _stop_time(self) -> datetime.timedelta:
        """Note the end, and return how long it took."""
        self.stop_time = _now()
        took = self.stop_time - (self.start_time or self.stop_time)
        return datetime.timedelta(seconds=round(took.total_seconds()))

    def _emit_completed(self, result: Any) -> None:
        self.status = "COMPLETED"
        self._tell_of_end("completed_event", stop_time=self.stop_time, result=result)

    def _emit_interrupted(self, status: str) -> None:
        self.status = status
        self.run_logger.warning("Aborted after %s!", self._stop_time())
        self._tell_of_end("interrupted_event", interrupt_time=self.stop_time, status=status)

    def _emit_failed(
        self, exc_type: type[BaseException], exc_value: BaseException, trace: TracebackType | None
    ) -> None:
        self.status = "FAILED"
        self.run_logger.error("Failed after %s!", self._stop_time())
        while trace is not None and trace.tb_frame.f_globals.get("__name__") in _AROUND and trace.tb_next:
            trace = trace.tb_next
        self.fail_trace = traceback.format_exception(exc_type, exc_value, trace)
        self._tell_of_end("failed_event", fail_time=self.stop_time, fail_trace=self.fail_trace)

    def _told(self) -> Iterator[Any]:
        """Yield those that Sacred's way is told: native observers are the core's."""
        return (observer for observer in self.observers if not isinstance(observer, Observer))

    def tell(self, method: str, **facts: Any) -> None:
        """Tell those observers that did not fail before; what one raises is said, and the others are told."""
        for observer in self._told():
            self._safe_call(observer, method, **facts)

    def _safe_call(self, observer: Any, method: str, **kwargs: Any) -> None:
        """
        Tell an observer, unless it failed before; what it raises is said once.

        One of ours whose storage failed is told again: it has kept what it could not write.
        """
        has_failed = any(observer is failed for failed in self._failed_observers)
        if has_failed and not any(observer is waiting for waiting in self._waiting_observers):
            return
        try:
            with _told(observer):
                getattr(observer, method)(**kwargs)
        except Exception as problem:
            is_of_storage = isinstance(problem, OSError) and not isinstance(problem, FileExistsError)
            is_waiting = is_of_storage and isinstance(observer, RunKeeper)
            self._waiting_observers = [other for other in self._waiting_observers if other is not observer]
            self._waiting_observers += [observer] if is_waiting else []
            if not has_failed:
                self._failed_observers.append(observer)
                self.run_logger.warning("An error ocurred in the '%s' observer: %s", observer, problem)

    def _tell_of_end(self, method: str, **facts: Any) -> None:
        """
        Tell observers of the end, also one that failed before; but not one of ours that failed at the beginning.

        Ctrl-C keeps the end from the one that is being told, which may hang, and from no other.
        """
        impatience: BaseException | None = None
        for observer in self._told():
            if isinstance(observer, RunKeeper) and not observer.knows_run:
                continue
            try:
                with _told(observer):
                    getattr(observer, method)(**facts)
            except Exception:
                self.run_logger.error(traceback.format_exc())
            except (KeyboardInterrupt, Terminated) as problem:
                impatience = problem
        if impatience is not None:
            raise impatience

    def give_observers_back(self) -> None:
        """Let other runs have the observers that keep what they know of one."""
        for observer in self.observers:
            give_back(observer)


def _told(observer: Any) -> AbstractContextManager[object]:
    """Let an observer be told: undisturbed where that takes no time, so that nothing stays half written."""
    is_quick = isinstance(observer, RunKeeper) and not observer.is_interruptible
    return DeferredSignals() if is_quick else AdmittedSignals()


def _now() -> datetime.datetime:
    """Return the time in UTC, without saying so, as Sacred stores it."""
    return _naive(now())


def _naive(time: datetime.datetime) -> datetime.datetime:
    return time.replace(tzinfo=None)


def _as_it_is(info: Any) -> Any:
    """Return the dicts and lists of an info as they are now; the run may go on changing it."""
    for _ in range(3):
        try:
            return thaw(info)
        except RuntimeError:  # it changed while it was read
            continue
    return copy.copy(info)
