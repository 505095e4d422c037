"""`expframe note ID TEXT`: a comment to remember a run by."""

from __future__ import annotations

from expframe.cli.runs import select
from expframe.cli.runs.command import Answer, Asked, command
from expframe.cli.table import clean
from expframe.store import editing

USAGE = f"""\
Give a run a comment, or print the one it has; an empty text takes it away.

Usage:
  expframe note [options] ID [TEXT]

{select.HELP}"""


@command(USAGE)
def main(asked: Asked) -> Answer:
    """Change or print a comment."""
    run = select.select_one(asked.runs, asked["ID"])
    if asked["TEXT"] is not None:
        editing.change(run, {"comment": asked["TEXT"] or None})
    comment = run.record.comment
    data = {"id": run.id, "comment": comment}
    return Answer(data, lambda style: [clean(comment)] if comment else [])
