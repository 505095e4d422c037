"""`expframe sweep train.py ...`: a sweep of a script, also where that has a command called `sweep`."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from expframe.cli.render import error_text, write
from expframe.cli.script.command_line import FORCED_SWEEP, run_script
from expframe.cli.sweeps import arguments
from expframe.errors import ExpframeError, WorkError
from expframe.store.ids import resolve_store
from expframe.store.sweeps import plan_file
from expframe.store.sweeps.plan import Start
from expframe.sweep.script import Prepare, run_as_main, wanted

_USAGE = "Usage: expframe sweep (SCRIPT | -m MODULE) [COMMAND] with WORD... [options]"


def sweep_script(words: Sequence[str]) -> int:
    """
    Run a script up to its command line, and do a sweep of it there.

    Args:
        words: The script's file, or `-m` and its module, and what would follow the word `sweep` on its command line.

    Returns:
        The exit code.
    """
    module = words[1] if words[0] == "-m" and len(words) > 1 else ""
    script, rest = ("", words[2:]) if module else (words[0], words[1:])
    if script == "-m":
        write(_USAGE, sys.stderr)
        return 2

    if script and not os.path.isfile(script):
        write(f"No such script: {script}\n{_USAGE}", sys.stderr)
        return 2

    def take(experiment: Any, prepare: Prepare) -> None:
        program = module or sys.argv[0]
        sys.argv = [program, "sweep", *rest]
        run_script(*_swept(experiment, prepare, rest), [program, FORCED_SWEEP, *rest])

    try:
        run_as_main(Start(os.path.abspath(script) if script else "", module, os.getcwd()), take)
    except WorkError as problem:
        write(f"{type(problem).__name__}: {problem}\n{_USAGE}", sys.stderr)
        return 2
    except Exception as problem:
        write(error_text(problem, whole=False, way=""), sys.stderr)
        return 1
    return 0


def _swept(experiment: Any, prepare: Prepare, words: Sequence[str]) -> tuple[Any, Prepare]:
    """Return the experiment whose sweep goes on, if the script has it beside the one that it comes to first."""
    with suppress(ExpframeError, OSError):  # which the command line will tell of
        asked = arguments.parse(words, "").asked
        if asked.resume is not None:
            folder = resolve_store(asked.options.file_storage) / asked.resume
            return wanted(plan_file.read(folder).start, experiment, prepare)
    return experiment, prepare
