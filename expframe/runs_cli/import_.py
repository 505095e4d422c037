"""`python -m expframe import`: runs that another tool has stored."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence

from expframe.cli import argv
from expframe.errors import ExpframeError
from expframe.store import layout

USAGE = """\
Bring runs that another tool has stored into a folder of runs. The source is only read, and what is there already is
left out, so that it can be done again.

Usage:
  expframe import (sacred) SOURCE [--to=DIR]
  expframe import --help

Arguments:
  SOURCE       A folder of Sacred's file storage or of its TinyDB, the URL of an SQL database or a file of SQLite, or a
               MongoDB: mongodb://host:port/db, or [host:port:]db_name[.collection].

Options:
  --to=DIR     The folder of runs, instead of EXPFRAME_STORE or ./runs.
  -h --help    Show this text.
"""

_IMPORTERS = {"sacred": "expframe.compat.sacred.importing"}
"""For each tool the module whose `import_runs` reads what it has stored."""


def main(words: Sequence[str]) -> int:
    """Do what the words after `import` say, and return the exit code."""
    try:
        asked = argv.match(USAGE, ["import", *words])
    except SystemExit as problem:
        print(problem, file=sys.stderr)
        return 2
    if asked["--help"]:
        print(USAGE, end="")
        return 0
    tool = next(name for name in _IMPORTERS if asked[name])
    store = layout.resolve_store(asked["--to"])
    new = known = 0
    try:
        for old, given in importlib.import_module(_IMPORTERS[tool]).import_runs(asked["SOURCE"], store):
            if given is None:
                known += 1
            else:
                new += 1
                print(f"{old} -> {store / given}")
    except (ExpframeError, OSError) as problem:
        print(problem, file=sys.stderr)
        return 2
    print(f"{new} runs were brought in, {known} were there already.")
    return 0
