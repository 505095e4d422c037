"""One store, as pages see it."""

from __future__ import annotations

import secrets
import threading
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from expframe.errors import RunNotFoundError
from expframe.page.live_rows import LiveRows
from expframe.page.live_sweeps import LiveSweeps
from expframe.page.result_cache import ResultCache
from expframe.store.reader import StoredRun
from expframe.store.search.collection import Runs

if TYPE_CHECKING:
    from expframe.store.search.curve_cache import CurveCache


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
        sweeps: Its sweeps, likewise.
        mark: What tells the cursors of this server from those of one before it.
        lock: Held while something is changed, so that two changes of one run both last.
        kept: What was made of them.
    """

    def __init__(self, store: Path, name: str) -> None:
        self.store = store
        self.name = name
        self.rows: LiveRows = LiveRows(store)
        self.sweeps: Final = LiveSweeps(store)
        self.mark: str = secrets.token_hex(4)
        self.lock: Final = threading.Lock()
        self.kept: Final = ResultCache()

    @cached_property
    def curves(self) -> CurveCache:
        """Their points; numpy, which takes long to import, comes with the first of them."""
        from expframe.store.search.curve_cache import CurveCache

        return CurveCache(self.store)

    @property
    def cursor(self) -> str:
        """The moment of the last look, from which a page asks for changes."""
        return f"{self.mark}-{self.rows.cursor}"

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
