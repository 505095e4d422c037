"""Streams that stand in for sys.stdout and sys.stderr, and the file that they write to beside."""

from __future__ import annotations

import io
import os
import sys
from _thread import allocate_lock
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

from expframe.disk.files import write_all

_BUFFER_SIZE = 1 << 16
_APPEND = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
_SWAPPING = allocate_lock()  # runs in parallel threads replace sys.stdout one after the other


class OutputFile:
    """The file that a run's output goes to: a write that fails is lost and noted, and the next one tries again."""

    def __init__(self, path: Path, note: Callable[[str], None]) -> None:
        self.path = path
        self._note = note
        self._fd = -1
        self._is_open = True

    def append(self, data: bytes) -> None:
        """Write data at the end."""
        if not self._is_open:
            return
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


class Copier(io.RawIOBase):
    """Bytes go into the file and on to the stream below, and to that one alone when the file is closed."""

    closed = False  # asked for at every write: the inherited property takes longer than the write

    def __init__(self, below: Any, file: OutputFile, encoding: str, errors: str) -> None:
        super().__init__()
        self.below = below
        self.file = file
        self.name = getattr(below, "name", "<output>")
        self.flush_first: Stream | None = None
        self._ahead = b""
        self._show: Callable[[bytes], object] = self._show_text
        # Only a plain TextIOWrapper's buffer is its whole truth: another class may do more in its `write`.
        plain = isinstance(below, io.TextIOWrapper) and type(below).write is io.TextIOWrapper.write
        self.target: Any = below.buffer if plain and os.name != "nt" and "write" not in vars(below) else None
        if isinstance(self.target, io.FileIO):
            self._show = self._show_raw
        elif isinstance(self.target, io.BufferedIOBase):
            self._show = self._show_bytes
        else:
            import codecs

            self.target = None
            self._decode = codecs.getincrementaldecoder(encoding)(errors).decode

    def write(self, data: Any) -> int:
        """Record the bytes, then show them; what the stream below raises is raised here."""
        chunk = fresh = bytes(data)
        if self.flush_first is not None:
            self.flush_first.push()
        if self._ahead and chunk.startswith(self._ahead):
            fresh = chunk[len(self._ahead) :]
        self.file.append(fresh)
        # When the stream below raises, the buffer above hands the same bytes in again: they are recorded already.
        self._ahead = chunk if self.target is not None else b""
        try:
            self._show(chunk)
        except ValueError:
            if not getattr(self.below, "closed", False):
                raise
        self._ahead = b""
        return len(chunk)

    def _show_bytes(self, chunk: bytes) -> None:
        self.target.write(chunk)
        if self.below.line_buffering:
            self.target.flush()

    def _show_raw(self, chunk: bytes) -> None:
        done = self.target.write(chunk)
        while done is not None and done < len(chunk):
            chunk = chunk[done:]
            done = self.target.write(chunk)

    def _show_text(self, chunk: bytes) -> None:
        self.below.write(self._decode(chunk))

    def writable(self) -> bool:
        """Return True: that is what it is for."""
        return True

    def isatty(self) -> bool:
        """Return what the stream below says."""
        return is_tty(self.below)

    def fileno(self) -> int:
        """Return the file descriptor of the stream below."""
        return int(self.below.fileno())


class Stream(io.TextIOWrapper):
    """What stands in for sys.stdout or sys.stderr. Nobody can close it, and it works after its capture has ended."""

    closed = False  # as above

    def __init__(self, below: TextIO, buffer: Any, again: Callable[[Any], Stream], **options: Any) -> None:
        super().__init__(buffer, newline="\n", **options)
        self.below = below
        self.again = again  # makes its like over another stream
        self.is_passed = False
        raw = getattr(buffer, "raw", buffer)
        self.copying = raw if isinstance(raw, Copier) else None
        self._is_tty = is_tty(below)
        vars(self)["mode"] = "w"

    def __getattr__(self, name: str) -> Any:
        """Answer as the stream below, which may know more than a stream must: a notebook tells it the current cell."""
        if name == "below":
            raise AttributeError(name)
        return getattr(self.below, name)

    def isatty(self) -> bool:
        """Return what the stream below said when the capture began."""
        return self._is_tty

    def push(self) -> None:
        """Hand on what this stream holds, without asking the one below to do the same. Never raises."""
        with suppress(Exception):
            io.TextIOWrapper.flush(self)

    def flush(self) -> None:
        """Hand on what this stream and those below hold."""
        super().flush()
        if not getattr(self.below, "closed", False):
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


