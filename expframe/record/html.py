"""Tables as notebooks show them."""

from __future__ import annotations

import datetime
import html
from collections.abc import Iterable, Sequence
from typing import Any

from expframe.config import json_values

_LONGEST = 80


def table(titles: Sequence[str], rows: Iterable[Sequence[Any]], caption: str = "") -> str:
    """
    Return a table in HTML; every text in it is escaped, and numbers stand at the right.

    Example:
        >>> table(["id"], [["<1>"]])
        '<table><thead><tr><th>id</th></tr></thead><tbody><tr><td>&lt;1&gt;</td></tr></tbody></table>'
    """
    named = f"<caption>{html.escape(caption)}</caption>" if caption else ""
    head = "".join(f"<th>{html.escape(title)}</th>" for title in titles)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    return f"<table>{named}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(value: Any) -> str:
    value = json_values.number_of(value)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return f"<td{' style=text-align:right' if is_number else ''}>{html.escape(_text(value))}</td>"


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, str):
        return json_values.short_text(value, _LONGEST)
    if isinstance(value, datetime.datetime):
        return value.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
        return json_values.short_text(", ".join(value), _LONGEST)
    return json_values.short_repr(value, _LONGEST)
