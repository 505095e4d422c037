"""Python source as lines of spans: what each piece of text is, for a page to colour."""

from __future__ import annotations

import builtins
import io
import keyword
import tokenize
from collections.abc import Iterator
from itertools import pairwise

Span = list[str]
"""What a text is, and the text; what it is may be empty."""

_BUILT_IN = {name for name in dir(builtins) if not name.startswith("_")}
_OF_STRING = {
    "STRING",
    "FSTRING_START",
    "FSTRING_MIDDLE",
    "FSTRING_END",
    "TSTRING_START",
    "TSTRING_MIDDLE",
    "TSTRING_END",
}
_DEFINES = {"def", "class"}

_Piece = tuple[int, int, int, str]
"""A line from 0, the columns of begin and end, and what is there."""


def python_lines(text: str) -> list[list[Span]]:
    """
    Return the lines of a source; what is no Python is plain from there on.

    Example:
        >>> python_lines("lr = 0.1  # rate")
        [[['', 'lr = '], ['number', '0.1'], ['', '  '], ['comment', '# rate']]]
    """
    lines = text.split("\n")
    pieces: list[list[tuple[int, int, str]]] = [[] for _ in lines]
    for line, begin, end, kind in _pieces(text, lines):
        pieces[line].append((begin, end, kind))
    return [_spans(line, found) for line, found in zip(lines, pieces, strict=True)]


def plain_lines(text: str) -> list[list[Span]]:
    """Return the lines of a text."""
    return [[["", line]] if line else [] for line in text.split("\n")]


def _spans(line: str, pieces: list[tuple[int, int, str]]) -> list[Span]:
    found: list[Span] = []
    column = 0
    for begin, end, kind in pieces:
        if begin > column:
            found.append(["", line[column:begin]])
        if end > begin:
            found.append([kind, line[begin:end]])
        column = max(column, end)
    return [*found, ["", line[column:]]] if column < len(line) else found


def _pieces(text: str, lines: list[str]) -> Iterator[_Piece]:
    for before, token in pairwise([None, *_tokens(text)]):
        if token is None or not (kind := _kind(token, before)):
            continue
        (first, begin), (last, end) = token.start, token.end
        for line in range(first - 1, min(last, len(lines))):
            yield line, begin if line == first - 1 else 0, end if line == last - 1 else len(lines[line]), kind


def _tokens(text: str) -> Iterator[tokenize.TokenInfo]:
    """Yield tokens as far as the text is Python."""
    try:
        yield from tokenize.generate_tokens(io.StringIO(text, newline="\n").readline)
    except (tokenize.TokenError, SyntaxError, ValueError, RecursionError):
        return


def _kind(token: tokenize.TokenInfo, before: tokenize.TokenInfo | None) -> str:
    name = tokenize.tok_name[token.type]
    if name in _OF_STRING:
        return "string"
    if name in ("NUMBER", "COMMENT"):
        return name.lower()
    if name == "OP":
        return "decorator" if token.string == "@" and not token.line[: token.start[1]].strip() else ""
    if name != "NAME":
        return ""
    if before is not None and before.string in _DEFINES:
        return "defined"
    if before is not None and before.string == ".":
        return ""
    if keyword.iskeyword(token.string):
        return "keyword"
    return "builtin" if token.string in _BUILT_IN else ""
