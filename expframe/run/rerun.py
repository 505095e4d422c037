"""
Do a run again from what is stored of it: its sources, its command, its config.

The sources are put into a temporary folder as they lay in the project, and the script is run there with `--again`, in a
process of its own; so nothing of the code as it is now takes part, but for data that it finds by itself.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import IO, Any, NamedTuple

from expframe.config.secrets import MASK
from expframe.disk import layout
from expframe.disk.files import copy_file, inside
from expframe.errors import EscapingPathError, RerunError, ValueFormatError
from expframe.facts.packages import PACKAGE_FOLDERS
from expframe.facts.sources import around_packages
from expframe.record.record import OPENED, Record
from expframe.store.reader import StoredRun
from expframe.store.search.collection import runs
from expframe.store.sweeps import plan_file
from expframe.store.sweeps.command_lines import sweep_line, work_line

_OWN = Path(__file__).parents[1]

_OUTSIDE = "_outside"
"""The folder of sources that were not in the project."""

_MARK = "pyproject.toml"
"""A file that makes a folder a project."""

_NEWEST = 1000
"""How many runs may be started elsewhere while one is done again."""
_KEPT_OPTIONS = {"name": "--name", "capture": "--capture"}
"""Options of a run that a rerun has too, by field."""


class Rerun(NamedTuple):
    """
    What came of a rerun.

    Attributes:
        run: The new run; None where none was started.
        code: The exit code of the script.
    """

    run: StoredRun | None
    code: int


def rerun(
    run: StoredRun,
    words: Sequence[str] = (),
    *,
    python: str | os.PathLike[str] = sys.executable,
    output: IO[Any] | None = None,
) -> Rerun:
    """
    Do a run again in another process, from its stored sources, as a new run of the same store.

    Its working directory is that of the run where that is there, so that data is found.

    Args:
        run: The run.
        words: Overrides, named configs and files, which prevail over the run's config. Secrets were not stored: those
            that were given must be given again.
        python: The interpreter.
        output: A file for what is printed; by default it is printed here.

    Raises:
        RerunError: The run had no script, or none that does it again; or its sources are not there any more.
    """
    record = run.record
    if record.main is None:
        raise RerunError(
            f"run {run.id}", f"had no script that is a file of its own; its sources are in {_sources_folder(run)}."
        )
    if record.extra.get(OPENED):
        raise RerunError(
            f"run {run.id}",
            f"was opened by start() in {record.main}, and what happened in it is not a command that could be done "
            f"again. Run the script itself, or make a command of it (@ex.main, @ex.automain). Its sources are in "
            f"{_sources_folder(run)}.",
        )
    _refuse_trial_of_sacred(run)
    with tempfile.TemporaryDirectory(prefix="expframe-rerun-", ignore_cleanup_errors=True) as folder:
        project = Path(folder).resolve()
        placed = materialise(run, project)
        main = placed[record.main]
        # Without -P the working directory would go before the stored sources.
        script = ["-P", "-m", record.module] if record.module else [str(main)]
        command = [os.fspath(python), *script, record.command, *_options(run, record)]
        done = subprocess.run(
            [*command, *(["with", *words] if words else [])],
            cwd=record.cwd if record.cwd and Path(record.cwd).is_dir() else None,
            env=_environment([*dict.fromkeys((around_packages(main, record.module), *roots(placed)))]),
            stdout=output,
            check=False,
        )
        return Rerun(_find(run, str(project)), done.returncode)


def _refuse_trial_of_sacred(run: StoredRun) -> None:
    """Refuse a trial whose script does no run by itself that could be done again."""
    sweep = run.parent if run.record.sweep else None
    if sweep is None or not plan_file.is_sweep(sweep.folder):
        return
    start, trial = plan_file.read(sweep.folder).start, run.record.sweep["trial"]
    if start.runner:
        problem = f"is a trial of a script that is run by {' '.join(['python', *start.runner])}, and does no run again."
        again = f"{sweep_line(sweep.folder, 'retry', str(trial))}, and {work_line(sweep.folder)}"
        raise RerunError(f"run {run.id}", f"{problem} Do the trial again: {again}.")


def materialise(run: StoredRun, project: Path) -> dict[str, Path]:
    """
    Put the sources of a run into a folder as they lay in the project, and return where each one is now.

    A source of outside the project is put apart. The folder becomes a project, so that they count as sources again.

    Raises:
        RerunError: A source is not there any more.
    """
    record, placed = run.record, {}
    for name, file in {**dict(record.sources_at_end), **dict(record.sources)}.items():
        stored = _sources_folder(run) / file
        path = PurePosixPath(name)
        relative = PurePosixPath(_OUTSIDE, *path.parts[1:]) if path.is_absolute() else path
        try:
            target = inside(project, str(relative))
            target.parent.mkdir(parents=True, exist_ok=True)
            copy_file(stored, target)
        except (OSError, EscapingPathError) as problem:
            raise RerunError(
                f"run {run.id}",
                f"its source {name!r} is not in {stored} ({getattr(problem, 'strerror', None) or problem}).",
            ) from problem
        placed[name] = target
    (project / _MARK).touch()
    return placed


def roots(placed: Mapping[str, Path]) -> list[Path]:
    """Return the folders that the top-level modules among sources are imported from."""
    packages = {path.parent for path in placed.values() if path.name == "__init__.py"}
    found: dict[Path, None] = {}
    for path in placed.values():
        folder = path.parent
        while folder in packages:
            folder = folder.parent
        found[folder] = None
    return list(found)


def requirements(record: Record) -> list[str]:
    """Return the installed packages of a run as pip takes them; expframe is left out where it runs from its sources."""
    packages = record.packages.items()
    return [f"{name}=={version}" for name, version in packages if name != "expframe" or _is_installed()]


def build_environment(folder: Path, packages: Iterable[str], options: Sequence[str] = ()) -> Path:
    """
    Make a virtual environment with the given packages, and return its interpreter.

    Args:
        folder: Where; made.
        packages: As pip takes them.
        options: More words for pip.

    Raises:
        RerunError: It cannot be made.
    """
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    wanted = list(packages)
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *options, *wanted]
    for command in ([sys.executable, "-m", "venv", str(folder)], *([install] if wanted else [])):
        if subprocess.run(command, check=False).returncode:
            subject = f"environment with {', '.join(wanted)}"
            raise RerunError(subject, f"cannot be made: {' '.join(command[:4])} failed.")
    return python


def _sources_folder(run: StoredRun) -> Path:
    return run.folder.parent / layout.SOURCES_FOLDER


def _options(run: StoredRun, record: Record) -> list[str]:
    """Return the options that the new run has: its store, the run that it does again, and some of that one's own."""
    given = {flag: record.options.get(field) for field, flag in _KEPT_OPTIONS.items()}
    if PurePosixPath(record.main or "").stem == "__main__":  # which is called as its folder is, and that is another one
        given["--name"] = record.name
    given |= dict(record.options.get("extra", {}))
    texts = (f"{flag}={text}" for flag, text in given.items() if isinstance(text, str) and MASK not in text)
    flags = (flag for flag, value in given.items() if value is True)
    return ["--file_storage", str(run.folder.parent), "--again", run.id, *texts, *flags]


def _environment(folders: Sequence[Path]) -> dict[str, str]:
    """Return this process's environment, in which sources are found first, and expframe where it is not installed."""
    path = [*folders, *([] if _is_installed() else [_OWN]), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path)), "PYTHONDONTWRITEBYTECODE": "1"}


def _is_installed() -> bool:
    """Return whether expframe is among installed packages, and not run from its sources."""
    return _OWN.name in PACKAGE_FOLDERS


def _find(run: StoredRun, project: str) -> StoredRun | None:
    """Return the run that a script in a folder has just started."""
    for new in islice(runs(run.folder.parent), _NEWEST):
        with suppress(ValueFormatError, OSError):  # a damaged run is none
            record = new.record
            if record.argv[:1] and record.argv[0].startswith(project) and "rerun_of" in record.extra:
                return new
    return None
