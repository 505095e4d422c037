"""What a terminal would show of a text: progress bars in their last state, no colours, erased lines erased."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from expframe.disk.files import replacing

_REACH = 256  # rows that a cursor can go back to: higher than a terminal, and what is held at most
_GAP = 1000  # columns that a cursor can be moved to beyond the end of a row
_LONGEST = 2048  # characters of a control sequence: a longer one is text
_PIECE = 1 << 20

# A run of text, one control character, or ESC with what belongs to it: CSI, a title or link up to BEL or ESC \, others.
_TOKEN = (
    r"[^\r\b\x1b]+|[\r\b]"
    r"|\x1b(?:\[([0-?]{0,64})[ -/]{0,8}([@-~])|\][^\x07\x1b\n]{0,2000}(?:\x07|\x1b\\)|[ -/]{0,8}[0-Z\\-~])?"
)

# A bar as tqdm draws it, with blanks over a longer one, where something was printed after it, on its line.
_BAR = r"((?:\d%\|[^|\n]*\| [^\s\[]+|\dit) \[\d+:\d\d[^\]\n]*\]) *(?=[^\s\],])"


def has_terminal_control(data: bytes) -> bool:
    """Return whether `collapse` could change this output."""
    return b"\r" in data or b"\x1b" in data or b"\b" in data


def collapse(text: str) -> str:
    r"""
    Return what a terminal would show: bars in their last state, colours and other control sequences gone.

    Time is linear in the text. A cursor reaches 256 rows up, and one further up stops there. What was printed under a
    progress bar is on a line of its own.

    Example:
        >>> collapse("10%\r100%\r\n\x1b[31mred\x1b[0m\n")
        '100%\nred\n'
    """
    if "\r" not in text and "\x1b" not in text and "\b" not in text:
        return text
    return _Screen().feed(text, last=True)


def collapse_file(path: Path) -> None:
    """
    Collapse a file of output aside and rename it once, or leave it alone if nothing in it is to be collapsed.

    The result is `collapse` of the whole text, made piece by piece. Bytes that are not UTF-8 stay as they are.

    Raises:
        OSError: The file could not be read or written; it is as it was.
    """
    with path.open("rb") as file:
        if not any(has_terminal_control(piece) for piece in iter(lambda: file.read(_PIECE), b"")):
            return
    with path.open(encoding="utf-8", errors="surrogateescape", newline="") as file, replacing(path) as result:
        screen = _Screen()
        for text in iter(lambda: file.read(_PIECE), ""):
            result.write(screen.feed(text).encode("utf-8", "surrogateescape"))
        result.write(screen.feed("", last=True).encode("utf-8", "surrogateescape"))


class _Row:
    """One line: pieces as long as it only grows, single characters once something in it is overwritten."""

    __slots__ = ("is_edited", "is_split", "pieces", "size")

    def __init__(self, text: str) -> None:
        self.pieces = [text]
        self.size = len(text)
        self.is_split = self.is_edited = False

    def put(self, column: int, text: str) -> None:
        """Write text from a column on, over what is there."""
        if column > self.size:
            self.put(self.size, " " * (column - self.size))
        end = column + len(text)
        if column == self.size:
            self.pieces += text if self.is_split else [text]
        elif column == 0 and end >= self.size:
            self.pieces = [text]
            self.is_split, self.is_edited = False, True
        else:
            self._split()
            self.pieces[column:end] = text
        self.size = max(self.size, end)

    def cut(self, column: int) -> None:
        """Erase from a column to the end."""
        if column < self.size:
            self._split()
            del self.pieces[column:]
            self.size = column

    def blank(self, column: int) -> None:
        """Erase from the beginning up to a column."""
        self._split()
        end = min(column, self.size)
        self.pieces[:end] = " " * end

    def _split(self) -> None:
        if not self.is_split:
            self.pieces = list("".join(self.pieces))
        self.is_split = self.is_edited = True

    def __str__(self) -> str:
        text = "".join(self.pieces)
        return text.rstrip(" ") if self.is_edited else text


class _Screen:
    """A terminal without a right edge, whose upper rows are handed out when no cursor can reach them any more."""

    def __init__(self) -> None:
        import re

        self._rows: list[_Row | str] = [""]
        self._row = self._column = 0
        self._top = 0  # the first row that a cursor can reach; it never goes up again, though rows below are erased
        self._tokens = re.compile(_TOKEN).finditer
        self._apart = re.compile(_BAR).sub
        self._held = ""
        self._moves: dict[str, Callable[[int], None]] = {
            "A": lambda n: self._go(self._row - n, self._column),
            "B": lambda n: self._go(self._row + n, self._column),
            "C": lambda n: self._go(self._row, self._column + n),
            "D": lambda n: self._go(self._row, self._column - n),
            "E": lambda n: self._go(self._row + n, 0),
            "F": lambda n: self._go(self._row - n, 0),
            "G": lambda n: self._go(self._row, n - 1),
        }

    def feed(self, text: str, *, last: bool = False) -> str:
        """Take the next piece of the text and return the rows that nothing can change any more."""
        text, self._held = self._held + text, ""
        decided = len(text) if last else len(text) - _LONGEST
        for token in self._tokens(text):
            found = token[0]
            if found == "\r":
                self._column = 0
            elif found == "\b":
                self._column = max(self._column - 1, 0)
            elif found[0] != "\x1b":
                self._write(found)
            elif token.start() > decided:  # what belongs to it may be in the next piece
                self._held = text[token.start() :]
                break
            elif token[2]:
                self._control(token[1], token[2])
        return "\n".join(map(self._shown, self._rows)) if last else self._leave()

    def _shown(self, row: _Row | str) -> str:
        text = str(row)
        return self._apart("\\1\n", text) if "it" in text and ":" in text else text

    def _write(self, text: str) -> None:
        first, *others = text.split("\n")
        if first:
            self._here().put(self._column, first)
            self._column += len(first)
        if not others:
            return
        below = len(self._rows) - 1 - self._row
        for line in others[:below]:
            self._row += 1
            if line:
                self._here().put(0, line)
        self._rows.extend(others[below:])
        self._row += len(others[below:])
        self._top = max(self._top, len(self._rows) - _REACH)
        self._column = len(others[-1])

    def _here(self) -> _Row:
        row = self._rows[self._row]
        if isinstance(row, str):
            row = self._rows[self._row] = _Row(row)
        return row

    def _control(self, parameters: str, final: str) -> None:
        number = parameters.partition(";")[0]
        count = int(number[:6]) if number.isdecimal() else 0
        if final in self._moves:
            self._moves[final](max(count, 1))
        elif final in {"J", "K"} and count == 0:
            self._here().cut(self._column)
            if final == "J":
                del self._rows[self._row + 1 :]
        elif final == "K" and count == 1:
            self._here().blank(self._column + 1)
        elif final == "K" and count == 2:
            self._here().cut(0)

    def _go(self, row: int, column: int) -> None:
        self._row = min(max(row, self._top), len(self._rows) - 1)
        here = self._rows[self._row]
        end = len(here) if isinstance(here, str) else here.size
        self._column = min(max(column, 0), max(end, _GAP))

    def _leave(self) -> str:
        rows, self._rows = self._rows[: self._top], self._rows[self._top :]
        self._row -= self._top
        self._top = 0
        return "".join([f"{self._shown(row)}\n" for row in rows])
