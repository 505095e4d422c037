"""How runs are named in a command line: `12`, `last`, `best:acc`, `3-7`, `1,4,9`, the beginning of a uid."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Iterator

from expframe.cli.runs.command import Asked
from expframe.errors import RunNotFoundError, UsageError, WorkError
from expframe.store import foreign, ids
from expframe.store.reader import StoredRun, open_run
from expframe.store.search.collection import Runs
from expframe.store.sweeps.plan_file import is_sweep

_RANGE = re.compile(r"(\d{1,15})-(\d{1,15})")
_BEST = re.compile(r"best:(?P<metric>.+?)(?::(?P<mode>min|max))?")

HELP = """\
  ID is the id of a run, or its uid or the beginning of one; `last` is the newest, `best:acc` has the greatest acc,
  `best:loss:min` the smallest loss. Where several runs may be named, 3-7 are those from 3 to 7, and 1,4 are two.
"""
"""What the usage of commands says of it."""


def select_one(runs: Runs, word: str) -> StoredRun:
    """
    Return the run that a word names.

    Raises:
        RunNotFoundError: There is none.
        UsageError: The word names several.
    """
    found = select(runs, [word])
    if len(found) != 1:
        raise UsageError(f"id {word!r}", f"names {len(found)} runs, and one is asked for.")
    return found[0]


def select_sweep(runs: Runs, word: str) -> StoredRun:
    """
    Return the run of the sweep that a word names; `last` is the newest sweep.

    Raises:
        RunNotFoundError: There is none.
        UsageError: The word names several runs.
        WorkError: The run is no sweep.
    """
    if word == "last":
        found = next((run for run in runs.where("command == 'sweep'") if is_sweep(run.folder)), None)
        if found is not None:
            return found
    run = select_one(runs, word)
    if not is_sweep(run.folder):
        known = shlex.join(["expframe", "sweep", "ls", *ids.store_words(run.store)])
        raise WorkError(f"run {run.id}", f"is no sweep. {known} shows those that there are.")
    return run


def select(runs: Runs, words: Iterable[str]) -> list[StoredRun]:
    """
    Return the runs that words name, each once, in the order of the words.

    Raises:
        RunNotFoundError: A word names none.
        QueryError: A word begins the uid of several, or names a metric that is not there.
    """
    found = {run.id: run for word in words for part in _parts(runs, word) for run in _named(runs, part)}
    return list(found.values())


def trials_of(run: StoredRun) -> list[StoredRun]:
    """Return the runs of the trials of a sweep; none of a run that is no sweep."""
    return [child for child in run.children if child.record.sweep] if is_sweep(run.folder) else []


def select_all(
    asked: Asked, *, needs_words: bool = False, expand: Callable[[StoredRun], list[StoredRun]] | None = None
) -> list[StoredRun]:
    """
    Return the runs of `ID...` that the filter of `--where` is true of; all runs, newest first, where no id is given.

    Args:
        asked: What is asked for.
        needs_words: Whether ids or a filter must be given.
        expand: Returns the runs that are meant where one is named.

    Raises:
        UsageError: Neither ids nor a filter are given, and one of them is needed.
    """
    if needs_words and not asked["ID"] and not asked["--where"]:
        raise UsageError("no runs", "are named. Give their ids, or a filter with --where.")
    found = asked.runs.where(asked["--where"]) if asked["--where"] else asked.runs
    if not asked["ID"]:
        return list(found)
    named = select(asked.runs, asked["ID"])
    if expand is not None:
        named = list({run.id: run for one in named for run in expand(one)}.values())
    if not asked["--where"]:
        return named
    ids = set(found.ids())
    return [run for run in named if run.id in ids]


def _parts(runs: Runs, word: str) -> list[str]:
    return [word] if word.startswith("best:") else [part for part in word.split(",") if part] or [word]


def _named(runs: Runs, word: str) -> Iterator[StoredRun]:
    if ids.is_name(word) and foreign.is_run(runs.store / word):
        yield open_run(runs.store / word)
    elif word == "last":
        yield runs.last
    elif found := _BEST.fullmatch(word):
        yield runs.best(found["metric"], found["mode"] or "max")
    elif found := _RANGE.fullmatch(word):
        yield from _between(runs, word, int(found[1]), int(found[2]))
    else:
        yield runs[word]


def _between(runs: Runs, word: str, first: int, last: int) -> list[StoredRun]:
    low, high = sorted((first, last))
    inside = [id for id in foreign.run_ids(runs.store) if id.isdecimal() and low <= int(id) <= high]
    if not inside:
        raise RunNotFoundError(word, str(runs.store), tuple(runs.ids()[:10]))
    return [open_run(runs.store / id) for id in sorted(inside, key=int, reverse=first > last)]
