"""`expframe import FILE`: runs of another store into this one."""

from __future__ import annotations

from pathlib import Path

from expframe.runs_cli.command import Answer, Asked, command
from expframe.store.archive import Imported, take_in

USAGE = """\
Take the runs of a file that `expframe export` wrote into the store. A run that is there already stays as it is; a
run whose id is taken gets the next number.

Usage:
  expframe import [options] FILE
"""


@command(USAGE)
def main(asked: Asked) -> Answer:
    """Import runs."""
    imported = take_in(Path(asked["FILE"]), asked.store)
    data = {"runs": [{"uid": run.uid, "from": run.there, "id": run.id, "new": run.is_new} for run in imported]}
    return Answer(data, lambda style: [_line(run) for run in imported] or ["No runs."])


def _line(run: Imported) -> str:
    if not run.is_new:
        return f"Run {run.there} is here already: {run.id}."
    return f"Run {run.id}." if run.id == run.there else f"Run {run.id}, which was {run.there}."
