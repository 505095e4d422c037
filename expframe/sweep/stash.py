"""The copy of sources that the trials of a sweep run from: what is taken into it, and how a script starts from it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from expframe.config.files import is_config_file
from expframe.disk import layout
from expframe.disk.files import copy_file
from expframe.errors import WorkError
from expframe.facts import git, sources
from expframe.facts.gathering import Scope
from expframe.facts.packages import PACKAGE_FOLDERS
from expframe.facts.stash import Stash, stash_around
from expframe.run.rerun import roots
from expframe.store.sweeps.axes import Choices
from expframe.store.sweeps.plan import Plan, Start


class Taken(NamedTuple):
    """
    What was taken into a copy.

    Attributes:
        stash: The copy.
        files: How many files it has.
        size: How many bytes they are.
        is_tracked: Whether it is all that a repository tracks; else only what the script had loaded.
    """

    stash: Stash
    files: int
    size: int
    is_tracked: bool


def take(sweep: Path, plan: Plan, scope: Scope) -> Taken:
    """
    Copy the sources into the folder of a sweep as they are now: all files that git tracks, as they lie in the working
    tree, and what the script has loaded and is given beside them.

    Args:
        sweep: The folder of the sweep's run.
        plan: What the sweep does.
        scope: What belongs to the script's code.

    Raises:
        WorkError: A file cannot be copied, or git does not say which they are.
    """
    project = Path(os.path.realpath(scope.find_project()))
    repository = None if stash_around(project) is not None else sources.repository_of(project)
    facts = git.gather(project).facts if repository is not None else None
    main = Path(os.path.realpath(scope.main_file or project))
    stash = Stash(sweep / layout.STASH_FOLDER, repository or project, project, main, facts)
    store = os.path.realpath(sweep.parent)
    count = size = 0
    for path in dict.fromkeys([*_tracked(repository), *_loaded(scope, project), *_given(plan)]):
        if path.is_relative_to(store) and not project.is_relative_to(store):
            continue
        if (copied := _copy(path, stash)) is not None:
            count, size = count + 1, size + copied
    stash.write()
    return Taken(stash, count, size, repository is not None)


def _tracked(repository: Path | None) -> Iterator[Path]:
    if repository is None:
        return
    try:
        yield from (repository / name for name in git.tracked_of(repository))
    except OSError as problem:
        raise WorkError("--stash", f"cannot tell which files to copy: {problem}.") from problem


def _loaded(scope: Scope, project: Path) -> Iterator[Path]:
    found = scope.find_sources(project)
    return (source.path for source in found.values() if source.content is None)


def _given(plan: Plan) -> Iterator[Path]:
    """Yield the config files that stand among the words of a sweep."""
    rows = [
        row for axis in (*plan.axes, *plan.each) if isinstance(axis, Choices) and not axis.names for row in axis.rows
    ]
    for name in dict.fromkeys([*plan.named, *(str(word) for row in rows for word in row)]):
        if is_config_file(name) and os.path.isfile(name):
            yield Path(os.path.realpath(name))


def _copy(path: Path, stash: Stash) -> int | None:
    """Copy a file, or a link as it is; return its size, and None where it is not there."""
    inside = path.is_relative_to(stash.root)
    target = stash.folder / path.relative_to(stash.root) if inside else stash.at(path)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.is_symlink():
            end = Path(os.path.realpath(path))
            target.symlink_to(path.readlink() if end.is_relative_to(stash.root) else end)
            return 0
        if not path.is_file():
            return None
        copy_file(path, target)
        status = path.stat()
        if status.st_mode & 0o111:
            target.chmod(target.stat().st_mode | status.st_mode & 0o111)
        return status.st_size
    except OSError as problem:
        raise WorkError("--stash", f"cannot copy {path}: {problem.strerror or problem}.") from problem


def placed_start(start: Start, stash: Stash) -> Start:
    """Return how a script is started from a copy, wherever the script itself is by now; its working directory stays."""
    return start._replace(script=str(stash.script) if start.script else "")


def placed_folders(folders: Sequence[str], start: Start, stash: Stash) -> list[str]:
    """Return the folders that are imported from, in the copy as far as they are there, and those that hooks knew."""
    loaded = {name: stash.at(stash.project / name) for name in start.sources if name.endswith(".py")}
    return list(dict.fromkeys([*(_placed(folder, stash) for folder in folders), *map(str, roots(loaded))]))


def _placed(folder: str, stash: Stash) -> str:
    is_of_packages = not {*PACKAGE_FOLDERS}.isdisjoint(Path(folder).parts)
    return folder if not folder or is_of_packages else str(stash.placed(folder))


def placed_words(named: Iterable[str], stash: Stash) -> tuple[str, ...]:
    """Return named configs and files, those files that were taken as they are in the copy."""
    return tuple(str(stash.placed(name)) if is_config_file(name) else name for name in named)
