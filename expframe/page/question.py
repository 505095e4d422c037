"""What a page asks for: the words of an address, read as what they are to be."""

from __future__ import annotations

import math
from collections.abc import Iterable

from expframe.errors import QuestionError


class Question:
    """
    The words after the question mark of an address.

    Args:
        pairs: Names and values; a name may come several times.
    """

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self._words: dict[str, list[str]] = {}
        for name, value in pairs:
            self._words.setdefault(name, []).append(value)

    def text(self, name: str, default: str = "") -> str:
        """Return the last value of a name."""
        return self._words.get(name, [default])[-1]

    def texts(self, name: str) -> list[str]:
        """Return each value of a name that is not empty, once, in order."""
        return list(dict.fromkeys(value for value in self._words.get(name, ()) if value))

    def is_set(self, name: str) -> bool:
        """Return whether a name has the value 1."""
        return self.text(name) == "1"

    def one_of(self, name: str, *possible: str) -> str:
        """
        Return one of several words; the first one is meant where none is given.

        Raises:
            QuestionError: It is another one.
        """
        found = self.text(name) or possible[0]
        if found not in possible:
            raise QuestionError(f"{name}={found:.80}", f"is none of {', '.join(possible)}.")
        return found

    def whole(self, name: str, default: int, *, least: int = 0, most: int = 1 << 53) -> int:
        """
        Return a whole number.

        Raises:
            QuestionError: It is none, too small or too large.
        """
        text = self.text(name)
        if not text:
            return default
        found = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None
        if found is None or not least <= found <= most:
            raise QuestionError(f"{name}={text:.80}", f"is no whole number from {least} to {most}.")
        return found

    def number(self, name: str) -> float | None:
        """
        Return a finite number; None where there is none.

        Raises:
            QuestionError: It is none.
        """
        text = self.text(name)
        if not text:
            return None
        try:
            found = float(text)
        except ValueError:
            found = math.nan
        if not math.isfinite(found):
            raise QuestionError(f"{name}={text:.80}", "is no finite number.")
        return found