def copying_stream(below: Any, file: OutputFile) -> Stream:
    """Return a stream that writes to the file and to the stream below, as promptly as that one."""
    encoding = getattr(below, "encoding", None) or "utf-8"
    errors = getattr(below, "errors", None) or "surrogatepass"
    raw = Copier(below, file, encoding, errors)

    def again(other: Any) -> Stream:
        return copying_stream(other, file)

    if raw.target is None:
        return Stream(below, raw, again, encoding=encoding, errors=errors, write_through=True)
    # A stream that writes every scrap at once becomes one that writes every line at once: half the work.
    prompt = below.line_buffering or below.write_through
    buffer = io.BufferedWriter(raw, _BUFFER_SIZE)
    return Stream(below, buffer, again, encoding=encoding, errors=errors, line_buffering=prompt)


def terminal_stream(below: io.TextIOWrapper, fd: int) -> Stream:
    """Return a stream onto the same file descriptor that goes on saying that it is a terminal."""
    raw = io.FileIO(fd, "w", closefd=False)
    raw.name = below.name
    return Stream(
        below,
        raw if below.write_through else io.BufferedWriter(raw),
        lambda other: terminal_stream(other, fd),
        encoding=below.encoding,
        errors=below.errors,
        line_buffering=below.line_buffering,
        write_through=below.write_through,
    )


def renew_standard() -> None:
    """
    Give a forked child a sys.stdout and a sys.stderr that share no lock and no content with those of its parent.

    Another thread may have held a lock of the old ones when the process forked; nobody will ever release it here. The
    new ones keep the old ones, because what lets go of them would flush them.
    """
    for name in ("stdout", "stderr"):
        old = getattr(sys, name)
        new = _renewed(old)
        if new is not old:
            new.replaced = old
            setattr(sys, name, new)


def _renewed(stream: Any) -> Any:
    if isinstance(stream, Stream):
        return stream.again(_renewed(stream.below))
    if type(stream) is not io.TextIOWrapper or "write" in vars(stream):
        return stream
    try:
        raw = io.FileIO(stream.fileno(), "w", closefd=False)
    except (OSError, ValueError):
        return stream
    raw.name = stream.name
    return io.TextIOWrapper(
        raw if stream.write_through else io.BufferedWriter(raw),
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )


class Swap:
    """The streams that stand in for sys.stdout and sys.stderr during a capture."""

    def __init__(self, make: Callable[[TextIO, str], Stream | None]) -> None:
        self.streams: dict[str, Stream] = {}
        for below in (sys.stdout, sys.stderr):
            with suppress(Exception):
                below.flush()
        with _SWAPPING:
            for name in ("stdout", "stderr"):
                below = getattr(sys, name)
                stream = None if below is None else make(below, name)
                if stream is not None:
                    self.streams[name] = stream
                    setattr(sys, name, stream)
        # In one direction only: two threads that flush each other's stream would wait for each other.
        if len(self.streams) == 2 and (copying := self.streams["stderr"].copying):
            copying.flush_first = self.streams["stdout"]

    def push(self) -> None:
        """Hand on what the streams hold."""
        for stream in self.streams.values():
            stream.push()

    def flush(self) -> None:
        """Hand on what the streams and those below hold. Never raises."""
        for stream in self.streams.values():
            with suppress(Exception):
                stream.flush()

    def undo(self) -> None:
        """Put back the streams that were there, unless somebody else has replaced ours meanwhile."""
        for name in self.streams:
            with suppress(Exception):
                getattr(sys, name).flush()  # others above ours may hold what was printed during our capture
        self.push()
        with _SWAPPING:
            for name, stream in self.streams.items():
                stream.is_passed = True
                below: Any = getattr(sys, name)
                if below is stream:
                    while isinstance(below, Stream) and below.is_passed:
                        below = below.below
                    setattr(sys, name, below)
        for stream in self.streams.values():
            with suppress(Exception):
                stream.flush()
                # For those who kept it: nobody flushes it from now on.
                io.TextIOWrapper.reconfigure(stream, line_buffering=True)


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
