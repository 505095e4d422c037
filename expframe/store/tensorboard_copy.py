"""A stored run as the file that TensorBoard reads; done again, it goes on where it ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from expframe.disk import layout
from expframe.errors import ExpframeError
from expframe.observers.tensorboard import folders_of
from expframe.observers.tensorboard_events import Encoder, batches
from expframe.observers.tensorboard_file import EventFile, serialized, written
from expframe.record.record import Record, Status
from expframe.store.reader import StoredRun

_USER = "expframe tensorboard"


class Sent(NamedTuple):
    """
    What was written of a run.

    Attributes:
        id: The run.
        folder: Where its events are.
        events: How many were written now.
        left_out: What cannot be shown, and why.
        is_live: Whether the run wrote them itself while it was running, so that there was nothing to do.
    """

    id: str
    folder: Path
    events: int = 0
    left_out: tuple[tuple[str, str], ...] = ()
    is_live: bool = False


def send(run: StoredRun, top: Path) -> Sent:
    """
    Write a run's events into a folder of its own, as `expframe.TensorBoard` does while a run is running.

    What is there already is not written again. Where what is there is not of the run any more (points of an attempt
    that a later one took back), its file is written anew.

    Args:
        run: The run.
        top: The folder of all runs.

    Raises:
        MissingLibraryError: The package `tensorboard` is not installed.
        OSError: The folder cannot be written.
    """
    record = run.record
    encoder = Encoder(_USER)
    begun = float(encoder.begin(record, {}, "").wall_time)
    name = f"events.out.tfevents.{begun:010.0f}.{layout.named_by(record.uid)}"
    for folder in folders_of(top, record):
        others = [path for path in folder.glob("events.out.tfevents.*") if path.name != name]
        if not others:
            break
        if any(_is_of(path, begun) for path in others):
            return Sent(run.id, folder, is_live=True)
    folder.mkdir(parents=True, exist_ok=True)
    left_out: dict[str, str] = {}
    count = _bring(folder / name, begun, _events(encoder, run, record, folder, left_out))
    if count is None:
        (folder / name).unlink()
        count = _bring(folder / name, begun, _events(Encoder(_USER), run, record, folder, left_out))
    return Sent(run.id, folder, count or 0, tuple(left_out.items()))


def _is_of(path: Path, begun: float) -> bool:
    """Return whether a file tells of the run that began at a moment: its second event is that run's beginning."""
    from tensorboard.compat.proto.event_pb2 import Event

    with suppress(OSError, ValueError):
        return any(Event.FromString(data).wall_time == begun for data in islice(written(path), 1, 2))
    return False


def _bring(path: Path, begun: float, events: Iterator[Any]) -> int | None:
    """
    Add to a file the events that are not in it yet, and return how many those are.

    None is returned where it holds what is no event of the run, or ends within one: it is to be written anew.
    """
    there: Counter[int] = Counter()
    with suppress(FileNotFoundError):
        try:
            there.update(map(hash, islice(written(path), 1, None)))  # the first one says its version
        except ValueError:
            return None
    count = 0
    file = EventFile(path, begun)
    try:
        for batch in batches(event for event in events if not _is_there(event, there)):
            file.append(batch)
            count += len(batch)
    finally:
        file.close()
    return count if there.total() == 0 else None


def _is_there(event: Any, there: Counter[int]) -> bool:
    """Return whether an event is in a file, and take it out of those that are."""
    key = hash(serialized(event)) if there else 0
    if not there[key]:
        return False
    there[key] -= 1
    return True


def _events(encoder: Encoder, run: StoredRun, record: Record, folder: Path, left_out: dict[str, str]) -> Iterator[Any]:
    yield encoder.begin(record, _values_of(run), f"{folder.parent.name}/{folder.name}")
    for name, curve in run.metrics().items():
        columns = zip(curve.steps, curve.times, curve.values, strict=True)
        yield from encoder.scalars((name, step, time, value) for step, time, value in columns)
    for media in run.media():
        try:
            yield encoder.media(media)
        except OSError as problem:
            left_out[f"{media.name} of run {run.id}"] = f"cannot be read ({problem.strerror})"
    if record.status not in (Status.RUNNING, Status.QUEUED):
        yield from encoder.end(record if record.ended else record._replace(ended=record.started or record.queued))


def _values_of(run: StoredRun) -> Mapping[Any, Any]:
    try:
        return run.config.values
    except (ExpframeError, OSError):  # its curves can be seen all the same
        return {}
