"""One store, as pages see it."""

from __future__ import annotations

from pathlib import Path

from expframe.errors import RunNotFoundError
from expframe.page.live_rows import LiveRows
from expframe.store.reader import StoredRun
from expframe.store.search.collection import Runs


class Board:
    """
    One store, as pages see it.

    Args:
        store: The folder.
        name: What it is called on the page.

    Attributes:
        store: The same.
        name: The same.
        rows: Its runs, looked at again while pages are open.
    """

    def __init__(self, store: Path, name: str) -> None:
        self.store = store
        self.name = name
        self.rows = LiveRows(store)

    def run(self, id: str) -> StoredRun:
        """
        Return a run by its id.

        Raises:
            RunNotFoundError: There is none.
        """
        runs = Runs(self.store)
        if id not in runs:
            raise RunNotFoundError(id, str(self.store), tuple(runs.ids()[:10]))
        return runs[id]
