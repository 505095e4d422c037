"""An observer that shows runs in TensorBoard."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from expframe.config.decided import Config
from expframe.disk import layout
from expframe.errors import StoreUnusableError
from expframe.observers.base import Observer, Sink
from expframe.observers.tensorboard_events import Encoder, batches
from expframe.observers.tensorboard_file import EventFile, new_path
from expframe.record.events import Event, Media, Points, Series
from expframe.record.record import Record

_UNFIT = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]|^[.\s]+|[.\s]+$')
"""What no folder's name can have on some system."""


@dataclass(frozen=True)
class TensorBoard(Observer):
    """
    Writes runs for TensorBoard, each into a folder of its own, `experiment/id`; see them by `tensorboard --logdir DIR`.

    Shown are metrics, histograms, texts, images, figures of matplotlib, tables as text, the config as hyper-parameters
    (secrets masked) with the last values of metrics, and how the run ended. What the run's own process logs can be seen
    within a second; what forked or spawned workers log is in the store only.

    TensorBoard's steps are whole numbers, so fractions are rounded down (0.5 and 0.75 are both shown at 0; the store
    keeps them as they are); negative ones are kept. Its values are single floats: NaN and infinities are kept, what is
    greater than 3.4e38 is shown as infinite.

    Attributes:
        dir: The folder of all runs; made with its first run.
    """

    dir: str | os.PathLike[str] = "tensorboard"

    def open(self, record: Record, config: Config) -> TensorBoardSink:
        """
        Make a run's folder and write its hyper-parameters.

        Raises:
            MissingLibraryError: The package `tensorboard` is not installed.
            StoreUnusableError: The folder cannot be written.
        """
        encoder = Encoder()
        try:
            return TensorBoardSink(_new_folder(Path(self.dir), record), encoder, record, config)
        except OSError as problem:
            text = f"cannot be written ({problem.strerror}). No run was started. Choose another: TensorBoard(dir=...)."
            raise StoreUnusableError(f"TensorBoard's folder {self.dir}", text) from problem


class TensorBoardSink(Sink):
    """
    One run's events for TensorBoard.

    Attributes:
        path: Their folder.
    """

    def __init__(self, path: Path, encoder: Encoder, record: Record, config: Config) -> None:
        self.path = path
        self._encoder = encoder
        self._file = EventFile(new_path(path))
        self._file.append([encoder.begin(record, config.values, f"{path.parent.name}/{path.name}")])

    def write(self, event: Event) -> None:
        """Write what TensorBoard can show of an event."""
        if isinstance(event, Points):
            points = iter(event.points)
        elif isinstance(event, Series):
            pairs = zip(event.steps, event.values, strict=True)
            points = ((event.name, step, event.time, value) for step, value in pairs)
        elif isinstance(event, Media):
            self._file.append([self._encoder.media(event)])
            return
        else:
            return
        for batch in batches(self._encoder.scalars(points)):
            self._file.append(batch)

    def close(self, record: Record) -> None:
        """Write how the run ended."""
        try:
            self._file.append(self._encoder.end(record))
        finally:
            self._file.close()


def _new_folder(top: Path, record: Record) -> Path:
    """
    Make and return a run's folder.

    Ids begin anew in another store, and TensorBoard shows all that is in one folder as one run: where there is one of
    the run's id, the new one has a part of its uid as well.
    """
    *likely, last = folders_of(top, record)
    last.parent.mkdir(parents=True, exist_ok=True)
    for folder in likely:
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        return folder
    last.mkdir()
    return last


def folders_of(top: Path, record: Record) -> list[Path]:
    """Return the folders that a run's events can be in, the first one that is free."""
    long = layout.named_by(record.uid)
    short = long[:8]
    id = _name_of(record.id) if record.id else ""
    return [top / _name_of(record.name) / name for name in (*([id, f"{id}-{short}"] if id else [short]), long)]


def _name_of(text: str) -> str:
    """Return a text as the name of a folder."""
    return _UNFIT.sub("_", text)[:80] or "_"
