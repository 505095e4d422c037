"""The script of a sweep, run as `__main__` by a worker: its first command line or sweep hands its experiment over."""

from __future__ import annotations

import importlib.util
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
from expframe.process import context, import_path
from expframe.store.sweeps.plan import Start
from expframe.sweep.stash import placed_folders, placed_start

Prepare = Callable[[Request], Any]
"""Makes a run of an experiment, which is not started, of what is asked for."""


class _Over(BaseException):
    """What a worker has to do is done: the rest of the script is not wanted."""


def run_as_main(start: Start, take: Callable[[Any, Prepare], None], stash: Stash | None = None) -> None:
    """
    Run a script up to its first command line or sweep, and give that one's experiment away: where the start names
    another one, that, which the script must have by then.

    Args:
        start: How the script is started.
        take: Takes the experiment, and what prepares its runs; the script is left when it returns.
        stash: The copy of its sources that is run in its place; None for itself.

    Raises:
        WorkError: The script or module is not there, comes to its end without a command line, or has not that
            experiment.
        BaseException: What the script raises.
    """
    if stash is not None:
        start = placed_start(start, stash)
    if not start.script and not start.module:
        problem = "names no script that a worker could run: its trials were asked for where none was known."
        raise WorkError(
            "the sweep",
            f"{problem} It goes on from a script that has its experiment: expframe sweep SCRIPT --resume ID",
        )
    if not start.module and not Path(start.script).is_file():
        raise WorkError(f"script {start.script}", "is not there. A worker needs it where the sweep was started.")
    _go_there(start, stash)
    if start.module and not _is_module(start.module):
        raise WorkError(f"module {start.module}", f"is none that can be run from {start.folder}.")

    def take_over(experiment: Any, prepare: Prepare) -> None:
        given = wanted(start, experiment, prepare)
        with context.taking_over(None):  # what a trial starts is its own
            take(*given)
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


def _is_module(name: str) -> bool:
    """Return whether there is a module of a name that can be run; of a package its `__main__`."""
    try:
        found = None if name.startswith(".") else importlib.util.find_spec(name)
        if found is not None and found.submodule_search_locations is not None:
            found = importlib.util.find_spec(f"{name}.__main__")
        return found is not None
    except ModuleNotFoundError as problem:  # of the package; what that imports itself is a fault of its own
        if f"{name}.__main__.".startswith(f"{problem.name}."):
            return False
        raise
    except ValueError:
        return False


def is_here(start: Start) -> bool:
    """Return whether the script of a sweep, and the Python that runs it, are on this machine."""
    script = start.folder if start.module else start.script
    return all(path and os.path.exists(path) for path in (script, start.interpreter, start.folder))


def wanted(start: Start, experiment: Any, prepare: Prepare) -> tuple[Any, Prepare]:
    """
    Return the experiment whose sweep it is: the one that a script comes to first, or another of its names.

    Raises:
        WorkError: The script has none of that name.
    """
    if start.experiment in ("", experiment.name):
        return experiment, prepare
    found = next((given for given in _experiments() if given[0].name == start.experiment), None)
    if found is None:
        problem = f"comes to experiment {experiment.name!r} first, and has no {start.experiment!r} by then."
        place = f"script {start.module or start.script}"
        raise WorkError(place, f"{problem} Make all experiments before the first of them is run.")
    return found


def _experiments() -> list[tuple[Any, Prepare]]:
    """Return the experiments that the script of this process has among its names, each as a worker is given it."""
    values = {id(value): value for value in vars(sys.modules["__main__"]).values()}.values()
    return [value.to_worker() for value in values if callable(getattr(type(value), "to_worker", None))]


def _name_of(experiment: Any) -> str:
    """Return the name by which workers find an experiment; empty where the script has no other one."""
    name: str = experiment.name
    names = [other.name for other, _ in _experiments()]
    if names.count(name) > 1:
        problem = f"has the name of {names.count(name)} experiments of its script, by which workers would find it."
        raise WorkError(f"experiment {name!r}", f"{problem} Give each its own: Experiment('first').")
    return name if len(names) > 1 else ""


def _go_there(start: Start, stash: Stash | None) -> None:
    """Make working directory and import path those of the script."""
    if start.folder:
        os.chdir(start.folder)
    sys.argv = [start.script]
    own = os.path.dirname(os.path.abspath(start.script))
    if start.module:
        own = start.folder if stash is None else str(sources.around_packages(stash.script, start.module))
    import_path.look_first_in(own)
    sys.path += [folder for folder in start.search_path if folder not in sys.path]
    if stash is not None:
        sys.path[:] = placed_folders(sys.path, start, stash)


def started_as(scope: Scope, module: str | None, experiment: Any) -> Start:
    """
    Return how a worker starts the script of this process.

    Args:
        scope: What belongs to the script's code.
        module: The name by which `python -m` started it; None where it was started as a file.
        experiment: Whose sweep it is.

    Raises:
        WorkError: The script is no file of its own, or has several experiments of its name.
    """
    if scope.main_file is not None and not scope.main_file.is_file():
        problem = "is no file that workers could run. What is in an archive has to be unpacked for a sweep."
        raise WorkError(f"script {scope.main_file}", problem)
    name = _name_of(experiment)
    found = scope.find_sources(scope.find_project())
    return Start(
        script=str(scope.main_file or ""),
        module=module or "",
        folder=os.getcwd(),
        interpreter=sys.executable,
        search_path=tuple(os.path.abspath(folder) for folder in import_path.others() if folder),
        sources={name: source.digest for name, source in found.items()},
        experiment=name,
        runner=experiment.runner,
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
