"""What people change in runs and sweeps from a page."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from expframe.errors import ExpframeError, QuestionError, WorkError
from expframe.page.board import Board
from expframe.page.request_body import RequestBody
from expframe.store import editing
from expframe.store.reader import StoredRun
from expframe.store.sweeps import plan_file
from expframe.store.sweeps.asked import retry_trials, stop_trials
from expframe.store.sweeps.command_lines import begin_line
from expframe.store.sweeps.plan_file import is_sweep
from expframe.store.sweeps.trials import Trials

Reply = dict[str, Any]


def tag(board: Board, told: RequestBody) -> Reply:
    """Give `runs` the tags of `add`, and take away those of `remove`."""
    added, removed = _words(told.texts("add")), _words(told.texts("remove"))

    def change(run: StoredRun) -> Reply:
        after = editing.tag(run, added, removed)
        return {"id": run.id, "tags": list(after)}

    return _each(board, told.texts("runs"), "runs", change)


def note(board: Board, told: RequestBody) -> Reply:
    """Give a `run` the comment `text`; an empty one takes it away."""
    text = told.text("text")
    with board.lock:
        run = board.run(told.text("run"))
        editing.change(run, {"comment": text or None})
    return {"id": run.id, "comment": text or None}


def rename(board: Board, told: RequestBody) -> Reply:
    """Give a `run` another id, `name`."""
    with board.lock:
        run = board.run(told.text("run"))
        renamed = editing.rename(run, told.text("name"))
    return {"before": run.id, "id": renamed.id}


def trash(board: Board, told: RequestBody) -> Reply:
    """Put `runs` into the trash, with `children` those that were started in them; `trash` is what restores each."""
    named = told.texts("runs")
    if told.is_set("children"):
        runs = editing.with_children([board.run(id) for id in named])
        named = [run.id for run in runs]

    def change(run: StoredRun) -> Reply:
        size, name = editing.put_away(run)
        return {"id": run.id, "size": size, "trash": name}

    return _each(board, named, "removed", change)


def restore(board: Board, told: RequestBody) -> Reply:
    """Take runs out of the trash, by the `names` that they have there."""
    done, refused = [], []
    with board.lock:
        for name in told.texts("names"):
            try:
                done.append({"id": editing.restore(board.store, name).id, "trash": name})
            except ExpframeError as problem:
                refused.append({"id": name, "message": str(problem)})
    return {"restored": done, "refused": refused}


def stop(board: Board, told: RequestBody) -> Reply:
    """Stop a `sweep`, or some of its `trials`, by number."""
    run, numbers = _sweep(board, told)
    running = stop_trials(run.folder, numbers)
    return {"id": run.id, "stopped": numbers or "all", "running": running}


def retry(board: Board, told: RequestBody) -> Reply:
    """Let workers do the trials of a `sweep` again that failed, or the given `trials`; `command` starts a worker."""
    run, numbers = _sweep(board, told)
    found = retry_trials(run.folder, numbers)
    return {"id": run.id, "retried": found, "command": begin_line(plan_file.read(run.folder), Trials(run.folder))}


def _words(texts: Iterable[str]) -> list[str]:
    """Return tags as the command line takes them: with commas between them, and no spaces around."""
    return [word.strip() for text in texts for word in text.split(",") if word.strip()]


def _each(board: Board, ids: Iterable[str], key: str, change: Callable[[StoredRun], Reply]) -> Reply:
    """Change runs, and return what became of each; one that refuses keeps the others from nothing."""
    done, refused = [], []
    with board.lock:
        for id in ids:
            try:
                done.append(change(board.run(id)))
            except (ExpframeError, OSError) as problem:
                refused.append({"id": id, "message": str(problem)})
    return {key: done, "refused": refused}


def _sweep(board: Board, told: RequestBody) -> tuple[StoredRun, list[int]]:
    run, numbers = board.run(told.text("sweep")), told.numbers("trials")
    if not is_sweep(run.folder):
        raise WorkError(f"run {run.id}", "is no sweep.")
    size = plan_file.read(run.folder).size
    wrong = next((number for number in numbers if number < 0 or (size is not None and number >= size)), None)
    if wrong is not None:
        last = "" if size is None else f" to {size - 1}"
        raise QuestionError(f"trial {str(wrong)[:40]!r}", f"is none: trials are numbered from 0{last}.")
    return run, numbers
