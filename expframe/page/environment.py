"""Where one run happened: the machine, and the packages."""

from __future__ import annotations

from typing import Any

from expframe.page.board import Board
from expframe.page.cells import cell_of
from expframe.page.question import Question
from expframe.store.search.differences import leaves

_LONGEST = 2000
_MOST = 5000


def answer(board: Board, question: Question) -> dict[str, Any]:
    """
    Return what is known of the machine and the packages of a run, and of what it was started with.

    Words are `run`.

    Raises:
        RunNotFoundError: There is no such run.
    """
    record = board.run(question.text("run")).record
    start = {
        "working directory": record.cwd,
        "output captured": record.capture,
        **{f"options.{name}": value for name, value in record.options.items()},
    }
    return {
        "host": _entries(leaves(record.host)),
        "packages": _entries(dict(record.packages)),
        "start": _entries(start),
    }


def _entries(facts: dict[str, Any]) -> list[list[Any]]:
    there = [(name, value) for name, value in facts.items() if value not in (None, "", (), [], {})]
    return [[name, cell_of(value, _LONGEST)] for name, value in there[:_MOST]]
