"""
Runs as one zip file that another store takes in: whole, each once, and never outside of its folder.

A single file that cannot be written into the zip file, or may not be taken out of it, is named, and the rest goes on.
"""

from __future__ import annotations

import errno
import hashlib
import json
import lzma
import os
import shutil
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, NamedTuple

from expframe.config import json_values
from expframe.disk import layout
from expframe.disk.files import NO_NAME, inside, replace_file, replacing
from expframe.errors import EscapingPathError, ExpframeError, StoreUnusableError, UsageError, ValueFormatError
from expframe.record.record import Record
from expframe.store import ids, shared
from expframe.store.editing import refuse_foreign
from expframe.store.index import rows
from expframe.store.reader import StoredRun
from expframe.store.sweeps.journal import Journal, new_writer
from expframe.store.sweeps.plan_file import is_sweep
from expframe.store.sweeps.trials import Trials

_MANIFEST = "expframe-runs.json"
_FORMAT = 1
_RUNS = "runs/"
_PIECE = 1 << 20
_MOST_FACTS = 1 << 28
"""Bytes of a record, which is read as a whole."""
_DAMAGED = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError, RuntimeError, struct.error),
    *(ValueError, LookupError, OverflowError, OSError),
)
_OUTSIDE = "its name leads out of its folder"
_BELOW_FILES = (f"{layout.RECORD}/", f"{layout.LEASE}/")
"""How names begin that would make folders of what is written last, or not at all."""

_NOT_WHOLE = "Runs that are not there yet are taken in by the next import."
"""What has come of it where a store takes no more."""


class Imported(NamedTuple):
    """
    What came of one run of a file.

    Attributes:
        uid: The run's.
        there: Its id in the store that it comes from.
        id: Its id here.
        is_new: Whether it came with this import; otherwise a run of its uid was here already.
    """

    uid: str
    there: str
    id: str
    is_new: bool


class Refused(NamedTuple):
    """
    One file that was left out.

    Attributes:
        name: What it is called in the zip file.
        reason: Why.
    """

    name: str
    reason: str


# ---------------------------------------------------------------------------------------------------------- export


def export(runs: Sequence[StoredRun], target: Path) -> list[Refused]:
    """
    Write runs, with the sources and resources that they share, into a zip file, and return what could not be.

    Raises:
        OSError: It cannot be written; then there is no file, or the one that was there before.
        ValueFormatError: A record cannot be read.
        StoreError: A run is another tool's.
    """
    for run in runs:
        refuse_foreign(run)
    listed = [{"id": run.id, "uid": run.record.uid} for run in runs]
    refused: list[Refused] = []
    with replacing(target) as file, _new_archive(file) as archive:
        archive.writestr(_MANIFEST, json_values.dump_plain({"format": _FORMAT, "runs": listed}))
        for run in runs:
            for path in files_of(run.folder):
                _put_in(archive, path, f"{_RUNS}{run.id}/{path.relative_to(run.folder).as_posix()}", run, refused)
        for path in sorted({path for run in runs for path in shared_files(run)}):
            archive.write(path, f"{path.parent.name}/{path.name}")
    return refused


def _put_in(archive: zipfile.ZipFile, path: Path, name: str, run: StoredRun, refused: list[Refused]) -> None:
    """Write one file of a run into an archive, or note why it cannot be there."""
    try:
        if not inside(run.folder, path.relative_to(run.folder)).is_file():
            refused.append(Refused(name, "it is a link to nothing, or no file"))
            return
        name.encode()
        path.open("rb").close()
    except EscapingPathError:
        refused.append(Refused(name, "it is a link out of the run"))
    except UnicodeEncodeError:
        refused.append(Refused(ascii(name)[1:-1], "its name is no text"))
    except OSError as problem:
        refused.append(Refused(name, problem.strerror or str(problem)))
    else:
        try:
            archive.write(path, name)
        except FileNotFoundError:  # the run goes on
            refused.append(Refused(name, "it was removed meanwhile"))


def _new_archive(file: IO[bytes]) -> zipfile.ZipFile:
    return zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False)


def files_of(folder: Path) -> Iterator[Path]:
    """
    Yield the files of a run, links among them, without its lease and without what was never finished.

    Those that say what the others hold are the first, so that of a run which goes on the others hold that and more.
    """
    for parent, folders, names in os.walk(folder):
        names += [name for name in folders if Path(parent, name).is_symlink()]
        folders[:] = sorted(name for name in folders if not layout.is_aside(name))
        for name in sorted(names, key=lambda name: (name not in (layout.RECORD, layout.SUMMARY), name)):
            path = Path(parent, name)
            if not layout.is_aside(name) and (path.parent != folder or name != layout.LEASE):
                yield path


