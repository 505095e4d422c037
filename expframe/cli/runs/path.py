"""`expframe path ID`: where a run is."""

from __future__ import annotations

from expframe.cli.runs import select
from expframe.cli.runs.command import Answer, Asked, command
from expframe.config import dotted
from expframe.errors import UsageError, listed

USAGE = f"""\
Print the folder of a run, or the path of one of its files: cd "$(expframe path last)".

Usage:
  expframe path [options] ID [NAME]

{select.HELP}  NAME is one of the files that the run saved.
"""


@command(USAGE)
def main(asked: Asked) -> Answer:
    """Print where a run is."""
    run = select.select_one(asked.runs, asked["ID"])
    path = run.folder
    if asked["NAME"]:
        path = run.path(asked["NAME"])
        if not path.exists():
            names = [file.name for file in run.files]
            there = dotted.nearest(asked["NAME"], names) or names
            raise UsageError(f"file {asked['NAME']!r}", f"is not in run {run.id}. There: {listed(there)}.")
    return Answer({"id": run.id, "path": str(path)}, lambda style: [str(path)])
