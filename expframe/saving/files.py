"""Put files into a run, whole or not at all and under names of their own, and read them back."""

from __future__ import annotations

import errno
import itertools
import json
import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from expframe.config.frozen import thaw
from expframe.disk import layout
from expframe.disk.files import claim, copy_file, digest_of, inside, require_regular
from expframe.errors import EscapingPathError, SaveError, StoreError, ValueFormatError, listed
from expframe.record.events import File

if TYPE_CHECKING:
    from expframe.saving.savers import Saver

_SAVER = "saver"
"""Under this name the metadata of a file say who wrote it, where the extension alone does not."""


def save(folder: Path, value: Any, name: str | os.PathLike[str], *, overwrite: bool, method: str | None) -> File:
    """
    Write an object among a run's files and return what it is. A path stands for the file it names, which is copied.

    Args:
        folder: The run's folder.
        value: The object.
        name: Its name in the run, `/` for folders. Its extension says the format; where it says none, the one of the
            object's type is appended.
        overwrite: Whether a file of this name is replaced; otherwise the new one becomes `name (1).ext`.
        method: The saver to be used.

    Raises:
        SaveError: It cannot be written or stored; nothing half-written is left.
        EscapingPathError: The name leads out of the run.
    """
    files = folder / layout.FILES_FOLDER
    relative = inside(files, name).relative_to(files)
    with storing(f"file {str(relative)!r}"):
        target, saver = put(files, value, name, overwrite=overwrite, method=method)
        if saver is None:
            return file_of("file", files, target)
        from expframe.saving.savers import BUILT_IN, SAVERS

        is_clear = saver in BUILT_IN and saver in SAVERS.readers(target.suffix.lower())[:1] and not overwrite
        return file_of("file", files, target, metadata={} if is_clear else {_SAVER: saver.name})


def put(
    files: Path, value: Any, name: str | os.PathLike[str], *, overwrite: bool = False, method: str | None = None
) -> tuple[Path, Saver | None]:
    """
    Write an object to a file in a folder, whole or not at all; return where it is, and who wrote it.

    As `save`, without a note of it. Nobody wrote a file that was copied.
    """
    wanted = inside(files, name)
    if isinstance(value, Path) and method is None:
        return _put_file(
            files, value, wanted if wanted.suffix else _with_suffix(files, wanted, value.suffix), overwrite
        ), None
    from expframe.saving.formats import ParquetTypeError
    from expframe.saving.savers import SAVERS

    saver = SAVERS.writer(wanted.relative_to(files), value, method)
    if saver.keeps(wanted.suffix.lower()):
        _say_lost(files, wanted, saver, value)
        return _write(saver, value, wanted, overwrite), saver
    named, lacking = _with_suffix(files, wanted, saver.suffixes[0]), SAVERS.lacking(value, saver)
    if lacking is not None:
        _say_lesser(files, named, f"With {lacking} it would be Parquet.")
    try:
        return _write(saver, value, named, overwrite), saver
    except ParquetTypeError as problem:
        if (other := SAVERS.lesser(value, saver)) is None:
            raise
        named = _with_suffix(files, wanted, other.suffixes[-1])
        _say_lesser(files, named, f"{problem}.")
        return _write(other, value, named, overwrite), other


def _write(saver: Saver, value: Any, wanted: Path, overwrite: bool) -> Path:
    with _aside(wanted.parent, wanted.suffix.lower()) as aside:
        with open(aside, "xb") as file:  # cheaper than Path.open
            saver.write(_thawed(value) if saver.thaws else value, file)
        return _give_name(aside, wanted, overwrite)


def _say_lesser(files: Path, file: Path, why: str) -> None:
    text = "file %r: %s keeps no types, nor which column was the index. %s"
    logging.getLogger("expframe").warning(text, file.relative_to(files).as_posix(), file.suffix, why)


def _say_lost(files: Path, file: Path, saver: Saver, value: Any) -> None:
    lost = saver.loses(value) if saver.loses is not None else None
    if lost is not None:
        text = "file %r: in %s %s. A .pkl holds it as it is, and a .parquet what Parquet knows."
        logging.getLogger("expframe").warning(text, file.relative_to(files).as_posix(), file.suffix, lost)


