"""`expframe ls`: the runs of a store as a table."""

from __future__ import annotations

import datetime
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from expframe.cli.runs.command import Answer, Asked, command
from expframe.cli.runs.forms import FORMS, checked
from expframe.cli.table import Cell, Style, cell, clean, seconds_text, size_text, table_lines, width_needed, wrapped
from expframe.config import json_values
from expframe.record.record import Status
from expframe.store.search.collection import Runs

USAGE = """\
List runs, newest first.

Usage:
  expframe ls [options]

Options:
  -w FILTER --where=FILTER     Only those that it is true of: "status == 'COMPLETED' and config.lr < 0.1".
  -s FIELDS --sort=FIELDS      Sort by fields, with commas; a minus before one is descending: -metrics.acc.max.
  -n COUNT --limit=COUNT       Only the first so many. On a terminal they are 50 where nothing is said.
  -a --all                     All of them.
  -c FIELDS --columns=FIELDS   The columns, with commas: id,config.lr,metrics.acc.max. A plus before the first adds
                               to the usual ones: +config.lr.
  -t --tree                    Each run below the one that it was started in.
  -o FORM --form=FORM          text, csv, markdown or latex [default: text].
"""

_MOST = 50
"""More runs are not shown on a terminal where nothing is said."""
_USUAL = ("id", "name", "command", "status", "started", "duration", "tags", "comment")
_LEFT_OUT_EMPTY = {"tags", "comment"}
"""Usual columns that are left out where they are empty, or there is no room for them."""
_OF_TRIALS = ("sweep.trial", "sweep.configuration", "sweep.excluded")
"""Columns that a tree has beside the usual ones where there are trials of sweeps in it."""
_KINDS = {
    Status.COMPLETED: "added",
    Status.RUNNING: "bold",
    Status.QUEUED: "dim",
    Status.FAILED: "typechanged",
    Status.DIED: "typechanged",
    Status.TIMEOUT: "typechanged",
    Status.PRUNED: "dim",
}


@command(USAGE)
def main(asked: Asked) -> Answer:
    """List runs."""
    runs = asked.runs
    if asked["--where"]:
        runs = runs.where(asked["--where"])
    if asked["--sort"]:
        runs = runs.sort(*asked.names("--sort"))
    limit = asked.number("--limit")
    if limit is not None:
        runs = runs[:limit]
    is_short = _is_short(asked)
    columns = _columns(asked)
    form = checked(asked["--form"])
    if asked["--tree"]:
        columns += [] if asked["--columns"] else [*_OF_TRIALS]
        tree = _tree(runs, columns)
        return Answer(
            {"runs": [_nested(columns, node) for node in tree]},
            lambda style: _tree_lines(tree, style, columns, _optional(asked)),
        )
    rows = list((runs[:_MOST] if is_short else runs).rows(*columns))
    data = {"runs": [_json(columns, row) for row in rows if asked["--json"]]}  # it takes as long as the text
    if form != "text":
        return Answer(data, lambda style: FORMS[form](columns, [_cells(form, columns, row) for row in rows], style))
    total = len(runs) if is_short and len(rows) == _MOST else len(rows)
    optional = _optional(asked)
    return Answer(
        data, lambda style: [*run_lines(columns, rows, style, optional), *_rest(len(rows), total, asked, style)]
    )


def _is_short(asked: Asked) -> bool:
    """Return whether not all runs are shown, since somebody looks at them and has not said how many."""
    is_said = asked["--limit"] or asked["--all"] or asked["--json"] or asked["--form"] != "text"
    return not is_said and Style.of(sys.stdout).height is not None


def _rest(shown: int, total: int, asked: Asked, style: Style) -> Iterator[str]:
    if total > shown:
        which = "first" if asked["--sort"] else "newest"
        yield from wrapped(f"The {which} {shown} of {total} runs. -n {2 * shown} shows more, --all shows all.", style)


def _cells(form: str, columns: list[str], row: tuple[Any, ...]) -> Sequence[Any]:
    """Return the values of a row, in full for CSV."""
    return row if form == "csv" else [run_cell(*pair) for pair in zip(columns, row, strict=True)]


def _columns(asked: Asked) -> list[str]:
    names = asked.names("--columns")
    if not names or names[0].startswith("+"):
        names = list(dict.fromkeys([*_USUAL, *(name.lstrip("+") for name in names)]))
    return names


