"""
Proxies of sys.stdout and sys.stderr while runs record their output, and whose output a piece of text is.

Each stream that was there gets one proxy, over which all runs of the process record; a piece belongs to the run of
the context that writes it, and to those around that one. A thread without a run of its own writes for the deepest one
of the process; where runs go on side by side, for those around all of them, and for none if there are none.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import Any, Final

from expframe.errors import UnrelatedRunsError
from expframe.process import context, locks
from expframe.process.output.buffers import BufferProxy, RawProxy
from expframe.process.output.hooks import Recording, Reentry, StreamHook, renewed
from expframe.process.output.streams import Stream

_BUFFER_SIZE = 1 << 16
_NAMES = ("stdout", "stderr")
_write = io.TextIOWrapper.write


class StreamProxy(Stream):
    """
    The proxy of a stream, over which runs record: as promptly as that one.

    It is as fast as any stream while only one run goes on; where there are several, each piece is looked at.
    """

    def __init__(self, below: Any, proxies: StreamProxies) -> None:
        self.hook: Final = StreamHook(below, proxies.reentry)
        encoding = getattr(below, "encoding", None) or "utf-8"
        errors = getattr(below, "errors", None) or "surrogatepass"
        self.raw_proxy: Final = RawProxy(self.hook, proxies.reentry, proxies, encoding, errors)
        self._proxies = proxies
        self._lock = locks.reentrant_lock()
        self._recordings_of: dict[Any, tuple[Recording, ...]] = {}
        self._last: Any = None  # the run that wrote last, where it is known whose output that is
        if self.raw_proxy.target is None:
            buffer: Any = self.raw_proxy
            options: dict[str, Any] = {"write_through": True}
        else:
            buffer = io.BufferedWriter(self.raw_proxy, _BUFFER_SIZE)
            # A stream that writes every scrap at once becomes one that writes every line at once: half the work.
            options = {"line_buffering": below.line_buffering or below.write_through}
        super().__init__(below, buffer, encoding=encoding, errors=errors, **options)
        self._bytes = BufferProxy(self, buffer)

    @property
    def buffer(self) -> Any:
        """Takes bytes."""
        return self._bytes

    def serve(self, recordings: Sequence[Recording]) -> None:
        """Record for these from now on."""
        mine = tuple(recording for recording in recordings if self.hook in recording.hooks)
        with self._lock:
            self.push()
            self.raw_proxy.end_line()
            self._recordings_of, self._last = {}, None
            self.raw_proxy.recordings = mine
        is_shared = len(recordings) > 1 or any(recording.file is None for recording in recordings)
        if is_shared:
            vars(self)["write"] = self._write_shared
        else:
            vars(self).pop("write", None)

    def recordings_here(self) -> tuple[Recording, ...]:
        """Return who records what is written in this context."""
        if "write" not in vars(self):
            return self.raw_proxy.recordings
        run = _run_here()
        found = self._recordings_of.get(run)
        if found is None:
            around = context.chain(run)
            found = tuple(
                recording
                for recording in self._proxies.recordings
                if self.hook in recording.hooks and (recording.owner is None or recording.owner in around)
            )
            self._recordings_of[run] = found
        return found

    def push(self) -> None:
        """Hand on what this stream holds. Never raises."""
        with suppress(Exception), self._held():
            io.TextIOWrapper.flush(self)

    def flush(self) -> None:
        """Hand on what this stream and those below hold."""
        with self._held():
            io.TextIOWrapper.flush(self)
        if not getattr(self.below, "closed", False):
            self._flush_below()

    def _held(self) -> AbstractContextManager[object]:
        """Keep others from writing while what is held is on its way: it would be recorded as theirs."""
        return nullcontext() if self.raw_proxy.target is None else self._lock  # one without a buffer holds nothing

    def _write_shared(self, text: str) -> int:
        with self._lock:
            run = context.in_context()
            if run is None or run is not self._last:
                self._turn(run)
            return _write(self, text)

    def write_bytes(self, buffer: Any, data: Any) -> int:
        """Write bytes into the buffer of this stream."""
        if "write" not in vars(self):
            return int(buffer.write(data))
        with self._lock:
            self._turn(context.in_context())
            return int(buffer.write(data))

    def _turn(self, run: Any) -> None:
        """Let what follows be recorded by whose output it is."""
        self._last = run
        recordings = self.recordings_here()
        if recordings is not self.raw_proxy.recordings:
            io.TextIOWrapper.flush(self)
            self.raw_proxy.recordings = recordings

    def _flush_below(self) -> None:
        self._proxies.settle(self.hook)
        if not self.hook.is_plain:
            self.raw_proxy.flush_below()


class StreamProxies:
    """The proxies of this process, and the runs that record over them."""

    def __init__(self) -> None:
        self.reentry: Final = Reentry()
        self.recordings: tuple[Recording, ...] = ()
        self._streams: list[StreamProxy] = []
        self._lock = locks.reentrant_lock()
        self._pid = os.getpid()

    def add(self, recording: Recording, *, needs_streams: bool = True) -> None:
        """Let somebody record from now on; where nobody does, one without a file needs no proxies."""
        with self._lock:
            for stream in (sys.stdout, sys.stderr):
                with suppress(Exception):
                    stream.flush()
            if needs_streams:
                self._cover()
                recording.hooks = [proxy.hook for proxy in self._streams]
            self._serve((*self.recordings, recording))

    def remove(self, recording: Recording) -> None:
        """Let him record no more, and put back what was there where nobody else needs a proxy."""
        with self._lock:
            for name in _NAMES:
                with suppress(Exception):
                    getattr(sys, name).flush()  # others above ours may hold what was printed meanwhile
            self.push()
            self.settle_all(last=True)
            self._serve(tuple(other for other in self.recordings if other is not recording))
            needed = {id(hook) for other in self.recordings for hook in other.hooks}
            passed = [proxy for proxy in self._streams if id(proxy.hook) not in needed]
            self._streams = [proxy for proxy in self._streams if id(proxy.hook) in needed]
            self._uncover(passed)

    def push(self) -> None:
        """Hand on what the proxies hold. Never raises."""
        for proxy in self._streams:
            proxy.push()

    def settle_all(self, *, last: bool = False) -> None:
        """Let streams below show what they keep, where that tells who records it. Never raises."""
        for proxy in self._streams:
            with suppress(Exception):
                proxy.raw_proxy.settle(last=last)

    def flush(self) -> None:
        """Hand on what they and the streams below hold. Never raises."""
        for proxy in self._streams:
            with suppress(Exception):
                proxy.flush()

    def prepare(self, hook: StreamHook) -> None:
        """Hand on what came before a piece that goes through this hook."""
        for proxy in self._streams:  # in one direction: two threads that push each other's would wait for each other
            if proxy.hook is hook and hook.is_plain:
                break
            proxy.push()
        with suppress(Exception):
            self.settle(hook)

    def settle(self, hook: StreamHook) -> None:
        """Let leave what was written past the proxy."""
        hooks = [hook] if hook.is_plain else [proxy.hook for proxy in self._streams if proxy.hook.is_plain]
        for each in hooks:
            if not getattr(each.below, "closed", False):
                each.flush()

    def _cover(self) -> None:
        """Let a proxy lie over each stream that a program may print to."""
        for name in _NAMES:
            below = unpassed(getattr(sys, name))
            if below is not None:
                setattr(sys, name, self._over(below))
        for name in _NAMES:
            below = getattr(sys, f"__{name}__")
            if below is not None and getattr(below, "write", None) is not None:
                self._over(below)

    def _over(self, below: Any) -> StreamProxy:
        for proxy in self._streams:
            if below is proxy or below is proxy.below:
                return proxy
        proxy = StreamProxy(below, self)
        with suppress(Exception):
            proxy.hook.flush()  # what it holds was written before anybody recorded it
        proxy.hook.open(proxy)
        self._streams.append(proxy)
        return proxy

    def _uncover(self, passed: Sequence[StreamProxy]) -> None:
        for proxy in passed:
            proxy.is_passed = True
        for name in _NAMES:
            if any(getattr(sys, name) is proxy for proxy in passed):
                setattr(sys, name, unpassed(getattr(sys, name)))
        for proxy in reversed(passed):
            with suppress(Exception):
                proxy.flush()
                # For those who kept it: nobody flushes it from now on.
                io.TextIOWrapper.reconfigure(proxy, line_buffering=True)
            proxy.hook.close()

    def _serve(self, recordings: tuple[Recording, ...]) -> None:
        self.recordings = recordings
        for proxy in self._streams:
            proxy.serve(recordings)

    def forked(self) -> None:
        """Give a forked child streams that share no lock and no content with those of its parent."""
        if self._pid == os.getpid():
            return
        self._pid = os.getpid()
        new: dict[int, StreamProxy] = {}
        for old in self._streams:
            new[id(old)] = new[id(old.hook)] = proxy = StreamProxy(renewed(old.below), self)
            proxy.replaced = old  # what lets go of it would flush it
            proxy.hook.open(proxy)
            old.hook.above = proxy
        for name in _NAMES:
            stream = getattr(sys, name)
            setattr(sys, name, new.get(id(stream)) or renewed(stream))
        olds, self._streams = self._streams, [new[id(old)] for old in self._streams]
        for recording in self.recordings:
            recording.hooks = [new[id(hook)].hook for hook in recording.hooks]
            recording.own = [*recording.own, *(new[id(old)].below for old in olds if recording.has_own(old.below))]
        self._serve(self.recordings)


def unpassed(stream: Any) -> Any:
    """Return what is below streams whose time is over."""
    while isinstance(stream, Stream) and stream.is_passed:
        stream = stream.below
    return stream


def _run_here() -> Any:
    """Return the run of this context; where it is not clear, the one around all that go on, or None."""
    run = context.in_context()
    if run is not None:
        return run
    try:
        return context.deepest_of_process()
    except UnrelatedRunsError:
        chains = [context.chain(run) for run in context.active()]
        return next((run for run in chains[0] if all(run in chain for chain in chains)), None)


def stream_proxies() -> StreamProxies:
    """Return the proxies of this process."""
    found: StreamProxies = context.one_per_process(StreamProxies)
    return found
