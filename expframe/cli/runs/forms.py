"""A table as text, CSV, Markdown or LaTeX."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from expframe.cli.table import Cell, Style, cell, table_lines
from expframe.config import dotted, json_values
from expframe.errors import UsageError

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
    return [csv_line(row) for row in (titles, *rows)]


def csv_line(cells: Iterable[Any]) -> str:
    """
    Return values as a line of CSV: texts whole, with their line ends and tabs, and in quotes where they need them.

    Example:
        >>> print(csv_line(["a,b", "say 'x'", 0.1, None, ("a", "b")]))
        "a,b",say 'x',0.1,,"a, b"
    """
    return ",".join(map(_quoted, map(_exact, cells)))


def _exact(value: Any) -> str:
    """Return a value in full."""
    if isinstance(value, Cell | str):
        return value.text if isinstance(value, Cell) else value
    if value is None:
        return ""
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
        return ", ".join(value)
    if isinstance(value, list | tuple | dict):
        return json_values.dump(value, indent=None).decode("utf-8", "surrogatepass")
    return str(json_values.number_of(value))


def _quoted(text: str) -> str:
    needs_quotes = any(mark in text for mark in ',"\n\r') or text != text.strip()
    return '"' + text.replace('"', '""') + '"' if needs_quotes else text


def checked(form: str) -> str:
    """
    Return a form that there is.

    Raises:
        UsageError: There is none of this name.
    """
    if form not in FORMS:
        near = dotted.nearest(form, FORMS) or tuple(FORMS)
        raise UsageError(f"--form={form}", f"is none. There are: {', '.join(near)}.")
    return form


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
