"""
The program that copies output as `tee -a` does: what comes in goes into a file, and on to where it went.

What storage refuses waits in memory and is tried again, and what is shown never waits for the file. A process of it is
started for each run, so that it imports as little as can be, and nothing of this package.
"""

from __future__ import annotations

import errno
import os
import stat
import threading
import time

_ANSWERS, _WORDS = 1, 3
"""Its file descriptors for what it answers, DONE, LAST and faults as lines, and for what it is told."""

FIRST: int = 4
"""From here on its file descriptors are pairs: one that output comes from, and one that it goes on to."""

BEGIN, IN_FILE, TELL = b"b", b"f", b"t"
"""What it is told: to begin; before that, how much of what comes is in the file already; to say when the rest is."""

COUNT: int = 8
"""Bytes that the number for each stream has which follows IN_FILE."""

DONE, LAST = b"\0", b"\1"
"""What it says when all that had come is in the file, and at its end."""

_ROOM = 1 << 23
_PIECE = 1 << 18
_READ = 1 << 17
_SMALL, _BREATH = 1 << 15, 0.0005
"""Bytes below which a piece is small, and seconds until the next is read then: many at once are less work."""

_REST = 1 << 20
"""Bytes that are taken at most after nobody reads any more what is shown: who prints then is to hear of it."""

_STUCK = 2.0
"""Seconds that a full backlog waits for a file that is slow; then it counts as one that refuses."""

_LONGEST_PAUSE = 0.5
_PATIENCE = 60.0
"""Seconds for which the rest is tried again after the end of all who print."""

_GAP = "\n[expframe: {} bytes are missing here: storage took nothing, and only some megabytes can wait for it]\n"
_FULL = (errno.ENOSPC, errno.EDQUOT)


class Backlog:
    """
    Bytes that wait for storage, in order. Where too many have come, the middle is given up and said to be.

    Args:
        room: How many bytes may wait: one half of what came first, the other of what came last.

    Attributes:
        lost: How many bytes were given up.
    """

    def __init__(self, room: int) -> None:
        self.lost: int = 0
        self._half = room // 2
        self._head = bytearray()
        self._tail = bytearray()
        self._gap = 0

    def __len__(self) -> int:
        """Return how many bytes wait."""
        return len(self._head) + len(self._tail)

    def has_room(self, count: int) -> bool:
        """Return whether so many bytes more can wait without a loss."""
        if self._tail or self._gap:
            return len(self._tail) + count <= self._half
        return len(self._head) + count <= 2 * self._half

    def add(self, data: bytes) -> None:
        """Let more wait."""
        if not self._tail and not self._gap:
            fitting = max(self._half - len(self._head), 0)
            self._head += data[:fitting]
            data = data[fitting:]
        self._tail += data
        if (excess := len(self._tail) - self._half) > 0:
            del self._tail[:excess]
            self._gap += excess
            self.lost += excess

    def first(self) -> bytes:
        """Return what is to be written next; empty where nothing waits."""
        if not self._head and self._tail:
            if self._gap:
                self._tail[:0] = _GAP.format(self._gap).encode()
            self._head, self._tail, self._gap = self._tail, bytearray(), 0
        return bytes(self._head[:_PIECE])

    def written(self, count: int) -> None:
        """Forget so many bytes of the first."""
        del self._head[:count]


