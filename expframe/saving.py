"""Put files into a run: under a name of their own, whole or not at all."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from expframe.disk import copy_file, inside
from expframe.errors import SaveError
from expframe.record import File
from expframe.store import layout


def add_artifact(
    folder: Path,
    source: str | os.PathLike[str],
    name: str | None = None,
    content_type: str | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> File:
    """
    Copy a file among a run's files, or only note it if it is there already, and return what it is.

    Args:
        folder: The run's folder.
        source: The file.
        name: Its name in the run, `/` for folders; by default its own. An existing name becomes `name (1).ext`.
        content_type: Its MIME type.
        metadata: What else is to be known of it.

    Raises:
        SaveError: It cannot be read or stored; nothing half-written is left.
        EscapingPathError: The name leads out of the run.
    """
    path = Path(source)
    files = folder / layout.FILES_FOLDER
    try:
        if name is None and (own := _own_name(files, path)):
            return _file("artifact", own, path, content_type, metadata)
        wanted = inside(files, name if name is not None else path.name)
        wanted.parent.mkdir(parents=True, exist_ok=True)
        target = _copy_to_free_name(path, wanted)
        return _file("artifact", target.relative_to(files).as_posix(), target, content_type, metadata)
    except OSError as problem:
        raise _save_error(f"artifact {str(source)!r}", problem) from problem


def add_resource(folder: Path, source: str | os.PathLike[str]) -> File:
    """
    Keep the content of a file that a run reads, once for all runs of the store, and return what it is.

    Raises:
        SaveError: It cannot be read or stored.
    """
    path = Path(source)
    kept = folder.parent / layout.RESOURCES_FOLDER
    try:
        digest = _digest(path)
        target = kept / f"{digest}{path.suffix}"
        if not target.exists():
            kept.mkdir(exist_ok=True)
            copy_file(path, target)
        absolute = str(path.absolute())
        return File("resource", absolute, str(target), path.stat().st_size, time.time(), digest)
    except OSError as problem:
        raise _save_error(f"resource {str(source)!r}", problem) from problem


def free_names(path: Path) -> Iterator[Path]:
    """Yield a path, then `name (1).ext`, `name (2).ext` and so on."""
    yield path
    suffix = "".join(path.suffixes[-2:]) if path.suffixes[-2:-1] == [".tar"] else path.suffix
    stem = path.name.removesuffix(suffix)
    number = 1
    while True:
        yield path.with_name(f"{stem} ({number}){suffix}")
        number += 1


def _copy_to_free_name(source: Path, wanted: Path) -> Path:
    aside = wanted.with_name(f".{wanted.name}.{os.getpid()}.{os.urandom(4).hex()}")
    copy_file(source, aside)
    try:
        for target in free_names(wanted):
            if _claim(aside, target):
                return target
    finally:
        with suppress(OSError):
            aside.unlink()
    raise AssertionError("names never end")


def _claim(aside: Path, target: Path) -> bool:
    """Give a finished file its name unless that is taken."""
    try:
        os.link(aside, target)
    except FileExistsError:
        return False
    except OSError:  # a file system without links: take the name first
        try:
            os.close(os.open(target, os.O_CREAT | os.O_EXCL, 0o666))
        except FileExistsError:
            return False
        aside.replace(target)
    return True


def _own_name(files: Path, path: Path) -> str | None:
    with suppress(ValueError):
        return Path(os.path.realpath(path)).relative_to(os.path.realpath(files)).as_posix() if path.is_file() else None
    return None


def _file(kind: str, name: str, path: Path, content_type: str | None, metadata: Mapping[str, Any] | None) -> File:
    return File(kind, name, str(path), path.stat().st_size, time.time(), "", content_type, dict(metadata or {}))


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def _save_error(subject: str, problem: OSError) -> SaveError:
    return SaveError(subject, f"cannot be stored ({problem.strerror or problem}). Nothing was left behind.")
