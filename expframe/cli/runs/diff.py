"""`expframe diff A B`: what differs between runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from expframe.cli.runs import select
from expframe.cli.runs.command import Answer, Asked, command
from expframe.cli.table import Cell, Style, cell, clean, seconds_text, table_lines, text_of, wrapped
from expframe.config import dotted, json_values
from expframe.config.json_values import short_repr
from expframe.errors import UsageError, listed
from expframe.store.reader import StoredRun
from expframe.store.search.differences import (
    SECTIONS,
    Differences,
    SourceChange,
    differing,
    not_recorded,
    recorded,
    source_changes,
    told,
    untold,
    untold_note,
)

_PARTS = ("run", "config", "code", "packages", "host", "git", "results")

USAGE = f"""\
Show what differs between runs: config, code, packages, machine, results.

Usage:
  expframe diff [options] ID...

Options:
  -o PARTS --only=PARTS    Only some of these, with commas: {", ".join(_PARTS)}.

{select.HELP}  The code of each run is compared with that of the first.
"""

_KINDS = {"+": "added", "-": "typechanged", "@": "dim"}


@command(USAGE)
def main(asked: Asked) -> Answer:
    """Show what differs."""
    runs = select.select(asked.runs, asked["ID"])
    if len(runs) < 2:
        raise UsageError(f"run {runs[0].id}", "is one, and there is nothing to compare it with.")
    parts = _parts(asked)
    compared = {part: recorded(runs, part) for part in parts if part in SECTIONS}
    found = {part: differing(entries) for part, entries in compared.items()}
    secrets = {part: names for part, entries in compared.items() if (names := untold(entries))}
    code = source_changes(runs) if "code" in parts else []
    unknown = {part: ids for part in parts if (ids := not_recorded(runs, part))}

    def lines(style: Style) -> Iterator[str]:
        for part in parts:
            if part in unknown:
                yield style.paint(f"{part}: not recorded of run {listed(unknown[part])}", "dim")
            if len(runs) - len(unknown.get(part, ())) < 2:
                continue
            if part in found:
                if found[part] or part not in secrets:
                    yield from _entry_lines(part, runs, found[part], style)
                if part in secrets:
                    yield from wrapped(f"{part}: {clean(untold_note(secrets[part]))}", style)
            else:
                yield from _code_lines(code, style)

    data = {
        "runs": [run.id for run in runs],
        "differences": {part: json_values.to_json(entries) for part, entries in found.items()},
        "not_recorded": unknown,
        "unknown": secrets,
        **({"code": [_plain(change) for change in code]} if "code" in parts else {}),
    }
    return Answer(data, lines)


def _parts(asked: Asked) -> list[str]:
    """Return what is to be compared."""
    parts = asked.names("--only") or list(_PARTS)
    for part in parts:
        if part not in _PARTS:
            near = dotted.nearest(part, _PARTS) or _PARTS
            raise UsageError(f"--only={part}", f"is none of what is compared. There are: {', '.join(near)}.")
    return parts


def _plain(change: SourceChange) -> dict[str, object]:
    text = None if change.lines is None else "".join(f"{line}\n" for line in change.lines)
    return {"file": change.file, "runs": [change.first, change.second], "change": change.change, "diff": text}


def _entry_lines(part: str, runs: Sequence[StoredRun], entries: Differences, style: Style) -> Iterator[str]:
    if not entries:
        yield style.paint(f"{part}: same", "dim")
        return
    titles = (part, *(run.id for run in runs))
    rows = [(path, *_cells(path, by_run, [run.id for run in runs])) for path, by_run in entries.items()]
    yield from table_lines(titles, rows, style)


def _cells(path: str, by_run: dict[str, object], ids: Sequence[str]) -> Iterator[Cell]:
    """Yield how a value of each run is shown: in short, or in full where one cannot tell them apart otherwise."""
    by_run = {id: told(value) for id, value in by_run.items()}
    is_short = len({text_of(value) for value in by_run.values()}) == len(set(map(repr, by_run.values())))
    for id in ids:
        value = by_run.get(id)
        if id not in by_run:
            yield Cell("-", "dim")
        elif path == "duration" and isinstance(value, float):
            yield Cell(seconds_text(value), is_right=True)
        elif value is None or not is_short:
            yield cell(value)._replace(text=clean(short_repr(value)))
        else:
            yield cell(value)


def _code_lines(changes: Sequence[SourceChange], style: Style) -> Iterator[str]:
    if not changes:
        yield style.paint("code: same", "dim")
    for change in changes:
        if change.lines is None:
            yield f"{clean(change.file)} (run {change.first} and run {change.second}): {change.change}, not as text"
        for line in change.lines or ():
            bold = line.startswith(("+++", "---"))
            yield style.paint(clean(line), "bold" if bold else _KINDS.get(line[:1], ""))
