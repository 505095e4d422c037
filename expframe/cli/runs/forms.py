"""A table as text, CSV, Markdown or LaTeX."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from typing import Any

from expframe.cli.table import Style, cell, table_lines

Rows = Sequence[Sequence[Any]]

_LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{character: f"\\{character}" for character in "&%$#_{}"},
    "±": r"$\pm$",
    "<": "$<$",
    ">": "$>$",
}


def markdown_lines(titles: Sequence[str], rows: Rows) -> list[str]:
    """Return a table in Markdown; numbers stand at the right."""
    is_right = _right_columns(titles, rows)
    rule = ["---:" if right else "---" for right in is_right]
    texts = [[cell(value).text.replace("\\", "\\\\").replace("|", "\\|") for value in row] for row in [titles, *rows]]
    return [f"| {' | '.join(row)} |" for row in [texts[0], rule, *texts[1:]]]


def latex_lines(titles: Sequence[str], rows: Rows) -> list[str]:
    """Return a table in LaTeX, for the package booktabs."""
    columns = "".join("r" if right else "l" for right in _right_columns(titles, rows))
    head, *body = [" & ".join(_latex(cell(value).text) for value in row) + r" \\" for row in [titles, *rows]]
    inner = [r"\toprule", head, r"\midrule", *body, r"\bottomrule"]
    return [rf"\begin{{tabular}}{{{columns}}}", *inner, r"\end{tabular}"]


def csv_lines(titles: Sequence[str], rows: Rows) -> list[str]:
    """Return a table as CSV, with numbers in full."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(titles)
    writer.writerows([["" if value is None else value for value in row] for row in rows])
    return text.getvalue().removesuffix("\n").split("\n")


FORMS: dict[str, Callable[[Sequence[str], Rows, Style], list[str]]] = {
    "text": table_lines,
    "csv": lambda titles, rows, style: csv_lines(titles, rows),
    "markdown": lambda titles, rows, style: markdown_lines(titles, rows),
    "latex": lambda titles, rows, style: latex_lines(titles, rows),
}
"""How a table can be printed."""


def _right_columns(titles: Sequence[str], rows: Rows) -> list[bool]:
    cells = [[cell(value) for value in row] for row in rows]
    return [bool(cells) and all(row[n].is_right or not row[n].text for row in cells) for n in range(len(titles))]


def _latex(text: str) -> str:
    return "".join(_LATEX.get(character, character) for character in text)
