"""The code of an experiment: its source files by MD5, its packages, its repositories."""

from __future__ import annotations

import hashlib
import importlib.metadata
import logging
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property, total_ordering
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from expframe.compat.sacred.optional import module_exists
from expframe.compat.sacred.settings import SETTINGS
from expframe.facts import git, packages

__all__ = [
    "MB",
    "PEP440_VERSION_PATTERN",
    "PackageDependency",
    "Source",
    "gather_sources_and_dependencies",
    "get_commit_if_possible",
    "get_digest",
    "get_py_file_if_possible",
    "is_local_source",
]

MB = 1 << 20
PEP440_VERSION_PATTERN = re.compile(
    r"^(\d+!)?\d[.\d]*(?<=\d)((?:a|b|c|rc)\d+)?(\.post\d+)?(\.dev\d+)?$",
)
_SUFFIXES = (".py", ".so", ".pyd", ".ipynb", ".pyx")
_UNKNOWN = "<unknown>"


@total_ordering
class Source:
    """
    A source file. Equal to another of the same name, and to the name.

    Args:
        filename: Its real path.
        digest: The MD5 of its content.
        repo: Where its repository comes from; None outside of one.
        commit: The commit it is at.
        isdirty: Whether the repository has uncommitted changes.
    """

    def __init__(self, filename: str, digest: str, repo: Any, commit: Any, isdirty: Any) -> None:
        self.filename = filename
        self.digest = digest
        self._repository: Any = _Told(repo, commit, isdirty)

    @property
    def repo(self) -> str | None:
        """Where its repository comes from; None outside of one."""
        return self._repository.url  # type: ignore[no-any-return]

    @property
    def commit(self) -> str | None:
        """The commit it is at; None outside of a repository."""
        return self._repository.commit  # type: ignore[no-any-return]

    @property
    def is_dirty(self) -> bool | None:
        """Whether the repository has uncommitted changes; None outside of one."""
        return self._repository.is_dirty  # type: ignore[no-any-return]

    @classmethod
    def create(cls, filename: str | os.PathLike[str], save_git_info: bool = True) -> Source:
        """
        Return a source file as it is.

        Raises:
            ValueError: There is no such file, or the repository around it cannot be asked.
        """
        return cls.inside(filename, Repositories() if save_git_info else None)

    @classmethod
    def inside(cls, filename: str | os.PathLike[str], repositories: Repositories | None) -> Source:
        """Return a source file as it is; its repository is asked, once for all of its files, when it is needed."""
        if not filename or not os.path.exists(filename):
            raise ValueError(f'invalid filename or file not found "{filename}"')
        path = os.path.realpath(get_py_file_if_possible(os.fspath(filename)))
        assert path.endswith(_SUFFIXES), f"{path!r} is no source file. Known kinds: {', '.join(_SUFFIXES)}."
        source = cls(path, get_digest(path), None, None, None)
        if repositories is not None:
            source._repository = repositories.around(path)
        return source

    def to_json(self, base_dir: str | None = None) -> tuple[str, str]:
        """Return its name, relative to a folder where one is given, and its digest."""
        if base_dir:
            return os.path.relpath(self.filename, os.path.realpath(base_dir)), self.digest
        return self.filename, self.digest

    def __hash__(self) -> int:
        return hash(self.filename)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Source):
            return self.filename == other.filename
        return self.filename == other if isinstance(other, str) else NotImplemented

    def __lt__(self, other: Any) -> bool:
        return self.filename < other.filename  # type: ignore[no-any-return]

    def __repr__(self) -> str:
        return f"<Source: {self.filename}>"


def get_digest(filename: str | os.PathLike[str]) -> str:
    """Return the MD5 of a file in hex."""
    digest = hashlib.md5(usedforsecurity=False)
    with open(filename, "rb") as file:
        while block := file.read(MB):
            digest.update(block)
    return digest.hexdigest()


def get_py_file_if_possible(pyc_name: str) -> str:
    """Return the source beside a compiled file, where there is one."""
    if pyc_name.endswith((".py", ".so", ".pyd", ".ipynb", ".pyx")):
        return pyc_name
    source = os.path.splitext(pyc_name)[0] + ".py"
    return source if os.path.exists(source) else pyc_name


