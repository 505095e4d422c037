"""`expframe schema SCRIPT`: the JSON Schema of what config files of a script may say."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import sys
import traceback
from collections.abc import Iterable, Iterator
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

from expframe.cli.runs.command import Answer, Asked, command
from expframe.config import dotted
from expframe.config.schema import schema_of
from expframe.disk.files import replace_file
from expframe.errors import ExpframeError, UsageError
from expframe.process import context
from expframe.process.import_path import look_first_in

USAGE = """\
Print the JSON Schema of what a config file may say for a script: its entries with types, bounds, choices, defaults and
docs, for editors. It imports the script, as other commands do only to run it: what stands there outside of functions is
done, its main command and its command line are not.

Usage:
  expframe schema [options] SCRIPT
  expframe schema [options] -m MODULE

Options:
  -o FILE --output=FILE  Write it into a file. `save_config` names NAME.schema.json, where that is beside NAME.yaml.
  -m                     Import a module, as python -m finds it.
  --experiment=NAME      Of which experiment, where a script has several.
"""


@command(USAGE)
def main(asked: Asked) -> Answer:
    """Print or write a schema."""
    script = asked["MODULE"] if asked["-m"] else asked["SCRIPT"]
    with _imported(script, is_module=asked["-m"]) as found:
        experiment = _chosen(found, asked["--experiment"], f"script {script}")
        try:
            snapshot = experiment.snapshot()
            recipe, standing = snapshot.anew()
            schema = schema_of(recipe, standing, experiment.name, snapshot.anew)
        except ExpframeError:
            raise
        except Exception as problem:
            raise _raised(f"config of {script}", "cannot be decided", problem) from problem
    text = json.dumps(schema, indent=2, ensure_ascii=False)
    if asked["--output"] is None:
        return Answer({"schema": schema}, lambda _: [text])
    replace_file(Path(asked["--output"]), f"{text}\n")
    return Answer({"schema": schema}, lambda _: [f"Wrote {asked['--output']}"])


def _chosen(found: Iterable[Any], name: str | None, subject: str) -> Any:
    """Return the experiment that is meant."""
    named = {experiment.name: experiment for experiment in found}
    if not named:
        raise UsageError(subject, "has no experiment among its names. Make one: ex = Experiment().")
    if name is None and len(named) == 1:
        return next(iter(named.values()))
    known = ", ".join(named)
    if name is None:
        raise UsageError(subject, f"has several experiments: {known}. Say which: --experiment={next(iter(named))}")
    if name not in named:
        near = dotted.nearest(name, named)
        hint = f"Did you mean {near[0]!r}? " if near else ""
        raise UsageError(f"--experiment={name}", f"{subject} has no such experiment. {hint}It has: {known}.")
    return named[name]


class _Over(BaseException):
    """The script would do its command line: all that is wanted has been made."""


@contextlib.contextmanager
def _imported(script: str, *, is_module: bool) -> Iterator[list[Any]]:
    """Import a script and give its experiments; what it prints goes to standard error, and what it sees is put back."""
    given: list[Any] = []

    def take(experiment: Any, _prepare: Any) -> None:
        given.append(experiment)
        raise _Over

    path, argv = [*sys.path], sys.argv
    spec, loader = _spec_of_module(script) if is_module else _spec_of_file(script)
    module = importlib.util.module_from_spec(spec)
    sys.argv, sys.modules[spec.name] = [script], module
    try:
        with contextlib.redirect_stdout(sys.stderr), context.taking_over(take):
            try:
                loader.exec_module(module)
            except _Over:
                pass
            except (Exception, SystemExit) as problem:
                raise _raised(f"script {script}", "cannot be imported", problem) from problem
            values = {id(value): value for value in [*vars(module).values(), *given]}.values()
            yield [value for value in values if callable(getattr(type(value), "to_worker", None))]
    finally:
        sys.path[:], sys.argv = path, argv
        sys.modules.pop(spec.name, None)


def _spec_of_file(script: str) -> tuple[ModuleSpec, Loader]:
    """Return how a script is imported as a module, and by what, with its folder in front of the path."""
    if not os.path.isfile(script):
        raise UsageError(f"script {script}", "is not there. Give the file of a script, or -m and a module.")
    name = Path(script).stem
    spec = importlib.util.spec_from_file_location(f"{name}_" if name in sys.modules else name, os.path.abspath(script))
    if spec is None or spec.loader is None:
        raise UsageError(f"script {script}", "is no Python script: its name does not end in .py.")
    look_first_in(os.path.dirname(os.path.abspath(script)))
    return spec, spec.loader


def _spec_of_module(name: str) -> tuple[ModuleSpec, Loader]:
    """Return how a module is imported, and by what, with the working directory in front of the path."""
    look_first_in(os.getcwd())
    try:
        spec = importlib.util.find_spec(name)
    except ImportError as problem:
        raise UsageError(f"module {name}", f"is not found: {problem}.") from problem
    if spec is None or spec.loader is None:
        raise UsageError(f"module {name}", "is not found, or is a package without code.")
    return spec, spec.loader


def _raised(subject: str, what: str, problem: BaseException) -> UsageError:
    """Return what is said of an exception of the user's code."""
    frames = traceback.extract_tb(problem.__traceback__)
    own = [frame for frame in frames if "importlib" not in frame.filename and not frame.filename.startswith("<")]
    place = f" ({os.path.basename(own[-1].filename)}:{own[-1].lineno})" if own else ""
    said = "".join(traceback.format_exception_only(problem)).strip().splitlines()[-1]
    return UsageError(subject, f"{what}: {said}{place}")
