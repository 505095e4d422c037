"""Bytes that are recorded by those whose output they are, and go on to the stream below."""

from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Protocol

from expframe.process.output.hooks import Recording, Reentry, StreamHook
from expframe.process.output.streams import is_tty

_MOST_WAITING = 1 << 16
"""Bytes that wait until it is known where a stream of the program's own puts them; then it is asked."""


class Order(Protocol):
    """What keeps pieces in order that go different ways."""

    def prepare(self, hook: StreamHook) -> None:
        """Hand on what came before a piece that goes through this hook."""

    def settle(self, hook: StreamHook) -> None:
        """Let leave what was written past the proxy."""


class RawProxy(io.RawIOBase):
    """Bytes go to those who record them and on to the stream below."""

    closed = False  # asked for at every write: the inherited property takes longer than the write

    def __init__(self, hook: StreamHook, reentry: Reentry, order: Order, encoding: str, errors: str) -> None:
        super().__init__()
        self.below: Any = hook.below
        self.name: Any | str = getattr(hook.below, "name", "<output>")
        self.recordings: tuple[Recording, ...] = ()
        self._hook = hook
        self._reentry = reentry
        self._order = order
        self._ahead = b""
        self._waiting = b""
        self._begun = b""
        self._reaches_descriptors: bool | None = None  # whether others see what is written; None until it is known
        self.target: Any = self.below.buffer if hook.is_plain else None
        if self.target is None:
            import codecs

            self._decode = codecs.getincrementaldecoder(encoding)(errors).decode

    def write(self, data: Any) -> int:
        """Record the bytes, then show them; what the stream below raises is raised here."""
        chunk = fresh = bytes(data)
        if self._reentry.depth:  # recorded on the way down already
            self._show(chunk)
            return len(chunk)
        self._order.prepare(self._hook)
        if self._ahead and chunk.startswith(self._ahead):
            fresh = chunk[len(self._ahead) :]
        self._record(fresh)
        # When the stream below raises, the buffer above hands the same bytes in again: they are recorded already.
        self._ahead = chunk if self.target is not None else b""
        hooks: tuple[StreamHook, ...] = ()
        try:
            with self._reentry.down() as reentry:
                self._show(chunk)
                hooks = reentry.hooks
        except ValueError:
            if not getattr(self.below, "closed", False):
                raise
        if self.target is None:
            self._record_beside_descriptors(fresh, hooks)
        self._ahead = b""
        return len(chunk)

    def _show(self, chunk: bytes) -> None:
        target = self.target
        if target is None:
            self._hook.write(self._decode(chunk))
            self._order.settle(self._hook)  # else what it wrote to others would leave on another way
            return
        done = target.write(chunk)
        while done is not None and done < len(chunk):
            chunk = chunk[done:]
            done = target.write(chunk)
        target.flush()  # as above

    def _record(self, data: bytes) -> None:
        for recording in self.recordings:
            if recording.file is not None and (
                not recording.own or (self.target is not None and not recording.has_own(self.below))
            ):
                recording.file.append(data, self._hook)

    def _record_beside_descriptors(self, data: bytes, hooks: Sequence[StreamHook]) -> None:
        """Record for those who record file descriptors, unless what is written to the stream below arrives there."""
        recordings = self._recordings_of_descriptors()
        if any(recording.has_own(hook.below) for recording in recordings for hook in hooks):
            self._reaches_descriptors, self._waiting = True, b""
        elif recordings and self._reaches_descriptors is None:
            self._waiting += data
            if len(self._waiting) > _MOST_WAITING:
                self.settle()
        elif recordings and not self._reaches_descriptors:
            self._begun += data  # a line at once: what comes by the descriptors may be recorded at any moment
            end = max(self._begun.rfind(b"\n"), self._begun.rfind(b"\r")) + 1
            if end or len(self._begun) > _MOST_WAITING:
                rest = self._begun[end:] if end else b""
                self._begun = self._begun[: len(self._begun) - len(rest)]
                self.end_line()
                self._begun = rest

    def _recordings_of_descriptors(self) -> list[Recording]:
        return [recording for recording in self.recordings if recording.file is not None and recording.own]

    def end_line(self) -> None:
        """Record a line that is begun, for those who record file descriptors."""
        begun, self._begun = self._begun, b""
        for recording in self._recordings_of_descriptors() if begun else ():
            assert recording.file is not None
            recording.file.append(begun, self._hook)

    def settle(self, *, last: bool = False) -> None:
        """Find out whether what is written arrives at a descriptor, where the stream below has kept it for itself."""
        if self._waiting:
            self.flush_below(last=last)
        if last:
            self.end_line()

    def flush_below(self, *, last: bool = False) -> None:
        """Flush the stream below, which may keep a line until it is whole; the last time what it keeps is recorded."""
        with self._reentry.down() as reentry:
            self._hook.flush()
            self._order.settle(self._hook)
            hooks = reentry.hooks
        if self._waiting and (last or b"\n" in self._waiting):  # some keep a line until it is whole
            waiting, self._waiting, self._reaches_descriptors = self._waiting, b"", False
            self._record_beside_descriptors(waiting, hooks)
        self.end_line()

    def writable(self) -> bool:
        """Return True: that is what it is for."""
        return True

    def isatty(self) -> bool:
        """Return what the stream below says."""
        return is_tty(self.below)

    def fileno(self) -> int:
        """Return the file descriptor of the stream below."""
        return int(self.below.fileno())


class BufferProxy(io.BufferedIOBase):
    """The `buffer` of a proxy: bytes belong to the run of the context that writes them, as text does."""

    closed = False

    def __init__(self, proxy: Any, buffer: Any) -> None:
        super().__init__()
        self.raw: Any = getattr(buffer, "raw", buffer)
        self._proxy = proxy
        self._buffer = buffer

    def write(self, data: Any) -> int:
        """Write bytes."""
        return int(self._proxy.write_bytes(self._buffer, data))

    def flush(self) -> None:
        """Hand on what is held."""
        self._proxy.flush()

    def writable(self) -> bool:
        """Return True."""
        return True

    def isatty(self) -> bool:
        """Return what the stream below says."""
        return bool(self._proxy.isatty())

    def fileno(self) -> int:
        """Return the file descriptor of the stream below."""
        return int(self._proxy.below.fileno())

    def close(self) -> None:
        """Flush: as for the stream."""
        with suppress(Exception):
            self.flush()