def get_commit_if_possible(filename: str, save_git_info: bool) -> tuple[str | None, str | None, bool | None]:
    """
    Return where the repository around a file comes from, its commit, and whether it has changes; else three None.

    Raises:
        ValueError: There is a repository, and no git to ask.
    """
    found = Repositories().around(filename) if save_git_info else _Told()
    return found.url, found.commit, found.is_dirty


class _Told(NamedTuple):
    """What is known of a repository."""

    url: str | None = None
    commit: str | None = None
    is_dirty: bool | None = None


class _Repository:
    """A repository, asked when it is needed, and once."""

    def __init__(self, root: Path) -> None:
        self._root = root

    @cached_property
    def _facts(self) -> Mapping[str, Any]:
        facts, problem = git.gather(self._root)
        if problem is not None:
            logging.getLogger("expframe").warning("%s", problem)
        return facts or {}

    @property
    def url(self) -> str | None:
        return self._facts.get("remote") or f"git:/{self._root}"

    @property
    def commit(self) -> str | None:
        return self._facts.get("commit")

    @property
    def is_dirty(self) -> bool | None:
        return self._facts.get("dirty")


class Repositories:
    """The repositories around the files of one experiment."""

    def __init__(self) -> None:
        self._known: dict[Path, _Repository] = {}

    def around(self, filename: str) -> _Repository | _Told:
        """
        Return the repository around a file.

        Raises:
            ValueError: There is one, and no git to ask.
        """
        root = git.find_root(Path(filename).parent)
        if root is None:
            return _Told()
        if root not in self._known and shutil.which("git") is None:
            raise ValueError(
                f"{root} is a git repository, and there is no program 'git'. "
                "Install git, or pass `save_git_info=False`."
            )
        return self._known.setdefault(root, _Repository(root))


class PackageDependency:
    """
    An installed package. Equal to another of the same name.

    Args:
        name: Its name.
        version: Its version; None where it is unknown.
    """

    def __init__(self, name: str, version: str | None) -> None:
        self.name = name
        self.version = version

    @classmethod
    def create(cls, mod: ModuleType) -> PackageDependency:
        """Return the package that a module is of."""
        found = packages.gather({mod.__name__: mod})
        if mod.__name__ != "expframe":
            found.pop("expframe", None)
        name, version = next(iter(found.items()), (mod.__name__, getattr(mod, "__version__", None)))
        return cls(name, version if isinstance(version, str) else None)

    def fill_missing_version(self) -> None:
        """Look the version up, where it is unknown."""
        if self.version is None:
            try:
                self.version = importlib.metadata.version(self.name)
            except importlib.metadata.PackageNotFoundError:
                self.version = None

    def to_json(self) -> str:
        """Return `name==version`."""
        return f"{self.name}=={self.version or _UNKNOWN}"

    def __hash__(self) -> int:
        return hash(self.name)

    def __eq__(self, other: object) -> bool:
        return self.name == other.name if isinstance(other, PackageDependency) else NotImplemented

    def __lt__(self, other: PackageDependency) -> bool:
        return self.name < other.name

    def __repr__(self) -> str:
        return f"<PackageDependency: {self.name}={self.version}>"


# ---------------------------------------------------------------------------------------------------------- discovery


def gather_sources_and_dependencies(
    globs: Mapping[str, Any], save_git_info: bool, base_dir: str | None = None
) -> tuple[Source | None, set[Source], set[PackageDependency]]:
    """
    Return the main file, the source files and the packages of a module.

    Args:
        globs: The module's globals.
        save_git_info: Whether repositories are asked.
        base_dir: The folder whose modules count as source; by default that of the main file.

    Raises:
        ValueError: The main file is not there.
    """
    repositories = Repositories() if save_git_info else None
    filename = globs.get("__file__")
    main = Source.inside(filename, repositories) if filename and os.path.basename(filename) != "<stdin>" else None
    base = os.path.abspath(base_dir or (os.path.dirname(main.filename) if main else os.getcwd()))
    sources = {Source.inside(file, repositories) for file in _SOURCES[SETTINGS.DISCOVER_SOURCES](globs, base)}
    if main is not None:
        sources.add(main)
    dependencies = _DEPENDENCIES[SETTINGS.DISCOVER_DEPENDENCIES](globs, base)
    if module_exists("numpy"):
        numpy = PackageDependency("numpy", None)
        numpy.fill_missing_version()
        dependencies.add(numpy)
    return main, sources, dependencies


