"""`expframe rename ID NAME`: another id for a run."""

from __future__ import annotations

from expframe.cli.runs import select
from expframe.cli.runs.command import Answer, Asked, command
from expframe.store import editing

USAGE = f"""\
Give a run another id: a name of letters, digits, '.', '_' and '-'. Its uid stays.

Usage:
  expframe rename [options] ID NAME

{select.HELP}"""


@command(USAGE)
def main(asked: Asked) -> Answer:
    """Rename a run."""
    run = select.select_one(asked.runs, asked["ID"])
    renamed = editing.rename(run, asked["NAME"])
    data = {"before": run.id, "id": renamed.id, "folder": str(renamed.folder)}
    return Answer(data, lambda style: [f"Run {run.id} is {renamed.id} now."])