def shared_files(run: StoredRun) -> Iterator[Path]:
    """Yield the files of a run that are kept once for all runs of the store, as far as they are there."""
    store = run.folder.parent
    for name in shared.names_of(run):
        with suppress(EscapingPathError):
            path = inside(store, name)
            if path.is_file() and path.parent.parent == store:
                yield path


# ---------------------------------------------------------------------------------------------------------- import


def take_in(source: Path, store: Path) -> tuple[list[Imported], list[Refused]]:
    """
    Take the runs of a zip file into a store, and return what came of each, and the single files that were refused.

    A run whose uid is here already is left as it is, so that a file can be taken in again. A run keeps its id where
    that was never given here, and gets the next number otherwise. Each run is there as a whole or not at all, but for
    files that are refused: names that lead out of their folder, or cannot be on this system, and what is not what its
    name, a digest, says.

    What is in the file takes no more room than the store has, and members that lie over each other, by which a short
    file can hold more than any disk, are refused.

    Raises:
        UsageError: There is no such file.
        ValueFormatError: The file is no such file, or damaged.
        EscapingPathError: A run in it has an id that is none; no run has been taken in.
        StoreUnusableError: The store cannot be written.
    """
    try:
        with zipfile.ZipFile(source) as archive:
            return _take_in(archive, source, store)
    except (FileNotFoundError, IsADirectoryError):
        if source.is_file():
            raise
        what = "is a folder" if source.is_dir() else "is not there"
        raise UsageError(str(source), f"{what}. Name a file that `expframe export` wrote.") from None
    except _DAMAGED as problem:
        if isinstance(problem, ExpframeError) or (isinstance(problem, OSError) and problem.errno != errno.EINVAL):
            raise
        raise ValueFormatError(str(source), f"is no zip file, or damaged ({problem}).") from problem


def _take_in(archive: zipfile.ZipFile, source: Path, store: Path) -> tuple[list[Imported], list[Refused]]:
    listed = _listed(archive, source)
    members, refused = _members(archive, store)
    with ids.writing(store, _NOT_WHOLE):
        store.mkdir(parents=True, exist_ok=True)
    _check_room(archive, source, store)
    here = {row.record["uid"]: row.id for row in rows(store, ids.run_ids(store), ()) if row.record}
    _take_shared(archive, members, store, refused)
    found: list[Imported] = []
    given: dict[str, str] = {}
    for uid, id in listed:
        is_new = uid not in here
        if is_new:
            here[uid] = _take_run(archive, members, store, uid, id, refused)
            given[uid] = here[uid]
        found.append(Imported(uid, id, here[uid], is_new))
    _name_parents(store, given, here)
    _name_trials(store, found)
    return found, refused


def _check_room(archive: zipfile.ZipFile, source: Path, store: Path) -> None:
    """
    See to it that what is in an archive is as large as it can be, and has room.

    Raises:
        ValueFormatError: Its members lie over each other.
        StoreUnusableError: There is no room for it.
    """
    if sum(member.compress_size for member in archive.infolist()) > source.stat().st_size:
        raise ValueFormatError(str(source), "is damaged: its members lie over each other.")
    size, free = sum(member.file_size for member in archive.infolist()), shutil.disk_usage(store).free
    if size > free:
        raise StoreUnusableError(str(store), f"has {free:,} bytes free; what is in {source} takes {size:,}.")


def _read(archive: zipfile.ZipFile, name: str) -> Any:
    """
    Return what a member says in JSON.

    Raises:
        KeyError: It is not there.
        ValueError, RecursionError: It is no JSON, or larger than facts are.
    """
    size = archive.getinfo(name).file_size
    if size > _MOST_FACTS:
        raise ValueError(f"{name} has {size:,} bytes")
    return json.loads(archive.read(name))


def _listed(archive: zipfile.ZipFile, source: Path) -> list[tuple[str, str]]:
    """Return the uid and id of each run of a file."""
    try:
        data = _read(archive, _MANIFEST)
        if data["format"] > _FORMAT:
            raise ValueFormatError(str(source), f"is of format {data['format']}; a newer expframe can read it.")
        listed = [(str(run["uid"]), str(run["id"])) for run in data["runs"]]
    except (KeyError, ValueError, TypeError, RecursionError) as problem:
        if isinstance(problem, ValueFormatError):
            raise
        raise ValueFormatError(str(source), "holds no runs: it was not made by `expframe export`.") from problem
    for _, id in listed:
        if not ids.is_name(id):
            raise EscapingPathError(name=id, folder=str(source))
    return sorted(listed, key=lambda run: int(run[1]) if run[1].isdecimal() else 0)  # so that numbers are kept