def _optional(asked: Asked) -> set[str]:
    """Return the columns that may be left out: those that nobody asked for by name."""
    return (_LEFT_OUT_EMPTY | {*_OF_TRIALS}) - {name.lstrip("+") for name in asked.names("--columns")}


def _json(columns: Iterable[str], row: Iterable[Any]) -> dict[str, Any]:
    return {name: json_of(value) for name, value in zip(columns, row, strict=True)}


def json_of(value: Any) -> Any:
    """Return a time as its ISO text, and any other value as it is stored in JSON."""
    return value.isoformat() if isinstance(value, datetime.datetime) else json_values.to_json(value)


def run_cell(column: str, value: Any) -> Cell:
    """Return what stands in a column that is called as a field of runs."""
    if column == "status" and value is None:
        return Cell("unreadable", "typechanged")  # every record has one
    if column == "status":
        return Cell(str(value), _KINDS.get(value, ""))
    if column == "duration":
        return Cell(seconds_text(value), is_right=True)
    if column in ("id", "parent", "uid") and value is not None:
        return Cell(clean(str(value)), is_whole=True)
    if column == "size" and value is not None:
        return Cell(size_text(value), is_right=True)
    return cell(value)


def run_lines(columns: list[str], rows: list[tuple[Any, ...]], style: Style, optional: set[str]) -> list[str]:
    """Return runs as a table whose columns are called as fields; optional ones that are empty are left out."""
    if not rows:
        return ["No runs."]
    kept = [n for n, name in enumerate(columns) if name not in optional or any(row[n] for row in rows)]
    titles = {n: columns[n].removeprefix("config.").removeprefix("metrics.") for n in kept}
    cells = [{n: run_cell(columns[n], row[n]) for n in kept} for row in rows]
    left_out: list[str] = []
    for n in reversed(kept[1:]):
        if columns[n] not in optional or style.width is None:
            continue
        shown = [m for m in kept if titles[m] not in left_out]
        if width_needed([titles[m] for m in shown], [[row[m] for m in shown] for row in cells]) > style.width:
            left_out.append(titles[n])
    shown = [n for n in kept if titles[n] not in left_out]
    lines = table_lines([titles[n] for n in shown], [[row[n] for n in shown] for row in cells], style)
    note = f"No room for {' and '.join(left_out)}: --columns shows them."
    return [*lines, *wrapped(note, style)] if left_out else lines


# ----------------------------------------------------------------------------------------------------------- tree


class _Node:
    """A run and those that were started in it."""

    def __init__(self, row: tuple[Any, ...]) -> None:
        self.row = row
        self.children: list[_Node] = []


def _tree(runs: Runs, columns: list[str]) -> list[_Node]:
    """Return the outermost of runs, each with those below it; children are in order of their start."""
    nodes: dict[Any, _Node] = {}
    parents: dict[Any, Any] = {}
    started: dict[Any, Any] = {}
    for uid, parent, time, *row in runs.rows("uid", "parent_uid", "time", *columns):
        key = uid if uid not in nodes else object()  # a copied folder is a run of its own
        nodes[key] = _Node(tuple(row))
        parents[key], started[key] = parent, time
    outermost = []
    inner: list[tuple[Any, Any]] = []
    for key, node in nodes.items():
        if parents[key] in nodes and parents[key] is not None:
            inner.append((key, parents[key]))
        else:
            outermost.append(node)
    earliest = datetime.datetime.min.replace(tzinfo=datetime.UTC)
    for key, parent in sorted(inner, key=lambda pair: started[pair[0]] or earliest):
        nodes[parent].children.append(nodes[key])
    return outermost


def _nested(columns: list[str], node: _Node) -> Mapping[str, Any]:
    return {**_json(columns, node.row), "children": [_nested(columns, child) for child in node.children]}


def _tree_lines(tree: list[_Node], style: Style, columns: list[str], optional: set[str]) -> list[str]:
    rows = [(f"{'  ' * depth}{'- ' if depth else ''}{cell(row[0]).text}", *row[1:]) for depth, row in _walk(tree)]
    return run_lines(columns, rows, style, optional)


def _walk(nodes: Iterable[_Node], depth: int = 0) -> Iterator[tuple[int, tuple[Any, ...]]]:
    for node in nodes:
        yield depth, node.row
        yield from _walk(node.children, depth + 1)
