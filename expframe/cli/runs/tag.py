"""`expframe tag ID TAG...`: words by which runs are found again."""

from __future__ import annotations

from expframe.cli.runs import select
from expframe.cli.runs.command import Answer, Asked, command
from expframe.cli.table import clean
from expframe.store import editing

USAGE = f"""\
Add tags to runs, or take them away.

Usage:
  expframe tag [options] ID TAG...

Options:
  -r --remove    Take the tags away.

{select.HELP}"""


@command(USAGE)
def main(asked: Asked) -> Answer:
    """Change tags."""
    given = [tag.strip() for text in asked["TAG"] for tag in text.split(",") if tag.strip()]
    changed = []
    for run in select.select(asked.runs, [asked["ID"]]):
        added, removed = ([], given) if asked["--remove"] else (given, [])
        changed.append((run.id, editing.tag(run, added, removed)))
    data = {"runs": [{"id": id, "tags": tags} for id, tags in changed]}
    return Answer(data, lambda style: [clean(f"Run {id}: {', '.join(tags) or 'no tags'}") for id, tags in changed])
