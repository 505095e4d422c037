"""The script of a sweep, run as `__main__` by a worker: its first command line or sweep hands its experiment over."""

from __future__ import annotations

import os
import runpy
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from expframe.config.request import Request
from expframe.errors import WorkError
from expframe.facts import sources
from expframe.facts.gathering import Scope
from expframe.facts.stash import Stash
from expframe.process import context
from expframe.store.sweeps.plan import Start
from expframe.sweep.stash import placed_folders, placed_start

Prepare = Callable[[Request], Any]
"""Makes a run of an experiment, which is not started, of what is asked for."""


class _Over(BaseException):
    """What a worker has to do is done: the rest of the script is not wanted."""


def run_as_main(start: Start, take: Callable[[Any, Prepare], None], stash: Stash | None = None) -> None:
    """
    Run a script up to its first command line or sweep, and give that one's experiment away.

    Args:
        start: How the script is started.
        take: Takes the experiment, and what prepares its runs; the script is left when it returns.
        stash: The copy of its sources that is run in its place; None for itself.

    Raises:
        WorkError: The script is not there, or comes to its end without a command line.
        BaseException: What the script raises.
    """
    if stash is not None:
        start = placed_start(start, stash)
    if not start.module and not Path(start.script).is_file():
        raise WorkError(f"script {start.script}", "is not there. A worker needs it where the sweep was started.")
    _go_there(start, stash)

    def take_over(experiment: Any, prepare: Prepare) -> None:
        with context.taking_over(None):  # what a trial starts is its own
            take(experiment, prepare)
        raise _Over

    with context.taking_over(take_over):
        try:
            if start.module:
                runpy.run_module(start.module, run_name="__main__", alter_sys=True)
            else:
                runpy.run_path(start.script, run_name="__main__")
        except _Over:
            return
    problem = "came to its end without a command line: it calls neither automain nor run_commandline."
    raise WorkError(f"script {start.module or start.script}", problem)


def _go_there(start: Start, stash: Stash | None) -> None:
    """Make working directory and import path those of the script."""
    if start.folder:
        os.chdir(start.folder)
    sys.argv = [start.script]
    own = start.folder if start.module else os.path.dirname(os.path.abspath(start.script))
    sys.path[:] = [own, *(folder for folder in sys.path[1:] if folder != own)]
    sys.path += [folder for folder in start.search_path if folder not in sys.path]
    if stash is not None:
        sys.path[:] = placed_folders(sys.path, start, stash)


def started_as(scope: Scope, module: str | None) -> Start:
    """
    Return how a worker starts the script of this process.

    Args:
        scope: What belongs to the script's code.
        module: The name by which `python -m` started it; None where it was started as a file.
    """
    found = sources.gather(
        scope.find_project(),
        main_file=scope.main_file,
        extra=scope.extra,
        exclude=scope.exclude,
        patterns=scope.patterns,
    )
    return Start(
        script=str(scope.main_file or ""),
        module=module or "",
        folder=os.getcwd(),
        interpreter=sys.executable,
        search_path=tuple(os.path.abspath(folder) for folder in sys.path[1:] if folder),
        sources={name: source.digest for name, source in found.items()},
    )


def changed(known: Mapping[str, str], project: Path, stash: Stash | None = None) -> list[str]:
    """
    Return which sources are no longer as they were when the sweep was started.

    Args:
        known: What they were, by name.
        project: The folder whose files count as source.
        stash: The copy that is run in its place; None for itself.
    """
    places = {name: project / name if stash is None else stash.at(stash.project / name) for name in known}
    return [name for name, digest in known.items() if sources.digest_of(str(places[name]), project) != digest]
