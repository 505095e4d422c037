"""Values as cells and cells as tables: aligned in columns, as wide as the terminal at most, free of control codes."""

from __future__ import annotations

import datetime
import os
import sys
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, TextIO

from expframe.cli.render import paint, wants_colour
from expframe.config.json_values import number_of, short_repr

_NARROWEST = 8
"""A column is not cut below this."""
_NARROWEST_TITLE = 16
"""Nor is the title of one that is not cut, below this."""
_GAP = "  "


class Style(NamedTuple):
    """
    How text is to look where it is shown.

    Attributes:
        colour: Whether it may have colours.
        width: How many columns the terminal has; None where lines may be of any length.
        height: How many lines it has.
    """

    colour: bool = False
    width: int | None = None
    height: int | None = None

    @classmethod
    def of(cls, stream: TextIO) -> Style:
        """Return the style that suits a stream: wide and plain, but for a terminal."""
        try:
            if stream.isatty():
                size = os.get_terminal_size(stream.fileno())
                return cls(wants_colour(stream), size.columns or 80, size.lines or 24)
        except (AttributeError, ValueError, OSError):
            pass
        return cls(wants_colour(stream))

    def paint(self, text: str, kind: str) -> str:
        """Return text in the colour of a kind, if there are colours."""
        return paint(text, kind, self.colour)


class Cell(NamedTuple):
    """
    One cell of a table.

    Attributes:
        text: What it says.
        kind: The kind of its colour, as for `paint`.
        is_right: Whether it stands at the right of its column, as numbers do, which are never cut.
        is_whole: Whether it is not cut either.
    """

    text: str
    kind: str = ""
    is_right: bool = False
    is_whole: bool = False


def clean(text: str) -> str:
    r"""
    Return a text in which control characters stand as escapes; tabs and newlines stay.

    Example:
        >>> clean("red: \x1b[31m")
        'red: \\x1b[31m'
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in "\t\n" else c.encode("unicode_escape").decode() for c in text)


def one_line(text: str) -> str:
    r"""
    Return a text as a part of a line: without control characters, and with a blank for tabs, newlines and more blanks.

    Example:
        >>> one_line("too high\n  by far: \x1b[31m")
        'too high by far: \\x1b[31m'
    """
    return " ".join(clean(text).split())


def cell(value: Any) -> Cell:
    """
    Return a value as a cell; None is an empty one.

    Example:
        >>> cell(0.123456789).text, cell(None).text, cell(("a", "b")).text
        ('0.123457', '', 'a, b')
    """
    if isinstance(value, Cell):
        return value
    if value is None:
        return Cell("")
    value = number_of(value)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    is_time = isinstance(value, datetime.datetime)
    return Cell(one_line(text_of(value)), is_right=is_number, is_whole=is_time)


def text_of(value: Any) -> str:
    """Return a value in short: floats with six digits, times in the time zone of here, secrets masked."""
    value = number_of(value)
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, str):
        return value
    if isinstance(value, datetime.datetime):
        return value.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
        return ", ".join(value)
    return short_repr(value, 80)


def seconds_text(seconds: float | None) -> str:
    """
    Return a duration in its two greatest units.

    Example:
        >>> seconds_text(0.042), seconds_text(75), seconds_text(90061)
        ('0.04 s', '1 min 15 s', '1 d 1 h')
    """
    if seconds is None:
        return ""
    if seconds < 60:
        return f"{seconds:.2f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    units = [(days, "d"), (hours, "h"), (minutes, "min"), (rest, "s")]
    first = next(place for place, (count, _) in enumerate(units) if count)
    return " ".join(f"{count} {unit}" for count, unit in units[first : first + 2] if count)


def size_text(size: float) -> str:
    """
    Return a number of bytes with a unit.

    Example:
        >>> size_text(512), size_text(1_500_000)
        ('512 B', '1.5 MB')
    """
    units = ["B", "kB", "MB", "GB", "TB"]
    place = 0
    while size >= 1000 and place < len(units) - 1:
        size, place = size / 1000, place + 1
    return f"{size:.{1 if place else 0}f} {units[place]}"


def wrapped(text: str, style: Style) -> list[str]:
    """Return a sentence in lines that fit into a width."""
    import textwrap

    return [text] if style.width is None else textwrap.wrap(text, max(style.width, 20), break_long_words=False)


def table_lines(titles: Sequence[str], rows: Iterable[Sequence[Any]], style: Style, *, keys: int = 1) -> list[str]:
    """
    Return a table, one line a row, below a line of titles.

    Where lines are to fit into a width, the widest columns of text are cut, and never a number, a time or the first
    columns; columns for which there is no room yet stand in another table below, again beside the first ones.

    Args:
        titles: One for each column.
        rows: Values or Cells, as many as titles in each.
        style: How wide lines may be.
        keys: How many of the first columns say what a row is about.
    """
    cells = [[cell(value) for value in row] for row in rows]
    is_right = [bool(cells) and all(row[n].is_right or not row[n].text for row in cells) for n in range(len(titles))]
    header = [Cell(clean(title), "bold") for title in titles]
    whole = [header, *cells]
    widths = [max(width_of(row[n].text) for row in whole) for n in range(len(titles))]
    if style.width is None:
        return [_line(row, widths, is_right, style) for row in whole]
    least = [_least(n, whole, widths[n], keys) for n in range(len(titles))]
    lines: list[str] = []
    for columns in _blocks(least, keys, style.width):
        fitting = _narrowed([widths[n] for n in columns], [least[n] for n in columns], style.width)
        lines += [""] if lines else []
        lines += [_line([row[n] for n in columns], fitting, [is_right[n] for n in columns], style) for row in whole]
    return lines


def width_needed(titles: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Return how wide lines must be for all columns to stand beside each other."""
    whole = [[Cell(clean(title)) for title in titles], *([cell(value) for value in row] for row in rows)]
    least = [_least(n, whole, max(width_of(row[n].text) for row in whole), 1) for n in range(len(titles))]
    return sum(least) + len(_GAP) * (len(least) - 1)


