"""Brings runs that Sacred has stored into a store of ours."""

from __future__ import annotations

import hashlib
import io
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from expframe.compat.sacred._own.old_records import reading
from expframe.compat.sacred._own.old_sources import OldFile, OldRun, old_runs
from expframe.config.decided import Config
from expframe.disk import layout
from expframe.disk.files import NO_NAME, inside, replace_file
from expframe.errors import EscapingPathError, MetricError, SaveError, ValueFormatError
from expframe.facts import sources
from expframe.record.events import Info, Points
from expframe.record.metrics import check_name
from expframe.saving.artifacts import add_file
from expframe.saving.files import add_resource
from expframe.store.archive import Imported
from expframe.store.search.collection import Runs
from expframe.store.writer import LocalSink, LocalStore


def import_runs(source: str, store: Path) -> Iterator[Imported]:
    """
    Bring in what a store does not have yet, and yield what came of each run.

    The source is only read. A run is known by what it says of itself, so that it can be brought in from a copy, or a
    second time, without being there twice.

    Args:
        source: As for `old_runs`.
        store: The folder of runs.
    """
    known = {uid: id for id, uid in Runs(store).rows("id", "uid") if uid}
    for old in old_runs(source):
        uid, there = old.record.uid, str(old.record.id)
        is_new = uid not in known
        if is_new:
            known[uid] = _write(old, store)
        yield Imported(uid, there, known[uid], is_new)


def _write(old: OldRun, store: Path) -> str:
    """Write a whole run, or nothing, and return its new id."""
    with reading(f"run {old.record.id} of Sacred's"):
        config = Config(old.config)
        files = [file._replace(name=file.name.encode("utf-8", "backslashreplace").decode()) for file in old.files]
    old = old._replace(files=files)
    sink = LocalStore(store).open(old.record._replace(id=None), config)
    try:
        problems = list(_fill(sink, old))
        kept = _keep_sources((file for file in old.files if file.kind == "source"), store)
        said = (*old.record.problems, *problems)
        sink.close(old.record._replace(id=sink.id, sources=kept, problems=said))
    except BaseException:
        shutil.rmtree(sink.folder, ignore_errors=True)
        raise
    return str(sink.id)


def _fill(sink: LocalSink, old: OldRun) -> Iterator[str]:
    """Write everything but the record, and yield what could not be."""
    good, refused = [], set()
    for point in old.points:
        try:
            good.append((check_name(point[0]), *point[1:]))
        except MetricError as problem:
            refused.add(str(problem))
    if good:
        sink.write(Points(good))
    if old.info:
        sink.write(Info(old.info))
    if old.output:
        replace_file(sink.folder / layout.OUTPUT, old.output)
    yield from sorted(refused)
    for file in old.files:
        if file.kind != "source":
            yield from _added(sink, file)


def _added(sink: LocalSink, file: OldFile) -> Iterator[str]:
    """Add a file, or yield why it cannot be."""
    try:
        _add_file(sink, file)
    except (EscapingPathError, ValueFormatError) as problem:
        yield str(problem)
    except (SaveError, OSError) as problem:
        cause = problem.__cause__ or problem
        if not isinstance(cause, OSError) or cause.errno not in NO_NAME:
            raise
        yield f"{file.kind} {file.name!r:.80}: {cause.strerror}"


def _add_file(sink: LocalSink, file: OldFile) -> None:
    with tempfile.TemporaryDirectory(dir=sink.folder) as folder:
        aside = inside(Path(folder), PurePosixPath(file.name).name or "file")
        with aside.open("wb") as target:
            file.write(target)
        if file.kind == "artifact":
            sink.write(add_file(sink.folder, aside, file.name, file.content_type, file.metadata))
        else:
            sink.write(add_resource(sink.folder, aside)._replace(name=file.name))


def _keep_sources(files: Iterable[OldFile], store: Path) -> tuple[tuple[str, str], ...]:
    """Keep source files, each content once, and return their names and those of the stored files."""
    found = {}
    for file in files:
        content = io.BytesIO()
        file.write(content)
        data = content.getvalue()
        digest = hashlib.sha256(data).hexdigest()
        found[file.name] = sources.Source(file.name, Path(file.name), digest, len(data), 0, data)
    return tuple(sources.store(found, store / layout.SOURCES_FOLDER))
