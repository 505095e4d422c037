"""All facts of a run, gathered off the main thread at its start and completed at its end."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from expframe.errors import NotCleanError
from expframe.facts import git, host, packages, sources


@dataclass
class Known:
    """
    What was found in this process before: facts are gathered anew only where something changed.

    One for each experiment; runs of the experiment share it.
    """

    host: Mapping[str, Any] | None = None
    git: Mapping[str, Any] | None = None
    git_state: object = None
    sources: dict[str, sources.Source] = field(default_factory=dict)


@dataclass(frozen=True)
class Scope:
    """
    What the facts are about.

    Attributes:
        main_file: The script; None where there is none.
        project: The folder whose files count as source; None to find it.
        environment: Names or patterns of the environment variables to keep.
        extra: Files that are to be kept as sources too.
        exclude: Folders that hold no sources: the store.
    """

    main_file: Path | None = None
    project: Path | None = None
    environment: Sequence[str] = ()
    extra: Sequence[Path] = ()
    exclude: Sequence[Path] = ()


class Gathering:
    """
    The facts of one run.

    Args:
        scope: What they are about.
        known: What was found before.
        sources_folder: Where the content of sources is kept; None to keep none.
        found: Takes the facts of the start, as fields of a Record, from the gathering thread.
    """

    def __init__(
        self, scope: Scope, known: Known, sources_folder: Path | None, found: Callable[[dict[str, Any]], None]
    ) -> None:
        self._scope = scope
        self._known = known
        self._sources_folder = sources_folder
        self._found = found
        self._project: Path | None = scope.project
        self._stored: dict[str, str] = {}
        self._thread = threading.Thread(target=self._start, name="expframe-facts", daemon=True)

    def start(self) -> None:
        """Begin to gather, in a thread."""
        self._thread.start()

    def finish(self, seconds: float = 10.0) -> dict[str, Any]:
        """Return what can only be known at the end, as fields of a Record."""
        self._thread.join(seconds)
        if self._thread.is_alive():
            return {"problems": (f"facts of machine and code were not gathered within {seconds:g} s",)}
        facts: dict[str, Any] = {"packages": _attempt(packages.gather) or {}}
        stored = _attempt(self._store_sources) or ()
        facts["sources_at_end"] = tuple(pair for pair in stored if self._stored.get(pair[0]) != pair[1])
        return facts

    def _start(self) -> None:
        known = self._known
        if known.host is None:
            known.host = _attempt(lambda: host.gather(self._scope.environment)) or {}
        stored = tuple(_attempt(self._store_sources) or ())
        self._stored = dict(stored)
        self._found({"host": known.host, "git": _attempt(self._gather_git), "sources": stored})

    def _find_project(self) -> Path:
        if self._project is None:
            self._project = sources.find_project(self._scope.main_file)
        return self._project

    def _store_sources(self) -> list[tuple[str, str]]:
        found = sources.gather(
            self._find_project(),
            main_file=self._scope.main_file,
            extra=self._scope.extra,
            exclude=self._scope.exclude,
            known=self._known.sources,
        )
        self._known.sources = found
        if self._sources_folder is None:
            return sorted((name, source.digest) for name, source in found.items())
        return sources.store(found, self._sources_folder)

    def _gather_git(self) -> Mapping[str, Any] | None:
        """Ask git, unless neither the repository nor a loaded source has changed since it was asked."""
        root = git.find_root(self._find_project())
        if root is None:
            return None
        marks = [_mark(root / ".git" / name) for name in ("HEAD", "index", "logs/HEAD", "config")]
        state = (root, tuple(marks), tuple(sorted((s.name, s.digest) for s in self._known.sources.values())))
        if state != self._known.git_state:
            self._known.git = git.gather(self._find_project())
            self._known.git_state = state
        return self._known.git


def require_clean(scope: Scope) -> None:
    """
    Check that all tracked files are committed.

    Raises:
        NotCleanError: There is no repository, or it has uncommitted changes.
    """
    folder = scope.project or sources.find_project(scope.main_file)
    found = git.gather(folder)
    if found is None:
        raise NotCleanError("--enforce_clean", f"{folder} is in no git repository. Put it under version control.")
    if found.get("dirty"):
        raise NotCleanError("--enforce_clean", f"{found.get('root')} has uncommitted changes. Commit or stash them.")


def _mark(path: Path) -> tuple[int, int] | None:
    try:
        found = os.stat(path)  # noqa: PTH116
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def _attempt(gather: Callable[[], Any]) -> Any:
    """Return a fact; whatever goes wrong is a missing one."""
    try:
        return gather()
    except Exception:
        return None
