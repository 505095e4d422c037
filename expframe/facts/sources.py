"""The source files that a run's code is made of."""

import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from fnmatch import fnmatchcase
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from expframe.disk.files import light_sha256, replace_file
from expframe.facts import git
from expframe.facts.packages import PACKAGE_FOLDERS, STDLIB, find_file
from expframe.facts.stash import stash_around
from expframe.process import notebook

_SUFFIXES = (".py", ".pyx", ".so", ".pyd", ".ipynb")
_PROJECT_MARKERS = ("pyproject.toml", "setup.py", "setup.cfg")
_CELLS = "cells.py"
_OWN_PACKAGE = Path(__file__).parents[1]


class Source(NamedTuple):
    """
    One source file as it was when it was looked at.

    Attributes:
        name: Its path relative to the project, with forward slashes; absolute for a file outside of it.
        path: Where it lies.
        digest: SHA-256 of its content, in hex.
        size: Bytes.
        mtime_ns: When it was last changed.
        content: What it says, where it is in no file: the cells of a notebook.
    """

    name: str
    path: Path
    digest: str
    size: int
    mtime_ns: int
    content: bytes | None = None

    @property
    def has_changed(self) -> bool:
        """Whether it is no longer as it was, as far as size and time of change tell."""
        if self.content is not None:
            return _encoded(notebook.find_cells()) != self.content
        try:
            found = os.stat(self.path)  # on the way of each run
        except OSError:
            return True
        return (found.st_mtime_ns, found.st_size) != (self.mtime_ns, self.size)


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "replace")


class Patterns(NamedTuple):
    """
    Which files of a project count beside those that are loaded, and which do not.

    Attributes:
        include: Patterns of paths below the project, `**` for any folders: `**/*.yaml`.
        exclude: Patterns of the names of sources that are left out; `*` stands for any part of a path.
    """

    include: Sequence[str] = ()
    exclude: Sequence[str] = ()

    def find(self, project: str, exclude: Sequence[str]) -> Iterator[str]:
        """Yield the included files, looking into no hidden folder, none of packages and none of those to exclude."""
        patterns = [pattern.split("/") for pattern in self.include]
        for folder, folders, names in os.walk(project) if patterns else ():
            folders[:] = [
                name
                for name in folders
                if not name.startswith(".")
                and name not in PACKAGE_FOLDERS
                and os.path.join(folder, name) not in exclude
            ]
            above = [] if folder == project else list(Path(os.path.relpath(folder, project)).parts)
            for name in names:
                if any(_is_matched([*above, name], pattern) for pattern in patterns):
                    yield os.path.join(folder, name)

    def admit(self, name: str) -> bool:
        """Return whether a source of this name counts."""
        return not any(fnmatchcase(name, pattern) for pattern in self.exclude)


def _is_matched(parts: Sequence[str], pattern: Sequence[str]) -> bool:
    """Return whether the parts of a path are as a pattern says, whose part `**` stands for any number of folders."""
    if not pattern or not parts:
        return not pattern and not parts
    if pattern[0] == "**":
        return len(pattern) == 1 or _is_matched(parts, pattern[1:]) or _is_matched(parts[1:], pattern)
    return fnmatchcase(parts[0], pattern[0]) and _is_matched(parts[1:], pattern[1:])


def find_project(main_file: Path | None) -> Path:
    """
    Return the folder whose files count as source.

    It is the git repository around the main file, else the nearest folder above with the marks of a Python project,
    else the main file's folder, or that around its packages where `python -m` started it; the working directory where
    there is no main file. A repository or a mark in the home directory, or above it, makes no project. In a copy of
    sources it is what was the project in the original.
    """
    try:
        if main_file is None:
            return Path.cwd()
        file = Path(os.path.realpath(main_file))
        if (stash := stash_around(file)) is not None:
            return stash.at(stash.project)
        return _find_project(file.parent) or around_packages(file, module_of(main_file))
    except OSError:  # the working directory has gone
        return Path(os.curdir)


def module_of(main_file: Path) -> str | None:
    """Return the name by which `python -m` started this process's script; None where a file or a folder was started."""
    main = sys.modules.get("__main__")
    spec, file = getattr(main, "__spec__", None), getattr(main, "__file__", None)
    if spec is None or file is None or _resolve(file) != _resolve(main_file):
        return None
    name: str = spec.name
    return name if name != "__main__" else None


