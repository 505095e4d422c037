"""Runs beside each other: what differs between them, what came of it, and what they printed in the end."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from itertools import islice
from typing import Any

from expframe.errors import EscapingPathError, QuestionError, ValueFormatError
from expframe.page.board import Board
from expframe.page.cells import cell_of
from expframe.page.files import open_output
from expframe.page.question import Question
from expframe.process.terminal import collapse
from expframe.record.record import Record
from expframe.store import ids
from expframe.store.reader import StoredRun
from expframe.store.search import comparison, differences
from expframe.store.search.comparison_data import groups_data, runs_data
from expframe.store.search.differences import SECTIONS, SourceChange
from expframe.store.search.fields import Field
from expframe.store.sweeps import plan_file
from expframe.store.sweeps.plan import Goal
from expframe.store.sweeps.plan_file import is_sweep

_MOST_RUNS = 50
_MOST_ENTRIES = 500
_MOST_FILES = 200
_MOST_LINES = 4000
"""More lines of differences are cut away, over all files."""
_TAIL = 16_384

_FEWER = re.compile(
    r"(^|[^a-z])(loss|error|err|mse|rmse|mae|nll|perplexity|ppl|wer|cer|fid|time|seconds|duration|latency|regret)"
    r"($|[^a-z])"
)
_MORE = re.compile(
    r"(^|[^a-z])(acc|accuracy|score|f1|auc|auroc|ap|map|reward|return|bleu|rouge|iou|miou|dice|precision|recall|r2|psnr"
    r"|ssim|success|hits|likelihood)\d*($|[^a-z])"
)


def answer(board: Board, question: Question) -> dict[str, Any]:
    """
    Return runs beside each other, as `expframe compare` does; `groups` are those of `expframe compare --groups`.

    Words are `run` (again and again), `metric`, `entry` and `by`, as its options have them, and `confidence`.

    Raises:
        RunNotFoundError: There is no such run.
        QuestionError: There are too few or too many.
        QueryError: No run has such a metric or entry.
    """
    runs = runs_of(board, question)
    by = question.texts("by")
    confidence = question.number("confidence") or 0.95
    if not 0.0 < confidence < 1.0:
        raise QuestionError(f"confidence={confidence:g}", "is no part of 1, such as 0.95.")
    ids = [run.id for run in runs]
    found = comparison.compare(board.store, ids, question.texts("metric"), question.texts("entry"))
    grouped = comparison.compare(board.store, ids, question.texts("metric"), by) if by else found
    groups = comparison.groups(grouped, [Field.parse(name).title for name in by], confidence)
    tests = comparison.tests(groups, confidence)
    records = {run.id: run.record for run in runs}
    goals = _goals(board, records.values())
    return {
        **runs_data(found, _shown),
        "facts": {id: _facts(record) for id, record in records.items()},
        "namesakes": [*found.namesakes],
        "better": {name: goals.get(name) or _better(name) for name in found.metrics},
        "by_groups": groups_data(groups, tests, grouped, confidence, _shown),
    }


def parts(board: Board, question: Question) -> dict[str, Any]:
    """
    Return what differs between runs in some respects, with the keys of `expframe diff --json`.

    Words are `run` (again and again) and `part` (again and again): run, config, packages, host, git, results.

    Raises:
        RunNotFoundError: There is no such run.
        QuestionError: There are too few or too many, or there is no such part.
    """
    runs = runs_of(board, question)
    wanted = question.texts("part") or ["packages", "host", "git"]
    for part in wanted:
        if part not in SECTIONS:
            raise QuestionError(f"part={part:.80}", f"is none of {', '.join(SECTIONS)}.")
    compared = {part: differences.recorded(runs, part) for part in wanted}
    found = {part: differences.differing(entries) for part, entries in compared.items()}
    return {
        "runs": [run.id for run in runs],
        "differences": {
            part: {
                name: {id: _shown(value) for id, value in own.items()}
                for name, own in islice(entries.items(), _MOST_ENTRIES)
            }
            for part, entries in found.items()
        },
        "total": {part: len(entries) for part, entries in found.items()},
        "not_recorded": {part: ids for part in wanted if (ids := differences.not_recorded(runs, part))},
        "unknown": {part: names for part, entries in compared.items() if (names := differences.untold(entries))},
    }


def sources(board: Board, question: Question) -> dict[str, Any]:
    """
    Return how the sources of two runs differ, with the keys of `expframe diff --json`, as a unified diff for each file.

    Its word is `run`, twice.

    Raises:
        RunNotFoundError: There is no such run.
        QuestionError: There are not two.
    """
    first, second = runs_of(board, question, most=2)
    changes = differences.source_changes([first, second])
    left, code = _MOST_LINES, []
    for change in changes[:_MOST_FILES]:
        shown = min(left, len(change.lines or ()))
        left -= shown
        code.append(_change_data(change, shown))
    return {
        "runs": [first.id, second.id],
        "code": code,
        "total": len(changes),
        "not_recorded": differences.not_recorded([first, second], "code"),
    }


def tails(board: Board, question: Question) -> dict[str, Any]:
    """
    Return the end of what runs printed, as a terminal shows it.

    Its word is `run`, again and again.

    Raises:
        RunNotFoundError: There is no such run.
        QuestionError: There are too few or too many.
    """
    return {"tails": [_tail(run) for run in runs_of(board, question)]}


def runs_of(board: Board, question: Question, most: int = _MOST_RUNS) -> list[StoredRun]:
    """
    Return the runs that are to be compared.

    Raises:
        RunNotFoundError: There is no such run.
        QuestionError: There are fewer than two, or too many.
    """
    ids = question.texts("run")
    if not 2 <= len(ids) <= most:
        what = f"2 to {most} runs" if most > 2 else "2 runs"
        raise QuestionError(f"{len(ids)} runs", f"cannot be put beside each other here. Choose {what}.")
    return [board.run(id) for id in ids]


def _shown(value: Any) -> Any:
    """Return a value as a page takes it, with what tells its secrets from others."""
    return cell_of(differences.told(value))


def _facts(record: Record) -> dict[str, Any]:
    return {
        "status": record.status,
        "name": cell_of(record.name),
        "started": cell_of(record.started),
        "seconds": cell_of(record.duration),
    }


def _goals(board: Board, records: Iterable[Record]) -> dict[str, str]:
    """Return what the sweeps sought of which runs are trials: for each metric `min` or `max`."""
    parents = {str(record.parent_id) for record in records if record.sweep}
    folders = [board.store / parent for parent in sorted(parents) if ids.is_name(parent)]
    goals: list[Goal] = []
    for folder in filter(is_sweep, folders):
        with suppress(ValueFormatError):
            goals += plan_file.read(folder).goals
    names = {goal.field.removeprefix("metrics."): goal.direction for goal in goals}
    return {title: direction for name, direction in names.items() for title in (name, f"{name}.last")}


def _better(name: str) -> str | None:
    """
    Return whether the least or the greatest of a metric is the best one: `min`, `max`, or None where nobody can tell.

    Example:
        >>> [_better(name) for name in ("val.loss", "test_acc.max", "result.f1", "lr", "lossless")]
        ['min', 'max', 'max', None, None]
    """
    words = name.lower()
    if _FEWER.search(words):
        return "min"
    return "max" if _MORE.search(words) else None


def _change_data(change: SourceChange, shown: int) -> dict[str, Any]:
    lines = None if change.lines is None else [line[:1000] for line in change.lines[:shown]]
    return {
        "file": change.file,
        "runs": [change.first, change.second],
        "change": change.change,
        "diff": None if lines is None else "".join(f"{line}\n" for line in lines),
        "cut": len(change.lines or ()) - shown,
    }


def _tail(run: StoredRun) -> dict[str, Any]:
    try:
        with open_output(run) as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - _TAIL))
            content = file.read(_TAIL)
    except (OSError, EscapingPathError):
        return {"run": run.id, "text": "", "bytes": 0, "cut": 0}
    cut = max(0, size - _TAIL)
    text = collapse(content.decode("utf-8", "replace"))
    if cut:
        text = text.partition("\n")[2] or text
    return {"run": run.id, "text": text, "bytes": size, "cut": cut}
