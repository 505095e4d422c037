"""A final record that could not be put in its place: left beside it by the run, and read in place of one that RUNS."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from expframe.disk import layout
from expframe.disk.files import synchronise, write_new
from expframe.record.record import Status


def beside(folder: Path, uid: str, content: bytes) -> str:
    """
    Leave a final record beside the one that could not be replaced, or else in the system's temporary folder.

    Returns:
        What is to be said of it.

    Raises:
        OSError: It cannot be left anywhere.
    """
    if _is_left(folder / layout.RECORD_LEFT, content):
        return f"{folder / layout.RECORD} could not be replaced: the final record is beside it, where readers find it."
    where = folder / layout.RECORD
    said = f"{folder} cannot be written: the final record is {_elsewhere(uid, content)}."
    return f"{said} Copy it to {where}, or the run is DIED."


def of_moved(folder: Path, uid: str, content: bytes) -> str:
    """
    Leave the final record of a run whose folder is not where it was; what is there now may be another's.

    Returns:
        What is to be said of it.

    Raises:
        OSError: It cannot be left anywhere.
    """
    said = f"{folder} was moved or removed while the run went on: the final record is {_elsewhere(uid, content)}."
    return f"{said} Copy it to {layout.RECORD} in the run's folder, wherever that is, or the run is DIED."


def _elsewhere(uid: str, content: bytes) -> Path:
    """Leave a record in the system's temporary folder."""
    import tempfile

    path = Path(tempfile.gettempdir()) / f"expframe-{layout.named_by(uid)}-{os.urandom(4).hex()}.json"
    write_new(path, content)
    return path


def _is_left(path: Path, content: bytes) -> bool:
    try:
        path.unlink(missing_ok=True)
        write_new(path, content)
        synchronise(path)
    except OSError:
        with suppress(OSError):
            path.unlink()
        return False
    return True


def of(folder: Path, record: Any) -> Any:
    """Return a record, as plain JSON data, or in place of one that says RUNNING the final one that was left beside."""
    if isinstance(record, dict) and record.get("status") == Status.RUNNING:
        with suppress(OSError, ValueError, KeyError, TypeError, RecursionError):
            found = json.loads(layout.read(folder, layout.RECORD_LEFT))
            if all(found[name] == record[name] for name in ("uid", "attempt")):  # not of an earlier attempt
                return {**found, "id": record["id"], "parent_id": record["parent_id"]}  # it may have been renamed
    return record