def load(folder: Path, name: str | os.PathLike[str], notes: Notes, *, trust: bool, method: str | None) -> Any:
    """
    Return the object that a file of a run holds.

    Args:
        folder: The run's folder.
        name: Its name in the run; the extension may be left out where only one file is meant.
        notes: What was read of the run's list of files.
        trust: Whether code that the file holds may be executed.
        method: The saver to be used.

    Raises:
        StoreError: There is no such file, nobody reads it, or only with trust.
        ValueFormatError: The file is damaged.
        EscapingPathError: The name leads out of the run.
    """
    from expframe.saving.savers import SAVERS

    files = folder / layout.FILES_FOLDER
    path = _found(files, name)
    relative = path.relative_to(files)
    saver = SAVERS.reader(relative, method, notes.saver_of(folder, relative.as_posix()))
    return take(path, f"file {str(relative)!r}", saver, trust=trust)


def take(path: Path, subject: str, saver: Saver, *, trust: bool) -> Any:
    """
    Return the object that a file holds.

    Args:
        path: The file.
        subject: What it is called in messages.
        saver: Who reads it.
        trust: Whether code that the file holds may be executed.

    Raises:
        StoreError: It is read only with trust, or not here.
        ValueFormatError: The file is damaged.
    """
    from expframe.saving.formats import Untrusted

    if saver.read is None:
        raise StoreError(subject, "cannot be read back.")
    advice = "executes code that it holds. Pass trust=True if you know who wrote it."
    if saver.executes and not trust:
        raise StoreError(subject, f"reading it with {saver.name!r} {advice}")
    try:
        with path.open("rb") as file:
            return saver.read(file, trust)
    except Untrusted as problem:
        raise StoreError(subject, f"reading all of it {advice}") from problem
    except ImportError as problem:
        raise StoreError(subject, f"{saver.name!r} cannot read it here ({_said(problem)}).") from problem
    except MemoryError:
        raise
    except Exception as problem:
        raise ValueFormatError(subject, f"cannot be read by {saver.name!r} ({_said(problem)}).") from problem


class Notes:
    """Which saver wrote which file of a run, where the extension alone does not say so; lines are read once."""

    def __init__(self) -> None:
        self._known: tuple[Path | None, dict[str, int], dict[str, tuple[float, str]]] = (None, {}, {})

    def saver_of(self, folder: Path, name: str) -> str | None:
        """Return the saver that is noted last for a name, in the folder of a run."""
        known, seen, savers = self._known
        if known != folder:
            seen, savers = {}, {}
        for part in layout.names_of(folder, layout.FILES):
            with suppress(FileNotFoundError):
                seen[part] = _note_savers(folder / part, seen.get(part, 0), savers)
        self._known = folder, seen, savers
        return savers[name][1] if name in savers else None


def _note_savers(path: Path, seen: int, savers: dict[str, tuple[float, str]]) -> int:
    """Note when which saver wrote what, from a byte of a list of files on, and return up to where it was read."""
    with path.open("rb") as file:
        file.seek(seen)
        for line in file:
            if not line.endswith(b"\n"):
                break
            seen += len(line)
            if b'"saver"' in line:
                with suppress(ValueError, TypeError, KeyError, RecursionError):  # a damaged line
                    data = json.loads(line)
                    if data["kind"] == "file":
                        note = data.get("time", 0.0), data["metadata"][_SAVER]
                        savers[data["name"]] = max(savers.get(data["name"], note), note)
    return seen


def add_resource(folder: Path | None, source: str | os.PathLike[str]) -> File:
    """
    Keep the content of a file that a run reads, once for all runs of the store, and return what it is.

    Args:
        folder: The run's folder; None to keep nothing.
        source: The file.

    Raises:
        SaveError: It cannot be read or stored.
    """
    path = Path(source)
    with storing(f"resource {str(source)!r}"):
        absolute = str(path.absolute())
        require_regular(path)
        if folder is None:
            return File("resource", absolute, absolute, path.stat().st_size, time.time())
        kept = folder.parent / layout.RESOURCES_FOLDER
        digest = digest_of(path)
        target = kept / f"{digest}{path.suffix}"
        if not target.exists():
            kept.mkdir(exist_ok=True)
            copy_file(path, target)
        return File("resource", absolute, str(target), path.stat().st_size, time.time(), digest)


def free_names(path: Path) -> Iterator[Path]:
    """Yield a path, then `name (1).ext`, `name (2).ext` and so on, with leaps over those that are taken."""
    yield path
    suffix = "".join(path.suffixes[-2:]) if path.suffixes[-2:-1] == [".tar"] else path.suffix
    stem = str(path.with_name(path.name.removesuffix(suffix)))
    number = 0
    while True:
        number = _free_number(lambda n: os.path.lexists(f"{stem} ({n}){suffix}"), number + 1)
        yield Path(f"{stem} ({number}){suffix}")


