"""The pieces of a sweep's word: what stands between commas, and what a piece says."""

from __future__ import annotations

import re
from typing import NamedTuple

_CLOSES = {"(": ")", "[": "]", "{": "}"}
_DIGITS = r"\d[\d_]{0,400}"
"""As many as a number may have: Python reads none of thousands."""
_NUMBER = rf"[-+]?(?:{_DIGITS}(?:\.{_DIGITS})?|\.{_DIGITS})(?:[eE][-+]?\d{{1,9}})?"
_SPAN = re.compile(
    rf"(?P<log>log:)?(?P<low>{_NUMBER})\.\.(?P<high>{_NUMBER})(?:/(?P<step>{_NUMBER})|:(?P<count>\d{{1,9}}))?",
)


class SpanText(NamedTuple):
    """
    Numbers from one to another, as they are written: `64..512/64`, `log:1e-5..1e-1:5`.

    Attributes:
        low: Where it begins.
        high: Where it ends.
        step: From one number to the next; empty where none is given.
        parts: How many numbers are meant; None where that is not said.
        is_log: Whether equal ratios are equally far.
    """

    low: str
    high: str
    step: str = ""
    parts: int | None = None
    is_log: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether both ends are whole numbers."""
        return all(text.lstrip("+-").replace("_", "").isdigit() for text in (self.low, self.high))


def split(text: str, sign: str = ",") -> list[str]:
    """
    Return what stands between signs that are outside of brackets and quotes; the text itself where a bracket or quote
    has no end.

    Example:
        >>> split("(0.9, 0.99),(0.95,0.999)"), split("'a,b',c"), split("a(b,c")
        (['(0.9, 0.99)', '(0.95,0.999)'], ["'a,b'", 'c'], ['a(b,c'])
    """
    pieces, start, open_brackets, quote = [], 0, [], ""
    previous = ""
    for position, letter in enumerate(text):
        if quote:
            is_escaped = previous == "\\"
            quote = "" if letter == quote and not is_escaped else quote
            previous = "" if is_escaped else letter
            continue
        if letter in "\"'" and not previous.strip(",:([{ \t" + sign):
            quote = letter
        elif letter in _CLOSES:
            open_brackets.append(_CLOSES[letter])
        elif open_brackets and letter == open_brackets[-1]:
            open_brackets.pop()
        elif letter == sign and not open_brackets:
            pieces.append(text[start:position].strip())
            start = position + 1
        previous = letter
    if quote or open_brackets:
        return [text.strip()]
    return [*pieces, text[start:].strip()]


def span_of(piece: str) -> SpanText | None:
    """
    Return the span that a piece writes; None where it writes none.

    Example:
        >>> span_of("0..0.5:6"), span_of("adam")
        (SpanText(low='0', high='0.5', step='', parts=6, is_log=False), None)
    """
    found = _SPAN.fullmatch(piece)
    if found is None:
        return None
    count = int(found["count"]) if found["count"] else None
    return SpanText(found["low"], found["high"], found["step"] or "", count, bool(found["log"]))


def is_bracketed(piece: str) -> bool:
    """Return whether a piece is a tuple, a list, a set or a dict."""
    return piece[:1] in _CLOSES and piece[-1:] == _CLOSES[piece[0]]
