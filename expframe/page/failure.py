"""The traceback of one run, with its causes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from expframe.page.board import Board
from expframe.page.python_spans import Span
from expframe.page.question import Question
from expframe.process.tracebacks import without_own_frames

_LONGEST = 200_000
"""Characters of a traceback; of a longer one the middle is left out."""

_FILE = re.compile(r'([ |+-]*)File "(.*?)", line (\d+)(.*)')
_RAISED = re.compile(r"[ |]*[A-Za-z_][\w.]*(?:: .*)?$")


def answer(board: Board, question: Question) -> dict[str, Any]:
    """
    Return what a run failed of: type, message, and the traceback as lines of spans.

    Words are `run`, and `whole` for the frames of expframe too.

    Raises:
        RunNotFoundError: There is no such run.
    """
    record = board.run(question.text("run")).record
    failure = record.failure
    if failure is None:
        return {"failure": None}
    text = failure.traceback
    shown = text if question.is_set("whole") else without_own_frames(text, record.cwd)
    if len(shown) > _LONGEST:
        half = _LONGEST // 2
        shown = f"{shown[:half]}\n... {len(shown) - _LONGEST} characters left out ...\n{shown[-half:]}"
    lines = list(_lines(shown.rstrip("\n")))
    found = {"type": failure.type, "message": failure.message[:_LONGEST], "lines": lines}
    return {"failure": found, "is_shortened": shown.rstrip("\n") != text.rstrip("\n")}


def _lines(text: str) -> Iterator[list[Span]]:
    is_inside = False
    for line in text.split("\n"):
        if found := _FILE.match(line):
            is_inside = True
            edge, file, number, rest = found.groups()
            yield [["", f'{edge}File "'], ["file", file], ["", '", line '], ["number", number], ["", rest]]
        elif is_inside and _RAISED.match(line) and not line.startswith("    "):
            is_inside = False
            yield [["error", line]]
        else:
            yield [["", line]] if line else []
