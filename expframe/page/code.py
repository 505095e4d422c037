"""The code of one run: its sources as they were, and the state of its repository."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from expframe.disk import layout
from expframe.disk.files import inside, require_regular
from expframe.errors import EscapingPathError, StoreError
from expframe.page.board import Board
from expframe.page.cells import cell_of
from expframe.page.python_spans import Span, plain_lines, python_lines
from expframe.page.question import Question
from expframe.store.reader import StoredRun

_MOST = 5000
_SOURCE = 1 << 20
_DIFF_LINES = 5000
_KINDS = {"+": "added", "-": "removed", "@": "faint"}


def answer(board: Board, question: Question) -> dict[str, Any]:
    """
    Return the sources of a run by name, the script first, and what is known of its repository.

    Words are `run`.

    Raises:
        RunNotFoundError: There is no such run.
    """
    run = board.run(question.text("run"))
    record = run.record
    names = sorted(_stored(run), key=lambda name: (name != record.main, name))
    git = dict(record.git or {})
    diff = git.pop("diff", None)
    git.pop("diff_truncated", None)
    untracked = git.pop("untracked", None) or []
    return {
        "main": record.main,
        "total": len(names),
        "sources": names[:_MOST],
        "git": [[name, cell_of(value)] for name, value in git.items() if value is not None],
        "untracked": [str(name) for name in untracked[:_MOST]],
        "has_diff": bool(diff),
    }


def source(board: Board, question: Question) -> dict[str, Any]:
    """
    Return a source as lines of spans, as it was when the run began to use it.

    Words are `run` and `name`.

    Raises:
        RunNotFoundError: There is no such run.
        StoreError: The source is not there.
    """
    run, name = board.run(question.text("run")), question.text("name")
    subject = f"source {name!r} of run {run.id}"
    try:
        path = inside(run.store / layout.SOURCES_FOLDER, _stored(run).get(name, ""))
        require_regular(path)
        with path.open("rb") as file:
            content = file.read(_SOURCE + 1)
    except (EscapingPathError, OSError):
        raise StoreError(subject, "is not there any more.") from None
    text = content[:_SOURCE].decode("utf-8", "replace").replace("\r\n", "\n")
    is_python = Path(name).suffix in (".py", ".pyi", ".pyw")
    lines = python_lines(text) if is_python else plain_lines(text)
    return {"name": name, "lines": lines, "is_cut": len(content) > _SOURCE}


def diff(board: Board, question: Question) -> dict[str, Any]:
    """
    Return what was changed in the repository and not committed, as lines of spans.

    Words are `run`.

    Raises:
        RunNotFoundError: There is no such run.
    """
    git = board.run(question.text("run")).record.git or {}
    lines = str(git.get("diff") or "").encode("utf-8", "replace").decode("utf-8", "replace").splitlines()
    is_cut = len(lines) > _DIFF_LINES or bool(git.get("diff_truncated"))
    return {"lines": [_diff_line(line) for line in lines[:_DIFF_LINES]], "total": len(lines), "is_cut": is_cut}


def _diff_line(line: str) -> list[Span]:
    is_head = line.startswith(("+++", "---", "diff ", "index "))
    return [["bold" if is_head else _KINDS.get(line[:1], ""), line[:_DIFF_LINES]]] if line else []


def _stored(run: StoredRun) -> dict[str, str]:
    """Return the stored file of each source."""
    record = run.record
    return {**dict(record.sources_at_end), **dict(record.sources)}
