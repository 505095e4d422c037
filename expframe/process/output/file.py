"""The file that a run's output goes to."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from expframe.process import locks
from expframe.process.output.descriptors import out_of_the_way
from expframe.process.output.tee import Backlog
from expframe.process.terminal import collapse

_APPEND = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
_MOVES_ON = b"\r\n\b\x1b"

_ROOM = 1 << 22
"""Bytes that may wait for storage that fails."""

_PATIENCE = 2.0
"""Seconds for which the end of what waits is tried again."""


class OutputFile:
    """
    The file that a run's output goes to: what storage refuses is noted, waits, and is tried again before the next.

    Attributes:
        path: The file.
        is_open: Whether it takes output.
    """

    def __init__(self, path: Path, note: Callable[[str], None]) -> None:
        self.path = path
        self._note = note
        self._fd = -1
        self.is_open: bool = True
        self._waiting = Backlog(_ROOM)
        self._lock = locks.reentrant_lock()
        self._is_writing = False
        self._bar_of: object = None  # whose unfinished line, drawn with carriage returns, is the last one
        self._bar = ""  # what is seen of that

    def append(self, data: bytes, source: object = None) -> None:
        """Write data at the end, on a line of its own where another source draws a progress bar."""
        if not self.is_open:
            return
        if self._bar_of not in (None, source) and data[:1] not in _MOVES_ON:
            data = b"\n" + data
        self._look_for_bar(data, source)
        with self._lock:
            if self._is_writing or self._waiting:  # a signal's handler prints while this thread does, or storage fails
                self._waiting.add(data)
                self._write_waiting()
            else:
                self._is_writing = True
                try:
                    done = self._write(data)
                finally:
                    self._is_writing = False
                if done < len(data):
                    self._waiting.add(data[done:])

    def _look_for_bar(self, data: bytes, source: object) -> None:
        """Note whose bar is seen once data are written: none where it was erased, as for a line above it."""
        line = data[data.rfind(b"\n") + 1 :]
        is_new = len(line) < len(data) or not data
        if b"\r" in line or (self._bar_of is not None and not is_new):
            text = ("" if is_new else self._bar) + line.decode("utf-8", "replace")
            self._bar = collapse(text).rpartition("\n")[2] + ("\r" if text.endswith("\r") else "")
            self._bar_of = source if self._bar.strip() else None
        elif is_new:
            self._bar_of, self._bar = None, ""

    def catch_up(self) -> None:
        """Write what waits, unless another thread is writing. Never raises."""
        if self._waiting and self._lock.acquire(blocking=False):
            try:
                self._write_waiting()
            finally:
                self._lock.release()

    def _write_waiting(self) -> None:
        if not self._is_writing:
            self._is_writing = True
            try:
                while data := self._waiting.first():
                    done = self._write(data)
                    self._waiting.written(done)
                    if done < len(data):
                        break
            finally:
                self._is_writing = False

    def _write(self, data: bytes) -> int:
        """Write data, and return how much of it storage took."""
        done = 0
        try:
            if self._fd < 0:
                self._fd = out_of_the_way(os.open(self.path, _APPEND, 0o666))
            done = os.write(self._fd, data)
            while done < len(data):
                done += os.write(self._fd, data[done:])
        except OSError as error:
            self._note(f"{self.path}: {error.strerror or error}; what was printed is kept in memory and tried again")
        return done

    def forked(self) -> None:
        """Leave what waits to the parent: in a forked child."""
        self._waiting = Backlog(_ROOM)
        self._is_writing = False

    def close(self) -> None:
        """Take no more: what comes later is nobody's output."""
        self.is_open = False
        deadline, pause = time.monotonic() + _PATIENCE, 0.01
        while self._waiting and time.monotonic() < deadline:
            self.catch_up()
            if self._waiting:
                time.sleep(pause)
                pause = min(2 * pause, 0.2)
        if lost := self._waiting.lost + len(self._waiting):
            self._note(f"{self.path}: {lost} bytes of output are lost")
        if self._fd >= 0:
            with suppress(OSError):
                os.close(self._fd)
            self._fd = -1
