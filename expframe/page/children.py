"""The runs that were started inside one run."""

from __future__ import annotations

from typing import Any

from expframe.errors import ValueFormatError
from expframe.page.board import Board
from expframe.page.cells import cell_of
from expframe.page.question import Question
from expframe.store.rows import moment

_MOST = 200


def answer(board: Board, question: Question) -> dict[str, Any]:
    """
    Return the children of a run, the first ones first: at most so many, and how many there are.

    Words are `run`.

    Raises:
        RunNotFoundError: There is no such run.
    """
    run = board.run(question.text("run"))
    try:
        uid = run.record.uid
    except (ValueFormatError, OSError):  # the head of the run says so
        return {"total": 0, "children": []}
    found = [row for row in board.rows.whole() if row.record and row.record.get("parent") == uid]
    found.sort(key=lambda row: row.order)
    children = []
    for row in found[:_MOST]:
        record = row.record or {}
        facts = {name: cell_of(record.get(name)) for name in ("name", "command", "status")}
        children.append(
            {"id": row.id, **facts, "started": cell_of(moment(record.get("started"))), "duration": row.duration}
        )
    return {"total": len(found), "children": children}
