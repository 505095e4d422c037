"""
The ways past a proxy: what others do to a stream that was there, while a proxy lies over it.

Who took hold of the stream earlier, such as a handler of logging, calls its `write` and is led through the proxy.
What goes past that (a method that was bound before, the buffer) is seen by the lowest `write`, where bytes leave.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Protocol

from expframe.process.output.file import OutputFile
from expframe.process.output.streams import TerminalStream, is_plain


class Recording:
    """
    Who records output.

    Args:
        owner: The run whose output it is; None takes that of all.
        file: Where it is recorded; None for a run that records none, whose output is nobody else's either.
        own: Streams that are recorded without us, because their file descriptors are.
    """

    def __init__(self, owner: Any, file: OutputFile | None, own: Sequence[Any] = ()) -> None:
        self.owner = owner
        self.file = file
        self.own = own
        self.hooks: list[StreamHook] = []  # those of what was there when it began

    def has_own(self, stream: Any) -> bool:
        """Return whether this very stream is recorded without us."""
        return any(stream is own for own in self.own)


class Reentry(threading.local):
    """
    Whether this thread is on the way from a proxy down, where all is recorded already.

    Attributes:
        depth: How many proxies it has come through.
        hooks: The hooks whose lowest `write` it has come to.
    """

    depth: int = 0
    hooks: tuple[StreamHook, ...] = ()

    @contextmanager
    def down(self) -> Iterator[Reentry]:
        """Let nothing be recorded again that the block writes to streams below."""
        if not self.depth:
            self.hooks = ()
        self.depth += 1
        try:
            yield self
        finally:
            self.depth -= 1


class Above(Protocol):
    """The proxy that lies over a stream."""

    def write(self, text: str, /) -> int:
        """Record text and show it."""

    def flush(self) -> None:
        """Hand on what is held."""

    def recordings_here(self) -> tuple[Recording, ...]:
        """Return who records what is written in this context."""


class StreamHook:
    """
    The `write` and `flush` of a stream that was there, and its lowest `write`, while a proxy lies over it.

    Args:
        below: The stream.
        reentry: Tells the way down from what comes from elsewhere.
    """

    def __init__(self, below: Any, reentry: Reentry) -> None:
        self.below = below
        self.above: Above | None = None
        self.is_plain: bool = is_plain(below)
        self.write: Any = below.write
        self.flush: Callable[[], object] = getattr(below, "flush", lambda: None)
        buffer = getattr(below, "buffer", None) if issubclass(type(below), io.TextIOWrapper) else None
        self._lowest = getattr(buffer, "raw", buffer)
        self._write_lowest = getattr(self._lowest, "write", None)
        self._reentry = reentry
        self._before: list[tuple[Any, str, Any, Any]] = []

    def open(self, above: Above) -> None:
        """Lead what comes from elsewhere through the proxy."""
        self.above = above
        self._put(self.below, "write", self._take_text)
        self._put(self.below, "flush", self._take_flush)
        if self._write_lowest is not None and not is_hook(self._write_lowest):
            self._put(self._lowest, "write", self._take_bytes)

    def close(self) -> None:
        """Put back what was there, unless somebody else has replaced it meanwhile; he may still call ours."""
        self.above = None
        for owner, name, before, ours in reversed(self._before):
            if vars(owner).get(name) is not ours:
                continue
            if before is None:
                object.__delattr__(owner, name)
            else:
                object.__setattr__(owner, name, before)
        self._before = []

    def _put(self, owner: Any, name: str, ours: Any) -> None:
        with suppress(AttributeError, TypeError):  # it has no room for it
            before = vars(owner).get(name)
            object.__setattr__(owner, name, ours)  # never on what a proxy stands for
            self._before.append((owner, name, before, ours))

    def _take_text(self, text: str) -> Any:
        if (
            self.above is None
            or self._reentry.depth
            or not any(recording.owner for recording in self.above.recordings_here())
        ):
            return self.write(text)  # Sacred records only what goes through its own stream
        return self.above.write(text)

    def _take_flush(self) -> Any:
        if self.above is None or self._reentry.depth:
            return self.flush()
        return self.above.flush()

    def _take_bytes(self, data: Any) -> Any:
        assert self._write_lowest is not None
        above = self.above
        if self._reentry.depth:
            self._reentry.hooks += (self,)
        done = self._write_lowest(data)
        if above is not None and not self._reentry.depth and done:
            for recording in above.recordings_here():
                if recording.file is not None and recording.owner and not recording.has_own(self.below):
                    recording.file.append(bytes(data)[:done], self)
        return done


def is_hook(write: Any) -> bool:
    """Return whether this `write` is one that a hook has put there."""
    return isinstance(getattr(write, "__self__", None), StreamHook)


def renewed(stream: Any) -> Any:
    """
    Return a stream that shares no lock and no content with this one, for a forked child.

    Another thread may have held a lock of the old one when the process forked; nobody will ever release it there.
    """
    if isinstance(stream, TerminalStream):
        new: Any = TerminalStream(renewed(stream.below), stream.fd)
        new.replaced = stream
        return new
    writes = vars(stream).get("write") if type(stream) is io.TextIOWrapper else stream
    if writes is not None and not is_hook(writes):
        return stream
    try:
        raw = io.FileIO(stream.fileno(), "w", closefd=False)
    except (OSError, ValueError):
        return stream
    raw.name = stream.name
    new = io.TextIOWrapper(
        raw if stream.write_through else io.BufferedWriter(raw),
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )
    new.replaced = stream
    return new
