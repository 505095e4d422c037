"""The file that TensorBoard reads: whole records, appended; a torn one is completed by the next write."""

from __future__ import annotations

import io
import os
import socket
import time
from bisect import bisect_left
from collections.abc import Iterable
from pathlib import Path
from typing import Any

_VERSION = "brain.Event:2"
"""What the first event of a file must say; without it TensorBoard takes steps that go back for a restart."""


class EventFile:
    """
    A new file of events, written through to the file system by each `append`.

    Nothing is kept in buffers of the process, so that a forked child cannot write anything twice. TensorBoard's own
    EventFileWriter is of no use here: after one refused write it refuses all later ones, and it loads TensorFlow where
    that is installed.

    Args:
        folder: Where it is made; it holds the events of one run.
    """

    def __init__(self, folder: Path) -> None:
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.summary.writer.record_writer import RecordWriter

        now = time.time()
        path = folder / f"events.out.tfevents.{now:010.0f}.{socket.gethostname()}.{os.getpid()}.0"
        self._record_writer = RecordWriter
        self._rest = b""
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0), 0o666)
        self.append([Event(wall_time=now, file_version=_VERSION)])

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
            writer.write(event.SerializeToString())
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