def _members(archive: zipfile.ZipFile, store: Path) -> tuple[dict[str, zipfile.ZipInfo], list[Refused]]:
    """Return the files in an archive by name, and those that are refused since their names lead out of their folder."""
    members = {member.filename: member for member in archive.infolist() if not member.is_dir()}
    refused = [Refused(name, _OUTSIDE) for name in members if not _stays_inside(name, store)]
    for name, _ in refused:
        del members[name]
    return members, refused


def _stays_inside(name: str, store: Path) -> bool:
    parts = name.replace(os.sep, "/").split("/")
    try:
        inside(store, name)
    except EscapingPathError:
        return False
    return not any(part in ("", ".", "..") for part in parts)


def _take_shared(
    archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo], store: Path, refused: list[Refused]
) -> None:
    """Take in sources and resources that are not here; each is what its name, a digest, says."""
    for name, member in members.items():
        folder, _, file = name.partition("/")
        target = store / folder / file
        if folder not in shared.FOLDERS or "/" in file or target.exists():
            continue
        target.parent.mkdir(exist_ok=True)
        try:
            _extract_digested(archive, member, target)
        except ValueFormatError as problem:
            refused.append(Refused(name, problem.problem))


def _extract_digested(archive: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path) -> None:
    with replacing(target) as copy, archive.open(member) as original:
        digest = hashlib.sha256()
        while piece := original.read(_PIECE):
            digest.update(piece)
            copy.write(piece)
        if digest.hexdigest() != target.name.partition(".")[0]:
            raise ValueFormatError(member.filename, "it is not what its name says")


def _take_run(
    archive: zipfile.ZipFile,
    members: dict[str, zipfile.ZipInfo],
    store: Path,
    uid: str,
    id: str,
    refused: list[Refused],
) -> str:
    """Take in one run, its record last, and return its id; a folder without a record is no run yet."""
    start = f"{_RUNS}{id}/"
    own = {name.removeprefix(start): member for name, member in members.items() if name.startswith(start)}
    record = _record(archive, own, uid, id)
    with ids.writing(store, _NOT_WHOLE):
        folder = ids.make_folder_like(store, id)
    try:
        for name, member in own.items():
            if name in (layout.RECORD, layout.LEASE):
                continue
            if reason := _extract(archive, member, folder, name):
                refused.append(Refused(member.filename, reason))
        record["id"] = folder.name
        replace_file(folder / layout.RECORD, json_values.dump_plain(record))
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return folder.name


def _record(archive: zipfile.ZipFile, own: dict[str, zipfile.ZipInfo], uid: str, id: str) -> dict[str, Any]:
    try:
        record: dict[str, Any] = _read(archive, own[layout.RECORD].filename)
        if Record.from_json(record).uid != uid:
            raise ValueError("another uid")
    except (KeyError, ValueError, TypeError, AttributeError, RecursionError) as problem:
        raise ValueFormatError(f"{archive.filename}: run {id}", f"cannot be read ({problem}).") from problem
    return record


def _extract(archive: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path, name: str) -> str:
    """Take one file of a run out of an archive, and return why its name cannot be; empty where it can."""
    if name.startswith(_BELOW_FILES):
        return os.strerror(errno.ENOTDIR)
    try:
        target = inside(folder, name)
        target.parent.mkdir(parents=True, exist_ok=True)
        copy = target.open("xb")
    except EscapingPathError:
        return _OUTSIDE
    except OSError as problem:
        if problem.errno not in NO_NAME:
            raise
        return problem.strerror or str(problem)
    with copy, archive.open(member) as original:
        shutil.copyfileobj(original, copy, _PIECE)
    return ""


def _name_parents(store: Path, given: dict[str, str], here: dict[str, str]) -> None:
    """Write the new ids of parents into the records of the runs that came in."""
    for id in given.values():
        path = store / id / layout.RECORD
        record = json.loads(path.read_bytes())
        parent_id = here.get(record.get("parent"))
        if parent_id is not None and parent_id != record.get("parent_id"):
            record["parent_id"] = parent_id
            replace_file(path, json_values.dump_plain(record))


def _name_trials(store: Path, found: Sequence[Imported]) -> None:
    """Note in the journals of sweeps that came in which ids the runs of their trials have here."""
    ids_here = {run.there: run.id for run in found}
    records = {row.id: row.record for row in rows(store, [run.id for run in found], ()) if row.record}
    for run in found:
        folder = store / run.id
        if not run.is_new or not is_sweep(folder):
            continue
        own = [(id, record["sweep"]) for id, record in records.items() if record.get("parent") == run.uid]
        by_place = {(facts.get("trial"), facts.get("attempt")): id for id, facts in own if facts}
        trials, journal = Trials(folder), Journal(folder, new_writer())
        trials.refresh()
        for state in trials:
            for number, attempt in state.attempts.items():
                now = by_place.get((state.number, number)) or ids_here.get(attempt.run, "")
                if attempt.run and now != attempt.run:
                    journal.note("renamed", state.number, number, run=now)
