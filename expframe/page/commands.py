"""The command lines that do something with a run, to be copied."""

from __future__ import annotations

import shlex

from expframe.page.board import Board
from expframe.record.record import OPENED, Record, Status
from expframe.store.foreign import format_of
from expframe.store.ids import store_words
from expframe.store.reader import StoredRun

_GOES_ON = {Status.FAILED, Status.INTERRUPTED, Status.TIMEOUT, Status.DIED, Status.QUEUED}


def commands_of(board: Board, run: StoredRun, record: Record, other: str | None) -> list[dict[str, str]]:
    """
    Return the command lines of a run, each with what it does.

    Args:
        board: The store.
        run: The run.
        record: Its facts.
        other: The id of a run to compare it with; None where there is no other.
    """
    found = []
    if format_of(run.folder) is None:
        found += _of_ours(board, run, record)
    store = store_words(board.store)
    if record.status == Status.RUNNING:
        found.append(("follow its output", ["expframe", "logs", "--follow", run.id, *store]))
    if other is not None:
        found.append(("put it into a table", ["expframe", "compare", other, run.id, *store]))
        found.append(("see what differs", ["expframe", "diff", other, run.id, *store]))
    if record.counts.get("points"):
        found.append(("its points as CSV", ["expframe", "metrics", "--csv", run.id, *store]))
    lines = [{"title": title, "text": shlex.join(words)} for title, words in found]
    return [*lines, {"title": "in Python", "text": f"expframe.runs({str(board.store)!r})[{run.id!r}]"}]


def _of_ours(board: Board, run: StoredRun, record: Record) -> list[tuple[str, list[str]]]:
    """Return what only a run of ours can do."""
    if record.main is None or record.extra.get(OPENED):
        return []
    found = [("do it again", ["expframe", "rerun", run.id, *store_words(board.store)])]
    script = ["python", "-m", record.module] if record.module else ["python", *record.argv[:1]]
    if record.status in _GOES_ON and len(script) > 1:
        sweep = ["sweep"] if record.command == "sweep" else []
        found.append(("go on with it", [*script, *sweep, "--resume", run.id, "-F", str(board.store)]))
    if len(script) > 1:
        found.append(("as it was started", [*script, *record.argv[1:]]))
    return found
