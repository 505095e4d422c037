"""
Capture: what a run prints goes on to where it went, and into a file, as it comes. Nothing is held.

    no    nothing is copied
    sys   what is written to sys.stdout and sys.stderr is recorded, also by who took hold of them earlier
    fd    file descriptors 1 and 2 lead into a process that copies as `tee` does: C code and child processes too

A process and not a thread of this one: a thread that reads a pipe waits for the GIL, and C code that prints while it
holds the GIL waits for the pipe.

Runs side by side in threads record in mode `sys`, each what is written in its own context.
"""

from __future__ import annotations

import io
import os
import sys
from _thread import allocate_lock
from contextlib import suppress
from pathlib import Path
from typing import Any

from expframe.errors import OptionError
from expframe.process.output.descriptors import flush_c, has_c_code, identity, is_same_file
from expframe.process.output.file import OutputFile
from expframe.process.output.hooks import Recording
from expframe.process.output.proxies import StreamProxies, stream_proxies, unpassed
from expframe.process.output.streams import TerminalStream, is_plain, is_tty
from expframe.process.output.tee_process import TeeProcess

MODES = ("no", "sys", "fd")


def default_mode(*, command_line: bool, first: bool) -> str:
    """
    Return how output is captured unless somebody says otherwise.

    Args:
        command_line: The run was started by a command line.
        first: It is the first run of this process.
    """
    import builtins

    in_pytest = "_pytest" in sys.modules and "PYTEST_CURRENT_TEST" in os.environ
    in_notebook = hasattr(builtins, "__IPYTHON__")
    return "fd" if command_line and first and os.name == "posix" and not in_pytest and not in_notebook else "sys"


class Capture:
    """
    The copying of one run's output; this base copies nothing.

    Attributes:
        mode: One of MODES, as it came to be.
        fault: What went wrong with the copying, for the caller to say once.
        is_left_running: After `close`: a process that outlives the run still prints, and what it prints is still
            appended, so that the file must not be replaced.
    """

    mode = "no"
    fault: str | None = None
    is_left_running = False

    def __init__(self, owner: Any = None) -> None:
        self._proxies: StreamProxies = stream_proxies()
        self._recording = Recording(owner, None)
        if owner is not None:
            self._proxies.add(self._recording, needs_streams=False)

    def push(self) -> None:
        """
        Push on what Python's own streams hold, so that the file is up to date. Never raises.

        May be called from any thread: streams of the program's own, which may not bear a second one, are left alone.
        """

    def flush(self) -> None:
        """Push on what Python holds, and what streams of the program's own keep: for the thread that prints."""

    def close(self) -> None:
        """Put everything back and wait until the file has it all. Never raises; a second call does nothing."""
        self._proxies.remove(self._recording)

    def hold(self) -> None:
        """Flush, and keep `flush` out until `resume` or `forked`: for the moment before a fork."""

    def resume(self) -> None:
        """Let `flush` work again: for the parent after a fork."""

    def forked(self) -> None:
        """Go on in a forked child: drop what the parent will write, and leave the process that copies to the parent."""

    def _note(self, fault: str) -> None:
        if fault not in (self.fault or ""):
            self.fault = f"{self.fault}; {fault}" if self.fault else fault


class StreamCapture(Capture):
    """Capture of what goes through sys.stdout and sys.stderr."""

    mode = "sys"

    def __init__(self, path: Path, owner: Any) -> None:
        self._is_open = True
        self._flushing = allocate_lock()
        self._proxies = stream_proxies()
        self._file = OutputFile(path, self._note)
        self._recording = Recording(owner, self._file)
        self._start()

    def _start(self) -> None:
        self._file.append(b"")
        self._proxies.add(self._recording)

    def push(self) -> None:
        """Push on what the streams hold, and what storage refused. Never raises."""
        if self._is_open and self._flushing.acquire(blocking=False):
            try:
                self._push()
                self._tend()
            finally:
                self.resume()

    def flush(self) -> None:
        """Push on what all streams hold."""
        self._proxies.settle_all()
        self.push()

    def _push(self) -> None:
        self._proxies.push()

    def _tend(self) -> None:
        """See to it that what storage refused is tried again."""
        self._file.catch_up()

    def close(self) -> None:
        """Put everything back and wait until the file has it all."""
        if self._is_open:
            self._is_open = False
            self._flushing.acquire(timeout=2)
            self._end()
            self.resume()

    def _end(self) -> None:
        self._proxies.remove(self._recording)
        self._file.close()

    def hold(self) -> None:
        """Flush, and keep `flush` out."""
        self._flushing.acquire(timeout=2)  # a slow reader of the output delays a fork, and no more than that
        self._proxies.settle_all()
        self._push()
        self._proxies.flush()  # also what the streams below hold: a child would print it again

    def resume(self) -> None:
        """Let `flush` work again."""
        with suppress(RuntimeError):
            self._flushing.release()

    def forked(self) -> None:
        """Go on in a forked child."""
        self._flushing = allocate_lock()
        self._file.forked()
        if self._is_open:
            self._proxies.forked()


