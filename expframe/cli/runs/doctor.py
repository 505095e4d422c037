"""`expframe doctor`: what is wrong in a store, mended only when told."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from expframe.cli.runs.command import Answer, Asked, command
from expframe.cli.table import Cell, Style, clean, table_lines
from expframe.store.checks import Finding, check

USAGE = """\
Say what is broken, half-written or orphaned in a store, and what would mend it. Nothing is changed without --repair.
The exit code is 1 where something other than orphans is left.

Usage:
  expframe doctor [options]

Options:
  --repair    Do what mends.
"""

_KINDS = {"broken": "typechanged", "half-written": "modified", "orphaned": "dim"}


@command(USAGE)
def main(asked: Asked) -> Answer:
    """Examine a store."""
    found = list(check(asked.store))
    outcomes = [_mended(finding) if asked["--repair"] else "" for finding in found]
    is_left = [
        finding.kind != "orphaned" and outcome != "mended" for finding, outcome in zip(found, outcomes, strict=True)
    ]
    data = {
        "findings": [
            {
                "kind": finding.kind,
                "place": finding.place,
                "problem": finding.problem,
                "remedy": finding.remedy or None,
                "outcome": outcome or None,
            }
            for finding, outcome in zip(found, outcomes, strict=True)
        ]
    }
    return Answer(data, lambda style: _lines(found, outcomes, style), int(any(is_left)))


def _mended(finding: Finding) -> str:
    """Mend what can be mended, and return what came of it."""
    if finding.mend is None:
        return ""
    try:
        finding.mend()
    except Exception as problem:
        return f"failed: {problem}"
    return "mended"


def _lines(found: list[Finding], outcomes: list[str], style: Style) -> Iterator[str]:
    if not found:
        yield "Nothing is wrong."
        return
    rows = [
        (Cell(finding.kind, _KINDS[finding.kind]), finding.place, finding.problem, outcome or finding.remedy)
        for finding, outcome in zip(found, outcomes, strict=True)
    ]
    titles = ("what", "where", "problem", "outcome" if any(outcomes) else "remedy")
    lines = table_lines(titles, rows, style._replace(width=None))
    if style.width is None or all(len(line) <= style.width for line in table_lines(titles, rows, Style())):
        yield from lines
    else:
        yield from _blocks(rows, style)
    count = sum(finding.mend is not None for finding in found)
    if count and not any(outcomes):
        yield f"expframe doctor --repair mends {count} of {len(found)}."


def _blocks(rows: Sequence[tuple[Cell, str, str, str]], style: Style) -> Iterator[str]:
    """Yield for each finding a line of where it is, and below it what is wrong and what mends, whole."""
    for kind, place, *texts in rows:
        yield f"{style.paint(kind.text, kind.kind)}  {clean(place)}"
        for text in texts:
            yield from textwrap.wrap(
                clean(text), max(style.width or 80, 20), initial_indent="    ", subsequent_indent="    "
            )