def collect_repositories(sources: Sequence[Source]) -> list[dict[str, Any]]:
    """Return what is known of the repositories around source files, one entry for each file in one."""
    return [
        {"url": source.repo, "commit": source.commit, "dirty": source.is_dirty}
        for source in sources
        if source.repo is not None
    ]


def iterate_imported_modules(globs: Mapping[str, Any]) -> Iterator[ModuleType]:
    """Yield the modules that a module's globals are, or come from, with all packages around them."""
    checked: set[str] = set()
    for value in list(globs.values()):
        name = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", None)
        while isinstance(name, str) and name and name not in checked:
            checked.add(name)
            if name in sys.modules:
                yield sys.modules[name]
            name = name.rpartition(".")[0]


def _imported(globs: Mapping[str, Any]) -> list[ModuleType]:
    return list(iterate_imported_modules(globs))


def _loaded(_globs: Mapping[str, Any]) -> list[ModuleType]:
    return [module for module in list(sys.modules.values()) if isinstance(module, ModuleType)]


def is_local_source(filename: str, modname: str, experiment_path: str) -> bool:
    """Return whether a module's file is the project's own: below its folder, and named from there as the module is."""
    path = Path(os.path.realpath(filename))
    base = Path(os.path.realpath(experiment_path))
    if not path.is_relative_to(base):
        return False
    parts = path.with_suffix("").parts
    parts = parts[:-1] if parts[-1] == "__init__" else parts
    named = tuple(modname.split("."))
    return len(parts) - len(base.parts) <= len(named) and parts[-len(named) :] == named


def _local_files(modules: list[ModuleType], base: str) -> set[str]:
    found = set()
    for module in modules:
        file = packages.find_file(module)
        if file is None:
            continue
        file = get_py_file_if_possible(os.path.abspath(file))
        if file.endswith(_SUFFIXES) and is_local_source(file, module.__name__, base):
            found.add(file)
    return found


def _all_files(_globs: Mapping[str, Any], base: str) -> set[str]:
    return {str(path) for path in Path(base).rglob("*.py")}


def _packages_of(modules: list[ModuleType], base: str) -> set[PackageDependency]:
    """Return the packages that modules are of, but for the project's own and those of the standard library."""
    tops: dict[str, ModuleType] = {}
    for module in modules:
        top = module.__name__.partition(".")[0]
        file = packages.find_file(module)
        is_local = file is not None and is_local_source(file, module.__name__, base)
        if top in sys.modules and not top.startswith("_") and top not in sys.stdlib_module_names and not is_local:
            tops[top] = sys.modules[top]
    found = packages.gather(tops)
    return {PackageDependency(name, version) for name, version in found.items() if name != "expframe" or name in tops}


def _all_packages(_globs: Mapping[str, Any], _base: str) -> set[PackageDependency]:
    installed = ((found.metadata["Name"], found.version) for found in importlib.metadata.distributions())
    return {PackageDependency(name, version) for name, version in installed if name and version != "0.0.0"}


_SOURCES: dict[str, Callable[[Mapping[str, Any], str], set[str]]] = {
    "none": lambda globs, base: set(),
    "imported": lambda globs, base: _local_files(_imported(globs), base),
    "sys": lambda globs, base: _local_files(_loaded(globs), base),
    "dir": _all_files,
}
_DEPENDENCIES: dict[str, Callable[[Mapping[str, Any], str], set[PackageDependency]]] = {
    "none": lambda globs, base: set(),
    "imported": lambda globs, base: _packages_of(_imported(globs), base),
    "sys": lambda globs, base: _packages_of(_loaded(globs), base),
    "pkg": _all_packages,
}