class DescriptorCapture(StreamCapture):
    """Capture of file descriptors 1 and 2, and of a sys.stdout or sys.stderr that does not write there."""

    mode = "fd"

    def _start(self) -> None:
        if os.name != "posix":
            raise OSError("there is no POSIX here")
        standard = {"stdout": 1, "stderr": 2}
        # Where a standard stream was closed when Python started, its number may be any file by now.
        fds = [fd for name, fd in standard.items() if getattr(sys, f"__{name}__") is not None and identity(fd)]
        self._terminals: dict[str, TerminalStream] = {}
        there: list[Any] = [sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__]
        self._own = [stream for stream in there if _number(stream) in fds]
        with suppress(OSError):  # the process that writes it tries again
            os.close(os.open(self._file.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666))
        self._tee = TeeProcess(self._file.path, [fds] if fds == [1, 2] and is_same_file() else [[fd] for fd in fds])
        try:
            self._push_standard(load=False)
            self._cover_terminals()
            self._recording.own = [*self._own, *self._terminals.values()]
            now = (sys.stdout, sys.stderr)
            has_others = any(stream is not None and not self._recording.has_own(stream) for stream in now)
            self._proxies.add(self._recording, needs_streams=has_others)
            self._tee.attach()
        except BaseException:
            self._put_back()
            self._end_tee()
            raise

    def _cover_terminals(self) -> None:
        """Let terminals go on saying that they are."""
        for name in ("stdout", "stderr"):
            below = getattr(sys, name)
            if any(below is own for own in self._own) and is_plain(below) and is_tty(below):
                self._terminals[name] = TerminalStream(below, below.fileno())
                setattr(sys, name, self._terminals[name])

    def _put_back(self) -> None:
        self._proxies.remove(self._recording)
        for name, terminal in self._terminals.items():
            terminal.is_passed = True
            terminal.push()
            setattr(sys, name, unpassed(getattr(sys, name)))
            with suppress(Exception):
                # For those who kept it: nobody flushes it from now on.
                io.TextIOWrapper.reconfigure(terminal, line_buffering=True)

    def _push(self) -> None:
        self._proxies.push()
        for terminal in self._terminals.values():
            terminal.push()
        for stream in self._own:
            with suppress(Exception):
                stream.flush()
        flush_c(load=False)
        self._hear()

    def _hear(self) -> None:
        for fault in self._tee.hear():
            self._note(fault)

    def _tend(self) -> None:
        super()._tend()
        self._tee.tend()

    def _push_standard(self, *, load: bool) -> None:
        """Push on what Python and C hold for the file descriptors."""
        streams: list[Any] = [sys.stdout, sys.stderr, *self._own]
        for stream in streams:
            with suppress(Exception):
                stream.flush()
        flush_c(load=load)

    def _end(self) -> None:
        self._push_standard(load=has_c_code())
        self._put_back()
        self._end_tee()
        self._file.close()

    def _end_tee(self) -> None:
        self.is_left_running: bool
        self.is_left_running = self._tee.end()
        self._hear()
        self._tee.close()

    def forked(self) -> None:
        """Go on in a forked child."""
        super().forked()
        if self._is_open:
            self._tee.disown()


def _number(stream: Any) -> int | None:
    """Return the file descriptor of a stream that Python itself made for one."""
    try:
        return int(stream.fileno()) if isinstance(stream, io.TextIOWrapper) else None
    except (ValueError, OSError):
        return None


def open_capture(mode: str, path: Path, owner: Any = None) -> Capture:
    """
    Start to copy what is printed into the file `path`, at its end.

    Where no process can be started, it is `sys` in place of `fd`, and `fault` says so.

    Args:
        mode: One of MODES.
        path: The file.
        owner: The run whose output it is; None for what all runs print.

    Raises:
        OptionError: There is no such mode.
    """
    if mode not in MODES:
        raise OptionError(f"capture mode {mode!r}", f"there is none; possible are {', '.join(MODES)}.")
    if mode == "no":
        return Capture(owner)
    if mode == "sys":
        return StreamCapture(path, owner)
    try:
        return DescriptorCapture(path, owner)
    except (OSError, AttributeError, NotImplementedError, ImportError) as error:
        capture = StreamCapture(path, owner)
        capture._note(f"Capture mode 'fd' is not possible here, 'sys' is used: {error}.")
        return capture
