"""`expframe du`: what takes how much room in a store."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from expframe.cli.runs import select
from expframe.cli.runs.command import Answer, Asked, command
from expframe.cli.table import Cell, Style, size_text, table_lines
from expframe.disk import layout
from expframe.disk.files import size_of
from expframe.store.reader import StoredRun

USAGE = f"""\
Say how many bytes runs take, the largest first, and of what; and what they share. All runs where none is named.

Usage:
  expframe du [options] [ID...]

Options:
  -w FILTER --where=FILTER   Those that it is true of: "status == 'FAILED'".
  -n COUNT --limit=COUNT     Only the largest so many; the total is of all.

{select.HELP}"""

_PARTS = {
    layout.CHECKPOINTS_FOLDER: "checkpoints",
    layout.FILES_FOLDER: "files",
    layout.METRICS: "metrics",
    layout.OUTPUT: "output",
    layout.RESULT: "result",
}
"""What is told apart of a run, by the name of its file or folder; of a run everything else is small."""
_SHARED = (layout.SOURCES_FOLDER, layout.RESOURCES_FOLDER, layout.TRASH_FOLDER)


@command(USAGE)
def main(asked: Asked) -> Answer:
    """Say what takes room."""
    runs = select.select_all(asked)
    sizes = {run.id: _sizes_of(run) for run in runs}
    order = sorted(sizes, key=lambda id: sizes[id].total(), reverse=True)
    shown = order[: asked.number("--limit")]
    shared = {} if asked["ID"] or asked["--where"] else {name: size_of(asked.store / name) for name in _SHARED}
    total = sum(map(Counter.total, sizes.values())) + sum(shared.values())
    data = {
        "runs": [{"id": id, "size": sizes[id].total(), "parts": dict(sizes[id])} for id in shown],
        "shared": shared,
        "size": total,
    }
    return Answer(data, lambda style: _lines([(id, sizes[id]) for id in shown], shared, total, style))


def _sizes_of(run: StoredRun) -> Counter[str]:
    """Return how many bytes each part of a run has."""
    sizes: Counter[str] = Counter()
    try:
        entries = list(run.folder.iterdir())
    except OSError:  # it has just gone
        return sizes
    for path in entries:
        sizes[_part_of(path)] += size_of(path)
    return sizes


def _part_of(path: Path) -> str:
    return "metrics" if path.name.startswith("metrics-") else _PARTS.get(path.name, "other")


def _lines(runs: list[tuple[str, Counter[str]]], shared: dict[str, int], total: int, style: Style) -> list[str]:
    parts = [part for part in (*_PARTS.values(), "other") if any(sizes[part] for _, sizes in runs)]
    rows: list[list[Any]] = [[id, _size(sizes.total()), *(_size(sizes[part]) for part in parts)] for id, sizes in runs]
    rows += [[name, _size(size), *("" for _ in parts)] for name, size in shared.items() if size]
    rows.append(["total", _size(total), *("" for _ in parts)])
    return table_lines(["id", "size", *parts], rows, style)


def _size(size: int) -> Cell:
    return Cell(size_text(size) if size else "", is_right=True)
