"""A text looked for in what one run printed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO, Any, NamedTuple

from expframe.errors import QuestionError
from expframe.page.board import Board
from expframe.page.files import open_output
from expframe.page.question import Question
from expframe.process.terminal import collapse

_PIECE = 1 << 20
_BOUND = 1 << 25
"""Bytes that one question looks at."""
_MOST = 200
_BEFORE, _AROUND = 60, 300
"""Characters that are shown of a line before what was found, and in all."""

_COLOUR = re.compile(rb"\x1b\[[0-9;:]{0,64}m")


class _Line(NamedTuple):
    at: int
    text: str


def answer(board: Board, question: Question) -> dict[str, Any]:
    """
    Return the lines that a text is in, as a terminal shows them, whatever the case of its letters.

    Words are `run`, `find`, and `from`: the byte that an earlier answer had come `to`.

    Raises:
        RunNotFoundError: There is no such run.
        QuestionError: There is nothing to look for.
    """
    run = board.run(question.text("run"))
    wanted = question.text("find").casefold()
    if not wanted:
        raise QuestionError("find=", "is empty. Give a text to look for.")
    start = place = question.whole("from", 0)
    found: list[_Line] = []
    try:
        file = open_output(run)
    except FileNotFoundError:
        return {"found": [], "to": 0, "size": 0}
    with file:
        size = file.seek(0, 2)
        while place < size and place - start < _BOUND and len(found) < _MOST:
            place, lines = _look(file, place, wanted, _MOST - len(found))
            found += lines
    return {"found": [line._asdict() for line in found], "to": place, "size": size}


def _look(file: IO[bytes], place: int, wanted: str, most: int) -> tuple[int, list[_Line]]:
    """Look at some lines from a byte on; return the byte after them, and those that have the text."""
    file.seek(place)
    data = file.read(_PIECE)
    data += file.readline(_PIECE)
    if not _may_have(data, wanted):
        return place + len(data), []
    found = []
    for begin, line in _lines(data):
        shown = collapse(line.decode("utf-8", "replace"))
        where = shown.casefold().find(wanted)
        if where >= 0:
            found.append(_Line(place + begin, _around(shown, where)))
        if len(found) == most:
            return place + begin + len(line) + 1, found
    return place + len(data), found


def _may_have(data: bytes, wanted: str) -> bool:
    """Return whether a text can be in some lines; of letters that are ASCII all cases are found among the bytes."""
    plain = _COLOUR.sub(b"", data) if b"\x1b" in data else data
    if wanted.isascii():
        return wanted.encode() in plain.lower()
    return wanted in plain.decode("utf-8", "replace").casefold()


def _lines(data: bytes) -> Iterator[tuple[int, bytes]]:
    begin = 0
    for line in data.split(b"\n"):
        yield begin, line
        begin += len(line) + 1


def _around(text: str, where: int) -> str:
    begin = max(0, where - _BEFORE) if len(text) > _AROUND else 0
    return f"{'...' if begin else ''}{text[begin : begin + _AROUND]}"
