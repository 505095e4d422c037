"""The process of `tee` that copies what is written to file descriptors 1 and 2, as this process sees it."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from expframe.process.output import tee
from expframe.process.output.descriptors import Redirection, new_pipe

_PATIENCE = 2.0
"""
Seconds without progress after which it is left to end by itself.

Only those count that are slept between two looks: where the machine stands still, nobody has been waited for.
"""

_SETTLED = 0.05
"""Seconds that it must have waited for output: a child that is being started still closes its copy of the pipe."""

_MOST_STARTS = 10
_LONG_LIFE = 5.0
"""Seconds after which its end is not counted: only where it is ended again and again it is given up."""

_PAUSE = 0.2
"""Seconds between two starts at least, where something ends it again and again."""

_GIVEN_UP = b"no process that copies output can be kept alive: what this process prints is not recorded from here on\n"

_SHELL = "/bin/sh"
_IN_BACKGROUND = '"$@" &'

_BY_TEE = 'exec tee -a "$0" <&3 2>/dev/null'

_PROGRAM = "import sys; sys.path.append(sys.argv[1]); from tee import main; main(sys.argv[2], int(sys.argv[3]))"
"""Imports the file by itself, and so from Python's cache, without this package."""


class TeeProcess:
    """
    Copies file descriptors of this process into a file and on to where they went.

    The pipes that lead into it are ours: when somebody ends it, another one takes its place and nobody who prints
    hears of it. What it has not begun with at the end is copied by this process, which need not wait for its start.
    Where none can be kept alive, this process copies what others print, and is not recorded itself any more; at the
    end the `tee` of the system takes over from it.

    Args:
        path: The file.
        groups: The file descriptors; those that go to one place together.

    Raises:
        OSError: It cannot be started.
    """

    def __init__(self, path: Path, groups: Sequence[list[int]]) -> None:
        self._path = path
        self._is_ours = True
        self._has_ended = True
        self._starts = 0
        self._is_given_up = False
        self._child = 0
        self._started = 0.0
        self._words = self._told = self._answers = -1
        self._faults = b""
        self._is_done = False
        self._redirections: list[Redirection] = []
        self._copied: list[Redirection] = []
        try:
            for group in groups:
                self._redirections.append(Redirection(group))
            if groups:
                self._start()
        except BaseException:
            self.close()
            raise

    def _start(self, words: bytes = tee.BEGIN) -> None:
        """Start one, and tell it the words."""
        if not can_start():
            raise OSError("no Python is known that could be started")
        self._hang_up()
        self._starts += 1
        self._started = time.monotonic()
        self._told, self._words = new_pipe()
        os.set_blocking(self._told, False)
        os.write(self._words, words)
        self._answers, answers = new_pipe()
        os.set_blocking(self._answers, False)
        self._copied = [redirection for redirection in self._redirections if redirection.is_open]
        pairs = [fd for each in self._copied for fd in (each.reading, each.shown)]
        folder, count = os.path.dirname(tee.__file__), str(len(self._copied))
        command = [sys.executable, *_flags(), "-c", _PROGRAM, folder, os.path.abspath(self._path), count]
        try:
            self._child = _spawn(command, [self._told, answers, answers, self._told, *pairs])
            self._has_ended = False
        finally:
            os.close(answers)

    def attach(self) -> None:
        """Lead the file descriptors into it."""
        for redirection in self._redirections:
            redirection.attach()

    def detach(self) -> None:
        """Lead the file descriptors back."""
        for redirection in self._redirections:
            redirection.detach()

    def hear(self) -> list[str]:
        """Return what it complains of since the last time, and take out what nobody reads any more."""
        self._drop_unread()
        self._listen()
        lines, _, self._faults = self._faults.rpartition(b"\n")
        return lines.decode(errors="replace").splitlines()

    def _drop_unread(self) -> None:
        """Let whatever prints hear from now on that nobody reads it any more, as it would without us."""
        with suppress(OSError):
            for redirection in self._redirections:
                if not redirection.has_reader():
                    redirection.detach()
                    redirection.close()

    def tend(self) -> None:
        """Start another one where it has ended; to be called again and again, by the process that made it."""
        if time.monotonic() > self._started + _PAUSE:
            self._replace_ended()

    def _replace_ended(self) -> None:
        self._listen()
        if not self._is_ours or not self._has_ended:
            return
        self._drop_unread()
        if not any(redirection.is_open for redirection in self._redirections):
            return
        if self._starts < _MOST_STARTS:
            try:
                self._start()
                return
            except OSError:  # it is tried again
                pass
        elif not self._is_given_up:
            self._is_given_up = True
            self.detach()
            self._faults += _GIVEN_UP
        for redirection in self._redirections:
            if redirection.is_open:
                self._copy_here(redirection)

    def _copy_here(self, redirection: Redirection) -> None:
        """Copy what is there now; what storage refuses is shown all the same."""
        _, rest = self._copy(redirection)
        redirection.show(rest)

    def end(self) -> bool:
        """Lead all back, wait until everything is in the file, and return whether it goes on for others who print."""
        self.detach()
        if self._is_ours and self._takes_back() and self._copies_rest():
            self._dismiss()
            return False
        least, waited, pause = self._pending(), 0.0, 0.0001
        is_asked, idle = False, 0.0
        self._is_done = False
        while self._is_ours and waited < _PATIENCE:
            self._listen()
            if not is_asked:
                self._replace_ended()
            if self._has_ended:
                break
            if (pending := self._pending()) < least:
                least, waited = pending, 0.0
            if not pending and not is_asked:
                is_asked = True
                for redirection in self._redirections:
                    redirection.stop_writing()
                with suppress(OSError):
                    os.write(self._words, tee.TELL)
            if self._is_done:
                if idle > _SETTLED:  # it waits for somebody else
                    break
                idle += pause
            time.sleep(pause)
            waited += pause
            pause = min(pause * 1.2, 0.01)  # it may still be starting: not much more than that is waited for
        return self._is_ours and (not self._has_ended or self._leave_rest())

    def _leave_rest(self) -> bool:
        """Leave what others still print to the system's `tee`, since ours is not alive; return whether they may."""
        return any([self._leave(redirection) for redirection in self._redirections if redirection.is_open])

    def _leave(self, redirection: Redirection) -> bool:
        if not redirection.has_reader():  # whoever prints hears of it, as without us
            return False
        self._copy_here(redirection)
        if redirection.is_at_end():
            return False
        try:
            fds = [redirection.reading, redirection.shown, redirection.shown, redirection.reading]
            _spawn([_SHELL, "-c", _BY_TEE, os.path.abspath(self._path)], fds)
        except OSError:
            return False
        return True

    def _takes_back(self) -> bool:
        """Return whether none has begun, and one that starts waits from now on until it is told to begin again."""
        self._listen()
        if self._has_ended:
            self._copied = [redirection for redirection in self._redirections if redirection.is_open]
            return True
        try:
            return os.read(self._told, 1) == tee.BEGIN
        except OSError:
            return False

    def _copies_rest(self) -> bool:
        """Copy what was printed, and return whether that is all; what else comes, one that begins is told to copy."""
        in_file, to_give_back = [0] * len(self._copied), [b""] * len(self._copied)
        for number, redirection in enumerate(self._copied):
            in_file[number], to_give_back[number] = self._copy(redirection)
        is_all = not any(to_give_back) and all([each.is_at_end() for each in self._copied if each.is_open])
        if is_all:
            return True
        words = tee.IN_FILE + b"".join(count.to_bytes(tee.COUNT, "big") for count in in_file) + tee.BEGIN
        try:
            if self._has_ended:
                self._start(words)
            else:
                os.write(self._words, words)
        except OSError:  # nobody is there to take it
            for redirection, data in zip(self._copied, to_give_back, strict=True):
                redirection.show(data)
        else:
            for redirection, data in zip(self._copied, to_give_back, strict=True):
                redirection.give_back(data)
        return False

    def _copy(self, redirection: Redirection) -> tuple[int, bytes]:
        """
        Copy what is there now, and no more: somebody may print without a pause.

        Returns:
            What was taken and could not be shown or stored, after how many bytes of it are in the file.
        """
        left = redirection.pending()
        while left and (data := redirection.take(left)):
            left -= len(data)
            stored = self._store(data)
            if (shown := redirection.show(data[:stored])) < len(data):
                return stored - shown, data[shown:]
        return 0, b""

    def _store(self, data: bytes) -> int:
        """Write data into the file, and return how much of it storage took."""
        try:
            fd = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
        except OSError:
            return 0
        try:
            return os.write(fd, data)
        except OSError:
            return 0
        finally:
            os.close(fd)

    def close(self) -> None:
        """Hear no more."""
        for redirection in self._redirections:
            redirection.close()
        self._hang_up()

    def disown(self) -> None:
        """Leave it to the parent of this process: in a forked child."""
        self._is_ours = False
        self.close()

    def _hang_up(self) -> None:
        for fd in (self._words, self._told, self._answers):
            with suppress(OSError):
                os.close(fd)
        self._words = self._told = self._answers = -1

    def _dismiss(self) -> None:
        """Do not wait for the start of one that is a child and has nothing to do."""
        if self._child:
            with suppress(ProcessLookupError):
                os.kill(self._child, signal.SIGKILL)
            self._reap()

    def _reap(self) -> None:
        """Leave nothing of one that has ended, where it is a child."""
        child, self._child = self._child, 0
        if child:
            with suppress(ChildProcessError):  # somebody else waited for it
                os.waitpid(child, 0)

    def _pending(self) -> int:
        return sum(redirection.pending() for redirection in self._redirections)

    def _listen(self) -> None:
        with suppress(OSError):
            while not self._has_ended:
                heard = os.read(self._answers, 4096)
                self._is_done |= tee.DONE in heard
                self._has_ended = not heard or tee.LAST in heard
                self._faults += heard.translate(None, tee.DONE + tee.LAST)
                if self._has_ended:
                    self._reap()
                    if time.monotonic() > self._started + _LONG_LIFE:
                        self._starts = 0
                if not heard:
                    self._faults += b"the process that copies output was ended, and what it had just taken is lost\n"