def around_packages(file: Path, module: str | None) -> Path:
    """Return the folder that a file is imported from by the name of its module; without one its own."""
    return file.parents[module.count(".") if module else 0]


def _find_project(folder: Path) -> Path | None:
    too_wide = _too_wide(folder)
    if (root := repository_of(folder)) is not None:
        return root
    for candidate in (folder, *folder.parents):
        if candidate not in too_wide and any((candidate / name).is_file() for name in _PROJECT_MARKERS):
            return candidate
    return None


def repository_of(folder: Path) -> Path | None:
    """Return the git repository around a folder; None where there is none, or where it is the home directory's."""
    root = git.find_root(folder)
    return None if root in _too_wide(folder) else root


def _too_wide(folder: Path) -> set[Path]:
    home = Path(os.path.realpath(os.path.expanduser("~")))  # noqa: PTH111  Path.home() raises where there is none
    return {home, *home.parents, Path(folder.anchor)}


def gather(
    project: Path,
    *,
    main_file: Path | None = None,
    extra: Sequence[str | Path] = (),
    exclude: Sequence[Path] = (),
    patterns: Patterns | None = None,
    known: Mapping[str, Source] | None = None,
    cells: str | None = None,
) -> dict[str, Source]:
    """
    Return the source files of the project that are loaded in this process, by name; unreadable ones are left out.

    The cells of a notebook that were run so far are one file.

    Installed packages, virtual environments, the standard library and expframe are not the project's, even below it.

    Args:
        project: The folder whose files count.
        main_file: The script, which counts wherever it lies.
        extra: Files that count as well, wherever they lie.
        exclude: Folders, such as the one with the runs, of which no loaded module counts; one around the project
            takes nothing away from it.
        patterns: Which files count beside the loaded ones, and which do not.
        known: An earlier answer; files of the same size and time of change are not read again.
        cells: What the notebook's cells were at the moment that counts; by default what they are.
    """
    root = _resolve(project)
    found: dict[str, Source] = {}
    with suppress(Exception):  # a fact that cannot be found out is missing
        given = [_resolve(path) for path in (main_file, *extra) if path is not None]
        patterns = patterns or Patterns()
        outside = [folder for folder in map(_resolve, exclude) if not _is_below(root, [folder])]
        ours = _own_folders(root)
        files = chain(_list_files(root, ours), patterns.find(root, outside))
        own = _find_own(files, root, [*outside, *ours])
        for file in dict.fromkeys((*given, *own)):
            with suppress(OSError, ValueError):
                source = _look_at(file, root, known or {})
                if file in given or patterns.admit(source.name):
                    found[source.name] = source
    if cells := notebook.find_cells() if cells is None else cells:
        found.setdefault(_CELLS, _take_cells(cells))
    return dict(sorted(found.items()))


def name_of(file: Path, found: Mapping[str, Source]) -> str | None:
    """Return what a file is called among sources; None if it is none of them."""
    real = _resolve(file)
    return next((name for name, source in found.items() if str(source.path) == real), None)


def digest_of(name: str, project: Path) -> str | None:
    """Return the SHA-256 of a source as it is now, in hex; None if it is gone."""
    try:
        return _look_at(str(project / name), _resolve(project), {}).digest
    except (OSError, ValueError):
        return None


def _take_cells(cells: str) -> Source:
    content = _encoded(cells)
    digest = light_sha256()
    digest.update(content)
    return Source(_CELLS, Path(_CELLS), digest.hexdigest(), len(content), 0, content)


def store(found: Mapping[str, Source], folder: Path) -> list[tuple[str, str]]:
    """
    Put each content once into a folder, under its digest and suffix, and return each name with that of its file.

    What is stored is what its name says, even if the source changes meanwhile: then it is the newer content. A source
    that has gone or cannot be read any more is left out.

    Raises:
        OSError: The folder cannot be written.
    """
    folder.mkdir(exist_ok=True)
    stored = []
    for name in sorted(found):
        source = found[name]
        suffix = source.path.suffix if len(source.path.suffix) <= 16 else ""
        target = source.digest + suffix
        if (folder / target).exists():
            pass
        elif source.content is not None:
            replace_file(folder / target, source.content)
        else:
            digest = _copy(source.path, folder, suffix)
            if digest is None:
                continue
            target = digest + suffix
        stored.append((name, target))
    return stored


