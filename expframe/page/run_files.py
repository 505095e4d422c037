"""The files of one run: what it saved, and what it used."""

from __future__ import annotations

from typing import Any

from expframe.errors import EscapingPathError
from expframe.page.board import Board
from expframe.page.cells import cell_of
from expframe.page.files import path_of
from expframe.page.question import Question
from expframe.store.reader import StoredRun

_MOST = 1000


def answer(board: Board, question: Question) -> dict[str, Any]:
    """
    Return the files of a run, the newest of each name; at most so many, and how many there are.

    Words are `run`, and `find` for a part of their names.

    Raises:
        RunNotFoundError: There is no such run.
    """
    run = board.run(question.text("run"))
    part = question.text("find").casefold()
    found = {(file.kind, file.name): file for file in run.files if part in file.name.casefold()}
    shown = sorted(found.values(), key=lambda file: file.name.casefold())[:_MOST]
    return {
        "total": len(found),
        "files": [
            {
                "name": file.name,
                "kind": file.kind,
                "size": file.size,
                "saved": cell_of(file.time),
                "digest": file.digest,
                "is_there": _is_there(run, file.name),
            }
            for file in shown
        ],
    }


def _is_there(run: StoredRun, name: str) -> bool:
    try:
        return path_of(run, name).is_file()
    except (EscapingPathError, OSError):
        return False