def can_start() -> bool:
    """Return whether a Python can be started: a program that was made of one starts itself instead."""
    name = os.path.basename(sys.executable or "")
    is_python = name.startswith(("python", "pypy")) and not hasattr(sys, "frozen")
    return is_python and os.access(sys.executable, os.X_OK) and os.path.isfile(tee.__file__)


def _flags() -> list[str]:
    """Return what Python is started with: as little as can be, and its cache is where this one has it, if anywhere."""
    flags = ["-s", "-S", "-P"]
    if sys.dont_write_bytecode:
        flags.append("-B")
    if sys.pycache_prefix:
        flags += ["-X", f"pycache_prefix={sys.pycache_prefix}"]
    return flags


def _spawn(words: list[str], fds: list[int]) -> int:
    """
    Start a process that is no child of this one: a program that waits for all of its children would wait for ever.

    It is a child all the same where there is no shell, where a shell would take away where libraries are (macOS), and
    where this process is given all orphans, as process 1 of a container is.

    It is in a session of its own, so that Ctrl-C leaves it alone, and deaf to what asks a whole job to end: it ends
    when nobody can print any more.

    Args:
        words: Its command.
        fds: What its file descriptors 0, 1, 2, ... are.

    Returns:
        Its process id where it is a child that is to be waited for, else 0.

    Raises:
        OSError: It cannot be started.
    """
    how: dict[str, Any] = {
        "file_actions": [(os.POSIX_SPAWN_DUP2, fd, number) for number, fd in enumerate(fds)],
        "setsigmask": (signal.SIGINT, signal.SIGTERM, signal.SIGHUP),
    }
    environment = {name: text for name, text in os.environ.items() if name[:6] != "PYTHON" or name == "PYTHONHOME"}
    is_child = not os.path.exists(_SHELL) or any(name[:5] == "DYLD_" for name in environment)
    if not is_child:
        words = [_SHELL, "-c", _IN_BACKGROUND, "sh", *words]  # which gives it another standard input
    try:
        pid = os.posix_spawn(words[0], words, environment, setsid=True, **how)
    except NotImplementedError:  # the C library cannot begin a session for it
        pid = os.posix_spawn(words[0], words, environment, setpgroup=0, **how)
    if is_child:
        return pid
    with suppress(ChildProcessError):  # somebody else waited for it
        if status := os.waitpid(pid, 0)[1]:  # as where there are too many processes
            raise OSError(f"no process can be started ({_SHELL}: status {os.waitstatus_to_exitcode(status)})")
    return 0
