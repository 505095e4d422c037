"""What has changed in a store since a moment."""

from __future__ import annotations

from typing import Any

from expframe.page.board import Board
from expframe.page.question import Question


def answer(board: Board, question: Question) -> dict[str, Any]:
    """
    Return what has changed since a moment.

    The word is `since`: the `cursor` of the last answer. Without one, or with that of a server that has ended, nothing
    is listed, and `is_new` says that whatever is shown has to be asked for again.
    """
    return since(board, question.text("since"))


def since(board: Board, cursor: str) -> dict[str, Any]:
    """Return what has changed since a cursor."""
    mark, _, number = cursor.rpartition("-")
    is_ours = mark == board.mark and number.isascii() and number.isdigit() and len(number) < 16
    found = board.rows.since(int(number) if is_ours else 0)
    told = {"cursor": f"{board.mark}-{found.cursor}", "changed": found.changed, "gone": found.gone, "is_new": False}
    if not is_ours:  # all that there is would be no news
        told.update(changed=[], gone=[], is_new=bool(mark))
    return told
