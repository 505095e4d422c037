"""The rows of many runs."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from expframe.store.rows import Row, read


def rows(store: Path, ids: Collection[str], groups: Collection[str]) -> Iterator[Row]:
    """Yield the row of each run that is there, in the order of their ids."""
    for id in ids:
        row = read(store / id, groups)
        if row is not None:
            yield row
