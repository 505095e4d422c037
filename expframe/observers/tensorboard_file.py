"""The file that TensorBoard reads: whole records, appended; a torn one is completed by the next write."""

from __future__ import annotations

import io
import os
import socket
import struct
import time
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

_VERSION = "brain.Event:2"
"""What the first event of a file must say; without it TensorBoard takes steps that go back for a restart."""
_HEAD, _TAIL = 12, 4
"""Bytes before an event: its size and a checksum; and after it: another one."""


def new_path(folder: Path) -> Path:
    """Return the path of a new file of events in the folder of a run, called as TensorBoard's writers call theirs."""
    return folder / f"events.out.tfevents.{time.time():010.0f}.{socket.gethostname()}.{os.getpid()}.0"


class EventFile:
    """
    A file of events, written through to the file system by each `append`; made, or gone on with where it is there.

    Nothing is kept in buffers of the process, so that a forked child cannot write anything twice. TensorBoard's own
    EventFileWriter is of no use here: after one refused write it refuses all later ones, and it loads TensorFlow where
    that is installed.

    Args:
        path: The file; its folder holds the events of one run.
        begun: When what it tells began, in seconds since 1970; by default now.
    """

    def __init__(self, path: Path, begun: float | None = None) -> None:
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.summary.writer.record_writer import RecordWriter

        self._record_writer = RecordWriter
        self._rest = b""
        self._fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o666)
        if os.fstat(self._fd).st_size == 0:
            self.append([Event(wall_time=time.time() if begun is None else begun, file_version=_VERSION)])

    def append(self, events: Iterable[Any]) -> None:
        """
        Append events; readers see each of them whole.

        Raises:
            OSError: The file system refused; the first events may have been written, the others are lost.
        """
        batch = io.BytesIO()
        batch.write(self._rest)
        ends = [batch.tell()]
        writer = self._record_writer(batch)
        for event in events:
            writer.write(serialized(event))
            ends.append(batch.tell())
        data, written = memoryview(batch.getvalue()), 0
        try:
            while written < len(data):
                written += os.write(self._fd, data[written:])
        finally:
            self._rest = bytes(data[written : ends[bisect_left(ends, written)]])

    def close(self) -> None:
        """Close the file."""
        os.close(self._fd)


def serialized(event: Any) -> bytes:
    """Return an event as it is written: the same bytes for the same content."""
    data: bytes = event.SerializeToString(deterministic=True)
    return data


def written(path: Path) -> Iterator[bytes]:
    """
    Yield the events in a file, each as it was written.

    Raises:
        ValueError: The file ends within an event.
    """
    with path.open("rb") as file:
        while head := file.read(_HEAD):
            (size,) = struct.unpack("<Q", head[:8].ljust(8, b"\0"))
            data = file.read(size + _TAIL)
            if len(head) < _HEAD or len(data) < size + _TAIL:
                raise ValueError(path)
            yield data[:size]
