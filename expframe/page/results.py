"""What one run has come to: its result, its info, and what the points of its metrics come to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from expframe.errors import ExpframeError
from expframe.page.board import Board
from expframe.page.cells import cell_of
from expframe.page.names import natural_order
from expframe.page.question import Question
from expframe.record.summaries import Summary
from expframe.store.search.differences import leaves

T = TypeVar("T")

_STATISTICS = ("count", "first", "last", "last_step", "min", "min_step", "max", "max_step", "mean")
_LONGEST = 4000
_MOST = 2000


def answer(board: Board, question: Question) -> dict[str, Any]:
    """
    Return result, info and metrics of a run; of each at most so many entries, and how many there are in all.

    What is damaged is missing, and `problems` says so; the head says it of the record, which has the result.

    Words are `run`, and `find` for a part of the names of metrics.

    Raises:
        RunNotFoundError: There is no such run.
    """
    run = board.run(question.text("run"))
    part = question.text("find").casefold()
    problems: list[str] = []
    result = _read(lambda: run.record.result, None, [])
    info: Mapping[str, Any] = _read(lambda: run.info, {}, problems)
    known: Mapping[str, Summary] = _read(lambda: run.summaries, {}, problems)
    summaries = {name: summary for name, summary in known.items() if part in name.casefold()}
    names = sorted(summaries, key=natural_order)
    return {
        "result": _entries(result),
        "info": _entries(info),
        "problems": problems,
        "total": len(names),
        "metrics": [
            {"name": name, **{of: cell_of(getattr(summaries[name], of)) for of in _STATISTICS}}
            for name in names[:_MOST]
        ],
    }


def _read(read: Callable[[], T], otherwise: T, problems: list[str]) -> T:
    """Return what is read, or something else where that is damaged."""
    try:
        return read()
    except (ExpframeError, OSError) as problem:
        problems.append(str(problem))
        return otherwise


def _entries(value: Any) -> list[list[Any]]:
    return [[name, cell_of(leaf, _LONGEST)] for name, leaf in list(leaves(value).items())[:_MOST]]
