"""Runs in a TinyDB: one JSON file for all of them, and their files beside it."""

from __future__ import annotations

import os
import uuid
from contextlib import nullcontext
from pathlib import Path
from typing import Any, ClassVar, cast

from expframe.compat.sacred._own.documents import Pace
from expframe.compat.sacred._own.run_document import RunDocument
from expframe.compat.sacred.commandline_options import cli_option
from expframe.compat.sacred.observers.base import Facts
from expframe.compat.sacred.observers.tinydb_hashfs.bases import (
    BufferedReaderWrapper,
    TaggedStorage,
    get_db_file_manager,
    locked,
)
from expframe.compat.sacred.observers.tinydb_hashfs.reader import TinyDbReader

__all__ = ["TinyDbObserver", "TinyDbReader", "tiny_db_option"]


class TinyDbObserver(RunDocument):
    """
    Keeps runs in a TinyDB.

    The format is one file for all runs, which is written as a whole. So beats are stored at growing intervals where the
    file is large, and in any case at the end of the run.

    Args:
        path: The folder; made at once.
        overwrite: Of no effect; Sacred has it.

    Raises:
        MissingLibraryError: TinyDB is not installed.
    """

    VERSION = "TinyDbObserver-0.8.7"

    is_interruptible = False

    def __init__(self, path: str | os.PathLike[str] = "./runs_db", overwrite: Any = None) -> None:
        root = os.path.abspath(path)
        Path(root).mkdir(parents=True, exist_ok=True)
        self.initialize(*get_db_file_manager(root), overwrite, root)

    def initialize(self, db: Any, fs: Any, overwrite: Any = None, root: Any = None) -> None:
        """Set everything that the observer needs to know; `root` is remembered, and not used."""
        storage = getattr(db, "storage", None)
        self._file = storage.path if isinstance(storage, TaggedStorage) else None
        self.db = db
        self.runs: Any = db.table("runs")
        self.fs = fs
        self.overwrite = overwrite
        self.root = root
        self.run_entry: Any = {}
        self.db_run_id: int | None = None
        self._pace = Pace()

    def save(self) -> None:
        """Write the run into the database; other processes wait meanwhile."""
        with nullcontext() if self._file is None else locked(self._file.parent):
            self._write()

    def _write(self) -> None:
        from tinydb.table import Document

        with self._pace.writing():
            if self.db_run_id is None:
                number = max((document.doc_id for document in self.runs), default=0) + 1
                self.db_run_id = cast(int, self.runs.insert(Document(self.run_entry, doc_id=number)))
            else:
                self.runs.update(self.run_entry, doc_ids=[self.db_run_id])

    def _store(self, facts: Facts, *, is_last: bool = False) -> None:
        if is_last or self._pace.is_due(0 if self._file is None else self._file.stat().st_size):
            self.save()

    def save_sources(self, ex_info: Facts) -> list[list[Any]]:
        """Keep the source files; return (name, digest, open file)."""
        return [[name, *self._keep(Path(ex_info["base_dir"], name))] for name, *_ in ex_info["sources"]]

    def _keep(self, path: str | os.PathLike[str]) -> tuple[str, BufferedReaderWrapper]:
        address = self.fs.put(os.fspath(path))
        return address.id, BufferedReaderWrapper.of(address.abspath, address.id)

    def queued_event(self, *args: Any, **kwargs: Any) -> None:
        """
        Refuse a run that waits: the format has no place for one.

        Raises:
            NotImplementedError: Always.
        """
        raise NotImplementedError("TinyDbObserver cannot queue runs. Queue them with another observer.")

    def _begin(self, facts: Facts, ex_info: Facts, _id: Any) -> Any:
        facts["experiment"]["sources"] = self.save_sources(ex_info)
        self.run_entry = {**facts, "_id": uuid.uuid4().hex if _id is None else _id}
        self.db_run_id = None
        self.save()
        return self.run_entry["_id"]

    def _keep_resource(self, filename: str) -> list[Any]:
        return [filename, *self._keep(filename)]

    def _keep_artifact(self, name: str, filename: str, *about: Any) -> list[Any]:
        return [name, filename, *self._keep(filename)]

    def _is_known(self, row: Any, rows: list[Any]) -> bool:
        return row[:-1] in [known[:-1] for known in rows]

    def _place(self) -> tuple[str, Path | None]:
        return "TinyDB", self._file

    def __eq__(self, other: object) -> bool:
        if isinstance(other, TinyDbObserver) and None in (self._file, other._file):  # a TinyDB of somebody's own
            return bool(self.runs.all() == other.runs.all())
        return super().__eq__(other)

    __hash__: ClassVar[None] = None


@cli_option("-t", "--tiny_db")
def tiny_db_option(args: str, run: Any) -> None:
    """Keep the run in the TinyDB of this folder."""
    run.observers.append(TinyDbObserver(args))
