"""`expframe report ID... -o FILE`: the page of some runs in one file."""

from __future__ import annotations

from pathlib import Path

from expframe.cli.runs import select
from expframe.cli.runs.command import Answer, Asked, command
from expframe.cli.table import clean, size_text
from expframe.disk.files import replace_file
from expframe.errors import MissingLibraryError, StoreError, UsageError

USAGE = f"""\
Write the page of some runs, or of all, into one file: the table, curves, comparison and each run. It opens from disk,
needs no network, and can be sent to anybody.

Usage:
  expframe report [options] [ID...]

Options:
  -o FILE --output=FILE      The file to be written [default: report.html].
  -w FILTER --where=FILTER   Those that it is true of: "'paper' in tags".
  --view=ADDRESS             What is shown first: what stands after the page's own address in a browser, such as
                             "#/compare?run=1&run=2" [default: #/runs].
  -f --force                 Replace a file that is there.

{select.HELP}"""


@command(USAGE)
def main(asked: Asked) -> Answer:
    """Write a report."""
    target = Path(asked["--output"]).expanduser()
    if target.exists() and not asked["--force"]:
        raise StoreError(str(target), "exists already. Choose another name, or replace it with --force.")
    if not asked["--view"].startswith("#/"):
        raise UsageError(
            f"--view={asked['--view']}", 'is no view. Give what a browser shows from the # on: "#/charts".'
        )
    runs = select.select_all(asked)
    if not runs:
        raise UsageError("no runs", "are there for a report.")
    try:
        from expframe.page.report import page_of
    except ImportError as problem:
        raise MissingLibraryError("expframe report", str(problem.name), "ui") from problem
    replace_file(target, page_of(asked.store, [run.id for run in runs], asked["--view"]))
    size = target.stat().st_size
    ids = [run.id for run in runs]
    data = {"file": str(target.absolute()), "runs": ids, "size": size}
    line = clean(f"{target}: {len(ids)} run{'' if len(ids) == 1 else 's'}, {size_text(size)}. Open it in a browser.")
    return Answer(data, lambda style: [line])
