"""What a run can be told, and what it tells, while it goes on: the same in its own process and in its workers."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple, TypeVar

from expframe.config import dotted
from expframe.config.decided import Config
from expframe.config.secrets import mask_text, secrets_in
from expframe.disk import layout
from expframe.disk.files import inside
from expframe.errors import RunError
from expframe.process.seeds import child_seed
from expframe.recipe.injection import Injector, Plan
from expframe.recipe.registry import Captured, Snapshot
from expframe.record.events import Event, File, Media, Points, Series
from expframe.record.metric_file import MetricFile
from expframe.run.logbook import Logbook
from expframe.run.progress import Progress
from expframe.run.timers import Timer, Timers
from expframe.saving import checkpoints, files
from expframe.saving.checkpoints import Checkpoint, Position
from expframe.store.writer import append_file, append_media

if TYPE_CHECKING:
    import tempfile
    from logging import Logger

T = TypeVar("T")


class Recording(Logbook):
    """
    A run as functions see it.

    Attributes:
        config: The decided values, read-only.
        name: The experiment.
        command: The command.
        id: The name in the store; None where nothing is kept.
        uid: Unique among all runs anywhere; there even where nothing is kept.
        attempt: 1, and one more each time that the run was resumed.
        plans: For each captured function how it is filled; made at its first call.
    """

    def __init__(
        self, config: Config, name: str, command: str, uid: str, snapshot: Snapshot, injection: Injection
    ) -> None:
        super().__init__()
        self.config = config
        self.name = name
        self.command = command
        self.uid = uid
        self.attempt = 1
        self.id: str | None = None
        self._info: dict[str, Any] = {}
        self.plans: dict[Captured, Plan] = {}
        self.snapshot = snapshot
        self.injection = injection
        self._injector = Injector(
            snapshot, config.values, self._special, self._draw, injection.max_depth, injection.read_only
        )
        self._folder: Path | None = None
        self._scratch: tempfile.TemporaryDirectory[str] | None = None
        self._files_lock = threading.Lock()
        self._notes = files.Notes()
        self._calls_before: Mapping[str, int] = {}
        self._timers = Timers(self.log_scalar)
        self._progress = Progress(lambda: self._metrics.latest())  # noqa: PLW0108  a forked child has another log

    # ------------------------------------------------------------------------------------------------ identity

    @property
    def dir(self) -> Path | None:
        """The run's folder; None where nothing is kept."""
        return self._folder

    @property
    def info(self) -> dict[str, Any]:
        """
        A dict for whatever else is to be known; stored as it changes.

        Raises:
            RunError: It is set to something that is no dict.
        """
        return self._info

    @info.setter
    def info(self, info: dict[str, Any]) -> None:
        if not isinstance(info, dict):
            raise RunError(f"run.info = {info!r:.60}", f"is a {type(info).__name__}. It must be a dict.")
        self._info = info

    @property
    def seed(self) -> Any:
        """The seed of all randomness of the run."""
        return self.config["seed"]

    @property
    def label(self) -> str:
        """How the run is called in messages."""
        return f"run {self.id}" if self.id is not None else f"{self.name}.{self.command} (not kept)"

    @property
    def log(self) -> Logger:
        """The run's logger."""
        import logging

        return logging.getLogger(self.name)

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
            self.log.debug("Locals of %s:\n%s", where, locals_text(frame.f_locals, self.masked))

    def masked(self, text: str) -> str:
        """Return a text as it may be shown: without the run's secrets, and without passwords in URLs."""
        return mask_text(text, self._secrets)

    @cached_property
    def _secrets(self) -> set[str]:
        return secrets_in(self.config.values)

    def timer(self, name: str) -> Timer:
        """
        Return what times a block, or as a decorator each call of a function.

        Each duration is a point of the metric `time/NAME`, in seconds; that of a timer inside another, in the same
        thread or task, of `time/OUTER/NAME`. A table of all of them is logged at the end of the run.

        Example:
            >>> from expframe import Experiment
            >>> ex = Experiment("timed", ghost=True)
            >>> @ex.main
            ... def main(_run):
            ...     for epoch in range(3):
            ...         with _run.timer("epoch"):
            ...             with _run.timer("batch"):
            ...                 pass
            >>> run = ex.run()

        Raises:
            MetricError: The name cannot be one of a metric.
        """
        return self._timers.timer(name)

    def track(self, iterable: Iterable[T], description: str | None = None, total: float | None = None) -> Iterator[T]:
        """
        Iterate, and show how far it is, how fast, how long it will take, and the last value of each metric.

        On a terminal that is a line that changes (with tqdm, the extra `progress`), in Jupyter a widget; elsewhere a
        line every few seconds and one at the end. It goes to standard error; the log makes room for other lines.

        Args:
            iterable: What is iterated over.
            description: What it is called: `"epoch"`.
            total: How many items there are, where `len` cannot tell.

        Example:
            >>> from expframe import Experiment
            >>> ex = Experiment("tracked", ghost=True)
            >>> @ex.main
            ... def main(_run):
            ...     for epoch in _run.track(range(3), "epoch"):  # epoch: 3/3 (100%) in 0:00:00, 1.2e+05/s
            ...         pass
            >>> run = ex.run()

        Raises:
            TypeError: It is not iterable.
        """
        return self._progress.track(iterable, description, total)

    # --------------------------------------------------------------------------------------------------- files

    def path(self, *parts: str | os.PathLike[str]) -> Path:
        """
        Return a path among the run's files, whose folders exist; without parts that of the files' folder.

        Where nothing is kept it is in a temporary folder, which is removed when the run ends.

        Raises:
            EscapingPathError: The name leads out of the run's files.
        """
        base = self._files_base() / layout.FILES_FOLDER
        path = inside(base, *parts) if parts else base
        (path.parent if parts else path).mkdir(parents=True, exist_ok=True)
        return path

    def save(
        self, value: Any, name: str | os.PathLike[str], *, overwrite: bool = False, method: str | None = None
    ) -> Path:
        """
        Save an object among the run's files, whole or not at all, and return where it is.

        The extension of the name says the format; where it says none, the one of the object's type is appended. A
        Path stands for the file it names.

        Args:
            value: The object: data for JSON, text, bytes or an iterator of them, an array, a frame, a figure, an image,
                a model, or what a saver of your own takes; anything else is written as JSON by jsonpickle.
            name: Its name in the run, `/` for folders.
            overwrite: Whether a file of this name is replaced; otherwise the new one becomes `name (1).ext`.
            method: The saver to be used, by its name.

        Raises:
            SaveError: It cannot be written or stored; nothing half-written is left.
            EscapingPathError: The name leads out of the run's files.
        """
        base = self._files_base()
        file = files.save(base, value, name, overwrite=overwrite, method=method)
        self._note_file(file)
        if self._folder is None and file.metadata:  # where nothing is kept there is no list of files to load by
            with suppress(OSError):
                append_file(base, file, ())
        return Path(file.path)

    def load(self, name: str | os.PathLike[str], *, trust: bool = False, method: str | None = None) -> Any:
        """
        Return the object that was saved under a name.

        Args:
            name: Its name in the run; the extension may be left out where only one file is meant.
            trust: Whether code that the file holds may be executed. Without it pickles are refused, and objects in
                JSON come back as inert References.
            method: The saver to be used, by its name; by default the one that wrote it, or the extension's.

        Raises:
            StoreError: There is no such file, nobody reads it, or only with trust.
            ValueFormatError: The file is damaged.
            EscapingPathError: The name leads out of the run's files.
        """
        return files.load(self._files_base(), name, self._notes, trust=trust, method=method)

    def add_artifact(
        self,
        filename: str | os.PathLike[str],
        name: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        content_type: str | None = None,
    ) -> Path:
        """
        Keep a file that the run made, and return where it is now. A file that is among the run's files is not copied.

        Args:
            filename: The file.
            name: Its name in the run; by default its own. An existing name becomes `name (1).ext`.
            metadata: What else is to be known of it.
            content_type: Its MIME type.

        Raises:
            SaveError: It cannot be read or stored; nothing half-written is left.
            EscapingPathError: The name leads out of the run's files.
        """
        file = files.add_artifact(self._files_base(), filename, name, content_type, metadata)
        self._note_file(file)
        return Path(file.path)

    def add_resource(self, filename: str | os.PathLike[str]) -> None:
        """
        Keep the content of a file that the run reads, once for all runs of the store.

        Raises:
            SaveError: It cannot be read or stored.
        """
        self._note_file(files.add_resource(self._folder, filename))

    def open_resource(self, filename: str | os.PathLike[str], mode: str = "r", **options: Any) -> IO[Any]:
        """
        Keep the content of a file that the run reads, and open it.

        Args:
            filename: The file.
            mode: As for `open`.
            options: As for `open`: encoding, newline and so on.

        Raises:
            SaveError: It cannot be read or stored.
        """
        self.add_resource(filename)
        return open(filename, mode, **options)  # takes what `open` takes

    def _note_file(self, file: File) -> None:
        with self._files_lock:
            key = f"{file.kind}s"
            self._counts[key] = self._counts.get(key, 0) + 1
            self._emit(file)

    def _files_base(self) -> Path:
        """Return the folder that holds the run's files, a temporary one where nothing is kept."""
        if self._folder is not None:
            return self._folder
        with self._files_lock:
            if self._scratch is None:
                import tempfile

                self._scratch = tempfile.TemporaryDirectory(prefix="expframe-", ignore_cleanup_errors=True)
            folder = Path(self._scratch.name) / "run"
            folder.mkdir(exist_ok=True)
            return folder

    # --------------------------------------------------------------------------------------------- checkpoints

    def checkpoint(
        self,
        step: int | float,
        objects: Mapping[str, Any] | None = None,
        /,
        *,
        keep: int | None = checkpoints.KEEP,
        **more: Any,
    ) -> Checkpoint:
        """
        Keep what the run needs to go on from here, whole or not at all: `run.checkpoint(epoch, model=model)`.

        Data, text, bytes and arrays, and what torch, Keras and savers of your own write, are in their own formats; a
        name with an extension chooses one; a Path stands for the file it names; everything else is pickled. Modules and
        optimizers of torch come back as their state.

        Args:
            step: The step that is done, as a number.
            objects: By name, where names are no words of Python.
            keep: How many checkpoints are kept, this one included; None for all.
            more: Objects by name.

        Raises:
            RunError: The step is no number, or an object has no name.
            SaveError: It cannot be stored; nothing half-written is left, and earlier ones are there.
        """
        self._metrics.flush()
        given = objects if objects is not None and not isinstance(objects, Mapping) else {**(objects or {}), **more}
        return checkpoints.write(self._files_base(), step, given, self._position(), keep)

    def last_checkpoint(self) -> Checkpoint | None:
        """
        Return the last checkpoint of the run, of this attempt or an earlier one; None where there is none.

        In a run that is resumed, seeds and children go on from here as they were at the checkpoint: ask for it once,
        after what is to be done again and before what is not.
        """
        return checkpoints.last_of(self._files_base(), trust=True)

    def _position(self) -> Position:
        """Return how far the run is."""
        paths = [*layout.metric_files(self._files_base()), self._files_base() / layout.MEDIA]
        sizes = {path.name: path.stat().st_size for path in paths if path.exists()}
        return Position(sizes, {key_of(captured): plan.calls for captured, plan in self.plans.items() if plan.calls})

    # ----------------------------------------------------------------------------------------------- injection

    def plan(self, captured: Captured) -> Plan:
        """Return, and remember, how the parameters of a captured function are filled in this run."""
        plan = self._injector.plan(captured)
        plan.go_on(self._calls_before.get(key_of(captured), 0))
        return self.plans.setdefault(captured, plan)

    def bind(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """
        Return `function` with this run as its current one: for any thread and, pickled, for any process.

        Raises:
            BindError: When it is pickled and `function` is not found under its name in its module.
        """
        from expframe.run.bind import BoundFunction

        return BoundFunction(self, function)

    def _special(self, captured: Captured, group: Any, name: str) -> Any:
        if name == "_run":
            return self
        if name == "_config":
            return group
        return self.log.getChild(captured.name)

    def _draw(self, captured: Captured, number: int) -> int:
        own = dotted.get(self.config.values, (*captured.path, "seed"))
        seed = self.seed if own is dotted.MISSING else own
        return child_seed(seed, dotted.join(captured.path), captured.name, number)


def key_of(captured: Captured) -> str:
    """Return what the seeds of a function depend on, beside the run's."""
    return dotted.join((*captured.path, captured.name))


class Injection(NamedTuple):
    """How an experiment fills parameters where a function does not say."""

    max_depth: int = 1
    read_only: bool = True


class WorkerSink:
    """Takes the events of a run in another process than the run's own: appended beside its files."""

    def __init__(self, folder: Path | None, config: Config) -> None:
        self._folder = folder
        self._secrets = secrets_in(config.values)
        self._has_said = False
        self._metrics = MetricFile(folder / layout.metrics_of(os.getpid())) if folder else None

    def write(self, event: Event) -> None:
        """Store an event; a fault is said once on standard error and never raised."""
        try:
            if isinstance(event, Points | Series) and self._metrics is not None:
                self._metrics.write(event)
            elif isinstance(event, File) and self._folder is not None:
                append_file(self._folder, event, self._secrets)
            elif isinstance(event, Media) and self._folder is not None:
                append_media(self._folder, event)
        except Exception as problem:
            self.say(f"storing in {self._folder} failed ({problem}); later events are tried again")

    def say(self, problem: str) -> None:
        """Say once what could not be stored."""
        if not self._has_said:
            import logging

            self._has_said = True
            logging.getLogger("expframe").warning("%s", problem)

    def end(self) -> None:
        """Close the file of metrics."""
        if self._metrics is not None:
            self._metrics.close()
