"""Command lines that do something with a sweep, to be copied into a shell as they are."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from pathlib import Path

from expframe.store.ids import store_words
from expframe.store.sweeps.configurations import Configuration, own_words
from expframe.store.sweeps.plan import Plan
from expframe.store.sweeps.trials import ALL, NEW, Trials


def best_line(plan: Plan, one: Configuration, script: str) -> str:
    """
    Return how a configuration is run once more.

    Args:
        plan: The plan of its sweep.
        one: The configuration.
        script: Where the script is, as it is to be written; it is not needed where the plan starts a module.
    """
    words = [*plan.named, *(override.written for override in plan.overrides), *own_words(plan, one.trials[0])]
    start = ["-m", plan.start.module] if plan.start.module else [script]
    command = [plan.command] if plan.command else []
    return shlex.join(["python", *plan.start.runner, *start, *command, *(["with", *words] if words else [])])


def resume_line(plan: Plan, sweep: Path, *flags: str) -> str:
    """
    Return how a sweep goes on, whatever command line its script has.

    Args:
        plan: Its plan.
        sweep: The folder of its run.
        flags: Further words.
    """
    start = ["-m", plan.start.module] if plan.start.module else [script_text(plan)]
    return shlex.join(["expframe", "sweep", *start, "--resume", sweep.name, *flags, *store_words(sweep.parent)])


def sweep_line(sweep: Path, command: str, *words: str) -> str:
    """
    Return a command about a sweep: `expframe sweep COMMAND ID ...`.

    Args:
        sweep: The folder of its run.
        command: The command.
        words: What follows the sweep's id.
    """
    return shlex.join(["expframe", "sweep", command, sweep.name, *words, *store_words(sweep.parent)])


def work_line(sweep: Path) -> str:
    """Return what starts a worker of a sweep."""
    return shlex.join(["expframe", "work", sweep.name, *store_words(sweep.parent)])


def begin_line(plan: Plan, trials: Trials) -> str:
    """Return what lets trials of a sweep be begun: a worker, or, where all were asked to stop, its going on."""
    return resume_line(plan, trials.folder) if {ALL, NEW} & trials.stopped() else work_line(trials.folder)


def include_line(sweep: Path, trials: Sequence[int]) -> str:
    """Return what lets trials of a sweep count again that are excluded."""
    return sweep_line(sweep, "exclude", "--include", *map(str, trials))


def script_text(plan: Plan) -> str:
    """Return where a script is, seen from here; a word in its place where no script is known."""
    if not plan.start.script:
        return "SCRIPT"
    try:
        seen = os.path.relpath(plan.start.script)
    except (OSError, ValueError):  # the working directory is gone, or on another drive
        return plan.start.script
    return plan.start.script if seen.startswith(os.pardir) else seen
