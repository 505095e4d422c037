"""What a file of a run looks like, by its beginning: nothing in it is run, imported or unpickled."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from expframe.page import files
from expframe.page.board import Board
from expframe.page.python_spans import plain_lines, python_lines
from expframe.page.question import Question
from expframe.page.table_heads import array_head, csv_head, parquet_head

_HEAD = 1 << 17
"""Bytes of a text that are shown."""
_LINE = 5000
_DUMP = 256

_PICTURES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".bmp": "image/bmp",
    ".svg": "image/svg+xml",
}
_TABLES: dict[str, Callable[[Path], dict[str, Any]]] = {
    ".csv": csv_head,
    ".tsv": csv_head,
    ".parquet": parquet_head,
    ".npy": array_head,
}


def answer(board: Board, question: Question) -> dict[str, Any]:
    """
    Return what is shown of a file; `kind` is `picture`, `table`, `text`, `binary` or `note`.

    Words are `run` and `name`.

    Raises:
        RunNotFoundError: There is no such run.
        QuestionError: There is no such file.
        EscapingPathError: It is in no folder of the run.
    """
    path = files.find(board, question)
    about = {"name": question.text("name"), "size": path.stat().st_size}
    suffix = path.suffix.lower()
    if suffix in _PICTURES:
        return {**about, "kind": "picture", "type": _PICTURES[suffix]}
    try:
        return {**about, **(_TABLES[suffix](path) if suffix in _TABLES else _text(path))}
    except Exception as problem:  # readers of other people's formats raise anything for a damaged file
        note = f"It cannot be shown ({type(problem).__name__}: {problem})."
        return {**_text(path), **about, "note": note[:1000]}


def _text(path: Path) -> dict[str, Any]:
    """Return the head of a text, or the first bytes of what is none."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
        is_cut = bool(file.read(1))
    if b"\0" in head[:4096]:
        return {"kind": "binary", "lines": plain_lines(_dump(head[:_DUMP]))}
    text = head.decode("utf-8", "ignore" if is_cut else "replace")
    if path.suffix.lower() == ".json" and not is_cut:
        text = _indented(text)
    lines = python_lines(text) if path.suffix.lower() in (".py", ".pyi") else plain_lines(text)
    cut = [[[kind, part[:_LINE]] for kind, part in line] for line in lines]
    return {"kind": "text", "lines": cut, "shown": len(head), "is_cut": is_cut}


def _indented(text: str) -> str:
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text


def _dump(data: bytes) -> str:
    """
    Return bytes as hexadecimal lines with what they are as text.

    Example:
        >>> _dump(b"PK")
        '00000000  50 4b                                            PK'
    """
    return "\n".join(
        f"{place:08x}  {data[place : place + 16].hex(' '):<47}  "
        + "".join(chr(byte) if 32 <= byte < 127 else "." for byte in data[place : place + 16])
        for place in range(0, len(data), 16)
    )
