"""What one run has come to: its result, its info, and what the points of its metrics come to."""

from __future__ import annotations

import re
from typing import Any

from expframe.page.board import Board
from expframe.page.cells import cell_of
from expframe.page.question import Question
from expframe.store.search.differences import leaves

_STATISTICS = ("count", "first", "last", "last_step", "min", "min_step", "max", "max_step", "mean")
_LONGEST = 4000
_MOST = 2000


def answer(board: Board, question: Question) -> dict[str, Any]:
    """
    Return result, info and metrics of a run; of each at most so many entries, and how many there are in all.

    Words are `run`, and `find` for a part of the names of metrics.

    Raises:
        RunNotFoundError: There is no such run.
        ValueFormatError: A file is damaged.
    """
    run = board.run(question.text("run"))
    part = question.text("find").casefold()
    summaries = {name: summary for name, summary in run.summaries.items() if part in name.casefold()}
    names = sorted(summaries, key=_natural)
    return {
        "result": _entries(run.record.result),
        "info": _entries(run.info),
        "total": len(names),
        "metrics": [
            {"name": name, **{of: cell_of(getattr(summaries[name], of)) for of in _STATISTICS}}
            for name in names[:_MOST]
        ],
    }


def _entries(value: Any) -> list[list[Any]]:
    return [[name, cell_of(leaf, _LONGEST)] for name, leaf in list(leaves(value).items())[:_MOST]]


def _natural(name: str) -> list[tuple[int, int | str]]:
    """Return what sorts names as people would: layer 2 before layer 10."""
    parts = re.split(r"(\d+)", name.casefold())
    return [(0, int(part)) if part.isdecimal() else (1, part) for part in parts]
