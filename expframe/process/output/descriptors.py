"""File descriptors 1 and 2: what they lead to, and their leading into a pipe and back."""

from __future__ import annotations

import os
import stat
import sys
from contextlib import suppress

_PIPE_SIZE = 1 << 18
_LOWEST = 10
"""File descriptors from here on are none that a program, or a process that it starts, knows by number."""

_QUIET_EXTENSIONS = {"wrapt", "_ruamel_yaml"}  # extension modules of ours that never print


class Redirection:
    """
    A pipe in the place of file descriptors of this process.

    Args:
        fds: The file descriptors, which go to one place.

    Attributes:
        shown: A file descriptor that goes there.
        reading: The end of the pipe that output comes from.
    """

    def __init__(self, fds: list[int]) -> None:
        self._fds = fds
        self._saved: dict[int, int] = {}
        self.shown: int = out_of_the_way(os.dup(fds[0]))
        self.reading: int
        self.reading, self._writing = new_pipe()
        self._identity = identity(self._writing)
        with suppress(ImportError, AttributeError, OSError):
            import fcntl

            fcntl.fcntl(self._writing, fcntl.F_SETPIPE_SZ, _PIPE_SIZE)

    @property
    def is_open(self) -> bool:
        """Whether the pipe is still ours."""
        return self.reading >= 0

    def attach(self) -> None:
        """Lead the file descriptors into the pipe."""
        for fd in self._fds:
            self._saved[fd] = out_of_the_way(os.dup(fd))
            os.dup2(self._writing, fd)

    def detach(self) -> None:
        """Lead the file descriptors back, unless somebody else has replaced them meanwhile."""
        saved, self._saved = self._saved, {}
        for fd, before in saved.items():
            with suppress(OSError):
                if identity(fd) == self._identity:
                    os.dup2(before, fd)
            with suppress(OSError):
                os.close(before)

    def pending(self) -> int:
        """Return how many bytes nobody has read yet."""
        if not self.is_open:
            return 0
        try:
            import fcntl
            import termios

            return int.from_bytes(fcntl.ioctl(self.reading, termios.FIONREAD, bytes(4)), sys.byteorder)
        except (ImportError, OSError):
            return 0

    def take(self, most: int) -> bytes:
        """Return so many bytes at most of what nobody has read yet; empty where there is nothing."""
        os.set_blocking(self.reading, False)
        try:
            return os.read(self.reading, most)
        except BlockingIOError:
            return b""
        finally:
            os.set_blocking(self.reading, True)

    def give_back(self, data: bytes) -> None:
        """Let data be read by somebody else, who has begun to read."""
        while data:
            data = data[os.write(self._writing, data) :]

    def show(self, data: bytes) -> int:
        """Write data where it went, and return how much of it is there; all, where nobody reads it any more."""
        import select

        done = 0
        while done < len(data):
            try:
                done += os.write(self.shown, data[done:])
            except BlockingIOError:
                select.select([], [self.shown], [])
            except BrokenPipeError:
                return len(data)
            except OSError:
                break
        return done

    def stop_writing(self) -> None:
        """Let go of writing into the pipe."""
        if self._writing >= 0:
            os.close(self._writing)
            self._writing = -1

    def is_at_end(self) -> bool:
        """Let go of writing into the pipe, and return whether nobody else may print into it, or has just done so."""
        import select

        self.stop_writing()
        poll = select.poll()
        poll.register(self.reading, select.POLLIN)
        return [event for _, event in poll.poll(0)] == [select.POLLHUP]

    def has_reader(self) -> bool:
        """Return whether somebody may still read what goes on to where it went: False for a pipe closed at its end."""
        import select

        poll = select.poll()
        for fd in {self.shown, *self._saved.values()} - {-1}:
            if stat.S_ISFIFO(os.fstat(fd).st_mode):
                poll.register(fd, 0)
        return not any(event & select.POLLERR for _, event in poll.poll(0))

    def close(self) -> None:
        """Let go of the pipe: it ends when others who print have let go of it too."""
        if self.is_open:
            for fd in (self.reading, self._writing, self.shown):
                with suppress(OSError):
                    os.close(fd)
            self.reading = self._writing = self.shown = -1


def new_pipe() -> tuple[int, int]:
    """Return the ends of a new pipe, for reading and for writing."""
    reading, writing = os.pipe()
    return out_of_the_way(reading), out_of_the_way(writing)


def out_of_the_way(fd: int) -> int:
    """Return the file descriptor, moved where it cannot be taken for one that has a meaning."""
    if fd >= _LOWEST:
        return fd
    try:
        import fcntl
    except ImportError:
        return fd
    moved: int = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, _LOWEST)
    os.close(fd)
    return moved


def identity(fd: int) -> tuple[int, int] | None:
    """Return what two file descriptors of one open file have in common, or None if this one is closed."""
    try:
        status = os.fstat(fd)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def is_same_file() -> bool:
    """Return whether stdout and stderr go to one place, so that their order can be kept."""
    import fcntl

    same = identity(1) == identity(2)
    return same and (os.isatty(1) or fcntl.fcntl(1, fcntl.F_GETFL) == fcntl.fcntl(2, fcntl.F_GETFL))


def has_c_code() -> bool:
    """Return whether an extension module is loaded that may have printed through C."""
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__dict__", {}).get("__file__")
        is_extension = isinstance(file, str) and file.endswith(".so") and "lib-dynload" not in file
        if is_extension and name.partition(".")[0] not in _QUIET_EXTENSIONS:
            return True
    return False


def flush_c(*, load: bool) -> None:
    """Push on what C has buffered for stdout, if ctypes is there; loading it for this takes about 3 ms."""
    if not load and "ctypes" not in sys.modules:
        return
    with suppress(Exception):
        import ctypes

        libc = ctypes.CDLL(None)
        libc.fflush(ctypes.c_void_p.in_dll(libc, "__stdoutp" if sys.platform == "darwin" else "stdout"))
