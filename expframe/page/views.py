"""Views that somebody has saved: the address of each in a file of its own, beside the runs."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

from expframe.config import json_values
from expframe.disk import layout
from expframe.disk.files import inside, replace_file
from expframe.errors import QuestionError
from expframe.page.board import Board
from expframe.page.question import Question
from expframe.page.request_body import RequestBody
from expframe.record.record import now

_NAME = re.compile(r"\w[\w .,()+=-]{0,79}(?<![ .])")
_ENDING = ".json"
_LONGEST = 32_768


def answer(board: Board, question: Question) -> dict[str, Any]:
    """Return the saved views of a store by name; what is damaged is left out."""
    folder = board.store / layout.VIEWS_FOLDER
    try:
        names = os.listdir(folder)
    except FileNotFoundError:
        names = []
    found = (_read(folder / name) for name in names if name.endswith(_ENDING) and not layout.is_aside(name))
    return {"views": sorted((view for view in found if view), key=lambda view: str(view["name"]).casefold())}


def save(board: Board, told: RequestBody) -> dict[str, Any]:
    """
    Save a view: `name` and `address`, as it stands after the `#` of the page's own.

    Raises:
        QuestionError: It cannot be called so, or is no address of a view.
    """
    path, name = _path(board, told), told.text("name")
    address = told.text("address")
    if not address.startswith("#/") or len(address) > _LONGEST:
        raise QuestionError("address", "is that of no view: it begins with #/.")
    path.parent.mkdir(exist_ok=True)
    view = {"name": name, "address": address, "saved": now().isoformat()}
    replace_file(path, json_values.dump_plain(view))
    return view


def delete(board: Board, told: RequestBody) -> dict[str, Any]:
    """
    Delete a view by its `name`, and return it as it was.

    Raises:
        QuestionError: There is none.
    """
    path = _path(board, told)
    view = _read(path)
    if view is None:
        raise QuestionError(f"view {told.text('name')!r}", "is not there.")
    path.unlink(missing_ok=True)
    return view


def _path(board: Board, told: RequestBody) -> Path:
    name = told.text("name")
    if not _NAME.fullmatch(name) or len(name.encode()) > 200:
        problem = "is no name for a view. Use at most 80 letters, digits, spaces and . , ( ) + = - _"
        raise QuestionError(f"view {name[:80]!r}", f"{problem}.")
    return inside(board.store / layout.VIEWS_FOLDER, f"{name}{_ENDING}")


def _read(path: Path) -> dict[str, Any] | None:
    """Return a view; None where it is none."""
    try:
        data = json.loads(path.read_bytes())
        if str(data["address"]).startswith("#/"):
            return {"name": path.stem, "address": str(data["address"])[:_LONGEST], "saved": str(data.get("saved", ""))}
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        pass
    return None
