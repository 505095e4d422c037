"""
Checkpoints: what a run needs to go on from a step, in a folder of its own that is whole or not there.

A checkpoint is written aside, brought to the disk, and made valid by one rename, so that a run that is killed while it
writes one goes on from the one before.
"""

import json
import math
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple

from expframe.config.frozen import FrozenBytes, FrozenDict, FrozenList, FrozenSet
from expframe.config.json_values import dump, from_json
from expframe.disk import layout
from expframe.disk.files import inside, replace_file, synchronise, write_new
from expframe.errors import MetricError, RunError, SaveError, StoreError, listed, one_of_type
from expframe.record.metrics import number
from expframe.saving import files

KEEP = 3
"""How many checkpoints a run keeps where nothing is said."""

_CONTENT = "checkpoint.json"
_YEAR_10000 = 253_402_300_800
_ASIDE = "."
"""Names in the folder of checkpoints that begin so are none."""

_DATA = (type(None), bool, int, float, complex, str, bytes)
_EXACT = {"bytes", "joblib", "keras", "text", "torch"}
"""Savers that give back what they were given, whatever that was."""


class Position(NamedTuple):
    """
    How far a run was.

    Attributes:
        sizes: The bytes of each file that points and media are appended to.
        calls: How often each captured function was given a seed.
        children: How often each child was asked for.
        generators: How far the generator of each function's last call was.
    """

    sizes: Mapping[str, int] = {}
    calls: Mapping[str, int] = {}
    children: Mapping[str, int] = {}
    generators: Mapping[str, Any] = {}


class Checkpoint:
    """
    What a run kept to go on from a step: `checkpoint["model"]` is an object that was given.

    Attributes:
        folder: Where it is.
        number: From 1, in the order in which the run's checkpoints were made.
        step: The step that was given.
        time: Seconds since 1970.
        position: How far the run was.
    """

    def __init__(self, folder: Path, data: Mapping[str, Any], *, trust: bool = False) -> None:
        self.folder = folder
        self.number: Final = int(folder.name)
        self.step: int | float = data["step"]
        self.time: float = data["time"]
        self.position: Final = Position(**data["position"])
        self._files: dict[str, tuple[str, str | None]] = {name: (file, by) for name, file, by in data["objects"]}
        if not all(isinstance(text, str | None) for item in self._files.items() for text in (item[0], *item[1])):
            raise TypeError("its objects are no texts")
        if not isinstance(self.step, int | float) or any(file is None for file, _ in self._files.values()):
            raise TypeError("a part of it is of another kind")
        if not isinstance(self.time, int | float) or not 0 <= self.time < _YEAR_10000:
            raise ValueError("its time is none")
        self._trust = trust

    @classmethod
    def read(cls, folder: Path, *, trust: bool = False) -> "Checkpoint":
        """
        Return the one of a folder.

        Raises:
            OSError, ValueError, TypeError, KeyError: It is damaged.
        """
        data = from_json(json.loads((folder / _CONTENT).read_bytes()))
        if isinstance(data["position"].get("children"), int):  # a version that counted children all together
            del data["position"]["children"]
        return cls(folder, data, trust=trust)

    @property
    def names(self) -> tuple[str, ...]:
        """What its objects are called."""
        return tuple(self._files)

    def path(self, name: str) -> Path:
        """
        Return the file of an object.

        Raises:
            StoreError: There is no object of this name.
            EscapingPathError: The checkpoint has been tampered with.
        """
        if name not in self._files:
            raise StoreError(self._subject(name), f"is not there. The checkpoint holds: {listed(self.names)}.")
        return inside(self.folder, self._files[name][0])

    def load(self, name: str, *, trust: bool | None = None) -> Any:
        """
        Return an object.

        Args:
            name: The name it was given.
            trust: Whether code that its file holds may be executed: by default in the run itself, and not by readers.

        Raises:
            StoreError: There is no object of this name, nobody reads it here, or only with trust.
            ValueFormatError: Its file is damaged.
        """
        from expframe.saving.savers import SAVERS

        path, method = self.path(name), self._files[name][1]
        if method is None:
            return path
        saver = SAVERS.reader(path.relative_to(self.folder), None, method)
        return files.take(path, self._subject(name), saver, trust=self._trust if trust is None else trust)

    def __getitem__(self, name: str) -> Any:
        return self.load(name)

    def __contains__(self, name: object) -> bool:
        return name in self._files

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def _subject(self, name: str) -> str:
        return f"object {name!r} of checkpoint {self.number} (step {self.step})"

    def __repr__(self) -> str:
        return f"<Checkpoint {self.number} at step {self.step}: {', '.join(self.names)}>"


