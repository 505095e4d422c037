"""The files of a live run: saved, loaded, kept; in the run's folder, or a temporary one where nothing is kept."""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from expframe.config.masking import MASKING
from expframe.disk import layout
from expframe.disk.files import inside
from expframe.errors import SaveError
from expframe.process import locks
from expframe.record.events import Call, Event, File, Media, Points, Series
from expframe.record.record import Status
from expframe.run.ledger import Ledger
from expframe.saving import checkpoints
from expframe.saving import files as saved
from expframe.saving.checkpoints import Checkpoint, Position
from expframe.store.run_folder import RunFolder
from expframe.store.writer import WorkerSink

if TYPE_CHECKING:
    from expframe.store.reader import StoredRun


class RunFiles:
    """
    The folder of a run, or a temporary one that is made when it is asked for and removed at the end.

    Args:
        emit: Takes the event of each file.
        ledger: Counts them.
        is_owner: Whether this process is the run's own, which removes the temporary folder.

    """

    def __init__(self, emit: Callable[[Event], None], ledger: Ledger, *, is_owner: bool = True) -> None:
        self._place: RunFolder | None = None
        self._is_owner = is_owner
        self._is_shared = False
        self._emit = emit
        self._ledger = ledger
        self._notes = saved.Notes()
        self._scratch: Path | None = None
        self._remove: weakref.finalize[..., Any] | None = None
        self._scratch_sink: WorkerSink | None = None
        self._lock = locks.lock()
        self._noting = locks.lock()

    @property
    def folder(self) -> Path | None:
        """The run's folder, wherever it has been moved since; None where nothing is kept."""
        return None if self._place is None else self._place.last

    @folder.setter
    def folder(self, folder: Path | None) -> None:
        self._place = None if folder is None else RunFolder(folder, self._ledger.record.uid)

    def base(self) -> Path:
        """
        Return the folder that holds the run's files, a temporary one where nothing is kept.

        Raises:
            SaveError: It was moved or removed, or cannot be seen.
        """
        if self._place is not None:
            try:
                return self._place.now()
            except OSError as problem:
                subject = f"{self._place.last}"
                raise SaveError(subject, f"takes nothing more ({problem.strerror or problem}).") from problem
        with self._lock:
            if self._scratch is None:
                from expframe.run import scratch  # with libraries that most runs need not

                self._scratch = scratch.make(self._ledger.record.uid)
                if self._is_owner:
                    scratch.claim(self._scratch, os.getpid())
                    self._remove = weakref.finalize(self, scratch.remove, self._scratch)
            return self._scratch

    def read_back(self) -> StoredRun:
        """Return the run as a reader of its files sees it; where nothing is kept it has no record."""
        from expframe.store.reader import StoredRun

        return StoredRun(self.base())

    def go_on(self, stored: StoredRun) -> None:
        """Count what earlier attempts kept."""
        for file in stored.files:
            self._ledger.count(f"{file.kind}s")

    def path(self, *parts: str | os.PathLike[str]) -> Path:
        """
        Return a path among the run's files, whose folders exist; without parts that of the files' folder.

        Where nothing is kept it is in a temporary folder, which is removed when the run ends.

        Raises:
            EscapingPathError: The name leads out of the run's files.
        """
        base = self.base() / layout.FILES_FOLDER
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
        base = self.base()
        file = saved.save(base, value, name, overwrite=overwrite, method=method)
        self._note(file)
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
        return saved.load(self.base(), name, self._notes, trust=trust, method=method)

    def add_artifact(
        self,
        filename: str | os.PathLike[str],
        name: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        content_type: str | None = None,
    ) -> Path:
        """
        Keep a file that the run made, or a folder of them, and return where it is now.

        What is among the run's files is not copied. The files of a folder are artifacts each.

        Args:
            filename: The file or folder.
            name: Its name in the run; by default its own. An existing name becomes `name (1).ext`.
            metadata: What else is to be known of it.
            content_type: Its MIME type.

        Raises:
            SaveError: It is a pipe or the like, or cannot be read or stored; nothing half-written is left.
            EscapingPathError: The name leads out of the run's files.
        """
        from expframe.saving import artifacts

        path, found = artifacts.add(self.base(), filename, name, content_type, metadata)
        for file in found:
            self._note(file)
        return path

    def add_resource(self, filename: str | os.PathLike[str]) -> None:
        """
        Keep the content of a file that the run reads, once for all runs of the store.

        Raises:
            SaveError: It cannot be read or stored.
        """
        self._note(saved.add_resource(self.folder, filename))

    def open_resource(self, /, filename: str | os.PathLike[str], mode: str = "r", **options: Any) -> IO[Any]:
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

    def sizes(self) -> dict[str, int]:
        """Return the bytes of each file that points and media are appended to."""
        return {path.name: path.stat().st_size for path in layout.resumable_files(self.base())}

    def checkpoint(
        self, step: int | float, objects: Mapping[str, Any], position: Callable[[], Position], keep: int | None
    ) -> Checkpoint:
        """
        Keep objects and how far the run is, whole or not at all.

        Args:
            step: The step that is done.
            objects: By name.
            position: Tells how far the run is.
            keep: How many checkpoints are kept, this one included; None for all.

        Raises:
            RunError: The step is no number, or an object has no name.
            SaveError: It cannot be stored; nothing half-written is left.
        """
        return checkpoints.write(self.base(), step, objects, position, keep)

    def leave_checkpoints(self, number: int) -> None:
        """Remove all checkpoints but the last ones, once readers see that the run is COMPLETED."""
        has_any = self.folder is not None and (self.folder / layout.CHECKPOINTS_FOLDER).exists()
        if has_any and self.read_back().status == Status.COMPLETED:
            checkpoints.keep_last(self.base(), number)

    def last_checkpoint(self) -> Checkpoint | None:
        """Return the last checkpoint; None where there is none."""
        return checkpoints.last_of(self.base(), trust=True)

    def keep_readable(self, event: Event) -> None:
        """Where nothing is kept, keep what is told in the temporary folder, so that the run can read it back."""
        if self.folder is None and isinstance(event, Points | Series | Media | File | Call):
            if self._scratch_sink is None:
                self._scratch_sink = WorkerSink(self.base(), MASKING)
            self._scratch_sink.write(event)

    def share(self) -> None:
        """Look for a temporary folder at the end: from now on another process may be the first that asks for it."""
        self._is_shared = True

    def forked(self) -> None:
        """Go on in a forked child: the temporary folder is the parent's to remove."""
        self._scratch_sink = None
        self._is_owner = False
        if self._remove is not None:
            self._remove.detach()

    def close(self) -> None:
        """Let go of the folder, and remove the temporary one."""
        if self._place is not None:
            self._place.close()
        if self._scratch_sink is not None:
            self._scratch_sink.end()
        if self._remove is not None:
            self._remove()
            self._remove = self._scratch = None
        elif self._is_shared and self._is_owner and self._place is None:
            from expframe.run import scratch

            with suppress(OSError):  # where no folder can be temporary there is none
                scratch.remove(scratch.place(self._ledger.record.uid))

    def _note(self, file: File) -> None:
        with self._noting:
            self._ledger.count(f"{file.kind}s")
            self._emit(file)
