"""All facts of a run, gathered off the main thread at its start and completed at its end."""

import logging
import os
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from expframe.errors import NotCleanError, listed
from expframe.facts import git, host, packages, sources
from expframe.facts.stash import stash_around
from expframe.process import context, notebook


class Scope(NamedTuple):
    """
    What the facts are about.

    Attributes:
        main_file: The script; None where there is none.
        project: The folder whose files count as source; None to find it.
        environment: Names or patterns of the environment variables to keep.
        extra: Returns the files that are to be kept as sources too, as of now.
        exclude: Folders that hold no sources: the store.
        patterns: Which files of the project count as sources beside those that are loaded, and which do not.
    """

    main_file: Path | None = None
    project: Path | None = None
    environment: Sequence[str] = ()
    extra: Callable[[], Sequence[str]] = tuple
    exclude: Sequence[Path] = ()
    patterns: sources.Patterns = sources.Patterns()

    def find_project(self) -> Path:
        """Return the folder whose files count as source; in a copy of sources what that was in the original."""
        if self.project is None or (self.main_file is not None and stash_around(self.main_file) is not None):
            return sources.find_project(self.main_file)
        return self.project

    def find_sources(
        self, project: Path, known: Mapping[str, sources.Source] | None = None, cells: str | None = None
    ) -> dict[str, sources.Source]:
        """Return the source files of a project as of now, by name; see `sources.gather`."""
        return sources.gather(
            project,
            main_file=self.main_file,
            extra=self.extra(),
            exclude=self.exclude,
            patterns=self.patterns,
            known=known,
            cells=cells,
        )


class Known:
    """
    What was found in this process before. A run looks again only at what may have changed.

    One for each experiment; its runs share it.
    """

    def __init__(self) -> None:
        self.project: Path | None = None
        self.host: Mapping[str, Any] | None = None
        self.git: Mapping[str, Any] | None = None
        self.git_state: object = None
        self.git_problem: str | None = None
        self.modules: frozenset[str] = frozenset()
        self.extra: Sequence[str] = ()
        self.sources: dict[str, sources.Source] = {}
        self.main: str | None = None
        self.module: str | None = None
        self.stored: tuple[Path | None, tuple[tuple[str, str], ...]] = (None, ())


class LoadedPackages:
    """The packages of this process: looked for again only when other modules are loaded."""

    def __init__(self) -> None:
        self._known: tuple[frozenset[str], Mapping[str, str]] = (frozenset(), {})

    def find(self) -> Mapping[str, str]:
        """Return the versions of the packages that are loaded, by name."""
        modules = frozenset(sys.modules)
        if modules != self._known[0]:
            self._known = modules, _attempt(packages.gather) or {}
        return self._known[1]