class _File:
    """The file, which is written in a thread of its own, whatever its storage does."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._fd = -1
        self._backlog = Backlog(_ROOM)
        self._news = threading.Condition()
        self._refuses = self._has_ended = self._is_asked = False
        self._thread = threading.Thread(target=self._live, daemon=True)
        self._thread.start()

    def add(self, data: bytes) -> None:
        """Let more be written; a file that is slow is waited for, one that takes nothing is not."""
        with self._news:
            while not self._refuses and not self._backlog.has_room(len(data)):
                if not self._news.wait(_STUCK):
                    self._refuse("takes too long")
            self._backlog.add(data)
            self._news.notify_all()

    def tell(self) -> None:
        """Answer when everything is in the file."""
        with self._news:
            self._is_asked = True
            self._news.notify_all()

    def end(self) -> None:
        """Write the rest."""
        with self._news:
            self._has_ended = True
            self._news.notify_all()
        self._thread.join(_PATIENCE)
        if lost := self._backlog.lost + len(self._backlog):
            _complain(f"{self._path}: {lost} bytes of output are lost")

    def _live(self) -> None:
        pause = 0.01
        self._open_again()
        while data := self._next():
            try:
                if self._fd < 0:
                    self._fd = self._open()  # which says why it cannot be
                done = os.write(self._fd, data)
            except OSError as problem:
                with self._news:
                    self._refuse(problem.strerror or str(problem))
                    self._news.wait_for(lambda: False, pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
                self._open_again()
            else:
                pause = 0.01
                with self._news:
                    self._refuses = False
                    self._backlog.written(done)
                    self._news.notify_all()

    def _next(self) -> bytes:
        """Return what is to be written next, once there is something; empty at the end."""
        with self._news:
            while not (data := self._backlog.first()) and not self._has_ended:
                if self._is_asked:
                    self._is_asked = False
                    _say(DONE)
                self._news.wait()
            return data

    def _refuse(self, reason: str) -> None:
        if not self._refuses:
            self._refuses = True
            _complain(f"{self._path}: {reason}; what was printed is kept in memory and tried again")

    def _open(self) -> int:
        return os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)

    def _open_again(self) -> None:
        """Take the file that has the name now: a fault of the storage may have taken the other one away."""
        try:
            new = self._open()
        except OSError:
            return
        if self._fd >= 0:
            os.close(self._fd)
        self._fd = new


class _Stream:
    """One stream of output, which goes into the file and is shown, in a thread of its own: another one may hang."""

    def __init__(self, number: int, file: _File, in_file: int) -> None:
        self._input = FIRST + 2 * number
        self._shown = self._input + 1
        self._file = file
        self._in_file = in_file
        self._is_shown = True
        self._waiting = Backlog(_ROOM)
        self._has_complained = self._has_lost_reader = False
        self._is_busy = threading.Lock()
        self._thread = threading.Thread(target=self._copy, daemon=True)
        self._thread.start()

    def settle(self) -> None:
        """Wait until what was read is handed on."""
        with self._is_busy:
            pass

    def end(self) -> None:
        """Wait for the end of all who print."""
        self._thread.join()

    def _copy(self) -> None:
        import select

        poll = select.poll()
        poll.register(self._input, select.POLLIN)
        while not self._has_lost_reader:
            if not poll.poll(1000 * _LONGEST_PAUSE if self._waiting else None):
                self._show()
            elif not (count := self._hand_on()):
                break
            elif count < _SMALL:
                _pause(_BREATH)
        taken = 0
        while self._has_lost_reader and taken < _REST and poll.poll(0) and (count := self._hand_on()):
            taken += count
        os.close(self._input)
        end = time.monotonic() + _PATIENCE
        while self._waiting and self._is_shown and time.monotonic() < end:
            _pause(_LONGEST_PAUSE)
            self._show()
        os.close(self._shown)  # who reads what is shown is to see its end

    def _hand_on(self) -> int:
        """Hand on what comes next, and return how many bytes that was; 0 at the end."""
        with self._is_busy:
            data = os.read(self._input, _READ)
            self._file.add(data[self._in_file :])
            self._in_file = max(self._in_file - len(data), 0)
            self._show(data)
        return len(data)

    def _show(self, data: bytes = b"") -> None:
        """Show data after what waits for it, until somebody closes where it is shown."""
        if not self._waiting:
            data = data[self._write(data) :]
        if data:
            self._waiting.add(data)
        while piece := self._waiting.first():
            done = self._write(piece)
            self._waiting.written(done)
            if done < len(piece):
                break

    def _write(self, data: bytes) -> int:
        """Return how much of data is done with: less than all where a disk is full, which is tried again."""
        import select

        done = 0
        while done < len(data) and self._is_shown:
            try:
                done += os.write(self._shown, data[done:])
            except BlockingIOError:
                select.select([], [self._shown], [])
            except OSError as problem:
                self._is_shown = problem.errno in _FULL
                self._has_lost_reader = problem.errno == errno.EPIPE and stat.S_ISFIFO(os.fstat(self._shown).st_mode)
                if problem.errno != errno.EPIPE and not self._has_complained:
                    self._has_complained = True
                    _complain(f"what is printed cannot be shown: {problem.strerror}")
                break
        return done if self._is_shown else len(data)


def _pause(seconds: float) -> None:
    """Wait, by a call that takes no time of day: `time.sleep` raises where a test shifts the clock of a process."""
    import select

    select.select([], [], [], seconds)


def _say(words: bytes) -> None:
    """Say something to the process whose output it is, unless that is gone or does not listen."""
    try:  # noqa: SIM105  `contextlib` takes a fifth of the time in which this program starts
        os.write(_ANSWERS, words)
    except OSError:
        pass


def _complain(text: str) -> None:
    """Say a fault."""
    _say(f"{text}\n".encode(errors="replace"))


def _told(count: int = 1) -> bytes:
    """Return what it is told next, once there is something; empty where nobody tells it any more."""
    import select

    poll = select.poll()
    poll.register(_WORDS, select.POLLIN)
    while True:
        poll.poll()
        try:
            return os.read(_WORDS, count)
        except BlockingIOError:  # it was taken back
            continue


def main(path: str, count: int) -> None:
    """Copy so many streams into a file until all are at their end, from when it is told to begin."""
    in_file = [0] * count
    if (word := _told()) == IN_FILE:
        in_file = [int.from_bytes(_told(COUNT), "big") for _ in in_file]
        word = _told()
    if word != BEGIN:
        os._exit(0)
    os.closerange(FIRST + 2 * count, 256)  # what this process was given by chance is not to stay open with it
    os.set_blocking(_ANSWERS, False)
    file = _File(path)
    streams = [_Stream(number, file, in_file[number]) for number in range(count)]

    def listen() -> None:
        while _told():
            for stream in streams:
                stream.settle()
            file.tell()

    threading.Thread(target=listen, daemon=True).start()
    for stream in streams:
        stream.end()
    file.end()
    _say(LAST)
    os._exit(0)  # nothing is left to be done
