"""What has happened to one run: its attempts, checkpoints and calls."""

from __future__ import annotations

import datetime
import shlex
from typing import Any

from expframe.disk.files import size_of
from expframe.page.board import Board
from expframe.page.cells import cell_of
from expframe.page.question import Question
from expframe.record.events import Call
from expframe.saving.checkpoints import Checkpoint
from expframe.store.reader import StoredRun

_MOST = 500
_LONGEST = 2000


def answer(board: Board, question: Question) -> dict[str, Any]:
    """
    Return the attempts and checkpoints of a run, and a page of its calls, the last ones first.

    Words are `run`, and `offset` for the calls.

    Raises:
        RunNotFoundError: There is no such run.
    """
    run = board.run(question.text("run"))
    calls = run.calls[::-1]
    offset = question.whole("offset", 0)
    return {
        "attempts": _attempts(run),
        "checkpoints": [_checkpoint(found) for found in run.checkpoints[-_MOST:][::-1]],
        "calls": [_call(call) for call in calls[offset : offset + _MOST]],
        "total_calls": len(calls),
        "offset": offset,
    }


def _attempts(run: StoredRun) -> list[dict[str, Any]]:
    """Return all attempts of a run that was resumed, the first one too; none of one that was not."""
    later, record = run.attempts, run.record
    if not later:
        return []
    states = [attempt.before for attempt in later]
    first = {"number": 1, "started": _moment(states[0].get("started")), "checkpoint": None, "step": None}
    starts = [first] + [
        {
            "number": attempt.number,
            "started": _moment(attempt.started),
            "checkpoint": attempt.checkpoint,
            "step": cell_of(attempt.step),
        }
        for attempt in later
    ]
    ends = [(str(state.get("status") or ""), list(state.get("argv") or ())) for state in states]
    ends.append((record.status, list(record.argv)))
    return [
        {**start, "status": status, "words": shlex.join(map(str, words))[:_LONGEST]}
        for start, (status, words) in zip(starts, ends, strict=True)
    ]


def _moment(text: Any) -> Any:
    return {"time": str(text)} if text else None


def _checkpoint(found: Checkpoint) -> dict[str, Any]:
    when = datetime.datetime.fromtimestamp(found.time, datetime.UTC)
    return {
        "number": found.number,
        "step": cell_of(found.step),
        "time": cell_of(when),
        "names": list(found.names)[:100],
        "size": size_of(found.folder),
    }


def _call(call: Call) -> dict[str, Any]:
    return {
        "number": call.number,
        "started": cell_of(call.started),
        "duration": call.duration,
        "result": cell_of(call.result),
        "failure": call.failure and f"{call.failure.type}: {call.failure.message}"[:_LONGEST],
    }
