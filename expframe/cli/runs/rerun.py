"""`expframe rerun ID`: do a run again from its stored sources and config."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from expframe.cli.runs import select
from expframe.cli.runs.command import Answer, Asked, command
from expframe.cli.table import Style
from expframe.config.json_values import short_repr
from expframe.run.rerun import build_environment, requirements, rerun
from expframe.store.reader import StoredRun
from expframe.store.search.differences import differences, not_recorded

USAGE = f"""\
Do a run again, from its stored sources, with its command and config, as a new run of the store; then say how packages
and machine differ from then.

Usage:
  expframe rerun [options] ID [(with UPDATE...)]

{select.HELP}  UPDATE is as on the script's own command line; secrets were not stored and are to be supplied so.

Options:
  --env                  Build an environment with the versions that are recorded, by pip, and run it there.
"""


_SECTIONS = ("packages", "host")
"""What may be another one than then."""


@command(USAGE)
def main(asked: Asked) -> Answer:
    """Do a run again."""
    run = select.select_one(asked.runs, asked["ID"])
    words = [word for word in asked["UPDATE"] or [] if word]
    with tempfile.TemporaryDirectory(prefix="expframe-env-", ignore_cleanup_errors=True) as folder:
        wants_own = asked["--env"]
        python = build_environment(Path(folder), requirements(run.record)) if wants_own else sys.executable
        done = rerun(run, words, python=python, output=sys.stderr if asked["--json"] else None)
    found = {section: _changed(run, done.run, section) for section in _SECTIONS} if done.run else {}
    code = done.code or int(done.run is None)
    data = {"rerun_of": run.id, "id": done.run.id if done.run else None, "exit_code": code, "differences": found}
    return Answer(data, lambda style: _lines(run, done.run, found, style), code)


def _changed(run: StoredRun, new: StoredRun, section: str) -> dict[str, Any]:
    """Return what differs in a section; two paths to one file are no difference."""
    found = differences([run, new], section)
    return {name: by_run for name, by_run in found.items() if not _is_one_file(*by_run.values())}


def _is_one_file(*values: Any) -> bool:
    are_paths = len(values) > 1 and all(isinstance(value, str) and os.path.isabs(value) for value in values)
    return are_paths and len(set(map(os.path.realpath, values))) == 1


def _lines(run: StoredRun, new: StoredRun | None, found: Mapping[str, Any], _style: Style) -> Iterator[str]:
    if new is None:
        yield f"Run {run.id} was not done again: its script started no run from its command line."
        return
    yield f"Run {run.id} was done again as run {new.id} ({new.status})."
    for section, entries in found.items():
        if not_recorded([run], section):
            yield f"{section}: not recorded then"
            continue
        yield f"{section}: as then" if not entries else f"{section}:"
        for name, by_run in entries.items():
            was, now = (short_repr(by_run[id], 60) if id in by_run else "none" for id in (run.id, new.id))
            yield f"  {name}: {was} -> {now}"