def write(run: Path, step: Any, objects: Any, position: Callable[[], Position], keep: int | None) -> Checkpoint:
    """
    Write a checkpoint of a run and remove all but the last ones.

    Args:
        run: The run's folder.
        step: A number.
        objects: A dict of them by name.
        position: Tells how far the run is.
        keep: How many are kept, this one included; None for all.

    Raises:
        RunError: The step is no number, a name no text, or `keep` no number from 1 on.
        SaveError: It cannot be stored; nothing half-written is left, and earlier ones are there.
        EscapingPathError: A name leads out of the checkpoint.
    """
    subject = _check(step, objects, keep)
    base = run / layout.CHECKPOINTS_FOLDER
    with files.storing(subject), _aside(base) as aside:
        how_far = position()
        write_new(aside / _CONTENT, b"")  # the name is taken
        stored = [(name, *_put(aside, name, value)) for name, value in objects.items()]
        data = {"step": number(step), "time": time.time(), "objects": stored, "position": how_far._asdict()}
        replace_file(aside / _CONTENT, dump(data))
        for path in (*aside.rglob("*"), aside):
            synchronise(path)
        folder = _give_number(aside, base)
        try:
            synchronise(base)
        except BaseException as problem:
            if not _take_back(folder):
                raise SaveError(subject, f"may not be on the disk ({problem}), and cannot be removed.") from problem
            raise
    if keep is not None:
        keep_last(run, keep)
    return Checkpoint(folder, data, trust=True)


def all_of(run: Path, *, trust: bool = False) -> list[Checkpoint]:
    """Return the checkpoints of a run that can be read, the first one first."""
    return list(_readable(run, trust))[::-1]


def last_of(run: Path, *, trust: bool = False) -> Checkpoint | None:
    """Return the last checkpoint of a run that can be read; None where there is none."""
    return next(_readable(run, trust), None)


def keep_last(run: Path, number: int) -> None:
    """Remove all checkpoints of a run but the last ones that can be read, as far as storage lets it."""
    base = run / layout.CHECKPOINTS_FOLDER
    with suppress(OSError):
        kept = [point.number for point in islice(_readable(run, trust=False), number)]
        if len(kept) == number:
            _remove(base, [name for name in _numbers(base) if int(name) < min(kept, default=math.inf)])
        base.rmdir()  # where none is left


def clear(run: Path) -> None:
    """Remove what processes that were killed left half-written or half-removed."""
    base = run / layout.CHECKPOINTS_FOLDER
    with suppress(OSError):
        _remove(base, [path.name for path in base.iterdir() if path.name.startswith(_ASIDE)])


def remove_all(run: Path) -> None:
    """Remove all checkpoints of a run, and their folder."""
    base = run / layout.CHECKPOINTS_FOLDER
    clear(run)
    _remove(base, _numbers(base))
    with suppress(OSError):
        base.rmdir()


