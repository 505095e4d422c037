"""The file that a run's output goes to, and streams that lie over those which were there."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from expframe.disk.files import write_all

_APPEND = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
_MOVES_ON = b"\r\n\b\x1b"


class OutputFile:
    """The file that a run's output goes to: a write that fails is lost and noted, and the next one tries again."""

    def __init__(self, path: Path, note: Callable[[str], None]) -> None:
        self.path = path
        self._note = note
        self._fd = -1
        self._is_open = True
        self._bar_of: object = None  # whose unfinished line, drawn with carriage returns, is the last one

    def append(self, data: bytes, source: object = None) -> None:
        """Write data at the end, on a line of its own where another source draws a progress bar."""
        if not self._is_open:
            return
        if self._bar_of not in (None, source) and data[:1] not in _MOVES_ON:
            data = b"\n" + data
        line = data[data.rfind(b"\n") + 1 :]
        if b"\r" in line:
            self._bar_of = source
        elif len(line) < len(data) or not data:
            self._bar_of = None
        try:
            if self._fd < 0:
                self._fd = above_standard(os.open(self.path, _APPEND, 0o666))
            done = os.write(self._fd, data)
            if done < len(data):
                write_all(self._fd, data[done:])
        except OSError as error:
            self._note(f"{self.path}: {error.strerror or error}")

    def close(self) -> None:
        """Take no more: what comes later is nobody's output."""
        self._is_open = False
        if self._fd >= 0:
            with suppress(OSError):
                os.close(self._fd)
            self._fd = -1


class Stream(io.TextIOWrapper):
    """A stream over another one. Nobody can close it, and it works after what it was made for has ended."""

    closed = False  # asked for at every write: the inherited property takes longer than the write

    def __init__(self, below: Any, buffer: Any, **options: Any) -> None:
        super().__init__(buffer, newline="\n", **options)
        self.below = below
        self.is_passed = False
        self.replaced: Any = None  # kept from being flushed in a forked child
        self._is_tty = is_tty(below)
        vars(self)["mode"] = "w"

    def __getattr__(self, name: str) -> Any:
        """Answer as the stream below, which may know more than a stream must: a notebook tells it the current cell."""
        if name == "below":
            raise AttributeError(name)
        return getattr(self.below, name)

    def isatty(self) -> bool:
        """Return what the stream below said when this one was made."""
        return self._is_tty

    def push(self) -> None:
        """Hand on what this stream holds, without asking the one below to do the same. Never raises."""
        with suppress(Exception):
            io.TextIOWrapper.flush(self)

    def flush(self) -> None:
        """Hand on what this stream and those below hold."""
        super().flush()
        if not getattr(self.below, "closed", False):
            self._flush_below()

    def _flush_below(self) -> None:
        self.below.flush()

    def reconfigure(self, **options: Any) -> None:
        """Change this stream and the one below alike."""
        super().reconfigure(**options)
        if isinstance(self.below, io.TextIOWrapper):
            self.below.reconfigure(**options)

    def close(self) -> None:
        """Flush: whoever closes it, or lets go of it, does not own what is below."""
        with suppress(Exception):
            self.flush()


class TerminalStream(Stream):
    """A stream onto a file descriptor that goes on saying that it is a terminal, as it was when this was made."""

    def __init__(self, below: io.TextIOWrapper, fd: int) -> None:
        raw = io.FileIO(fd, "w", closefd=False)
        raw.name = below.name
        self.fd = fd
        super().__init__(
            below,
            raw if below.write_through else io.BufferedWriter(raw),
            encoding=below.encoding,
            errors=below.errors,
            line_buffering=below.line_buffering,
            write_through=below.write_through,
        )


def is_plain(stream: Any) -> bool:
    """Return whether what is written to a stream goes to its buffer and nowhere else: a class may do more."""
    is_wrapper = issubclass(type(stream), io.TextIOWrapper) and type(stream).write is io.TextIOWrapper.write
    return is_wrapper and os.name != "nt" and "write" not in vars(stream)


def is_tty(stream: Any) -> bool:
    """Return whether a stream says that it is a terminal."""
    try:
        return bool(stream.isatty())
    except (AttributeError, ValueError, OSError):
        return False


def above_standard(fd: int) -> int:
    """Return the file descriptor, moved where it cannot be taken for stdin, stdout or stderr."""
    if fd > 2:
        return fd
    try:
        import fcntl
    except ImportError:
        return fd
    moved: int = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 3)
    os.close(fd)
    return moved
