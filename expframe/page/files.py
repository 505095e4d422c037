"""Files of runs as they are: pictures and plain text to be shown, all else to be kept, nothing to be done."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import IO, NamedTuple

from expframe.disk import layout
from expframe.disk.files import inside, require_regular
from expframe.errors import EscapingPathError, QuestionError
from expframe.page.board import Board
from expframe.page.question import Question
from expframe.store.reader import StoredRun

_PICTURES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"RIFF", "image/webp"),
)
"""How pictures begin, whatever they are called."""
_TEXTS = {
    *(".txt", ".log", ".md", ".csv", ".tsv", ".json", ".jsonl", ".yaml", ".yml", ".toml", ".ini", ".cfg", ".py"),
    *(".sh", ".r", ".jl", ".c", ".h", ".cpp", ".cu", ".rst", ".tex", ".sql"),
}
_HEAD = 4096


class Content(NamedTuple):
    """
    A file to be sent.

    Attributes:
        path: Where it is.
        name: What it is called.
        kind: Its MIME type.
        is_inline: Whether a browser may show it, in place of keeping it.
        headers: What else is said of it.
    """

    path: Path
    name: str
    kind: str
    is_inline: bool
    headers: Sequence[tuple[str, str]] = ()


def answer(board: Board, question: Question) -> Content:
    """
    Return a file of a run, to be shown where it is a picture or a text.

    Words are `run` and `name`: what the run calls it, or its path in the run's folder.

    Raises:
        QuestionError: There is no such file.
        EscapingPathError: It is in no folder of the run.
    """
    found = find(board, question)
    kind = _kind_of(found)
    if kind is None:
        return download(board, question)
    return Content(found, found.name, kind, is_inline=True)


def download(board: Board, question: Question) -> Content:
    """
    Return a file of a run, to be kept.

    Words are those of `answer`.

    Raises:
        QuestionError: There is no such file.
        EscapingPathError: It is in no folder of the run.
    """
    run_file = question.text("name").rpartition("/")[2]
    found = find(board, question)
    name = run_file if Path(run_file).suffix == found.suffix else found.name
    return Content(found, name, "application/octet-stream", is_inline=False)


def find(board: Board, question: Question) -> Path:
    """
    Return the file of a `run` that has a `name`.

    Raises:
        QuestionError: There is no such file.
        EscapingPathError: It is in no folder of the run.
    """
    run, name = board.run(question.text("run")), question.text("name")
    path = path_of(run, name)
    try:
        require_regular(path)
    except (OSError, ValueError) as problem:
        reason = "is not there (any more)" if isinstance(problem, FileNotFoundError) else "is no file"
        raise QuestionError(f"file {name[:200]!r} of run {run.id}", f"{reason}.") from problem
    return path


def path_of(run: StoredRun, name: str) -> Path:
    """
    Return where a file of a run is: what it saved under a name, or what has that path in its folder.

    Raises:
        EscapingPathError: It is neither in the run's folder nor among the files that runs of its store share.
    """
    saved = next((file for file in reversed(run.files) if file.name == name), None)
    if saved is None:
        return inside(run.folder, name)
    path = Path(saved.path)
    for folder in (run.folder, run.store / layout.RESOURCES_FOLDER):
        if path.is_relative_to(folder):
            return inside(folder, path.relative_to(folder))
    raise EscapingPathError(name=name, folder=str(run.folder))


def open_output(run: StoredRun) -> IO[bytes]:
    """
    Open what a run printed, raw.

    Raises:
        FileNotFoundError: It printed nothing.
        EscapingPathError: A link leads out of the run's folder.
        OSError: It is no file.
    """
    path = inside(run.folder, run.output_path.name)
    require_regular(path)
    return path.open("rb")


def _kind_of(path: Path) -> str | None:
    """Return the MIME type of what can be shown: a picture, by its first bytes, or a text, by its name as well."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    picture = next((kind for start, kind in _PICTURES if head.startswith(start)), None)
    if picture == "image/webp" and head[8:12] != b"WEBP":
        return None
    if picture is not None:
        return picture
    is_text = path.suffix.lower() in _TEXTS and b"\0" not in head
    return "text/plain; charset=utf-8" if is_text else None
