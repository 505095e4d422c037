"""Runs as folders: Sacred's file storage."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from expframe.compat.sacred._own import documents
from expframe.compat.sacred._own.documents_observer import DocumentsObserver
from expframe.compat.sacred._own.libraries import needed_by
from expframe.compat.sacred.commandline_options import cli_option
from expframe.compat.sacred.dependencies import get_digest
from expframe.compat.sacred.observers.base import Facts
from expframe.disk.files import append_whole, copy_file, inside, replace_file, replacing

DEFAULT_FILE_STORAGE_PRIORITY = 20

_ATTEMPTS = 1000


class FileStorageObserver(DocumentsObserver):
    """
    Keeps each run in a folder of its own.

    JSON files are replaced as a whole, so that readers see the old content or the new. Output is appended; metrics are
    put into text once, and the file is written again at growing intervals and at the end. A folder that holds a run
    already is gone on with: its output and its metrics stay.

    A subclass may change each step: `_make_run_dir` sets `dir`, with `_maximum_existing_run_id` and `_make_dir` where
    no id was given; `save_json` writes every JSON file; `save_cout` writes what is new in `cout`.

    Args:
        basedir: The folder of runs; made with the first run.
        resource_dir: Where resources are kept; by default `_resources` in `basedir`.
        source_dir: Where sources are kept; by default `_sources` in `basedir`.
        template: A mako template from which a report is made at the end; by default `template.html` in `basedir`, if
            there is one.
        priority: Observers with a higher one are told first.
        copy_artifacts: Whether resources that lie in `basedir` already are copied as well.
        copy_sources: Whether source files are kept.

    Raises:
        FileNotFoundError: There is no such template.
    """

    VERSION = "FileStorageObserver-0.7.0"

    is_interruptible = False

    def __init__(
        self,
        basedir: str | bytes | os.PathLike[str],
        resource_dir: str | bytes | os.PathLike[str] | None = None,
        source_dir: str | bytes | os.PathLike[str] | None = None,
        template: str | bytes | os.PathLike[str] | None = None,
        priority: int = DEFAULT_FILE_STORAGE_PRIORITY,
        copy_artifacts: bool = True,
        copy_sources: bool = True,
    ) -> None:
        base = Path(os.fsdecode(basedir))
        self.initialize(
            base,
            base / documents.RESOURCES_FOLDER if resource_dir is None else resource_dir,
            base / documents.SOURCES_FOLDER if source_dir is None else source_dir,
            _find_template(base, template),
            priority,
            copy_artifacts,
            copy_sources,
        )

    def initialize(
        self,
        basedir: str | bytes | os.PathLike[str],
        resource_dir: str | bytes | os.PathLike[str],
        source_dir: str | bytes | os.PathLike[str],
        template: str | bytes | os.PathLike[str] | None,
        priority: int = DEFAULT_FILE_STORAGE_PRIORITY,
        copy_artifacts: bool = True,
        copy_sources: bool = True,
    ) -> None:
        """Set everything that the observer needs to know."""
        self.basedir: str = str(Path(os.fsdecode(basedir)))
        self.resource_dir: Any = Path(os.fsdecode(resource_dir))
        self.source_dir: Any = Path(os.fsdecode(source_dir))
        self.template: Path | None = None if template is None else Path(os.fsdecode(template))
        self.priority = priority
        self.copy_artifacts = copy_artifacts
        self.copy_sources = copy_sources
        self._forget()

    # ---------------------------------------------------------------------------------------------------- begin

    def _reserve(self, _id: Any, entry: Facts) -> Any:
        self._make_run_dir(_id)
        return os.path.relpath(self.dir, self.basedir) if _id is None else _id

    def _make_run_dir(self, _id: Any) -> None:
        """Set `dir` to a new folder: of this id, or of the next number that is free."""
        Path(self.basedir).mkdir(parents=True, exist_ok=True)
        self.dir = None
        if _id is not None:
            FileStorageObserver._make_dir(self, _id)  # an id that is given is the name, whatever numbers become
            return
        first = self._maximum_existing_run_id() + 1
        for number in range(first, first + _ATTEMPTS):
            try:
                self._make_dir(number)
            except FileExistsError:  # another run was faster, or the file system shows new folders late
                if number == first + _ATTEMPTS - 1:
                    raise
            else:
                break

    def _make_dir(self, _id: Any) -> None:
        """Make the folder of an id, and set `dir` to it."""
        folder = inside(Path(self.basedir), str(_id))
        folder.mkdir()
        self.dir = str(folder)

    def _maximum_existing_run_id(self) -> int:
        """Return the largest number that is a folder's name; other files and names do not count."""
        names = sorted(filter(str.isdecimal, os.listdir(self.basedir)), key=int, reverse=True)
        return next((int(name) for name in names if Path(self.basedir, name).is_dir()), 0)

    def _begin_dir(self) -> None:
        """Note how much output is there already, and what directory a relative folder is in, wherever the run goes."""
        super()._begin_dir()
        self._cwd = Path.cwd()
        is_resumed = self.dir is not None and self._path(documents.OUTPUT).exists()
        self._size_before = self._path(documents.OUTPUT).stat().st_size if is_resumed else 0

    # --------------------------------------------------------------------------------------------------- storing

    def _path(self, name: str) -> Path:
        return Path(self._cwd, self.dir, name)

    def find_or_save(self, filename: str | os.PathLike[str], store_dir: str | os.PathLike[str]) -> Path:
        """Return where a content is kept in a folder, after a copy if it is not there yet."""
        path = Path(filename).resolve()
        if not self.copy_artifacts and path.is_relative_to((self._cwd / self.basedir).resolve()):
            return path
        folder = self._cwd / store_dir
        folder.mkdir(parents=True, exist_ok=True)
        name = f"{path.stem}_{get_digest(path)}{path.suffix}"
        if not (folder / name).exists():
            copy_file(path, folder / name)
        return Path(store_dir, name)

    def _share(self, filename: str, store_dir: Any) -> str:
        return str(self.find_or_save(filename, store_dir))

    def _save_pieces(self, pieces: Iterable[str], filename: str) -> None:
        with replacing(self._path(filename)) as file:
            for piece in pieces:
                file.write(piece.encode("ascii"))

    def _read_metrics(self) -> Mapping[str, Any]:
        path = self._path(documents.METRICS)
        return json.loads(path.read_text()) if path.exists() else {}

    def save_file(self, filename: str | os.PathLike[str], target_name: str | None = None) -> None:
        """
        Copy a file into the run's folder.

        Raises:
            FileExistsError: The name is that of a file which the observer writes.
            EscapingPathError: The name leads out of the folder.
        """
        target = inside(self._cwd / self.dir, target_name or Path(filename).name)
        documents.refuse_protected(str(target.relative_to(self._cwd / self.dir)), self.dir)
        target.parent.mkdir(parents=True, exist_ok=True)
        copy_file(Path(filename), target)

    def save_cout(self) -> None:
        """Append what of `cout` is beyond `cout_write_cursor`; where a filter has changed the rest, write all of it."""
        path = self._path(documents.OUTPUT)
        if self.cout.startswith(self._stored_cout[: self.cout_write_cursor]):
            with path.open("ab", buffering=0) as file:
                append_whole(file.fileno(), _output_bytes(self.cout[self.cout_write_cursor :]))
        else:
            with path.open("rb") as file:
                before = file.read(self._size_before)
            replace_file(path, before + _output_bytes(self.cout))
        self._stored_cout = self.cout
        self.cout_write_cursor: int = len(self.cout)

    def _store(self, facts: Facts, *, is_last: bool = False) -> None:
        super()._store(facts, is_last=is_last)
        if is_last:
            self.render_template()

    def render_template(self) -> None:
        """Make the report, if there is a template; it is called `report` and has the template's suffix."""
        if self.template is None:
            return
        with needed_by("The report of FileStorageObserver", "reports"):
            from mako.template import Template

        report = Template(filename=str(self.template)).render(
            run=self.run_entry, config=self.config, info=self.info, cout=self.cout, savedir=self.dir
        )
        replace_file(self._path("report" + self.template.suffix), report)

    def _place(self) -> tuple[str, str]:
        return "folder", self.basedir


@cli_option("-F", "--file_storage")
def file_storage_option(args: str, run: Any) -> None:
    """Keep the run as a folder in this folder."""
    run.observers.append(FileStorageObserver(args))


def _find_template(base: Path, template: str | bytes | os.PathLike[str] | None) -> Path | None:
    if template is None:
        usual = base / "template.html"
        return usual if usual.exists() else None
    path = Path(os.fsdecode(template))
    if not path.exists():
        raise FileNotFoundError(f"Couldn't find template file '{path}'")
    return path


def _output_bytes(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")
