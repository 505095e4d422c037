"""Where Sacred has stored runs: folders, a TinyDB, an SQL database, a MongoDB; all are only read."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import IO, Any, NamedTuple

from expframe.compat.sacred._own.inert import read_value
from expframe.compat.sacred._own.libraries import needed_by
from expframe.compat.sacred._own.mongo_address import parse_mongo_db_arg
from expframe.compat.sacred._own.old_records import counts_of, metric_points, reading, record_of
from expframe.compat.sacred.old_folders import SacredRun
from expframe.config.secrets import mask_urls
from expframe.disk import layout
from expframe.disk.files import inside
from expframe.errors import EscapingPathError, UsageError, ValueFormatError
from expframe.record.events import Point
from expframe.record.record import Record
from expframe.store.search.collection import Runs

_LONGEST_DIGEST = 200
_PATIENCE = 10
"""Seconds after which a MongoDB that does not answer is not there."""


class OldFile(NamedTuple):
    """An artifact, a resource or a source of an old run; `write` writes its content into an open file."""

    kind: str
    name: str
    write: Callable[[IO[bytes]], object]
    content_type: str | None = None
    metadata: Mapping[str, Any] = {}


class OldRun(NamedTuple):
    """All that is known of an old run."""

    record: Record
    config: Mapping[str, Any]
    info: Mapping[str, Any]
    output: str
    points: Iterable[Point]
    files: Iterable[OldFile]


def old_runs(source: str) -> Iterator[OldRun]:
    """
    Yield the runs of a source, oldest first.

    Args:
        source: A folder of file storage or of a TinyDB, the URL of an SQL database or the path of one of SQLite, or a
            MongoDB as `--mongo_db` takes it.

    Raises:
        UsageError: It is none of these.
        MissingLibraryError: The library for it is not installed.
    """
    path = Path(source)
    if (path / "metadata.json").is_file():
        return _of_tinydb(path)
    if path.is_dir():
        return _of_folder(path)
    if path.is_file():
        return _of_sql(f"sqlite:///{path}")
    if source.startswith("mongodb"):
        return _of_mongo(source)
    if "://" in source:
        return _of_sql(source)
    if re.match(r"[^:/]+:\d+(:|$)", source):
        return _of_mongo(source)
    raise UsageError(f"source {source!r}", "is not there. Name a folder, the URL of a database, or host:port:database.")


def _unreadable(source: str, problem: Exception) -> UsageError:
    reason = " ".join(str(problem).split()) or type(problem).__name__
    return UsageError(f"source {mask_urls(source)!r}", f"cannot be read ({reason:.300}).")


# ------------------------------------------------------------------------------------------------------- folders


def _of_folder(folder: Path) -> Iterator[OldRun]:
    runs = [run for run in Runs(folder) if isinstance(run, SacredRun)]
    if not runs:
        raise UsageError(f"source {str(folder)!r}", "holds no run of Sacred's file storage.")
    return map(_of_run, reversed(runs))


def _of_run(run: SacredRun) -> OldRun:
    record = run.record
    files = [OldFile(file.kind, file.name, _copier(Path(file.path))) for file in run.files]
    sources = run.folder.parent / layout.SOURCES_FOLDER
    files += [
        OldFile("source", name, _copier(path)) for name, stored in record.sources if (path := _kept(sources, stored))
    ]
    return OldRun(record, dict(run.config), run.info, run.output(raw=True), list(_points(run.metrics())), files)


def _kept(folder: Path, name: str) -> Path | None:
    """Return a file of a folder; None where it is not there, or its name leads out of the folder."""
    with suppress(EscapingPathError, OSError):
        path = inside(folder, name)
        return path if path.is_file() else None
    return None


def _points(curves: Mapping[str, Any]) -> Iterator[Point]:
    for name, curve in curves.items():
        for step, when, value in zip(curve.steps, curve.times, curve.values, strict=True):
            yield name, step, when, value


def _copier(path: Path) -> Callable[[IO[bytes]], object]:
    def write(target: IO[bytes]) -> None:
        with path.open("rb") as file:
            shutil.copyfileobj(file, target)

    return write


# -------------------------------------------------------------------------------------------------------- tinydb


def _of_tinydb(folder: Path) -> Iterator[OldRun]:
    from expframe.compat.sacred.observers.tinydb_hashfs import bases

    readers = {"TinyDate": bases.DateTimeSerializer(), "TinyArray": bases.NdArraySerializer()}  # all else stays a text
    with reading(str(folder / bases.METADATA)):
        tables = json.loads((folder / bases.METADATA).read_text(encoding="utf-8") or "{}")
        runs = [_of_entry(folder, bases.untagged(entry, readers)) for entry in tables.get("runs", {}).values()]
    yield from runs


def _of_entry(folder: Path, entry: Mapping[str, Any]) -> OldRun:
    config, files = dict(entry.get("config") or {}), list(_tinydb_files(folder, entry))
    record = record_of(entry, str(entry.get("_id")), config, counts_of(files))
    return OldRun(record, config, dict(entry.get("info") or {}), str(entry.get("captured_out") or ""), (), files)


def _tinydb_files(folder: Path, entry: Mapping[str, Any]) -> Iterator[OldFile]:
    from expframe.compat.sacred.observers.tinydb_hashfs.bases import FILES
    from expframe.compat.sacred.observers.tinydb_hashfs.hashed_files import HashedFiles

    stored = HashedFiles(folder / FILES)
    experiment = entry.get("experiment") or {}
    for kind, rows in (
        ("artifact", entry.get("artifacts")),
        ("resource", entry.get("resources")),
        ("source", experiment.get("sources")),
    ):
        for row in rows or ():
            digest = str(row[-1]).removeprefix("{TinyFile}:").strip('"')
            address = stored.get(digest) if digest.isalnum() and len(digest) <= _LONGEST_DIGEST else None
            if address is not None:
                yield OldFile(kind, str(row[0]), _copier(Path(address.abspath)))


# ----------------------------------------------------------------------------------------------------------- sql


def _of_sql(url: str) -> Iterator[OldRun]:
    with needed_by(f"Reading {url.partition('://')[0]} databases", "sql"):
        import sqlalchemy as sa
        from sqlalchemy.orm import Session
    from expframe.compat.sacred.observers.sql_bases import Run

    try:
        engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
    except (sa.exc.SQLAlchemyError, ImportError) as problem:
        raise _unreadable(url, problem) from problem
    try:
        if not sa.inspect(engine).has_table(Run.__tablename__):
            raise UsageError(f"source {mask_urls(url)!r}", "holds no runs of Sacred's.")
        with Session(engine) as session:
            keys = session.scalars(sa.select(Run.id).order_by(Run.id)).all()
        for key in keys:
            with reading(f"run {key} of Sacred's"), Session(engine) as session:
                found = _of_row(session.get_one(Run, key))
            yield found
    except (sa.exc.SQLAlchemyError, UnicodeDecodeError, MemoryError) as problem:  # what SQLite says may be damaged, too
        raise _unreadable(url, problem) from problem
    finally:
        engine.dispose()


def _of_row(run: Any) -> OldRun:
    config = read_value(json.loads(run.config or "{}"))
    data = run.to_json()
    files = [OldFile("artifact", str(file.filename), _writer(file.content)) for file in run.artifacts]
    files += [OldFile("resource", str(file.filename), _writer(file.content)) for file in run.resources]
    if run.experiment is not None:
        sources = run.experiment.sources
        files += [OldFile("source", str(file.filename), _writer((file.content or "").encode())) for file in sources]
    record = record_of(data, str(run.run_id), config, counts_of(files))
    info = dict(read_value(json.loads(run.info or "{}")))
    return OldRun(record, config, info, str(run.captured_out or ""), (), files)


def _writer(content: bytes | str | None) -> Callable[[IO[bytes]], object]:
    data = content.encode() if isinstance(content, str) else memoryview(content or b"")
    return lambda target: target.write(data)


# --------------------------------------------------------------------------------------------------------- mongo


def _of_mongo(address: str) -> Iterator[OldRun]:
    with needed_by("Reading MongoDB", "mongo"):
        import bson
        import pymongo
    asked = parse_mongo_db_arg(address)
    client: Any = pymongo.MongoClient(asked.get("url"), serverSelectionTimeoutMS=_PATIENCE * 1000)
    with closing(client):
        database = client[asked.get("db_name", "sacred")]
        try:
            yield from runs_of_database(database, asked.get("collection", "runs"))
        except (pymongo.errors.PyMongoError, bson.errors.BSONError) as problem:
            raise _unreadable(address, problem) from problem


def runs_of_database(database: Any, collection: str = "runs") -> Iterator[OldRun]:
    """Yield the runs of a MongoDB; the metrics of `PREFIX_runs` are in `PREFIX_metrics`."""
    for entry in database[collection].find().sort("_id", 1):
        with reading(f"run {entry.get('_id')} of Sacred's"):
            found = _of_document(database, collection, entry)
        yield found


def _of_document(database: Any, collection: str, entry: Mapping[str, Any]) -> OldRun:
    import gridfs

    metrics = collection[: -len("runs")] + "metrics" if collection.endswith("runs") else "metrics"
    config = read_value(entry.get("config") or {})
    stored = database[metrics].find({"run_id": entry["_id"]})
    points = [point for metric in stored for point in metric_points(str(metric["name"]), metric)]
    kept = list(_mongo_files(database, gridfs.GridFS(database), entry))
    record = record_of(entry, str(entry["_id"]), config, counts_of(kept, len(points)))
    info = {key: value for key, value in read_value(entry.get("info") or {}).items() if key != "metrics"}
    return OldRun(record, config, info, str(entry.get("captured_out") or ""), points, kept)


def _mongo_files(database: Any, files: Any, entry: Mapping[str, Any]) -> Iterator[OldFile]:
    import gridfs

    for artifact in entry.get("artifacts") or ():
        if isinstance(artifact, dict) and files.exists(artifact.get("file_id")):
            key, name = artifact["file_id"], str(artifact.get("name"))
            about = database["fs.files"].find_one({"_id": key}) or {}
            kind, metadata = about.get("contentType"), about.get("metadata") or {}
            yield OldFile("artifact", name, _grid_writer(files, key), kind, metadata)
    for name, digest in entry.get("resources") or ():
        stored = files.find_one({"filename": name, "md5": digest})
        if stored is not None:
            yield OldFile("resource", str(name), _grid_writer(files, stored._id))
    for name, key in (entry.get("experiment") or {}).get("sources") or ():
        try:
            yield OldFile("source", str(name), _grid_writer(files, files.get(key)._id))
        except gridfs.errors.NoFile:
            continue


def _grid_writer(files: Any, key: Any) -> Callable[[IO[bytes]], object]:
    from pymongo.errors import PyMongoError

    def write(target: IO[bytes]) -> None:
        with reading(what := f"file {key} of Sacred's"):
            try:
                shutil.copyfileobj(files.get(key), target)
            except PyMongoError as problem:
                raise ValueFormatError(what, f"cannot be read ({problem}).") from problem

    return write
