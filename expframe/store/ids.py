"""Which folders are runs, and what new ones are called."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from expframe.disk.files import write_all
from expframe.disk.layout import is_run
from expframe.errors import OptionError, RunExistsError, StoreUnusableError

DEFAULT_STORE = "runs"
STORE_VARIABLE = "EXPFRAME_STORE"
_NEXT = "_next"
_NAME = re.compile(r"[A-Za-z0-9-][A-Za-z0-9._-]*")
_RANGE = r"\d+-\d+"
_LARGEST = 10**12
"""A hint above this is garbage."""


def run_ids(store: Path) -> list[str]:
    """Return the ids of the runs in a folder, in no order; a folder that is not there has none."""
    try:
        names = os.listdir(store)  # names are all we need
    except FileNotFoundError:
        return []
    return [name for name in names if is_name(name) and is_run(f"{store}/{name}")]


def resolve_store(store: str | os.PathLike[str] | None) -> Path:
    """
    Return the store's folder: the given one, else that of the environment, else `runs` of the working directory.

    `~` is the home folder, whoever names it: a shell replaces it at the beginning of a word only.

    Raises:
        StoreUnusableError: There is no such home folder, or no working directory any more.
    """
    named = os.fspath(store or os.environ.get(STORE_VARIABLE) or DEFAULT_STORE)
    found = os.path.expanduser(named)  # noqa: PTH111  which tells a home that is not there by leaving the name as it is
    if found.startswith("~"):
        raise StoreUnusableError(
            f"folder {named!r}", "is in no home folder that there is. Write ./~ for one called so."
        )
    try:
        return Path(os.path.abspath(found))  # no links
    except OSError:
        raise StoreUnusableError(
            f"folder {named!r}",
            "would be in the working directory, which was removed. Change to one that is there, or give a whole path: "
            "-F /DIR, store=... or EXPFRAME_STORE.",
        ) from None


def store_words(store: Path) -> list[str]:
    """Return the words of a command line that name a store; none for the one that is meant here where none is named."""
    try:
        is_usual = resolve_store(None) == Path(os.path.abspath(store))
    except StoreUnusableError:
        is_usual = False
    return [] if is_usual else ["-F", str(store)]


def require_name(name: str) -> None:
    """
    See to it that a new run can be called so.

    Raises:
        OptionError: It cannot.
    """
    if not is_name(name):
        problem = "is no name for a run. Use letters, digits, '.', '_' and '-', and begin with none of '.' and '_'."
        raise OptionError(f"id {name!r}", problem)
    if is_word(name):
        problem = "means something else on the command line: a flag, the newest run, the best, or a range of them."
        other = f"run{name}" if name.startswith("-") else f"{name}-run"
        raise OptionError(f"id {name!r}", f"{problem} Choose another name, such as {other}.")


def make_folder(store: Path, name: str | None) -> Path:
    """
    Make and return the folder of a new run.

    Args:
        store: The folder of runs; made if need be.
        name: The run's id; None for the next number, which no other run has or had.

    Raises:
        OptionError: The name cannot be one.
        RunExistsError: There is a run of this name.
        OSError: Nothing can be written here.
    """
    if name is not None:
        require_name(name)
    make_store(store)
    return _make_numbered(store) if name is None else _make_named(store, name)


def make_store(store: Path) -> None:
    """
    Make a folder of runs where there is none.

    Raises:
        OSError: It cannot be made.
    """
    store.mkdir(parents=True, exist_ok=True)
    _keep_out_of_git(store)


def _keep_out_of_git(store: Path) -> None:
    """Let git ignore a folder of runs from its first one on; a folder that holds anything else is left as it is."""
    if os.path.exists(f"{store}/{_NEXT}"):  # there was a run before
        return
    with os.scandir(store) as entries:
        is_empty = next(entries, None) is None
    if is_empty:
        with suppress(OSError), (store / ".gitignore").open("x", encoding="utf-8") as file:
            file.write("*\n")


def make_folder_like(store: Path, id: str) -> Path:
    """
    Make and return the folder of a run from elsewhere: called as there, or by the next number.

    A name is kept where it is free. A number is kept where it is free and none as high was ever given here, since a run
    that was removed does not give its number to another one.

    Raises:
        OSError: Nothing can be written here.
    """
    number = _number_of(id)
    if is_word(id):
        return make_folder(store, None)
    if number is None or _hinted(store) <= number < _LARGEST:
        with suppress(RunExistsError):
            return make_folder(store, id)
    return make_folder(store, None)


def is_word(name: str) -> bool:
    """
    Return whether a name means something else on a command line: `last`, `best`, `2-3`, or a flag.

    Example:
        >>> [name for name in ("last", "best", "2-3", "-x", "last-try", "v2-3") if is_word(name)]
        ['last', 'best', '2-3', '-x']
    """
    return name.startswith("-") or name in ("last", "best") or re.fullmatch(_RANGE, name) is not None


def is_name(name: str) -> bool:
    """Return whether a run's folder can be called so."""
    return len(name) <= 200 and _NAME.fullmatch(name) is not None


