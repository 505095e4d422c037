"""`expframe doctor`: what is wrong in a store, mended only when told."""

from __future__ import annotations

from collections.abc import Iterator

from expframe.cli.runs.command import Answer, Asked, command
from expframe.cli.table import Cell, Style, table_lines
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
    yield from table_lines(titles, rows, style)
    count = sum(finding.mend is not None for finding in found)
    if count and not any(outcomes):
        yield f"expframe doctor --repair mends {count} of {len(found)}."
