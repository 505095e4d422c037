"""`expframe export FILE ID...`: runs as one file that another store takes in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from expframe.cli.runs import select
from expframe.cli.runs.command import Answer, Asked, command
from expframe.cli.table import clean, size_text
from expframe.errors import RunNotFoundError, StoreError, UsageError
from expframe.store.archive import Refused, export

USAGE = f"""\
Write runs into a zip file that `expframe import` takes in; all runs where none is named. A sweep takes its
trials along.

Usage:
  expframe export [options] FILE [ID...]

Options:
  -w FILTER --where=FILTER   Those that it is true of: "'paper' in tags".
  -f --force                 Replace a file that is there.

{select.HELP}"""


_TABLES = {".csv", ".tsv", ".json", ".jsonl", ".md", ".tex", ".html", ".xlsx", ".parquet", ".txt"}
"""Endings of files that nobody takes for a zip file of runs."""


@command(USAGE)
def main(asked: Asked) -> Answer:
    """Export runs."""
    target = Path(asked["FILE"])
    try:
        runs = select.select_all(asked, expand=lambda run: [run, *select.trials_of(run)])
    except RunNotFoundError as problem:
        if Path(problem.id).suffix.lower() not in {*_TABLES, ".zip"}:
            raise
        file = Path(problem.id).with_suffix(".zip")
        others = [word for word in (str(target), *asked["ID"]) if word != problem.id]
        line = " ".join([str(file), *others])
        raise UsageError(problem.id, f"is no run; the file comes first. Write: expframe export {line}") from None
    if target.suffix.lower() in _TABLES:
        what = "is called as a table is, and export writes a zip file of whole runs."
        raise UsageError(str(target), f"{what} For a table: expframe ls --form csv > {target}")
    if target.exists() and not asked["--force"]:
        raise StoreError(str(target), "exists already. Choose another name, or replace it with --force.")
    refused = export(runs, target)
    size = target.stat().st_size
    ids = [run.id for run in runs]
    count = f"{len(ids)} run{'' if len(ids) == 1 else 's'}"
    left_out = [refusal._asdict() for refusal in refused]
    data = {"file": str(target.absolute()), "runs": ids, "size": size, "left_out": left_out}
    lines = [f"{target}: {count}, {size_text(size)}.", *refusal_lines(refused)]
    return Answer(data, lambda style: lines, int(bool(refused)))


def refusal_lines(refused: Sequence[Refused]) -> list[str]:
    """Return a line for each file that was left out."""
    return [clean(f"Left out: {name}: {reason}.") for name, reason in refused]