def _free_number(is_taken: Callable[[int], bool], number: int) -> int:
    """Return a free number, from the given one upward: doubling steps over what is taken, then halving ones."""
    if not is_taken(number):
        return number
    step = 1
    while is_taken(number + step):
        number += step
        step *= 2
    while step > 1:
        step //= 2
        if is_taken(number + step):
            number += step
    return number + 1


@contextmanager
def storing(subject: str) -> Iterator[None]:
    """Turn whatever goes wrong in the block into a SaveError."""
    try:
        yield
    except (SaveError, EscapingPathError):
        raise
    except Exception as problem:
        reason = problem.strerror if isinstance(problem, OSError) and problem.strerror else _said(problem)
        raise SaveError(subject, f"cannot be stored ({reason}). Nothing was left behind.") from problem


def _said(problem: Exception) -> str:
    """Return the type and the text of an exception on one line; some raise when they are asked."""
    try:
        text = " ".join(str(problem).split())
    except Exception:
        text = "?"
    return f"{type(problem).__name__}: {text if len(text) <= 300 else text[:297] + '...'}"


@contextmanager
def _aside(folder: Path, suffix: str) -> Iterator[Path]:
    """Yield a name beside the later one, in a folder that exists; what is left under it in the end is removed."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f".{os.getpid()}-{os.urandom(8).hex()}{suffix}"
    try:
        yield path
    finally:
        with suppress(OSError):
            path.unlink()


def _give_name(aside: Path, wanted: Path, overwrite: bool = False) -> Path:
    """Give a finished file its name, or where that is taken and must stay the next free one."""
    if overwrite:
        return aside.replace(wanted)
    return next(target for target in free_names(wanted) if claim(aside, target))


def _put_file(files: Path, source: Path, wanted: Path, overwrite: bool) -> Path:
    """Copy a file to a name, unless it is that file."""
    if not source.exists():
        raise FileNotFoundError(errno.ENOENT, f"{str(source)!r} is not there")
    is_there = own_name(files, source) == wanted.relative_to(files).as_posix()
    return wanted if is_there else copy(source, wanted, overwrite)


def copy(source: Path, wanted: Path, overwrite: bool = False) -> Path:
    """Copy a file to a name, or where that is taken and must stay to the next free one, and return where it is."""
    with _aside(wanted.parent, wanted.suffix) as aside:
        copy_file(source, aside)
        return _give_name(aside, wanted, overwrite)


def _with_suffix(files: Path, path: Path, suffix: str) -> Path:
    return inside(files, path.relative_to(files).with_name(path.name + suffix))


def _thawed(value: Any) -> Any:
    """Return a value with plain containers in place of read-only ones."""
    try:
        return thaw(value)
    except RecursionError:  # it contains itself, so it is none of a config
        return value


def _found(files: Path, name: str | os.PathLike[str]) -> Path:
    """Return the file of a name, or the only one of this name with an extension."""
    from expframe.saving.savers import SAVERS

    path = inside(files, name)
    if path.is_file():
        return path
    longer = [path.with_name(path.name + suffix) for suffix in SAVERS.suffixes]
    found = [other for other in longer if other.is_file()]
    if len(found) == 1:
        return inside(files, found[0].relative_to(files))
    subject = f"file {str(path.relative_to(files))!r}"
    if found:
        raise StoreError(subject, f"could be {' or '.join(other.name for other in found)}. Give its extension.")
    with suppress(OSError), os.scandir(files) as entries:
        names = sorted(entry.name for entry in itertools.islice(entries, 1000) if not entry.name.startswith("."))
        raise StoreError(subject, f"is not there. {files} holds: {listed(names)}.")
    raise StoreError(subject, f"is not there. {files} holds nothing.")


def own_name(files: Path, path: Path) -> str | None:
    """Return the name of a file that is among a run's files; None for another one."""
    with suppress(ValueError):
        return Path(os.path.realpath(path)).relative_to(os.path.realpath(files)).as_posix() if path.is_file() else None
    return None


def file_of(
    kind: str, files: Path, path: Path, content_type: str | None = None, metadata: Mapping[str, Any] | None = None
) -> File:
    """Return what is to be noted of a file that is among a run's files."""
    name = path.relative_to(files).as_posix()
    return File(kind, name, str(path), path.stat().st_size, time.time(), "", content_type, dict(metadata or {}))