def _check(step: Any, objects: Any, keep: Any) -> str:
    """Return what a checkpoint is called in messages; refuse what none can be made of."""
    subject = f"checkpoint({step!r:.40}, ...)"
    try:
        number(step)
    except MetricError:
        raise RunError(subject, f"needs a number as step, not {one_of_type(step)}.") from None
    if not isinstance(objects, Mapping):
        problem = f"cannot name {one_of_type(objects)}. Write checkpoint(step, model=model) or give a dict."
        raise RunError(subject, problem)
    for name in objects:
        if not isinstance(name, str) or not name:
            raise RunError(subject, f"has an object called {name!r:.40}. Names are texts.")
    if keep is not None and (isinstance(keep, bool) or not isinstance(keep, int) or keep < 1):
        raise RunError(subject, f"has keep={keep!r:.40}. Give a number from 1 on, or None to keep all.")
    return f"checkpoint at step {step}"


def _put(folder: Path, name: str, value: Any) -> tuple[str, str | None]:
    """Write an object and return the name of its file and who wrote it."""
    path, saver = files.put(folder, value, name, method=_method(name, value))
    return path.relative_to(folder).as_posix(), saver.name if saver is not None else None


def _method(name: str, value: Any) -> str | None:
    """Return which saver writes a value so that it comes back as it was; None where its name says so."""
    from expframe.saving.savers import SAVERS

    if isinstance(value, Path) or Path(name).suffix.lower() in SAVERS.suffixes:
        return None
    if type(value) in (str, bytes):
        return "text" if type(value) is str else "bytes"
    if _is_data(value):
        return "json"
    saver = SAVERS.writer(Path(name), value)
    is_plain_array = saver.name == "numpy" and type(value).__module__ == "numpy" and not value.dtype.hasobject
    is_exact = saver in SAVERS.own or saver.name in _EXACT - {"bytes"} or is_plain_array
    return saver.name if is_exact else "pickle"


def _is_data(value: Any) -> bool:
    """Return whether a value is of plain types only, or out of a config, whose secrets JSON leaves out."""
    if type(value) in (list, tuple, set, frozenset):
        return all(map(_is_data, value))
    if type(value) is dict:
        return all(_is_data(key) and _is_data(item) for key, item in value.items())
    return type(value) in _DATA or isinstance(value, FrozenDict | FrozenList | FrozenSet | FrozenBytes)


@contextmanager
def _aside(base: Path) -> Iterator[Path]:
    """Yield a folder that no checkpoint is; what is left of it in the end is removed."""
    base.mkdir(parents=True, exist_ok=True)
    folder = base / f"{_ASIDE}{os.getpid()}-{os.urandom(8).hex()}"
    folder.mkdir()
    try:
        yield folder
    finally:
        _remove(base, [folder.name])


def _give_number(aside: Path, base: Path) -> Path:
    """Make a finished folder the next checkpoint; others may be made at the same time."""
    last = max(map(int, _numbers(base)), default=0)
    while True:
        last += 1
        target = base / str(last)
        try:
            aside.rename(target)
        except OSError:
            if not target.exists():
                raise
        else:
            return target


def _numbers(base: Path) -> list[str]:
    """Return the names of all checkpoints, the last one first."""
    with suppress(FileNotFoundError):
        return sorted((path.name for path in base.iterdir() if path.name.isdecimal()), key=int, reverse=True)
    return []


def _readable(run: Path, trust: bool) -> Iterator[Checkpoint]:
    base = run / layout.CHECKPOINTS_FOLDER
    for name in _numbers(base):
        with suppress(OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):  # a damaged one
            yield Checkpoint.read(base / name, trust=trust)


def _take_back(folder: Path) -> bool:
    """Make a folder no checkpoint any more, in one of two ways, and return whether that could be done."""
    _remove(folder.parent, [folder.name])
    with suppress(OSError):
        (folder / _CONTENT).unlink(missing_ok=True)
        return True
    return False


def _remove(base: Path, names: list[str]) -> None:
    """Remove folders, each of which is no checkpoint any more from the first moment on."""
    import shutil

    for name in names:
        with suppress(OSError):  # there is room for it until the next time
            gone = base / f"{_ASIDE}{name.lstrip(_ASIDE)}"
            if gone.name != name:
                (base / name).rename(gone)
            shutil.rmtree(gone, ignore_errors=True)
