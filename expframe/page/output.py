"""What one run printed, a page at a time, and what it goes on to print."""

from __future__ import annotations

import os
import re
from typing import IO, Any, NamedTuple

from expframe.errors import ExpframeError
from expframe.page.board import Board
from expframe.page.files import open_output
from expframe.page.python_spans import Span
from expframe.page.question import Question
from expframe.page.terminal_spans import terminal_lines
from expframe.record.record import Status
from expframe.store.reader import StoredRun

_PIECE = 1 << 17
_MOST = 1 << 20
"""Bytes that are read for one page: more than a piece where progress bars leave little of it."""
_LINES = 300
_LONGEST = 5000
"""Characters that are shown of a line."""

_MOVE = re.compile(rb"\n|\x1b\[(\d{0,4})[AF]")


class _Part(NamedTuple):
    """
    A part of the output.

    Attributes:
        begin: Its first byte.
        end: The byte after what nothing can change any more.
        lines: What is there up to the end.
        open: The lines after it: the last one may go on, and a progress bar moves.
    """

    begin: int
    end: int
    lines: list[list[Span]]
    open: list[list[Span]]


def answer(board: Board, question: Question) -> dict[str, Any]:
    """
    Return lines of what a run printed: the last ones, or those `from` a byte, `before` one, or around one (`at`).

    `file` is what an earlier answer said of the file: where it is another one by now (a run tidies its output when it
    ends), the last lines are returned, and `is_new` says so.

    Raises:
        RunNotFoundError: There is no such run.
    """
    run = board.run(question.text("run"))
    is_running = _is_running(run)  # asked first, so that what is printed last is seen
    try:
        file = open_output(run)
    except FileNotFoundError:
        return {"size": 0, "from": 0, "to": 0, "lines": [], "open": [], "is_running": is_running, "file": ""}
    with file:
        about = os.fstat(file.fileno())
        name, size = f"{about.st_dev}-{about.st_ino}", about.st_size
        is_new = question.text("file") not in ("", name) or question.whole("from", 0) > size
        part = _asked(file, size, Question() if is_new else question)
    return {
        "size": size,
        "from": part.begin,
        "to": part.end,
        "lines": [_cut(line) for line in part.lines],
        "open": [_cut(line) for line in part.open],
        "file": name,
        "is_new": is_new,
        "is_running": is_running,
    }


def _is_running(run: StoredRun) -> bool:
    try:
        return run.record.status == Status.RUNNING
    except (ExpframeError, OSError):
        return False


def _asked(file: IO[bytes], size: int, question: Question) -> _Part:
    if question.text("from"):
        return _after(file, question.whole("from", 0), size)
    if question.text("at"):
        return _after(file, _line_start(file, min(question.whole("at", 0), size)), size)
    return _before(file, min(question.whole("before", size), size), size)


def _after(file: IO[bytes], begin: int, size: int) -> _Part:
    """Return what follows a byte."""
    file.seek(begin)
    data = file.read(_PIECE)
    settled = _settled(data) or (len(data) if begin + len(data) < size else 0)
    return _part(begin, data, settled, is_end=begin + len(data) >= size)


def _before(file: IO[bytes], end: int, size: int) -> _Part:
    """Return the lines before a byte: more bytes for progress bars, which leave few lines."""
    wanted = _PIECE
    while True:
        begin = max(0, end - wanted)
        file.seek(begin)
        data = file.read(end - begin)
        skipped = _first_start(data) if begin else 0
        part = _part(begin + skipped, data[skipped:], _settled(data[skipped:]) if end == size else None, end == size)
        if not begin or wanted >= _MOST or len(part.lines) + len(part.open) >= _LINES:
            return part
        wanted = min(4 * wanted, _MOST)


def _part(begin: int, data: bytes, settled: int | None, is_end: bool) -> _Part:
    settled = len(data) if settled is None else settled
    return _Part(begin, begin + settled, _lines(data[:settled]), _lines(data[settled:]) if is_end else [])


def _lines(data: bytes) -> list[list[Span]]:
    return terminal_lines(data.removesuffix(b"\n").decode("utf-8", "replace")) if data else []


def _first_start(data: bytes) -> int:
    """Return where the first whole line begins; in a single one, where a progress bar is drawn anew."""
    return data.find(b"\n") + 1 or data.find(b"\r") + 1


def _settled(data: bytes) -> int:
    """Return how much of the output nothing can change: up to a line that no cursor goes up from."""
    settled, rows, row = 0, [], 0
    for move in _MOVE.finditer(data):
        row += 1 if move[0] == b"\n" else -int(move[1] or 1)
        rows.append((move.end() if move[0] == b"\n" else None, row))
    lowest = row
    for end, row in reversed(rows):
        if end is not None and row <= lowest:
            settled = end
            break
        lowest = min(lowest, row)
    if len(data) - settled > _PIECE:  # a progress bar of hours: older states of it say nothing
        settled = data.find(b"\r", len(data) - _PIECE) + 1 or settled
    return settled


def _line_start(file: IO[bytes], place: int) -> int:
    begin = max(0, place - _PIECE)
    file.seek(begin)
    return begin + file.read(place - begin).rfind(b"\n") + 1


def _cut(line: list[Span]) -> list[Span]:
    """Return a line of which no more is shown than a person reads."""
    found, left = [], _LONGEST
    for kind, text in line:
        if left <= 0:
            break
        found.append([kind, text[:left]])
        left -= len(text)
    missing = sum(len(text) for _, text in line) - _LONGEST
    return [*found, ["faint", f" ... {missing} characters more"]] if missing > 0 else found
