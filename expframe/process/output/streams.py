"""Streams that lie over those which were there."""

from __future__ import annotations

import io
import os
from contextlib import suppress
from typing import Any


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
    """
    A stream that stands for one onto a file descriptor while that leads elsewhere, and says what the other one said.

    Args:
        below: The other one.
        fd: The file descriptor.
    """

    def __init__(self, below: io.TextIOWrapper, fd: int) -> None:
        raw: Any = io.FileIO(fd, "w", closefd=False)
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