def _least(column: int, whole: Sequence[Sequence[Cell]], width: int, keys: int) -> int:
    """Return the least width of a column: that of what may not be cut in it, and of a title that can be told apart."""
    title, *cells = (row[column] for row in whole)
    fixed = [width_of(one.text) for one in cells if column < keys or one.is_right or one.is_whole]
    least_of_title = min(width_of(title.text), _NARROWEST_TITLE if fixed else _NARROWEST)
    return max(min(width, _NARROWEST), least_of_title, *fixed)


def _blocks(least: Sequence[int], keys: int, width: int) -> list[list[int]]:
    """Return which columns stand beside each other in each table; the first ones stand in all of them."""
    first = list(range(min(keys, len(least))))
    blocks = [list(first)]
    for column in range(len(first), len(least)):
        room = sum(least[n] + len(_GAP) for n in blocks[-1]) + least[column]
        if room > width and len(blocks[-1]) > len(first):
            blocks.append(list(first))
        blocks[-1].append(column)
    return blocks


def _narrowed(widths: list[int], least: Sequence[int], width: int) -> list[int]:
    """Take from the widest columns until all of them fit into a width, or none can be cut any more."""
    excess = sum(widths) + len(_GAP) * (len(widths) - 1) - width
    while excess > 0:
        room = [n for n in range(len(widths)) if widths[n] > least[n]]
        if not room:
            break
        widths[max(room, key=lambda n: widths[n])] -= 1
        excess -= 1
    return widths


def _line(row: Sequence[Cell], widths: Sequence[int], is_right: Sequence[bool], style: Style) -> str:
    parts = []
    for one, width, right in zip(row, widths, is_right, strict=True):
        text = _cut(one.text, width)
        space = " " * (width - width_of(text))
        painted = style.paint(text, one.kind)
        parts.append(space + painted if right else painted + space)
    return _GAP.join(parts).rstrip(" ")


def _cut(text: str, width: int) -> str:
    if width_of(text) <= width:
        return text
    mark = "…" if _can_show("…") else "~"
    while width_of(text) > width - 1:
        text = text[:-1]
    return text + mark


def _can_show(mark: str) -> bool:
    try:
        mark.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError, AttributeError):
        return False
    return True


def width_of(text: str) -> int:
    """Return how many columns a text takes: wide characters take two."""
    if text.isascii():
        return len(text)
    import unicodedata

    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
