"""Columns as a frame of pandas or polars, whichever is there."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import Any

from expframe.errors import MissingLibraryError

_LIBRARIES = ("pandas", "polars")


def frame_of(columns: Mapping[str, Sequence[Any]], library: str | None = None) -> Any:
    """
    Return columns as a frame.

    Args:
        columns: For each name its values, equally many in all.
        library: `pandas` or `polars`; by default the one that is imported already, else the first installed.

    Raises:
        MissingLibraryError: It, or each of them, is not installed.
    """
    import importlib

    loaded = [name for name in _LIBRARIES if name in sys.modules]
    installed = [name for name in _LIBRARIES if name in sys.modules or find_spec(name) is not None]
    chosen = [library] if library in installed else [] if library else loaded or installed
    if not chosen:
        raise MissingLibraryError("a frame", library or "pandas or polars", library or "pandas")
    return importlib.import_module(chosen[0]).DataFrame(dict(columns))