class Gathering:
    """
    The facts of one run.

    Args:
        scope: What they are about.
        known: What was found before.
        sources_folder: Says where the content of sources is kept by now; None to keep none.
        found: Takes the facts of the start, as fields of a Record.
    """

    def __init__(
        self,
        scope: Scope,
        known: Known,
        sources_folder: Callable[[], Path | None],
        found: Callable[[dict[str, Any]], None],
    ) -> None:
        self._scope = scope
        self._known = known
        self._sources_folder = sources_folder
        self._found = found
        self._at_start: dict[str, str] = {}
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Gather: at once where everything is known from an earlier run, else in a thread."""
        if self._is_known():
            self._tell(self._known.stored[1], self._known.git)
        else:
            cells = notebook.find_cells()  # the next one may be run before the thread is
            self._thread = threading.Thread(target=self._start, args=(cells,), name="expframe-facts", daemon=True)
            self._thread.start()

    def finish(self, seconds: float = 10.0) -> dict[str, Any]:
        """Return what can only be known at the end, as fields of a Record."""
        if self._thread is not None:
            self._thread.join(seconds)
            if self._thread.is_alive():
                return {"problems": (f"facts of machine and code were not gathered within {seconds:g} s",)}
        found = context.one_per_process(LoadedPackages).find()
        problems = [self._known.git_problem] if self._known.git_problem else []
        stored: Sequence[tuple[str, str]] = ()
        try:
            stored = self._known.stored[1] if self._are_sources_known() else self._store_sources()
        except Exception as problem:
            reason = getattr(problem, "strerror", None) or f"{type(problem).__name__}: {problem}"
            problems.append(f"sources could not be kept in {self._sources_folder()} ({reason})")
            logging.getLogger("expframe").warning("%s", problems[-1])
        late = tuple(pair for pair in stored if self._at_start.get(pair[0]) != pair[1])
        return {"packages": found, "sources_at_end": late, "problems": tuple(problems)}

    def _start(self, cells: str) -> None:
        known = self._known
        if known.host is None:
            known.host = _attempt(lambda: host.gather(self._scope.environment)) or {}
        stored = tuple(_attempt(lambda: self._store_sources(cells)) or ())  # it is tried again at the end
        self._tell(stored, _attempt(self._gather_git))

    def _tell(self, stored: Sequence[tuple[str, str]], repository: Mapping[str, Any] | None) -> None:
        self._at_start = dict(stored)
        script = {"main": self._known.main, "module": self._known.module}
        self._found({"host": self._known.host, "git": repository, "sources": tuple(stored), **script})

    def _is_known(self) -> bool:
        known = self._known
        return known.host is not None and self._are_sources_known() and self._git_state() == known.git_state

    def _are_sources_known(self) -> bool:
        """Return whether nothing was loaded or added, no source changed and none was taken from the store."""
        known = self._known
        if known.modules != frozenset(sys.modules) or known.extra != self._scope.extra():
            return False
        if known.stored[0] != (folder := self._sources_folder()):
            return False
        if self._scope.patterns.include:  # there may be new files
            return False
        if any(source.has_changed for source in known.sources.values()):
            return False
        return folder is None or all((folder / file).exists() for _, file in known.stored[1])

    def _store_sources(self, cells: str | None = None) -> tuple[tuple[str, str], ...]:
        known = self._known
        modules, extra = frozenset(sys.modules), self._scope.extra()
        known.project = known.project or self._scope.find_project()
        found = self._scope.find_sources(known.project, known.sources, cells)
        if self._scope.main_file is not None:
            known.main = sources.name_of(self._scope.main_file, found)
            known.module = sources.module_of(self._scope.main_file)
        folder = self._sources_folder()
        if folder is None:
            stored = sorted((name, source.digest) for name, source in found.items())
        else:
            stored = sources.store(found, folder)
        known.sources, known.modules, known.extra, known.stored = found, modules, extra, (folder, tuple(stored))
        return tuple(stored)

    def _gather_git(self) -> Mapping[str, Any] | None:
        """Ask git, unless neither the repository nor a loaded source has changed since it was asked."""
        known, state = self._known, self._git_state()
        if state != known.git_state:
            found = git.gather(known.project) if state and known.project else git.Repository()
            if found.problem and found.problem != known.git_problem:
                logging.getLogger("expframe").warning("%s", found.problem)
            known.git, known.git_problem, known.git_state = found.facts, found.problem, state
        return known.git

    def _git_state(self) -> object:
        if self._known.project and (stash := stash_around(self._known.project)) is not None:
            return stash.folder
        root = git.find_root(self._known.project) if self._known.project else None
        if root is None:
            return None
        marks = tuple(_mark(root / ".git" / name) for name in ("HEAD", "index", "logs/HEAD", "config"))
        return root, marks, tuple((s.name, s.digest) for s in self._known.sources.values())


def look_ahead(scope: Scope, known: Known, sources_folder: Path | None) -> None:
    """Find out what runs of this process, and of those that are forked from it, are going to ask for."""
    import importlib

    for name in ("encodings.ascii", "termios"):  # what each run would import anyway is no news in a forked one then
        with suppress(ImportError):
            importlib.import_module(name)
    gathering = Gathering(scope, known, lambda: sources_folder, lambda _facts: None)
    gathering.start()
    gathering.finish()


def require_clean(scope: Scope) -> None:
    """
    Check that the code is that of a commit: all tracked files are as there, and all loaded sources are tracked.

    Raises:
        NotCleanError: There is no repository, git does not read it, or something is not committed.
    """
    folder = scope.find_project()
    facts, problem = git.gather(folder)
    if problem is not None:
        raise NotCleanError("--enforce_clean", f"{problem}.")
    if facts is None:
        raise NotCleanError("--enforce_clean", f"{folder} is in no git repository. Put it under version control.")
    if facts["dirty"]:
        raise NotCleanError("--enforce_clean", f"{facts['root']} has uncommitted changes. Commit or stash them.")
    try:
        untracked = _untracked_sources(scope, folder, Path(facts["root"]))
    except OSError as fault:
        raise NotCleanError("--enforce_clean", f"{fault}.") from fault
    if facts["commit"] is None:
        files = listed(untracked, none="your files")
        raise NotCleanError("--enforce_clean", f"{facts['root']} has no commit yet. Commit {files}.")
    if untracked:
        raise NotCleanError(
            "--enforce_clean",
            f"{facts['root']} does not track {listed(untracked)}, which this run uses. "
            "Commit what matters, and leave the rest to .gitignore.",
        )


def _untracked_sources(scope: Scope, project: Path, root: Path) -> list[str]:
    """Return the sources that no commit has, relative to the repository; those in one inside it, as it has them."""
    found = scope.find_sources(project)
    files: dict[Path, list[str]] = {}
    for source in found.values():
        inner = git.find_root(source.path.parent)
        if inner is not None and source.content is None and inner.is_relative_to(root):
            files.setdefault(inner, []).append(str(source.path))
    files[root] = files.get(root, []) + [str(inner) for inner in files if inner != root]
    return [
        os.path.relpath(inner / name, root)
        for inner, names in sorted(files.items())
        for name in git.untracked_of(inner, names)
    ]


def _mark(path: Path) -> tuple[int, int] | None:
    try:
        found = os.stat(path)  # on the way of each run
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def _attempt(gather: Callable[[], Any]) -> Any:
    """Return a fact; whatever goes wrong is a missing one."""
    try:
        return gather()
    except Exception:
        return None
