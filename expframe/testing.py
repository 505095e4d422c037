"""For tests of experiments: run a command line in this process, keep runs in memory, and check an Observer."""

from __future__ import annotations

import contextlib
import io
import logging
import shlex
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from expframe.config.decided import Config
from expframe.experiment.experiment import Experiment
from expframe.observers.base import Observer, Sink
from expframe.observers.memory import MemoryObserver, MemorySink
from expframe.process import context
from expframe.record.events import Beat, Call, File, Histogram, Info, Media, Output, Points, Series, Table
from expframe.record.record import Record, Status, now
from expframe.run.run import Run
from expframe.store.reader import StoredRun


@dataclass(frozen=True)
class CliResult:
    """
    What a command line did.

    Attributes:
        exit_code: What the process would have exited with.
        stdout: What was written to standard output.
        stderr: What was written to standard error.
        run: The Run, or with --needed the completed one; None if it did not come to its end.
        record: What was kept of it, in memory.
    """

    exit_code: int
    stdout: str
    stderr: str
    run: Run | StoredRun | None
    record: MemorySink | None


def run_cli(ex: Experiment, argv: str | Sequence[str] = "") -> CliResult:
    """
    Do a command line of an experiment in this process, and keep its runs in memory.

    Args:
        ex: The experiment.
        argv: The words after the script's name, as a text or a list: `"train with lr=0.1"`.

    Example:
        >>> ex = Experiment("doubling")
        >>> @ex.config
        ... def config():
        ...     x = 1
        >>> @ex.main
        ... def main(x):
        ...     return 2 * x
        >>> run_cli(ex, "with x=4").run.result
        8
    """
    words = shlex.split(argv) if isinstance(argv, str) else list(argv)
    out, err = io.StringIO(), io.StringIO()
    run, code = None, 0
    with recording() as runs, _same_logging(), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            run = ex.run_commandline([ex.name, *words])
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
    return CliResult(code, out.getvalue(), err.getvalue(), run, runs[0] if runs else None)


@contextlib.contextmanager
def _same_logging() -> Iterator[None]:
    """Leave the handlers of the root logger, and the levels of all, as they were."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    levels = {name: logger.level for name, logger in _loggers()}
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        for name, logger in _loggers():
            logger.setLevel(levels.get(name, logging.NOTSET))


def _loggers() -> Iterator[tuple[str, logging.Logger]]:
    known = list(logging.Logger.manager.loggerDict.items())
    return ((name, logger) for name, logger in known if isinstance(logger, logging.Logger))


@contextlib.contextmanager
def recording() -> Iterator[list[MemorySink]]:
    """
    Keep the runs of all experiments in memory, instead of where they would be kept, while the block runs.

    Example:
        >>> ex = Experiment("counting")
        >>> @ex.main
        ... def main(_run):
        ...     _run.log_scalar("n", 1)
        >>> with recording() as runs:
        ...     run = ex.run()
        >>> runs[0].metrics()["n"].values
        [1.0]
    """
    observer = MemoryObserver()
    with context.standing_in((observer,)):
        yield observer.runs


class ObserverContract:
    """
    What every Observer must do. Subclass it in your tests and say how one is made; pytest runs the rest.

    Example:
        class TestMine(ObserverContract):
            def make_observer(self, folder):
                return MyObserver(folder)
    """

    def make_observer(self, folder: Path) -> Observer:
        """Return a new observer that keeps what it needs in an empty folder."""
        raise NotImplementedError

    def make_record(self, **changes: Any) -> Record:
        """Return a record to open a run with."""
        import uuid

        uid = uuid.uuid4().hex
        return Record(uid=uid, name="contract", command="main", started=now(), root=uid)._replace(**changes)

    def make_config(self) -> Config:
        """Return a config to open a run with."""
        return Config({"seed": 1, "lr": 0.1, "net": {"sizes": (1, 2)}})

    def events(self, record: Record, folder: Path) -> list[Any]:
        """Return one event of each kind."""
        file = folder / "some file.txt"
        file.write_text("content")
        return [
            Points([("loss", 0, 1.0, 0.5), ("loss, total", 1.5, 2.0, float("nan"))]),
            Series("accuracy", range(3), 3.0, [0.1, 0.2, float("inf")]),
            Media("table", "classes", 0, 3.5, Table(("class", "share"), (("cat", 0.5), ("dog", 0.5)))),
            Media("histogram", "weights", 0, 3.5, Histogram((0.0, 0.5, 1.0), (2, 3), 1)),
            Media("text", "sample", 0, 3.5, "some words"),
            Output("a line\n"),
            Info({"note": "text", "sizes": (1, 2)}),
            File("artifact", "some file.txt", str(file), 7, 4.0),
            Call(1, now(), now(), {"loss": 0.5}),
            Beat(record._replace(tags=("later",))),
        ]

    def test_takes_every_event(self, tmp_path: Path) -> None:
        """A sink takes one event of each kind, then the final record."""
        record = self.make_record()
        sink = self.make_observer(tmp_path).open(record, self.make_config())
        assert isinstance(sink, Sink)
        for event in self.events(record, tmp_path):
            sink.write(event)
        sink.close(record._replace(status=Status.COMPLETED, ended=now(), result={"a": (1, 2)}))

    def test_runs_do_not_mix(self, tmp_path: Path) -> None:
        """Two runs of one observer have sinks, ids and folders of their own."""
        observer = self.make_observer(tmp_path)
        sinks = [observer.open(self.make_record(), self.make_config()) for _ in range(2)]
        assert sinks[0] is not sinks[1]
        assert sinks[0].id is None or sinks[0].id != sinks[1].id
        assert sinks[0].folder is None or sinks[0].folder != sinks[1].folder
        for sink in sinks:
            sink.close(self.make_record(status=Status.COMPLETED))

    def test_opens_in_many_threads(self, tmp_path: Path) -> None:
        """Sixteen threads that open runs at once get sixteen of them."""
        observer = self.make_observer(tmp_path)
        sinks: list[Sink] = []

        def open_one() -> None:
            sinks.append(observer.open(self.make_record(), self.make_config()))

        threads = [threading.Thread(target=open_one) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(sinks) == 16
        ids = [sink.id for sink in sinks if sink.id is not None]
        assert len(ids) == len(set(ids))
        for sink in sinks:
            sink.close(self.make_record(status=Status.COMPLETED))

    def test_can_be_closed_without_events(self, tmp_path: Path) -> None:
        """A run that fails at once closes its sink without an event."""
        sink = self.make_observer(tmp_path).open(self.make_record(), self.make_config())
        sink.close(self.make_record(status=Status.FAILED))
