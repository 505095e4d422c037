"""Columns as a frame of pandas or polars, whichever is there."""

from __future__ import annotations

import datetime
import sys
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import Any

from expframe.config import json_values
from expframe.errors import MissingLibraryError, QueryError

_LIBRARIES = ("pandas", "polars")


def frame_of(columns: Mapping[str, Sequence[Any]], library: str | None = None) -> Any:
    """
    Return columns as a frame.

    Args:
        columns: For each name its values, equally many in all.
        library: `pandas` or `polars`; by default the one that is imported already, else the first installed.

    Raises:
        MissingLibraryError: It, or each of them, is not installed.
        QueryError: It is neither.
    """
    import importlib

    if library not in (None, *_LIBRARIES):
        raise QueryError(f"library {library!r}", "is none that makes frames. Give 'pandas' or 'polars'.")

    loaded = [name for name in _LIBRARIES if name in sys.modules]
    installed = [name for name in _LIBRARIES if name in sys.modules or find_spec(name) is not None]
    chosen = [library] if library in installed else [] if library else loaded or installed
    if not chosen:
        raise MissingLibraryError("a frame", library or "pandas or polars", library or "pandas")
    make = importlib.import_module(chosen[0]).DataFrame
    try:
        return make(dict(columns))
    except UnicodeEncodeError:  # a half of a pair of surrogates stands in a text
        return make({_encodable(name): [*map(_encodable, cells)] for name, cells in columns.items()})


def _encodable(cell: Any) -> Any:
    return cell.encode("utf-8", "backslashreplace").decode() if isinstance(cell, str) else cell


def column_of(cells: Sequence[Any]) -> list[Any]:
    """
    Return values of all sorts as a column that every library takes: of one kind, or all as text; None is a gap.

    Example:
        >>> column_of([1, None, 2.5]), column_of([1, "auto"])
        ([1.0, None, 2.5], ['1', 'auto'])
    """
    kinds = {_kind_of(cell) for cell in cells if cell is not None}
    if kinds == {"int", "float"}:
        return [None if cell is None else float(cell) for cell in cells]
    if kinds == {"time"}:
        return [cell and cell.astimezone(datetime.UTC) for cell in cells]
    if len(kinds) > 1 or "other" in kinds:
        return [cell if cell is None or type(cell) is str else json_values.short_repr(cell) for cell in cells]
    return [list(cell) if isinstance(cell, list | tuple) else cell for cell in cells]


def _kind_of(cell: Any) -> str:
    kind = type(cell)
    if kind is int:
        return "int" if -(2**63) <= cell < 2**63 else "other"
    if kind in (bool, float, str):
        return kind.__name__
    if kind is datetime.datetime and cell.tzinfo is not None:
        return "time"
    if isinstance(cell, list | tuple):
        kinds = {_kind_of(item) for item in cell}
        return f"list of {kinds.pop() if kinds else 'str'}" if len(kinds) < 2 and not kinds & {"other"} else "other"
    return "other"
