"""`expframe export FILE ID...`: runs as one file that another store takes in."""

from __future__ import annotations

from pathlib import Path

from expframe.cli.table import size_text
from expframe.errors import StoreError
from expframe.cli.runs import select
from expframe.cli.runs.command import Answer, Asked, command
from expframe.store.archive import export

USAGE = f"""\
Write runs into a zip file that `expframe import` takes in; all runs where none is named.

Usage:
  expframe export [options] FILE [ID...]

Options:
  -w FILTER --where=FILTER   Those that it is true of: "'paper' in tags".
  -f --force                 Replace a file that is there.

{select.HELP}"""


@command(USAGE)
def main(asked: Asked) -> Answer:
    """Export runs."""
    runs = select.select_all(asked)
    target = Path(asked["FILE"])
    if target.exists() and not asked["--force"]:
        raise StoreError(str(target), "exists already. Choose another name, or replace it with --force.")
    size = export(runs, target)
    ids = [run.id for run in runs]
    count = f"{len(ids)} run{'' if len(ids) == 1 else 's'}"
    data = {"file": str(target.absolute()), "runs": ids, "size": size}
    return Answer(data, lambda style: [f"{target}: {count}, {size_text(size)}."])