def _copy(source: Path, folder: Path, suffix: str) -> str | None:
    """Copy a file to the name that its content has, and return the digest; None if it cannot be opened."""
    aside = folder / f".{os.getpid()}.{os.urandom(8).hex()}"
    digest = light_sha256()
    try:
        original = source.open("rb")
    except OSError:
        return None
    try:
        with original, aside.open("xb") as copy:
            while block := original.read(1 << 20):
                digest.update(block)
                copy.write(block)
        aside.replace(folder / f"{digest.hexdigest()}{suffix}")
    finally:
        with suppress(OSError):  # it is gone if all went well
            aside.unlink()
    return digest.hexdigest()


def _look_at(file: str, root: str, known: Mapping[str, Source]) -> Source:
    """Return a file as it is now, without reading it if it is known."""
    start = root.rstrip(os.sep) + os.sep
    inside = file[len(start) :] if file.startswith(start) else file
    name = inside.replace(os.sep, "/")
    before = known.get(name)
    status = os.stat(file)
    if before is not None and (status.st_size, status.st_mtime_ns) == (before.size, before.mtime_ns):
        return before
    digest = light_sha256()
    with open(file, "rb") as opened:
        while block := opened.read(1 << 20):
            digest.update(block)
    return Source(name, Path(file), digest.hexdigest(), status.st_size, status.st_mtime_ns)


def _find_own(files: Iterable[str], root: str, exclude: list[str]) -> list[str]:
    """Return the real paths of those files that are the project's own."""
    outside = [*exclude, _resolve(STDLIB)]
    real_folders: dict[str, str] = {}
    belongs: dict[str, bool] = {root: True}
    found = []
    for file in files:
        folder, name = os.path.split(file)
        if folder not in real_folders:
            real_folders[folder] = _resolve(folder)
        real = os.path.join(real_folders[folder], name)
        if os.path.islink(real):
            real = _resolve(real)
        if not _is_below(real, outside) and _is_project_folder(os.path.dirname(real), root, belongs):
            found.append(real)
    return found


def _own_folders(root: str) -> list[str]:
    """Return the folders of this package, as it is found and as it is; none where it is the project itself."""
    own = _resolve(_OWN_PACKAGE)
    return [] if root in (own, os.path.dirname(own)) else list({os.fspath(_OWN_PACKAGE), own})


def _list_files(root: str, ours: list[str]) -> Iterable[str]:
    """Yield the source files of loaded modules, without those that plainly are of Python, ours or of packages."""
    plain = tuple(folder + os.sep for folder in (STDLIB, *ours))
    marks = tuple(f"{os.sep}{name}{os.sep}" for name in PACKAGE_FOLDERS)
    for module in list(sys.modules.values()):
        file = find_file(module)
        if file is None or file.startswith(plain):
            continue
        inside = file[len(root) :] if file.startswith(root) else file
        if any(mark in inside for mark in marks):
            continue
        file = _find_source(file)
        if file.endswith(_SUFFIXES):
            yield file


def _find_source(file: str) -> str:
    """Return the source of a compiled file, or the file itself if it is none or has no source beside it."""
    if not file.endswith(".pyc"):
        return file
    folder, name = os.path.split(file)
    if os.path.basename(folder) == "__pycache__":
        folder = os.path.dirname(folder)
        name = name.partition(".")[0] + ".pyc"
    source = os.path.join(folder, name[:-1])
    return source if os.path.isfile(source) else file


def _resolve(path: str | Path) -> str:
    """Return the real path, or the path itself if there can be no such file."""
    try:
        return os.path.realpath(path)
    except (OSError, ValueError):
        return os.fspath(path)


def _is_below(file: str, folders: list[str]) -> bool:
    return any(file.startswith(folder.rstrip(os.sep) + os.sep) for folder in folders)


def _is_project_folder(folder: str, root: str, belongs: dict[str, bool]) -> bool:
    """Return whether a folder is the project's, with no environment or folder of packages between; remember it."""
    if folder not in belongs:
        parent, name = os.path.split(folder)
        belongs[folder] = (
            parent != folder
            and name not in PACKAGE_FOLDERS
            and _is_project_folder(parent, root, belongs)
            and not os.path.exists(os.path.join(folder, "pyvenv.cfg"))
        )
    return belongs[folder]