NO_RUN = "No run was started. Choose another folder with -F DIR, store=... or EXPFRAME_STORE; -u keeps nothing."
"""What has come of it where a run cannot be made."""

UNCHANGED = "What stands there is as it was."
"""What has come of it where a store takes no change."""


@contextmanager
def writing(store: Path, outcome: str) -> Iterator[None]:
    """
    Say what has come of it where the block cannot write into a store.

    Raises:
        StoreUnusableError: It cannot.
    """
    try:
        yield
    except OSError as problem:
        reason = "it is no folder" if isinstance(problem, FileExistsError | NotADirectoryError) else problem.strerror
        raise StoreUnusableError(f"store {store}", f"cannot be written ({reason or problem}). {outcome}") from problem


def _make_named(store: Path, name: str) -> Path:
    folder = store / name
    try:
        folder.mkdir()
    except FileExistsError:
        raise RunExistsError(name, str(store)) from None
    number = _number_of(name)
    if number is not None and _hinted(store) <= number < _LARGEST:  # nobody else is to have it, not even later
        with suppress(OSError):  # only a hint
            _write_hint(store, number + 1)
    return folder


def _number_of(name: str) -> int | None:
    """Return the number that a name is, as runs are numbered; None if it is another name."""
    return int(name) if name.isascii() and name.isdigit() and not name.startswith("0") else None


def _make_numbered(store: Path) -> Path:
    number = _hinted(store)
    tries = 0
    while True:
        folder = store / str(number)
        try:
            folder.mkdir()
        except FileExistsError:
            tries += 1
            number = _gallop(store, number) if tries % 8 == 0 else number + 1
            continue
        if number >= _hinted(store):  # by now: others may have gone further, and their runs may be removed already
            with suppress(OSError):  # only a hint
                _write_hint(store, number + 1)
        return folder


def _write_hint(store: Path, number: int) -> None:
    """Write the number that is likely to be free next; another process may have gone further in the meantime."""
    while True:
        # Of one length and in one write, so that others never read a part of it.
        fd = os.open(store / _NEXT, os.O_WRONLY | os.O_CREAT, 0o666)
        try:
            write_all(fd, f"{number:<20}\n".encode())
            os.ftruncate(fd, 21)
        finally:
            os.close(fd)
        if not (store / str(number)).exists():
            return
        number = _gallop(store, number)


def _hinted(store: Path) -> int:
    with suppress(OSError, ValueError):
        number = int((store / _NEXT).read_text(encoding="ascii"))
        return number if 0 < number < _LARGEST else 1
    return 1


def _gallop(store: Path, taken: int) -> int:
    """Return a number after the last one taken, from one that is: doubling steps, then halving them."""
    step = 1
    while (store / str(taken + step)).exists():
        taken += step
        step *= 2
    while step > 1:
        step //= 2
        if (store / str(taken + step)).exists():
            taken += step
    return taken + 1
