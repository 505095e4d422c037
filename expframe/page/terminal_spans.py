"""Output as lines of spans: what a terminal shows in the end, in which colours."""

from __future__ import annotations

import re

from expframe.page.python_spans import Span
from expframe.process.terminal import collapse

_COLOUR = re.compile(r"\x1b\[([0-9;:]{0,64})m")
_CONTROL = re.compile(r"\x1b(?!\[[0-9;:]{0,64}m)|[\r\b]")
"""What does more than colour."""
_UP = re.compile(r"\x1b\[\d{0,4}[AFHJf]")
"""What reaches other lines."""

_COLOURS = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
_FACES = {1: "bold", 2: "faint", 3: "italic", 4: "underlined"}
_ENDS = {22: {"bold", "faint"}, 23: {"italic"}, 24: {"underlined"}, 39: set(_COLOURS)}


def terminal_lines(text: str) -> list[list[Span]]:
    r"""
    Return the lines of what was printed; where a cursor went up to other lines they have no colours.

    Example:
        >>> terminal_lines("\x1b[31mred\x1b[0m\n10%\r100%")
        [[['red', 'red']], [['', '100%']]]
    """
    if _UP.search(text):
        return [[["", line]] if line else [] for line in collapse(text).split("\n")]
    found: list[list[Span]] = []
    style: frozenset[str] = frozenset()
    for whole in text.split("\n"):
        line = whole.removesuffix("\r")
        spans, style = _spans(line, style)
        if _CONTROL.search(line):  # what was printed over is gone, and its colours with it
            found += [[["", shown]] for shown in collapse(line).split("\n")]
        else:
            found.append(spans)
    return [[span for span in line if span[1]] for line in found]


def _spans(line: str, style: frozenset[str]) -> tuple[list[Span], frozenset[str]]:
    """Return the spans of a line in which there are colours only, and the style after it."""
    spans, place = [], 0
    for code in _COLOUR.finditer(line):
        spans.append([" ".join(sorted(style)), line[place : code.start()]])
        style, place = _styled(style, code[1]), code.end()
    return [*spans, [" ".join(sorted(style)), line[place:]]], style


def _styled(style: frozenset[str], codes: str) -> frozenset[str]:
    numbers = [int(code) if code.isdecimal() else 0 for code in re.split("[;:]", codes[:64])]
    if 38 in numbers or 48 in numbers:  # of 256 colours or more: what stands before is all that is taken
        numbers = numbers[: min(numbers.index(code) for code in (38, 48) if code in numbers)]
    for number in numbers:
        if number == 0:
            style = frozenset()
        elif number in _FACES:
            style |= {_FACES[number]}
        elif number in _ENDS:
            style -= _ENDS[number]
        elif 30 <= number <= 37 or 90 <= number <= 97:
            style = (style - set(_COLOURS)) | {_COLOURS[number % 10]}
    return style
